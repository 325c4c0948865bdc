/** A push of Google, from the address that it knows to the run that it leads to. */
import { randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addSource } from '../../../connector/admin/sources.ts'
import { openApp } from '../../../connector/app.ts'
import { readConfig } from '../../../connector/config.ts'
import { describe as described, type Log } from '../../../connector/log.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { listRuns, runSync } from '../../../connector/sync/run.ts'
import { openSchedule } from '../../../connector/sync/schedule.ts'
import { generateSchool } from '../../school/generate.ts'
import { type GoogleSis, startGoogle } from '../../school/sis/google.ts'
import { pushAccount, pushBody, pushKeys, pushToken } from '../../school/sis/google-push.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type SeededSchool, seedBoard, seedSchool } from '../../support/seed.ts'

let t: TestDatabase
let google: GoogleSis
let server: Server
let origin = ''
let school: SeededSchool
let sister: SeededSchool
let foreign: SeededSchool
let sourceId = ''
const keys = pushKeys()
const privateHosts = ['127.0.0.1']
const generated = generateSchool({ today: new Date(), pupils: 60 })
const said: unknown[] = []
const log: Log = {
  debug: (...line) => void said.push(line),
  info: (...line) => void said.push(line),
  warn: (...line) => void said.push(line),
  error: (event, cause, fields) => void said.push([event, described(cause), fields]),
}

beforeAll(async () => {
  t = await testDatabase()
  google = await startGoogle({ school: () => generated, clock: () => new Date() })
  google.state.certs = keys.certs
  server = createServer()
  await new Promise<void>(listening => server.listen(0, 'localhost', listening))
  origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const data = join(tmpdir(), `m5-wake-${randomUUID()}`)
  const config = readConfig({ M5_URL: origin, M5_LOG: 'silent', M5_DATA: data, M5_PRIVATE_HOSTS: privateHosts.join() })
  server.on('request', await openApp({ config, db: t.db, keyring: t.keyring, log }))
  const boardId = await seedBoard(t)
  school = await seedSchool(t, boardId)
  sister = await seedSchool(t, boardId)
  foreign = await seedSchool(t, await seedBoard(t))
  sourceId = await waiting(school)
})
afterAll(async () => {
  await new Promise<void>(closed => {
    server.close(() => closed())
    server.closeAllConnections()
  })
  await google.close()
  await t.close()
})
beforeEach(async () => {
  said.length = 0
  google.behave('ok')
  await t.asSuperuser(client => client.query('update "Source" set "wokenAt" = null'))
})

async function waiting({ boardId, id: schoolId }: SeededSchool, wakeUp: object | null = { account: pushAccount }) {
  const options = { ...google.options, ...(wakeUp ? { wakeUp } : {}) }
  const { id } = await addSource(t, { boardId, schoolId, kind: 'google', label: 'Google', options })
  return id
}

const pathOf = (boardId: string, id: string) => `/wake/${boardId}/${id}`
const wokenAt = async ({ boardId }: SeededSchool, id: string) =>
  (
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.source.findUniqueOrThrow({ where: { boardId_id: { boardId, id } } }),
    )
  ).wokenAt

interface Pushing {
  path?: string
  claims?: object
  body?: string
  authorization?: string | null
}

async function push({
  path = pathOf(school.boardId, sourceId),
  claims = {},
  body = pushBody(),
  ...more
}: Pushing = {}) {
  const now = new Date()
  const token = pushToken(keys, { audience: origin + path, now }, { ...claims })
  const authorization = more.authorization === undefined ? `Bearer ${token}` : more.authorization
  const headers = { 'content-type': 'application/json', ...(authorization === null ? {} : { authorization }) }
  const answer = await fetch(origin + path, { method: 'POST', headers, body })
  const text = await answer.text()
  for (const secret of [token, token.split('.')[2], pushAccount, '100000000000000000002'])
    expect(JSON.stringify(said) + text).not.toContain(secret)
  return { status: answer.status, text, now }
}

describe('a push', () => {
  it('of Google wakes the source that it is for, and no other', async () => {
    const other = await waiting(sister)
    const { status, text, now } = await push()
    expect([status, text]).toEqual([204, ''])
    expect((await wokenAt(school, sourceId))?.getTime()).toBeGreaterThanOrEqual(now.getTime())
    expect(await wokenAt(sister, other)).toBeNull()
    expect(said).toContainEqual([
      'a source was woken',
      expect.objectContaining({ boardId: school.boardId, sourceId, requestId: expect.any(String) }),
    ])
  })

  it.for([
    ['course work', pushBody({ collection: 'courses.courseWork', resourceId: { courseId: '1' } })],
    ['nothing', '{}'],
    ['what is no JSON', 'x'],
    ['nothing at all', ''],
  ])('of Google about %s is taken, and wakes nobody', async ([, body]) => {
    expect((await push({ body: String(body) })).status).toBe(204)
    expect(await wokenAt(school, sourceId)).toBeNull()
  })

  it.for([
    ['without a token', { authorization: null }],
    ['with a password', { authorization: 'Basic eDp5' }],
    ['for another address', { claims: { aud: 'https://m5.example/' } }],
    ['of another account', { claims: { email: 'iemand@fictief.iam.gserviceaccount.com' } }],
    ['of yesterday', { claims: { iat: 1_700_000_000, exp: 1_700_003_600 } }],
  ] as [string, Pushing][])('%s is refused, and wakes nobody', async ([, pushing]) => {
    const { status, text } = await push(pushing)
    expect([status, JSON.parse(text).code]).toEqual([401, 'push-foreign'])
    expect(await wokenAt(school, sourceId)).toBeNull()
  })

  it('to a source that waits for none is refused', async () => {
    const silent = await waiting(sister, null)
    expect((await push({ path: pathOf(sister.boardId, silent) })).status).toBe(401)
  })

  it('that cannot be verified now is to come again', async () => {
    // A connector of its own: this one has Google's keys already.
    const data = join(tmpdir(), `m5-wake-${randomUUID()}`)
    const config = readConfig({ M5_URL: origin, M5_LOG: 'silent', M5_DATA: data })
    const young = createServer(await openApp({ config, db: t.db, keyring: t.keyring, log }))
    await new Promise<void>(listening => young.listen(0, 'localhost', listening))
    const path = pathOf(school.boardId, sourceId)
    const token = pushToken(keys, { audience: origin + path, now: new Date() })
    try {
      // Without M5_PRIVATE_HOSTS it may not ask a server on this machine.
      const answer = await fetch(`http://localhost:${(young.address() as AddressInfo).port}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: pushBody(),
      })
      expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, 'push-unverified'])
    } finally {
      await new Promise<void>(closed => {
        young.close(() => closed())
        young.closeAllConnections()
      })
    }
    expect(await wokenAt(school, sourceId)).toBeNull()
  })

  it('to what is no source that waits is answered as any address that is not there', async () => {
    const nothing = await push({ path: '/wake/x' })
    expect(nothing.status).toBe(404)
    const withoutId = (text: string) => ({ ...JSON.parse(text), requestId: '' })
    for (const path of [
      pathOf(school.boardId, randomUUID()),
      pathOf(randomUUID(), sourceId),
      pathOf(foreign.boardId, sourceId),
      pathOf(school.boardId, 'x'),
      // Of a kind that this program does not know, and of one that is never pushed.
      pathOf(school.boardId, school.sourceId),
      pathOf(school.boardId, await aFile()),
    ]) {
      const { status, text } = await push({ path })
      expect([path, status, withoutId(text)]).toEqual([path, 404, withoutId(nothing.text)])
    }
    expect(await wokenAt(school, sourceId)).toBeNull()
  })

  it('that is larger than any vendor’s is refused', async () => {
    expect((await push({ body: 'x'.repeat(65 * 1024) })).status).toBe(413)
  })

  async function aFile(): Promise<string> {
    const { boardId, id: schoolId } = school
    return (await addSource(t, { boardId, schoolId, kind: 'edexml-file', label: 'Upload', options: {} })).id
  }
})

it('a push leads to one run of the schedule', async () => {
  const ctx = { db: t.db, keyring: t.keyring, log, privateHosts }
  const { boardId } = school
  const runs = () => listRuns(ctx, { boardId, sourceId })
  const pastRuns = () =>
    t.asSuperuser(client =>
      client.query(`update "SyncRun" set "startedAt" = now() - interval '2 hours' where "sourceId" = $1`, [sourceId]),
    )
  const schedule = await openSchedule(ctx, {
    ...{ window: { from: '20:00', until: '06:00' }, retries: 0, limitMs: 60_000 },
    ...{ concurrency: 1, heartbeatSeconds: 10, staleDays: 3, pollSeconds: 0.5 },
  })
  try {
    await runSync(ctx, { boardId, sourceId, by: 'operator' })
    await pastRuns()
    expect(await schedule.plan()).toBe(0)
    expect((await push()).status).toBe(204)
    expect(await schedule.plan()).toBe(1)
    await expect
      .poll(async () => (await runs()).map(({ startedBy, finishedAt }) => [startedBy, finishedAt !== null]), {
        timeout: 20_000,
      })
      .toEqual([
        ['schedule', true],
        ['operator', true],
      ])
    expect(await schedule.plan()).toBe(0)
  } finally {
    await schedule.stop(5000)
  }
})
