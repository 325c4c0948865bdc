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

/** About a case that is none. */
const caseRow = (end: string, body: object = {}): Row => ({
  ask: () => ({
    path: `/api/cases/${w.schools.own.id}/${end}`,
    method: 'POST',
    headers: json,
    body: JSON.stringify(body),
  }),
  expected: { ...signedOnly(403), csv: 404 },
})

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
  'GET /plain.js': { ask: () => ({ path: '/plain.js' }), expected: all(200) },
  'GET /late.css': { ask: () => ({ path: '/late.css' }), expected: all(200) },
  'GET /status': { ask: () => ({ path: `/status?s=${w.schools.own.key}` }), expected: all(200) },
  'POST /status': {
    ask: () => ({
      path: `/status?s=${w.schools.own.key}`,
      method: 'POST',
      headers: form,
      body: 'words=geen+woorden+hier',
    }),
    expected: all(200),
  },
  // Who may, and for which report: test/connector/reports/progress.database.test.ts.
  'POST /api/reports/{reportId}/claim': {
    ask: () => ({
      path: `/api/reports/${randomUUID()}/claim`,
      method: 'POST',
      headers: json,
      body: JSON.stringify({ receivedAt: new Date().toISOString(), mac: 'x', code: 'een twee drie' }),
    }),
    expected: signedOnly(404),
  },
  'GET /api/reports/{reportId}/progress': {
    ask: () => ({ path: `/api/reports/${randomUUID()}/progress` }),
    expected: signedOnly(404),
  },
  'POST /api/reports/{reportId}/progress': {
    ask: () => ({
      path: `/api/reports/${randomUUID()}/progress`,
      method: 'POST',
      headers: json,
      body: JSON.stringify({ state: 'READ' }),
    }),
    expected: signedOnly(404),
  },
  'GET /api/me': { ask: () => ({ path: '/api/me' }), expected: signedOnly() },
  'GET /api/me/proof': { ask: () => ({ path: '/api/me/proof' }), expected: signedOnly() },
  'GET /api/passkeys': { ask: () => ({ path: '/api/passkeys' }), expected: signedOnly(403) },
  'POST /api/passkeys/{passkeyId}/confirm': {
    ask: () => ({ path: `/api/passkeys/${randomUUID()}/confirm`, method: 'POST', headers: json, body: '{}' }),
    expected: signedOnly(403),
  },
  'POST /api/passkeys/{passkeyId}/revoke': {
    ask: () => ({ path: `/api/passkeys/${randomUUID()}/revoke`, method: 'POST', headers: json, body: '{}' }),
    expected: signedOnly(403),
  },
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
  // Of no case: whether somebody handles cases at all is answered before which.
  'GET /api/cases': { ask: () => ({ path: '/api/cases' }), expected: { ...signedOnly(403), csv: 200 } },
  'POST /api/cases': {
    ask: () => ({
      path: '/api/cases',
      method: 'POST',
      headers: json,
      body: JSON.stringify({ personId: w.people.pupil.id }),
    }),
    expected: { ...signedOnly(403), csv: 201 },
  },
  'GET /api/cases/{caseId}': {
    ask: () => ({ path: `/api/cases/${w.schools.own.id}` }),
    expected: { ...signedOnly(403), csv: 404 },
  },
  'POST /api/cases/{caseId}/close': caseRow('close'),
  'POST /api/cases/{caseId}/contacts': caseRow('contacts', { name: 'Ouder', email: 'ouder@thuis.example' }),
  'POST /api/cases/{caseId}/contacts/{contactId}/remove': caseRow(`contacts/${randomUUID()}/remove`),
  'POST /api/cases/{caseId}/contacts/{contactId}/messages': caseRow(`contacts/${randomUUID()}/messages`, {
    text: 'Hoi',
  }),
  'POST /api/cases/{caseId}/contacts/{contactId}/link': caseRow(`contacts/${randomUUID()}/link`),
  // A contact of a case has a cookie of its own: to these pages everybody is nobody, however they are signed in.
  'GET /ouder/l/{token}': { ask: () => ({ path: `/ouder/l/${'x'.repeat(43)}` }), expected: all(200) },
  'POST /ouder/open': {
    ask: () => ({ path: '/ouder/open', method: 'POST', headers: form, body: `t=${'x'.repeat(43)}` }),
    expected: all(410),
  },
  'GET /ouder': { ask: () => ({ path: '/ouder' }), expected: all(401) },
  'POST /ouder/bericht': {
    ask: () => ({ path: '/ouder/bericht', method: 'POST', headers: form, body: `key=${randomUUID()}&text=x` }),
    expected: all(401),
  },
  'GET /ouder/melding': { ask: () => ({ path: '/ouder/melding' }), expected: all(401) },
  'POST /ouder/melding': {
    ask: () => ({ path: '/ouder/melding', method: 'POST', headers: form, body: 'behaviour=GOSSIP' }),
    expected: all(401),
  },
  'POST /ouder/stop': {
    ask: () => ({ path: '/ouder/stop', method: 'POST', headers: form, body: '' }),
    expected: all(200),
  },
  'GET /ouder/ouder.css': { ask: () => ({ path: '/ouder/ouder.css' }), expected: all(200) },
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
  // For platforms and whoever they send; nobody is anybody here before a launch holds.
  'GET /lti/login': { ask: () => ({ path: '/lti/login?iss=https://lms.example&login_hint=x' }), expected: all(400) },
  'POST /lti/login': {
    ask: () => ({ path: '/lti/login', method: 'POST', headers: form, body: 'iss=https://lms.example&login_hint=x' }),
    expected: all(400),
  },
  'GET /lti/begin': { ask: () => ({ path: `/lti/begin?s=${'x'.repeat(43)}` }), expected: all(400) },
  'POST /lti/launch': {
    ask: () => ({ path: '/lti/launch', method: 'POST', headers: form, body: `id_token=x.y.z&state=${'x'.repeat(43)}` }),
    expected: all(400),
  },
  'GET /lti/storage.js': { ask: () => ({ path: '/lti/storage.js' }), expected: all(200) },
  'GET /lti/jwks': { ask: () => ({ path: '/lti/jwks' }), expected: all(200) },
  'POST /lti/choose': {
    ask: () => ({ path: '/lti/choose', method: 'POST', headers: form, body: `key=${'x'.repeat(43)}&item=stopknop` }),
    expected: all(410),
  },
  'GET /lti/send.js': { ask: () => ({ path: '/lti/send.js' }), expected: all(200) },
  // Whoever has the invitation connects an LMS; without one nobody does, whoever they are here.
  'GET /lti/register/{invitation}': {
    ask: () => ({ path: `/lti/register/${'x'.repeat(43)}?openid_configuration=https://lms.example/c` }),
    expected: all(410),
  },
  'POST /lti/register/{invitation}': {
    ask: () => ({ path: `/lti/register/${'x'.repeat(43)}`, method: 'POST', headers: form, body: 'do=register' }),
    expected: all(410),
  },
  'GET /lti/close.js': { ask: () => ({ path: '/lti/close.js' }), expected: all(200) },
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
  'POST /entry/arrive': {
    ask: async () => {
      const frame = await makeFrame(w.origin, w.schools.own.key)
      const headers = { ...json, DPoP: await frame.proof('POST', `${w.origin}/entry/arrive`) }
      return {
        path: '/entry/arrive',
        method: 'POST',
        headers,
        body: JSON.stringify({ secret: 'x', jkt: 'x'.repeat(43) }),
      }
    },
    expected: all(401),
  },
  'POST /entry/link': {
    ask: () => ({ path: '/entry/link', method: 'POST', headers: json, body: JSON.stringify({ secret: 'x' }) }),
    expected: signedOnly(410),
  },
  'GET /oembed': {
    ask: () => ({ path: `/oembed?url=${encodeURIComponent(`${w.origin}/meld?s=${w.schools.own.key}`)}` }),
    expected: all(200),
  },
  'GET /teams/teams.css': { ask: () => ({ path: '/teams/teams.css' }), expected: all(200) },
  'GET /teams/tab': { ask: () => ({ path: `/teams/tab?s=${w.schools.own.key}` }), expected: all(200) },
  'GET /teams/config': { ask: () => ({ path: `/teams/config?s=${w.schools.own.key}` }), expected: all(200) },
  'POST /entry/fresh': {
    ask: () => ({ path: '/entry/fresh', method: 'POST', headers: json, body: '{}' }),
    expected: signedOnly(201),
  },
  'GET /entry/fresh': { ask: () => ({ path: `/entry/fresh?h=${randomUUID()}` }), expected: all(410) },
  'GET /entry/fresh/start': { ask: () => ({ path: `/entry/fresh/start?h=${randomUUID()}` }), expected: all(410) },
  'POST /entry/passkey/prove': {
    ask: () => ({ path: '/entry/passkey/prove', method: 'POST', headers: form, body: 'answer=x' }),
    expected: all(403),
  },
  'POST /entry/passkey/enrol': {
    ask: () => ({ path: '/entry/passkey/enrol', method: 'POST', headers: form, body: 'answer=x' }),
    expected: all(403),
  },
  'GET /entry/passkey.js': { ask: () => ({ path: '/entry/passkey.js' }), expected: all(200) },
  'GET /entry/open': { ask: () => ({ path: `/entry/open?h=${randomUUID()}` }), expected: all(410) },
  'POST /entry/open': {
    ask: () => ({ path: '/entry/open', method: 'POST', headers: form, body: `h=${randomUUID()}&key=x` }),
    expected: all(204),
  },
  'GET /entry/open.js': { ask: () => ({ path: '/entry/open.js' }), expected: all(200) },
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
  // Whoever brings no token of Entra is nobody, signed in or not.
  'POST /entry/teams': {
    ask: () => ({ path: '/entry/teams', method: 'POST', headers: json, body: JSON.stringify({ token: 'a.b.c' }) }),
    expected: all(401),
  },
  'GET /entry/go': { ask: () => ({ path: `/entry/go?h=${randomUUID()}` }), expected: all(410) },
  'GET /entry/start': {
    ask: () => ({ path: `/entry/start?h=${randomUUID()}&w=${w.signIns.own}` }),
    expected: all(410),
  },
  // For issuers, and nobody else: without a token that one of them signed nothing ends.
  'POST /entry/backchannel/{signInId}': {
    ask: () => ({
      path: `/entry/backchannel/${w.signIns.own}`,
      method: 'POST',
      headers: form,
      body: 'logout_token=x.y.z',
    }),
    expected: all(400),
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
    const pages = /^GET \/entry\/|^POST \/entry\/(start|confirm|open|passkey\/\w+|backchannel\/\{signInId\})$/
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
      // A way in that failed has the number of its note beside them.
      const named = Object.keys(problem).filter(name => name !== 'number')
      expect(named.sort()).toEqual(['code', 'requestId', 'status', 'title', 'type'])
    }
  })
})
