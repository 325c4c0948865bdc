/** Groups that come, change and go. A part of the plan; pure. */
import { yearSpan } from '../store/calendar.ts'
import type { StoredGroup } from '../store/roster.ts'
import type { Plan, PlanKind } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

export function planGroups(kind: PlanKind, snapshot: Snapshot, stored: StoredGroup[], today: string): Plan['groups'] {
  const out: Plan['groups'] = { create: [], update: [], deactivate: [], retire: [] }
  const ofYear = stored.filter(group => group.schoolYear === snapshot.schoolYear)
  const byTag = new Map(ofYear.map(group => [group.tag, group]))
  for (const next of snapshot.groups) {
    const found = byTag.get(next.tag)
    const { kind: sort, name, grades } = next.record
    if (!found) out.create.push(next)
    else if (!found.active || found.kind !== sort || found.name !== name || found.grades.join() !== grades.join())
      out.update.push({ stored: found, next })
  }
  const here = new Set(snapshot.groups.map(group => group.tag))
  const isGone = ({ tag }: StoredGroup) => !here.has(tag) && (kind !== 'delta' || snapshot.removed.groups.has(tag))
  for (const group of stored.filter(each => each.active).sort((a, b) => (a.tag < b.tag ? -1 : 1))) {
    if (group.schoolYear === snapshot.schoolYear && isGone(group)) out.deactivate.push(group)
    if (kind === 'snapshot' && group.schoolYear < snapshot.schoolYear && yearSpan(group.schoolYear).endsOn <= today)
      out.retire.push(group)
  }
  return out
}

/** Somebody who is back may have memberships that did not change at the source, and that ended here when they left. */
export function returnsWithoutPlace(
  { update }: Plan['people'],
  groups: Plan['groups'],
  { memberships }: Snapshot,
): boolean {
  const placed = new Set(memberships.map(each => each.personTag))
  const filled = new Set(memberships.map(each => each.groupTag))
  return (
    update.some(({ returns, next }) => returns && !placed.has(next.tag)) ||
    groups.update.some(({ stored, next }) => !stored.active && !filled.has(next.tag))
  )
}
