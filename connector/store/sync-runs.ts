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
  /** A person's id, `operator` or `schedule`. */
  startedBy: string
  /** What the source proved: `snapshot`, `delta` or `unchanged`; null when it did not come so far. */
  proof: string | null
  schoolYear: string | null
  /** Lines to read: see sync/diff.ts. */
  diff: string[]
  startedAt: Date
  finishedAt: Date | null
  /** Of reading, planning and writing; without the wait of a held run for a person. */
  durationMs: number | null
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

/** Not worth a wait for the disk: a run that a crash forgets has changed nothing. */
export async function startRun(
  tx: Tx,
  run: { boardId: string; schoolId: string; sourceId: string; startedBy: string },
): Promise<string> {
  const id = randomUUID()
  await tx.$executeRaw`select set_config('synchronous_commit', 'off', true)`
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
  proof?: string | null
  schoolYear?: string | null
  diff?: string[]
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

/**
 * Held runs that a newer one replaces lose their staged names with their chance. One of a year that has not begun waits for the next of its own
 * year, while the present year is read every night.
 */
export async function supersede(
  tx: Tx,
  { boardId, sourceId }: { boardId: string; sourceId: string },
  by: { runId: string; schoolYear: string; ahead: boolean },
): Promise<void> {
  const reasons = [{ guard: 'superseded', says: 'A newer run of this source took its place.' }]
  const ofYear = by.ahead
    ? { schoolYear: by.schoolYear }
    : { OR: [{ schoolYear: null }, { schoolYear: { lte: by.schoolYear } }] }
  await tx.syncRun.updateMany({
    where: { boardId, sourceId, state: 'held', id: { not: by.runId }, ...ofYear },
    data: { state: 'cancelled', stageSealed: null, reasons },
  })
}

/** How the last run of this year or an earlier one ended, or of none in particular. */
export async function lastState(
  tx: Tx,
  boardId: string,
  sourceId: string,
  schoolYear: string,
): Promise<RunState | null> {
  const row = await tx.syncRun.findFirst({
    where: { boardId, sourceId, OR: [{ schoolYear: null }, { schoolYear: { lte: schoolYear } }] },
    select: { state: true },
    orderBy: [{ startedAt: 'desc' }, { id: 'asc' }],
  })
  // SAFETY: written by startRun and changeRun alone.
  return (row?.state as RunState | undefined) ?? null
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
  const { id, schoolId, sourceId, phase, approvedBy, startedBy, proof, schoolYear, startedAt, finishedAt } = row
  // SAFETY: these columns are written by changeRun alone, which takes these types.
  const json = row as unknown as Pick<Run, 'progress' | 'counts' | 'findings' | 'reasons' | 'state' | 'diff'>
  const { state, progress, counts, findings, reasons, diff } = json
  return {
    ...{ id, schoolId, sourceId, state, phase, progress, counts, findings, reasons, diff },
    ...{ approvedBy, startedBy, proof, schoolYear, startedAt, finishedAt },
    durationMs: finishedAt && Math.max(0, finishedAt.getTime() - startedAt.getTime()),
  }
}
