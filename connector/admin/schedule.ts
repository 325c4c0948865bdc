/** When the sources of a board have their turn, and whether they have one at all. */
import type { ScheduleConfig } from '../config.ts'
import { jobStates } from '../store/jobs.ts'
import { isStale, jobIdOf, nextTurn, turnDue } from '../sync/schedule-night.ts'
import { onSchedule, type ScheduledSource, scheduledSources } from '../sync/schedule-sources.ts'
import { type SyncContext, sourceOf } from '../sync/source.ts'
import { type AdminContext, type By, doing } from './context.ts'

export interface ScheduleFacts {
  sourceId: string
  schoolId: string
  kind: string
  label: string
  /** The last run that ended well. */
  goodAt: Date | null
  pausedAt: Date | null
  /** Somebody hands it each file: it has no turns. */
  byHand: boolean
  /** A sync of its turn is going on. */
  running: boolean
  /** When it is read next; null for one without turns, and while it is read. */
  nextAt: Date | null
  /** No good run for too long. */
  stale: boolean
}

type ScheduleContext = AdminContext & Pick<SyncContext, 'adapter' | 'clock'>

/** Of one school, or of the whole board; oldest first. */
export async function listSchedule(
  ctx: ScheduleContext,
  where: { boardId: string; schoolId?: string },
  { window, staleDays }: Pick<ScheduleConfig, 'window' | 'staleDays'>,
): Promise<ScheduleFacts[]> {
  const now = (ctx.clock ?? (() => new Date()))()
  const sources = await scheduledSources(ctx, where)
  const due = new Map(
    sources.flatMap(source => {
      const turn = turnDue(window, source, now)
      return turn ? [[source.id, jobIdOf(source.id, turn.night)]] : []
    }),
  )
  const jobs = await jobStates(ctx.db, [...due.values()])
  const next = (source: ScheduledSource): Pick<ScheduleFacts, 'running' | 'nextAt'> => {
    const jobId = due.get(source.id)
    const job = jobId === undefined ? undefined : jobs.get(jobId)
    if (!onSchedule(source)) return { running: false, nextAt: null }
    if (job?.state === 'active') return { running: true, nextAt: null }
    if (job?.state === 'created' || job?.state === 'retry') return { running: false, nextAt: job.startsAt }
    if (jobId !== undefined && !job) return { running: false, nextAt: now }
    return { running: false, nextAt: nextTurn(window, source, now).at }
  }
  return sources.map(source => {
    const { id: sourceId, schoolId, kind, label, goodAt, pausedAt, byHand } = source
    const stale = onSchedule(source) && isStale(source, now, staleDays)
    return { sourceId, schoolId, kind, label, goodAt, pausedAt, byHand, ...next(source), stale }
  })
}

/** Its turns pass by until it is resumed; a sync that goes on ends as it would. @throws AppError `not-found` */
export function pauseSource(ctx: ScheduleContext, input: By & { boardId: string; sourceId: string }): Promise<void> {
  return setPaused(ctx, input, (ctx.clock ?? (() => new Date()))())
}

/** @throws AppError `not-found` */
export function resumeSource(ctx: ScheduleContext, input: By & { boardId: string; sourceId: string }): Promise<void> {
  return setPaused(ctx, input, null)
}

function setPaused(
  ctx: AdminContext,
  input: By & { boardId: string; sourceId: string },
  pausedAt: Date | null,
): Promise<void> {
  const { boardId, sourceId } = input
  const deed = { action: pausedAt ? 'source.pause' : 'source.resume', object: () => sourceId }
  return doing(ctx, input, deed, async tx => {
    await sourceOf(tx, boardId, sourceId)
    // Paused since the first time that somebody said so.
    const where = { boardId, id: sourceId, ...(pausedAt ? { pausedAt: null } : {}) }
    await tx.source.updateMany({ where, data: { pausedAt } })
  })
}
