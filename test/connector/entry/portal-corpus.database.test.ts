/** Broken, foreign and hostile tokens of a portal: none lets anybody in, each says why, and nothing of a person is written down. */
import { createHmac, createPublicKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IssuerKey, makeKey, signWith } from '../../school/portal-issuer.ts'
import { tablesHolding } from '../../support/seed.ts'
import { counted, exchange, openPortalWorld, type PortalWorld } from './portal-world.ts'

let w: PortalWorld
let key: IssuerKey
let stranger: IssuerKey
let rsa: IssuerKey
let sub: string
beforeAll(async () => {
  w = await openPortalWorld()
  ;[key, stranger, rsa] = [w.issuer.keys[0] as IssuerKey, await makeKey(), await makeKey('RS256')]
  sub = w.people.pupil.sisId
})
afterAll(() => w?.close())

const now = () => Math.floor(Date.now() / 1000)
const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
/** The honest token, with claims or header changed. */
const signed = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  signWith(key, w.claims(sub, claims), header)
const without = (name: string) => {
  const { [name]: _gone, ...rest } = w.claims(sub)
  return signWith(key, rest)
}
const unsigned = (header: Record<string, unknown>, signature = '') =>
  `${part({ typ: 'JWT', kid: key.kid, ...header })}.${part(w.claims(sub))}.${signature}`
/** HS256 over the public key, for a verifier that lets the header choose. */
const asSecret = (secret: string | Buffer) => {
  const text = `${part({ alg: 'HS256', kid: key.kid })}.${part(w.claims(sub))}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
const pem = () =>
  createPublicKey({ key: key.publicJwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
const tampered = async (change: (parts: string[]) => string[]) => change((await signed()).split('.')).join('.')

/** Name, token, the code it must be refused with. */
const tokens: [string, () => string | Promise<string>, string][] = [
  ['nothing', () => '', 'token-exchange-form|token-form'],
  ['words', () => 'let me in', 'token-form'],
  ['two parts', () => `${part({ alg: 'ES256' })}.${part({})}`, 'token-form'],
  ['four parts', async () => `${await signed()}.x`, 'token-form'],
  ['padding', async () => `${await signed()}==`, 'token-form'],
  ['a space behind it', async () => `${await signed()} `, 'token-form'],
  ['sixteen thousand letters', async () => `${await signed()}${'A'.repeat(16_000)}`, 'token-form'],
  ['a header that is no JSON', () => `${part('{')}.${part(w.claims(sub))}.AAAA`, 'token-form'],
  ['a header that is a list', () => `${part([])}.${part(w.claims(sub))}.AAAA`, 'token-form'],
  ['a body that is no JSON', () => `${part({ alg: 'ES256', kid: key.kid })}.${part('no')}.AAAA`, 'token-form'],
  ['a body that is a list', () => `${part({ alg: 'ES256', kid: key.kid })}.${part([1])}.AAAA`, 'token-form'],
  [
    'a body that is no UTF-8',
    () => `${part({ alg: 'ES256', kid: key.kid })}.${Buffer.from([0xff, 0xfe]).toString('base64url')}.AAAA`,
    'token-form',
  ],
  ['alg none', () => unsigned({ alg: 'none' }, 'AA'), 'token-alg'],
  ['alg None', () => unsigned({ alg: 'None' }, 'AA'), 'token-alg'],
  ['alg es256', () => unsigned({ alg: 'es256' }, 'AA'), 'token-alg'],
  ['alg none and no signature', () => unsigned({ alg: 'none' }), 'token-form'],
  ['no alg', () => unsigned({}, 'AA'), 'token-form'],
  ['HS256 with the public key as PEM', () => asSecret(pem()), 'token-alg'],
  ['HS256 with the public key as JWK', () => asSecret(JSON.stringify(key.publicJwk)), 'token-alg'],
  ['HS256 with an empty secret', () => asSecret(''), 'token-alg'],
  [
    'RS256 of its own key',
    () => new SignJWT(w.claims(sub)).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(rsa.privateKey),
    'token-alg',
  ],
  ['a critical extension', () => unsigned({ alg: 'ES256', crit: ['b64'], b64: false }, 'AA'), 'token-crit'],
  ['the type of a proof', () => signed({}, { typ: 'dpop+jwt' }), 'token-typ'],
  ['the type of an access token', () => signed({}, { typ: 'at+jwt' }), 'token-typ'],
  ['the type of a logout token', () => signed({}, { typ: 'logout+jwt' }), 'token-typ'],
  ['no kid', () => new SignJWT(w.claims(sub)).setProtectedHeader({ alg: 'ES256' }).sign(key.privateKey), 'token-kid'],
  ['a kid that is a number', () => unsigned({ alg: 'ES256', kid: 7 }, 'AA'), 'token-form'],
  ['an unknown kid', () => signed({}, { kid: 'elsewhere' }), 'token-key'],
  ['a kid that is a path', () => signed({}, { kid: '../../../../dev/null' }), 'token-key'],
  ['a kid that is a statement', () => signed({}, { kid: "' or 1=1 --" }), 'token-key'],
  ['another key under the same kid', () => signWith({ ...stranger, kid: key.kid }, w.claims(sub)), 'token-signature'],
  [
    'another key, brought along as jwk',
    () => signWith({ ...stranger, kid: key.kid }, w.claims(sub), { jwk: stranger.publicJwk }),
    'token-signature',
  ],
  [
    'another key, at its jku',
    () => signWith(stranger, w.claims(sub), { jku: `${w.issuer.origin}/mine.json` }),
    'token-key',
  ],
  [
    'another key, at its x5u',
    () => signWith(stranger, w.claims(sub), { x5u: `${w.issuer.origin}/mine.pem` }),
    'token-key',
  ],
  [
    'somebody else in a signed token',
    () => tampered(([h = '', , s = '']) => [h, part(w.claims(w.people.classmate.sisId)), s]),
    'token-signature',
  ],
  ['half a signature', () => tampered(([h = '', b = '', s = '']) => [h, b, s.slice(0, 43)]), 'token-signature'],
  ['a signature of zeros', () => tampered(([h = '', b = '']) => [h, b, part('\0'.repeat(64))]), 'token-signature'],
  ['a signature in DER', () => unsigned({ alg: 'ES256' }, 'MEUCIQDx'), 'token-signature'],
  ['no iss', () => without('iss'), 'portal-unknown'],
  ['an unknown iss', () => signed({ iss: 'https://elders.example' }), 'portal-unknown'],
  ['an iss with a slash more', () => signed({ iss: `${w.issuer.origin}/` }), 'portal-unknown'],
  ['an iss that is a list', () => signed({ iss: [w.issuer.origin] }), 'portal-unknown'],
  ['an iss with a null in it', () => signed({ iss: `${w.issuer.origin}\0` }), 'portal-unknown'],
  ['no aud', () => without('aud'), 'claim-missing'],
  ['the aud of another connector', () => signed({ aud: 'https://m5.elders.example' }), 'audience'],
  ['the aud of our API', () => signed({ aud: `${w.origin}/api` }), 'audience'],
  ['an aud that begins as ours', () => signed({ aud: `${w.origin}.elders.example` }), 'audience'],
  ['ours among several aud', () => signed({ aud: [w.origin, 'https://elders.example'] }), 'claim-missing'],
  ['no sub', () => without('sub'), 'claim-missing'],
  ['an empty sub', () => signed({ sub: '' }), 'claim-missing'],
  ['a sub that is a number', () => signed({ sub: 50001 }), 'claim-missing'],
  ['a sub with a null in it', () => signed({ sub: `${sub}\0` }), 'claim-missing'],
  ['a sub with a line end in it', () => signed({ sub: `${sub}\n` }), 'claim-missing'],
  ['a sub that is a list', () => signed({ sub: [sub] }), 'claim-missing'],
  ['a sub that nobody has', () => signed({ sub: 'kanarie-niemand' }), 'nobody-found'],
  ['the subject of the school’s sign-in', () => signed({ sub: w.people.pupil.subject }), 'nobody-found'],
  ['no jti', () => without('jti'), 'claim-missing'],
  ['a jti of three letters', () => signed({ jti: 'abc' }), 'claim-missing'],
  ['no exp', () => without('exp'), 'claim-missing'],
  ['an exp that is text', () => signed({ exp: String(now() + 60) }), 'claim-missing'],
  ['no iat', () => without('iat'), 'claim-missing'],
  ['a life of 61 seconds', () => signed({ exp: now() + 61, iat: now() }), 'lifetime'],
  ['a life of an hour', () => signed({ exp: now() + 3600 }), 'lifetime'],
  ['an end before its beginning', () => signed({ iat: now() + 50, exp: now() + 10 }), 'lifetime'],
  ['a life of a minute that is over', () => signed({ iat: now() - 122, exp: now() - 62 }), 'expired'],
  ['a life that begins in two minutes', () => signed({ iat: now() + 120, exp: now() + 180 }), 'clock-ahead'],
  ['nbf in two minutes', () => signed({ nbf: now() + 120 }), 'clock-ahead'],
  ['milliseconds', () => signed({ iat: Date.now(), exp: Date.now() + 60 }), 'clock-ahead'],
  ['no origin', () => without('origin'), 'claim-missing'],
  ['an origin that the school did not list', () => signed({ origin: 'https://elders.example' }), 'origin-unlisted'],
  ['an origin with a path', () => signed({ origin: 'https://portaal.proef.example/' }), 'origin-unlisted'],
  ['the origin null', () => signed({ origin: 'null' }), 'origin-unlisted'],
  ['another school', () => signed({ school: w.schools.sister.key }), 'school-other'],
  ['a school that is nobody', () => signed({ school: 'pk_onbekend_onbekend' }), 'school-other'],
]

describe('none of these lets anybody in', () => {
  it.for(tokens)('%s', async ([, make, code]) => {
    const { status, body } = await exchange(w, await make())
    expect([status, body.error]).toEqual([400, 'invalid_request'])
    expect(body).not.toHaveProperty('access_token')
    expect(String(body.error_description)).toMatch(new RegExp(`^(${code})( [2-9A-Z]{3}-[2-9A-Z]{3})?$`))
  })

  const requests: [string, () => Record<string, string | undefined>, string][] = [
    ['the page of another origin than signed', () => ({ origin: 'https://elders.example' }), 'origin-other'],
    ['no page', () => ({ origin: undefined }), 'token-exchange-form'],
    ['no school', () => ({ school: undefined }), 'token-exchange-form'],
    ['another school of the board', () => ({ school: w.schools.sister.key }), 'portal-unknown'],
    ['a school of another board', () => ({ school: w.schools.foreign.key }), 'portal-unknown'],
    ['an unknown school', () => ({ school: 'pk_onbekend_onbekend' }), 'school-unknown'],
    ['no token type', () => ({ subject_token_type: undefined }), 'token-exchange-form'],
    [
      'an access token’s type',
      () => ({ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' }),
      'token-exchange-form',
    ],
    [
      'an ID token wanted back',
      () => ({ requested_token_type: 'urn:ietf:params:oauth:token-type:id_token' }),
      'token-exchange-form',
    ],
    [
      'somebody who acts for somebody',
      () => ({ actor_token: 'x', actor_token_type: 'urn:ietf:params:oauth:token-type:jwt' }),
      'token-exchange-form',
    ],
    ['another client', () => ({ client_id: 'somebody' }), '.*'],
    ['another resource', () => ({ resource: 'https://elders.example' }), '.*'],
    ['another audience', () => ({ audience: 'https://elders.example' }), '.*'],
  ]
  it.for(requests)('%s, with an honest token', async ([, fields, code]) => {
    const { status, body } = await exchange(w, await signed(), fields())
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(body).not.toHaveProperty('access_token')
    expect(String(body.error_description)).toMatch(new RegExp(`^(${code})( [2-9A-Z]{3}-[2-9A-Z]{3})?$`))
  })

  it('is a corpus of more than 60, begins no session and asks nobody but the portal', async () => {
    expect(tokens.length).toBeGreaterThan(60)
    expect((await counted(w, 'portal')).sessions).toBe(0)
    // Once, and once for all the keys that nobody has.
    expect(w.issuer.asked).toBeLessThanOrEqual(2)
  })

  it('leaves a note of each kind for the administrator, without a person in it', async () => {
    const { troubles } = await counted(w, 'portal')
    const codes = new Set(troubles.map(({ code }) => code))
    for (const code of [
      'token-alg',
      'token-key',
      'token-signature',
      'audience',
      'expired',
      'origin-unlisted',
      'nobody-found',
    ])
      expect(codes).toContain(code)
    // A flood of one kind is one note a minute.
    expect(troubles.length).toBeLessThan(2.5 * codes.size)
    for (const { facts, boardId } of troubles) {
      expect(JSON.stringify(facts)).not.toContain(sub)
      expect([w.schools.own.boardId, w.schools.foreign.boardId]).toContain(boardId)
    }
    expect(await tablesHolding(w.t, 'kanarie-niemand')).toEqual([])
  })

  it('and the honest one does, so that the others mean something', async () => {
    expect((await exchange(w, await signed())).status).toBe(200)
    // A key of the roster in capitals is that key, and that person.
    expect((await exchange(w, await signed({ sub: sub.toUpperCase() }))).status).toBe(200)
    expect((await exchange(w, await signed())).status).toBe(200)
  })
})
