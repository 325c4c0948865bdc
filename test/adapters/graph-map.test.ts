import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assemble } from '../../adapters/deliver.ts'
import { gradeFrom } from '../../adapters/graph/grades.ts'
import { mapRoster, type WireRoster } from '../../adapters/graph/map.ts'
import { type Options, Options as OptionsSchema } from '../../adapters/graph/options.ts'
import { brinOf, classesOf, yearOf } from '../../adapters/graph/school.ts'
import { WireClass, WireSchool, WireUser } from '../../adapters/graph/wire.ts'
import { app } from '../school/sis/graph.ts'

const options = (more: Partial<Options> = {}): Options =>
  OptionsSchema.parse({ ...app, homerooms: { field: 'displayName', patterns: ['Groep *'] }, ...more })
const term = { displayName: '2026-2027', externalId: null, startDate: null, endDate: null }
const someClass = (more: Partial<WireClass>): WireClass =>
  WireClass.parse({ id: 'c', displayName: 'Groep 8', term, ...more })
const someUser = (more: Partial<WireUser>): WireUser => WireUser.parse({ id: 'u', accountEnabled: true, ...more })

const wire = (more: { classes?: WireClass[]; users?: WireUser[]; people?: WireRoster['people'] }): WireRoster => ({
  school: undefined,
  classes: { ours: more.classes ?? [], otherYear: 0, expired: 0 },
  users: more.users ?? [],
  people: more.people ?? new Map(),
})
const mapped = (roster: WireRoster, more: Partial<Options> = {}) => mapRoster(roster, options(more), '2026-2027')
const person = (user: Partial<WireUser>, more: Partial<Options> = {}) => {
  const { roster, findings } = mapped(wire({ users: [someUser(user)] }), more)
  return { person: roster.people[0], findings: findings.map(({ code }) => code) }
}
const inClass = (user: Partial<WireUser>, list: 'members' | 'teachers') => {
  const people = new Map([['c', { members: ['u'], teachers: list === 'teachers' ? ['u'] : [] }]])
  const classes = [someClass({ externalId: '8A' })]
  const { roster, findings } = mapped(wire({ classes, users: [someUser(user)], people }))
  return { role: roster.memberships[0]?.role, findings: findings.map(({ code }) => code) }
}

describe('a role', () => {
  it.each([
    ['student', 'pupil', []],
    ['Student', 'pupil', []],
    ['teacher', 'staff', []],
    ['faculty', 'staff', []],
    ['none', 'unknown', ['unknown-role']],
    ['unknownFutureValue', 'unknown', ['unknown-role']],
    ['parent', 'unknown', ['unknown-role']],
    [null, 'unknown', ['unknown-role']],
  ])('%s is %s', (primaryRole, role, codes) => {
    const found = person({ primaryRole, displayName: 'X' })
    expect(found.person?.role).toBe(role)
    expect(found.findings).toEqual(codes)
  })

  it.each([
    ['student', 'members', 'pupil', []],
    ['student', 'teachers', 'pupil', ['several-roles']],
    ['teacher', 'members', 'other', []],
    ['teacher', 'teachers', 'teacher', []],
    ['none', 'members', 'other', ['unknown-role']],
    ['none', 'teachers', 'undecided', ['unknown-role', 'role-undecided']],
  ] as const)('%s in the %s of a class is %s', (primaryRole, list, role, codes) => {
    const found = inClass({ primaryRole, displayName: 'X' }, list)
    expect(found.role).toBe(role)
    expect(found.findings.filter(code => code !== 'no-group-teachers')).toEqual(codes)
  })

  it('of a teacher of too many homerooms is held for a person in each of them; other classes do not count', () => {
    const homerooms = Array.from({ length: 5 }, (_, n) => someClass({ id: `h${n}`, displayName: `Groep ${n + 1}` }))
    const music = someClass({ id: 'm', displayName: 'Muziek' })
    const of = (classes: WireClass[]) => {
      const people = new Map(classes.map(({ id }) => [id, { members: ['u'], teachers: ['u'] }] as const))
      const users = [someUser({ primaryRole: 'teacher', displayName: 'X' })]
      return mapped(wire({ classes, users, people }))
    }
    expect(of([...homerooms.slice(1), music]).roster.memberships.map(({ role }) => role)).toEqual(
      Array(5).fill('teacher'),
    )
    const held = of([...homerooms, music])
    expect(held.roster.memberships.map(({ role }) => role)).toEqual([...Array(5).fill('undecided'), 'teacher'])
    expect(held.findings.filter(({ code }) => code === 'role-undecided')).toHaveLength(5)
  })
})

describe('a name', () => {
  it.each([
    [
      { givenName: 'Milan', surname: 'de Boer' },
      { givenName: 'Milan', familyNamePrefix: 'de', familyName: 'Boer' },
    ],
    [
      { givenName: 'Kay', surname: 'Pinas-van den Berg' },
      { givenName: 'Kay', familyName: 'Pinas-van den Berg' },
    ],
    [{ givenName: ' Bo ', surname: '' }, { givenName: 'Bo' }],
    [{ givenName: null, surname: 'Hof', displayName: 'X' }, { familyName: 'Hof' }],
    [{ displayName: 'Boer, Milan de' }, { preferredFirstName: 'Boer, Milan de' }],
  ])('%j becomes %j', (names, expected) => {
    const found = person({ primaryRole: 'student', ...names }).person
    const { givenName, preferredFirstName, familyNamePrefix, familyName } = found ?? {}
    const given = { givenName, preferredFirstName, familyNamePrefix, familyName }
    expect(Object.fromEntries(Object.entries(given).filter(([, text]) => text !== undefined))).toEqual(expected)
  })

  it('that a pupil does not have is told', () =>
    expect(person({ primaryRole: 'student' }).findings).toEqual(['pupil-without-name']))
})

describe('an account', () => {
  it.each([
    [true, 'active', []],
    [false, 'inactive', []],
    [null, 'active', ['unknown-status']],
  ])('that is enabled: %s is %s', (accountEnabled, status, codes) => {
    const found = person({ accountEnabled, primaryRole: 'teacher', displayName: 'X' })
    expect(found.person?.status).toBe(status)
    expect(found.findings).toEqual(codes)
  })

  it('of a guest is left out, whatever it is', () => {
    expect(person({ userType: 'Guest', primaryRole: 'teacher' }).person).toBeUndefined()
  })

  it('has a number of a pupil or of staff, never both', () => {
    const both = {
      student: { externalId: 'E1', studentNumber: 'N1', grade: null },
      teacher: { externalId: 'E2', teacherNumber: null },
    }
    const numbers = (primaryRole: string) =>
      person({ ...both, primaryRole }).person?.keys.flatMap(({ type, value }) =>
        type.endsWith('number') ? [`${type} ${value}`] : [],
      )
    expect(numbers('student')).toEqual(['pupil-number N1'])
    expect(numbers('teacher')).toEqual(['staff-number E2'])
    expect(numbers('none')).toEqual([])
  })
})

describe('a grade', () => {
  it.each([
    ['8', 'primary', '8'],
    ['08', 'primary', '8'],
    ['Groep 4', undefined, '4'],
    ['gr. 4', 'secondary', '4'],
    ['3', 'secondary', '13'],
    ['leerjaar 3', undefined, '13'],
    ['klas 2', 'primary', '12'],
    ['3', undefined, undefined],
    ['0', 'primary', undefined],
    ['9', 'primary', undefined],
    ['7', 'secondary', undefined],
    ['KG', 'primary', undefined],
    ['11', 'secondary', undefined],
    ['', 'primary', undefined],
    [null, 'primary', undefined],
  ] as const)('%j in %s is %s', (text, level, grade) => expect(gradeFrom(text, level)).toBe(grade))

  it('of a pupil is that of a homeroom with one year group, and of no other', () => {
    const graded = (displayName: string) => {
      const people = new Map([['c', { members: ['u'], teachers: [] }]])
      const users = [someUser({ primaryRole: 'student', givenName: 'X' })]
      return mapped(wire({ classes: [someClass({ displayName })], users, people })).roster.people[0]?.grade
    }
    expect(graded('Groep 8A')).toBe('8')
    expect(graded('Groep 4/5')).toBeUndefined()
    expect(graded('8A')).toBeUndefined()
  })

  it('of a pupil wins over that of the homeroom', () => {
    const people = new Map([['c', { members: ['u'], teachers: [] }]])
    const student = { externalId: null, studentNumber: null, grade: '7' }
    const users = [someUser({ primaryRole: 'student', givenName: 'X', student })]
    const { roster } = mapped(wire({ classes: [someClass({ displayName: 'Groep 8' })], users, people }), {
      level: 'primary',
    })
    expect(roster.people[0]?.grade).toBe('7')
  })
})

describe('a class', () => {
  const during = (more: Partial<NonNullable<WireClass['term']>>) =>
    someClass({ term: { ...term, displayName: null, ...more } })
  it.each([
    [{ startDate: '2026-08-01', endDate: '2027-07-31' }, '2026-2027'],
    [{ startDate: '2026-07-20', endDate: '2027-06-30' }, '2026-2027'],
    [{ startDate: '2027-01-04T00:00:00Z', endDate: '2027-07-31T00:00:00Z' }, '2026-2027'],
    [{ displayName: '2025 / 2026' }, '2025-2026'],
    [{ externalId: '2526' }, '2025-2026'],
    [{ startDate: '2026-09-01' }, '2026-2027'],
    [{ startDate: '2026-07-31T22:00:00Z' }, '2026-2027'],
    [{ endDate: '2027-07-31T00:00:00Z' }, '2026-2027'],
    [{ endDate: '2027-06-30' }, '2026-2027'],
    [{ startDate: '2027-08-01', endDate: '2026-07-31', displayName: '2026-2027' }, '2026-2027'],
    [{ displayName: 'Periode 1' }, undefined],
    [{}, undefined],
  ])('with the term %j is of %s', (given, year) => expect(yearOf(during(given))).toBe(year))

  it('without a term is of the current year, and of no other', () => {
    const bare = [someClass({ term: null })]
    expect(classesOf(bare, '2026-2027', '2026-2027').ours).toHaveLength(1)
    expect(classesOf(bare, '2027-2028', '2026-2027')).toEqual({ ours: [], otherYear: 1, expired: 0 })
  })

  it.each(['Exp0726_Groep 8', 'exp0726-8A', 'Exp0726 Groep 8', 'Exp0726'])('that is called %s is over', displayName =>
    expect(classesOf([someClass({ displayName })], '2026-2027', '2026-2027').expired).toBe(1),
  )

  it.each(['Expressie', 'Groep Exp', 'Export 2026'])('that is called %s is not', displayName =>
    expect(classesOf([someClass({ displayName })], '2026-2027', '2026-2027').ours).toHaveLength(1),
  )

  it.each([
    ['displayName', 'Groep *', 'homeroom'],
    ['displayName', 'groep ?', 'homeroom'],
    ['classCode', '8?', 'homeroom'],
    ['mailNickname', 'klas-*', 'homeroom'],
    ['grade', '8', 'homeroom'],
    ['externalName', '*', 'scheduled'],
  ] as const)('is a homeroom by %s and %s: %s', (field, pattern, kind) => {
    const each = someClass({ displayName: 'Groep 8', classCode: '8A', mailNickname: 'klas-8a', grade: '8' })
    const { roster } = mapped(wire({ classes: [each] }), { homerooms: { field, patterns: [pattern] } })
    expect(roster.groups[0]?.kind).toBe(kind)
  })
})

describe('a class that looks like a homeroom', () => {
  const users = ['p', 'q', 'bully'].map(id => someUser({ id, primaryRole: 'student', givenName: 'X' }))
  const staff = ['t', 'u'].map(id => someUser({ id, primaryRole: 'teacher', givenName: 'X' }))
  const of = (rooms: { room: WireClass; pupils: string[]; owners: string[] }[], more: Partial<Options> = {}) => {
    const people = new Map(
      rooms.map(
        ({ room, pupils, owners }) => [room.id, { members: [...pupils, ...owners], teachers: owners }] as const,
      ),
    )
    const classes = rooms.map(({ room }) => room)
    const { roster, findings } = mapped(wire({ classes, users: [...users, ...staff], people }), more)
    const homerooms = roster.groups.filter(({ kind }) => kind === 'homeroom').map(({ sourceId }) => sourceId)
    const roles = roster.memberships.filter(({ personSourceId }) => /user:[tu]$/.test(personSourceId))
    return { homerooms, findings, roles: roles.map(({ personSourceId, role }) => `${personSourceId} ${role}`).sort() }
  }
  const real = { room: someClass({ id: 'real', externalId: '8A-2627' }), pupils: ['p', 'q', 'bully'], owners: ['t'] }
  const own = (more: Partial<WireClass>) => someClass({ id: 'own', displayName: 'Groep 8 musical', ...more })
  const notAClass = { code: 'not-a-class', sourceId: `tenant:${app.tenantId}`, detail: 'class:own:2026-2027' }

  it('is none when a teacher made it by hand, where School Data Sync makes the classes', () => {
    const found = of([real, { room: own({}), pupils: ['p'], owners: ['u'] }])
    expect(found).toMatchObject({ homerooms: ['class:real:2026-2027'] })
    expect(found.findings).toContainEqual(notAClass)
  })

  it('is one when nothing is made by School Data Sync, but not of a pupil who owns it', () => {
    expect(of([{ room: own({}), pupils: ['p'], owners: ['u'] }]).homerooms).toEqual(['class:own:2026-2027'])
    const found = of([{ room: own({}), pupils: ['p'], owners: ['u', 'bully'] }])
    expect(found.homerooms).toEqual([])
    expect(found.findings).toContainEqual(notAClass)
  })

  it('stays one where a teacher made a pupil an owner of what School Data Sync made', () =>
    expect(of([{ ...real, owners: ['t', 'bully'] }])).toMatchObject({
      homerooms: ['class:real:2026-2027'],
      roles: ['user:t teacher'],
    }))

  it('opens nothing by itself when neither a term nor a pattern with {year} says that it is of this year', () => {
    const bare = {
      ...real,
      room: someClass({ id: 'real', externalId: '8A', term: null, displayName: 'Groep 8 26/27' }),
    }
    const patterns = (pattern: string) => ({ homerooms: { field: 'displayName' as const, patterns: [pattern] } })
    expect(of([bare], patterns('Groep *')).roles).toEqual(['user:t undecided'])
    expect(of([bare], patterns('Groep * {year}')).roles).toEqual(['user:t teacher'])
    expect(of([bare], patterns('Groep *')).findings.map(({ code }) => code)).toContain('role-undecided')
  })

  it('gives way to the class of this year when it was left standing since last year', () => {
    const old = { room: own({ externalId: '7A', term: null }), pupils: ['p', 'q'], owners: ['u'] }
    const found = of([real, old])
    expect(found.homerooms).toEqual(['class:real:2026-2027'])
    expect(found.findings).toContainEqual(notAClass)
    expect(of([old]).homerooms).toEqual(['class:own:2026-2027'])
  })
})

describe('a number', () => {
  const numbers = (...students: { studentNumber: string | null; externalId: string | null }[]) => {
    const users = students.map((student, n) =>
      someUser({ id: String(n), primaryRole: 'student', givenName: 'X', student: { ...student, grade: null } }),
    )
    return assemble(mapped(wire({ users })).roster).flatMap(record =>
      record.type === 'person' ? [record.keys.find(({ type }) => type === 'pupil-number')?.value] : [],
    )
  }

  it('is of one kind in a school: an id of another system may be the number of another pupil', () => {
    const [a, b] = [
      { studentNumber: '1001', externalId: '77' },
      { studentNumber: null, externalId: '1001' },
    ]
    expect(numbers(a, b)).toEqual(['1001', undefined])
    expect(numbers(b, { studentNumber: null, externalId: '78' })).toEqual(['1001', '78'])
  })

  it('that may be a citizen’s is not taken', () =>
    expect(numbers({ studentNumber: '999990019', externalId: '77' })).toEqual([undefined]))
})

it.each([
  [
    { schoolNumber: '99ZZ', externalId: 'x' },
    { brin: '99ZZ', location: '00' },
  ],
  [
    { schoolNumber: '12', externalId: '99ZZ01' },
    { brin: '99ZZ', location: '01' },
  ],
  [{ schoolNumber: '12', externalId: null }, {}],
])('the numbers %j hold %j', (numbers, brin) => expect(brinOf(WireSchool.parse({ id: 's', ...numbers }))).toEqual(brin))

describe('whatever comes', () => {
  const text = fc.option(fc.string({ maxLength: 60 }), { nil: null })
  const users = fc.uniqueArray(
    fc.record({
      id: fc.uuid(),
      displayName: text,
      givenName: text,
      surname: text,
      primaryRole: fc.constantFrom('student', 'teacher', 'none', 'other', null),
      userType: fc.constantFrom('Member', 'Guest', null),
      accountEnabled: fc.constantFrom(true, false, null),
      student: fc.option(fc.record({ externalId: text, studentNumber: text, grade: text }), { nil: null }),
    }),
    { selector: ({ id }) => id, maxLength: 12 },
  )

  it('fits the vocabulary, closes its references and opens a homeroom to teachers alone', () =>
    fc.assert(
      fc.property(users, fc.array(fc.nat(15)), fc.array(fc.nat(15)), (given, in1, in2) => {
        const all = given.map(user => WireUser.parse(user))
        const pick = (places: number[]) => places.map(n => all[n]?.id ?? `stranger-${n}`)
        const people = new Map([['c', { members: pick(in1), teachers: pick(in2) }]])
        const { roster, findings } = mapped(wire({ classes: [someClass({})], users: all, people }))
        const records = assemble(roster)
        const known = new Set(records.flatMap(record => (record.type === 'membership' ? [] : [record.sourceId])))
        for (const { sourceId } of findings) expect(known).toContain(sourceId)
        const roleOf = new Map(roster.people.map(({ sourceId, role }) => [sourceId, role]))
        const pairs = roster.memberships.map(({ personSourceId }) => personSourceId)
        expect(new Set(pairs).size).toBe(pairs.length)
        for (const { role, personSourceId } of roster.memberships)
          if (role === 'teacher') expect(roleOf.get(personSourceId)).toBe('staff')
      }),
    ))
})
