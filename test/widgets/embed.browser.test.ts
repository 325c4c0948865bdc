/** The elements in a foreign page: portal on 127.0.0.1, connector on localhost, which are two sites. */
import type { Browser, Frame, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Gallery, openGallery } from '../school/gallery.ts'
import { launch, withPage } from './browser.ts'
import { buildWidgets } from './build.ts'

let browser: Browser
let gallery: Gallery

beforeAll(async () => {
  gallery = await openGallery({ dist: await buildWidgets() })
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await gallery?.close()
})
beforeEach(() => {
  gallery.before = undefined
})

const button = (page: Page) => page.getByRole('button', { name: /^Stopknop/ })
const dialog = (page: Page) => page.getByRole('dialog')
const formFrame = async (page: Page): Promise<Frame> => {
  await page.locator('m5-stopknop iframe').waitFor()
  await expect.poll(() => page.frames().length).toBe(2)
  const frame = page.frames()[1]
  if (!frame) throw new Error('no frame')
  await frame.getByRole('heading', { name: 'Wie ben jij?' }).waitFor()
  return frame
}
const open = async (page: Page, query = 's=open') => {
  await page.goto(`${gallery.portal}/portal?${query}`)
  await button(page).click()
  return formFrame(page)
}

describe('m5-stopknop', () => {
  it('is a plain link without script', () =>
    withPage(
      browser,
      async page => {
        await page.goto(`${gallery.portal}/portal?s=open`)
        await page.getByRole('link', { name: 'Stopknop' }).click()
        expect(page.url()).toBe(`${gallery.origin}/meld?s=open`)
      },
      { javaScriptEnabled: false },
    ))

  it('stays a link when the link names no school', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open`)
      await page.evaluate(
        `document.body.insertAdjacentHTML('beforeend', '<m5-stopknop id="bare"><a href="javascript:alert(1)">Kaal</a></m5-stopknop>')`,
      )
      expect(await page.locator('#bare').getByRole('button').count()).toBe(0)
      await page.getByRole('link', { name: 'Kaal' }).waitFor()
    }))

  it('moves nothing on the page as it upgrades', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open&noscript`)
      const before = await page.locator('#after').boundingBox()
      await page.goto(`${gallery.portal}/portal?s=open`)
      await button(page).waitFor()
      expect(await page.locator('#after').boundingBox()).toEqual(before)
    }))

  it('opens the form in a sandboxed frame, and gives the focus back on Escape', () =>
    withPage(browser, async page => {
      const frame = await open(page)
      const element = page.locator('m5-stopknop iframe')
      expect(await element.getAttribute('sandbox')).toBe(
        'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-storage-access-by-user-activation',
      )
      expect(await element.getAttribute('allow')).toBe('storage-access')
      expect(await element.getAttribute('referrerpolicy')).toBe('strict-origin')
      expect(await element.getAttribute('title')).toContain('Stopknop')
      await frame.locator('h1').press('Escape')
      await dialog(page).waitFor({ state: 'hidden' })
      await expect.poll(() => page.locator('m5-stopknop iframe').count()).toBe(0)
      expect(await page.evaluate('document.activeElement.shadowRoot.activeElement.className')).toContain('stop')
    }))

  it('asks before a report that is under way goes', () =>
    withPage(browser, async page => {
      const frame = await open(page)
      await frame.getByLabel('Ik ben leerling').check()
      await page.getByRole('button', { name: 'Sluiten' }).click()
      await page.getByText('Je bent nog niet klaar').waitFor()
      await page.getByRole('button', { name: 'Ga door' }).click()
      expect(await frame.getByLabel('Ik ben leerling').isChecked()).toBe(true)
      await page.getByRole('button', { name: 'Sluiten' }).click()
      await page.getByRole('button', { name: 'Ja, stoppen' }).click()
      await dialog(page).waitFor({ state: 'hidden' })
    }))

  it('is named once: by the form as soon as that is there, with the cross over the end of its bar', () =>
    withPage(browser, async page => {
      const frame = await open(page)
      await page.locator('m5-stopknop dialog .name').waitFor({ state: 'detached' })
      expect(await frame.locator('.top .place').innerText()).toContain('Stopknop')
      const cross = await page.getByRole('button', { name: 'Sluiten' }).boundingBox()
      const exit = await frame.getByRole('button', { name: 'Snel weg' }).boundingBox()
      expect(cross?.x).toBeGreaterThanOrEqual((exit?.x ?? 0) + (exit?.width ?? 0))
      expect(cross?.y).toBeLessThan((exit?.y ?? 0) + (exit?.height ?? 0))
    }))

  it('says submitted without any content, and closes', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open`)
      await page.evaluate(`window.heard = []; for (const name of ['m5-open', 'm5-submitted', 'm5-close'])
        addEventListener(name, event => heard.push([name, event.detail]))
        addEventListener('message', event => heard.push(['message', event.data.type, JSON.stringify(event.data.payload)]))`)
      await button(page).click()
      const frame = await formFrame(page)
      await frame.getByRole('button', { name: 'Verder' }).click()
      await frame.getByLabel('Bedreigen').check()
      await frame.getByRole('button', { name: 'Nu versturen' }).click()
      await frame.getByRole('button', { name: 'Klaar' }).click()
      await dialog(page).waitFor({ state: 'hidden' })
      const heard = JSON.stringify(await page.evaluate('heard'))
      expect(heard).toContain('m5-submitted')
      expect(heard).not.toMatch(/THREAT|edreigen/)
    }))

  it('"Snel weg" replaces the portal page', () =>
    withPage(browser, async page => {
      await page.context().route('https://www.google.nl/', route => route.fulfill({ body: 'weg' }))
      const frame = await open(page)
      await frame.getByRole('button', { name: 'Snel weg' }).click()
      await page.waitForURL('https://www.google.nl/')
    }))

  it('ignores messages of the page itself and of another window', () =>
    withPage(browser, async page => {
      await open(page)
      await page.evaluate(`postMessage({ v: 1, type: 'leave', id: 'x', payload: {} }, '*')
        document.body.append(document.createElement('iframe'))`)
      await page.frames().at(-1)?.evaluate(`parent.postMessage({ v: 1, type: 'close', id: 'x', payload: {} }, '*')`)
      await page.waitForTimeout(300)
      expect(page.url()).toContain('/portal')
      expect(await dialog(page).isVisible()).toBe(true)
    }))

  it('the frame hears only the page around it', () =>
    withPage(browser, async page => {
      const frame = await open(page)
      await frame.evaluate(`postMessage({ v: 1, type: 'locale', id: 'x', payload: { lang: 'en' } }, '*')`)
      await page.waitForTimeout(300)
      expect(await frame.getByRole('heading', { name: 'Wie ben jij?' }).count()).toBe(1)
      await page.evaluate(`document.querySelector('m5-stopknop').shadowRoot.querySelector('iframe').contentWindow
        .postMessage({ v: 1, type: 'locale', id: 'x', payload: { lang: 'en' } }, '${gallery.origin}')`)
      await frame.getByRole('heading', { name: 'Who are you?' }).waitFor()
    }))

  it('a page of another site reads neither the frame nor the API', () =>
    withPage(browser, async page => {
      await open(page)
      const inside = await page.evaluate(
        `(() => { try { return document.querySelector('m5-stopknop').shadowRoot.querySelector('iframe').contentDocument } catch { return 'refused' } })()`,
      )
      expect(inside === null || inside === 'refused').toBe(true)
      await page.goto(`${gallery.portal}/`) // a page without a policy of its own: what refuses is our side
      const answer = await page.evaluate(
        `fetch('${gallery.origin}/api/form?school=open').then(() => 'read', () => 'refused')`,
      )
      expect(answer).toBe('refused')
    }))

  it('cannot be hidden or made unreadable by a theme', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open&invisible`)
      expect(await button(page).isVisible()).toBe(true)
      const style = await page.evaluate<{ color: string; backgroundColor: string; opacity: string }>(
        `(({ color, backgroundColor, opacity }) => ({ color, backgroundColor, opacity }))(getComputedStyle(document.querySelector('m5-stopknop').shadowRoot.querySelector('.stop')))`,
      )
      expect(style).toEqual({ color: 'rgb(255, 255, 255)', backgroundColor: 'rgb(179, 38, 30)', opacity: '1' })
    }))

  it('keeps a theme that can be read', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open`)
      await page.evaluate(`document.querySelector('m5-stopknop').style.setProperty('--m5-background', '#0b3d91')`)
      await button(page).hover()
      const ground = await page.evaluate(
        `getComputedStyle(document.querySelector('m5-stopknop').shadowRoot.querySelector('.stop')).backgroundColor`,
      )
      expect(ground).toBe('rgb(11, 61, 145)')
    }))

  it('is defined once: a second copy of another version warns once and changes nothing', () =>
    withPage(browser, async page => {
      const warnings: string[] = []
      page.on('console', message => message.type() === 'warning' && warnings.push(message.text()))
      await page.addInitScript(`class Old extends HTMLElement { static m5Version = '0.9.0' }
        customElements.define('m5-stopknop', Old); customElements.define('m5-group', class extends HTMLElement { static m5Version = '0.9.0' })`)
      await page.goto(`${gallery.portal}/portal?s=open`)
      await expect.poll(() => warnings.filter(text => text.includes('m5.js'))).toHaveLength(1)
      expect(warnings.join()).toMatch(/1\.0\.0.*0\.9\.0/)
    }))

  it('an update without a change leaves the DOM alone', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open`)
      await button(page).waitFor()
      const changes = await page.evaluate(`(async () => {
        const element = document.querySelector('m5-stopknop')
        let count = 0
        new MutationObserver(records => { count += records.length }).observe(element.shadowRoot, { subtree: true, childList: true, attributes: true, characterData: true })
        element.update(); element.update()
        await new Promise(resolve => setTimeout(resolve, 30))
        return count
      })()`)
      expect(changes).toBe(0)
    }))

  it('opens by keyboard, and the other elements of the page cannot be reached meanwhile', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.portal}/portal?s=open`)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await formFrame(page)
      expect(
        await page
          .locator('main > p')
          .first()
          .evaluate(() => true),
      ).toBe(true)
      expect(await dialog(page).isVisible()).toBe(true)
    }))
})

describe('m5-group', () => {
  it('takes the height of what it shows', () =>
    withPage(
      browser,
      async page => {
        await page.goto(`${gallery.portal}/portal?s=juf&what=group`)
        await page.frameLocator('m5-group iframe').getByRole('button', { name: 'Inloggen met school' }).waitFor()
        const height = async () => (await page.locator('m5-group iframe').boundingBox())?.height ?? 0
        const before = await height()
        await page.frameLocator('m5-group iframe').getByRole('button', { name: 'Inloggen met school' }).click()
        await page.frameLocator('m5-group iframe').getByRole('heading', { name: 'Waar en wanneer' }).waitFor()
        await expect.poll(height).toBeGreaterThan(before + 500)
        expect(await page.locator('m5-group iframe').getAttribute('sandbox')).toContain('allow-downloads allow-modals')
        expect(await page.locator('m5-group iframe').getAttribute('allow')).toBe('storage-access; fullscreen')
      },
      { viewport: { width: 1280, height: 800 } },
    ))
})
