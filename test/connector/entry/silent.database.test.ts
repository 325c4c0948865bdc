import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Frame, makeFrame, type SignedIn, signInAs } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let me: SignedIn
let tab: string
let cookie: string
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  w.shift(0)
  me = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
  tab = randomBytes(24).toString('base64url')
  const [line = ''] = (await remember(me, tab)).headers.getSetCookie()
  cookie = line.split(';')[0] ?? ''
})
afterAll(() => w.close())

const same = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }
async function remember({ frame, tokens }: SignedIn, tab: string): Promise<Response> {
  const url = `${w.origin}/entry/remember`
  const signed = {
    Authorization: `DPoP ${tokens.access}`,
    DPoP: await frame.proof('POST', url, { token: tokens.access }),
  }
  return fetch(url, { method: 'POST', headers: { ...same, ...signed }, body: JSON.stringify({ tab }) })
}
const silent = (frame: Frame, more: { cookie?: string; tab?: string; school?: string } = {}) =>
  fetch(`${w.origin}/entry/silent`, {
    method: 'POST',
    headers: { ...same, ...(more.cookie === '' ? {} : { cookie: more.cookie ?? cookie }) },
    body: JSON.stringify({ school: more.school ?? w.schools.own.key, tab: more.tab ?? tab, jkt: frame.jkt }),
  })
const frameOf = () => makeFrame(w.origin, w.schools.own.key)
const minutesLeft = (order: string) =>
  w.t.asSuperuser(async client => {
    const { rows } = await client.query<{ left: number }>(
      `select round(extract(epoch from "endsAt" - now()) / 60)::int as left from "Session" where "personId" = $1 order by ${order} limit 1`,
      [w.people.pupil.id],
    )
    return rows[0]?.left
  })

describe('a tab that comes back', () => {
  it('gets a ticket for its cookie and its secret, for a key of its own', async () => {
    const frame = await frameOf()
    const response = await silent(frame)
    expect(response.status).toBe(200)
    const { ticket } = (await response.json()) as { ticket: string }
    expect((await frame.exchange(ticket)).status).toBe(200)
  })

  it('has a cookie that scripts, other sites and other paths never see', async () => {
    const response = await remember(me, tab)
    expect(response.status).toBe(204)
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^m5_tab=[^;]+; Path=\/entry; HttpOnly; Secure; Partitioned; SameSite=None$/),
    ])
  })

  it('is asked for a click with the cookie alone, the secret alone, or those of two tabs', async () => {
    const frame = await frameOf()
    const other = randomBytes(24).toString('base64url')
    for (const more of [
      { cookie: '' },
      { tab: other },
      { cookie: `${cookie}x` },
      { cookie: 'm5_tab=..' },
      { cookie: 'm5_tab=a.b.c' },
    ]) {
      const response = await silent(frame, more)
      expect([more, response.status, await response.json()]).toMatchObject([more, 401, { code: 'silent-not-possible' }])
    }
    expect((await silent(frame)).status).toBe(200)
  })

  it('is asked for a click at another school and on another board', async () => {
    const frame = await frameOf()
    for (const school of [w.schools.sister.key, w.schools.foreign.key, 'pk_unknown_school'])
      expect((await silent(frame, { school })).status).toBe(401)
  })

  it('comes back once for a cookie: of 64 at the same time one', async () => {
    const frame = await frameOf()
    const answers = await Promise.all(Array.from({ length: 64 }, () => silent(frame)))
    expect(answers.filter(a => a.ok)).toHaveLength(1)
    expect((await silent(frame)).status).toBe(401)
  })

  it('takes the place of the sign-in before, whose token opens nothing any more', async () => {
    const frame = await frameOf()
    await silent(frame)
    expect((await me.get('/api/me')).status).toBe(401)
    expect((await me.frame.refresh(me.tokens.refresh)).status).toBe(400)
  })

  it('keeps the end that the sign-in had', async () => {
    await w.t.asSuperuser(client =>
      client.query(
        `update "Session" set "endsAt" = now() + interval '7 minutes' where "personId" = $1 and "endedAt" is null`,
        [w.people.pupil.id],
      ),
    )
    const frame = await frameOf()
    const { ticket } = (await (await silent(frame)).json()) as { ticket: string }
    expect((await frame.exchange(ticket)).status).toBe(200)
    expect(await minutesLeft('"startedAt" desc')).toBe(7)
  })

  it('is asked for a click after signing out, after the end, and after the person left', async () => {
    const frame = await frameOf()
    const set = (sql: string) => w.t.asSuperuser(client => client.query(sql, [w.people.pupil.id]))
    await set('update "Person" set active = false where id = $1')
    expect((await silent(frame)).status).toBe(401)
    await set('update "Person" set active = true where id = $1')
    w.shift(61 * 60_000)
    expect((await silent(frame)).status).toBe(401)
    w.shift(0)
    const url = `${w.origin}/entry/leave`
    const left = await fetch(url, {
      method: 'POST',
      headers: {
        ...same,
        Authorization: `DPoP ${me.tokens.access}`,
        DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
      },
    })
    expect(left.headers.getSetCookie().join()).toMatch(/^m5_tab=; .*Expires=Thu, 01 Jan 1970/)
    expect((await silent(frame)).status).toBe(401)
  })

  it('is not remembered without a sign-in, or with a secret that is too short', async () => {
    const url = `${w.origin}/entry/remember`
    expect((await fetch(url, { method: 'POST', headers: same, body: JSON.stringify({ tab }) })).status).toBe(401)
    expect((await remember(me, 'short')).status).toBe(400)
  })
})
