/** Writes a plan: the whole of one school in the caller's transaction, a statement per kind of change. */
import { yearSpan } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import { endSignIns, takeKeys } from '../store/identity-keys.ts'
import { rosterId } from '../store/ids.ts'
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
  /** When those who are gone now were last seen: the last run that ended well. */
  seenAt: Date
}

/**
 * Never a delete of a person, group or membership, and nothing of a report. About a second for 10,000 people.
 * @returns person ids by tag
 */
export async function apply(tx: Tx, input: ApplyInput): Promise<Map<string, string>> {
  const { scope, plan, at } = input
  const span = yearSpan(plan.schoolYear)
  const schoolYearId = await write.ensureSchoolYear(tx, scope, { id: rosterId(), ...span })
  const { personIds, newcomers } = await applyPeople(tx, input)
  const groupIds = await applyGroups(tx, input, schoolYearId)
  await applyMemberships(tx, input, { personIds, groupIds, newcomers })
  // Else the link of an earlier sign-in would go on letting in whoever the key is of now.
  const gone = plan.keys.remove.map(key => key.id)
  await endSignIns(tx, scope, await takeKeys(tx, scope, gone), at)
  const keys = plan.keys.create.map(({ personTag, ...key }) => ({
    id: rosterId(),
    personId: known(personIds, personTag),
    ...key,
  }))
  await inTwo(keys, newcomers, (rows, of) => write.insertKeys(tx, scope, rows, of))
  const changed = new Set([
    ...plan.people.create.flatMap(({ personId }) => personId ?? []),
    ...plan.people.update.flatMap(({ stored, next }) => (stored.status === next.record.status ? [] : stored.personId)),
    ...plan.people.deactivate.map(stored => stored.personId),
    ...plan.people.retire.map(stored => stored.personId),
  ])
  await write.settlePeople(tx, scope, [...changed], at)
  return personIds
}

/** Rows of people who were made just now apart from those of others. */
async function inTwo<Row extends { personId: string }>(
  rows: Row[],
  made: ReadonlySet<string>,
  insert: (rows: Row[], of: { newcomers: boolean }) => Promise<void>,
): Promise<void> {
  const { theirs = [], others = [] } = Object.groupBy(rows, row => (made.has(row.personId) ? 'theirs' : 'others'))
  await insert(theirs, { newcomers: true })
  await insert(others, { newcomers: false })
}

/** @returns person ids by tag, and those of the people who are new */
async function applyPeople(
  tx: Tx,
  { scope, keys, plan, stored, at, seenAt }: ApplyInput,
): Promise<{ personIds: Map<string, string>; newcomers: Set<string> }> {
  const { create, update, deactivate, retire } = plan.people
  const created = create.map(({ next, personId }) => ({
    next,
    affiliationId: rosterId(),
    personId: personId ?? rosterId(),
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
  // Before somebody else gets the tag.
  await write.retireAffiliations(
    tx,
    scope,
    retire.map(person => person.affiliationId),
    seenAt,
  )
  const fresh = created.filter(each => each.isNew)
  await write.insertPeople(
    tx,
    scope,
    fresh.map(each => ({ ...sealed(each), active: each.next.record.status === 'active' })),
  )
  await write.updateSealed(tx, scope, updated.filter(each => each.reseal).map(sealed))
  await write.insertAffiliations(tx, scope, created.map(personWrite), at)
  await write.updateAffiliations(tx, scope, updated.map(personWrite), at)
  await write.deactivateAffiliations(
    tx,
    scope,
    deactivate.map(person => person.affiliationId),
    seenAt,
  )
  const byTag = new Map(stored.people.map(person => [person.tag, person.personId]))
  for (const each of [...created, ...updated]) byTag.set(each.next.tag, each.personId)
  return { personIds: byTag, newcomers: new Set(fresh.map(each => each.personId)) }
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

/** @returns group ids of this school year by tag */
async function applyGroups(tx: Tx, input: ApplyInput, schoolYearId: string): Promise<Map<string, string>> {
  const { scope, plan, stored, at } = input
  const created = plan.groups.create.map(next => ({ id: rosterId(), next }))
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
    input.seenAt,
  )
  const ofYear = stored.groups.filter(group => group.schoolYear === plan.schoolYear)
  return new Map([...ofYear.map(({ tag, id }) => [tag, id] as const), ...rows.map(({ tag, id }) => [tag, id] as const)])
}

async function applyMemberships(
  tx: Tx,
  { scope, plan }: ApplyInput,
  ids: { personIds: Map<string, string>; groupIds: Map<string, string>; newcomers: Set<string> },
): Promise<void> {
  const { create, change, end, close } = plan.memberships
  const ends = [...change, ...end, ...close]
  await write.endMemberships(
    tx,
    scope,
    ends.map(({ stored, endsOn }) => ({ id: stored.id, endsOn })),
  )
  const rows = create.map(({ groupTag, personTag, record, startsOn, endsOn }) => ({
    id: rosterId(),
    groupId: known(ids.groupIds, groupTag),
    personId: known(ids.personIds, personTag),
    role: record.role,
    startsOn,
    endsOn,
  }))
  await inTwo(rows, ids.newcomers, (some, of) => write.insertMemberships(tx, scope, some, of))
}

function known(ids: Map<string, string>, tag: string): string {
  const id = ids.get(tag)
  if (id === undefined) throw new Error('a plan refers to what is neither sent nor stored')
  return id
}
