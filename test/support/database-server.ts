/**
 * One embedded PostgreSQL for all database tests of this user, with a migrated template to clone. Adopted when it runs, also after a
 * crashed run; shared by runs at the same time; stopped by the last one that leaves.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { prepareEmbedded } from '../../connector/store/database.ts'
import { type EmbeddedServer, startEmbedded } from '../../connector/store/embedded.ts'
import { readMigrations } from '../../connector/store/migrate.ts'

export interface TestServer {
  host: string
  port: number
  superuser: string
  /** The database to clone. */
  template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestServer
  }
}

const home = join(tmpdir(), `m5-test-${userInfo().uid}`)
const users = join(home, 'users')
const own = join(users, String(process.pid))
const hourMs = 3_600_000

/** For vitest; benches and proofs call `openTestServer` themselves. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { server, leave } = await openTestServer()
  project.provide('postgres', server)
  return leave
}

export async function openTestServer(): Promise<{ server: TestServer; leave(): Promise<void> }> {
  mkdirSync(users, { recursive: true, mode: 0o711 })
  writeFileSync(own, '')
  return locked(async () => {
    const running = await startEmbedded(home)
    const template = await ensureTemplate(running)
    const { host, port, superuser } = running
    await dropLeftovers({ host, port, superuser, template })
    return { server: { host, port, superuser, template }, leave: () => leave(running) }
  })
}

/** The last one out stops the server; one whose process is gone does not count. */
function leave(running: EmbeddedServer): Promise<void> {
  return locked(async () => {
    rmSync(own, { force: true })
    const [living, dead] = [true, false].map(want => readdirSync(users).filter(pid => alive(Number(pid)) === want))
    for (const pid of dead ?? []) rmSync(join(users, pid), { force: true })
    if (living?.length === 0) await running.stop()
  })
}

/** Named for the migrations, and only a template once they are all applied: a run that died half-way is taken up here. */
async function ensureTemplate(server: EmbeddedServer): Promise<string> {
  const hash = createHash('sha256')
  for (const migration of readMigrations()) hash.update(migration.checksum)
  const template = `m5_template_${hash.digest('hex').slice(0, 12)}`
  const admin = { host: server.host, port: server.port, user: server.superuser, database: 'postgres' }
  await asAdmin(admin, async client => {
    const done = await client.query('select from pg_database where datname = $1 and datistemplate', [template])
    if (done.rowCount) return
    await prepareEmbedded(server, template)
    await client.query(`alter database ${template} is_template true allow_connections false`)
  })
  return template
}

/** Databases of tests carry the second they were made in: those of a crashed run go after an hour. */
async function dropLeftovers(server: TestServer): Promise<void> {
  const admin = { host: server.host, port: server.port, user: server.superuser, database: 'postgres' }
  await asAdmin(admin, async client => {
    const { rows } = await client.query<{ name: string }>(
      `select datname as name from pg_database where datname ~ '^m5_test_[0-9]+_'`,
    )
    for (const { name } of rows)
      if (Date.now() - Number(name.split('_')[2]) * 1000 > hourMs)
        await client.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
  })
}

export async function asAdmin<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Between processes: the one that makes the directory holds the lock; one left by a dead process is taken after a minute. */
async function locked<T>(work: () => Promise<T>): Promise<T> {
  const lock = join(home, 'lock')
  const until = Date.now() + 90_000
  while (!made(lock)) {
    if (Date.now() > until) throw new Error(`${lock} is held by another run`)
    if (ageMs(lock) > 60_000) rmSync(lock, { recursive: true, force: true })
    else await wait(50)
  }
  try {
    return await work()
  } finally {
    rmSync(lock, { recursive: true, force: true })
  }
}

function made(directory: string): boolean {
  try {
    mkdirSync(directory)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

function ageMs(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat ? Date.now() - stat.mtimeMs : 0
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
