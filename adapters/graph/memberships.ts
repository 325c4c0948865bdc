/** Who is in which class, and as what. Only `teacher` of a homeroom opens anything: be strict. Pure. */
import { heldBack } from '../homerooms.ts'
import type { GroupRecord, MembershipRecord, PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'

interface Classes {
  people: ReadonlyMap<string, { members: readonly string[]; teachers: readonly string[] }>
  groupOf: ReadonlyMap<string, GroupRecord>
  personOf: ReadonlyMap<string, PersonRecord>
  /** Ids of homerooms whose year nothing says. */
  doubtful: ReadonlySet<string>
}

/** One membership a person and class: `members` has the teachers in it, who are its owners. */
export function membershipsOf(classes: Classes, homeroomsPerTeacher: number, findings: Finding[]): MembershipRecord[] {
  const { people, groupOf, personOf, doubtful } = classes
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
      const role = roleIn(is, owners.has(each))
      const certain = role === 'teacher' && doubtful.has(id) ? 'undecided' : role
      memberships.push({ type: 'membership', groupSourceId, personSourceId, role: certain })
    }
    if (strangers > 0) findings.push({ code: 'unknown-person', sourceId: groupSourceId, detail: String(strangers) })
  }
  for (const sourceId of pupilsWhoOwn) findings.push({ code: 'several-roles', sourceId })
  const judged = heldBack(memberships, [...groupOf.values()], homeroomsPerTeacher)
  for (const { role, personSourceId: sourceId, groupSourceId: detail } of judged)
    if (role === 'undecided') findings.push({ code: 'role-undecided', sourceId, detail })
  return judged
}

/** An owner who is no teacher by the directory is held for a person; a pupil who owns a class stays a pupil. */
function roleIn(is: PersonRecord['role'], owns: boolean): MembershipRecord['role'] {
  if (is === 'pupil') return 'pupil'
  if (!owns) return 'other'
  return is === 'staff' ? 'teacher' : 'undecided'
}

/**
 * What the homeroom says of a pupil: the grade, where there is one only and the pupil has none. Pupils without a homeroom are told, where there are
 * homerooms at all.
 */
export function fromHomerooms(
  roster: { groups: readonly GroupRecord[]; people: readonly PersonRecord[]; memberships: readonly MembershipRecord[] },
  findings: Finding[],
): PersonRecord[] {
  const gradesOf = new Map(
    roster.groups.filter(({ kind }) => kind === 'homeroom').map(({ sourceId, grades }) => [sourceId, grades]),
  )
  const places = roster.memberships.filter(({ role, groupSourceId }) => role === 'pupil' && gradesOf.has(groupSourceId))
  const placesOf = Map.groupBy(places, ({ personSourceId }) => personSourceId)
  return roster.people.map(person => {
    const { sourceId, role, status } = person
    const mine = placesOf.get(sourceId) ?? []
    if (role === 'pupil' && status === 'active' && mine.length === 0 && gradesOf.size > 0)
      findings.push({ code: 'pupil-without-group', sourceId })
    const [grade, ...more] = new Set(mine.flatMap(({ groupSourceId }) => gradesOf.get(groupSourceId) ?? []))
    const known = person.grade !== undefined || grade === undefined || more.length > 0
    return known ? person : { ...person, grade }
  })
}
