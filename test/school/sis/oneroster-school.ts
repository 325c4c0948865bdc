/** The invented school as OneRoster objects, with a neighbour of the same board and a class of last year: what a reader must keep apart. */
import type { GeneratedSchool, SchoolPupil, SchoolTeacher } from '../generate.ts'
import type { PersonName } from '../names.ts'

export type OneRosterVersion = '1.1' | '1.2'
export type Thing = { sourcedId: string; status: string; dateLastModified?: string; [field: string]: unknown }
export const collectionNames = ['orgs', 'academicSessions', 'classes', 'users', 'enrollments'] as const
export type CollectionName = (typeof collectionNames)[number]
export type OneRosterData = Record<CollectionName, Thing[]>

export const schoolOf = ({ brin, location }: GeneratedSchool) => `school-${brin}-${location}`
export const identifierOf = ({ brin, location }: GeneratedSchool) => `${brin}${location}`
export const pupilIdOf = (key: string) => `leerling-${key}`
export const teacherIdOf = (key: string) => `medewerker-${key}`
export const classIdOf = (key: string) => `klas-${key}`
const board = 'bestuur-1'
const neighbour = 'school-98QQ-00'

const active = (sourcedId: string, fields: Record<string, unknown>): Thing => ({
  sourcedId,
  status: 'active',
  ...fields,
})
const ref = (sourcedId: string, type: string) => ({ href: `https://sis.example/${type}/${sourcedId}`, sourcedId, type })

export function oneRosterOf(school: GeneratedSchool, version: OneRosterVersion): OneRosterData {
  const start = Number(school.schoolYear.slice(0, 4))
  const own = schoolOf(school)
  return {
    orgs: [
      active(board, {
        name: 'Stichting De Vlinders',
        type: 'district',
        identifier: '41999',
        parent: null,
        children: [],
      }),
      active(own, { name: school.name, type: 'school', identifier: identifierOf(school), parent: ref(board, 'org') }),
      active(neighbour, { name: 'De Buren', type: 'school', identifier: '98QQ00', parent: ref(board, 'org') }),
    ],
    academicSessions: [start - 1, start, start + 1].flatMap(sessionsOf),
    classes: classesOf(school, start),
    users: [
      ...school.pupils.flatMap(pupil => pupilOf(pupil, school, version)),
      ...school.teachers.map(teacher => teacherOf(teacher, school, version)),
      ...neighbours(own, version),
    ],
    enrollments: enrollmentsOf(school, start),
  }
}

function sessionsOf(start: number): Thing[] {
  const year = { startDate: `${start}-08-01`, endDate: `${start + 1}-07-31`, schoolYear: String(start + 1) }
  const parent = ref(`jaar-${start}`, 'academicSession')
  return [
    active(`jaar-${start}`, { title: `Schooljaar ${start}`, type: 'schoolYear', ...year, parent: null }),
    active(`periode-${start}-1`, { title: 'Periode 1', type: 'term', ...year, endDate: `${start + 1}-01-31`, parent }),
    active(`periode-${start}-2`, {
      title: 'Periode 2',
      type: 'term',
      ...year,
      startDate: `${start + 1}-02-01`,
      parent,
    }),
  ]
}

const termsOf = (start: number) => [1, 2].map(n => ref(`periode-${start}-${n}`, 'academicSession'))
const gradeOf = (grade: number) => String(grade).padStart(2, '0')

function classesOf(school: GeneratedSchool, start: number): Thing[] {
  const klas = (id: string, title: string, homeroom: boolean, org: string, year: number, grades: number[]) =>
    active(id, {
      title,
      classCode: id,
      classType: homeroom ? 'homeroom' : 'scheduled',
      location: 'lokaal 1',
      grades: grades.map(gradeOf),
      subjects: [],
      course: ref('vak-1', 'course'),
      school: ref(org, 'org'),
      terms: termsOf(year),
      periods: [],
    })
  return [
    ...school.groups.map(({ key, kind, name, grades }) =>
      klas(classIdOf(key), name, kind === 'homeroom', schoolOf(school), start, grades),
    ),
    klas('klas-vorig-jaar', '8', true, schoolOf(school), start - 1, [8]),
    klas('klas-buren', '5', true, neighbour, start, [5]),
  ]
}

/** EDEXML's codes as a supplier of OneRoster says them; 1.1 knows one kind of administrator. */
const words: Readonly<Record<string, string>> = {
  LRK: 'teacher',
  VAK: 'teacher',
  TAL: 'teacher',
  OWA: 'aide',
  RT: 'aide',
  STA: 'ext:stagiair',
  OUD: 'parent',
  DIR: 'principal',
  IB: 'counselor',
  SMW: 'counselor',
  ICT: 'systemAdministrator',
  ADM: 'siteAdministrator',
  CON: 'siteAdministrator',
}
const inOld: Readonly<Record<string, string>> = {
  'ext:stagiair': 'aide',
  principal: 'administrator',
  counselor: 'administrator',
  systemAdministrator: 'administrator',
  siteAdministrator: 'administrator',
}

function roleWord(roles: readonly string[], version: OneRosterVersion): string {
  const word = words[roles[0] ?? 'LRK'] ?? 'teacher'
  return version === '1.1' ? (inOld[word] ?? word) : word
}

/** On a group: `LRK` is its teacher; someone without any role is a teacher who is not primary; everybody else helps. */
function placeOf(roles: readonly string[]): { role: string; primary: boolean } {
  if (roles.includes('LRK')) return { role: 'teacher', primary: true }
  if (roles.length === 0) return { role: 'teacher', primary: false }
  return { role: roles.includes('OUD') ? 'parent' : 'aide', primary: false }
}

interface Stay {
  role: string
  orgs: string[]
  beginDate?: string
  endDate?: string
}

function standing({ role, orgs, beginDate, endDate }: Stay, version: OneRosterVersion): Record<string, unknown> {
  if (version === '1.1') return { role, orgs: orgs.map(org => ref(org, 'org')) }
  const dates = { beginDate: beginDate ?? null, endDate: endDate ?? null }
  const roles = orgs.map((org, n) => ({
    roleType: n === 0 ? 'primary' : 'secondary',
    role,
    org: ref(org, 'org'),
    userProfile: 'CANARY-profile',
    ...dates,
  }))
  return { roles, primaryOrg: ref(orgs[0] ?? '', 'org'), userMasterIdentifier: null, pronouns: null }
}

/** 1.1 has no called name: there `givenName` is what the child is called. */
function names(name: PersonName, version: OneRosterVersion): Record<string, unknown> {
  const familyName = [name.familyNamePrefix, name.familyName].filter(Boolean).join(' ')
  const called = name.givenName ?? ''
  if (version === '1.1') return { givenName: called, familyName, middleName: 'CANARY-middle' }
  return { givenName: name.firstNames ?? called, preferredFirstName: called, familyName, middleName: 'CANARY-middle' }
}

/** 1.1 has no end of a role: who left is not shown. */
function pupilOf(pupil: SchoolPupil, school: GeneratedSchool, version: OneRosterVersion): Thing[] {
  const { key, canary, startsOn, endsOn, grade } = pupil
  if (version === '1.1' && endsOn !== undefined) return []
  const stay = {
    role: 'student',
    orgs: [schoolOf(school)],
    beginDate: startsOn,
    ...(endsOn ? { endDate: endsOn } : {}),
  }
  return [
    active(pupilIdOf(key), {
      username: pupil.username ?? '',
      userIds: [
        { type: 'BSN', identifier: canary.bsn },
        { type: 'LDAP', identifier: 'CANARY-ldap' },
      ],
      enabledUser: version === '1.1' ? 'true' : true,
      ...names(pupil.name, version),
      ...standing(stay, version),
      identifier: key,
      email: pupil.email ?? null,
      sms: 'CANARY-sms',
      phone: 'CANARY-phone',
      agents: [ref('CANARY-agent', 'user')],
      grades: grade === null ? [] : [gradeOf(grade)],
      password: 'CANARY-password',
      demographics: { birthDate: canary.birthDate, countryOfBirthCode: canary.country },
      metadata: { birthDate: canary.birthDate, postcode: canary.postcode, remark: canary.remark ?? 'CANARY-metadata' },
    }),
  ]
}

function teacherOf(teacher: SchoolTeacher, school: GeneratedSchool, version: OneRosterVersion): Thing {
  const stay = { role: roleWord(teacher.roles, version), orgs: [schoolOf(school)] }
  return active(teacherIdOf(teacher.key), {
    username: teacher.username ?? '',
    userIds: [],
    enabledUser: version === '1.1' ? 'true' : true,
    ...names(teacher.name, version),
    ...standing(stay, version),
    identifier: teacher.key,
    email: teacher.email ?? null,
    phone: 'CANARY-phone',
    agents: [],
    grades: [],
    password: 'CANARY-password',
    metadata: {},
  })
}

/** Three of the other school only, one teacher of both, and a parent of ours who is in no class: nobody here needs that one. */
function neighbours(own: string, version: OneRosterVersion): Thing[] {
  const person = (id: string, givenName: string, role: string, orgs: string[]) =>
    active(id, {
      username: id,
      userIds: [],
      enabledUser: true,
      ...names({ givenName, familyName: 'Buurman' }, version),
      ...standing({ role, orgs }, version),
      grades: [],
    })
  return [
    person('buur-1', 'Ties', 'student', [neighbour]),
    person('buur-2', 'Tessa', 'student', [neighbour]),
    person('buur-juf', 'Trui', 'teacher', [neighbour]),
    person('ouder-1', 'CANARY-parent', 'guardian', [own]),
  ]
}

function enrollmentsOf(school: GeneratedSchool, start: number): Thing[] {
  const enrol = (id: string, user: string, klas: string, org: string, place: Record<string, unknown>) =>
    active(id, {
      user: ref(user, 'user'),
      class: ref(klas, 'class'),
      school: ref(org, 'org'),
      beginDate: `${start}-08-01`,
      endDate: null,
      ...place,
    })
  const own = schoolOf(school)
  const student = { role: 'student', primary: false }
  return [
    ...school.pupils.flatMap(({ key, groupKey, scheduledKeys, startsOn }) =>
      [...(groupKey === undefined ? [] : [groupKey]), ...scheduledKeys].map(group => {
        const beginDate = [startsOn, `${start}-08-01`].sort()[1]
        return enrol(`${key}-${group}`, pupilIdOf(key), classIdOf(group), own, { ...student, beginDate })
      }),
    ),
    ...school.teachers.flatMap(({ key, groups }) =>
      groups.map(({ groupKey, roles }) =>
        enrol(`m${key}-${groupKey}`, teacherIdOf(key), classIdOf(groupKey), own, placeOf(roles)),
      ),
    ),
    ...school.pupils
      .slice(0, 3)
      .map(({ key }) => enrol(`${key}-vorig-jaar`, pupilIdOf(key), 'klas-vorig-jaar', own, student)),
    enrol('b1', 'buur-1', 'klas-buren', neighbour, student),
    enrol('b2', 'buur-2', 'klas-buren', neighbour, student),
    enrol('b3', 'buur-juf', 'klas-buren', neighbour, { role: 'teacher', primary: true }),
  ]
}

/** What is planted here besides the school's own canaries. */
export const oneRosterCanaries = ['CANARY', 'Buurman', 'Ties', 'Trui']
