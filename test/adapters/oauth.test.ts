import { afterEach, describe, expect, it } from 'vitest'
import { authorized, type ClientCredentials } from '../../adapters/oauth.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { type Answered, type Asked, startSisServer } from '../school/sis/sis.ts'
import { context, now } from './support.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map(close => close()))
})

interface World {
  token?: (asked: Asked, n: number) => Answered
  api?: (asked: Asked, n: number) => Answered
}

/** A token endpoint and one thing to ask; `n` counts from 1. */
async function world({ token, api }: World = {}) {
  const asked = { token: [] as Asked[], api: [] as Asked[] }
  const server = await startSisServer(request => {
    const to = request.path === '/token' ? asked.token : asked.api
    to.push(request)
    if (request.path === '/token')
      return token?.(request, to.length) ?? { body: { access_token: `T${to.length}`, expires_in: 3600 } }
    return api?.(request, to.length) ?? { body: { ok: true } }
  })
  closing.push(server.close)
  const waits: number[] = []
  const open = (more: Partial<ClientCredentials> = {}, given: Partial<SourceContext> = {}) => {
    const wait = async (ms: number) => void waits.push(ms)
    const credentials: ClientCredentials = {
      tokenUrl: `${server.url}/token?organisation=CANARY`,
      clientId: 'a b:c',
      clientSecret: 's/e+c&r=et',
      authentication: 'basic',
      ...more,
    }
    const send = authorized(context({ wait, ...given }), credentials)
    return () => send({ method: 'GET', url: `${server.url}/api`, headers: {}, timeoutMs: 5_000, maxBytes: 10_000 })
  }
  return { asked, open, waits }
}

const bearers = (asked: Asked[]) => asked.map(({ headers }) => headers.authorization)
const failure = (going: Promise<unknown>) =>
  going.then(
    () => Promise.reject(new Error('it did not fail')),
    error => error,
  )

describe('a token', () => {
  it('is asked for once and used until it ends', async () => {
    const { asked, open } = await world()
    let at = now.getTime()
    const ask = open({}, { clock: () => new Date(at) })
    await ask()
    await ask()
    at += 3600_000 - 61_000
    await ask()
    at += 2_000
    await ask()
    expect(bearers(asked.api)).toEqual(['Bearer T1', 'Bearer T1', 'Bearer T1', 'Bearer T2'])
  })

  it('is asked for once by many at once', async () => {
    const { asked, open } = await world()
    const ask = open()
    await Promise.all(Array.from({ length: 16 }, () => ask()))
    expect(asked.token).toHaveLength(1)
  })

  it('shows the pair form-encoded in the header, and nothing of it in the body', async () => {
    const { asked, open } = await world()
    await open({ scope: 'read' })()
    const [{ headers, body } = { headers: {}, body: '' }] = asked.token
    expect(Buffer.from(headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe('a%20b%3Ac:s%2Fe%2Bc%26r%3Det')
    expect(body).toBe('grant_type=client_credentials&scope=read')
  })

  it('shows the pair in the body when it must, and no header', async () => {
    const { asked, open } = await world()
    await open({ authentication: 'body' })()
    const [{ headers, body } = { headers: {}, body: '' }] = asked.token
    expect(headers.authorization).toBeUndefined()
    expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
      grant_type: 'client_credentials',
      client_id: 'a b:c',
      client_secret: 's/e+c&r=et',
    })
  })

  it('refused before its time is asked for once more, and the question with it', async () => {
    const { asked, open } = await world({ api: (_, n) => (n === 1 ? { status: 401 } : { body: {} }) })
    expect((await open()()).status).toBe(200)
    expect(bearers(asked.api)).toEqual(['Bearer T1', 'Bearer T2'])
  })

  it('refused twice is the end of it', async () => {
    const { asked, open } = await world({ api: () => ({ status: 401 }) })
    expect(await failure(open()())).toMatchObject({ code: 'unauthorized', status: 401 })
    expect([asked.token.length, asked.api.length]).toEqual([2, 2])
  })

  it('refused to many at once is asked for once more', async () => {
    const { asked, open } = await world({
      api: ({ headers }) => (headers.authorization === 'Bearer T1' ? { status: 401 } : { body: {} }),
    })
    const ask = open()
    await Promise.all(Array.from({ length: 16 }, () => ask()))
    expect(asked.token).toHaveLength(2)
  })

  it('says no more than that the credentials are not accepted', async () => {
    const refused = { status: 400, body: { error: 'invalid_client', error_description: 'CANARY' } }
    const { open } = await world({ token: () => refused })
    const error = await failure(open()())
    expect(error).toMatchObject({ code: 'unauthorized' })
    expect(`${error.message} ${error.cause}`).not.toMatch(/CANARY|s\/e|organisation/)
  })
})

describe('a token endpoint', () => {
  it('that refuses us is asked once: a wrong secret locks accounts', async () => {
    const { asked, open } = await world({ token: () => ({ status: 401 }) })
    expect(await failure(open()())).toMatchObject({ code: 'unauthorized' })
    expect(asked.token).toHaveLength(1)
  })

  it('that is down is asked as often as is polite, not as often again for each of those', async () => {
    const { asked, open, waits } = await world({ token: () => ({ status: 503 }) })
    expect(await failure(open()())).toMatchObject({ code: 'unreachable', status: 503 })
    expect(asked.token).toHaveLength(5)
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000])
  })

  it('that comes back is used', async () => {
    const { open, asked } = await world({
      token: (_, n) => (n < 3 ? { status: 503 } : { body: { access_token: 'T', expires_in: '3600' } }),
    })
    expect((await open()()).status).toBe(200)
    expect(asked.token).toHaveLength(3)
  })

  it.each([
    ['a web page', { headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['no token', { body: { token: 'T' } }],
    ['an empty token', { body: { access_token: '' } }],
  ])('that gives %s is malformed', async (_, answer) => {
    const { open } = await world({ token: () => answer })
    expect(await failure(open()())).toMatchObject({ code: 'malformed' })
  })
})
