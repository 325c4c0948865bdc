/** Next year's groups before the holidays. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { changeSchoolSettings } from '../../../connector/admin/schools.ts'
import { groupsFor } from '../../../connector/monitor/panel.ts'
import { pupilsOf } from '../../../connector/store/pupils.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type MadeUp, madeUpSchool, without, yearLater } from './made-up.ts'
import { peopleOf, rosterOf, type Settled, schoolWith } from './place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const now = madeUpSchool('2025-2026')
const next = yearLater('2026-2027')

async function inMay(says: MadeUp = now, settled: Settled = {}) {
  const askedWith: (string | null)[] = []
  const place = await schoolWith(t, says, { day: '2026-05-20', stand: { ahead: next, askedWith, ...settled.stand } })
  await place.first()
  const shownTo = async (name: string, day: string) => {
    const personId = (await peopleOf(place)).get(name)?.id ?? ''
    const { boardId, schoolId } = place
    const clock = () => new Date(`${day}T10:00:00Z`)
    const groups = await groupsFor({ ...place.ctx, clock }, { boardId, schoolId, personId, channel: 'test' })
    return groups.map(group => `${group.name} ${group.schoolYear}`)
  }
  return { ...place, askedWith, shownTo }
}

describe('the year that has not begun', () => {
  test('is held, and once approved waits beside the present one, which goes on where it was', async () => {
    const place = await inMay()
    const before = { source: await place.source(), roster: await rosterOf(place) }
    const held = await place.sync({ schoolYear: '2026-2027' })
    expect(held).toMatchObject({ state: 'held', schoolYear: '2026-2027', reasons: [{ guard: 'next-school-year' }] })
    expect(place.askedWith.at(-1)).toBeNull()
    // The night in between reads the present year and leaves it waiting.
    expect(await place.sync()).toMatchObject({ state: 'unchanged' })
    expect(await place.approve(held.runId)).toMatchObject({ state: 'applied', counts: { 'people.create': 5 } })
    expect(await place.source()).toEqual({ ...before.source, goodAt: expect.anything() })

    const people = await peopleOf(place)
    expect(people.get('Kind901')).toMatchObject({ status: 'pending', active: false, gone: null })
    expect(people.get('Kind801')).toMatchObject({ status: 'active', active: true, grade: '8' })
    expect(people.get('Kind401')).toMatchObject({ grade: '4' })
    const year = ({ people: all, groups }: typeof before.roster) => ({
      people: all
        .filter(person => person.status === 'active')
        .map(person => ({ ...person, memberships: person.memberships.filter(each => !each.includes('2026-08-01')) })),
      groups: groups.filter(group => group.year === '2025-2026'),
    })
    expect(year(await rosterOf(place))).toEqual(year(before.roster))
    expect(await place.shownTo('Juf3', '2026-05-21')).toEqual(['3 2025-2026'])

    const later = without(now, 'leerling:302')
    place.stand.says = later
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.deactivate': 1 } })
    expect((await peopleOf(place)).get('Kind901')).toMatchObject({ status: 'pending' })
    expect(await place.sync()).toMatchObject({ state: 'unchanged' })
    expect(await place.sync({ schoolYear: '2026-2027' })).toMatchObject({ state: 'unchanged' })
  })

  test('opens its groups on the first of August, and the ordinary run takes over', async () => {
    const place = await inMay()
    const held = await place.sync({ schoolYear: '2026-2027' })
    await place.approve(held.runId)
    expect(await place.shownTo('Juf3', '2026-08-01')).toEqual(['3 2026-2027'])
    // The old groups are not closed yet: nobody is in the list of names twice.
    const { boardId, schoolId } = place
    const named = await place.read(tx => pupilsOf(tx, { boardId, schoolId, today: '2026-08-01', groupsOf: null }))
    expect(new Set(named.map(pupil => pupil.id)).size).toBe(named.length)
    const id401 = (await peopleOf(place)).get('Kind401')?.id
    expect(named.find(pupil => pupil.id === id401)).toMatchObject({ group: '5' })
    await changeSchoolSettings(place.ctx, { ...place, settings: { sync: { summerHold: false } } })
    place.onDay('2026-08-17')
    place.stand.says = without(next, 'leerling:905')
    expect(await place.sync()).toMatchObject({
      state: 'applied',
      counts: { 'people.update': 29, 'people.deactivate': 6 },
    })
    const people = await peopleOf(place)
    expect(people.get('Kind901')).toMatchObject({ status: 'active', active: true })
    expect(people.get('Kind905')).toMatchObject({ status: 'inactive', active: false })
    expect(people.get('Kind801')).toMatchObject({ active: false })
  })

  test('does not change while it waits: a later look at it takes its place, an approval after it began is too late', async () => {
    const place = await inMay()
    const first = await place.sync({ schoolYear: '2026-2027' })
    place.stand.ahead = without(next, 'leerling:905')
    const second = await place.sync({ schoolYear: '2026-2027' })
    await expect(place.approve(first.runId)).rejects.toMatchObject({ reason: 'run-not-held' })
    place.onDay('2026-05-26')
    expect((await place.approve(second.runId)).counts).toMatchObject({ 'people.create': 4 })
    place.onDay('2026-07-30')
    place.stand.ahead = next
    await changeSchoolSettings(place.ctx, { ...place, settings: { sync: { summerHold: false } } })
    const third = await place.sync({ schoolYear: '2026-2027' })
    place.onDay('2026-08-01')
    await expect(place.approve(third.runId)).rejects.toMatchObject({ reason: 'run-outdated' })
    expect((await peopleOf(place)).has('Kind905')).toBe(false)
  })

  test('leaves what is held of the present year for a person', async () => {
    const place = await inMay()
    place.stand.says = without(now, 'leerkracht:3')
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'staff-removal' }] })
    expect(await place.sync({ schoolYear: '2026-2027' })).toMatchObject({ state: 'held' })
    expect(await place.approve(held.runId)).toMatchObject({ state: 'applied' })
  })

  test('is refused in plain words where the source cannot give it, and nothing is read', async () => {
    const place = await inMay(now, { stand: { can: { nextYear: false } } })
    const asked = place.askedWith.length
    const refused = await place.sync({ schoolYear: '2026-2027' })
    expect(refused).toMatchObject({ state: 'refused', reasons: [{ guard: 'no-next-year' }], schoolYear: '2026-2027' })
    expect(place.askedWith).toHaveLength(asked)
    expect(await place.sync()).toMatchObject({ state: 'unchanged' })
  })

  test('is refused when the source answers with the present one', async () => {
    const place = await inMay(now, { stand: { ahead: now } })
    expect(await place.sync({ schoolYear: '2026-2027' })).toMatchObject({
      ...{ state: 'refused', reasons: [{ guard: 'past-school-year' }] },
    })
  })

  test('of a source that nothing came from yet is held twice: once for itself, once as the first', async () => {
    const place = await schoolWith(t, now, { day: '2026-05-20', stand: { ahead: next } })
    const held = await place.sync({ schoolYear: '2026-2027' })
    expect(held.reasons.map(reason => reason.guard)).toEqual(['next-school-year', 'first-run'])
    await place.approve(held.runId)
    expect([...(await peopleOf(place)).values()].filter(person => person.active)).toEqual([])
    expect(await place.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'first-run' }] })
  })
})
