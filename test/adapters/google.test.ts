import { describe, expect, it } from 'vitest'
import { google } from '../../adapters/google/source.ts'
import { splitPrefix } from '../../adapters/names.ts'
import { canariesOf, type SchoolGroup } from '../school/generate.ts'
import { courseId, customerId, googleId, groupTeachers, units } from '../school/sis/google-workspace.ts'
import type { Fault } from '../school/sis/sis.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import {
  cast,
  googleServer,
  homerooms,
  pupilOf,
  pupilsOf,
  recordsOf,
  school,
  seats,
  teacherOf,
  user,
} from './google-school.ts'
import { now } from './support.ts'

const { held, waits, patient, source } = googleServer()
const heldBack = ['itAdmin', 'subject'] as const

const behaving = (fault: Fault, timeoutMs = 20_000) => {
  held.server.behave(fault)
  return source({}, patient(), timeoutMs)
}

/** Google goes away after so many questions. */
function halfway(questions: number) {
  let asked = 0
  return source(
    {},
    patient({
      fetch: (...question) => {
        asked += 1
        if (asked > questions) held.server.behave('cut')
        return fetch(...question)
      },
    }),
  )
}

const secrets = () => [
  String(held.server.options.serviceAccount),
  ...String(JSON.parse(String(held.server.options.serviceAccount)).private_key)
    .split('\n')
    .slice(1, 4),
  held.server.state.admin,
  'ya29.',
]

conforms('Google', {
  adapter: google,
  open: () => source(),
  canaries: [...canariesOf(school), 'CANARY', 'Kanarielaan', '+31600000000'],
  // The key is made with the server: these are what no test may see of it.
  secrets: ['PRIVATE KEY', 'ya29.', 'beheer@', 'assertion'],
  faults: {
    'no answer in time': { open: () => behaving('slow', 150), code: 'incomplete' },
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
    'half a run': { open: () => halfway(20), code: 'incomplete' },
  },
  failing: {
    'a unit that is not there': { open: () => source({ pupils: ['/CANARY'] }), code: 'malformed' },
    'pupils’ unit without pupils': {
      open: () => source({ pupils: [`${units.pupils}/Aangemeld`] }),
      code: 'incomplete',
    },
    'an administrator who is not there': {
      open: () => source({ subject: 'CANARY@school.example' }),
      code: 'unauthorized',
    },
    'another customer': { open: () => source({ customer: 'C0CANARY' }), code: 'malformed' },
    'a key that was withdrawn': { open: () => source({ serviceAccount: withdrawnKey() }), code: 'unauthorized' },
    'nobody listening': { open: () => source({ endpoint: 'http://127.0.0.1:9' }), code: 'unreachable' },
  },
})

function withdrawnKey(): string {
  return JSON.stringify({ ...JSON.parse(String(held.server.options.serviceAccount)), private_key_id: 'another' })
}

describe('the whole school', () => {
  it('arrives with its pupils and staff, and nobody of the other school of the domain', async () => {
    const people = recordsOf(await readAll(source()), 'person')
    const outside = (roles: string[]) => roles.some(role => role === 'STA' || role === 'OUD')
    expect(new Map(people.map(({ sourceId, role }) => [sourceId, role]))).toEqual(
      new Map([
        ...school.pupils.map(({ key }) => [pupilOf(key), 'pupil'] as const),
        ...school.teachers.map(
          ({ key, roles }) => [teacherOf(key), outside(roles) ? ('trainee' as const) : ('staff' as const)] as const,
        ),
      ]),
    )
  })

  it('arrives with the names as they are written in the school', async () => {
    const people = new Map(recordsOf(await readAll(source()), 'person').map(each => [each.sourceId, each]))
    for (const { key, name } of school.pupils) {
      const { givenName, familyNamePrefix, familyName } = people.get(pupilOf(key)) ?? {}
      expect({ givenName, familyNamePrefix, familyName }).toEqual({
        givenName: name.givenName,
        familyNamePrefix: name.familyNamePrefix,
        familyName: name.familyName,
      })
    }
  })

  it('arrives with the groups and their grades', async () => {
    const groups = recordsOf(await readAll(source()), 'group')
    expect(new Map(groups.map(each => [each.sourceId, [each.kind, each.name, each.grades]]))).toEqual(
      new Map(
        school.groups.map(group => [
          `course:${courseId(group)}`,
          [group.kind, group.kind === 'homeroom' ? `Groep ${group.name}` : group.name, group.grades.map(String)],
        ]),
      ),
    )
  })

  it('arrives with every pupil in the right groups', async () => {
    const found = await readAll(source())
    for (const group of school.groups)
      expect(seats(found, 'pupil', `course:${courseId(group)}`)).toEqual(pupilsOf(group))
  })

  it('gives each homeroom to its teachers, and holds back who sits in very many', async () => {
    const found = await readAll(source())
    const held = heldBack.map(key => teacherOf(cast.teachers[key]))
    for (const room of homerooms) {
      expect(seats(found, 'teacher', `course:${courseId(room)}`)).toEqual(groupTeachers(room, school).map(user).sort())
      expect(held).toEqual(expect.arrayContaining(seats(found, 'undecided', `course:${courseId(room)}`)))
    }
    const it = found.findings.filter(
      ({ code, sourceId }) => code === 'role-undecided' && sourceId === teacherOf(cast.teachers.itAdmin),
    )
    expect(it).toHaveLength(homerooms.length)
  })

  it('knows each by Google id, account and number', async () => {
    const people = recordsOf(await readAll(source()), 'person')
    const [pupil, teacher] = [cast.pupils.young, cast.teachers.teacher]
    expect(people.find(({ sourceId }) => sourceId === pupilOf(pupil))).toMatchObject({
      username: `${pupil}@leerling.${school.domain}`,
      keys: [
        { type: 'object-id', value: googleId.pupil(pupil), stable: true },
        { type: 'username', value: `${pupil}@leerling.${school.domain}`, stable: true },
        { type: 'email', value: `${pupil}@leerling.${school.domain}`, stable: true },
        { type: 'pupil-number', value: pupil, stable: true },
      ],
    })
    expect(people.find(({ sourceId }) => sourceId === teacherOf(teacher))?.keys).toContainEqual({
      type: 'staff-number',
      value: `P${teacher}`,
      stable: true,
    })
  })

  it('has who is suspended or archived as inactive, and in no group', async () => {
    const [room] = homerooms
    const ids = (
      held.server.state.workspace.courses.find(({ id }) => id === courseId(room as SchoolGroup))?.students ?? []
    ).slice(0, 2)
    const change = { suspended: [true, false], archived: [false, true] }
    for (const [n, { userId }] of ids.entries())
      Object.assign(held.server.state.workspace.users.find(({ id }) => id === userId) ?? {}, {
        suspended: change.suspended[n],
        archived: change.archived[n],
      })
    const found = await readAll(source())
    const gone = [...ids.map(({ userId }) => user(userId ?? '')), pupilOf(cast.pupils.leaver)]
    for (const { sourceId, status } of recordsOf(found, 'person'))
      expect(status).toBe(gone.includes(sourceId) ? 'inactive' : 'active')
    for (const { personSourceId } of recordsOf(found, 'membership')) expect(gone).not.toContain(personSourceId)
  })

  it('is proven for this account, these units and the year, with the scopes that were given', async () => {
    const { proof, records } = await readAll(source())
    expect(proof).toMatchObject({
      kind: 'snapshot',
      scope: { organisation: `${customerId}${units.pupils}`, schoolYear: '2026-2027' },
      grant: ['admin.directory.user.readonly', 'classroom.courses.readonly', 'classroom.rosters.readonly'],
    })
    expect(proof.cursor).toBeUndefined()
    expect(records[0]).toEqual({
      type: 'school',
      sourceId: `school:${customerId}${units.pupils}`,
      schoolYear: '2026-2027',
    })
  })

  it('says hints about staff only, from their own unit', async () => {
    const people = recordsOf(await readAll(source()), 'person')
    const hints = people.filter(({ roleHints }) => roleHints.length > 0).map(each => [each.sourceId, each.roleHints])
    expect(hints.sort()).toEqual(
      [
        [teacherOf(cast.teachers.director), ['Directie']],
        [teacherOf(cast.teachers.support), ['Intern begeleiders']],
      ].sort(),
    )
  })
})

describe('what is asked', () => {
  it('is fields by name: phones, addresses and parents never leave Google', async () => {
    const { fetched } = await listening()
    expect(held.server.asked.length).toBeGreaterThan(60)
    for (const { path, query } of held.server.asked)
      if (path !== '/token') expect(query.get('fields'), path).toMatch(/^(kind,)?(nextPageToken,)?\w+\(/)
    for (const canary of ['CANARY', '+31600000000', 'Kanarielaan', 'geboortedatum', 'lastLogin'])
      expect(fetched).not.toContain(canary)
  })

  it('would have come without them: the server holds everything back that is not asked for, and nothing else', async () => {
    const everything = await fetch(`${held.server.url}/admin/directory/v1/users?customer=my_customer`, {
      headers: { authorization: `Bearer ${await aToken()}` },
    })
    expect(await everything.text()).toMatch(/CANARY-PHONE[\s\S]*CANARY-PARENT/)
  })

  it('comes in pages, each with a token of the one before', async () => {
    await readAll(source())
    const pages = held.server.asked.filter(({ path }) => path.endsWith('/users'))
    expect(pages.length).toBeGreaterThan(8)
    expect(pages.filter(({ query }) => query.has('pageToken')).length).toBeGreaterThan(5)
    expect(pages[0]?.query.get('maxResults')).toBe('500')
    expect(pages[0]?.query.get('query')).toBe(`orgUnitPath='${units.pupils}'`)
  })

  it('is courses that are there now, unless the options want others', async () => {
    await readAll(source())
    expect(coursesAsked()).toEqual([['ACTIVE']])
    held.server.asked.length = 0
    await readAll(source({ courseStates: ['ACTIVE', 'PROVISIONED'] }))
    expect(coursesAsked()).toEqual([['ACTIVE', 'PROVISIONED']])
  })

  it('is no more courses than the homerooms, where others are not wanted', async () => {
    const { records } = await readAll(source({ scheduled: false }))
    expect(records.filter(record => record.type === 'group')).toHaveLength(homerooms.length)
    for (const group of school.groups.filter(({ kind }) => kind === 'scheduled'))
      expect(held.server.requests).not.toContain(`GET /v1/courses/${courseId(group)}/students`)
  })

  it('is the token once, and again when it is refused', async () => {
    await readAll(source())
    expect(tokensAsked()).toBe(1)
    held.server.requests.length = 0
    held.server.behave('unauthorized', 1)
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(tokensAsked()).toBe(2)
  })

  it('is a new token when the time of the old one is over', async () => {
    let at = now.getTime()
    const late = patient({
      clock: () => {
        at += 60_000
        return new Date(at)
      },
    })
    held.server.state.clock = () => new Date(at)
    await readAll(source({}, late))
    held.server.state.clock = () => now
    expect(tokensAsked()).toBeGreaterThan(1)
  })

  const coursesAsked = () =>
    [
      ...new Set(
        held.server.asked
          .filter(({ path }) => path === '/v1/courses')
          .map(({ query }) => query.getAll('courseStates').join()),
      ),
    ].map(states => states.split(','))
  const tokensAsked = () => held.server.requests.filter(each => each === 'POST /token').length

  async function listening() {
    let fetched = ''
    await readAll(
      source(
        {},
        patient({
          fetch: async (...question) => {
            const answer = await fetch(...question)
            fetched += await answer.clone().text()
            return answer
          },
        }),
      ),
    )
    return { fetched }
  }

  async function aToken(): Promise<string> {
    await readAll(source())
    return [...held.server.state.tokens.keys()].at(-1) ?? ''
  }
})

describe('the rights', () => {
  const scopes = (...names: string[]) => names.map(name => `https://www.googleapis.com/auth/${name}`)
  const users = 'admin.directory.user.readonly'
  const classroom = ['classroom.courses.readonly', 'classroom.rosters.readonly']
  const byUnit = { from: 'org-units', patterns: ['Groep *'] }
  it.each([
    ['courses', { scheduled: false }, [users, ...classroom]],
    ['units', { homerooms: byUnit, scheduled: false }, [users, 'admin.directory.orgunit.readonly']],
    ['units and other courses', { homerooms: byUnit }, [users, 'admin.directory.orgunit.readonly', ...classroom]],
    [
      'units with teachers in groups',
      {
        homerooms: { ...byUnit, teachers: { from: 'groups', address: 'leerkrachten-{class}@devuurvlinder.example' } },
        scheduled: false,
      },
      [users, 'admin.directory.orgunit.readonly', 'admin.directory.group.readonly'],
    ],
    [
      'groups',
      { homerooms: { from: 'groups', patterns: ['groep-*'] }, scheduled: false },
      [users, 'admin.directory.group.readonly'],
    ],
  ])('for %s are no more than they need', async (_, options, wanted) => {
    held.server.state.delegated = new Set(scopes(...wanted))
    expect((await readAll(source(options))).proof.grant).toEqual(wanted)
    for (const missing of wanted) {
      held.server.state.delegated = new Set(scopes(...wanted.filter(each => each !== missing)))
      const health = await source(options).check()
      expect(health.ok).toBe(false)
      expect(health.says).toContain(scopes(...wanted).join(','))
      expect(health.says.join(' ')).toContain('100000000000000000777')
      const { error } = await readFailing(source(options))
      expect(error).toMatchObject({ code: 'unauthorized', message: expect.stringContaining('delegate the scopes') })
    }
  })
})

describe('check', () => {
  it('says account, year, counts and what is held, without names', async () => {
    const { ok, says } = await source().check()
    expect(ok).toBe(true)
    expect(says[0]).toBe(`Google Workspace ${customerId}${units.pupils}, school year 2026-2027.`)
    expect(says[1]).toMatch(/^12 groups \(10 homerooms\), 240 pupils, \d+ others\.$/)
    expect(says.join(' ')).toMatch(/\d+ places of staff in homerooms are held for a person/)
    expect(says.join(' ')).toContain('let Google allow verified teachers only to make courses')
    expect(says.join(' ')).not.toMatch(/more than one homeroom|look like a homeroom/)
  })

  it('says how many pupils sit in several homerooms, and what only looks like one', async () => {
    const { courses } = held.server.state.workspace
    const [first, second] = homerooms.map(room => courses.find(({ id }) => id === courseId(room)))
    if (first === undefined || second === undefined) throw new RangeError('a school has homerooms')
    second.students.push(...first.students.slice(0, 2))
    const pupil = googleId.pupil(cast.pupils.young)
    courses.push({ ...first, id: '65', ownerId: pupil, teachers: [{ courseId: '65', userId: pupil }] })
    const says = (await source().check()).says.join(' ')
    expect(says).toContain('2 pupils are in more than one homeroom')
    expect(says).toContain('1 courses or groups look like a homeroom and are none')
  })

  it('reads another year’s date only when the engine asks for it', async () => {
    const { proof } = await readAll(source({ schoolYear: '2025-2026' }, patient({ schoolYear: '2024-2025' })))
    expect(proof.scope.schoolYear).toBe('2024-2025')
  })

  it('keeps the key out of everything', async () => {
    const said = JSON.stringify([await readAll(source()), await source().check()])
    for (const secret of secrets()) expect(said).not.toContain(secret)
  })
})

describe('waiting', () => {
  it('is as long as Google says, in fractions of a second, and through the context only', async () => {
    held.server.behave('rate-limited', 2)
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(waits).toEqual([2128, 2128])
  })

  it('grows past a minute, which is what quotas are counted by', async () => {
    held.server.behave('unavailable')
    await readFailing(source())
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64].map(seconds => seconds * 1000))
  })
})

it('family names in this file are split as Google joins them', () => {
  for (const { name } of school.pupils)
    if (name.familyName !== undefined)
      expect(splitPrefix([name.familyNamePrefix, name.familyName].filter(Boolean).join(' '))).toEqual({
        ...(name.familyNamePrefix === undefined ? {} : { familyNamePrefix: name.familyNamePrefix }),
        familyName: name.familyName,
      })
})
