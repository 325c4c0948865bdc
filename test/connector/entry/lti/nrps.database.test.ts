import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { acceptLink, offerLink } from '../../../../connector/entry/claim-link.ts'
import type { EntryContext } from '../../../../connector/entry/context.ts'
import { linkIdentity } from '../../../../connector/entry/link.ts'
import { type LinkMembers, linkMembers } from '../../../../connector/entry/lti/nrps.ts'
import { openServiceTokens, type ServicePlatform } from '../../../../connector/entry/lti/services.ts'
import { openToolKeys } from '../../../../connector/entry/lti/tool-keys.ts'
import { openOutward } from '../../../../connector/outward.ts'
import { endSignIns } from '../../../../connector/store/identity-keys.ts'
import { ltiIdentityIssuer } from '../../../../connector/store/lti.ts'
import { withTenant } from '../../../../connector/store/scope.ts'
import { startLms } from '../../../school/lms.ts'
import { type LmsServices, type Member, serveLms } from '../../../school/lms-services.ts'
import { arriveWith, endOf, launch, type Registered, registerAt } from '../../../support/launch.ts'
import { seedAffiliation, seedPerson, tablesHolding } from '../../../support/seed.ts'
import { openWorld, type World } from '../../../support/world.ts'

let w: World
let at: Registered
const provenBy = () => ltiIdentityIssuer({ issuer: at.lms.issuer, clientId: at.tool.clientId })
let services: LmsServices
let context: EntryContext
let offset = 0
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  at = await registerAt(w.t, w.origin, w.schools.own, { lms: await startLms() })
  services = serveLms(at.lms)
  const { config } = w.service
  const { db, keyring, log } = w.t
  const clock = () => new Date(Date.now() + offset)
  context = { config, db, keyring, log, clock, outward: openOutward(config) }
})
afterEach(async () => {
  offset = 0
  w.shift(0)
  await at.lms.close()
})
afterAll(() => w.close())

const platform = (): ServicePlatform => ({
  ...{ boardId: w.schools.own.boardId, id: at.platformId, issuer: at.lms.issuer, clientId: at.tool.clientId },
  ...{ tokenUrl: at.lms.tokenUrl, tokenAudience: null },
})
const tokens = () => openServiceTokens(context, openToolKeys(context))
const read = (more: Partial<LinkMembers> = {}) =>
  linkMembers(context, tokens(), {
    ...{ platform: platform(), schoolId: w.schools.own.id, url: services.membersUrl('course-1') },
    ...more,
  })
const member = (id: string, sourcedId?: string, more: Partial<Member> = {}): Member => ({
  ...{ id, name: `Naam ${id}`, email: `${id}@lms.example` },
  ...(sourcedId === undefined ? {} : { sourcedId }),
  ...more,
})
const everybody = () => [
  member('u-zofia', w.people.pupil.sisId),
  member('u-jesse', w.people.classmate.sisId),
  member('u-jelle', w.people.otherPupil.sisId),
  member('u-karin', w.people.teacher.sisId),
  member('u-linda', w.people.otherTeacher.sisId),
]
const linksAt = (boardId = w.schools.own.boardId) =>
  withTenant(w.t.db, { boardId, role: 'system' }, tx =>
    tx.identity.findMany({ where: { boardId, issuer: provenBy() }, orderBy: { linkedAt: 'asc' } }),
  )
const whoIs = (subject: string) =>
  linkIdentity(context, {
    ...{ boardId: w.schools.own.boardId, schoolId: w.schools.own.id, issuer: provenBy(), subject },
    ...{ claim: null, keyType: 'sis-id' },
  })

describe('a member list of an LMS', () => {
  it('is read over its pages to the end, and links by the key of the roster', async () => {
    services.setMembers('course-1', everybody())
    expect(await read()).toMatchObject({ state: 'done', read: 'full', counts: { members: 5, linked: 5, conflicts: 0 } })
    expect(services.memberReads).toEqual(['/members/course-1?limit=200', '/members/course-1?limit=200&from=3'])
    expect(await whoIs('u-zofia')).toEqual({ found: 'person', personId: w.people.pupil.id })
    expect(await whoIs('u-karin')).toEqual({ found: 'person', personId: w.people.teacher.id })
  })

  it('lets somebody in at their first launch', async () => {
    services.setMembers('course-1', everybody())
    await read()
    at.lms.people.set('u-zofia', { id: 'u-zofia', name: 'Zofia' })
    const { ticket } = endOf(await launch(at, { person: 'u-zofia' }))
    const { status } = await arriveWith(w.origin, w.schools.own.key, ticket ?? '')
    expect(status).toBe(200)
  })

  it('leaves no name, address or account id in the database', async () => {
    services.setMembers('course-1', everybody())
    await read()
    for (const word of ['Naam u-zofia', 'u-zofia', 'u-zofia@lms.example', w.people.pupil.sisId])
      expect(await tablesHolding(w.t, word)).toEqual([])
  })

  it('changes nothing the second time', async () => {
    services.setMembers('course-1', everybody())
    await read()
    const before = await linksAt()
    expect((await read()).counts).toMatchObject({ known: 5, linked: 0, revived: 0, inactive: 0 })
    expect(await linksAt()).toEqual(before)
  })

  it('makes nobody', async () => {
    services.setMembers('course-1', [member('u-x', 'nergens'), member('u-y')])
    expect((await read()).counts).toMatchObject({ linked: 0, unknownKey: 1, withoutKey: 1 })
    expect(await linksAt()).toEqual([])
  })

  it('links no key of another school or board', async () => {
    services.setMembers('course-1', [
      member('u-1', w.people.foreignPupil.sisId),
      member('u-2', w.people.sisterPupil.sisId),
    ])
    expect((await read()).counts).toMatchObject({ linked: 0, unknownKey: 2 })
    expect((await read({ schoolId: null })).counts).toMatchObject({ linked: 1, unknownKey: 1 })
    expect(await linksAt(w.schools.foreign.boardId)).toEqual([])
  })

  it('links nobody who left the school', async () => {
    const gone = await seedPerson(w.t, w.schools.own, { status: 'inactive' })
    services.setMembers('course-1', [member('u-1', gone.sisId)])
    expect((await read()).counts).toMatchObject({ linked: 0, unknownKey: 1 })
  })

  it('never links by e-mail', async () => {
    services.setMembers('course-1', [member('u-1', 'iemand@proef.example')])
    expect((await read({ keyType: 'email' })).counts).toMatchObject({ linked: 0, withoutKey: 1 })
  })

  it('asks for what it was asked to ask for', async () => {
    services.setMembers('course-1', [
      member('u-karin', w.people.teacher.sisId, { roles: ['Instructor'] }),
      member('u-zofia', w.people.pupil.sisId),
    ])
    expect(await read({ role: 'Instructor', resourceLinkId: 'link-1' })).toMatchObject({
      read: 'part',
      counts: { linked: 1 },
    })
    expect(services.memberReads).toEqual(['/members/course-1?limit=200&role=Instructor&rlid=link-1'])
  })
})

describe('who is not on the list any more', () => {
  it('has a link that opens nothing, is signed out there, and is not deleted', async () => {
    services.setMembers('course-1', everybody())
    await read()
    at.lms.people.set('u-jesse', { id: 'u-jesse', name: 'Jesse' })
    const { ticket } = endOf(await launch(at, { person: 'u-jesse' }))
    await arriveWith(w.origin, w.schools.own.key, ticket ?? '')
    services.setMembers(
      'course-1',
      everybody().filter(each => each.id !== 'u-jesse'),
    )
    expect((await read()).counts).toMatchObject({ inactive: 1, known: 4 })
    expect(await linksAt()).toHaveLength(5)
    expect(await whoIs('u-jesse')).toEqual({ found: 'nobody' })
    const { boardId } = w.schools.own
    const alive = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.session.count({ where: { boardId, personId: w.people.classmate.id, channel: 'lti', endedAt: null } }),
    )
    expect(alive).toBe(0)
    expect(endOf(await launch(at, { person: 'u-jesse' })).link).not.toBeNull()
  })

  it('is linked again when the list names them again', async () => {
    services.setMembers('course-1', everybody())
    await read()
    services.setMembers('course-1', everybody().slice(1))
    await read()
    services.setMembers('course-1', everybody())
    expect((await read()).counts).toMatchObject({ revived: 1, known: 4 })
    expect(await whoIs('u-zofia')).toMatchObject({ found: 'person' })
  })

  it('can say themself that it is theirs, and then no list takes it back', async () => {
    services.setMembers('course-1', everybody())
    await read()
    services.setMembers('course-1', everybody().slice(1))
    await read()
    const { boardId, id: schoolId } = w.schools.own
    const keys = await w.t.keyring.board(boardId)
    const issuer = provenBy()
    const subjectTag = Buffer.from(keys.fingerprint('subject', Buffer.from(`${issuer}\nu-zofia`))).toString('hex')
    const offer = { boardId, schoolId, channel: 'lti', issuer, subjectTag } as const
    const key = await offerLink(context, offer, 'browser', context.clock())
    const caller = { boardId, schoolId, personId: w.people.pupil.id, sessionId: boardId, channel: 'oidc', acr: null }
    await acceptLink(context, { ...caller, authTime: new Date(), kinds: ['pupil'] }, { key, browsers: ['browser'] })
    expect(await whoIs('u-zofia')).toMatchObject({ found: 'person' })
    expect((await read()).counts).toMatchObject({ inactive: 0 })
    expect(await whoIs('u-zofia')).toMatchObject({ found: 'person' })
  })

  it('is not whoever is not in a part of the list', async () => {
    services.setMembers('course-1', everybody())
    await read()
    services.setMembers('course-1', everybody().slice(3))
    expect((await read({ role: 'Learner' })).counts).toMatchObject({ inactive: 0 })
  })

  it('is not taken back by the list of another course', async () => {
    services.setMembers('course-1', everybody())
    services.setMembers('course-2', everybody().slice(0, 1))
    await read()
    expect((await read({ url: services.membersUrl('course-2') })).counts).toMatchObject({ inactive: 0, known: 1 })
  })
})

describe('two that claim one', () => {
  it('are linked neither, and the one that was is taken back', async () => {
    services.setMembers('course-1', everybody())
    await read()
    services.setMembers('course-1', [...everybody(), member('u-attacker', w.people.teacher.sisId)])
    expect((await read()).counts).toMatchObject({ conflicts: 1, inactive: 1, known: 4 })
    expect(await whoIs('u-karin')).toEqual({ found: 'nobody' })
    expect(await whoIs('u-attacker')).toEqual({ found: 'nobody' })
  })

  it('are two people of the roster with one key', async () => {
    const one = await seedPerson(w.t, w.schools.own)
    const two = await seedPerson(w.t, w.schools.own)
    await seedAffiliation(w.t, w.schools.own, two.id, { sisId: one.sisId }).catch(() => undefined)
    const { boardId, id: schoolId, sourceId } = w.schools.own
    const keys = await w.t.keyring.board(boardId)
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.rosterKey.createMany({
        data: [
          {
            ...{ boardId, schoolId, sourceId, personId: two.id, type: 'sis-id', stable: true },
            id: crypto.randomUUID(),
            valueTag: keys.fingerprint('roster-key', `sis-id:${one.sisId}`),
          },
        ],
        skipDuplicates: true,
      }),
    )
    services.setMembers('course-1', [member('u-1', one.sisId)])
    expect((await read()).counts).toMatchObject({ linked: 0, conflicts: 2 })
  })

  it('are two keys of one account on two pages', async () => {
    services.setMembers('course-1', [...everybody().slice(0, 3), member('u-x', w.people.teacher.sisId)])
    at.lms.handlers.set('/members/twice', (_request, response) => {
      const page = {
        members: [w.people.teacher.sisId, w.people.pupil.sisId].map(key => ({
          user_id: 'u-x',
          lis_person_sourcedid: key,
        })),
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(page))
    })
    const asked = await read({ url: `${at.lms.origin}/members/twice` })
    expect(asked.counts).toMatchObject({ members: 1, linked: 0, withoutKey: 1 })
  })
})

describe('a list that goes wrong', () => {
  const broken = async (how: Parameters<LmsServices['misbehave']>[0]) => {
    services.setMembers('course-1', everybody())
    await read()
    const before = await linksAt()
    services.setMembers('course-1', everybody().slice(0, 4))
    services.misbehave(how)
    const problem = await read().then(
      () => 'none',
      (cause: { problem?: string }) => cause.problem,
    )
    expect(await linksAt()).toEqual(before)
    return problem
  }
  it.for([
    ['half', 'away'],
    ['loop', 'circle'],
    ['endless', 'endless'],
    ['elsewhere', 'elsewhere'],
    ['garbled', 'garbled'],
  ] as const)('(%s) changes nothing: %s', async ([members, problem]) => {
    expect(await broken({ members })).toBe(problem)
  })

  it('never takes the token to another host', async () => {
    let told = ''
    const other = await startLms({ host: '127.0.0.4' })
    other.handlers.set('/members/course-1', (request, response) => {
      told = String(request.headers.authorization)
      response.writeHead(200).end('{"members":[]}')
    })
    at.lms.handlers.set('/members/away', (_request, response) => {
      const headers = { 'Content-Type': 'application/json', Link: `<${other.origin}/members/course-1>; rel="next"` }
      response.writeHead(200, headers).end('{"members":[]}')
    })
    await expect(read({ url: `${at.lms.origin}/members/away` })).rejects.toMatchObject({ problem: 'elsewhere' })
    expect(told).toBe('')
    await other.close()
  })

  it('asks once more when the LMS took the token back', async () => {
    services.setMembers('course-1', everybody())
    services.misbehave({ members: 'revoked' })
    expect((await read()).counts).toMatchObject({ linked: 5 })
    expect(services.tokensGiven).toBe(2)
  })

  it('(empty) is held, until a person says that it is right', async () => {
    services.setMembers('course-1', everybody())
    await read()
    services.setMembers('course-1', [])
    expect(await read()).toMatchObject({ state: 'held' })
    expect((await linksAt()).every(each => each.inactiveAt === null)).toBe(true)
    expect(await read({ acceptLoss: true })).toMatchObject({ state: 'done', counts: { inactive: 5 } })
  })

  it('without more than half of who was there is held', async () => {
    const many = await Promise.all(Array.from({ length: 22 }, () => seedPerson(w.t, w.schools.own)))
    const members = many.map(({ sisId }, i) => member(`u-${i}`, sisId))
    services.setMembers('course-1', members)
    expect((await read()).counts.linked).toBe(22)
    services.setMembers('course-1', members.slice(12))
    expect(await read()).toMatchObject({ state: 'held' })
    services.setMembers('course-1', members.slice(10))
    expect(await read()).toMatchObject({ state: 'done', counts: { inactive: 10 } })
  })
})

describe('changes since the last time', () => {
  it('are asked for where they are offered, and say who is gone', async () => {
    services.offerDifferences(true)
    services.setMembers('course-1', everybody().slice(0, 3))
    await read()
    services.addMember('course-1', everybody()[3] as Member)
    services.removeMember('course-1', 'u-jesse')
    const second = await read()
    expect(second).toMatchObject({ read: 'changes', counts: { members: 2, linked: 1, inactive: 1 } })
    expect(services.memberReads.at(-1)).toBe('/members/course-1?since=0')
    expect(await whoIs('u-jesse')).toEqual({ found: 'nobody' })
    expect(await whoIs('u-zofia')).toMatchObject({ found: 'person' })
    expect(await read()).toMatchObject({ read: 'changes', counts: { members: 0, inactive: 0 } })
  })

  it('are not believed for longer than a week: then everything is read', async () => {
    services.offerDifferences(true)
    services.setMembers('course-1', everybody())
    await read()
    offset = 8 * 86_400_000
    expect(await read()).toMatchObject({ read: 'full' })
  })

  it('that the LMS has forgotten are read whole', async () => {
    services.offerDifferences(true)
    services.setMembers('course-1', everybody())
    services.addMember('course-1', everybody()[0] as Member)
    await read()
    services.forgetDifferences()
    expect(await read()).toMatchObject({ read: 'full', counts: { known: 5 } })
  })

  it('come whole when a person asks for it', async () => {
    services.offerDifferences(true)
    services.setMembers('course-1', everybody())
    await read()
    expect(await read({ whole: true })).toMatchObject({ read: 'full' })
  })
})

describe('after a launch', () => {
  const settled = () => expect.poll(() => services.memberReads.length)
  it('the list is read once a day, and the launch does not wait for it', async () => {
    services.setMembers('course-1', everybody())
    at.lms.people.set('u-zofia', { id: 'u-zofia', name: 'Zofia' })
    // Nobody here yet: the list comes after.
    expect(endOf(await launch(at, { person: 'u-zofia' })).link).not.toBeNull()
    await settled().toBe(2)
    await expect.poll(async () => (await whoIs('u-zofia')).found).toBe('person')
    await Promise.all(Array.from({ length: 8 }, () => launch(at, { person: 'u-zofia' })))
    expect(services.memberReads).toHaveLength(2)
    w.shift(25 * 3_600_000)
    at.lms.turnClock(25 * 3_600_000)
    await launch(at, { person: 'u-zofia' })
    await settled().toBe(4)
  })

  it('a list that goes wrong disturbs nobody', async () => {
    services.misbehave({ token: 'refused' })
    at.lms.people.set('u-zofia', { id: 'u-zofia', name: 'Zofia' })
    expect(endOf(await launch(at, { person: 'u-zofia' })).path).toContain('/meld')
    await expect.poll(() => services.refusedAssertions).toBe(1)
    expect(endOf(await launch(at, { person: 'u-zofia' })).path).toContain('/meld')
  })
})

describe('a key that changes hands in the roster', () => {
  it('ends the links that a list made by it', async () => {
    services.setMembers('course-1', everybody())
    await read()
    const { boardId, id: schoolId } = w.schools.own
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      endSignIns(tx, { boardId, schoolId }, [{ personId: w.people.pupil.id, type: 'sis-id', tag: '00' }], new Date()),
    )
    expect(await whoIs('u-zofia')).toEqual({ found: 'nobody' })
  })
})
