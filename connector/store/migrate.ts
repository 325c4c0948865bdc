/**
 * Applies prisma/migrations at start. Each migration is one transaction together with its row in `_prisma_migrations`, so a kill
 * in the middle leaves it undone and the next start does it again; a lock lets one of several connectors do it. The table and the checksums are
 * Prisma's own, so `prisma migrate status` reads them. Prisma's engine is not needed for this and not started.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ClientBase } from 'pg'
import { AppError } from '../errors.ts'

export interface Migration {
  name: string
  sql: string
  checksum: string
}

export function readMigrations(
  directory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url)),
): Migration[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
    .map(name => {
      const sql = readFileSync(`${directory}/${name}/migration.sql`, 'utf8')
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') }
    })
}

const lock = [5305, 0] as const

/** @param owner a connection that acts as the owner of the tables. @returns the names applied now. @throws AppError `misconfigured` */
export async function migrate(owner: ClientBase, migrations = readMigrations()): Promise<string[]> {
  await owner.query('select pg_advisory_lock($1, $2)', [...lock])
  try {
    await owner.query(bookkeeping)
    const missing = await pending(owner, migrations)
    for (const migration of missing) await apply(owner, migration)
    return missing.map(m => m.name)
  } finally {
    await owner.query('select pg_advisory_unlock($1, $2)', [...lock])
  }
}

/** Migrations that this database does not have. @throws AppError `misconfigured` when its history is not ours */
export async function pending(client: ClientBase, migrations = readMigrations()): Promise<Migration[]> {
  const began = await client.query(`select to_regclass('_prisma_migrations') is not null as yes`)
  if (!began.rows[0]?.yes) return migrations
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'select migration_name, checksum from _prisma_migrations where finished_at is not null and rolled_back_at is null',
  )
  const applied = new Map(rows.map(row => [row.migration_name, row.checksum]))
  for (const { name, checksum } of migrations)
    if (applied.has(name) && applied.get(name) !== checksum)
      throw new AppError('misconfigured', `Migration ${name} was changed after it was applied. Restore it as it was.`)
  const ours = new Set(migrations.map(m => m.name))
  const foreign = [...applied.keys()].filter(name => !ours.has(name))
  if (foreign.length > 0)
    throw new AppError('misconfigured', `This database is newer than this program: it has ${foreign.join(', ')}.`)
  return migrations.filter(m => !applied.has(m.name))
}

async function apply(owner: ClientBase, migration: Migration): Promise<void> {
  await owner.query('begin')
  try {
    await owner.query(migration.sql)
    await owner.query(
      `insert into _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), now(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await owner.query('commit')
  } catch (cause) {
    await owner.query('rollback')
    throw new AppError('misconfigured', `Migration ${migration.name} failed and was undone.`, { cause })
  }
}

/** As Prisma makes it. */
const bookkeeping = `create table if not exists _prisma_migrations (
  id varchar(36) primary key not null,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0)`
