/** The invented school as a Google Workspace keeps it, in Google's own types: accounts, organisational units, groups and Classroom. */
import type { admin_directory_v1 } from 'googleapis/build/src/apis/admin/index.js'
import type { classroom_v1 } from 'googleapis/build/src/apis/classroom/index.js'
import { startYearOf } from '../calendar.ts'
import type { GeneratedSchool, SchoolGroup, SchoolPupil, SchoolTeacher } from '../generate.ts'
import type { PersonName } from '../names.ts'

export interface Workspace {
  users: admin_directory_v1.Schema$User[]
  orgUnits: admin_directory_v1.Schema$OrgUnit[]
  groups: (admin_directory_v1.Schema$Group & { members: admin_directory_v1.Schema$Member[] })[]
  courses: (classroom_v1.Schema$Course & {
    aliases: string[]
    students: classroom_v1.Schema$Student[]
    teachers: classroom_v1.Schema$Teacher[]
  })[]
}

export const customerId = 'C0vvlinder'
/** 21 digits, as Google's are. */
export const googleId = {
  pupil: (key: string) => `1${key.padStart(20, '0')}`,
  teacher: (key: string) => `2${key.padStart(20, '0')}`,
  other: (n: number) => `3${String(n).padStart(20, '0')}`,
}
export const courseId = (group: SchoolGroup) => `6${group.key}`

export const units = {
  pupils: '/De Vuurvlinder/Leerlingen',
  staff: '/De Vuurvlinder/Medewerkers',
  trainees: '/De Vuurvlinder/Stagiairs en ouders',
  otherSchool: '/De Regenboog',
}

/** A unit's name holds no slash. */
export const unitName = (group: SchoolGroup) => `Groep ${group.name.replaceAll('/', '-')}`
export const groupAddress = (group: SchoolGroup, domain: string) =>
  `${unitName(group).toLowerCase().replaceAll(' ', '-')}@${domain}`

export function workspaceOf(school: GeneratedSchool): Workspace {
  const homerooms = school.groups.filter(({ kind }) => kind === 'homeroom')
  const other = otherSchool(school)
  return {
    users: [
      ...school.pupils.map(pupil => pupilAccount(pupil, school)),
      ...school.teachers.map(teacher => staffAccount(teacher, school)),
      ...other.users,
    ],
    orgUnits: unitsOf([
      ...Object.values(units),
      ...homerooms.map(room => `${units.pupils}/${unitName(room)}`),
      `${units.pupils}/Uitgeschreven`,
      `${units.pupils}/Aangemeld`,
      `${units.staff}/Directie`,
      `${units.staff}/Intern begeleiders`,
      `${units.otherSchool}/Leerlingen`,
      `${units.otherSchool}/Medewerkers`,
    ]),
    groups: [...homerooms.flatMap(room => mailGroups(room, school)), team(school)],
    courses: [...school.groups.map(group => courseOf(group, school)), ...other.courses],
  }
}

function account(
  id: string,
  primaryEmail: string,
  { givenName = '', familyName = '', familyNamePrefix }: PersonName,
  orgUnitPath: string,
): admin_directory_v1.Schema$User {
  const family = familyNamePrefix === undefined ? familyName : `${familyNamePrefix} ${familyName}`
  return {
    kind: 'admin#directory#user',
    id,
    etag: '"fictief"',
    primaryEmail,
    name: { givenName, familyName: family, fullName: `${givenName} ${family}`.trim() },
    isAdmin: false,
    lastLoginTime: '2026-11-20T08:15:00.000Z',
    creationTime: '2025-08-20T09:00:00.000Z',
    suspended: false,
    archived: false,
    customerId,
    orgUnitPath,
    recoveryPhone: '+31600000000',
    thumbnailPhotoUrl: 'https://lh3.googleusercontent.com/CANARY-PHOTO',
  }
}

function pupilAccount(pupil: SchoolPupil, school: GeneratedSchool): admin_directory_v1.Schema$User {
  const room = school.groups.find(({ key }) => key === pupil.groupKey)
  const { bsn, birthDate, postcode, country, remark } = pupil.canary
  return {
    ...account(
      googleId.pupil(pupil.key),
      pupil.email ?? `${pupil.key}@leerling.${school.domain}`,
      pupil.name,
      `${units.pupils}/${room === undefined ? 'Uitgeschreven' : unitName(room)}`,
    ),
    suspended: room === undefined,
    externalIds: [
      { value: pupil.key, type: 'organization' },
      { value: bsn, type: 'custom', customType: 'bsn' },
    ],
    addresses: [{ type: 'home', postalCode: postcode, countryCode: country, formatted: `Kanarielaan 1, ${postcode}` }],
    phones: [{ value: `CANARY-PHONE-${pupil.key}`, type: 'home' }],
    relations: [{ value: `CANARY-PARENT-${pupil.key}@example.org`, type: 'mother' }],
    gender: { type: pupil.sex === 'boy' ? 'male' : 'female' },
    customSchemas: { SIS: { geboortedatum: birthDate } },
    ...(remark === undefined ? {} : { notes: { value: remark, contentType: 'text_plain' } }),
  }
}

const outsideRoles = new Set(['STA', 'OUD'])

function staffAccount(teacher: SchoolTeacher, school: GeneratedSchool): admin_directory_v1.Schema$User {
  const own = teacher.roles.includes('DIR') ? '/Directie' : teacher.roles.includes('IB') ? '/Intern begeleiders' : ''
  const path = teacher.roles.some(role => outsideRoles.has(role)) ? units.trainees : `${units.staff}${own}`
  return {
    ...account(
      googleId.teacher(teacher.key),
      teacher.email ?? `${teacher.username ?? teacher.key}@${school.domain}`,
      teacher.name,
      path,
    ),
    externalIds: [{ value: `P${teacher.key}`, type: 'organization' }],
    phones: [{ value: `CANARY-PHONE-P${teacher.key}`, type: 'mobile' }],
  }
}

function unitsOf(paths: string[]): admin_directory_v1.Schema$OrgUnit[] {
  return paths.map((orgUnitPath, n) => ({
    kind: 'admin#directory#orgUnit',
    name: orgUnitPath.split('/').at(-1) ?? '',
    description: 'CANARY-DESCRIPTION',
    orgUnitPath,
    orgUnitId: `id:03fictief${n}`,
    parentOrgUnitPath: orgUnitPath.split('/').slice(0, -1).join('/') || '/',
  }))
}

const pupilsIn = (group: SchoolGroup, { pupils }: GeneratedSchool) =>
  pupils
    .filter(pupil => pupil.groupKey === group.key || pupil.scheduledKeys.includes(group.key))
    .map(({ key }) => googleId.pupil(key))

/** Whom Classroom lists as teachers: those who teach, the account that made the course, and who comes in with them. */
export function courseTeachers(group: SchoolGroup, { teachers, cast }: GeneratedSchool): string[] {
  const there = teachers.filter(({ groups }) =>
    groups.some(({ groupKey, roles }) => groupKey === group.key && (roles.includes('LRK') || roles.includes('VAK'))),
  )
  return [...new Set([cast.teachers.itAdmin, ...there.map(({ key }) => key)])].map(googleId.teacher)
}

/** Whoever stands on the group as its teacher, and nobody else. */
export const groupTeachers = (group: SchoolGroup, { teachers }: GeneratedSchool) =>
  teachers
    .filter(({ groups }) => groups.some(({ groupKey, roles }) => groupKey === group.key && roles.includes('LRK')))
    .map(({ key }) => googleId.teacher(key))

function courseOf(group: SchoolGroup, school: GeneratedSchool): Workspace['courses'][number] {
  const id = courseId(group)
  const profile = (userId: string) => ({
    id: userId,
    name: { givenName: 'CANARY-PROFILE', familyName: 'CANARY-PROFILE' },
    emailAddress: 'CANARY-PROFILE@example.org',
  })
  const year = startYearOf(school.today)
  return {
    id,
    name: group.kind === 'homeroom' ? `Groep ${group.name}` : group.name,
    section: school.schoolYear,
    descriptionHeading: 'CANARY-DESCRIPTION',
    room: 'CANARY-ROOM',
    ownerId: googleId.teacher(school.cast.teachers.itAdmin),
    creationTime: `${year}-08-20T09:00:00.000Z`,
    updateTime: `${year}-11-20T09:00:00.000Z`,
    enrollmentCode: 'CANARY-CODE',
    courseState: 'ACTIVE',
    aliases: [`d:99ZZ-${group.name}-${String(year).slice(2)}${String(year + 1).slice(2)}`],
    students: pupilsIn(group, school).map(userId => ({ courseId: id, userId, profile: profile(userId) })),
    teachers: courseTeachers(group, school).map(userId => ({ courseId: id, userId, profile: profile(userId) })),
  }
}

const member = (id: string, role: 'MEMBER' | 'MANAGER' | 'OWNER'): admin_directory_v1.Schema$Member => ({
  kind: 'admin#directory#member',
  id,
  email: 'CANARY-MEMBER@example.org',
  role,
  type: 'USER',
  status: 'ACTIVE',
})

function mailGroups(room: SchoolGroup, school: GeneratedSchool): Workspace['groups'] {
  const address = groupAddress(room, school.domain)
  const teachers = groupTeachers(room, school)
  const group = (n: string, email: string, name: string, members: admin_directory_v1.Schema$Member[]) => ({
    kind: 'admin#directory#group',
    id: `01fictief${room.key}${n}`,
    email,
    name,
    description: 'CANARY-DESCRIPTION',
    directMembersCount: String(members.length),
    members,
  })
  return [
    group('a', address, `Groep ${room.name}`, [
      ...pupilsIn(room, school).map(id => member(id, 'MEMBER')),
      ...teachers.map(id => member(id, 'MANAGER')),
      member(googleId.teacher(school.cast.teachers.itAdmin), 'OWNER'),
    ]),
    group(
      'b',
      `leerkrachten-${address}`,
      `Leerkrachten ${room.name}`,
      teachers.map(id => member(id, 'MEMBER')),
    ),
  ]
}

function team(school: GeneratedSchool): Workspace['groups'][number] {
  const members = school.teachers.map(({ key }) => member(googleId.teacher(key), 'MEMBER'))
  return {
    kind: 'admin#directory#group',
    id: '01fictiefteam',
    email: `team@${school.domain}`,
    name: 'Team',
    directMembersCount: String(members.length),
    members,
  }
}

/** The board's other school, in the same domain: with classes of the same names, and last year's that nobody archived beside those that were. */
function otherSchool(school: GeneratedSchool): Pick<Workspace, 'users' | 'courses'> {
  const person = (n: number, unit: string) =>
    account(
      googleId.other(n),
      `CANARY-OTHER-${n}@regenboog.example`,
      { givenName: 'CANARY-OTHER', familyName: 'CANARY-OTHER' },
      `${units.otherSchool}/${unit}`,
    )
  const users = [...Array(30).keys()].map(n => person(n, n === 0 ? 'Medewerkers' : 'Leerlingen'))
  const [room] = school.groups
  if (room === undefined) throw new RangeError('a school has groups')
  const { aliases, ...course } = courseOf(room, school)
  const courses = [1, 2].map(n => ({
    ...course,
    id: `700000000${n}`,
    aliases,
    courseState: n === 1 ? 'ACTIVE' : 'ARCHIVED',
    students: users.slice(1).map(({ id = '' }) => ({ courseId: `700000000${n}`, userId: id })),
    teachers: [{ courseId: `700000000${n}`, userId: users[0]?.id ?? '' }],
  }))
  return { users, courses }
}
