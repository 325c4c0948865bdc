import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { operations } from '../../../connector/api/openapi.ts'
import { openApp } from '../../../connector/app.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { tagOf } from '../../../connector/store/seal.ts'
import { makeFrame, type SignedIn, signInAs } from '../../support/frame.ts'
import { routesOf } from '../../support/routes.ts'
import { account, seedGrant, seedGroup, seedPerson } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

const personas = [
  'nobody',
  'pupil',
  'otherPupil',
  'teacher',
  'otherTeacher',
  'it',
  'csv',
  'unconfirmed',
  'parent',
  'trainee',
  'undecided',
  'sisterPupil',
  'sisterTeacher',
  'foreignPupil',
  'foreignTeacher',
] as const
type Persona = (typeof personas)[number]

let w: World
const signedIn = new Map<Persona, SignedIn>()
beforeAll(async () => {
  w = await openWorld()
  for (const persona of personas) if (persona !== 'nobody') signedIn.set(persona, await come(persona))
})
afterAll(() => w.close())

function come(persona: Exclude<Persona, 'nobody'>): Promise<SignedIn> {
  const school = persona.startsWith('sister')
    ? w.schools.sister
    : persona.startsWith('foreign')
      ? w.schools.foreign
      : w.schools.own
  return signInAs(w.origin, school.key, w.people[persona].subject)
}

interface Ask {
  path: string
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
}

/** With what this persona has: token and proof, or nothing. */
async function ask(persona: Persona, { path, method = 'GET', headers = {}, body }: Ask): Promise<Response> {
  const me = signedIn.get(persona)
  const url = new URL(path, w.origin).href
  const signed = me && {
    Authorization: `DPoP ${me.tokens.access}`,
    DPoP: await me.frame.proof(method, url, { token: me.tokens.access }),
  }
  return fetch(url, { method, redirect: 'manual', headers: { ...signed, ...headers }, ...(body ? { body } : {}) })
}

const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const all = (status: number) => Object.fromEntries(personas.map(p => [p, status])) as Record<Persona, number>
const signedOnly = (status = 200) => ({ ...all(status), nobody: 401 })
const tab = 't'.repeat(32)

interface Row {
  ask: () => Ask | Promise<Ask>
  expected: Record<Persona, number>
}

/** Every route there is. Who may open what: domain notes §2, design.md "What the roster opens". */
const rows: Record<string, Row> = {
  'GET /healthz': { ask: () => ({ path: '/healthz' }), expected: all(200) },
  'GET /readyz': { ask: () => ({ path: '/readyz' }), expected: all(200) },
  'GET /plain.css': { ask: () => ({ path: '/plain.css' }), expected: all(200) },
  'GET /openapi.json': { ask: () => ({ path: '/openapi.json' }), expected: all(200) },
  'GET /v/*path': { ask: () => ({ path: '/v/1/m5.js' }), expected: all(200) },
  'GET /groep': { ask: () => ({ path: `/groep?s=${w.schools.own.key}` }), expected: all(200) },
  'GET /meld': { ask: () => ({ path: `/meld?s=${w.schools.own.key}` }), expected: all(200) },
  'GET /bevestig': { ask: () => ({ path: `/bevestig?s=${w.schools.own.key}` }), expected: all(200) },
  'POST /meld': {
    ask: () => ({
      path: `/meld?s=${w.schools.own.key}`,
      method: 'POST',
      headers: form,
      body: `key=${randomUUID()}&behaviour=GOSSIP`,
    }),
    expected: all(201),
  },
  'GET /api/form': { ask: () => ({ path: `/api/form?school=${w.schools.own.key}` }), expected: all(200) },
  'POST /api/reports': {
    ask: () => ({
      path: `/api/reports?school=${w.schools.own.key}`,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ v: 1, behaviours: ['GOSSIP'] }),
    }),
    expected: all(201),
  },
  'GET /api/me': { ask: () => ({ path: '/api/me' }), expected: signedOnly() },
  'GET /api/people/own-group': {
    ask: () => ({ path: '/api/people/own-group' }),
    expected: { ...signedOnly(), parent: 403, trainee: 403 },
  },
  'GET /api/people': {
    ask: () => ({ path: '/api/people?q=je' }),
    expected: { ...signedOnly(), parent: 403, trainee: 403 },
  },
  'GET /api/groups': { ask: () => ({ path: '/api/groups' }), expected: signedOnly() },
  'GET /api/groups/{groupId}/reports': {
    ask: () => ({ path: `/api/groups/${w.groups.a}/reports` }),
    expected: { ...signedOnly(404), teacher: 200, csv: 200 },
  },
  'POST /api/grants/look': {
    ask: () => ({
      path: '/api/grants/look',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ token: 'x'.repeat(43) }),
    }),
    expected: signedOnly(404),
  },
  'POST /api/grants/confirm': {
    ask: () => ({
      path: '/api/grants/confirm',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ token: 'x'.repeat(43) }),
    }),
    expected: signedOnly(410),
  },
  'GET /api/sources': { ask: () => ({ path: '/api/sources' }), expected: { ...signedOnly(403), it: 200 } },
  'POST /api/sources/{sourceId}/uploads': {
    ask: () => ({ path: `/api/sources/${w.schools.own.id}/uploads`, method: 'POST', headers: json, body: '{}' }),
    expected: { ...signedOnly(403), it: 404 },
  },
  'GET /api/runs': { ask: () => ({ path: '/api/runs' }), expected: { ...signedOnly(403), it: 200 } },
  'GET /api/runs/{runId}': {
    ask: () => ({ path: `/api/runs/${w.schools.own.id}` }),
    expected: { ...signedOnly(403), it: 404 },
  },
  'POST /api/runs/{runId}/approve': {
    ask: () => ({ path: `/api/runs/${w.schools.own.id}/approve`, method: 'POST', headers: json, body: '{}' }),
    expected: { ...signedOnly(403), it: 404 },
  },
  'POST /api/runs/{runId}/cancel': {
    ask: () => ({ path: `/api/runs/${w.schools.own.id}/cancel`, method: 'POST', headers: json, body: '{}' }),
    expected: { ...signedOnly(403), it: 404 },
  },
  // Whoever is no vendor with a source here finds nothing, signed in or not.
  'POST /wake/{boardId}/{sourceId}': {
    ask: () => ({
      path: `/wake/${w.schools.own.boardId}/${w.schools.own.id}`,
      method: 'POST',
      headers: json,
      body: '{}',
    }),
    expected: all(404),
  },
  'POST /entry/handoffs': {
    ask: () => ({
      path: '/entry/handoffs',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ school: w.schools.own.key, jkt: 'x'.repeat(43) }),
    }),
    expected: all(201),
  },
  'POST /entry/handoffs/{id}/claim': {
    ask: async () => {
      const path = `/entry/handoffs/${randomUUID()}/claim`
      const frame = await makeFrame(w.origin, w.schools.own.key)
      const headers = { ...json, DPoP: await frame.proof('POST', w.origin + path) }
      return { path, method: 'POST', headers, body: JSON.stringify({ secret: 'x' }) }
    },
    expected: all(200),
  },
  'POST /entry/remember': {
    ask: () => ({ path: '/entry/remember', method: 'POST', headers: json, body: JSON.stringify({ tab }) }),
    expected: signedOnly(204),
  },
  'POST /entry/silent': {
    ask: () => ({
      path: '/entry/silent',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ school: w.schools.own.key, tab, jkt: 'x'.repeat(43) }),
    }),
    expected: all(401),
  },
  'GET /entry/go': { ask: () => ({ path: `/entry/go?h=${randomUUID()}` }), expected: all(410) },
  'POST /entry/start': {
    ask: () => ({ path: '/entry/start', method: 'POST', headers: form, body: `h=${randomUUID()}` }),
    expected: all(410),
  },
  'GET /entry/callback/{signInId}': {
    ask: () => ({ path: `/entry/callback/${w.signIns.own}?code=x&state=y` }),
    expected: all(400),
  },
  'POST /entry/confirm': {
    ask: () => ({ path: '/entry/confirm', method: 'POST', headers: form, body: 't=x&code=10' }),
    expected: all(410),
  },
  'GET /entry/entry.css': { ask: () => ({ path: '/entry/entry.css' }), expected: all(200) },
  'GET /entry/close.js': { ask: () => ({ path: '/entry/close.js' }), expected: all(200) },
  // Last: it ends what the rows above need.
  'POST /entry/leave': {
    ask: () => ({ path: '/entry/leave', method: 'POST', headers: json, body: '{}' }),
    expected: all(204),
  },
}

describe('every route', () => {
  it('has a row here, and every row a route', async () => {
    const app = await openApp({ config: w.service.config, ...w.t })
    expect(routesOf(app).sort()).toEqual(Object.keys(rows).sort())
  })

  it('that a widget calls stands in the OpenAPI document, and nothing else does', () => {
    const pages = /^GET \/entry\/|^POST \/entry\/(start|confirm)$/
    const called = Object.keys(rows).filter(name => / \/(api|entry)\//.test(name) && !pages.test(name))
    expect(Object.keys(operations).sort()).toEqual(called.sort())
  })
})

const groupsOf: Partial<Record<Persona, string[]>> = {
  teacher: ['7A'],
  otherTeacher: ['7B'],
  csv: ['7A', '7B'],
  sisterTeacher: ['7A'],
  foreignTeacher: ['7A'],
}
describe('the homerooms that are listed', () => {
  it.for(personas.filter(p => p !== 'nobody'))('for %s', async persona => {
    const { groups } = (await (await ask(persona, { path: '/api/groups' })).json()) as { groups: { name: string }[] }
    expect(groups.map(g => g.name)).toEqual(groupsOf[persona] ?? [])
  })
})

describe('a group that is not theirs', () => {
  it('answers as one that does not exist', async () => {
    const answer = async (persona: Persona, id: string) => {
      const response = await ask(persona, { path: `/api/groups/${id}/reports` })
      const { requestId, ...body } = (await response.json()) as Record<string, unknown>
      const headers = Object.fromEntries(
        [...response.headers].filter(([name]) => !['date', 'etag', 'x-request-id'].includes(name)),
      )
      return { status: response.status, body, headers }
    }
    const nothing = await answer('teacher', randomUUID())
    expect(nothing).toMatchObject({ status: 404, body: { code: 'group-unknown' } })
    const { a, b, sister, foreign } = w.groups
    const asked: [Persona, string][] = [
      ...[b, sister, foreign, w.people.pupil.id, w.schools.own.id, 'x', '..%2f..'].map((id): [Persona, string] => [
        'teacher',
        id,
      ]),
      ...(
        ['pupil', 'it', 'unconfirmed', 'parent', 'trainee', 'undecided', 'sisterTeacher', 'foreignTeacher'] as const
      ).map((persona): [Persona, string] => [persona, a]),
      ['csv', sister],
      ['csv', foreign],
    ]
    for (const [persona, id] of asked) expect([persona, id, await answer(persona, id)]).toEqual([persona, id, nothing])
  })
})

describe('the link of a grant', () => {
  it('opens for the one it was made for, once, and then the role counts at the next request', async () => {
    const token = randomBytes(32).toString('base64url')
    const { boardId } = w.schools.own
    const person = await seedPerson(w.t, w.schools.own, { role: 'staff' })
    w.upstream.setPeople([...Object.values(w.people), person].map(account))
    const receiver = await signInAs(w.origin, w.schools.own.key, person.subject)
    const id = await seedGrant(w.t, w.schools.own, person.id, { role: 'SAFETY_COORDINATOR', confirmed: false })
    const facts = { confirmTag: tagOf(token), confirmById: w.people.otherTeacher.id, grantedBy: 'operator' }
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.grant.update({ where: { boardId_id: { boardId, id } }, data: facts }),
    )
    const send = async (persona: Persona, what: 'look' | 'confirm') =>
      (
        await ask(persona, {
          path: `/api/grants/${what}`,
          method: 'POST',
          headers: json,
          body: JSON.stringify({ token }),
        })
      ).status
    const panel = `/api/groups/${w.groups.a}/reports`
    for (const persona of personas)
      if (!['nobody', 'otherTeacher'].includes(persona))
        expect([persona, await send(persona, 'look'), await send(persona, 'confirm')]).toEqual([persona, 404, 410])
    expect((await receiver.get(panel)).status).toBe(404)
    expect([await send('otherTeacher', 'look'), await send('otherTeacher', 'confirm')]).toEqual([200, 204])
    expect((await receiver.get(panel)).status).toBe(200)
    expect([await send('otherTeacher', 'look'), await send('otherTeacher', 'confirm')]).toEqual([404, 410])
  })
})

describe('a right that is taken away', () => {
  it.for([
    ['the membership ended', 'update "Membership" set "endsOn" = current_date - 1 where "personId" = $1'],
    ['the membership became another', `update "Membership" set role = 'undecided' where "personId" = $1`],
    ['the person became a trainee', `update "Affiliation" set role = 'trainee' where "personId" = $1`],
    ['the membership is gone', 'delete from "Membership" where "personId" = $1'],
  ] as const)('closes the panel at the next request: %s', async ([, sql]) => {
    const group = await seedGroup(w.t, w.schools.own, randomUUID())
    const person = await seedPerson(w.t, w.schools.own, { role: 'staff', groups: [{ id: group, role: 'teacher' }] })
    await closes(person, group, sql)
  })

  it('ends the session of a person who left the school, also when another school still has them', async () => {
    const group = await seedGroup(w.t, w.schools.own, randomUUID())
    const person = await seedPerson(w.t, w.schools.own, { role: 'staff', groups: [{ id: group, role: 'teacher' }] })
    const account = { sub: person.subject, username: person.subject, name: 'x', claims: { sis_id: person.sisId } }
    w.upstream.setPeople([account])
    const me = await signInAs(w.origin, w.schools.own.key, person.subject)
    expect((await me.get('/api/me')).status).toBe(200)
    const sql = `update "Affiliation" set status = 'inactive' where "personId" = $1`
    await w.t.asSuperuser(client => client.query(sql, [person.id]))
    expect((await me.get('/api/me')).status).toBe(401)
  })

  it.for([
    ['revoked', 'update "Grant" set "revokedAt" = now() where "personId" = $1'],
    ['over', 'update "Grant" set until = current_date - 1 where "personId" = $1'],
    ['no longer confirmed', 'update "Grant" set "confirmedAt" = null where "personId" = $1'],
  ] as const)('closes the panels at the next request: the grant is %s', async ([, sql]) => {
    const person = await seedPerson(w.t, w.schools.own, { role: 'staff' })
    await w.t.asSuperuser(client =>
      client.query(
        `insert into "Grant" ("boardId", id, "schoolId", "personId", role, "startsOn", "grantedBy", "confirmedAt")
         values ($1, gen_random_uuid(), $2, $3, 'SAFETY_COORDINATOR', current_date - 1, 'proef', now())`,
        [w.schools.own.boardId, w.schools.own.id, person.id],
      ),
    )
    await closes(person, w.groups.a, sql)
  })

  async function closes(person: { id: string; subject: string; sisId: string }, group: string, sql: string) {
    const account = { sub: person.subject, username: person.subject, name: 'x', claims: { sis_id: person.sisId } }
    w.upstream.setPeople([account])
    const me = await signInAs(w.origin, w.schools.own.key, person.subject)
    const path = `/api/groups/${group}/reports`
    expect((await me.get(path)).status).toBe(200)
    await w.t.asSuperuser(client => client.query(sql, [person.id]))
    expect((await me.get(path)).status).toBe(404)
    expect(await (await me.get('/api/groups')).json()).toEqual({ groups: [] })
  }
})

describe.for(Object.keys(rows))('%s', name => {
  const row = rows[name] as Row
  it.for(personas)('for %s', async persona => {
    const response = await ask(persona, await row.ask())
    expect(response.status).toBe(row.expected[persona])
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    if (response.status >= 400 && !response.headers.get('content-type')?.startsWith('text/html')) {
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      const problem = (await response.json()) as Record<string, unknown>
      expect(Object.keys(problem).sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    }
  })
})
