/** The way out of every adapter: one whole roster, checked, in a fixed order, in batches, with the proof last. */
import type { z } from 'zod'
import { mayBeCitizenNumber } from './numbers.ts'
import {
  type GroupRecord,
  type MembershipRecord,
  type PersonRecord,
  type RecordType,
  type RosterKey,
  RosterRecord,
  type SchoolRecord,
} from './roster.ts'
import { type Batch, type Finding, type Proof, type Removal, SourceError } from './source.ts'

const batchSize = 500

export interface Assembled {
  /** Absent in a delta that does not touch it. */
  school?: SchoolRecord
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
}

/**
 * School, groups, people, memberships; each ordered by source id, so that the order in which a source answers never matters. Without any number that
 * may be a citizen's.
 * @param open references out of a delta may be to what came before: only duplicates are looked for then
 * @throws SourceError `malformed`, naming the record: a value that does not fit, a key twice, a reference to nothing; and when pupils are named by
 * their BSN
 */
export function assemble(roster: Assembled, { open = false } = {}): RosterRecord[] {
  const { school, groups, people, memberships } = roster
  const groupIds = once(groups)
  const personIds = once(people)
  for (const { groupSourceId, personSourceId } of open ? [] : memberships) {
    if (!groupIds.has(groupSourceId)) throw dangling(personSourceId, groupSourceId)
    if (!personIds.has(personSourceId)) throw dangling(groupSourceId, personSourceId)
  }
  expectNoCitizenKeys(people)
  const records: RosterRecord[] = [
    ...(school === undefined ? [] : [school]),
    ...[...groups].sort(bySourceId),
    ...people.map(withoutCitizenNumbers).sort(bySourceId),
    ...[...memberships].sort(
      (a, b) =>
        order(a.groupSourceId, b.groupSourceId) || order(a.personSourceId, b.personSourceId) || order(a.role, b.role),
    ),
  ]
  for (const record of records) fits(record)
  return records
}

const numbers: ReadonlySet<RosterKey['type']> = new Set(['pupil-number', 'staff-number', 'username'])

/** Fields that somebody fills in by hand at the source: a BSN that stands there is nobody's number here. */
function withoutCitizenNumbers({ username, ...person }: PersonRecord): PersonRecord {
  const isKept = ({ type, value }: RosterKey) => !(numbers.has(type) && mayBeCitizenNumber(value))
  const named = username === undefined || mayBeCitizenNumber(username) ? {} : { username }
  return { ...person, ...named, keys: person.keys.filter(isKept) }
}

/** Ours: so many at once are no chance. Source ids stand in logs and previews, where a BSN must never be. */
const manyPupils = 5

function expectNoCitizenKeys(people: readonly PersonRecord[]): void {
  const pupils = people.filter(({ role }) => role === 'pupil')
  const key = ({ sourceId }: PersonRecord) => sourceId.slice(sourceId.indexOf(':') + 1)
  if (pupils.length >= manyPupils && pupils.every(pupil => mayBeCitizenNumber(key(pupil))))
    throw new SourceError('malformed', 'the source names its pupils by what looks like a BSN: give it another key')
}

function once(records: readonly { sourceId: string }[]): Set<string> {
  const seen = new Set<string>()
  for (const { sourceId } of records) {
    if (seen.has(sourceId)) throw new SourceError('malformed', `duplicate key: ${sourceId} appears twice`, { sourceId })
    seen.add(sourceId)
  }
  return seen
}

const dangling = (from: string, to: string) =>
  new SourceError('malformed', `${from} refers to ${to}, which is not in the roster`, { sourceId: from })

function fits(record: RosterRecord): void {
  const verdict = RosterRecord.safeParse(record)
  if (verdict.success) return
  const sourceId = record.type === 'membership' ? record.personSourceId : record.sourceId
  const field = verdict.error.issues[0]?.path.join('.') ?? record.type
  throw new SourceError('malformed', `${sourceId} has a ${field} that does not fit`, { sourceId })
}

/** Batches of at most 500, each with the findings about its own records; removals first; the proof last. */
export function* inBatches(
  records: readonly RosterRecord[],
  findings: readonly Finding[],
  proof: Omit<Proof, 'counts'>,
  removed: readonly Removal[] = [],
): Generator<Batch | Proof> {
  const about = Map.groupBy(inOrder(findings), finding => finding.sourceId)
  let n = 0
  for (let at = 0; at < removed.length; at += batchSize) {
    n += 1
    yield {
      kind: 'batch',
      records: [],
      findings: [],
      removed: removed.slice(at, at + batchSize),
      page: { n, count: 0 },
    }
  }
  for (let at = 0; at < records.length; at += batchSize) {
    const page = records.slice(at, at + batchSize)
    n += 1
    yield {
      kind: 'batch',
      records: page,
      findings: page.flatMap(record => (record.type === 'membership' ? [] : (about.get(record.sourceId) ?? []))),
      page: { n, count: page.length },
    }
  }
  yield { ...proof, counts: countsOf(records) }
}

export function countsOf(records: readonly RosterRecord[]): Record<RecordType, number> {
  const counts = { school: 0, group: 0, person: 0, membership: 0 }
  for (const record of records) counts[record.type] += 1
  return counts
}

/** Our own cursor, as it was stored. @throws SourceError `malformed` when it is not what this adapter wrote */
export function readCursor<Cursor>(schema: z.ZodType<Cursor>, cursor: string | null): Cursor | undefined {
  if (cursor === null) return undefined
  try {
    return schema.parse(JSON.parse(cursor))
  } catch {
    // Without a cause: JSON's own message quotes what it read, and a cursor may hold a token.
    throw new SourceError('malformed', 'the stored cursor is not one of this source: ask for everything anew')
  }
}

/** By code unit: the same on every machine. */
export const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
export const bySourceId = (a: { sourceId: string }, b: { sourceId: string }): number => order(a.sourceId, b.sourceId)

/** Plain text for one field of a record: absent when there is nothing in it. An absent field is never an empty one. */
export const given = <Name extends string, Value>(name: Name, value: Value | null | undefined | '') =>
  // SAFETY: one key, with a value that is there, or none.
  (value === undefined || value === null || value === '' ? {} : { [name]: value }) as { [key in Name]?: Value & {} }

/**
 * Of a finding: the vendor's word, passed on only when it looks like a code, for free text may hold a name, and what is found is stored in the clear.
 * The longest known word that is one has 21 characters.
 */
export const detail = (word: string | null | undefined): { detail?: string } =>
  word != null && /^[\w.:?-]{1,24}$/.test(word) ? { detail: word } : {}

/** By what they hang on, then by code and detail. */
export const inOrder = (findings: readonly Finding[]): Finding[] =>
  [...findings].sort(
    (a, b) => order(a.sourceId, b.sourceId) || order(a.code, b.code) || order(a.detail ?? '', b.detail ?? ''),
  )

/** Counts for `check`, without names. */
export function summaryOf(records: readonly RosterRecord[]): string {
  const of = (role: string) => records.filter(record => record.type === 'person' && record.role === role).length
  const homerooms = records.filter(record => record.type === 'group' && record.kind === 'homeroom').length
  const { group, person } = countsOf(records)
  return `${group} groups (${homerooms} homerooms), ${of('pupil')} pupils, ${person - of('pupil')} others.`
}
