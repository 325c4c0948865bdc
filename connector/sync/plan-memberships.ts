/** Who is in which group from when, and until when. A part of the plan; pure. */
import { yearSpan } from '../store/calendar.ts'
import type { StoredMembership, StoredPerson, StoredRoster } from '../store/roster.ts'
import type { Doubts, Plan, PlanKind } from './plan.ts'
import type { Snapshot, SnapshotGroup, SnapshotMembership, SnapshotPerson } from './snapshot.ts'

export interface MembershipInput {
  kind: PlanKind
  snapshot: Snapshot
  stored: StoredRoster
  /** By the tags of the snapshot. */
  matches: Map<string, StoredPerson>
  /** Who is in the snapshot and not inactive, by tag. */
  staying: Map<string, SnapshotPerson>
  doubts: Doubts
  newGroups: SnapshotGroup[]
  /** Who is deactivated or retired. */
  leaving: StoredPerson[]
  retired: StoredPerson[]
  today: string
}

type PlannedMemberships = Plan['memberships'] & Pick<Plan, 'missing'>

export function planMemberships(input: MembershipInput): PlannedMemberships {
  const { kind, snapshot, stored, today } = input
  const out: PlannedMemberships = { create: [], change: [], end: [], close: [], missing: [] }
  const ofYear = stored.memberships.filter(each => each.schoolYear === snapshot.schoolYear)
  const open = new Map(ofYear.map(each => [`${each.groupTag} ${each.personId} ${each.role}`, each]))
  const place = places(input, out.missing)
  const start = starts(input)
  const kept = new Set<string>()
  for (const each of snapshot.memberships) {
    const who = place(each)
    const endsOn = each.record.endsOn ?? null
    if (!who || (endsOn !== null && endsOn <= today)) continue
    const found = open.get(`${each.groupTag} ${who.personId} ${each.record.role}`)
    if (found) kept.add(found.id)
    if (!found) out.create.push({ ...each, personTag: who.tag, startsOn: start(each, who.startsOn), endsOn })
    else if (found.endsOn !== endsOn) out.change.push({ stored: found, endsOn })
  }
  const verdict = kind === 'delta' ? removedByDelta(input) : absent(input)
  for (const each of ofYear.filter(one => !kept.has(one.id))) {
    const how = verdict(each)
    if (how !== null) out[how].push({ stored: each, endsOn: today })
  }
  if (kind !== 'ahead') closeOtherYears(input, out)
  return out
}

interface Placed {
  tag: string
  /** Undefined: newly come. */
  personId: string | undefined
  startsOn: string | null
}

/** Who a membership is of, or null when it is not to be: of somebody who left, who may be somebody else, or whom the delta itself removes. */
function places({ kind, snapshot, stored, matches, staying, doubts }: MembershipInput, missing: string[]) {
  const sent = new Map(snapshot.people.map(next => [next.tag, next]))
  const sentGroups = new Set(snapshot.groups.map(group => group.tag))
  const byTag = new Map(kind === 'delta' ? stored.people.map(person => [person.tag, person]) : [])
  const groups = new Map(
    stored.groups
      .filter(group => group.active && group.schoolYear === snapshot.schoolYear)
      .map(group => [group.tag, group]),
  )
  const { removed, yearTags } = snapshot
  return ({ personTag, groupTag, record }: SnapshotMembership): Placed | null => {
    if (kind === 'delta' && !sentGroups.has(groupTag)) {
      if (removed.groups.has(groupTag)) return null
      if (!groups.has(groupTag)) missing.push(record.groupSourceId)
    }
    if (sent.has(personTag)) {
      const [next, found] = [staying.get(personTag), matches.get(personTag)]
      if (!next || (found && doubts.open.has(personTag))) return null
      // Who left before may come back with the year; until it has begun nobody does.
      if (kind === 'ahead' && found?.status === 'inactive') return null
      return { tag: found?.tag ?? personTag, personId: found?.personId, startsOn: next.record.startsOn ?? null }
    }
    const known = byTag.get(personTag) ?? byTag.get(yearTags.get(personTag) ?? '')
    if (!known) {
      if (!removed.people.has(personTag)) missing.push(record.personSourceId)
      return null
    }
    return known.status === 'inactive' || removed.people.has(known.tag) ? null : known
  }
}

/**
 * What the source says; else the start of the year for a group that is new, else today. Never before the year or before the person came: the
 * panel opens from the day of a membership.
 */
function starts({ snapshot, newGroups, today }: MembershipInput) {
  const year = yearSpan(snapshot.schoolYear).startsOn
  const fresh = new Set(newGroups.map(group => group.tag))
  return ({ groupTag, record }: SnapshotMembership, came: string | null): string => {
    if (record.startsOn !== undefined) return record.startsOn > year ? record.startsOn : year
    const from = fresh.has(groupTag) || today < year ? year : today
    return came !== null && came > from ? came : from
  }
}

type Verdict = (each: StoredMembership) => 'end' | 'close' | null

/** Everything came: what did not is over. */
function absent({ kind, snapshot, stored, matches, staying, doubts }: MembershipInput): Verdict {
  const untouched = new Set([...doubts.open].flatMap(tag => matches.get(tag)?.personId ?? []))
  const left = kind === 'ahead' ? stored.people.filter(person => person.status === 'inactive') : []
  for (const { personId } of left) untouched.add(personId)
  const remain = new Set([...staying.keys()].flatMap(tag => matches.get(tag)?.personId ?? []))
  const groupsHere = new Set(snapshot.groups.map(group => group.tag))
  return each => {
    if (untouched.has(each.personId)) return null
    return remain.has(each.personId) && groupsHere.has(each.groupTag) ? 'end' : 'close'
  }
}

/** Over is what was said to be, and what cannot be without its person or group. */
function removedByDelta({ snapshot, leaving }: MembershipInput): Verdict {
  const { removed, yearTags } = snapshot
  const gone = new Set(leaving.map(person => person.personId))
  const said = new Set(
    removed.memberships.flatMap(({ groupTag, personTag, role = 'any' }) =>
      [personTag, yearTags.get(personTag) ?? personTag].map(tag => `${groupTag} ${tag} ${role}`),
    ),
  )
  return ({ groupTag, personTag, personId, role }) => {
    if (gone.has(personId) || removed.groups.has(groupTag)) return 'close'
    return said.has(`${groupTag} ${personTag} ${role}`) || said.has(`${groupTag} ${personTag} any`) ? 'end' : null
  }
}

/** Years that are over by the calendar; and whatever was stored for years to come of somebody whose key is another's now. */
function closeOtherYears({ snapshot, stored, retired, today }: MembershipInput, out: PlannedMemberships): void {
  const moved = new Set(retired.map(person => person.personId))
  for (const each of stored.memberships) {
    if (each.schoolYear === snapshot.schoolYear) continue
    const { endsOn } = yearSpan(each.schoolYear)
    if (moved.has(each.personId)) out.close.push({ stored: each, endsOn: today })
    else if (each.schoolYear < snapshot.schoolYear && (each.endsOn === null || each.endsOn > endsOn))
      out.close.push({ stored: each, endsOn })
  }
}
