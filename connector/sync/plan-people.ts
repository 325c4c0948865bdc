/** Who is who, who comes and who goes. A part of the plan; pure. */
import { yearSpan } from '../store/calendar.ts'
import type { StoredPerson, StoredRoster } from '../store/roster.ts'
import { says } from './match.ts'
import type { Doubts, PersonUpdate, Plan, PlanKind } from './plan.ts'
import type { Linker } from './plan-links.ts'
import type { Snapshot, SnapshotPerson } from './snapshot.ts'

/** Keys that one person alone can have. An e-mail address is not one: schools give it to the next (design.md, "never by e-mail alone"). */
export const personal = new Set(['username', 'pupil-number', 'staff-number', 'object-id', 'subject'])

/** By tag; what is left of those whose source cannot keep its keys, by a stable key that exactly one on both sides has. */
export function matchPeople({ people, proof, removed }: Snapshot, stored: StoredPerson[]): Map<string, StoredPerson> {
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

export function planPeople(input: PeopleInput): Omit<Plan['people'], 'retire'> {
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

/** Of a year after this one: pending until it begins, also when this year's roster has never heard of them. */
export const isComing = (person: StoredPerson, schoolYear: string): boolean =>
  person.status === 'pending' && person.startsOn !== null && person.startsOn >= yearSpan(schoolYear).endsOn

export const yearBefore = (schoolYear: string) => {
  const first = Number(schoolYear.slice(0, 4))
  return `${first - 1}-${first}`
}

/** By the record itself, by a directory account, or by a personal key that a pupil of this school has. */
export function crossings({ create, update }: Plan['people'], stored: StoredRoster): SnapshotPerson[] {
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
