import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ticketGrantType } from '../../../connector/api/contract.ts'
import { type SignIn, startSignIn } from '../../school/sign-in.ts'
import { makeVisitor } from '../../school/visitor.ts'
import { freePort } from '../../support/connector-process.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { canary, makeFrame, type SignedIn, signInAs, walkWindow } from '../../support/frame.ts'
import {
  account,
  type SeededPerson,
  type SeededSchool,
  seedBoard,
  seedGroup,
  seedPerson,
  seedSchool,
  seedSignIn,
} from '../../support/seed.ts'

let t: TestDatabase
let upstream: SignIn
let school: SeededSchool
let person: SeededPerson
let me: SignedIn
let origin: string
let said = ''
let stop: () => Promise<unknown>
const words: string[] = []
const word = () => {
  words.push(canary())
  return words.at(-1) ?? ''
}

beforeAll(async () => {
  t = await testDatabase()
  origin = `http://localhost:${await freePort()}`
  upstream = await startSignIn({ people: [] })
  school = await seedSchool(t, await seedBoard(t), { name: word() })
  const group = await seedGroup(t, school, word())
  person = await seedPerson(t, school, {
    role: 'staff',
    names: { preferred: word(), family: word() },
    groups: [{ id: group, role: 'teacher' }],
  })
  upstream.setPeople([account(person), { sub: word(), username: word(), name: word(), claims: { sis_id: word() } }])
  await seedSignIn(t, school, upstream, origin)
  const main = fileURLToPath(new URL('../../../connector/main.ts', import.meta.url))
  const env = {
    PATH: process.env.PATH ?? '',
    DATABASE_URL: t.url,
    M5_MASTER_KEY: testMasterKey,
    M5_URL: origin,
    M5_LOG: 'debug',
  }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => (said += String(chunk)))
  await once(child, 'message')
  stop = async () => {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  me = await signInAs(origin, school.key, person.subject)
  words.push(person.sisId, me.tokens.access, me.tokens.refresh, testMasterKey)
})
afterAll(async () => {
  await upstream.close()
  await t.close()
})

const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
const post = (path: string, body: string, headers: Record<string, string> = json) =>
  fetch(origin + path, { method: 'POST', headers, body, redirect: 'manual' })
const report = (headers: Record<string, string> = {}) =>
  post(
    `/api/reports?school=${school.key}&${word()}=${word()}`,
    JSON.stringify({
      ...{
        v: 1,
        behaviours: ['GOSSIP', word()],
        words: word(),
        place: 'BUS',
        reporterName: word(),
        reporterGroup: word(),
      },
      ...{ involved: [{ who: { typedName: word() }, role: 'ACTOR' }], [word()]: word(), date: word() },
    }),
    {
      'idempotency-key': word(),
      'content-type': `text/${word()}`,
      'user-agent': word(),
      referer: `https://x/${word()}`,
      cookie: `${word()}=${word()}`,
      ...headers,
    },
  )
const form = (fields: Record<string, string>) =>
  post(`/meld?s=${school.key}`, new URLSearchParams(fields).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
  })

/** Every input there is, each with a word that stands nowhere else. */
async function useEverything(): Promise<void> {
  await report()
  await report({ authorization: `DPoP ${word()}.${word()}.x`, dpop: word() })
  await form({
    words: word(),
    name: word(),
    actor: word(),
    target: word(),
    place: word(),
    key: word(),
    [word()]: word(),
  })
  await me.report({ v: 1, behaviours: ['GOSSIP'], words: word() })
  await me.get(`/api/people?q=${word()}`)
  await me.get(`/api/people?q=${word()}&q=${word()}`)
  await me.get(`/api/groups/${word()}/reports?from=${word()}&to=${word()}`)
  await me.get('/api/me')
  await me.get('/api/groups')
  await fetch(`${origin}/${word()}/${word()}?${word()}`)
  await fetch(`${origin}/api/form?school=${word()}`)
  await fetch(`${origin}/entry/go?h=${word()}`)
  await fetch(
    `${origin}/entry/callback/${word()}?state=${word()}&code=${word()}&error=${word()}&error_description=${word()}`,
  )
  await post('/entry/handoffs', `{"school":"${word()}","jkt":"${word()}"}`)
  await post('/entry/handoffs', `{"school":"${word()}`)
  await post(`/entry/handoffs/${word()}/claim`, JSON.stringify({ secret: word() }), { ...json, dpop: word() })
  await post('/entry/silent', JSON.stringify({ school: word(), tab: word(), jkt: word() }), {
    ...json,
    cookie: `m5_tab=${word()}`,
  })
  await post('/api/grants/look', JSON.stringify({ token: word() }))
  const urlencoded = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
  await post('/entry/confirm', `t=${word()}&code=${word()}`, urlencoded)
  await post('/entry/start', `h=${word()}&signIn=${word()}`, urlencoded)
  await post('/oidc/token', `client_id=m5-views&grant_type=${encodeURIComponent(ticketGrantType)}&ticket=${word()}`, {
    ...urlencoded,
    dpop: word(),
  })
  await post('/oidc/token', `client_id=${word()}&grant_type=${word()}&refresh_token=${word()}`, urlencoded)
  await fetch(`${origin}/oidc/auth?client_id=${word()}&redirect_uri=https://${word()}`)
  const handoff = await (await makeFrame(origin, school.key)).openHandoff()
  words.push(handoff.secret)
  await walkWindow(origin, handoff.goPath, person.subject, makeVisitor())
}

describe('the log', () => {
  it('holds no word of any input, also where everything goes wrong', async () => {
    await useEverything()
    // Errors that carry whole rows: as a failed constraint does, as a missing table, as a right that is gone.
    const breakages = [
      [
        `alter table "Report" add constraint broken check (place = '') not valid`,
        'alter table "Report" drop constraint broken',
      ],
      [
        'alter table "Handoff" add constraint broken check (false) not valid',
        'alter table "Handoff" drop constraint broken',
      ],
      [
        'alter table "Pending" add constraint broken check (false) not valid',
        'alter table "Pending" drop constraint broken',
      ],
      ['revoke select on "Person" from m5_app', 'grant select on "Person" to m5_app'],
      ['alter table "OidcRecord" rename to "Away"', 'alter table "Away" rename to "OidcRecord"'],
      [`update "Person" set "namesSealed" = '\\x00'`, 'select 1'],
    ] as const
    const failed: number[] = []
    for (const [breaks, mends] of breakages) {
      await t.asSuperuser(client => client.query(breaks))
      failed.push((await report()).status, (await form({ words: word() })).status)
      await useEverything().catch(() => undefined)
      await t.asSuperuser(client => client.query(mends))
    }
    await stop()

    expect(failed.slice(0, 2)).toEqual([503, 503])
    const lines = said.trim().split('\n')
    expect(lines.filter(line => line.includes('request failed')).length).toBeGreaterThan(3)
    expect(words.length).toBeGreaterThan(300)
    expect(words.filter(word => said.includes(word))).toEqual([])
    expect(said).not.toMatch(/Failing row|invocation|DETAIL|eyJ/)
  })

  it('is JSON with allowed fields, and nothing else is printed', () => {
    const allowed = [
      'level',
      'time',
      'msg',
      'requestId',
      'method',
      'route',
      'status',
      'ms',
      'code',
      'reason',
      'boardId',
      'schoolId',
      'count',
      'channel',
      'port',
      'url',
      'pid',
      'version',
      'at',
    ]
    for (const line of said.trim().split('\n')) {
      expect(line).toMatch(/^\{/)
      const fields = Object.keys(JSON.parse(line) as object)
      expect(fields.filter(name => !allowed.includes(name))).toEqual([])
    }
  })
})
