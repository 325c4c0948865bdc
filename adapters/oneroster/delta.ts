/** What changed, pure: records to write over, and what is gone. */
import type { MembershipRecord } from '../roster.ts'
import type { Removal } from '../source.ts'
import { groupId, type Known, type Mapped, mapRoster, personId, type Rules, type WireRoster } from './map.ts'
import { isGone, type WireEnrollment, type WireUser } from './wire.ts'

const roles: readonly MembershipRecord['role'][] = ['pupil', 'teacher', 'other', 'undecided']

export interface Delta extends Mapped {
  removed: Removal[]
}

/**
 * @param wire classes and users whole, enrolments as far as they changed, deleted ones too
 * Of a person and group whose enrolment changed every other role is removed: a teacher who is an aide from now on, in the same enrolment, must not
 * stay the teacher. Two enrolments of one person in one class of which one changes lose the other until everything is read again; that
 * is the safe side.
 */
export function deltaOf(
  wire: WireRoster & { deleted: { classes: readonly string[] } },
  rules: Rules,
  known: Known = { groups: new Map(), anybody: false },
): Delta {
  const mapped = mapRoster(wire, rules, known)
  const kept = Map.groupBy(mapped.roster.memberships, each => pairOf(each.groupSourceId, each.personSourceId))
  const gone = new Set(wire.deleted.classes.map(groupId))
  const removed: Removal[] = [...gone].map(sourceId => ({ type: 'group', sourceId }))
  for (const [pair, enrollments] of Map.groupBy(wire.enrollments, pairOfEnrollment)) {
    const [some] = enrollments
    if (some === undefined || gone.has(groupId(some.class))) continue
    const stays = new Set(kept.get(pair)?.map(({ role }) => role))
    const of = { type: 'membership' as const, groupSourceId: groupId(some.class), personSourceId: personId(some.user) }
    if (stays.size === 0) removed.push(of)
    else removed.push(...roles.filter(role => !stays.has(role)).map(role => ({ ...of, role })))
  }
  return { ...mapped, removed }
}

const pairOf = (group: string, person: string) => `${group}\n${person}`
const pairOfEnrollment = (each: WireEnrollment) => pairOf(groupId(each.class), personId(each.user))

/** A deleted user, unless the list of users, read before, has it as a living one. */
export function personRemovals(users: readonly WireUser[], deleted: { users: readonly string[] }): Removal[] {
  const living = new Set(users.filter(user => !isGone(user)).map(({ sourcedId }) => sourcedId))
  const gone = [...users.filter(isGone).map(({ sourcedId }) => sourcedId), ...deleted.users]
  return [...new Set(gone)].filter(id => !living.has(id)).map(id => ({ type: 'person', sourceId: personId(id) }))
}
