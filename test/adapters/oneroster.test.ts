import { afterAll, describe, expect, it } from 'vitest'
import type { OneRosterSettings } from '../../adapters/oneroster/api.ts'
import { oneRoster, oneRosterSource } from '../../adapters/oneroster/rest.ts'
import type { GroupRecord, MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import type { Removal, SourceContext } from '../../adapters/source.ts'
import { canariesOf, type GeneratedSchool, generateSchool } from '../school/generate.ts'
import { type OneRosterPeer, type OneRosterSis, oneRosterSecret, startOneRosterPeer } from '../school/sis/oneroster.ts'
import { classIdOf, type OneRosterData, oneRosterCanaries } from '../school/sis/oneroster-school.ts'
import type { Fault } from '../school/sis/sis.ts'
import { conforms, type Everything, readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const generated = generateSchool({ today: '2026-11-23' })
const servers: OneRosterSis[] = []
afterAll(async () => {
  await Promise.all(servers.map(server => server.close()))
})

interface World {
  school: GeneratedSchool
  now: Date
}

/** A server of its own, so that every test may change its school. */
async function served(peer: OneRosterPeer = {}, world: World = { school: generated, now }) {
  const server = await startOneRosterPeer({ school: () => world.school, clock: () => world.now }, peer)
  servers.push(server)
  return { server, world }
}

const opened = (
  server: OneRosterSis,
  options: Record<string, unknown> = {},
  more: Partial<OneRosterSettings> = {},
  given: Partial<SourceContext> = {},
) => oneRosterSource(oneRoster.options.parse({ ...server.options, ...options }), context(given), more)

const of = async (peer: OneRosterPeer = {}, options: Record<string, unknown> = {}) =>
  opened((await served(peer)).server, options)

async function failing(fault: Fault, more: Partial<OneRosterSettings> = {}) {
  const { server } = await served()
  server.behave(fault)
  return opened(server, {}, more)
}

const groups = ({ records }: Everything) => records.filter((each): each is GroupRecord => each.type === 'group')
const people = ({ records }: Everything) => records.filter((each): each is PersonRecord => each.type === 'person')
const memberships = ({ records }: Everything) =>
  records.filter((each): each is MembershipRecord => each.type === 'membership')
const removed = ({ batches }: Everything): Removal[] => batches.flatMap(batch => batch.removed ?? [])
const canaries = [...canariesOf(generated), ...oneRosterCanaries]

for (const [version, peer] of [
  ['1.2 of the Ed-Fi peer', {}],
  ['1.1 of a generous server', { version: '1.1', generous: true }],
] as const) {
  const shared = served(peer)
  conforms(`OneRoster ${version}`, {
    adapter: oneRoster,
    open: async () => opened((await shared).server),
    canaries,
    secrets: [oneRosterSecret],
    faults: {
      'no answer in time': { open: () => failing('slow', { timeoutMs: 100 }), code: 'incomplete' },
      'HTTP 401': { open: () => failing('unauthorized'), code: 'unauthorized' },
      'HTTP 429': { open: () => failing('rate-limited'), code: 'rate-limited' },
      'HTTP 503': { open: () => failing('unavailable'), code: 'unreachable' },
      garbage: { open: () => failing('garbage'), code: 'malformed' },
      'a web page': { open: () => failing('web-page'), code: 'malformed' },
      'an empty answer': { open: () => failing('nothing'), code: 'incomplete' },
      'a connection cut halfway': { open: () => failing('cut'), code: 'incomplete' },
      'a redirect': { open: () => failing('redirect'), code: 'unreachable' },
      'HTTP 200 with an error in it': { open: () => failing('ok-with-error'), code: 'malformed' },
      'a page that comes again': { open: () => failing('repeated-page'), code: 'malformed' },
      'half a run': {
        open: async () => {
          const { server } = await served(peer)
          server.breakAfter(9)
          return opened(server)
        },
        code: 'unreachable',
      },
    },
    failing: {
      'the wrong secret': { open: () => of(peer, { clientSecret: 'CANARY' }), code: 'unauthorized' },
      'a scope that is not given': { open: () => of(peer, { scope: 'CANARY' }), code: 'unauthorized' },
      'a school that is not there': { open: () => of(peer, { school: '97XX00' }), code: 'incomplete' },
      'a year that is not there': { open: () => of(peer, { schoolYear: '2030/2031' }), code: 'incomplete' },
      'the base of another version': {
        open: async () => {
          const { server } = await served(peer)
          return opened(server, { url: `${server.url}/ims/oneroster/v9` })
        },
        code: 'malformed',
      },
      'a school without pupils': { open: () => of(peer, { school: 'bestuur-1' }), code: 'incomplete' },
      'a page above the cap': {
        open: async () => opened((await served(peer)).server, {}, { maxBytes: 10_000 }),
        code: 'malformed',
      },
      'a server that does not know offset': { open: () => of({ ...peer, ignoresOffset: true }), code: 'malformed' },
      'nobody listening': { open: () => of(peer, { url: 'http://127.0.0.1:9/v1p2' }), code: 'unreachable' },
    },
  })
}

describe.each(['1.1', '1.2'] as const)('the whole generated school by OneRoster %s', version => {
  const everything = served({ version }).then(({ server }) => readAll(opened(server)))

  it('arrives with its groups, and no class of last year or of the neighbours', async () => {
    const got = groups(await everything).map(({ sourceId, name, kind, grades }) => ({ sourceId, name, kind, grades }))
    const wanted = generated.groups.map(({ key, name, kind, grades }) => ({
      sourceId: `class:${classIdOf(key)}`,
      name,
      kind,
      grades: grades.map(String),
    }))
    expect(got).toEqual(wanted.sort((a, b) => (a.sourceId < b.sourceId ? -1 : 1)))
  })

  it('arrives with its pupils, by name, number and year group', async () => {
    const got = new Map(people(await everything).map(person => [person.sourceId, person]))
    for (const { key, name, grade, endsOn, username, email } of generated.pupils) {
      const person = got.get(`user:leerling-${key}`)
      if (version === '1.1' && endsOn !== undefined) {
        expect(person).toBeUndefined()
        continue
      }
      const called = version === '1.1' ? person?.givenName : person?.preferredFirstName
      expect(called).toBe(name.givenName)
      const family = [name.familyNamePrefix, name.familyName].filter(Boolean).join(' ')
      expect([person?.familyNamePrefix, person?.familyName].filter(Boolean).join(' ')).toBe(family)
      expect(person).toMatchObject({ role: 'pupil', stable: true })
      expect(person?.grade).toBe(grade === null ? undefined : String(grade))
      expect(person?.keys).toContainEqual({ type: 'pupil-number', value: key, stable: true })
      expect(person?.username).toBe(username)
      expect(person?.email).toBe(email)
    }
    const pupils = generated.pupils.filter(({ endsOn }) => version === '1.2' || endsOn === undefined)
    expect([...got.values()].filter(({ role }) => role === 'pupil')).toHaveLength(pupils.length)
  })

  it('arrives with its memberships: pupils in their groups, and the teacher of each homeroom as its SIS says', async () => {
    const got = memberships(await everything).map(each => `${each.personSourceId} ${each.groupSourceId} ${each.role}`)
    const pupils = generated.pupils.flatMap(({ key, groupKey, scheduledKeys }) =>
      [...(groupKey === undefined ? [] : [groupKey]), ...scheduledKeys].map(
        group => `user:leerling-${key} class:klas-${group} pupil`,
      ),
    )
    const staff = generated.teachers.flatMap(({ key, groups: places }) =>
      places.map(({ groupKey, roles }) => {
        const role = roles.includes('LRK') ? 'teacher' : roles.length === 0 ? 'undecided' : 'other'
        return `user:medewerker-${key} class:klas-${groupKey} ${role}`
      }),
    )
    expect(got.sort()).toEqual([...pupils, ...staff].sort())
    expect(staff.filter(each => each.endsWith(' teacher')).length).toBeGreaterThan(generated.groups.length - 3)
  })

  it('arrives with its staff in their roles, and proves the school it is of', async () => {
    const { proof, findings, ...rest } = await everything
    const got = new Map(people({ proof, findings, ...rest }).map(person => [person.sourceId, person]))
    const { teachers } = generated.cast
    const is = (key: string) => got.get(`user:medewerker-${key}`)?.role
    expect([is(teachers.director), is(teachers.teacher), is(teachers.assistant)]).toEqual(['staff', 'staff', 'staff'])
    expect(is(teachers.parent)).toBe('parent')
    expect(is(teachers.trainee)).toBe(version === '1.1' ? 'staff' : 'trainee')
    expect(proof).toMatchObject({
      kind: 'snapshot',
      scope: { brin: '99ZZ', location: '00', schoolYear: '2026-2027' },
    })
    expect(findings.filter(({ code }) => code === 'role-undecided')).toHaveLength(1)
  })
})

it('keeps a leaver of this year as inactive, and who comes next month as pending (1.2)', async () => {
  const got = new Map(people(await readAll(await of())).map(person => [person.sourceId, person]))
  const { leaver, entrant } = generated.cast.pupils
  expect(got.get(`user:leerling-${leaver}`)).toMatchObject({ status: 'inactive', endsOn: '2026-10-14' })
  expect(got.get(`user:leerling-${entrant}`)).toMatchObject({ status: 'pending', startsOn: '2026-12-01' })
})

it('plants every canary in what is sent', async () => {
  const { server } = await served({ generous: true })
  const sent: string[] = []
  const spy: typeof fetch = async (...asked) => {
    const answer = await fetch(...asked)
    sent.push(await answer.clone().text())
    return answer
  }
  await readAll(opened(server, {}, {}, { fetch: spy }))
  for (const canary of canaries) expect(sent.join('')).toContain(canary)
})

describe('paging', () => {
  it('goes on after a page that is shorter than was asked for, to an empty one', async () => {
    const large = generateSchool({ today: '2026-11-23', pupils: 900, seed: 'groot' })
    const { server } = await served({}, { school: large, now })
    const { proof } = await readAll(opened(server))
    const offsets = server.asked.filter(({ path }) => path === '/users').map(({ query }) => Number(query.offset))
    expect(offsets.slice(0, 2)).toEqual([0, 499])
    expect(offsets).toHaveLength(4)
    expect(proof.counts.person).toBe(large.pupils.length + large.teachers.length)
  })

  it('are read anew when somebody left while they were turned: nobody behind them is passed over', async () => {
    const large = generateSchool({ today: '2026-11-23', pupils: 900, seed: 'groot' })
    const { server, world } = await served({}, { school: large, now })
    const [leaver, ...others] = large.pupils
    const leaving: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init)
      if (/\/users\?.*offset=0&/.test(String(input))) world.school = { ...large, pupils: others }
      return answer
    }
    const found = await readAll(opened(server, {}, {}, { fetch: leaving }))
    const pupils = people(found).filter(({ role }) => role === 'pupil')
    expect(pupils).toHaveLength(others.length)
    expect(leaver).toBeDefined()
    expect(server.asked.filter(({ path, query }) => path === '/users' && query.offset === '0')).toHaveLength(2)
  })

  it('asks for an order, and does without where the server does not know it', async () => {
    const first = await served()
    await readAll(opened(first.server))
    expect(first.server.asked.every(({ query }) => query.sort === 'sourcedId' && query.orderBy === 'asc')).toBe(true)
    const { server } = await served({ refusesSort: true })
    expect((await readAll(opened(server))).proof.kind).toBe('snapshot')
    expect(server.asked.filter(({ query }) => 'sort' in query)).toHaveLength(1)
  })

  it('asks for less where the server refuses large pages', async () => {
    const { server } = await served({ refusesPagesAbove: 200 })
    expect((await readAll(opened(server))).proof.kind).toBe('snapshot')
    expect(server.asked.at(-1)?.query.limit).toBe('100')
  })

  it('waits as long as a plain-text 429 says, and comes to the end', async () => {
    const { server } = await served({ perMinute: 5 })
    const waits: number[] = []
    const wait = async (ms: number) => void waits.push(ms)
    const { proof } = await readAll(opened(server, {}, { pageSize: 50 }, { wait }))
    expect(proof.kind).toBe('snapshot')
    expect(new Set(waits)).toEqual(new Set([60_000]))
  })

  it('reads a list anew that moves while it is read, and gives up when it keeps moving', async () => {
    const { server } = await served()
    let moves = 1
    const moving: typeof fetch = (input, init) => {
      const url = new URL(String(input))
      const offset = Number(url.searchParams.get('offset'))
      // A record that comes in before the page: everything after it is one place further.
      if (url.pathname.endsWith('/users') && offset > 0 && moves > 0) {
        moves -= 1
        url.searchParams.set('offset', String(offset - 1))
      }
      return fetch(url, init)
    }
    const small = { pageSize: 100 }
    expect((await readAll(opened(server, {}, small, { fetch: moving }))).proof.counts.person).toBe(263)
    moves = Number.POSITIVE_INFINITY
    const { error } = await readFailing(opened(server, {}, small, { fetch: moving }))
    expect(error).toMatchObject({ code: 'incomplete', message: expect.stringContaining('/users') })
  })

  it('gives the same school from flat collections as from those below the school, but for staff without a class', async () => {
    const { server } = await served({ generous: true })
    const flat = await readAll(opened(server))
    const below = await readAll(opened(server, { collections: 'school' }))
    expect(server.asked.some(({ path }) => path === '/schools/school-99ZZ-00/enrollments')).toBe(true)
    expect(groups(below)).toEqual(groups(flat))
    const missing = people(flat).filter(each => !people(below).some(({ sourceId }) => sourceId === each.sourceId))
    expect(missing.filter(({ role }) => role === 'pupil')).toEqual([])
    expect(memberships(below).filter(({ role }) => role === 'teacher')).toEqual(
      memberships(flat).filter(({ role }) => role === 'teacher'),
    )
    const { error } = await readFailing(await of({}, { collections: 'school' }))
    expect(error.message).toBe(
      'there is no OneRoster /schools/{id}/classes at this address: check url, version and collections',
    )
  })
})

const later = new Date('2026-11-24T02:00:00Z')

/** A first run, a change at the school, and the source again. */
async function changed(change: (school: GeneratedSchool) => GeneratedSchool, peer: OneRosterPeer = {}, options = {}) {
  const { server, world } = await served(peer)
  const before = await readAll(opened(server, options))
  world.now = new Date('2026-11-23T20:00:00Z')
  world.school = change(structuredClone(generated))
  server.asked.length = 0
  const given = { clock: () => later }
  const after = await readAll(opened(server, options, {}, given), before.proof.cursor ?? null)
  return { server, world, before, after, again: () => opened(server, options, {}, given) }
}

const without = (key: string) => (school: GeneratedSchool) => ({
  ...school,
  pupils: school.pupils.filter(pupil => pupil.key !== key),
})
const pupil = generated.pupils.find(each => each.groupKey !== undefined && each.scheduledKeys.length === 0)
if (pupil?.groupKey === undefined) throw new Error('the generated school has no pupil in one group')
const home = { key: pupil.key, group: `class:${classIdOf(pupil.groupKey)}`, person: `user:leerling-${pupil.key}` }

describe('changes only', () => {
  it('are asked with the last change that was seen, a day earlier, as a calendar date', async () => {
    const { server, before, after } = await changed(school => school)
    expect(JSON.parse(before.proof.cursor ?? '')).toEqual({
      reading: expect.stringMatching(/^[0-9a-f]{32}$/),
      school: 'school-99ZZ-00',
      schoolYear: '2026-2027',
      lastModified: '2026-10-24T12:00:00.000Z',
    })
    const filters = server.asked.map(({ path, query }) => [path, query.filter]).filter(([, filter]) => filter)
    expect(new Set(filters.map(([path]) => path))).toEqual(new Set(['/enrollments', '/classes', '/users']))
    expect(new Set(filters.map(([, filter]) => filter))).toEqual(
      new Set(["dateLastModified>'2026-10-23T12:00:00.000Z'"]),
    )
    expect(after.proof).toMatchObject({ kind: 'delta', cursor: before.proof.cursor })
  })

  it('are asked by calendar year round New Year, where the ISO week is of another year', async () => {
    const { server } = await served({
      alter: data => {
        for (const each of data.enrollments) each.dateLastModified = '2027-01-02T10:00:00.000Z'
      },
    })
    const clock = () => new Date('2027-01-03T12:00:00Z')
    const { proof } = await readAll(opened(server, {}, {}, { clock }))
    await readAll(opened(server, {}, {}, { clock }), proof.cursor ?? null)
    expect(server.asked.at(-1)?.query.filter).toBe("dateLastModified>'2027-01-01T10:00:00.000Z'")
  })

  it('map an enrolment to a class that did not change itself', async () => {
    const other = generated.groups.find(({ kind, key }) => kind === 'homeroom' && key !== pupil.groupKey)
    const { after, before } = await changed(
      school => ({
        ...school,
        pupils: school.pupils.map(each => (each.key === home.key ? { ...each, groupKey: other?.key ?? '' } : each)),
      }),
      { showsDeleted: 'always' },
    )
    expect(after.proof.kind).toBe('delta')
    const moved = memberships(after).filter(each => each.personSourceId === home.person)
    expect(moved).toMatchObject([{ groupSourceId: `class:${classIdOf(other?.key ?? '')}`, role: 'pupil' }])
    expect(removed(after)).toContainEqual({
      type: 'membership',
      groupSourceId: home.group,
      personSourceId: home.person,
    })
    expect(JSON.parse(after.proof.cursor ?? '').lastModified).toBe('2026-11-23T20:00:00.000Z')
    expect(after.proof.cursor).not.toBe(before.proof.cursor)
  })

  it.each(['always', 'on-filter'] as const)(
    'say that a pupil is gone, where the server shows so %s',
    async showsDeleted => {
      const { after } = await changed(without(home.key), { showsDeleted })
      expect(after.proof.kind).toBe('delta')
      expect(removed(after)).toContainEqual({ type: 'person', sourceId: home.person })
      expect(people(after).some(({ sourceId }) => sourceId === home.person)).toBe(false)
      expect(JSON.stringify(after.records)).not.toContain(home.person)
    },
  )

  it('take the word of OneRoster 1.0 for it', async () => {
    let gone = false
    const { server } = await served({
      alter: data => {
        if (gone) for (const each of data.users) if (each.sourcedId === `leerling-${home.key}`) each.status = 'inactive'
      },
    })
    const before = await readAll(opened(server))
    gone = true
    const after = await readAll(opened(server), before.proof.cursor ?? null)
    expect(removed(after)).toContainEqual({ type: 'person', sourceId: home.person })
  })

  it('say that a group is gone, once, with what was in it', async () => {
    const choir = generated.groups.at(-1)?.key ?? ''
    const { after } = await changed(
      school => ({
        ...school,
        groups: school.groups.filter(({ key }) => key !== choir),
        pupils: school.pupils.map(each => ({
          ...each,
          scheduledKeys: each.scheduledKeys.filter(key => key !== choir),
        })),
      }),
      { showsDeleted: 'always' },
    )
    expect(removed(after).filter(each => each.type === 'group')).toEqual([
      { type: 'group', sourceId: `class:${classIdOf(choir)}` },
    ])
    expect(groups(after).some(({ sourceId }) => sourceId === `class:${classIdOf(choir)}`)).toBe(false)
  })

  it('take the panel away from a teacher who is an aide from now on, in the same enrolment', async () => {
    const key = generated.cast.teachers.otherTeacher
    const { after } = await changed(school => ({
      ...school,
      teachers: school.teachers.map(each =>
        each.key === key ? { ...each, groups: each.groups.map(place => ({ ...place, roles: ['OWA'] })) } : each,
      ),
    }))
    const person = `user:medewerker-${key}`
    expect(memberships(after).filter(each => each.personSourceId === person)).toMatchObject([{ role: 'other' }])
    expect(removed(after)).toContainEqual(
      expect.objectContaining({ type: 'membership', personSourceId: person, role: 'teacher' }),
    )
  })

  it('leave records of other schools alone', async () => {
    let changes = false
    const { server } = await served({
      showsDeleted: 'always',
      alter: data => {
        if (!changes) return
        data.users = data.users.filter(({ sourcedId }) => sourcedId !== 'buur-1')
        data.enrollments = data.enrollments.filter(({ sourcedId }) => sourcedId !== 'b2')
        data.classes = data.classes.filter(({ sourcedId }) => sourcedId !== 'klas-buren')
      },
    })
    const before = await readAll(opened(server))
    changes = true
    const after = await readAll(opened(server), before.proof.cursor ?? null)
    expect(removed(after)).toEqual(expect.not.arrayContaining([expect.objectContaining({ type: 'person' })]))
    expect(JSON.stringify(after)).not.toMatch(/buur|klas-buren/)
  })

  it('are everything where the server refuses the filter', async () => {
    const { after, server } = await changed(without(home.key), { refusesFilter: ['enrollments'] })
    expect(after.proof.kind).toBe('snapshot')
    expect(server.asked.some(({ query }) => query.filter !== undefined)).toBe(true)
    expect(people(after).some(({ sourceId }) => sourceId === home.person)).toBe(false)
    expect(removed(after)).toEqual([])
  })

  it('are changes still where the filter is refused for other lists only', async () => {
    const { after } = await changed(without(home.key), { refusesFilter: ['users', 'classes'], showsDeleted: 'always' })
    expect(after.proof.kind).toBe('delta')
    expect(removed(after)).toContainEqual({ type: 'person', sourceId: home.person })
  })

  it('are everything under other options, in another year and of another school', async () => {
    const { server, before, again } = await changed(school => school)
    const cursor = before.proof.cursor ?? null
    expect((await readAll(again(), cursor)).proof.kind).toBe('delta')
    expect((await readAll(opened(server, { teachers: 'all' }), cursor)).proof.kind).toBe('snapshot')
    for (const other of [{ schoolYear: '2025-2026' }, { school: 'school-98QQ-00' }] as const)
      expect((await readAll(opened(server, other), cursor)).proof.kind).toBe('snapshot')
    for (const wrong of ['', '{}', 'x']) expect((await readFailing(again(), wrong)).error.code).toBe('malformed')
  })

  it('do not believe a date in the future', async () => {
    const { server } = await served({
      alter: data => {
        const [first] = data.enrollments
        if (first !== undefined) first.dateLastModified = '2099-01-01T00:00:00.000Z'
      },
    })
    const { proof } = await readAll(opened(server))
    expect(JSON.parse(proof.cursor ?? '').lastModified).toBe('2026-10-24T12:00:00.000Z')
  })

  it('cannot be asked of a server without dates: everything again', async () => {
    const bare: typeof fetch = async (...asked) => {
      const answer = await fetch(...asked)
      const body = (await answer.text()).replace(/"dateLastModified":"[^"]*"/g, '"dateLastModified":null')
      return new Response(body, { status: answer.status, headers: { 'content-type': 'application/json' } })
    }
    const { server } = await served()
    const first = await readAll(opened(server, {}, {}, { fetch: bare }))
    expect((await readAll(opened(server, {}, {}, { fetch: bare }), first.proof.cursor ?? null)).proof.kind).toBe(
      'snapshot',
    )
  })
})

describe('check', () => {
  it('says school, year, classes and homerooms, and what can be asked, without reading people', async () => {
    const { server } = await served()
    expect(await opened(server).check()).toEqual({
      ok: true,
      says: [
        'School 99ZZ-00 (org:school-99ZZ-00), school year 2026-2027.',
        '12 classes, 10 of them homerooms. People are counted when everything is read.',
        'The source can be asked for changes only.',
      ],
    })
    const lists = server.asked.filter(({ path }) => ['/users', '/enrollments'].includes(path))
    expect(lists.every(({ query }) => query.limit === '1')).toBe(true)
  })

  it('says what to do where no class is a homeroom, and where changes cannot be asked for', async () => {
    const alter = (data: OneRosterData) => {
      for (const each of data.classes) each.classType = 'scheduled'
    }
    const { server } = await served({ alter, refusesFilter: ['enrollments'] })
    const { says } = await opened(server).check()
    expect(says).toContain('The source cannot be asked for changes: everything is read every time.')
    expect(says.at(-1)).toContain('give the option homerooms')
    const { findings } = await readAll(opened(server))
    expect(findings).toContainEqual({ code: 'no-homerooms', sourceId: 'org:school-99ZZ-00' })
    const named = await readAll(opened(server, { homerooms: ['?', '??', '1/2?', '4/5'] }))
    expect(groups(named).filter(({ kind }) => kind === 'homeroom')).toHaveLength(10)
  })

  it('fails as reading does', async () => {
    await expect((await of({}, { clientSecret: 'x' })).check()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect((await of({}, { school: 'x' })).check()).rejects.toMatchObject({ code: 'incomplete' })
  })
})

it('is not stopped by a day at another school that cannot be read, and is by one of its own', async () => {
  const alter = (id: string) => (data: OneRosterData) => {
    for (const each of data.enrollments) if (each.sourcedId === id) each.endDate = '31-07-2027'
  }
  expect((await readAll(await of({ alter: alter('b1') }))).proof.kind).toBe('snapshot')
  const { error } = await readFailing(await of({ alter: alter(`${home.key}-${pupil.groupKey}`) }))
  expect(error).toMatchObject({ code: 'malformed', sourceId: home.person })
})

it('leaves out who is enrolled and not among the users, and says so on the group', async () => {
  const alter = (data: OneRosterData) => {
    data.users = data.users.filter(({ sourcedId }) => sourcedId !== `leerling-${home.key}`)
  }
  const everything = await readAll(await of({ alter }))
  expect(everything.findings).toContainEqual({ code: 'unknown-person', sourceId: home.group })
  expect(JSON.stringify(everything.records)).not.toContain(`"${home.person}"`)
})

it('finds the school by sourcedId as well, and lists what there is when it finds none', async () => {
  const { server } = await served()
  expect((await readAll(opened(server, { school: 'school-99ZZ-00' }))).proof.scope.brin).toBe('99ZZ')
  expect((await readFailing(opened(server, { school: '97XX' }))).error.message).toContain('it shows 98QQ00, 99ZZ00')
})

it('shows its secret in the body where the supplier wants it there', async () => {
  expect((await readAll(await of({}, { authentication: 'body' }))).proof.kind).toBe('snapshot')
})

it('asks for a new token when one is refused before its time', async () => {
  const { server } = await served()
  const source = opened(server)
  await source.check()
  server.revoke()
  expect((await readAll(source)).proof.kind).toBe('snapshot')
  expect(server.requests.filter(request => request === 'POST /oauth/token')).toHaveLength(2)
})

describe('the options', () => {
  const options = {
    clientId: 'a',
    clientSecret: 'b',
    school: 's',
    tokenUrl: 'https://id.example.org/token?organisation=1',
  }
  it.each([
    ['https://sis.example.org/ims/oneroster/rostering/v1p2', true],
    ['http://127.0.0.1:8080/ims/oneroster/v1p1', true],
    ['http://sis.example.org/v1p2', false],
    ['https://u:p@sis.example.org/v1p2', false],
    ['https://sis.example.org/v1p2?key=1', false],
    ['ftp://sis.example.org/', false],
  ])('take the address %s: %s', (url, fine) =>
    expect(oneRoster.options.safeParse({ ...options, url }).success).toBe(fine),
  )

  it('name every host that may be reached, and take school years as suppliers write them', () => {
    const url = 'https://sis.example.org:8443/v1p2'
    const parsed = oneRoster.options.parse({ ...options, url, schoolYear: '26/27' })
    expect(oneRoster.hosts(parsed)).toEqual(['sis.example.org:8443', 'id.example.org'])
    expect(parsed.schoolYear).toBe('2026-2027')
    expect(oneRoster.options.safeParse({ ...options, url, tokenUrl: 'http://id.example.org/' }).success).toBe(false)
  })
})
