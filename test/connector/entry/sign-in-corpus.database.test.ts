/**
 * Answers of the school's sign-in that do not hold: each is right but for one thing, comes over the real code flow from a real provider, and is
 * refused without a word about anybody.
 */
import { createHmac, randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withTenant } from '../../../connector/store/scope.ts'
import { type Forge, type SigningKey, signed } from '../../school/sign-in.ts'
import { makeVisitor } from '../../school/visitor.ts'
import { makeFrame, signInAs, walkWindow } from '../../support/frame.ts'
import { seedSchool, seedSignIn } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let stranger: { privateKey: CryptoKey; publicKey: CryptoKey }
beforeAll(async () => {
  w = await openWorld()
  stranger = await generateKeyPair('RS256', { extractable: true })
})
afterEach(() => w.upstream.forge(null))
afterAll(() => w.close())

const now = () => Math.floor(Date.now() / 1000)
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const raw = (text: string) => Buffer.from(text).toString('base64url')

/** Signed well by the issuer's own key, with another payload or header. */
const claims =
  (change: (payload: JWTPayload) => JWTPayload): Forge =>
  (payload, key) =>
    signed(change(payload), key)
const header =
  (change: Partial<JWTHeaderParameters> & Record<string, unknown>): Forge =>
  (payload, { privateKey, kid }) =>
    new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid, ...change }).sign(privateKey)
const without = (...names: string[]) =>
  claims(payload => Object.fromEntries(Object.entries(payload).filter(([name]) => !names.includes(name))))
/** The bytes of header and payload as they are given, signed well. */
async function signText(head: string, body: string, { privateKey }: SigningKey): Promise<string> {
  const text = `${head}.${body}`
  const bytes = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', privateKey, Buffer.from(text))
  return `${text}.${Buffer.from(bytes).toString('base64url')}`
}
const hs =
  (secretOf: (key: SigningKey) => string, alg = 'HS256'): Forge =>
  (payload, key) => {
    const text = `${part({ alg, kid: key.kid })}.${part(payload)}`
    return `${text}.${createHmac('sha256', secretOf(key)).update(text).digest('base64url')}`
  }
const changedAfterSigning =
  (change: (payload: JWTPayload) => JWTPayload): Forge =>
  async (payload, key) => {
    const [head, , signature] = (await signed(payload, key)).split('.')
    return `${head}.${part(change(payload))}.${signature}`
  }
const other = '00000000-0000-4000-8000-000000000000'

const corpus: [string, Forge][] = [
  // The algorithm, and whose key it is.
  ['alg none', payload => `${part({ alg: 'none' })}.${part(payload)}.`],
  ['alg None', payload => `${part({ alg: 'None' })}.${part(payload)}.`],
  ['alg none with a kid', (payload, { kid }) => `${part({ alg: 'none', kid })}.${part(payload)}.`],
  [
    'alg none with the signature of RS256',
    async (payload, key) => {
      const [, body, signature] = (await signed(payload, key)).split('.')
      return `${part({ alg: 'none', kid: key.kid })}.${body}.${signature}`
    },
  ],
  ['alg as a list', (payload, key) => signText(part({ alg: ['RS256'], kid: key.kid }), part(payload), key)],
  ['no alg', (payload, key) => signText(part({ kid: key.kid }), part(payload), key)],
  ['alg in small letters', (payload, key) => signText(part({ alg: 'rs256', kid: key.kid }), part(payload), key)],
  ['HS256 with the public key as text', hs(({ publicJwk }) => JSON.stringify(publicJwk))],
  ['HS256 with the modulus', hs(({ publicJwk }) => String(publicJwk.n))],
  ['HS256 with the client id', hs(() => w.signIns.own)],
  ['HS256 with nothing', hs(() => '')],
  ['RS256 signed with HMAC', hs(({ publicJwk }) => JSON.stringify(publicJwk), 'RS256')],
  [
    'RS512 over a signature of RS256',
    (payload, key) => signText(part({ alg: 'RS512', kid: key.kid }), part(payload), key),
  ],
  [
    'PS256 over a signature of RS256',
    (payload, key) => signText(part({ alg: 'PS256', kid: key.kid }), part(payload), key),
  ],
  [
    'ES256 of a key of its own',
    async payload => {
      const pair = await generateKeyPair('ES256')
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: 'mine' }).sign(pair.privateKey)
    },
  ],
  ['another key under the right kid', (payload, { kid }) => signed(payload, { privateKey: stranger.privateKey, kid })],
  ['another key under a kid of its own', payload => signed(payload, { privateKey: stranger.privateKey, kid: 'mine' })],
  [
    'another key without a kid',
    payload => new SignJWT(payload).setProtectedHeader({ alg: 'RS256' }).sign(stranger.privateKey),
  ],
  ['an unknown kid', header({ kid: 'unknown' })],
  ['a kid that is a path', header({ kid: '../../etc/passwd' })],
  ['a kid that is a statement', header({ kid: "' or 1=1 --" })],
  ['a kid that is a number', (payload, key) => signText(part({ alg: 'RS256', kid: 7 }), part(payload), key)],
  [
    'a key in the header (jwk)',
    async payload => {
      const jwk = await exportJWK(stranger.publicKey)
      return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', jwk }).sign(stranger.privateKey)
    },
  ],
  [
    'an address of keys in the header (jku)',
    payload =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: 'mine', jku: 'http://127.0.0.1:9/keys' })
        .sign(stranger.privateKey),
  ],
  [
    'an address of a certificate (x5u)',
    payload =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'RS256', kid: 'mine', x5u: 'http://127.0.0.1:9/x' })
        .sign(stranger.privateKey),
  ],
  [
    'a critical header that nobody knows',
    (payload, key) => signText(part({ alg: 'RS256', kid: key.kid, crit: ['m5'], m5: true }), part(payload), key),
  ],
  [
    'an unencoded payload (b64)',
    (payload, key) => signText(part({ alg: 'RS256', kid: key.kid, crit: ['b64'], b64: false }), part(payload), key),
  ],
  // What it is.
  ['typ of an access token', header({ typ: 'at+jwt' })],
  ['typ of a logout token', header({ typ: 'logout+jwt' })],
  ['typ of a proof', header({ typ: 'dpop+jwt' })],
  ['typ of an event', header({ typ: 'secevent+jwt' })],
  ['typ JWE', header({ typ: 'JWE' })],
  // For whom.
  ['another audience', claims(p => ({ ...p, aud: 'somebody-else' }))],
  ['no audience', without('aud')],
  ['an empty audience', claims(p => ({ ...p, aud: '' }))],
  ['an empty list of audiences', claims(p => ({ ...p, aud: [] }))],
  ['our audience among others', claims(p => ({ ...p, aud: [String(p.aud), 'somebody-else'] }))],
  [
    'our audience among others, with our azp',
    claims(p => ({ ...p, aud: [String(p.aud), 'somebody-else'], azp: String(p.aud) })),
  ],
  ['an audience that starts like ours', claims(p => ({ ...p, aud: `${p.aud}x` }))],
  ['azp of another client', claims(p => ({ ...p, azp: 'somebody-else' }))],
  ['azp of nobody', claims(p => ({ ...p, azp: '' }))],
  ['another school’s client', claims(p => ({ ...p, aud: w.signIns.sister }))],
  // By whom.
  ['another issuer', claims(p => ({ ...p, iss: 'http://127.0.0.9:9' }))],
  ['the issuer with a slash', claims(p => ({ ...p, iss: `${p.iss}/` }))],
  ['the issuer in capitals', claims(p => ({ ...p, iss: String(p.iss).toUpperCase() }))],
  ['no issuer', without('iss')],
  ['a list of issuers', claims(p => ({ ...p, iss: [String(p.iss)] as unknown as string }))],
  // When.
  ['expired', claims(p => ({ ...p, exp: now() - 61 }))],
  ['expired long ago', claims(p => ({ ...p, iat: now() - 7200, exp: now() - 3600 }))],
  ['no end', without('exp')],
  ['an end that is text', claims(p => ({ ...p, exp: String(now() + 600) as unknown as number }))],
  ['an end that is null', claims(p => ({ ...p, exp: null as unknown as number }))],
  ['made in the future', claims(p => ({ ...p, iat: now() + 75, exp: now() + 900 }))],
  ['made an hour ago, good for a day', claims(p => ({ ...p, iat: now() - 3600, exp: now() + 86_400 }))],
  ['no time of making', without('iat')],
  ['a time of making that is text', claims(p => ({ ...p, iat: String(now()) as unknown as number }))],
  ['not good yet', claims(p => ({ ...p, nbf: now() + 120 }))],
  ['a proof in the future', claims(p => ({ ...p, auth_time: now() + 300 }))],
  ['a proof that is text', claims(p => ({ ...p, auth_time: 'today' }))],
  // For which request.
  ['another nonce', claims(p => ({ ...p, nonce: 'not-the-one-we-sent' }))],
  ['no nonce', without('nonce')],
  ['an empty nonce', claims(p => ({ ...p, nonce: '' }))],
  ['a list with the nonce', claims(p => ({ ...p, nonce: [p.nonce] }))],
  // About whom.
  ['no subject', without('sub')],
  ['an empty subject', claims(p => ({ ...p, sub: '' }))],
  ['a subject that is a number', claims(p => ({ ...p, sub: 7 as unknown as string }))],
  ['a subject that is a list', claims(p => ({ ...p, sub: [p.sub] as unknown as string }))],
  ['a subject longer than any', claims(p => ({ ...p, sub: 'x'.repeat(256) }))],
  ['another subject, changed after signing', changedAfterSigning(p => ({ ...p, sub: w.people.teacher.subject }))],
  [
    'another key of the roster, changed after signing',
    changedAfterSigning(p => ({ ...p, sis_id: w.people.teacher.sisId })),
  ],
  // Its form.
  ['no token', () => ''],
  ['two parts', async (payload, key) => (await signed(payload, key)).split('.').slice(0, 2).join('.')],
  ['an empty signature', async (payload, key) => `${(await signed(payload, key)).split('.').slice(0, 2).join('.')}.`],
  ['half a signature', async (payload, key) => (await signed(payload, key)).slice(0, -20)],
  ['five parts', async (payload, key) => `${await signed(payload, key)}.x.y`],
  ['a payload that is a list', (_payload, key) => signText(part({ alg: 'RS256', kid: key.kid }), part([1]), key)],
  ['a payload that is no JSON', (_payload, key) => signText(part({ alg: 'RS256', kid: key.kid }), raw('{'), key)],
  ['a payload that is null', (_payload, key) => signText(part({ alg: 'RS256', kid: key.kid }), raw('null'), key)],
  ['a header that is no JSON', (payload, key) => signText(raw('{'), part(payload), key)],
  [
    'bytes that are no text',
    (payload, key) =>
      signText(
        part({ alg: 'RS256', kid: key.kid }),
        Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(JSON.stringify(payload))]).toString('base64url'),
        key,
      ),
  ],
  [
    'a signature of something else',
    async (payload, key) => {
      const [head, body] = (await signed(payload, key)).split('.')
      const [, , signature] = (await signed({ ...payload, nonce: 'x' }, key)).split('.')
      return `${head}.${body}.${signature}`
    },
  ],
  ['a token of half a megabyte', claims(p => ({ ...p, filler: 'x'.repeat(500_000) }))],
]

describe('a broken answer', () => {
  it(`is one of ${corpus.length}, and at least sixty`, () => {
    expect(corpus.length).toBeGreaterThanOrEqual(60)
    expect(new Set(corpus.map(([name]) => name)).size).toBe(corpus.length)
  })

  it.for(corpus)('is not taken: %s', async ([, forge], { expect }) => {
    w.upstream.forge(forge)
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const handoff = await frame.openHandoff()
    const { subject, sisId } = w.people.pupil
    const { status, page } = await walkWindow(w.origin, handoff.goPath, subject)
    expect(status).toBe(400)
    expect(page).toContain('Inloggen lukte niet')
    expect(page).toMatch(/Nummer voor de ICT-beheerder: <b>[0-9A-Z]{3}-[0-9A-Z]{3}</)
    for (const word of [subject, sisId, 'jwt', 'signature', 'nonce']) expect(page.toLowerCase()).not.toContain(word)
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
  })

  it('is told to the administrator by what was wrong with it, and nothing of anybody', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    await seedSignIn(w.t, school, w.upstream, w.origin)
    w.upstream.forge(claims(p => ({ ...p, nonce: 'another', sub: 'kanarie-subject', email: 'kanarie@school.nl' })))
    const frame = await makeFrame(w.origin, school.key)
    const { goPath } = await frame.openHandoff()
    const { page } = await walkWindow(w.origin, goPath, w.people.pupil.subject)
    const number = /<b>([0-9A-Z]{3}-[0-9A-Z]{3})</.exec(page)?.[1]
    const notes = await withTenant(w.t.db, { boardId: school.boardId, role: 'system' }, tx =>
      tx.entryTrouble.findMany(),
    )
    const note = notes.find(each => each.number === number)
    expect(note).toMatchObject({ code: 'sign-in-answer', facts: { claim: 'nonce' } })
    expect(JSON.stringify(notes)).not.toMatch(/kanarie|eyJ|another/)
  })
})

describe('an answer that was someone else’s', () => {
  const answered = async () => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const handoff = await frame.openHandoff()
    const visitor = makeVisitor()
    const gone = await visitor.fetch(new URL(handoff.goPath, w.origin))
    const { callback } = await visitor.signIn(
      new URL(gone.headers.get('location') ?? ''),
      `${w.origin}/entry/callback/`,
      w.people.pupil.subject,
    )
    return { frame, handoff, visitor, callback }
  }

  it('is taken by nobody in another browser, though 64 try, and is used up by it', async () => {
    const { callback, visitor, frame, handoff } = await answered()
    const answers = await Promise.all(Array.from({ length: 64 }, () => makeVisitor().fetch(callback)))
    expect(new Set(answers.map(each => each.status))).toEqual(new Set([400]))
    expect((await visitor.fetch(callback)).status).toBe(400)
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
  })

  it('with a no in it is not taken from another issuer, in another browser, or twice', async () => {
    for (const change of [
      (url: URL) => url.searchParams.set('iss', 'http://127.0.0.9:9'),
      (url: URL) => url.searchParams.delete('iss'),
      (url: URL) => url.searchParams.append('iss', 'http://127.0.0.9:9'),
    ]) {
      const { callback, visitor, frame, handoff } = await answered()
      callback.searchParams.delete('code')
      callback.searchParams.set('error', 'access_denied')
      change(callback)
      expect((await visitor.fetch(callback)).status).toBe(400)
      expect(await frame.claim(handoff)).toEqual({ state: 'open' })
    }
  })

  it('with an error ends the hand-off, and tells the administrator the word of the issuer alone', async () => {
    const { callback, visitor, frame, handoff } = await answered()
    callback.searchParams.delete('code')
    callback.searchParams.set('error', 'consent_required')
    callback.searchParams.set('error_description', 'kanarie-omschrijving')
    const page = await visitor.fetch(callback)
    const text = await page.text()
    expect([page.status, await frame.claim(handoff)]).toEqual([403, { state: 'refused', reason: 'sign-in-failed' }])
    expect(text).not.toContain('kanarie')
    const { boardId } = w.schools.own
    const notes = await withTenant(w.t.db, { boardId, role: 'system' }, tx => tx.entryTrouble.findMany())
    expect(notes.find(note => text.includes(note.number))?.facts).toMatchObject({ error: 'consent_required' })
    expect(JSON.stringify(notes)).not.toContain('kanarie')
  })

  it('with JARM, a token in the address or a second code is not taken', async () => {
    for (const change of [
      (url: URL) => url.searchParams.set('response', 'eyJhbGciOiJub25lIn0.e30.'),
      (url: URL) => url.searchParams.set('id_token', 'eyJhbGciOiJub25lIn0.e30.'),
      (url: URL) => url.searchParams.append('code', 'second'),
    ]) {
      const { callback, visitor } = await answered()
      change(callback)
      expect((await visitor.fetch(callback)).status).toBe(400)
    }
  })

  it('of this one still is the person’s: the corpus fails for what is wrong, not for all', async () => {
    w.upstream.forge(claims(p => ({ ...p, jti: randomUUID(), aud: [String(p.aud)], azp: String(p.aud), x: other })))
    await expect(signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)).resolves.toBeDefined()
    w.upstream.forge(header({ typ: 'JWT' }))
    await expect(signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)).resolves.toBeDefined()
    // One key alone needs no name.
    w.upstream.forge((payload, { privateKey }) =>
      new SignJWT(payload).setProtectedHeader({ alg: 'RS256' }).sign(privateKey),
    )
    await expect(signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)).resolves.toBeDefined()
  })
})
