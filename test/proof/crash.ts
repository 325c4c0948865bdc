/**
 * kill -9 of the connector and of PostgreSQL while reports come in: every receipt that was given is in the database, once. The same run with
 * synchronous_commit off must lose at least one, else the proof proves nothing.
 */
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import pg from 'pg'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { startEmbedded } from '../../connector/store/embedded.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { type ConnectorProcess, startConnector } from '../support/connector-process.ts'
import { dataDirectory, removeDataDirectory } from '../support/data-directory.ts'
import { type SignedIn, signInAs } from '../support/frame.ts'
import { openStage, type Stage } from '../support/stage.ts'

export interface CrashResult {
  reports: number
  /** Receipts that were given. */
  given: number
  /** Receipts whose report is not in the database. */
  lost: number
  /** Presses that are in the database more than once. */
  duplicates: number
  kills: { connector: number; database: number }
}

export interface CrashOptions {
  reports: number
  /** How often each of the two dies. */
  kills: number
  /** The negative control. */
  asynchronous?: boolean
}

export async function crash(options: CrashOptions): Promise<CrashResult> {
  const data = dataDirectory('crash')
  const env = { M5_DATA: data, M5_LOG: 'silent' }
  const stage = await furnishOnce(env)
  let connector = await startConnector({ ...env, M5_URL: stage.connector })
  try {
    const pupils = await Promise.all(
      stage.pupilSubjects.slice(0, 8).map(subject => signInAs(connector.origin, stage.schoolKey, subject)),
    )
    if (options.asynchronous) await asSuperuser(data, loosen)
    const clients = new Clients(stage, pupils, options.asynchronous ?? false)
    const run = clients.send(options.reports)
    for (let i = 1; i <= options.kills; i++) {
      const part = options.reports / (options.kills * 2)
      if (!options.asynchronous) {
        await clients.answered(part * (2 * i - 1))
        connector = await restart(connector, env)
      }
      await clients.answered(part * 2 * i * 0.95)
      killServer(data)
    }
    if (options.asynchronous) clients.stop()
    await run
    await connector.kill()
    const found = await asSuperuser(data, client => look(client, clients.receipts))
    const connectorKills = options.asynchronous ? 0 : options.kills
    return {
      ...{ reports: options.reports, given: clients.receipts.size, ...found },
      kills: { connector: connectorKills, database: options.kills },
    }
  } finally {
    await connector.kill()
    await stage.close()
    await removeDataDirectory(data)
  }
}

async function furnishOnce(env: Record<string, string>): Promise<Stage> {
  const config = readConfig(env)
  const log = openLog(config)
  const db = await openDatabase(config, log)
  const stage = await openStage({ db, keyring: await openKeyring(config, db), log })
  await db.close()
  return stage
}

async function restart(connector: ConnectorProcess, env: Record<string, string>): Promise<ConnectorProcess> {
  await connector.kill()
  return startConnector({ ...env, M5_URL: connector.origin })
}

/** Children of a frame's press: each sends its bytes until it has a receipt, as the form does. */
class Clients {
  readonly receipts = new Map<string, string>()
  readonly #stage: Stage
  readonly #pupils: SignedIn[]
  readonly #once: boolean
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 })
  #stopped = false
  #waiting: { count: number; done: () => void }[] = []

  /** @param once do not send again: for the control, where what is lost must stay lost */
  constructor(stage: Stage, pupils: SignedIn[], once: boolean) {
    this.#stage = stage
    this.#pupils = pupils
    this.#once = once
  }

  /** All at the same time. */
  async send(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => this.#press(i)))
    this.#agent.destroy()
  }

  stop(): void {
    this.#stopped = true
    for (const { done } of this.#waiting.splice(0)) done()
  }

  /** Resolves when so many receipts were given. */
  answered(count: number): Promise<void> {
    return new Promise(done => {
      this.#waiting.push({ count, done })
      this.#tell()
    })
  }

  #tell(): void {
    this.#waiting = this.#waiting.filter(({ count, done }) => {
      if (this.receipts.size < count) return true
      done()
      return false
    })
  }

  async #press(i: number): Promise<void> {
    const pupil = this.#pupils[i % this.#pupils.length]
    if (!pupil) throw new Error('nobody to report')
    const { connector, schoolKey } = this.#stage
    const url = new URL(`/api/reports?school=${schoolKey}`, connector)
    const key = randomUUID()
    const headers = {
      Authorization: `DPoP ${pupil.tokens.access}`,
      DPoP: await pupil.frame.proof('POST', url.href, { token: pupil.tokens.access }),
      'Idempotency-Key': key,
      'Content-Type': 'application/json',
    }
    const body = JSON.stringify({ v: 1, behaviours: ['GOSSIP'], words: `nummer ${i}`, place: 'GYM' })
    do {
      const receipt = await this.#post(url, headers, body)
      if (receipt) {
        this.receipts.set(key, receipt)
        this.#tell()
        return
      }
    } while (!this.#once && !this.#stopped)
  }

  #post(url: URL, headers: Record<string, string>, body: string): Promise<string | null> {
    return new Promise(done => {
      const sending = request(url, { method: 'POST', headers, agent: this.#agent, timeout: 15_000 }, response => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () => done(receiptOf(response.statusCode, text)))
        response.on('error', () => done(null))
      })
      sending.on('timeout', () => sending.destroy())
      // Refused while the connector is down: come back in a while.
      sending.on('error', () => setTimeout(() => done(null), 50))
      sending.end(body)
    })
  }
}

function receiptOf(status: number | undefined, text: string): string | null {
  if (status !== 200 && status !== 201) return null
  try {
    return String((JSON.parse(text) as { id: unknown }).id)
  } catch {
    return null
  }
}

async function look(client: pg.Client, receipts: Map<string, string>): Promise<{ lost: number; duplicates: number }> {
  const { rows } = await client.query<{ id: string; idemKey: string }>('select id, "idemKey" from "Report"')
  const stored = new Set(rows.map(row => row.id))
  const keys = rows.map(row => row.idemKey)
  return {
    lost: [...receipts.values()].filter(id => !stored.has(id)).length,
    duplicates: keys.length - new Set(keys).size,
  }
}

/** A setting of the role, that the connector's next connections get: its start would refuse it. */
async function loosen(client: pg.Client): Promise<void> {
  await client.query('alter role m5_app set synchronous_commit = off')
  await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'm5_app'`)
}

async function asSuperuser<T>(data: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const { host, port, superuser } = await startEmbedded(data)
  const client = new pg.Client({ host, port, user: superuser, database: 'm5' })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** The postmaster and every process of it, at once: nobody is left to write what was only in memory. */
function killServer(data: string): void {
  const pid = Number(readFileSync(join(data, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  process.kill(pid, 'SIGSTOP')
  for (const child of childrenOf(pid)) quietly(() => process.kill(child, 'SIGKILL'))
  process.kill(pid, 'SIGKILL')
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? ''
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent
    })
}

function quietly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
