import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSchool } from './generate.ts'
import { signInPeople, subjectOf } from './people.ts'
import { type Misbehaviour, type SignIn, startSignIn } from './sign-in.ts'
import { makeVisitor, type Visitor } from './visitor.ts'

const school = generateSchool({ today: '2026-11-23' })
const { young, witness } = school.cast.pupils
const redirectUri = 'http://localhost:4300/entry/callback'
const registered = { client_id: 'm5', client_secret: 'a-secret-of-the-tests', redirect_uris: [redirectUri] }

let signIn: SignIn
let config: client.Configuration

beforeAll(async () => {
  signIn = await startSignIn({ people: signInPeople(school) })
  signIn.addClient({ ...registered, post_logout_redirect_uris: ['http://localhost:4300/uit'] })
  config = await client.discovery(new URL(signIn.issuer), 'm5', registered.client_secret, undefined, {
    execute: [client.allowInsecureRequests],
  })
})
afterAll(() => signIn.close())

async function flow(visitor: Visitor, choose: string | undefined, more: Record<string, string> = {}) {
  const [verifier, nonce, state] = [client.randomPKCECodeVerifier(), client.randomNonce(), client.randomState()]
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
    ...more,
  })
  const { callback, asked } = await visitor.signIn(url, redirectUri, choose)
  const maxAge = more.max_age === undefined ? {} : { maxAge: Number(more.max_age) }
  const tokens = await client.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
    expectedState: state,
    idTokenExpected: true,
    ...maxAge,
  })
  return { tokens, asked, claims: tokens.claims() }
}

describe("the school's sign-in", () => {
  it('stands on a site of its own and gives code, PKCE, nonce, auth_time and the claims of the roster', async () => {
    const { tokens, claims } = await flow(makeVisitor(), subjectOf.pupil(witness))
    expect(new URL(signIn.issuer).hostname).toBe('127.0.0.2')
    expect(claims).toMatchObject({
      iss: signIn.issuer,
      sub: subjectOf.pupil(witness),
      preferred_username: 'zofia.kowalczyk',
      email: 'zofia.kowalczyk@leerling.devuurvlinder.example',
      sis_id: `leerling:${witness}`,
    })
    expect(Math.abs(Number(claims?.auth_time) - Date.now() / 1000)).toBeLessThan(10)
    const info = await client.fetchUserInfo(config, tokens.access_token, subjectOf.pupil(witness))
    expect(info.sis_id).toBe(`leerling:${witness}`)
  })

  it('knows a young pupil by the pupil number, without e-mail', async () => {
    const { claims } = await flow(makeVisitor(), subjectOf.pupil(young))
    expect(claims?.preferred_username).toBe(young)
    expect(claims).not.toHaveProperty('email')
  })

  it('lets in people whom no roster knows', async () => {
    const { claims } = await flow(makeVisitor(), subjectOf.unknown)
    expect(claims?.sis_id).toBe('leerkracht:999999')
    expect((await flow(makeVisitor(), subjectOf.bare)).claims).not.toHaveProperty('sis_id')
  })

  it('remembers who signed in, asks again for select_account and login, and renews auth_time', async () => {
    const visitor = makeVisitor()
    const first = await flow(visitor, subjectOf.pupil(witness))
    expect((await flow(visitor, undefined)).asked).toBe(false)
    expect((await flow(visitor, subjectOf.pupil(young), { prompt: 'select_account' })).claims?.sub).toBe(
      subjectOf.pupil(young),
    )
    await new Promise(resolve => setTimeout(resolve, 1100))
    const fresh = await flow(visitor, subjectOf.pupil(witness), { prompt: 'login', max_age: '300' })
    expect(fresh.asked).toBe(true)
    expect(Number(fresh.claims?.auth_time)).toBeGreaterThan(Number(first.claims?.auth_time))
  })

  it('refuses a request without PKCE, an unknown redirect URI and a choice without its cookie', async () => {
    const visitor = makeVisitor()
    const url = client.buildAuthorizationUrl(config, { redirect_uri: redirectUri, scope: 'openid', state: 'x' })
    expect((await visitor.signIn(url, redirectUri, young)).callback.searchParams.get('error')).toBe('invalid_request')
    const elsewhere = client.buildAuthorizationUrl(config, { redirect_uri: 'http://127.0.0.5:1/', scope: 'openid' })
    const refused = await visitor.fetch(elsewhere)
    expect(refused.status).toBe(400)
    expect(await refused.text()).toContain('Inloggen lukt niet')
    expect((await fetch(`${signIn.issuer}/interaction/nobody`)).status).toBe(400)
  })

  it('can neither be framed nor speak to its opener, and runs no script', async () => {
    const visitor = makeVisitor()
    const challenge = await client.calculatePKCECodeChallenge('v'.repeat(43))
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: 'openid',
      code_challenge: challenge,
      code_challenge_method: 'S256',
    })
    const location = (await visitor.fetch(url)).headers.get('location') ?? ''
    const choice = await visitor.fetch(new URL(`${location}?zoek=aydin`, signIn.issuer))
    expect(choice.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(choice.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    const text = await choice.text()
    expect(text).not.toContain('<script')
    expect(text).toContain('Tom Aydın')
    expect(text).not.toContain('Karin de Wit')
  })

  it('signs out by its own end_session page', async () => {
    const visitor = makeVisitor()
    const { tokens } = await flow(visitor, subjectOf.pupil(witness))
    const url = client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token ?? '',
      post_logout_redirect_uri: 'http://localhost:4300/uit',
    })
    const text = await (await visitor.fetch(url)).text()
    expect(text).toContain('Ja, log mij uit')
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
    const action = /action="([^"]+)"/.exec(text)?.[1] ?? ''
    const done = await visitor.fetch(action, { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) })
    expect(done.headers.get('location')).toBe('http://localhost:4300/uit')
    await expect(flow(visitor, undefined)).rejects.toThrow('asks who it is')
  })

  const refusals: [Misbehaviour, Record<string, string>][] = [
    ['wrong-issuer-response', {}],
    ['wrong-issuer', {}],
    ['wrong-audience', {}],
    ['wrong-nonce', {}],
    ['expired', {}],
    ['old-auth-time', { max_age: '300' }],
    ['no-auth-time', { max_age: '300' }],
  ]
  it.for(refusals)('can misbehave: openid-client refuses %s', async ([how, more], { expect }) => {
    signIn.misbehave(how)
    try {
      await expect(flow(makeVisitor(), subjectOf.pupil(witness), more)).rejects.toThrow()
    } finally {
      signIn.misbehave(null)
    }
    await expect(flow(makeVisitor(), subjectOf.pupil(witness), more)).resolves.toBeDefined()
  })

  it('can sign with a key that is not its own, and leave sis_id out', async () => {
    const visitor = makeVisitor()
    signIn.misbehave('no-sis-id')
    const bare = await flow(visitor, subjectOf.pupil(witness))
    expect(bare.claims).not.toHaveProperty('sis_id')
    signIn.misbehave('wrong-key')
    client.enableNonRepudiationChecks(config)
    await expect(flow(makeVisitor(), subjectOf.pupil(witness))).rejects.toThrow()
    signIn.misbehave(null)
    await expect(flow(makeVisitor(), subjectOf.pupil(witness))).resolves.toBeDefined()
  })

  it('takes another list of people', async () => {
    const other = await startSignIn({ people: [{ sub: 'a', username: 'a', name: 'A' }], clients: [registered] })
    other.setPeople([{ sub: 'b', username: 'b', name: 'B' }])
    const page = await fetch(`${other.issuer}/`)
    expect(page.status).toBe(200)
    await other.close()
  })
})
