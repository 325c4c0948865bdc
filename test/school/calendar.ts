/** Days (`YYYY-MM-DD`, Europe/Amsterdam) and the Dutch school calendar, as near as the generator needs it. */
const zone = 'Europe/Amsterdam'
const dayIn = new Intl.DateTimeFormat('sv-SE', { timeZone: zone })
const minuteIn = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })

/** A day stays as it is; an instant becomes its local day. */
export function dayOf(when: Date | string): string {
  return typeof when === 'string' ? when : dayIn.format(when)
}

/** `YYYY-MM-DDTHH:mm:ss`, local and without an offset: how a Dutch SIS writes an instant. */
export function localDateTime(instant: Date): string {
  return minuteIn.format(instant).replace(' ', 'T')
}

/** The instant at which it is `minutes` past midnight in Amsterdam on that day. */
export function instantAt(day: string, minutes: number): Date {
  const asUtc = Date.parse(`${day}T00:00:00Z`) + minutes * 60_000
  const shown = (ms: number) => Date.parse(`${localDateTime(new Date(ms))}Z`)
  const guess = asUtc - (shown(asUtc) - asUtc)
  return new Date(guess - (shown(guess) - asUtc))
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}

/** Whole days from one day to another; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000)
}

/** 0 is Sunday. */
export function weekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay()
}

/** The calendar year in which the school year of that day began: it turns on 1 August. */
export function startYearOf(day: string): number {
  const year = Number(day.slice(0, 4))
  return Number(day.slice(5, 7)) >= 8 ? year : year - 1
}

export function schoolYearOf(day: string): string {
  const start = startYearOf(day)
  return `${start}-${start + 1}`
}

/** The same day a year later; 29 February becomes the 28th. */
export function yearLater(day: string): string {
  const later = `${Number(day.slice(0, 4)) + 1}${day.slice(4)}`
  return later.endsWith('02-29') ? later.replace('02-29', '02-28') : later
}

// Month-and-day ranges, ends exclusive: near enough to the holidays of region North in any year.
const holidays: readonly (readonly [string, string])[] = [
  ['01-01', '01-05'],
  ['02-17', '02-25'],
  ['04-25', '05-06'],
  ['07-11', '08-24'],
  ['10-17', '10-26'],
  ['12-20', '12-32'],
]

export function isSchoolDay(day: string): boolean {
  const date = day.slice(5)
  return ![0, 6].includes(weekday(day)) && !holidays.some(([from, end]) => date >= from && date < end)
}
