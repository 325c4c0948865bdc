/** One real Chromium for a test file, a fresh context for each test. Never `chromium.args`: they switch the web's isolation off. */
import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'

/** Third-party cookies as an iPad or a strict Chrome has them: none, in windows that open later too. A test in test/e2e holds it. */
export const withoutThirdPartyCookies = '--test-third-party-cookie-phaseout'

export const launch = async (...more: string[]): Promise<Browser> =>
  playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--headless=shell', '--no-sandbox', '--disable-gpu', '--disable-features=Translate', ...more],
  })

/** Runs `act` on a page of its own. A page error or a refused resource (CSP) fails the test, unless `act` itself fails first. */
export const withPage = async (
  browser: Browser,
  act: (page: Page) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> => {
  const context = await browser.newContext({
    locale: 'nl-NL',
    timezoneId: 'Europe/Amsterdam',
    reducedMotion: 'reduce',
    viewport: { width: 375, height: 740 },
    ...options,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const errors: string[] = []
  page.on('pageerror', error => errors.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(message.text()))
      errors.push(message.text())
  })
  try {
    await act(page)
    if (errors.length > 0) throw new Error(`the page reported: ${errors.join(' | ')}`)
  } finally {
    await context.close()
  }
}
