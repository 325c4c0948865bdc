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
  /** Of staff: user name and e-mail, as the tags of either kind of key. `wide`: with an @, and so of one colleague in any school. */
  addresses: { type: 'username' | 'email'; tag: string; wide: boolean }[]
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

/** Of a delta. */
export interface SnapshotRemovals {
  /** A key that holds in its year only is there in both its forms: what is gone is not sent, so that nobody says which it is. */
  people: ReadonlySet<string>
  groups: ReadonlySet<string>
  /** Without `role` in every role. */
  memberships: { groupTag: string; personTag: string; role?: MembershipRecord['role'] }[]
}

/** Ordered by source id; tags unique within their kind; at most one membership per group, person and role. */
export interface Snapshot {
  proof: Proof
  schoolYear: string
  people: SnapshotPerson[]
  groups: SnapshotGroup[]
  memberships: SnapshotMembership[]
  removed: SnapshotRemovals
  /** Of people to whom a delta refers without sending them: the tag they have when their key holds in its year only, by the one in `memberships`. */
  yearTags: ReadonlyMap<string, string>
}

export function takeSnapshot(roster: Roster, keys: BoardKeys): Snapshot {
  const { schoolYear } = roster.proof.scope
  const people = roster.people.map(record => ({
    tag: hex(sourceTag(keys, record.sourceId, record.stable ? undefined : schoolYear)),
    print: print(keys, { ...namesFrom(record), ...contactFrom(record) }),
    keys: keysFrom(record, keys),
    addresses: addressesFrom(record, keys),
    record,
  }))
  const groups = roster.groups.map(record => ({ tag: hex(sourceTag(keys, record.sourceId)), record }))
  const tags = tagsOf(keys, schoolYear, people, groups)
  return {
    proof: roster.proof,
    schoolYear,
    people: people.sort(bySourceId),
    groups: groups.sort(bySourceId),
    memberships: membershipsOf(roster.memberships, tags),
    removed: removalsOf(roster.removed, tags),
    yearTags: tags.ofYear,
  }
}

interface Tags {
  person(sourceId: string): string
  group(sourceId: string): string
  ofYear: Map<string, string>
}

/** Of what came; in a delta also of what was referred to and did not come. */
function tagsOf(keys: BoardKeys, schoolYear: string, people: SnapshotPerson[], groups: SnapshotGroup[]): Tags {
  const personTags = new Map(people.map(({ record, tag }) => [record.sourceId, tag]))
  const groupTags = new Map(groups.map(({ record, tag }) => [record.sourceId, tag]))
  const ofYear = new Map<string, string>()
  return {
    ofYear,
    person(sourceId) {
      const known = personTags.get(sourceId)
      if (known !== undefined) return known
      const tag = hex(sourceTag(keys, sourceId))
      personTags.set(sourceId, tag)
      ofYear.set(tag, hex(sourceTag(keys, sourceId, schoolYear)))
      return tag
    },
    group(sourceId) {
      const tag = groupTags.get(sourceId) ?? hex(sourceTag(keys, sourceId))
      groupTags.set(sourceId, tag)
      return tag
    },
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

/** One system's e-mail address is another's user name. */
function addressesFrom(record: PersonRecord, keys: BoardKeys): SnapshotPerson['addresses'] {
  if (record.role !== 'staff') return []
  const named = record.keys.filter(key => key.stable && (key.type === 'username' || key.type === 'email'))
  const values = new Set([record.username, record.email, ...named.map(key => key.value)].flatMap(value => value || []))
  return [...values].flatMap(value =>
    (['username', 'email'] as const).map(type => ({ type, tag: keyTag(keys, type, value), wide: value.includes('@') })),
  )
}

/** The namespaced key is one as well: where two kinds of people share numbers, only that one is nobody else's. */
function keysFrom(record: PersonRecord, keys: BoardKeys): SnapshotPerson['keys'] {
  const all = [{ type: 'sis-id', value: record.sourceId, stable: record.stable }, ...record.keys]
  const found = new Map(all.map(({ type, value, stable }) => [keyTag(keys, type, value), { type, stable }]))
  return [...found].map(([tag, key]) => ({ tag, ...key }))
}

function membershipsOf(records: MembershipRecord[], tags: Tags): SnapshotMembership[] {
  const found = new Map<string, SnapshotMembership>()
  for (const record of records) {
    const [groupTag, personTag] = [tags.group(record.groupSourceId), tags.person(record.personSourceId)]
    found.set(`${groupTag} ${personTag} ${record.role}`, { groupTag, personTag, record })
  }
  return [...found.values()]
}

function removalsOf(removed: Roster['removed'], tags: Tags): SnapshotRemovals {
  const people = new Set<string>()
  const groups = new Set<string>()
  const memberships: SnapshotRemovals['memberships'] = []
  for (const each of removed) {
    if (each.type === 'group') groups.add(tags.group(each.sourceId))
    else if (each.type === 'membership') {
      const { groupSourceId, personSourceId, role } = each
      const both = { groupTag: tags.group(groupSourceId), personTag: tags.person(personSourceId) }
      memberships.push({ ...both, ...(role === undefined ? {} : { role }) })
    } else {
      const tag = tags.person(each.sourceId)
      people.add(tag)
      const ofYear = tags.ofYear.get(tag)
      if (ofYear !== undefined) people.add(ofYear)
    }
  }
  return { people, groups, memberships }
}

function present<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  // SAFETY: the same keys, less those without a value.
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bySourceId = (a: { record: { sourceId: string } }, b: { record: { sourceId: string } }) =>
  a.record.sourceId < b.record.sourceId ? -1 : 1
