/** One turn of one source: whether it still is one, the run, and what follows when it did not end in a result. */
import { SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import type { TakenJob } from '../store/jobs.ts'
import { withTenant } from '../store/scope.ts'
import { failCrashed, type Run, withRunLock } from '../store/sync-runs.ts'
import { runSync } from './run.ts'
import { lasts, type NightWindow, nightAt } from './schedule-night.ts'
import { nextTry, type Tally, type Trouble, tally, troubleOf } from './schedule-retry.ts'
import { onSchedule, type ScheduledSource, scheduledSources } from './schedule-sources.ts'
import { stoppable } from './schedule-stop.ts'
import { adapterOf, type SyncContext } from './source.ts'
import { now } from './weigh.ts'

export interface TurnSettings {
  window: NightWindow
  retries: number
  /** Of one run. */
  limitMs: number
}

export interface TurnContext extends SyncContext {
  settings: TurnSettings
  /** Aborts when the connector stops. */
  stopping: AbortSignal
}

/** @returns when to try again, or null when this turn is over. @throws anything unexpected from outside the run */
export async function takeTurn(ctx: TurnContext, job: TakenJob): Promise<Date | null> {
  const source = (await scheduledSources(ctx, job)).find(({ id }) => id === job.sourceId)
  if (!source || !onSchedule(source) || isLate(ctx, source)) return null
  if (ctx.stopping.aborted) return now(ctx)
  const before = await seen(ctx, job)
  if (before === 'busy') return again(ctx, source, { trouble: 'busy', so: none })
  // Its connector died between the end of the run and the end of the job.
  if (before.so.results > 0) return null
  if (before.last && nextTry(before.last, before.so, ctx.settings) === null)
    return again(ctx, source, { trouble: before.last, so: before.so })
  const { trouble, retryAfterMs } = await attempt(ctx, job)
  if (trouble === null) return null
  const after = trouble === 'busy' ? 'busy' : await seen(ctx, job)
  return again(ctx, source, { trouble, so: after === 'busy' ? none : after.so, retryAfterMs })
}

const none: Tally = { results: 0, passing: 0, faults: 0, crashes: 0 }

/** Whom a supplier wants to be asked at night only is not asked in the morning, whatever waited. */
const isLate = (ctx: TurnContext, { window }: ScheduledSource, at = now(ctx)): boolean =>
  window === 'night' && !lasts(nightAt(ctx.settings.window, at), at)

interface Seen {
  so: Tally
  /** How the last run of this turn ended, when not in a result. */
  last: Trouble | null
}

/** The runs of this turn. One that still says running is going on, or its process died: the lock knows. */
async function seen(ctx: TurnContext, { boardId, sourceId, addedAt }: TakenJob): Promise<Seen | 'busy'> {
  const scope = { boardId, role: 'system' as const }
  const where = { boardId, sourceId, startedBy: 'schedule', startedAt: { gte: addedAt } }
  const turn = async (): Promise<Pick<Run, 'state' | 'reasons'>[]> => {
    const runs = await withTenant(ctx.db, scope, tx =>
      tx.syncRun.findMany({ where, select: { state: true, reasons: true }, orderBy: { startedAt: 'desc' } }),
    )
    // SAFETY: written by store/sync-runs.ts alone, with these types.
    return runs as unknown as Pick<Run, 'state' | 'reasons'>[]
  }
  let runs = await turn()
  if (runs.some(run => run.state === 'running')) {
    const mended = await withRunLock(ctx.db, sourceId, () =>
      withTenant(ctx.db, scope, tx => failCrashed(tx, boardId, sourceId)),
    ).catch(ifBusy)
    if (mended === 'busy') return 'busy'
    runs = await turn()
  }
  const [last] = runs
  return { so: tally(runs), last: last ? troubleOf(last) : null }
}

function ifBusy(error: unknown): 'busy' {
  if (error instanceof AppError && error.reason === 'sync-running') return 'busy'
  throw error
}

interface Attempt {
  trouble: Trouble | null
  retryAfterMs?: number
}

async function attempt(ctx: TurnContext, { boardId, sourceId, signal: ours }: TakenJob): Promise<Attempt> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(tooLong(ctx.settings.limitMs)), ctx.settings.limitMs)
  const signal = AbortSignal.any([ctx.stopping, limit.signal, ours])
  let thrown: unknown
  const adapter = (kind: string) =>
    stoppable(adapterOf(ctx, kind), signal, error => {
      thrown = error
    })
  try {
    const outcome = await runSync({ ...ctx, signal, adapter }, { boardId, sourceId, by: 'schedule' })
    if (outcome.state !== 'failed' || !(thrown instanceof SourceError) || !thrown.passing) return { trouble: null }
    const { retryAfterMs } = thrown
    return { trouble: 'passing', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  } catch (error) {
    if (ctx.stopping.aborted) return { trouble: 'stopped' }
    const { code, reason } = error instanceof AppError ? error : {}
    if (reason === 'sync-running') return { trouble: 'busy' }
    if (code === 'not-found') return { trouble: null }
    ctx.log.error('a sync of the schedule failed', error, { boardId, sourceId })
    return { trouble: 'fault' }
  } finally {
    clearTimeout(timer)
  }
}

interface Again {
  trouble: Trouble
  so: Tally
  retryAfterMs?: number | undefined
}

function again(ctx: TurnContext, source: ScheduledSource, { trouble, so, retryAfterMs = 0 }: Again): Date | null {
  const { boardId, schoolId, id: sourceId } = source
  const waitMs = nextTry(trouble, so, { retries: ctx.settings.retries, retryAfterMs })
  const at = waitMs === null ? null : new Date(now(ctx).getTime() + waitMs)
  if (at !== null && !isLate(ctx, source, at)) return at
  ctx.log.warn('the schedule gave a source up for this night', { boardId, schoolId, sourceId, reason: trouble })
  return null
}

const tooLong = (limitMs: number) =>
  new AppError('unavailable', `The sync took longer than ${limitMs / 60_000} minutes. Nothing was changed.`, {
    reason: 'too-long',
  })

/** For the signal of a connector that stops. */
export const stoppedByUs = () =>
  new AppError('unavailable', 'The connector was stopped while this sync went on. Nothing was changed.', {
    reason: 'stopped',
  })
