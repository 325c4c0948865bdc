/**
 * Opens the database: finds or starts the server, makes roles, migrates, and refuses to go on unless it is safe. Only this folder knows
 * the clients; everything else gets a transaction from scope.ts or a named function.
 */
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import { assertSafe } from './assertions.ts'
import { type EmbeddedServer, keepRunning, startEmbedded } from './embedded.ts'
import { type Prisma, PrismaClient } from './generated/client.ts'
import { migrate, pending } from './migrate.ts'
import { reportWriter, type WriteReport } from './reports.ts'
import { ensureAppRole, ensureOwnDatabase, grantRows } from './roles.ts'

/** A scoped transaction. */
export type Tx = Prisma.TransactionClient

export interface Database {
  readonly prisma: PrismaClient
  /** For the few hot paths that are one SQL function, and for health. */
  readonly pool: pg.Pool
  /** See reports.ts. */
  readonly writeReport: WriteReport
  /** What the application connects with; for tests and benches. */
  readonly connection: pg.ClientConfig
  /** @param leaveShared when the start was refused: a server that was adopted, or that somebody else uses by now, stays theirs */
  close(how?: { leaveShared?: boolean }): Promise<void>
}

/** A connection keeps its plans: those it made while a table was empty should not live for ever. */
const connectionLifeSeconds = 600

/** In pg_stat_activity: which connections are this process's. Sixty-three bytes at most. */
const applicationName = () => `m5 ${process.pid}`

const own = { owner: 'm5_owner', app: 'm5_app', database: 'm5' }

/** @throws AppError `unavailable` when there is no database, `misconfigured` when it is not safe to use */
export async function openDatabase(
  config: Config,
  log: Log,
  /** A command that looks in while a connector runs must leave it the server it adopted. */
  { leaveAdopted = false }: { leaveAdopted?: boolean } = {},
): Promise<Database> {
  if (config.databaseUrl) return openExternal(config.databaseUrl, config, log)
  const server = await startEmbedded(config.dataDir)
  log.info(server.adopted ? 'embedded database adopted' : 'embedded database started', { pid: server.pid })
  const watch = () =>
    keepRunning(config.dataDir, server, again => {
      if (again) log.warn('embedded database had died and was started again', { pid: again.pid })
      else log.warn('embedded database is gone and does not start')
    })
  // A command must not start again what a connector beside it has just stopped.
  const endWatch = leaveAdopted ? () => {} : watch()
  const stop: Stop = async ({ leaveShared = leaveAdopted } = {}) => {
    endWatch()
    if (leaveShared && (server.adopted || (await isShared(server).catch(() => false)))) return
    await server.stop()
  }
  try {
    const connection = await prepareEmbedded(server)
    return await connect(connection, config.poolSize, stop)
  } catch (error) {
    await stop({ leaveShared: true })
    throw error
  }
}

type Stop = Database['close']

/** Has somebody else adopted it meanwhile? Our own connections do not count: a pool that has ended is still closing them. */
function isShared({ host, port, superuser: user }: EmbeddedServer): Promise<boolean> {
  return asClient({ host, port, user, database: 'postgres' }, async client => {
    const { rowCount } = await client.query(
      `select from pg_stat_activity where backend_type = 'client backend' and application_name <> $1`,
      [applicationName()],
    )
    return rowCount !== 0
  })
}

/** @throws what pg throws when the database does not answer */
export async function ping(db: Pick<Database, 'pool'>): Promise<void> {
  await db.pool.query('select 1')
}

/** Roles, database and migrations in an embedded cluster. @returns how the application connects */
export async function prepareEmbedded(
  server: Pick<EmbeddedServer, 'host' | 'port' | 'superuser'>,
  database = own.database,
): Promise<pg.ClientConfig> {
  const admin = { host: server.host, port: server.port, user: server.superuser }
  await asClient({ ...admin, database: 'postgres' }, async client => {
    await ensureOwnDatabase(client, own.owner, database)
    await ensureAppRole(client, { name: own.app, password: undefined })
  })
  await asClient({ ...admin, database }, async client => {
    await client.query(`set role ${own.owner}`)
    await migrate(client)
    await grantRows(client, own.app)
  })
  return { host: server.host, port: server.port, user: own.app, database }
}

async function openExternal(url: string, config: Config, log: Log): Promise<Database> {
  const app = new URL(url)
  const role = { name: decodeURIComponent(app.username), password: decodeURIComponent(app.password) || undefined }
  if (config.databaseOwnerUrl) {
    await asClient({ connectionString: config.databaseOwnerUrl }, async owner => {
      await ensureAppRole(owner, role)
      const applied = await migrate(owner)
      await grantRows(owner, role.name)
      log.info('migrations applied', { count: applied.length })
    })
  } else {
    const missing = await asClient({ connectionString: url }, client => pending(client))
    if (missing.length > 0)
      throw new AppError(
        'misconfigured',
        `The database lacks ${missing.length} migrations. Set DATABASE_OWNER_URL for one start to apply them.`,
      )
  }
  return connect({ connectionString: url }, config.poolSize, async () => {})
}

async function connect(to: pg.ClientConfig, size: number, stop: Stop): Promise<Database> {
  const connection = { ...to, application_name: applicationName() }
  const pool = new pg.Pool({ ...connection, max: size, maxLifetimeSeconds: connectionLifeSeconds })
  // A connection that breaks while idle is replaced at the next use; without a listener it would end the process.
  pool.on('error', () => {})
  const client = await pool.connect().catch(cause => {
    throw unreachable(cause)
  })
  try {
    await assertSafe(client)
  } catch (error) {
    client.release()
    await pool.end()
    throw error
  }
  client.release()
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) })
  return {
    prisma,
    pool,
    writeReport: reportWriter(pool),
    connection,
    async close(how) {
      await prisma.$disconnect()
      await pool.end()
      await stop(how)
    },
  }
}

async function asClient<T>(config: pg.ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...config, application_name: applicationName() })
  await client.connect().catch(cause => {
    throw unreachable(cause)
  })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** 28000, 28P01: invalid authorization, invalid password (PostgreSQL, Appendix A). The mending is the administrator's, not the network's. */
function unreachable(cause: unknown): AppError {
  const { code } = cause as { code?: unknown }
  if (code !== '28000' && code !== '28P01')
    return new AppError('unavailable', 'The database cannot be reached.', { cause })
  const message = 'The database refused the name or the password: look at DATABASE_URL and DATABASE_OWNER_URL.'
  return new AppError('misconfigured', message, { cause, reason: 'database-credentials' })
}
