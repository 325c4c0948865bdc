import { describe, expect, it } from 'vitest'
import { instantAt, schoolYearOf } from './calendar.ts'
import { pupilParts, staffParts } from './cast.ts'
import { canariesOf, generateSchool } from './generate.ts'
import { spokenName } from './names.ts'
import { nextYear } from './next-year.ts'
import { signInPeople } from './people.ts'

const today = '2026-11-23'
const school = generateSchool({ today })
const count = <T>(list: T[], test: (one: T) => boolean) => list.filter(test).length

describe('a generated school', () => {
  it('is the same for the same seed and another for another', () => {
    expect(generateSchool({ today })).toEqual(school)
    expect(generateSchool({ today, seed: 'anders' }).pupils).not.toEqual(school.pupils)
  })

  it('has 240 pupils in ten homerooms of believable size, and two scheduled groups', () => {
    const homerooms = school.groups.filter(group => group.kind === 'homeroom')
    expect(school.pupils).toHaveLength(240)
    expect(homerooms.map(group => group.name)).toEqual(['1/2A', '1/2B', '3', '4', '4/5', '5', '6', '7A', '7B', '8'])
    expect(school.groups.filter(group => group.kind === 'scheduled')).toHaveLength(2)
    for (const { key, grades } of homerooms) {
      const inside = school.pupils.filter(pupil => pupil.groupKey === key)
      expect(inside.length).toBeGreaterThanOrEqual(18)
      expect(inside.length).toBeLessThanOrEqual(30)
      expect(inside.every(pupil => grades.includes(pupil.grade ?? 0))).toBe(true)
    }
  })

  it('takes its school year from the day, in Dutch time', () => {
    expect(school.schoolYear).toBe('2026-2027')
    expect(schoolYearOf('2026-07-31')).toBe('2025-2026')
    expect(generateSchool({ today: new Date('2026-07-31T22:30:00Z') }).schoolYear).toBe('2026-2027')
    expect(instantAt('2026-03-29', 9 * 60).toISOString()).toBe('2026-03-29T07:00:00.000Z')
    expect(instantAt('2026-01-12', 9 * 60).toISOString()).toBe('2026-01-12T08:00:00.000Z')
  })

  it('gives everybody a key and a user name of their own; user name and e-mail from group 5 on', () => {
    const keys = [...school.pupils, ...school.teachers].map(({ key }) => key)
    const names = [...school.pupils, ...school.teachers].flatMap(({ username }) => username ?? [])
    expect(keys.every(key => /^\d+$/.test(key))).toBe(true)
    expect(new Set(school.pupils.map(({ key }) => key)).size).toBe(240)
    expect(new Set(names).size).toBe(names.length)
    for (const pupil of school.pupils.filter(({ grade }) => grade !== null)) {
      expect(pupil.username !== undefined).toBe((pupil.grade ?? 0) >= 5)
      expect(pupil.email !== undefined).toBe((pupil.grade ?? 0) >= 5)
    }
  })

  it('fills every part of the cast', () => {
    expect(Object.keys(school.cast.pupils).sort()).toEqual(pupilParts.map(({ part }) => part).sort())
    expect(Object.keys(school.cast.teachers).sort()).toEqual(staffParts.flatMap(({ part }) => part ?? []).sort())
    expect(new Set(Object.values(school.cast.pupils)).size).toBe(pupilParts.length)
  })

  it('has the awkward pupils: twins, namesakes, one name only, one gone, one to come, prefixes and double names', () => {
    const pupil = (part: keyof typeof school.cast.pupils) =>
      school.pupils.find(({ key }) => key === school.cast.pupils[part])
    expect(pupil('twinA')?.canary.birthDate).toBe(pupil('twinB')?.canary.birthDate)
    expect(count(school.pupils, ({ name }) => spokenName(name) === 'Emma de Vries')).toBe(2)
    expect(pupil('onlyCalled')?.name).toEqual({ givenName: 'Bo' })
    expect(pupil('leaver')).toMatchObject({ grade: null, endsOn: '2026-10-14' })
    expect(pupil('leaver')?.groupKey).toBeUndefined()
    expect(pupil('entrant')?.startsOn).toBe('2026-12-01')
    expect(count(school.pupils, ({ name }) => name.familyNamePrefix !== undefined)).toBeGreaterThan(30)
    expect(count(school.pupils, ({ name }) => name.familyName?.includes('-') ?? false)).toBeGreaterThan(3)
  })

  it('has the awkward staff: a duo, a trainee and a parent, one without role, one without e-mail', () => {
    const teacher = (part: keyof typeof school.cast.teachers) =>
      school.teachers.find(({ key }) => key === school.cast.teachers[part])
    const group7A = school.groups.find(({ name }) => name === '7A')?.key
    expect(
      count(school.teachers, ({ groups }) =>
        groups.some(place => place.groupKey === group7A && place.roles.includes('LRK')),
      ),
    ).toBe(2)
    expect(teacher('undecided')).toMatchObject({ roles: [], groups: [{ roles: [] }] })
    expect(teacher('trainee')?.groups[0]?.roles).toEqual(['STA'])
    expect(teacher('parent')?.groups[0]?.roles).toContain('OUD')
    expect(teacher('withoutEmail')?.email).toBeUndefined()
    expect(teacher('subject')?.groups.length).toBeGreaterThan(3)
    expect(teacher('itAdmin')).toMatchObject({ roles: ['ICT'], groups: [] })
  })

  it('carries canaries that can belong to nobody', () => {
    expect(
      school.pupils.every(({ canary }) => /^9999\d{5}$/.test(canary.bsn) && /^0\d{3}[A-Z]{2}$/.test(canary.postcode)),
    ).toBe(true)
    expect(canariesOf(school).length).toBeGreaterThan(3 * 240)
  })

  it('has no birth date that is also the day on which somebody came', () => {
    const days = new Set(school.pupils.flatMap(({ startsOn, endsOn }) => [startsOn, endsOn]))
    expect(school.pupils.filter(({ canary }) => days.has(canary.birthDate))).toEqual([])
  })

  it('makes 100,000 pupils for a bench in bounded time', () => {
    const started = performance.now()
    const large = generateSchool({ today, pupils: 100_000 })
    expect(large.pupils).toHaveLength(100_000)
    expect(new Set(large.pupils.flatMap(({ username }) => username ?? [])).size).toBe(
      count(large.pupils, p => p.username !== undefined),
    )
    expect(performance.now() - started).toBeLessThan(15_000)
  })

  it('refuses to be smaller than its cast', () => {
    expect(() => generateSchool({ today, pupils: 59 })).toThrow(RangeError)
  })
})

describe('the next year of a school', () => {
  const next = nextYear(school)
  const before = new Map(school.pupils.map(pupil => [pupil.key, pupil]))

  it('moves everybody up, lets group 8 and the leaver go, and takes in as many infants', () => {
    expect(next.schoolYear).toBe('2027-2028')
    for (const pupil of next.pupils) {
      const was = before.get(pupil.key)
      expect(pupil.grade).toBe(was === undefined ? 1 : (was.grade ?? 0) + 1)
      if (was !== undefined) expect(pupil.name).toEqual(was.name)
    }
    const gone = school.pupils.filter(({ key }) => !next.pupils.some(pupil => pupil.key === key))
    expect(gone.every(({ grade }) => grade === 8 || grade === null)).toBe(true)
    expect(count(next.pupils, ({ key }) => !before.has(key))).toBe(count(school.pupils, ({ grade }) => grade === 8))
  })

  it('has only new group keys, a teacher on every homeroom, and user names for the new group 5', () => {
    const old = new Set(school.groups.map(({ key }) => key))
    const rooms = next.groups.filter(group => group.kind === 'homeroom')
    expect(next.groups.some(({ key }) => old.has(key))).toBe(false)
    for (const { key } of rooms) {
      expect(
        next.teachers.some(({ groups }) => groups.some(place => place.groupKey === key && place.roles.includes('LRK'))),
      ).toBe(true)
      expect(count(next.pupils, ({ groupKey }) => groupKey === key)).toBeLessThanOrEqual(30)
    }
    const names = next.pupils.flatMap(({ username }) => username ?? [])
    expect(new Set(names).size).toBe(names.length)
    expect(next.pupils.every(({ grade, username }) => (grade ?? 0) < 5 || username !== undefined)).toBe(true)
  })

  it('does not change the year before', () => {
    expect(school).toEqual(generateSchool({ today }))
  })
})

describe('the accounts of the sign-in', () => {
  const people = signInPeople(school)

  it('are unique, know the roster key, and leave out who has not come yet', () => {
    expect(new Set(people.map(({ sub }) => sub)).size).toBe(people.length)
    expect(new Set(people.map(({ username }) => username)).size).toBe(people.length)
    expect(people.find(({ name }) => name === 'Fenna Dijkstra')).toMatchObject({
      username: school.cast.pupils.young,
      claims: { sis_id: `leerling:${school.cast.pupils.young}` },
    })
    expect(people.some(({ claims }) => claims?.sis_id === `leerling:${school.cast.pupils.entrant}`)).toBe(false)
  })

  it('hold two people that no roster knows', () => {
    const known = new Set([
      ...school.pupils.map(({ key }) => `leerling:${key}`),
      ...school.teachers.map(({ key }) => `leerkracht:${key}`),
    ])
    expect(people.filter(({ claims }) => !known.has(String(claims?.sis_id)))).toHaveLength(2)
  })
})
