/** Snapshot and stored state without a database: fingerprints under a fixed key, and what a first apply would have stored. */
import { yearSpan } from '../../../connector/store/calendar.ts'
import { fingerprints } from '../../../connector/store/fingerprints.ts'
import type { BoardKeys } from '../../../connector/store/keyring.ts'
import type { StoredRoster } from '../../../connector/store/roster.ts'
import type { Roster } from '../../../connector/sync/collect.ts'
import { type Plan, plan } from '../../../connector/sync/plan.ts'
import { type Snapshot, takeSnapshot } from '../../../connector/sync/snapshot.ts'
import { deltaOf, type MadeUp, toRoster } from './made-up.ts'

const keys = { fingerprint: fingerprints(Buffer.alloc(32, 7)) } as unknown as BoardKeys

export const snapshotOf = (school: MadeUp): Snapshot => takeSnapshot(toRoster(school), keys)
export const changesBetween = (before: MadeUp, next: MadeUp): Snapshot => takeSnapshot(deltaOf(before, next), keys)
export const snapshotFrom = (roster: Roster): Snapshot => takeSnapshot(roster, keys)

export const nothing: StoredRoster = { people: [], groups: [], memberships: [], keyHolders: [] }

export const storedFrom = (school: MadeUp, today: string): StoredRoster => {
  const snapshot = snapshotOf(school)
  return carriedOut(nothing, plan(snapshot, nothing, today), snapshot)
}

/** A second writing of apply.ts, in memory: what is stored once the plan is done. */
export function carriedOut(stored: StoredRoster, made: Plan, snapshot: Snapshot): StoredRoster {
  const people = new Map(stored.people.map(person => [person.affiliationId, person]))
  for (const { next, personId } of made.people.create)
    people.set(`a-${next.tag}`, storedPerson(next, `a-${next.tag}`, personId ?? `p-${next.tag}`))
  const byTag = new Map(stored.people.map(person => [person.tag, person]))
  for (const { stored: was, next } of made.people.update) {
    people.set(was.affiliationId, { ...storedPerson(next, was.affiliationId, was.personId), keys: was.keys })
    byTag.set(next.tag, was)
  }
  for (const was of made.people.retire)
    people.set(was.affiliationId, { ...was, status: 'inactive', tag: `retired ${was.affiliationId}` })
  for (const was of made.people.deactivate) people.set(was.affiliationId, { ...was, status: 'inactive' })
  for (const person of people.values()) byTag.set(person.tag, person)
  const removed = new Set(made.keys.remove.map(key => key.id))
  for (const person of people.values()) {
    const mine = made.keys.create.filter(key => key.personTag === person.tag)
    const kept = person.keys.filter(key => !removed.has(key.id) && !mine.some(each => each.tag === key.tag))
    person.keys = [
      ...kept,
      ...mine.map(({ type, tag, stable }) => ({ id: `${person.affiliationId}-${tag}`, type, tag, stable })),
    ]
  }
  const groups = new Map(stored.groups.map(group => [group.id, group]))
  const groupId = (tag: string) => `g-${snapshot.schoolYear}-${tag}`
  for (const { tag, record } of [...made.groups.create, ...made.groups.update.map(each => each.next)]) {
    const { kind, name, grades, schoolYear } = record
    groups.set(groupId(tag), { id: groupId(tag), tag, schoolYear, kind, name, grades, active: true })
  }
  for (const each of [...made.groups.deactivate, ...made.groups.retire]) groups.set(each.id, { ...each, active: false })
  const memberships = new Map(stored.memberships.map(each => [each.id, each]))
  for (const { stored: was, endsOn } of made.memberships.change) memberships.set(was.id, { ...was, endsOn })
  for (const { stored: was, endsOn } of made.memberships.close)
    if (endsOn === yearSpan(was.schoolYear).endsOn) memberships.set(was.id, { ...was, endsOn })
    else memberships.delete(was.id)
  for (const { stored: was } of made.memberships.end) memberships.delete(was.id)
  for (const { groupTag, personTag, record, startsOn, endsOn } of made.memberships.create) {
    const personId = byTag.get(personTag)?.personId ?? ''
    const id = `${groupId(groupTag)} ${personId} ${record.role} ${startsOn}`
    const { schoolYear } = snapshot
    memberships.set(id, {
      id,
      groupId: groupId(groupTag),
      groupTag,
      schoolYear,
      personId,
      personTag,
      role: record.role,
      startsOn,
      endsOn,
    })
  }
  const tagOf = new Map([...people.values()].map(person => [person.personId, person.tag]))
  return {
    people: [...people.values()],
    groups: [...groups.values()],
    // As it is read: by the tag that the person has now.
    memberships: [...memberships.values()].map(each => ({ ...each, personTag: tagOf.get(each.personId) ?? '' })),
    keyHolders: [],
  }
}

function storedPerson({ tag, print, record }: Snapshot['people'][number], affiliationId: string, personId: string) {
  const { stable, role, roleHints, grade = null, status, startsOn = null, endsOn = null } = record
  return {
    affiliationId,
    personId,
    tag,
    stable,
    role,
    roleHints,
    grade,
    status,
    startsOn,
    endsOn,
    print,
    keys: [] as StoredRoster['people'][number]['keys'],
  }
}
