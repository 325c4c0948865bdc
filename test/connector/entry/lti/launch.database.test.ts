import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withTenant } from '../../../../connector/store/scope.ts'
import { makeVisitor } from '../../../school/visitor.ts'
import { signedIn, signInAs } from '../../../support/frame.ts'
import {
  approveWaiting,
  arriveWith,
  beginLaunch,
  endOf,
  launch,
  post,
  postingOf,
  type Registered,
  registerAt,
  ways,
} from '../../../support/launch.ts'
import { seedPerson, tablesHolding } from '../../../support/seed.ts'
import { openWorld, type World } from '../../../support/world.ts'

let w: World
let at: Registered
beforeAll(async () => {
  w = await openWorld()
  at = await registerAt(w.t, w.origin, w.schools.own)
  const { teacher, pupil } = w.people
  at.lms.people.set('t1', { id: 't1', name: 'Karin de Wit', email: 'karin@proef.example', sourcedId: teacher.sisId })
  at.lms.people.set('p1', { id: 'p1', name: 'Zofia Kowalczyk', email: 'zofia@proef.example', sourcedId: pupil.sisId })
  at.lms.people.set('x1', { id: 'x1', name: 'Iemand Anders', email: 'karin@proef.example' })
})
beforeEach(() => {
  w.shift(0)
  at.lms.misbehave(null)
  at.lms.turnClock(0)
})
afterAll(async () => {
  await at.lms.close()
  await w.close()
})

const meld = () => `/meld?s=${w.schools.own.key}`

describe('a launch', () => {
  it('brings who is known into the view, with a ticket in the fragment alone', async () => {
    const end = endOf(await launch(at, { person: 'p1' }))
    expect(end).toEqual({ path: meld(), ticket: expect.stringMatching(/^[\w-]{43}$/), link: null })
    const { frame, tokens } = await arriveWith(w.origin, w.schools.own.key, end.ticket ?? '')
    const me = signedIn(w.origin, w.schools.own.key, frame, tokens ?? { access: '', refresh: '' })
    expect(await (await me.get('/api/me')).json()).toMatchObject({ name: 'Zofia Kowalczyk', kind: 'PUPIL' })
  })

  it('leads to the group panel where the item says so', async () => {
    const end = endOf(await launch(at, { person: 't1', target: `${w.origin}/groep?s=pk_of_another_school` }))
    expect(end.path).toBe(`/groep?s=${w.schools.own.key}`)
    expect((await arriveWith(w.origin, w.schools.own.key, end.ticket ?? '')).tokens).not.toBeNull()
  })

  it('opens nothing by the roles that the platform gives', async () => {
    const roles = ['http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator']
    at.lms.people.set('a1', { id: 'a1', name: 'Baas', roles, sourcedId: w.people.otherPupil.sisId })
    const end = endOf(await launch(at, { person: 'a1', target: `${w.origin}/groep` }))
    const { frame, tokens } = await arriveWith(w.origin, w.schools.own.key, end.ticket ?? '')
    const me = signedIn(w.origin, w.schools.own.key, frame, tokens ?? { access: '', refresh: '' })
    expect((await me.get(`/api/groups/${w.groups.b}/reports`)).status).toBe(404)
  })

  it('of somebody whom the platform does not name opens the form, signed in as nobody', async () => {
    expect(endOf(await launch(at))).toEqual({ path: meld(), ticket: null, link: null })
  })

  it('of somebody unknown here offers to link, once they have signed in at the school', async () => {
    const end = endOf(await launch(at, { person: 'x1' }))
    expect(end).toEqual({ path: meld(), ticket: null, link: expect.any(String) })
    const newcomer = await seedPerson(w.t, w.schools.own)
    w.upstream.setPeople([{ sub: newcomer.subject, username: 'n', name: 'N', claims: { sis_id: newcomer.sisId } }])
    const me = await signInAs(w.origin, w.schools.own.key, newcomer.subject)
    const url = `${w.origin}/entry/link`
    const link = async (cookie: string) =>
      fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'sec-fetch-site': 'same-origin',
          Authorization: `DPoP ${me.tokens.access}`,
          DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
          cookie,
        },
        body: JSON.stringify({ secret: end.link }),
      })
    expect((await link(ways.get(end.link ?? '') ?? '')).status).toBe(204)
    expect(endOf(await launch(at, { person: 'x1' })).ticket).not.toBeNull()
  })

  it('is good in the browser that came by it alone: an address that somebody sends on lets nobody in and links nobody', async () => {
    for (const way of ['', 'm5_way_x=another']) {
      const ticket = endOf(await launch(at, { person: 'p1' })).ticket ?? ''
      ways.set(ticket, way)
      expect((await arriveWith(w.origin, w.schools.own.key, ticket)).status).toBe(401)
    }
    at.lms.people.set('x2', { id: 'x2', name: 'X' })
    const { link: secret } = endOf(await launch(at, { person: 'x2' }))
    const victim = await seedPerson(w.t, w.schools.own)
    w.upstream.setPeople([{ sub: victim.subject, username: 'v', name: 'V', claims: { sis_id: victim.sisId } }])
    const me = await signInAs(w.origin, w.schools.own.key, victim.subject)
    const url = `${w.origin}/entry/link`
    const linked = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'sec-fetch-site': 'same-origin',
        Authorization: `DPoP ${me.tokens.access}`,
        DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
      },
      body: JSON.stringify({ secret }),
    })
    expect(linked.status).toBe(410)
    expect(endOf(await launch(at, { person: 'x2' })).ticket).toBeNull()
  })

  it('of an LMS that calls itself by the name of the school’s sign-in is nobody whom that sign-in proved', async () => {
    const { boardId } = w.schools.own
    const issuers = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.identity.findMany({ where: { boardId }, select: { issuer: true }, distinct: ['issuer'] }),
    )
    const own = `lti ${at.lms.issuer} `
    expect(issuers.some(({ issuer }) => issuer.startsWith(own))).toBe(true)
    expect(issuers.filter(({ issuer }) => issuer === at.lms.issuer)).toEqual([])
  })

  it('keeps neither name nor address of anybody', async () => {
    at.lms.addTool({ ...at.tool, shares: ['name', 'given_name', 'family_name', 'email'] })
    await launch(at, { person: 'p1' })
    at.lms.addTool(at.tool)
    for (const text of ['zofia@proef.example', 'karin@proef.example'])
      expect(await tablesHolding(w.t, text)).toEqual([])
  })

  it('is good once, also when 64 bring it at the same time', async () => {
    const { posting, visitor } = await beginLaunch(at, { person: 'p1' })
    const cookies = await sent(visitor, posting)
    const answers = await Promise.all(Array.from({ length: 64 }, () => post(cookies, posting)))
    expect(answers.map(a => a.status).sort()).toEqual([303, ...Array(63).fill(400)])
  })

  it('is refused from another browser, and still good in the right one', async () => {
    const { posting, visitor } = await beginLaunch(at, { person: 'p1' })
    const thief = await beginLaunch(at, { person: 'x1' })
    const asked = await post(thief.visitor, posting)
    // Without the cookie of this launch it is asked of the platform's page, which only the right browser stands in.
    expect(asked.status).toBe(200)
    const page = await asked.text()
    expect(page).toContain('data-do="get"')
    const { fields } = postingOf(page)
    const own = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    for (const browser of ['', 'guessed', 'x'.repeat(43)]) {
      const body = new URLSearchParams({ ...fields, browser })
      const tried = await fetch(posting.action, { method: 'POST', headers: own, body, redirect: 'manual' })
      expect(tried.status, browser).toBe(400)
    }
    expect((await post(visitor, posting)).status).toBe(303)
  })

  it('does not meet another of the same browser', async () => {
    const visitor = makeVisitor()
    const first = await beginLaunch(at, { person: 'p1' }, visitor)
    const second = await beginLaunch(at, { person: 'x1' }, visitor)
    expect(endOf(await post(visitor, first.posting)).ticket).not.toBeNull()
    expect(endOf(await post(visitor, second.posting)).path).toBe(meld())
  })

  it('with the nonce of another is refused', async () => {
    const visitor = makeVisitor()
    const first = await beginLaunch(at, { person: 'p1' }, visitor)
    const second = await beginLaunch(at, { person: 'x1' }, visitor)
    const crossed = {
      ...first.posting,
      fields: { ...first.posting.fields, id_token: second.posting.fields.id_token ?? '' },
    }
    expect((await post(visitor, crossed)).status).toBe(400)
  })

  it('leaves no cookie behind', async () => {
    const { posting, visitor } = await beginLaunch(at, { person: 'p1' })
    const response = await post(visitor, posting)
    const [cookie = ''] = response.headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-lti_[0-9a-f]{16}=;.*Expires=Thu, 01 Jan 1970/)
    expect(cookie).toContain('Partitioned')
  })

  it('after ten minutes is refused', async () => {
    const { posting, visitor } = await beginLaunch(at, { person: 'p1' })
    w.shift(10 * 60_000 + 1000)
    expect((await post(visitor, posting)).status).toBe(400)
  })

  it.for([-60_000, -45_000, 45_000, 60_000])('with the clock of the platform %d ms off is let in', async ms => {
    at.lms.turnClock(ms)
    // Its tokens hold a minute: the one that is a minute behind expires now, and is forgiven.
    expect((await launch(at, { person: 'p1' })).status).toBe(303)
  })

  it.for([-200_000, 200_000])(
    'with the clock of the platform %d ms off is refused, and the doctor says so',
    async ms => {
      at.lms.turnClock(ms)
      const response = await launch(at, { person: 'p1' })
      expect(response.status).toBe(400)
      expect(await response.text()).toContain('De klok van de leeromgeving')
    },
  )
})

/** The same cookies for many requests at once: a jar would lose them with the first answer. */
async function sent(visitor: ReturnType<typeof makeVisitor>, { action }: { action: string }) {
  const seen: string[] = []
  const real = globalThis.fetch
  globalThis.fetch = async (_url, init) => {
    seen.push(new Headers(init?.headers).get('cookie') ?? '')
    return new Response()
  }
  await visitor.fetch(action).finally(() => {
    globalThis.fetch = real
  })
  const cookie = seen[0] ?? ''
  return {
    fetch: (url: URL | string, init: RequestInit = {}) => {
      const headers = new Headers(init.headers)
      headers.set('cookie', cookie)
      return fetch(url, { ...init, headers, redirect: 'manual' })
    },
  }
}

describe('a deployment', () => {
  it('that nobody knows shows nothing, until somebody approves it', async () => {
    const fresh = await registerAt(w.t, w.origin, w.schools.sister, {
      ...{ lms: at.lms, clientId: 'sister', deploymentId: 'new', approve: false },
    })
    fresh.lms.people.set('s1', { id: 's1', name: 'Zus', sourcedId: w.people.sisterPupil.sisId })
    const held = await launch(fresh, { person: 's1' })
    expect([held.status, held.headers.get('location')]).toEqual([403, null])
    const page = await held.text()
    expect(page).toContain('Bijna klaar')
    expect(page).not.toContain('Zusterschool')
    expect(held.headers.get('content-security-policy')).toContain(`frame-ancestors 'self' ${fresh.lms.origin}`)
    await approveWaiting(w.t, w.schools.sister)
    const end = endOf(await launch(fresh, { person: 's1' }))
    expect(end.path).toBe(`/meld?s=${w.schools.sister.key}`)
    expect((await arriveWith(w.origin, w.schools.sister.key, end.ticket ?? '')).tokens).not.toBeNull()
    const { boardId } = w.schools.sister
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { boardId, action: { startsWith: 'lti.deployment' } }, orderBy: { at: 'asc' } }),
    )
    expect(entries.map(each => each.action)).toEqual(['lti.deployment.seen', 'lti.deployment.approve'])
  })

  it('lets the platform show the views of its school, and of no other', async () => {
    const policy = async (key: string) =>
      (await fetch(`${w.origin}/meld?s=${key}`)).headers.get('content-security-policy')
    w.shift(60_000)
    expect(await policy(w.schools.own.key)).toContain(at.lms.origin)
    expect(await policy(w.schools.foreign.key)).not.toContain(at.lms.origin)
  })
})
