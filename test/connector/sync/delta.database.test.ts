/** A source that sends changes: what is stored in the end, and when everything is asked for again. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBoard } from '../../../connector/admin/boards.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { anySchool } from './any-school.ts'
import { cursorOf, group, type MadeUp, madeUpSchool, member, pupil, teacher, without } from './made-up.ts'
import { openMemberships, type Place, peopleOf, rosterOf, type Settled, schoolWith } from './place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const base = madeUpSchool()

const deltaSchool = async (says: MadeUp, { stand, ...settled }: Settled = {}) => {
  const askedWith: (string | null)[] = []
  const can = { mode: 'delta' as const, fullEveryDays: 7 }
  const place = await schoolWith(t, says, { ...settled, stand: { said: new Map(), can, askedWith, ...stand } })
  return { ...place, askedWith }
}

async function applied(place: Place): Promise<void> {
  const run = await place.sync()
  const done = run.state === 'held' ? await place.approve(run.runId) : run
  if (done.state !== 'applied' && done.state !== 'unchanged')
    throw new Error(`${done.state}: ${done.reasons.map(reason => reason.says).join(' ')}`)
}

/** Somebody of every kind, so that no guard refuses. */
const furnished = (school: MadeUp, brin: string): MadeUp => {
  const eight = group(8, school.schoolYear)
  const [child, staff] = [pupil(50), teacher(60)]
  return {
    ...{ ...school, brin, people: [...school.people, child, staff] },
    memberships: [...school.memberships, member(eight, child), member(eight, staff)],
  }
}

describe('changes', () => {
  test('leave stored what everything would have, and delete no row', async () => {
    await fc.assert(
      fc.asyncProperty(anySchool('2026-2027', 'some'), anySchool('2026-2027', 'some'), async (one, two) => {
        const { boardId } = await createBoard(t, { name: 'Bestuur' })
        const straight = await schoolWith(t, furnished(one, '99ZZ'), { boardId })
        const changing = await deltaSchool(furnished(one, '98YY'), { boardId, brin: '98YY' })
        for (const place of [straight, changing]) await applied(place)
        expect(await rosterOf(changing)).toEqual(await rosterOf(straight))
        const before = await idsOf(changing)
        straight.stand.says = furnished(two, '99ZZ')
        changing.stand.says = furnished(two, '98YY')
        for (const place of [straight, changing]) {
          place.onDay('2026-10-06')
          await applied(place)
        }
        expect(changing.askedWith).toEqual([null, cursorOf(furnished(one, '98YY'))])
        expect(await rosterOf(changing)).toEqual(await rosterOf(straight))
        const now = new Set(await idsOf(changing))
        expect(before.filter(id => !now.has(id))).toEqual([])
      }),
      { numRuns: 12 },
    )
  })

  const idsOf = ({ boardId, read }: Place) =>
    read(async tx => {
      const rows = [
        await tx.person.findMany({ where: { boardId } }),
        await tx.affiliation.findMany({ where: { boardId } }),
        await tx.group.findMany({ where: { boardId } }),
        await tx.membership.findMany({ where: { boardId } }),
      ]
      return rows.flat().map(row => row.id)
    })

  test('move the cursor, and leave the time of the last whole reading', async () => {
    const place = await deltaSchool(base)
    await place.first()
    const whole = await place.source()
    expect(whole).toMatchObject({ cursor: cursorOf(base), fullAt: new Date('2026-10-05T10:00:00Z') })
    place.onDay('2026-10-06')
    const next = without(base, 'leerling:301')
    place.stand.says = next
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'delta', counts: { 'people.deactivate': 1 } })
    const at = new Date('2026-10-06T10:00:00Z')
    expect(await place.source()).toMatchObject({
      cursor: cursorOf(next),
      fullAt: whole.fullAt,
      goodAt: at,
      appliedAt: at,
    })
    expect(await place.sync()).toMatchObject({ state: 'unchanged', proof: 'unchanged' })
  })

  test('that refer to nobody are refused, move nothing, and are followed by everything', async () => {
    const place = await deltaSchool(base)
    await place.first()
    const before = await place.source()
    const lost = { ...base, memberships: [...base.memberships, member(group(3), pupil(999))] }
    place.stand.says = async function* () {
      const records = lost.memberships.slice(-1)
      const counts = { school: 0, group: 0, person: 0, membership: 1 }
      yield { kind: 'batch', records, findings: [], page: { n: 1, count: 1 } }
      yield { kind: 'delta', scope: { schoolYear: '2026-2027', brin: '99ZZ' }, counts, cursor: 'elsewhere' }
    }
    const refused = await place.sync()
    expect(refused).toMatchObject({ state: 'refused', reasons: [{ guard: 'delta-reference' }] })
    expect(refused.reasons[0]?.says).toContain('leerling:999')
    expect(await place.source()).toMatchObject({ cursor: null, goodAt: before.goodAt, appliedAt: before.appliedAt })
    expect(await openMemberships(place)).toHaveLength(36)
    place.stand.says = { ...lost, people: [...base.people, pupil(999)] }
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'snapshot' })
    expect(place.askedWith.at(-1)).toBeNull()
  })

  test('that bring somebody back without a group are followed by everything', async () => {
    const gone = without(base, 'leerling:301')
    const place = await deltaSchool(base)
    await place.first()
    place.stand.says = gone
    await place.sync()
    place.stand.says = async function* () {
      const counts = { school: 0, group: 0, person: 1, membership: 0 }
      yield { kind: 'batch', records: base.people.slice(0, 1), findings: [], page: { n: 1, count: 1 } }
      yield { kind: 'delta', scope: { schoolYear: '2026-2027', brin: '99ZZ' }, counts, cursor: 'later' }
    }
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.returns': 1 } })
    expect((await place.source()).cursor).toBeNull()
    place.stand.says = base
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'memberships.create': 1 } })
    expect(await openMemberships(place)).toHaveLength(36)
  })
})

describe('everything is asked for', () => {
  const start = async (day = '2026-10-05') => {
    const place = await deltaSchool(base, { day })
    await place.first()
    place.stand.says = { ...base, people: [...base.people, pupil(306)] }
    return place
  }

  test('again after the days that the source names, and not before', async () => {
    const place = await start()
    place.onDay('2026-10-11')
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'delta' })
    place.onDay('2026-10-12')
    expect(await place.sync()).toMatchObject({ proof: 'snapshot' })
    expect((await place.source()).fullAt).toEqual(new Date('2026-10-12T10:00:00Z'))
    expect(place.askedWith.map(cursor => cursor === null)).toEqual([true, false, true])
  })

  test('in a new school year: last year’s changes do not say who stayed', async () => {
    const place = await deltaSchool(madeUpSchool('2025-2026'), { day: '2026-07-30' })
    await place.first()
    place.onDay('2026-08-02')
    place.stand.says = base
    expect(await place.sync()).toMatchObject({ proof: 'snapshot' })
    expect(place.askedWith).toEqual([null, null])
  })

  test('when somebody is due', async () => {
    const place = await start()
    const late = pupil(307, { status: 'pending', startsOn: '2026-10-07' })
    const next = { ...base, people: [...base.people, late], memberships: [...base.memberships, member(group(3), late)] }
    place.stand.says = next
    await place.sync()
    place.onDay('2026-10-07')
    place.stand.says = { ...next, people: [...base.people, { ...late, status: 'active' }] }
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'snapshot' })
    expect((await peopleOf(place)).get('Kind307')).toMatchObject({ active: true })
  })

  test('after a run that was refused', async () => {
    const place = await start()
    const says = place.stand.says
    place.stand.says = async function* () {
      yield { kind: 'batch', records: [], findings: [], page: { n: 7, count: 0 } }
    }
    expect(await place.sync()).toMatchObject({ state: 'refused' })
    place.stand.says = says
    expect(await place.sync()).toMatchObject({ state: 'applied', proof: 'snapshot' })
    expect(place.askedWith.map(cursor => cursor === null)).toEqual([true, false, true])
  })
})

describe('held changes', () => {
  const heldDelta = async () => {
    const place = await deltaSchool(base)
    await place.first()
    place.stand.says = without(base, 'leerkracht:3', 'leerling:301')
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', proof: 'delta', reasons: [{ guard: 'staff-removal' }] })
    return { place, held }
  }

  test('are approved as what they were, with what they remove', async () => {
    const { place, held } = await heldDelta()
    expect((await place.source()).cursor).toBe(cursorOf(base))
    expect(await place.approve(held.runId)).toMatchObject({ state: 'applied', counts: { 'people.deactivate': 2 } })
    const people = await peopleOf(place)
    expect([...people.values()].filter(person => person.active)).toHaveLength(34)
    expect((await place.source()).cursor).toBe(cursorOf(without(base, 'leerkracht:3', 'leerling:301')))
  })

  test('make room for later ones since the same moment', async () => {
    const { place, held } = await heldDelta()
    place.stand.says = without(base, 'leerling:301')
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.deactivate': 1 } })
    expect(place.askedWith.slice(1)).toEqual([cursorOf(base), cursorOf(base)])
    await expect(place.approve(held.runId)).rejects.toMatchObject({ code: 'conflict', reason: 'run-not-held' })
    expect((await peopleOf(place)).get('Juf3')).toMatchObject({ active: true })
  })
})
