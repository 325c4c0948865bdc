/** What Teams hands over. Entra is played by nock with keys of our own; the connector, its database and its door are real. */
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign as signBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import nock from 'nock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addOrigin } from '../../../connector/admin/origins.ts'
import { addTeamsTenant, listTeamsTenants, removeTeamsTenant } from '../../../connector/admin/teams-tenants.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type IssuerKey, makeKey } from '../../school/portal-issuer.ts'
import { makeFrame, signedIn } from '../../support/frame.ts'
import { type SeededPerson, type SeededSchool, seedPerson, tablesHolding } from '../../support/seed.ts'
import { type Service, startService } from '../../support/service.ts'
import { openWorld, type World } from '../../support/world.ts'
import { counted } from './portal-world.ts'

const entra = 'https://login.microsoftonline.com'
const tenant = '3f1c0e6a-5d0c-4a55-9b0a-0c8f2d1e7a11'
const otherTenant = '7d2b9c44-1111-4a55-9b0a-0c8f2d1e7a22'
const clientId = 'b6f7a3d2-9c1e-4f0b-8a7d-5e4c3b2a1f00'
const teamsWeb = '5e3ce6c0-2b1f-4285-8d4b-75ee78787346'

let w: World
let service: Service
let key: IssuerKey
let stranger: IssuerKey
let ec: IssuerKey
let pupil: SeededPerson & { oid: string }
let teacher: SeededPerson & { oid: string }
let offset = 0
let asked = 0
/** What Entra lists; tests change it. */
let listed: object[] = []

beforeAll(async () => {
  nock.disableNetConnect()
  nock.enableNetConnect(/^(127\.0\.0\.\d+|localhost):/)
  w = await openWorld()
  service = await startService(
    w.t,
    () => new Date(Date.now() + offset),
    {},
    {
      outward:
        () =>
        (...args) =>
          fetch(...args),
    },
  )
  ;[key, stranger, ec] = [await makeKey('RS256'), await makeKey('RS256'), await makeKey()]
  listed = [entraKey(key)]
  nock(entra)
    .persist()
    .get(`/${tenant}/discovery/v2.0/keys`)
    .reply(() => {
      asked += 1
      return [200, { keys: listed }]
    })
  await register(w.schools.own)
  pupil = await known({ names: { preferred: 'Tijn', family: 'Terpstra' } })
  teacher = await known({ role: 'staff', names: { preferred: 'Toos', family: 'Tuinstra' } })
})
afterAll(async () => {
  nock.cleanAll()
  nock.enableNetConnect()
  await service?.close()
  await w?.close()
})

/** As Entra writes them: no alg, and for whom they sign. */
const entraKey = ({ publicJwk: { alg: _alg, ...jwk } }: IssuerKey, issuer = `${entra}/${tenant}/v2.0`) => ({
  ...jwk,
  ...{ x5t: jwk.kid, x5c: ['MIIC'], issuer },
})
const register = ({ boardId, id: schoolId }: SeededSchool, more: { tenant?: string; clientId?: string } = {}) =>
  addTeamsTenant(w.t, { boardId, schoolId, tenant, clientId, ...more })

/** With an account in Entra that the roster knows. */
async function known(person: Parameters<typeof seedPerson>[2], school = w.schools.own) {
  const made = await seedPerson(w.t, school, person)
  const oid = randomUUID()
  const { boardId, id: schoolId, sourceId } = school
  const valueTag = (await w.t.keyring.board(boardId)).fingerprint('roster-key', `object-id:${oid}`)
  const row = {
    boardId,
    id: randomUUID(),
    schoolId,
    sourceId,
    personId: made.id,
    type: 'object-id',
    valueTag,
    stable: true,
  }
  await withTenant(w.t.db, { boardId, role: 'system' }, tx => tx.rosterKey.create({ data: row }))
  return { ...made, oid }
}

const now = () => Math.floor((Date.now() + offset) / 1000)
const resource = () => `api://${new URL(service.origin).host}/${clientId}`
const names = { name: 'Kanarie Terpstra', upn: 'kanarie@school.example', unique_name: 'kanarie@school.example' }

function claimsV1(oid: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const common = { iat: now() - 5, nbf: now() - 5, exp: now() + 4_500, acr: '1', aio: 'AXQAi', amr: ['pwd'] }
  const app = { appid: teamsWeb, appidacr: '0', ipaddr: '192.0.2.7', rh: '0.AX', scp: 'access_as_user' }
  const who = { ...names, oid, sub: randomUUID(), tid: tenant, uti: randomUUID(), ver: '1.0' }
  return { aud: resource(), iss: `https://sts.windows.net/${tenant}/`, ...common, ...app, ...who, ...more }
}
function claimsV2(oid: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const common = { iat: now() - 5, nbf: now() - 5, exp: now() + 4_500, aio: 'AXQAi', azp: teamsWeb, azpacr: '0' }
  const who = { name: names.name, preferred_username: names.upn, oid, scp: 'access_as_user', sid: randomUUID() }
  const ids = { sub: 'pairwise', tid: tenant, uti: randomUUID(), ver: '2.0', rh: '0.AX' }
  return { aud: clientId, iss: `${entra}/${tenant}/v2.0`, ...common, ...who, ...ids, ...more }
}
const signWith = (
  { kid, privateKey }: IssuerKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
) => new SignJWT(claims).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid, x5t: kid, ...header }).sign(privateKey)
const sign = (claims: Record<string, unknown>, header?: Record<string, unknown>) => signWith(key, claims, header)

/** The cookie of the browser that a secret was given to. */
const ways = new Map<string, string>()

interface Answer {
  status: number
  body: { arrival?: string; link?: string; code?: string; number?: string }
}
async function send(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await fetch(`${service.origin}/entry/teams`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const answered = (await response.json()) as Answer['body']
  const way = /m5_way_[^=]+=([^;]+)/.exec(response.headers.getSetCookie().join('; '))?.[1]
  if (answered.arrival && way) ways.set(answered.arrival, `m5_way_x=${way}`)
  return { status: response.status, body: answered }
}

/** From the secret of the fragment to a signed request, as the view does it. */
async function goOn(arrival: string) {
  const frame = await makeFrame(service.origin, w.schools.own.key)
  const url = `${service.origin}/entry/arrive`
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      DPoP: await frame.proof('POST', url),
      cookie: ways.get(arrival) ?? '',
    },
    body: JSON.stringify({ secret: arrival, jkt: frame.jkt }),
  })
  const { ticket = '' } = (await response.json()) as { ticket?: string }
  const tokens = (await (await frame.exchange(ticket)).json()) as { access_token: string; refresh_token: string }
  return signedIn(service.origin, w.schools.own.key, frame, {
    access: tokens.access_token,
    refresh: tokens.refresh_token,
  })
}

describe('a token of Entra for our API', () => {
  it.for([
    ['v1', claimsV1],
    ['v2', claimsV2],
  ] as const)('of %s lets in whom the roster knows by object id, pupil and staff', async ([, claims]) => {
    for (const [who, name] of [
      [pupil, 'Tijn Terpstra'],
      [teacher, 'Toos Tuinstra'],
    ] as const) {
      const { status, body } = await send({ token: await sign(claims(who.oid)), school: w.schools.own.key })
      expect([status, Object.keys(body)]).toEqual([200, ['arrival']])
      const me = await (await goOn(body.arrival ?? '')).get('/api/me')
      expect([me.status, await me.json()]).toEqual([200, expect.objectContaining({ name })])
    }
  })

  it('needs no school where tenant and app lead to one', async () => {
    expect((await send({ token: await sign(claimsV2(pupil.oid)) })).body).toHaveProperty('arrival')
  })

  it('is the same identity as the school’s own Entra sign-in', async () => {
    const { boardId } = w.schools.own
    const held = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.identity.findMany({ where: { boardId, personId: teacher.id } }),
    )
    const subject = Buffer.from(`${entra}/${tenant}/v2.0\n${teacher.oid}`)
    const tag = (await w.t.keyring.board(boardId)).fingerprint('subject', subject)
    expect(held.map(row => [row.issuer, Buffer.from(row.subjectTag).equals(tag), row.linkedBy])).toEqual([
      [`${entra}/${tenant}/v2.0`, true, 'claim:object-id'],
    ])
  })

  it('leaves a link to whom the roster does not know, which counts after the school’s own sign-in', async () => {
    const { status, body } = await send({ token: await sign(claimsV2(randomUUID())), school: w.schools.own.key })
    expect([status, Object.keys(body)]).toEqual([200, ['link']])
  })

  it('keeps nothing of what else Entra says', async () => {
    for (const word of ['kanarie@school.example', 'Kanarie Terpstra', '192.0.2.7', teacher.oid])
      expect(await tablesHolding(w.t, word), word).toEqual([])
  })

  it('works for a reload and a second tab within the minute, and not for a flood: of 64 four get in', async () => {
    const token = await sign(claimsV2(pupil.oid))
    const all = await Promise.all(Array.from({ length: 64 }, () => send({ token })))
    const inside = all.filter(each => each.status === 200)
    expect(inside.length).toBeGreaterThanOrEqual(4)
    // Eight where the minute turned meanwhile.
    expect(inside.length).toBeLessThanOrEqual(8)
    expect(new Set(all.filter(each => each.status !== 200).map(each => [each.status, each.body.code].join()))).toEqual(
      new Set(['429,token-too-often']),
    )
    expect(new Set(inside.map(each => each.body.arrival)).size).toBe(inside.length)
    offset = 120_000
    try {
      expect((await send({ token })).status).toBe(200)
    } finally {
      offset = 0
    }
  })

  it('is not another one when its signature is spelled differently', async () => {
    const token = await sign(claimsV2(pupil.oid))
    const last = token.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const at = alphabet.indexOf(last)
    const spelled = [0, 1, 2, 3].map(low => token.slice(0, -1) + alphabet[(at & ~3) | low])
    const all: Answer[] = []
    for (const each of [...spelled, ...spelled, ...spelled]) all.push(await send({ token: each }))
    expect(all.filter(each => each.status === 200).length).toBeLessThanOrEqual(8)
  })

  it.for([-40, 59])('works with a clock that is %i seconds off', async seconds => {
    const iat = now() + seconds
    const short = { iat, nbf: iat, exp: seconds < 0 ? now() + seconds : iat + 4500 }
    expect((await send({ token: await sign(claimsV2(pupil.oid, short)) })).status).toBe(200)
  })

  it('asks Microsoft for nothing but the public keys of that tenant, once', () => {
    expect(asked).toBe(1)
    expect(nock.pendingMocks()).toEqual([])
  })
})

describe('which tenant, which school', () => {
  it('another board’s tenant opens nothing here, nor this one there', async () => {
    const foreign = await known({ names: { preferred: 'Ver', family: 'Weg' } }, w.schools.foreign)
    const { body } = await send({ token: await sign(claimsV2(foreign.oid)), school: w.schools.own.key })
    expect(Object.keys(body)).toEqual(['link'])
    const there = await send({ token: await sign(claimsV2(pupil.oid)), school: w.schools.foreign.key })
    expect([there.status, there.body.code]).toEqual([401, 'app-unknown'])
  })

  it('a tenant of two schools must be told which, and lets each in at their own', async () => {
    const made = await register(w.schools.sister)
    const sister = await known({ names: { preferred: 'Zus', family: 'Ter' } }, w.schools.sister)
    const without = await send({ token: await sign(claimsV2(sister.oid)) })
    expect([without.status, without.body.code]).toEqual([401, 'school-missing'])
    const own = await send({ token: await sign(claimsV2(sister.oid)), school: w.schools.own.key })
    expect(Object.keys(own.body)).toEqual(['link'])
    const there = await send({ token: await sign(claimsV2(sister.oid)), school: w.schools.sister.key })
    expect(Object.keys(there.body)).toEqual(['arrival'])
    await removeTeamsTenant(w.t, { boardId: w.schools.sister.boardId, tenantId: made.id })
  })

  it('once removed lets nobody in and ends what it began', async () => {
    const { boardId, id: schoolId } = w.schools.own
    const app = randomUUID()
    const made = await register(w.schools.own, { clientId: app })
    const token = () => sign(claimsV2(pupil.oid, { aud: app }))
    const who = await goOn((await send({ token: await token() })).body.arrival ?? '')
    expect((await who.get('/api/me')).status).toBe(200)
    await removeTeamsTenant(w.t, { boardId, tenantId: made.id })
    expect((await who.get('/api/me')).status).toBe(401)
    expect((await send({ token: await token() })).body.code).toBe('app-unknown')
    expect((await listTeamsTenants(w.t, { boardId, schoolId })).map(({ clientId }) => clientId)).toEqual([clientId])
  })

  it.for([
    ['a tenant that is no id', { tenant: 'common' }],
    ['the tenant of personal accounts', { tenant: '9188040d-6c67-4c5b-b112-36a304b66dad' }],
    ['an app that is no id', { clientId: 'api://m5' }],
  ] as const)('%s is not registered', async ([, wrong]) => {
    await expect(register(w.schools.own, wrong)).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(register(w.schools.own)).rejects.toMatchObject({ code: 'conflict' })
  })
})

describe('who may ask', () => {
  it.for([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://elders.example' }],
    [
      'a page of a listed origin, for the portal is not ours',
      { 'sec-fetch-site': 'cross-site', origin: 'https://portaal.proef.example' },
    ],
    ['a page of the same site on another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:1' }],
    ['a browser without that header, from elsewhere', { 'sec-fetch-site': '', origin: 'https://elders.example' }],
  ] as const)('not %s', async ([, headers]) => {
    await addOrigin(w.t, {
      boardId: w.schools.own.boardId,
      schoolId: w.schools.own.id,
      origin: 'https://elders.example',
    }).catch(() => {})
    const { status, body } = await send({ token: await sign(claimsV2(pupil.oid)) }, headers)
    expect([status, body.arrival, body.link]).toEqual([403, undefined, undefined])
  })
})

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const bare = (header: object, signature = 'AA') =>
  `${part({ typ: 'JWT', kid: key.kid, ...header })}.${part(claimsV2(pupil.oid))}.${signature}`
const v2 = (more: Record<string, unknown> = {}, header?: Record<string, unknown>) =>
  sign(claimsV2(pupil.oid, more), header)
const v1 = (more: Record<string, unknown> = {}) => sign(claimsV1(pupil.oid, more))
const hs256 = () => {
  const pem = createPublicKey({ key: key.publicJwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
  const text = `${part({ alg: 'HS256', kid: key.kid })}.${part(claimsV2(pupil.oid))}`
  return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`
}
const gone = (name: string) => {
  const { [name]: _gone, ...rest } = claimsV2(pupil.oid)
  return sign(rest)
}

const tokens: [string, () => string | Promise<string>, string][] = [
  ['nothing', () => '', 'token-form'],
  ['words', () => 'let me in', 'token-form'],
  ['five parts, as an encrypted one', () => 'a.b.c.d.e', 'token-form'],
  ['alg none', () => bare({ alg: 'none' }), 'token-alg'],
  ['alg nOnE', () => bare({ alg: 'nOnE' }), 'token-alg'],
  ['no alg', () => bare({}), 'token-form'],
  ['HS256 with the public key', hs256, 'token-alg'],
  [
    'ES256 of a key of its own',
    () => new SignJWT(claimsV2(pupil.oid)).setProtectedHeader({ alg: 'ES256', kid: ec.kid }).sign(ec.privateKey),
    'token-alg',
  ],
  ['PS256', () => bare({ alg: 'PS256' }), 'token-alg'],
  ['a critical extension', () => bare({ alg: 'RS256', crit: ['exp'] }), 'token-crit'],
  ['the type of a proof', () => v2({}, { typ: 'dpop+jwt' }), 'token-typ'],
  [
    'no kid',
    () => new SignJWT(claimsV2(pupil.oid)).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey),
    'token-kid',
  ],
  ['an unknown kid', () => v2({}, { kid: 'elsewhere' }), 'token-key'],
  ['a kid of Entra’s form that is not there', () => v2({}, { kid: 'nOo3ZDrODXEK1jKWhXslHR_KXEg' }), 'token-key'],
  [
    'another key under the same kid',
    () => signWith({ ...stranger, kid: key.kid }, claimsV2(pupil.oid)),
    'token-signature',
  ],
  [
    'another key, brought along',
    () => signWith({ ...stranger, kid: key.kid }, claimsV2(pupil.oid), { jwk: stranger.publicJwk }),
    'token-signature',
  ],
  [
    'another key, at its jku',
    () => signWith(stranger, claimsV2(pupil.oid), { jku: 'https://elders.example/keys' }),
    'token-key',
  ],
  [
    'another person in a signed token',
    async () =>
      (await v2())
        .split('.')
        .with(1, part(claimsV2(teacher.oid)))
        .join('.'),
    'token-signature',
  ],
  [
    'the nonce in the header, as Graph’s own tokens have it',
    async () =>
      (await v2())
        .split('.')
        .with(0, part({ typ: 'JWT', nonce: 'x', alg: 'RS256', kid: key.kid }))
        .join('.'),
    'token-signature',
  ],
  ['no tid', () => gone('tid'), 'claim-missing'],
  ['a tid that is a list', () => v2({ tid: [tenant] }), 'claim-missing|tenant-unknown|tenant'],
  ['a tid that is a path', () => v2({ tid: `${tenant}/../${otherTenant}` }), 'claim-missing'],
  ['another tenant', () => v2({ tid: otherTenant, iss: `${entra}/${otherTenant}/v2.0` }), 'tenant-unknown'],
  ['personal accounts', () => v2({ tid: '9188040d-6c67-4c5b-b112-36a304b66dad' }), 'tenant-unknown'],
  ['no iss', () => gone('iss'), 'claim-missing'],
  ['the iss of another tenant', () => v2({ iss: `${entra}/${otherTenant}/v2.0` }), 'issuer'],
  ['the iss common', () => v2({ iss: `${entra}/common/v2.0` }), 'issuer'],
  ['an iss that begins as ours', () => v2({ iss: `${entra}.elders.example/${tenant}/v2.0` }), 'issuer'],
  ['an iss without TLS', () => v2({ iss: `http://login.microsoftonline.com/${tenant}/v2.0` }), 'issuer'],
  ['the v1 iss in a v2 token', () => v2({ iss: `https://sts.windows.net/${tenant}/` }), 'issuer'],
  ['the v2 iss in a v1 token', () => v1({ iss: `${entra}/${tenant}/v2.0` }), 'issuer'],
  ['the v1 iss without its slash', () => v1({ iss: `https://sts.windows.net/${tenant}` }), 'issuer'],
  ['no ver', () => gone('ver'), 'claim-missing'],
  ['ver 3.0', () => v2({ ver: '3.0' }), 'claim-missing'],
  ['no aud', () => gone('aud'), 'audience'],
  ['Graph', () => v1({ aud: 'https://graph.microsoft.com' }), 'audience'],
  ['Graph by its id', () => v1({ aud: '00000003-0000-0000-c000-000000000000' }), 'app-unknown'],
  ['another app', () => v2({ aud: teamsWeb }), 'app-unknown'],
  ['our app at another host', () => v1({ aud: `api://elders.example/${clientId}` }), 'audience'],
  ['our host without an app', () => v1({ aud: `api://${new URL(service.origin).host}` }), 'audience'],
  ['an aud that is a list', () => v2({ aud: [clientId] }), 'audience'],
  ['our app and more behind it', () => v1({ aud: `${resource()}/x` }), 'audience'],
  ['no scp: an application, not a person', () => gone('scp'), 'claim-missing'],
  ['another scope', () => v2({ scp: 'User.Read' }), 'scope'],
  ['a scope that begins as ours', () => v2({ scp: 'access_as_user_admin' }), 'scope'],
  ['an app’s roles in its place', () => v2({ scp: '', roles: ['access_as_user'] }), 'scope'],
  ['scp as a list', () => v2({ scp: ['access_as_user'] }), 'claim-missing'],
  ['no oid', () => gone('oid'), 'claim-missing'],
  ['an oid that is an address', () => v2({ oid: names.upn }), 'claim-missing'],
  ['an oid with a null in it', () => v2({ oid: `${pupil.oid}\0` }), 'claim-missing'],
  ['an oid that is a list', () => v2({ oid: [pupil.oid] }), 'claim-missing'],
  ['no exp', () => gone('exp'), 'claim-missing'],
  ['an exp that is text', () => v2({ exp: String(now() + 60) }), 'claim-missing'],
  ['one that ended two minutes ago', () => v2({ exp: now() - 120 }), 'expired'],
  ['one that ended a year ago', () => v2({ exp: now() - 31_536_000 }), 'expired'],
  ['nbf in two minutes', () => v2({ nbf: now() + 120 }), 'clock-ahead'],
  ['iat in two minutes', () => v2({ iat: now() + 120 }), 'clock-ahead'],
  ['no nbf', () => gone('nbf'), 'claim-missing'],
  ['a key that Entra lists for personal accounts', () => signWith(outsider, claimsV2(pupil.oid)), 'token-key'],
  ['a key of 1024 bits', () => small.token, 'token-key'],
  ['a key for encryption', () => signWith(sealing, claimsV2(pupil.oid)), 'token-key'],
]

let outsider: IssuerKey
let small: ReturnType<typeof smallKey>
let sealing: IssuerKey

describe('none of these lets anybody in', () => {
  let before: Awaited<ReturnType<typeof counted>>
  beforeAll(async () => {
    ;[outsider, small, sealing] = [await makeKey('RS256'), smallKey(), await makeKey('RS256')]
    const personal = `${entra}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0`
    listed = [entraKey(key), entraKey(outsider, personal), small.listed, { ...entraKey(sealing), use: 'enc' }]
    before = await counted(w, 'teams')
  })

  it.for(tokens)('%s', async ([, make, code]) => {
    // The keys have been asked for again with the first unknown one: all of these are known, and none counts.
    const { status, body } = await send({ token: await make(), school: w.schools.own.key })
    expect(status).toBe(401)
    expect([body.arrival, body.link]).toEqual([undefined, undefined])
    expect(body.code).toMatch(new RegExp(`^(${code})$`))
    expect(body.number).toMatch(/^[2-9A-Z]{3}-[2-9A-Z]{3}$/)
  })

  it.for([
    ['no JSON', 'token=x'],
    ['no token', '{}'],
    ['a token that is a list', '{"token":["x"]}'],
    ['a token of 17,000 letters', JSON.stringify({ token: 'A'.repeat(17_000) })],
  ] as const)('%s', async ([, body]) => {
    expect([400, 413]).toContain((await send(body)).status)
  })

  it('is a corpus that begins no session, and of which each kind is noted without a person in it', async () => {
    expect(tokens.length).toBeGreaterThanOrEqual(60)
    const after = await counted(w, 'teams')
    expect(after.sessions).toBe(before.sessions)
    const codes = new Set(after.troubles.map(({ code }) => code))
    for (const code of ['token-alg', 'token-signature', 'issuer', 'audience', 'scope', 'expired', 'tenant-unknown'])
      expect(codes).toContain(code)
    for (const { facts } of after.troubles) expect(JSON.stringify(facts)).not.toMatch(/anarie|@/)
    for (const oid of [pupil.oid, teacher.oid]) expect(await tablesHolding(w.t, oid)).toEqual([])
  })

  it('and the honest one does', async () => {
    expect((await send({ token: await v2(), school: w.schools.own.key })).status).toBe(200)
  })
})

/** Which no library of today would sign with. */
function smallKey() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const kid = randomUUID()
  const text = `${part({ typ: 'JWT', alg: 'RS256', kid })}.${part(claimsV2(pupil.oid))}`
  return {
    listed: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig' },
    token: `${text}.${signBytes('sha256', Buffer.from(text), privateKey).toString('base64url')}`,
  }
}
