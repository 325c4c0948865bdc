/** The queue as the application role sees it: rows and nothing more, and ids and nothing more in them. */
import { randomUUID } from 'node:crypto'
import { PgBoss } from 'pg-boss'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type JobHandlers, type Jobs, jobStates, openJobs, type TakenJob } from '../../../connector/store/jobs.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let t: TestDatabase
let open: Jobs[] = []
beforeAll(async () => {
  t = await testDatabase()
})
afterEach(async () => {
  await Promise.all(open.map(jobs => jobs.stop(5000)))
  open = []
  await t.asSuperuser(client => client.query('delete from jobs.job'))
})
afterAll(() => t.close())

const rows = <R extends object>(sql: string) => t.asSuperuser(async client => (await client.query<R>(sql)).rows)
const settings = { concurrency: 1, heartbeatSeconds: 10, limitSeconds: 60, pollSeconds: 0.5 }
const idle: JobHandlers = { sync: async () => null, plan: async () => {}, watch: async () => {} }
const job = (more: Partial<{ id: string; sourceId: string }> = {}) => ({
  ...{ id: randomUUID(), boardId: randomUUID(), sourceId: randomUUID() },
  ...more,
})

async function queue(handlers: Partial<JobHandlers> = {}): Promise<Jobs> {
  const jobs = await openJobs(t.db, t.log, settings, { ...idle, ...handlers })
  open.push(jobs)
  return jobs
}

/** Resolves when the handler has been given so many. */
function taken(count: number, answer: (n: number) => Date | null = () => null) {
  const all: TakenJob[] = []
  const { promise, resolve } = Promise.withResolvers<TakenJob[]>()
  const sync = async (each: TakenJob) => {
    all.push(each)
    if (all.length === count) resolve(all)
    return answer(all.length)
  }
  return { sync, all, done: promise }
}

describe('the application', () => {
  it('opens the queue without making, changing or owning a table', async () => {
    const shape = () =>
      rows(`select c.relname, c.relkind, c.relowner::regrole::text as owner, pg_get_userbyid(c.relowner) = 'm5_app' as ours, c.relacl::text
            from pg_class c where c.relnamespace = 'jobs'::regnamespace order by 1`)
    const before = await shape()
    expect(before.length).toBeGreaterThan(10)
    expect(before.filter(each => (each as { ours: boolean }).ours)).toEqual([])
    const { sync, done } = taken(1)
    const jobs = await queue({ sync })
    await jobs.add([job()])
    await done
    await jobs.stop(5000)
    expect(await shape()).toEqual(before)
    const [may] = await rows(`
      select has_schema_privilege('m5_app', 'jobs', 'CREATE') as "tables made", has_table_privilege('m5_app', 'jobs.job', 'TRUNCATE') as emptied,
             has_column_privilege('m5_app', 'jobs.version', 'version', 'UPDATE') as "version changed",
             has_table_privilege('m5_app', 'jobs.version', 'INSERT') as "version added", has_table_privilege('m5_app', 'jobs.version', 'DELETE') as "version removed"`)
    expect(Object.values(may ?? {})).toEqual(Array(5).fill(false))
  })

  it('finds the schema that this version of pg-boss expects', async () => {
    const boss = new PgBoss({
      ...{ db: { executeSql: (text: string, values?: unknown[]) => t.db.pool.query(text, values) }, schema: 'jobs' },
      ...{ migrate: false, supervise: false, schedule: false, registerInstance: false },
    })
    const { ok, ...drift } = await boss.detectSchemaDrift()
    expect({ ok, ...drift }).toMatchObject({ ok: true, missingTables: [], missing: [] })
  })

  it('opens no connection of its own', async () => {
    const strangers = `select application_name from pg_stat_activity where datname = current_database() and application_name like 'pgboss%'`
    await queue()
    expect(await rows(strangers)).toEqual([])
  })

  it('gets no connection back in the middle of a transaction of the queue that failed', async () => {
    await queue()
    const broken = 'begin; select 1/0; commit'
    for (let i = 0; i < 12; i++) await expect(t.db.pool.query(broken)).rejects.toThrow(/division/)
    for (let i = 0; i < 12; i++) expect((await t.db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })
})

describe('a job', () => {
  it('is taken once by one of several connectors that add and take at once', async () => {
    const seen: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const sync = async ({ sourceId }: TakenJob) => {
      seen.push(sourceId)
      if (seen.length === wanted.length) resolve()
      return null
    }
    const wanted = Array.from({ length: 20 }, () => job())
    const connectors = await Promise.all([queue({ sync }), queue({ sync }), queue({ sync })])
    const added = await Promise.all(connectors.map(each => each.add(wanted)))
    expect(added.reduce((a, b) => a + b)).toBe(20)
    await promise
    expect(seen.toSorted()).toEqual(wanted.map(each => each.sourceId).toSorted())
  })

  it('is not added again when it is done', async () => {
    const { sync, done } = taken(1)
    const jobs = await queue({ sync })
    const once = job()
    expect(await jobs.add([once])).toBe(1)
    await done
    await expect.poll(async () => (await jobStates(t.db, [once.id])).get(once.id)?.state).toBe('completed')
    expect(await jobs.add([once, job()])).toBe(1)
  })

  it('waits for the one before it of the same source', async () => {
    const jobs = await queue({ sync: async () => new Date(Date.now() + 60_000) })
    const [one, two] = [job(), job()]
    expect(await jobs.add([one, { ...two, sourceId: one.sourceId }])).toBe(1)
  })

  it('is given again when its handler says so, and not before', async () => {
    const soon = () => new Date(Date.now() + 500)
    const { sync, all, done } = taken(2, n => (n === 1 ? soon() : null))
    const jobs = await queue({ sync })
    const again = job()
    await jobs.add([again])
    await done
    expect(all.map(each => each.id)).toEqual([again.id, again.id])
    await expect.poll(async () => (await jobStates(t.db, [again.id])).get(again.id)?.state).toBe('completed')
  })

  it('rests when its handler throws, and keeps nothing of what was thrown', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const jobs = await queue({
      sync: async () => {
        resolve()
        throw new Error('Zwaluwstaart')
      },
    })
    const failing = job()
    await jobs.add([failing])
    await promise
    await expect.poll(async () => (await jobStates(t.db, [failing.id])).get(failing.id)?.state).toBe('retry')
    const state = (await jobStates(t.db, [failing.id])).get(failing.id)
    expect(state?.startsAt.getTime()).toBeGreaterThan(Date.now() + 200_000)
    expect(JSON.stringify(await rows('select * from jobs.job'))).not.toContain('Zwaluwstaart')
  })

  it('holds the ids of a board and a source, before and after, and so does everything in the schema', async () => {
    const { sync, done } = taken(2, n => (n === 1 ? new Date(Date.now() + 60_000) : null))
    const jobs = await queue({ sync })
    await jobs.add([job(), job()])
    await done
    await expect.poll(async () => (await rows(`select from jobs.job where state = 'completed'`)).length).toBe(1)
    const found = await rows<{ data: object; output: unknown; source_output: unknown; trace_context: unknown }>(
      `select * from jobs.job where name = 'roster-sync'`,
    )
    expect(found).toHaveLength(2)
    const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
    for (const { data, output, source_output, trace_context } of found) {
      expect(data).toEqual({ boardId: expect.stringMatching(uuid), sourceId: expect.stringMatching(uuid) })
      expect([output, source_output, trace_context]).toEqual([null, null, null])
    }
    const filled: string[] = []
    for (const { name } of await rows<{ name: string }>(
      `select c.relname as name from pg_class c where c.relnamespace = 'jobs'::regnamespace and c.relkind = 'r' order by 1`,
    ))
      if ((await rows(`select from jobs.${name} limit 1`)).length > 0) filled.push(name)
    expect(filled).toEqual(['job_common', 'queue', 'schedule', 'version'])
    expect(await rows('select name, data from jobs.schedule order by 1')).toEqual([
      { name: 'roster-plan', data: null },
      { name: 'roster-watch', data: null },
    ])
  })
})

it('a queue of another version is not opened, and nothing is left running', async () => {
  await t.asSuperuser(client => client.query('update jobs.version set version = 1'))
  try {
    await expect(openJobs(t.db, t.log, settings, idle)).rejects.toThrow(/requires migrations/)
  } finally {
    await t.asSuperuser(client => client.query('update jobs.version set version = 46'))
  }
})
