import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Options } from '../../adapters/graph/options.ts'
import { type GraphSettings, graphSource, microsoft } from '../../adapters/graph/source.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import { app, type GraphSis, startGraph } from '../school/sis/graph.ts'
import { guidOf, neighbour, type Tenant } from '../school/sis/graph-tenant.ts'
import type { Fault } from '../school/sis/sis.ts'
import { conforms, everyFault, readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const generated = generateSchool({ today: now })
let school = generated
let server: GraphSis
beforeAll(async () => {
  server = await startGraph({ school: () => school, clock: () => now })
})
afterAll(() => server.close())
beforeEach(() => {
  school = generated
  server.behave('ok')
  server.alter(tenant => tenant)
  server.requests.length = 0
  const { tokens, rounds, throttled, selects } = server.state
  for (const kept of [tokens, rounds, throttled]) kept.clear()
  selects.length = 0
  Object.assign(server.state, { permissions: ['EduRoster.Read.All'], pageSize: 100, knowsLatest: true, salt: '' })
  server.state.forgotten = { status: 400, code: 'syncStateNotFound' }
})

function source(options: Partial<Options> = {}, given: SourceContext = context(), more: Partial<GraphSettings> = {}) {
  return graphSource(microsoft.options.parse({ ...server.options, ...options }), given, more)
}

const behaving = (fault: Fault, more: Partial<GraphSettings> = {}) => {
  server.behave(fault)
  return source({}, context(), more)
}

/** The connection is there for so many requests. */
const losing = (after: number) => {
  let asked = 0
  const some: typeof fetch = (...given) => {
    asked += 1
    return asked > after ? Promise.reject(new TypeError('fetch failed')) : fetch(...given)
  }
  return source({}, context({ fetch: some }))
}

const altered = (change: (tenant: Tenant) => Tenant, options: Partial<Options> = {}) => {
  server.alter(change)
  return source(options)
}

conforms('Microsoft 365 Education', {
  open: () => source(),
  adapter: microsoft,
  canaries: [...canariesOf(generated), neighbour, 'CANARY', 'female'],
  secrets: [app.clientSecret, 'GEHEIM'],
  faults: {
    ...everyFault({ never: 'replaced below' }),
    'no answer in time': { open: () => behaving('slow', { timeoutMs: 100 }), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('web-page'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('cut'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('ok-with-error'), code: 'malformed' },
    'a page that comes again': { open: () => behaving('repeated-page'), code: 'malformed' },
    'half a run': { open: () => losing(6), code: 'unreachable' },
  },
  failing: {
    'the wrong secret': { open: () => source({ clientSecret: 'CANARY' }), code: 'unauthorized' },
    'nobody listening': {
      open: () => source({ endpoint: { graph: 'http://127.0.0.1:9/', login: 'http://127.0.0.1:9/' } }),
      code: 'unreachable',
    },
    'a school that is not there': { open: () => source({ school: '97AB' }), code: 'incomplete' },
    'several schools and none chosen': {
      open: () => graphSource(microsoft.options.parse({ ...server.options, school: undefined }), context()),
      code: 'incomplete',
    },
    'a number that two schools have': {
      open: () =>
        altered(tenant => ({ ...tenant, schools: tenant.schools.map(each => ({ ...each, externalId: 'same' })) }), {
          school: 'same',
        }),
      code: 'malformed',
    },
    'a year that no class has': { open: () => source({ schoolYear: '2030-2031' }), code: 'incomplete' },
    'an account that comes twice': {
      open: () => altered(tenant => ({ ...tenant, users: [...tenant.users, ...tenant.users.slice(0, 1)] })),
      code: 'malformed',
    },
    'a class that comes twice': {
      open: () => altered(tenant => ({ ...tenant, classes: [...tenant.classes, ...tenant.classes.slice(0, 1)] })),
      code: 'malformed',
    },
  },
})

describe('a whole school', () => {
  const classId = (key: string) => `class:${guidOf('class', key)}:2026-2027`
  const pupil = (key: string) => server.sourceIdOf.pupil(key)
  const teacher = (key: string) => server.sourceIdOf.teacher(key)

  it('arrives page by page: its groups, with their year groups', async () => {
    server.state.pageSize = 7
    const { records } = await readAll(source())
    const groups = records.filter(record => record.type === 'group')
    expect(groups).toEqual(
      generated.groups
        .map(({ key, kind, name, grades }) => ({
          type: 'group',
          sourceId: classId(key),
          kind,
          name: kind === 'homeroom' ? `Groep ${name}` : name,
          schoolYear: '2026-2027',
          grades: grades.map(String),
        }))
        .sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1)),
    )
    expect(server.requests.filter(path => path.endsWith('/users')).length).toBeGreaterThan(30)
  })

  it('arrives: every pupil, with the name that the school uses', async () => {
    const { records } = await readAll(source())
    const found = new Map(
      records.flatMap(record => (record.type === 'person' ? [[record.sourceId, record] as const] : [])),
    )
    for (const { key, name, endsOn } of generated.pupils) {
      const person = found.get(pupil(key))
      expect(person).toMatchObject({
        role: 'pupil',
        stable: true,
        status: endsOn === undefined ? 'active' : 'inactive',
      })
      expect([person?.givenName, person?.familyNamePrefix, person?.familyName]).toEqual([
        name.givenName,
        name.familyNamePrefix,
        name.familyName,
      ])
    }
    const pupils = [...found.values()].filter(({ role }) => role === 'pupil')
    expect(pupils).toHaveLength(generated.pupils.length)
  })

  it('arrives: who is in which class', async () => {
    const { records } = await readAll(source())
    const pairs = records.flatMap(record =>
      record.type === 'membership' && record.role === 'pupil'
        ? [`${record.groupSourceId} ${record.personSourceId}`]
        : [],
    )
    const expected = generated.pupils.flatMap(({ key, groupKey, scheduledKeys }) =>
      [...(groupKey === undefined ? [] : [groupKey]), ...scheduledKeys].map(group => `${classId(group)} ${pupil(key)}`),
    )
    expect(pairs.sort()).toEqual(expected.sort())
  })

  it('arrives: the teachers of homerooms, and nobody else opens one', async () => {
    const { records, findings } = await readAll(source())
    const roles = (role: string) =>
      records
        .flatMap(record =>
          record.type === 'membership' && record.role === role
            ? [`${record.groupSourceId} ${record.personSourceId}`]
            : [],
        )
        .sort()
    const places = generated.teachers.flatMap(({ key, roles: general, groups }) =>
      groups.map(({ groupKey, roles }) => ({ key, general, groupKey, roles })),
    )
    const at = (list: typeof places) => list.map(({ key, groupKey }) => `${classId(groupKey)} ${teacher(key)}`).sort()
    expect(roles('teacher')).toEqual(at(places.filter(({ roles }) => roles.includes('LRK'))))
    expect(roles('undecided')).toEqual(at(places.filter(({ roles }) => roles.length === 0)))
    // Parents are guests of the tenant, and do not come at all.
    expect(roles('other')).toEqual(
      at(places.filter(({ roles, general }) => roles.length > 0 && !roles.includes('LRK') && !general.includes('OUD'))),
    )
    const parent = teacher(generated.cast.teachers.parent)
    expect(JSON.stringify(records)).not.toContain(parent.slice(5))
    expect(findings.filter(({ code }) => code === 'unknown-person')).toHaveLength(1)
  })

  it('has nobody and nothing of the school beside it, of last year, or of what is over', async () => {
    const { records, findings, proof } = await readAll(source())
    expect(JSON.stringify(records)).not.toContain(guidOf('pupil', 'other'))
    expect(proof.counts.group).toBe(generated.groups.length)
    expect(findings).toContainEqual({
      code: 'not-a-class',
      sourceId: `school:${guidOf('school', '99ZZ')}`,
      detail: '1',
    })
  })

  it('has pupil and staff numbers with full permissions, and drops the birth date that comes with them', async () => {
    const everything = await readAll(source({ permissions: 'full' }))
    const of = (id: string) => everything.records.find(record => record.type === 'person' && record.sourceId === id)
    const { young, leaver } = generated.cast.pupils
    expect(of(pupil(young))).toMatchObject({
      grade: '3',
      keys: expect.arrayContaining([{ type: 'pupil-number', value: young, stable: true }]),
    })
    expect(of(teacher(generated.cast.teachers.csv))).toMatchObject({
      keys: expect.arrayContaining([{ type: 'staff-number', value: `P${generated.cast.teachers.csv}`, stable: true }]),
    })
    expect(of(pupil(leaver))).toMatchObject({ status: 'inactive' })
    const text = JSON.stringify(everything)
    for (const canary of canariesOf(generated)) expect(text).not.toContain(canary)
  })

  it('is never asked for what nobody may know', async () => {
    await readAll(source())
    await source().check()
    const asked = new Set(
      server.state.selects.filter(({ path }) => path !== '/education/classes/delta').flatMap(({ names }) => names),
    )
    for (const name of [
      '*',
      'student',
      'teacher',
      'residenceAddress',
      'mailingAddress',
      'mobilePhone',
      'businessPhones',
      'department',
      'officeLocation',
      'relatedContacts',
      'onPremisesInfo',
      'middleName',
      'createdBy',
    ])
      expect(asked).not.toContain(name)
  })

  it('fails at each request at which the connection is lost, and never gives a part', async () => {
    let asked = 0
    const counting: typeof fetch = (...given) => {
      asked += 1
      return fetch(...given)
    }
    await readAll(source({}, context({ fetch: counting })))
    expect(asked).toBeGreaterThan(5)
    for (let after = 0; after < asked; after += 1) {
      const { items, error } = await readFailing(losing(after))
      expect(items).toEqual([])
      expect(error.code).toBe('unreachable')
    }
  })

  it('counts the bytes it reads', async () => {
    const read: number[] = []
    await readAll(source({}, context({ progress: bytes => read.push(bytes) })))
    expect(read.length).toBeGreaterThan(5)
    expect(read).toEqual([...read].sort((a, b) => a - b))
  })
})

describe('next year', () => {
  const nextYear = (tenant: Tenant): Tenant => ({
    ...tenant,
    classes: tenant.classes.map(each =>
      each.displayName === 'Groep 3' ? { ...each, term: { startDate: '2027-08-16', endDate: '2028-06-30' } } : each,
    ),
  })

  it('is read by the term of its classes, which have another key then', async () => {
    server.alter(nextYear)
    const { records, proof } = await readAll(source({}, context({ schoolYear: '2027-2028' })))
    expect(proof.scope.schoolYear).toBe('2027-2028')
    expect(
      records.filter(record => record.type === 'group').map(({ name, sourceId }) => [name, sourceId.slice(-9)]),
    ).toEqual([['Groep 3', '2027-2028']])
  })

  it('does not show in this one', async () => {
    server.alter(nextYear)
    const { records } = await readAll(source())
    expect(records.filter(record => record.type === 'group' && record.name === 'Groep 3')).toEqual([])
    expect((await source().check()).says).toContain('Classes of another school year, left out: 2.')
  })
})

describe('the gate', () => {
  const first = async () => (await readAll(source())).proof.cursor ?? null
  const cursorOf = (cursor: string | null) => JSON.parse(cursor ?? '')
  const paths = () => server.requests.map(path => path.replace(/^\w+ \/v1.0|^\w+ /, ''))

  it('says unchanged in three questions when nothing is new, and goes on from there', async () => {
    const cursor = await first()
    server.requests.length = 0
    server.state.salt = 'later'
    const second = await readAll(source(), cursor)
    expect(paths()).toEqual([
      `/${app.tenantId}/oauth2/v2.0/token`,
      '/education/users/delta',
      '/education/classes/delta',
    ])
    expect(second.batches).toEqual([])
    expect(second.proof).toMatchObject({
      kind: 'unchanged',
      scope: { brin: '99ZZ', location: '00', organisation: guidOf('school', '99ZZ'), schoolYear: '2026-2027' },
      counts: { school: 0, group: 0, person: 0, membership: 0 },
      grant: ['EduRoster.Read.All'],
    })
    expect(cursorOf(second.proof.cursor ?? null).rounds).not.toEqual(cursorOf(cursor).rounds)
    expect((await readAll(source(), second.proof.cursor ?? null)).proof.kind).toBe('unchanged')
  })

  const renamed = (tenant: Tenant): Tenant => ({
    ...tenant,
    users: tenant.users.map((user, n) => (n === 0 ? { ...user, surname: 'Nieuwenaam' } : user)),
  })
  const left = (tenant: Tenant): Tenant => {
    const [id = '', members = []] = Object.entries(tenant.members)[3] ?? []
    return { ...tenant, members: { ...tenant.members, [id]: members.slice(1) } }
  }
  const owner = (tenant: Tenant): Tenant => {
    const [id = ''] = Object.entries(tenant.teachers)[3] ?? []
    return { ...tenant, teachers: { ...tenant.teachers, [id]: [] } }
  }

  it.each([
    ['somebody has another name', renamed],
    ['somebody left a class', left],
    ['a class has no teacher any more', owner],
    [
      'a class has another name',
      (tenant: Tenant): Tenant => ({
        ...tenant,
        classes: tenant.classes.map((each, n) => (n === 0 ? { ...each, displayName: 'Groep X' } : each)),
      }),
    ],
  ])('reads everything when %s', async (_, change) => {
    const cursor = await first()
    server.alter(change)
    const { proof, records } = await readAll(source(), cursor)
    expect(proof.kind).toBe('snapshot')
    server.alter(change)
    expect(records).toEqual((await readAll(source())).records)
    expect((await readAll(source(), proof.cursor ?? null)).proof.kind).toBe('unchanged')
  })

  it('shows by absence who left a class: what was removed is in no delta, it is not there', async () => {
    const before = (await readAll(source())).records.filter(({ type }) => type === 'membership')
    const cursor = await first()
    server.alter(left)
    const after = (await readAll(source(), cursor)).records.filter(({ type }) => type === 'membership')
    expect(before.length - after.length).toBe(1)
    expect(before).toEqual(expect.arrayContaining(after))
  })

  it('does not see a deleted account, and so reads everything after seven days', async () => {
    const cursor = await first()
    server.alter(tenant => ({ ...tenant, users: tenant.users.slice(1) }))
    expect((await readAll(source(), cursor)).proof.kind).toBe('unchanged')
    const later = (days: number) => context({ clock: () => new Date(now.getTime() + days * 86_400_000) })
    expect((await readAll(source({}, later(6.9)), cursor)).proof.kind).toBe('unchanged')
    const { proof } = await readAll(source({}, later(7)), cursor)
    expect(proof.kind).toBe('snapshot')
    expect(proof.counts.person).toBe((await readAll(source())).proof.counts.person)
  })

  it('does not put off the seven days by saying unchanged', async () => {
    const second = (await readAll(source(), await first())).proof.cursor ?? null
    const later = context({ clock: () => new Date(now.getTime() + 7 * 86_400_000) })
    expect((await readAll(source({}, later), second)).proof.kind).toBe('snapshot')
  })

  it.each([
    { status: 400 as const, code: 'syncStateNotFound' },
    { status: 410 as const, code: 'resyncRequired' },
  ])('reads everything when Microsoft has forgotten the round ($status $code)', async forgotten => {
    const cursor = await first()
    server.state.rounds.clear()
    server.state.forgotten = forgotten
    const { proof, records } = await readAll(source(), cursor)
    expect(proof.kind).toBe('snapshot')
    expect(records.length).toBeGreaterThan(200)
    expect((await readAll(source(), proof.cursor ?? null)).proof.kind).toBe('unchanged')
  })

  it('misses nothing that happens between its question and the reading', async () => {
    const during: typeof fetch = async (...given) => {
      const answer = await fetch(...given)
      // After the accounts were read, and before the proof.
      if (String(given[0]).endsWith('/$batch')) server.alter(renamed)
      return answer
    }
    const { proof, records } = await readAll(source({}, context({ fetch: during })))
    expect(JSON.stringify(records)).not.toContain('Nieuwenaam')
    const second = await readAll(source(), proof.cursor ?? null)
    expect(second.proof.kind).toBe('snapshot')
    expect(JSON.stringify(second.records)).toContain('Nieuwenaam')
  })

  it('works where Graph does not know "latest" and sends everything first, page by page', async () => {
    server.state.knowsLatest = false
    server.state.pageSize = 50
    const cursor = await first()
    expect(server.requests.filter(path => path.endsWith('/users/delta')).length).toBeGreaterThan(4)
    expect((await readAll(source(), cursor)).proof.kind).toBe('unchanged')
    server.alter(renamed)
    expect((await readAll(source(), cursor)).proof.kind).toBe('snapshot')
  })

  it.each([
    ['another rule for homerooms', { homerooms: { field: 'classCode', patterns: ['7*'] } }],
    ['other permissions', { permissions: 'full' }],
    ['another school', { school: '98QQ' }],
  ] as const)('is not asked after %s', async (_, options) => {
    const cursor = await first()
    const { proof } = await readAll(source(options as Partial<Options>), cursor)
    expect(proof.kind).toBe('snapshot')
  })

  it('is not asked in a new school year', async () => {
    const eve = context({ clock: () => new Date('2026-07-30T12:00:00Z') })
    const { proof } = await readAll(source({ schoolYear: '2026-2027' }, eve))
    const dayAfter = context({ clock: () => new Date('2026-08-02T12:00:00Z') })
    expect((await readAll(source({ schoolYear: '2026-2027' }, dayAfter), proof.cursor ?? null)).proof.kind).toBe(
      'snapshot',
    )
  })

  it('does not send its token to where a stored link leads', async () => {
    const cursor = cursorOf(await first())
    const elsewhere = {
      ...cursor,
      rounds: { ...cursor.rounds, users: 'http://127.0.0.1:1/v1.0/education/users/delta' },
    }
    expect((await readAll(source(), JSON.stringify(elsewhere))).proof.kind).toBe('snapshot')
  })

  it('refuses a cursor that is not its own', async () => {
    expect((await readFailing(source(), '{"lastReceived":"x"}')).error.code).toBe('malformed')
  })

  it('remembers no person, and stays small', async () => {
    const cursor = (await first()) ?? ''
    expect(cursor.length).toBeLessThan(1000)
    for (const { key, name } of generated.pupils) {
      expect(cursor).not.toContain(guidOf('pupil', key))
      if (name.familyName !== undefined) expect(cursor).not.toContain(name.familyName)
    }
    expect(cursor).not.toContain(app.clientSecret)
  })

  it('is left out where its links are too long to keep', async () => {
    const long: typeof fetch = async (...given) => {
      const answer = await fetch(...given)
      if (!String(given[0]).includes('delta')) return answer
      return Response.json({
        value: [],
        '@odata.deltaLink': `${server.url}/v1.0/education/users/delta?$deltatoken=${'x'.repeat(5000)}`,
      })
    }
    const { proof } = await readAll(source({}, context({ fetch: long })))
    expect(proof.kind).toBe('snapshot')
    expect(proof).not.toHaveProperty('cursor')
  })

  it('is left out where Graph has no delta', async () => {
    const none: typeof fetch = async (...given) =>
      String(given[0]).includes('delta')
        ? Response.json({ error: { code: 'BadRequest' } }, { status: 400 })
        : fetch(...given)
    expect((await readAll(source({}, context({ fetch: none })))).proof).not.toHaveProperty('cursor')
  })

  it('fails when rights are gone, and does not read everything instead', async () => {
    const cursor = await first()
    server.state.permissions = []
    const { error } = await readFailing(source(), cursor)
    expect(error.code).toBe('unauthorized')
  })
})

describe('check', () => {
  it('says school, year, counts and what to do', async () => {
    const { ok, says } = await source().check()
    expect(ok).toBe(true)
    expect(says[0]).toBe('School Basisschool De Vuurvlinder (99ZZ), school year 2026-2027.')
    expect(says[1]).toMatch(/^12 groups \(10 homerooms\), 240 pupils, \d+ others\.$/)
    expect(says).toContain('Classes of another school year, left out: 1.')
    expect(says).toContain('Classes that School Data Sync marked as over (Exp…), left out: 1.')
    expect(says).toContain('Permissions of the app: EduRoster.Read.All.')
    expect(says.join('\n')).not.toMatch(/None of the/)
  })

  it('says how to tell which classes are homerooms', async () => {
    const { homerooms: _, ...rest } = server.options
    const bare = graphSource(microsoft.options.parse(rest), context())
    expect((await bare.check()).says).toContain(
      'None of the 12 classes is a homeroom, so no teacher gets a panel. Say which are by the option homerooms, for example {"field":"displayName","patterns":["Groep *"]}.',
    )
    const { findings, records } = await readAll(bare)
    expect(findings).toContainEqual({ code: 'no-homerooms', sourceId: `school:${guidOf('school', '99ZZ')}` })
    expect(records.some(record => record.type === 'group' && record.kind === 'homeroom')).toBe(false)
    expect(findings.some(({ code }) => code === 'pupil-without-group')).toBe(false)
  })

  it.each([
    [undefined, 'This tenant has 2 schools: set the option school to one of them.'],
    ['97AB', 'This tenant has 2 schools, none of them with the given id or number.'],
  ])('lists the schools when %s is none of them', async (wanted, says) => {
    const asked = graphSource(microsoft.options.parse({ ...server.options, school: wanted }), context())
    expect(await asked.check()).toEqual({
      ok: false,
      says: [
        says,
        `Basisschool De Vuurvlinder: 99ZZ, ${guidOf('school', '99ZZ')}`,
        `Basisschool De Buurman: 98QQ, ${guidOf('school', 'other')}`,
      ],
    })
  })

  it.each(['99ZZ', '99ZZ-00', guidOf('school', '99ZZ').toUpperCase()])('finds the school by %s', async wanted => {
    expect((await source({ school: wanted }).check()).ok).toBe(true)
  })
})

describe('the options', () => {
  const sound = { ...app }
  it.each([
    [{}, true],
    [{ tenantId: 'school.onmicrosoft.com' }, false],
    [{ tenantId: 'common' }, false],
    [{ clientSecret: '7a1c0de0-0000-4000-8000-000000000003' }, false],
    [{ clientSecret: '' }, false],
    [{ homerooms: { field: 'displayName', patterns: [] } }, false],
    [{ homerooms: { field: 'id', patterns: ['*'] } }, false],
    [{ cloud: 'germany' }, false],
    [{ schoolYear: '2026-2028' }, false],
    [{ endpoint: { graph: 'http://127.0.0.1:1/', login: 'http://localhost:2' } }, true],
    [{ endpoint: { graph: 'https://graph.example.org/', login: 'http://localhost:2' } }, false],
    [{ endpoint: { graph: 'http://127.0.0.1.example.org/', login: 'http://localhost:2' } }, false],
    [{ endpoint: { graph: 'http://u:p@127.0.0.1/', login: 'http://localhost:2' } }, false],
    [{ endpoint: { graph: 'http://127.0.0.1/x', login: 'http://localhost:2' } }, false],
  ])('are judged: %j', (more, fine) => expect(microsoft.options.safeParse({ ...sound, ...more }).success).toBe(fine))

  it('name every host that may be reached', () => {
    expect(microsoft.hosts(microsoft.options.parse(sound))).toEqual([
      'login.microsoftonline.com',
      'graph.microsoft.com',
    ])
    const endpoint = { graph: 'http://127.0.0.1:1/', login: 'http://localhost:2' }
    expect(microsoft.hosts(microsoft.options.parse({ ...sound, endpoint }))).toEqual(['localhost:2', '127.0.0.1:1'])
  })

  it('read basic permissions unless told otherwise', () =>
    expect(microsoft.options.parse(sound)).toMatchObject({
      permissions: 'basic',
      cloud: 'global',
      homeroomsPerTeacher: 4,
    }))
})
