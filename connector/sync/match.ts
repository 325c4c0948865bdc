/**
 * Who a newcomer of one source may be among those whom the board knows by another source or school. Pure. A source's own key comes before all
 * of this (plan.ts); here an id that a sign-in proves links, then a number of the school, and an address only asks. Never a name, a birth date
 * or, for pupils, an address. Source: rosters.md §8; design.md, "linked to a person by a verified key, never by e-mail alone".
 */
import type { ConflictKind } from '../store/conflicts.ts'
import type { AskedKey, KeyHolder } from '../store/roster.ts'
import type { SnapshotPerson } from './snapshot.ts'

/** By which key, in the order in which they count. */
export const linkingRules = ['object-id', 'subject', 'pupil-number', 'staff-number'] as const
export type LinkingRule = (typeof linkingRules)[number]

/** A question about a record, for a person. */
export interface Question {
  kind: ConflictKind
  next: SnapshotPerson
  /** Person ids, ordered. Never empty. */
  candidates: string[]
}

export type Match = { is: 'link'; personId: string; by: LinkingRule } | { is: 'ask'; question: Question }

export interface MatchInput {
  /** Not inactive ones only: who is gone claims nothing. */
  records: readonly SnapshotPerson[]
  /** Whom these are already, by tag: a claim of theirs like any other. */
  known: ReadonlyMap<string, string>
  /** People of this source who are not among the records and stay. */
  others?: readonly string[]
  /** Of everybody else's sources. */
  holders: readonly KeyHolder[]
  /** By tag, whom a person said the record is not. */
  different?: ReadonlyMap<string, ReadonlySet<string>>
}

interface Claim {
  record: SnapshotPerson
  holder: KeyHolder
  by: LinkingRule
}

/**
 * Links are one to one: a record that claims two people, and two records that claim one, are questions for a person and hold nothing else up.
 * The order of the input does not matter.
 * @returns by tag; nothing for who is new, or known and undisputed
 */
export function matchRecords(input: MatchInput): Map<string, Match> {
  const { records, known } = input
  const holdersByTag = Map.groupBy(input.holders, holder => holder.tag)
  const claims = records.flatMap(record => claimsOf(record, holdersByTag, input))
  const claimsOfRecord = Map.groupBy(claims, claim => claim.record.tag)
  const claimants = new Map<string, Set<string>>()
  const claimed = (personId: string, tag: string) =>
    claimants.set(personId, (claimants.get(personId) ?? new Set()).add(tag))
  for (const { holder, record } of claims) claimed(holder.personId, record.tag)
  for (const { tag } of records) {
    const personId = known.get(tag)
    if (personId !== undefined) claimed(personId, tag)
  }
  for (const personId of input.others ?? []) claimed(personId, `other ${personId}`)

  const matches = new Map<string, Match>()
  for (const next of records) {
    const mine = claimsOfRecord.get(next.tag) ?? []
    const candidates = idsOf(mine.map(claim => claim.holder)).filter(id => id !== known.get(next.tag))
    const [only] = candidates
    if (only === undefined) continue
    const alone = new Set(mine.map(claim => claim.holder.personId)).size === 1 && claimants.get(only)?.size === 1
    const best = linkingRules.find(rule => mine.some(claim => claim.by === rule && mayLink(claim)))
    if (alone && best) matches.set(next.tag, { is: 'link', personId: only, by: best })
    else matches.set(next.tag, { is: 'ask', question: { kind: 'same-key', next, candidates } })
  }
  for (const question of addressQuestions(input, claimants, new Set(claimsOfRecord.keys())))
    matches.set(question.next.tag, { is: 'ask', question })
  return matches
}

/** On people of every kind: that one of another kind has the id is a question too, and never a link. */
function claimsOf(
  record: SnapshotPerson,
  holders: Map<string, KeyHolder[]>,
  { different, known }: MatchInput,
): Claim[] {
  const not = different?.get(record.tag)
  return record.keys.flatMap(({ type, tag, stable }) => {
    if (!stable || !isRule(type)) return []
    const found = (holders.get(tag) ?? []).filter(holder => says(holder, type))
    const open = found.filter(({ personId }) => !not?.has(personId) || known.get(record.tag) === personId)
    return open.map(holder => ({ record, holder, by: type }))
  })
}

const isRule = (type: string): type is LinkingRule => (linkingRules as readonly string[]).includes(type)

/** Where such a key says anything at all: an account in a directory everywhere, a vendor's account at that vendor, the rest in one school. */
export function says({ sameSchool, sameKind }: KeyHolder, type: string): boolean {
  if (type === 'object-id') return true
  return type === 'subject' ? sameKind : sameSchool
}

/** What must be known of others to match these: each key once. */
export function askedKeys(records: readonly SnapshotPerson[]): AskedKey[] {
  const own = records.flatMap(({ keys }) =>
    keys.filter(key => key.stable && (isRule(key.type) || key.type === 'username')),
  )
  const all = [...own, ...records.flatMap(({ addresses }) => addresses)]
  return [...new Map(all.map(({ type, tag }) => [tag, { type, tag }])).values()]
}

/**
 * A pupil is a pupil on both sides. A number is typed by somebody: it never leads to a person who may open reports (an administrator could give
 * it to an account of his own), nor to a colleague who left (schools give staff numbers and codes to the next).
 */
function mayLink({ record: { record }, holder, by }: Claim): boolean {
  if (isPupil(holder) !== (record.role === 'pupil') || isMixed(holder) || holder.roles.length === 0) return false
  switch (by) {
    case 'object-id':
    case 'subject':
      return true
    case 'pupil-number':
      return record.role === 'pupil'
    case 'staff-number':
      return record.role === 'staff' && holder.roles.includes('staff') && holder.live && !holder.opens
  }
}

const isPupil = ({ roles }: KeyHolder) => roles.includes('pupil')
const isMixed = (holder: KeyHolder) => isPupil(holder) && holder.roles.some(role => role !== 'pupil')

/**
 * Of staff whom no id leads to anybody: an address that exactly one colleague has, and that nobody else brings. One without an @ is a name at
 * one school.
 */
function addressQuestions(
  { records, known, holders, different }: MatchInput,
  claimants: ReadonlyMap<string, ReadonlySet<string>>,
  claiming: ReadonlySet<string>,
): Question[] {
  const colleagues = holders.filter(holder => holder.live && holder.roles.includes('staff') && !isPupil(holder))
  const byTag = Map.groupBy(colleagues, holder => holder.tag)
  const found = records
    .filter(({ record }) => record.role === 'staff')
    .map(next => {
      const not = different?.get(next.tag)
      const all = next.addresses.flatMap(({ tag, wide }) =>
        (byTag.get(tag) ?? []).filter(each => wide || each.sameSchool),
      )
      return { next, candidates: idsOf(all).filter(id => !not?.has(id)) }
    })
  const bringers = new Map<string, number>()
  for (const { candidates } of found) for (const id of candidates) bringers.set(id, (bringers.get(id) ?? 0) + 1)
  return found.flatMap(({ next, candidates }) => {
    const [only] = candidates
    if (only === undefined || candidates.length > 1 || claiming.has(next.tag) || only === known.get(next.tag)) return []
    if (bringers.get(only) !== 1 || claimants.has(only)) return []
    return [{ kind: 'staff-address' as const, next, candidates }]
  })
}

const idsOf = (holders: readonly KeyHolder[]): string[] => [...new Set(holders.map(holder => holder.personId))].sort()
