import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { withTenant } from '../../../connector/store/scope.ts'
import { type Misbehaviour, startSignIn } from '../../school/sign-in.ts'
import { makeVisitor } from '../../school/visitor.ts'
import { confirmCode, makeFrame, signInAs, walkWindow } from '../../support/frame.ts'
import { account, seedPerson, seedSchool, seedSignIn } from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
beforeAll(async () => {
  w = await openWorld()
})
afterEach(() => {
  w.upstream.misbehave(null)
  w.shift(0)
})
afterAll(() => w.close())

const open = async (key = w.schools.own.key) => {
  const frame = await makeFrame(w.origin, key)
  return { frame, handoff: await frame.openHandoff() }
}
/** As far as the school's answer, which is not yet brought to us. */
async function answered(subject = w.people.pupil.subject, visitor = makeVisitor()) {
  const { frame, handoff } = await open()
  const gone = await visitor.fetch(new URL(handoff.goPath, w.origin))
  const to = new URL(gone.headers.get('location') ?? '')
  const { callback } = await visitor.signIn(to, `${w.origin}/entry/callback/`, subject)
  return { frame, handoff, visitor, to, callback }
}
const addPeople = (...people: { subject: string; sisId: string }[]) =>
  w.upstream.setPeople([...Object.values(w.people), ...people].map(account))

describe('leaving for the sign-in of the school', () => {
  it('takes state, nonce, PKCE and one address for the answer along, and asks who it is', async () => {
    const { to } = await answered()
    expect(Object.fromEntries(to.searchParams)).toMatchObject({
      response_type: 'code',
      redirect_uri: `${w.origin}/entry/callback/${w.signIns.own}`,
      code_challenge_method: 'S256',
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{20,}$/),
      prompt: 'select_account',
    })
    expect([...to.searchParams.keys()].filter(name => /secret|hint|school|board/.test(name))).toEqual([])
  })

  it('puts one cookie into the browser: HttpOnly, Lax, for /entry alone', async () => {
    const { handoff } = await open()
    const gone = await fetch(new URL(handoff.goPath, w.origin), { redirect: 'manual' })
    expect(gone.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^m5_browser=[\w-]{43}; .*Path=\/entry;.*HttpOnly; SameSite=Lax$/),
    ])
    expect(gone.headers.getSetCookie().join()).not.toMatch(/Domain=/i)
  })

  it('asks which one where a school has two, and knows no other', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const first = await seedSignIn(w.t, school, w.upstream, w.origin)
    const second = await seedSignIn(w.t, school, w.upstream, w.origin)
    const { handoff } = await open(school.key)
    const visitor = makeVisitor()
    const page = await visitor.fetch(new URL(handoff.goPath, w.origin))
    const text = await page.text()
    for (const id of [first, second]) expect(text).toContain(`href="/entry/start?h=${handoff.id}&amp;w=${id}"`)
    // No form leads to the school's sign-in: where that one sends on, the page's policy could not name.
    expect(text).not.toContain('<form')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    const start = (id: string) => visitor.fetch(`${w.origin}/entry/start?h=${handoff.id}&w=${id}`)
    for (const other of [w.signIns.own, w.signIns.foreign, 'x', '']) expect((await start(other)).status).toBe(404)
    expect((await start(second)).headers.get('location')).toContain(second)
    expect((await visitor.fetch(`${w.origin}/entry/start?h=${crypto.randomUUID()}&w=${second}`)).status).toBe(410)
  })

  it('shows the one that was chosen last first, in that browser, and still asks', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const ids = [
      await seedSignIn(w.t, school, w.upstream, w.origin),
      await seedSignIn(w.t, school, w.upstream, w.origin),
    ]
    const shown = async (visitor = makeVisitor()) => {
      const { handoff } = await open(school.key)
      const page = await (await visitor.fetch(new URL(handoff.goPath, w.origin))).text()
      return { handoff, page, order: [...page.matchAll(/&amp;w=([\w-]+)"/g)].map(found => found[1]) }
    }
    const unasked = await shown()
    expect(unasked.page).not.toContain('Vorige keer')
    const last = unasked.order[1] ?? ''
    expect([...unasked.order].sort()).toEqual([...ids].sort())
    const visitor = makeVisitor()
    const gone = await visitor.fetch(`${w.origin}/entry/start?h=${unasked.handoff.id}&w=${last}`)
    // The id of the sign-in, and nothing of who chose it.
    const cookie = gone.headers.getSetCookie().find(line => line.startsWith('m5_choice='))
    expect(cookie).toMatch(new RegExp(`^m5_choice=${last}; Max-Age=15552000; Path=/entry; .*HttpOnly; SameSite=Lax$`))
    const again = await shown(visitor)
    expect(again.order[0]).toBe(last)
    expect(again.page).toContain('Vorige keer op dit apparaat')
    expect((await shown()).page).not.toContain('Vorige keer')
  })

  it('skips the choice where there is one, whatever the browser remembers', async () => {
    const { handoff } = await open()
    const headers = { cookie: `m5_choice=${w.signIns.sister}` }
    const gone = await fetch(new URL(handoff.goPath, w.origin), { redirect: 'manual', headers })
    expect(gone.headers.get('location')).toContain(w.signIns.own)
  })

  it('fails in words when the sign-in is not there', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const gone = await startSignIn({ people: [] })
    await seedSignIn(w.t, school, gone, w.origin)
    await gone.close()
    const { handoff } = await open(school.key)
    const page = await makeVisitor().fetch(new URL(handoff.goPath, w.origin))
    expect([page.status, await page.text()]).toEqual([503, expect.stringContaining('Inloggen lukte niet')])
  })
})

describe("the school's answer", () => {
  it('is taken once', async () => {
    const { callback, visitor } = await answered()
    expect((await visitor.fetch(callback)).status).toBe(200)
    const again = await visitor.fetch(callback)
    expect([again.status, await again.text()]).toEqual([400, expect.stringContaining('Inloggen lukte niet')])
  })

  it('is taken by one of 64 that bring it at the same time', async () => {
    const { callback, visitor } = await answered()
    const answers = await Promise.all(Array.from({ length: 64 }, () => visitor.fetch(callback)))
    expect(answers.map(a => a.status).sort()).toEqual([200, ...Array(63).fill(400)])
  })

  it('is taken from the browser that began only', async () => {
    const { callback } = await answered()
    expect((await makeVisitor().fetch(callback)).status).toBe(400)
    const { callback: second } = await answered()
    expect((await fetch(second, { headers: { cookie: 'm5_browser=guessed' }, redirect: 'manual' })).status).toBe(400)
  })

  it('is not taken at the address of another sign-in (mix-up)', async () => {
    for (const other of [w.signIns.sister, w.signIns.foreign, 'x', '00000000-0000-4000-8000-000000000000']) {
      const { callback, visitor, frame, handoff } = await answered()
      const elsewhere = new URL(callback)
      elsewhere.pathname = `/entry/callback/${other}`
      expect((await visitor.fetch(elsewhere)).status).toBe(400)
      expect(await frame.claim(handoff)).toEqual({ state: 'open' })
    }
  })

  it('is not taken with a code of another sign-in, an invented one or none', async () => {
    const stranger = await answered(w.people.teacher.subject)
    for (const code of [stranger.callback.searchParams.get('code') ?? '', 'invented', '']) {
      const { callback, visitor } = await answered()
      callback.searchParams.set('code', code)
      expect((await visitor.fetch(callback)).status).toBe(400)
    }
  })

  it('is not taken without state, with an invented one, or with two', async () => {
    for (const change of [
      (q: URLSearchParams) => q.delete('state'),
      (q: URLSearchParams) => q.set('state', 'invented'),
      (q: URLSearchParams) => q.append('state', 'second'),
      (q: URLSearchParams) => q.delete('iss'),
    ]) {
      const { callback, visitor } = await answered()
      change(callback.searchParams)
      expect((await visitor.fetch(callback)).status).toBe(400)
    }
  })

  it('is not taken after ten minutes', async () => {
    const { callback, visitor } = await answered()
    w.shift(10 * 60_000 + 1000)
    expect((await visitor.fetch(callback)).status).toBe(400)
  })

  it.for([
    'wrong-issuer-response',
    'wrong-issuer',
    'wrong-audience',
    'wrong-nonce',
    'wrong-key',
    'expired',
  ] satisfies Misbehaviour[])('is not taken with %s', async how => {
    w.upstream.misbehave(how)
    const { handoff, frame } = await open()
    const { status, page } = await walkWindow(w.origin, handoff.goPath, w.people.pupil.subject)
    expect([how, status]).toEqual([how, 400])
    expect(page).toContain('Inloggen lukte niet')
    expect(page).not.toMatch(/iss|nonce|JWT|signature/i)
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
  })

  it('that is a no ends the hand-off as declined', async () => {
    const { callback, visitor, frame, handoff } = await answered()
    callback.searchParams.delete('code')
    callback.searchParams.set('error', 'access_denied')
    expect((await visitor.fetch(callback)).status).toBe(200)
    expect(await frame.claim(handoff)).toEqual({ state: 'refused', reason: 'declined' })
  })
})

describe('who signs in', () => {
  const refusalFor = async (subject: string) => {
    const { frame, handoff } = await open()
    const { status, page } = await walkWindow(w.origin, handoff.goPath, subject)
    return { status, page, claim: await frame.claim(handoff) }
  }

  it('and stands in no roster is told so, and whom to ask', async () => {
    const stranger = { subject: 'sub-stranger', sisId: 'p:nobody' }
    addPeople(stranger)
    const { status, page, claim } = await refusalFor(stranger.subject)
    expect([status, claim]).toEqual([403, { state: 'refused', reason: 'nobody-found' }])
    for (const words of ['We kennen je nog niet', 'juf, meester of mentor', 'ICT-beheerder', 'zonder inloggen'])
      expect(page).toContain(words)
  })

  it('without the configured claim is nobody, whatever the e-mail says', async () => {
    w.upstream.misbehave('no-sis-id')
    const newcomer = await seedPerson(w.t, w.schools.own)
    addPeople(newcomer)
    expect((await refusalFor(newcomer.subject)).claim).toEqual({ state: 'refused', reason: 'nobody-found' })
  })

  it('by e-mail alone is never linked, even where a school configures it', async () => {
    const school = await seedSchool(w.t, w.schools.own.boardId)
    const person = await seedPerson(w.t, school)
    const keys = await w.t.keyring.board(school.boardId)
    const email = 'kind@proef.example'
    await withTenant(w.t.db, { boardId: school.boardId, role: 'system' }, tx =>
      tx.rosterKey.updateMany({
        where: { boardId: school.boardId, personId: person.id },
        data: { type: 'email', valueTag: keys.fingerprint('roster-key', `email:${email}`) },
      }),
    )
    await seedSignIn(w.t, school, w.upstream, w.origin, { claim: 'email', keyType: 'email' })
    w.upstream.setPeople([{ sub: 'sub-mail', username: 'x', name: 'X', email }])
    const { frame, handoff } = await open(school.key)
    await walkWindow(w.origin, handoff.goPath, 'sub-mail')
    expect(await frame.claim(handoff)).toEqual({ state: 'refused', reason: 'nobody-found' })
    addPeople()
  })

  it('with a key that two people have is let in as neither', async () => {
    const [one, two] = [
      await seedPerson(w.t, w.schools.own, { sisId: 'p:shared' }),
      await seedPerson(w.t, w.schools.own),
    ]
    const keys = await w.t.keyring.board(w.schools.own.boardId)
    await withTenant(w.t.db, { boardId: w.schools.own.boardId, role: 'system' }, tx =>
      tx.rosterKey.updateMany({
        where: { personId: two.id },
        data: { valueTag: keys.fingerprint('roster-key', 'sis-id:p:shared') },
      }),
    )
    const [first, second] = [
      { subject: 'sub-one', sisId: 'p:shared' },
      { subject: 'sub-two', sisId: 'p:shared' },
    ]
    addPeople(first, second)
    for (const { subject } of [first, second]) {
      const { status, page, claim } = await refusalFor(subject)
      expect([status, claim]).toEqual([403, { state: 'refused', reason: 'conflict' }])
      expect(page).toContain('Dit moet een mens uitzoeken')
    }
    const linked = await w.t.asSuperuser(client =>
      client.query('select from "Identity" where "personId" = any($1)', [[one.id, two.id]]),
    )
    expect(linked.rowCount).toBe(0)
  })

  it('with a second account for one person is held for a person to look', async () => {
    const person = await seedPerson(w.t, w.schools.own)
    const copy = { subject: 'sub-copy', sisId: person.sisId }
    addPeople(person, copy)
    await signInAs(w.origin, w.schools.own.key, person.subject)
    expect((await refusalFor(copy.subject)).claim).toEqual({ state: 'refused', reason: 'conflict' })
    await signInAs(w.origin, w.schools.own.key, person.subject)
  })

  it('with an unstable key is nobody', async () => {
    const person = await seedPerson(w.t, w.schools.own)
    addPeople(person)
    await w.t.asSuperuser(client =>
      client.query('update "RosterKey" set stable = false where "personId" = $1', [person.id]),
    )
    expect((await refusalFor(person.subject)).claim).toEqual({ state: 'refused', reason: 'nobody-found' })
  })

  it('after leaving is nobody, also with an account that was linked', async () => {
    const person = await seedPerson(w.t, w.schools.own)
    addPeople(person)
    await signInAs(w.origin, w.schools.own.key, person.subject)
    for (const [away, back] of [
      ['update "Person" set active = false where id = $1', 'update "Person" set active = true where id = $1'],
      [
        `update "Affiliation" set status = 'inactive' where "personId" = $1`,
        `update "Affiliation" set status = 'active' where "personId" = $1`,
      ],
    ] as const) {
      await w.t.asSuperuser(client => client.query(away, [person.id]))
      expect((await refusalFor(person.subject)).claim).toEqual({ state: 'refused', reason: 'nobody-found' })
      await w.t.asSuperuser(client => client.query(back, [person.id]))
    }
    await signInAs(w.origin, w.schools.own.key, person.subject)
  })

  it('at another school of the board, or on another board, is nobody there', async () => {
    for (const school of [w.schools.sister, w.schools.foreign]) {
      const { frame, handoff } = await open(school.key)
      await walkWindow(w.origin, handoff.goPath, w.people.pupil.subject)
      expect(await frame.claim(handoff)).toEqual({ state: 'refused', reason: 'nobody-found' })
    }
  })

  it('by the same subject at another issuer is not the person linked here', async () => {
    const person = await seedPerson(w.t, w.schools.own)
    addPeople(person)
    await signInAs(w.origin, w.schools.own.key, person.subject)
    const hostile = await startSignIn({
      people: [{ sub: person.subject, username: 'x', name: 'X', claims: { sis_id: 'p:other' } }],
      host: '127.0.0.6',
    })
    const school = await seedSchool(w.t, w.schools.own.boardId)
    await seedSignIn(w.t, school, hostile, w.origin)
    const { frame, handoff } = await open(school.key)
    await walkWindow(w.origin, handoff.goPath, person.subject)
    expect(await frame.claim(handoff)).toEqual({ state: 'refused', reason: 'nobody-found' })
    await hostile.close()
  })

  it('under a name with markup in it shows text', async () => {
    const person = await seedPerson(w.t, w.schools.own, { names: { preferred: '<img src=x onerror=alert(1)>"\'&' } })
    addPeople(person)
    const { handoff } = await open()
    const { page, visitor } = await walkWindow(w.origin, handoff.goPath, person.subject)
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
    expect(page).not.toContain('<img')
    await confirmCode(w.origin, page, handoff.code, visitor)
  })
})
