/**
 * The queue: pg-boss on our own database and our own connections, so that several connectors share the work. Its tables stand in a schema
 * of their own without a wall between boards: a job holds a board's id and a source's, and nothing else ever goes into one, not into its outcome
 * either. The schema is made by a migration; here nobody makes or changes a table.
 */
import type { JobWithMetadata, PgBoss } from 'pg-boss'
import type { Log } from '../log.ts'
import type { Database } from './database.ts'

export interface SourceJob {
  /** A second one with this id is not added, also when the first is done already. */
  id: string
  boardId: string
  sourceId: string
}

export interface TakenJob extends SourceJob {
  addedAt: Date
  /** Aborts when the job is not this connector's any more. */
  signal: AbortSignal
}

export interface JobHandlers {
  /** @returns when to be given this job again, or null when it is done */
  sync(job: TakenJob): Promise<Date | null>
  /** Every few minutes, on one of the connectors. */
  plan(): Promise<void>
  /** Once a day, on one of the connectors. */
  watch(): Promise<void>
}

export interface JobSettings {
  /** Syncs at a time on this connector. */
  concurrency: number
  /** A job whose connector was silent for so long is given to another; 10 or more (pg-boss). */
  heartbeatSeconds: number
  /** Longest life of a job at one connector. */
  limitSeconds: number
  /** How often an idle worker looks; 0.5 or more (pg-boss). Who sleeps at night may take some seconds. */
  pollSeconds?: number
}

export interface Jobs {
  /** Of one source one at a time: another is added when that one is done. @returns how many were new */
  add(jobs: SourceJob[]): Promise<number>
  /** Takes no more jobs and gives those under way so many milliseconds; what is not done then goes to another connector. */
  stop(graceMs: number): Promise<void>
}

type JobData = Omit<SourceJob, 'id'>

const schema = 'jobs'
const queues = { sync: 'roster-sync', plan: 'roster-plan', watch: 'roster-watch' } as const
const daySeconds = 86_400
/** An idle connector asks the database as little as it can. */
const looks = { sync: 5, plan: 30, watch: 60 } as const
/** After what was not foreseen. */
const restMs = 300_000
/** Ends what never ends: how often a job is given is decided in connector/sync/schedule-retry.ts. */
const lastResort = 100

/** @throws what pg throws, and pg-boss when the schema is of another version than it is */
export async function openJobs(
  db: Pick<Database, 'pool'>,
  log: Log,
  settings: JobSettings,
  handlers: JobHandlers,
): Promise<Jobs> {
  const boss = await openBoss(db, log, settings.heartbeatSeconds)
  try {
    await boss.start()
    await makeQueues(boss, settings)
    await takeJobs(boss, log, settings, handlers)
  } catch (error) {
    await boss.stop({ graceful: false })
    throw error
  }
  return {
    async add(jobs) {
      if (jobs.length === 0) return 0
      const rows = jobs.map(({ id, ...data }) => ({ id, data, singletonKey: data.sourceId }))
      return (await boss.insert(queues.sync, rows, { returnId: true }))?.length ?? 0
    },
    stop: graceMs => boss.stop({ graceful: true, timeout: graceMs }),
  }
}

/** Loaded when it is needed: a command line never is in need of it. */
async function openBoss(db: Pick<Database, 'pool'>, log: Log, heartbeatSeconds: number): Promise<PgBoss> {
  const { PgBoss } = await import('pg-boss')
  const looksAfterSeconds = Math.ceil(heartbeatSeconds / 2)
  const boss = new PgBoss({
    // pool.query gives up the connection of a statement that failed, so that nobody gets it in the middle of a transaction.
    db: { executeSql: (text, values) => db.pool.query(text, values) },
    schema,
    // Nothing that needs more than rows.
    ...{ migrate: false, createSchema: false, reindex: false, persistQueueStats: false },
    // Nothing that tells of more than ids: a registry of hosts, warnings, traces.
    ...{ registerInstance: false, persistWarnings: false, openTelemetry: { enabled: false } },
    ...{ supervise: true, superviseIntervalSeconds: looksAfterSeconds, monitorIntervalSeconds: looksAfterSeconds },
    ...{ schedule: true, cronMonitorIntervalSeconds: 30, cronWorkerIntervalSeconds: 30 },
    ...{ monitorVacuum: false, queueCacheIntervalSeconds: 300, flowIntervalSeconds: daySeconds },
  })
  boss.on('error', sparingly(log))
  boss.on('warning', ({ data }) => {
    const { type } = data as { type?: unknown }
    log.warn('the queue has a warning', typeof type === 'string' ? { code: type } : {})
  })
  return boss
}

/** A database that is away fails every look into the queue: said once a minute. */
function sparingly(log: Log): (cause: unknown) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return cause => {
    if (performance.now() - saidAt < 60_000) return
    saidAt = performance.now()
    log.error('the queue had an error', cause)
  }
}

/** Rows, not tables. What a connector of another setting made is changed to this one's. */
async function makeQueues(boss: PgBoss, { heartbeatSeconds, limitSeconds }: JobSettings): Promise<void> {
  const sync = {
    ...{ expireInSeconds: limitSeconds, heartbeatSeconds },
    // Of a job whose connector died: at once; other waits are set when they are known.
    ...{ retryLimit: lastResort, retryDelay: 1, retryBackoff: false },
    // A done job keeps a second one of its night out, so it outlives that night.
    ...{ retentionSeconds: 2 * daySeconds, deleteAfterSeconds: 3 * daySeconds },
  }
  await boss.createQueue(queues.sync, { policy: 'exclusive', ...sync })
  await boss.updateQueue(queues.sync, sync)
  const tick = { expireInSeconds: 600, retryLimit: 0, retentionSeconds: daySeconds, deleteAfterSeconds: daySeconds }
  for (const [name, cron] of [
    [queues.plan, '*/5 * * * *'],
    [queues.watch, '0 8 * * *'],
  ] as const) {
    await boss.createQueue(name, { policy: 'exclusive', ...tick })
    await boss.schedule(name, cron, null, { tz: 'Europe/Amsterdam', missed: 'once' })
  }
}

async function takeJobs(boss: PgBoss, log: Log, settings: JobSettings, handlers: JobHandlers): Promise<void> {
  const { pollSeconds = looks.sync, concurrency } = settings
  const polling = { pollingIntervalSeconds: pollSeconds, localConcurrency: concurrency }
  await boss.work(queues.sync, { includeMetadata: true, ...polling }, async (taken: JobWithMetadata<JobData>[]) => {
    for (const job of taken) await silently(log, () => take(boss, log, job, handlers))
  })
  const work = (name: 'plan' | 'watch') =>
    boss.work(queues[name], { pollingIntervalSeconds: looks[name] }, () => silently(log, handlers[name]))
  await work('plan')
  await work('watch')
}

async function take(boss: PgBoss, log: Log, job: JobWithMetadata<JobData>, handlers: JobHandlers): Promise<void> {
  const { id, data, createdOn, signal } = job
  const again = await handlers.sync({ id, ...data, addedAt: createdOn, signal }).catch((cause: unknown) => {
    log.error('a job failed', cause, data)
    return new Date(Date.now() + restMs)
  })
  if (again === null) return
  // Failed is pg-boss's word for "not done": the next attempt has a number of its own, so that what is left of this one cannot end that one.
  await boss.fail(queues.sync, { id, retryCount: job.retryCount })
  await boss.update(queues.sync, undefined, { id, startAfter: again })
}

/** pg-boss stores what is thrown, message and stack; what was thrown to us may hold anything. */
async function silently(log: Log, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    log.error('a job failed', cause)
    throw Object.assign(new Error('see the log of the connector'), { stack: '' })
  }
}

export interface JobState {
  state: 'created' | 'retry' | 'active' | 'completed' | 'cancelled' | 'failed'
  /** When it is taken at the earliest. */
  startsAt: Date
}

/** By id; one that was never added, or is long done, is not there. */
export async function jobStates(db: Pick<Database, 'pool'>, ids: string[]): Promise<Map<string, JobState>> {
  const { rows } = await db.pool.query<{ id: string; state: JobState['state']; start_after: Date }>(
    'select id, state, start_after from jobs.job where name = $1 and id = any($2::uuid[])',
    [queues.sync, ids],
  )
  return new Map(rows.map(({ id, state, start_after }) => [id, { state, startsAt: start_after }]))
}
