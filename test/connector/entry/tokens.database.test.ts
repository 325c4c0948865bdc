import { createHash, createHmac } from 'node:crypto'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as contract from '../../../connector/api/contract.ts'
import { loadSigningKeys } from '../../../connector/entry/signing-keys.ts'
import * as tokens from '../../../connector/entry/tokens.ts'
import { makeFrame, type SignedIn, signInAs } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let me: SignedIn
let foreign: SignedIn
let signingKey: JWK
beforeAll(async () => {
  w = await openWorld()
  me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
  foreign = await signInAs(w.origin, w.schools.foreign.key, w.people.foreignPupil.subject)
  const [key] = (await loadSigningKeys(w.t.db, w.t.keyring)).tokens
  signingKey = key as JWK
})
afterAll(() => w.close())

type Claims = Record<string, unknown>
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Claims
const parts = () => me.tokens.access.split('.') as [string, string, string]
const header = () => decode(parts()[0])
const claims = () => decode(parts()[1])

/** As our provider would sign it. */
const sign = async (payload: Claims, head: object = {}, jwk: JWK = signingKey) =>
  new SignJWT(payload)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: String(signingKey.kid), ...head })
    .sign(await importJWK({ ...jwk, alg: 'ES256' }))

/** With a proof of the right key for exactly this text. */
const status = async (token: string, scheme = 'DPoP') => {
  const url = `${w.origin}/api/me`
  const proof = await me.frame.proof('GET', url, { token })
  const response = await fetch(url, { headers: { Authorization: `${scheme} ${token}`, DPoP: proof } })
  if (response.status === 401) expect(await response.json()).toMatchObject({ title: 'Sign in first.', status: 401 })
  return response.status
}

async function corpus(): Promise<[string, string][]> {
  const [head, body, signature] = parts()
  const good = me.tokens.access
  const stranger = await exportJWK((await generateKeyPair('ES256', { extractable: true })).privateKey)
  const { d: _private, ...publicJwk } = signingKey
  const now = Math.floor(Date.now() / 1000)
  const unsigned = (more: object, sig = '') => `${encode({ ...header(), ...more })}.${body}.${sig}`
  const hmac = (secret: string) => {
    const text = `${encode({ ...header(), alg: 'HS256' })}.${body}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }
  const swapped = (more: Claims) => `${head}.${encode({ ...claims(), ...more })}.${signature}`
  const without = (name: string) => Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name))
  const raw = Buffer.from(signature, 'base64url')
  const flips = [0, 1, 31, 32, 33, 63].map((at): [string, string] => {
    const flipped = Buffer.from(raw)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    return [`signature, byte ${at} flipped`, `${head}.${body}.${flipped.toString('base64url')}`]
  })
  const ofOurKey = async (name: string, more: Claims): Promise<[string, string]> => [
    name,
    await sign({ ...claims(), ...more }),
  ]
  const missing = await Promise.all(
    ['iss', 'aud', 'sub', 'sid', 'board', 'school', 'exp', 'cnf'].map(
      async (name): Promise<[string, string]> => [`without ${name}`, await sign(without(name))],
    ),
  )
  return [
    ['nothing', ''],
    ['a word', 'x'],
    ['three dots', '...'],
    ['alg none', unsigned({ alg: 'none' })],
    ['alg none, signature kept', unsigned({ alg: 'none' }, signature)],
    ['alg None', unsigned({ alg: 'None' }, signature)],
    ['alg missing', unsigned({ alg: undefined }, signature)],
    ['alg as a list', unsigned({ alg: ['ES256'] }, signature)],
    ['HS256 with the public key', hmac(JSON.stringify(publicJwk))],
    ['HS256 with x', hmac(String(publicJwk.x))],
    ['HS256 with nothing', hmac('')],
    ['RS256', unsigned({ alg: 'RS256' }, signature)],
    ['ES384', unsigned({ alg: 'ES384' }, signature)],
    ['EdDSA', unsigned({ alg: 'EdDSA' }, signature)],
    ['typ JWT', await sign(claims(), { typ: 'JWT' })],
    ['typ dpop+jwt', await sign(claims(), { typ: 'dpop+jwt' })],
    ['typ missing', await sign(claims(), { typ: undefined })],
    ['another kid', await sign(claims(), { kid: 'another' })],
    ['no kid', await sign(claims(), { kid: undefined })],
    ['kid as a path', await sign(claims(), { kid: '../../etc/passwd' })],
    ['kid __proto__', await sign(claims(), { kid: '__proto__' })],
    ['kid constructor', await sign(claims(), { kid: 'constructor' })],
    ['signed by a stranger', await sign(claims(), {}, stranger)],
    ['signed by a stranger, key in the header', await sign(claims(), { jwk: stranger }, stranger)],
    ['signed by a stranger, jku', await sign(claims(), { jku: 'http://127.0.0.9/jwks' }, stranger)],
    ['signed by a stranger, x5u', await sign(claims(), { x5u: 'http://127.0.0.9/x' }, stranger)],
    ['signed by a stranger, own kid', await sign(claims(), { kid: 'own', jwk: stranger }, stranger)],
    ['another person', swapped({ sub: w.people.teacher.id })],
    ['another board', swapped({ board: w.schools.foreign.boardId })],
    ['another school', swapped({ school: w.schools.sister.id })],
    ['another session', swapped({ sid: claims().board })],
    ['a longer life', swapped({ exp: now + 1e6 })],
    ['another key', swapped({ cnf: { jkt: foreign.frame.jkt } })],
    ['empty payload', `${head}.${encode({})}.${signature}`],
    ['payload null', `${head}.${encode('null')}.${signature}`],
    ['payload no JSON', `${head}.${encode('x')}.${signature}`],
    ['header no JSON', `${encode('x')}.${body}.${signature}`],
    ['header null', `${encode('null')}.${body}.${signature}`],
    ['parts swapped', `${body}.${head}.${signature}`],
    ['no signature', `${head}.${body}.`],
    ['two parts', `${head}.${body}`],
    ['four parts', `${good}.${signature}`],
    ['five parts', `${good}.x.y`],
    ['cut by one', good.slice(0, -1)],
    ['cut in half', good.slice(0, good.length / 2)],
    ['padded', `${good}=`],
    ['doubled padding', `${good}==`],
    ['something behind', `${good}!`],
    ['signature of zeros', `${head}.${body}.${Buffer.alloc(64).toString('base64url')}`],
    ['signature in DER', `${head}.${body}.${encode('0E')}${signature}`],
    ['signature of another token', `${head}.${body}.${foreign.tokens.access.split('.')[2]}`],
    ['payload of another board, own signature', `${head}.${foreign.tokens.access.split('.')[1]}.${signature}`],
    await ofOurKey('expired', { exp: now - 1 }),
    await ofOurKey('expired long ago', { exp: 1 }),
    await ofOurKey('exp as text', { exp: String(now + 300) }),
    await ofOurKey('another issuer', { iss: 'https://evil.example/oidc' }),
    await ofOurKey('issuer with a slash', { iss: `${w.origin}/oidc/` }),
    await ofOurKey('another audience', { aud: 'https://evil.example/api' }),
    await ofOurKey('two audiences', { aud: [`${w.origin}/api`, 'https://evil.example'] }),
    await ofOurKey('the issuer as audience', { aud: `${w.origin}/oidc` }),
    await ofOurKey('another session of another board', {
      board: w.schools.foreign.boardId,
      sid: decode(foreign.tokens.access.split('.')[1] ?? '').sid,
    }),
    await ofOurKey('a session of nobody', { sid: '99999999-9999-4999-8999-999999999999' }),
    await ofOurKey("somebody else's session", { sub: w.people.teacher.id }),
    await ofOurKey('board as SQL', { board: "'; drop table x; --" }),
    await ofOurKey('bound to another key', { cnf: { jkt: foreign.frame.jkt } }),
    await ofOurKey('bound to no key', { cnf: {} }),
    ...missing,
    ...flips,
  ]
}

describe('an access token', () => {
  it('is taken as it was given, and as our own key signs it', async () => {
    expect(await status(me.tokens.access)).toBe(200)
    expect(await status(await sign(claims()))).toBe(200)
  })

  it('is taken in none of its mutations', async () => {
    const mutations = await corpus()
    expect(mutations.length).toBeGreaterThanOrEqual(60)
    expect(new Set(mutations.map(([name]) => name)).size).toBe(mutations.length)
    const taken: string[] = []
    for (const [name, token] of mutations) if ((await status(token)) !== 401) taken.push(name)
    expect(taken).toEqual([])
  })

  it('is no bearer token', async () => {
    expect(await status(me.tokens.access, 'Bearer')).toBe(401)
    const bare = await fetch(`${w.origin}/api/me`, { headers: { Authorization: `DPoP ${me.tokens.access}` } })
    expect(bare.status).toBe(401)
  })

  it('stolen is worth nothing: another key, another token in the proof, no token in it', async () => {
    const url = `${w.origin}/api/me`
    const thief = await makeFrame(w.origin, w.schools.own.key)
    const proofs = [
      await thief.proof('GET', url, { token: me.tokens.access }),
      await me.frame.proof('GET', url, { token: foreign.tokens.access }),
      await me.frame.proof('GET', url),
      await me.frame.proof('POST', url, { token: me.tokens.access }),
      await me.frame.proof('GET', `${w.origin}/api/groups`, { token: me.tokens.access }),
      await me.frame.proof('GET', url, { token: me.tokens.access, iat: Math.floor(Date.now() / 1000) - 400 }),
    ]
    for (const proof of proofs) {
      const response = await fetch(url, { headers: { Authorization: `DPoP ${me.tokens.access}`, DPoP: proof } })
      expect(response.status).toBe(401)
    }
  })

  it('of another board opens nothing of this one', async () => {
    const answer = await foreign.get(`/api/groups/${w.groups.a}/reports`)
    expect(answer.status).toBe(404)
    expect(await (await foreign.get('/api/people?q=zo')).json()).toEqual({ people: [], more: false })
    expect(((await (await foreign.get('/api/me')).json()) as { name: string }).name).toBe('Vreemd Verweg')
  })

  it('is remembered by its whole text: after a good one, a bad one is still refused', async () => {
    const [head, body, signature] = parts()
    expect(await status(me.tokens.access)).toBe(200)
    expect(await status(`${head}.${encode({ ...claims(), sub: w.people.teacher.id })}.${signature}`)).toBe(401)
    expect(await status(`${head}.${body}.${signature.replace(/.$/, c => (c === 'A' ? 'Q' : 'A'))}`)).toBe(401)
  })
})

describe('names that widgets and service share', () => {
  it('are the same on both sides', () => {
    expect([contract.ticketGrantType, contract.tokenExchangeGrantType, contract.viewsClientId]).toEqual([
      tokens.ticketGrantType,
      tokens.tokenExchangeGrantType,
      tokens.viewsClientId,
    ])
  })

  it('the thumbprint of the frame is the one RFC 7638 gives', async () => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const proof = await frame.proof('GET', w.origin)
    const { crv, kty, x, y } = decode(proof.split('.')[0] ?? '').jwk as Record<string, string>
    expect(createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')).toBe(frame.jkt)
  })
})
