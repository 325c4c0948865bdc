/** Who is mentor of whom: of a stamgroep (opens it) or of one pupil (opens nothing). Pure. */
import { detail, order } from '../deliver.ts'
import type { MembershipRecord, PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import type { Placed } from './placements.ts'
import { staffId, stamgroepId } from './terms.ts'
import type { Mentor, Stamgroep } from './wire.ts'

const ofTheGroup = new Set(['EersteMentorStamgroep', 'TweedeMentorStamgroep'])
const ofThePupil = 'Plaatsing'

/**
 * The stamgroep says who its mentors are; where it does not, the placements of its pupils repeat it. Then more than one first or second mentor
 * is a contradiction, and left to a person. Somebody who left, or whom we do not see, opens nothing.
 */
export function mentorsOf(
  from: { pupils: readonly Placed[]; groups: readonly Stamgroep[]; staff: readonly PersonRecord[]; schoolYear: string },
  findings: Finding[],
): MembershipRecord[] {
  const staff = new Map(from.staff.filter(({ status }) => status !== 'inactive').map(each => [each.sourceId, each]))
  const seated = from.pupils.filter(
    ({ status, plaatsing }) => status !== 'inactive' && plaatsing?.stamgroep !== undefined,
  )
  const inGroup = Map.groupBy(seated, ({ plaatsing }) => plaatsing?.stamgroep?.uuid)
  return from.groups.flatMap(group => {
    const sourceId = stamgroepId(group.uuid, from.schoolYear)
    const repeated = (inGroup.get(group.uuid) ?? []).flatMap(({ plaatsing }) => plaatsing?.mentoren ?? [])
    const roles = rolesOf(group.mentoren ?? [], repeated)
    for (const word of new Set([...(group.mentoren ?? []), ...repeated].flatMap(unknownWord)))
      findings.push({ code: 'unknown-role', sourceId, ...detail(word) })
    if ([...roles.keys()].some(uuid => !staff.has(staffId(uuid)))) findings.push({ code: 'mentor-unknown', sourceId })
    return [...roles].flatMap(([uuid, role]): MembershipRecord[] => {
      const person = staff.get(staffId(uuid))
      if (person === undefined) return []
      const mine = person.role === 'staff' ? role : 'other'
      if (mine === 'undecided') findings.push({ code: 'role-undecided', sourceId: person.sourceId, detail: sourceId })
      return [{ type: 'membership', groupSourceId: sourceId, personSourceId: person.sourceId, role: mine }]
    })
  })
}

const unknownWord = ({ toewijzing = 'none' }: Mentor) =>
  ofTheGroup.has(toewijzing) || toewijzing === ofThePupil ? [] : [toewijzing]

/** @returns role by uuid of the member of staff, the first of a group's own mentors, of those repeated with the pupils, of anybody else named */
function rolesOf(own: readonly Mentor[], repeated: readonly Mentor[]): Map<string, 'teacher' | 'undecided' | 'other'> {
  const roles = new Map<string, 'teacher' | 'undecided' | 'other'>()
  const group = (all: readonly Mentor[]) => all.filter(({ toewijzing = '' }) => ofTheGroup.has(toewijzing))
  const told = group(own).length > 0 ? group(own) : group(repeated)
  for (const [, same] of Map.groupBy(told, ({ toewijzing }) => toewijzing)) {
    const people = new Set(same.map(({ medewerker_uuid }) => medewerker_uuid))
    for (const uuid of people)
      if (roles.get(uuid) !== 'teacher') roles.set(uuid, people.size > 1 ? 'undecided' : 'teacher')
  }
  const others = [...own, ...repeated].map(({ medewerker_uuid }) => medewerker_uuid)
  for (const uuid of [...others].sort(order)) if (!roles.has(uuid)) roles.set(uuid, 'other')
  return roles
}
