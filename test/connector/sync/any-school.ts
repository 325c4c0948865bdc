/** Any small school, for properties. */
import fc from 'fast-check'
import type { PersonRecord } from '../../../adapters/roster.ts'
import { group, type MadeUp, madeUpSchool, member, pupil } from './made-up.ts'

/**
 * Groups 3 to 8, up to twelve people in four of them, of any role and status, with keys that hold or hold for a year.
 * @param groups how often a group is there
 */
export const anySchool = (schoolYear: string, groups: 'all' | 'some' = 'all') =>
  fc
    .record({
      entries: fc.array(
        fc.record({
          n: fc.integer({ min: 1, max: 12 }),
          group: fc.integer({ min: 3, max: 6 }),
          role: fc.constantFrom<PersonRecord['role']>('pupil', 'staff', 'parent'),
          status: fc.constantFrom<PersonRecord['status']>('active', 'pending', 'inactive'),
          stable: fc.boolean(),
          family: fc.constantFrom('A', 'B'),
        }),
        { maxLength: 12 },
      ),
      absent: groups === 'all' ? fc.constant<number[]>([]) : fc.subarray([3, 4, 5, 6]),
      named: fc.constantFrom('', ' bis'),
    })
    .map(({ entries, absent, named }): MadeUp => {
      const made = madeUpSchool(schoolYear)
      const there = made.groups
        .filter(each => !absent.some(n => each.sourceId === `groep:G${n}`))
        .map(each => (groups === 'all' ? each : { ...each, name: `${each.name}${named}` }))
      const school: MadeUp = { ...made, groups: there, people: [], memberships: [] }
      for (const { n, group: of, role, status, stable, family } of new Map(
        entries.map(each => [each.n, each]),
      ).values()) {
        const person = pupil(n, { sourceId: `mens:${stable ? '' : '#'}${n}`, role, status, stable, familyName: family })
        school.people.push(person)
        if (!absent.includes(of)) school.memberships.push(member(group(of, schoolYear), person))
      }
      return school
    })
