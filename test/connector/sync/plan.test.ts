import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { countChanges, diffLines } from '../../../connector/sync/diff.ts'
import { isEmpty, plan } from '../../../connector/sync/plan.ts'
import { anySchool } from './any-school.ts'
import { canary, group, type MadeUp, madeUpSchool, member, pupil, teacher, without, yearLater } from './made-up.ts'
import { carriedOut, nothing, snapshotOf, storedFrom } from './pure.ts'

const today = '2026-10-05'
const changes = (before: MadeUp, next: MadeUp, day = today) =>
  countChanges(plan(snapshotOf(next), storedFrom(before, day), day))

describe('plan', () => {
  test('of a roster that was applied is empty', () => {
    fc.assert(
      fc.property(anySchool('2026-2027'), school => {
        expect(countChanges(plan(snapshotOf(school), storedFrom(school, today), today))).toEqual({})
      }),
    )
  })

  test('applied once leaves nothing to do, whatever was there before, also over a year change', () => {
    const years = fc.constantFrom('2025-2026', '2026-2027')
    fc.assert(
      fc.property(years.chain(anySchool), anySchool('2026-2027'), (before, next) => {
        const stored = storedFrom(before, '2025-10-05')
        const snapshot = snapshotOf(next)
        const done = carriedOut(stored, plan(snapshot, stored, today), snapshot)
        expect(countChanges(plan(snapshot, done, today))).toEqual({})
        expect(isEmpty(plan(snapshot, done, today))).toBe(true)
        // And what is open then is what the roster says, no more and no less.
        const open = done.memberships.filter(each => each.schoolYear === '2026-2027')
        const asked = snapshot.memberships.filter(each =>
          next.people.some(p => p.sourceId === each.record.personSourceId && p.status !== 'inactive'),
        )
        expect(open.map(each => `${each.groupTag} ${each.personTag} ${each.role}`).sort()).toEqual(
          asked.map(each => `${each.groupTag} ${each.personTag} ${each.record.role}`).sort(),
        )
      }),
    )
  })

  test('names each person once, and deactivates all who are not in it and nobody else', () => {
    fc.assert(
      fc.property(anySchool('2026-2027'), anySchool('2026-2027'), (before, next) => {
        const stored = storedFrom(before, today)
        const { people } = plan(snapshotOf(next), stored, today)
        const touched = [...people.update.map(each => each.stored), ...people.deactivate].map(
          each => each.affiliationId,
        )
        expect(new Set(touched).size).toBe(touched.length)
        const live = next.people.filter(each => each.status !== 'inactive').length
        const stays = stored.people.filter(each => each.status !== 'inactive').length - people.deactivate.length
        const returns = people.update.filter(each => each.returns).length
        expect(stays + people.create.length + returns).toBe(live)
      }),
    )
  })

  test('does not depend on the order of the records', () => {
    fc.assert(
      fc.property(anySchool('2026-2027'), anySchool('2026-2027'), (before, next) => {
        const stored = storedFrom(before, today)
        const turned = { ...next, people: [...next.people].reverse(), groups: [...next.groups].reverse() }
        expect(diffLines(plan(snapshotOf(turned), stored, today), stored)).toEqual(
          diffLines(plan(snapshotOf(next), stored, today), stored),
        )
      }),
    )
  })

  test('a moved pupil ends one membership and starts another', () => {
    const base = madeUpSchool()
    const moved = {
      ...base,
      memberships: base.memberships.map(each =>
        each.personSourceId === 'leerling:301' ? { ...each, groupSourceId: 'groep:G4' } : each,
      ),
    }
    expect(changes(base, moved)).toEqual({ 'memberships.create': 1, 'memberships.end': 1 })
  })

  test('a teacher who becomes undecided on a group loses the old membership', () => {
    const base = madeUpSchool()
    const undecided = {
      ...base,
      memberships: base.memberships.map(each =>
        each.personSourceId === 'leerkracht:3' ? { ...each, role: 'undecided' as const } : each,
      ),
    }
    expect(changes(base, undecided)).toEqual({ 'memberships.create': 1, 'memberships.end': 1 })
  })

  test('a person who leaves by the source’s own word goes like one who is missing', () => {
    const base = madeUpSchool()
    const left = {
      ...base,
      people: base.people.map(each =>
        each.sourceId === 'leerling:301' ? { ...each, status: 'inactive' as const } : each,
      ),
    }
    expect(changes(base, left)).toEqual(changes(base, without(base, 'leerling:301')))
    expect(changes(without(base, 'leerling:301'), left)).toEqual({})
  })

  test('a year later pupils are updates, and last year’s groups are no removals', () => {
    const counts = changes(madeUpSchool('2025-2026'), yearLater('2026-2027'), '2026-09-07')
    expect(counts).toMatchObject({ 'people.create': 5, 'people.deactivate': 5, 'people.update': 25 })
    expect(counts).not.toHaveProperty('groups.deactivate')
    expect(counts).not.toHaveProperty('memberships.end')
  })

  test('a membership never starts before its person, nor before its year', () => {
    const base = madeUpSchool()
    const late = pupil(306, { startsOn: '2026-09-14' })
    const with306 = {
      ...base,
      people: [...base.people, late],
      memberships: [...base.memberships, member(group(3), late)],
    }
    const start = (day: string, before: MadeUp | null) => {
      const stored = before ? storedFrom(before, day) : nothing
      const { memberships } = plan(snapshotOf(with306), stored, day)
      return memberships.create.find(each => each.record.personSourceId === 'leerling:306')?.startsOn
    }
    expect(start('2026-10-05', null)).toBe('2026-09-14')
    expect(start('2026-10-05', base)).toBe('2026-10-05')
    expect(start('2026-07-05', base)).toBe('2026-09-14')
  })

  test('a membership that its source dates before the school year starts with the year', () => {
    const base = madeUpSchool()
    const dated = { ...base, memberships: base.memberships.map(each => ({ ...each, startsOn: '2019-02-01' })) }
    const { memberships } = plan(snapshotOf(dated), nothing, '2026-10-05')
    expect(new Set(memberships.create.map(each => each.startsOn))).toEqual(new Set(['2026-08-01']))
  })

  test('one directory account that two people claim links nobody', () => {
    const base = madeUpSchool()
    const key = { type: 'object-id' as const, value: 'o-1', stable: true }
    const claim = (n: number) => teacher(n, { keys: [key] })
    const one = { ...base, people: [...base.people, claim(50)] }
    const two = { ...base, people: [...base.people, claim(50), claim(51)] }
    const tag =
      snapshotOf(one)
        .people.find(each => each.record.sourceId === 'leerkracht:50')
        ?.keys.find(each => each.type === 'object-id')?.tag ?? ''
    const facts = { sameSchool: false, sameKind: true, byRoster: true, live: true, opens: false }
    const holder = (personId: string) => ({ tag, personId, roles: ['staff'], ...facts })
    const stored = { ...nothing, keyHolders: [holder('p-1')] }
    const linked = (school: MadeUp, holders = stored.keyHolders) =>
      plan(snapshotOf(school), { ...stored, keyHolders: holders }, today).people.create.filter(
        each => each.personId !== null,
      ).length
    expect([linked(one), linked(two)]).toEqual([1, 0])
    expect(linked(one, [...stored.keyHolders, holder('p-2')])).toBe(0)
  })
})

describe('the diff', () => {
  test('shows counts, source ids of newcomers and names of groups, and nobody’s name', () => {
    const base = madeUpSchool()
    const next = without(
      { ...base, people: [...base.people, pupil(306)] },
      'leerling:401',
      'leerling:402',
      'leerling:501',
    )
    const stored = storedFrom(base, today)
    const lines = diffLines(plan(snapshotOf(next), stored, today), stored)
    expect(lines).toContain('+ 1 pupil: leerling:306')
    expect(lines).toContain('- 3 pupil: 2 in 4, 1 in 5')
    expect(lines.join('\n')).not.toContain(canary)
    expect(lines.join('\n')).not.toContain('Kind')
  })
})
