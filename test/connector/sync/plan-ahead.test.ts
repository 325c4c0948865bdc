/** A school year that has not begun: it adds to that year alone, and the present one goes on. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoredRoster } from '../../../connector/store/roster.ts'
import { countChanges } from '../../../connector/sync/diff.ts'
import { plan } from '../../../connector/sync/plan.ts'
import { anySchool } from './any-school.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, without, yearLater } from './made-up.ts'
import { carriedOut, nothing, snapshotOf, storedFrom } from './pure.ts'

const may = '2026-05-20'
const now = madeUpSchool('2025-2026')
const next = yearLater('2026-2027')

const done = (stored: StoredRoster, school: MadeUp, day: string): StoredRoster => {
  const snapshot = snapshotOf(school)
  return carriedOut(stored, plan(snapshot, stored, day), snapshot)
}
const prepared = done(storedFrom(now, may), next, may)
const live = (stored: StoredRoster) =>
  stored.people.filter(person => person.status === 'active').map(person => person.tag)

describe('next year’s roster in May', () => {
  test('brings groups, newcomers who wait, and memberships from August; nothing ends and nobody goes or changes', () => {
    const planned = plan(snapshotOf(next), storedFrom(now, may), may)
    expect(countChanges(planned)).toEqual({
      ...{ 'people.create': 5, 'groups.create': 6, 'memberships.create': 36, 'keys.create': 10 },
    })
    expect(planned).toMatchObject({ kind: 'ahead', yearChange: false })
    for (const { next: person } of planned.people.create)
      expect(person.record).toMatchObject({ status: 'pending', startsOn: '2026-08-01' })
    expect(new Set(planned.memberships.create.map(each => each.startsOn))).toEqual(new Set(['2026-08-01']))
  })

  test('never touches this year, whatever it says', () => {
    fc.assert(
      fc.property(anySchool('2025-2026', 'some'), anySchool('2026-2027', 'some'), (before, later) => {
        const stored = storedFrom(before, may)
        const result = done(stored, later, may)
        const ofNow = ({ people, groups, memberships }: StoredRoster) => [
          people.filter(person => stored.people.some(was => was.affiliationId === person.affiliationId)),
          groups.filter(group => group.schoolYear === '2025-2026'),
          memberships.filter(each => each.schoolYear === '2025-2026'),
        ]
        expect(ofNow(result)).toEqual(ofNow(stored))
        expect(live(result)).toEqual(live(stored))
        expect(countChanges(plan(snapshotOf(later), result, may))).toEqual({})
      }),
    )
  })

  test('takes nobody’s keys: who signs in by an old user name does so until August', () => {
    const renamed = {
      ...next,
      people: next.people.map(each => ({
        ...each,
        keys: each.keys.map(key => ({ ...key, value: `${key.value}-nieuw` })),
      })),
    }
    const planned = plan(snapshotOf(renamed), storedFrom(now, may), may)
    expect(planned.keys.remove).toEqual([])
    const newcomers = new Set(planned.people.create.map(each => each.next.tag))
    expect(planned.keys.create.filter(key => !newcomers.has(key.personTag))).toEqual([])
  })

  test('a second one corrects the first', () => {
    const moved = {
      ...without(next, 'leerling:901'),
      memberships: without(next, 'leerling:901').memberships.map(each =>
        each.personSourceId === 'leerling:902' ? { ...each, groupSourceId: 'groep:G4' } : each,
      ),
    }
    const renamed = {
      ...moved,
      people: moved.people.map(each => (each.sourceId === 'leerling:902' ? { ...each, givenName: 'Kim' } : each)),
    }
    expect(countChanges(plan(snapshotOf(renamed), prepared, may))).toEqual({
      ...{ 'people.update': 1, 'memberships.create': 1, 'memberships.end': 1, 'memberships.close': 1 },
    })
  })

  test('the present year goes on as if it had not been', () => {
    const later = without(now, 'leerling:301')
    const alone = countChanges(plan(snapshotOf(later), storedFrom(now, may), may))
    expect(countChanges(plan(snapshotOf(later), prepared, may))).toEqual(alone)
    expect(countChanges(plan(snapshotOf(now), prepared, may))).toEqual({})
  })

  test('a newcomer who comes sooner comes', () => {
    const early = {
      ...now,
      people: [...now.people, pupil(901)],
      memberships: [...now.memberships, member(group(3, '2025-2026'), pupil(901))],
    }
    expect(countChanges(plan(snapshotOf(early), prepared, may))).toEqual({
      'people.update': 1,
      'memberships.create': 1,
    })
  })
})

describe('the year that was prepared', () => {
  test('begins with the ordinary run: who waits comes, who did not come goes, as every year', () => {
    const shown = without(next, 'leerling:905')
    const planned = plan(snapshotOf(shown), prepared, '2026-09-07')
    expect(planned).toMatchObject({ kind: 'snapshot', yearChange: true })
    const unprepared = countChanges(plan(snapshotOf(shown), storedFrom(now, may), '2026-09-07'))
    const counts = countChanges(planned)
    // Four who waited instead of four new ones, the fifth did not come, and the groups are there.
    expect([unprepared['people.deactivate'], counts['people.deactivate']]).toEqual([5, 6])
    expect([unprepared['people.create'], counts['people.create']]).toEqual([4, undefined])
    expect(counts).toMatchObject({ 'groups.retire': 6 })
    expect(counts).not.toHaveProperty('groups.create')
    const both = done(prepared, shown, '2026-09-07')
    const one = done(storedFrom(now, may), shown, '2026-09-07')
    expect(live(both).sort()).toEqual(live(one).sort())
  })

  test('is the same school in the end, prepared or not', () => {
    fc.assert(
      fc.property(anySchool('2025-2026'), anySchool('2026-2027'), anySchool('2026-2027'), (before, guess, real) => {
        const stored = storedFrom(before, may)
        const straight = done(stored, real, '2026-09-07')
        const ahead = done(done(stored, guess, may), real, '2026-09-07')
        expect(live(ahead).sort()).toEqual(live(straight).sort())
        const open = (roster: StoredRoster) =>
          roster.memberships
            .filter(each => each.schoolYear === '2026-2027')
            .map(each => `${each.groupTag} ${each.personTag} ${each.role}`)
            .sort()
        expect(open(ahead)).toEqual(open(straight))
        expect(countChanges(plan(snapshotOf(real), ahead, '2026-09-07'))).toEqual({})
      }),
    )
  })

  test('may be the first thing a source ever says', () => {
    const planned = plan(snapshotOf(next), nothing, may)
    expect(new Set(planned.people.create.map(each => each.next.record.status))).toEqual(new Set(['pending']))
  })
})
