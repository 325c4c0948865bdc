/**
 * A student information system on localhost: serves any EDEXML document as UWLR 2.2, in one call or in stages, and misbehaves on request. It
 * checks what a real one checks (SOAPAction, element order, key, customer, school, year, version) and answers SOAP faults with HTTP 500.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AskedGroups,
  answerXml,
  bomb,
  externalEntity,
  type FaultCode,
  faultCodes,
  faultXml,
  leerlinggegevens,
  type Operation,
  operations,
  spoiled,
  stagedPart,
  textOf,
} from './answer.ts'

export type Mode =
  | 'ok'
  | 'empty'
  | 'nothing'
  | 'half'
  | 'truncated-xml'
  | 'garbage'
  | 'html'
  | 'json'
  | 'bomb'
  | 'external-entity'
  | 'huge'
  | 'endless-text'
  | 'slow'
  | 'rate-limited'
  | 'unauthorized'
  | 'unavailable'
  | 'redirect'
  | 'always-unchanged'
  | keyof typeof spoiled
  | FaultCode

export interface UwlrServerOptions {
  host?: string
  /** 0: any free one */
  port?: number
  edexml: () => Promise<string> | string
  credentials: { key: string; customerCode: string }
  clock: () => Date
  /** xsdversie values it accepts. */
  versions?: readonly string[]
  /** In stages: what it takes a group without key for. Default: the XSD's. */
  looseMeans?: 'no-homeroom' | 'no-group'
  /** Headers that must come, with these values (lower-case names). */
  headers?: Record<string, string>
  /** gegevenssetid values it knows; absent: any, or none. */
  dataSets?: readonly string[]
}

/** What was asked, without any credential or person: enough to assert on. */
interface SeenRequest {
  at: string
  soapAction: string
  contentType: string
  xsdVersion: string
  schoolYear: string
  gate: string | undefined
  /** In stages: how many groups were asked for, or those in none. */
  groups: number | 'loose' | undefined
  answered: string
}

export interface UwlrServer {
  url: string
  requests: SeenRequest[]
  /**
   * @param times after so many requests it behaves again; absent: until told otherwise
   * @param after so many requests it still behaves first
   */
  behave(mode: Mode, times?: number, after?: number): void
  close(): Promise<void>
}

const order = [
  'schooljaar',
  'brincode',
  'dependancecode',
  'schoolkey',
  'xsdversie',
  'gegevenssetid',
  'laatstontvangengegevens',
]
const huge = 2 * 1024 ** 3

export async function startUwlrServer(options: UwlrServerOptions): Promise<UwlrServer> {
  const requests: SeenRequest[] = []
  let mode: Mode = 'ok'
  let left = Number.POSITIVE_INFINITY
  let wait = 0
  const next = () => {
    wait -= 1
    if (wait >= 0) return 'ok'
    const now = mode
    left -= 1
    if (left <= 0) mode = 'ok'
    return now
  }
  const server = createServer((incoming, outgoing) => {
    serve(options, next, requests, incoming, outgoing).catch(() => outgoing.destroy())
  })
  const host = options.host ?? '127.0.0.1'
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, host, resolve)
  })
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/uwlr2.2.svc`,
    requests,
    behave(wanted, times = Number.POSITIVE_INFINITY, after = 0) {
      mode = wanted
      left = times
      wait = after
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close(error => (error === undefined ? resolve() : reject(error)))
        server.closeAllConnections()
      }),
  }
}

async function serve(
  options: UwlrServerOptions,
  next: () => Mode,
  requests: SeenRequest[],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk
  const question = read(text)
  const mode = next()
  const seen: SeenRequest = {
    at: options.clock().toISOString(),
    soapAction: String(incoming.headers.soapaction ?? ''),
    contentType: String(incoming.headers['content-type'] ?? ''),
    xsdVersion: question.fields.xsdversie ?? '',
    schoolYear: question.fields.schooljaar ?? '',
    gate: question.fields.laatstontvangengegevens,
    groups: countOf(question.groups),
    answered: mode,
  }
  requests.push(seen)
  const edexml = await options.edexml()
  const refused = refusal(options, question, seen, incoming.headers)
  if (refused !== undefined) {
    seen.answered = refused
    return send(outgoing, 500, faultXml(refused))
  }
  if (isFault(mode)) return send(outgoing, 500, faultXml(mode))
  const document = mode in spoiled ? spoiled[mode as keyof typeof spoiled](edexml) : edexml
  const part = partOf(options, question, document)
  if (mode in spoiled) return send(outgoing, 200, answerXml(part ?? '<geengegevens/>', question.operation))
  if (mode !== 'ok') return misbehave(mode as Misbehaviour, { edexml, operation: question.operation, part }, outgoing)
  const polite = politely(question, edexml)
  seen.answered = part === undefined ? 'geengegevens' : polite
  const inner = seen.answered === 'ok' ? (part ?? '') : `<${seen.answered}/>`
  return send(outgoing, 200, answerXml(inner, question.operation))
}

function partOf(
  { looseMeans = 'no-homeroom' }: UwlrServerOptions,
  { operation, groups }: QuestionSeen,
  edexml: string,
) {
  return operation === 'leerlinggegevens'
    ? leerlinggegevens(edexml)
    : stagedPart(edexml, operation, { groups: groups ?? 'loose', looseMeans })
}

const countOf = (groups: AskedGroups | undefined) =>
  groups === undefined || groups === 'loose' ? groups : groups.groep.length + groups.samengestelde_groep.length

const isFault = (mode: Mode): mode is FaultCode => (faultCodes as readonly string[]).includes(mode)

interface QuestionSeen {
  operation: Operation
  fields: Record<string, string | undefined>
  names: string[]
  groups: AskedGroups | undefined
}

/** Not a general parser: the request is flat but for its groups, and anything else is an OngeldigBericht. */
function read(text: string): QuestionSeen {
  const operation = operations.find(each => text.includes(`:${each}_verzoek>`)) ?? 'leerlinggegevens'
  const pairs = [...text.matchAll(/<(?:\w+:)?(\w+)>([^<]*)<\//g)].map(
    ([, name = '', value = '']) => [name, plain(value)] as const,
  )
  return { operation, fields: Object.fromEntries(pairs), names: pairs.map(([name]) => name), groups: groupsIn(text) }
}

function groupsIn(text: string): AskedGroups | undefined {
  const list = /<(?:\w+:)?groepen>(.*)<\/(?:\w+:)?groepen>/s.exec(text)?.[1]
  if (list === undefined) return undefined
  if (/^<(?:\w+:)?groep\/>$/.test(list)) return 'loose'
  const groups: AskedGroups = { groep: [], samengestelde_groep: [] }
  for (const [, kind, key = ''] of list.matchAll(/<(?:\w+:)?(groep|samengestelde_groep) key="([^"]*)"\/>/g))
    groups[kind as keyof typeof groups].push(plain(key))
  return groups
}

function plain(text: string): string {
  const marks: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => marks[name] ?? '')
}

function refusal(
  options: UwlrServerOptions,
  { operation, fields, names, groups }: QuestionSeen,
  seen: SeenRequest,
  headers: IncomingMessage['headers'],
): FaultCode | undefined {
  const [key, code, name, ...rest] = names
  const inOrder = rest.every(
    (each, n) => order.includes(each) && order.indexOf(each) > order.indexOf(rest[n - 1] ?? ''),
  )
  const header = key === 'autorisatiesleutel' && code === 'klantcode' && name === 'klantnaam'
  const action = seen.soapAction.replace(/^"(.*)"$/, '$1') === actionOf(operation)
  const inGroups = operation === 'leerlingen' || operation === 'leerkrachten'
  if (inGroups !== (groups !== undefined)) return 'Client.OngeldigBericht'
  if (Object.entries(options.headers ?? {}).some(([wanted, value]) => headers[wanted] !== value))
    return 'Client.AutorisatieOngeldig'
  if (options.dataSets && !options.dataSets.includes(fields.gegevenssetid ?? ''))
    return 'Client.VocabulaireTermOngeldig'
  if (!action || !/^text\/xml;\s*charset=utf-8$/i.test(seen.contentType) || !header || !inOrder)
    return 'Client.OngeldigBericht'
  if (fields.autorisatiesleutel !== options.credentials.key) return 'Client.AutorisatieOngeldig'
  if (fields.klantcode !== options.credentials.customerCode) return 'Client.OngeldigeKlantIdentificatie'
  if (!/^\d{4}-\d{4}$/.test(fields.schooljaar ?? '')) return 'Client.OngeldigBericht'
  if (!(options.versions ?? ['2.1', '2.2']).includes(fields.xsdversie ?? '')) return 'Client.XsdVersieOngeldig'
  return undefined
}

const actionOf = (operation: Operation) =>
  operation === 'leerlinggegevens'
    ? 'HaalLeerlinggegevens'
    : `http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens/${operation}_verzoek`

/** An unknown school or year is no data; nothing made since the gate is no changes. */
function politely({ fields }: QuestionSeen, edexml: string): 'ok' | 'geengegevens' | 'geenwijzigingen' {
  const location = (document: string | undefined) => (document === undefined || document === '' ? '00' : document)
  const same =
    textOf(edexml, 'brincode') === fields.brincode &&
    location(textOf(edexml, 'dependancecode')) === location(fields.dependancecode) &&
    textOf(edexml, 'schooljaar') === fields.schooljaar
  if (!same) return 'geengegevens'
  const madeAt = Date.parse(textOf(edexml, 'aanmaakdatum') ?? '')
  const gate = Date.parse(fields.laatstontvangengegevens ?? '')
  return madeAt <= gate ? 'geenwijzigingen' : 'ok'
}

type Misbehaviour = Exclude<Mode, 'ok' | FaultCode | keyof typeof spoiled>

async function misbehave(
  mode: Misbehaviour,
  { edexml, operation, part }: { edexml: string; operation: Operation; part: string | undefined },
  outgoing: ServerResponse,
): Promise<void> {
  const answer = answerXml(part ?? leerlinggegevens(edexml), operation)
  const half = answer.slice(0, Math.floor(answer.length / 2))
  switch (mode) {
    case 'empty':
      return send(outgoing, 200, answerXml('<geengegevens/>', operation))
    case 'always-unchanged':
      return send(outgoing, 200, answerXml('<geenwijzigingen/>', operation))
    case 'nothing':
      return send(outgoing, 200, '')
    case 'half':
      outgoing.writeHead(200, { 'content-type': 'text/xml', 'content-length': Buffer.byteLength(answer) })
      outgoing.write(half, () => outgoing.destroy())
      return
    case 'truncated-xml':
      return send(outgoing, 200, half)
    case 'garbage':
      return send(outgoing, 200, Buffer.from(Array.from({ length: 2000 }, (_, n) => (n * 37 + 200) % 256)))
    case 'html':
      return send(outgoing, 200, '<!DOCTYPE html><html><body>Onderhoud</body></html>', { 'content-type': 'text/html' })
    case 'json':
      return send(outgoing, 200, '{"error":"maintenance"}', { 'content-type': 'application/json' })
    case 'bomb':
      return send(outgoing, 200, bomb(answer))
    case 'external-entity':
      return send(outgoing, 200, externalEntity(answer, 'file:///etc/passwd'))
    case 'huge':
      return pour(outgoing, `${answer.split('<leerlingen>')[0]}<leerlingen>`, '<onbekend>nooit</onbekend>')
    case 'endless-text':
      return pour(
        outgoing,
        answerXml('<leerlinggegevens><school><auteur>').split('</leerlinggegevens_antwoord>')[0] ?? '',
        'a',
      )
    case 'slow':
      outgoing.writeHead(200, { 'content-type': 'text/xml' })
      outgoing.write(half)
      return
    case 'rate-limited':
      return send(outgoing, 429, 'too many requests', { 'retry-after': '2.128', 'content-type': 'text/plain' })
    case 'unauthorized':
      return send(outgoing, 401, 'no')
    case 'unavailable':
      return send(outgoing, 503, '<html><body>down</body></html>', { 'retry-after': '120' })
    case 'redirect':
      return send(outgoing, 302, '', { location: 'http://127.0.0.1:1/elsewhere?key=CANARY' })
  }
}

function send(
  outgoing: ServerResponse,
  status: number,
  content: string | Buffer,
  headers: Record<string, string> = {},
): void {
  outgoing.writeHead(status, { 'content-type': 'text/xml; charset=utf-8', ...headers })
  outgoing.end(content)
}

/** Two gigabytes at the reader's pace, without holding more than a piece of them. */
async function pour(outgoing: ServerResponse, start: string, piece: string): Promise<void> {
  outgoing.writeHead(200, { 'content-type': 'text/xml' })
  outgoing.write(start)
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  const block = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)))
  for (let sent = 0; sent < huge && !outgoing.destroyed; sent += block.length)
    if (!outgoing.write(block)) await once(outgoing, 'drain', { signal: gone.signal }).catch(() => {})
  outgoing.end()
}
