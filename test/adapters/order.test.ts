/** The order in which a source answers is nobody's business: the same facts in any order are the same roster. (EDEXML: edexml-order.test.ts.) */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { type Assembled, assemble, inBatches } from '../../adapters/deliver.ts'
import { mapRoster as mapGoogle } from '../../adapters/google/map.ts'
import { google } from '../../adapters/google/source.ts'
import { mapRoster as mapGraph } from '../../adapters/graph/map.ts'
import { Options as GraphOptions } from '../../adapters/graph/options.ts'
import { WireClass as GraphClass, WireUser as GraphUser } from '../../adapters/graph/wire.ts'
import { mapMagister } from '../../adapters/magister-data/map.ts'
import { Options as MagisterOptions } from '../../adapters/magister-data/options.ts'
import type { Enrolment, StaffMember } from '../../adapters/magister-data/wire.ts'
import { mapRoster as mapOneRoster, ruleOptions, rulesOf } from '../../adapters/oneroster/map.ts'
import { WireClass, WireEnrollment, WireUser } from '../../adapters/oneroster/wire.ts'
import { mapGkv } from '../../adapters/parnassys-gkv/map.ts'
import { mapSomtoday } from '../../adapters/somtoday/map.ts'
import { Options as SomtodayOptions } from '../../adapters/somtoday/options.ts'
import type { Leerling, Plaatsing } from '../../adapters/somtoday/wire.ts'
import type { Finding } from '../../adapters/source.ts'
import { googleState } from '../school/sis/google.ts'
import { app } from '../school/sis/graph.ts'
import { now } from './support.ts'

const shuffled = <Item>(items: readonly Item[]) => fc.shuffledSubarray([...items], { minLength: items.length })
const proof = { kind: 'snapshot' as const, scope: { schoolYear: '2026-2027' } }
const said = (roster: Assembled, findings: readonly Finding[]) => [...inBatches(assemble(roster), findings, proof)]

/** Lists in any order, of which `read` makes a roster. */
function anyOrder<Lists extends Record<string, readonly unknown[]>>(
  lists: Lists,
  read: (lists: Lists) => ReturnType<typeof said>,
) {
  const expected = read(lists)
  const orders = fc.record(Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, shuffled(list)])))
  // SAFETY: the same lists under the same names.
  fc.assert(
    fc.property(orders, found => {
      expect(read(found as unknown as Lists)).toEqual(expected)
    }),
  )
}

it('of Microsoft’s classes, accounts and members', () => {
  const term = { displayName: '2026-2027', externalId: null, startDate: null, endDate: null }
  const classes = ['Groep 4/5', 'Groep 8', 'Groep 7', 'Groep 6', 'Groep 3', 'Muziek'].map((displayName, n) =>
    GraphClass.parse({ id: `c${n}`, displayName, ...(n === 3 ? {} : { term }) }),
  )
  const roles = ['student', 'student', 'student', 'teacher', 'teacher', 'none']
  const users = roles.map((primaryRole, n) => GraphUser.parse({ id: `u${n}`, givenName: 'X', primaryRole }))
  const ids = users.map(({ id }) => id)
  const options = GraphOptions.parse({ ...app, homerooms: { field: 'displayName', patterns: ['Groep *'] } })
  anyOrder({ classes, users, members: [...ids, 'stranger'], teachers: ids.slice(2) }, lists => {
    const inEach = { members: lists.members, teachers: lists.teachers }
    const few = { members: lists.members.filter(id => id !== 'u2'), teachers: ['u3'] }
    const people = new Map(lists.classes.map(({ id }) => [id, id === 'c1' ? few : inEach] as const))
    const sorted = { ours: lists.classes, otherYear: 0, expired: 0 }
    const { roster, findings } = mapGraph(
      { school: undefined, classes: sorted, users: lists.users, people },
      options,
      '2026-2027',
    )
    return said(roster, findings)
  })
})

it('of Google’s courses, users and participants', () => {
  const { keyJson } = googleState({ users: [], orgUnits: [], groups: [], courses: [] }, () => now)
  const homerooms = { from: 'courses', patterns: ['Groep *'] }
  const units = { pupils: ['/S/L'], staff: ['/S/T'], trainees: ['/S/X'] }
  const options = google.options.parse({ serviceAccount: keyJson, subject: 'a@s.example', ...units, homerooms })
  const paths = ['/S/L', '/S/L/8', '/S/L', '/S/T', '/S/T/IB', '/S/X']
  const users = paths.map((orgUnitPath, n) => ({
    ...{ id: `u${n}`, customerId: 'C0fictief', primaryEmail: `u${n}@s.example`, orgUnitPath },
    name: { givenName: 'X', familyName: 'Y' },
  }))
  const ids = users.map(({ id }) => id)
  const courses = ['2025', '2026', '2026', '2026', '2026', '2026'].map((year, n) => ({
    ...{ id: `c${n}`, name: `Groep ${n + 3}`, section: undefined, creationTime: `${year}-08-20T09:00:00Z` },
    ...{ ownerId: n === 3 ? 'u0' : 'u3', homeroom: true, ofYear: false },
  }))
  anyOrder({ courses, users, students: [...ids, 'stranger'], teachers: ids.slice(2) }, lists => {
    const { students, teachers } = lists
    const whole = lists.courses.map(course => ({ ...course, students, teachers }))
    const roster = mapGoogle(
      { users: lists.users, orgUnits: [], groups: [], courses: whole },
      options,
      'C0fictief',
      '2026-2027',
    )
    return said(roster, roster.findings)
  })
})

it('of OneRoster’s classes, users, roles and enrolments', () => {
  const place = {
    ...{ school: 's1', above: new Set(['board']), brin: '99ZZ', location: '00', name: 'School' },
    ...{ schoolYear: '2026-2027', sessions: new Set(['t1']), current: true },
  }
  const school = { school: { sourcedId: 's1' }, terms: [{ sourcedId: 't1' }] }
  const grades = ['C', '5', 'S', '4', 'KG', 'PK']
  const roles = [
    { role: 'parent', org: { sourcedId: 's1' } },
    { role: 'teacher', org: { sourcedId: 's1' }, beginDate: '2026-08-01' },
    { role: 'clown', org: { sourcedId: 's1' }, beginDate: '2026-08-01' },
    { role: 'juggler', org: { sourcedId: 's1' }, endDate: '2026-10-01' },
  ]
  const enrolments = ['teacher', 'aide', 'teacher', 'student'].map((role, n) =>
    WireEnrollment.parse({
      ...{ sourcedId: `e${n}`, user: { sourcedId: 'u1' }, class: { sourcedId: 'c1' }, role },
      ...(n === 2 ? { primary: false } : {}),
    }),
  )
  const rules = rulesOf(z.object(ruleOptions).parse({}), '2026-11-23')
  anyOrder({ grades, roles, enrolments, users: ['u1', 'u2'], classes: ['c1', 'c2'] }, lists => {
    const wire = {
      place,
      classes: lists.classes.map(sourcedId =>
        WireClass.parse({ sourcedId, title: 'A', classType: 'homeroom', grades: lists.grades, ...school }),
      ),
      users: lists.users.map(sourcedId =>
        WireUser.parse({ sourcedId, givenName: 'A', roles: lists.roles, grades: lists.grades }),
      ),
      enrollments: lists.enrolments,
    }
    const { roster, findings } = mapOneRoster(wire, rules)
    return said(roster, findings)
  })
})

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`

it('of Somtoday’s placements, groups, mentors and accounts', () => {
  const options = SomtodayOptions.parse({
    ...{ organisation: uuid(1), clientId: 'i', clientSecret: 's', vestiging: uuid(2) },
  })
  const stamgroepen = [1, 2].map(n => ({ uuid: uuid(30 + n), naam: `H${n}`, leerjaar: n }))
  const placements: Plaatsing[] = stamgroepen.map(stamgroep => ({
    ...{ schooljaar: '2026/2027', startdatum: '2026-08-01', einddatum: '2027-07-31' },
    ...{ leerjaar: stamgroep.leerjaar, stamgroep },
    mentoren: [
      { medewerker_uuid: uuid(50 + stamgroep.leerjaar), toewijzing: 'EersteMentorStamgroep' },
      { medewerker_uuid: uuid(51), toewijzing: 'Plaatsing' },
      { medewerker_uuid: uuid(59), toewijzing: 'Klassenmoeder' },
    ],
  }))
  const pupils = [11, 12].map(n => ({ uuid: uuid(n), roepnaam: 'X', emailadres: 'Een@s.example' }) as Leerling)
  const medewerkers = [51, 52, 53].map(n => ({
    ...{ uuid: uuid(n), functie: 'Docent', emailadres: 'een@s.example' },
    ...{ medewerkernummer: undefined, roepnaam: 'Y', voorletters: undefined, voorvoegsel: undefined },
    ...{ achternaam: undefined, gebruikersnaam: undefined, eduPersonRealId: undefined },
  }))
  const lesgroepen = [{ uuid: uuid(70), naam: 'wi', leerlingen: [{ uuid: uuid(11) }], docenten: [uuid(52), uuid(99)] }]
  anyOrder({ stamgroepen, placements, pupils, medewerkers }, lists => {
    const leerlingen = lists.pupils.map(pupil => ({ ...pupil, plaatsingen: [...lists.placements] }))
    const wire = {
      vestiging: { uuid: uuid(2), naam: 'S', brins: ['99ZZ00'], externalidentifiers: [] },
      ...{ leerlingen, medewerkers: [...lists.medewerkers], stamgroepen: [...lists.stamgroepen] },
      lesgroepen: lesgroepen.map(each => ({ ...each, schooljaar: '2026/2027' })),
      ...{ leerlingAccounts: [], medewerkerAccounts: [], grant: [] },
    }
    const roster = mapSomtoday(wire, { options, schoolYear: '2026-2027', day: '2026-11-23' })
    return said(roster, roster.findings)
  })
})

it('of Magister’s rows', () => {
  const options = MagisterOptions.parse({
    ...{ url: 'http://127.0.0.1/doc', username: 'u', password: 'p', layouts: { pupils: 'l' }, brin: '99ZZ' },
  })
  const base = { number: '1', familyName: 'Berg', period: '26/27', startsOn: '2026-08-01', location: 'HOOFD' }
  const enrolments: Enrolment[] = [
    { ...base, className: 'H3A', year: '3', classMentors: ['jan'], endsOn: '2027-07-31' },
    { ...base, className: 'H3A', year: '4', classMentors: ['jan'], endsOn: '2027-07-31' },
    { ...base, className: 'H3A', year: '3', classMentors: ['eva'], endsOn: '2027-06-01' },
    { ...base, number: '2', className: 'h3a ', year: '3', classMentors: ['eva'], personalMentor: 'jan' },
  ]
  const staff: StaffMember[] = [
    { stamnr_str: '7', code: 'jan', achternaam: 'A', 'loginaccount.naam': 'x' },
    { stamnr_str: '7', code: 'jan2', achternaam: 'B', 'loginaccount.naam': 'x' },
    { stamnr_str: '8', code: 'eva', achternaam: 'C', 'loginaccount.naam': 'eva' },
    { stamnr_str: '9', code: 'EVA', achternaam: 'D', 'functie.omschr': '*Docent' },
  ]
  const lessons: [string, { groups: string[]; classes: string[] }][] = [
    ['7', { groups: ['wi1', 'WI1'], classes: ['H3A'] }],
    ['8', { groups: ['wi1'], classes: [] }],
  ]
  anyOrder({ enrolments, staff, lessons }, lists => {
    const wire = { enrolments: [...lists.enrolments], staff: [...lists.staff], lessons: new Map(lists.lessons) }
    const roster = mapMagister(
      { ...wire, unnumbered: 1, groupRows: undefined },
      { options, schoolYear: '2026-2027', today: '2026-11-23' },
    )
    return said(roster, roster.findings)
  })
})

it('of the GKV’s lists', () => {
  const groups = ['Groep 4', 'Groep 5', 'aangemeld'].map((naam, n) => ({ id: `g${n}`, naam, schooljaar: 'y1' }))
  const placements = [
    { groep: 'g0', schooljaar: 'y1', vanafDatum: '2026-08-01', leerjaar: '4' },
    { groep: 'g1', schooljaar: 'y1', vanafDatum: '2026-08-01', leerjaar: '5' },
    { groep: 'g1', schooljaar: 'y1', vanafDatum: '2026-08-01', totDatum: '2027-07-31', leerjaar: '4' },
    { groep: 'g2', schooljaar: 'y1', vanafDatum: '2026-08-01', leerjaar: 'x' },
  ]
  const enrolments = [
    { datumInschrijving: '2026-08-01' },
    { datumInschrijving: '2026-08-01', datumUitschrijving: '2027-07-01' },
    { datumInschrijving: '2025-08-01', datumUitschrijving: '2026-08-01' },
  ]
  const employments = [
    { id: 'd1', naam: 'Leerkracht' },
    { id: 'd2', naam: 'Onderwijsassistent' },
  ]
  const wanted = { brin: '99ZZ', location: '00', schoolYear: '2026-2027', today: '2026-11-23' }
  anyOrder({ groups, placements, enrolments, employments, pupils: ['1', '2'] }, lists => {
    const { roster, findings } = mapGkv(
      {
        pupils: {
          schoolYears: [{ id: 'y1', naam: '2026 / 2027' }],
          groups: [...lists.groups],
          pupils: lists.pupils.map(id => ({
            ...{ id, roepNaam: 'X', placements: [...lists.placements], enrolments: [...lists.enrolments] },
          })),
        },
        staff: {
          employments: [...lists.employments],
          staff: [{ id: '9', lastName: 'de Boer', employments: lists.employments.map(({ id }) => ({ id })) }],
        },
      },
      { ...wanted, isClass: name => name !== 'aangemeld' },
    )
    return said(roster, findings)
  })
})
