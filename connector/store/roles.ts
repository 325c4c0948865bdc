/**
 * The roles of the database. The owner has the tables and logs in only to migrate; the application reads and writes rows and
 * can neither change a table nor look past row-level security.
 */
import { type ClientBase, escapeIdentifier as id, escapeLiteral as literal } from 'pg'

export interface AppRole {
  name: string
  password: string | undefined
}

/** Makes the application role where it is missing. Needs CREATEROLE only then. */
export async function ensureAppRole(admin: ClientBase, app: AppRole): Promise<void> {
  const { rowCount } = await admin.query('select 1 from pg_roles where rolname = $1', [app.name])
  if (rowCount) return
  const password = app.password ? ` password ${literal(app.password)}` : ''
  await admin.query(
    `create role ${id(app.name)} login nosuperuser nobypassrls nocreaterole nocreatedb noinherit${password}`,
  )
}

/** The embedded cluster's own owner and database. @param superuser a connection to the maintenance database */
export async function ensureOwnDatabase(superuser: ClientBase, owner: string, database: string): Promise<void> {
  const role = await superuser.query('select 1 from pg_roles where rolname = $1', [owner])
  if (!role.rowCount) await superuser.query(`create role ${id(owner)} nologin nosuperuser nobypassrls`)
  const found = await superuser.query('select 1 from pg_database where datname = $1', [database])
  if (!found.rowCount) await superuser.query(`create database ${id(database)} owner ${id(owner)}`)
}

/** Rows yes, tables no. Given again after each migration, so that a new table is never without. */
export async function grantRows(owner: ClientBase, app: string): Promise<void> {
  const role = id(app)
  await owner.query(`
    revoke all on schema public from public;
    grant usage on schema public to ${role};
    grant select, insert, update, delete on all tables in schema public to ${role};
    grant execute on all functions in schema public to ${role};
    revoke insert, update, delete, truncate on _prisma_migrations from ${role};
    -- What was done stays as it was written; what was reported is never edited.
    revoke update, delete on "AuditEntry" from ${role};
    revoke update on "Report", "Involvement", "ReportClaim", "ReportProgress" from ${role};
    grant update ("notifiedAt") on "Report" to ${role};
    -- Of pg-boss: its jobs, and when it did what last; not which version it is.
    grant usage on schema jobs to ${role};
    grant select, insert, update, delete on all tables in schema jobs to ${role};
    grant execute on all functions in schema jobs to ${role};
    revoke insert, update, delete on jobs.version from ${role};
    grant update (cron_on, bam_on, flow_on, reindex_on, monitor_backoff_on) on jobs.version to ${role};`)
}
