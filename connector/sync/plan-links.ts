/** Who is somebody of another source or school already, and what only a person can tell. A part of the plan; pure. */
import { pairOf } from '../store/conflicts.ts'
import type { StoredPerson, StoredRoster } from '../store/roster.ts'
import { type LinkingRule, matchRecords, type Question } from './match.ts'
import type { Doubts } from './plan.ts'
import type { Snapshot, SnapshotPerson } from './snapshot.ts'

export interface Linker {
  link(next: SnapshotPerson): { personId: string; by: LinkingRule } | null
  questions: Question[]
}

/** Newcomers alone are linked: two who are somebody here already are put together by a person, if at all. */
export function linker(
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
