import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeVisitor } from '../../school/visitor.ts'
import { makeFrame, walkWindow } from '../../support/frame.ts'
import { seedSchool } from '../../support/seed.ts'
import { openWorld, portal, type World } from '../../support/world.ts'

let w: World
let twoOrigins: string
beforeAll(async () => {
  w = await openWorld()
  const origins = ['https://een.example', 'https://twee.example:8443']
  twoOrigins = (await seedSchool(w.t, w.schools.own.boardId, { origins })).key
})
afterAll(() => w.close())

const get = (path: string, init: RequestInit = {}) => fetch(w.origin + path, { redirect: 'manual', ...init })
const csp = (response: Response) => response.headers.get('content-security-policy') ?? ''
const ancestors = (response: Response) => /frame-ancestors ([^;]*)/.exec(csp(response))?.[1]

/** On every answer there is. */
const always = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'x-dns-prefetch-control': 'off',
  'x-powered-by': null,
  server: null,
  'access-control-allow-credentials': null,
}
function expectAlways(response: Response): void {
  for (const [name, value] of Object.entries(always)) expect([name, response.headers.get(name)]).toEqual([name, value])
  expect(csp(response)).toContain("default-src 'none'; base-uri 'none'; frame-ancestors ")
  expect(csp(response)).not.toMatch(/unsafe|\*|https?:(\s|;|$)/)
  expect(response.headers.get('permissions-policy')).toContain('camera=()')
}

const form = (body: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body,
})

describe('a page that shows in the frame', () => {
  const framed: [string, () => Promise<Response>, number][] = [
    ['/meld', () => get(`/meld?s=${w.schools.own.key}`), 200],
    ['/groep', () => get(`/groep?s=${w.schools.own.key}`), 200],
    ['POST /meld', () => get(`/meld?s=${w.schools.own.key}`, form('behaviour=GOSSIP')), 201],
    ['POST /meld, too long', () => get(`/meld?s=${w.schools.own.key}`, form('x'.repeat(70_000))), 413],
    ['POST /meld, no form', () => get(`/meld?s=${w.schools.own.key}`, { method: 'POST', body: 'x' }), 400],
    ['POST /meld, too many fields', () => get(`/meld?s=${w.schools.own.key}`, form('a=1&'.repeat(2000))), 400],
  ]
  it.for(framed)('%s: may be framed by the portal of the school and by nobody else', async ([, load, status]) => {
    const response = await load()
    expect(response.status).toBe(status)
    expect(ancestors(response)).toBe(`'self' ${portal}`)
    expect(response.headers.get('x-frame-options')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect(csp(response)).toContain("script-src 'self'; style-src 'self'; connect-src 'self'")
    expectAlways(response)
  })

  it('is framed by each origin of that very school', async () => {
    expect(ancestors(await get(`/meld?s=${twoOrigins}`))).toBe("'self' https://een.example https://twee.example:8443")
    expect(ancestors(await get(`/meld?s=${w.schools.foreign.key}`))).toBe("'self'")
  })

  it('of an unknown school is framed by nobody', async () => {
    for (const query of [
      '',
      '?s=',
      '?s=x',
      '?s=pk_unknown_school',
      '?s=a&s=b',
      `?s=${w.schools.own.key}&s=${twoOrigins}`,
    ])
      for (const path of ['/meld', '/groep']) {
        const response = await get(path + query)
        expect([path + query, response.status, ancestors(response), response.headers.get('x-frame-options')]).toEqual([
          path + query,
          404,
          "'none'",
          'DENY',
        ])
        expectAlways(response)
      }
  })

  it('shows the name of a school as text', async () => {
    const name = '<script>alert(1)</script>"\'&'
    const { key } = await seedSchool(w.t, w.schools.own.boardId, { name })
    const text = await (await get(`/meld?s=${key}`)).text()
    expect(text).toContain('&lt;script&gt;alert(1)')
    expect(text).not.toContain('<script>alert')
  })
})

describe('everything else', () => {
  const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
  const others: [string, () => Promise<Response>, number][] = [
    ['/healthz', () => get('/healthz'), 200],
    ['/readyz', () => get('/readyz'), 200],
    ['/openapi.json', () => get('/openapi.json'), 200],
    ['/plain.css', () => get('/plain.css'), 200],
    ['/bevestig', () => get(`/bevestig?s=${w.schools.own.key}`), 200],
    ['/bevestig of nobody', () => get('/bevestig'), 404],
    ['/api/form', () => get(`/api/form?school=${w.schools.own.key}`), 200],
    ['/api/form of nobody', () => get('/api/form'), 404],
    ['/api/me', () => get('/api/me'), 401],
    ['/api/people', () => get('/api/people?q=ab'), 401],
    ['/api/groups', () => get('/api/groups'), 401],
    ['a panel', () => get(`/api/groups/${w.groups.a}/reports`), 401],
    ['a report', () => get(`/api/reports?school=${w.schools.own.key}`, { method: 'POST', body: '{}' }), 201],
    [
      'too long a report',
      () => get(`/api/reports?school=${w.schools.own.key}`, { method: 'POST', body: 'x'.repeat(20_000) }),
      413,
    ],
    ['a hand-off that is none', () => get('/entry/handoffs', { method: 'POST', headers: json, body: '{' }), 400],
    ['/entry/go', () => get('/entry/go?h=x'), 410],
    ['/entry/start', () => get('/entry/start?h=x'), 410],
    [
      '/entry/confirm',
      () =>
        get('/entry/confirm', { ...form('t=x'), headers: { ...form('').headers, 'sec-fetch-site': 'same-origin' } }),
      410,
    ],
    ['/entry/callback', () => get(`/entry/callback/${w.signIns.own}?state=x&code=y`), 400],
    ['/entry/callback of nobody', () => get('/entry/callback/x'), 400],
    ['/entry/entry.css', () => get('/entry/entry.css'), 200],
    ['/entry/close.js', () => get('/entry/close.js'), 200],
    ['/oidc/auth', () => get('/oidc/auth?client_id=m5-views'), 400],
    ['/oidc/token', () => get('/oidc/token', form('grant_type=x')), 400],
    ['/oidc/jwks', () => get('/oidc/jwks'), 200],
    ['/oidc discovery', () => get('/oidc/.well-known/openid-configuration'), 200],
    ['nothing', () => get('/nowhere'), 404],
    ['nothing of the API', () => get('/api/nowhere'), 404],
    ['a widget that is not there', () => get('/v/app/nowhere.js'), 404],
    ['a way out of the folder', () => get('/v/app/..%2f..%2fpackage.json'), 404],
    ['an address that cannot be read', () => get('/entry/callback/%E0%A4%A'), 400],
    ['another method', () => get('/api/me', { method: 'DELETE' }), 404],
  ]
  it.for(others)('%s is framed by nobody', async ([, load, status]) => {
    const response = await load()
    expect(response.status).toBe(status)
    expect(ancestors(response)).toBe("'none'")
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expectAlways(response)
    if (status >= 400) expect(response.headers.get('cache-control')).toBe('no-store')
  })

  it('of the sign-in window: neither what asks nor what thanks', async () => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const handoff = await frame.openHandoff()
    const visitor = makeVisitor()
    const left = await visitor.fetch(new URL(handoff.goPath, w.origin))
    const { page } = await walkWindow(w.origin, handoff.goPath, w.people.pupil.subject, visitor)
    const t = /name="t" value="([^"]+)"/.exec(page)?.[1] ?? ''
    const done = await visitor.fetch(`${w.origin}/entry/confirm`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ t, code: handoff.code }),
    })
    expect([left.status, done.status]).toEqual([303, 200])
    for (const response of [left, done]) {
      expect([ancestors(response), response.headers.get('x-frame-options')]).toEqual(["'none'", 'DENY'])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expectAlways(response)
    }
  })

  it('a widget may be loaded by any page, and framed by none', async () => {
    const response = await get('/v/1/m5.js', { headers: { origin: 'https://any.example' } })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    expect(response.headers.get('content-type')).toMatch(/^text\/javascript/)
    expect(response.headers.get('x-frame-options')).toBe('DENY')
    expect((await get('/v/app/nowhere.js')).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('of the API can be read by no other site', async () => {
    for (const [path, method] of [
      [`/api/form?school=${w.schools.own.key}`, 'GET'],
      ['/api/me', 'GET'],
      ['/api/me', 'OPTIONS'],
      [`/api/reports?school=${w.schools.own.key}`, 'OPTIONS'],
      ['/entry/handoffs', 'OPTIONS'],
    ] as const) {
      const headers = {
        origin: 'https://evil.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'dpop',
      }
      const response = await get(path, { method, headers })
      expect([path, method, response.headers.get('access-control-allow-origin')]).toEqual([path, method, null])
      expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
    }
  })
})

describe('a problem', () => {
  it('repeats nothing of what was asked', async () => {
    const word = `kanarie${randomUUID().slice(0, 8)}`
    const json = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    const answers = [
      await get(`/${word}?${word}=${word}`),
      await get(`/api/${word}`),
      await get(`/api/form?school=${word}`),
      await get(`/api/groups/${word}/reports`, { headers: { authorization: `DPoP ${word}`, dpop: word } }),
      await get('/entry/handoffs', { method: 'POST', headers: json, body: `{"${word}":` }),
      await get('/entry/handoffs', {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ school: word, jkt: word, [word]: word }),
      }),
      await get(`/entry/handoffs/${word}/claim`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ secret: word }),
      }),
      await get(`/entry/go?h=${word}`),
      await get(`/entry/callback/${word}?state=${word}&error=${word}&error_description=${word}`),
      await get(`/oidc/auth?client_id=${word}&scope=${word}`),
      await get(`/meld?s=${word}`),
    ]
    for (const response of answers) {
      expect(response.status).toBeGreaterThanOrEqual(400)
      const text = (await response.text()) + JSON.stringify([...response.headers])
      expect([response.url, text.includes(word)]).toEqual([response.url, false])
    }
  })
})
