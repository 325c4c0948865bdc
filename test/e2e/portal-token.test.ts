/** A portal with a server, in a real browser with third-party cookies blocked and allowed: nobody signs in a second time. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addOrigin } from '../../connector/admin/origins.ts'
import { addPortal } from '../../connector/admin/portals.ts'
import { startForeignSite } from '../school/foreign-site.ts'
import { type Portal, startPortal } from '../school/portal.ts'
import { type WholeSchool, wholeSchool } from '../support/whole-school.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop, openPanel, openStopknop } from './visit.ts'

let school: WholeSchool
let portal: Portal
const browsers: [string, Browser][] = []

beforeAll(async () => {
  school = await wholeSchool()
  const { connector, boardId, database: t } = school
  const { id: schoolId, publishableKey: schoolKey } = school.school
  portal = await startPortal({ host: '127.0.0.4', connector, schoolKey, signs: true })
  await addOrigin(t, { boardId, schoolId, origin: portal.url })
  const registered = {
    label: 'Portaal',
    issuer: portal.url,
    jwksUrl: `${portal.url}/jwks.json`,
    keyType: 'sis-id' as const,
  }
  // The board said so: the teacher's panel opens without a second sign-in too.
  await addPortal(t, { boardId, schoolId, ...registered, mayName: 'everybody' })
  browsers.push(['blocked', await launch(withoutThirdPartyCookies)], ['allowed', await launch()])
})
afterAll(async () => {
  for (const [, browser] of browsers) await browser.close()
  await portal?.close()
  await school?.close()
})

const each = async (act: (browser: Browser, cookies: string) => Promise<void>) => {
  for (const [cookies, browser] of browsers) await act(browser, cookies)
}
const enterPortal = (page: Page, as: string) => page.goto(`${portal.url}/inloggen?als=${encodeURIComponent(as)}`)
/** What the frame sends to the connector while `act` goes on: where, and how it was answered. */
const asked = (page: Page) => {
  const seen: string[] = []
  page.on('response', response => {
    const { origin, pathname } = new URL(response.url())
    if (origin === school.connector && !pathname.startsWith('/v/')) seen.push(`${pathname} ${response.status()}`)
  })
  return seen
}

describe('a portal with a server', () => {
  it('opens the form for the pupil who sits there, without a click or a window', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          const seen = asked(page)
          await enterPortal(page, school.meet.pupil.sourceId)
          const frame = await openStopknop(page, portal.url)
          await frame.getByRole('heading', { name: 'Wat gebeurde er?' }).waitFor()
          expect(seen).toContain('/oidc/token 200')
          expect(seen.filter(each => each.startsWith('/entry/'))).toEqual([])
          await frame
            .getByText(school.meet.pupil.name.split(' ')[0] ?? '')
            .first()
            .waitFor()
          expect(page.context().pages()).toHaveLength(1)
        },
        contextOptions,
      ),
    ))

  it('opens the panel for the teacher who sits there, and again after a reload', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          await enterPortal(page, school.meet.teacher.sourceId)
          const panel = await openPanel(page, portal.url)
          await panel.getByText(`Je bent ingelogd als ${school.meet.teacher.name}`).waitFor()
          await page.reload()
          await page
            .frameLocator('m5-group iframe')
            .getByText(`Je bent ingelogd als ${school.meet.teacher.name}`)
            .waitFor()
        },
        { ...contextOptions, viewport: desktop },
      ),
    ))

  it('is somebody else as soon as somebody else sits there', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          await enterPortal(page, school.meet.teacher.sourceId)
          await (await openPanel(page, portal.url))
            .getByText(`Je bent ingelogd als ${school.meet.teacher.name}`)
            .waitFor()
          await enterPortal(page, school.meet.otherTeacher.sourceId)
          const panel = await openPanel(page, portal.url)
          await panel.getByText(`Je bent ingelogd als ${school.meet.otherTeacher.name}`).waitFor()
          await page.goto(`${portal.url}/uitloggen`)
          const nobody = await openPanel(page, portal.url)
          await nobody.getByRole('button', { name: 'Inloggen met school' }).waitFor()
        },
        contextOptions,
      ),
    ))

  it('leaves the ordinary sign-in to whom the roster does not know, and tells the page that it did', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          const seen = asked(page)
          await page.addInitScript(`addEventListener('m5-error', event => (window.said = event.detail.code))`)
          await enterPortal(page, 'leerling:niemand')
          const panel = await openPanel(page, portal.url)
          await panel.getByRole('button', { name: 'Inloggen met school' }).waitFor()
          expect(seen).toContain('/oidc/token 400')
          expect(await page.evaluate('window.said')).toBe('portal-token-refused')
        },
        contextOptions,
      ),
    ))

  it('gives nothing of ours to the page around the frame', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          await page.addInitScript(
            `window.heard = []; addEventListener('message', event => heard.push(JSON.stringify(event.data)))`,
          )
          await enterPortal(page, school.meet.pupil.sourceId)
          const frame = await openStopknop(page, portal.url)
          await frame.getByRole('heading', { name: 'Wat gebeurde er?' }).waitFor()
          const heard = (await page.evaluate('window.heard')) as string[]
          expect(heard.length).toBeGreaterThan(1)
          for (const said of heard) {
            const { type, payload } = JSON.parse(said) as { type: string; payload: object }
            expect(['ready', 'resize', 'busy', 'ask-portal-token']).toContain(type)
            expect(JSON.stringify(payload)).not.toMatch(/ey[JK]|[A-Za-z0-9_-]{40}/)
            expect(said).not.toContain(school.meet.pupil.name)
          }
        },
        contextOptions,
      ),
    ))
})

describe('a page that is no portal', () => {
  it('cannot hand over a token that a portal signed for another page, although the school listed both', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          const seen = asked(page)
          await enterPortal(page, school.meet.pupil.sourceId)
          await page.goto(portal.url)
          const stolen = await page.evaluate(`fetch('/m5-token', { method: 'POST' }).then(answer => answer.text())`)
          // The portal of the school without a server: listed, and now with a script that is not the school's.
          await page.goto(school.portal.url)
          await page
            .locator('m5-stopknop')
            .first()
            .evaluate((element, token) => {
              Object.assign(element, { portalToken: async () => token })
            }, stolen)
          await page
            .getByRole('button', { name: /stopknop/i })
            .first()
            .click()
          await page.frameLocator('m5-stopknop iframe').getByRole('button', { name: 'Inloggen met school' }).waitFor()
          expect(seen).toContain('/oidc/token 400')
          expect(seen).not.toContain('/oidc/token 200')
        },
        contextOptions,
      ),
    ))

  it('of another origin gets no frame to hand anything to', async () => {
    const foreign = await startForeignSite()
    const [, browser] = browsers[0] ?? []
    if (!browser) throw new Error('no browser')
    try {
      await withPage(
        browser,
        async page => {
          const seen = asked(page)
          await page.goto(foreign.attempt({ frame: `${school.connector}/groep?s=${school.school.publishableKey}` }))
          await page.locator('#result[data-done]').waitFor()
          expect(await page.locator('[data-try=frame-message]').textContent()).toBe('none')
          expect(seen.filter(each => each.startsWith('/oidc/'))).toEqual([])
        },
        contextOptions,
      ).catch(error => {
        if (!/frame-ancestors/.test(String(error))) throw error
      })
    } finally {
      await foreign.close()
    }
  })

  it('that sends words to the frame without being asked is not heard', () =>
    each(browser =>
      withPage(
        browser,
        async page => {
          const seen = asked(page)
          const frame = await openStopknop(page, school.portal.url)
          await frame.getByRole('button', { name: 'Inloggen met school' }).waitFor()
          await page.evaluate(
            `document.querySelector('m5-stopknop').shadowRoot.querySelector('iframe').contentWindow
              .postMessage({ v: 1, type: 'portal-token', id: 'x', payload: { token: 'a.b.c' } }, ${JSON.stringify(school.connector)})`,
          )
          await frame.getByRole('button', { name: 'Inloggen met school' }).waitFor()
          expect(seen.filter(each => each.startsWith('/oidc/'))).toEqual([])
        },
        contextOptions,
      ),
    ))
})

it('the log of what was done says portal, and names nobody of it', async () => {
  const { rows } = await school.database.asSuperuser(client =>
    client.query(`select distinct channel from "AuditEntry" where action = 'session.start'`),
  )
  expect(rows).toEqual([{ channel: 'portal' }])
})
