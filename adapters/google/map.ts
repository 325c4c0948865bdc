/** Wire → roster, pure. The organisational unit says what somebody is, a course or group where somebody sits. */
import { given } from '../deliver.ts'
import { gradesInName } from '../homerooms.ts'
import { splitPrefix } from '../names.ts'
import type { GroupRecord, MembershipRecord, PersonRecord, RosterKey, SchoolRecord } from '../roster.ts'
import type { Finding, Scope } from '../source.ts'
import { type Class, classesOf } from './classes.ts'
import type { Gathered } from './gather.ts'
import { isBelow } from './homerooms.ts'
import type { Options } from './options.ts'
import type { WireUser } from './wire.ts'

export interface Mapped {
  school: SchoolRecord
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
  findings: Finding[]
  scope: Scope
}

type Role = 'pupil' | 'staff' | 'trainee'

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
  // Courses come of the whole domain: those of this school are the ones that a pupil of it is in.
  const isPupil = (id: string) => people.get(id)?.role === 'pupil' && people.get(id)?.status === 'active'
  const classes = classesOf(gathered, options, schoolYear).filter(({ students, members }) =>
    [...students, ...members].some(isPupil),
  )
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

/** @returns undefined for somebody of another part of the domain, whatever the search brought */
export function roleOf({ orgUnitPath }: WireUser, options: Options): Role | undefined {
  return unitOf(orgUnitPath, options)?.role
}

/** The deepest unit of the options at or above this one. */
function unitOf(orgUnitPath: string, { pupils, staff, trainees }: Options): { role: Role; path: string } | undefined {
  const lists: [Role, readonly string[]][] = [
    ['pupil', pupils],
    ['staff', staff],
    ['trainee', trainees],
  ]
  const above = lists.flatMap(([role, paths]) =>
    paths.filter(path => isBelow(orgUnitPath, path)).map(path => ({ role, path })),
  )
  return above.sort((a, b) => b.path.length - a.path.length)[0]
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

/** "Employee ID" in the console. None when there are two, or when it may be a citizen service number: those are never taken. */
function numberOf({ externalIds = [] }: WireUser): string | undefined {
  const own = externalIds.filter(({ type }) => type === 'organization').map(({ value }) => value?.trim() ?? '')
  const [number, ...more] = new Set(own.filter(value => value !== '' && value.length <= 64))
  return number === undefined || more.length > 0 || mayBeCitizenNumber(number) ? undefined : number
}

/** Nine digits that pass the eleven test of BSN and onderwijsnummer (two in eleven pupil numbers of nine digits do too, and are lost). */
export function mayBeCitizenNumber(text: string): boolean {
  if (!/^\d{9}$/.test(text)) return false
  const sum = [...text].reduce((total, digit, at) => total + Number(digit) * (at === 8 ? -1 : 9 - at), 0)
  return sum % 11 === 0 || sum % 11 === 5
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

/** Whoever teaches more homerooms than a teacher can is an administrator or a helper, until a person says otherwise. */
function heldBack(memberships: MembershipRecord[], classes: readonly Class[], most: number): MembershipRecord[] {
  const homerooms = homeroomIds(classes)
  const taught = ({ role, groupSourceId }: MembershipRecord) => role === 'teacher' && homerooms.has(groupSourceId)
  const by = Map.groupBy(memberships.filter(taught), ({ personSourceId }) => personSourceId)
  return memberships.map(membership =>
    taught(membership) && (by.get(membership.personSourceId)?.length ?? 0) > most
      ? { ...membership, role: 'undecided' }
      : membership,
  )
}

const homeroomIds = (classes: readonly Class[]) =>
  new Set(classes.filter(({ kind }) => kind === 'homeroom').map(({ sourceId }) => sourceId))

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
