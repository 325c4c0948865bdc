/**
 * One sync of one source: collect → plan → guards → apply, or hold for a person. Plan and apply share a transaction under a lock, so that two
 * runs of one source never write from the same picture. Whatever happens is in the run's row.
 */
import { type Adapter, SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { addDays, localDay, schoolYearOn } from '../store/calendar.ts'
import { someoneIsDue } from '../store/roster.ts'
import { withTenant } from '../store/scope.ts'
import {
  failCrashed,
  lastState,
  noteProgress,
  type Run,
  type RunState,
  runsOf,
  startRun,
  withRunLock,
} from '../store/sync-runs.ts'
import { collect } from './collect.ts'
import { progressReport } from './progress.ts'
import { nothing, type Settling, settle } from './settle.ts'
import { adapterOf, openSource, type StoredSource, type SyncContext, sourceOf } from './source.ts'
import { finish, isAhead, now, type SyncInput, type SyncOutcome } from './weigh.ts'

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
      const at = { boardId, schoolId: source.schoolId, sourceId }
      const crashed = await failCrashed(tx, boardId, sourceId)
      const refused = (await lastState(tx, boardId, sourceId, schoolYearOn(today))) === 'refused'
      const runId = await startRun(tx, { ...at, startedBy: input.by })
      return { source, runId, crashed, refused, due: await someoneIsDue(tx, at, today) }
    })
    const { source, runId } = begun
    if (begun.crashed > 0) ctx.log.warn('sync runs found crashed', { boardId, count: begun.crashed })
    const progress = progressReport(
      ({ phase, ...rest }) =>
        withTenant(ctx.db, scope, tx => noteProgress(tx, boardId, runId, { phase, progress: rest })),
      input.onProgress,
    )
    try {
      const adapter = adapterOf(ctx, source.kind)
      // Accounts have no school year.
      const isRoster = source.gives === 'roster'
      const ahead =
        isRoster && input.schoolYear !== undefined && isAhead(input.schoolYear, today) ? input.schoolYear : null
      const settled = !begun.due && !begun.refused && ahead === null && !input.preview
      const run = { ctx, keys, input, runId, progress, settled }
      if (ahead !== null && !adapter.can.nextYear) return await cannotAhead(run, ahead)
      const opened = openSource(ctx, keys, source, {
        progress: (read, total) => progress({ read, ...(total ? { total } : {}) }),
        ...(input.file === undefined ? {} : { file: input.file }),
        ...(ahead === null ? {} : { schoolYear: ahead }),
      })
      // Whose an account is also changes when the roster does: it is always all accounts that are looked at.
      const all =
        !isRoster || input.preview || ahead !== null || begun.due || begun.refused || allIsDue(source, adapter, today)
      const cursor = all ? null : source.cursor
      const collected = await collect(opened, { cursor, adapter, onRecords: records => progress({ records }) })
      await progress.settled()
      return await settle(run, collected)
    } catch (error) {
      return await fail(ctx, input, runId, error)
    } finally {
      await progress.settled()
    }
  })
}

/**
 * Whether "since then" is not enough any more: what a source does not report as gone shows only when everything comes (Graph never reports a
 * deleted user), and neither what changed since last year nor that nothing did says who stayed.
 */
function allIsDue({ fullAt }: StoredSource, { can }: Pick<Adapter, 'can'>, today: string): boolean {
  if (fullAt === null) return true
  const day = localDay(fullAt)
  if (schoolYearOn(day) !== schoolYearOn(today)) return true
  return can.mode === 'delta' && can.fullEveryDays !== undefined && addDays(day, can.fullEveryDays) <= today
}

function cannotAhead({ ctx, input, runId }: Settling, schoolYear: string): Promise<SyncOutcome> {
  const says = `This source cannot be asked for ${schoolYear}, which has not begun: it gives the present school year alone.`
  return withTenant(ctx.db, { boardId: input.boardId, role: 'system' }, tx =>
    finish(tx, ctx, input, {
      ...nothing,
      runId,
      state: 'refused',
      reasons: [{ guard: 'no-next-year', says }],
      schoolYear,
    }),
  )
}

/** A source that cannot be reached has failed; one that sends what cannot be right is refused. Anything else is ours: noted, and thrown on. */
async function fail(ctx: SyncContext, input: SyncInput, runId: string, error: unknown): Promise<SyncOutcome> {
  const fromSource = error instanceof SourceError
  const wrong = fromSource && (error.code === 'malformed' || error.code === 'incomplete')
  const state: RunState = wrong ? 'refused' : 'failed'
  const says =
    fromSource || error instanceof AppError
      ? error.message
      : 'Something went wrong in the connector. Nothing was changed.'
  const ours = (error instanceof AppError && error.reason) || 'connector'
  const reasons = [{ guard: fromSource ? `source-${error.code}` : ours, says }]
  const { boardId } = input
  const ended = { ...nothing, runId, state, reasons }
  await withTenant(ctx.db, { boardId, role: 'system' }, tx => finish(tx, ctx, input, ended)).catch(() => {})
  if (!fromSource) throw error
  ctx.log.warn('sync failed at the source', { boardId, runId, code: error.code })
  return ended
}

/** Newest first. */
export function listRuns(
  ctx: Pick<SyncContext, 'db'>,
  { boardId, limit, ...where }: { boardId: string; schoolId?: string; sourceId?: string; limit?: number },
): Promise<Run[]> {
  return withTenant(ctx.db, { boardId, role: 'system' }, tx => runsOf(tx, boardId, where, limit))
}
