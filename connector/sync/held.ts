/** What a person does with a run that is held: look again, approve, or let it go. */
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import type { Tx } from '../store/database.ts'
import { withTenant } from '../store/scope.ts'
import { changeRun, lockForApply, runOf } from '../store/sync-runs.ts'
import { limits, weighing } from './settle.ts'
import { type SyncContext, sourceOf } from './source.ts'
import { openStage } from './stage.ts'
import { applied, now, type SyncInput, type SyncOutcome } from './weigh.ts'

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
      const { roster, schoolYear, kind, readAt } = openStage(keys, run, now(ctx))
      const input: SyncInput = { boardId, sourceId, by, ...(schoolYear === null ? {} : { schoolYear }) }
      const weighed = await weighing(
        tx,
        { ctx, keys, input, approving: true },
        roster,
        await sourceOf(tx, boardId, sourceId),
      )
      if (weighed.plan.kind !== kind)
        throw conflict(
          `School year ${weighed.plan.schoolYear} has begun since this was held: sync again.`,
          'run-outdated',
        )
      const seen = new Set(run.reasons.map(reason => reason.guard))
      const fresh = weighed.verdict.reasons.filter(reason => !seen.has(reason.guard))
      if (weighed.verdict.verdict === 'refuse' || fresh.length > 0)
        throw conflict(
          `Sync again, this was not said when it was held: ${fresh.map(({ says }) => says).join(' ')}`,
          'run-outdated',
        )
      const outcome = await applied(tx, ctx, input, { runId, readAt: new Date(readAt), roster, weighed })
      const { reasons, finishedAt } = run
      // How long the work took stands; when it was approved is in the audit.
      await changeRun(tx, boardId, runId, {
        approvedBy: by,
        stageSealed: null,
        reasons,
        ...(finishedAt ? { finishedAt } : {}),
      })
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
      const source = await sourceOf(tx, boardId, run.sourceId)
      return (await weighing(tx, { ctx, keys, input, approving: true }, roster, source)).outcome.diff
    },
    limits,
  )
}

async function heldRun(tx: Tx, boardId: string, runId: string) {
  const run = await runOf(tx, boardId, runId)
  if (run.state !== 'held') throw conflict(`This run is ${run.state}, not held.`, 'run-not-held')
  return run
}

const conflict = (message: string, reason: string) => new AppError('conflict', message, { reason })
