/**
 * Four cookies, no more: which browser began a sign-in, which sign-in it chose, which frame may come back after a reload, and which browser came by an
 * LMS or Teams.
 */
import type { CookieOptions, Request, Response } from 'express'

/** Lax: it has to come along when the school's sign-in sends the browser back. */
export const browserCookie = 'm5_browser'
/** Partitioned (CHIPS): a cookie of this frame inside this portal, and of no other. */
export const tabCookie = 'm5_tab'

/** Of the sign-in that was chosen last in this browser its id, and nothing of who chose it. */
export const choiceCookie = 'm5_choice'

/**
 * Of the browser that came by an LMS or Teams, for ten minutes: the secret in the fragment is good in that browser alone, so that nobody can send
 * it to somebody else. Partitioned, as the frame that it is for.
 */
const wayCookie = 'm5_way'

export function readCookie(req: Request, name: string): string | undefined {
  const found = (req.get('cookie') ?? '').split(';').find(part => part.trim().startsWith(`${name}=`))
  return found?.trim().slice(name.length + 1)
}

export function setBrowserCookie(res: Response, own: URL, value: string): void {
  res.cookie(browserCookie, value, { ...common(own), sameSite: 'lax', path: '/entry', maxAge: 15 * 60_000 })
}

export function setChoiceCookie(res: Response, own: URL, value: string): void {
  res.cookie(choiceCookie, value, { ...common(own), sameSite: 'lax', path: '/entry', maxAge: 180 * 86_400_000 })
}

/** A session cookie: gone with the browser. Browsers take Secure on http://localhost too. */
export function setTabCookie(res: Response, value: string): void {
  res.cookie(tabCookie, value, { ...tabOptions })
}

/** One for each way in, so that two frames that come at once do not meet. @returns its value */
export function setWayCookie(res: Response, fresh: () => string): string {
  const value = fresh()
  res.cookie(`${wayCookie}_${fresh().slice(0, 8)}`, value, { ...tabOptions, path: '/', maxAge: 10 * 60_000 })
  return value
}

/** Of this browser, in this place. */
export function wayCookies(req: Request): string[] {
  const ours = (req.get('cookie') ?? '').split(';').filter(part => part.trim().startsWith(`${wayCookie}_`))
  return ours.slice(0, 50).map(part => part.slice(part.indexOf('=') + 1).trim())
}

export function clearTabCookie(res: Response): void {
  res.clearCookie(tabCookie, { ...tabOptions })
}

const tabOptions: CookieOptions = {
  httpOnly: true,
  secure: true,
  sameSite: 'none',
  partitioned: true,
  path: '/entry',
}
const common = (own: URL): CookieOptions => ({ httpOnly: true, secure: own.protocol === 'https:' })
