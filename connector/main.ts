/** Starts the service and stops it in order: no new requests and no new syncs, the running ones finished, then the database. */
import { createServer, type Server } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { clearUploads, uploadsIn } from './admin/uploads.ts'
import { type AppParts, openApp } from './app.ts'
import { type Config, readConfig } from './config.ts'
import { AppError } from './errors.ts'
import { type Log, openLog } from './log.ts'
import type { StartedMail } from './mail/post.ts'
import { type Database, openDatabase } from './store/database.ts'
import { type Keyring, openKeyring } from './store/keyring.ts'
import { sweepExpired } from './store/once.ts'
import { routesTo } from './store/routes.ts'
import type { StartedSchedule } from './sync/schedule.ts'

const sweepMinutes = 10
/** What is under way when we are told to stop: requests, and syncs, which are told to. */
const graceMs = 10_000
const syncGraceMs = 8_000
const mailGraceMs = 5_000

async function main(): Promise<void> {
  const config = readConfig()
  const log = openLog(config)
  const db = await openDatabase(config, log)
  const { server, keyring } = await serve(config, log, db).catch(async (refusal: unknown) => {
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
  // Now, and while we run: what a crash leaves behind is too young to be told from what is being read.
  const clearLeft = () =>
    clearUploads(uploadsIn(config.dataDir)).catch(cause => log.error('an old upload stays', cause))
  const clearing = setInterval(() => void clearLeft(), sweepMinutes * 60_000)
  await clearLeft()
  let schedule: Promise<StartedSchedule | undefined> | undefined
  let mail: Promise<StartedMail | undefined> | undefined
  const stop = once(async () => {
    log.info('stopping')
    clearInterval(sweeping)
    clearInterval(clearing)
    const mailed = mail?.then(started => started?.stop(mailGraceMs))
    const [left] = await Promise.all([schedule?.then(started => started?.stop(syncGraceMs)), close(server), mailed])
    // One that writes and does not end keeps its connection: PostgreSQL undoes it when we are gone, and the next run says that we were.
    if (left) log.warn('stopped in the middle of syncs', { count: left })
    await (left ? Promise.race([db.close(), wait(graceMs - syncGraceMs)]) : db.close())
    log.info('stopped')
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => void stop().then(() => process.exit(0), fail(log)))

  // Last: whoever hears it may stop us at once, and that must find us listening.
  log.info('ready', { url: config.url.origin, ms: Math.round(performance.now()) })
  // Also by IPC, for whoever started us.
  process.send?.('ready')
  schedule = schedules({ config, log, db, keyring }).catch(cause => {
    log.error('the schedule did not start', cause)
    return undefined
  })
  mail = post({ config, log, db, keyring }).catch(cause => {
    log.error('mail did not start', cause)
    return undefined
  })
}

async function serve(config: Config, log: Log, db: Database): Promise<{ server: Server; keyring: Keyring }> {
  const keyring = await openKeyring(config, db)
  const server = createServer(await openApp({ config, db, keyring, log }))
  await listen(server, config)
  return { server, keyring }
}

/** Loaded when people are served already: every source and the queue cost as much memory as the rest. */
async function schedules({ config, ...parts }: AppParts): Promise<StartedSchedule | undefined> {
  const { schedule, poolSize, privateHosts } = config
  if (schedule.concurrency === 0) return undefined
  const { startSchedule, syncsThatFit } = await import('./sync/schedule.ts')
  const concurrency = syncsThatFit(schedule.concurrency, poolSize)
  return startSchedule({ ...parts, privateHosts }, { ...schedule, concurrency })
}

/** Without a mail server the reports wait in their rows: the first look after it is set tells of all of them at once. */
async function post({ config, ...parts }: AppParts): Promise<StartedMail | undefined> {
  if (!config.mail) {
    parts.log.warn('mail is off: nobody is told of new reports. Set M5_SMTP_URL and M5_MAIL_FROM')
    return undefined
  }
  const [{ startMail }, { openTransport }] = await Promise.all([
    import('./mail/post.ts'),
    import('./mail/transport.ts'),
  ])
  return startMail({ ...parts, url: config.url, clock: () => new Date(), transport: openTransport(config.mail) })
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
    setTimeout(() => server.closeAllConnections(), graceMs).unref()
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
