/** A collected roster in the terms in which it is compared: each record beside its fingerprints. From here on a name is only carried. */
import type { GroupRecord, MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import type { Proof } from '../../adapters/source.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { type PersonContact, type PersonNames, sourceTag } from '../store/people.ts'
import type { Roster } from './collect.ts'

/** Fingerprints as hex. */
export interface SnapshotPerson {
  tag: string
  /** Of names and contact. */
  print: string
  keys: { type: string; tag: string; stable: boolean }[]
  record: PersonRecord
}

export interface SnapshotGroup {
  tag: string
  record: GroupRecord
}

export interface SnapshotMembership {
  groupTag: string
  personTag: string
  record: MembershipRecord
}

/** Ordered by source id; tags unique within their kind; at most one membership per group, person and role. */
export interface Snapshot {
  proof: Proof
  schoolYear: string
  people: SnapshotPerson[]
  groups: SnapshotGroup[]
  memberships: SnapshotMembership[]
}

export function takeSnapshot(roster: Roster, keys: BoardKeys): Snapshot {
  const { schoolYear } = roster.proof.scope
  const people = roster.people.map(record => ({
    tag: hex(sourceTag(keys, record.sourceId, record.stable ? undefined : schoolYear)),
    print: print(keys, { ...namesFrom(record), ...contactFrom(record) }),
    keys: keysFrom(record, keys),
    record,
  }))
  const groups = roster.groups.map(record => ({ tag: hex(sourceTag(keys, record.sourceId)), record }))
  return {
    proof: roster.proof,
    schoolYear,
    people: people.sort(bySourceId),
    groups: groups.sort(bySourceId),
    memberships: membershipsOf(roster.memberships, people, groups),
  }
}

export function namesFrom(record: PersonRecord): PersonNames {
  const {
    givenName: given,
    preferredFirstName: preferred,
    initials,
    familyNamePrefix: prefix,
    familyName: family,
  } = record
  return present({ given, preferred, initials, prefix, family })
}

export const contactFrom = ({ username, email }: PersonRecord): PersonContact => present({ username, email })

/** @param value its keys in any order; compared exactly, so that a corrected capital is a change */
export function print(keys: BoardKeys, value: PersonNames & PersonContact): string {
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return hex(keys.fingerprint('content', Buffer.from(JSON.stringify(sorted), 'utf8')))
}

const keyTag = (keys: BoardKeys, type: string, value: string): string =>
  hex(keys.fingerprint('roster-key', `${type}:${value}`))

/** The namespaced key is one as well: where two kinds of people share numbers, only that one is nobody else's. */
function keysFrom(record: PersonRecord, keys: BoardKeys): SnapshotPerson['keys'] {
  const all = [{ type: 'sis-id', value: record.sourceId, stable: record.stable }, ...record.keys]
  const found = new Map(all.map(({ type, value, stable }) => [keyTag(keys, type, value), { type, stable }]))
  return [...found].map(([tag, key]) => ({ tag, ...key }))
}

function membershipsOf(records: MembershipRecord[], people: SnapshotPerson[], groups: SnapshotGroup[]) {
  const personTag = new Map(people.map(({ record, tag }) => [record.sourceId, tag]))
  const groupTag = new Map(groups.map(({ record, tag }) => [record.sourceId, tag]))
  const found = new Map<string, SnapshotMembership>()
  for (const record of records) {
    const [group, person] = [groupTag.get(record.groupSourceId), personTag.get(record.personSourceId)]
    if (group === undefined || person === undefined) continue
    found.set(`${group} ${person} ${record.role}`, { groupTag: group, personTag: person, record })
  }
  return [...found.values()]
}

function present<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // SAFETY: the same keys, less those without a value.
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bySourceId = (a: { record: { sourceId: string } }, b: { record: { sourceId: string } }) =>
  a.record.sourceId < b.record.sourceId ? -1 : 1
