/** A key that comes back as somebody else: nothing new hangs on the child who had it, until a person has decided. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, without, yearLater } from './made-up.ts'
import { openMemberships, type Place, peopleOf, type Settled, schoolWith } from './place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const base = madeUpSchool()
const other = { givenName: 'Nieuw', familyName: 'Anders', username: 'nieuw' }
const changed = (school: MadeUp, sourceId: string, more: Partial<PersonRecord>): MadeUp => ({
  ...school,
  people: school.people.map(each => (each.sourceId === sourceId ? { ...each, ...more } : each)),
})
const inGroup = (school: MadeUp, sourceId: string, groupSourceId: string): MadeUp => ({
  ...school,
  memberships: school.memberships.map(each => (each.personSourceId === sourceId ? { ...each, groupSourceId } : each)),
})

const start = async (says: MadeUp = base, settled?: Settled) => {
  const place = await schoolWith(t, says, settled)
  await place.first()
  return { ...place, old: (await peopleOf(place)).get('Kind301')?.id ?? '' }
}
const questions = ({ boardId, sourceId, read }: Place) =>
  read(tx => tx.matchConflict.findMany({ where: { boardId, sourceId, kind: 'reused-key' } }))
const keysOf = ({ boardId, read }: Place, personId: string) =>
  read(tx => tx.rosterKey.count({ where: { boardId, personId } }))
const decide = ({ boardId, read, ctx }: Place, state: 'same' | 'other', personId: string) =>
  read(tx =>
    tx.matchConflict.updateMany({
      where: { boardId, kind: 'reused-key', state: 'open' },
      data: {
        state,
        decidedBy: 'operator',
        decidedAt: ctx.clock(),
        ...(state === 'same' ? { decidedFor: personId } : {}),
      },
    }),
  )

/** Leerling 301 is another child from now on, in group 4. */
const reused = inGroup(changed(base, 'leerling:301', { ...other, keys: [] }), 'leerling:301', 'groep:G4')

describe('a key with other names', () => {
  test('changes nothing of who had it, shows them in no other group, and asks', async () => {
    const place = await start()
    place.stand.says = reused
    const run = await place.sync()
    expect(run).toMatchObject({ state: 'applied', counts: { 'keys.remove': 2 } })
    expect(run.counts).not.toHaveProperty('people.update')
    const people = await peopleOf(place)
    expect(people.get('Kind301')).toMatchObject({ id: place.old, status: 'active', grade: '3' })
    expect(people.has('Nieuw')).toBe(false)
    const groups = (await openMemberships(place))
      .filter(each => each.personId === place.old)
      .map(each => each.group.name)
    expect(groups).toEqual(['3'])
    expect(await questions(place)).toMatchObject([{ state: 'open', personId: place.old, candidates: [place.old] }])
    // Nobody signs in by a key that may be somebody else's.
    expect(await keysOf(place, place.old)).toBe(0)
    expect((await place.sync()).state).toBe('unchanged')
    place.stand.says = { ...reused, createdAt: '2026-10-05T12:00:00Z' }
    expect((await place.sync()).state).toBe('unchanged')
    expect(await questions(place)).toHaveLength(1)
  })

  test('that was the same child after all is updated by the next run', async () => {
    const place = await start()
    place.stand.says = reused
    await place.sync()
    await decide(place, 'same', place.old)
    // Though the source has nothing new to say.
    expect(await place.sync()).toMatchObject({
      state: 'applied',
      counts: { 'people.update': 1, 'memberships.create': 1 },
    })
    expect((await peopleOf(place)).get('Nieuw')).toMatchObject({ id: place.old })
    expect(await keysOf(place, place.old)).toBe(1)
  })

  test('that is another child makes room: who had it leaves, the other begins with nothing', async () => {
    const place = await start()
    place.stand.says = reused
    await place.sync()
    await decide(place, 'other', place.old)
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.create': 1, 'people.retire': 1 } })
    const people = await peopleOf(place)
    expect(people.get('Kind301')).toMatchObject({ id: place.old, status: 'inactive', active: false })
    const fresh = people.get('Nieuw')
    expect(fresh).toMatchObject({ active: true })
    expect(fresh?.id).not.toBe(place.old)
    const open = await openMemberships(place)
    expect(open.filter(each => each.personId === place.old)).toEqual([])
    expect(open.filter(each => each.personId === fresh?.id).map(each => each.group.name)).toEqual(['4'])
    place.onDay('2026-10-06')
    expect((await place.sync()).state).toBe('unchanged')
    // The key may be given out once more: that is asked anew.
    place.stand.says = changed(reused, 'leerling:301', { givenName: 'Derde', familyName: 'Kind' })
    await place.sync()
    expect((await peopleOf(place)).has('Derde')).toBe(false)
    expect(await questions(place)).toMatchObject([{ state: 'open', candidates: [fresh?.id] }])
  })

  test('of a child who left is not that child who comes back', async () => {
    const place = await start()
    place.stand.says = without(base, 'leerling:301')
    await place.sync()
    place.stand.says = reused
    await place.sync()
    expect((await peopleOf(place)).get('Kind301')).toMatchObject({ status: 'inactive', active: false })
    expect(await questions(place)).toHaveLength(1)
  })

  test('at the turn of the year is in no group of the new one', async () => {
    const place = await start(madeUpSchool('2025-2026'), { day: '2026-05-20' })
    place.onDay('2026-09-07')
    place.stand.says = changed(yearLater('2026-2027'), 'leerling:301', { ...other, keys: [] })
    expect((await place.sync()).state).toBe('applied')
    expect((await openMemberships(place)).filter(each => each.personId === place.old)).toEqual([])
  })

  test('in next year’s roster is in no group of it either, and keeps this year', async () => {
    const ahead = changed(yearLater('2026-2027'), 'leerling:301', { ...other, keys: [] })
    const place = await start(madeUpSchool('2025-2026'), { day: '2026-05-20', stand: { ahead } })
    const held = await place.sync({ schoolYear: '2026-2027' })
    await place.approve(held.runId)
    const groups = (await openMemberships(place)).filter(each => each.personId === place.old)
    expect(groups.map(each => each.group.schoolYear.name)).toEqual(['2025-2026'])
    expect(await keysOf(place, place.old)).toBe(2)
  })

  test('in changes alone is seen as well', async () => {
    const said = new Map<string, MadeUp>()
    const place = await start(base, { stand: { said, can: { mode: 'delta', fullEveryDays: 7 } } })
    place.stand.says = reused
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'delta' })
    expect((await peopleOf(place)).get('Kind301')).toMatchObject({ id: place.old, status: 'active' })
    expect(await questions(place)).toHaveLength(1)
  })
})

test('one of two names that stays is the same child', async () => {
  const place = await start()
  place.stand.says = changed(base, 'leerling:301', { familyName: 'Getrouwd', username: 'anders' })
  expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.update': 1 } })
  expect(await questions(place)).toEqual([])
})

describe('new names for everybody', () => {
  const everybody = (name: (n: number) => string): MadeUp => ({
    ...base,
    people: base.people.map((each, n) => ({ ...each, givenName: name(n), familyName: `Familie${n}` })),
  })

  test('of other people are refused: such a source is a new one', async () => {
    const place = await start()
    place.stand.says = everybody(n => `Vreemd${n}`)
    expect(await place.sync()).toMatchObject({ state: 'refused', reasons: [{ guard: 'reused-keys' }] })
    expect(await questions(place)).toEqual([])
    expect((await peopleOf(place)).has('Kind301')).toBe(true)
  })

  test('of the same people are held, and approving still looks at each of them', async () => {
    const place = await start()
    const said = new Map(base.people.map((each, n) => [n, each.givenName ?? '']))
    // Everyone got another family name; one of them another first name as well.
    place.stand.says = everybody(n => (n === 0 ? 'Vreemd' : (said.get(n) ?? '')))
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'updates' }] })
    expect(await place.approve(held.runId)).toMatchObject({ state: 'applied', counts: { 'people.update': 35 } })
    expect((await peopleOf(place)).get('Kind301')).toMatchObject({ id: place.old })
    expect(await questions(place)).toHaveLength(1)
  })
})

test('a child new in the school under a new key asks nothing', async () => {
  const place = await start()
  const more = pupil(306, { givenName: 'Kind301', familyName: 'Zwaluwstaart301' })
  place.stand.says = {
    ...base,
    people: [...base.people, more],
    memberships: [...base.memberships, member(group(3), more)],
  }
  expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.create': 1 } })
  expect(await questions(place)).toEqual([])
})
