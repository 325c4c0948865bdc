/** What must change so that what is stored says what the snapshot says. Pure. */

import { yearSpan } from '../store/calendar.ts'
import { pairOf } from '../store/conflicts.ts'
import type { StoredGroup, StoredKey, StoredMembership, StoredPerson, StoredRoster } from '../store/roster.ts'
import { type LinkingRule, matchRecords, type Question, says } from './match.ts'
import { planGroups, returnsWithoutPlace } from './plan-groups.ts'
import { planKeys } from './plan-keys.ts'
import { planMemberships } from './plan-memberships.ts'
import type { Snapshot, SnapshotGroup, SnapshotMembership, SnapshotPerson } from './snapshot.ts'

/**
 * What a roster may say. `snapshot`: everything of the present year, so that who is absent is gone. `delta`: what came, and what was said to be
 * gone. `ahead`: everything of a year that has not begun: it adds to that year, corrects what it said of it before, and touches no other.
 */
export type PlanKind = 'snapshot' | 'delta' | 'ahead'

interface PersonUpdate {
  stored: StoredPerson
  next: SnapshotPerson
  /** Was inactive. */
  returns: boolean
  /** Names or contact differ, or the role: not what a new school year changes by itself. */
  content: boolean
}

/** People of a snapshot whose key may have been given to somebody else: tags. See reused.ts. */
export interface Doubts {
  /** Nobody has decided: whoever is stored stays as they are and gets nothing new. */
  open: ReadonlySet<string>
  /** Somebody else, a person decided: whoever is stored makes room. */
  other: ReadonlySet<string>
}

export interface Plan {
  kind: PlanKind
  schoolYear: string
  /** The first snapshot of a later year: groups of earlier ones are still there. */
  yearChange: boolean
  people: {
    /** `personId` when somebody of another school or source of this board is the same by the rules of match.ts, and `by` which. */
    create: { next: SnapshotPerson; personId: string | null; by?: LinkingRule }[]
    update: PersonUpdate[]
    deactivate: StoredPerson[]
    /** Whose key is somebody else's now: inactive, under a tag that nobody will ask for. */
    retire: StoredPerson[]
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
  /** Source ids to which a delta refers, and which are neither in it nor stored. */
  missing: string[]
  /** A delta brought somebody or something back without saying where to: only everything can tell. */
  askForAll: boolean
  /** Whose names or contact are not what is stored: among them those whose key may be another's now. */
  renamed: { stored: StoredPerson; next: SnapshotPerson }[]
  /** For a person to decide. `candidates` are person ids. */
  conflicts: Question[]
}

/**
 * What a proven roster changes in one school. Pure; O(people + memberships).
 * @param snapshot complete, or a delta; tags unique within (school, source)
 * @param stored   active and inactive people of that school and source, open memberships
 * @param today    `YYYY-MM-DD`, Europe/Amsterdam
 * @returns disjoint create / update / deactivate, in the order of the snapshot; never a delete of a person, group or membership
 * Source: design.md "A roster is a snapshot until proven complete"; school years begin and end by the calendar (domain of rosters.md §9), not by
 * absence.
 */
export function plan(snapshot: Snapshot, stored: StoredRoster, today: string, decided: Doubts = noDoubts): Plan {
  const kind = kindOf(snapshot, today)
  // Whose key is another's next year is still who they are this year: nobody makes room before it begins.
  const doubts =
    kind === 'ahead' ? { open: new Set([...decided.open, ...decided.other]), other: noDoubts.other } : decided
  const asked = kind === 'ahead' ? { ...snapshot, people: comingPeople(snapshot) } : snapshot
  const matches = matchPeople(asked, stored.people)
  const retire = asked.people.flatMap(({ tag }) => (doubts.other.has(tag) ? (matches.get(tag) ?? []) : []))
  for (const tag of doubts.other) matches.delete(tag)
  const mayChange = (person: StoredPerson) => kind !== 'ahead' || isComing(person, yearBefore(snapshot.schoolYear))
  const { link, questions } = linker(asked, stored, matches, doubts.open)
  const people = { ...planPeople({ kind, snapshot: asked, stored, matches, doubts, retire, mayChange, link }), retire }
  const groups = planGroups(kind, snapshot, stored.groups, today)
  const staying = new Map(
    asked.people.filter(next => next.record.status !== 'inactive').map(next => [next.tag, next] as const),
  )
  const { missing, ...memberships } = planMemberships({
    ...{ kind, snapshot, stored, matches, staying, doubts, today },
    newGroups: groups.create,
    leaving: [...people.deactivate, ...retire],
    retired: retire,
  })
  const met = asked.people.flatMap(next => {
    const found = matches.get(next.tag)
    return found ? [{ next, stored: found }] : []
  })
  return {
    kind,
    schoolYear: snapshot.schoolYear,
    yearChange: kind !== 'ahead' && stored.groups.some(group => group.active && group.schoolYear < snapshot.schoolYear),
    people,
    groups,
    memberships,
    keys: planKeys([...staying.values()], { mayChange, matches, doubts, retire }),
    crossings: crossings(people, stored),
    missing,
    askForAll: kind === 'delta' && returnsWithoutPlace(people, groups, snapshot),
    renamed: met.filter(({ next, stored: was }) => next.record.status !== 'inactive' && was.print !== next.print),
    conflicts: [
      ...questions,
      ...met
        .filter(({ next }) => decided.open.has(next.tag))
        .map(({ next, stored: was }) => ({ kind: 'reused-key' as const, next, candidates: [was.personId] })),
    ],
  }
}

const noDoubts: Doubts = { open: new Set(), other: new Set() }

function kindOf({ proof, schoolYear }: Snapshot, today: string): PlanKind {
  if (yearSpan(schoolYear).startsOn > today) return 'ahead'
  return proof.kind === 'delta' ? 'delta' : 'snapshot'
}

/** Whatever the source calls them now: they are nobody here before that year begins. */
function comingPeople({ people, schoolYear }: Snapshot): SnapshotPerson[] {
  const first = yearSpan(schoolYear).startsOn
  return people
    .filter(({ record }) => record.status !== 'inactive')
    .map(next => {
      const startsOn = next.record.startsOn !== undefined && next.record.startsOn > first ? next.record.startsOn : first
      return { ...next, record: { ...next.record, status: 'pending' as const, startsOn } }
    })
}

/** Of a year after this one: pending until it begins, also when this year's roster has never heard of them. */
const isComing = (person: StoredPerson, schoolYear: string): boolean =>
  person.status === 'pending' && person.startsOn !== null && person.startsOn >= yearSpan(schoolYear).endsOn

/** Nothing to write, apart from the cursor and the day it was seen. */
export function isEmpty({ people, groups, memberships, keys }: Plan): boolean {
  return [people, groups, memberships, keys].every(kind => Object.values(kind).every(list => list.length === 0))
}

/** Keys that one person alone can have. An e-mail address is not one: schools give it to the next (design.md, "never by e-mail alone"). */
const personal = new Set(['username', 'pupil-number', 'staff-number', 'object-id', 'subject'])

/** By tag; what is left of those whose source cannot keep its keys, by a stable key that exactly one on both sides has. */
function matchPeople({ people, proof, removed }: Snapshot, stored: StoredPerson[]): Map<string, StoredPerson> {
  const byTag = new Map(stored.map(person => [person.tag, person]))
  const matches = new Map<string, StoredPerson>()
  for (const { tag } of people) {
    const found = byTag.get(tag)
    if (found) matches.set(tag, found)
  }
  const taken = new Set([...matches.values()].map(person => person.affiliationId))
  const looking = people.filter(next => !next.record.stable && !matches.has(next.tag))
  // Whom a delta does not mention is still who they were.
  const isFree = (person: StoredPerson) =>
    proof.kind !== 'delta' || person.status === 'inactive' || removed.people.has(person.tag)
  const left = stored.filter(person => !person.stable && !taken.has(person.affiliationId) && isFree(person))
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

interface PeopleInput {
  kind: PlanKind
  snapshot: Snapshot
  stored: StoredRoster
  matches: Map<string, StoredPerson>
  doubts: Doubts
  retire: StoredPerson[]
  mayChange(person: StoredPerson): boolean
  link: Linker['link']
}

function planPeople(input: PeopleInput): Omit<Plan['people'], 'retire'> {
  const { kind, snapshot, stored, matches, doubts, retire, mayChange, link } = input
  const out: Omit<Plan['people'], 'retire'> = { create: [], update: [], deactivate: [] }
  const seen = new Set(retire.map(person => person.affiliationId))
  for (const next of snapshot.people) {
    const found = matches.get(next.tag)
    if (found) seen.add(found.affiliationId)
    if (found && doubts.open.has(next.tag)) continue
    const left = next.record.status === 'inactive'
    if (!found) {
      if (!left) out.create.push({ next, personId: null, ...link(next) })
    } else if (left) {
      if (found.status !== 'inactive') out.deactivate.push(found)
    } else if (mayChange(found)) {
      const update = updateOf(found, next)
      if (update) out.update.push(update)
    }
  }
  const gone = stored.people.filter(
    person => person.status !== 'inactive' && !seen.has(person.affiliationId) && isGone(kind, snapshot, person),
  )
  out.deactivate.push(...gone.sort((a, b) => (a.tag < b.tag ? -1 : 1)))
  return out
}

/** Of somebody who did not come. */
function isGone(kind: PlanKind, { schoolYear, removed }: Snapshot, person: StoredPerson): boolean {
  if (kind === 'snapshot') return !isComing(person, schoolYear)
  return kind === 'delta' && removed.people.has(person.tag)
}

const yearBefore = (schoolYear: string) => {
  const first = Number(schoolYear.slice(0, 4))
  return `${first - 1}-${first}`
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

interface Linker {
  link(next: SnapshotPerson): { personId: string; by: LinkingRule } | null
  questions: Question[]
}

/** Newcomers alone are linked: two who are somebody here already are put together by a person, if at all. */
function linker(
  snapshot: Snapshot,
  stored: StoredRoster,
  matches: Map<string, StoredPerson>,
  open: Doubts['open'],
): Linker {
  const records = snapshot.people.filter(({ record, tag }) => record.status !== 'inactive' && !open.has(tag))
  const known = new Map(
    records.flatMap(({ tag }) => {
      const found = matches.get(tag)
      return found ? [[tag, found.personId] as const] : []
    }),
  )
  const here = new Set(known.values())
  const found = matchRecords({
    ...{ records, known, holders: stored.keyHolders },
    others: stored.people.map(person => person.personId).filter(id => !here.has(id)),
    different: new Map((stored.decided ?? []).map(each => [each.tag, each.different])),
  })
  return {
    link({ tag }) {
      const match = found.get(tag)
      return match?.is === 'link' && !known.has(tag) ? { personId: match.personId, by: match.by } : null
    },
    questions: records.flatMap(next => {
      const match = found.get(next.tag)
      const own = known.get(next.tag)
      if (!match || (match.is === 'link' && own === undefined)) return []
      const { kind, candidates } =
        match.is === 'ask' ? match.question : { kind: 'same-key' as const, candidates: [match.personId] }
      const unasked = candidates.filter(id => own === undefined || !stored.askedElsewhere?.has(pairOf(own, id)))
      return unasked.length > 0 ? [{ kind, next, candidates: unasked }] : []
    }),
  }
}

/** By the record itself, by a directory account, or by a personal key that a pupil of this school has. */
function crossings({ create, update }: Plan['people'], stored: StoredRoster): SnapshotPerson[] {
  const pupilKeys = new Set(
    stored.people
      .filter(person => person.role === 'pupil' && person.status !== 'inactive')
      .flatMap(person => person.keys.filter(key => key.stable && personal.has(key.type)).map(key => key.tag)),
  )
  const pupils = Map.groupBy(
    stored.keyHolders.filter(holder => holder.roles.includes('pupil')),
    holder => holder.tag,
  )
  const isPupils = ({ type, tag, stable }: SnapshotPerson['keys'][number]) =>
    pupilKeys.has(tag) || (stable && personal.has(type) && (pupils.get(tag) ?? []).some(holder => says(holder, type)))
  return [
    ...update
      .filter(({ stored: was, next }) => was.role === 'pupil' && next.record.role !== 'pupil')
      .map(({ next }) => next),
    ...create.filter(({ next }) => next.record.role === 'staff' && next.keys.some(isPupils)).map(({ next }) => next),
  ]
}
