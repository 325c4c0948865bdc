/** The page behind a grant link, over HTTP: who may look, who may confirm, how often; and what an administrator never opens. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listGrants } from '../../../connector/admin/grant-list.ts'
import { addGrant, type NewGrant } from '../../../connector/admin/grants.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { date, seedAffiliation, seedGrant, today } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
/** Karin: the second person of every link below. */
let named: SignedIn
let receiver: SignedIn
beforeAll(async () => {
  w = await openWorld()
  named = await signIn('teacher')
  receiver = await signIn('otherTeacher')
})
afterAll(() => w.close())

const signIn = (who: keyof World['people'], school: keyof World['schools'] = 'own') =>
  signInAs(w.origin, w.schools[school].key, w.people[who].subject)

async function post(who: SignedIn, path: string, body: unknown) {
  const url = new URL(path, w.origin).href
  const headers = {
    Authorization: `DPoP ${who.tokens.access}`,
    DPoP: await who.frame.proof('POST', url, { token: who.tokens.access }),
    'Content-Type': 'application/json',
  }
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  const { requestId: _own, ...answer } = (text ? JSON.parse(text) : {}) as Record<string, unknown>
  return { status: response.status, answer }
}
const look = (who: SignedIn, token: string) => post(who, '/api/grants/look', { token })
const confirm = (who: SignedIn, token: string) => post(who, '/api/grants/confirm', { token })

let token: string
let grantId: string
async function newLink(more: Partial<NewGrant> = {}) {
  const { boardId, id: schoolId } = w.schools.own
  const { teacher, otherTeacher } = w.people
  const people = { personId: otherTeacher.id, confirmById: teacher.id, grantedBy: 'operator' }
  const made = await addGrant(w.t, { boardId, schoolId, ...people, role: 'SCHOOL_LEADER', ...more })
  token = made.token ?? ''
  grantId = made.grant.id
}
const isConfirmed = async () =>
  (await listGrants(w.t, { boardId: w.schools.own.boardId })).find(({ id }) => id === grantId)?.confirmed

beforeEach(() => newLink())

describe('looking', () => {
  it('tells the named person who gets which role where, and changes nothing', async () => {
    await newLink({ role: 'GROUP_TEACHER', groupId: w.groups.a, until: '2099-08-01' })
    for (let twice = 0; twice < 2; twice++)
      expect(await look(named, token)).toEqual({
        status: 200,
        answer: {
          role: 'GROUP_TEACHER',
          person: 'Linda Personeel',
          school: 'De Eigen School',
          group: '7A',
          until: '2099-08-01',
        },
      })
    expect(await isConfirmed()).toBe(false)
  })

  it('is one and the same 404 for everybody else, whatever is wrong', async () => {
    const others = [
      receiver,
      await signIn('csv'),
      await signIn('it'),
      await signIn('pupil'),
      await signIn('sisterTeacher', 'sister'),
      await signIn('foreignTeacher', 'foreign'),
    ]
    const answers = [
      ...(await Promise.all(others.map(other => look(other, token)))),
      await look(named, 'x'.repeat(43)),
      await look(named, ''),
    ]
    const answer = {
      type: 'urn:m5:problem:grant-link',
      title: 'This link does not work (any more).',
      status: 404,
      code: 'grant-link',
    }
    for (const each of answers) expect(each).toEqual({ status: 404, answer })
  })

  it('is a 404 for the named person at another school of the board', async () => {
    const { teacher } = w.people
    await seedAffiliation(w.t, w.schools.sister, teacher.id, { role: 'staff', sisId: teacher.sisId })
    const elsewhere = await signIn('teacher', 'sister')
    expect((await look(elsewhere, token)).status).toBe(404)
    expect((await confirm(elsewhere, token)).status).toBe(410)
    expect((await look(named, token)).status).toBe(200)
  })

  it('asks for a sign-in', async () => {
    const headers = { 'Content-Type': 'application/json' }
    for (const path of ['/api/grants/look', '/api/grants/confirm'])
      expect((await fetch(new URL(path, w.origin), { method: 'POST', headers, body: '{}' })).status).toBe(401)
    expect((await post(named, '/api/grants/look', {})).status).toBe(400)
  })

  it('is written down', async () => {
    await look(named, token)
    const { boardId } = w.schools.own
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { boardId, object: grantId, action: 'grant.look' } }),
    )
    expect(entries).toMatchObject([{ actor: w.people.teacher.id, outcome: 'done' }])
  })
})

describe('confirming', () => {
  it('is refused to everybody but the named person, who then still can', async () => {
    for (const other of [receiver, await signIn('csv'), await signIn('foreignTeacher', 'foreign')])
      expect(await confirm(other, token)).toMatchObject({ status: 410, answer: { code: 'grant-link' } })
    expect(await isConfirmed()).toBe(false)
    expect((await confirm(named, token)).status).toBe(204)
  })

  it('opens what the role opens, at the next request of whoever got it', async () => {
    const { boardId } = w.schools.own
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.grant.updateMany({ where: { boardId, personId: w.people.otherTeacher.id }, data: { revokedAt: new Date() } }),
    )
    await newLink()
    const names = async () => {
      const { groups } = (await (await receiver.get('/api/groups')).json()) as { groups: { name: string }[] }
      return groups.map(({ name }) => name)
    }
    expect(await names()).toEqual(['7B'])
    expect((await confirm(named, token)).status).toBe(204)
    expect(await names()).toEqual(['7A', '7B'])
  })

  it('works once', async () => {
    expect((await confirm(named, token)).status).toBe(204)
    expect(await confirm(named, token)).toMatchObject({ status: 410, answer: { code: 'grant-link' } })
    expect((await look(named, token)).status).toBe(404)
  })

  it('works once, also when 64 come together', async () => {
    const answers = await Promise.all(Array.from({ length: 64 }, () => confirm(named, token)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(63)
    expect(await isConfirmed()).toBe(true)
  })
})

describe('the page', () => {
  it('is a window of its own that nobody may frame', async () => {
    const page = await fetch(new URL(`/bevestig?s=${w.schools.own.key}`, w.origin))
    expect(page.status).toBe(200)
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(await page.text()).toContain('<m5-view-grant>')
  })

  it('says it when the link names no school', async () => {
    const page = await fetch(new URL('/bevestig?s=pk_nope', w.origin))
    expect(page.status).toBe(404)
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(await page.text()).toContain('Deze link hoort bij geen school')
  })
})

describe('an IT administrator whom the roster later makes a homeroom teacher', () => {
  const groupsOf = async (who: SignedIn) =>
    ((await (await who.get('/api/groups')).json()) as { groups: { name: string }[] }).groups.map(({ name }) => name)

  async function teach(personId: string) {
    const { boardId, id: schoolId, sourceId } = w.schools.own
    const at = { boardId, id: randomUUID(), schoolId, sourceId, personId, groupId: w.groups.a }
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.membership.create({ data: { ...at, role: 'teacher', startsOn: date('2020-08-01') } }),
    )
  }

  it('opens no group and no panel, until the grant is over', async () => {
    await teach(w.people.it.id)
    const me = await signIn('it')
    expect(await groupsOf(me)).toEqual([])
    expect((await me.get(`/api/groups/${w.groups.a}/reports`)).status).toBe(404)
    const { boardId } = w.schools.own
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.grant.updateMany({ where: { boardId, personId: w.people.it.id }, data: { until: date(today()) } }),
    )
    expect(await groupsOf(me)).toEqual(['7A'])
  })

  it('also when the systems are those of another school of the board; not when the grant is unconfirmed', async () => {
    await teach(w.people.undecided.id)
    const me = await signIn('undecided')
    expect(await groupsOf(me)).toEqual(['7A'])
    await seedGrant(w.t, w.schools.own, w.people.undecided.id, { role: 'IT_ADMINISTRATOR', confirmed: false })
    expect(await groupsOf(me)).toEqual(['7A'])
    await seedGrant(w.t, w.schools.sister, w.people.undecided.id, { role: 'IT_ADMINISTRATOR' })
    expect(await groupsOf(me)).toEqual([])
  })
})
