import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { assemble } from '../../adapters/deliver.ts'
import { gradeOf, gradesOfClass } from '../../adapters/oneroster/grades.ts'
import { mapRoster, ruleOptions, rulesOf } from '../../adapters/oneroster/map.ts'
import { roleOf } from '../../adapters/oneroster/roles.ts'
import { isOurs, type Place, placeOf } from '../../adapters/oneroster/scope.ts'
import { WireClass, WireEnrollment, WireOrg, WireSession, WireUser } from '../../adapters/oneroster/wire.ts'
import { Grade } from '../../adapters/roster.ts'
import { now } from './support.ts'

const place: Place = {
  school: 's1',
  above: new Set(['board']),
  brin: '99ZZ',
  location: '00',
  name: 'School',
  schoolYear: '2026-2027',
  sessions: new Set(['t1']),
  current: true,
}
const today = '2026-11-23'

type Fields = Record<string, unknown>
const klas = (sourcedId = 'c1', more: Fields = {}) =>
  WireClass.parse({
    sourcedId,
    title: '5A',
    classType: 'homeroom',
    school: { sourcedId: 's1' },
    terms: [{ sourcedId: 't1' }],
    ...more,
  })
const user = (sourcedId: string, role: string, more: Fields = {}) =>
  WireUser.parse({ sourcedId, givenName: 'A', familyName: 'B', role, orgs: [{ sourcedId: 's1' }], ...more })
const roles = (...list: [string, string, string?, (string | undefined)?][]) => ({
  roles: list.map(([role, org, beginDate, endDate]) => ({ role, org: { sourcedId: org }, beginDate, endDate })),
})
const enrol = (who: string, role: string, more: Fields = {}) =>
  WireEnrollment.parse({
    sourcedId: `${who}-${role}`,
    user: { sourcedId: who },
    class: { sourcedId: 'c1' },
    role,
    ...more,
  })

function mapped(
  wire: {
    users?: z.infer<typeof WireUser>[]
    enrollments?: z.infer<typeof WireEnrollment>[]
    classes?: z.infer<typeof WireClass>[]
  },
  options: Fields = {},
) {
  const { users = [], enrollments = [], classes = [klas()] } = wire
  const rules = rulesOf(z.object(ruleOptions).parse(options), today)
  const { roster, findings } = mapRoster({ place, classes, users, enrollments }, rules)
  return {
    ...roster,
    findings,
    codes: (id: string) =>
      findings
        .filter(({ sourceId }) => sourceId === id)
        .map(({ code, detail }) => (detail ? `${code} ${detail}` : code)),
    person: (id: string) => roster.people.find(({ sourceId }) => sourceId === `user:${id}`),
    place: (id: string) => roster.memberships.filter(({ personSourceId }) => personSourceId === `user:${id}`),
  }
}
const one = (who: z.infer<typeof WireUser>, enrollments: z.infer<typeof WireEnrollment>[] = [], options: Fields = {}) =>
  mapped({ users: [who], enrollments }, options)

describe('year groups', () => {
  it.each([
    ['4', '4', '6'],
    ['04', '4', '6'],
    ['groep 4', '4', undefined],
    ['Groep4', '4', undefined],
    ['11', '11', '15'],
    ['12', '12', '16'],
    ['09', undefined, '13'],
    ['KG', undefined, '2'],
    ['PK', undefined, '1'],
    ['0', '0', undefined],
    ['C', 'C', undefined],
    ['H', undefined, undefined],
    ['groep 9', undefined, undefined],
    ['Other', undefined, undefined],
    ['', undefined, undefined],
    ['constructor', undefined, undefined],
  ])('%j is %s in the Netherlands and %s in America', (word, groep, ceds) => {
    expect([gradeOf(word, 'groep'), gradeOf(word, 'ceds')]).toEqual([groep, ceds])
  })

  it('are of our list or none, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('groep' as const, 'ceds' as const), (word, scheme) => {
        const grade = gradeOf(word, scheme)
        if (grade !== undefined) expect(Grade.options).toContain(grade)
      }),
    )
  })

  it('of a class are its own, or in its title where it says none', () => {
    expect(gradesOfClass(['05', '04', '4'], '4/5', 'groep')).toEqual({ grades: ['4', '5'], unknown: [] })
    expect(gradesOfClass([], '4/5', 'groep').grades).toEqual(['4', '5'])
    expect(gradesOfClass([], '4/5', 'ceds').grades).toEqual([])
    expect(gradesOfClass(['KG', '03'], '3', 'groep')).toEqual({ grades: ['3'], unknown: ['KG'] })
  })

  it('that nobody knows are reported, of a group and of a pupil', () => {
    const { codes, person, groups } = mapped({
      classes: [klas('c1', { grades: ['KG', 'een hele zin over iemand'] })],
      users: [
        user('u1', 'student', { grades: ['K-9'] }),
        user('u2', 'student', { grades: ['4', '5'] }),
        user('u3', 'student', { grades: '06' }),
      ],
    })
    expect(codes('class:c1')).toEqual(['unknown-grade', 'unknown-grade KG'])
    expect(codes('user:u1')).toEqual(['pupil-without-group', 'unknown-grade K-9'])
    expect(groups[0]?.grades).toEqual([])
    expect([person('u1')?.grade, person('u2')?.grade, person('u3')?.grade]).toEqual([undefined, undefined, '6'])
  })
})

describe('who somebody is', () => {
  it.each([
    ['student', 'pupil'],
    ['Teacher', 'staff'],
    ['aide', 'staff'],
    ['proctor', 'staff'],
    ['administrator', 'staff'],
    ['principal', 'staff'],
    ['counselor', 'staff'],
    ['siteAdministrator', 'staff'],
    ['districtAdministrator', 'staff'],
    ['systemAdministrator', 'staff'],
    ['guardian', 'parent'],
    ['parent', 'parent'],
    ['relative', 'parent'],
    ['ext:stagiair', 'trainee'],
    ['ext:anything', 'unknown'],
    ['constructor', 'unknown'],
    ['', 'unknown'],
  ])('%s is %s', (word, role) => expect(roleOf(word)).toBe(role))

  it('follows from the role in our school, not from the one elsewhere', () => {
    const { person, codes } = one(user('u1', '', roles(['teacher', 's2'], ['student', 's1'])))
    expect(person('u1')).toMatchObject({ role: 'pupil', roleHints: ['student'] })
    expect(codes('user:u1')).toEqual(['pupil-without-group'])
    expect(one(user('u1', '', roles(['student', 's2']))).people).toEqual([])
  })

  it('is pupil and a question when the source says pupil and staff', () => {
    const {
      person,
      codes,
      place: places,
    } = one(user('u1', '', roles(['teacher', 's1'], ['student', 's1'])), [enrol('u1', 'teacher')])
    expect(person('u1')).toMatchObject({ role: 'pupil', roleHints: ['student', 'teacher'] })
    expect(codes('user:u1')).toContain('several-roles')
    expect(places('u1')).toMatchObject([{ role: 'other' }])
  })

  it('is staff when a parent is also that, with both words', () => {
    expect(one(user('u1', '', roles(['parent', 's1'], ['aide', 's1']))).person('u1')).toMatchObject({
      role: 'staff',
      roleHints: ['aide', 'parent'],
    })
  })

  it('is a parent only with a place in a class: nothing here needs the others', () => {
    expect(one(user('u1', 'guardian')).people).toEqual([])
    expect(one(user('u1', 'guardian'), [enrol('u1', 'teacher')]).place('u1')).toMatchObject([{ role: 'other' }])
    expect(one(user('u1', 'guardian'), [enrol('u1', 'guardian')]).person('u1')?.role).toBe('parent')
  })

  it('is unknown and reported for a word on no list, and opens nothing', () => {
    const { person, codes, place: places } = one(user('u1', 'wizard'), [enrol('u1', 'teacher')])
    expect(person('u1')?.role).toBe('unknown')
    expect(codes('user:u1')).toEqual(['role-undecided class:c1', 'unknown-role wizard'])
    expect(places('u1')).toMatchObject([{ role: 'undecided' }])
    expect(one(user('u1', 'Jan de Vries')).codes('user:u1')).toEqual(['unknown-role'])
  })

  it('is a pupil for a child of another school who sits in a class of ours', () => {
    const guest = user('u1', '', roles(['student', 's2']))
    expect(one(guest, [enrol('u1', 'student')]).person('u1')?.role).toBe('pupil')
  })

  it('is staff for a teacher of the board in a class of ours, and unknown for one of another school', () => {
    const atBoard = one(user('u1', '', roles(['teacher', 'board'])), [enrol('u1', 'teacher', { primary: true })])
    expect([atBoard.person('u1')?.role, atBoard.place('u1')[0]?.role]).toEqual(['staff', 'teacher'])
    const elsewhere = one(user('u1', '', roles(['teacher', 's2'])), [enrol('u1', 'teacher', { primary: true })])
    expect([elsewhere.person('u1')?.role, elsewhere.place('u1')[0]?.role]).toEqual(['unknown', 'undecided'])
    expect(elsewhere.codes('user:u1')).toEqual(['role-undecided class:c1', 'unknown-role teacher'])
  })

  it('is what the roles say that have not ended', () => {
    const past = one(user('u1', '', roles(['teacher', 's1', '2020-08-01', '2026-10-01'], ['parent', 's1'])), [
      enrol('u1', 'teacher'),
    ])
    expect(past.person('u1')).toMatchObject({ role: 'parent', status: 'active' })
    expect(past.place('u1')).toMatchObject([{ role: 'other' }])
  })

  it('is not staff before the day on which the source says so, whatever else the person is here', () => {
    const soon = roles(['parent', 's1'], ['teacher', 's1', '2027-01-01'])
    const found = one(user('u1', '', soon), [enrol('u1', 'teacher')])
    expect(found.person('u1')).toMatchObject({ role: 'parent', status: 'active' })
    expect(found.place('u1')).toMatchObject([{ role: 'other' }])
    const later = one(user('u1', '', roles(['teacher', 's1', '2027-01-01'])), [enrol('u1', 'teacher')])
    expect(later.person('u1')).toMatchObject({ role: 'staff', status: 'pending', startsOn: '2027-01-01' })
    const child = one(user('u1', '', roles(['teacher', 's1'], ['student', 's1', '2027-01-01'])))
    expect(child.person('u1')?.role).toBe('pupil')
  })

  it.each([
    ['2026-08-17', undefined, 'active'],
    ['2026-11-23', undefined, 'active'],
    ['2026-11-24', undefined, 'pending'],
    ['2020-08-01', '2026-11-24', 'active'],
    ['2020-08-01', '2026-11-23', 'inactive'],
    ['2020-08-01', '2026-08-01', 'inactive'],
    ['2020-08-01', '2026-07-31', undefined],
  ])('from %s until %s is %s', (begin, end, status) => {
    expect(one(user('u1', '', roles(['student', 's1', begin, end]))).person('u1')?.status).toBe(status)
  })

  it('whose account is disabled is still a pupil, but no longer staff that may be let in; both are reported', () => {
    const { person, codes } = mapped({
      users: [user('u1', 'student', { enabledUser: 'false' }), user('u2', 'teacher', { enabledUser: false })],
    })
    expect([person('u1')?.status, person('u2')?.status]).toEqual(['active', 'inactive'])
    expect([codes('user:u1'), codes('user:u2')]).toEqual([
      ['pupil-without-group', 'unknown-status disabled'],
      ['unknown-status disabled'],
    ])
  })

  it('is nobody when the source says that it is gone', () => {
    for (const status of ['tobedeleted', 'ToBeDeleted', 'inactive'])
      expect(one(user('u1', 'student', { status })).people).toEqual([])
    expect(one(user('u1', 'student', { status: 'asleep' })).codes('user:u1')).toContain('unknown-status asleep')
  })
})

describe('names and keys', () => {
  it('part the prefix from the family name, and keep the called name apart', () => {
    const { person } = one(
      user('u1', 'student', { givenName: 'Johanna', preferredFirstName: 'Jo', familyName: 'van der Berg' }),
    )
    expect(person('u1')).toMatchObject({
      givenName: 'Johanna',
      preferredFirstName: 'Jo',
      familyNamePrefix: 'van der',
      familyName: 'Berg',
    })
  })

  it('that are missing or damaged are reported', () => {
    const { codes, person } = mapped({
      users: [
        user('u1', 'student', { givenName: '', familyName: null }),
        user('u2', 'student', { givenName: 'Zo\uFFFD' }),
      ],
    })
    expect(codes('user:u1')).toContain('pupil-without-name')
    expect(codes('user:u2')).toContain('damaged-text')
    expect(person('u1')).not.toHaveProperty('familyName')
  })

  it('are user name, address and number, the number by who it is', () => {
    const more = { username: 'jo', email: 'jo@school.example', identifier: '50001' }
    const { person } = mapped({
      users: [user('u1', 'student', more), user('u2', 'teacher', more), user('u3', 'wizard', more)],
    })
    const numbers = ['u1', 'u2', 'u3'].map(id => person(id)?.keys.map(({ type }) => type))
    expect(numbers).toEqual([
      ['username', 'email', 'pupil-number'],
      ['username', 'email', 'staff-number'],
      ['username', 'email'],
    ])
    expect(person('u1')?.keys.every(({ stable }) => stable)).toBe(true)
  })

  it('never hold a citizen number, wherever it was put', () => {
    // 111222333 passes the test and belongs to nobody: it is the one of the examples.
    const ids = [
      { type: 'BSN', identifier: '111222333' },
      { type: 'eckid', identifier: 'https://ketenid.nl/CANARY' },
    ]
    const keys = (wire: z.infer<typeof WireUser>, options: Fields = {}) =>
      assemble(one(wire, [], options)).flatMap(record => (record.type === 'person' ? record.keys : []))
    expect(keys(user('u1', 'student', { identifier: '111222333', userIds: ids }))).toEqual([])
    const named = user('u1', 'student', {
      username: '111222333',
      userIds: [{ type: 'Fed', identifier: '1112.22.333' }],
    })
    expect(keys(named, { userIds: { Fed: 'pupil-number' } })).toEqual([])
  })

  it('take an account of a directory by type and form, and other types by the options', () => {
    const oid = '0f3c7a52-9a1b-4c8e-8f57-2b1d6a7e9c01'
    const ids = [
      { type: 'AzureAD', identifier: oid },
      { type: 'Google', identifier: '112233445566778899001' },
      { type: 'Entra', identifier: 'jo@school.example' },
      { type: 'Fed', identifier: 'f-1' },
      { type: 'constructor', identifier: 'x' },
      { type: null, identifier: 'y' },
    ]
    const keys = (options: Fields) =>
      one(user('u1', 'wizard', { userIds: ids }), [], options)
        .person('u1')
        ?.keys.map(({ type, value }) => `${type} ${value}`)
    expect(keys({})).toEqual([`object-id ${oid}`, 'object-id 112233445566778899001'])
    expect(keys({ userIds: { Fed: 'subject' } })).toContain('subject f-1')
  })
})

describe('an enrolment', () => {
  const teacher = user('u1', 'teacher')
  const roleWith = (more: Fields, options: Fields = {}, who = teacher, role = 'teacher', classes = [klas()]) =>
    mapped({ users: [who], enrollments: [enrol('u1', role, more)], classes }, options).place('u1')[0]?.role

  it('as teacher makes the teacher, but for one who is not primary on a homeroom', () => {
    expect([roleWith({ primary: true }), roleWith({ primary: 'true' }), roleWith({})]).toEqual([
      'teacher',
      'teacher',
      'teacher',
    ])
    expect([roleWith({ primary: false }), roleWith({ primary: 'false' })]).toEqual(['undecided', 'undecided'])
    expect(roleWith({ primary: false }, { teachers: 'all' })).toBe('teacher')
    expect(roleWith({ primary: false }, {}, teacher, 'teacher', [klas('c1', { classType: 'scheduled' })])).toBe(
      'teacher',
    )
  })

  it.each(['aide', 'proctor', 'administrator', 'guardian', 'wizard', ''])('as %j makes nobody a teacher', role => {
    expect(roleWith({ primary: true }, { teachers: 'all' }, teacher, role)).toBe('other')
  })

  it.each(['student', 'guardian', 'ext:stagiair'])('as teacher makes no teacher of a %s', role => {
    expect(roleWith({ primary: true }, { teachers: 'all' }, user('u1', role))).toBe('other')
  })

  it('as student makes no pupil of a teacher', () => expect(roleWith({}, {}, teacher, 'student')).toBe('other'))

  it('of somebody who did not come is left out and reported on the group', () => {
    const { memberships, codes } = mapped({
      users: [teacher],
      enrollments: [enrol('nobody', 'student'), enrol('nobody2', 'student')],
    })
    expect(memberships).toEqual([])
    expect(codes('class:c1')).toEqual(['unknown-person'])
  })

  it('that is gone, or of a class that is none of ours, is left out', () => {
    const gone = { ...enrol('u1', 'teacher', { status: 'tobedeleted' }) }
    const away = enrol('u1', 'teacher', { class: { sourcedId: 'c9' } })
    expect(mapped({ users: [teacher], enrollments: [gone, away] }).memberships).toEqual([])
  })

  it('is one membership a person and class: the present one first, then the role that says most, then the longest', () => {
    const ended = { beginDate: '2026-08-01', endDate: '2026-10-01' }
    const comes = { beginDate: '2027-01-01' }
    const choose = (...list: [string, Fields][]) => {
      const found = [list, [...list].reverse()].map(each =>
        mapped({ users: [teacher], enrollments: each.map(([role, more]) => enrol('u1', role, more)) }).place('u1'),
      )
      expect(found[0]).toEqual(found[1])
      expect(found[0]).toHaveLength(1)
      return found[0]?.[0]
    }
    expect(choose(['teacher', ended], ['aide', {}])).toMatchObject({ role: 'other' })
    expect(choose(['teacher', comes], ['aide', {}])).toMatchObject({ role: 'other' })
    expect(choose(['teacher', {}], ['aide', {}])).toMatchObject({ role: 'teacher' })
    expect(choose(['teacher', { primary: false }], ['teacher', { primary: true }])).toMatchObject({ role: 'teacher' })
    expect(choose(['teacher', ended], ['teacher', comes])).toMatchObject({ startsOn: '2027-01-01' })
    expect(choose(['teacher', { endDate: '2027-01-01' }], ['teacher', { endDate: '2027-06-01' }])).toMatchObject({
      endsOn: '2027-06-01',
    })
  })

  it('keeps its days as they are: the end is exclusive at the source too', () => {
    const { place: places } = one(teacher, [
      enrol('u1', 'teacher', { beginDate: '2026-08-01', endDate: '2027-01-31T23:30:00Z' }),
    ])
    expect(places('u1')).toMatchObject([{ startsOn: '2026-08-01', endsOn: '2027-02-01' }])
  })

  it('with a day that cannot be read stops the run, by id; one of another school does not', () => {
    const broken = (who: string, more: Fields = {}) => enrol(who, 'teacher', { endDate: '31-07-2027', ...more })
    const { roster } = mapRoster(
      { place, classes: [klas()], users: [teacher], enrollments: [broken('u1')] },
      rulesOf(z.object(ruleOptions).parse({}), today),
    )
    expect(() => assemble(roster)).toThrow('user:u1 has a endsOn that does not fit')
    expect(
      mapped({ users: [teacher], enrollments: [broken('u9', { class: { sourcedId: 'c9' } })] }).memberships,
    ).toEqual([])
    const role = one(user('u1', '', roles(['student', 's1', '01-08-2020'])))
    expect(() => assemble(role)).toThrow('user:u1 has a startsOn that does not fit')
    expect(() => assemble(one(user('u1', '', roles(['student', 's1', '2020-08-01', '01-08-2020']))))).toThrow(
      'user:u1 has a endsOn',
    )
  })
})

describe('a class', () => {
  it('is a homeroom when the source says so or the options do', () => {
    const kinds = (options: Fields) =>
      mapped(
        {
          classes: [
            klas('c1'),
            klas('c2', { classType: 'scheduled', title: 'Groep 4' }),
            klas('c3', { classType: null, title: 'Koor' }),
          ],
        },
        options,
      ).groups.map(({ kind }) => kind)
    expect(kinds({})).toEqual(['homeroom', 'scheduled', 'scheduled'])
    expect(kinds({ homerooms: ['groep *'] })).toEqual(['homeroom', 'homeroom', 'scheduled'])
  })

  it.each([
    [{}, true],
    [{ school: { sourcedId: 's2' } }, false],
    [{ school: null }, false],
    [{ status: 'tobedeleted' }, false],
    [{ terms: [{ sourcedId: 't0' }] }, false],
    [{ terms: [{ sourcedId: 't0' }, { sourcedId: 't1' }] }, true],
    [{ terms: [] }, true],
  ])('%j is ours: %s', (more, ours) => expect(isOurs(klas('c1', more), place)).toBe(ours))

  it('without a session is of the current year only', () => {
    expect(isOurs(klas('c1', { terms: [] }), { ...place, current: false })).toBe(false)
  })

  it('that nobody teaches is reported when it holds for every homeroom', () => {
    expect(one(user('u1', 'teacher'), [enrol('u1', 'aide')]).codes('org:s1')).toEqual(['no-group-teachers'])
    expect(mapped({ classes: [klas('c1', { classType: 'scheduled' })] }).codes('org:s1')).toEqual(['no-homerooms'])
  })
})

describe('school and year', () => {
  const orgs = (...list: [string, (string | undefined)?, string?, string?][]) =>
    list.map(([sourcedId, identifier, type = 'school', parent]) =>
      WireOrg.parse({ sourcedId, identifier, type, parent: parent === undefined ? null : { sourcedId: parent } }),
    )
  const session = (sourcedId: string, type: string, startDate?: string, endDate?: string, parent?: string) =>
    WireSession.parse({
      sourcedId,
      type,
      startDate,
      endDate,
      parent: parent === undefined ? null : { sourcedId: parent },
    })
  const year = [session('y26', 'schoolYear', '2026-08-01', '2027-07-31')]
  const clock = () => now
  const find = (list: ReturnType<typeof orgs>, school: string, more: Fields = {}) =>
    placeOf(list, year, { school, ...more }, { clock })

  it('are found by sourcedId, identifier, and a BRIN in any notation', () => {
    const list = orgs(
      ['board', undefined, 'district'],
      ['a', '99ZZ00', 'school', 'board'],
      ['b', '98QQ-01', 'school', 'board'],
    )
    for (const wanted of ['a', '99ZZ00', '99zz-00', '99ZZ']) expect(find(list, wanted).school).toBe('a')
    expect(find(list, '98QQ01')).toMatchObject({ school: 'b', brin: '98QQ', location: '01' })
    expect([...find(list, 'a').above]).toEqual(['board'])
  })

  it('of a school without a BRIN are known by its sourcedId', () => {
    expect(find(orgs(['a', 'Vlinder']), 'vlinder')).toMatchObject({ school: 'a', brin: undefined, location: undefined })
  })

  it('are refused when there is none, or when two have it', () => {
    expect(() => find(orgs(['a', '99ZZ00'], ['b', '99ZZ01']), '99ZZ')).toThrow(
      '2 schools of the source have this identifier',
    )
    expect(() => find(orgs(['a', 'x'], ['b', 'x']), 'x')).toThrow('give the sourcedId')
    expect(() => find([], 'x')).toThrow('it shows none at all')
    expect(() => find(orgs(['d', 'x', 'district']), 'x')).toThrow('no school')
  })

  it('go on when the parents of a school go in a circle', () => {
    expect([
      ...find(orgs(['a', 'x', 'school', 'b'], ['b', 'y', 'district', 'c'], ['c', 'z', 'district', 'b']), 'a').above,
    ]).toEqual(['b', 'c'])
  })

  it('follow from where the middle of a session lies, or of its parent', () => {
    const sessions = [
      ...[
        session('be', 'schoolYear', '2026-09-01', '2027-06-30'),
        session('nl', 'schoolYear', '2026-08-01', '2027-08-01'),
      ],
      ...[
        session('old', 'schoolYear', '2025-08-01', '2026-07-31'),
        session('summer', 'term', '2026-06-01', '2026-09-15'),
      ],
      ...[
        session('child', 'gradingPeriod', undefined, undefined, 'nl'),
        session('loop', 'term', undefined, undefined, 'loop'),
      ],
      ...[session('odd', 'term', 'eens', '2027-01-01'), session('gone', 'term', '2026-08-01', '2027-07-31')],
    ].map(each => (each.sourcedId === 'gone' ? { ...each, status: 'tobedeleted' } : each))
    const found = (schoolYear?: string) => [
      ...placeOf(orgs(['a']), sessions, { school: 'a', schoolYear }, { clock }).sessions,
    ]
    expect(found()).toEqual(['be', 'nl', 'child'])
    expect(found('2025-2026')).toEqual(['old', 'summer'])
    expect(() => found('2024-2025')).toThrow('the source has no academic session in the school year 2024-2025')
  })

  it('are the year of the run before that of the options before the current one', () => {
    const years = [
      ...year,
      session('y27', 'schoolYear', '2027-08-01', '2028-07-31'),
      session('y25', 'schoolYear', '2025-08-01', '2026-07-31'),
    ]
    const found = (option: string | undefined, run?: string) =>
      placeOf(
        orgs(['a']),
        years,
        { school: 'a', schoolYear: option },
        { clock, ...(run === undefined ? {} : { schoolYear: run }) },
      )
    expect(found(undefined)).toMatchObject({ schoolYear: '2026-2027', current: true })
    expect(found('2025-2026')).toMatchObject({ schoolYear: '2025-2026', current: false })
    expect(found('2025-2026', '2027-2028').schoolYear).toBe('2027-2028')
  })
})

it('gives records of the vocabulary or a finding, whatever a server sends', () => {
  const word = fc.oneof(
    fc.constantFrom('student', 'teacher', 'parent', 'active', 'tobedeleted', 'true', '04', '2026-10-01', ''),
    fc.string({ maxLength: 20 }),
  )
  const maybe = fc.option(word)
  const id = fc.constantFrom('u1', 'u2', 'u3')
  const wire = fc.record({
    users: fc.uniqueArray(
      fc.record({
        sourcedId: id,
        status: maybe,
        role: maybe,
        orgs: fc.constantFrom([], [{ sourcedId: 's1' }], [{ sourcedId: 's2' }]),
        grades: fc.option(fc.array(word, { maxLength: 3 })),
        enabledUser: fc.option(fc.oneof(fc.boolean(), word)),
        givenName: maybe,
        familyName: maybe,
        identifier: maybe,
      }),
      { selector: each => each.sourcedId },
    ),
    enrollments: fc.array(
      fc.record({
        sourcedId: word.filter(text => text.trim() !== ''),
        user: fc.record({ sourcedId: id }),
        class: fc.constant({ sourcedId: 'c1' }),
        role: maybe,
        status: maybe,
        primary: fc.option(fc.boolean()),
        beginDate: fc.constantFrom(null, '2026-08-01', '2027-01-01'),
        endDate: fc.constantFrom(null, '2026-10-01', '2027-02-01'),
      }),
    ),
  })
  fc.assert(
    fc.property(wire, ({ users, enrollments }) => {
      const result = mapped({
        users: users.map(each => WireUser.parse(each)),
        enrollments: enrollments.map(each => WireEnrollment.parse(each)),
      })
      const records = assemble(result)
      const ids = new Set(records.map(each => ('sourceId' in each ? each.sourceId : '')))
      for (const { sourceId } of result.findings) expect(ids).toContain(sourceId)
      const staff = new Set(result.people.filter(({ role }) => role === 'staff').map(({ sourceId }) => sourceId))
      for (const { role, personSourceId } of result.memberships)
        if (role === 'teacher') expect(staff).toContain(personSourceId)
    }),
  )
})

const headers = new URL('../../../shared/data/oneroster/headers-1.2/', import.meta.url)
it.skipIf(!existsSync(headers))(
  'reads the header rows of a generator that is not ours (skipped when ../shared/data is absent)',
  () => {
    const line = (name: string) => readFileSync(new URL(name, headers), 'utf8').split(/\r?\n/)[0]?.split(',')
    expect(line('users.csv')).toEqual(
      expect.arrayContaining(['sourcedId', 'givenName', 'familyName', 'orgSourcedIds', 'role', 'enabledUser']),
    )
    expect(line('classes.csv')).toEqual(
      expect.arrayContaining(['sourcedId', 'title', 'schoolSourcedId', 'termSourcedIds', 'classType']),
    )
    expect(line('enrollments.csv')).toEqual(
      expect.arrayContaining(['classSourcedId', 'userSourcedId', 'role', 'primary', 'beginDate', 'endDate']),
    )
  },
)
