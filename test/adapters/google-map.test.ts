import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble } from '../../adapters/deliver.ts'
import type { Gathered } from '../../adapters/google/gather.ts'
import {
  courseRule,
  isBelow,
  isMadeFor,
  keyOfAddress,
  keyOfName,
  teacherKeys,
} from '../../adapters/google/homerooms.ts'
import { mapRoster, mayBeCitizenNumber, roleOf } from '../../adapters/google/map.ts'
import { google } from '../../adapters/google/source.ts'
import { wakeUp } from '../../adapters/google/wake-up.ts'
import { push } from '../fixtures/google/answers.ts'
import { googleState } from '../school/sis/google.ts'
import { now } from './support.ts'

const { keyJson } = googleState({ users: [], orgUnits: [], groups: [], courses: [] }, () => now)
const base = {
  serviceAccount: keyJson,
  subject: 'beheer@school.example',
  pupils: ['/S/Leerlingen'],
  staff: ['/S'],
  trainees: ['/S/Team/Stagiairs'],
  homerooms: { from: 'courses', patterns: ['Groep *'] },
}
const options = (more: object = {}) => google.options.parse({ ...base, ...more })

const person = (id: string, orgUnitPath: string, more: object = {}) => ({
  id,
  customerId: 'C0fictief',
  primaryEmail: `${id}@school.example`,
  name: { givenName: 'Noor', familyName: 'Berg' },
  orgUnitPath,
  ...more,
})
const empty: Gathered = { users: [], orgUnits: [], groups: [], courses: [] }
const course = (id: string, students: string[], teachers: string[], more: object = {}) => ({
  id,
  name: 'Groep 8',
  section: undefined,
  creationTime: '2026-08-20T09:00:00Z',
  homeroom: true,
  ofYear: false,
  students,
  teachers,
  ...more,
})
const mapped = (gathered: Partial<Gathered>, more: object = {}) =>
  mapRoster({ ...empty, ...gathered }, options(more), 'C0fictief', '2026-2027')

describe('a role', () => {
  it.each([
    ['/S/Leerlingen/Groep 8', 'pupil'],
    ['/s/leerlingen', 'pupil'],
    ['/S/Team', 'staff'],
    ['/S', 'staff'],
    ['/S/Team/Stagiairs/PABO', 'trainee'],
    ['/School', undefined],
    ['/', undefined],
    ['/Andere/S/Leerlingen', undefined],
  ])('of %s is %s: the deepest unit of the options decides', (path, role) =>
    expect(roleOf(person('1', path), options())).toBe(role),
  )

  it('is never more than the unit says, wherever somebody sits in Classroom', () => {
    const paths = ['/S/Leerlingen/Groep 8', '/S/Team', '/S/Team/Stagiairs', '/Andere']
    const ids = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { maxLength: 8 })
    const courses = fc.array(fc.record({ students: ids, teachers: ids, made: fc.constantFrom('2025', '2026') }), {
      maxLength: 6,
    })
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...paths), { minLength: 8, maxLength: 8 }), courses, (units, list) => {
        const users = [...'abcdefgh'].map((id, n) => person(id, units[n] ?? '/S'))
        const all = list.map(({ students, teachers, made }, n) =>
          course(String(n), students, teachers, { creationTime: `${made}-08-20T09:00:00Z` }),
        )
        const roster = mapped({ users, courses: all })
        assemble(roster)
        const roles = new Map(roster.people.map(({ sourceId, role }) => [sourceId, role]))
        for (const { role, personSourceId, groupSourceId } of roster.memberships) {
          if (role === 'teacher') expect(roles.get(personSourceId)).toBe('staff')
          if (role === 'pupil') expect(roles.get(personSourceId)).toBe('pupil')
          if (role === 'teacher') expect(all[Number(groupSourceId.split(':')[1])]?.creationTime).toMatch(/^2026/)
        }
        const taught = Map.groupBy(
          roster.memberships.filter(({ role }) => role === 'teacher'),
          each => each.personSourceId,
        )
        for (const places of taught.values()) expect(places.length).toBeLessThanOrEqual(4)
      }),
    )
  })
})

describe('somebody’s number', () => {
  const keys = (externalIds: object[], path = '/S/Leerlingen') =>
    mapped({ users: [person('1', path, { externalIds })] })
      .people[0]?.keys.filter(({ type }) => type.endsWith('number'))
      .map(({ type, value }) => `${type} ${value}`)

  it('is the employee id of the console, for pupils and staff alike', () => {
    expect(keys([{ type: 'organization', value: ' 50001 ' }])).toEqual(['pupil-number 50001'])
    expect(keys([{ type: 'organization', value: 'P7' }], '/S/Team')).toEqual(['staff-number P7'])
  })

  it.each([
    ['of another type', [{ type: 'custom', value: '50001' }]],
    ['empty', [{ type: 'organization', value: ' ' }]],
    ['a BSN', [{ type: 'organization', value: '999990019' }]],
    [
      'two at once',
      [
        { type: 'organization', value: '1' },
        { type: 'organization', value: '2' },
      ],
    ],
  ])('%s is none', (_, ids) => expect(keys(ids)).toEqual([]))

  it('is a citizen’s by the eleven test only when it has nine digits', () => {
    expect(mayBeCitizenNumber('999990019')).toBe(true)
    expect(mayBeCitizenNumber('999990018')).toBe(false)
    expect(mayBeCitizenNumber('99999001')).toBe(false)
  })
})

describe('classes', () => {
  const pupils = [person('p', '/S/Leerlingen/Groep 8'), person('q', '/S/Leerlingen/Groep 7')]

  it('of one teacher in up to four homerooms are hers; in five, a person decides', () => {
    const users = [...pupils, person('t', '/S/Team')]
    const roles = (n: number) => {
      const courses = Array.from({ length: n }, (_, at) => course(String(at), ['p'], ['t']))
      return new Set(
        mapped({ users, courses })
          .memberships.filter(each => each.personSourceId === 'user:t')
          .map(each => each.role),
      )
    }
    expect(roles(4)).toEqual(new Set(['teacher']))
    expect(roles(5)).toEqual(new Set(['undecided']))
  })

  it('of two names that are one for a group’s address get no teachers from it', () => {
    const units = ['Groep 1-2', 'Groep 12', 'Groep 3'].map((name, n) => ({
      orgUnitId: `id:${n}`,
      name,
      orgUnitPath: `/S/Leerlingen/${name}`,
    }))
    const homerooms = options({
      homerooms: { from: 'org-units', teachers: { from: 'groups', address: 'juf-{class}@s.example' } },
    }).homerooms
    expect([...teacherKeys(homerooms, units)].map(([key, { name }]) => [key, name])).toEqual([
      ['jufgroep3@s.example', 'Groep 3'],
    ])
  })

  it('in units sit in the deepest of them', () => {
    const orgUnits = ['/S/Leerlingen/Bovenbouw', '/S/Leerlingen/Bovenbouw/Groep 8'].map((orgUnitPath, n) => ({
      orgUnitId: `id:${n}`,
      name: orgUnitPath.split('/').at(-1) ?? '',
      orgUnitPath,
    }))
    const users = [person('p', '/S/Leerlingen/Bovenbouw/Groep 8/Kleine groep')]
    const { groups } = mapped({ users, orgUnits }, { homerooms: { from: 'org-units' } })
    expect(groups.map(({ name, grades }) => [name, grades])).toEqual([['Groep 8', ['8']]])
  })

  it('have a name that fits, however long it is at Google', () => {
    const [group] = mapped({ users: pupils, courses: [course('1', ['p'], [], { name: 'x'.repeat(750) })] }).groups
    expect(group?.name).toHaveLength(200)
  })

  it('whose only pupils are archived are no classes', () => {
    const users = [person('p', '/S/Leerlingen', { archived: true }), person('t', '/S/Team')]
    expect(mapped({ users, courses: [course('1', ['p'], ['t'])] })).toMatchObject({ groups: [], memberships: [] })
  })
})

describe('names and paths', () => {
  it.each([
    ['/S/A', '/S', true],
    ['/S', '/S', true],
    ['/s/a', '/S', true],
    ['/SA', '/S', false],
    ['/', '/S', false],
  ])('%s is at or below %s: %s', (path, unit, is) => expect(isBelow(path, unit)).toBe(is))

  it('are one when only marks, spaces and capitals differ', () => {
    expect(keyOfName('Groep 8A')).toBe(keyOfName('groep-8a'))
    expect(keyOfName('Zoë')).toBe(keyOfName('zoe'))
    expect(keyOfName('Groep 8')).not.toBe(keyOfName('Groep 8A'))
    expect(keyOfAddress('Groep.8A@a-b.example')).toBe('groep8a@a-b.example')
    expect(keyOfAddress('x@ab.example')).not.toBe(keyOfAddress('x@a-b.example'))
  })

  it.each(['2026-2027', '2026/2027', '2026-27', '26-27', '26/27', '2627'])('{year} is also %s', written => {
    const rule = courseRule({ from: 'courses', patterns: ['* ({year})'] }, '2026-2027')
    const verdict = rule.of({ id: '1', name: `Groep 8 (${written})`, section: undefined, creationTime: undefined }, [])
    expect(verdict).toEqual({ homeroom: true, ofYear: true })
  })

  it.each([
    ['2026-03-31T23:59:59Z', false],
    ['2026-04-01T00:00:00Z', true],
    ['2027-03-31T23:59:59Z', true],
    ['2027-04-01T00:00:00Z', false],
    ['gisteren', false],
    [undefined, false],
  ])('a course made %s is of 2026-2027: %s', (made, is) => expect(isMadeFor('2026-2027', made)).toBe(is))
})

describe('the options', () => {
  const fails = (more: object) => google.options.safeParse({ ...base, ...more }).success === false
  it.each([
    ['everybody of the domain', { pupils: ['/'] }],
    ['a unit that ends with a slash', { staff: ['/S/Team/'] }],
    ['one unit twice', { staff: ['/s/leerlingen'] }],
    ['no pattern', { homerooms: { from: 'courses', patterns: [] } }],
    [
      'an address without class',
      { homerooms: { from: 'org-units', teachers: { from: 'groups', address: 'juf@s.example' } } },
    ],
    ['a key that is no JSON', { serviceAccount: 'CANARY' }],
    [
      'a key without its private part',
      { serviceAccount: JSON.stringify({ ...JSON.parse(keyJson), private_key: 'CANARY' }) },
    ],
    ['a person as account', { serviceAccount: JSON.stringify({ ...JSON.parse(keyJson), type: 'authorized_user' }) }],
    ['an endpoint elsewhere', { endpoint: 'http://sis.example' }],
    ['an endpoint that looks like here', { endpoint: 'http://127.0.0.1.example' }],
    ['an endpoint with credentials', { endpoint: 'http://u:p@127.0.0.1' }],
    ['an endpoint with a path', { endpoint: 'http://127.0.0.1/google' }],
    ['https on this machine', { endpoint: 'https://127.0.0.1' }],
    ['a year that is none', { schoolYear: '2026-2028' }],
  ])('refuse %s', (_, more) => expect(fails(more)).toBe(true))

  it('say nothing of the key in what they refuse', () => {
    const verdict = google.options.safeParse({ ...base, serviceAccount: `${keyJson}x` })
    expect(JSON.stringify(verdict.error?.issues)).not.toMatch(/PRIVATE|BEGIN|iam\.gserviceaccount/)
  })

  it('read only what is there now, of homerooms, unless told otherwise', () =>
    expect(options()).toMatchObject({
      customer: 'my_customer',
      courseStates: ['ACTIVE'],
      scheduled: false,
      homeroomsPerTeacher: 4,
    }))
})

describe('a push of Pub/Sub', () => {
  const of = (data: unknown) =>
    JSON.stringify({ message: { ...push.message, data: Buffer.from(JSON.stringify(data)).toString('base64') } })

  it('says that a course may have changed, and nothing of whom', () => {
    expect(wakeUp(JSON.stringify(push))).toEqual({ messageId: '2070443601311540', courseId: '600000001' })
  })

  it.each([
    ['course work', of({ collection: 'courses.courseWork', resourceId: { courseId: '1', id: '2' } })],
    ['a course that is no number', of({ collection: 'courses.students', resourceId: { courseId: '../1' } })],
    ['no resource', of({ collection: 'courses.teachers' })],
    ['no message', '{}'],
    ['no JSON', 'x'],
    ['nothing', ''],
    ['too much', JSON.stringify({ ...push, more: 'x'.repeat(70_000) })],
  ])('about %s is no reason to read', (_, body) => expect(wakeUp(body)).toBeUndefined())

  it('never throws', () =>
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), body => {
        expect(wakeUp(body)).toBeUndefined()
      }),
    ))
})
