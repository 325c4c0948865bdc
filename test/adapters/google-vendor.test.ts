/** The same at Google's own addresses: which hosts are asked, and what its refusals mean. */
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { google, googleSource } from '../../adapters/google/source.ts'
import { courses, errors, staff, students, teachers, users } from '../fixtures/google/answers.ts'
import { generateSchool } from '../school/generate.ts'
import { googleAnswer, googleState, schoolOptions } from '../school/sis/google.ts'
import { workspaceOf } from '../school/sis/google-workspace.ts'
import { readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const { keyJson } = googleState({ users: [], orgUnits: [], groups: [], courses: [] }, () => now)
const waits: number[] = []
const patient = () =>
  context({
    wait: async ms => {
      waits.push(ms)
    },
  })

const options = {
  serviceAccount: keyJson,
  subject: 'beheer@school.example',
  pupils: ["/'t Nest/Leerlingen"],
  staff: ["/'t Nest/Team"],
  homerooms: { from: 'courses', patterns: ['Groep *'] },
}
const source = (more: object = {}) => googleSource(google.options.parse({ ...options, ...more }), patient())

beforeEach(() => {
  waits.length = 0
})
afterEach(() => {
  nock.cleanAll()
  nock.abortPendingRequests()
})

const directory = () => nock('https://admin.googleapis.com')
const classroom = () => nock('https://classroom.googleapis.com')
const token = (status = 200, body: object = { access_token: 'ya29.fictief', expires_in: 3599, token_type: 'Bearer' }) =>
  nock('https://oauth2.googleapis.com').post('/token').reply(status, body)

function usersOnce() {
  const of = (path: string) => ({ query: `orgUnitPath='${path.replaceAll("'", "\\'")}'` })
  const like = (path: string) => (query: Record<string, unknown>) => query.query === of(path).query
  directory().get('/admin/directory/v1/users').query(like("/'t Nest/Leerlingen")).reply(200, users)
  directory().get('/admin/directory/v1/users').query(like("/'t Nest/Team")).reply(200, staff)
}

function sound() {
  token()
  usersOnce()
  classroom().get('/v1/courses').query(true).reply(200, courses)
  classroom().get('/v1/courses/600000001/students').query(true).reply(200, students)
  classroom().get('/v1/courses/600000001/teachers').query(true).reply(200, teachers)
}

describe('at Google', () => {
  it('a small roster arrives', async () => {
    sound()
    const { records, findings } = await readAll(source())
    expect(findings).toEqual([])
    expect(records).toEqual([
      { type: 'school', sourceId: "school:C0fictief/'t Nest/Leerlingen", schoolYear: '2026-2027' },
      {
        type: 'group',
        sourceId: 'course:600000001',
        kind: 'homeroom',
        name: 'Groep 8',
        schoolYear: '2026-2027',
        grades: ['8'],
      },
      {
        type: 'person',
        sourceId: 'user:100000000000000000002',
        stable: true,
        role: 'pupil',
        roleHints: [],
        status: 'active',
        givenName: 'Noor',
        familyNamePrefix: 'van den',
        familyName: 'Berg',
        username: 'noor@school.example',
        email: 'noor@school.example',
        keys: [
          { type: 'object-id', value: '100000000000000000002', stable: true },
          { type: 'username', value: 'noor@school.example', stable: true },
          { type: 'email', value: 'noor@school.example', stable: true },
          { type: 'pupil-number', value: '50001', stable: true },
        ],
      },
      {
        type: 'person',
        sourceId: 'user:100000000000000000003',
        stable: true,
        role: 'staff',
        roleHints: [],
        status: 'active',
        givenName: 'Chidi',
        familyNamePrefix: "in 't",
        familyName: 'Veld',
        username: 'chidi@school.example',
        email: 'chidi@school.example',
        keys: [
          { type: 'object-id', value: '100000000000000000003', stable: true },
          { type: 'username', value: 'chidi@school.example', stable: true },
          { type: 'email', value: 'chidi@school.example', stable: true },
        ],
      },
      {
        type: 'membership',
        groupSourceId: 'course:600000001',
        personSourceId: 'user:100000000000000000002',
        role: 'pupil',
      },
      {
        type: 'membership',
        groupSourceId: 'course:600000001',
        personSourceId: 'user:100000000000000000003',
        role: 'teacher',
      },
    ])
  })

  it('a whole school arrives from the three hosts that are named, and no other is asked', async () => {
    const school = generateSchool({ today: '2026-11-23', pupils: 60 })
    const { state, keyJson: key } = googleState(workspaceOf(school), () => now)
    const wanted = google.options.parse({
      ...options,
      ...schoolOptions,
      serviceAccount: key,
      subject: state.admin,
      homerooms: { from: 'courses', patterns: ['Groep *'] },
    })
    for (const host of google.hosts(wanted)) {
      const answered = async (request: Request): Promise<[number, object | string]> => {
        const { pathname, searchParams } = new URL(request.url)
        const { status = 200, body = '' } = googleAnswer(state, {
          method: request.method,
          path: pathname,
          query: searchParams,
          headers: Object.fromEntries(request.headers),
          body: await request.text(),
          fault: undefined,
        })
        return [status, body]
      }
      nock(`https://${host}`).persist().get(/.*/).reply(answered).post(/.*/).reply(answered)
    }
    const asked = new Set<string>()
    const listening = context({
      fetch: (input, init) => {
        asked.add(new URL(String(input)).host)
        return fetch(input, init)
      },
    })
    const { records } = await readAll(googleSource(wanted, listening))
    expect(records.filter(each => each.type === 'person' && each.role === 'pupil')).toHaveLength(60)
    expect([...asked].sort()).toEqual([...google.hosts(wanted)].sort())
  })

  it('hosts are those of the parts that are read', () => {
    const hosts = (more: object) => google.hosts(google.options.parse({ ...options, ...more }))
    expect(hosts({})).toEqual(['oauth2.googleapis.com', 'admin.googleapis.com', 'classroom.googleapis.com'])
    expect(hosts({ homerooms: { from: 'org-units' } })).toEqual(['oauth2.googleapis.com', 'admin.googleapis.com'])
    expect(hosts({ endpoint: 'http://127.0.0.1:8080' })).toEqual(['127.0.0.1:8080'])
  })

  it('the environment cannot send a question elsewhere', async () => {
    process.env.GOOGLE_CLOUD_UNIVERSE_DOMAIN = 'evil.example'
    process.env.HTTPS_PROXY = 'http://127.0.0.1:9'
    try {
      sound()
      expect((await readAll(source())).proof.kind).toBe('snapshot')
    } finally {
      delete process.env.GOOGLE_CLOUD_UNIVERSE_DOMAIN
      delete process.env.HTTPS_PROXY
    }
  })

  it('the key file does not choose where the assertion goes', () => {
    expect(JSON.parse(keyJson).token_uri).toBe('https://evil.example/token')
    expect(google.hosts(google.options.parse(options))).not.toContain('evil.example')
  })
})

const refused = (body: object, status = 403, headers: Record<string, string> = {}) =>
  directory().get('/admin/directory/v1/users').query(true).reply(status, body, headers)

describe('403 and 429', () => {
  it.each(['userRateLimitExceeded', 'rateLimitExceeded', 'quotaExceeded'] as const)(
    '%s is "later", and the roster arrives then',
    async name => {
      token()
      refused(errors[name])
      refused(errors[name])
      usersOnce()
      classroom().get('/v1/courses').query(true).reply(200, {})
      expect((await readAll(source())).proof.kind).toBe('snapshot')
      expect(waits).toEqual([1000, 2000])
    },
  )

  it('RESOURCE_EXHAUSTED of Classroom is later as well, after as long as it says', async () => {
    token()
    usersOnce()
    classroom().get('/v1/courses').query(true).reply(429, errors.resourceExhausted, { 'retry-after': '7' })
    classroom().get('/v1/courses').query(true).reply(200, {})
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(waits).toEqual([7000])
  })

  it('that does not end is rate-limited, after eight tries', async () => {
    token()
    directory().persist().get('/admin/directory/v1/users').query(true).reply(403, errors.quotaExceeded)
    expect((await readFailing(source())).error).toMatchObject({ code: 'rate-limited', status: 403 })
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64].map(seconds => seconds * 1000))
  })

  it('of the whole day is not tried again', async () => {
    token()
    refused(errors.dailyLimitExceeded)
    expect((await readFailing(source())).error).toMatchObject({ code: 'rate-limited', passing: false })
    expect(waits).toEqual([])
  })

  it.each([
    ['forbidden', 'the administrator to act for may not see this part of the domain'],
    ['domainCannotUseApis', 'the domain lets no program read its directory'],
    ['accessNotConfigured', 'is switched off in the Google Cloud project'],
    ['serviceDisabled', 'is switched off in the Google Cloud project'],
    ['insufficientPermissions', 'a scope is missing'],
    ['scopeInsufficient', 'a scope is missing'],
    ['classroomApiDisabled', 'Classroom, or its API, is switched off for the administrator'],
  ] as const)('%s is a plain sentence, said once', async (name, says) => {
    token()
    refused(errors[name])
    const { error, items } = await readFailing(source())
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining(says) })
    expect(`${error.message} ${error.cause} ${error.stack}`).not.toMatch(/CANARY|noor@|https:/)
    expect([items, waits]).toEqual([[], []])
  })

  it('with a body of nobody knows what is a refusal too', async () => {
    token()
    directory().get('/admin/directory/v1/users').query(true).reply(403, '<html>CANARY</html>')
    expect((await readFailing(source())).error.code).toBe('unauthorized')
  })
})

describe('the token endpoint', () => {
  const refusal = (error: string) => ({ error, error_description: 'CANARY beheer@school.example' })
  it.each([
    [400, 'invalid_grant', 'does not accept the key or the administrator'],
    [401, 'unauthorized_client', 'delegate the scopes'],
    [403, 'access_denied', 'delegate the scopes'],
    [401, 'invalid_client', 'does not know this service account'],
    [401, 'disabled_client', 'does not know this service account'],
    [400, 'invalid_scope', 'does not know one of the scopes'],
    [400, 'something_new', 'gives no token'],
  ])('HTTP %s %s is a sentence for an administrator', async (status, code, says) => {
    token(status, refusal(code))
    const { error } = await readFailing(source())
    expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining(says) })
    expect(`${error.message} ${error.cause} ${error.stack}`).not.toMatch(/CANARY|beheer@|assertion|PRIVATE/)
  })

  it.each([
    ['a web page', 200, '<html>', 'malformed'],
    ['a token that is none', 200, '{"access_token":""}', 'malformed'],
    ['a redirect', 302, '', 'unreachable'],
    ['a plain 401', 401, 'no', 'unauthorized'],
  ])('%s gives no roster', async (_, status, body, code) => {
    nock('https://oauth2.googleapis.com').post('/token').reply(status, body, { location: 'https://evil.example/' })
    expect((await readFailing(source())).error.code).toBe(code)
  })

  it('that stays out of order is asked eight times, and no more', async () => {
    let asked = 0
    nock('https://oauth2.googleapis.com')
      .persist()
      .post('/token')
      .reply(() => {
        asked += 1
        return [503, '']
      })
    expect((await readFailing(source())).error.code).toBe('unreachable')
    expect([asked, waits.length]).toEqual([8, 7])
  })

  it('that is out of order is asked again', async () => {
    token(503, {})
    sound()
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(waits).toEqual([1000])
  })
})

describe('answers', () => {
  it('larger than the cap are refused', async () => {
    token()
    refused({ ...users, etag: 'x'.repeat(5000) }, 200)
    const small = googleSource(google.options.parse(options), patient(), { maxBytes: 4096 })
    expect((await readFailing(small)).error).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('4096'),
    })
  })

  it('of the Directory that are no list of users are refused, though they are JSON', async () => {
    token()
    refused({}, 200)
    expect((await readFailing(source())).error.code).toBe('malformed')
  })

  it.each(['courses', 'students', 'teachers'] as const)(
    'of Classroom that are an error with HTTP 200 are no empty list of %s',
    async part => {
      const failed = { error: { code: 500, message: 'CANARY', status: 'INTERNAL' } }
      token()
      usersOnce()
      const answers = { courses, students, teachers, [part]: failed }
      classroom().get('/v1/courses').query(true).reply(200, answers.courses)
      classroom().get('/v1/courses/600000001/students').query(true).reply(200, answers.students)
      classroom().get('/v1/courses/600000001/teachers').query(true).reply(200, answers.teachers)
      expect((await readFailing(source())).error).toMatchObject({
        code: 'malformed',
        message: 'the answer has another form than we know, at error',
      })
    },
  )

  it('stop with the run', async () => {
    const stop = new AbortController()
    token(503, {})
    const waiting = context({
      signal: stop.signal,
      wait: async (_, signal) => {
        stop.abort()
        signal.throwIfAborted()
      },
    })
    const { error } = await readFailing(googleSource(google.options.parse(options), waiting))
    expect(error).toMatchObject({ code: 'unreachable', message: 'reading was stopped' })
  })
})
