import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addPortal, listPortals, removePortal } from '../../../connector/admin/portals.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { startIssuer } from '../../school/portal-issuer.ts'
import { makeFrame, signedIn } from '../../support/frame.ts'
import { seedAffiliation, seedGrant, seedPerson } from '../../support/seed.ts'
import { portal as portalOrigin } from '../../support/world.ts'
import { counted, exchange, openPortalWorld, type PortalWorld, registerPortal } from './portal-world.ts'

let w: PortalWorld
beforeAll(async () => {
  w = await openPortalWorld()
})
afterAll(() => w?.close())

const send = async (claims: Record<string, unknown>, fields?: Record<string, string | undefined>) =>
  exchange(w, await w.issuer.sign(claims), fields)
const answerOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
  status,
  body.error,
  String(body.error_description ?? '').split(' ')[0],
]

describe('a token that a portal signed', () => {
  it('is exchanged for the same tokens as a ticket, by RFC 8693', async () => {
    const { status, body, frame } = await send(w.claims(w.people.pupil.sisId))
    expect([status, body]).toEqual([
      200,
      {
        access_token: expect.any(String),
        refresh_token: expect.any(String),
        token_type: 'DPoP',
        expires_in: 300,
        scope: 'm5',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
    ])
    const tokens = { access: String(body.access_token), refresh: String(body.refresh_token) }
    const me = await signedIn(w.origin, w.schools.own.key, frame, tokens).get('/api/me')
    expect([me.status, await me.json()]).toEqual([200, expect.objectContaining({ name: 'Zofia Kowalczyk' })])
    expect((await frame.refresh(tokens.refresh)).status).toBe(200)
    const stranger = await makeFrame(w.origin, w.schools.own.key)
    expect((await signedIn(w.origin, w.schools.own.key, stranger, tokens).get('/api/me')).status).toBe(401)
  })

  it('begins a session of the channel portal, and is in the audit without a word of the portal', async () => {
    const { body } = await send(w.claims(w.people.classmate.sisId))
    const claims = JSON.parse(Buffer.from(String(body.access_token).split('.')[1] ?? '', 'base64url').toString())
    expect(claims).toMatchObject({ chan: 'portal', sub: w.people.classmate.id, board: w.schools.own.boardId })
    const { rows } = await w.t.asSuperuser(client =>
      client.query(`select actor, channel, detail from "AuditEntry" where action = 'session.start' and object = $1`, [
        claims.sid,
      ]),
    )
    expect(rows).toEqual([{ actor: w.people.classmate.id, channel: 'portal', detail: {} }])
  })

  it('counts once: of 64 that bring it together one gets in', async () => {
    const before = await counted(w, 'portal')
    const token = await w.issuer.sign(w.claims(w.people.pupil.sisId))
    const all = await Promise.all(Array.from({ length: 64 }, () => exchange(w, token)))
    expect(all.filter(each => each.status === 200)).toHaveLength(1)
    expect(new Set(all.filter(each => each.status !== 200).map(each => answerOf(each).join()))).toEqual(
      new Set(['400,invalid_request,token-replay']),
    )
    expect((await counted(w, 'portal')).sessions).toBe(before.sessions + 1)
  })

  it('lets in two frames of one page that come for the first time at the same moment', async () => {
    const newcomer = await seedPerson(w.t, w.schools.own, { names: { preferred: 'Nieuw', family: 'Komer' } })
    const all = await Promise.all(Array.from({ length: 16 }, () => send(w.claims(newcomer.sisId))))
    expect(all.map(each => each.status)).toEqual(Array.from({ length: 16 }, () => 200))
  })

  it('is used up also when somebody else’s proof came with it', async () => {
    const token = await w.issuer.sign(w.claims(w.people.pupil.sisId))
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const proof = await frame.proof('POST', `${w.origin}/oidc/token`)
    expect((await exchange(w, token, {}, frame, { DPoP: proof })).status).toBe(200)
    const again = await exchange(w, await w.issuer.sign(w.claims(w.people.pupil.sisId)), {}, frame, { DPoP: proof })
    expect(answerOf(again)).toEqual([400, 'invalid_request', 'proof-replay'])
  })

  it('is worth nothing without a proof of possession', async () => {
    const token = await w.issuer.sign(w.claims(w.people.pupil.sisId))
    expect(answerOf(await exchange(w, token, {}, undefined, {}))[0]).toBe(400)
  })

  it.for([-40, 59])('works from a portal whose clock is %i seconds off', async seconds => {
    const iat = Math.floor(Date.now() / 1000) + seconds
    expect((await send(w.claims(w.people.pupil.sisId, { iat, exp: iat + 60 }))).status).toBe(200)
  })

  it('may name our address with a slash, and as the one of a list', async () => {
    expect((await send(w.claims(w.people.pupil.sisId, { aud: `${w.origin}/` }))).status).toBe(200)
    expect((await send(w.claims(w.people.pupil.sisId, { aud: [w.origin] }))).status).toBe(200)
  })

  it('need not name the school where the portal has one', async () => {
    expect((await send(w.claims(w.people.pupil.sisId, { school: undefined }))).status).toBe(200)
  })
})

describe('whom a portal may name', () => {
  const named = async (sisId: string) => answerOf(await send(w.claims(sisId)))
  const no = [400, 'invalid_request', 'may-not-name']

  it('pupils and parents, and no staff', async () => {
    const { pupil, parent, teacher, csv, it: admin, trainee, undecided } = w.people
    for (const each of [pupil, parent]) expect((await named(each.sisId))[0]).toBe(200)
    for (const each of [teacher, csv, admin, trainee, undecided]) expect(await named(each.sisId)).toEqual(no)
  })

  it('nobody who is a parent here and staff at another school of the board', async () => {
    const both = await seedPerson(w.t, w.schools.own, { role: 'parent' })
    expect((await named(both.sisId))[0]).toBe(200)
    await seedAffiliation(w.t, w.schools.sister, both.id, { role: 'staff', sisId: 'p:elders' })
    expect(await named(both.sisId)).toEqual(no)
  })

  it('nobody with a role that was granted, and again who had one once', async () => {
    const parent = await seedPerson(w.t, w.schools.own, { role: 'parent' })
    const grant = await seedGrant(w.t, w.schools.own, parent.id, { role: 'CONFIDENTIAL_ADVISER', confirmed: false })
    expect(await named(parent.sisId)).toEqual(no)
    const { boardId } = w.schools.own
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.grant.update({ where: { boardId_id: { boardId, id: grant } }, data: { revokedAt: new Date() } }),
    )
    expect((await named(parent.sisId))[0]).toBe(200)
  })

  it('not a pupil of another school of the board, nor of another board', async () => {
    for (const each of [w.people.sisterPupil, w.people.foreignPupil])
      expect(await named(each.sisId)).toEqual([400, 'invalid_request', 'nobody-found'])
  })

  it('pupils alone, or everybody, where the board said so', async () => {
    const [few, all] = [await startIssuer(), await startIssuer()]
    try {
      await registerPortal(w, w.schools.own, few, { mayName: 'pupils' })
      await registerPortal(w, w.schools.own, all, { mayName: 'everybody' })
      const { pupil, parent, teacher } = w.people
      const sent = async (by: typeof few, sisId: string) =>
        (await exchange(w, await by.sign(w.claims(sisId, { iss: by.origin })))).status
      expect([await sent(few, pupil.sisId), await sent(few, parent.sisId)]).toEqual([200, 400])
      expect([await sent(all, teacher.sisId), await sent(all, parent.sisId)]).toEqual([200, 200])
    } finally {
      await Promise.all([few.close(), all.close()])
    }
  })
})

describe('a portal of several schools', () => {
  it('must say which, and each school has its own people under one number', async () => {
    const both = await startIssuer()
    try {
      const { own, sister, foreign } = w.schools
      for (const school of [own, sister, foreign]) await registerPortal(w, school, both)
      await addOriginTo(sister.boardId, sister.id)
      const here = await seedPerson(w.t, own, { sisId: 'leerling:1' })
      const there = await seedPerson(w.t, sister, { sisId: 'leerling:1' })
      const claims = (more: object) => w.claims('leerling:1', { iss: both.origin, ...more })
      const sent = async (more: object, school: string) => exchange(w, await both.sign(claims(more)), { school })
      expect(answerOf(await sent({ school: undefined }, own.key))).toEqual([400, 'invalid_request', 'school-missing'])
      expect(answerOf(await sent({ school: own.key }, sister.key))).toEqual([400, 'invalid_request', 'school-other'])
      const who = ({ body }: { body: Record<string, unknown> }) =>
        JSON.parse(Buffer.from(String(body.access_token).split('.')[1] ?? '', 'base64url').toString()).sub
      for (let turn = 0; turn < 2; turn++) {
        expect(who(await sent({ school: own.key }, own.key))).toBe(here.id)
        expect(who(await sent({ school: sister.key }, sister.key))).toBe(there.id)
      }
      // Nobody of the other board listed this page.
      const far = await sent({ school: foreign.key }, foreign.key)
      expect(answerOf(far)).toEqual([400, 'invalid_request', 'origin-unlisted'])
    } finally {
      await both.close()
    }
  })

  const addOriginTo = (boardId: string, schoolId: string) =>
    withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.origin.create({ data: { boardId, id: crypto.randomUUID(), schoolId, origin: portalOrigin } }),
    )
})

describe('the keys of a portal', () => {
  it('may change: one more question, and the new key counts', async () => {
    const issuer = await startIssuer()
    try {
      await registerPortal(w, w.schools.own, issuer)
      const sent = async () =>
        answerOf(await exchange(w, await issuer.sign(w.claims(w.people.pupil.sisId, { iss: issuer.origin }))))
      expect((await sent())[0]).toBe(200)
      expect((await sent())[0]).toBe(200)
      expect(issuer.asked).toBe(1)
      await issuer.rotate()
      const all = await Promise.all(Array.from({ length: 16 }, sent))
      expect(all.map(each => each[0])).toEqual(Array.from({ length: 16 }, () => 200))
      expect(issuer.asked).toBe(2)
      // Within thirty seconds no second time: whoever invents keys makes us ask nobody.
      await issuer.rotate()
      expect(await sent()).toEqual([400, 'invalid_request', 'token-key'])
      expect(issuer.asked).toBe(2)
      w.shift(31_000)
      const late = () => w.claims(w.people.pupil.sisId, { iss: issuer.origin, iat: now() + 31, exp: now() + 91 })
      expect((await exchange(w, await issuer.sign(late()))).status).toBe(200)
      expect(issuer.asked).toBe(3)
    } finally {
      w.shift(0)
      await issuer.close()
    }
  })

  it('that was taken back counts no longer than ten minutes', async () => {
    const issuer = await startIssuer()
    try {
      await registerPortal(w, w.schools.own, issuer)
      const [old] = issuer.keys
      const claims = (ahead: number) =>
        w.claims(w.people.pupil.sisId, { iss: issuer.origin, iat: now() + ahead, exp: now() + ahead + 60 })
      expect((await exchange(w, await issuer.sign(claims(0), {}, old))).status).toBe(200)
      await issuer.rotate(false)
      w.shift(601_000)
      const frame = await makeFrame(w.origin, w.schools.own.key)
      const proof = await frame.proof('POST', `${w.origin}/oidc/token`, { iat: now() + 601 })
      const late = await exchange(w, await issuer.sign(claims(601), {}, old), {}, frame, { DPoP: proof })
      expect(answerOf(late)).toEqual([400, 'invalid_request', 'token-key'])
    } finally {
      w.shift(0)
      await issuer.close()
    }
  })

  it.for(['huge', 'redirect', 'broken', 'away', 'empty'] as const)(
    'let nobody in when the key set is %s',
    async how => {
      const issuer = await startIssuer()
      try {
        await registerPortal(w, w.schools.own, issuer)
        issuer.answers = how
        const answer = answerOf(
          await exchange(w, await issuer.sign(w.claims(w.people.pupil.sisId, { iss: issuer.origin }))),
        )
        const code = { broken: 'keys-unreadable', empty: 'token-key' }[how as string] ?? 'keys-unreachable'
        expect(answer).toEqual([400, 'invalid_request', code])
      } finally {
        await issuer.close()
      }
    },
  )

  it('are not waited for longer than some seconds', { timeout: 20_000 }, async () => {
    const issuer = await startIssuer()
    try {
      await registerPortal(w, w.schools.own, issuer)
      issuer.answers = 'slow'
      const started = performance.now()
      const answer = await exchange(w, await issuer.sign(w.claims(w.people.pupil.sisId, { iss: issuer.origin })))
      expect(answerOf(answer)).toEqual([400, 'invalid_request', 'keys-unreachable'])
      expect(performance.now() - started).toBeLessThan(9_000)
    } finally {
      await issuer.close()
    }
  })
})

describe('the registration of a portal', () => {
  it.for([
    ['an e-mail address as key', { keyType: 'email' }],
    ['an issuer in the clear', { issuer: 'http://portaal.example' }],
    ['an issuer with a query', { issuer: 'https://portaal.example/?a=1' }],
    ['keys in the clear', { jwksUrl: 'http://portaal.example/jwks' }],
    ['keys of a file', { jwksUrl: 'file:///etc/passwd' }],
    ['a password in the address', { jwksUrl: 'https://a:b@portaal.example/jwks' }],
    ['whom it may name, unknown', { mayName: 'staff' }],
  ] as [string, object][])('refuses %s', async ([, wrong]) => {
    const { boardId, id: schoolId } = w.schools.own
    const right = { label: 'P', issuer: 'https://portaal.example', jwksUrl: 'https://portaal.example/jwks' }
    const input = { boardId, schoolId, ...right, keyType: 'sis-id' as const, ...wrong }
    await expect(addPortal(w.t, input)).rejects.toMatchObject({ code: 'invalid-input' })
  })

  it('refuses one that is there already', async () => {
    await expect(registerPortal(w, w.schools.own, w.issuer)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('once removed lets nobody in, ends what it began, and is forgotten; and other sign-ins stay', async () => {
    const issuer = await startIssuer()
    try {
      const { boardId, id: schoolId } = w.schools.own
      const made = await registerPortal(w, w.schools.own, issuer)
      const token = () => issuer.sign(w.claims(w.people.pupil.sisId, { iss: issuer.origin }))
      const { body, frame } = await exchange(w, await token())
      const tokens = { access: String(body.access_token), refresh: String(body.refresh_token) }
      const who = signedIn(w.origin, w.schools.own.key, frame, tokens)
      expect((await who.get('/api/me')).status).toBe(200)
      await removePortal(w.t, { boardId, portalId: made.id })
      expect((await who.get('/api/me')).status).toBe(401)
      expect((await frame.refresh(tokens.refresh)).status).toBe(400)
      expect(answerOf(await exchange(w, await token()))).toEqual([400, 'invalid_request', 'portal-unknown'])
      expect((await listPortals(w.t, { boardId, schoolId })).map(each => each.id)).not.toContain(made.id)
      const left = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
        tx.identity.count({ where: { boardId, issuer: { startsWith: issuer.origin } } }),
      )
      expect(left).toBe(0)
      const { rows } = await w.t.asSuperuser(client =>
        client.query(`select action, actor from "AuditEntry" where object = $1 order by at`, [made.id]),
      )
      expect(rows).toEqual([
        { action: 'portal.add', actor: 'operator' },
        { action: 'portal.remove', actor: 'operator' },
      ])
    } finally {
      await issuer.close()
    }
  })

  it('of another board is not removed from here', async () => {
    const { boardId } = w.schools.foreign
    await expect(removePortal(w.t, { boardId, portalId: w.portalId })).rejects.toMatchObject({ code: 'not-found' })
  })
})

const now = () => Math.floor(Date.now() / 1000)
