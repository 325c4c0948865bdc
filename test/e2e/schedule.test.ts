/** Several connectors on one database, as real processes: they share the night's work, and one may die. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createBoard } from '../../connector/admin/boards.ts'
import { addSchool } from '../../connector/admin/schools.ts'
import { addSource } from '../../connector/admin/sources.ts'
import { listRuns } from '../../connector/sync/run.ts'
import { madeUpAdapter, madeUpSchool } from '../connector/sync/made-up.ts'
import { type ConnectorProcess, startConnector } from '../support/connector-process.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../support/database.ts'
import { type FileSchool, fileSchools, openWindow, peopleOf } from '../support/roster-files.ts'

/** Takes seconds to read and to plan: long enough to be caught in the middle. */
const big = 4000
const small = 20

let t: TestDatabase
let directory: string
let env: Record<string, string>
let connectors: ConnectorProcess[]
let children: ChildProcess[]
beforeEach(async () => {
  t = await testDatabase()
  directory = mkdtempSync(join(tmpdir(), 'm5-schedule-'))
  connectors = []
  children = []
  env = {
    ...{ DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, M5_LOG: 'error' },
    ...{ M5_SYNC_WINDOW: openWindow(), M5_SYNC_HEARTBEAT: '10' },
  }
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(connectors.map(connector => connector.kill()))
  await t.close()
  rmSync(directory, { recursive: true, force: true })
})

async function start(more: Record<string, string> = {}): Promise<ConnectorProcess> {
  const connector = await startConnector({ ...env, ...more })
  connectors.push(connector)
  return connector
}

/** The process that is in the middle of a sync of this source: whose connection has its lock (see connector/store/sync-runs.ts). */
async function whoReads({ sourceId }: FileSchool): Promise<number | undefined> {
  const { rows } = await t.asSuperuser(client =>
    client.query<{ name: string }>(
      `select a.application_name as name from pg_locks l join pg_stat_activity a using (pid)
       where l.locktype = 'advisory' and l.classid = 5306 and l.objid = (hashtext($1)::bigint & 4294967295)::oid and l.granted
         and exists (select from "SyncRun" r where r."sourceId" = $1::uuid and r.state = 'running')`,
      [sourceId],
    ),
  )
  const name = rows[0]?.name
  return name === undefined ? undefined : Number(name.split(' ')[1])
}

async function caught(school: FileSchool): Promise<ConnectorProcess> {
  let reader: ConnectorProcess | undefined
  await expect
    .poll(
      async () => {
        const pid = await whoReads(school)
        reader = connectors.find(connector => connector.pid === pid)
        return reader !== undefined
      },
      { timeout: 60_000, interval: 20 },
    )
    .toBe(true)
  if (!reader) throw new Error('nobody reads it')
  return reader
}

const bySchedule = async (school: FileSchool) =>
  (await school.runs()).filter(run => run.startedBy === 'schedule').map(({ state, guards }) => [state, ...guards])
const allEnd = (schools: FileSchool[]) =>
  expect
    .poll(async () => (await Promise.all(schools.map(bySchedule))).map(runs => runs.at(-1)?.[0]), {
      timeout: 100_000,
      interval: 500,
    })
    .toEqual(schools.map(() => 'applied'))

describe('three connectors on one database', () => {
  it('read thirty sources once each; one is killed in the middle, and another takes its place', async () => {
    const schools = await fileSchools(t, directory, [big, ...Array(29).fill(small)])
    const [first, ...others] = schools
    if (!first) throw new Error('no school')
    await Promise.all([start(), start(), start()])
    const victim = await caught(first)
    await victim.kill()
    await allEnd(schools)
    expect(await bySchedule(first)).toEqual([['failed', 'crashed'], ['applied']])
    // What else the killed one was in the middle of is known by the same word; everything else went once.
    const runs = await Promise.all(others.map(bySchedule))
    const hit = runs.filter(each => each.length > 1)
    expect(hit.length).toBeLessThanOrEqual(1)
    for (const each of hit) expect(each).toEqual([['failed', 'crashed'], ['applied']])
    for (const each of runs.filter(found => found.length === 1)) expect(each).toEqual([['applied']])
    expect(await Promise.all(schools.map(school => school.people()))).toEqual([
      peopleOf(big + 1),
      ...Array(29).fill(peopleOf(small + 1)),
    ])
    const living = connectors.filter(connector => connector !== victim)
    expect(await Promise.all(living.map(connector => connector.stop()))).toEqual([0, 0])
  })
})

describe('a connector that is told to stop', () => {
  it('ends in order within ten seconds while it syncs, and another takes its place', async () => {
    const [school] = await fileSchools(t, directory, [big])
    if (!school) throw new Error('no school')
    await start()
    const reader = await caught(school)
    const began = performance.now()
    expect(await reader.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(10_000)
    const [[state, guard] = []] = await bySchedule(school)
    // Stopped while it read; or it was writing already, and has done that to the end.
    expect([['failed', 'stopped'].join(), 'applied']).toContain([state, guard].filter(Boolean).join())
    await start()
    await allEnd([school])
    expect(await school.people()).toBe(peopleOf(big + 1))
  })
})

describe('a source that kills who reads it', () => {
  const script = fileURLToPath(new URL('../support/schedule-process.ts', import.meta.url))
  const begin = async () => {
    const child = fork(script, { env: { PATH: process.env.PATH, ...env }, execArgv: [] })
    children.push(child)
    const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
    await Promise.race([once(child, 'message'), gone])
    return { child, gone, lives: () => child.exitCode === null && child.signalCode === null }
  }
  const made = async (kind: string) => {
    const ctx = { ...t, adapter: madeUpAdapter({ says: madeUpSchool() }) }
    const { boardId } = await createBoard(ctx, { name: kind })
    const { id: schoolId } = await addSchool(ctx, { boardId, name: 'De Klim', brin: '99ZZ' })
    const { id: sourceId } = await addSource(ctx, { boardId, schoolId, kind, label: 'Bron', options: {} })
    return async () => (await listRuns(t, { boardId, sourceId })).map(run => run.reasons[0]?.guard)
  }

  it('kills two of them in a night and no third, and keeps no other source from its turn', async () => {
    const [kills, well] = [await made('kills'), await made('well')]
    await t.asSuperuser(client => client.query(`update "Source" set "createdAt" = now() - interval '90 days'`))
    const all = await Promise.all([begin(), begin(), begin()])
    await expect.poll(kills, { timeout: 90_000, interval: 500 }).toEqual(['crashed', 'crashed'])
    // Its turn may have died with the second: then it waits for the silence to be noticed, and for its next try.
    await expect.poll(async () => (await well())[0], { timeout: 120_000, interval: 500 }).toBe('first-run')
    const living = all.filter(({ lives }) => lives())
    expect(living).toHaveLength(1)
    for (const { child } of living) child.kill('SIGTERM')
    const ends = await Promise.all(all.map(({ gone }) => gone))
    expect(ends.map(([code, signal]) => signal ?? code).toSorted()).toEqual([0, 'SIGKILL', 'SIGKILL'])
  }, 240_000)
})
