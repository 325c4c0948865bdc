import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { withTenant } from '../../../connector/store/scope.ts'
import { makeFrame, signedIn, signInAs } from '../../support/frame.ts'
import { tablesHolding } from '../../support/seed.ts'
import { openWorld, ticketFor, type World } from '../../support/world.ts'

let w: World
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(() => w.shift(0))
afterAll(() => w.close())

const tokenUrl = () => `${w.origin}/oidc/token`
const errorOf = async (response: Response) => [response.status, ((await response.json()) as { error: string }).error]

describe('the way in', () => {
  it('ends in a token that says who it is', async () => {
    const me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
    expect(await (await me.get('/api/me')).json()).toEqual({
      name: 'Zofia Kowalczyk',
      kind: 'PUPIL',
      school: { key: w.schools.own.key, name: 'De Eigen School' },
      ownGroup: { id: w.groups.a, name: '7A', grade: '7' },
    })
  })

  it('leaves a token of five minutes, bound to the key, without a name or a right', async () => {
    const me = await signInAs(w.origin, w.schools.own.key, w.people.teacher.subject)
    const [, body = ''] = me.tokens.access.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    expect(claims).toMatchObject({
      iss: `${w.origin}/oidc`,
      aud: `${w.origin}/api`,
      sub: w.people.teacher.id,
      board: w.schools.own.boardId,
      school: w.schools.own.id,
      cnf: { jkt: me.frame.jkt },
    })
    expect(Number(claims.exp) - Number(claims.iat)).toBeLessThanOrEqual(300)
    expect(Object.keys(claims).filter(name => /name|role|group|kind|mail/.test(name))).toEqual([])
  })

  it('logs the session, and who was linked by which key', async () => {
    const { boardId } = w.schools.own
    await signInAs(w.origin, w.schools.own.key, w.people.classmate.subject)
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { actor: w.people.classmate.id }, orderBy: { at: 'asc' } }),
    )
    expect(entries.map(e => e.action)).toEqual(['identity.link', 'session.start'])
  })
})

describe('an entry ticket', () => {
  it('is good once', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    expect((await frame.exchange(ticket)).status).toBe(200)
    expect(await errorOf(await frame.exchange(ticket))).toEqual([400, 'invalid_grant'])
  })

  it('is good for one of 64 that bring it at the same time', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const answers = await Promise.all(Array.from({ length: 64 }, () => frame.exchange(ticket)))
    expect(answers.map(a => a.status).sort()).toEqual([200, ...Array(63).fill(400)])
  })

  it('is refused after a minute', async () => {
    const late = await ticketFor(w, w.schools.own, w.people.pupil)
    const intime = await ticketFor(w, w.schools.own, w.people.pupil)
    w.shift(58_000)
    expect((await intime.frame.exchange(intime.ticket)).status).toBe(200)
    w.shift(61_000)
    expect(await errorOf(await late.frame.exchange(late.ticket))).toEqual([400, 'invalid_grant'])
  })

  it('is refused with another key, and used up by the attempt', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const thief = await makeFrame(w.origin, w.schools.own.key)
    expect(await errorOf(await thief.exchange(ticket))).toEqual([400, 'invalid_grant'])
    expect((await frame.exchange(ticket)).status).toBe(400)
  })

  it('is refused without a proof, or with one for another address', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    for (const proof of [
      '',
      'x.y.z',
      await frame.proof('POST', `${w.origin}/oidc/elsewhere`),
      await frame.proof('GET', tokenUrl()),
    ])
      expect(await errorOf(await frame.exchange(ticket, proof))).toEqual([400, 'invalid_grant'])
    expect((await frame.exchange(ticket)).status).toBe(200)
  })

  it('is not guessed', async () => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    for (const ticket of ['', 'x', 'null', '../../..', 'a'.repeat(5000), '\u0000'])
      expect(await errorOf(await frame.exchange(ticket))).toEqual([400, 'invalid_grant'])
  })

  it('opens nothing for somebody who was deactivated in that minute', async () => {
    const { boardId } = w.schools.own
    const { id } = w.people.otherPupil
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.otherPupil)
    const setActive = (active: boolean) =>
      withTenant(w.t.db, { boardId, role: 'system' }, tx =>
        tx.person.update({ where: { boardId_id: { boardId, id } }, data: { active } }),
      )
    await setActive(false)
    const body = (await (await frame.exchange(ticket)).json()) as { access_token?: string; refresh_token?: string }
    const tokens = { access: body.access_token ?? '', refresh: body.refresh_token ?? '' }
    const me = signedIn(w.origin, w.schools.own.key, frame, tokens)
    expect((await me.get('/api/me')).status).toBe(401)
    expect((await frame.refresh(tokens.refresh)).status).toBe(400)
    await setActive(true)
  })
})

describe('a DPoP proof', () => {
  it('gets one of 64 through the token endpoint', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const proof = await frame.proof('POST', tokenUrl())
    const answers = await Promise.all(Array.from({ length: 64 }, () => frame.exchange(ticket, proof)))
    expect(answers.filter(a => a.ok)).toHaveLength(1)
  })

  it('gets one of 64 through the API', async () => {
    const me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
    const url = `${w.origin}/api/me`
    const headers = {
      Authorization: `DPoP ${me.tokens.access}`,
      DPoP: await me.frame.proof('GET', url, { token: me.tokens.access }),
    }
    const answers = await Promise.all(Array.from({ length: 64 }, () => fetch(url, { headers })))
    expect(answers.map(a => a.status).sort()).toEqual([200, ...Array(63).fill(401)])
  })

  it('gets one of 64 refreshes through, with one proof', async () => {
    const me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
    const proof = await me.frame.proof('POST', tokenUrl())
    const body = new URLSearchParams({
      client_id: 'm5-views',
      grant_type: 'refresh_token',
      refresh_token: me.tokens.refresh,
    })
    const send = () => fetch(tokenUrl(), { method: 'POST', headers: { DPoP: proof }, body })
    const answers = await Promise.all(Array.from({ length: 64 }, send))
    expect(answers.filter(a => a.ok).length).toBeLessThanOrEqual(1)
    expect(answers.filter(a => a.status >= 500)).toEqual([])
  })
})

describe('a refresh token', () => {
  const refreshed = async (response: Response) =>
    (await response.json()) as { access_token: string; refresh_token: string; error?: string }
  const start = async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    return { frame, first: (await refreshed(await frame.exchange(ticket))).refresh_token }
  }

  it('is replaced by each use', async () => {
    const { frame, first } = await start()
    const next = await refreshed(await frame.refresh(first))
    expect(next.refresh_token).not.toBe(first)
    const me = signedIn(w.origin, w.schools.own.key, frame, { access: next.access_token, refresh: next.refresh_token })
    expect((await me.get('/api/me')).status).toBe(200)
    expect((await frame.refresh(next.refresh_token)).status).toBe(200)
  })

  it('used again ends the whole family', async () => {
    const { frame, first } = await start()
    const second = (await refreshed(await frame.refresh(first))).refresh_token
    expect(await errorOf(await frame.refresh(first))).toEqual([400, 'invalid_grant'])
    expect(await errorOf(await frame.refresh(second))).toEqual([400, 'invalid_grant'])
  })

  it('used by 64 at the same time is good for one at most', async () => {
    const { frame, first } = await start()
    const answers = await Promise.all(Array.from({ length: 64 }, () => frame.refresh(first)))
    expect(answers.filter(a => a.ok).length).toBeLessThanOrEqual(1)
    expect(answers.filter(a => a.status >= 500)).toEqual([])
  })

  it('is refused with another key, without a key, and for another client', async () => {
    const { frame, first } = await start()
    const thief = await makeFrame(w.origin, w.schools.own.key)
    expect(await errorOf(await thief.refresh(first))).toEqual([400, 'invalid_grant'])
    const body = { grant_type: 'refresh_token', refresh_token: first }
    const bare = await fetch(tokenUrl(), {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'm5-views', ...body }),
    })
    expect(bare.ok).toBe(false)
    const other = await fetch(tokenUrl(), {
      method: 'POST',
      headers: { DPoP: await frame.proof('POST', tokenUrl()) },
      body: new URLSearchParams({ client_id: 'somebody', ...body }),
    })
    expect(other.status).toBe(401)
  })
})

describe('a session that ended', () => {
  const endings: [string, (sessionId: string, personId: string) => Promise<unknown>][] = [
    ['by an administrator', id => update('Session', id, '"endedAt" = now()')],
    ['by its time', id => update('Session', id, `"endsAt" = now() - interval '1 second'`)],
    ['with its person', (_id, personId) => update('Person', personId, 'active = false')],
  ]
  const update = (table: string, id: string, set: string) =>
    w.t.asSuperuser(client => client.query(`update "${table}" set ${set} where id = $1`, [id]))

  it.for(endings)('%s: the next request and the next refresh are refused', async ([, end]) => {
    const { pupil } = w.people
    const me = await signInAs(w.origin, w.schools.own.key, pupil.subject)
    expect((await me.get('/api/me')).status).toBe(200)
    const [, body = ''] = me.tokens.access.split('.')
    const { sid } = JSON.parse(Buffer.from(body, 'base64url').toString()) as { sid: string }
    await end(sid, pupil.id)
    const refused = await me.get('/api/me')
    expect([refused.status, await refused.json()]).toMatchObject([401, { code: 'session-ended' }])
    expect((await me.frame.refresh(me.tokens.refresh)).status).toBe(400)
    await update('Person', pupil.id, 'active = true')
  })

  it('by its own button', async () => {
    const me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
    const url = `${w.origin}/entry/leave`
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'sec-fetch-site': 'same-origin',
        Authorization: `DPoP ${me.tokens.access}`,
        DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
      },
    })
    expect(response.status).toBe(204)
    expect((await me.get('/api/me')).status).toBe(401)
    expect((await me.frame.refresh(me.tokens.refresh)).status).toBe(400)
  })

  it('a pupil has an hour, a teacher eight', async () => {
    const lasts = async ({ subject, id }: { subject: string; id: string }) => {
      await signInAs(w.origin, w.schools.own.key, subject)
      const row = await w.t.asSuperuser(
        async client =>
          (
            await client.query<{ minutes: number }>(
              `select round(extract(epoch from "endsAt" - "startedAt") / 60)::int as minutes from "Session" where "personId" = $1 order by "startedAt" desc limit 1`,
              [id],
            )
          ).rows[0],
      )
      return row?.minutes
    }
    expect(await lasts(w.people.classmate)).toBe(60)
    expect(await lasts(w.people.teacher)).toBe(480)
  })
})

describe('what is stored', () => {
  it('holds no ticket, no token and no secret of a hand-off that could be read', async () => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const open = await frame.openHandoff()
    const { frame: other, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const unused = await ticketFor(w, w.schools.own, w.people.pupil)
    const body = (await (await other.exchange(ticket)).json()) as { access_token: string; refresh_token: string }
    for (const secret of [open.secret, ticket, unused.ticket, body.access_token, body.refresh_token, randomUUID()])
      expect(await tablesHolding(w.t, secret)).toEqual([])
    expect(await tablesHolding(w.t, open.id)).toEqual(['Handoff'])
  })
})
