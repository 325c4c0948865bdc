/** What a person does in the browser: opens the portal, signs in through the window, goes through the form. */
import type { FrameLocator, Locator, Page } from 'playwright-core'

export async function openStopknop(page: Page, portal: string): Promise<FrameLocator> {
  await page.goto(portal)
  await page.getByRole('button', { name: /stopknop/i }).click()
  const frame = page.frameLocator('m5-stopknop iframe')
  await frame.getByRole('heading', { level: 1 }).waitFor()
  return frame
}

export async function openPanel(page: Page, portal: string): Promise<FrameLocator> {
  await page.goto(`${portal}/leerkracht`)
  const frame = page.frameLocator('m5-group iframe')
  await frame.getByRole('heading', { level: 1 }).waitFor()
  return frame
}

export interface SigningIn {
  name: string
  /** Where the sign-in's list has this person. */
  section: string
  /** Told of each page of the window. */
  seen?: (popup: Page, step: string) => Promise<void>
  /** What is pressed on the window's last page; by default yes, or the panel's digits where the window asks for them. */
  answer?: (popup: Page, code: string) => Locator
}

/** Presses the button in the frame and does what the window asks. */
export async function signIn(page: Page, frame: FrameLocator | Page, who: SigningIn): Promise<void> {
  const { name, section, seen = async () => {} } = who
  const [popup] = await Promise.all([
    page.context().waitForEvent('page'),
    frame.getByRole('button', { name: 'Inloggen met school' }).click(),
  ])
  await popup.getByRole('heading', { name: /^Inloggen bij/ }).waitFor()
  await seen(popup, 'choose')
  await popup.getByText(section, { exact: false }).first().click()
  await popup
    .getByRole('button', { name: new RegExp(`^${escaped(name)}`) })
    .first()
    .click()
  await popup.getByRole('heading', { name: /^Hoi / }).waitFor()
  await seen(popup, 'confirm')
  const code = ((await frame.locator('.code').textContent()) ?? '').trim()
  if (who.answer) return who.answer(popup, code).click()
  const digits = popup.getByLabel('Typ het getal dat in het andere scherm staat.')
  if ((await digits.count()) === 0) return popup.getByRole('button', { name: 'Ja, dat ben ik' }).click()
  await digits.fill(code)
  await popup.getByRole('button', { name: 'Klaar' }).click()
}

export const contextOptions = {
  locale: 'nl-NL',
  timezoneId: 'Europe/Amsterdam',
  reducedMotion: 'reduce',
} as const

export const desktop = { width: 1280, height: 860 }

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
