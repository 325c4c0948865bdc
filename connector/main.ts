/** Starts the service and stops it in order: no new requests, the running ones finished, then the database. */
import { createServer, type Server } from 'node:http'
import { openApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { AppError } from './errors.ts'
import { type Log, openLog } from './log.ts'
import { type Database, openDatabase } from './store/database.ts'
import { openKeyring } from './store/keyring.ts'
import { sweepExpired } from './store/once.ts'
import { routesTo } from './store/routes.ts'

const sweepMinutes = 10

async function main(): Promise<void> {
  const config = readConfig()
  const log = openLog(config)
  const db = await openDatabase(config, log)
  const server = await serve(config, log, db).catch(async (refusal: unknown) => {
    // What was started for nothing does not stay behind.
    await db.close({ leaveShared: true }).catch(cause => log.error('the database did not close', cause))
    throw refusal
  })
  const sweeping = setInterval(
    () => void sweep().catch(cause => log.error('sweep failed', cause)),
    sweepMinutes * 60_000,
  )
  const sweep = async () => {
    const boards = (await routesTo(db, 'board')).map(route => route.toBoardId)
    await sweepExpired(db, boards, new Date())
  }
  const stop = once(async () => {
    log.info('stopping')
    clearInterval(sweeping)
    await close(server)
    await db.close()
    log.info('stopped')
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void stop().then(() => process.exit(0), fail(log)))

  // Last: whoever hears it may stop us at once, and that must find us listening.
  log.info('ready', { url: config.url.origin, ms: Math.round(performance.now()) })
  // Also by IPC, for whoever started us.
  process.send?.('ready')
}

async function serve(config: Config, log: Log, db: Database): Promise<Server> {
  const keyring = await openKeyring(config, db)
  const server = createServer(await openApp({ config, db, keyring, log }))
  await listen(server, config)
  return server
}

function listen(server: Server, config: Config): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', cause => {
      const taken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
      const message = taken ? `Port ${config.port} is in use. Set M5_PORT and M5_URL.` : 'The address cannot be opened.'
      reject(new AppError('misconfigured', message, { cause }))
    })
    server.listen(config.port, config.host, resolve)
  })
}

/** Requests under way get ten seconds. */
function close(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeIdleConnections()
    setTimeout(() => server.closeAllConnections(), 10_000).unref()
  })
}

const once = <T>(work: () => Promise<T>) => {
  let running: Promise<T> | undefined
  return () => {
    running ??= work()
    return running
  }
}

const fail = (log: Log) => (cause: unknown) => {
  log.error('stopped with an error', cause)
  process.exit(1)
}

main().catch((cause: unknown) => {
  // Before there is a log, or because of what the administrator has to mend: one sentence, no trace.
  const message = cause instanceof AppError ? cause.message : `The connector could not start (${String(cause)}).`
  process.stderr.write(`${message}\n`)
  process.exit(1)
})
