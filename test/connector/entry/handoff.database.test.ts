import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeVisitor } from '../../school/visitor.ts'
import { confirmCode, type Frame, makeFrame, walkWindow } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let frame: Frame
let handoff: Awaited<ReturnType<Frame['openHandoff']>>
beforeAll(async () => {
  w = await openWorld()
})
beforeEach(async () => {
  w.shift(0)
  frame = await makeFrame(w.origin, w.schools.own.key)
  handoff = await frame.openHandoff()
})
afterAll(() => w.close())

const walk = (subject = w.people.pupil.subject, visitor = makeVisitor()) =>
  walkWindow(w.origin, handoff.goPath, subject, visitor)
const claimAt = async (id: string, secret: unknown, proof?: string) => {
  const url = `${w.origin}/entry/handoffs/${id}/claim`
  const headers = {
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
    DPoP: proof ?? (await frame.proof('POST', url)),
  }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify({ secret }) })
}

describe('a hand-off', () => {
  it('is open, then bound, and gives its ticket once', async () => {
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
    const { page, visitor } = await walk()
    expect(page).toContain('Hoi Zofia Kowalczyk!')
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
    expect((await confirmCode(w.origin, page, handoff.code, visitor)).status).toBe(200)
    expect(await frame.claim(handoff)).toMatchObject({ state: 'bound', ticket: expect.any(String) })
    expect(await frame.claim(handoff)).toEqual({ state: 'gone' })
  })

  it('gives its ticket to one of 64 that ask at the same time', async () => {
    const { page, visitor } = await walk()
    await confirmCode(w.origin, page, handoff.code, visitor)
    const answers = await Promise.all(Array.from({ length: 64 }, () => frame.claim(handoff)))
    expect(answers.filter(a => a.ticket)).toHaveLength(1)
    expect(answers.filter(a => a.state === 'gone')).toHaveLength(63)
  })

  it('says nothing to another secret, another key or another id', async () => {
    const { page, visitor } = await walk()
    await confirmCode(w.origin, page, handoff.code, visitor)
    const thief = await makeFrame(w.origin, w.schools.own.key)
    expect(await thief.claim(handoff)).toEqual({ state: 'gone' })
    expect(await (await claimAt(handoff.id, 'wrong')).json()).toEqual({ state: 'gone' })
    expect(await (await claimAt(randomUUID(), handoff.secret)).json()).toEqual({ state: 'gone' })
    expect((await claimAt('no-id', handoff.secret)).status).toBe(400)
    expect((await claimAt(handoff.id, { $ne: '' })).status).toBe(400)
    expect((await claimAt(handoff.id, handoff.secret, '')).status).toBe(401)
    expect(await frame.claim(handoff)).toMatchObject({ state: 'bound' })
  })

  it('is over after five minutes, in the window and in the frame', async () => {
    const { page, visitor } = await walk()
    w.shift(299_000)
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
    w.shift(301_000)
    expect((await makeVisitor().fetch(new URL(handoff.goPath, w.origin))).status).toBe(410)
    const late = await confirmCode(w.origin, page, handoff.code, visitor)
    expect([late.status, await late.text()]).toEqual([410, expect.stringContaining('Dit duurde te lang')])
    const url = `${w.origin}/entry/handoffs/${handoff.id}/claim`
    const iat = Math.floor(Date.now() / 1000) + 301
    const answer = await claimAt(handoff.id, handoff.secret, await frame.proof('POST', url, { iat }))
    expect(await answer.json()).toEqual({ state: 'gone' })
  })

  it('is refused with the wrong code, and with ‘no’', async () => {
    for (const [code, reason, status] of [
      ['11x', 'wrong-code', 403],
      ['no', 'declined', 200],
    ] as const) {
      handoff = await frame.openHandoff()
      const { page, visitor } = await walk()
      expect((await confirmCode(w.origin, page, code, visitor)).status).toBe(status)
      expect(await frame.claim(handoff)).toEqual({ state: 'refused', reason })
      expect((await confirmCode(w.origin, page, handoff.code, visitor)).status).toBe(410)
      expect((await makeVisitor().fetch(new URL(handoff.goPath, w.origin))).status).toBe(410)
    }
  })

  it('is not confirmed by another browser, nor without a browser’s cookie', async () => {
    const { page, visitor } = await walk()
    const other = makeVisitor()
    await walk(w.people.classmate.subject, other)
    expect((await confirmCode(w.origin, page, handoff.code, other)).status).toBe(410)
    expect((await confirmCode(w.origin, page, handoff.code, visitor)).status).toBe(410)
    expect(await frame.claim(handoff)).toEqual({ state: 'open' })
  })

  it('is confirmed by one of two who try at the same time, and stays theirs', async () => {
    const [one, two] = [await walk(), await walk(w.people.classmate.subject)]
    const answers = await Promise.all(
      [one, two].map(({ page, visitor }) => confirmCode(w.origin, page, handoff.code, visitor)),
    )
    expect(answers.map(a => a.status).sort()).toEqual([200, 410])
    const again = await confirmCode(w.origin, one.page, handoff.code, one.visitor)
    expect(again.status).toBe(410)
  })

  it('shows no number in the window, to a pupil nor to staff, and asks for two digits', async () => {
    for (const who of [w.people.pupil, w.people.teacher]) {
      const { page } = await walk(who.subject)
      const words = page.replace(/<[^>]+>/g, ' ')
      expect(words).not.toMatch(new RegExp(`(?<!\\d)${handoff.code}(?!\\d)`))
      expect(page).not.toContain(`"${handoff.code}"`)
      expect(page).toContain('Typ het getal dat in het andere scherm staat')
    }
  })

  it('of an unknown school is refused', async () => {
    const nowhere = await makeFrame(w.origin, 'pk_unknown_school')
    await expect(nowhere.openHandoff()).rejects.toThrow(/404/)
  })

  it('is not opened for a key that is none', async () => {
    for (const jkt of ['', 'short', `${frame.jkt}x`, 7, null]) {
      const response = await fetch(`${w.origin}/entry/handoffs`, {
        method: 'POST',
        headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' },
        body: JSON.stringify({ school: w.schools.own.key, jkt }),
      })
      expect([jkt, response.status]).toEqual([jkt, 400])
    }
  })

  it('is not found by guessing', async () => {
    for (const h of ['', 'x', randomUUID(), "' or 1=1 --", '%00'])
      expect((await makeVisitor().fetch(`${w.origin}/entry/go?h=${encodeURIComponent(h)}`)).status).toBe(410)
    expect((await makeVisitor().fetch(`${w.origin}/entry/go`)).status).toBe(410)
  })
})

describe('a request from another page', () => {
  const posts = [
    '/entry/handoffs',
    '/entry/open',
    '/entry/fresh',
    '/entry/passkey/prove',
    '/entry/passkey/enrol',
    '/entry/confirm',
    '/entry/remember',
    '/entry/silent',
    '/entry/leave',
  ]
  const origins: Record<string, string>[] = [
    {},
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ]
  it.for(posts)('is refused at %s', async path => {
    for (const from of origins)
      for (const type of ['application/json', 'application/x-www-form-urlencoded']) {
        const body = type.endsWith('json') ? '{}' : 'a=1'
        const response = await fetch(w.origin + path, {
          method: 'POST',
          headers: { ...from, 'content-type': type },
          body,
        })
        expect([from, response.status, await response.json()]).toMatchObject([from, 403, { code: 'other-origin' }])
        expect(response.headers.get('clear-site-data')).toBeNull()
      }
  })

  it('is refused at a claim too', async () => {
    const url = `${w.origin}/entry/handoffs/${handoff.id}/claim`
    const headers = {
      'content-type': 'application/json',
      'sec-fetch-site': 'cross-site',
      DPoP: await frame.proof('POST', url),
    }
    expect(
      (await fetch(url, { method: 'POST', headers, body: JSON.stringify({ secret: handoff.secret }) })).status,
    ).toBe(403)
  })

  it.for(posts)(
    'of our own without a form, or with one that says things twice, is refused at %s and breaks nothing',
    async path => {
      const bodies: [string, string][] = [
        ['text/plain', 'x'],
        ['application/x-www-form-urlencoded', 't=a&t=b&h=a&h=b&signIn=a&signIn=b&code=1&code=2'],
        ['application/x-www-form-urlencoded', '__proto__=1&constructor=2'],
        ['application/json', '[]'],
        ['application/json', '{'],
      ]
      for (const [type, body] of bodies) {
        const headers = { 'sec-fetch-site': 'same-origin', 'content-type': type }
        const { status } = await fetch(w.origin + path, { method: 'POST', headers, body })
        expect([path, type, body, status < 500]).toEqual([path, type, body, true])
      }
    },
  )
})
