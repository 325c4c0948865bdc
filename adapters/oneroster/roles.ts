/** Who somebody is in our school, and what an enrolment makes of it. Strict: only a teacher of a homeroom opens a panel. */
import type { GroupRecord, MembershipRecord, PersonRecord } from '../roster.ts'
import type { Place } from './scope.ts'
import type { WireEnrollment, WireRole, WireUser } from './wire.ts'

type PersonRole = PersonRecord['role']

/** 1.1's list, and 1.2's with its finer administrators. Anything else is a supplier's own word. */
const known: Readonly<Record<string, PersonRole>> = {
  student: 'pupil',
  teacher: 'staff',
  aide: 'staff',
  proctor: 'staff',
  invigilator: 'staff',
  administrator: 'staff',
  principal: 'staff',
  counselor: 'staff',
  districtadministrator: 'staff',
  siteadministrator: 'staff',
  systemadministrator: 'staff',
  guardian: 'parent',
  parent: 'parent',
  relative: 'parent',
}

/** 1.2 lets a supplier add words that begin with `ext:`. */
const trainee = /^ext:(stagiair|stagiaire|trainee|intern|studentteacher)$/i

export function roleOf(word: string | undefined): PersonRole {
  if (word === undefined) return 'unknown'
  if (trainee.test(word)) return 'trainee'
  const plain = word.toLowerCase()
  return Object.hasOwn(known, plain) ? (known[plain] as PersonRole) : 'unknown'
}

export interface Standing {
  role: PersonRole
  /** The vendor's words, in a set order. */
  hints: string[]
  /** The source says two things that cannot both be. */
  several: boolean
  /** A word on nobody's list, or none. */
  unknown: string | undefined
  startsOn: string | undefined
  /** Exclusive. Only when every role here ends. */
  endsOn: string | undefined
  /** Has a role in this very school, rather than a place in one of its classes only. */
  here: boolean
}

/**
 * The roles in our school count. Without one: what the person is enrolled as in a class of ours, as far as nothing is opened by it: a pupil of
 * another school who sits in ours is a pupil; staff must have a role as staff at the school's board.
 * @returns undefined when this person is none of ours
 */
export function standingOf(
  user: WireUser,
  enrolled: readonly WireEnrollment[],
  place: Place,
  today: string,
): Standing | undefined {
  const here = user.roles.filter(({ org }) => org === place.school)
  if (here.length > 0) return standing(here, today, true)
  if (enrolled.length === 0) return undefined
  const as = (role: string) => standing([{ role, org: place.school, beginDate: undefined, endDate: undefined }], today)
  if (enrolled.every(({ role }) => roleOf(role) === 'pupil')) return as('student')
  if (enrolled.every(({ role }) => roleOf(role) === 'parent')) return as('parent')
  const above = user.roles.filter(({ org, role }) => place.above.has(org) && roleOf(role) === 'staff')
  if (above.length > 0) return standing(above, today)
  const words = user.roles.map(({ role }) => role)
  return { ...standing([], today), hints: hintsOf(words), unknown: words.find(word => word !== undefined) ?? 'none' }
}

/**
 * What somebody is follows from the roles that have not ended; where all have, from all of them: a leaver was something. One that is yet to begin
 * makes nobody more than they are today.
 */
function standing(roles: readonly WireRole[], today: string, here = false): Standing {
  const lasting = roles.filter(({ endDate }) => endDate === undefined || endDate > today)
  const begun = lasting.filter(({ role, beginDate = '' }) => beginDate <= today || roleOf(role) === 'pupil')
  const counting = [begun, lasting, roles].find(each => each.length > 0) ?? []
  const words = counting.map(({ role }) => role).sort()
  const all = new Set(words.map(roleOf))
  const role = (['pupil', 'trainee', 'staff', 'parent', 'unknown'] as const).find(each => all.has(each)) ?? 'unknown'
  const starts = counting.map(({ beginDate }) => beginDate)
  const ends = counting.map(({ endDate }) => endDate)
  return {
    role,
    hints: hintsOf(words),
    several: role === 'pupil' && all.size > 1,
    unknown: all.has('unknown') ? (words.find(word => roleOf(word) === 'unknown') ?? 'none') : undefined,
    startsOn: starts.includes(undefined) ? undefined : starts.sort()[0],
    endsOn: ends.includes(undefined) ? undefined : ends.sort().at(-1),
    here,
  }
}

const hintsOf = (words: readonly (string | undefined)[]): string[] =>
  [...new Set(words.filter(word => word !== undefined))].sort().map(word => word.slice(0, 100))

/** `all`: every enrolment as `teacher` is the teacher; `primary`: not those that the source marks as not primary. */
export const teacherRules = ['primary', 'all'] as const
export type TeacherRule = (typeof teacherRules)[number]

/**
 * @param person undefined in a CSV delta that does not bring the person: the roster then still asks for a member of staff before it opens anything
 * @param kind   of the group; a teacher who is not primary is a question on a homeroom only
 */
export function membershipRole(
  enrollment: WireEnrollment,
  person: PersonRole | undefined,
  kind: GroupRecord['kind'],
  rule: TeacherRule,
): MembershipRecord['role'] {
  const role = enrollment.role?.toLowerCase()
  if (roleOf(role) === 'pupil') return person === 'pupil' || person === undefined ? 'pupil' : 'other'
  if (role !== 'teacher') return 'other'
  if (person === 'unknown') return 'undecided'
  if (person !== 'staff' && person !== undefined) return 'other'
  return rule === 'primary' && enrollment.primary === false && kind === 'homeroom' ? 'undecided' : 'teacher'
}
