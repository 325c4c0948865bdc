import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Handoff, MyProof } from '../../../connector/api/contract.ts'
import { freshness, requireFresh } from '../../../connector/entry/fresh.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import type { Misbehaviour } from '../../school/sign-in.ts'
import { makeVisitor, type Visitor } from '../../school/visitor.ts'
import { confirmCode, makeFrame, type SignedIn, signInAs } from '../../support/frame.ts'
import { account, seedPerson, seedSchool, seedSignIn } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let me: SignedIn
let handoff: Handoff
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  w.shift(0)
  me = await signInAs(w.origin, w.schools.own.key, w.people.teacher.subject)
  handoff = await ask(me)
})
afterEach(() => w.upstream.misbehave(null))
afterAll(() => w.close())

/** As the frame asks it: signed. */
async function ask(who: SignedIn, purpose: 'fresh' | 'enrol' = 'fresh'): Promise<Handoff> {
  const response = await asked(who, purpose)
  if (response.status !== 201) throw new Error(`fresh: ${response.status}`)
  return (await response.json()) as Handoff
}
async function asked(who: SignedIn, purpose: string): Promise<Response> {
  const url = `${w.origin}/entry/fresh`
  const headers = {
    ...{ 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    Authorization: `DPoP ${who.tokens.access}`,
    DPoP: await who.frame.proof('POST', url, { token: who.tokens.access }),
  }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify({ purpose }) })
}

/** In the frame's own browser, so that no digits are asked. */
async function ownWindow(at = handoff): Promise<Visitor> {
  const visitor = makeVisitor()
  await visitor.fetch(`${w.origin}/entry/open`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ h: at.id, key: at.windowKey }),
  })
  return visitor
}
async function signInAgain(at = handoff, subject = w.people.teacher.subject, visitor?: Visitor) {
  const browser = visitor ?? (await ownWindow(at))
  const gone = await browser.fetch(`${w.origin}/entry/fresh/start?h=${at.id}&w=${w.signIns.own}`)
  const to = new URL(gone.headers.get('location') ?? '', w.origin)
  const { callback, asked: askedWho } = await browser.signIn(to, `${w.origin}/entry/callback/`, subject)
  const answer = await browser.fetch(callback)
  return { status: answer.status, page: await answer.text(), to, browser, asked: askedWho, callback }
}
const proofOf = async (who = me) => (await (await who.get('/api/me/proof')).json()) as MyProof
const callerOf = async (who = me) => {
  const [, body = ''] = who.tokens.access.split('.')
  const { sid, board, sub } = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, string>
  return { boardId: board ?? '', sessionId: sid ?? '', personId: sub ?? '' }
}
const context = () => ({ ...w.t, config: w.service.config, clock: () => new Date(), outward: undefined as never })
const entries = (action: string, object?: string) =>
  withTenant(w.t.db, { boardId: w.schools.own.boardId, role: 'system' }, tx =>
    tx.auditEntry.findMany({ where: { boardId: w.schools.own.boardId, action, ...(object ? { object } : {}) } }),
  )

describe('a fresh proof by the sign-in of the school', () => {
  it('asks for the password again, and is good for five minutes on that session', async () => {
    const { sessionId, ...rest } = await callerOf()
    await expect(requireFresh(context(), { sessionId, ...rest })).rejects.toMatchObject({
      code: 'unauthenticated',
      reason: 'fresh-proof-needed',
    })
    const { to, status } = await signInAgain()
    expect(Object.fromEntries(to.searchParams)).toMatchObject({ prompt: 'login', max_age: '0' })
    expect(status).toBe(200)
    expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven', until: expect.any(String) })
    expect(await requireFresh(context(), { sessionId, ...rest })).toMatchObject({ by: 'auth-time' })
    const { fresh, ways, mayEnrol } = await proofOf()
    expect(Date.parse(fresh?.until ?? '') - Date.now()).toBeGreaterThan(280_000)
    expect(Date.parse(fresh?.until ?? '') - Date.now()).toBeLessThanOrEqual(300_000)
    expect([ways, mayEnrol]).toEqual([{ authTime: true, passkey: 'none' }, true])
    const later = { ...context(), clock: () => new Date(Date.now() + 301_000) }
    expect(await freshness(later, { sessionId, ...rest })).toBeNull()
    expect(await freshness(context(), { sessionId, ...rest })).not.toBeNull()
  })

  it('asks again of somebody who is signed in at the school already', async () => {
    const { browser } = await signInAgain()
    expect((await signInAgain(await ask(me), w.people.teacher.subject, browser)).asked).toBe(true)
  })

  it('is used up by nothing, and ends with the session', async () => {
    await signInAgain()
    await me.frame.claim(handoff)
    const caller = await callerOf()
    for (let i = 0; i < 3; i++) await requireFresh(context(), caller)
    await withTenant(w.t.db, { boardId: caller.boardId, role: 'system' }, tx =>
      tx.session.updateMany({
        where: { boardId: caller.boardId, id: caller.sessionId },
        data: { endedAt: new Date() },
      }),
    )
    await expect(requireFresh(context(), caller)).rejects.toMatchObject({ reason: 'fresh-proof-needed' })
  })

  it('is of that session alone: not of another of the same person, nor of what comes after it', async () => {
    const other = await signInAs(w.origin, w.schools.own.key, w.people.teacher.subject)
    await signInAgain()
    await me.frame.claim(handoff)
    expect((await proofOf()).fresh).not.toBeNull()
    expect((await proofOf(other)).fresh).toBeNull()
    const [mine, theirs] = [await callerOf(), await callerOf(other)]
    expect(await freshness(context(), { ...mine, sessionId: theirs.sessionId })).toBeNull()
    expect(await freshness(context(), { ...mine, personId: w.people.csv.id })).toBeNull()
    expect(await freshness(context(), { ...mine, boardId: w.schools.foreign.boardId })).toBeNull()
  })

  it.for([
    ['old-auth-time', 'auth-time-old'],
    ['no-auth-time', 'auth-time-missing'],
  ] as [Misbehaviour, string][])('is not one when the issuer says %s', async ([how, reason]) => {
    w.upstream.misbehave(how)
    const { status } = await signInAgain()
    expect(status).toBe(403)
    expect(await me.frame.claim(handoff)).toEqual({ state: 'refused', reason: 'not-fresh' })
    expect((await proofOf()).fresh).toBeNull()
    const { sessionId } = await callerOf()
    expect(await entries('proof.refuse', sessionId)).toMatchObject([{ detail: { reason } }])
  })

  it('is not one of somebody else', async () => {
    const { status, page } = await signInAgain(handoff, w.people.otherTeacher.subject)
    expect([status, page]).toEqual([403, expect.stringContaining('iemand anders')])
    expect(await me.frame.claim(handoff)).toEqual({ state: 'refused', reason: 'other-person' })
    expect((await proofOf()).fresh).toBeNull()
  })

  it('is given to the frame that asked, and to no other key', async () => {
    await signInAgain()
    const thief = await makeFrame(w.origin, w.schools.own.key)
    expect(await thief.claim(handoff)).toEqual({ state: 'gone' })
    expect((await proofOf()).fresh).toBeNull()
    expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
  })

  it('is given once of 64 times at the same time', async () => {
    await signInAgain()
    const answers = await Promise.all(Array.from({ length: 64 }, () => me.frame.claim(handoff)))
    expect(answers.filter(({ state }) => state === 'proven')).toHaveLength(1)
    const { sessionId } = await callerOf()
    expect(await entries('proof.keep', sessionId)).toHaveLength(1)
  })

  it('asks for the digits of the panel in another browser, as a sign-in does', async () => {
    const { page, browser } = await signInAgain(handoff, w.people.teacher.subject, makeVisitor())
    expect(page).toContain('Typ het getal dat in het andere scherm staat')
    expect(await me.frame.claim(handoff)).toEqual({ state: 'open' })
    expect((await confirmCode(w.origin, page, handoff.code, browser)).status).toBe(200)
    expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
  })

  it('is too late when its five minutes passed before the frame fetched it', async () => {
    await signInAgain()
    const sql = `update "Handoff" set result = jsonb_set(result, '{at}', to_jsonb($2::bigint)) where id = $1`
    await w.t.asSuperuser(client => client.query(sql, [handoff.id, Date.now() - 300_001]))
    expect(await me.frame.claim(handoff)).toEqual({ state: 'refused', reason: 'not-fresh' })
    expect((await proofOf()).fresh).toBeNull()
  })

  it('is nothing for a session that ended meanwhile', async () => {
    await signInAgain()
    const { boardId, sessionId: id } = await callerOf()
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.session.updateMany({ where: { boardId, id }, data: { endedAt: new Date() } }),
    )
    expect(await me.frame.claim(handoff)).toEqual({ state: 'refused', reason: 'not-fresh' })
  })

  it('lets nobody in: its hand-off is no sign-in, and a sign-in’s is no proof', async () => {
    expect((await makeVisitor().fetch(`${w.origin}/entry/go?h=${handoff.id}`)).status).toBe(410)
    expect((await makeVisitor().fetch(`${w.origin}/entry/start?h=${handoff.id}&w=${w.signIns.own}`)).status).toBe(410)
    const entering = await me.frame.openHandoff()
    expect((await makeVisitor().fetch(`${w.origin}/entry/fresh?h=${entering.id}`)).status).toBe(410)
    await signInAgain()
    expect(await me.frame.claim(handoff)).not.toHaveProperty('ticket')
  })

  it('is not asked for without a token, with another key’s proof, or from another page', async () => {
    const url = `${w.origin}/entry/fresh`
    const send = (headers: Record<string, string>) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: '{}' })
    const same = { 'sec-fetch-site': 'same-origin' }
    const Authorization = `DPoP ${me.tokens.access}`
    const thief = await makeFrame(w.origin, w.schools.own.key)
    const token = me.tokens.access
    expect((await send(same)).status).toBe(401)
    expect((await send({ ...same, Authorization })).status).toBe(401)
    expect((await send({ ...same, Authorization, DPoP: await thief.proof('POST', url, { token }) })).status).toBe(401)
    const DPoP = await me.frame.proof('POST', url, { token })
    expect((await send({ 'sec-fetch-site': 'cross-site', Authorization, DPoP })).status).toBe(403)
  })

  it('knows no sign-in of another school, and none that proves no time', async () => {
    const visitor = await ownWindow()
    const google = randomUUID()
    const { boardId, id: schoolId } = w.schools.own
    const facts = { kind: 'google', tenant: 'school.example', label: 'Google', issuer: 'https://accounts.google.com' }
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.signIn.create({
        data: { boardId, id: google, schoolId, ...facts, clientId: 'x', claim: 'sub', keyType: 'object-id' },
      }),
    )
    try {
      for (const id of [w.signIns.sister, w.signIns.foreign, google, 'x'])
        expect((await visitor.fetch(`${w.origin}/entry/fresh/start?h=${handoff.id}&w=${id}`)).status).toBe(404)
      const page = await (await visitor.fetch(`${w.origin}/entry/fresh?h=${handoff.id}`)).text()
      expect(page).toContain(w.signIns.own)
      expect(page).not.toContain(google)
      // To make a passkey, any sign-in of the school will do.
      const enrol = await ask(me, 'enrol')
      expect(await (await visitor.fetch(`${w.origin}/entry/fresh?h=${enrol.id}`)).text()).toContain(google)
    } finally {
      await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
        tx.signIn.delete({ where: { boardId_id: { boardId, id: google } } }),
      )
    }
  })

  it('by the account of a person at another school is nobody’s', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const signIn = await seedSignIn(w.t, school, w.upstream, w.origin)
    const person = await seedPerson(w.t, school, { role: 'staff' })
    w.upstream.setPeople([...Object.values(w.people), person].map(account))
    const visitor = await ownWindow()
    // The state of a sign-in at the other school, brought to this window: it names its own hand-off.
    const theirs = await ask(await signInAs(w.origin, school.key, person.subject))
    const gone = await visitor.fetch(`${w.origin}/entry/fresh/start?h=${theirs.id}&w=${signIn}`)
    const to = gone.headers.get('location') ?? ''
    const { callback } = await visitor.signIn(to, `${w.origin}/entry/callback/`, person.subject)
    await visitor.fetch(callback)
    expect(await me.frame.claim(handoff)).toEqual({ state: 'open' })
  })

  it('of a pupil is one too, but no passkey is made for a pupil or a parent', async () => {
    for (const who of [w.people.pupil, w.people.parent, w.people.trainee]) {
      const them = await signInAs(w.origin, w.schools.own.key, who.subject)
      expect((await asked(them, 'fresh')).status).toBe(201)
      expect((await asked(them, 'enrol')).status).toBe(403)
      expect((await proofOf(them)).mayEnrol).toBe(false)
    }
  })
})
