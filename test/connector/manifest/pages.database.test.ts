/** What a platform asks of the running service: oEmbed, and the pages that Teams shows. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { teamsOrigins } from '../../../connector/manifest/teams-hosts.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SeededSchool, seedSchool } from '../../support/seed.ts'
import { openWorld, portal, type World } from '../../support/world.ts'

let w: World
let inTeams: SeededSchool
beforeAll(async () => {
  w = await openWorld()
  const { boardId } = w.schools.own
  inTeams = await seedSchool(w.t, boardId, { origins: ['https://school.sharepoint.com', 'https://twee.example'] })
  await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
    tx.teamsTenant.create({
      data: { boardId, id: randomUUID(), schoolId: inTeams.id, tenant: randomUUID(), clientId: randomUUID() },
    }),
  )
})
afterAll(() => w.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(w.origin + path, { headers, redirect: 'manual' })
const form = (key: string) => `${w.origin}/meld?s=${key}`
const oembed = (url: string, more = '') => get(`/oembed?url=${encodeURIComponent(url)}${more}`)
const ancestors = (response: Response) =>
  /frame-ancestors ([^;]*)/.exec(response.headers.get('content-security-policy') ?? '')?.[1]?.split(' ') ?? []

describe('oEmbed', () => {
  it('turns the address of the form into its frame', async () => {
    const answer = await oembed(form(w.schools.own.key))
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
    const embed = (await answer.json()) as Record<string, unknown>
    expect(embed).toMatchObject({ version: '1.0', type: 'rich', width: 640, height: 800, provider_url: w.origin })
    expect(embed.html).toContain(`<iframe src="${form(w.schools.own.key)}" title="Stopknop van `)
    expect(embed.html).toContain('sandbox="allow-scripts allow-same-origin allow-forms ')
    expect(embed.html).not.toMatch(/<script|\son\w+=|style=/)
  })

  it('says the same in XML', async () => {
    const answer = await oembed(form(w.schools.own.key), '&format=xml')
    expect(answer.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    const xml = await answer.text()
    expect(xml).toContain('<type>rich</type>')
    expect(xml).toContain('<html>&lt;iframe src=&quot;')
    expect(xml.match(/</g)?.length).toBe(1 + 2 + 9 * 2)
  })

  it.for(['yaml', 'JSON', '', 'json&format=xml'])('knows no other format: %s', async format => {
    expect((await oembed(form(w.schools.own.key), `&format=${format}`)).status).toBe(501)
  })

  it('is never larger than the page has room for', async () => {
    const size = async (more: string) => {
      const { width, height } = (await (await oembed(form(w.schools.own.key), more)).json()) as Record<string, number>
      return [width, height]
    }
    expect(await size('&maxwidth=320&maxheight=400')).toEqual([320, 400])
    expect(await size('&maxwidth=9999')).toEqual([640, 800])
    for (const wrong of ['0', '-5', '1e3', 'x', '', '999999999']) {
      const [width = 0] = await size(`&maxwidth=${wrong}`)
      expect([width >= 1, width <= 640]).toEqual([true, true])
    }
  })

  it('answers for no other address', async () => {
    const key = w.schools.own.key
    const { host } = new URL(w.origin)
    const others = [
      `https://evil.example/meld?s=${key}`,
      `${w.origin}.evil.example/meld?s=${key}`,
      `https://${host}/meld?s=${key}`,
      `http://user:pass@${host}/meld?s=${key}`,
      `${w.origin}/groep?s=${key}`,
      `${w.origin}/meld/../groep?s=${key}`,
      `${w.origin}/meld`,
      `${w.origin}/meld?s=pk_unknown_school`,
      `javascript:alert(1)//${w.origin}/meld?s=${key}`,
      'meld?s=x',
      '',
      form(key).padEnd(600, 'x'),
    ]
    for (const url of others) expect([url, (await oembed(url)).status]).toEqual([url, 404])
    expect((await get('/oembed')).status).toBe(404)
    expect((await get(`/oembed?url=${encodeURIComponent(form(key))}&url=x`)).status).toBe(404)
  })

  it('is framed by nobody and read by no page of another site', async () => {
    const answer = await oembed(form(w.schools.own.key))
    expect([ancestors(answer), answer.headers.get('access-control-allow-origin')]).toEqual([["'none'"], null])
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  it('writes the name of a school as text, in both forms', async () => {
    const name = '<script>alert(1)</script>"\'&]]>'
    const { key } = await seedSchool(w.t, w.schools.own.boardId, { name })
    const { html, title } = (await (await oembed(form(key))).json()) as { html: string; title: string }
    expect(title).toBe(`Stopknop van ${name}`)
    expect(html).not.toContain('<script')
    expect(await (await oembed(form(key), '&format=xml')).text()).not.toMatch(/<script|]]>/)
  })

  it('is found from the form, and from no other page', async () => {
    const { key } = w.schools.own
    const page = await (await get(`/meld?s=${key}`)).text()
    const [, found = ''] = /<link rel="alternate" type="application\/json\+oembed" href="([^"]+)"/.exec(page) ?? []
    const embed = (await (await fetch(found.replaceAll('&amp;', '&'))).json()) as { html: string }
    expect(embed.html).toContain(form(key))
    expect(await (await get(`/groep?s=${key}`)).text()).not.toContain('oembed')
  })
})

describe('a page in Teams', () => {
  const pages = ['/teams/tab', '/teams/tab?view=groep', '/teams/config']
  const at = (page: string, key: string) => get(`${page}${page.includes('?') ? '&' : '?'}s=${key}`)

  it.for(pages)('%s: may be framed by the hosts of Microsoft and the origins of the school', async page => {
    const answer = await at(page, w.schools.own.key)
    expect(answer.status).toBe(200)
    expect(ancestors(answer)).toEqual(["'self'", ...teamsOrigins, portal])
    expect(answer.headers.get('x-frame-options')).toBeNull()
    expect(answer.headers.get('set-cookie')).toBeNull()
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toContain("script-src 'self'; style-src 'self'; connect-src 'self'")
    expect(policy).not.toMatch(/unsafe|sharepoint/)
    expect(await answer.text()).not.toMatch(/<script(?![^>]*src=)|\sstyle=|\son\w+=/)
  })

  it.for(pages)('%s: says in Teams that the school is not known', async page => {
    for (const key of ['pk_unknown_school', '', 'x'.repeat(100)]) {
      const answer = await at(page, key)
      expect([answer.status, ancestors(answer)]).toEqual([404, ["'self'", ...teamsOrigins]])
      expect(await answer.text()).toContain('hoort bij geen school')
    }
  })

  it('leads to the views of that school alone, whatever the address asks', async () => {
    const { key } = w.schools.own
    for (const [view, next] of [
      ['meld', 'meld'],
      ['groep', 'groep'],
      ['//evil.example', 'meld'],
      ['javascript:alert(1)', 'meld'],
      ['bevestig', 'meld'],
    ]) {
      const page = await (await get(`/teams/tab?s=${key}&view=${encodeURIComponent(view ?? '')}`)).text()
      expect(page).toContain(`data-next="/${next}?s=${key}"`)
      expect(page).not.toContain('evil')
    }
  })

  it('believes the SharePoint that the school listed, and no other of its origins', async () => {
    const page = await (await get(`/teams/tab?s=${inTeams.key}`)).text()
    expect(page).toContain('data-hosts="https://school.sharepoint.com"')
  })

  it('speaks the language of the browser', async () => {
    const page = async (language: string) =>
      (await get(`/teams/config?s=${w.schools.own.key}`, { 'accept-language': language })).text()
    expect(await page('en-GB,en')).toContain('What goes into this tab?')
    for (const language of ['nl', 'de', '']) expect(await page(language)).toContain('Wat komt er in deze tab?')
  })
})

describe('a view', () => {
  it('shows in Teams once the school has registered its Teams, and not before', async () => {
    for (const view of ['/meld', '/groep']) {
      expect(ancestors(await get(`${view}?s=${w.schools.own.key}`))).toEqual(["'self'", portal])
      const answer = await get(`${view}?s=${inTeams.key}`)
      expect(ancestors(answer)).toEqual(expect.arrayContaining(["'self'", 'https://twee.example', ...teamsOrigins]))
      expect(answer.headers.get('x-frame-options')).toBeNull()
    }
  })
})
