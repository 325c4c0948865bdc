/** ESIS: UWLR of the current year behind a client certificate. The certificate is shown over real TLS; the rest is UWLR's. */
import { once } from 'node:events'
import { request as forward } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Agent, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { esis, esisSource } from '../../adapters/edexml/esis.ts'
import { uwlr } from '../../adapters/edexml/uwlr.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import type { Fault, Sis } from '../school/sis/sis.ts'
import { certificateFile, startEsis, startUwlr } from '../school/sis/uwlr.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const school = generateSchool({ today: '2026-11-23' })
let server: Sis
beforeAll(async () => {
  server = await startEsis({ school: () => school, clock: () => now })
})
afterAll(() => server.close())
beforeEach(() => server.behave('ok'))

const source = (options: Record<string, unknown> = {}, given: SourceContext = context(), timeoutMs = 20_000) =>
  esisSource(esis.options.parse({ ...server.options, ...options }), given, { timeoutMs })

function behaving(fault: Fault, timeoutMs?: number) {
  server.behave(fault)
  return source({}, context(), timeoutMs)
}

conforms('ESIS', {
  open: () => source(),
  adapter: esis,
  canaries: canariesOf(school),
  secrets: ['FICTIEVE-SLEUTEL', certificateFile('client.p12').toString('base64')],
  faults: {
    'no answer in time': { open: () => behaving('slow', 100), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('web-page'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('cut'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('ok-with-error'), code: 'incomplete' },
    'a page that comes again': { open: () => behaving('repeated-page'), code: 'malformed' },
    'half a run': { never: 'one call gives one school and year: cut halfway is half a run' },
  },
  failing: {
    'the wrong key': { open: () => source({ key: 'CANARY' }), code: 'unauthorized' },
    'a school that is not there': { open: () => source({ brin: '98QQ' }), code: 'incomplete' },
    'another year than the current one': {
      open: () => source({}, context({ schoolYear: '2027-2028' })),
      code: 'unreachable',
    },
  },
})

it('reads the whole generated school, as UWLR does', async () => {
  const plain = await startUwlr({ school: () => school, clock: () => now })
  try {
    const same = await readAll(uwlr.open(uwlr.options.parse(plain.options), context()))
    const found = await readAll(source())
    expect(found.records).toEqual(same.records)
    const { pupil, teacher } = server.sourceIdOf
    const ids = found.records.flatMap(record => (record.type === 'person' ? [record.sourceId] : [])).sort()
    const all = [...school.pupils.map(({ key }) => pupil(key)), ...school.teachers.map(({ key }) => teacher(key))]
    expect(ids).toEqual(all.sort())
  } finally {
    await plain.close()
  }
})

it('says at check that only this year comes, and what to do about other groups', async () => {
  const { says } = await source().check()
  expect(says[0]).toBe(`School 99ZZ-00, school year 2026-2027, version 2.1.`)
  expect(says.join(' ')).toMatch(/current school year only.*In koppelingen beschikbaar.*by hand/)
})

it('sends the dependance also when it is the main one', () => {
  const { location: _, ...options } = server.options
  expect(esis.options.parse(options).location).toBe('00')
})

describe('the client certificate', () => {
  let behindTls: Server
  let seen: (string | undefined)[]
  beforeAll(async () => {
    const { port } = new URL(server.url)
    behindTls = createServer(
      {
        cert: certificateFile('server.crt'),
        key: certificateFile('server.key'),
        ca: certificateFile('ca.crt'),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (incoming, outgoing) => {
        // SAFETY: on a TLS server it is a TLSSocket.
        const socket = incoming.socket as TLSSocket
        seen.push(String(socket.getPeerCertificate().subject?.CN))
        const { method, url: path, headers } = incoming
        const inner = forward({ host: '127.0.0.1', port, method, path, headers }, answer => {
          outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
          answer.pipe(outgoing)
        })
        incoming.pipe(inner)
      },
    )
    behindTls.on('tlsClientError', () => {})
    behindTls.listen(0, '127.0.0.1')
    await once(behindTls, 'listening')
  })
  const agents: Agent[] = []
  afterAll(async () => {
    await Promise.all(agents.map(agent => agent.destroy()))
    behindTls.closeAllConnections()
    behindTls.close()
  })
  beforeEach(() => {
    seen = []
  })

  const url = () => `https://127.0.0.1:${(behindTls.address() as AddressInfo).port}/uwlr2.2.svc`
  const ca = certificateFile('ca.crt')
  const fetchBy = (connect: Agent.Options['connect']): typeof fetch => {
    const dispatcher = new Agent({ connect: { ca, ...connect } })
    agents.push(dispatcher)
    // SAFETY: the same shapes; undici's own fetch has types of its own, and is the one that takes this version's dispatcher.
    return ((input: string, init: object) => undiciFetch(input, { ...init, dispatcher } as never)) as never
  }
  const showing = context({
    fetch: () => Promise.reject(new Error('the plain fetch must not be used')),
    withCertificate: ({ pfx, passphrase }) => fetchBy({ pfx: Buffer.from(pfx), passphrase }),
  })
  const file = (name: string) => ({ pfx: certificateFile(name).toString('base64') })

  it('is shown to the service, which then answers', async () => {
    const { proof } = await readAll(source({ url: url() }, showing))
    expect(proof).toMatchObject({ kind: 'snapshot', counts: { person: school.pupils.length + school.teachers.length } })
    expect(seen).toEqual(['Fictieve klant 99ZZ'])
  })

  it('of a stranger is refused: a service that hangs up is named as what it may be', async () => {
    const { error } = await readFailing(source({ url: url(), ...file('stranger.p12') }, showing))
    expect(error.code).toBe('unreachable')
    expect(error.message).toMatch(/^the source hangs up \(\w+\): it may not take our client certificate$/)
    expect(seen).toEqual([])
  })

  it('that is not shown at all is missed by the service', async () => {
    const without = context({ withCertificate: () => fetchBy({}) })
    const { error } = await readFailing(source({ url: url() }, without))
    expect(error).toMatchObject({
      code: 'unauthorized',
      message: expect.stringMatching(/^the source does not take our client certificate \(ERR_SSL_\w+\)$/),
    })
    expect(seen).toEqual([])
  })

  it.each([
    ['another passphrase', { passphrase: 'CANARY' }],
    ['no certificate in it', { pfx: Buffer.from('CANARY').toString('base64') }],
  ])('with %s is said so before anything is sent', async (_, options) => {
    const { error } = await readFailing(source({ url: url(), ...options }, showing))
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('cannot be opened') })
    expect(`${error.message} ${error.cause}`).not.toContain('CANARY')
    expect(seen).toEqual([])
  })

  it('is missed plainly where none can be shown', async () => {
    const { withCertificate: _, ...without } = showing
    const { error } = await readFailing(source({ url: url() }, without))
    expect(error).toMatchObject({
      code: 'unauthorized',
      message: 'ESIS wants a client certificate, and none can be shown from here',
    })
    await expect(source({ url: url() }, without).check()).rejects.toMatchObject({ code: 'unauthorized' })
  })

  it('is among the secrets, with its passphrase and the key', () => {
    expect(esis.secrets).toEqual(['key', 'pfx', 'passphrase'])
  })
})
