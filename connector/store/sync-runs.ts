/** The rows of sync runs, and the lock that lets one run of a source go at a time. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Database, Tx } from './database.ts'
import type { Prisma } from './generated/client.ts'
import type { Bytes } from './seal.ts'

export type RunState = 'running' | 'held' | 'applied' | 'unchanged' | 'refused' | 'failed' | 'cancelled'

export interface RunReason {
  /** Which guard, or `source-…` and `superseded`. */
  guard: string
  /** A plain sentence without personal data. */
  says: string
}

export interface RunFinding {
  code: string
  count: number
  /** At most 100 source ids. */
  sourceIds: string[]
  details: string[]
}

export interface Run {
  id: string
  schoolId: string
  sourceId: string
  state: RunState
  phase: string
  progress: { read?: number; total?: number; records?: number }
  counts: Record<string, number>
  findings: RunFinding[]
  reasons: RunReason[]
  approvedBy: string | null
  startedAt: Date
  finishedAt: Date | null
}

/** Key classes of advisory locks: 5305 is migrations, 5306 a whole run, 5307 its transaction. */
const lockClass = { run: 5306, apply: 5307 } as const

/**
 * One at a time over all connectors, and free again when its process dies. Held by an idle transaction (not by a session), so that it
 * also holds behind a pooler in transaction mode; it has no snapshot, so it does not hold back vacuum. Costs one connection.
 * @throws AppError `conflict` when a run of this source is going on
 */
export async function withRunLock<T>(db: Database, sourceId: string, work: () => Promise<T>): Promise<T> {
  const client = await db.pool.connect()
  // When this connection breaks the lock is gone; what follows is still safe, by the lock inside the transaction that applies.
  const ignore = () => {}
  client.on('error', ignore)
  try {
    await client.query('begin')
    await client.query('set local idle_in_transaction_session_timeout = 0')
    const { rows } = await client.query<{ locked: boolean }>(
      'select pg_try_advisory_xact_lock($1, hashtext($2)) as locked',
      [lockClass.run, sourceId],
    )
    if (!rows[0]?.locked)
      throw new AppError('conflict', 'A sync of this source is going on.', { reason: 'sync-running' })
    return await work()
  } finally {
    await client.query('rollback').catch(ignore)
    client.off('error', ignore)
    client.release()
  }
}

/** Waits: plan and apply see what the one before them wrote. */
export async function lockForApply(tx: Tx, sourceId: string): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(${lockClass.apply}::int, hashtext(${sourceId}))`
}

/** Under the run lock: a row that still says running is of a process that died. @returns how many those were */
export async function failCrashed(tx: Tx, boardId: string, sourceId: string): Promise<number> {
  const reasons = [{ guard: 'crashed', says: 'The connector stopped in the middle of this run. Nothing was changed.' }]
  const { count } = await tx.syncRun.updateMany({
    where: { boardId, sourceId, state: 'running' },
    data: { state: 'failed', finishedAt: new Date(), stageSealed: null, reasons },
  })
  return count
}

export async function startRun(tx: Tx, run: { boardId: string; schoolId: string; sourceId: string }): Promise<string> {
  const id = randomUUID()
  await tx.syncRun.create({ data: { ...run, id, state: 'running' } })
  return id
}

export interface RunChange {
  state?: RunState
  phase?: string
  progress?: Run['progress']
  counts?: Record<string, number>
  findings?: RunFinding[]
  reasons?: RunReason[]
  stageSealed?: Bytes | null
  approvedBy?: string
  finishedAt?: Date
}

export async function changeRun(tx: Tx, boardId: string, id: string, change: RunChange): Promise<void> {
  // SAFETY: plain JSON; Prisma's input type wants an index signature that interfaces do not have.
  const data = change as unknown as Prisma.SyncRunUpdateInput
  await tx.syncRun.update({ where: { boardId_id: { boardId, id } }, data })
}

/** Only while it runs: one that comes late must not write over the end. */
export async function noteProgress(
  tx: Tx,
  boardId: string,
  id: string,
  { phase, progress }: Required<Pick<RunChange, 'phase' | 'progress'>>,
): Promise<void> {
  await tx.syncRun.updateMany({ where: { boardId, id, state: 'running' }, data: { phase, progress } })
}

/** Held runs that a newer one replaces lose their staged names with their chance. */
export async function supersede(tx: Tx, boardId: string, sourceId: string, byRunId: string): Promise<void> {
  const reasons = [{ guard: 'superseded', says: 'A newer run of this source took its place.' }]
  await tx.syncRun.updateMany({
    where: { boardId, sourceId, state: 'held', id: { not: byRunId } },
    data: { state: 'cancelled', stageSealed: null, reasons },
  })
}

/** @throws AppError `not-found` */
export async function runOf(tx: Tx, boardId: string, id: string): Promise<Run & { stageSealed: Uint8Array | null }> {
  const row = await tx.syncRun.findUnique({ where: { boardId_id: { boardId, id } } })
  if (!row) throw new AppError('not-found', 'There is no such sync run.', { reason: 'run-unknown' })
  return { ...toRun(row), stageSealed: row.stageSealed }
}

/** Newest first. */
export async function runsOf(
  tx: Tx,
  boardId: string,
  where: { schoolId?: string; sourceId?: string },
  limit = 20,
): Promise<Run[]> {
  const rows = await tx.syncRun.findMany({
    where: { boardId, ...where },
    orderBy: [{ startedAt: 'desc' }, { id: 'asc' }],
    take: limit,
    omit: { stageSealed: true },
  })
  return rows.map(toRun)
}

function toRun(row: Omit<Prisma.SyncRunGetPayload<object>, 'stageSealed'>): Run {
  const { id, schoolId, sourceId, phase, approvedBy, startedAt, finishedAt } = row
  // SAFETY: these columns are written by changeRun alone, which takes these types.
  const json = row as unknown as Pick<Run, 'progress' | 'counts' | 'findings' | 'reasons' | 'state'>
  const { state, progress, counts, findings, reasons } = json
  return {
    id,
    schoolId,
    sourceId,
    state,
    phase,
    progress,
    counts,
    findings,
    reasons,
    approvedBy,
    startedAt,
    finishedAt,
  }
}
