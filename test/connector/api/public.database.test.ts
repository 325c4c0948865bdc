/** The way of a report without a name: no cookie, no sign-in, help on every page, and only where the school said. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApp } from '../../../connector/app.ts'
import { type Database, openDatabase } from '../../../connector/store/database.ts'
import { reportWriter } from '../../../connector/store/reports.ts'
import { openWorld, portal, type World } from '../../support/world.ts'

let w: World
beforeAll(async () => {
  w = await openWorld()
})
afterAll(() => w.close())

const form = { 'content-type': 'application/x-www-form-urlencoded' }
interface Step {
  path: string
  init?: RequestInit
  status: number
}
const steps = (key = w.schools.own.key): Record<string, Step> => ({
  'the form': { path: `/meld?s=${key}`, status: 200 },
  'the plain form': { path: `/meld?s=${key}&plain=1`, status: 200 },
  'the plain form, sent': {
    path: `/meld?s=${key}`,
    init: { method: 'POST', headers: form, body: `key=${randomUUID()}&behaviour=GOSSIP` },
    status: 201,
  },
  'the plain form, too long': {
    path: `/meld?s=${key}`,
    init: { method: 'POST', headers: form, body: `words=${'x'.repeat(70_000)}` },
    status: 413,
  },
  'the status form': { path: `/status?s=${key}`, status: 200 },
  'the status, unknown words': {
    path: `/status?s=${key}`,
    init: { method: 'POST', headers: form, body: 'words=appel+konijn+zeehond' },
    status: 200,
  },
  'the status, too long': {
    path: `/status?s=${key}`,
    init: { method: 'POST', headers: form, body: `words=${'x'.repeat(7000)}` },
    status: 413,
  },
  'a school that nobody knows': { path: '/meld?s=pk_unknown_unknown', status: 404 },
  'the status of a school that nobody knows': { path: '/status?s=pk_unknown_unknown', status: 404 },
})
const ask = ({ path, init }: Step, headers: Record<string, string> = {}, origin = w.origin) =>
  fetch(origin + path, { ...init, headers: { ...(init?.headers as Record<string, string>), ...headers } })

const cookies = `m5_tab=${randomUUID()}.${randomUUID()}.secret; m5_browser=secret`
const ids = /[0-9a-f]{8}-[0-9a-f-]{27}|"code" data-code>.*?<\/p>/g

describe('no page or call on the way of a report without a name', () => {
  it('sets a cookie, or answers otherwise to a browser that has some', async () => {
    for (const [name, step] of Object.entries(steps())) {
      const [without, withSome] = [await ask(step), await ask(step, { cookie: cookies })]
      for (const answer of [without, withSome]) {
        expect([name, answer.status]).toEqual([name, step.status])
        expect([name, answer.headers.getSetCookie()]).toEqual([name, []])
      }
      const [a, b] = [await without.text(), await withSome.text()]
      expect([name, b.replace(ids, '')]).toEqual([name, a.replace(ids, '')])
    }
    for (const path of ['/v/1/m5.js', '/plain.js', '/plain.css', '/late.css', `/api/form?school=${w.schools.own.key}`])
      expect([path, (await fetch(w.origin + path)).headers.getSetCookie()]).toEqual([path, []])
  })

  it('takes a cookie for a sign-in: the report stays unsigned', async () => {
    const answer = await fetch(`${w.origin}/api/reports?school=${w.schools.own.key}`, {
      method: 'POST',
      headers: { cookie: cookies, 'idempotency-key': randomUUID() },
      body: JSON.stringify({ v: 1, behaviours: ['GOSSIP'] }),
    })
    expect(answer.headers.getSetCookie()).toEqual([])
    expect(await answer.json()).toMatchObject({ standing: 'UNSIGNED' })
  })

  it('shows in a frame but on the origins of the school, errors included; and nowhere while no school is known', async () => {
    for (const [name, step] of Object.entries(steps())) {
      const policy = (await ask(step)).headers.get('content-security-policy') ?? ''
      const ancestors = /frame-ancestors ([^;]*)/.exec(policy)?.[1]
      expect([name, ancestors]).toEqual([name, name.includes('nobody knows') ? "'none'" : `'self' ${portal}`])
    }
  })

  it('may be read by another page', async () => {
    for (const step of Object.values(steps())) {
      const answer = await ask(step, { origin: portal })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    }
  })
})

const help = ['Dit is geen alarmnummer', 'Bel 112', 'tel:112', 'Kindertelefoon: 0800-0432', 'tel:09001113111']
describe('help', () => {
  it('stands on every page, without a script, before and after and when something went wrong', async () => {
    for (const [name, step] of Object.entries(steps())) {
      const text = await (await ask(step)).text()
      for (const line of help) expect([name, text.includes(line) && line]).toEqual([name, line])
    }
  })

  it('is there while the database is away, on the form itself where this connector has seen the school', async () => {
    const gone = new pg.Pool({ host: '/nowhere', user: 'm5_app', database: 'm5' })
    gone.on('error', () => {})
    const there = await openDatabase({ ...w.service.config, databaseUrl: w.t.url }, w.t.log)
    let away = false
    const prisma = new Proxy(there.prisma, {
      get: (target, name) => {
        if (away) throw new Error('the database is away')
        return Reflect.get(target, name)
      },
    })
    const db: Database = { ...there, prisma, pool: gone, writeReport: reportWriter(gone) }
    let later = 0
    const clock = () => new Date(Date.now() + later)
    const server = createServer(
      await openApp({ config: w.service.config, keyring: w.t.keyring, log: w.t.log, db, clock }),
    )
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`
    try {
      const all = steps()
      const [page, sent, seen] = [all['the form'], all['the plain form, sent'], all['the status, unknown words']]
      if (!page || !sent || !seen) throw new Error('no step')
      expect((await ask(page, {}, origin)).status).toBe(200)
      away = true
      later = 60_000
      const unseen = await ask({ path: `/meld?s=${w.schools.sister.key}`, status: 503 }, {}, origin)
      const answers = [
        [await ask(page, {}, origin), 200],
        [await ask(sent, {}, origin), 503],
        [await ask(seen, {}, origin), 503],
        [unseen, 503],
      ] as const
      for (const [answer, status] of answers) {
        const text = await answer.text()
        expect(answer.status).toBe(status)
        for (const line of help) expect(text).toContain(line)
        expect(text).not.toMatch(/we hebben je melding|the database is away|nowhere/)
      }
      expect(answers[1][0].headers.get('content-security-policy')).toContain(portal)
      expect(answers[3][0].headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
    } finally {
      server.close()
      server.closeAllConnections()
      await gone.end()
      await there.close()
    }
  })
})

describe('the language', () => {
  it.for([
    ['Dutch without a word', {}, '', 'nl'],
    ['English by the browser', { 'accept-language': 'en-GB,en;q=0.9' }, '', 'en'],
    ['Dutch for a browser of both', { 'accept-language': 'nl-NL,en;q=0.5' }, '', 'nl'],
    ['Dutch for any other', { 'accept-language': 'tr' }, '', 'nl'],
    ['what the address says', { 'accept-language': 'nl' }, '&l=en', 'en'],
    [
      'Dutch in a frame, until the page around it says otherwise',
      { 'accept-language': 'en', 'sec-fetch-dest': 'iframe' },
      '',
      'nl',
    ],
  ] as const)('is %s', async ([, headers, more, language]) => {
    for (const path of ['/meld', '/status']) {
      const text = await (await fetch(`${w.origin}${path}?s=${w.schools.own.key}${more}`, { headers })).text()
      expect(text).toContain(`<html lang="${language}">`)
      expect(text).toContain(language === 'nl' ? 'Dit is geen alarmnummer' : 'This is not an emergency number')
    }
  })
})
