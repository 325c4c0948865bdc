import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, LookupFunction } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { request } from '../../../adapters/http.ts'
import { SourceError } from '../../../adapters/source.ts'
import { isInside, outbound } from '../../../connector/sync/outbound.ts'
import { certificateFile } from '../../school/sis/uwlr.ts'

let server: Server
let host = ''
const asked: string[] = []
beforeAll(async () => {
  // The door itself is what keeps these tests on this machine; nock would answer before it.
  nock.restore()
  server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`)
    if (req.url === '/away') res.writeHead(302, { location: `http://127.0.0.1:1/elsewhere` }).end()
    else if (req.url === '/round') res.writeHead(308, { location: `http://${host}/listed` }).end()
    else res.end('here')
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  nock.activate()
  await new Promise<void>(closed => void server.close(() => closed()))
})

const refusal = async (work: Promise<unknown>): Promise<SourceError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const found = error instanceof SourceError ? error : (error as Error | undefined)?.cause
  if (found instanceof SourceError) return found
  throw new Error('it was not refused', { cause: error })
}

/** A name server that says for every name what the test wants. */
const says =
  (...addresses: string[]): LookupFunction =>
  (_name, options, callback) => {
    const all = addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all) callback(null, all)
    else callback(null, all[0]?.address ?? '', all[0]?.family)
  }

describe('an address inside a network', () => {
  it.each([
    '10.1.2.3',
    '127.0.0.1',
    '127.9.9.9',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    'fe80::1',
    'fd00::1',
    '64:ff9b::a00:1',
    '2002:a00:1::1',
    '2001:db8::1',
    '2001:20::1',
    '3fff::1',
    '192.88.99.1',
    'fe80::1%eth0',
    '2a01:7c8::1%eth0',
    '',
    'sis.example',
  ])('%s is one', address => expect(isInside(address)).toBe(true))

  it.each([
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '193.0.0.1',
    '2001:610::1',
    '2a01:7c8::1',
    '2600::1',
    '::ffff:8.8.8.8',
  ])('%s is none', address => expect(isInside(address)).toBe(false))
})

describe('the door outwards', () => {
  it('lets through what the options name, where an operator listed the private address', async () => {
    const answer = await outbound({ hosts: [host], privateHosts: [host] })(`http://${host}/x?key=1`)
    expect(await answer.text()).toBe('here')
  })

  it('takes a listed name for every port of it', async () => {
    const answer = await outbound({ hosts: [host], privateHosts: ['127.0.0.1'] })(`http://${host}/`)
    expect(answer.status).toBe(200)
  })

  it('refuses a host that the options do not name', async () => {
    const error = await refusal(outbound({ hosts: ['sis.example'], privateHosts: [host] })(`http://${host}/secret`))
    expect(error).toMatchObject({ code: 'unreachable', passing: false })
    expect(error.message).not.toContain(host)
  })

  it('refuses the same host on another port', async () => {
    await refusal(outbound({ hosts: ['127.0.0.1:1'], privateHosts: ['127.0.0.1'] })(`http://${host}/`))
  })

  it('refuses plain http to the world', async () => {
    const door = outbound({ hosts: ['sis.example'], lookup: says('8.8.8.8') })
    expect((await refusal(door('http://sis.example/'))).message).toBe('only https is spoken to a source')
  })

  it('refuses a private address that nobody listed, written as a number', async () => {
    for (const address of ['10.0.0.1', '127.0.0.1', '[::1]', '[::ffff:10.0.0.1]', '169.254.169.254'])
      expect(
        (await refusal(outbound({ hosts: [new URL(`https://${address}`).host] })(`https://${address}/`))).message,
      ).toContain('M5_PRIVATE_HOSTS')
  })

  it.each([
    '2130706433',
    '0x7f.1',
    '0177.0.0.1',
    '127.1',
    '１２７.0.0.1',
    '[::ffff:7f00:1]',
    'localhost',
    'LOCALHOST.',
  ])('refuses this machine written as %s', async written => {
    const url = new URL(`https://${written}:8443/`)
    const lookup = says('127.0.0.1')
    expect((await refusal(outbound({ hosts: [url.host], lookup })(url))).message).toContain('M5_PRIVATE_HOSTS')
  })

  it.each([
    'https://sis.example.:443/',
    'https://sis.example:8443/',
    'https://xn--sis-8na.example/',
    'https://sís.example/',
  ])('takes %s for another host than sis.example', async url => {
    const error = await refusal(outbound({ hosts: ['sis.example'], lookup: says('8.8.8.8') })(url))
    expect(error.message).toContain('another host')
  })

  it('takes capitals and the port that goes without saying for the same host', async () => {
    // It gets as far as the name server, which is where this test stops it.
    const names: string[] = []
    const lookup: LookupFunction = (name, options, callback) => {
      names.push(name)
      says('10.0.0.1')(name, options, callback)
    }
    await refusal(outbound({ hosts: ['sis.example'], lookup })('HTTPS://SIS.Example:443/'))
    expect(names).toEqual(['sis.example'])
  })

  it('knows a private host by its port also where that goes without saying', async () => {
    const door = (listed: string) =>
      outbound({ hosts: ['sis.intern'], privateHosts: [listed], lookup: says('127.0.0.1') })('https://sis.intern/')
    // Nobody listens there, or somebody without the certificate: it was let out.
    const error = await door('sis.intern:443').catch((thrown: Error) => thrown)
    expect(error).toMatchObject({ cause: { code: expect.any(String) } })
    expect(error).not.toMatchObject({ cause: { name: 'SourceError' } })
    await refusal(door('sis.intern:8443'))
  })

  it('refuses a name that leads to a private address, also as one of several', async () => {
    for (const addresses of [['10.0.0.1'], ['8.8.8.8', '127.0.0.1'], ['fd00::1'], ['::ffff:192.168.0.1']]) {
      const door = outbound({ hosts: ['sis.example'], lookup: says(...addresses) })
      expect((await refusal(door('https://sis.example/'))).message).toContain('M5_PRIVATE_HOSTS')
    }
  })

  it('asks the name server at every connection, so that a name which changes its mind is refused then', async () => {
    const names: string[] = []
    const lookup: LookupFunction = (name, options, callback) => {
      names.push(name)
      says('127.0.0.1')(name, options, callback)
    }
    const door = outbound({ hosts: ['sis.example'], lookup })
    await refusal(door('https://sis.example/'))
    await refusal(door('https://sis.example/'))
    expect(names).toEqual(['sis.example', 'sis.example'])
  })

  it('follows no redirect', async () => {
    const answer = await outbound({ hosts: [host], privateHosts: [host] })(`http://${host}/away`)
    expect(answer.status).toBe(302)
    expect(asked).not.toContain('GET /elsewhere')
  })

  it('follows no redirect to a host that is listed either', async () => {
    const from = asked.length
    const answer = await outbound({ hosts: [host], privateHosts: [host] })(`http://${host}/round`)
    expect(answer.status).toBe(308)
    expect(asked.slice(from)).toEqual(['GET /round'])
  })

  it('refuses an address with a password in it', async () => {
    await refusal(outbound({ hosts: [host], privateHosts: [host] })(`http://user:CANARY@${host}/`))
  })

  it('is heard through the request function in its own words', async () => {
    const context = {
      fetch: outbound({ hosts: ['sis.example'], lookup: says('10.0.0.1') }),
      clock: () => new Date(),
      signal: new AbortController().signal,
    }
    const asking = request(context, {
      method: 'GET',
      url: 'https://sis.example/',
      headers: {},
      timeoutMs: 5000,
      maxBytes: 10,
    })
    expect((await refusal(asking)).message).toContain('M5_PRIVATE_HOSTS')
  })
})

/** A server of the fictitious CA that asks for a certificate, and says whose it was shown and over which protocol. */
async function tlsServer(): Promise<{ host: string; shown: (string | undefined)[]; close(): Promise<void> }> {
  const shown: (string | undefined)[] = []
  const tls = createTlsServer(
    {
      cert: certificateFile('server.crt'),
      key: certificateFile('server.key'),
      ca: certificateFile('ca.crt'),
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    },
    (req, res) => res.end(`HTTP/${req.httpVersion}`),
  )
  tls.on('secureConnection', (socket: TLSSocket) => {
    shown.push(socket.getPeerCertificate().subject?.CN?.toString())
  })
  tls.on('tlsClientError', () => {})
  await new Promise<void>(listening => tls.listen(0, '127.0.0.1', listening))
  return {
    host: `127.0.0.1:${(tls.address() as AddressInfo).port}`,
    shown,
    close: () =>
      new Promise(closed => {
        tls.close(() => closed())
        tls.closeAllConnections()
      }),
  }
}

const module = fileURLToPath(new URL('../../../connector/sync/outbound.ts', import.meta.url))

/** In a process of its own, where the environment is somebody else's: the status, or the code of what went wrong. */
async function fetchedWith(env: Record<string, string>, rules: object, url: string): Promise<string> {
  const pfx = JSON.stringify(certificateFile('client.p12').toString('base64'))
  const script = `
    const { outbound } = await import(${JSON.stringify(module)})
    const rules = ${JSON.stringify(rules)}
    const certificate = rules.certified ? { pfx: Buffer.from(${pfx}, 'base64'), passphrase: 'fictief' } : undefined
    const door = outbound({ ...rules, certificate })
    const said = await door(${JSON.stringify(url)}).then(answer => answer.text(), error => error.cause?.code ?? error.message)
    console.log(said)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: '/usr/bin:/bin', ...env },
  })
  return stdout.trim()
}

describe('whatever the environment says', () => {
  it('nothing goes through a proxy', async () => {
    const proxied: string[] = []
    const proxy = createServer((req, res) => {
      proxied.push(req.url ?? '')
      res.end('proxied')
    })
    proxy.on('connect', (req, socket) => {
      proxied.push(req.url ?? '')
      socket.destroy()
    })
    await new Promise<void>(listening => proxy.listen(0, '127.0.0.1', listening))
    const at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const env = Object.fromEntries(
      ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'].map(name => [name, at]),
    )
    try {
      const rules = { hosts: [host], privateHosts: [host] }
      expect(await fetchedWith({ ...env, NODE_USE_ENV_PROXY: '1' }, rules, `http://${host}/x?key=1`)).toBe('here')
      expect(proxied).toEqual([])
    } finally {
      await new Promise<void>(closed => void proxy.close(() => closed()))
    }
  })

  it('no certificate is believed that nobody vouches for', async () => {
    const tls = await tlsServer()
    try {
      const rules = { hosts: [tls.host], privateHosts: [tls.host] }
      const untrusting = await fetchedWith({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }, rules, `https://${tls.host}/`)
      expect(untrusting).toBe('SELF_SIGNED_CERT_IN_CHAIN')
    } finally {
      await tls.close()
    }
  })
})

describe('a client certificate', () => {
  it('is shown to its own host, over HTTP/1.1, and to no other', async () => {
    const [own, other] = [await tlsServer(), await tlsServer()]
    const ca = fileURLToPath(new URL('../../fixtures/uwlr/ca.crt', import.meta.url))
    const rules = { hosts: [own.host], privateHosts: ['127.0.0.1'] }
    const ask = (certified: boolean, at: string) =>
      fetchedWith({ NODE_EXTRA_CA_CERTS: ca }, { ...rules, certified }, `https://${at}/`)
    try {
      expect(await ask(true, own.host)).toBe('HTTP/1.1')
      expect(await ask(false, own.host)).toBe('HTTP/1.1')
      expect(await ask(true, other.host)).toContain('another host')
      expect(own.shown).toEqual([expect.stringMatching(/./), undefined])
      expect(other.shown).toEqual([])
    } finally {
      await Promise.all([own.close(), other.close()])
    }
  })
})
