/** Changes only: what they add up to, and where they are not believed. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Removal } from '../../../adapters/source.ts'
import type { StoredRoster } from '../../../connector/store/roster.ts'
import { countChanges } from '../../../connector/sync/diff.ts'
import { plan } from '../../../connector/sync/plan.ts'
import { anySchool } from './any-school.ts'
import { deltaOf, group, type MadeUp, madeUpSchool, member, pupil, without } from './made-up.ts'
import { carriedOut, changesBetween, snapshotFrom, snapshotOf, storedFrom } from './pure.ts'

const today = '2026-10-05'
const base = madeUpSchool()

/** What is stored, without what tells one run from another. */
const shown = ({ people, groups, memberships }: StoredRoster) => ({
  people: people.map(({ keys, ...person }) => ({ ...person, keys: keys.map(key => key.tag).sort() })).sort(byTag),
  groups: [...groups].sort(byTag),
  memberships: memberships
    .map(each => `${each.groupTag} ${each.personTag} ${each.role} ${each.startsOn} ${each.endsOn}`)
    .sort(),
})
const byTag = (a: { tag: string }, b: { tag: string }) => (a.tag < b.tag ? -1 : 1)

/** The base school, and what these changes alone make of it. */
function changed(more: { removed?: Removal[]; next?: MadeUp; before?: MadeUp }) {
  const { removed = [], before = base, next = before } = more
  const roster = deltaOf(before, next)
  const snapshot = snapshotFrom({ ...roster, removed: [...roster.removed, ...removed] })
  const stored = storedFrom(before, today)
  return plan(snapshot, stored, today)
}

describe('changes from one roster to another', () => {
  test('make of the one what the whole other makes of it', () => {
    fc.assert(
      fc.property(anySchool('2026-2027', 'some'), anySchool('2026-2027', 'some'), (before, next) => {
        const stored = storedFrom(before, today)
        const whole = snapshotOf(next)
        const changes = changesBetween(before, next)
        const planned = plan(changes, stored, today)
        expect(planned.missing).toEqual([])
        const bySnapshot = carriedOut(stored, plan(whole, stored, today), whole)
        expect(shown(carriedOut(stored, planned, changes))).toEqual(shown(bySnapshot))
      }),
      { numRuns: 300 },
    )
  })

  test('sent twice change nothing the second time, nor does everything after them', () => {
    fc.assert(
      fc.property(anySchool('2026-2027', 'some'), anySchool('2026-2027', 'some'), (before, next) => {
        const stored = storedFrom(before, today)
        const changes = changesBetween(before, next)
        const done = carriedOut(stored, plan(changes, stored, today), changes)
        expect(countChanges(plan(changes, done, today))).toEqual({})
        expect(countChanges(plan(snapshotOf(next), done, today))).toEqual({})
      }),
    )
  })

  test('that are none are an empty plan', () => {
    fc.assert(
      fc.property(anySchool('2026-2027'), school => {
        expect(countChanges(plan(changesBetween(school, school), storedFrom(school, today), today))).toEqual({})
      }),
    )
  })
})

describe('what changes say is gone', () => {
  test('who is not mentioned stays', () => {
    expect(countChanges(changed({ next: { ...base, people: [...base.people, pupil(306)] } }))).toEqual({
      'people.create': 1,
      'keys.create': 2,
    })
  })

  test('a person goes with their memberships', () => {
    const planned = changed({ removed: [{ type: 'person', sourceId: 'leerling:301' }] })
    expect(countChanges(planned)).toEqual({ 'people.deactivate': 1, 'memberships.close': 1 })
    expect(planned.memberships.close[0]?.endsOn).toBe(today)
  })

  test('a group takes its memberships with it, and nobody', () => {
    const planned = changed({ removed: [{ type: 'group', sourceId: 'groep:G3' }] })
    expect(countChanges(planned)).toEqual({ 'groups.deactivate': 1, 'memberships.close': 6 })
    expect(new Set(planned.memberships.close.map(each => each.endsOn))).toEqual(new Set([today]))
  })

  test.each([
    ['pupil', 1],
    ['teacher', 0],
    [undefined, 1],
  ] as const)('a membership as %s ends %i', (role, count) => {
    const where = { groupSourceId: 'groep:G3', personSourceId: 'leerling:301' }
    const planned = changed({ removed: [{ type: 'membership', ...where, ...(role ? { role } : {}) }] })
    expect(planned.memberships.end).toHaveLength(count)
    expect(countChanges(planned)).toEqual(count ? { 'memberships.end': 1 } : {})
  })

  test('whom we do not know is no matter', () => {
    const removed: Removal[] = [
      { type: 'person', sourceId: 'leerling:999' },
      { type: 'group', sourceId: 'groep:G99' },
      { type: 'membership', groupSourceId: 'groep:G99', personSourceId: 'leerling:301' },
    ]
    expect(countChanges(changed({ removed }))).toEqual({})
  })

  test('a group that is removed and sent has the members that came, and no others', () => {
    const [three] = base.groups
    const roster = deltaOf(base, base)
    const [one] = base.memberships
    if (!three || !one) throw new Error('the school has a group')
    const snapshot = snapshotFrom({
      ...{ ...roster, groups: [three], memberships: [one], removed: [{ type: 'group', sourceId: three.sourceId }] },
    })
    expect(countChanges(plan(snapshot, storedFrom(base, today), today))).toEqual({ 'memberships.close': 5 })
  })

  test('a group that is gone takes in nobody, whatever else came', () => {
    const next = {
      ...base,
      memberships: [...base.memberships, member(group(3), pupil(401))],
    }
    const planned = changed({ next, removed: [{ type: 'group', sourceId: 'groep:G3' }] })
    expect(countChanges(planned)).toEqual({ 'groups.deactivate': 1, 'memberships.close': 6 })
  })

  test('a key that was replaced is the same person only when the old one is said to be gone', () => {
    const loose = (key: string) => pupil(311, { sourceId: `leerling:#${key}`, stable: false })
    const before = { ...base, people: [...base.people, loose('1')] }
    const next = { ...base, people: [...base.people, loose('7')] }
    const said = changed({ before, next })
    expect(countChanges(said)).toMatchObject({ 'people.update': 1 })
    const roster = { ...deltaOf(before, next), removed: [] }
    const unsaid = plan(snapshotFrom(roster), storedFrom(before, today), today)
    expect(countChanges(unsaid)).toMatchObject({ 'people.create': 1 })
    expect(countChanges(unsaid)).not.toHaveProperty('people.update')
  })

  test('a key that holds for its year only is found as well', () => {
    const loose = pupil(311, { sourceId: 'leerling:#1', stable: false })
    const before = {
      ...base,
      people: [...base.people, loose],
      memberships: [...base.memberships, member(group(3), loose)],
    }
    const person = changed({ before, removed: [{ type: 'person', sourceId: 'leerling:#1' }] })
    expect(countChanges(person)).toEqual({ 'people.deactivate': 1, 'memberships.close': 1 })
    const place = { type: 'membership', groupSourceId: 'groep:G3', personSourceId: 'leerling:#1' } as const
    expect(countChanges(changed({ before, removed: [place] }))).toEqual({ 'memberships.end': 1 })
  })
})

describe('what changes refer to', () => {
  const placed = (groupSourceId: string, personSourceId: string): MadeUp => ({
    ...base,
    memberships: [...base.memberships, { type: 'membership', groupSourceId, personSourceId, role: 'pupil' }],
  })

  test('may be stored', () => {
    expect(countChanges(changed({ next: placed('groep:G4', 'leerling:301') }))).toEqual({ 'memberships.create': 1 })
  })

  test('is missing when it is neither stored nor sent', () => {
    expect(changed({ next: placed('groep:G99', 'leerling:301') }).missing).toEqual(['groep:G99'])
    expect(changed({ next: placed('groep:G3', 'leerling:999') }).missing).toEqual(['leerling:999'])
  })

  test('is no matter when the same changes remove it, or it left before', () => {
    const next = placed('groep:G4', 'leerling:301')
    const planned = changed({ next, removed: [{ type: 'person', sourceId: 'leerling:301' }] })
    expect(planned.missing).toEqual([])
    expect(countChanges(planned)).toEqual({ 'people.deactivate': 1, 'memberships.close': 1 })
    expect(
      changed({ next: placed('groep:G4', 'leerling:999'), removed: [{ type: 'person', sourceId: 'leerling:999' }] })
        .missing,
    ).toEqual([])
    const gone = without(base, 'leerling:301')
    const stored = carriedOut(
      storedFrom(base, today),
      plan(snapshotOf(gone), storedFrom(base, today), today),
      snapshotOf(gone),
    )
    const roster = deltaOf(gone, { ...gone, memberships: [...gone.memberships, ...next.memberships.slice(-1)] })
    const late = plan(snapshotFrom(roster), stored, today)
    expect([late.missing, countChanges(late)]).toEqual([[], {}])
  })

  test('who comes back without a group makes us ask for everything', () => {
    const gone = without(base, 'leerling:301')
    const stored = carriedOut(
      storedFrom(base, today),
      plan(snapshotOf(gone), storedFrom(base, today), today),
      snapshotOf(gone),
    )
    const back = (memberships: MadeUp['memberships']) => {
      const roster = deltaOf(gone, base)
      return plan(snapshotFrom({ ...roster, memberships }), stored, today)
    }
    expect(back([])).toMatchObject({ askForAll: true, people: { update: [{ returns: true }] } })
    expect(back(base.memberships.filter(each => each.personSourceId === 'leerling:301')).askForAll).toBe(false)
  })
})
