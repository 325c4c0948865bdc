/** Wire → roster, pure. The organisational unit says what somebody is, a course or group where somebody sits. */
import { given } from '../deliver.ts'
import { givingWay, gradesInName, heldBack, homeroomIds } from '../homerooms.ts'
import { splitPrefix } from '../names.ts'
import type { GroupRecord, MembershipRecord, PersonRecord, RosterKey, SchoolRecord } from '../roster.ts'
import type { Finding, Scope } from '../source.ts'
import { type Class, classesOf, courseId } from './classes.ts'
import type { Gathered } from './gather.ts'
import type { Options } from './options.ts'
import { type Role, roleOf, unitOf } from './roles.ts'
import type { WireCourse, WireUser } from './wire.ts'

export interface Mapped {
  school: SchoolRecord
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
  findings: Finding[]
  scope: Scope
}

/** @param gathered of one Workspace account (`customerId`), with at least one pupil */
export function mapRoster(gathered: Gathered, options: Options, customerId: string, schoolYear: string): Mapped {
  // Two schools of a board share the account: the first unit of the pupils tells them apart.
  const organisation = `${customerId}${options.pupils[0]}`
  const schoolId = `school:${organisation}`
  const findings: Finding[] = []
  const people = new Map<string, PersonRecord>()
  for (const user of gathered.users) {
    const role = roleOf(user, options)
    if (role !== undefined) people.set(user.id, personOf(user, role, options, findings))
  }
  const { courses, pretended } = madeByStaff(gathered, people)
  // Courses come of the whole domain: those of this school are the ones that a pupil of it is in.
  const seated = classesOf({ ...gathered, courses }, options, schoolYear).filter(
    one => pupilsIn(one, people).length > 0,
  )
  const giving = new Set([...givingWay(homeroomsIn(seated, people))].map(({ one }) => one))
  const classes = seated.filter(one => !giving.has(one))
  const leftOut = [...pretended, ...[...giving].map(({ sourceId }) => sourceId)]
  findings.push(...leftOut.map(detail => ({ code: 'not-a-class' as const, sourceId: schoolId, detail })))
  const memberships = heldBack(
    classes.flatMap(one => membershipsOf(one, people, findings)),
    classes,
    options.homeroomsPerTeacher,
  )
  findings.push(...undecided(memberships), ...aboutSchool(schoolId, classes, memberships))
  findings.push(...withoutGroup([...people.values()], classes, memberships))
  return {
    school: { type: 'school', sourceId: schoolId, schoolYear },
    groups: classes.map(({ sourceId, kind, name }) => ({
      type: 'group',
      sourceId,
      kind,
      name,
      schoolYear,
      grades: kind === 'homeroom' ? gradesInName(name) : [],
    })),
    people: [...people.values()],
    memberships,
    findings,
    scope: { organisation, schoolYear },
  }
}

/** A pupil may make a course and give it the name of a class: what was told of whoever sits in it would not reach their own teacher. */
function madeByStaff({ courses }: Gathered, people: ReadonlyMap<string, PersonRecord>) {
  const isOfPupil = ({ ownerId = '' }: WireCourse) => people.get(ownerId)?.role === 'pupil'
  const pretended = courses.filter(course => course.homeroom && isOfPupil(course)).map(({ id }) => courseId(id))
  return { courses: courses.filter(course => !isOfPupil(course)), pretended }
}

const pupilsIn = ({ students, members }: Class, people: ReadonlyMap<string, PersonRecord>): string[] =>
  [...new Set([...students, ...members])].filter(
    id => people.get(id)?.role === 'pupil' && people.get(id)?.status === 'active',
  )

function homeroomsIn(classes: readonly Class[], people: ReadonlyMap<string, PersonRecord>) {
  const teaches = (id: string) => people.get(id)?.role === 'staff' && people.get(id)?.status === 'active'
  return classes
    .filter(({ kind }) => kind === 'homeroom')
    .map(one => ({ one, pupils: pupilsIn(one, people), certain: !one.doubtful && one.teachers.some(teaches) }))
}

function personOf(user: WireUser, role: Role, options: Options, findings: Finding[]): PersonRecord {
  const sourceId = `user:${user.id}`
  const family = user.name?.familyName?.trim()
  const givenName = user.name?.givenName?.trim()
  if (role === 'pupil' && !family && !givenName) findings.push({ code: 'pupil-without-name', sourceId })
  return {
    type: 'person',
    sourceId,
    stable: true,
    role,
    roleHints: role === 'pupil' ? [] : hints(user.orgUnitPath, options),
    status: user.suspended || user.archived ? 'inactive' : 'active',
    ...given('givenName', givenName),
    ...(family ? splitPrefix(family) : {}),
    username: user.primaryEmail,
    email: user.primaryEmail,
    keys: keysOf(user, role),
  }
}

/** The name of somebody's own unit below the one of the staff ("Intern begeleiders"): no right, but a hint to whoever grants one. */
function hints(orgUnitPath: string, options: Options): string[] {
  const base = unitOf(orgUnitPath, options)?.path ?? ''
  const own = orgUnitPath.slice(base.length).split('/').at(-1)
  return own ? [own.slice(0, 100)] : []
}

function keysOf(user: WireUser, role: Role): RosterKey[] {
  const number = numberOf(user)
  const type = role === 'pupil' ? 'pupil-number' : 'staff-number'
  return [
    { type: 'object-id', value: user.id, stable: true },
    { type: 'username', value: user.primaryEmail, stable: true },
    { type: 'email', value: user.primaryEmail, stable: true },
    ...(number === undefined ? [] : [{ type, value: number, stable: true } as const]),
  ]
}

/** "Employee ID" in Google's administration. None when there are two, or when it may be a citizen service number: those are never taken. */
function numberOf({ externalIds = [] }: WireUser): string | undefined {
  const own = externalIds.filter(({ type }) => type === 'organization').map(({ value }) => value?.trim() ?? '')
  const [number, ...more] = new Set(own.filter(value => value !== '' && value.length <= 64))
  return more.length > 0 ? undefined : number
}

/** A membership for each who is of this school; how many are not, and who is pupil and staff at once, becomes a finding. */
function membershipsOf(one: Class, people: Map<string, PersonRecord>, findings: Finding[]): MembershipRecord[] {
  const roles = new Map<string, MembershipRecord['role']>()
  let unknown = one.outsiders
  const seat = (ids: readonly string[], roleOfOne: (person: PersonRecord) => MembershipRecord['role']) => {
    for (const id of ids) {
      const person = people.get(id)
      if (person === undefined) unknown += 1
      // Who is suspended or archived has a place nowhere.
      else if (person.status === 'active' && !roles.has(id)) roles.set(id, roleOfOne(person))
    }
  }
  const both = (person: PersonRecord): 'other' => {
    findings.push({ code: 'several-roles', sourceId: person.sourceId, detail: one.sourceId })
    return 'other'
  }
  const certain = one.doubtful ? 'undecided' : 'teacher'
  seat(one.teachers, person => (person.role === 'staff' ? certain : person.role === 'pupil' ? both(person) : 'other'))
  seat(one.students, person => (person.role === 'pupil' ? 'pupil' : person.role === 'staff' ? both(person) : 'other'))
  seat(one.members, person => (person.role === 'pupil' ? 'pupil' : person.role === 'staff' ? one.staffAre : 'other'))
  if (unknown > 0) findings.push({ code: 'unknown-person', sourceId: one.sourceId, detail: String(unknown) })
  return [...roles].map(([id, role]) => ({
    type: 'membership',
    groupSourceId: one.sourceId,
    personSourceId: `user:${id}`,
    role,
  }))
}

function undecided(memberships: readonly MembershipRecord[]): Finding[] {
  return memberships
    .filter(({ role }) => role === 'undecided')
    .map(({ personSourceId, groupSourceId }) => ({
      code: 'role-undecided',
      sourceId: personSourceId,
      detail: groupSourceId,
    }))
}

function aboutSchool(schoolId: string, classes: readonly Class[], memberships: readonly MembershipRecord[]): Finding[] {
  const homerooms = homeroomIds(classes)
  if (homerooms.size === 0) return [{ code: 'no-homerooms', sourceId: schoolId }]
  const taught = memberships.some(
    ({ role, groupSourceId }) => (role === 'teacher' || role === 'undecided') && homerooms.has(groupSourceId),
  )
  return taught ? [] : [{ code: 'no-group-teachers', sourceId: schoolId }]
}

function withoutGroup(
  people: readonly PersonRecord[],
  classes: readonly Class[],
  memberships: readonly MembershipRecord[],
): Finding[] {
  const homerooms = homeroomIds(classes)
  if (homerooms.size === 0) return []
  const seated = new Set(
    memberships
      .filter(({ role, groupSourceId }) => role === 'pupil' && homerooms.has(groupSourceId))
      .map(({ personSourceId }) => personSourceId),
  )
  return people
    .filter(({ role, status, sourceId }) => role === 'pupil' && status === 'active' && !seated.has(sourceId))
    .map(({ sourceId }) => ({ code: 'pupil-without-group', sourceId }))
}
