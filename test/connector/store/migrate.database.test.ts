import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../connector/config.ts'
import { openLog } from '../../../connector/log.ts'
import { openDatabase } from '../../../connector/store/database.ts'
import { type Migration, migrate, pending, readMigrations } from '../../../connector/store/migrate.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { schemaDiff } from '../../support/schema-engine.ts'

let t: TestDatabase
let clients: pg.Client[]
beforeEach(async () => {
  t = await testDatabase()
  clients = []
})
afterEach(async () => {
  for (const client of clients) await client.end().catch(() => undefined)
  await t.close()
})

const migration = (name: string, sql: string): Migration => ({
  name,
  sql,
  checksum: createHash('sha256').update(sql).digest('hex'),
})
const made = migration('0001_made', 'create table made (id int)')
const second = migration('0002_second', 'create table second (id int); insert into made values (1)')

async function asOwner(): Promise<pg.Client> {
  const { user: _app, ...server } = t.db.connection
  const client = new pg.Client({
    ...(server.connectionString ? parsed(server.connectionString) : server),
    user: 'postgres',
  })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}
function parsed(connectionString: string): pg.ClientConfig {
  const url = new URL(connectionString)
  const database = url.pathname.slice(1)
  return { host: url.searchParams.get('host') ?? '', port: Number(url.searchParams.get('port')), database }
}
const empty = (client: pg.Client) =>
  client.query(
    'drop schema public cascade; drop schema if exists jobs cascade; create schema public; grant usage on schema public to public',
  )
const tablesOf = async (client: pg.Client) => {
  const { rows } = await client.query<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> '_prisma_migrations' order by 1`,
  )
  return rows.map(row => row.name)
}

/** Columns, keys and indexes, as the catalogue tells them. */
async function shape(client: pg.Client): Promise<object> {
  const all = async (sql: string) => (await client.query(sql)).rows
  return {
    columns: await all(`
      select table_name, column_name, udt_name, is_nullable, column_default, datetime_precision from information_schema.columns
      where table_schema = 'public' and table_name <> '_prisma_migrations' order by 1, 2`),
    constraints: await all(`
      select conrelid::regclass::text as on, conname, pg_get_constraintdef(oid) as def from pg_constraint
      where connamespace = 'public'::regnamespace and conrelid <> coalesce(to_regclass('_prisma_migrations'), 0) order by 1, 2`),
    indexes: await all(`
      select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' and tablename <> '_prisma_migrations' order by 1, 2`),
  }
}

describe('the migrations', () => {
  it('lead to the schema, and to nothing else', async () => {
    const client = await asOwner()
    await empty(client)
    await migrate(client)
    const migrated = await shape(client)
    await empty(client)
    const schema = readFileSync(new URL('../../../prisma/schema.prisma', import.meta.url), 'utf8')
    await client.query(await schemaDiff(null, schema, t.db.connection))
    expect(migrated).toEqual(await shape(client))
  })

  it('are applied once', async () => {
    const client = await asOwner()
    expect(await migrate(client)).toEqual([])
    await empty(client)
    expect(await migrate(client, [made])).toEqual(['0001_made'])
    expect(await migrate(client, [made, second])).toEqual(['0002_second'])
    expect(await migrate(client, [made, second])).toEqual([])
    expect((await client.query('select from made')).rowCount).toBe(1)
  })

  it('are applied by one of several connectors that start at once', async () => {
    const many = await Promise.all(Array.from({ length: 6 }, asOwner))
    await empty(many[0] as pg.Client)
    const applied = await Promise.all(many.map(client => migrate(client, [made, second])))
    expect(applied.flat().sort()).toEqual(['0001_made', '0002_second'])
  })

  it('killed midway leave nothing half-done, and the next start finishes', async () => {
    const [victim, other] = [await asOwner(), await asOwner()]
    await empty(other)
    await migrate(other, [made])
    // The migration stops in the middle of its work, at a lock that the other connection holds.
    await other.query('select pg_advisory_lock(1)')
    const halting = migration(
      '0002_halting',
      'create table half (id int); select pg_advisory_lock(1); create table whole (id int)',
    )
    const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
    const killed = migrate(victim, [made, halting]).catch((cause: unknown) => cause)
    await waitsForLock(other, rows[0]?.pid ?? 0)
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    expect(await killed).toBeInstanceOf(Error)
    expect(await tablesOf(other)).toEqual(['made'])
    expect((await pending(other, [made, halting])).map(m => m.name)).toEqual(['0002_halting'])

    await other.query('select pg_advisory_unlock(1)')
    expect(await migrate(other, [made, halting])).toEqual(['0002_halting'])
    expect(await tablesOf(other)).toEqual(['half', 'made', 'whole'])
  })

  it('that fail are undone, and say which one it was', async () => {
    const client = await asOwner()
    await empty(client)
    const wrong = migration('0002_wrong', 'create table half (id int); select 1/0')
    await expect(migrate(client, [made, wrong])).rejects.toMatchObject({
      code: 'misconfigured',
      message: 'Migration 0002_wrong failed and was undone.',
    })
    expect(await tablesOf(client)).toEqual(['made'])
    // The lock is free again.
    expect(await migrate(await asOwner(), [made, second])).toEqual(['0002_second'])
  })

  it('that were changed after they were applied are refused', async () => {
    const client = await asOwner()
    await empty(client)
    await migrate(client, [made])
    const changed = { ...made, checksum: 'another' }
    await expect(migrate(client, [changed])).rejects.toMatchObject({
      code: 'misconfigured',
      message: 'Migration 0001_made was changed after it was applied. Restore it as it was.',
    })
  })

  it('of a newer program are refused', async () => {
    const client = await asOwner()
    await empty(client)
    await migrate(client, [made, second])
    await expect(migrate(client, [made])).rejects.toMatchObject({
      code: 'misconfigured',
      message: 'This database is newer than this program: it has 0002_second.',
    })
  })

  it('carry the checksums that Prisma gives them, in its own table', async () => {
    const client = await asOwner()
    const { rows } = await client.query(
      'select migration_name, checksum, finished_at is not null as done from _prisma_migrations',
    )
    expect(rows).toEqual(readMigrations().map(({ name, checksum }) => ({ migration_name: name, checksum, done: true })))
  })

  it('that are missing stop a connector without the owner, in a sentence', async () => {
    const client = await asOwner()
    await empty(client)
    const config = readConfig({ DATABASE_URL: t.url, M5_LOG: 'silent' })
    await expect(openDatabase(config, openLog(config))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('Set DATABASE_OWNER_URL for one start'),
    })
  })

  it('never leave a table outside the wall', async () => {
    const client = await asOwner()
    for (const { name, sql } of readMigrations()) {
      // The queue's schema is another matter: see wall.database.test.ts.
      const created = [...sql.matchAll(/create table (?!jobs\.)"?(\w+)"?/gi)].map(found => found[1])
      const { rows } = await client.query<{ name: string }>(
        `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relname = any($1) and relrowsecurity and relforcerowsecurity`,
        [created],
      )
      expect([name, rows.length]).toEqual([name, created.length])
    }
  })
})

/** Resolves when that backend stands still at a lock. */
async function waitsForLock(client: pg.Client, pid: number): Promise<void> {
  for (;;) {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock' and query like '%create table half%'`,
      [pid],
    )
    if (rowCount) return
  }
}
