/**
 * Drafts a migration: `npm run migration -- NAME` writes what leads from the committed schema to the one in the working tree. Read it, add the
 * wall (row-level security, forced, and a policy) for each new table, and commit it with the schema.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbedded } from '../connector/store/embedded.ts'
import { schemaDiff } from '../test/support/schema-engine.ts'

const name = process.argv[2]
if (!name || !/^[a-z0-9_]+$/.test(name)) throw new Error('usage: npm run migration -- name_in_snake_case')
const committed = execFileSync('git', ['show', 'HEAD:prisma/schema.prisma'], { encoding: 'utf8' })
const wanted = readFileSync('prisma/schema.prisma', 'utf8')
const server = await startEmbedded(join(tmpdir(), 'm5-draft'))
try {
  const sql = await schemaDiff(committed, wanted, {
    host: server.host,
    port: server.port,
    user: server.superuser,
    database: 'postgres',
  })
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  const directory = `prisma/migrations/${day}_${name}`
  mkdirSync(directory)
  writeFileSync(`${directory}/migration.sql`, sql)
  process.stdout.write(`${directory}/migration.sql\n`)
} finally {
  await server.stop()
}
