import { decodeJwt, decodeProtectedHeader } from 'jose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { rotateToolKeys } from '../../../../connector/admin/lti.ts'
import type { EntryContext } from '../../../../connector/entry/context.ts'
import { membersScope, openServiceTokens, type ServicePlatform } from '../../../../connector/entry/lti/services.ts'
import { openToolKeys } from '../../../../connector/entry/lti/tool-keys.ts'
import { openOutward } from '../../../../connector/outward.ts'
import { startLms } from '../../../school/lms.ts'
import { type LmsServices, serveLms } from '../../../school/lms-services.ts'
import { launch, postingOf, type Registered, registerAt } from '../../../support/launch.ts'
import { openWorld, type World } from '../../../support/world.ts'

let w: World
let at: Registered
let services: LmsServices
let context: EntryContext
let offset = 0
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  at = await registerAt(w.t, w.origin, w.schools.own, { lms: await startLms() })
  services = serveLms(at.lms)
  at.lms.people.set('t1', { id: 't1', name: 'Karin', roles: ['Instructor'] })
  const { config } = w.service
  const { db, keyring, log } = w.t
  context = { config, db, keyring, log, clock: () => new Date(Date.now() + offset), outward: openOutward(config) }
})
afterEach(async () => {
  offset = 0
  w.shift(0)
  await at.lms.close()
})
afterAll(() => w.close())

const platform = (more: Partial<ServicePlatform> = {}): ServicePlatform => ({
  ...{ boardId: w.schools.own.boardId, id: at.platformId, issuer: at.lms.issuer, clientId: at.tool.clientId },
  ...{ tokenUrl: at.lms.tokenUrl, tokenAudience: null, ...more },
})
const open = () => openServiceTokens(context, openToolKeys(context))

describe('a token for a service of the LMS', () => {
  it('is given for a proof by our own key: for that address, short, and of its own', async () => {
    const tokens = open()
    await tokens.get(platform(), membersScope)
    tokens.forget(platform(), membersScope)
    await tokens.get(platform(), membersScope)
    const [one, two] = services.assertions
    expect(one).toMatchObject({ iss: at.tool.clientId, sub: at.tool.clientId, aud: at.lms.tokenUrl })
    expect(one?.jti).toMatch(/^[0-9a-f-]{36}$/)
    expect(two?.jti).not.toBe(one?.jti)
    expect((one?.exp ?? 0) - (one?.iat ?? 0)).toBe(300)
    expect(services.refusedAssertions).toBe(0)
  })

  it('names the audience that the platform asked for', async () => {
    const signed: string[] = []
    const keys = openToolKeys(context)
    const signer = { sign: async (claims: Parameters<typeof keys.sign>[0]) => keep(await keys.sign(claims)) }
    const keep = (jwt: string) => {
      signed.push(jwt)
      return jwt
    }
    const asked = openServiceTokens(context, signer).get(
      platform({ tokenAudience: 'https://api.example/token' }),
      membersScope,
    )
    await expect(asked).rejects.toMatchObject({ problem: 'refused', code: 'invalid_client' })
    expect(decodeJwt(signed[0] ?? '').aud).toBe('https://api.example/token')
    expect(decodeProtectedHeader(signed[0] ?? '')).toMatchObject({ alg: 'RS256', typ: 'JWT' })
  })

  it('is kept until its last minute, and asked for once by many that come together', async () => {
    const tokens = open()
    const all = await Promise.all(Array.from({ length: 64 }, () => tokens.get(platform(), membersScope)))
    expect([new Set(all).size, services.tokensGiven]).toEqual([1, 1])
    offset = 58 * 60_000
    expect(await tokens.get(platform(), membersScope)).toBe(all[0])
    offset = 60 * 60_000 - 59_000
    expect(await tokens.get(platform(), membersScope)).not.toBe(all[0])
    expect(services.tokensGiven).toBe(2)
  })

  it('of one board or client is not used for another', async () => {
    const tokens = open()
    const mine = await tokens.get(platform(), membersScope)
    expect(await tokens.get(platform({ boardId: w.schools.foreign.boardId }), membersScope)).not.toBe(mine)
    await expect(tokens.get(platform({ clientId: 'other' }), membersScope)).rejects.toMatchObject({
      problem: 'refused',
    })
  })

  it('that is not good for what was asked is none', async () => {
    services.misbehave({ token: 'other-scope' })
    await expect(open().get(platform(), membersScope)).rejects.toMatchObject({ code: 'invalid_scope' })
  })

  it('that was refused is asked for again the next time', async () => {
    const tokens = open()
    services.misbehave({ token: 'refused' })
    await expect(tokens.get(platform(), membersScope)).rejects.toMatchObject({ problem: 'refused', status: 400 })
    services.misbehave(null)
    expect(await tokens.get(platform(), membersScope)).toMatch(/./)
  })

  it.for(['https://10.0.0.1/token', 'https://169.254.169.254/token', 'http://evil.example/token'])(
    'is not asked for inside a network, or in the clear: %s',
    async tokenUrl => {
      await expect(open().get(platform({ tokenUrl }), membersScope)).rejects.toMatchObject({ problem: 'away' })
    },
  )
})

describe('a new key of ours', () => {
  const hour = 3_600_000

  /** Answers that are signed, and service tokens, a good many at once. @returns how many, and what failed */
  async function load(): Promise<{ done: number; failed: unknown[] }> {
    const tokens = open()
    const token = async () => {
      tokens.forget(platform(), membersScope)
      await tokens.get(platform(), membersScope)
    }
    const answer = async () => {
      const page = await (await launch(at, { person: 't1', messageType: 'LtiDeepLinkingRequest' })).text()
      const { action, fields } = postingOf(page)
      const headers = { 'sec-fetch-site': 'same-origin' }
      const body = new URLSearchParams({ ...fields, item: 'stopknop' })
      const chosen = await fetch(new URL(action, w.origin), { method: 'POST', headers, body })
      const sent = postingOf(await chosen.text())
      const back = await fetch(sent.action, { method: 'POST', body: new URLSearchParams(sent.fields) })
      if (back.status !== 200) throw new Error(`the LMS says ${back.status}`)
    }
    const work = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? answer() : token()))
    const failed = (await Promise.allSettled(work)).flatMap(each => (each.status === 'rejected' ? [each.reason] : []))
    return { done: work.length, failed }
  }
  const kids = async () => {
    const { keys } = (await (await fetch(`${w.origin}/lti/jwks`)).json()) as { keys: { kid: string }[] }
    return keys.map(key => key.kid)
  }
  const signs = async () => decodeProtectedHeader(await openToolKeys(context).sign({})).kid
  const turn = (ms: number) => {
    offset = ms
    w.shift(ms)
    at.lms.turnClock(ms)
    services.clock = () => Date.now() + ms
  }

  it('is published, waits a day, signs, and the old one goes a day later; under load nothing fails', async () => {
    // An LMS that reads our key set once a day and never between.
    services.keepsKeysMs = 23 * hour
    const old = await signs()
    const failed: unknown[] = []
    let next = ''
    const seen: { hours: number; new: boolean; old: boolean; signs: string }[] = []
    for (const hours of [0, 1, 12, 22, 23.9, 24.1, 36, 47, 49, 72]) {
      turn(hours * hour)
      const rotating = hours === 0 ? rotateToolKeys(w.t, {}) : Promise.resolve(next)
      const [loaded, kid] = await Promise.all([load(), rotating])
      next = kid
      failed.push(...loaded.failed)
      const published = await kids()
      const signing = await signs()
      seen.push({
        hours,
        new: published.includes(next),
        old: published.includes(old ?? ''),
        signs: signing === next ? 'new' : 'old',
      })
    }
    expect(failed).toEqual([])
    expect(seen.slice(1).map(each => [each.hours, each.new, each.old, each.signs])).toEqual([
      ...[1, 12, 22, 23.9].map(hours => [hours, true, true, 'old']),
      ...[24.1, 36, 47].map(hours => [hours, true, true, 'new']),
      ...[49, 72].map(hours => [hours, true, false, 'new']),
    ])
    expect(services.refusedAssertions).toBe(0)
    expect([services.returned.length, services.tokensGiven]).toEqual([40, 80])
  })

  it('that signs at once is refused by an LMS that remembers the old set: the test above can fail', async () => {
    services.keepsKeysMs = 23 * hour
    turn(100 * hour)
    expect((await load()).failed).toEqual([])
    await rotateToolKeys(w.t, { revoke: true })
    turn(100 * hour + 120_000)
    expect((await load()).failed.length).toBeGreaterThan(0)
  })
})
