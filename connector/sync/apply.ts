/** Writes a plan: the whole of one school in the caller's transaction, a statement per kind of change. */
import { randomUUID } from 'node:crypto'
import { yearSpan } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { sealContact, sealNames } from '../store/people.ts'
import type { RosterScope, StoredRoster } from '../store/roster.ts'
import * as write from '../store/roster-changes.ts'
import type { Plan } from './plan.ts'
import { contactFrom, namesFrom, type Snapshot, type SnapshotPerson } from './snapshot.ts'

export interface ApplyInput {
  scope: RosterScope
  keys: BoardKeys
  plan: Plan
  snapshot: Snapshot
  stored: StoredRoster
  at: Date
}

/** Never a delete of a person, group or membership, and nothing of a report. About a second for 10,000 people. */
export async function apply(tx: Tx, input: ApplyInput): Promise<void> {
  const { scope, plan, at } = input
  const span = yearSpan(plan.schoolYear)
  const schoolYearId = await write.ensureSchoolYear(tx, scope, { id: randomUUID(), ...span })
  const personIds = await applyPeople(tx, input)
  const groupIds = await applyGroups(tx, input, schoolYearId)
  await applyMemberships(tx, input, personIds, groupIds)
  await write.deleteKeys(
    tx,
    scope,
    plan.keys.remove.map(key => key.id),
  )
  await write.insertKeys(
    tx,
    scope,
    plan.keys.create.map(({ personTag, ...key }) => ({
      id: randomUUID(),
      personId: known(personIds, personTag),
      ...key,
    })),
  )
  const changed = new Set([
    ...plan.people.create.map(({ next }) => known(personIds, next.tag)),
    ...plan.people.update.map(({ stored }) => stored.personId),
    ...plan.people.deactivate.map(stored => stored.personId),
  ])
  await write.settlePeople(tx, scope, [...changed], at)
  await write.markSeen(tx, scope, schoolYearId, at)
}

/** @returns person ids by the tags of the snapshot */
async function applyPeople(
  tx: Tx,
  { scope, keys, plan, snapshot, stored, at }: ApplyInput,
): Promise<Map<string, string>> {
  const { create, update, deactivate } = plan.people
  const created = create.map(({ next, personId }) => ({
    next,
    affiliationId: randomUUID(),
    personId: personId ?? randomUUID(),
    isNew: personId === null,
  }))
  const sealed = ({ personId, next }: { personId: string; next: SnapshotPerson }) => ({
    personId,
    names: sealNames(keys, personId, namesFrom(next.record)),
    contact: sealContact(keys, personId, contactFrom(next.record)),
  })
  const updated = update.map(({ stored: was, next, content, returns }) => ({
    ...was,
    next,
    reseal: content || returns,
  }))
  await write.insertPeople(tx, scope, created.filter(each => each.isNew).map(sealed))
  await write.updateSealed(tx, scope, updated.filter(each => each.reseal).map(sealed))
  await write.writeAffiliations(tx, scope, [...created, ...updated].map(personWrite), at)
  await write.deactivateAffiliations(
    tx,
    scope,
    deactivate.map(person => person.affiliationId),
  )
  const byTag = new Map(stored.people.map(person => [person.tag, person.personId]))
  for (const each of [...created, ...updated]) byTag.set(each.next.tag, each.personId)
  return new Map(snapshot.people.flatMap(({ tag }) => (byTag.has(tag) ? [[tag, known(byTag, tag)] as const] : [])))
}

function personWrite(each: { affiliationId: string; personId: string; next: SnapshotPerson }): write.PersonWrite {
  const { affiliationId, personId, next } = each
  const { stable, role, roleHints, grade = null, status, startsOn = null, endsOn = null } = next.record
  return {
    affiliationId,
    personId,
    tag: next.tag,
    print: next.print,
    stable,
    role,
    roleHints,
    grade,
    status,
    startsOn,
    endsOn,
  }
}

/** @returns group ids by the tags of the snapshot */
async function applyGroups(tx: Tx, input: ApplyInput, schoolYearId: string): Promise<Map<string, string>> {
  const { scope, plan, stored, at } = input
  const created = plan.groups.create.map(next => ({ id: randomUUID(), next }))
  const updated = plan.groups.update.map(({ stored: was, next }) => ({ id: was.id, next }))
  const rows = [...created, ...updated].map(({ id, next }) => {
    const { kind, name, grades } = next.record
    return { id, tag: next.tag, schoolYearId, kind, name, grades }
  })
  await write.writeGroups(tx, scope, rows, at)
  const ended = [...plan.groups.deactivate, ...plan.groups.retire]
  await write.deactivateGroups(
    tx,
    scope,
    ended.map(group => group.id),
  )
  const ofYear = stored.groups.filter(group => group.schoolYear === plan.schoolYear)
  return new Map([...ofYear.map(({ tag, id }) => [tag, id] as const), ...rows.map(({ tag, id }) => [tag, id] as const)])
}

async function applyMemberships(
  tx: Tx,
  { scope, plan }: ApplyInput,
  personIds: Map<string, string>,
  groupIds: Map<string, string>,
): Promise<void> {
  const { create, change, end, close } = plan.memberships
  const ends = [...change, ...end, ...close]
  await write.endMemberships(
    tx,
    scope,
    ends.map(({ stored, endsOn }) => ({ id: stored.id, endsOn })),
  )
  await write.insertMemberships(
    tx,
    scope,
    create.map(({ groupTag, personTag, record, startsOn, endsOn }) => ({
      id: randomUUID(),
      groupId: known(groupIds, groupTag),
      personId: known(personIds, personTag),
      role: record.role,
      startsOn,
      endsOn,
    })),
  )
}

function known(ids: Map<string, string>, tag: string): string {
  const id = ids.get(tag)
  if (id === undefined) throw new Error('a plan refers to what is not in its snapshot')
  return id
}
