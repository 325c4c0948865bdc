/**
 * sync.first: a board's rosters from parsed records to commit, sealed, against COPY by the superuser of the same sealed rows into the same keyed
 * tables. sync.unchanged: the same rosters again. sync.memory: how the process grows with the number of pupils. nation.*: the same for a million.
 */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createBoard } from '../../connector/admin/boards.ts'
import { addSchool } from '../../connector/admin/schools.ts'
import { addSource } from '../../connector/admin/sources.ts'
import { startFlags } from '../support/connector-process.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../support/database.ts'
import { openTestServer } from '../support/database-server.ts'
import { type Figure, median, round, timed } from './measure.ts'
import type { SyncLoad, SyncOrder } from './sync-load.ts'

const pupils = 250
const today = '2026-11-23'
/** What a roster is written into, in an order that the foreign keys allow. */
const tables = ['SchoolYear', 'Person', 'Affiliation', 'Group', 'Membership', 'RosterKey']

export async function syncBench(): Promise<Figure[]> {
  const { server, leave } = await openTestServer()
  try {
    const rounds: Measured[] = []
    for (let i = 0; i < 3; i++) rounds.push(await firstAndAgain(server, 400))
    const small = await firstAndAgain(server, 40)
    const of = (read: (measured: Measured) => number) => median(rounds.map(read))
    const [first, copy, again] = [of(r => r.first.syncMs), of(r => r.copyMs), of(r => r.again.syncMs)]
    const grown = of(r => r.first.peakMb) - small.first.peakMb
    return [
      figure(
        { bench: 'sync.first', goal: '≤ 2 × COPY', unit: 's' },
        { ours: first / 1000, peer: copy / 1000, limit: 2 },
        `parsing apart: ${round(
          of(r => r.first.parsedMb / (r.first.parseMs / 1000)),
          1,
        )} MB/s`,
      ),
      figure(
        { bench: 'sync.unchanged', goal: '≤ 0.3 × sync.first', unit: 's' },
        { ours: again / 1000, peer: first / 1000, limit: 0.3 },
      ),
      {
        bench: 'sync.memory',
        ours: round(grown, 1),
        peer: 50,
        unit: 'MB',
        goal: '< 50 MB from 10,000 to 100,000 pupils',
        met: grown < 50,
        note: `${round(small.first.peakMb, 0)} → ${round(
          of(r => r.first.peakMb),
          0,
        )} MB`,
      },
    ]
  } finally {
    await leave()
  }
}

/** A million pupils in four thousand schools: half an hour, on demand only. */
export async function nationBench(): Promise<Figure[]> {
  const { server, leave } = await openTestServer()
  try {
    const small = await firstAndAgain(server, 40)
    const nation = await firstAndAgain(server, 4000, 0.005)
    const perPupil = ({ first }: typeof nation) => first.syncMs / first.pupils
    const growth = perPupil(nation) / perPupil(small)
    return [
      figure(
        { bench: 'nation.full', goal: '≤ 2 × COPY', unit: 's' },
        { ours: nation.first.syncMs / 1000, peer: nation.copyMs / 1000, limit: 2 },
      ),
      figure(
        { bench: 'nation.night', goal: '≤ 0.15 × the full sync, 0.5 % changed', unit: 's' },
        { ours: nation.again.syncMs / 1000, peer: nation.first.syncMs / 1000, limit: 0.15 },
      ),
      {
        bench: 'nation.memory',
        ours: round(nation.first.peakMb, 0),
        peer: 350,
        unit: 'MB',
        goal: '< 350 MB',
        met: nation.first.peakMb < 350,
      },
      {
        bench: 'nation.growth',
        ours: round(perPupil(nation), 3),
        peer: round(perPupil(small), 3),
        unit: 'ms/pupil',
        ratio: round(growth),
        goal: '< 1.3 × the cost at 10,000',
        met: growth < 1.3,
      },
    ]
  } finally {
    await leave()
  }
}

function figure(
  what: Pick<Figure, 'bench' | 'goal' | 'unit'>,
  { ours, peer, limit }: { ours: number; peer: number; limit: number },
  note?: string,
): Figure {
  const ratio = ours / peer
  const shown = { ours: round(ours), peer: round(peer), ratio: round(ratio) }
  return { ...what, ...shown, met: ratio <= limit, ...(note ? { note } : {}) }
}

interface Measured {
  first: SyncLoad
  copyMs: number
  again: SyncLoad
}

/** @param changed share of the pupils who have another name the second time */
async function firstAndAgain(
  server: Awaited<ReturnType<typeof openTestServer>>['server'],
  schools: number,
  changed = 0,
): Promise<Measured> {
  const database = await testDatabase(server)
  try {
    const order = await prepare(database, schools)
    const first = await load(database.url, order)
    expectStates(first, 'applied', schools)
    const copyMs = await copied(database)
    const again = await load(database.url, { ...order, changed })
    if (changed === 0) expectStates(again, 'unchanged', schools)
    return { first, copyMs, again }
  } finally {
    await database.close()
  }
}

function expectStates({ states }: SyncLoad, wanted: string, count: number): void {
  if (states[wanted] !== count) throw new Error(`the syncs ended ${JSON.stringify(states)}, not ${wanted}`)
}

async function prepare(database: TestDatabase, count: number): Promise<SyncOrder> {
  const { boardId } = await createBoard(database, { name: 'Stichting Land' })
  const schools: SyncOrder['schools'] = []
  for (let seed = 0; seed < count; seed++) {
    const brin = `${String(seed % 100).padStart(2, '0')}${letter(seed / 100 / 26)}${letter(seed / 100)}`
    const school = await addSchool(database, { boardId, name: `School ${seed}`, brin })
    const source = await addSource(database, {
      boardId,
      schoolId: school.id,
      kind: 'edexml-file',
      label: 'EDEXML',
      options: {},
    })
    schools.push({ sourceId: source.id, brin, seed })
  }
  // A first roster waits for a person; here it is the writing that is measured.
  await database.asSuperuser(client => client.query(`update "Source" set "appliedAt" = now() - interval '1 day'`))
  return { boardId, schools, pupils, today, changed: 0 }
}

const letter = (n: number): string => String.fromCharCode(65 + (Math.floor(n) % 26))

function load(url: string, order: SyncOrder): Promise<SyncLoad> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./sync-load.ts', import.meta.url), {
      env: { ...process.env, DATABASE_URL: url, M5_MASTER_KEY: testMasterKey },
      execArgv: startFlags,
    })
    child.once('message', answer => resolve(answer as SyncLoad))
    child.once('exit', code => reject(new Error(`the load ended with ${code}`)))
    child.send(order)
  })
}

/** What was written, out to files of the server and back into the emptied tables: one transaction, as fast as PostgreSQL takes it. @returns ms */
async function copied(database: TestDatabase): Promise<number> {
  return database.asSuperuser(async client => {
    const { rows } = await client.query<{ directory: string }>(`select current_setting('data_directory') as directory`)
    const file = (table: string) => join(rows[0]?.directory ?? '', `m5-bench-${mark}-${table}`)
    const mark = randomUUID()
    try {
      for (const table of tables) await client.query(`copy "${table}" to '${file(table)}' (format binary)`)
      await client.query(`truncate ${tables.map(table => `"${table}"`).join(', ')} cascade`)
      await client.query('checkpoint')
      let ms = 0
      const clocked = async (sql: string) => {
        ms += (await timed(() => client.query(sql))).ms
      }
      await clocked('begin')
      for (const table of tables) {
        await clocked(`copy "${table}" from '${file(table)}' (format binary)`)
        // Off the clock: the checks of foreign keys are planned by what is known of a table, and of one just emptied that is nothing.
        await client.query(`analyze "${table}"`)
      }
      await clocked('commit')
      return ms
    } finally {
      for (const table of tables) await rm(file(table), { force: true })
    }
  })
}
