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
  /** The button of the window's last page; by default the right code. */
  answer?: (popup: Page, code: string) => Locator
}

/** Presses the button in the frame and does what the window asks. */
export async function signIn(page: Page, frame: FrameLocator, who: SigningIn): Promise<void> {
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
  const button = who.answer?.(popup, code) ?? popup.locator(`button[name=code][value="${code}"]`)
  await button.click()
}

export const contextOptions = {
  locale: 'nl-NL',
  timezoneId: 'Europe/Amsterdam',
  reducedMotion: 'reduce',
} as const

export const desktop = { width: 1280, height: 860 }

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
