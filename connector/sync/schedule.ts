/** The schedule of one connector: what is due goes into the queue that all connectors share, and each takes as much of it as it may. */
import { setTimeout as sleep } from 'node:timers/promises'
import { queueMail } from '../mail/queue.ts'
import { type Jobs, openJobs, type SourceJob, type TakenJob } from '../store/jobs.ts'
import { routesTo } from '../store/routes.ts'
import { withTenant } from '../store/scope.ts'
import { jobIdOf, turnDue, wokenTurn } from './schedule-night.ts'
import { stoppedByUs, type TurnContext, type TurnSettings, takeTurn } from './schedule-run.ts'
import { onSchedule, scheduledSources, staleSources } from './schedule-sources.ts'
import type { SyncContext } from './source.ts'
import { now } from './weigh.ts'

export interface ScheduleSettings extends TurnSettings {
  concurrency: number
  heartbeatSeconds: number
  staleDays: number
  /** See JobSettings. */
  pollSeconds?: number
}

export interface Schedule {
  /** What is due now, of every board, into the queue. @returns how many were new */
  plan(): Promise<number>
  /** Warns of each source without a good run for too long. @returns how many */
  watch(): Promise<number>
  /** Running syncs end in order, as stopped; their turns go to another connector. @returns how many did not end in time */
  stop(graceMs: number): Promise<number>
}

/** The transaction that applies is not cut off: so much longer than the limit of a run a job may last. */
const applySeconds = 600

/** @throws when the queue cannot be opened */
export async function openSchedule(ctx: SyncContext, settings: ScheduleSettings): Promise<Schedule> {
  const stop = new AbortController()
  const turns: TurnContext = { ...ctx, settings, stopping: stop.signal }
  const limitSeconds = Math.ceil(settings.limitMs / 1000) + applySeconds
  // Opened with handlers that need it.
  const opened = Promise.withResolvers<Jobs>()
  const plan = async () => planDue(ctx, settings, await opened.promise)
  const watch = () => warnOfStale(ctx, settings)
  let running = 0
  const sync = async (job: TakenJob) => {
    running += 1
    return takeTurn(turns, job).finally(() => {
      running -= 1
    })
  }
  const handlers = { sync, plan: async () => void (await plan()), watch: async () => void (await watch()) }
  const jobs = await openJobs(ctx.db, ctx.log, { ...settings, limitSeconds }, handlers)
  opened.resolve(jobs)
  return {
    plan,
    watch,
    async stop(graceMs) {
      stop.abort(stoppedByUs())
      await jobs.stop(graceMs)
      return running
    },
  }
}

/** A board that cannot be read keeps no other one from its turn. */
async function planDue(ctx: SyncContext, { window }: ScheduleSettings, jobs: Jobs): Promise<number> {
  const at = now(ctx)
  return sumOverBoards(ctx, async boardId => {
    const sources = await scheduledSources(ctx, { boardId })
    const due = sources.filter(onSchedule).flatMap((source): SourceJob[] => {
      // Both at once: the queue takes the first, and what that reads is the answer to the other.
      const turns = [turnDue(window, source, at)?.night ?? [], wokenTurn(window, source, at) ?? []].flat()
      return turns.map(turn => ({ id: jobIdOf(source.id, turn), boardId, sourceId: source.id }))
    })
    return jobs.add(due)
  })
}

/** Who can mend it; else who can ask for it. */
const staleTo = ['IT_ADMINISTRATOR', 'SCHOOL_LEADER'] as const

function warnOfStale(ctx: SyncContext, { staleDays: days }: ScheduleSettings): Promise<number> {
  return sumOverBoards(ctx, async boardId => {
    const stale = await staleSources(ctx, { boardId, now: now(ctx), days })
    for (const { since: _, ...ids } of stale) {
      ctx.log.warn('a source had no good run for too long', { ...ids, count: days })
      const { schoolId, sourceId: aboutId } = ids
      const mail = { boardId, schoolId, aboutId, now: now(ctx), kind: 'source-stale', to: staleTo } as const
      await withTenant(ctx.db, { boardId, role: 'system' }, tx => queueMail(tx, mail))
    }
    return stale.length
  })
}

async function sumOverBoards(ctx: SyncContext, work: (boardId: string) => Promise<number>): Promise<number> {
  let sum = 0
  for (const { toBoardId: boardId } of await routesTo(ctx.db, 'board'))
    sum += await work(boardId).catch((cause: unknown) => {
      ctx.log.error('the schedule of a board failed', cause, { boardId })
      return 0
    })
  return sum
}

export type StartedSchedule = Pick<Schedule, 'stop'>

/** Goes on trying: without its schedule a connector still takes every report. */
export function startSchedule(ctx: SyncContext, settings: ScheduleSettings): StartedSchedule {
  const leaving = new AbortController()
  const running = keepOpening(ctx, settings, leaving.signal)
  return {
    async stop(graceMs) {
      leaving.abort()
      const schedule = await running
      if (!schedule) return 0
      return schedule.stop(graceMs).catch((cause: unknown) => {
        ctx.log.error('the schedule did not stop', cause)
        return 0
      })
    },
  }
}

const retryMs = 60_000
/** People wait for the start, the night does not. */
const firstMs = 1000

const wait = (ms: number, leaving: AbortSignal) => sleep(ms, undefined, { signal: leaving }).catch(() => {})

async function keepOpening(
  ctx: SyncContext,
  settings: ScheduleSettings,
  leaving: AbortSignal,
): Promise<Schedule | null> {
  await wait(firstMs, leaving)
  while (!leaving.aborted) {
    try {
      const schedule = await openSchedule(ctx, settings)
      // What came due while no connector ran waits for no cron.
      await schedule.plan().catch(cause => ctx.log.error('the schedule could not plan', cause))
      return schedule
    } catch (cause) {
      ctx.log.error('the schedule does not start', cause)
      await wait(retryMs, leaving)
    }
  }
  return null
}

/** How many syncs at a time fit beside the reports: one holds up to three connections (its lock, its transaction, its progress). */
export function syncsThatFit(wanted: number, poolSize: number): number {
  return Math.min(wanted, Math.max(1, Math.floor((poolSize - 4) / 3)))
}
