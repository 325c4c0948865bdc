/** Whoever signs out at the school is out here: a real issuer says so by itself, and nobody else can. */
import { randomUUID } from 'node:crypto'
import { type JWTPayload, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { revokeGrant } from '../../../connector/admin/grants.ts'
import { removeSignIn } from '../../../connector/admin/sign-ins.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SigningKey, startSignIn } from '../../school/sign-in.ts'
import { makeVisitor, type Visitor } from '../../school/visitor.ts'
import { confirmCode, makeFrame, type SignedIn, signedIn, walkWindow } from '../../support/frame.ts'
import {
  account,
  type SeededPerson,
  type SeededSchool,
  seedGrant,
  seedPerson,
  seedSchool,
  seedSignIn,
} from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'
let w: World
let school: SeededSchool
let id: string
let key: SigningKey
let people: { one: SeededPerson; two: SeededPerson }
beforeAll(async () => {
  w = await openWorld()
  school = await seedSchool(w.t, w.schools.own.boardId)
  id = await seedSignIn(w.t, school, w.upstream, w.origin, { logsOut: true })
  people = { one: await seedPerson(w.t, school), two: await seedPerson(w.t, school) }
  w.upstream.setPeople(Object.values(people).map(account))
  key = await w.upstream.rotate('both')
})
afterEach(() => {
  w.shift(0)
  w.upstream.forge(null)
})
afterAll(() => w.close())

/** As far as the ticket. */
async function ticket(subject: string, visitor: Visitor, at = school) {
  const frame = await makeFrame(w.origin, at.key)
  const handoff = await frame.openHandoff()
  const { page } = await walkWindow(w.origin, handoff.goPath, subject, visitor)
  await confirmCode(w.origin, page, handoff.code, visitor)
  const { ticket: found } = await frame.claim(handoff)
  return { frame, ticket: found ?? '' }
}
async function enter(person: SeededPerson, visitor = makeVisitor(), at = school): Promise<SignedIn> {
  const { frame, ticket: got } = await ticket(person.subject, visitor, at)
  const body = (await (await frame.exchange(got)).json()) as { access_token: string; refresh_token: string }
  return signedIn(w.origin, at.key, frame, { access: body.access_token, refresh: body.refresh_token })
}
const lives = async (me: SignedIn) => (await me.get('/api/me')).status === 200

/** The form at the issuer's end_session page. */
async function signOutAtSchool(visitor: Visitor): Promise<void> {
  const text = await (await visitor.fetch(`${w.upstream.issuer}/session/end`)).text()
  const found = (name: RegExp) => name.exec(text)?.[1] ?? ''
  const body = new URLSearchParams({ xsrf: found(/name="xsrf" value="([^"]+)"/), logout: 'yes' })
  await visitor.fetch(found(/action="([^"]+)"/), { method: 'POST', body })
}

const seconds = () => Math.floor(Date.now() / 1000)
const claims = (more: JWTPayload): JWTPayload => ({
  ...{
    iss: w.upstream.issuer,
    aud: id,
    iat: seconds(),
    exp: seconds() + 120,
    jti: randomUUID(),
    events: { [event]: {} },
  },
  ...more,
})
const token = (more: JWTPayload, by: Pick<SigningKey, 'privateKey' | 'kid'> = key) =>
  new SignJWT(claims(more)).setProtectedHeader({ alg: 'RS256', kid: by.kid, typ: 'logout+jwt' }).sign(by.privateKey)
const tell = async (logoutToken: string, to = id) =>
  fetch(`${w.origin}/entry/backchannel/${to}`, {
    method: 'POST',
    body: new URLSearchParams({ logout_token: logoutToken }),
  })
const told = async (more: JWTPayload, to = id) => (await tell(await token(more), to)).status

/** Ends what it says of itself before the answer: the issuer's own session id of who signs in next. */
async function sidOf(work: () => Promise<SignedIn>): Promise<{ me: SignedIn; sid: string }> {
  let sid = ''
  w.upstream.forge(async (payload, by) => {
    sid = String(payload.sid)
    return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: by.kid }).sign(by.privateKey)
  })
  const me = await work()
  w.upstream.forge(null)
  return { me, sid }
}

describe('a sign-out at the school', () => {
  it('ends the sessions of that browser here, with their refresh tokens, and no others', async () => {
    const visitor = makeVisitor()
    const first = await enter(people.one, visitor)
    const second = await enter(people.one, visitor)
    const elsewhere = await enter(people.one)
    const other = await enter(people.two)
    await signOutAtSchool(visitor)
    expect([await lives(first), await lives(second)]).toEqual([false, false])
    expect((await first.frame.refresh(first.tokens.refresh)).status).toBe(400)
    expect([await lives(elsewhere), await lives(other)]).toEqual([true, true])
    expect((await elsewhere.frame.refresh(elsewhere.tokens.refresh)).status).toBe(200)
    // And the way in is open again.
    expect(await lives(await enter(people.one, visitor))).toBe(true)
  })

  it('is answered with 200, kept by nobody on the way, and audited without a name', async () => {
    const me = await enter(people.one)
    const answer = await tell(await token({ sub: people.one.subject }))
    expect([answer.status, answer.headers.get('cache-control'), await answer.text()]).toEqual([200, 'no-store', ''])
    expect(await lives(me)).toBe(false)
    const { boardId } = school
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { boardId, action: 'session.logout' }, orderBy: { at: 'desc' } }),
    )
    expect(entries[0]).toMatchObject({ actor: 'sign-in', object: id, detail: { by: 'subject' } })
    expect(JSON.stringify(entries)).not.toContain(people.one.subject)
  })

  it('of a subject ends all of theirs; of a session that one', async () => {
    const { me, sid } = await sidOf(() => enter(people.one))
    const [again, other] = [await enter(people.one), await enter(people.two)]
    expect(await told({ sid })).toBe(200)
    expect([await lives(me), await lives(again), await lives(other)]).toEqual([false, true, true])
    expect(await told({ sub: people.one.subject })).toBe(200)
    expect([await lives(again), await lives(other)]).toEqual([false, true])
    expect(await told({ sid: 'unknown', sub: people.two.subject })).toBe(200)
    expect(await lives(other)).toBe(true)
  })

  it('of an issuer that named no session at sign-in goes by the subject', async () => {
    w.upstream.forge(({ sid: _sid, ...payload }, by) =>
      new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: by.kid }).sign(by.privateKey),
    )
    const me = await enter(people.one)
    expect(await told({ sid: 'new-to-us', sub: people.one.subject })).toBe(200)
    expect(await lives(me)).toBe(false)
  })

  it('between the answer of the school and the first token ends what is under way', async () => {
    for (const by of ['sid', 'sub'] as const) {
      let sid = ''
      w.upstream.forge(async (payload, own) => {
        sid = String(payload.sid)
        return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: own.kid }).sign(own.privateKey)
      })
      const { frame, ticket: got } = await ticket(people.one.subject, makeVisitor())
      w.upstream.forge(null)
      expect(await told(by === 'sid' ? { sid } : { sub: people.one.subject })).toBe(200)
      const refused = await frame.exchange(got)
      expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'invalid_grant' }])
      // Who signs in after that is in.
      expect(await lives(await enter(people.one))).toBe(true)
    }
  })

  it('at the same time as 24 come in leaves none of them in', async () => {
    const tickets = await Promise.all(Array.from({ length: 24 }, () => ticket(people.one.subject, makeVisitor())))
    const logout = token({ sub: people.one.subject })
    const [answers] = await Promise.all([
      Promise.all(tickets.map(each => each.frame.exchange(each.ticket))),
      logout.then(text => tell(text)),
    ])
    for (const [n, answer] of answers.entries()) {
      const at = tickets[n]
      if (!answer.ok || !at) continue
      const body = (await answer.json()) as { access_token: string; refresh_token: string }
      const me = signedIn(w.origin, school.key, at.frame, { access: body.access_token, refresh: body.refresh_token })
      expect(await lives(me)).toBe(false)
    }
  })

  it('ends a tab that came back without a click', async () => {
    const me = await enter(people.one)
    const same = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
    const tab = 't'.repeat(32)
    const url = `${w.origin}/entry/remember`
    const signed = {
      Authorization: `DPoP ${me.tokens.access}`,
      DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
    }
    const kept = await fetch(url, { method: 'POST', headers: { ...same, ...signed }, body: JSON.stringify({ tab }) })
    const cookie = kept.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const back = await makeFrame(w.origin, school.key)
    const silent = await fetch(`${w.origin}/entry/silent`, {
      method: 'POST',
      headers: { ...same, cookie },
      body: JSON.stringify({ school: school.key, tab, jkt: back.jkt }),
    })
    const { ticket: got } = (await silent.json()) as { ticket: string }
    const tokens = (await (await back.exchange(got)).json()) as { access_token: string; refresh_token: string }
    const again = signedIn(w.origin, school.key, back, { access: tokens.access_token, refresh: tokens.refresh_token })
    expect(await lives(again)).toBe(true)
    expect(await told({ sub: people.one.subject })).toBe(200)
    expect(await lives(again)).toBe(false)
  })
})

describe('a word of somebody else', () => {
  it('ends nothing: another key, another client, another school, no token', async () => {
    const me = await enter(people.one)
    const sister = await seedSchool(w.t, school.boardId)
    const sisterId = await seedSignIn(w.t, sister, w.upstream, w.origin, { logsOut: true })
    const hostile = await startSignIn({ people: [], host: '127.0.0.24' })
    const theirs = await hostile.rotate('new')
    const sub = people.one.subject
    const attempts: [string, string][] = [
      [await token({ sub }, { privateKey: theirs.privateKey, kid: key.kid }), id],
      [await token({ sub, iss: hostile.issuer }, theirs), id],
      [await token({ sub, aud: sisterId }), id],
      [await token({ sub }), sisterId],
      [await token({ sub }), randomUUID()],
      [await token({ sub, nonce: 'n' }), id],
      [(await token({ sub })).split('.').slice(0, 2).join('.'), id],
      [`${(await token({ sub })).split('.').slice(0, 2).join('.')}.`, id],
      ['', id],
      ['x'.repeat(9000), id],
    ]
    for (const [text, to] of attempts) {
      const answer = await tell(text, to)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([400, 'no-store'])
      expect(await answer.json()).toMatchObject({ code: 'logout-refused', title: 'Nobody was signed out by this.' })
    }
    expect((await fetch(`${w.origin}/entry/backchannel/${id}`, { method: 'POST' })).status).toBe(400)
    expect((await fetch(`${w.origin}/entry/backchannel/x`, { method: 'POST' })).status).toBe(400)
    expect(await lives(me)).toBe(true)
    // The sister school's own logout of the same account touches no session of this one.
    expect(await told({ sub, aud: sisterId }, sisterId)).toBe(200)
    expect(await lives(me)).toBe(true)
    await hostile.close()
  })

  it('that was said before counts once: of 64 at a time one', async () => {
    const text = await token({ sub: people.one.subject })
    const answers = await Promise.all(Array.from({ length: 64 }, () => tell(text)))
    expect(answers.map(each => each.status).sort()).toEqual([200, ...Array(63).fill(400)])
    const me = await enter(people.one)
    expect((await tell(text)).status).toBe(400)
    expect(await lives(me)).toBe(true)
  })

  it('with invented key names makes us ask the issuer once in a while only', async () => {
    const stranger = await startSignIn({ people: [], host: '127.0.0.25' })
    const theirs = await stranger.rotate('new')
    await told({ sub: people.one.subject })
    const before = w.upstream.keysAsked()
    for (let n = 0; n < 20; n += 1)
      expect((await tell(await token({ sub: 'x' }, { privateKey: theirs.privateKey, kid: `k${n}` }))).status).toBe(400)
    expect(w.upstream.keysAsked() - before).toBeLessThanOrEqual(1)
    // And a sign-in by a key that is really new does not have to wait for that.
    key = await w.upstream.rotate('both')
    expect(await lives(await enter(people.one))).toBe(true)
    await stranger.close()
  })
})

describe('what else ends a session at once', () => {
  it('a sign-in that is removed, also for who is under way by it', async () => {
    const at = await seedSchool(w.t, school.boardId)
    const signInId = await seedSignIn(w.t, at, w.upstream, w.origin)
    const person = await seedPerson(w.t, at)
    w.upstream.setPeople([...Object.values(people), person].map(account))
    const me = await enter(person, makeVisitor(), at)
    const { frame, ticket: got } = await ticket(person.subject, makeVisitor(), at)
    await removeSignIn(w.t, { boardId: at.boardId, signInId })
    expect(await lives(me)).toBe(false)
    expect((await frame.exchange(got)).status).toBe(400)
    expect((await me.frame.refresh(me.tokens.refresh)).status).toBe(400)
    expect((await tell(await token({ sub: person.subject, aud: signInId }), signInId)).status).toBe(400)
  })

  it('a place in the school that the roster takes away', async () => {
    const person = await seedPerson(w.t, school)
    w.upstream.setPeople([...Object.values(people), person].map(account))
    const me = await enter(person)
    expect(await lives(me)).toBe(true)
    const status = (value: string) =>
      w.t.asSuperuser(client =>
        client.query('update "Affiliation" set status = $2 where "personId" = $1', [person.id, value]),
      )
    await status('inactive')
    expect(await lives(me)).toBe(false)
  })

  it('a role that is taken back', async () => {
    const person = await seedPerson(w.t, school, { role: 'staff' })
    w.upstream.setPeople([...Object.values(people), person].map(account))
    const grantId = await seedGrant(w.t, school, person.id, { role: 'SAFETY_COORDINATOR' })
    const me = await enter(person)
    await revokeGrant(w.t, { boardId: school.boardId, grantId, by: 'operator' })
    expect(await lives(me)).toBe(false)
    expect((await me.frame.refresh(me.tokens.refresh)).status).toBe(400)
  })
})
