/** The page behind a grant link: what the second person reads, and what each answer does. */
import type { Browser, Page } from 'playwright-core'
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
  gallery.seen.length = 0
  gallery.before = undefined
})

const open = (page: Page, key: string, token: string) =>
  page.goto(`${gallery.origin}/bevestig?s=${key}&signed#${token}`)
const sent = (path: string) => gallery.seen.filter(seen => seen.path === path)
const asks = (page: Page) => page.getByRole('heading', { name: 'Klopt dat?' }).waitFor()

describe('the page behind a grant link', () => {
  it('asks for a sign-in, then says who gets which role where, and what that opens', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/bevestig?s=tweede#SCHOOL_LEADER`)
      await page.getByText('Die tweede persoon ben jij.').waitFor()
      await page.getByRole('button', { name: 'Inloggen met school' }).click()
      await page.getByText('Marit van der Heuvel krijgt de rol schoolleider op Basisschool De Vlieger.').waitFor()
      await page.getByText('maar niet wie iets meldde').waitFor()
      await page.getByText('kan dan ook andere collega’s een rol geven').waitFor()
      const [look] = sent('/api/grants/look')
      expect(JSON.parse(look?.body ?? '')).toEqual({ token: 'SCHOOL_LEADER' })
      expect(look?.headers.authorization).toBe('DPoP access.tweede')
      expect(gallery.seen.some(({ query }) => String(query).includes('SCHOOL_LEADER'))).toBe(false)
    }))

  it('"Ja, dat klopt" confirms once, says so, and takes the token out of the address', () =>
    withPage(browser, async page => {
      await open(page, 'tweede', 'SAFETY_COORDINATOR')
      await asks(page)
      await page.getByRole('button', { name: 'Ja, dat klopt' }).dblclick()
      await page.getByRole('heading', { name: 'Bevestigd' }).waitFor()
      await page.getByText('Marit van der Heuvel heeft nu de rol veiligheidscoördinator').waitFor()
      expect(sent('/api/grants/confirm').map(({ body }) => JSON.parse(body))).toEqual([{ token: 'SAFETY_COORDINATOR' }])
      expect(page.url()).not.toContain('#')
    }))

  it('"Nee" sends nothing, says whom to tell, and can be taken back', () =>
    withPage(browser, async page => {
      await open(page, 'tweede', 'GROUP_TEACHER')
      await asks(page)
      await page.getByText('de rol leerkracht of mentor van groep 7 op').waitFor()
      await page.getByRole('button', { name: 'Nee' }).click()
      await page.getByRole('heading', { name: 'Er is niets veranderd' }).waitFor()
      await page.getByText('Vertel de schoolleider').waitFor()
      expect(sent('/api/grants/confirm')).toEqual([])
      await page.getByRole('button', { name: 'Terug naar de vraag' }).click()
      await asks(page)
    }))

  for (const [key, when] of [
    ['dood', 'that is used, too old or somebody else’s'],
    ['gebruikt', 'that was used in the meantime'],
  ] as const)
    it(`has its own sentence for a link ${when}`, () =>
      withPage(browser, async page => {
        await open(page, key, 'SCHOOL_LEADER')
        if (key === 'gebruikt') await page.getByRole('button', { name: 'Ja, dat klopt' }).click()
        await page.getByRole('heading', { name: 'Deze link werkt niet (meer)' }).waitFor()
        await page.getByText('alleen voor de persoon voor wie hij is gemaakt').waitFor()
        expect(await page.locator('main').innerText()).not.toContain('Marit')
      }))

  it('tries again after trouble', () =>
    withPage(browser, async page => {
      let times = 0
      gallery.before = ({ path }) => (path === '/api/grants/look' && times++ === 0 ? { status: 503 } : undefined)
      await open(page, 'tweede', 'BOARD_OFFICER')
      await page.getByRole('button', { name: 'Probeer opnieuw' }).click()
      await page.getByText('de rol medewerker van het bestuur').waitFor()
    }))

  it('says that it may have worked when the answer to yes was lost', () =>
    withPage(browser, async page => {
      let lost = false
      gallery.before = ({ path }) => {
        if (path === '/api/grants/confirm') lost = true
        return lost ? { status: path.endsWith('/look') ? 404 : 503, body: { code: 'grant-link' } } : undefined
      }
      await open(page, 'tweede', 'SCHOOL_LEADER')
      await page.getByRole('button', { name: 'Ja, dat klopt' }).click()
      await page.getByRole('button', { name: 'Probeer opnieuw' }).click()
      await page.getByText('Vraag Marit van der Heuvel of de rol er is.').waitFor()
    }))

  it('a link without its token says that it is not complete, and asks nobody anything', () =>
    withPage(browser, async page => {
      await page.goto(`${gallery.origin}/bevestig?s=tweede&signed`)
      await page.getByRole('heading', { name: 'Deze link is niet compleet' }).waitFor()
      expect(gallery.seen).toEqual([])
    }))

  it('signing out takes the name off the screen', () =>
    withPage(browser, async page => {
      await open(page, 'tweede', 'SCHOOL_LEADER')
      await asks(page)
      await page.getByRole('button', { name: 'Uitloggen' }).click()
      await page.getByRole('button', { name: 'Inloggen met school' }).waitFor()
      expect(await page.locator('main').innerText()).not.toContain('Marit')
    }))

  it('an update without a change leaves the DOM alone', () =>
    withPage(browser, async page => {
      await open(page, 'tweede', 'SCHOOL_LEADER')
      await asks(page)
      const changes = await page.evaluate(`(async () => {
        const view = document.querySelector('m5-view-grant')
        let count = 0
        new MutationObserver(records => { count += records.length }).observe(view.shadowRoot, { subtree: true, childList: true, attributes: true, characterData: true })
        view.requestUpdate(); await view.updateComplete
        return count
      })()`)
      expect(changes).toBe(0)
    }))

  it('works by keyboard', () =>
    withPage(browser, async page => {
      await open(page, 'tweede', 'SCHOOL_LEADER')
      await asks(page)
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Bevestigd' }).waitFor()
      const focused = await page.evaluate('document.activeElement?.shadowRoot?.activeElement?.tagName')
      expect(focused).toBe('H1')
    }))
})
