/**
 * Every kind of source while everything goes wrong: what the log, the run, the audit, the command line and the errors then say holds no
 * credential, no token, no address with a query, nobody's name. Secrets are taken from where they really are: the options, and the wire.
 */
import { generateKeyPairSync } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { adapter } from '../../adapters/index.ts'
import { soapNamespace } from '../../adapters/soap.ts'
import { escaped } from '../../adapters/xml.ts'
import { createBoard } from '../../connector/admin/boards.ts'
import { addSchool, listSchools } from '../../connector/admin/schools.ts'
import { addSource, testSource } from '../../connector/admin/sources.ts'
import { said } from '../../connector/cli/output.ts'
import { type Log, openLog } from '../../connector/log.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { runSync } from '../../connector/sync/run.ts'
import { openSource, type SyncContext, sourceOf } from '../../connector/sync/source.ts'
import type { SyncOutcome } from '../../connector/sync/weigh.ts'
import { type Answer, runM5 } from '../connector/cli/run.ts'
import { nearby } from '../school/furnish.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import { spokenName } from '../school/names.ts'
import { systems } from '../school/sis/index.ts'
import type { Fault, Sis } from '../school/sis/sis.ts'
import { certificateFile } from '../school/sis/uwlr.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../support/database.ts'

const now = new Date()
const school = generateSchool({ today: now, pupils: 60 })
const faults = [
  ...['slow', 'unauthorized', 'rate-limited', 'unavailable', 'garbage', 'web-page', 'nothing', 'cut', 'redirect'],
  ...['ok-with-error', 'repeated-page'],
] as Fault[]
/** Some kinds have no such answer, or read past it. */
const mayPass: readonly Fault[] = ['ok-with-error', 'repeated-page']
const isFile = (kind: string) => adapter(kind).can.upload !== undefined

const kinds = Object.keys(systems)
const running = new Map<string, Sis>()
/** Each kind with the wrong credentials, in one board. */
const wrongs = new Map<string, { at: At; options: Record<string, unknown> }>()

let t: TestDatabase
let log: Log
let together = ''
let folder = ''
let logFile = ''
/** What was printed past the log. */
const printed: string[] = []
const onWarning = (warning: Error) => printed.push(inspect(warning))
beforeAll(async () => {
  t = await testDatabase()
  together = (await createBoard(t, { name: 'Bestuur Samen' })).boardId
  folder = mkdtempSync(join(tmpdir(), 'm5-secrets-'))
  for (const [kind, start] of Object.entries(systems)) {
    const sis = await start({ school: () => school, clock: () => now })
    running.set(kind, sis)
    const missing = { ...sis.options, path: join(folder, 'CANARY van juf Anja.xml') }
    const options = isFile(kind) ? missing : wrongCredentials(kind, sis.options)
    wrongs.set(kind, { at: await addTo(together, kind, options), options })
  }
  logFile = join(folder, 'log')
  // SAFETY: a file in the place of standard output, which is vitest's.
  log = openLog({ logLevel: 'debug' }, openSync(logFile, 'a') as 1)
  for (const name of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const)
    vi.spyOn(console, name).mockImplementation((...args: unknown[]) => void printed.push(inspect(args)))
  process.on('warning', onWarning)
  subscribe('undici:request:create', onRequest)
})
afterAll(async () => {
  unsubscribe('undici:request:create', onRequest)
  process.off('warning', onWarning)
  vi.restoreAllMocks()
  for (const sis of running.values()) await sis.close()
  await t.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Tokens and addresses as they went over the wire. */
const wire = new Set<string>()
let asked = 0
let onAsked = (_n: number) => {}
function onRequest(message: unknown): void {
  const { request } = message as { request: { path: string; headers: (string | Buffer)[] } }
  const [, query = ''] = request.path.split('?')
  if (query !== '') wire.add(`?${query}`)
  for (const [name, value] of new URLSearchParams(query))
    if (/token|password/i.test(name) && value.length > 5) wire.add(value)
  for (const [at, name] of request.headers.entries())
    if (/^authorization$/i.test(String(name))) wire.add(String(request.headers[at + 1]).replace(/^\w+ /, ''))
  asked += 1
  onAsked(asked)
}

function secretsIn(kind: string, options: Record<string, unknown>): string[] {
  const values = adapter(kind).secrets.flatMap(name => (typeof options[name] === 'string' ? [options[name]] : []))
  const pieces = values.flatMap(value => {
    const key = /"private_key":"-+BEGIN PRIVATE KEY-+\\n([^\\]{40,})/.exec(value)?.[1]
    return key === undefined ? [value] : [value, key]
  })
  const forms = pieces.flatMap(value => [
    ...[value, encodeURIComponent(value), escaped(value), JSON.stringify(value).slice(1, -1)],
    Buffer.from(value).toString('base64'),
  ])
  return [...new Set(forms)]
}

/** Whole names, and family names that are no word of ours. */
const people = [...school.pupils, ...school.teachers].flatMap(({ name, username, email }) => [
  ...[spokenName(name), username, email].filter(text => text !== undefined && text.length > 5),
  ...(name.familyName !== undefined && name.familyName.length > 5 ? [name.familyName] : []),
])
const always = [...new Set([...people, ...canariesOf(school), 'CANARY', 'ketenid.nl'])].map(String)

/** What is in the text and must not be. */
function leaks(text: string, secrets: readonly string[]): string[] {
  const addresses = text.match(/https?:\/\/[^\s"'<>\\]*\?[^\s"'<>\\]*/g) ?? []
  return [...[...secrets, ...wire, ...always].filter(each => text.includes(each)), ...addresses]
}

/** Everything that can be had of an error. */
function wholly(error: unknown): string {
  const chain: string[] = []
  for (let at = error; at instanceof Error && chain.length < 20; at = at.cause)
    chain.push(at.message, String(at.stack), JSON.stringify(at), JSON.stringify(said(at)))
  return [inspect(error, { depth: 20, showHidden: true, maxArrayLength: null }), ...chain].join('\n')
}

interface At {
  boardId: string
  sourceId: string
}

/** To the only school of this board. */
async function addTo(boardId: string, kind: string, options: Record<string, unknown>): Promise<At> {
  const [there] = await listSchools(t, boardId)
  const { brin, location, name } = school
  const { id: schoolId } = there ?? (await addSchool(t, { boardId, name, brin, location }))
  const { id: sourceId } = await addSource(t, { boardId, schoolId, kind, label: kind, options })
  return { boardId, sourceId }
}

const ctx = (more: Partial<SyncContext> = {}): SyncContext => ({
  ...{ db: t.db, keyring: t.keyring, log, clock: () => now, privateHosts: nearby },
  // Nobody waits: asking again is what is tried.
  wait: async () => undefined,
  ...more,
})

async function told(work: () => Promise<unknown>): Promise<{ text: string; answer: unknown }> {
  asked = 0
  try {
    const answer = await work()
    return { text: inspect(answer, { depth: 20, maxArrayLength: null }), answer }
  } catch (error) {
    return { text: wholly(error), answer: undefined }
  }
}

/** A check, a reading and a run: what each answered or threw, what was logged and printed meanwhile. */
async function everythingSaid({ boardId, sourceId }: At, patienceMs = 20_000) {
  const context = () => ctx({ signal: AbortSignal.timeout(patienceMs) })
  const from = readFileSync(logFile, 'utf8').length
  const checked = await told(() => testSource(context(), { boardId, sourceId }))
  const read = await told(async () => {
    const keys = await t.keyring.board(boardId)
    const source = await withTenant(t.db, { boardId, role: 'system' }, tx => sourceOf(tx, boardId, sourceId))
    // Its records are meant to come; only what goes wrong is looked at.
    for await (const part of openSource(context(), keys, source).read(null)) if (!('records' in part)) return part.scope
    return null
  })
  const ran = await told(() => runSync(context(), { boardId, sourceId, by: 'operator' }))
  const { state, runId } = (ran.answer ?? {}) as Partial<SyncOutcome>
  const logged = () => readFileSync(logFile, 'utf8').slice(from)
  // It is written behind our back: this line is the last of a run that came to nothing.
  if (runId && ran.text.includes('source-')) await vi.waitUntil(() => logged().includes(runId), { timeout: 5_000 })
  const text = [checked.text, read.text, ran.text, logged(), ...printed.splice(0)].join('\n')
  return { text, state }
}

/** Runs and audit of a board, as they are stored. */
const stored = (boardId: string): Promise<string> =>
  t.asSuperuser(async client => {
    const texts: string[] = []
    for (const table of ['SyncRun', 'AuditEntry']) {
      const { rows } = await client.query<{ text: string }>(
        `select (to_jsonb(r) - 'stageSealed')::text as text from "${table}" r where "boardId" = $1`,
        [boardId],
      )
      if (rows.length === 0) throw new Error(`nothing in ${table}`)
      texts.push(...rows.map(row => row.text))
    }
    return texts.join('\n')
  })

/** As the kind's own schema takes them, and of nobody. */
function wrongCredentials(kind: string, options: Record<string, unknown>): Record<string, unknown> {
  const wrong = (name: string, value: string): string => {
    if (name === 'pfx') return certificateFile('stranger.p12').toString('base64')
    if (name !== 'serviceAccount') return `Wrong-${name}-of-nobody`
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    return JSON.stringify({ ...JSON.parse(value), private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) })
  }
  const changed = adapter(kind).secrets.flatMap(name =>
    typeof options[name] === 'string' ? [[name, wrong(name, options[name])] as const] : [],
  )
  return { ...options, ...Object.fromEntries(changed) }
}

/** A server that repeats what it was asked, credentials and all, in every place where a server writes words. */
async function startEcho(): Promise<{ origin: string; as(wanted: EchoAs): void; close(): Promise<void> }> {
  let as: EchoAs = 'json'
  const server = createServer(async (incoming, outgoing) => {
    let body = ''
    for await (const piece of incoming.setEncoding('utf8')) body += piece
    echo(as, heardOf(incoming, body), outgoing)
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    as(wanted) {
      as = wanted
    },
    close: () =>
      new Promise(closed => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

const echoes = ['json', 'json-200', 'fault', 'error-xml', 'text', 'csv', 'headers', 'torn-xml', 'torn-json'] as const
type EchoAs = (typeof echoes)[number]

interface Heard {
  heard: string
  soap: boolean
}

const heardOf = ({ url = '', headers }: IncomingMessage, body: string): Heard => ({
  heard: `${decodeURIComponent(url.replaceAll('+', ' '))} ${headers.authorization ?? ''} ${body}`,
  soap: headers.soapaction !== undefined,
})

function echo(as: EchoAs, { heard, soap }: Heard, outgoing: ServerResponse): void {
  const send = (status: number, type: string, body: string) =>
    outgoing.writeHead(status, { 'content-type': type }).end(body)
  const xml = escaped(heard)
  switch (as) {
    case 'json':
    case 'json-200': {
      const words = { error: heard, error_description: heard, message: heard, code: heard, detail: heard }
      send(as === 'json' ? 400 : 200, 'application/json', JSON.stringify({ ...words, access_token: 7, items: heard }))
      return
    }
    case 'fault':
      send(
        500,
        'text/xml',
        `<s:Envelope xmlns:s="${soapNamespace}"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>${xml}</faultstring></s:Fault></s:Body></s:Envelope>`,
      )
      return
    case 'error-xml':
      send(
        200,
        'text/xml',
        `<Response><Exception>E</Exception><ExceptionMsg>${xml}</ExceptionMsg><ResultMessage>${xml}</ResultMessage></Response>`,
      )
      return
    case 'text':
      send(403, 'text/plain', heard)
      return
    case 'csv':
      send(200, 'text/plain', `Fout_nummer;ResultMessage\r\n7;${heard.replaceAll(/[;\r\n]/g, ' ')}\r\n`)
      return
    case 'headers': {
      const safe = heard.replaceAll(/[^\x21-\x7e]/g, '-').slice(0, 4000)
      outgoing.writeHead(429, safe, { location: `/x?${safe}`, 'retry-after': safe, 'www-authenticate': safe }).end(safe)
      return
    }
    case 'torn-xml': {
      // Where a value stands where a name should, a parser quotes it.
      const name = `x${heard.replaceAll(/[^\w-]/g, '_')}`
      const root = soap ? `<s:Envelope xmlns:s="${soapNamespace}">` : '<Response>'
      send(200, 'text/xml', `${root}<a ${name}="" ${name}=""/>`)
      return
    }
    case 'torn-json':
      send(200, 'application/json', `{"a": ${heard}`)
  }
}

describe('the search', () => {
  it('finds what it is looking for, in each form', () => {
    const secret = 'a&b c/d'
    const secrets = secretsIn('uwlr', { key: secret })
    for (const text of [secret, 'a&amp;b c/d', 'a%26b%20c%2Fd', Buffer.from(secret).toString('base64')])
      expect(leaks(`x${text}x`, secrets)).not.toEqual([])
    expect(leaks(`over ${people[0]}.`, [])).toContain(people[0])
    expect(leaks('to https://sis.example/doc?a=1', [])).toEqual(['https://sis.example/doc?a=1'])
    expect(leaks(wholly(new Error('no', { cause: new Error('CANARY') })), [])).toEqual(['CANARY'])
    expect(leaks('the source refuses us (HTTP 401)', secrets)).toEqual([])
  })
})

describe.for(kinds)('the source %s', kind => {
  let sis: Sis
  let own: At
  let wrong: At
  let secrets: string[]
  let well: Awaited<ReturnType<typeof everythingSaid>>
  /** Of one reading. */
  let requests = 0
  let addAs: (options: Record<string, unknown>) => Promise<At>
  beforeAll(async () => {
    sis = running.get(kind) as Sis
    const { options } = sis
    const { boardId } = await createBoard(t, { name: `Bestuur ${kind}` })
    addAs = given => addTo(boardId, kind, given)
    const others = wrongs.get(kind)
    wrong = others?.at as At
    secrets = [...secretsIn(kind, options), ...secretsIn(kind, others?.options ?? {})]
    own = await addAs(options)
    wire.clear()
    well = await everythingSaid(own)
    requests = asked
  })

  it('says no secret when all is well', () => {
    expect(well.state).toBe('held')
    expect(leaks(well.text, secrets)).toEqual([])
    if (['magister-data', 'somtoday', 'google', 'microsoft', 'oneroster'].includes(kind))
      expect(wire.size).toBeGreaterThan(1)
  })

  it('says no secret when its credentials are wrong', async () => {
    const { text, state } = await everythingSaid(wrong)
    expect(state).toBe('failed')
    expect(text).toContain('sync failed at the source')
    expect(leaks(text, secrets)).toEqual([])
  })

  const onlyFiles = isFile(kind) ? it : undefined
  onlyFiles?.('says no secret when its file is broken at any place', async () => {
    const path = String(sis.options.path)
    const whole = readFileSync(path)
    const spoilt = (n: number, with_: string) =>
      Buffer.concat([whole.subarray(0, n), Buffer.from(with_), whole.subarray(n + with_.length)])
    const keys = await t.keyring.board(own.boardId)
    const source = await withTenant(t.db, { boardId: own.boardId, role: 'system' }, tx =>
      sourceOf(tx, own.boardId, own.sourceId),
    )
    let failed = 0
    try {
      for (let n = 1; n < 120; n += 1) {
        const at = Math.floor((whole.length * n) / 120)
        const as = [whole.subarray(0, at), spoilt(at, '<'), spoilt(at, '&x;'), spoilt(at, '\u0000'), spoilt(at, '"')]
        writeFileSync(path, as[n % as.length] ?? '')
        const { text, answer } = await told(async () => {
          for await (const part of openSource(ctx(), keys, source).read(null))
            if (!('records' in part)) return part.scope
          return null
        })
        if (answer === undefined) failed += 1
        expect(leaks(text, secrets)).toEqual([])
      }
    } finally {
      writeFileSync(path, whole)
    }
    expect(failed).toBeGreaterThan(40)
  })

  const servers = isFile(kind) ? [] : faults
  describe.for(servers)('with the fault %s', fault => {
    it.for([0, 2])('after %i answers says no secret', async after => {
      // Some have all they want by then.
      if (requests <= after) return
      onAsked = n => sis.behave(n > after ? fault : 'ok')
      sis.behave('ok')
      try {
        const { text, state } = await everythingSaid(own, fault === 'slow' ? 150 : undefined)
        // Whatever a source does is a result, and no fault of ours.
        expect(state).toMatch(after > 0 || mayPass.includes(fault) ? /./ : /failed|refused/)
        expect(leaks(text, secrets)).toEqual([])
      } finally {
        onAsked = () => {}
        sis.behave('ok')
      }
    })
  })

  const onlyServers = isFile(kind) ? undefined : it
  onlyServers?.('says no secret when it is told its own words by a server', async () => {
    const echoing = await startEcho()
    const { origin } = new URL(sis.url)
    const options = JSON.parse(JSON.stringify(sis.options).replaceAll(origin, echoing.origin)) as typeof sis.options
    const at = await addAs(options)
    try {
      for (const as of echoes) {
        echoing.as(as)
        const { text, state } = await everythingSaid(at)
        expect([as, state]).toEqual([as, expect.stringMatching(/failed|refused/)])
        expect([as, leaks(text, secrets)]).toEqual([as, []])
      }
    } finally {
      await echoing.close()
    }
  })

  it('says no secret on the command line, whatever its libraries are told to print', async () => {
    const at = ['--board', together, '--source', wrong.sourceId]
    quiet(await runM5(['source', 'test', ...at], { env: loud(), plain: true }), secrets)
  })

  it('has left no secret in its runs and in the audit', async () => {
    expect(leaks(await stored(own.boardId), secrets)).toEqual([])
  })
})

it('a sync of all of them with wrong credentials says no secret on the command line', async () => {
  const secrets = [...wrongs].flatMap(([kind, { options }]) => secretsIn(kind, options))
  const answer = await runM5(['sync', '--board', together], { env: loud(), plain: true })
  for (const kind of kinds) expect(answer.out).toContain(`${kind}:\n`)
  quiet(answer, secrets)
  expect(leaks(await stored(together), secrets)).toEqual([])
})

/** Of the vendors' libraries, not of Node itself: NODE_DEBUG prints what goes over the wire, and is for nobody's production. */
const loud = () => ({
  ...{ DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, M5_PRIVATE_HOSTS: nearby.join(','), M5_LOG: 'debug' },
  ...{ DEBUG: '*', GOOGLE_SDK_NODE_LOGGING: '*', NODE_OPTIONS: '--trace-warnings' },
})

function quiet({ code, out, err }: Answer, secrets: readonly string[]): void {
  expect(code).not.toBe(5)
  expect(leaks(`${out}\n${err}`, secrets)).toEqual([])
  // Beside the log, the phases and a sentence nothing is printed.
  expect(err.split('\n').filter(line => /Warning|^\s+at |node_modules/.test(line))).toEqual([])
}
