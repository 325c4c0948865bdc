/** The Stopknop for everybody, day and night: alone and in the portal, with cookies of third parties and without, with JavaScript and without. */
import type { Browser, BrowserContextOptions, FrameLocator, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Somebody } from '../school/meet.ts'
import { type WholeSchool, wholeSchool } from '../support/whole-school.ts'
import { launch, withoutThirdPartyCookies, withPage } from '../widgets/browser.ts'
import { contextOptions, desktop, openStopknop, signIn } from './visit.ts'

let school: WholeSchool
const browsers: Record<string, Browser> = {}
beforeAll(async () => {
  school = await wholeSchool()
  browsers.allowed = await launch()
  browsers.blocked = await launch(withoutThirdPartyCookies)
})
afterAll(async () => {
  for (const browser of Object.values(browsers)) await browser.close()
  await school?.close()
})

const browser = (name = 'blocked'): Browser => {
  const found = browsers[name]
  if (!found) throw new Error('no browser')
  return found
}
type Place = Page | FrameLocator
const heading = (place: Place, name: string) => place.getByRole('heading', { level: 1, name }).waitFor()
const next = (place: Place) => place.getByRole('button', { name: 'Verder' }).click()
const enter = ({ name, group }: Somebody) => ({ name, section: `Groep ${group}` })
const alone = (more = '') => `${school.connector}/meld?s=${school.school.publishableKey}${more}`

const shots = process.env.M5_SHOTS
const shoot = async (page: Page, name: string) => {
  if (!shots) return
  await page.screenshot({ path: `${shots}/${name}-375.png`, fullPage: true })
  await page.setViewportSize(desktop)
  await page.screenshot({ path: `${shots}/${name}-1280.png` })
  await page.setViewportSize({ width: 375, height: 740 })
}

/** From the second question to the receipt. @returns the three words, or nothing where there are none */
async function tell(place: Place): Promise<string> {
  await heading(place, 'Wat gebeurde er?')
  await place.getByRole('checkbox').first().check()
  await next(place)
  await heading(place, 'Wie deed het?')
  await place.getByRole('button', { name: 'Nu versturen' }).click()
  await heading(place, 'Je melding is binnen')
  const words = place.locator('.words .three span')
  return (await words.allTextContents()).join(' ')
}

/** Headers of every request for a report, as the browser really sent them. */
function reportsSent(page: Page): Promise<Record<string, string>>[] {
  const sent: Promise<Record<string, string>>[] = []
  page.on('request', (request: Request) => {
    if (request.method() === 'POST' && request.url().includes('/api/reports?')) sent.push(request.allHeaders())
  })
  return sent
}
const bare = async (sent: Promise<Record<string, string>>[]) => {
  const [headers, ...more] = await Promise.all(sent)
  expect(more).toEqual([])
  for (const name of ['cookie', 'authorization', 'dpop']) expect([name, headers?.[name]]).toEqual([name, undefined])
}
const cookiesOf = async (page: Page) => (await page.context().cookies()).map(({ name }) => name)
const threeWords = /^[a-z]{3,8} [a-z]{3,8} [a-z]{3,8}$/
const standings = async () => {
  const { rows } = await school.database.asSuperuser(client =>
    client.query<{ standing: string; who: Buffer | null }>(
      `select standing, "reporterTag" as who from "Report" order by "receivedAt" desc limit 1`,
    ),
  )
  return rows[0]
}

describe.for(['allowed', 'blocked'])('with cookies of third parties %s', how => {
  it('a child tells it in the portal without a name: no cookie, no token, three words that open the status', () =>
    withPage(
      browser(how),
      async page => {
        const sent = reportsSent(page)
        const frame = await openStopknop(page, school.portal.url)
        await frame.getByRole('radio', { name: /liever niet zeggen/i }).check()
        await next(frame)
        const words = await tell(frame)
        expect(words).toMatch(threeWords)
        await bare(sent)
        expect(await cookiesOf(page)).toEqual([])
        await frame.getByRole('link', { name: 'Kijk hoe het met je melding gaat' }).click()
        await heading(frame, 'Hoe gaat het met je melding?')
        await frame.getByLabel('Typ je drie woorden').fill(words.toUpperCase())
        await frame.getByRole('button', { name: 'Kijk' }).click()
        await heading(frame, 'School heeft je melding')
        expect(await cookiesOf(page)).toEqual([])
        // The way out is the page around the frame's.
        await page.route('https://www.google.nl/**', route => route.fulfill({ body: 'elsewhere' }))
        await frame.getByRole('link', { name: 'Snel weg' }).click()
        await page.waitForURL('https://www.google.nl/**')
      },
      contextOptions,
    ))

  it('a child that is signed in may send without its name, and then nothing of the sign-in goes along', () =>
    withPage(
      browser(how),
      async page => {
        const sent = reportsSent(page)
        const frame = await openStopknop(page, school.portal.url)
        const remembered = page.waitForResponse(response => response.url().endsWith('/entry/remember'))
        await signIn(page, frame, enter(school.meet.pupil))
        await remembered
        await heading(frame, 'Wat gebeurde er?')
        await frame.getByRole('button', { name: 'Liever zonder mijn naam' }).click()
        await frame.getByText('Je verstuurt dit zonder je naam').waitFor()
        expect(await tell(frame)).toMatch(threeWords)
        await bare(sent)
        expect(await standings()).toEqual({ standing: 'UNSIGNED', who: null })
      },
      contextOptions,
    ))

  it('and with its name when it does not choose that', () =>
    withPage(
      browser(how),
      async page => {
        const sent = reportsSent(page)
        const frame = await openStopknop(page, school.portal.url)
        await signIn(page, frame, enter(school.meet.pupil))
        expect(await tell(frame)).toBe('')
        const [headers] = await Promise.all(sent)
        expect(headers).toMatchObject({ authorization: expect.stringMatching(/^DPoP /), dpop: expect.any(String) })
        expect(headers?.cookie).toBeUndefined()
        expect((await standings())?.standing).toBe('SIGNED')
      },
      contextOptions,
    ))
})

describe('the public page, opened alone', () => {
  it('is whole: the name of the school, help, the other language, and a way out that leaves nothing behind', () =>
    withPage(
      browser(),
      async page => {
        await page.route('https://www.google.nl/**', route => route.fulfill({ body: 'elsewhere' }))
        await page.goto('about:blank')
        await page.goto(alone())
        await heading(page, 'Wie ben jij?')
        expect(await page.title()).toBe(`Stopknop – ${school.school.name}`)
        await page.getByText(school.school.name).waitFor()
        await shoot(page, 'who')
        await page.getByRole('link', { name: 'English' }).click()
        await heading(page, 'Who are you?')
        await page.getByRole('link', { name: 'Nederlands' }).click()
        await heading(page, 'Wie ben jij?')
        await page.getByRole('button', { name: 'Snel weg' }).click()
        await page.waitForURL('https://www.google.nl/**')
        await page.goBack()
        expect(page.url()).not.toContain('l=nl')
      },
      contextOptions,
    ))

  it('speaks English to a browser that does', () =>
    withPage(
      browser(),
      async page => {
        await page.goto(alone())
        await heading(page, 'Who are you?')
        expect(await page.evaluate('document.documentElement.lang')).toBe('en')
      },
      { ...contextOptions, locale: 'en-GB' },
    ))

  it('gives words to keep: to copy and to print', () =>
    withPage(
      browser(),
      async page => {
        await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
        await page.addInitScript('window.print = () => { window.printed = true }')
        await page.goto(alone())
        await next(page)
        const words = await tell(page)
        await shoot(page, 'received')
        await page.getByRole('button', { name: 'Kopieer de woorden' }).click()
        await page.getByText('Gekopieerd').waitFor()
        expect(await page.evaluate('navigator.clipboard.readText()')).toBe(words)
        await page.getByRole('button', { name: 'Print de woorden' }).click()
        expect(await page.evaluate('window.printed')).toBe(true)
      },
      contextOptions,
    ))

  it('lets a child say afterwards who it is: by signing in, and by saying yes', () =>
    withPage(
      browser(),
      async page => {
        await page.goto(alone())
        await next(page)
        await tell(page)
        await page.getByRole('button', { name: 'Ik wil toch zeggen wie ik ben' }).click()
        await page.getByRole('heading', { name: 'Ik wil toch zeggen wie ik ben' }).waitFor()
        const frame = page as unknown as FrameLocator // SAFETY: the few locators that signIn uses are those of a page too
        await signIn(page, frame, enter(school.meet.pupil))
        await page.getByText(`Je bent ingelogd als ${school.meet.pupil.name}`).waitFor()
        const claims = () =>
          school.database.asSuperuser(async client => (await client.query('select 1 from "ReportClaim"')).rowCount)
        expect(await claims()).toBe(0)
        await shoot(page, 'claim')
        await page.getByRole('button', { name: 'Ja, hij is van mij' }).click()
        await page.getByText('deze melding is van jou').waitFor()
        expect(await claims()).toBe(1)
        expect(await standings()).toEqual({ standing: 'UNSIGNED', who: null })
      },
      contextOptions,
    ))

  it('shows the help lines and a plain page when its script never comes', () =>
    withPage(
      browser(),
      async page => {
        await page.route('**/v/app/**', route => route.abort())
        await page.goto(alone())
        await page.getByText('Dit is geen alarmnummer').waitFor()
        await page.getByRole('link', { name: '0800-0432' }).waitFor()
        await shoot(page, 'late')
        await page.getByRole('link', { name: /gewone pagina/ }).click()
        await heading(page, `Stopknop van ${school.school.name}`)
      },
      contextOptions,
    ))
})

describe('without JavaScript', () => {
  const plain: BrowserContextOptions = { ...contextOptions, javaScriptEnabled: false }

  it('a child tells it, gets three words, and sees by them how it goes', () =>
    withPage(
      browser(),
      async page => {
        await page.goto(alone())
        await heading(page, `Stopknop van ${school.school.name}`)
        await shoot(page, 'plain')
        await page.getByText('Dit is geen alarmnummer').waitFor()
        await page.getByLabel('slaan, schoppen, duwen').check()
        await page.getByLabel('Vertel het in je eigen woorden').fill('Elke pauze weer.')
        await page.getByRole('button', { name: 'Nu versturen' }).click()
        await heading(page, 'Gelukt: we hebben je melding')
        const words = (await page.locator('.code b').allTextContents()).join(' ')
        expect(words).toMatch(threeWords)
        expect(await page.getByRole('button').count()).toBe(0)
        await shoot(page, 'plain-thanks')
        await page.getByRole('link', { name: 'Kijk hoe het met je melding gaat' }).click()
        await shoot(page, 'status')
        await page.getByLabel('Typ je drie woorden').fill('appel konijn zeehond')
        await page.getByRole('button', { name: 'Kijk' }).click()
        await page.getByText('Bij deze woorden vinden we geen melding').waitFor()
        await shoot(page, 'status-none')
        await page.getByLabel('Typ je drie woorden').fill(words.replaceAll(' ', '-').toUpperCase())
        await page.getByRole('button', { name: 'Kijk' }).click()
        await heading(page, 'School heeft je melding')
        await shoot(page, 'status-received')
        expect(page.url()).not.toContain(words.split(' ')[0])
        expect(await cookiesOf(page)).toEqual([])
        await page.getByRole('link', { name: 'Snel weg' }).waitFor()
      },
      plain,
    ))
})
