/**
 * One sync of one source: collect → plan → guards → apply, or hold for a person. Plan and apply share a transaction under a lock, so that two
 * runs of one source never write from the same picture. Whatever happens is in the run's row.
 */
import { SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { someoneIsDue } from '../store/roster.ts'
import { withTenant } from '../store/scope.ts'
import {
  changeRun,
  failCrashed,
  lockForApply,
  noteProgress,
  type Run,
  type RunState,
  runOf,
  runsOf,
  startRun,
  supersede,
  withRunLock,
} from '../store/sync-runs.ts'
import { type Collected, collect, type Roster } from './collect.ts'
import { type ProgressReport, progressReport } from './progress.ts'
import { openSource, type SyncContext, sourceOf } from './source.ts'
import { openStage, sealStage } from './stage.ts'
import { applied, finish, moveCursor, now, type SyncInput, type SyncOutcome, type Weighed, weigh } from './weigh.ts'

/** What one connector may take for the transaction of a big school. */
const limits = { timeout: 300_000, maxWait: 20_000 }

/**
 * @returns also when the source failed or was refused: one school's failure is a result, not an end
 * @throws AppError `conflict` when a run of this source is going on, `not-found`; anything unexpected, after the run is marked failed
 */
export async function runSync(ctx: SyncContext, input: SyncInput): Promise<SyncOutcome> {
  const { boardId, sourceId } = input
  const scope = { boardId, role: 'system' as const }
  const keys = await ctx.keyring.board(boardId)
  return withRunLock(ctx.db, sourceId, async () => {
    const today = localDay(now(ctx))
    const begun = await withTenant(ctx.db, scope, async tx => {
      const source = await sourceOf(tx, boardId, sourceId)
      const crashed = await failCrashed(tx, boardId, sourceId)
      const runId = await startRun(tx, { boardId, schoolId: source.schoolId, sourceId })
      const due = await someoneIsDue(tx, { boardId, schoolId: source.schoolId, sourceId }, today)
      return { source, runId, crashed, cursor: due ? null : source.cursor }
    })
    const { source, runId } = begun
    if (begun.crashed > 0) ctx.log.warn('sync runs found crashed', { boardId, count: begun.crashed })
    const progress = progressReport(
      ({ phase, ...rest }) =>
        withTenant(ctx.db, scope, tx => noteProgress(tx, boardId, runId, { phase, progress: rest })),
      input.onProgress,
    )
    try {
      const opened = openSource(ctx, keys, source, (read, total) => progress({ read, ...(total ? { total } : {}) }))
      const collected = await collect(opened, input.preview ? null : begun.cursor, records => progress({ records }))
      await progress.settled()
      return await settle({ ctx, keys, input, runId, progress }, collected)
    } catch (error) {
      return await fail(ctx, boardId, runId, error)
    } finally {
      await progress.settled()
    }
  })
}

interface Settling {
  ctx: SyncContext
  keys: BoardKeys
  input: SyncInput
  runId: string
  progress: ProgressReport
}

function settle(run: Settling, collected: Collected): Promise<SyncOutcome> {
  const { ctx, input, runId } = run
  return withTenant(
    ctx.db,
    { boardId: input.boardId, role: 'system' },
    async tx => {
      await lockForApply(tx, input.sourceId)
      if (collected.kind === 'unchanged') {
        const { cursor } = collected.proof
        if (cursor !== undefined) await moveCursor(tx, input, { cursor })
        await supersede(tx, input.boardId, input.sourceId, runId)
        return finish(tx, ctx, input, { runId, state: 'unchanged', reasons: [], counts: {}, findings: [], diff: [] })
      }
      run.progress({ phase: 'plan' })
      const { roster } = collected
      const weighed = await weigh(tx, run, roster)
      return conclude(tx, run, roster, weighed)
    },
    limits,
  )
}

async function conclude(tx: Tx, run: Settling, roster: Roster, weighed: Weighed): Promise<SyncOutcome> {
  const { ctx, keys, input, runId } = run
  const { verdict, outcome } = weighed
  const { boardId, sourceId } = input
  if (verdict.verdict === 'refuse') return finish(tx, ctx, input, { runId, state: 'refused', ...outcome })
  await supersede(tx, boardId, sourceId, runId)
  if (verdict.verdict === 'hold') {
    const stageSealed = sealStage(keys, runId, { roster, schoolYear: input.schoolYear ?? null })
    await changeRun(tx, boardId, runId, { stageSealed })
    return finish(tx, ctx, input, { runId, state: 'held', ...outcome })
  }
  run.progress({ phase: 'apply' })
  return applied(tx, ctx, input, runId, roster, weighed)
}

/** A source that cannot be reached has failed; one that sends what cannot be right is refused. Anything else is ours: noted, and thrown on. */
async function fail(ctx: SyncContext, boardId: string, runId: string, error: unknown): Promise<SyncOutcome> {
  const fromSource = error instanceof SourceError
  const wrong = fromSource && (error.code === 'malformed' || error.code === 'incomplete')
  const state: RunState = wrong ? 'refused' : 'failed'
  const says =
    fromSource || error instanceof AppError
      ? error.message
      : 'Something went wrong in the connector. Nothing was changed.'
  const reasons = [{ guard: fromSource ? `source-${error.code}` : 'connector', says }]
  await withTenant(ctx.db, { boardId, role: 'system' }, tx =>
    changeRun(tx, boardId, runId, { state, reasons, phase: 'done', stageSealed: null, finishedAt: now(ctx) }),
  ).catch(() => {})
  if (!fromSource) throw error
  ctx.log.warn('sync failed at the source', { boardId, runId, code: error.code })
  return { runId, state, reasons, counts: {}, findings: [], diff: [] }
}

export interface RunInput {
  boardId: string
  runId: string
  /** Who decides: a person's id or `operator`. */
  by: string
}

/**
 * Plans the staged roster again, against what is stored now, and applies it when nothing is said against it that was not said before.
 * @throws AppError `conflict` when it is not held (any more) or something new speaks against it; `gone` when the roster is older than 7 days
 */
export async function approveRun(ctx: SyncContext, { boardId, runId, by }: RunInput): Promise<SyncOutcome> {
  const scope = { boardId, role: 'system' as const }
  const keys = await ctx.keyring.board(boardId)
  const { sourceId } = await withTenant(ctx.db, scope, tx => runOf(tx, boardId, runId))
  return withTenant(
    ctx.db,
    scope,
    async tx => {
      await lockForApply(tx, sourceId)
      const run = await heldRun(tx, boardId, runId)
      const { roster, schoolYear } = openStage(keys, run, now(ctx))
      const input: SyncInput = { boardId, sourceId, by, ...(schoolYear === null ? {} : { schoolYear }) }
      const weighed = await weigh(tx, { ctx, keys, input }, roster)
      const seen = new Set(run.reasons.map(reason => reason.guard))
      const fresh = weighed.verdict.reasons.filter(reason => !seen.has(reason.guard))
      if (weighed.verdict.verdict === 'refuse' || fresh.length > 0)
        throw conflict(
          `Sync again, this was not said when it was held: ${fresh.map(({ says }) => says).join(' ')}`,
          'run-outdated',
        )
      const outcome = await applied(tx, ctx, input, runId, roster, weighed)
      await changeRun(tx, boardId, runId, { approvedBy: by, stageSealed: null, reasons: run.reasons })
      return outcome
    },
    limits,
  )
}

/** The staged names go at once. @throws AppError `conflict` when it is not held */
export async function cancelRun(ctx: SyncContext, { boardId, runId, by }: RunInput): Promise<void> {
  await withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    const { sourceId } = await runOf(tx, boardId, runId)
    await lockForApply(tx, sourceId)
    const { reasons } = await heldRun(tx, boardId, runId)
    await changeRun(tx, boardId, runId, { state: 'cancelled', stageSealed: null, reasons })
    await append(tx, { boardId, actor: by, action: 'sync.cancelled', object: runId, outcome: 'done' })
  })
}

/** What approving would do now. @throws as approveRun */
export async function previewRun(ctx: SyncContext, { boardId, runId }: Omit<RunInput, 'by'>): Promise<string[]> {
  const keys = await ctx.keyring.board(boardId)
  return withTenant(
    ctx.db,
    { boardId, role: 'system' },
    async tx => {
      const run = await heldRun(tx, boardId, runId)
      const { roster, schoolYear } = openStage(keys, run, now(ctx))
      const input = { boardId, sourceId: run.sourceId, by: 'preview', ...(schoolYear === null ? {} : { schoolYear }) }
      return (await weigh(tx, { ctx, keys, input }, roster)).outcome.diff
    },
    limits,
  )
}

/** Newest first. */
export function listRuns(
  ctx: Pick<SyncContext, 'db'>,
  { boardId, limit, ...where }: { boardId: string; schoolId?: string; sourceId?: string; limit?: number },
): Promise<Run[]> {
  return withTenant(ctx.db, { boardId, role: 'system' }, tx => runsOf(tx, boardId, where, limit))
}

async function heldRun(tx: Tx, boardId: string, runId: string) {
  const run = await runOf(tx, boardId, runId)
  if (run.state !== 'held') throw conflict(`This run is ${run.state}, not held.`, 'run-not-held')
  return run
}

const conflict = (message: string, reason: string) => new AppError('conflict', message, { reason })
