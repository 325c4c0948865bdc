import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { account, seedGrant, seedPerson } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'
import { signedPost, unsignedReport } from './sending.ts'

let w: World
let csv: SignedIn
let csvPerson: string
beforeAll(async () => {
  w = await openWorld()
  csvPerson = w.people.csv.id
  csv = await come('csv')
})
afterAll(() => w.close())

const come = (who: keyof World['people']) => {
  const school = who.startsWith('sister')
    ? w.schools.sister
    : who.startsWith('foreign')
      ? w.schools.foreign
      : w.schools.own
  return signInAs(w.origin, school.key, w.people[who].subject)
}
const pathOf = (id: string) => `/api/reports/${id}/progress`
const say = (me: SignedIn, id: string, body: unknown = { state: 'READ' }) => signedPost(me, w.origin + pathOf(id), body)
const report = (more: object = {}) =>
  unsignedReport(w.origin, w.schools.own.key, { v: 1, behaviours: ['GOSSIP'], words: randomUUID(), ...more })

async function granted(role: string, school = w.schools.own) {
  const person = await seedPerson(w.t, school, { role: 'staff' })
  await seedGrant(w.t, school, person.id, { role })
  w.upstream.setPeople([...Object.values(w.people), person].map(account))
  return { person, me: await signInAs(w.origin, school.key, person.subject) }
}

describe('how far the school is', () => {
  it('is said and read by the safety coordinator and by the leader, in order, and logged', async () => {
    const { id } = await report()
    const { me: leader } = await granted('SCHOOL_LEADER')
    expect((await say(csv, id)).status).toBe(204)
    expect((await say(leader, id, { state: 'IN_PROGRESS', message: '  We praten erover.  ' })).status).toBe(204)
    const read = await csv.get(pathOf(id))
    expect(await read.json()).toMatchObject({
      steps: [{ state: 'READ' }, { state: 'IN_PROGRESS', message: 'We praten erover.' }],
    })
    const { rows } = await w.t.asSuperuser(client =>
      client.query<{ action: string; actor: string; detail: object }>(
        `select action, actor, detail from "AuditEntry" where object = $1 and action like 'report.progress%' order by at`,
        [id],
      ),
    )
    expect(rows.map(({ action }) => action)).toEqual(['report.progress', 'report.progress', 'report.progress.read'])
    expect(rows[0]).toMatchObject({ actor: csvPerson, detail: { state: 'READ', message: false } })
    expect(JSON.stringify(rows)).not.toContain('praten')
  })

  it.for([
    'pupil',
    'teacher',
    'it',
    'unconfirmed',
    'parent',
    'trainee',
    'sisterPupil',
    'sisterTeacher',
    'foreignTeacher',
  ] as const)('is nothing for %s: as a report that does not exist', async who => {
    const { id } = await report()
    const me = await come(who)
    const nothing = await csv.get(pathOf(randomUUID()))
    expect(nothing.status).toBe(404)
    for (const answer of [await say(me, id), await me.get(pathOf(id))])
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([404, 'report-unknown'])
    expect(await (await csv.get(pathOf(id))).json()).toEqual({ steps: [] })
  })

  it('is nothing for the coordinator of another school or board', async () => {
    const { id } = await report()
    for (const school of [w.schools.sister, w.schools.foreign]) {
      const { me } = await granted('SAFETY_COORDINATOR', school)
      expect([(await say(me, id)).status, (await me.get(pathOf(id))).status]).toEqual([404, 404])
    }
  })

  it.for(['GROUP_TEACHER', 'SUPPORT_COORDINATOR', 'CONFIDENTIAL_ADVISER', 'PRIVACY_OFFICER'])(
    'is nothing for who has the role %s alone',
    async role => {
      const { id } = await report()
      const { me } = await granted(role)
      expect([(await say(me, id)).status, (await me.get(pathOf(id))).status]).toEqual([404, 404])
    },
  )

  it('is nothing for a coordinator who administers the systems as well', async () => {
    const { id } = await report()
    const { person, me } = await granted('SAFETY_COORDINATOR')
    expect((await say(me, id)).status).toBe(204)
    await seedGrant(w.t, w.schools.sister, person.id, { role: 'IT_ADMINISTRATOR' })
    expect((await say(me, id)).status).toBe(404)
  })

  it('is nothing for a coordinator whom the report names as doing it', async () => {
    const { person, me } = await granted('SAFETY_COORDINATOR')
    const about = await report({ involved: [{ who: { personId: person.id }, role: 'ACTOR' }] })
    const seen = await report({ involved: [{ who: { personId: person.id }, role: 'BYSTANDER' }] })
    expect((await say(me, about.id)).status).toBe(404)
    expect((await me.get(pathOf(about.id))).status).toBe(404)
    expect((await say(me, seen.id)).status).toBe(204)
    expect((await say(csv, about.id)).status).toBe(204)
  })

  it('ends with the grant, at the next request', async () => {
    const { id } = await report()
    const { person, me } = await granted('SAFETY_COORDINATOR')
    expect((await say(me, id)).status).toBe(204)
    await w.t.asSuperuser(client =>
      client.query('update "Grant" set "revokedAt" = now() where "personId" = $1', [person.id]),
    )
    expect((await say(me, id)).status).toBe(404)
  })

  it.for([
    ['no state', {}],
    ['another state', { state: 'RECEIVED' }],
    ['an empty message', { state: 'READ', message: '  ' }],
    ['a long message', { state: 'READ', message: 'x'.repeat(501) }],
  ] as const)('is refused with %s', async ([, body]) => {
    const { id } = await report()
    expect((await say(csv, id, body)).status).toBe(400)
  })

  it('takes no id that is none', async () => {
    for (const id of ['x', '..%2f..', w.schools.own.id]) expect((await say(csv, id)).status).toBe(404)
  })

  it('cannot be changed afterwards, by the application either', async () => {
    const { id } = await report()
    await say(csv, id)
    const change = w.t.db.pool.query(`update "ReportProgress" set state = 'DONE' where "reportId" = $1`, [id])
    await expect(change).rejects.toMatchObject({ code: '42501' })
  })
})
