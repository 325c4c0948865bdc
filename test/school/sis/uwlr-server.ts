/**
 * A student information system on localhost: serves any EDEXML document as UWLR 2.2, and misbehaves on request. It checks what a real
 * one checks (SOAPAction, element order, key, customer, school, year, version) and answers SOAP faults with HTTP 500.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  answerXml,
  bomb,
  externalEntity,
  type FaultCode,
  faultCodes,
  faultXml,
  leerlinggegevens,
  spoiled,
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
}

/** What was asked, without any credential or person: enough to assert on. */
interface SeenRequest {
  at: string
  soapAction: string
  contentType: string
  xsdVersion: string
  schoolYear: string
  gate: string | undefined
  answered: string
}

export interface UwlrServer {
  url: string
  requests: SeenRequest[]
  /** @param times after so many requests it behaves again; absent: until told otherwise */
  behave(mode: Mode, times?: number): void
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
  const next = () => {
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
    behave(wanted, times = Number.POSITIVE_INFINITY) {
      mode = wanted
      left = times
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
    answered: mode,
  }
  requests.push(seen)
  const edexml = await options.edexml()
  const refused = refusal(options, question, seen)
  if (refused !== undefined) {
    seen.answered = refused
    return send(outgoing, 500, faultXml(refused))
  }
  if (isFault(mode)) return send(outgoing, 500, faultXml(mode))
  if (mode in spoiled) return send(outgoing, 200, whole(spoiled[mode as keyof typeof spoiled](edexml)))
  if (mode !== 'ok') return misbehave(mode as Misbehaviour, edexml, outgoing)
  seen.answered = politely(question, edexml)
  const inner = seen.answered === 'ok' ? leerlinggegevens(edexml) : `<${seen.answered}/>`
  return send(outgoing, 200, answerXml(inner))
}

const whole = (edexml: string) => answerXml(leerlinggegevens(edexml))
const isFault = (mode: Mode): mode is FaultCode => (faultCodes as readonly string[]).includes(mode)

interface QuestionSeen {
  fields: Record<string, string | undefined>
  names: string[]
}

/** Not a general parser: the request is flat, and anything else is an OngeldigBericht. */
function read(text: string): QuestionSeen {
  const pairs = [...text.matchAll(/<(?:\w+:)?(\w+)>([^<]*)<\//g)].map(
    ([, name = '', value = '']) => [name, plain(value)] as const,
  )
  return { fields: Object.fromEntries(pairs), names: pairs.map(([name]) => name) }
}

function plain(text: string): string {
  const marks: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => marks[name] ?? '')
}

function refusal(
  options: UwlrServerOptions,
  { fields, names }: QuestionSeen,
  seen: SeenRequest,
): FaultCode | undefined {
  const [key, code, name, ...rest] = names
  const inOrder = rest.every(
    (each, n) => order.includes(each) && order.indexOf(each) > order.indexOf(rest[n - 1] ?? ''),
  )
  const header = key === 'autorisatiesleutel' && code === 'klantcode' && name === 'klantnaam'
  const action = seen.soapAction.replace(/^"(.*)"$/, '$1') === 'HaalLeerlinggegevens'
  if (!action || !/^text\/xml;\s*charset=utf-8$/i.test(seen.contentType) || !header || !inOrder)
    return 'Client.OngeldigBericht'
  if (fields.autorisatiesleutel !== options.credentials.key) return 'Client.AutorisatieOngeldig'
  if (fields.klantcode !== options.credentials.customerCode) return 'Client.OngeldigeKlantIdentificatie'
  if (!/^\d{4}-\d{4}$/.test(fields.schooljaar ?? '')) return 'Client.OngeldigBericht'
  if (!(options.versions ?? ['2.1', '2.2']).includes(fields.xsdversie ?? '')) return 'Client.XsdVersieOngeldig'
  return undefined
}

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

async function misbehave(mode: Misbehaviour, edexml: string, outgoing: ServerResponse): Promise<void> {
  const answer = whole(edexml)
  const half = answer.slice(0, Math.floor(answer.length / 2))
  switch (mode) {
    case 'empty':
      return send(outgoing, 200, answerXml('<geengegevens/>'))
    case 'always-unchanged':
      return send(outgoing, 200, answerXml('<geenwijzigingen/>'))
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
