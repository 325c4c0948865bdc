/** Wire → roster, pure. */
import { type Assembled, detail, given } from '../deliver.ts'
import { gradesInName } from '../homerooms.ts'
import { splitPrefix } from '../names.ts'
import type { GroupRecord, PersonRecord, SchoolRecord } from '../roster.ts'
import type { Finding, Scope } from '../source.ts'
import { gradeFrom } from './grades.ts'
import { type Homerooms, homeroomsOf } from './homerooms.ts'
import { keysOf, type Numbers, numbersOf } from './keys.ts'
import { fromHomerooms, membershipsOf } from './memberships.ts'
import type { Options } from './options.ts'
import { brinOf, type SortedClasses } from './school.ts'
import { clean, type WireClass, type WireSchool, type WireUser } from './wire.ts'

export interface WireRoster {
  /** Absent: the whole tenant. */
  school: WireSchool | undefined
  classes: SortedClasses
  users: readonly WireUser[]
  /** By id of the class. `members` has the teachers in it too. */
  people: ReadonlyMap<string, { members: readonly string[]; teachers: readonly string[] }>
}

interface Mapped {
  roster: Assembled
  homerooms: Homerooms
  findings: Finding[]
  scope: Scope
}

/** A key that comes twice stays twice: `assemble` refuses it. */
export function mapRoster(wire: WireRoster, options: Options, schoolYear: string): Mapped {
  const findings: Finding[] = []
  const school = schoolRecord(wire.school, options.tenantId, schoolYear)
  const classes = wire.classes.ours
  const users = wire.users.filter(({ userType }) => userType?.toLowerCase() !== 'guest')
  const numbers = numbersOf(users)
  const mapped = users.map(user => person(user, { options, numbers, findings }))
  const personOf = new Map(users.map(({ id }, n) => [id, mapped[n] as PersonRecord]))
  const homerooms = homeroomsOf({ classes, people: wire.people, personOf }, options, schoolYear)
  const groups = classes.map(each => group(each, { options, homerooms, schoolYear, findings }))
  const groupOf = new Map(classes.map(({ id }, n) => [id, groups[n] as GroupRecord]))
  const classrooms = { people: wire.people, groupOf, personOf, doubtful: homerooms.doubtful }
  const memberships = membershipsOf(classrooms, options.homeroomsPerTeacher, findings)
  const people = fromHomerooms({ groups, people: mapped, memberships }, findings)
  for (const id of homerooms.pretended)
    findings.push({ code: 'not-a-class', sourceId: school.sourceId, detail: groupId(id, schoolYear) })
  findings.push(...aboutSchool(wire, groups, school.sourceId))
  const { brin, location } = school
  const organisation = wire.school?.id ?? options.tenantId
  const scope = { ...given('brin', brin), ...given('location', location), organisation, schoolYear }
  return { roster: { school, groups, people, memberships }, homerooms, findings, scope }
}

function schoolRecord(school: WireSchool | undefined, tenantId: string, schoolYear: string): SchoolRecord {
  if (school === undefined) return { type: 'school', sourceId: `tenant:${tenantId}`, schoolYear }
  const name = given('name', clean(school.displayName)?.slice(0, 200))
  return { type: 'school', sourceId: `school:${school.id}`, ...brinOf(school), ...name, schoolYear }
}

function aboutSchool(wire: WireRoster, groups: readonly GroupRecord[], sourceId: string): Finding[] {
  const { expired } = wire.classes
  const findings: Finding[] = []
  if (groups.length > 0 && groups.every(({ kind }) => kind !== 'homeroom'))
    findings.push({ code: 'no-homerooms', sourceId })
  if (groups.length > 0 && [...wire.people.values()].every(({ teachers }) => teachers.length === 0))
    findings.push({ code: 'no-group-teachers', sourceId })
  if (expired > 0) findings.push({ code: 'not-a-class', sourceId, detail: String(expired) })
  return findings
}

const groupId = (id: string, schoolYear: string) => `class:${id}:${schoolYear}`

/** The year is in the key: a class that the sync takes up again next summer is another group then. */
function group(
  each: WireClass,
  by: { options: Options; homerooms: Homerooms; schoolYear: string; findings: Finding[] },
): GroupRecord {
  const { level } = by.options
  const sourceId = groupId(each.id, by.schoolYear)
  const name = clean(each.displayName) ?? clean(each.externalName) ?? clean(each.classCode) ?? each.id
  const own = gradeFrom(each.grade, level)
  const named = level === 'primary' || /^\s*gr/i.test(name) ? gradesInName(name) : []
  if (own === undefined && named.length === 0 && clean(each.grade) !== undefined)
    by.findings.push({ code: 'unknown-grade', sourceId, ...detail(each.grade) })
  return {
    type: 'group',
    sourceId,
    kind: by.homerooms.homerooms.has(each.id) ? 'homeroom' : 'scheduled',
    name: name.slice(0, 200),
    schoolYear: by.schoolYear,
    grades: own === undefined ? named : [own],
  }
}

/**
 * A blocked account is `inactive`: schools block the accounts of leavers and keep them for years. One that was blocked for a while comes back as
 * the same person.
 */
function person(
  user: WireUser,
  { options: { level }, numbers, findings }: { options: Options; numbers: Numbers; findings: Finding[] },
): PersonRecord {
  const sourceId = `user:${user.id}`
  const role = roleOf(user)
  const names = namesOf(user)
  const grade = role === 'pupil' ? gradeFrom(user.student?.grade, level) : undefined
  if (role === 'unknown') findings.push({ code: 'unknown-role', sourceId, ...detail(user.primaryRole) })
  if (user.accountEnabled == null) findings.push({ code: 'unknown-status', sourceId })
  if (role === 'pupil' && Object.keys(names).length === 0) findings.push({ code: 'pupil-without-name', sourceId })
  if (role === 'pupil' && grade === undefined && clean(user.student?.grade) !== undefined)
    findings.push({ code: 'unknown-grade', sourceId, ...detail(user.student?.grade) })
  return {
    type: 'person',
    sourceId,
    stable: true,
    role,
    roleHints: role === 'staff' && user.primaryRole ? [user.primaryRole.slice(0, 100)] : [],
    status: user.accountEnabled === false ? 'inactive' : 'active',
    ...names,
    ...given('username', clean(user.userPrincipalName)),
    ...given('email', clean(user.mail)),
    ...given('grade', grade),
    keys: keysOf(user, role, numbers),
  }
}

/** Without School Data Sync everybody is `none`: that is nobody's role, and opens nothing. */
function roleOf({ primaryRole }: WireUser): PersonRecord['role'] {
  switch (primaryRole?.toLowerCase()) {
    case 'student':
      return 'pupil'
    case 'teacher':
    case 'faculty':
      return 'staff'
    default:
      return 'unknown'
  }
}

/** The directory has one field for a surname. The name it displays, in any order, serves only where both others are empty. */
function namesOf({ givenName, surname, displayName }: WireUser) {
  const [first, last] = [clean(givenName), clean(surname)]
  if (first === undefined && last === undefined) return given('preferredFirstName', clean(displayName)?.slice(0, 200))
  return { ...given('givenName', first), ...(last === undefined ? {} : splitPrefix(last)) }
}
