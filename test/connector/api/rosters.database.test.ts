import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type ClientRequest, createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uploadRoster } from '../../../connector/admin/roster-runs.ts'
import { addSource } from '../../../connector/admin/sources.ts'
import { uploadsIn } from '../../../connector/admin/uploads.ts'
import type { RosterRun, RosterSources } from '../../../connector/api/contract.ts'
import { openApp } from '../../../connector/app.ts'
import { localDay } from '../../../connector/store/calendar.ts'
import { peopleBySourceKey } from '../../../connector/store/people.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { withRunLock } from '../../../connector/store/sync-runs.ts'
import { toEdexml } from '../../school/edexml.ts'
import { canariesOf, type GeneratedSchool, generateSchool, teacherSourceId } from '../../school/generate.ts'
import { spokenName } from '../../school/names.ts'
import { freePort } from '../../support/connector-process.ts'
import { testMasterKey } from '../../support/database.ts'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { account, seedGrant, seedPerson } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

type Shown = ReturnType<typeof RosterRun.parse>

let w: World
let it1: SignedIn
let sisterIt: SignedIn
let leader: SignedIn
let sourceId = ''
const now = new Date()
const generated = generateSchool({ today: now, pupils: 80 })
const file = toEdexml(generated, { version: '2.1', createdAt: now })

beforeAll(async () => {
  w = await openWorld()
  const { boardId, id: schoolId } = w.schools.own
  const { brin } = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
    tx.school.update({
      where: { boardId_id: { boardId, id: schoolId } },
      data: { brin: generated.brin, location: generated.location },
    }),
  )
  expect(brin).toBe('99ZZ')
  const source = await addSource(w.t, { boardId, schoolId, kind: 'edexml-file', label: 'Upload', options: {} })
  sourceId = source.id
  const other = await seedPerson(w.t, w.schools.sister, { role: 'staff' })
  await seedGrant(w.t, w.schools.sister, other.id, { role: 'IT_ADMINISTRATOR' })
  const head = await seedPerson(w.t, w.schools.own, { role: 'staff' })
  await seedGrant(w.t, w.schools.own, head.id, { role: 'SCHOOL_LEADER' })
  w.upstream.setPeople([...Object.values(w.people), other, head].map(account))
  leader = await signInAs(w.origin, w.schools.own.key, head.subject)
  it1 = await signInAs(w.origin, w.schools.own.key, w.people.it.subject)
  sisterIt = await signInAs(w.origin, w.schools.sister.key, other.subject)
})
afterAll(() => w.close())

async function call(me: SignedIn, method: 'GET' | 'POST', path: string, body?: string): Promise<Response> {
  const url = new URL(path, w.origin).href
  return fetch(url, {
    method,
    headers: {
      Authorization: `DPoP ${me.tokens.access}`,
      DPoP: await me.frame.proof(method, url, { token: me.tokens.access }),
      'content-type': 'application/octet-stream',
    },
    ...(body === undefined ? {} : { body }),
  })
}
const upload = (me: SignedIn, body: string, id = sourceId) => call(me, 'POST', `/api/sources/${id}/uploads`, body)
const left = () => readdir(uploadsIn(w.service.config.dataDir)).catch(() => [])

describe('an uploaded roster', () => {
  it('is read, shown, and held: nobody is in the school before somebody says yes', async () => {
    const { boardId, id: schoolId } = w.schools.own
    const count = () =>
      withTenant(w.t.db, { boardId, role: 'system' }, tx =>
        tx.affiliation.count({ where: { boardId, schoolId, sourceId } }),
      )
    const response = await upload(it1, file)
    expect(response.status).toBe(201)
    const run = (await response.json()) as Shown
    expect(run).toMatchObject({ state: 'held' })
    expect(run.reasons.map(reason => reason.guard)).toContain('first-run')
    expect(run.diff?.join('\n')).toMatch(/^\+ \d+ pupil: leerling:/m)
    expect(await count()).toBe(0)
    expect(await left()).toEqual([])

    const alone = await call(it1, 'POST', `/api/runs/${run.id}/approve`, '{}')
    expect([alone.status, ((await alone.json()) as { code: string }).code]).toEqual([403, 'second-person'])
    const approved = (await (await call(leader, 'POST', `/api/runs/${run.id}/approve`, '{}')).json()) as Shown
    expect(approved.state).toBe('applied')
    expect(await count()).toBeGreaterThan(80)
    const again = await call(leader, 'POST', `/api/runs/${run.id}/approve`, '{}')
    expect(again.status).toBe(409)
  })

  it('says nobody’s name and nothing that stays outside', async () => {
    const text = await (await upload(it1, file)).text()
    for (const { name } of generated.pupils) expect(text).not.toContain(spokenName(name))
    for (const secret of canariesOf(generated)) expect(text).not.toContain(secret)
  })

  it('that is given up is gone from the table with its names', async () => {
    const run = (await (await upload(it1, file)).json()) as Shown
    expect((await call(it1, 'POST', `/api/runs/${run.id}/cancel`, '{}')).status).toBe(204)
    const { boardId } = w.schools.own
    const row = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.syncRun.findUniqueOrThrow({ where: { boardId_id: { boardId, id: run.id } } }),
    )
    expect([row.state, row.stageSealed]).toEqual(['cancelled', null])
  })

  it('that is wrong is refused in words, and leaves nothing behind', async () => {
    for (const [body, code] of [
      ['', 'source-incomplete'],
      ['<html>', 'source-malformed'],
      [file.slice(0, file.length / 2), 'source-incomplete'],
      [file.replace('<brincode>99ZZ', '<brincode>98QQ'), 'other-school'],
    ] as const) {
      const run = (await (await upload(it1, body)).json()) as Shown
      expect([run.state, run.reasons[0]?.guard]).toEqual(['refused', code])
    }
    expect(await left()).toEqual([])
  })

  it('that says it is larger than a roster is refused before it is sent', async () => {
    const url = new URL(`/api/sources/${sourceId}/uploads`, w.origin).href
    const proof = await it1.frame.proof('POST', url, { token: it1.tokens.access })
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          headers: { Authorization: `DPoP ${it1.tokens.access}`, DPoP: proof, 'content-length': 10 * 1024 ** 3 },
        },
        answer => resolve(answer.statusCode),
      )
      sent.on('error', reject)
      sent.write('<')
    })
    expect(status).toBe(413)
    expect(await left()).toEqual([])
  })
})

/** Headers of an upload that is sent by hand; each proof is good for one. */
async function headers(me: SignedIn): Promise<{ url: string; sent: Record<string, string> }> {
  const url = new URL(`/api/sources/${sourceId}/uploads`, w.origin).href
  const DPoP = await me.frame.proof('POST', url, { token: me.tokens.access })
  return { url, sent: { Authorization: `DPoP ${me.tokens.access}`, DPoP } }
}

/** @param at where the bytes go, if not to the address that they were signed for */
async function sending(me: SignedIn, more: Record<string, string | number> = {}, at?: string): Promise<ClientRequest> {
  const { url, sent } = await headers(me)
  const { pathname } = new URL(url)
  return request(at ? new URL(pathname, at).href : url, { method: 'POST', headers: { ...sent, ...more } })
}
const answerTo = async (sent: ClientRequest) => {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  const problem = JSON.parse(Buffer.concat(await answer.toArray()).toString('utf8')) as { code: string; title: string }
  return { status: answer.statusCode, code: problem.code, title: problem.title }
}
/** As soon as it is so: what the other side does takes a moment. */
async function until(is: () => Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise(done => setTimeout(done, 10))
}

describe('an upload that is cut off', () => {
  it('leaves nothing behind, and the next one is read', async () => {
    for (const declared of [{}, { 'content-length': file.length }]) {
      const sent = await sending(it1, declared)
      sent.on('error', () => {})
      sent.write(file.slice(0, file.length / 2))
      await until(async () => (await left()).length > 0)
      sent.destroy()
      await until(async () => (await left()).length === 0)
    }
    expect((await upload(it1, file)).status).toBe(201)
  })

  it('is told that it did not arrive whole, where there is still somebody to tell', async () => {
    const who = { boardId: w.schools.own.boardId, schoolId: w.schools.own.id, personId: w.people.it.id }
    const uploads = uploadsIn(w.service.config.dataDir)
    const uploading = new Set<string>()
    const cut = Readable.from(
      (async function* () {
        yield Buffer.from('<EDEX>')
        throw Object.assign(new Error('CANARY /data/uploads'), { code: 'ECONNRESET' })
      })(),
    )
    const sent = uploadRoster({ ...w.t, uploads, uploading }, who, { sourceId, body: cut })
    await expect(sent).rejects.toMatchObject({ code: 'invalid-input', reason: 'upload-cut' })
    expect([await left(), uploading.size]).toEqual([[], 0])
  })

  it('that never ends is ended by the server’s own time limit', async () => {
    // As main.ts makes it, with a limit that a test can wait for: Node's own is five minutes.
    const server = createServer({ requestTimeout: 300, headersTimeout: 300, connectionsCheckingInterval: 50 })
    await new Promise<void>(listening => server.listen(0, 'localhost', listening))
    const { db, keyring, log } = w.t
    server.on('request', await openApp({ config: w.service.config, db, keyring, log }))
    const at = `http://localhost:${(server.address() as AddressInfo).port}`
    try {
      const sent = await sending(it1, {}, at)
      sent.on('error', () => {})
      const ended = once(sent, 'close')
      const drip = setInterval(() => sent.write('<'), 20)
      await until(async () => (await left()).length > 0)
      await ended
      clearInterval(drip)
      await until(async () => (await left()).length === 0)
    } finally {
      await new Promise<void>(closed => {
        server.close(() => closed())
        server.closeAllConnections()
      })
    }
  })
})

describe('an upload beside another reading', () => {
  it('is refused while another file is sent to the same source, before a byte of it is kept', async () => {
    const first = await sending(it1)
    first.write('<')
    await until(async () => (await left()).length > 0)
    const second = await upload(it1, file)
    expect([second.status, await second.json()]).toEqual([
      409,
      expect.objectContaining({ code: 'upload-running', title: expect.stringContaining('Another file') }),
    ])
    expect(await left()).toHaveLength(1)
    first.on('error', () => {})
    first.destroy()
    await until(async () => (await left()).length === 0)
  })

  it('is refused in words while a sync of that source is going on', async () => {
    const answer = await withRunLock(w.t.db, sourceId, async () => {
      const response = await upload(it1, file)
      return [response.status, await response.json()]
    })
    expect(answer).toEqual([
      409,
      expect.objectContaining({ code: 'sync-running', title: 'A sync of this source is going on.' }),
    ])
    expect(await left()).toEqual([])
  })
})

describe('an upload that lies', () => {
  it('about its length is cut at what a roster may be', async () => {
    const who = { boardId: w.schools.own.boardId, schoolId: w.schools.own.id, personId: w.people.it.id }
    const { adapter } = await import('../../../adapters/index.ts')
    const small = (kind: string) => {
      const known = adapter(kind)
      return { ...known, can: { ...known.can, upload: { maxBytes: 1000, extensions: ['.xml'] } } }
    }
    const ctx = {
      ...w.t,
      uploads: uploadsIn(w.service.config.dataDir),
      uploading: new Set<string>(),
      adapter: small,
    }
    const more = { sourceId, body: Readable.from([Buffer.alloc(600), Buffer.alloc(600)]), declared: 10 }
    await expect(uploadRoster(ctx, who, more)).rejects.toMatchObject({ code: 'too-large', reason: 'file-too-large' })
    expect([await left(), ctx.uploading.size]).toEqual([[], 0])
  })

  it('about what it is is refused in words that say nothing of what is in it', async () => {
    const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.from('CANARY'.repeat(100))]).toString('latin1')
    const bodies = ['%PDF-1.7 CANARY', zip, '{"CANARY":1}', 'naam;CANARY\r\n', '<?xml version="1.0"?><CANARY/>']
    for (const body of [...bodies, '<!DOCTYPE x [<!ENTITY c SYSTEM "file:///CANARY">]><EDEX>&c;</EDEX>']) {
      const text = await (await upload(it1, body)).text()
      expect(JSON.parse(text)).toMatchObject({
        state: 'refused',
        reasons: [{ says: expect.stringMatching(/^.{10,}$/) }],
      })
      expect(text).not.toContain('CANARY')
    }
    expect(await left()).toEqual([])
  })
})

it('an upload for which there is no room is refused in words, and leaves nothing behind', async () => {
  // A limit on the size of files is the full disk that a test can have: a process of its own, at the address of the service.
  const main = fileURLToPath(new URL('../../../connector/main.ts', import.meta.url))
  const [port, data] = [await freePort(), join(w.service.config.dataDir, 'small')]
  const child = spawn('/bin/sh', ['-c', 'ulimit -f 8; exec "$0" "$1"', process.execPath, main], {
    env: {
      ...{ DATABASE_URL: w.t.url, M5_MASTER_KEY: testMasterKey, M5_URL: w.origin, M5_PORT: String(port) },
      ...{ M5_DATA: data, M5_LOG: 'info', M5_SYNC_CONCURRENCY: '0', PATH: '/usr/bin:/bin' },
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let said = ''
  child.stdout?.on('data', chunk => (said += String(chunk)))
  const exit = once(child, 'exit')
  try {
    await Promise.race([once(child, 'message'), exit.then(() => Promise.reject(new Error('it did not start')))])
    const sent = await sending(it1, {}, `http://localhost:${port}`)
    sent.on('error', () => {})
    const answer = answerTo(sent)
    sent.end(file)
    expect(await answer).toMatchObject({ status: 503, code: 'disk-full', title: expect.stringContaining('no room') })
    expect(await readdir(uploadsIn(data))).toEqual([])
  } finally {
    child.kill('SIGTERM')
    await exit
  }
  expect(said).toContain('request failed')
  expect(said).not.toContain(data)
})

describe('whoever looks after another school', () => {
  it('finds neither its sources nor its runs', async () => {
    const run = (await (await upload(it1, file)).json()) as Shown
    expect((await upload(sisterIt, file)).status).toBe(404)
    for (const path of [`/api/runs/${run.id}`, `/api/runs/${randomUUID()}`])
      expect((await call(sisterIt, 'GET', path)).status).toBe(404)
    for (const deed of ['approve', 'cancel'])
      expect((await call(sisterIt, 'POST', `/api/runs/${run.id}/${deed}`, '{}')).status).toBe(404)
    const { sources } = (await (await call(sisterIt, 'GET', '/api/sources')).json()) as ReturnType<
      typeof RosterSources.parse
    >
    expect(sources.map(source => source.id)).not.toContain(sourceId)
  })
})

describe('the sources of a school', () => {
  it('show what they take and when they were last applied, and no option', async () => {
    const text = await (await call(it1, 'GET', '/api/sources')).text()
    const { sources } = JSON.parse(text) as ReturnType<typeof RosterSources.parse>
    expect(sources.find(source => source.id === sourceId)).toMatchObject({
      kind: 'edexml-file',
      verified: true,
      upload: { extensions: ['.xml'] },
    })
    expect(text).not.toContain('options')
  })
})

describe('an IT administrator who makes a teacher of himself', () => {
  const itAdmin = generated.cast.teachers.itAdmin
  const room = generated.groups.find(group => group.kind === 'homeroom') as GeneratedSchool['groups'][number]
  const teachers = generated.teachers.filter(each =>
    each.groups.some(({ groupKey, roles }) => groupKey === room.key && roles.includes('LRK')),
  )
  /** The same school a minute later: in it the IT administrator has that homeroom. */
  const promoted = () => {
    const given = generated.teachers.map(each =>
      each.key === itAdmin
        ? { ...each, roles: ['LRK'], groups: [...each.groups, { groupKey: room.key, roles: ['LRK'] }] }
        : each,
    )
    return toEdexml({ ...generated, teachers: given }, { version: '2.1', createdAt: new Date(Date.now() + 60_000) })
  }
  const personOf = async (key: string) => {
    const { boardId, id: schoolId } = w.schools.own
    const keys = await w.t.keyring.board(boardId)
    const sought = { boardId, schoolId, sourceKey: teacherSourceId(key), schoolYear: generated.schoolYear }
    const found = await withTenant(w.t.db, { boardId, role: 'system' }, tx => peopleBySourceKey(tx, keys, sought))
    return String(found[0]?.personId)
  }
  const signInOf = (key: string) => ({ subject: `roster-${key}`, sisId: teacherSourceId(key) })

  it('by a roster that is applied opens no panel with it', async () => {
    const approve = async (me: SignedIn, body: string) => {
      const run = (await (await upload(me, body)).json()) as Shown
      return (await (await call(leader, 'POST', `/api/runs/${run.id}/approve`, '{}')).json()) as Shown
    }
    await approve(it1, file)
    const personId = await personOf(itAdmin)
    await seedGrant(w.t, w.schools.own, personId, { role: 'IT_ADMINISTRATOR' })
    const [teacher] = teachers
    w.upstream.setPeople([...Object.values(w.people), signInOf(itAdmin), signInOf(teacher?.key ?? '')].map(account))
    const himself = await signInAs(w.origin, w.schools.own.key, signInOf(itAdmin).subject)
    expect((await approve(himself, promoted())).state).toBe('applied')

    const { boardId, id: schoolId } = w.schools.own
    const taught = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.membership.findMany({ where: { boardId, personId, role: 'teacher', group: { kind: 'homeroom' } } }),
    )
    // It is in the roster: what keeps the panel shut is who he is.
    const today = localDay(new Date())
    expect(taught.map(({ startsOn }) => startsOn.toISOString().slice(0, 10) <= today)).toEqual([true])
    const panel = `/api/groups/${taught[0]?.groupId}/reports`
    expect((await himself.get(panel)).status).toBe(404)
    expect(await (await himself.get('/api/groups')).json()).toEqual({ groups: [] })
    const colleague = await signInAs(w.origin, w.schools.own.key, signInOf(teacher?.key ?? '').subject)
    expect((await colleague.get(panel)).status).toBe(200)

    // What kept it shut was the grant alone.
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.grant.updateMany({ where: { boardId, schoolId, personId }, data: { revokedAt: new Date() } }),
    )
    expect((await himself.get(panel)).status).toBe(200)
  })
})
