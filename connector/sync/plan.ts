/** What must change so that what is stored says what the snapshot says. Pure. */

import { yearSpan } from '../store/calendar.ts'
import type { StoredGroup, StoredKey, StoredMembership, StoredPerson, StoredRoster } from '../store/roster.ts'
import type { Snapshot, SnapshotGroup, SnapshotMembership, SnapshotPerson } from './snapshot.ts'

interface PersonUpdate {
  stored: StoredPerson
  next: SnapshotPerson
  /** Was inactive. */
  returns: boolean
  /** Names or contact differ, or the role: not what a new school year changes by itself. */
  content: boolean
}

export interface Plan {
  schoolYear: string
  /** The snapshot is of a later year than anything stored of this source. */
  yearChange: boolean
  people: {
    /** `personId` when somebody of another school or source of this board is proven to be the same by a board-wide key. */
    create: { next: SnapshotPerson; personId: string | null }[]
    update: PersonUpdate[]
    deactivate: StoredPerson[]
  }
  groups: {
    create: SnapshotGroup[]
    update: { stored: StoredGroup; next: SnapshotGroup }[]
    deactivate: StoredGroup[]
    /** Of years that are over: no removal. */
    retire: StoredGroup[]
  }
  memberships: {
    create: (SnapshotMembership & { startsOn: string; endsOn: string | null })[]
    /** `endsOn` exclusive; null opens the end again. */
    change: { stored: StoredMembership; endsOn: string | null }[]
    /** The person stays, the membership does not. */
    end: { stored: StoredMembership; endsOn: string }[]
    /** Ends with its school year, or with its person or group. */
    close: { stored: StoredMembership; endsOn: string }[]
  }
  keys: {
    create: { personTag: string; type: string; tag: string; stable: boolean }[]
    remove: StoredKey[]
  }
  /** A pupil who would be staff from now on, by the same key in any form. */
  crossings: SnapshotPerson[]
}

/**
 * What a proven snapshot changes in one school. Pure; O(people + memberships).
 * @param snapshot complete; tags unique within (school, source)
 * @param stored   active and inactive people of that school and source, open memberships
 * @param today    `YYYY-MM-DD`, Europe/Amsterdam
 * @returns disjoint create / update / deactivate, in the order of the snapshot; never a delete of a person, group or membership
 * Source: design.md "A roster is a snapshot until proven complete"; school years end by the calendar (domain of rosters.md §9), not by absence.
 */
export function plan(snapshot: Snapshot, stored: StoredRoster, today: string): Plan {
  const lastYear = stored.groups.reduce((last, group) => (group.schoolYear > last ? group.schoolYear : last), '')
  const matches = matchPeople(snapshot.people, stored.people)
  const people = planPeople(snapshot, stored, matches)
  const groups = planGroups(snapshot, stored.groups, today)
  const staying = new Map(
    snapshot.people.filter(next => next.record.status !== 'inactive').map(next => [next.tag, next] as const),
  )
  return {
    schoolYear: snapshot.schoolYear,
    yearChange: lastYear !== '' && lastYear < snapshot.schoolYear,
    people,
    groups,
    memberships: planMemberships({ snapshot, stored, matches, staying, newGroups: groups.create, today }),
    keys: planKeys([...staying.values()], matches),
    crossings: crossings(people, stored),
  }
}

/** Nothing to write, apart from the cursor and the day it was seen. */
export function isEmpty({ people, groups, memberships, keys }: Plan): boolean {
  return [people, groups, memberships, keys].every(kind => Object.values(kind).every(list => list.length === 0))
}

/** Keys that one person alone can have. An e-mail address is not one: schools give it to the next (design.md, "never by e-mail alone"). */
const personal = new Set(['username', 'pupil-number', 'staff-number', 'object-id'])

/** By tag; what is left of those whose source cannot keep its keys, by a stable key that exactly one on both sides has. */
function matchPeople(snapshot: SnapshotPerson[], stored: StoredPerson[]): Map<string, StoredPerson> {
  const byTag = new Map(stored.map(person => [person.tag, person]))
  const matches = new Map<string, StoredPerson>()
  for (const { tag } of snapshot) {
    const found = byTag.get(tag)
    if (found) matches.set(tag, found)
  }
  const taken = new Set([...matches.values()].map(person => person.affiliationId))
  const looking = snapshot.filter(next => !next.record.stable && !matches.has(next.tag))
  const left = stored.filter(person => !person.stable && !taken.has(person.affiliationId))
  const ofNext = holders(looking)
  const ofStored = holders(left)
  for (const next of looking) {
    const candidates = new Set(
      next.keys
        .filter(key => key.stable && personal.has(key.type) && ofNext.get(key.tag)?.length === 1)
        .flatMap(key => ofStored.get(key.tag) ?? []),
    )
    const [only] = candidates
    if (only && candidates.size === 1 && !taken.has(only.affiliationId)) {
      matches.set(next.tag, only)
      taken.add(only.affiliationId)
    }
  }
  return matches
}

function holders<P extends { keys: { tag: string; type: string; stable: boolean }[] }>(people: P[]): Map<string, P[]> {
  const found = new Map<string, P[]>()
  for (const person of people)
    for (const key of person.keys)
      if (key.stable && personal.has(key.type)) found.set(key.tag, [...(found.get(key.tag) ?? []), person])
  return found
}

function planPeople(snapshot: Snapshot, stored: StoredRoster, matches: Map<string, StoredPerson>): Plan['people'] {
  const out: Plan['people'] = { create: [], update: [], deactivate: [] }
  const link = linker(snapshot.people, stored)
  const seen = new Set<string>()
  for (const next of snapshot.people) {
    const found = matches.get(next.tag)
    if (found) seen.add(found.affiliationId)
    const left = next.record.status === 'inactive'
    if (!found) {
      if (!left) out.create.push({ next, personId: link(next) })
    } else if (left) {
      if (found.status !== 'inactive') out.deactivate.push(found)
    } else {
      const update = updateOf(found, next)
      if (update) out.update.push(update)
    }
  }
  const gone = stored.people.filter(person => person.status !== 'inactive' && !seen.has(person.affiliationId))
  out.deactivate.push(...gone.sort((a, b) => (a.tag < b.tag ? -1 : 1)))
  return out
}

function updateOf(stored: StoredPerson, next: SnapshotPerson): PersonUpdate | null {
  const { record } = next
  const content = stored.print !== next.print || stored.role !== record.role
  const same =
    !content &&
    stored.tag === next.tag &&
    stored.stable === record.stable &&
    stored.status === record.status &&
    stored.grade === (record.grade ?? null) &&
    stored.startsOn === (record.startsOn ?? null) &&
    stored.endsOn === (record.endsOn ?? null) &&
    stored.roleHints.join('\n') === record.roleHints.join('\n')
  return same ? null : { stored, next, content, returns: stored.status === 'inactive' }
}

/** One account in the school's directory is one person, whatever school or source says so; two claims to it link nobody. */
function linker(people: SnapshotPerson[], { keyHolders, people: own }: StoredRoster) {
  const objectIds = (person: SnapshotPerson) => person.keys.filter(key => key.type === 'object-id' && key.stable)
  const claims = Map.groupBy(people.flatMap(objectIds), key => key.tag)
  const holdersOf = Map.groupBy(keyHolders, holder => holder.tag)
  const here = new Set(own.map(person => person.personId))
  return (next: SnapshotPerson): string | null => {
    const ids = objectIds(next)
      .filter(key => claims.get(key.tag)?.length === 1 && holdersOf.get(key.tag)?.length === 1)
      .flatMap(key => holdersOf.get(key.tag)?.map(holder => holder.personId) ?? [])
    const [id] = ids
    return id !== undefined && new Set(ids).size === 1 && !here.has(id) ? id : null
  }
}

function planGroups(snapshot: Snapshot, stored: StoredGroup[], today: string): Plan['groups'] {
  const out: Plan['groups'] = { create: [], update: [], deactivate: [], retire: [] }
  const ofYear = stored.filter(group => group.schoolYear === snapshot.schoolYear)
  const byTag = new Map(ofYear.map(group => [group.tag, group]))
  for (const next of snapshot.groups) {
    const found = byTag.get(next.tag)
    const { kind, name, grades } = next.record
    if (!found) out.create.push(next)
    else if (!found.active || found.kind !== kind || found.name !== name || found.grades.join() !== grades.join())
      out.update.push({ stored: found, next })
  }
  const here = new Set(snapshot.groups.map(group => group.tag))
  for (const group of stored.filter(each => each.active).sort((a, b) => (a.tag < b.tag ? -1 : 1))) {
    if (group.schoolYear === snapshot.schoolYear && !here.has(group.tag)) out.deactivate.push(group)
    if (group.schoolYear < snapshot.schoolYear && yearSpan(group.schoolYear).endsOn <= today) out.retire.push(group)
  }
  return out
}

interface MembershipInput {
  snapshot: Snapshot
  stored: StoredRoster
  matches: Map<string, StoredPerson>
  staying: Map<string, SnapshotPerson>
  newGroups: SnapshotGroup[]
  today: string
}

function planMemberships(input: MembershipInput): Plan['memberships'] {
  const { snapshot, stored, matches, staying, today } = input
  const out: Plan['memberships'] = { create: [], change: [], end: [], close: [] }
  const ofYear = stored.memberships.filter(each => each.schoolYear === snapshot.schoolYear)
  const open = new Map(ofYear.map(each => [`${each.groupTag} ${each.personId} ${each.role}`, each]))
  const start = starts(input)
  const kept = new Set<string>()
  for (const next of snapshot.memberships) {
    const person = staying.get(next.personTag)
    const endsOn = next.record.endsOn ?? null
    if (!person || (endsOn !== null && endsOn <= today)) continue
    const found = open.get(`${next.groupTag} ${matches.get(next.personTag)?.personId} ${next.record.role}`)
    if (found) kept.add(found.id)
    if (!found) out.create.push({ ...next, startsOn: start(next, person), endsOn })
    else if (found.endsOn !== endsOn) out.change.push({ stored: found, endsOn })
  }
  const remain = new Set([...staying.keys()].flatMap(tag => matches.get(tag)?.personId ?? []))
  const groupsHere = new Set(snapshot.groups.map(group => group.tag))
  for (const each of ofYear.filter(one => !kept.has(one.id))) {
    const removed = remain.has(each.personId) && groupsHere.has(each.groupTag)
    out[removed ? 'end' : 'close'].push({ stored: each, endsOn: today })
  }
  for (const each of stored.memberships.filter(one => one.schoolYear < snapshot.schoolYear)) {
    const { endsOn } = yearSpan(each.schoolYear)
    if (each.endsOn === null || each.endsOn > endsOn) out.close.push({ stored: each, endsOn })
  }
  return out
}

/**
 * What the source says; else the start of the year for a group that is new, else today. Never before the year or before the person came: the
 * panel opens from the day of a membership.
 */
function starts({ snapshot, newGroups, today }: MembershipInput) {
  const year = yearSpan(snapshot.schoolYear).startsOn
  const fresh = new Set(newGroups.map(group => group.tag))
  return ({ groupTag, record }: SnapshotMembership, person: SnapshotPerson): string => {
    if (record.startsOn !== undefined) return record.startsOn
    const from = fresh.has(groupTag) || today < year ? year : today
    const came = person.record.startsOn
    return came !== undefined && came > from ? came : from
  }
}

function planKeys(staying: SnapshotPerson[], matches: Map<string, StoredPerson>): Plan['keys'] {
  const out: Plan['keys'] = { create: [], remove: [] }
  for (const next of staying) {
    const stored = matches.get(next.tag)?.keys ?? []
    const same = (a: { tag: string; stable: boolean }, b: { tag: string; stable: boolean }) =>
      a.tag === b.tag && a.stable === b.stable
    for (const key of next.keys)
      if (!stored.some(each => same(each, key))) out.create.push({ personTag: next.tag, ...key })
    out.remove.push(...stored.filter(each => !next.keys.some(key => key.tag === each.tag)))
  }
  return out
}

/** By the record itself, by a directory account, or by a personal key that a pupil of this school has. */
function crossings({ create, update }: Plan['people'], stored: StoredRoster): SnapshotPerson[] {
  const pupilKeys = new Set(
    stored.people
      .filter(person => person.role === 'pupil' && person.status !== 'inactive')
      .flatMap(person => person.keys.filter(key => key.stable && personal.has(key.type)).map(key => key.tag)),
  )
  const pupilAccounts = new Set(
    stored.keyHolders.filter(holder => holder.roles.includes('pupil')).map(each => each.tag),
  )
  return [
    ...update
      .filter(({ stored: was, next }) => was.role === 'pupil' && next.record.role !== 'pupil')
      .map(({ next }) => next),
    ...create
      .filter(
        ({ next }) =>
          next.record.role === 'staff' && next.keys.some(key => pupilKeys.has(key.tag) || pupilAccounts.has(key.tag)),
      )
      .map(({ next }) => next),
  ]
}
