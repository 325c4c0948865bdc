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
import { mapRoster } from '../../adapters/google/map.ts'
import { roleOf } from '../../adapters/google/roles.ts'
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
  ownerId: teachers[0],
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
    assemble(mapped({ users: [person('1', path, { externalIds })] }))
      .flatMap(record => (record.type === 'person' ? record.keys : []))
      .filter(({ type }) => type.endsWith('number'))
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

describe('a course that looks like a class and is none', () => {
  const users = [
    person('p', '/S/Leerlingen/Groep 8'),
    person('q', '/S/Leerlingen/Groep 8'),
    person('bully', '/S/Leerlingen/Groep 8'),
    person('t', '/S/Team'),
    person('u', '/S/Team'),
  ]
  const real = course('1', ['p', 'q', 'bully'], ['t'])
  const of = (courses: Gathered['courses'], more: object = {}) => {
    const { groups, memberships, findings } = mapped({ users, courses }, more)
    return {
      homerooms: groups.filter(({ kind }) => kind === 'homeroom').map(({ sourceId }) => sourceId),
      teachers: memberships.filter(({ role }) => role === 'teacher').map(each => each.personSourceId),
      findings,
    }
  }

  it('is no homeroom when a pupil made it, whoever was invited to it, and is told', () => {
    const fake = course('2', ['q'], ['bully', 'u'], { name: 'Groep 8 echt' })
    const found = of([real, fake])
    expect(found).toMatchObject({ homerooms: ['course:1'], teachers: ['user:t'] })
    expect(found.findings).toContainEqual({
      code: 'not-a-class',
      sourceId: 'school:C0fictief/S/Leerlingen',
      detail: 'course:2',
    })
    expect(of([real, fake], { scheduled: true }).homerooms).toEqual(['course:1'])
  })

  it('stays one when a teacher lets a pupil in as a teacher', () => {
    const found = of([course('1', ['p', 'q'], ['t', 'bully'])])
    expect(found).toMatchObject({ homerooms: ['course:1'], teachers: ['user:t'] })
    expect(found.findings.map(({ code }) => code)).toContain('several-roles')
  })

  it('does not close the panel of the unit whose name a pupil gave it', () => {
    const orgUnits = [{ orgUnitId: 'id:1', name: 'Groep 8', orgUnitPath: '/S/Leerlingen/Groep 8' }]
    const more = { homerooms: { from: 'org-units', teachers: { from: 'courses', name: '{class}' } } }
    const fake = course('2', ['q'], ['bully'], { name: 'groep-8' })
    const courses = [real, fake].map(each => ({ ...each, homeroom: false }))
    const { memberships } = mapped({ users, orgUnits, courses }, more)
    expect(memberships.filter(({ role }) => role !== 'pupil')).toMatchObject([
      { groupSourceId: 'ou:1@2026-2027', personSourceId: 'user:t', role: 'teacher' },
    ])
  })

  it.each([
    ['was left standing since last year', ['u'], '2025-08-20T09:00:00Z'],
    ['nobody of this school teaches', ['stranger'], '2026-08-20T09:00:00Z'],
  ])('gives way to the class that its pupils are in when it %s', (_, teachers, creationTime) => {
    const other = course('2', ['p', 'q'], teachers, { name: 'Groep 7', creationTime })
    const found = of([real, other])
    expect(found).toMatchObject({ homerooms: ['course:1'], teachers: ['user:t'] })
    expect(found.findings).toContainEqual({
      code: 'not-a-class',
      sourceId: 'school:C0fictief/S/Leerlingen',
      detail: 'course:2',
    })
    expect(of([other]).homerooms).toEqual(['course:2'])
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
    const course = { id: '1', name: `Groep 8 (${written})`, section: undefined, creationTime: undefined }
    const verdict = rule.of({ ...course, ownerId: undefined }, [])
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
