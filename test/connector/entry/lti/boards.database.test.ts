import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  addPlatform,
  approveDeployment,
  findTroubles,
  listDeployments,
  listPlatforms,
  refuseDeployment,
  removePlatform,
  rotateToolKeys,
} from '../../../../connector/admin/lti.ts'
import { approveNewDeployment } from '../../../../connector/store/lti.ts'
import { withTenant } from '../../../../connector/store/scope.ts'
import { type Lms, startLms } from '../../../school/lms.ts'
import { makeVisitor } from '../../../school/visitor.ts'
import { signedIn } from '../../../support/frame.ts'
import {
  arriveWith,
  beginLaunch,
  endOf,
  launch,
  post,
  postingOf,
  type Registered,
  registerAt,
} from '../../../support/launch.ts'
import { seedPerson } from '../../../support/seed.ts'
import { openWorld, portal, type World } from '../../../support/world.ts'

let w: World
let lms: Lms
let at: Registered
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  lms = await startLms()
  at = await registerAt(w.t, w.origin, w.schools.own, { lms })
  lms.people.set('p1', { id: 'p1', name: 'Zofia', sourcedId: w.people.pupil.sisId })
  w.shift(0)
})
afterEach(() => lms.close())
afterAll(() => w.close())

const troubles = async () => (await findTroubles(w.t, { channel: 'lti' })).map(each => each.code)
const enter = async (school: { key: string }, response: Response) => {
  const { frame, tokens } = await arriveWith(w.origin, school.key, endOf(response).ticket ?? '')
  return signedIn(w.origin, school.key, frame, tokens ?? { access: '', refresh: '' })
}

describe('one platform that two boards registered', () => {
  it('serves each by its own deployments', async () => {
    const { boardId, id: schoolId } = w.schools.foreign
    const { issuer, authUrl, tokenUrl, jwksUrl } = lms
    const { id: platformId } = await addPlatform(w.t, {
      ...{ boardId, label: 'LMS', issuer, clientId: at.tool.clientId, authUrl, tokenUrl, jwksUrl },
    })
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      approveNewDeployment(tx, { boardId, platformId, deploymentId: 'theirs', schoolId }, 'operator'),
    )
    expect(endOf(await launch(at)).path).toBe(`/meld?s=${w.schools.own.key}`)
    lms.addTool({ ...at.tool, deploymentId: 'theirs' })
    expect(endOf(await launch(at)).path).toBe(`/meld?s=${w.schools.foreign.key}`)
    // Nobody's yet: held in both.
    lms.addTool({ ...at.tool, deploymentId: 'third' })
    expect((await launch(at)).status).toBe(403)
    for (const board of [boardId, w.schools.own.boardId]) {
      const held = await listDeployments(w.t, board)
      expect(held.find(each => each.deploymentId === 'third')?.state).toBe('quarantined')
    }
  })

  it('cannot be used by one of them to come in at the other', async () => {
    const evil = await startLms({ host: '127.0.0.4' })
    const { boardId, id: schoolId } = w.schools.foreign
    // The same names, with keys of their own and an approved deployment of the same id.
    const { id: platformId } = await addPlatform(w.t, {
      ...{ boardId, label: 'LMS', issuer: lms.issuer, clientId: at.tool.clientId },
      ...{ authUrl: lms.authUrl, tokenUrl: evil.tokenUrl, jwksUrl: evil.jwksUrl },
    })
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      approveNewDeployment(tx, { boardId, platformId, deploymentId: at.tool.deploymentId, schoolId }, 'operator'),
    )
    lms.misbehave({ sign: claims => evil.sign(claims) })
    const forged = endOf(await launch(at, { person: 'p1' }))
    expect(forged).toEqual({ path: `/meld?s=${w.schools.foreign.key}`, ticket: null, link: expect.any(String) })
    lms.misbehave(null)
    expect(endOf(await launch(at, { person: 'p1' })).path).toBe(`/meld?s=${w.schools.own.key}`)
    await evil.close()
  })

  it('with one deployment that both approved lets nobody in, until one refuses it', async () => {
    const { boardId, id: schoolId } = w.schools.foreign
    const { issuer, authUrl, tokenUrl, jwksUrl } = lms
    const { id: platformId } = await addPlatform(w.t, {
      ...{ boardId, label: 'LMS', issuer, clientId: at.tool.clientId, authUrl, tokenUrl, jwksUrl },
    })
    const id = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      approveNewDeployment(tx, { boardId, platformId, deploymentId: at.tool.deploymentId, schoolId }, 'operator'),
    )
    expect([(await launch(at)).status, (await troubles())[0]]).toEqual([403, 'deployment-twice'])
    await refuseDeployment(w.t, { boardId, id })
    expect(endOf(await launch(at)).path).toBe(`/meld?s=${w.schools.own.key}`)
  })
})

describe('an administrator', () => {
  it('who refuses a deployment signs out who came in by it, and nothing is shown any more', async () => {
    const { boardId } = w.schools.own
    const me = await enter(w.schools.own, await launch(at, { person: 'p1' }))
    expect((await me.get('/api/me')).status).toBe(200)
    const here = (await listDeployments(w.t, boardId)).find(each => each.platformId === at.platformId)
    await refuseDeployment(w.t, { boardId, id: here?.id ?? '' })
    expect((await me.get('/api/me')).status).toBe(401)
    const again = await launch(at, { person: 'p1' })
    expect([again.status, (await troubles())[0]]).toEqual([403, 'deployment-refused'])
    expect(await again.text()).toContain('uitgezet')
    await approveDeployment(w.t, { boardId, id: here?.id ?? '', schoolId: w.schools.own.id })
    expect((await launch(at, { person: 'p1' })).status).toBe(303)
  })

  it('who removes a platform signs out who came in by it, and it is unknown from then on', async () => {
    const { boardId } = w.schools.own
    const me = await enter(w.schools.own, await launch(at, { person: 'p1' }))
    await removePlatform(w.t, { boardId, platformId: at.platformId })
    expect((await me.get('/api/me')).status).toBe(401)
    const refused = await makeVisitor().fetch(at.tool.loginUrl, {
      method: 'POST',
      body: new URLSearchParams(lms.initiation()),
    })
    expect([refused.status, (await troubles())[0]]).toEqual([400, 'login-unknown'])
    expect((await listPlatforms(w.t, boardId)).map(each => each.id)).not.toContain(at.platformId)
  })

  it('of another board removes, approves and refuses nothing here', async () => {
    const { boardId } = w.schools.foreign
    const own = (await listDeployments(w.t, w.schools.own.boardId)).find(each => each.platformId === at.platformId)
    const id = own?.id ?? ''
    const nothing = { code: 'not-found' }
    await expect(removePlatform(w.t, { boardId, platformId: at.platformId })).rejects.toMatchObject(nothing)
    await expect(refuseDeployment(w.t, { boardId, id })).rejects.toMatchObject(nothing)
    await expect(approveDeployment(w.t, { boardId, id, schoolId: w.schools.foreign.id })).rejects.toMatchObject(nothing)
    const mixed = { boardId: w.schools.own.boardId, id, schoolId: w.schools.foreign.id }
    await expect(approveDeployment(w.t, mixed)).rejects.toMatchObject(nothing)
    expect((await launch(at)).status).toBe(303)
  })

  it('registers the same platform again: its addresses change, its deployments stay', async () => {
    const { boardId } = w.schools.own
    const { issuer, tokenUrl, jwksUrl, authUrl } = lms
    const again = { boardId, label: 'Nieuw', issuer, clientId: at.tool.clientId, authUrl, tokenUrl, jwksUrl }
    expect((await addPlatform(w.t, again)).id).toBe(at.platformId)
    expect((await launch(at)).status).toBe(303)
  })

  it.for([
    { jwksUrl: 'http://lms.example/jwks' },
    { jwksUrl: 'file:///etc/passwd' },
    { jwksUrl: 'https://user:pass@lms.example/jwks' },
    { authUrl: 'javascript:alert(1)' },
    { issuer: 'with a space' },
    { clientId: 'a b' },
    { clientId: '' },
    { storageOrigin: 'https://lms.example/path' },
  ])('does not register %o', async wrong => {
    const { issuer, authUrl, tokenUrl, jwksUrl } = lms
    const platform = { boardId: w.schools.own.boardId, label: 'X', issuer, clientId: 'x', authUrl, tokenUrl, jwksUrl }
    await expect(addPlatform(w.t, { ...platform, ...wrong })).rejects.toMatchObject({ code: 'invalid-input' })
  })
})

describe('an account that two people claim', () => {
  it('lets neither of the new ones in by it, and the administrator can read why', async () => {
    const person = await seedPerson(w.t, w.schools.own)
    lms.people.set('one', { id: 'one', name: 'Een', sourcedId: person.sisId })
    lms.people.set('two', { id: 'two', name: 'Twee', sourcedId: person.sisId })
    expect(endOf(await launch(at, { person: 'one' })).ticket).not.toBeNull()
    expect(endOf(await launch(at, { person: 'two' }))).toMatchObject({ ticket: null, link: null })
    expect((await troubles())[0]).toBe('identity-conflict')
  })

  it('is not the same account at another platform', async () => {
    const other = await startLms({ host: '127.0.0.4' })
    const there = await registerAt(w.t, w.origin, w.schools.own, { lms: other, clientId: 'other' })
    other.people.set('p1', { id: 'p1', name: 'Ook p1' })
    await launch(at, { person: 'p1' })
    expect(endOf(await launch(there, { person: 'p1' })).ticket).toBeNull()
    await other.close()
  })
})

describe('a browser that keeps no cookie', () => {
  const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
  const forgetful = async () => {
    const login = await fetch(at.tool.loginUrl, {
      method: 'POST',
      body: new URLSearchParams(lms.initiation({ person: 'p1' })),
      redirect: 'manual',
    })
    const begin = new URL(login.headers.get('location') ?? '', w.origin)
    const shown = await fetch(begin, { redirect: 'manual' })
    const page = await shown.text()
    const data = Object.fromEntries([...page.matchAll(/data-(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
    const authorised = await fetch(String(data.next).replaceAll('&amp;', '&'))
    const newWindow = new URL((/href="([^"]+w=1)"/.exec(page)?.[1] ?? '').replaceAll('&amp;', '&'), w.origin)
    const cookie = login.headers.getSetCookie()[0] ?? ''
    return { data, begin, shown, newWindow, cookie, posting: postingOf(await authorised.text()) }
  }
  const bare = { fetch: (url: URL | string, init: RequestInit = {}) => fetch(url, { ...init, redirect: 'manual' }) }

  it('gets its proof kept by the platform, and is let in with it, once', async () => {
    const { data, posting } = await forgetful()
    expect(data).toMatchObject({ do: 'put', origin: lms.origin, target: '_parent' })
    const asked = await post(bare, posting)
    expect([asked.status, asked.headers.get('content-security-policy')]).toEqual([
      200,
      expect.stringContaining(`frame-ancestors 'self' ${lms.origin} ${portal};`),
    ])
    const { fields, action } = postingOf(await asked.text())
    const body = new URLSearchParams({ ...fields, browser: data.value ?? '' })
    const send = () => fetch(new URL(action, w.origin), { method: 'POST', headers: own, body, redirect: 'manual' })
    const answers = await Promise.all(Array.from({ length: 64 }, send))
    expect(answers.map(each => each.status).sort()).toEqual([303, ...Array(63).fill(400)])
  })

  it('is not let in by a page of somebody else that has such a proof (login CSRF)', async () => {
    const { data, posting } = await forgetful()
    const body = new URLSearchParams({ ...posting.fields, browser: data.value ?? '' })
    for (const foreign of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: lms.origin },
      { origin: 'null' },
      {},
    ] as Record<string, string>[]) {
      const headers = { ...foreign, 'content-type': 'application/x-www-form-urlencoded' }
      const tried = await fetch(posting.action, { method: 'POST', headers, body, redirect: 'manual' })
      expect([JSON.stringify(foreign), tried.status]).toEqual([JSON.stringify(foreign), 403])
    }
  })

  it('that got a new proof is not let in by the one before', async () => {
    const { data, posting, cookie } = await forgetful()
    const before = /=([^;]+)/.exec(cookie)?.[1] ?? ''
    const headers = { cookie: `${data.key}=${before}` }
    const body = new URLSearchParams(posting.fields)
    expect((await fetch(posting.action, { method: 'POST', headers, body, redirect: 'manual' })).status).toBe(400)
  })

  it('opens a window of its own with a cookie of its own', async () => {
    const { newWindow } = await forgetful()
    const visitor = makeVisitor()
    const opened = await visitor.fetch(newWindow)
    expect([opened.status, opened.headers.getSetCookie()[0]]).toEqual([303, expect.stringContaining('__Host-lti_')])
    const authorised = await visitor.fetch(opened.headers.get('location') ?? '')
    expect(endOf(await post(visitor, postingOf(await authorised.text()))).ticket).not.toBeNull()
    expect((await visitor.fetch(newWindow)).status).toBe(400)
  })

  it('that somebody sent such an address is not signed in as the sender', async () => {
    // The attacker holds a token of their own account for each state they ever saw, and has the victim open the window.
    const { newWindow, posting } = await forgetful()
    const victim = makeVisitor()
    await victim.fetch(newWindow)
    expect((await post(victim, posting)).status).toBe(400)
    const begun = await fetch(at.tool.loginUrl, {
      ...{ method: 'POST', body: new URLSearchParams(lms.initiation({ person: 'p1' })), redirect: 'manual' },
    })
    const begin = new URL(begun.headers.get('location') ?? '', w.origin)
    const cookie = begun.headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const gone = await fetch(begin, { headers: { cookie }, redirect: 'manual' })
    const captured = postingOf(await (await fetch(gone.headers.get('location') ?? '')).text())
    for (const address of [begin.href, `${begin.href}&w=1`]) await victim.fetch(address)
    expect((await post(victim, captured)).status).toBe(400)
  })

  it('finds a page that only the platform may show', async () => {
    const { shown } = await forgetful()
    expect(shown.headers.get('content-security-policy')).toContain(`frame-ancestors 'self' ${lms.origin} ${portal};`)
    const unknown = await fetch(`${w.origin}/lti/begin?s=${'x'.repeat(43)}`)
    expect(unknown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    expect(unknown.headers.get('x-frame-options')).toBe('DENY')
  })
})

describe('what waits in the database', () => {
  it('does not name the person, and knows neither state, nonce nor proof', async () => {
    lms.people.set('hint-of-somebody', { id: 'hint-of-somebody', name: 'X' })
    const { posting } = await beginLaunch(at, { person: 'hint-of-somebody' })
    const stored = await w.t.asSuperuser(async client => {
      const { rows } = await client.query<{ row: string }>(`select p::text as row from "Pending" p`)
      return rows.map(each => each.row).join('\n')
    })
    expect(stored).toContain(lms.issuer)
    expect(stored).not.toContain('hint-of-somebody')
    expect(stored).not.toContain(posting.fields.state)
  })
})

describe('our own keys', () => {
  const published = async () =>
    ((await (await fetch(`${w.origin}/lti/jwks`)).json()) as { keys: Record<string, string>[] }).keys

  it('are published by their public half alone, and a rotation adds one', async () => {
    const before = await published()
    expect(before.map(key => Object.keys(key).sort())).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
    const kid = await rotateToolKeys(w.t, {})
    w.shift(61_000)
    const after = await published()
    expect(after.map(key => key.kid)).toEqual([kid, before[0]?.kid])
  })

  it('that are revoked are gone at once', async () => {
    const kid = await rotateToolKeys(w.t, { revoke: true })
    w.shift(200_000)
    expect((await published()).map(key => key.kid)).toEqual([kid])
  })
})
