import { readFileSync } from 'node:fs'
import { getConstructionPlans } from 'pg-boss'
import { expect, it } from 'vitest'

const migration = new URL('../../../prisma/migrations/20261123_0003_jobs/migration.sql', import.meta.url)

/** Statements as they are, without comment, indentation and the transaction that a migration brings itself. */
const statements = (sql: string): string[] =>
  sql
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '' && !line.startsWith('--') && line !== 'BEGIN;' && line !== 'COMMIT;')

it('the migration of the queue is the plan of the pg-boss that is installed; another version needs a migration of its own', () => {
  const ours = statements(readFileSync(migration, 'utf8'))
  expect(ours.length).toBeGreaterThan(300)
  expect(ours).toEqual(statements(getConstructionPlans('jobs')))
})
