/** That Google tells of changes: who is believed, and how it comes that it tells. */
import { createHmac } from 'node:crypto'
import nock from 'nock'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { google } from '../../adapters/google/source.ts'
import { type Push, SourceError } from '../../adapters/source.ts'
import { encoded, pushAccount, pushBody, pushKeys, pushToken } from '../school/sis/google-push.ts'
import { customerId, units } from '../school/sis/google-workspace.ts'
import { readAll } from './conformance.ts'
import { googleServer } from './google-school.ts'
import { now } from './support.ts'

const { held, patient, source, waits } = googleServer()
const audience = 'https://m5.example/wake/board/source'
const [keys, others] = [pushKeys(), pushKeys()]
const topic = 'projects/fictief/topics/classroom'
const pushScopes = ['classroom.push-notifications', 'classroom.rosters.readonly'].map(
  scope => `https://www.googleapis.com/auth/${scope}`,
)

/** At Google's own addresses. */
const options = (more: object = {}) => {
  const { endpoint: _, ...rest } = held.server.options
  return google.options.parse({ ...rest, wakeUp: { account: pushAccount, topic }, ...more })
}
const keeping = (): Push['once'] => {
  const kept = new Map<string, unknown>()
  return <T>(name: string, make: () => T) => {
    if (!kept.has(name)) kept.set(name, make())
    return kept.get(name) as T
  }
}
const push = (token: string | undefined, more: Partial<Push> = {}): Push => ({
  authorization: token === undefined ? undefined : `Bearer ${token}`,
  ...{ body: pushBody(), audience, fetch, clock: () => now, once: keeping(), ...more },
})
const woken = (of: Push, given = options()) => google.wakeUp?.(of, given)
const token = (claims = {}) => pushToken(keys, { audience, now }, claims)
const seconds = (at: Date) => Math.floor(at.getTime() / 1000)
const certs = () => nock('https://www.googleapis.com').get('/oauth2/v3/certs')

afterEach(() => {
  nock.cleanAll()
})

describe('a push', () => {
  beforeEach(() => {
    certs().reply(200, keys.certs)
  })

  it.each([
    ['as Pub/Sub signs it', {}],
    ['with the short name of its issuer', { iss: 'accounts.google.com' }],
    ['a minute late', { iat: seconds(now) - 3659, exp: seconds(now) - 59 }],
  ])('%s is Google’s, and a reason to read', async (_, claims) => {
    expect(await woken(push(token(claims)))).toBe(true)
  })

  it('about something else is Google’s, and no reason', async () => {
    const body = pushBody({ collection: 'courses.courseWork', resourceId: { courseId: '1', id: '2' } })
    expect(await woken(push(token(), { body }))).toBe(false)
  })

  const [head, claims] = token().split('.')
  const unsigned = (alg: string) => `${encoded({ alg, kid: keys.keyId, typ: 'JWT' })}.${claims}`
  const byPublicKey = createHmac('sha256', JSON.stringify(keys.certs.keys[0])).update(unsigned('HS256'))
  it.each([
    ['for another address', token({ aud: 'https://m5.example/wake/board/other' })],
    ['for no address', token({ aud: undefined })],
    ['of another issuer', token({ iss: 'https://accounts.example' })],
    ['of another service account', token({ email: 'm5-push@anders.iam.gserviceaccount.com' })],
    ['of no account', token({ email: undefined })],
    ['of an address that nobody verified', token({ email_verified: false })],
    ['of an address of which that is not said', token({ email_verified: undefined })],
    ['of an address of which it is said in words', token({ email_verified: 'true' })],
    ['that is over', token({ iat: seconds(now) - 3700, exp: seconds(now) - 61 })],
    ['without an end', token({ exp: undefined })],
    ['of a time to come', token({ nbf: seconds(now) + 61 })],
    ['signed by another key of the same name', pushToken(others, { audience, now })],
    ['signed by a key that Google does not have', pushToken({ ...others, keyId: 'x' }, { audience, now })],
    ['signed by nobody', `${unsigned('none')}.`],
    ['signed with the public key as a password', `${unsigned('HS256')}.${byPublicKey.digest('base64url')}`],
    ['with other claims than were signed', `${head}.${encoded({ aud: audience })}.${token().split('.')[2]}`],
    ['that is no token', 'x.y.z'],
    ['that is empty', ''],
    ['that is absent', undefined],
  ])('%s is refused', async (_, given) => {
    await expect(woken(push(given))).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'this message is not from Google for this source',
    })
  })

  it('to a source that waits for none is refused, and Google is asked nothing', async () => {
    await expect(woken(push(token()), options({ wakeUp: undefined }))).rejects.toMatchObject({ code: 'unauthorized' })
    expect(nock.isDone()).toBe(false)
  })
})

describe('the keys of Google', () => {
  it('are asked for once, however many pushes come and whatever keys they name', async () => {
    const asked = certs().reply(200, keys.certs)
    const once = keeping()
    await Promise.all(Array.from({ length: 8 }, () => woken(push(token(), { once }))))
    const madeUp = pushToken({ ...others, keyId: 'x' }, { audience, now })
    await expect(woken(push(madeUp, { once }))).rejects.toMatchObject({ code: 'unauthorized' })
    expect(asked.isDone()).toBe(true)
  })

  it.each([
    ['HTTP 503', 503, 'down', 'unreachable'],
    ['a web page', 200, '<html>CANARY</html>', 'malformed'],
    ['another form', 200, { keys: [{ CANARY: 1 }] }, 'malformed'],
    ['elsewhere', 302, '', 'unreachable'],
  ])('that come as %s refuse nobody for good, and are not asked for again at once', async (_, status, body, code) => {
    certs().reply(status, body, { location: 'https://evil.example/CANARY' })
    const once = keeping()
    await expect(woken(push(token(), { once }))).rejects.toMatchObject({ code })
    certs().reply(200, keys.certs)
    const again = await woken(push(token(), { once }))?.catch((error: unknown) => error)
    expect(again).toBeInstanceOf(SourceError)
    expect(again).toMatchObject({ code: 'unreachable', message: expect.not.stringContaining('CANARY') })
    expect(nock.isDone()).toBe(false)
    expect(await woken(push(token()))).toBe(true)
  })

  it('are of a host that is named only where there is something to verify', () => {
    expect(google.hosts(options())).toContain('www.googleapis.com')
    expect(google.hosts(options({ wakeUp: undefined }))).not.toContain('www.googleapis.com')
  })
})

describe('the options of wake-ups', () => {
  it('are refused where no course is read, for courses are all that Google tells of', () => {
    const byUnit = { homerooms: { from: 'org-units' }, scheduled: false }
    expect(() => options(byUnit)).toThrow('these options read none')
    expect(options({ ...byUnit, scheduled: true }).wakeUp).toMatchObject({ topic })
  })

  it.each(['classroom', 'projects/fictief/topics/', 'projects/a/topics/b/c', 'projects/../topics/x'])(
    'are refused with the topic %s',
    wrong => {
      expect(() => options({ wakeUp: { account: pushAccount, topic: wrong } })).toThrow('wakeUp')
    },
  )
})

describe('Classroom', () => {
  const schoolId = `school:${customerId}${units.pupils}`
  const telling = (more: object = {}) => source({ wakeUp: { account: pushAccount, topic }, ...more }, patient())
  beforeEach(() => {
    const { state } = held.server
    for (const scope of pushScopes) state.delegated.add(scope)
    state.topics = new Set([topic])
    state.told = []
    state.agreed = true
  })

  it('is asked at each reading to tell of the rosters of the domain', async () => {
    const { findings, proof } = await readAll(telling())
    await readAll(telling())
    expect(held.server.state.told).toEqual([topic, topic])
    expect(findings.filter(({ code }) => code === 'no-wake-up')).toEqual([])
    expect(proof.grant).not.toContain('classroom.push-notifications')
    expect((await telling().check()).says.join(' ')).not.toContain('at night only')
  })

  it('is not asked where no topic is named, and no right for it either', async () => {
    held.server.state.delegated.delete(String(pushScopes[0]))
    for (const wakeUp of [undefined, { account: pushAccount }])
      expect((await readAll(source({ wakeUp }, patient()))).proof.kind).toBe('snapshot')
    expect(held.server.state.told).toEqual([])
    expect(held.server.requests).not.toContain('POST /v1/registrations')
  })

  it.each([
    ['not-delegated', () => held.server.state.delegated.delete(String(pushScopes[0])), 'delegate these scopes too'],
    ['MissingGrant', () => (held.server.state.agreed = false), 'must agree in person'],
    ['no-topic', () => held.server.state.topics.clear(), 'classroom-notifications@system.gserviceaccount.com'],
  ])('that will not (%s) keeps no roster from being read, and says why', async (code, spoil, says) => {
    const whole = await readAll(telling())
    spoil()
    const { records, findings, proof } = await readAll(telling())
    expect(records).toEqual(whole.records)
    expect(proof).toEqual(whole.proof)
    expect(findings.filter(finding => finding.code === 'no-wake-up')).toEqual([
      { code: 'no-wake-up', sourceId: schoolId, detail: code },
    ])
    expect(findings.filter(finding => finding.code !== 'no-wake-up')).toEqual(whole.findings)
    const health = await telling().check()
    expect(health).toMatchObject({ ok: true })
    expect(health.says.join(' ')).toContain(says)
    expect(health.says.join(' ')).not.toContain('CANARY')
  })

  it('that is away is asked once more, and the roster is read', async () => {
    const away: typeof fetch = async (url, init) =>
      String(url).includes('/v1/registrations') ? new Response('', { status: 503 }) : fetch(url, init)
    const given = patient({ fetch: away })
    const { findings } = await readAll(source({ wakeUp: { account: pushAccount, topic } }, given))
    expect(findings).toContainEqual(expect.objectContaining({ code: 'no-wake-up', detail: 'unreachable' }))
    expect(waits).toEqual([1000])
  })

  it('lists the scope among those to delegate', async () => {
    held.server.state.delegated.clear()
    const { ok, says } = await telling().check()
    expect([ok, says.some(line => line.includes('classroom.push-notifications'))]).toEqual([false, true])
  })
})
