/** The schedule on a real database and a real queue; the sources are made up, so that each can fail in a way of its own. */
import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Adapter, type Batch, type Proof, SourceError } from '../../../adapters/source.ts'
import { createBoard } from '../../../connector/admin/boards.ts'
import { addSchool } from '../../../connector/admin/schools.ts'
import { addSource } from '../../../connector/admin/sources.ts'
import { readReport } from '../../../connector/api/report-routes.ts'
import { submit } from '../../../connector/reports/submit.ts'
import { localDay, schoolYearOn } from '../../../connector/store/calendar.ts'
import { jobStates, type TakenJob } from '../../../connector/store/jobs.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { withRunLock } from '../../../connector/store/sync-runs.ts'
import { listRuns } from '../../../connector/sync/run.ts'
import { openSchedule, type Schedule, type ScheduleSettings, syncsThatFit } from '../../../connector/sync/schedule.ts'
import { jobIdOf, nightAt } from '../../../connector/sync/schedule-night.ts'
import { stoppedByUs, takeTurn } from '../../../connector/sync/schedule-run.ts'
import { scheduledSources, staleSources } from '../../../connector/sync/schedule-sources.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { group, type MadeUp, madeUpAdapter, madeUpSchool, member, pupil, type Stand, teacher } from './made-up.ts'

const window = { from: '20:00', until: '06:00' }
const day = 86_400_000
/** At noon, a week from now: what is put off by this clock is not due by PostgreSQL's. */
const noon = new Date(`${localDay(new Date(Date.now() + 7 * day))}T11:00:00Z`)
const settings: ScheduleSettings = {
  ...{ window, retries: 5, limitMs: 60_000 },
  ...{ concurrency: 2, heartbeatSeconds: 10, staleDays: 3, pollSeconds: 0.5 },
}

let t: TestDatabase
/** By kind of source. */
let stands: Record<string, Stand & Pick<Partial<Adapter['can']>, 'window' | 'upload'>>
let open: Schedule[]
beforeAll(async () => {
  t = await testDatabase()
})
beforeEach(async () => {
  stands = {}
  open = []
  // Each test has the queue and the list of boards to itself.
  await t.asSuperuser(client => client.query('delete from jobs.job; delete from "Route"'))
})
afterEach(() => Promise.all(open.map(schedule => schedule.stop(5000))))
afterAll(() => t.close())

const year = schoolYearOn(localDay(noon))
const ctx = () => ({
  ...{ db: t.db, keyring: t.keyring, log: t.log, clock: () => noon },
  adapter(kind: string): Adapter {
    const { window: asked, upload, ...stand } = stands[kind] ?? { says: madeUpSchool(year) }
    const adapter = madeUpAdapter(stand)(kind)
    return {
      ...adapter,
      kind,
      can: { ...adapter.can, ...(asked ? { window: asked } : {}), ...(upload ? { upload } : {}) },
    }
  },
})

/** A source that is there since long, in a board of its own. */
async function sourceOf(kind: string, options: object = {}) {
  const { boardId } = await createBoard(ctx(), { name: 'Bestuur' })
  const school = await addSchool(ctx(), { boardId, name: 'De Klim', brin: '99ZZ' })
  const { id: sourceId } = await addSource(ctx(), { boardId, schoolId: school.id, kind, label: 'Bron', options })
  await t.asSuperuser(client =>
    client.query(`update "Source" set "createdAt" = $2 where id = $1`, [sourceId, new Date(noon.getTime() - 90 * day)]),
  )
  const job: TakenJob = {
    ...{ id: jobIdOf(sourceId, nightAt(window, noon)), boardId, sourceId },
    ...{ addedAt: new Date(Date.now() - 1000), signal: new AbortController().signal },
  }
  return {
    ...{ boardId, schoolId: school.id, sourceId, job },
    runs: () => listRuns(ctx(), { boardId, sourceId }),
    jobState: async () => (await jobStates(t.db, [job.id])).get(job.id),
    change: (data: { pausedAt?: Date | null; goodAt?: Date; wokenAt?: Date }) =>
      withTenant(t.db, { boardId, role: 'system' }, tx =>
        tx.source.update({ where: { boardId_id: { boardId, id: sourceId } }, data }),
      ),
  }
}
type Place = Awaited<ReturnType<typeof sourceOf>>

async function schedule(more: Partial<ScheduleSettings> = {}): Promise<Schedule> {
  const opened = await openSchedule(ctx(), { ...settings, ...more })
  open.push(opened)
  return opened
}

const turn = (place: Place, more: { now?: Date; retries?: number; stopping?: AbortSignal; limitMs?: number } = {}) => {
  const { now = noon, stopping = new AbortController().signal, ...changed } = more
  const own = { ...settings, ...changed }
  return takeTurn({ ...ctx(), clock: () => now, settings: own, stopping }, place.job)
}

/** As a run that its process left behind. */
const leaveRun = ({ boardId, schoolId, sourceId }: Place, state = 'running', guard?: string) =>
  withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.syncRun.create({
      data: {
        ...{ boardId, id: randomUUID(), schoolId, sourceId, state, startedBy: 'schedule' },
        ...(guard === undefined ? {} : { reasons: [{ guard, says: '' }] }),
      },
    }),
  )

const hangs = (reached: () => void) =>
  async function* (): AsyncGenerator<Batch | Proof> {
    reached()
    await new Promise(() => {})
  }
const away = (retryAfterMs?: number) =>
  new SourceError('unreachable', 'the source is out of order', retryAfterMs === undefined ? {} : { retryAfterMs })

describe('the plan', () => {
  it('gives each source one run for its night, however many connectors plan', async () => {
    const places = await Promise.all(['a', 'b', 'c'].map(kind => sourceOf(kind)))
    const connectors = await Promise.all([schedule(), schedule()])
    const added = await Promise.all(connectors.flatMap(each => [each.plan(), each.plan()]))
    expect(added.reduce((a, b) => a + b)).toBe(3)
    for (const { jobState } of places) await expect.poll(async () => (await jobState())?.state).toBe('completed')
    expect(await connectors[0]?.plan()).toBe(0)
    for (const { runs } of places) expect(await runs()).toMatchObject([{ startedBy: 'schedule', state: 'held' }])
  })

  it('leaves out who is paused, who is fed by hand, and by day who wants the night', async () => {
    stands.upload = { says: madeUpSchool(year), upload: { maxBytes: 1, extensions: ['.xml'] } }
    stands.night = { says: madeUpSchool(year), window: 'night' }
    const paused = await sourceOf('paused')
    await paused.change({ pausedAt: noon })
    const places = [paused, await sourceOf('upload'), await sourceOf('night')]
    expect(await (await schedule()).plan()).toBe(0)
    await paused.change({ pausedAt: null })
    expect(await (await schedule()).plan()).toBe(1)
    await expect.poll(async () => (await places[0]?.jobState())?.state).toBe('completed')
    for (const place of places.slice(1)) expect(await place.runs()).toEqual([])
  })

  it('goes on to the next board when one cannot be read', async () => {
    stands.upload = { says: madeUpSchool(year), upload: { maxBytes: 1, extensions: ['.xml'] } }
    const [broken, well] = [await sourceOf('upload'), await sourceOf('well')]
    await t.asSuperuser(client =>
      client.query(`update "Source" set "optionsSealed" = 'x' where id = $1`, [broken.sourceId]),
    )
    expect(await (await schedule()).plan()).toBe(1)
    await expect.poll(async () => (await well.jobState())?.state).toBe('completed')
  })
})

describe('a source that told us of a change', () => {
  /** Hours after its last run. */
  async function tells(place: Place) {
    // Runs begin by PostgreSQL's clock.
    const earlier = `update "SyncRun" set "startedAt" = now() - interval '9 hours' where "sourceId" = $1`
    await t.asSuperuser(client => client.query(earlier, [place.sourceId]))
    await place.change({ wokenAt: new Date(noon.getTime() - 60_000) })
    const id = jobIdOf(place.sourceId, { on: `woken ${noon.toISOString().slice(0, 13)}` })
    return { ...place, job: { ...place.job, id }, jobState: async () => (await jobStates(t.db, [id])).get(id) }
  }

  it('is read once more, however many connectors plan', async () => {
    const place = await sourceOf('woken')
    const connectors = await Promise.all([schedule(), schedule()])
    await connectors[0]?.plan()
    await expect.poll(async () => (await place.jobState())?.state).toBe('completed')
    const woken = await tells(place)
    const added = await Promise.all(connectors.flatMap(each => [each.plan(), each.plan()]))
    expect(added.reduce((a, b) => a + b)).toBe(1)
    await expect.poll(async () => (await woken.jobState())?.state).toBe('completed')
    expect(await connectors[0]?.plan()).toBe(0)
    expect((await place.runs()).map(({ startedBy }) => startedBy)).toEqual(['schedule', 'schedule'])
  })

  it('is read once where the turn of its night has come as well', async () => {
    const place = await sourceOf('both')
    await leaveRun(place, 'applied')
    const woken = await tells(place)
    expect(await (await schedule()).plan()).toBe(1)
    await expect.poll(async () => (await place.jobState())?.state).toBe('completed')
    expect(await woken.jobState()).toBeUndefined()
    expect(await place.runs()).toHaveLength(2)
  })

  it('is left alone while it is paused, and by day where its supplier wants the night', async () => {
    stands.night = { says: madeUpSchool(year), window: 'night' }
    const places = [await sourceOf('paused'), await sourceOf('night')]
    for (const place of places) {
      await leaveRun(place, 'applied')
      await tells(place)
    }
    await places[0]?.change({ pausedAt: noon })
    expect(await (await schedule()).plan()).toBe(0)
    for (const place of places) expect(await place.runs()).toHaveLength(1)
  })

  it('has a turn of its own: the run of the night does not end it, and its own does', async () => {
    const place = await sourceOf('woken')
    await leaveRun(place, 'applied')
    const woken = await tells(place)
    expect(await turn(woken)).toBeNull()
    expect((await place.runs()).map(({ state }) => state)).toContain('held')
    expect(await turn(woken)).toBeNull()
    expect(await place.runs()).toHaveLength(2)
  })

  it('that is away is asked again, and its night after that', async () => {
    stands.away = { says: away() }
    const place = await sourceOf('away')
    await leaveRun(place, 'applied')
    const woken = await tells(place)
    expect(minutesAfter(await turn(woken, { retries: 1 }))).toBeGreaterThanOrEqual(5)
    expect(await turn(woken, { retries: 1 })).toBeNull()
    stands.away = { says: madeUpSchool(year) }
    const night = { ...place, job: { ...place.job, addedAt: new Date() } }
    expect(await turn(night)).toBeNull()
    expect((await place.runs()).filter(({ state }) => state === 'held')).toHaveLength(1)
  })
})

describe('one source that fails', () => {
  it('leaves every other alone, however it fails', async () => {
    stands.throws = {
      says: () => {
        throw new TypeError('Zwaluwstaart')
      },
    }
    stands.hangs = { says: hangs(() => {}) }
    stands.away = { says: away() }
    stands.unauthorized = { says: new SourceError('unauthorized', 'the source refuses us') }
    const [throws, hanging, gone, refused, well] = await Promise.all(
      ['throws', 'hangs', 'away', 'unauthorized', 'well'].map(kind => sourceOf(kind)),
    )
    if (!throws || !hanging || !gone || !refused || !well) throw new Error('no sources')
    expect(await (await schedule({ limitMs: 1500 })).plan()).toBe(5)
    const ended = async (place: Place, state: string, guard: string, job: string) => {
      await expect.poll(async () => (await place.jobState())?.state, { timeout: 20_000 }).toBe(job)
      expect(await place.runs()).toMatchObject([{ state, reasons: [{ guard }] }])
    }
    await ended(well, 'held', 'first-run', 'completed')
    await ended(refused, 'failed', 'source-unauthorized', 'completed')
    await ended(gone, 'failed', 'source-unreachable', 'retry')
    await ended(throws, 'failed', 'connector', 'retry')
    await ended(hanging, 'failed', 'too-long', 'retry')
    const all = await t.asSuperuser(async client => (await client.query('select * from jobs.job')).rows)
    expect(JSON.stringify(all)).not.toContain('Zwaluwstaart')
  })

  it('is asked again later and later, and not for ever', async () => {
    stands.away = { says: away() }
    const place = await sourceOf('away')
    const waits: number[] = []
    for (let n = 0; n < 3; n++) waits.push(minutesAfter(await turn(place, { retries: 3 })))
    expect(await turn(place, { retries: 3 })).toBeNull()
    for (const [n, [low, high]] of [[5, 7.5] as const, [10, 15] as const, [20, 30] as const].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(low)
      expect(waits[n]).toBeLessThanOrEqual(high)
    }
    expect(await place.runs()).toHaveLength(4)
  })

  it('is asked again when it said, and not at all after its night or when no try helps', async () => {
    stands.away = { says: away(40 * 60_000), window: 'night' }
    stands.final = { says: new SourceError('unreachable', 'sent elsewhere', { final: true }) }
    const [place, final] = [await sourceOf('away'), await sourceOf('final')]
    const { endsAt } = nightAt(window, noon)
    const leaving = (minutes: number) => new Date(endsAt.getTime() - minutes * 60_000)
    expect(await turn(place, { now: leaving(60) })).toEqual(leaving(20))
    expect(await turn(place, { now: leaving(30) })).toBeNull()
    expect(await turn(place, { now: endsAt })).toBeNull()
    expect(await place.runs()).toHaveLength(2)
    expect(await turn(final)).toBeNull()
  })

  it('by a fault of ours gets one more try', async () => {
    stands.throws = {
      says: () => {
        throw new TypeError('a bug')
      },
    }
    const place = await sourceOf('throws')
    expect(minutesAfter(await turn(place))).toBe(5)
    expect(await turn(place)).toBeNull()
    expect(await turn(place)).toBeNull()
    expect(await place.runs()).toHaveLength(2)
  })

  it('and takes the process with it is tried twice, and its runs are called crashed', async () => {
    const place = await sourceOf('kills')
    await leaveRun(place)
    await leaveRun(place)
    expect(await turn(place)).toBeNull()
    expect(await place.runs()).toMatchObject([
      { state: 'failed', reasons: [{ guard: 'crashed' }] },
      { state: 'failed', reasons: [{ guard: 'crashed' }] },
    ])
  })
})

const minutesAfter = (at: Date | null) => ((at?.getTime() ?? Number.NaN) - noon.getTime()) / 60_000

describe('a turn', () => {
  it('that met its end with a result is not taken again', async () => {
    const place = await sourceOf('well')
    expect(await turn(place)).toBeNull()
    expect(await turn(place)).toBeNull()
    expect(await place.runs()).toHaveLength(1)
  })

  it('goes on after a crash, which its history tells', async () => {
    const place = await sourceOf('well')
    await leaveRun(place)
    expect(await turn(place)).toBeNull()
    expect(await place.runs()).toMatchObject([{ state: 'held' }, { state: 'failed', reasons: [{ guard: 'crashed' }] }])
  })

  it('does not count what somebody did by hand, or what was in another night', async () => {
    const place = await sourceOf('well')
    await leaveRun(place, 'failed', 'crashed')
    await t.asSuperuser(client =>
      client.query(`update "SyncRun" set "startedBy" = 'operator' where "sourceId" = $1`, [place.sourceId]),
    )
    await leaveRun(place, 'applied')
    await t.asSuperuser(client =>
      client.query(
        `update "SyncRun" set "startedAt" = now() - interval '1 hour' where "sourceId" = $1 and state = 'applied'`,
        [place.sourceId],
      ),
    )
    expect(await turn(place)).toBeNull()
    expect((await place.runs())[0]).toMatchObject({ state: 'held', startedBy: 'schedule' })
  })

  it('that meets a running sync waits, and fails nothing', async () => {
    const place = await sourceOf('well')
    await withRunLock(t.db, place.sourceId, async () => {
      expect(minutesAfter(await turn(place))).toBe(2)
      await leaveRun(place)
      expect(minutesAfter(await turn(place))).toBe(2)
    })
    expect(await place.runs()).toMatchObject([{ state: 'running' }])
  })

  it.for(['paused', 'removed'])('of a source that was %s meanwhile is over', async what => {
    const place = await sourceOf('well')
    if (what === 'paused') await place.change({ pausedAt: noon })
    else await t.asSuperuser(client => client.query('delete from "Source" where id = $1', [place.sourceId]))
    expect(await turn(place)).toBeNull()
    expect(await place.runs()).toEqual([])
  })

  it('is given back when the connector stops, and the run says why it ended', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    stands.hangs = { says: hangs(resolve) }
    const place = await sourceOf('hangs')
    const stop = new AbortController()
    const taken = turn(place, { stopping: stop.signal })
    await reached
    stop.abort(stoppedByUs())
    expect(minutesAfter(await taken)).toBe(0)
    expect(await place.runs()).toMatchObject([{ state: 'failed', reasons: [{ guard: 'stopped' }] }])
    stands.hangs = { says: madeUpSchool(year) }
    expect(await turn(place)).toBeNull()
    expect((await place.runs())[0]).toMatchObject({ state: 'held' })
  })
})

describe('a connector that stops', () => {
  it('ends its syncs within a second and leaves their jobs to the others', async () => {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    stands.hangs = { says: hangs(resolve) }
    const place = await sourceOf('hangs')
    const first = await schedule()
    await first.plan()
    await reached
    const began = performance.now()
    expect(await first.stop(8000)).toBe(0)
    expect(performance.now() - began).toBeLessThan(3000)
    expect(await place.runs()).toMatchObject([{ state: 'failed', reasons: [{ guard: 'stopped' }] }])
    expect((await place.jobState())?.state).toBe('retry')
  })
})

describe('reports', () => {
  it('are all received while two big syncs go on, which hold their connections', async () => {
    const { promise: gate, resolve: go } = Promise.withResolvers<void>()
    const { promise: both, resolve: reached } = Promise.withResolvers<void>()
    let reading = 0
    const pause = async () => {
      reading += 1
      if (reading === 2) reached()
      await gate
    }
    stands.big = { says: bigSchool(2000), pause }
    const places = [await sourceOf('big'), await sourceOf('big')]
    const school = await addSchool(ctx(), {
      boardId: (await createBoard(ctx(), { name: 'B' })).boardId,
      name: 'S',
      brin: '98AA',
    })
    await (await schedule()).plan()
    await both
    // Two syncs wait in the middle, each with its lock; of ten connections the reports have the rest.
    expect(t.db.pool.totalCount - t.db.pool.idleCount).toBeLessThanOrEqual(4)
    let ended = 0
    const syncs = Promise.all(
      places.map(place =>
        expect.poll(async () => (await place.jobState())?.state, { timeout: 30_000 }).toBe('completed'),
      ),
    ).then(() => {
      ended = performance.now()
    })
    go()
    const answered: number[] = []
    const receipts = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const body = Buffer.from(JSON.stringify({ v: 1, behaviours: ['HURTING'], severity: 2, involved: [] }))
        const receipt = await submit(
          { db: t.db, keyring: t.keyring, clock: () => new Date() },
          { school, idemKey: randomUUID(), body, ...readReport(body), reporter: null },
        )
        answered.push(performance.now())
        return receipt
      }),
    )
    await syncs
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(50)
    expect(answered.some(at => at < ended)).toBe(true)
    for (const { runs } of places) expect(await runs()).toMatchObject([{ state: 'held' }])
  })
})

/** Sixty to a group. */
function bigSchool(pupils: number): MadeUp {
  const groups = Array.from({ length: Math.ceil(pupils / 60) }, (_, n) =>
    group(n, year, { name: `G${n}`, grades: ['7'] }),
  )
  const people = Array.from({ length: pupils }, (_, n) => pupil(1000 + n))
  const memberships = people.flatMap((each, n) => {
    const of = groups[Math.floor(n / 60)]
    return of ? [member(of, each)] : []
  })
  const staff = teacher(3)
  return { ...madeUpSchool(year), groups, people: [...people, staff], memberships }
}

describe('stale sources', () => {
  it('are those on the schedule without a good run for so many days', async () => {
    stands.upload = { says: madeUpSchool(year), upload: { maxBytes: 1, extensions: ['.xml'] } }
    const [never, old, fresh, paused] = await Promise.all(['a', 'b', 'c', 'd'].map(kind => sourceOf(kind)))
    await sourceOf('upload')
    await old?.change({ goodAt: new Date(noon.getTime() - 4 * day) })
    await fresh?.change({ goodAt: new Date(noon.getTime() - 2 * day) })
    await paused?.change({ pausedAt: noon })
    const found = await Promise.all(
      [never, old, fresh, paused].map(place =>
        staleSources(ctx(), { boardId: place?.boardId ?? '', now: noon, days: 3 }),
      ),
    )
    expect(found).toEqual([
      [{ boardId: never?.boardId, schoolId: never?.schoolId, sourceId: never?.sourceId, since: expect.any(Date) }],
      [expect.objectContaining({ sourceId: old?.sourceId, since: new Date(noon.getTime() - 4 * day) })],
      [],
      [],
    ])
    expect(await (await schedule()).watch()).toBe(2)
  })

  it('do not hang on a kind that this program does not know', async () => {
    const place = await sourceOf('made')
    const unknown = () => {
      throw new SourceError('malformed', 'unknown kind')
    }
    expect(await scheduledSources({ ...ctx(), adapter: unknown }, place)).toMatchObject([
      { id: place.sourceId, window: 'any', byHand: false },
    ])
  })
})

it.for([
  [2, 10, 2],
  [1, 10, 1],
  [8, 10, 2],
  [8, 40, 8],
  [2, 2, 1],
] as const)('%i syncs wanted with a pool of %i are %i, so that reports find a connection', ([wanted, pool, fit]) => {
  expect(syncsThatFit(wanted, pool)).toBe(fit)
})
