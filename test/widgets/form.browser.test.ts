/** The Stopknop's form in a real browser, as a page of its own. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ReportInput } from '../../connector/api/contract.ts'
import { type Answer, type Gallery, openGallery } from '../school/gallery.ts'
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
  gallery.seen.length = 0
  gallery.before = undefined
})

const reports = () => gallery.seen.filter(({ path }) => path === '/api/reports')
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
const next = (page: Page) => page.getByRole('button', { name: 'Verder' }).click()
const open = async (page: Page, key: string) => {
  await page.goto(`${gallery.origin}/meld?s=${key}`)
  await heading(page, 'Wie ben jij?')
}
const toWhat = async (page: Page, key = 'open') => {
  await open(page, key)
  await next(page)
  await heading(page, 'Wat gebeurde er?')
}
const sentWords = /ontvangen|is binnen|is verstuurd|melding verstuurd/i

/** Tabs until the focus is on what is wanted, so that nothing but a keyboard is used. */
const tabTo = async (page: Page, wanted: { role?: string; text: RegExp }) => {
  for (let turn = 0; turn < 80; turn++) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate<string>(`(() => {
      let element = document.activeElement
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
      return element?.labels?.[0]?.textContent ?? element?.getAttribute('aria-label') ?? element?.textContent ?? ''
    })()`)
    if (wanted.text.test(name.trim())) return
  }
  throw new Error(`never reached ${wanted.text} by Tab`)
}

describe('the form', () => {
  it('sends a whole report by keyboard alone', () =>
    withPage(browser, async page => {
      await open(page, 'open')
      await tabTo(page, { text: /Ik ben leerling/ })
      await page.keyboard.press('Space')
      await tabTo(page, { text: /Je naam/ })
      await page.keyboard.type('Noor')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Wat gebeurde er?')
      await tabTo(page, { text: /Uitschelden/ })
      await page.keyboard.press('Space')
      await tabTo(page, { text: /Slaan, schoppen/ })
      await page.keyboard.press('Space')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Wie deed het?')
      await tabTo(page, { text: /Typ een naam/ })
      await page.keyboard.type('Daan')
      await page.keyboard.press('Enter')
      await page.getByRole('radio', { name: 'deed mee' }).waitFor()
      await page.keyboard.press('Shift+Tab')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Bij wie gebeurde het?')
      await tabTo(page, { text: /Bij mij/ })
      await page.keyboard.press('Space')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Waar was het?')
      await tabTo(page, { text: /In de klas/ })
      await page.keyboard.press('ArrowDown')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Wanneer was het, en hoe vaak?')
      await tabTo(page, { text: /Vandaag/ })
      await page.keyboard.press('Space')
      await tabTo(page, { text: /^Verder/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Hoe erg was het?')
      await tabTo(page, { text: /Beetje vervelend/ })
      await page.keyboard.press('ArrowDown')
      await tabTo(page, { text: /^Versturen/ })
      await page.keyboard.press('Enter')
      await heading(page, 'Je melding is binnen')
      const sent = ReportInput.parse(JSON.parse(reports()[0]?.body ?? ''))
      expect(sent).toMatchObject({
        reporterKind: 'PUPIL',
        reporterName: 'Noor',
        behaviours: ['NAME_CALLING', 'HURTING'],
        involved: [
          { who: { typedName: 'Daan' }, role: 'ACTOR' },
          { who: { self: true }, role: 'TARGET' },
        ],
        targetKind: 'MYSELF',
        place: 'HALL_STAIRS',
        day: 'TODAY',
        severity: 2,
      })
    }))

  it('is whole at once where the page brings what the school says, and asks nothing for it', () =>
    withPage(browser, async page => {
      await page.addInitScript(`addEventListener('DOMContentLoaded', () => customElements.whenDefined('m5-view-stopknop').then(async () => {
        const view = document.querySelector('m5-view-stopknop')
        await view.updateComplete
        window.first = view.shadowRoot.textContent
      }))`)
      await page.goto(`${gallery.origin}/meld?s=demo&whole`)
      await page.getByRole('button', { name: 'Inloggen met school' }).waitFor()
      const first = await page.evaluate<string>('first')
      expect(first).toContain('Basisschool De Vlieger')
      expect(first).toContain('Vertel het met je schoolaccount')
      expect(gallery.seen.map(({ path }) => path)).toEqual(['/entry/handoffs'])
    }))

  it('moves the focus to the heading of each screen', () =>
    withPage(browser, async page => {
      await toWhat(page)
      const focused = await page.evaluate('document.activeElement?.shadowRoot?.activeElement?.tagName')
      expect(focused).toBe('H1')
    }))

  it('allows "Nu versturen" from the second question on, and only with a tile', () =>
    withPage(browser, async page => {
      await open(page, 'open')
      expect(await page.getByRole('button', { name: 'Nu versturen' }).count()).toBe(0)
      await next(page)
      expect(await page.getByRole('button', { name: 'Nu versturen' }).isDisabled()).toBe(true)
      await next(page)
      await page.getByRole('alert').getByText('Kies eerst wat er gebeurde').waitFor()
      await page.getByLabel('Uitschelden').check()
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await heading(page, 'Je melding is binnen')
      expect(JSON.parse(reports()[0]?.body ?? '')).toEqual({ v: 1, behaviours: ['NAME_CALLING'], language: 'nl' })
    }))

  it('keeps the answers on the way back', () =>
    withPage(browser, async page => {
      await toWhat(page)
      await page.getByLabel('Buitensluiten').check()
      await page.getByLabel('Wil je er iets bij vertellen?').fill('Elke pauze.')
      await next(page)
      await page.getByLabel('Typ een naam').fill('Daan')
      await page.getByRole('button', { name: 'Zet erbij' }).click()
      await next(page)
      for (const name of ['Wie deed het?', 'Wat gebeurde er?']) {
        await page.getByRole('button', { name: 'Terug' }).click()
        await heading(page, name)
        if (name === 'Wie deed het?') expect(await page.getByRole('button', { name: 'Daan weghalen' }).count()).toBe(1)
      }
      expect(await page.getByLabel('Buitensluiten').isChecked()).toBe(true)
      expect(await page.getByLabel('Wil je er iets bij vertellen?').inputValue()).toBe('Elke pauze.')
    }))

  it('retries with the same key and the same bytes, and never says it was received before the receipt', () =>
    withPage(browser, async page => {
      // a lost connection, a proxy's yes that is no receipt, a server that is away
      const failures: Answer[] = [{ drop: true }, { status: 201, body: { ok: true } }, { status: 503 }]
      let failure: Answer | undefined = failures.shift()
      gallery.before = ({ path }) => (path === '/api/reports' ? failure : undefined)
      await toWhat(page)
      await page.getByLabel('Bedreigen').check()
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      while (failure) {
        await page.getByText('Nog niet verstuurd. We proberen het zo weer.').waitFor()
        expect(await page.locator('main').textContent()).not.toMatch(sentWords)
        failure = failures.shift()
        await page.getByRole('button', { name: 'Probeer nu' }).click()
      }
      await heading(page, 'Je melding is binnen')
      expect(await page.locator('main').textContent()).toMatch(sentWords) // the words do fire
      expect(new Set(reports().map(({ headers }) => headers['idempotency-key'])).size).toBe(1)
      expect(new Set(reports().map(({ body }) => body)).size).toBe(1)
      expect(reports().length).toBeGreaterThanOrEqual(4)
    }))

  it('tries again by itself', () =>
    withPage(browser, async page => {
      let times = 0
      gallery.before = ({ path }) => (path === '/api/reports' && ++times === 1 ? { status: 502 } : undefined)
      await toWhat(page)
      await page.getByLabel('Bedreigen').check()
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await page.getByText('Nog niet verstuurd').waitFor()
      await heading(page, 'Je melding is binnen')
      expect(times).toBe(2)
    }))

  it('waits for the internet, then sends at once', () =>
    withPage(browser, async page => {
      await toWhat(page)
      await page.getByLabel('Bedreigen').check()
      await page.context().setOffline(true)
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await page.getByText('Er is geen internet').waitFor()
      await page.context().setOffline(false)
      await heading(page, 'Je melding is binnen')
    }))

  it('a new press after a change has a new key; an unchanged one keeps it', () =>
    withPage(browser, async page => {
      gallery.before = ({ path }) =>
        path === '/api/reports' ? { status: 400, body: { code: 'malformed' } } : undefined
      await toWhat(page)
      await page.getByLabel('Bedreigen').check()
      const press = async () => {
        const before = reports().length
        await page.getByRole('button', { name: 'Nu versturen' }).click()
        await expect.poll(() => reports().length).toBe(before + 1)
        await page.getByText('Het lukt nu niet').waitFor()
        await page.getByRole('button', { name: 'Terug naar mijn antwoorden' }).click()
      }
      await press()
      await press()
      await page.getByLabel('Roddelen').check()
      await press()
      const keys = reports().map(({ headers }) => headers['idempotency-key'])
      expect(keys[0]).toBe(keys[1])
      expect(keys[2]).not.toBe(keys[0])
    }))

  it('sends no cookie and no token without a sign-in', () =>
    withPage(browser, async page => {
      await page.context().addCookies([{ name: 'session', value: 'x', url: gallery.origin }])
      await toWhat(page)
      await page.getByLabel('Bedreigen').check()
      await page.getByRole('button', { name: 'Nu versturen' }).click()
      await heading(page, 'Je melding is binnen')
      expect(reports()[0]?.headers.cookie).toBeUndefined()
      expect(reports()[0]?.headers.authorization).toBeUndefined()
      expect(gallery.seen.some(({ path }) => path.startsWith('/api/people'))).toBe(false)
    }))

  it('shows help at once with an urgent tile, and with "nu hulp"', () =>
    withPage(browser, async page => {
      await toWhat(page)
      await page.getByLabel('Wapen').check()
      const alarm = page.getByRole('status').filter({ hasText: 'geen alarmlijn' })
      await alarm.getByRole('link', { name: 'Bel 112' }).waitFor()
      await page.getByLabel('Wapen').uncheck()
      expect(await alarm.count()).toBe(0)
    }))

  it('"Snel weg" empties the screen and replaces the page', () =>
    withPage(browser, async page => {
      await page.context().route('https://www.google.nl/', route => route.fulfill({ body: 'weg' }))
      await page.goto(`${gallery.origin}/?start`)
      await open(page, 'open')
      await page.getByRole('button', { name: 'Snel weg' }).click()
      await page.waitForURL('https://www.google.nl/')
      await page.goBack()
      expect(page.url()).toBe(`${gallery.origin}/?start`)
    }))

  it('an update without a change leaves the DOM alone', () =>
    withPage(browser, async page => {
      await toWhat(page)
      const changes = await page.evaluate(`(async () => {
        const view = document.querySelector('m5-view-stopknop')
        let count = 0
        const watch = new MutationObserver(records => { count += records.length })
        watch.observe(view.shadowRoot, { subtree: true, childList: true, attributes: true, characterData: true })
        view.requestUpdate()
        await view.updateComplete
        await new Promise(resolve => setTimeout(resolve, 50))
        return count
      })()`)
      expect(changes).toBe(0)
    }))

  it('speaks English when the page does', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/meld?s=open&lang=en`)
      await heading(page, 'Who are you?')
    }))

  it('shows the youngest six tiles and the rest on asking', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/meld?s=jong&signed`)
      await heading(page, 'Wat gebeurde er?')
      expect(await page.getByRole('checkbox').count()).toBe(6)
      await page.getByLabel('Niet mee mogen doen').waitFor()
      await page.getByRole('button', { name: 'Meer keuzes' }).click()
      expect(await page.getByRole('checkbox').count()).toBe(14)
    }))
})
