/**
 * A process that syncs a board's schools, two at a time as the schedule does, and says how long that took and how much memory: the load of the benches
 * `sync` and `nation`. Rosters are made just before they are synced and forgotten after, so that what grows is the engine's. Order and answer by IPC.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { edexmlFile } from '../../adapters/edexml/file.ts'
import type { Adapter, Batch, Proof } from '../../adapters/source.ts'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { runSync } from '../../connector/sync/run.ts'
import { toEdexml } from '../school/edexml.ts'
import { generateSchool } from '../school/generate.ts'
import { timed } from './measure.ts'

export interface SyncOrder {
  boardId: string
  schools: { sourceId: string; brin: string; seed: number }[]
  pupils: number
  today: string
  /** Share of the pupils of every school who got another name since. */
  changed: number
}

export interface SyncLoad {
  pupils: number
  /** In the engine: from parsed records to commit. */
  syncMs: number
  parseMs: number
  parsedMb: number
  peakMb: number
  states: Record<string, number>
}

/** M5_SYNCS, by default. */
const atOnce = 2
/** Read before the clock starts, and held in memory meanwhile. */
const batch = 10

/** The file of a school, and the same with some names changed. */
function documentOf(order: SyncOrder, { brin, seed }: SyncOrder['schools'][number]): string {
  const school = generateSchool({ seed, today: order.today, pupils: order.pupils, brin })
  // Spread over the schools: the n-th changed pupil of the board is in the school where it falls.
  const before = Math.floor(seed * order.pupils * order.changed)
  const until = Math.floor((seed + 1) * order.pupils * order.changed)
  for (const pupil of school.pupils.slice(0, until - before))
    pupil.name = { ...pupil.name, givenName: `${pupil.name.givenName}-Jan` }
  return toEdexml(school, { version: '2.1', createdAt: new Date(`${order.today}T02:00:00Z`) })
}

async function main(order: SyncOrder): Promise<SyncLoad> {
  const config = readConfig({ ...process.env, M5_LOG: 'silent' })
  const log = openLog(config)
  const db = await openDatabase(config, log)
  const keyring = await openKeyring(config, db)
  const folder = await mkdtemp(join(tmpdir(), 'm5-bench-'))
  const load: SyncLoad = { pupils: 0, syncMs: 0, parseMs: 0, parsedMb: 0, peakMb: 0, states: {} }
  const clock = () => new Date(`${order.today}T03:00:00Z`)
  const path = join(folder, 'EDEX.XML')
  const parsed = async (school: SyncOrder['schools'][number]) => {
    const document = documentOf(order, school)
    await writeFile(path, document)
    const { ms, result } = await timed(() => parse(path, clock))
    load.parseMs += ms
    load.parsedMb += Buffer.byteLength(document) / 1e6
    return { sourceId: school.sourceId, parts: result }
  }
  const sync = async ({ sourceId, parts }: Awaited<ReturnType<typeof parsed>>) => {
    const ready: Adapter = { ...edexmlFile, open: () => ({ check: unasked, read: () => stream(parts) }) }
    const ctx = { db, keyring, log, clock, adapter: () => ready }
    const { state } = await runSync(ctx, { boardId: order.boardId, sourceId, by: 'schedule' })
    load.pupils += order.pupils
    load.states[state] = (load.states[state] ?? 0) + 1
    load.peakMb = Math.max(load.peakMb, process.memoryUsage.rss() / 1024 ** 2)
  }
  try {
    for (let at = 0; at < order.schools.length; at += batch) {
      const queue: Awaited<ReturnType<typeof parsed>>[] = []
      for (const school of order.schools.slice(at, at + batch)) queue.push(await parsed(school))
      const worker = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) await sync(next)
      }
      load.syncMs += (await timed(() => Promise.all(Array.from({ length: atOnce }, worker)))).ms
    }
    return load
  } finally {
    await rm(folder, { recursive: true })
    await db.close()
  }
}

async function parse(path: string, clock: () => Date): Promise<(Batch | Proof)[]> {
  const context = { fetch, clock, signal: new AbortController().signal, wait: async () => {} }
  const source = edexmlFile.open(edexmlFile.options.parse({ path }), context)
  const parts: (Batch | Proof)[] = []
  for await (const part of source.read(null)) parts.push(part)
  return parts
}

async function* stream(parts: (Batch | Proof)[]) {
  yield* parts
}

const unasked = () => Promise.reject(new Error('nobody asks'))

process.once('message', (order: SyncOrder) => {
  main(order).then(
    load => process.send?.(load, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`)
      process.exit(1)
    },
  )
})
