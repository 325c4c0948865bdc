/** Wire → roster, pure: one school and one year. Everything from here on speaks the vocabulary of `roster.ts`. */
import { z } from 'zod'
import { type Assembled, detail, given, inOrder } from '../deliver.ts'
import { type HomeroomRule, homeroomRule, NamePattern } from '../homerooms.ts'
import { splitPrefix } from '../names.ts'
import type { GroupRecord, MembershipRecord, PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import { type GradeScheme, gradeOf, gradeSchemes, gradesOfClass } from './grades.ts'
import { keysOf, type UserIdTypes } from './keys.ts'
import { membershipRole, type Standing, standingOf, type TeacherRule, teacherRules } from './roles.ts'
import { isOurs, type Place, schoolIdOf, schoolRecordOf } from './scope.ts'
import { isGone, type WireClass, type WireEnrollment, type WireUser } from './wire.ts'

/** Options that REST and CSV share: how this supplier's words are to be read. */
export const ruleOptions = {
  /** Classes with such a title are homerooms too (`groep *`, `stamgroep *`), where the supplier marks none as one. `*` and `?` as in file names. */
  homerooms: z.array(NamePattern).max(50).default([]),
  /** What `04` means: groep 4 (`groep`), or fourth grade of the American list, which is groep 6 (`ceds`). */
  grades: z.enum(gradeSchemes).default('groep'),
  /** `primary`: of several teachers of a homeroom those marked as not primary are left to a person to decide. `all`: each is its teacher. */
  teachers: z.enum(teacherRules).default('primary'),
  /** Which `userIds` are keys to sign in by: the supplier's type, and what it is with us (`{"Fed": "subject"}`). */
  userIds: z
    .record(z.string().min(1).max(60), z.enum(['object-id', 'subject', 'username', 'pupil-number', 'staff-number']))
    .default({}),
}

export interface Rules {
  homeroom: HomeroomRule
  grades: GradeScheme
  teachers: TeacherRule
  userIds: UserIdTypes
  /** Local calendar day. */
  today: string
}

export function rulesOf(options: z.infer<z.ZodObject<typeof ruleOptions>>, today: string): Rules {
  return { ...options, homeroom: homeroomRule(options.homerooms), today }
}

export interface WireRoster {
  place: Place
  classes: readonly WireClass[]
  enrollments: readonly WireEnrollment[]
  users: readonly WireUser[]
}

export interface Mapped {
  roster: Assembled
  findings: Finding[]
}

export const groupId = (sourcedId: string) => `class:${sourcedId}`
export const personId = (sourcedId: string) => `user:${sourcedId}`

/** What is known of a roster of which not everything came. */
export interface Known {
  /** Groups that did not come and are ours, by group id. */
  groups: ReadonlyMap<string, GroupRecord['kind']>
  /** Whoever is enrolled may have come before. */
  anybody: boolean
}

/**
 * @param wire of any school and year: what is not of `place`, or deleted, is left out
 * @param known only when not everything came. When it did, it can be said that a pupil has no group
 */
export function mapRoster(wire: WireRoster, rules: Rules, known?: Known): Mapped {
  const { place } = wire
  const findings: Finding[] = []
  const groups = wire.classes.filter(each => isOurs(each, place)).map(each => mapGroup(each, place, rules, findings))
  const kinds = new Map([...(known?.groups ?? []), ...groups.map(({ sourceId, kind }) => [sourceId, kind] as const)])
  const enrollments = wire.enrollments.filter(each => !isGone(each) && kinds.has(groupId(each.class)))
  const places = Map.groupBy(enrollments, each => each.user)
  const people = wire.users
    .filter(user => !isGone(user))
    .flatMap(user => mapPerson(user, places.get(user.sourcedId) ?? [], place, rules, findings) ?? [])
  const roles = new Map(people.map(({ sourceId, role }) => [sourceId, role]))
  const memberships = mapMemberships(enrollments, { kinds, people: roles, anybody: known?.anybody }, rules, findings)
  if (known === undefined) wholeFindings(schoolIdOf(place), groups, people, memberships, findings)
  return { roster: { school: schoolRecordOf(place), groups, people, memberships }, findings: inOrder(findings) }
}

export function mapGroup(wire: WireClass, place: Place, rules: Rules, findings: Finding[]): GroupRecord {
  const sourceId = groupId(wire.sourcedId)
  const name = (wire.title ?? '').slice(0, 200)
  const { grades, unknown } = gradesOfClass(wire.grades, name, rules.grades)
  for (const word of unknown) findings.push({ code: 'unknown-grade', sourceId, ...detail(word) })
  const homeroom = wire.classType?.toLowerCase() === 'homeroom' || rules.homeroom(wire.title)
  return {
    type: 'group',
    sourceId,
    kind: homeroom ? 'homeroom' : 'scheduled',
    name,
    schoolYear: place.schoolYear,
    grades,
  }
}

/**
 * @param enrolled this person's places in classes of ours
 * @returns undefined for who is none of ours, left before this school year, or is a parent without a place in a class: nothing here needs those
 */
export function mapPerson(
  user: WireUser,
  enrolled: readonly WireEnrollment[],
  place: Place,
  rules: Rules,
  findings: Finding[],
): PersonRecord | undefined {
  const standing = standingOf(user, enrolled, place, rules.today)
  if (standing === undefined) return undefined
  const { role, startsOn, endsOn } = standing
  if (role === 'parent' && enrolled.length === 0) return undefined
  if (endsOn !== undefined && endsOn < `${place.schoolYear.slice(0, 4)}-08-01`) return undefined
  const sourceId = personId(user.sourcedId)
  const status = statusOf(user, standing, rules.today)
  const grade = role === 'pupil' ? gradeOfPupil(user, sourceId, rules, findings) : undefined
  reportPerson(user, standing, sourceId, findings)
  return {
    type: 'person',
    sourceId,
    stable: true,
    role,
    roleHints: standing.hints,
    status,
    ...given('givenName', user.givenName),
    ...given('preferredFirstName', user.preferredFirstName),
    ...(user.familyName === undefined ? {} : splitPrefix(user.familyName)),
    ...given('username', user.username),
    ...given('email', user.email),
    ...given('grade', grade),
    ...given('startsOn', startsOn),
    ...given('endsOn', endsOn),
    keys: keysOf(user, role, rules.userIds),
  }
}

/**
 * A pupil whose account is disabled is still a pupil of whom something can be reported. Staff whose account is disabled must not be let in
 * (1EdTech: "system access is curtailed"): inactive.
 */
function statusOf({ enabledUser }: WireUser, { role, startsOn, endsOn }: Standing, today: string) {
  if (endsOn !== undefined && endsOn <= today) return 'inactive'
  if (enabledUser === false && role !== 'pupil') return 'inactive'
  return startsOn !== undefined && startsOn > today ? 'pending' : 'active'
}

function reportPerson(user: WireUser, { role, several, unknown }: Standing, sourceId: string, findings: Finding[]) {
  if (several) findings.push({ code: 'several-roles', sourceId })
  if (unknown !== undefined) findings.push({ code: 'unknown-role', sourceId, ...detail(unknown) })
  if (user.enabledUser === false) findings.push({ code: 'unknown-status', sourceId, detail: 'disabled' })
  const names = [user.givenName, user.preferredFirstName, user.familyName]
  if (role === 'pupil' && names.every(name => name === undefined))
    findings.push({ code: 'pupil-without-name', sourceId })
  if (names.some(name => name?.includes('\uFFFD'))) findings.push({ code: 'damaged-text', sourceId })
  if (user.status !== undefined && user.status.toLowerCase() !== 'active')
    findings.push({ code: 'unknown-status', sourceId, ...detail(user.status) })
}

/** Only what the source says of this pupil; one of several year groups is nobody's to choose. */
function gradeOfPupil(user: WireUser, sourceId: string, rules: Rules, findings: Finding[]) {
  const known = new Set<NonNullable<PersonRecord['grade']>>()
  for (const word of user.grades) {
    const grade = gradeOf(word, rules.grades)
    if (grade === undefined) findings.push({ code: 'unknown-grade', sourceId, ...detail(word) })
    else known.add(grade)
  }
  const [only] = known
  return known.size === 1 ? only : undefined
}

const precedence: readonly MembershipRecord['role'][] = ['teacher', 'undecided', 'pupil', 'other']

/**
 * One membership per person and group: of several enrolments a present one before one to come before one that ended, then the role that
 * says most.
 * @param among kinds: the groups; enrolments of others do not come in here. people: their roles; an enrolment of nobody in it is left out, and
 * reported on the group, unless it may be `anybody`
 */
export function mapMemberships(
  enrollments: readonly WireEnrollment[],
  among: {
    kinds: ReadonlyMap<string, GroupRecord['kind']>
    people: ReadonlyMap<string, PersonRecord['role']>
    anybody: boolean | undefined
  },
  rules: Rules,
  findings: Finding[],
): MembershipRecord[] {
  const found = new Map<string, MembershipRecord>()
  const strangers = new Set<string>()
  for (const enrollment of enrollments) {
    const [groupSourceId, personSourceId] = [groupId(enrollment.class), personId(enrollment.user)]
    const [kind, person] = [among.kinds.get(groupSourceId) ?? 'scheduled', among.people.get(personSourceId)]
    if (person === undefined && !among.anybody) {
      strangers.add(groupSourceId)
      continue
    }
    const next = membershipOf(enrollment, membershipRole(enrollment, person, kind, rules.teachers))
    const key = `${groupSourceId}\n${personSourceId}`
    const known = found.get(key)
    if (known === undefined || rank(next, rules.today) < rank(known, rules.today)) found.set(key, next)
  }
  for (const sourceId of strangers) findings.push({ code: 'unknown-person', sourceId })
  for (const { role, personSourceId, groupSourceId } of found.values())
    if (role === 'undecided') findings.push({ code: 'role-undecided', sourceId: personSourceId, detail: groupSourceId })
  return [...found.values()]
}

/** 1EdTech: the first day is in, the last day is out (`endDate` exclusive). */
export function membershipOf(enrollment: WireEnrollment, role: MembershipRecord['role']): MembershipRecord {
  return {
    type: 'membership',
    groupSourceId: groupId(enrollment.class),
    personSourceId: personId(enrollment.user),
    role,
    ...given('startsOn', enrollment.beginDate),
    ...given('endsOn', enrollment.endDate),
  }
}

/** Comparable text: lower comes first. */
function rank({ role, startsOn, endsOn }: MembershipRecord, today: string): string {
  const when = endsOn !== undefined && endsOn <= today ? 2 : startsOn !== undefined && startsOn > today ? 1 : 0
  const latest = 99_999_999 - Number((endsOn ?? '9999-12-31').replaceAll('-', ''))
  return `${when}${precedence.indexOf(role)}${String(latest).padStart(8, '0')}${startsOn ?? ''}`
}

function wholeFindings(
  school: string,
  groups: readonly GroupRecord[],
  people: readonly PersonRecord[],
  memberships: readonly MembershipRecord[],
  findings: Finding[],
): void {
  const seated = new Set(memberships.filter(({ role }) => role === 'pupil').map(each => each.personSourceId))
  for (const { sourceId, role, status } of people)
    if (role === 'pupil' && status === 'active' && !seated.has(sourceId))
      findings.push({ code: 'pupil-without-group', sourceId })
  const homerooms = new Set(groups.filter(({ kind }) => kind === 'homeroom').map(({ sourceId }) => sourceId))
  if (homerooms.size === 0) findings.push({ code: 'no-homerooms', sourceId: school })
  else if (!memberships.some(({ role, groupSourceId }) => role === 'teacher' && homerooms.has(groupSourceId)))
    findings.push({ code: 'no-group-teachers', sourceId: school })
}
