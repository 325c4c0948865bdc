import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ForeignSite, startForeignSite } from './foreign-site.ts'
import { type Portal, startPortal } from './portal.ts'

let portal: Portal
let foreign: ForeignSite
beforeAll(async () => {
  portal = await startPortal({ connector: 'http://localhost:4300', schoolKey: 'pk_vuurvlinder' })
  foreign = await startForeignSite()
})
afterAll(() => Promise.all([portal.close(), foreign.close()]))

describe("the school's portal", () => {
  it('trusts the connector with a script and a frame, and with nothing else', async () => {
    const response = await fetch(`${portal.url}/`)
    const policy = (response.headers.get('content-security-policy') ?? '').split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain('script-src http://localhost:4300')
    expect(policy).toContain('frame-src http://localhost:4300')
    expect(policy.filter(line => line.includes('localhost'))).toHaveLength(2)
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(new URL(portal.url).hostname).toBe('127.0.0.1')
  })

  it('holds one script and the elements with a link that works without it', async () => {
    const home = await (await fetch(`${portal.url}/`)).text()
    expect(home.match(/<script/g)).toHaveLength(1)
    expect(home).toContain('<script type="module" src="http://localhost:4300/v/1/m5.js"></script>')
    expect(home).toContain(
      '<m5-stopknop><a href="http://localhost:4300/meld?s=pk_vuurvlinder">Stopknop</a></m5-stopknop>',
    )
    const team = await (await fetch(`${portal.url}/leerkracht`)).text()
    expect(team).toContain(
      '<m5-group><a href="http://localhost:4300/groep?s=pk_vuurvlinder">Meldingen van mijn groep</a></m5-group>',
    )
    expect(home + team).not.toMatch(/ style=| on[a-z]+="/)
  })

  it('answers every link of its menu, and 404 elsewhere', async () => {
    const home = await (await fetch(`${portal.url}/`)).text()
    const links = [...home.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(found => found[1] ?? '')
    expect(links.length).toBeGreaterThan(6)
    for (const link of new Set(links)) expect((await fetch(portal.url + link)).status, link).toBe(200)
    expect((await fetch(`${portal.url}/constructor`)).status).toBe(404)
  })
})

describe('a foreign site', () => {
  it('stands elsewhere and carries what it is to try, escaped', async () => {
    const url = foreign.attempt({
      frame: 'http://localhost:4300/meld?s=a&b="><script>',
      api: 'http://localhost:4300/api/me',
    })
    const page = await (await fetch(url)).text()
    expect(new URL(foreign.url).hostname).toBe('127.0.0.5')
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).toContain('data-api="http://localhost:4300/api/me"')
    expect((await fetch(`${foreign.url}/probe.js`)).headers.get('content-type')).toContain('javascript')
  })
})
