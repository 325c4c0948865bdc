/** The questions of a plan, kept for a person to answer (store/conflicts.ts). */
import { type ConflictNote, noteConflicts } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import type { RosterScope } from '../store/roster.ts'
import type { Question } from './match.ts'
import type { PlanKind } from './plan.ts'
import { namesFrom, type Snapshot } from './snapshot.ts'

export interface Asking {
  keys: BoardKeys
  scope: RosterScope
  kind: PlanKind
  snapshot: Snapshot
  questions: readonly Question[]
  /** Whom a record became. */
  personOf(tag: string): string | undefined
  at: Date
}

/** In the transaction that applies, after the people are written. Under a snapshot an open question that is not asked again is gone. */
export function keepQuestions(tx: Tx, asking: Asking): Promise<number> {
  const { keys, scope, kind, snapshot, questions, personOf, at } = asking
  const notes = questions.map(({ kind: what, next, candidates }): ConflictNote => {
    const { tag, print, record } = next
    const shown = { sourceId: record.sourceId, role: record.role, names: namesFrom(record), print, keys: next.keys }
    return { kind: what, tag, personId: personOf(tag) ?? null, candidates, shown }
  })
  const evaluated = kind === 'snapshot' ? 'all' : new Set(snapshot.people.map(person => person.tag))
  return noteConflicts(tx, keys, scope, { notes, evaluated, at })
}
