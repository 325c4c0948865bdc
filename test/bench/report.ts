/**
 * report.rate: reports over HTTP, signed in, sealed, audited, durable, against the same rows by bare `pg` in one transaction at ten connections.
 * report.p99: how long the slowest hundredth takes at half that rate.
 */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { startConnector } from '../support/connector-process.ts'
import { testDatabase, testMasterKey } from '../support/database.ts'
import { openTestServer } from '../support/database-server.ts'
import { type SignedIn, signInAs } from '../support/frame.ts'
import { openStage } from '../support/stage.ts'
import { type Figure, median, round } from './measure.ts'

/** To the database, ours and the peer's. */
const connections = 10
/** Children at the same time: enough that neither the connector nor its ten connections wait for somebody to press. */
const children = 32
const rounds = 5
const perRound = 4000
const pacedSeconds = 3

export async function reportBench(): Promise<Figure[]> {
  const { server, leave } = await openTestServer()
  const database = await testDatabase(server)
  const stage = await openStage(database, { reports: 420 })
  // What autovacuum does within a minute: plans made for an empty table would be measured otherwise.
  await database.asSuperuser(client => client.query('analyze'))
  const env = {
    DATABASE_URL: database.url,
    M5_MASTER_KEY: testMasterKey,
    M5_URL: stage.connector,
    M5_DATABASE_POOL: String(connections),
  }
  const connector = await startConnector(env)
  try {
    const pupils = await Promise.all(
      stage.pupilSubjects.slice(0, children).map(subject => signInAs(connector.origin, stage.schoolKey, subject)),
    )
    const ours: number[] = []
    const peer: number[] = []
    await send(connector.origin, stage.schoolKey, await prepare(connector.origin, stage, pupils, 1500))
    for (let i = 0; i < rounds; i++) {
      ours.push(await send(connector.origin, stage.schoolKey, await prepare(connector.origin, stage, pupils, perRound)))
      peer.push(await bare(database.db.connection, stage, perRound))
    }
    const rate = median(ours)
    const slowest: number[] = []
    for (let i = 0; i < rounds; i++) {
      const calm = await prepare(connector.origin, stage, pupils, Math.ceil(rate * pacedSeconds * 0.5))
      slowest.push(await paced(connector.origin, stage.schoolKey, calm, rate / 2))
    }
    const p99 = median(slowest)
    const [a, b] = [round(rate, 0), round(median(peer), 0)]
    return [
      {
        bench: 'report.rate',
        ours: a,
        peer: b,
        unit: '/s',
        ratio: round(a / b),
        goal: '≥ 0.5 × bare pg',
        met: a / b >= 0.5,
      },
      {
        bench: 'report.p99',
        ours: round(p99, 1),
        peer: 50,
        unit: 'ms',
        goal: '< 50 ms at half that rate',
        met: p99 < 50,
        note: `of ${rounds}: ${slowest.map(ms => round(ms, 0)).join(', ')}`,
      },
    ]
  } finally {
    await connector.stop()
    await stage.close()
    await database.close()
    await leave()
  }
}

type Stage = Awaited<ReturnType<typeof openStage>>
interface Prepared {
  headers: Record<string, string>
  body: string
}

/** Proofs are signed before the clock starts: a browser signs its own. */
async function prepare(origin: string, stage: Stage, pupils: SignedIn[], count: number): Promise<Prepared[]> {
  const url = new URL(`/api/reports?school=${stage.schoolKey}`, origin).href
  const prepared: Prepared[] = []
  for (let i = 0; i < count; i++) {
    const pupil = pupils[i % pupils.length]
    if (!pupil) throw new Error('nobody to report')
    const { tokens, frame } = pupil
    const [actor, target] = [0, 1].map(n => stage.pupilIds[(i + n) % stage.pupilIds.length])
    const body = JSON.stringify({
      v: 1,
      behaviours: ['HURTING', 'NAME_CALLING'],
      words: `Bij het fietsenhok, het was de ${i}e keer en hij stopte niet toen ik het vroeg.`,
      involved: [
        { who: { personId: actor }, role: 'ACTOR' },
        { who: { personId: target }, role: 'TARGET' },
      ],
      place: 'BIKE_SHED',
      moment: 'HOME_TIME',
      day: 'TODAY',
      severity: 3,
    })
    const headers = {
      Authorization: `DPoP ${tokens.access}`,
      DPoP: await frame.proof('POST', url, { token: tokens.access }),
      'Idempotency-Key': randomUUID(),
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
    }
    prepared.push({ headers, body })
  }
  return prepared
}

/** As fast as `children` at once get their receipts. @returns reports per second, each of them answered 201 */
async function send(origin: string, schoolKey: string, prepared: Prepared[]): Promise<number> {
  const post = poster(origin, schoolKey)
  let next = 0
  const started = performance.now()
  await Promise.all(
    Array.from({ length: children }, async () => {
      for (let report = prepared[next++]; report; report = prepared[next++]) await post(report)
    }),
  )
  return prepared.length / ((performance.now() - started) / 1000)
}

/** Sent when their time has come, whether or not the earlier ones were answered. @returns the 99th percentile in ms */
async function paced(origin: string, schoolKey: string, prepared: Prepared[], rate: number): Promise<number> {
  const post = poster(origin, schoolKey)
  const started = performance.now()
  const taken = await Promise.all(
    prepared.map(async (report, i) => {
      const due = started + (i * 1000) / rate
      await wait(due - performance.now())
      await post(report)
      return performance.now() - due
    }),
  )
  return taken.toSorted((a, b) => a - b)[Math.floor(taken.length * 0.99)] ?? Number.NaN
}

function poster(origin: string, schoolKey: string): (report: Prepared) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: children })
  const url = new URL(`/api/reports?school=${schoolKey}`, origin)
  return ({ headers, body }) =>
    new Promise((resolve, reject) => {
      const sending = request(url, { method: 'POST', agent, headers }, response => {
        response.resume()
        response.on('end', () => {
          if (response.statusCode === 201) resolve()
          else reject(new Error(`a report was answered ${response.statusCode}`))
        })
      })
      sending.on('error', reject)
      sending.end(body)
    })
}

/** The same rows with the same sizes, as one would write them by hand: one transaction, four statements, prepared. */
async function bare(connection: pg.ClientConfig, stage: Stage, count: number): Promise<number> {
  const pool = new pg.Pool({ ...connection, max: connections })
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  const bytes = (n: number) => Buffer.alloc(n, 7)
  let left = count
  const worker = async (client: pg.PoolClient) => {
    while (left-- > 0) {
      const id = randomUUID()
      await client.query('begin')
      await client.query({ name: 'scope', text: `select set_config('app.board', $1, true)`, values: [stage.boardId] })
      await client.query({
        name: 'report',
        text: `insert into "Report" ("boardId", id, "schoolId", "idemKey", "bodyPrint", "visibleFrom", standing, "reporterKind", "reporterTag",
                 "reporterSealed", "bodySealed", "wordsSealed", behaviours, place, moment, "happenedOn", precision, frequency, severity,
                 "helpedBy", problems)
               values ($1, $2, $3, $4, $5, now(), 'SIGNED', 'PUPIL', $6, $7, $8, $9, $10, 'BIKE_SHED', 'HOME_TIME', now(), 'DAY', 'UNKNOWN', 3, '{}', '{}')`,
        values: [
          ...[stage.boardId, id, stage.schoolId, randomUUID(), Buffer.from(randomUUID())],
          ...[bytes(32), bytes(79), bytes(440), bytes(120), ['HURTING', 'NAME_CALLING']],
        ],
      })
      await client.query({
        name: 'involvement',
        text: `insert into "Involvement" ("boardId", id, "reportId", role, "personId", "groupId")
               values ($1, $2, $3, 'ACTOR', $4, $5), ($1, $6, $3, 'TARGET', $7, $5)`,
        values: [stage.boardId, randomUUID(), id, stage.pupilIds[0], stage.groupId, randomUUID(), stage.pupilIds[1]],
      })
      await client.query({
        name: 'audit',
        text: `insert into "AuditEntry" ("boardId", id, actor, action, object, outcome) values ($1, $2, 'reporter', 'report.submit', $3, 'done')`,
        values: [stage.boardId, randomUUID(), id],
      })
      await client.query('commit')
    }
  }
  const started = performance.now()
  await Promise.all(clients.map(worker))
  const seconds = (performance.now() - started) / 1000
  for (const client of clients) client.release()
  await pool.end()
  return count / seconds
}
