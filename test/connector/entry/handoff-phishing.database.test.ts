/** Somebody opens a hand-off of their own and gets another person to go through its window. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withTenant } from '../../../connector/store/scope.ts'
import { makeVisitor, type Visitor } from '../../school/visitor.ts'
import { confirmCode, type Frame, makeFrame, walkWindow } from '../../support/frame.ts'
import {
  account,
  type SeededPerson,
  type SeededSchool,
  seedPerson,
  seedSchool,
  seedSignIn,
} from '../../support/seed.ts'
import { type Service, startService } from '../../support/service.ts'
import { openWorld, portal, type World } from '../../support/world.ts'

const atSchool = { 'x-forwarded-for': '192.0.2.17' }
const alsoAtSchool = { 'x-forwarded-for': '192.0.2.201' }
const elsewhere = { 'x-forwarded-for': '198.51.100.9' }

let w: World
let service: Service
let school: SeededSchool
let victim: SeededPerson
beforeAll(async () => {
  w = await openWorld()
  service = await startService(w.t, undefined, { M5_PROXIES: '1' })
  school = await seedSchool(w.t, w.schools.own.boardId, { name: 'De Proefschool', origins: [portal] })
  victim = await seedPerson(w.t, school, { names: { preferred: 'Anna', family: 'Smit' } })
  w.upstream.setPeople([account(victim)])
  await seedSignIn(w.t, school, w.upstream, service.origin)
})
afterAll(async () => {
  await service?.close()
  await w?.close()
})

let stranger: Frame
let handoff: Awaited<ReturnType<Frame['openHandoff']>>
const openFrom = async (headers: Record<string, string>, more: { from?: string } = {}) => {
  stranger = await makeFrame(service.origin, school.key, headers)
  handoff = await stranger.openHandoff(more)
}
beforeEach(() => openFrom(elsewhere))

/** The link that was sent, in the victim's browser, at school. */
const follow = (visitor: Visitor = makeVisitor(atSchool)) =>
  walkWindow(service.origin, handoff.goPath, victim.subject, visitor)
const answer = (page: string, code: string, visitor: Visitor) => confirmCode(service.origin, page, code, visitor)
const digitsIn = (page: string) => /<strong class="code">(\d+)</.exec(page)?.[1]
const prove = (visitor: Visitor, key = handoff.windowKey, id = handoff.id) =>
  visitor.fetch(`${service.origin}/entry/open`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ h: id, key }),
  })
const entries = () =>
  withTenant(w.t.db, { boardId: school.boardId, role: 'system' }, tx =>
    tx.auditEntry.findMany({ where: { boardId: school.boardId, action: 'handoff.confirm', object: handoff.id } }),
  )
const guess = () => String(handoff.code === '10' ? 11 : 10)

describe('a stranger in another network', () => {
  it('gets nothing by a link alone: the window has no number and no button that says yes', async () => {
    const { page, visitor } = await follow()
    expect(page).not.toContain('value="yes"')
    expect(page).toContain('zit op een ander internet')
    expect((await answer(page, 'yes', visitor)).status).toBe(403)
    expect(await stranger.claim(handoff)).toEqual({ state: 'refused', reason: 'wrong-code' })
  })

  it('gets nothing by the number in the same message either: the window asks one thing back', async () => {
    const { page, visitor } = await follow()
    const typed = await answer(page, handoff.code, visitor)
    const last = await typed.text()
    expect(digitsIn(last)).toMatch(/^\d{3}$/)
    expect(last).toContain('Dit getal is geheim')
    expect(await stranger.claim(handoff)).toEqual({ state: 'answer' })
    expect(await stranger.claim(handoff)).toEqual({ state: 'answer' })
    const wrong = digitsIn(last) === '500' ? '501' : '500'
    expect(await stranger.claim(handoff, wrong)).toEqual({ state: 'refused', reason: 'wrong-code' })
    expect(await stranger.claim(handoff, digitsIn(last))).toEqual({ state: 'refused', reason: 'wrong-code' })
  })

  it('guesses once of 64 times at the same time', async () => {
    const { page, visitor } = await follow()
    const digits = digitsIn(await (await answer(page, handoff.code, visitor)).text()) ?? ''
    const wrong = Array.from({ length: 64 }, (_, i) => String(100 + i)).filter(each => each !== digits)
    const answers = await Promise.all(wrong.map(each => stranger.claim(handoff, each)))
    expect(answers.every(({ ticket }) => ticket === undefined)).toBe(true)
    expect(await stranger.claim(handoff, digits)).toEqual({ state: 'refused', reason: 'wrong-code' })
  })

  it('is in the log, with what was asked, and without an address', async () => {
    const { page, visitor } = await follow()
    await answer(page, handoff.code, visitor)
    expect(await entries()).toMatchObject([
      {
        actor: victim.id,
        outcome: 'done',
        detail: { reason: 'other-network', sameBrowser: false, otherNetwork: true },
      },
    ])
    const stored = JSON.stringify(await w.t.asSuperuser(async c => (await c.query('select * from "Handoff"')).rows))
    expect(stored).not.toMatch(/198\.51|192\.0\.2/)
  })

  it('is somebody with two lines where they really have them: the panel’s own requests count', async () => {
    const url = `${service.origin}/entry/handoffs/${handoff.id}/claim`
    const headers = { ...alsoAtSchool, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
    const claim = async (more: Record<string, string> = {}) =>
      fetch(url, {
        method: 'POST',
        headers: { ...headers, DPoP: await stranger.proof('POST', url), ...more },
        body: JSON.stringify({ secret: handoff.secret }),
      })
    // Not without the secret and the key: else whoever has the link could bring the two together.
    const thief = await makeFrame(service.origin, school.key, alsoAtSchool)
    await thief.claim(handoff)
    expect((await follow()).page).toContain('zit op een ander internet')
    await claim()
    expect((await follow()).page).not.toContain('zit op een ander internet')
  })
})

describe('a stranger in the same class', () => {
  beforeEach(() => openFrom(alsoAtSchool))

  it('gets nothing without the number: it stands in the stranger’s panel alone', async () => {
    const { page, visitor } = await follow()
    expect(page).not.toContain('ander internet')
    expect((await answer(page, guess(), visitor)).status).toBe(403)
    expect(await stranger.claim(handoff)).toEqual({ state: 'refused', reason: 'wrong-code' })
    expect(await entries()).toMatchObject([
      { outcome: 'refused', detail: { reason: 'wrong-code', otherNetwork: false } },
    ])
  })

  it('has one try: after wrong digits nothing of that hand-off works any more', async () => {
    const { page, visitor } = await follow()
    await answer(page, guess(), visitor)
    expect((await answer(page, handoff.code, visitor)).status).toBe(410)
    expect((await follow()).status).toBe(410)
  })

  it('has one try of 64 at the same time', async () => {
    const { page, visitor } = await follow()
    const codes = Array.from({ length: 64 }, (_, i) => String(10 + i)).filter(code => code !== handoff.code)
    const statuses = (await Promise.all(codes.map(code => answer(page, code, visitor)))).map(({ status }) => status)
    expect(statuses.filter(status => status === 403)).toHaveLength(1)
    expect(statuses.filter(status => status === 410)).toHaveLength(codes.length - 1)
    expect(await stranger.claim(handoff)).toEqual({ state: 'refused', reason: 'wrong-code' })
  })

  it('cannot make the browser of somebody else look like their own', async () => {
    const visitor = makeVisitor(atSchool)
    for (const key of ['', 'x', handoff.secret, handoff.code]) await prove(visitor, key)
    // The right key, from another page than ours: what a page of the stranger could do in the victim's browser.
    for (const from of [{}, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      const body = new URLSearchParams({ h: handoff.id, key: handoff.windowKey })
      const sent = await visitor.fetch(`${service.origin}/entry/open`, { method: 'POST', headers: from, body })
      expect(sent.status).toBe(403)
    }
    // In the stranger's own browser it holds, and in that one alone.
    await prove(makeVisitor(alsoAtSchool))
    await prove(visitor)
    expect((await follow(visitor)).page).not.toContain('value="yes"')
  })

  it('of another hand-off has another key', async () => {
    const other = await stranger.openHandoff()
    const visitor = makeVisitor(atSchool)
    await prove(visitor, other.windowKey)
    expect((await follow(visitor)).page).not.toContain('value="yes"')
  })
})

describe('the window of the frame itself', () => {
  it('asks for a press and nothing else, also from another network', async () => {
    const visitor = makeVisitor(atSchool)
    await prove(visitor)
    const { page } = await follow(visitor)
    expect(page).toContain('value="yes"')
    expect(page).not.toContain('inputmode')
    expect((await answer(page, 'yes', visitor)).status).toBe(200)
    expect(await stranger.claim(handoff)).toMatchObject({ state: 'bound', ticket: expect.any(String) })
  })

  it('is the browser that came first', async () => {
    const [first, second] = [makeVisitor(atSchool), makeVisitor(atSchool)]
    await prove(first)
    await prove(second)
    expect((await follow(second)).page).not.toContain('value="yes"')
    expect((await follow(first)).page).toContain('value="yes"')
  })

  it('is one of 64 that come at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => prove(makeVisitor(atSchool))))
    expect(answers.filter(({ headers }) => headers.getSetCookie().length > 0)).toHaveLength(1)
  })

  it('names the page it began on where the school listed that, and no other', async () => {
    await openFrom(alsoAtSchool, { from: portal })
    expect((await follow()).page).toContain('Je begon op <strong>portaal.proef.example</strong>')
    for (const from of ['https://evil.example', 'javascript:alert(1)', `${portal}.evil.example`]) {
      await openFrom(alsoAtSchool, { from })
      expect((await follow()).page).not.toContain('Je begon op')
    }
  })
})

describe('an answer that is lost on the way', () => {
  beforeEach(() => openFrom(alsoAtSchool))

  it('of the window: the second press changes nothing, and the panel goes on', async () => {
    const { page, visitor } = await follow()
    await answer(page, handoff.code, visitor)
    expect((await answer(page, handoff.code, visitor)).status).toBe(410)
    expect(await stranger.claim(handoff)).toMatchObject({ state: 'bound' })
  })

  it('of the panel: it opens nothing twice, and the next hand-off works', async () => {
    const { page, visitor } = await follow()
    await answer(page, handoff.code, visitor)
    await stranger.claim(handoff)
    expect(await stranger.claim(handoff)).toEqual({ state: 'gone' })
    handoff = await stranger.openHandoff()
    const again = await follow(visitor)
    await answer(again.page, handoff.code, visitor)
    expect(await stranger.claim(handoff)).toMatchObject({ state: 'bound' })
  })
})
