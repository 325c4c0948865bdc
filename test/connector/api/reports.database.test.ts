import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openApp } from '../../../connector/app.ts'
import { receiptMac } from '../../../connector/reports/submit.ts'
import { reportWriter } from '../../../connector/store/reports.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { canary, type SignedIn, signedIn, signInAs } from '../../support/frame.ts'
import { tablesHolding } from '../../support/seed.ts'
import { openWorld, portal, type World } from '../../support/world.ts'

let w: World
let me: SignedIn
beforeAll(async () => {
  w = await openWorld()
  me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
})
beforeEach(() => w.shift(0))
afterAll(() => w.close())

const least = { v: 1, behaviours: ['GOSSIP'] }
interface Sent {
  body?: string | Buffer
  key?: string | null
  headers?: Record<string, string>
  school?: string
}
const send = ({
  body = JSON.stringify(least),
  key = randomUUID(),
  headers = {},
  school = w.schools.own.key,
}: Sent = {}) =>
  fetch(`${w.origin}/api/reports?school=${school}`, {
    method: 'POST',
    headers: { ...(key === null ? {} : { 'idempotency-key': key }), ...headers },
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
type Receipt = { id: string; receivedAt: string; standing: string; mac: string }
const receiptOf = async (response: Response) => {
  expect([200, 201]).toContain(response.status)
  return (await response.json()) as Receipt
}
async function stored(id: string, boardId = w.schools.own.boardId) {
  const row = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
    tx.report.findUniqueOrThrow({ where: { boardId_id: { boardId, id } }, include: { involvements: true } }),
  )
  const keys = await w.t.keyring.board(boardId)
  // This file alone is a flood from one address; test/connector/reports/flood.test.ts looks at that.
  const problems = row.problems.filter(problem => problem !== 'flood')
  return { ...row, problems, body: keys.open({ table: 'Report', row: id, column: 'bodySealed' }, row.bodySealed) }
}
const signed = async (by: SignedIn = me, url = `${w.origin}/api/reports`) => ({
  authorization: `DPoP ${by.tokens.access}`,
  dpop: await by.frame.proof('POST', url, { token: by.tokens.access }),
})

describe('a report', () => {
  it('gets its receipt once it is stored: 201, then 200 for the same bytes', async () => {
    const key = randomUUID()
    const first = await send({ key })
    const again = await send({ key })
    expect([first.status, again.status]).toEqual([201, 200])
    const receipt = await receiptOf(first)
    expect(await again.json()).toEqual(receipt)
    expect(Object.keys(receipt).sort()).toEqual(['code', 'id', 'mac', 'receivedAt', 'standing'])
    const keys = await w.t.keyring.board(w.schools.own.boardId)
    expect(receipt.mac).toBe(receiptMac(keys, receipt.id, new Date(receipt.receivedAt)))
  })

  it('sent 64 times at once is one', async () => {
    const key = randomUUID()
    const answers = await Promise.all(Array.from({ length: 64 }, () => send({ key })))
    expect(answers.map(a => a.status).sort()).toEqual([...Array(63).fill(200), 201])
    expect(new Set(await Promise.all(answers.map(async a => (await receiptOf(a)).id))).size).toBe(1)
  })

  it('signed is known by its sealed reporter, and by nothing that could be read', async () => {
    const receipt = await receiptOf(await send({ headers: await signed() }))
    expect(receipt.standing).toBe('SIGNED')
    const row = await stored(receipt.id)
    const cell = { table: 'Report', row: receipt.id, column: 'reporterSealed' }
    expect(await w.t.keyring.reveal(row.boardId, cell, row.reporterSealed ?? new Uint8Array())).toBe(w.people.pupil.id)
    const keys = await w.t.keyring.board(row.boardId)
    expect(Buffer.from(row.reporterTag ?? [])).toEqual(Buffer.from(keys.fingerprint('reporter', w.people.pupil.id)))
    const readable = await w.t.asSuperuser(client =>
      client.query(
        `select r::text || coalesce((select string_agg(a::text, '') from "AuditEntry" a where a.object = r.id::text), '') as text from "Report" r where id = $1`,
        [receipt.id],
      ),
    )
    expect(readable.rows[0].text).not.toContain(w.people.pupil.id)
  })

  it('is of who signed, whatever it says of itself', async () => {
    const body = JSON.stringify({
      ...least,
      reporterKind: 'STAFF',
      reporterName: 'Iemand Anders',
      standing: 'UNSIGNED',
    })
    const row = await stored((await receiptOf(await send({ body, headers: await signed() }))).id)
    expect([row.reporterKind, row.standing]).toEqual(['PUPIL', 'SIGNED'])
  })

  it('unsigned has no reporter', async () => {
    const row = await stored((await receiptOf(await send())).id)
    expect([row.standing, row.reporterTag, row.reporterSealed, row.reporterKind]).toEqual([
      'UNSIGNED',
      null,
      null,
      'OTHER',
    ])
  })

  it('leaves no word, no typed name and no reporter’s name readable anywhere', async () => {
    const [words, actor, name, group] = [canary(), canary(), canary(), canary()]
    const involved = [{ who: { typedName: actor }, role: 'ACTOR' }]
    await receiptOf(
      await send({ body: JSON.stringify({ ...least, words, involved, reporterName: name, reporterGroup: group }) }),
    )
    for (const secret of [words, actor, name, group]) expect(await tablesHolding(w.t, secret)).toEqual([])
  })
})

describe('a report is never refused', () => {
  const cases: [string, () => Sent | Promise<Sent>, string[]][] = [
    ['an empty body', () => ({ body: '' }), ['not-json']],
    ['garbage', () => ({ body: Buffer.from([0xff, 0xfe, 0, 1, 2]) }), ['not-json']],
    ['half a report', () => ({ body: '{"v":1,"behaviours":["GOS' }), ['not-json']],
    ['a list', () => ({ body: '[]' }), ['not-a-report']],
    ['another version', () => ({ body: JSON.stringify({ ...least, v: 9 }) }), ['v-not-understood']],
    ['an unknown place', () => ({ body: JSON.stringify({ ...least, place: 'MOON' }) }), ['place-not-understood']],
    [
      'too long a text',
      () => ({ body: JSON.stringify({ ...least, words: 'x'.repeat(2001) }) }),
      ['words-not-understood'],
    ],
    [
      'a day before all calendars',
      () => ({ body: JSON.stringify({ ...least, day: 'LONGER_AGO', date: '0000-01-01' }) }),
      [],
    ],
    ['a day far ahead', () => ({ body: JSON.stringify({ ...least, day: 'LONGER_AGO', date: '9999-12-31' }) }), []],
    ['characters that no text may hold', () => ({ body: JSON.stringify({ ...least, words: 'a\u0000b\ud800' }) }), []],
    ['somebody of another school', () => ({ body: involving(w.people.sisterPupil.id) }), ['unknown-person']],
    ['somebody of another board', () => ({ body: involving(w.people.foreignPupil.id) }), ['unknown-person']],
    ['nobody’s id', () => ({ body: involving(randomUUID()) }), ['unknown-person']],
    ['no idempotency key', () => ({ key: null }), ['no-idempotency-key']],
    ['a key that is none', () => ({ key: 'x' }), ['no-idempotency-key']],
    ['a token that is none', () => ({ headers: { authorization: 'DPoP x.y.z', dpop: 'x.y.z' } }), ['token-refused']],
    ['another scheme', () => ({ headers: { authorization: 'Bearer x' } }), ['token-missing']],
    [
      'a token without its proof',
      async () => ({ headers: { authorization: (await signed()).authorization } }),
      ['proof-missing'],
    ],
    [
      'a proof for another address',
      async () => ({ headers: await signed(me, `${w.origin}/api/me`) }),
      ['proof-address'],
    ],
    ['a content type that lies', () => ({ headers: { 'content-type': 'image/png' } }), []],
    ['forty who were involved', () => ({ body: JSON.stringify({ ...least, involved: Array(40).fill(typed) }) }), []],
    [
      'forty-one who were involved',
      () => ({ body: JSON.stringify({ ...least, involved: Array(41).fill(typed) }) }),
      ['involved-not-understood'],
    ],
  ]
  const typed = { who: { typedName: 'x' }, role: 'JOINER' }
  const involving = (personId: string) => JSON.stringify({ ...least, involved: [{ who: { personId }, role: 'ACTOR' }] })

  it.for(cases)('for %s: stored whole, and flagged', async ([, make, problems]) => {
    const sent = await make()
    const receipt = await receiptOf(await send(sent))
    const row = await stored(receipt.id)
    expect(row.problems).toEqual(problems)
    const body = sent.body ?? JSON.stringify(least)
    expect(row.body).toBe(Buffer.from(body).toString('utf8'))
    expect(row.standing).toBe('UNSIGNED')
  })

  it('for anything at all in its fields', async () => {
    const values = fc.oneof(
      fc.constant(undefined),
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.string()),
    )
    const fields = [
      'v',
      'behaviours',
      'words',
      'involved',
      'place',
      'moment',
      'day',
      'date',
      'severity',
      'helpedBy',
      'wish',
      'language',
      '__proto__',
    ]
    const record = fc.record(Object.fromEntries(fields.map(name => [name, values])), { requiredKeys: [] })
    const any = fc.oneof(
      record,
      record.map(r => ({ ...least, ...r })),
      fc.jsonValue(),
    )
    await fc.assert(
      fc.asyncProperty(any, async value => {
        const response = await send({ body: JSON.stringify(value) ?? '' })
        expect(response.status).toBe(201)
      }),
      { numRuns: 150 },
    )
  })

  it('for a token of another school or board: it is unsigned, and its person unknown here', async () => {
    for (const [school, person] of [
      [w.schools.sister, w.people.sisterPupil],
      [w.schools.foreign, w.people.foreignPupil],
    ] as const) {
      const stranger = await signInAs(w.origin, school.key, person.subject)
      const body = JSON.stringify({
        ...least,
        targetKind: 'MYSELF',
        involved: [{ who: { self: true }, role: 'TARGET' }],
      })
      const receipt = await receiptOf(await send({ headers: await signed(stranger), body }))
      const row = await stored(receipt.id)
      expect(row).toMatchObject({ standing: 'UNSIGNED', problems: ['token-of-another-school'], reporterTag: null })
      expect(row.involvements.map(i => i.personId)).toEqual([null])
    }
  })

  it('for a token that expired: it is of its person, and marked', async () => {
    w.shift(6 * 60_000)
    const late = await me.frame.proof('POST', `${w.origin}/api/reports`, {
      token: me.tokens.access,
      iat: Math.floor(Date.now() / 1000) + 360,
    })
    const headers = { authorization: `DPoP ${me.tokens.access}`, dpop: late }
    const receipt = await receiptOf(await send({ headers }))
    expect(receipt.standing).toBe('EXPIRED')
    expect((await stored(receipt.id)).reporterTag).not.toBeNull()
  })

  it('for a session that ended, or a person who left: of its person, and marked', async () => {
    const leaver = await signInAs(w.origin, w.schools.own.key, w.people.classmate.subject)
    await w.t.asSuperuser(client =>
      client.query('update "Session" set "endedAt" = now() where "personId" = $1', [w.people.classmate.id]),
    )
    expect((await receiptOf(await send({ headers: await signed(leaver) }))).standing).toBe('EXPIRED')
    await w.t.asSuperuser(client =>
      client.query('update "Person" set active = false where id = $1', [w.people.classmate.id]),
    )
    expect((await receiptOf(await send({ headers: await signed(leaver) }))).standing).toBe('EXPIRED')
    await w.t.asSuperuser(client =>
      client.query('update "Person" set active = true where id = $1', [w.people.classmate.id]),
    )
  })

  it('for the same proof twice: same key and bytes, same receipt', async () => {
    const [headers, key] = [await signed(), randomUUID()]
    const [first, second] = [
      await receiptOf(await send({ headers, key })),
      await receiptOf(await send({ headers, key })),
    ]
    expect(second).toEqual(first)
  })

  it('for being the two hundredth of one address', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => send()))
    expect(answers.map(a => a.status)).toEqual(Array(200).fill(201))
    expect(answers.some(a => a.headers.has('ratelimit') || a.headers.has('retry-after'))).toBe(false)
  })

  it('but for more than 16 kB, in a sentence', async () => {
    expect((await send({ body: JSON.stringify({ ...least, x: 'y'.repeat(16_000) }) })).status).toBe(201)
    const response = await send({ body: 'x'.repeat(16 * 1024 + 1) })
    expect([response.status, await response.json()]).toMatchObject([
      413,
      { code: 'too-large', title: 'This is more than 16 kB.' },
    ])
  })

  it('but for a school that nobody knows', async () => {
    for (const school of ['', 'x', 'pk_unknown_school', "pk_' or 1=1 --", 'x'.repeat(100)])
      expect((await send({ school: encodeURIComponent(school) })).status).toBe(404)
  })
})

describe('the form without JavaScript', () => {
  const page = (school = w.schools.own.key) => fetch(`${w.origin}/meld?s=${school}&plain=1`)
  const post = (fields: [string, string][], headers: Record<string, string> = {}) =>
    fetch(`${w.origin}/meld?s=${w.schools.own.key}`, { method: 'POST', headers, body: new URLSearchParams(fields) })
  const newest = async () => {
    const { rows } = await w.t.asSuperuser(client =>
      client.query<{ id: string }>(
        `select id from "Report" where standing = 'UNSIGNED' order by "receivedAt" desc limit 1`,
      ),
    )
    return stored(String(rows[0]?.id))
  }

  it('carries a key of its own, and its answer says that it arrived', async () => {
    const text = await (await page()).text()
    const key = /name="key" value="([0-9a-f-]{36})"/.exec(text)?.[1] ?? ''
    const sent: [string, string][] = [
      ['key', key],
      ['behaviour', 'HURTING'],
      ['behaviour', 'THREAT'],
      ['words', 'Hij deed het\r\nweer.'],
      ['actor', 'Jan'],
      ['place', 'BUS'],
    ]
    const answer = await post(sent)
    expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining('we hebben je melding')])
    const row = await newest()
    expect(row).toMatchObject({
      behaviours: ['HURTING', 'THREAT'],
      place: 'BUS',
      problems: [],
      idemKey: key,
      standing: 'UNSIGNED',
    })
    expect(row.involvements).toMatchObject([{ role: 'ACTOR', personId: null }])
    await post(sent)
    const { rows } = await w.t.asSuperuser(client =>
      client.query('select count(*)::int as n from "Report" where "idemKey" = $1', [key]),
    )
    expect(rows).toEqual([{ n: 1 }])
  })

  it.for([
    ['2000 characters on 500 lines', 'a\r\n\r\n'.repeat(500), []],
    ['2000 characters of three bytes', '語'.repeat(2000), []],
    ['more than 2000 characters', 'x'.repeat(2500), ['words-not-understood']],
    ['nothing', '', []],
  ] as const)('takes %s', async ([, words, problems]) => {
    const answer = await post([
      ['key', randomUUID()],
      ['behaviour', 'GOSSIP'],
      ['words', words],
    ])
    expect(answer.status).toBe(201)
    const row = await newest()
    expect(row).toMatchObject({ behaviours: ['GOSSIP'], problems })
    expect(row.wordsSealed !== null).toBe(words !== '' && problems.length === 0)
  })

  it('takes a form that is damaged, and says so', async () => {
    expect((await post([['place', 'MOON']])).status).toBe(201)
    expect((await newest()).problems.sort()).toEqual(['no-idempotency-key', 'place-not-understood'])
    expect((await post([])).status).toBe(201)
  })

  it('never says it arrived when it did not: too long, or no form', async () => {
    const long = await post([['words', 'x'.repeat(70_000)]])
    const strange = await fetch(`${w.origin}/meld?s=${w.schools.own.key}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'x',
    })
    for (const [answer, status] of [
      [long, 413],
      [strange, 400],
    ] as const) {
      expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining('nog niet verstuurd')])
      expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors 'self' ${portal}`)
    }
  })

  it('asks for no name in its address, and sends it nowhere else', async () => {
    const response = await page()
    expect(await response.text()).toContain(`action="/meld?s=${w.schools.own.key}&amp;l=nl"`)
    expect(response.headers.get('content-security-policy')).toContain("form-action 'self'")
  })
})

describe('a database that is gone', () => {
  it('gives 503, when to come back, and no receipt', async () => {
    const pool = new pg.Pool({ host: '/nowhere', user: 'm5_app', database: 'm5' })
    pool.on('error', () => {})
    const down = { ...w.t.db, pool, writeReport: reportWriter(pool) }
    const server = createServer(
      await openApp({ config: w.service.config, keyring: w.t.keyring, log: w.t.log, db: down }),
    )
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`
    const urls = [`/api/reports?school=${w.schools.own.key}`, `/meld?s=${w.schools.own.key}`]
    for (const url of urls) {
      const headers = { 'idempotency-key': randomUUID(), 'content-type': 'application/x-www-form-urlencoded' }
      const response = await fetch(origin + url, { method: 'POST', headers, body: 'behaviour=GOSSIP' })
      const text = await response.text()
      expect([url, response.status, response.headers.get('retry-after')]).toEqual([url, 503, '5'])
      expect(text).not.toMatch(/"mac"|"receivedAt"|we hebben je melding|ENOENT|nowhere/)
    }
    expect((await fetch(`${origin}/readyz`)).status).toBe(503)
    expect((await fetch(`${origin}/healthz`)).status).toBe(200)
    server.close()
    server.closeAllConnections()
    await pool.end()
  })
})

describe('who has sent a report', () => {
  it('finds it by no other route: what is stored is not given back', async () => {
    const receipt = await receiptOf(await send({ headers: await signed() }))
    const other = signedIn(w.origin, w.schools.own.key, me.frame, me.tokens)
    for (const path of [`/api/reports/${receipt.id}`, '/api/reports', `/api/reports?school=${w.schools.own.key}`])
      expect([path, (await other.get(path)).status]).toEqual([path, 404])
  })
})
