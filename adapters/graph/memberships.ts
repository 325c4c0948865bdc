/** Who is in which class, and as what. Only `teacher` of a homeroom opens anything: be strict. Pure. */
import type { GroupRecord, MembershipRecord, PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'

interface Classes {
  people: ReadonlyMap<string, { members: readonly string[]; teachers: readonly string[] }>
  groupOf: ReadonlyMap<string, GroupRecord>
  personOf: ReadonlyMap<string, PersonRecord>
  homeroomsPerTeacher: number
}

/** One membership a person and class: `members` has the teachers in it, who are its owners. */
export function membershipsOf(classes: Classes, findings: Finding[]): MembershipRecord[] {
  const { people, groupOf, personOf, homeroomsPerTeacher } = classes
  const memberships: MembershipRecord[] = []
  const pupilsWhoOwn = new Set<string>()
  for (const [id, { sourceId: groupSourceId }] of groupOf) {
    const { members = [], teachers = [] } = people.get(id) ?? {}
    const owners = new Set(teachers)
    let strangers = 0
    for (const each of new Set([...members, ...teachers])) {
      const person = personOf.get(each)
      if (person === undefined) {
        strangers += 1
        continue
      }
      const { sourceId: personSourceId, role: is } = person
      if (is === 'pupil' && owners.has(each)) pupilsWhoOwn.add(personSourceId)
      memberships.push({ type: 'membership', groupSourceId, personSourceId, role: roleIn(is, owners.has(each)) })
    }
    if (strangers > 0) findings.push({ code: 'unknown-person', sourceId: groupSourceId, detail: String(strangers) })
  }
  for (const sourceId of pupilsWhoOwn) findings.push({ code: 'several-roles', sourceId })
  return heldBack(memberships, homeroomsIn(groupOf.values()), homeroomsPerTeacher, findings)
}

/** An owner who is no teacher by the directory is held for a person; a pupil who owns a class stays a pupil. */
function roleIn(is: PersonRecord['role'], owns: boolean): MembershipRecord['role'] {
  if (is === 'pupil') return 'pupil'
  if (!owns) return 'other'
  return is === 'staff' ? 'teacher' : 'undecided'
}

/** Teachers of more homerooms than `most` are held for a person, in all of them. */
function heldBack(
  memberships: readonly MembershipRecord[],
  homerooms: ReadonlyMap<string, GroupRecord>,
  most: number,
  findings: Finding[],
): MembershipRecord[] {
  const opens = ({ role, groupSourceId }: MembershipRecord) => role === 'teacher' && homerooms.has(groupSourceId)
  const opened = Map.groupBy(memberships.filter(opens), ({ personSourceId }) => personSourceId)
  return memberships.map(each => {
    const tooMany = opens(each) && (opened.get(each.personSourceId)?.length ?? 0) > most
    const held: MembershipRecord = tooMany ? { ...each, role: 'undecided' } : each
    const { personSourceId: sourceId, groupSourceId: detail } = held
    if (held.role === 'undecided') findings.push({ code: 'role-undecided', sourceId, detail })
    return held
  })
}

/**
 * What the homeroom says of a pupil: the grade, where it has one only and the pupil none. Pupils without a homeroom are told, where there are
 * homerooms at all.
 */
export function fromHomerooms(
  roster: { groups: readonly GroupRecord[]; people: readonly PersonRecord[]; memberships: readonly MembershipRecord[] },
  findings: Finding[],
): PersonRecord[] {
  const homerooms = homeroomsIn(roster.groups)
  const homeroomOf = new Map<string, GroupRecord>()
  for (const { role, groupSourceId, personSourceId } of roster.memberships) {
    const homeroom = homerooms.get(groupSourceId)
    if (role === 'pupil' && homeroom !== undefined) homeroomOf.set(personSourceId, homeroom)
  }
  return roster.people.map(person => {
    const { sourceId, role, status } = person
    const homeroom = homeroomOf.get(sourceId)
    if (role === 'pupil' && status === 'active' && homeroom === undefined && homerooms.size > 0)
      findings.push({ code: 'pupil-without-group', sourceId })
    const [grade, ...more] = homeroom?.grades ?? []
    const known = person.grade !== undefined || grade === undefined || more.length > 0
    return known ? person : { ...person, grade }
  })
}

function homeroomsIn(groups: Iterable<GroupRecord>): Map<string, GroupRecord> {
  const homerooms = [...groups].filter(({ kind }) => kind === 'homeroom')
  return new Map(homerooms.map(group => [group.sourceId, group]))
}
