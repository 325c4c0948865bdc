/**
 * What was done, in the same transaction as what it records: a read that cannot be logged is not served. Names nobody: ids and codes
 * only. A report's own entry has no actor, because the log is read by people who may not know who told.
 */
import { randomUUID } from 'node:crypto'
import type { Tx } from './database.ts'

export interface AuditFacts {
  boardId: string
  /** A person's id, or which part of the service acted. */
  actor: string
  channel?: string
  /** Noun and verb: `panel.read`, `grant.confirm`. */
  action: string
  /** Id of what it was done to. */
  object?: string
  outcome: 'done' | 'refused' | 'failed'
  /** Counts and codes. */
  detail?: Record<string, string | number | boolean>
}

export async function append(tx: Tx, facts: AuditFacts): Promise<void> {
  const { boardId, actor, channel = null, action, object = null, outcome, detail = {} } = facts
  await tx.auditEntry.create({ data: { boardId, id: randomUUID(), actor, channel, action, object, outcome, detail } })
}
