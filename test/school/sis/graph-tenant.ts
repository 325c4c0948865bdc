/** The invented school as a tenant of Microsoft 365 holds it, filled by School Data Sync; the types are Microsoft's own. */
import { createHash } from 'node:crypto'
import type { EducationClass, EducationSchool, EducationUser } from '@microsoft/microsoft-graph-types'
import type { GeneratedSchool, SchoolGroup, SchoolPupil, SchoolTeacher } from '../generate.ts'
import { type PersonName, spokenName } from '../names.ts'

export interface Tenant {
  schools: EducationSchool[]
  classes: EducationClass[]
  users: EducationUser[]
  /** Ids of users by id of the class; `members` has the teachers in it too. */
  members: Record<string, string[]>
  teachers: Record<string, string[]>
  /** Id of the school by id of a class or user. A tenant without schools has none. */
  schoolOf: Record<string, string>
}

/** Microsoft makes up its ids; these are always the same for the same key. */
export function guidOf(kind: 'school' | 'class' | 'pupil' | 'teacher', key: string): string {
  const hex = createHash('sha256').update(`${kind}:${key}`).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

/** In the second school of the tenant, in a class of last year and in one that is over: of no business to the first. */
export const neighbour = 'CANARY-NEIGHBOUR'

export function tenantOf(school: GeneratedSchool): Tenant {
  const [ours, other] = [guidOf('school', school.brin), guidOf('school', 'other')]
  const groups = school.groups.map(group => classOf(group, school.schoolYear))
  const old = {
    ...termOf('2024-2025'),
    id: guidOf('class', 'old'),
    displayName: `Groep 8 ${neighbour}`,
    mailNickname: 'groep8-old',
  }
  const over = {
    ...termOf(school.schoolYear),
    id: guidOf('class', 'over'),
    displayName: `Exp0726_Groep 8`,
    mailNickname: `Exp0726_${neighbour}`,
  }
  const pupils = school.pupils.map(pupil => pupilOf(pupil, school.domain))
  const staff = school.teachers.map(teacher => teacherOf(teacher, school.domain))
  const stranger: EducationUser = {
    ...bareUser(guidOf('pupil', 'other'), { givenName: neighbour }),
    primaryRole: 'student',
  }
  const membersOf = (group: SchoolGroup) => [
    ...school.pupils
      .filter(({ groupKey, scheduledKeys }) => groupKey === group.key || scheduledKeys.includes(group.key))
      .map(({ key }) => guidOf('pupil', key)),
    ...school.teachers
      .filter(({ groups }) => groups.some(({ groupKey }) => groupKey === group.key))
      .map(({ key }) => guidOf('teacher', key)),
  ]
  const owners = (group: SchoolGroup) =>
    school.teachers.filter(teacher => owns(teacher, group)).map(({ key }) => guidOf('teacher', key))
  const byClass = (of: (group: SchoolGroup) => string[]) =>
    Object.fromEntries(school.groups.map(group => [guidOf('class', group.key), of(group)]))
  const mine = [...groups, old, over, ...pupils, ...staff].map(({ id }) => [id ?? '', ours] as const)
  return {
    schools: [
      {
        id: ours,
        displayName: school.name,
        schoolNumber: school.brin,
        externalId: `${school.brin}-${school.location}`,
        principalName: neighbour,
        phone: '+31 10 000 00 00',
      },
      { id: other, displayName: 'Basisschool De Buurman', schoolNumber: '98QQ', externalId: '98QQ-00' },
    ],
    classes: [...groups, old, over],
    users: [...pupils, ...staff, stranger],
    members: byClass(membersOf),
    teachers: byClass(owners),
    schoolOf: { ...Object.fromEntries(mine), [stranger.id ?? '']: other },
  }
}

/** The one who has the group (LRK) owns its class, and so does somebody about whom nobody knows why; others are members. */
function owns({ groups }: SchoolTeacher, { key }: SchoolGroup): boolean {
  const place = groups.find(({ groupKey }) => groupKey === key)
  return place !== undefined && (place.roles.includes('LRK') || place.roles.length === 0)
}

const termOf = (schoolYear: string) => ({
  term: {
    displayName: schoolYear,
    externalId: schoolYear.replace(/\d\d(\d\d)-\d\d(\d\d)/, '$1$2'),
    startDate: `${schoolYear.slice(0, 4)}-08-01`,
    endDate: `${schoolYear.slice(5)}-07-31`,
  },
})

function classOf({ key, kind, name, grades }: SchoolGroup, schoolYear: string): EducationClass {
  const displayName = kind === 'homeroom' ? `Groep ${name}` : name
  return {
    id: guidOf('class', key),
    displayName,
    mailNickname: `klas-${key}`,
    description: null,
    classCode: name,
    externalId: key,
    externalName: name,
    externalSource: 'sis',
    externalSourceDetail: null,
    grade: grades.length === 1 ? String(grades[0]) : null,
    createdBy: { user: { id: '00000000-0000-4000-8000-000000000000', displayName: neighbour } },
    ...termOf(schoolYear),
  }
}

/** What an account has besides its names, all of it nobody's business here. */
function bareUser(id: string, name: PersonName): EducationUser {
  const surname = [name.familyNamePrefix, name.familyName].filter(Boolean).join(' ')
  return {
    id,
    displayName: spokenName(name),
    givenName: name.givenName ?? null,
    middleName: null,
    surname: surname === '' ? null : surname,
    mail: null,
    mobilePhone: null,
    accountEnabled: true,
    userType: 'Member',
    primaryRole: 'none',
    externalSource: 'sis',
    student: null,
    teacher: null,
  }
}

function pupilOf(pupil: SchoolPupil, domain: string): EducationUser {
  const { key, name, canary, grade, username, email, endsOn, sex } = pupil
  return {
    ...bareUser(guidOf('pupil', key), name),
    userPrincipalName: email ?? `${username ?? key}@leerling.${domain}`,
    mail: email ?? null,
    accountEnabled: endsOn === undefined,
    primaryRole: 'student',
    student: {
      externalId: key,
      studentNumber: key,
      birthDate: canary.birthDate,
      grade: grade === null ? null : String(grade),
      graduationYear: '2034',
      gender: sex === 'boy' ? 'male' : 'female',
    },
    residenceAddress: { postalCode: canary.postcode, countryOrRegion: canary.country },
    department: canary.bsn,
    officeLocation: canary.remark ?? null,
  }
}

const teaches = new Set(['LRK', 'VAK', 'IB', 'RT', 'OWA', 'TAL', 'Leesspecialist'])

/** A parent who helps is a guest of the tenant. Microsoft knows no role for those who do not teach. */
function teacherOf({ key, name, username, email, roles }: SchoolTeacher, domain: string): EducationUser {
  return {
    ...bareUser(guidOf('teacher', key), name),
    userPrincipalName: `${username ?? key}@${domain}`,
    mail: email ?? null,
    userType: roles.includes('OUD') ? 'Guest' : 'Member',
    primaryRole: roles.some(role => teaches.has(role)) ? 'teacher' : 'none',
    teacher: { externalId: key, teacherNumber: `P${key}` },
  }
}
