/** axe on every screen and state, on a phone and on a desk; and the panel's own behaviour. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Gallery, openGallery } from '../school/gallery.ts'
import { launch, withPage } from './browser.ts'
import { buildWidgets } from './build.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const sizes = [
  { width: 375, height: 740 },
  { width: 1280, height: 860 },
]

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

/** Also: nothing wider than the screen, and every target at least 44 px in one direction and 24 in the other. */
const check = async (page: Page) => {
  await page.evaluate(axe)
  const problems = await page.evaluate<
    string[]
  >(`axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
    .then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + JSON.stringify(target) + ' ' + failureSummary)))`)
  expect(problems).toEqual([])
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
}

const walk = async (page: Page, path: string) => {
  await page.goto(gallery.origin + path)
  const next = () => page.getByRole('button', { name: 'Verder' }).click()
  const shows = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
  if (!path.includes('signed')) {
    await page.getByLabel('Ik ben leerling').check()
    await check(page)
    await next()
  }
  await shows('Wat gebeurde er?')
  await page.getByLabel(/apen of iets|uitlachen/i).check()
  await check(page)
  await next()
  await shows('Wie deed het?')
  await page.getByLabel('Typ een naam').fill('Daan K.')
  await page.getByRole('button', { name: 'Zet erbij' }).click()
  await check(page)
  await next()
  await shows('Bij wie gebeurde het?')
  await page.getByLabel('Bij iemand anders').check()
  await check(page)
  await next()
  await shows('Waar was het?')
  await check(page)
  await next()
  await shows('Wanneer was het, en hoe vaak?')
  await page.getByLabel('Langer geleden').check()
  await check(page)
  await next()
  await shows('Hoe erg was het?')
  await page.getByLabel('Heel erg').check()
  await page.getByLabel('Ik heb nu hulp nodig').check()
  await check(page)
  await page.getByRole('button', { name: 'Hulp', exact: true }).click()
  await check(page)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /^Versturen/ }).click()
}

for (const viewport of sizes) {
  describe(`at ${viewport.width} px`, () => {
    const at = (act: (page: Page) => Promise<void>) => withPage(browser, act, { viewport })

    it(
      'every question is accessible, and so is the receipt',
      () =>
        at(async page => {
          await walk(page, '/meld?s=open')
          await page.getByRole('heading', { name: 'Je melding is binnen' }).waitFor()
          await check(page)
        }),
      60_000,
    )

    it(
      'every question is accessible to a signed-in pupil of groep 4',
      () =>
        at(async page => {
          await walk(page, '/meld?s=jong&signed')
          await page.getByRole('heading', { name: 'Je melding is binnen' }).waitFor()
        }),
      60_000,
    )

    for (const key of ['weg', 'geweigerd']) {
      it(`"not sent yet" is accessible: ${key}`, () =>
        at(async page => {
          await page.goto(`${gallery.origin}/meld?s=${key}&at=how`)
          await page.getByRole('button', { name: /^Versturen/ }).click()
          await page.getByText('Nog niet verstuurd').waitFor()
          await check(page)
        }))
    }

    it('waiting for a sign-in, and a refused one, are accessible', () =>
      at(async page => {
        for (const [key, text] of [
          ['wacht', 'Geef het aan niemand'],
          ['conflict', 'meer dan één persoon'],
        ] as const) {
          await page.goto(`${gallery.origin}/meld?s=${key}`)
          await page.getByRole('button', { name: 'Inloggen met school' }).click()
          await page.getByText(text).waitFor()
          await check(page)
        }
      }))

    for (const [key, text] of [
      ['juf', 'Waar en wanneer'],
      ['mentor', 'verschijnen hier aan het eind van de schooldag'],
      ['leeg', 'Nog geen meldingen in deze periode'],
      ['stuk', 'Er ging iets mis'],
      ['geen', 'Deze pagina is voor de leerkracht of mentor van een groep'],
    ] as const) {
      it(`the panel is accessible: ${key}`, () =>
        at(async page => {
          await page.goto(`${gallery.origin}/groep?s=${key}&signed`)
          await page.getByText(text).first().waitFor()
          await check(page)
        }))
    }

    for (const [path, text] of [
      ['tweede#SCHOOL_LEADER', 'Inloggen met school'],
      ['tweede&signed#SCHOOL_LEADER', 'Klopt dat?'],
      ['tweede&signed#GROUP_TEACHER', 'De rol geldt tot 1 augustus 2027.'],
      ['dood&signed#SCHOOL_LEADER', 'Deze link werkt niet (meer)'],
      ['haper&signed#SCHOOL_LEADER', 'Probeer opnieuw'],
      ['tweede', 'Deze link is niet compleet'],
    ] as const) {
      it(`the page behind a grant link is accessible: ${path}`, () =>
        at(async page => {
          await page.goto(`${gallery.origin}/bevestig?s=${path}`)
          await page.getByText(text).first().waitFor()
          await check(page)
        }))
    }

    it('the picture of places and moments fits the width', () =>
      at(async page => {
        await page.goto(`${gallery.origin}/groep?s=juf&signed`)
        await page.getByRole('table', { name: 'Waar en wanneer' }).waitFor()
        expect(
          await page
            .getByRole('group', { name: 'Waar en wanneer' })
            .evaluate(
              box =>
                (box as unknown as { scrollWidth: number; clientWidth: number }).scrollWidth <=
                (box as unknown as { clientWidth: number }).clientWidth,
            ),
        ).toBe(true)
        const heads = await page.getByRole('table', { name: 'Waar en wanneer' }).getByRole('columnheader').count()
        expect(heads).toBe(9)
        await page.getByRole('columnheader', { name: 'Leswissel, naar binnen gaan' }).waitFor()
      }))

    it('the portal page with the button is accessible', () =>
      at(async page => {
        await page.goto(`${gallery.portal}/portal?s=open`)
        await page.getByRole('button', { name: /^Stopknop/ }).waitFor()
      }))
  })
}

describe('the panel', () => {
  const open = (act: (page: Page) => Promise<void>, key = 'juf') =>
    withPage(
      browser,
      async page => {
        await page.goto(`${gallery.origin}/groep?s=${key}&signed`)
        await page.getByRole('heading', { name: 'M5 Monitor: meldingen van groep 7' }).waitFor()
        await act(page)
      },
      { viewport: { width: 1280, height: 860 } },
    )

  it('filters list, chart and summary together, and goes back', () =>
    open(async page => {
      expect(await page.locator('.report').count()).toBe(12)
      await page.getByLabel('Waar', { exact: true }).selectOption('PLAYGROUND')
      expect(await page.locator('.report').count()).toBe(4)
      await page.getByText('4 meldingen in 11 weken').waitFor()
      expect(await page.locator('.bars .bar').count()).toBeLessThanOrEqual(4)
      await page.getByLabel('Leerling').selectOption({ label: 'Hamza' })
      expect(await page.locator('.report').count()).toBe(1)
      await page.getByRole('button', { name: 'Alles tonen' }).click()
      expect(await page.locator('.report').count()).toBe(12)
    }))

  it('asks the connector again for another period', () =>
    open(async page => {
      gallery.seen.length = 0
      await page.getByLabel('Periode').selectOption('4')
      await page.getByText(/meldingen in 5 weken/).waitFor()
      const [asked] = gallery.seen.filter(({ path }) => path.endsWith('/reports'))
      const days = (Date.parse(asked?.query.get('to') ?? '') - Date.parse(asked?.query.get('from') ?? '')) / 86_400_000
      expect(days).toBe(28)
    }))

  it('a quiet refresh with nothing new leaves the DOM alone', () =>
    open(async page => {
      await page.evaluate(`window.count = 0; new MutationObserver(records => { count += records.filter(({ attributeName }) => attributeName !== 'title').length })
        .observe(document.querySelector('m5-view-group').shadowRoot, { subtree: true, childList: true, attributes: true, characterData: true })`)
      gallery.seen.length = 0
      await page.getByRole('button', { name: 'Vernieuwen' }).click()
      await expect.poll(() => gallery.seen.length).toBe(1)
      await page.waitForTimeout(200)
      expect(await page.evaluate('count')).toBe(0)
    }))

  it('has the same numbers as a table', () =>
    open(async page => {
      await page.getByText('Bekijk als tabel').click()
      const cells = await page.locator('details td.count').allInnerTexts()
      expect(cells.map(Number).reduce((sum, count) => sum + count, 0)).toBe(11)
    }))

  it('signing out empties the screen', () =>
    open(async page => {
      await page.getByRole('button', { name: 'Uitloggen' }).click()
      await page.getByText('Log in om de meldingen van je groep te zien.').waitFor()
      expect(await page.locator('main').textContent()).not.toMatch(/groep 7|Hamza/)
    }))
})
