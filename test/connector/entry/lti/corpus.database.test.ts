import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findTroubles } from '../../../../connector/admin/lti.ts'
import { explain, explanations } from '../../../../connector/entry/lti/refusals.ts'
import { beginLaunch, endOf, launch, post, type Registered, registerAt } from '../../../support/launch.ts'
import { openWorld, type World } from '../../../support/world.ts'
import { corpus, lti } from './corpus.ts'

let w: World
let at: Registered
let minutes = 0
beforeAll(async () => {
  w = await openWorld()
  at = await registerAt(w.t, w.origin, w.schools.own)
  at.lms.people.set('p1', {
    ...{ id: 'p1', name: 'Zofia Kowalczyk', email: 'zofia@proef.example', sourcedId: w.people.pupil.sisId },
  })
})
afterEach(() => at.lms.misbehave(null))
afterAll(async () => {
  await at.lms.close()
  await w.close()
})

const personal = /Zofia|Kowalczyk|zofia@|proef\.example|"sub"|eyJ/

/** What the screen says, and what the doctor says of its number. */
async function refusedWith(response: Response) {
  const page = await response.text()
  const number = /<b>([A-Z0-9]{3}-[A-Z0-9]{3})<\/b>/.exec(page)?.[1] ?? ''
  const [trouble] = await findTroubles(w.t, { channel: 'lti', number })
  return { page, trouble }
}

describe('the corpus of broken launches', () => {
  it('has more than 200, each of its own name', () => {
    expect(corpus.length).toBeGreaterThan(200)
    expect(new Set(corpus.map(each => each.name)).size).toBe(corpus.length)
  })

  it.for(corpus)('refuses: $name', async ({ codes, make }) => {
    at.lms.misbehave({
      claims: claims => ({ ...claims, name: 'Zofia Kowalczyk', email: 'zofia@proef.example' }),
      sign: make,
    })
    const response = await launch(at, { person: 'p1' })
    expect([400, 413]).toContain(response.status)
    expect(response.headers.get('location')).toBeNull()
    const { page, trouble } = await refusedWith(response)
    expect(codes).toContain(trouble?.code)
    expect(explain(trouble?.code ?? '')?.todo).toMatch(/\w{4}/)
    expect(page + JSON.stringify(trouble)).not.toMatch(personal)
  })

  it('holds against the same launch unbroken', async () => {
    expect(endOf(await launch(at, { person: 'p1' })).ticket).not.toBeNull()
  })
})

describe('what is unusual and right', () => {
  const let_in = async (claims: (said: Record<string, unknown>) => Record<string, unknown>) => {
    at.lms.misbehave({ claims: said => claims(said) })
    return endOf(await launch(at, { person: 'p1' })).ticket
  }
  it.for([
    ['the audience in a list', (c: Record<string, unknown>) => ({ ...c, aud: ['m5-tool'] })],
    [
      'several audiences and azp',
      (c: Record<string, unknown>) => ({ ...c, aud: ['other', 'm5-tool'], azp: 'm5-tool' }),
    ],
    ['one audience and azp', (c: Record<string, unknown>) => ({ ...c, azp: 'm5-tool' })],
    ['no roles', (c: Record<string, unknown>) => ({ ...c, [lti('roles')]: [] })],
    [
      'claims that nobody knows',
      (c: Record<string, unknown>) => ({ ...c, 'https://example/x': { a: [1, { a: 2 }], b: 'a' } }),
    ],
  ] as const)('lets in: %s', async ([, change]) => {
    expect(await let_in(change)).not.toBeNull()
  })

  it.for([-60, 60])('lets in a token of %d s off', async seconds => {
    const shifted = (c: Record<string, unknown>) => ({
      ...c,
      iat: Number(c.iat) + seconds,
      exp: Number(c.iat) + seconds + 60,
    })
    expect(await let_in(shifted)).not.toBeNull()
  })

  it('lets in without typ, as RFC 7519 allows', async () => {
    at.lms.misbehave({ sign: (claims, lms) => lms.sign(claims, { typ: undefined }) })
    expect(endOf(await launch(at, { person: 'p1' })).ticket).not.toBeNull()
  })
})

describe('a login request', () => {
  const ask = (change: (fields: Record<string, string>) => Record<string, string | string[]>) => {
    const body = new URLSearchParams()
    for (const [name, value] of Object.entries(change(at.lms.initiation({ person: 'p1' }))))
      for (const each of [value].flat()) body.append(name, each)
    return fetch(at.tool.loginUrl, { method: 'POST', body, redirect: 'manual' })
  }
  const drop = (name: string) => (fields: Record<string, string>) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => key !== name))
  const change = (name: string, value: string | string[]) => (fields: Record<string, string>) => ({
    ...fields,
    [name]: value,
  })

  it.for([
    ...['iss', 'login_hint', 'target_link_uri'].map(name => [`without ${name}`, drop(name)] as const),
    ...['iss', 'login_hint', 'target_link_uri', 'client_id', 'lti_message_hint', 'lti_deployment_id'].flatMap(name => [
      [`${name} twice`, change(name, ['a', 'b'])] as const,
      [`${name} with a null`, change(name, 'a\u0000b')] as const,
      [`${name} huge`, change(name, 'x'.repeat(20_000))] as const,
    ]),
    ['iss no address', change('iss', 'moodle')] as const,
    ['iss of nobody', change('iss', 'https://evil.example')] as const,
    ['client of nobody', change('client_id', 'other')] as const,
    ['iss as a pattern', change('iss', 'http://%')] as const,
    ['target elsewhere', change('target_link_uri', 'https://evil.example/meld')] as const,
    ['target on another port', change('target_link_uri', 'http://localhost:1/meld')] as const,
    ['storage with markup', change('lti_storage_target', '"><script>')] as const,
    ['storage with a space', change('lti_storage_target', 'a b')] as const,
  ])('is refused: %s', async ([, change]) => {
    const response = await ask(change)
    expect([response.status, response.headers.get('location')]).toEqual([400, null])
    const { trouble } = await refusedWith(response)
    expect(trouble?.code).toMatch(/^login-/)
  })

  it('may come by GET as well', async () => {
    const fields = new URLSearchParams(at.lms.initiation({ person: 'p1' }))
    const response = await fetch(`${at.tool.loginUrl}?${fields}`, { redirect: 'manual' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toMatch(/^\/lti\/begin\?s=[\w-]{43}$/)
  })
})

describe('a platform whose keys', () => {
  /** A minute later each: keys that were just asked for are not asked for again. */
  const withKeys = async (how: 'slow' | 'huge' | 'redirect' | 'broken' | 'away' | 'empty') => {
    const other = await registerAt(w.t, w.origin, w.schools.own, { clientId: 'm5-tool' })
    other.lms.misbehave({ jwks: how })
    const response = await launch(other, {})
    const { trouble } = await refusedWith(response)
    await other.lms.close()
    return [response.status, trouble?.code]
  }
  it.for([
    ['slow', 503, 'keys-unreachable'],
    ['huge', 503, 'keys-unreachable'],
    ['redirect', 503, 'keys-unreachable'],
    ['broken', 503, 'keys-unreadable'],
    ['away', 503, 'keys-unreachable'],
    ['empty', 400, 'token-key'],
  ] as const)('are %s is refused', async ([how, status, code]) => {
    expect(await withKeys(how)).toEqual([status, code])
  })

  it('change fails nobody, and an invented key name asks it once', async () => {
    const other = await registerAt(w.t, w.origin, w.schools.own)
    expect((await launch(other)).status).toBe(303)
    minutes += 1
    w.shift(minutes * 31_000)
    other.lms.turnClock(minutes * 31_000)
    await other.lms.rotate()
    expect((await launch(other)).status).toBe(303)
    const before = other.lms.jwksReads
    other.lms.misbehave({ header: () => ({ kid: 'invented' }) })
    for (let i = 0; i < 10; i += 1) expect((await launch(other)).status).toBe(400)
    expect(other.lms.jwksReads - before).toBeLessThanOrEqual(1)
    await other.lms.close()
    w.shift(0)
  })
})

describe('the explanations', () => {
  it('say for every refusal what happened and what to do, in whole sentences', () => {
    for (const [code, { what, todo }] of Object.entries(explanations)) {
      expect(what, code).toMatch(/^[A-Z].*\.$/)
      expect(todo.length, code).toBeGreaterThan(15)
    }
  })
})

describe('the platform that says no', () => {
  it('is told on the screen, with its code for the administrator', async () => {
    const { posting, visitor } = await beginLaunch(at, { person: 'p1' })
    const fields = { state: posting.fields.state ?? '', error: 'login_required' }
    const response = await post(visitor, { ...posting, fields })
    expect(response.status).toBe(400)
    const { trouble } = await refusedWith(response)
    expect(trouble).toMatchObject({ code: 'platform-says-no', facts: { says: 'login_required' } })
  })
})
