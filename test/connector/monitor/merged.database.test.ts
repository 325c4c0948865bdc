/** Two rows that turn out to be one child: what was told of either stays where it was told, under the name of the one. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readPanel } from '../../../connector/monitor/panel.ts'
import { ownGroup, search } from '../../../connector/reports/nameable.ts'
import { submit } from '../../../connector/reports/submit.ts'
import { localDay } from '../../../connector/store/calendar.ts'
import { mergePeople } from '../../../connector/store/merge-people.ts'
import { namesOf } from '../../../connector/store/people.ts'
import { schoolOf } from '../../../connector/store/schools.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import {
  type SeededPerson,
  type SeededSchool,
  seedBoard,
  seedGroup,
  seedPerson,
  seedSchool,
} from '../../support/seed.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const clock = () => new Date()

/** Two schools of one board, a child at each, a teacher of each child's group, and one more child. */
async function twoSchools() {
  const boardId = await seedBoard(t)
  const at = async (name: string) => {
    const school = await seedSchool(t, boardId)
    const group = await seedGroup(t, school, name)
    const teacher = await seedPerson(t, school, { role: 'staff', groups: [{ id: group, role: 'teacher' }] })
    const names = { preferred: `Kind${name}`, family: 'Achternaam' }
    const child = await seedPerson(t, school, { names, groups: [{ id: group }] })
    const friend = await seedPerson(t, school, { names: { preferred: `Vriend${name}` }, groups: [{ id: group }] })
    return { school, group, teacher, child, friend }
  }
  return { boardId, one: await at('7A'), two: await at('7B') }
}
type At = Awaited<ReturnType<typeof twoSchools>>['one']

const merge = (boardId: string, from: SeededPerson, into: SeededPerson) =>
  withTenant(t.db, { boardId, role: 'system' }, tx =>
    mergePeople(tx, { boardId, from: from.id, into: into.id, today: localDay(clock()), at: clock() }),
  )

async function report(
  school: SeededSchool,
  target: string,
  actor: string | null,
  by?: { sessionId: string; personId: string },
) {
  const { boardId, id } = school
  const facts = await withTenant(t.db, { boardId, role: 'system' }, tx => schoolOf(tx, boardId, id))
  const involved = [
    { who: { personId: target }, role: 'TARGET' },
    ...(actor === null ? [] : [{ who: { personId: actor }, role: 'ACTOR' }]),
  ]
  const draft = { behaviours: ['GOSSIP'], helpedBy: [], dangerNow: false, day: 'TODAY', involved }
  const body = Buffer.from(randomUUID())
  const sent = { school: facts, idemKey: randomUUID(), body, draft, problems: [] }
  const sender = by ? { sender: { ...by, tokenHolds: true } } : {}
  return (await submit({ db: t.db, keyring: t.keyring, clock }, { ...sent, ...sender })).id
}
const panel = ({ school, group, teacher }: At) => {
  const { boardId, id: schoolId } = school
  const reader = { boardId, schoolId, personId: teacher.id, channel: 'oidc' }
  return readPanel({ db: t.db, keyring: t.keyring, clock }, reader, { groupId: group })
}
const shown = async (at: At) =>
  (await panel(at)).reports.map(each => ({ id: each.id, pupils: each.involved.map(({ pupil }) => pupil) }))

describe('a child who was two rows', () => {
  it('keeps every report in the panel of the group it is about, by the name and id of the one they became', async () => {
    const { boardId, one, two } = await twoSchools()
    const [here, there] = [await report(one.school, one.child.id, null), await report(two.school, two.child.id, null)]
    await merge(boardId, one.child, two.child)
    const pupils = [{ id: two.child.id, label: 'Kind7B Achternaam' }]
    // Each school sees its own, and nothing of the other's.
    expect(await shown(one)).toEqual([{ id: here, pupils }])
    expect(await shown(two)).toEqual([{ id: there, pupils }])
    // And so for whoever has the id that was.
    const keys = await t.keyring.board(boardId)
    const names = await withTenant(t.db, { boardId, role: 'system' }, tx => namesOf(tx, keys, boardId, [one.child.id]))
    expect(names.get(one.child.id)).toMatchObject({ preferred: 'Kind7B' })
    const involved = await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.involvement.findMany({ where: { boardId }, select: { reportId: true, personId: true, groupId: true } }),
    )
    expect(involved).toHaveLength(2)
    expect(involved).toEqual(
      expect.arrayContaining([
        { reportId: here, personId: one.child.id, groupId: one.group },
        { reportId: there, personId: two.child.id, groupId: two.group },
      ]),
    )
  })

  it('is found once by who names somebody, in the group where they are', async () => {
    const { boardId, one, two } = await twoSchools()
    await merge(boardId, one.child, two.child)
    const asker = { boardId, schoolId: one.school.id, personId: one.friend.id }
    const context = { db: t.db, keyring: t.keyring, clock }
    expect((await search(context, asker, 'Kind')).people).toEqual([{ id: two.child.id, name: 'Kind7B', group: '7A' }])
    expect((await ownGroup(context, asker)).people.map(each => each.id)).toEqual([two.child.id])
  })

  it('who becomes another, and that one a third, is the third', async () => {
    const { boardId, one, two } = await twoSchools()
    const third = await thirdRow(boardId)
    const id = await report(one.school, one.child.id, null)
    await merge(boardId, one.child, two.child)
    await merge(boardId, two.child, third.child)
    expect(await shown(one)).toEqual([{ id, pupils: [{ id: third.child.id, label: 'KindDerde' }] }])
  })

  it('is the one when a form that was open, or waited on a device, names the row that was', async () => {
    const { boardId, one, two } = await twoSchools()
    await merge(boardId, one.child, two.child)
    const id = await report(one.school, one.friend.id, one.child.id)
    expect(await shown(one)).toEqual([
      {
        id,
        pupils: [
          { id: two.child.id, label: 'Kind7B Achternaam' },
          { id: one.friend.id, label: 'Vriend7A' },
        ],
      },
    ])
    const stored = await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.report.findFirst({ where: { boardId, id } }),
    )
    expect(stored?.problems).toEqual([])
  })

  it('who told before stays a pupil who told', async () => {
    const { boardId, one, two } = await twoSchools()
    const sessionId = randomUUID()
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.session.create({
        data: {
          ...{ boardId, id: sessionId, personId: one.child.id, schoolId: one.school.id, channel: 'oidc' },
          ...{ authTime: clock(), endsAt: new Date(Date.now() + 3_600_000) },
        },
      }),
    )
    await merge(boardId, one.child, two.child)
    const id = await report(one.school, one.child.id, null, { sessionId, personId: one.child.id })
    const stored = await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.report.findFirst({ where: { boardId, id }, include: { involvements: true } }),
    )
    expect(stored).toMatchObject({ standing: 'EXPIRED', reporterKind: 'PUPIL', problems: [] })
    expect(stored?.involvements).toMatchObject([{ role: 'TARGET', personId: two.child.id, groupId: one.group }])
  })
})

it('a colleague who was two rows stays out of the panel with what was told of them', async () => {
  const { boardId, one, two } = await twoSchools()
  const [adult, same] = [
    await seedPerson(t, one.school, { role: 'staff' }),
    await seedPerson(t, two.school, { role: 'staff' }),
  ]
  await report(one.school, one.child.id, adult.id)
  expect(await shown(one)).toEqual([])
  await merge(boardId, adult, same)
  expect(await shown(one)).toEqual([])
})

/** A third row of the child, in a school of its own. */
async function thirdRow(boardId: string) {
  const school = await seedSchool(t, boardId)
  const group = await seedGroup(t, school, '8')
  return { child: await seedPerson(t, school, { names: { preferred: 'KindDerde' }, groups: [{ id: group }] }) }
}
