import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Options } from '../../adapters/graph/options.ts'
import { type GraphSettings, graphSource, microsoft } from '../../adapters/graph/source.ts'
import { bareTenant, canaries, ids, tenant } from '../fixtures/graph/tenant.ts'
import { app } from '../school/sis/graph.ts'
import { entraError, graphError } from '../school/sis/graph-answer.ts'
import { type Cloud, hosts, microsoftCloud } from '../school/sis/graph-cloud.ts'
import { readAll, readFailing } from './conformance.ts'
import { context } from './support.ts'

let cloud: Cloud
beforeEach(() => {
  cloud = microsoftCloud(tenant)
})
afterEach(() => nock.cleanAll())

function cloudSource(options: Partial<Options> = {}, given = context(), more: Partial<GraphSettings> = {}) {
  const homerooms = { field: 'displayName', patterns: ['Groep *'] }
  return graphSource(microsoft.options.parse({ ...app, level: 'primary', homerooms, ...options }), given, more)
}

const user = (id: string) => `user:${id}`
const class8 = `class:${ids.class8}:2026-2027`
const music = `class:${ids.music}:2026-2027`

describe('a tenant with School Data Sync', () => {
  it('becomes a school, its classes, its accounts and who is in what', async () => {
    const { records, proof } = await readAll(cloudSource({ permissions: 'full' }))
    expect(records).toEqual([
      {
        type: 'school',
        sourceId: `school:${ids.school}`,
        brin: '99ZZ',
        location: '00',
        name: 'Basisschool De Proef',
        schoolYear: '2026-2027',
      },
      { type: 'group', sourceId: class8, kind: 'homeroom', name: 'Groep 8A', schoolYear: '2026-2027', grades: ['8'] },
      { type: 'group', sourceId: music, kind: 'scheduled', name: 'Muziek', schoolYear: '2026-2027', grades: [] },
      {
        type: 'person',
        sourceId: user(ids.milan),
        stable: true,
        role: 'pupil',
        roleHints: [],
        status: 'active',
        givenName: 'Milan',
        familyNamePrefix: 'de',
        familyName: 'Boer',
        username: '40012@school.example',
        grade: '8',
        keys: [
          { type: 'object-id', value: ids.milan, stable: true },
          { type: 'username', value: '40012@school.example', stable: true },
          { type: 'pupil-number', value: '40012', stable: true },
        ],
      },
      {
        type: 'person',
        sourceId: user(ids.noor),
        stable: true,
        role: 'pupil',
        roleHints: [],
        status: 'inactive',
        preferredFirstName: 'Noor',
        username: '40013@school.example',
        email: 'noor@school.example',
        grade: '8',
        keys: [
          { type: 'object-id', value: ids.noor, stable: true },
          { type: 'username', value: '40013@school.example', stable: true },
          { type: 'email', value: 'noor@school.example', stable: true },
          { type: 'pupil-number', value: '40013', stable: true },
        ],
      },
      {
        type: 'person',
        sourceId: user(ids.jan),
        stable: true,
        role: 'staff',
        roleHints: ['teacher'],
        status: 'active',
        givenName: 'Jan',
        familyNamePrefix: "van 't",
        familyName: 'Hof',
        username: 'JAN@school.example',
        email: 'jan@school.example',
        keys: [
          { type: 'object-id', value: ids.jan, stable: true },
          { type: 'username', value: 'JAN@school.example', stable: true },
          { type: 'email', value: 'jan@school.example', stable: true },
          { type: 'staff-number', value: '8802', stable: true },
        ],
      },
      {
        type: 'person',
        sourceId: user(ids.ict),
        stable: true,
        role: 'unknown',
        roleHints: [],
        status: 'active',
        familyName: 'Beheer',
        username: 'ict@school.example',
        keys: [
          { type: 'object-id', value: ids.ict, stable: true },
          { type: 'username', value: 'ict@school.example', stable: true },
        ],
      },
      { type: 'membership', groupSourceId: class8, personSourceId: user(ids.milan), role: 'pupil' },
      { type: 'membership', groupSourceId: class8, personSourceId: user(ids.noor), role: 'pupil' },
      { type: 'membership', groupSourceId: class8, personSourceId: user(ids.jan), role: 'teacher' },
      { type: 'membership', groupSourceId: class8, personSourceId: user(ids.ict), role: 'undecided' },
      { type: 'membership', groupSourceId: music, personSourceId: user(ids.milan), role: 'pupil' },
      { type: 'membership', groupSourceId: music, personSourceId: user(ids.ict), role: 'undecided' },
    ])
    expect(proof).toMatchObject({
      kind: 'snapshot',
      scope: { brin: '99ZZ', location: '00', organisation: ids.school, schoolYear: '2026-2027' },
      grant: ['EduRoster.Read.All'],
    })
  })

  it('tells what a person must look at, by id', async () => {
    const { findings } = await readAll(cloudSource({ permissions: 'full' }))
    expect(findings).toEqual([
      { code: 'unknown-person', sourceId: class8, detail: '1' },
      { code: 'unknown-grade', sourceId: user(ids.noor), detail: 'KG' },
      { code: 'role-undecided', sourceId: user(ids.ict), detail: class8 },
      { code: 'role-undecided', sourceId: user(ids.ict), detail: music },
      { code: 'unknown-role', sourceId: user(ids.ict), detail: 'none' },
    ])
  })

  it.each(['basic', 'full'] as const)('lets no forbidden value through with %s permissions', async permissions => {
    const text = JSON.stringify([
      await readAll(cloudSource({ permissions })),
      await cloudSource({ permissions }).check(),
    ])
    for (const canary of canaries) expect(text).not.toContain(canary)
    expect(text).not.toContain(app.clientSecret)
  })

  it('asks with basic permissions for nothing that holds a birth date, a number, an address or a contact', async () => {
    const { records } = await readAll(cloudSource())
    const names = new Set(
      cloud.state.selects.filter(({ path }) => !path.endsWith('/classes/delta')).flatMap(({ names }) => names),
    )
    expect([...names].sort()).toEqual([
      'accountEnabled',
      'classCode',
      'displayName',
      'externalId',
      'externalName',
      'givenName',
      'grade',
      'id',
      'mail',
      'mailNickname',
      'primaryRole',
      'schoolNumber',
      'surname',
      'term',
      'userPrincipalName',
      'userType',
    ])
    const types = records.flatMap(record => (record.type === 'person' ? record.keys.map(({ type }) => type) : []))
    expect(new Set(types)).toEqual(new Set(['object-id', 'username', 'email']))
  })

  it('asks nothing of the classes delta, which has no people in its own fields', async () => {
    await readAll(cloudSource())
    expect(cloud.state.selects.filter(({ path }) => path.endsWith('/classes/delta'))).toEqual([
      { path: '/education/classes/delta', names: ['*'] },
    ])
  })
})

describe('a tenant without School Data Sync', () => {
  beforeEach(() => {
    nock.cleanAll()
    cloud = microsoftCloud(bareTenant)
  })

  it('is one school: everybody has an account, nobody a role, and nothing opens', async () => {
    const { records, findings, proof } = await readAll(cloudSource({ permissions: 'full' }))
    expect(records[0]).toEqual({ type: 'school', sourceId: `tenant:${app.tenantId}`, schoolYear: '2026-2027' })
    expect(proof.scope).toEqual({ organisation: app.tenantId, schoolYear: '2026-2027' })
    const people = records.filter(record => record.type === 'person')
    expect(people.map(({ role }) => role)).toEqual(['unknown', 'unknown', 'unknown'])
    expect(people.map(({ keys }) => keys[0]?.type)).toEqual(['object-id', 'object-id', 'object-id'])
    expect(records.flatMap(record => (record.type === 'membership' ? [record.role] : []))).toEqual([
      'other',
      'undecided',
    ])
    expect(findings).toContainEqual({ code: 'no-homerooms', sourceId: `tenant:${app.tenantId}` })
  })

  it('says so in a check', async () => {
    const { ok, says } = await cloudSource({ permissions: 'full' }).check()
    expect(ok).toBe(true)
    expect(says[0]).toBe(
      'This tenant has no schools at Microsoft (no School Data Sync): all its accounts are taken as one school, school year 2026-2027.',
    )
    expect(says).toContain(
      'Accounts without a role at Microsoft, where School Data Sync gives it; they open nothing: 3.',
    )
    expect(says).toContain(
      'No account has a number of a pupil or a member of staff: School Data Sync did not fill them in.',
    )
  })

  it('is read without any class as well', async () => {
    nock.cleanAll()
    microsoftCloud({ ...bareTenant, classes: [], members: {}, teachers: {} })
    const { records, findings } = await readAll(cloudSource())
    expect(records.map(({ type }) => type)).toEqual(['school', 'person', 'person', 'person'])
    expect(findings.map(({ code }) => code)).toEqual(['unknown-role', 'unknown-role', 'unknown-role'])
    expect((await cloudSource().check()).says).toContain(
      'There are no classes: this source tells who has which account, and nothing about groups.',
    )
  })
})

describe('the sign-in', () => {
  it.each([
    [
      'a wrong tenant',
      { tenantId: '7a1c0de0-0000-4000-8000-00000000ffff' },
      'there is no tenant with this ID (AADSTS90002)',
    ],
    [
      'a wrong app',
      { clientId: '7a1c0de0-0000-4000-8000-00000000ffff' },
      'the app is not in this tenant: check tenant ID and client ID, and let an administrator of the tenant consent to it (AADSTS700016)',
    ],
    [
      'a wrong secret',
      { clientSecret: 'CANARY-SECRET' },
      'the client secret is wrong: its value is needed, not its ID (AADSTS7000215)',
    ],
  ])('says plainly what is wrong with %s', async (_, options, says) => {
    const { items, error } = await readFailing(cloudSource(options))
    expect(items).toEqual([])
    expect(error).toMatchObject({ code: 'unauthorized', message: `Microsoft gives no token: ${says}` })
  })

  it.each([
    [
      entraError(401, 'invalid_client', 7000222, 'expired'),
      'the client secret has expired: make a new one in Entra (AADSTS7000222)',
    ],
    [
      entraError(400, 'invalid_request', 999999, 'new'),
      'tenant ID, client ID or client secret is not accepted (AADSTS999999)',
    ],
    [{ status: 401, body: 'no' }, 'tenant ID, client ID or client secret is not accepted (HTTP 401)'],
  ])('knows codes, and says something of those it does not know', async (answer, says) => {
    cloud.instead = ({ path }) => (path.endsWith('/token') ? answer : undefined)
    const { error } = await readFailing(cloudSource())
    expect(error).toMatchObject({ code: 'unauthorized', message: `Microsoft gives no token: ${says}` })
    expect(`${error.message} ${error.cause}`).not.toContain('CANARY')
  })

  it('asks for Graph alone, with the secret in the body only', async () => {
    await readAll(cloudSource())
    expect(cloud.asked[0]).toBe(`POST /${app.tenantId}/oauth2/v2.0/token`)
    expect(new URLSearchParams(cloud.bodies[0]).get('scope')).toBe('https://graph.microsoft.com/.default')
    expect(cloud.asked.filter(asked => asked.endsWith('/token'))).toHaveLength(1)
    expect(cloud.asked.join()).not.toContain(app.clientSecret)
  })

  it('gets one new token when one is refused before its time, and no more than one', async () => {
    let refused = 0
    cloud.instead = ({ path }) =>
      path.endsWith('/users') && refused++ === 0 ? graphError(401, 'InvalidAuthenticationToken') : undefined
    expect((await readAll(cloudSource())).proof.kind).toBe('snapshot')
    expect(cloud.asked.filter(asked => asked.endsWith('/token'))).toHaveLength(2)
    cloud.asked.length = 0
    cloud.instead = ({ path }) =>
      path === '/v1.0/education/schools' ? graphError(401, 'InvalidAuthenticationToken') : undefined
    expect((await readFailing(cloudSource())).error.code).toBe('unauthorized')
    expect(cloud.asked.filter(asked => asked.endsWith('/token'))).toHaveLength(2)
  })

  it('waits at the sign-in too', async () => {
    const waits: number[] = []
    let times = 0
    cloud.instead = ({ path }) =>
      path.endsWith('/token') && times++ === 0
        ? { status: 429, headers: { 'retry-after': '2.128' }, body: '' }
        : undefined
    await readAll(cloudSource({}, context({ wait: async ms => waits.push(ms) })))
    expect(waits).toEqual([2128])
  })

  it.each([
    ['us-gov', 'https://login.microsoftonline.us', 'https://graph.microsoft.us'],
    ['us-dod', 'https://login.microsoftonline.us', 'https://dod-graph.microsoft.us'],
    ['china', 'https://login.chinacloudapi.cn', 'https://microsoftgraph.chinacloudapi.cn'],
  ] as const)('goes to the hosts of the cloud %s, and nowhere else', async (name, login, graph) => {
    nock.cleanAll()
    const other = microsoftCloud(tenant, { login, graph })
    const { proof } = await readAll(cloudSource({ cloud: name }))
    expect(proof.kind).toBe('snapshot')
    expect(new URLSearchParams(other.bodies[0]).get('scope')).toBe(`${graph}/.default`)
    expect((await cloudSource({ cloud: name }).check()).says.at(-1)).toContain('global cloud only')
    const hostsOf = microsoft.hosts(microsoft.options.parse({ ...app, cloud: name }))
    expect(hostsOf).toEqual([new URL(login).host, new URL(graph).host])
  })
})

describe('rights', () => {
  it('that nobody consented to are asked for by name', async () => {
    cloud.state.permissions = []
    const { items, error } = await readFailing(cloudSource())
    expect(items).toEqual([])
    expect(error).toMatchObject({ code: 'unauthorized', status: 403 })
    expect(error.message).toMatch(/\(Forbidden\): give it the application permission EduRoster.ReadBasic.All/)
  })

  it('that do not reach to lists of people are told apart from wrong credentials', async () => {
    cloud.state.permissions = ['EduRoster.ReadBasic.All']
    expect((await readFailing(cloudSource())).error.message).toBe(
      'Microsoft does not let this app read the roster (Authorization_RequestDenied): give it the application permission EduRoster.ReadBasic.All, or EduRoster.Read.All, which Microsoft asks for lists of people and members, in Entra and let an administrator consent',
    )
    expect((await readFailing(cloudSource({ permissions: 'full' }))).error.message).toContain(
      'permission EduRoster.Read.All in Entra',
    )
  })

  it('that fail inside a batch fail the run', async () => {
    cloud.instead = ({ path, body }) =>
      path.endsWith('/$batch')
        ? {
            body: {
              responses: JSON.parse(body).requests.map(({ id }: { id: string }) => ({
                id,
                status: 403,
                body: graphError(403, 'Authorization_RequestDenied').body,
              })),
            },
          }
        : undefined
    const { items, error } = await readFailing(cloudSource())
    expect(items).toEqual([])
    expect(error.code).toBe('unauthorized')
  })

  it('are in the proof and in what a check says, with those that are not needed', async () => {
    cloud.state.permissions = ['User.Read.All', 'EduRoster.Read.All']
    expect((await readAll(cloudSource())).proof.grant).toEqual(['EduRoster.Read.All', 'User.Read.All'])
    const { says } = await cloudSource().check()
    expect(says).toContain('Permissions of the app: EduRoster.Read.All, User.Read.All.')
    expect(says).toContain('It does not need User.Read.All: take that away in Entra.')
  })

  it('are left open where the token cannot be read', async () => {
    cloud.instead = ({ path }) => {
      if (!path.endsWith('/token')) return undefined
      cloud.state.tokens.add('opaque')
      return { body: { access_token: 'opaque', expires_in: 3599 } }
    }
    expect((await readAll(cloudSource())).proof).not.toHaveProperty('grant')
  })

  it('to hidden membership are missed by name', async () => {
    cloud.state.hiddenMembership = true
    expect((await cloudSource().check()).says).toContain(
      'No class has anybody in it. Where membership is hidden, the app also needs the application permission Member.Read.Hidden.',
    )
    const { findings } = await readAll(cloudSource())
    expect(findings).toContainEqual({ code: 'no-group-teachers', sourceId: `school:${ids.school}` })
  })
})

describe('pages', () => {
  it('are followed letter by letter, in whatever order their link is written', async () => {
    const odd = '/v1.0/education/schools/x/users?$skiptoken=a%2Bb%3D%3D&x=1&x=2&$top=1&$select=id'
    const plain = `/v1.0/education/schools/${ids.school}/users`
    cloud.instead = ({ path }, raw) => {
      if (raw === odd) return { body: { value: [tenant.users[1]] } }
      if (path === plain) return { body: { value: [tenant.users[0]], '@odata.nextLink': `${hosts.graph}${odd}` } }
      return undefined
    }
    const { records } = await readAll(cloudSource())
    expect(cloud.asked).toContain(`GET ${odd}`)
    expect(records.filter(({ type }) => type === 'person')).toHaveLength(2)
  })

  it.each([
    ['another host', 'https://graph.example.org/v1.0/education/users?$skiptoken=CANARY'],
    ['a name that only looks like it', 'https://graph.microsoft.com.example.org/v1.0/x'],
    ['plain http', 'http://graph.microsoft.com/v1.0/education/users'],
    ['credentials in it', 'https://u:p@graph.microsoft.com/v1.0/education/users'],
    ['nothing', 'nergens'],
  ])('that lead to %s are not followed', async (_, link) => {
    cloud.instead = ({ path }) =>
      path.endsWith('/schools') ? { body: { value: [], '@odata.nextLink': link } } : undefined
    const { items, error } = await readFailing(cloudSource())
    expect(items).toEqual([])
    expect(error).toMatchObject({
      code: 'malformed',
      message: 'the source gives a next page on another address: not followed',
    })
  })

  it('of the members of one class are followed too', async () => {
    cloud.state.pageSize = 2
    const { records } = await readAll(cloudSource())
    expect(records.filter(record => record.type === 'membership' && record.groupSourceId === class8)).toHaveLength(4)
    expect(cloud.asked.filter(asked => asked.includes(`/classes/${ids.class8}/members?`))).toHaveLength(2)
  })
})

describe('batches', () => {
  const manyClasses = (count: number) => {
    const classes = Array.from({ length: count }, (_, n) => ({ ...tenant.classes[1], id: `class-${n}` }))
    return {
      ...tenant,
      classes,
      members: Object.fromEntries(classes.map(({ id }) => [id, [ids.milan, ids.jan]])),
      teachers: Object.fromEntries(classes.map(({ id }) => [id, [ids.jan]])),
      schoolOf: { ...tenant.schoolOf, ...Object.fromEntries(classes.map(({ id }) => [id, ids.school])) },
    }
  }

  it('hold twenty questions at most, and nothing but relative reads', async () => {
    nock.cleanAll()
    cloud = microsoftCloud(manyClasses(25))
    const { records } = await readAll(cloudSource())
    expect(records.filter(({ type }) => type === 'membership')).toHaveLength(50)
    const batches = cloud.bodies.slice(1).map(body => JSON.parse(body).requests)
    expect(batches.map(({ length }) => length)).toEqual([20, 20, 10])
    for (const { method, url } of batches.flat())
      expect([method, url]).toEqual([
        'GET',
        expect.stringMatching(/^\/education\/classes\/class-\d+\/(members|teachers)\?\$select=id&/),
      ])
  })

  it('ask again what was told to wait, that alone, after its own Retry-After', async () => {
    nock.cleanAll()
    cloud = microsoftCloud(manyClasses(10))
    cloud.state.throttled.set('class-3/members', 2)
    cloud.state.throttled.set('class-7/teachers', 1)
    const waits: number[] = []
    const { records } = await readAll(cloudSource({}, context({ wait: async ms => waits.push(ms) })))
    expect(records.filter(({ type }) => type === 'membership')).toHaveLength(20)
    const asked = cloud.bodies
      .slice(1)
      .map(body => JSON.parse(body).requests.map(({ url }: { url: string }) => /class-\d+\/\w+/.exec(url)?.[0]))
    expect(asked.map(({ length }) => length)).toEqual([20, 2, 1])
    expect(asked[2]).toEqual(['class-3/members'])
    expect(waits).toEqual([2128, 2128])
  })

  it('give up politely when it does not end', async () => {
    cloud.state.throttled.set('/members', Number.POSITIVE_INFINITY)
    const waits: number[] = []
    const { items, error } = await readFailing(cloudSource({}, context({ wait: async ms => waits.push(ms) })))
    expect(items).toEqual([])
    expect(error).toMatchObject({ code: 'rate-limited', retryAfterMs: 2128 })
    expect(waits).toHaveLength(4)
    expect(cloud.bodies.slice(1)).toHaveLength(5)
  })

  it('refused as a whole wait as a whole', async () => {
    let times = 0
    cloud.instead = ({ path }) =>
      path.endsWith('/$batch') && times++ < 2
        ? graphError(503, 'ServiceUnavailable', '', { 'retry-after': '7' })
        : undefined
    const waits: number[] = []
    expect((await readAll(cloudSource({}, context({ wait: async ms => waits.push(ms) })))).proof.kind).toBe('snapshot')
    expect(waits).toEqual([7000, 7000])
  })

  const answering = (change: (responses: { id: string }[]) => unknown[]) => {
    cloud.instead = ({ path, body }) => {
      if (!path.endsWith('/$batch')) return undefined
      const empty = JSON.parse(body).requests.map(({ id }: { id: string }) => ({
        id,
        status: 200,
        body: { value: [] },
      }))
      return { body: { responses: change(empty) } }
    }
  }

  it.each([
    ['leaves one out', (all: { id: string }[]) => all.slice(1), 'incomplete'],
    ['answers one twice', (all: { id: string }[]) => [...all, ...all.slice(0, 1)], 'incomplete'],
    [
      'has an item without a page in it',
      (all: { id: string }[]) => all.map(({ id }) => ({ id, status: 200, body: {} })),
      'malformed',
    ],
    [
      'has a class that went away',
      (all: { id: string }[]) =>
        all.map(({ id }) => ({ id, status: 404, body: graphError(404, 'Request_ResourceNotFound').body })),
      'incomplete',
    ],
  ] as const)('fail the run when Microsoft %s', async (_, change, code) => {
    answering(change)
    const { items, error } = await readFailing(cloudSource())
    expect(items).toEqual([])
    expect(error.code).toBe(code)
    expect(`${error.message} ${error.cause}`).not.toContain('CANARY')
  })
})

describe('throttling', () => {
  it('waits as long as Graph says, in fractions of a second', async () => {
    let times = 0
    cloud.instead = ({ path }) =>
      path.endsWith('/users') && times++ < 2
        ? graphError(429, 'TooManyRequests', '', { 'retry-after': '2.128' })
        : undefined
    const waits: number[] = []
    expect((await readAll(cloudSource({}, context({ wait: async ms => waits.push(ms) })))).proof.kind).toBe('snapshot')
    expect(waits).toEqual([2128, 2128])
  })

  it('leaves a longer pause to the next run', async () => {
    cloud.instead = ({ path }) =>
      path.endsWith('/users') ? graphError(429, 'TooManyRequests', '', { 'retry-after': '600' }) : undefined
    expect((await readFailing(cloudSource())).error).toMatchObject({ code: 'rate-limited', retryAfterMs: 600_000 })
  })

  it('stops waiting when the run is stopped', async () => {
    const stop = new AbortController()
    cloud.instead = ({ path }) => (path.endsWith('/schools') ? graphError(503, 'ServiceUnavailable') : undefined)
    const wait = (_: number, signal: AbortSignal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        stop.abort()
      })
    const { error } = await readFailing(cloudSource({}, context({ signal: stop.signal, wait })))
    expect(error).toMatchObject({ code: 'unreachable', message: 'reading was stopped' })
  })
})

describe('what goes wrong', () => {
  it('with a question is told by its code, never by its message', async () => {
    cloud.instead = ({ path }) => (path.endsWith('/users') ? graphError(400, 'Request_UnsupportedQuery') : undefined)
    const { error } = await readFailing(cloudSource())
    expect(error).toMatchObject({
      code: 'malformed',
      message: 'Microsoft does not understand the question (Request_UnsupportedQuery)',
    })
    expect(`${error.message} ${error.cause}`).not.toContain('CANARY')
  })

  it('with a code that is no code is told by its status', async () => {
    cloud.instead = ({ path }) => (path.endsWith('/users') ? graphError(400, 'Jan Jansen is not here') : undefined)
    expect((await readFailing(cloudSource())).error.message).toBe(
      'Microsoft does not understand the question (HTTP 400)',
    )
  })

  it('with one record names the field and no value', async () => {
    cloud.instead = ({ path }) =>
      path.endsWith('/users') ? { body: { value: [{ id: 'x', accountEnabled: 'CANARY' }] } } : undefined
    expect((await readFailing(cloudSource())).error.message).toBe(
      'the answer has another form than we know, at value.0.accountEnabled',
    )
  })

  it('with a school without accounts changes nothing', async () => {
    cloud.instead = ({ path }) => (path.endsWith('/users') ? { body: { value: [] } } : undefined)
    expect((await readFailing(cloudSource())).error.code).toBe('incomplete')
  })

  it('with an account that comes twice names it', async () => {
    cloud.instead = ({ path }) =>
      path.endsWith('/users') ? { body: { value: [tenant.users[0], tenant.users[0]] } } : undefined
    expect((await readFailing(cloudSource())).error).toMatchObject({ code: 'malformed', sourceId: user(ids.milan) })
  })

  it('with an answer that is too large is refused', async () => {
    expect((await readFailing(cloudSource({}, context(), { maxBytes: 100 }))).error).toMatchObject({
      code: 'malformed',
      message: 'the answer is larger than 100 bytes: refused',
    })
  })
})
