/** Days and school years as schools in the Netherlands count them. */

const amsterdam = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Europe/Amsterdam',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
})

/** `YYYY-MM-DD`, Europe/Amsterdam. */
export const localDay = (at: Date): string => amsterdam.format(at)

export interface YearSpan {
  name: string
  startsOn: string
  /** Exclusive. */
  endsOn: string
}

/** 1 August to 31 July. @param name `2026-2027` */
export function yearSpan(name: string): YearSpan {
  const start = name.slice(0, 4)
  return { name, startsOn: `${start}-08-01`, endsOn: `${Number(start) + 1}-08-01` }
}

/** @param day `YYYY-MM-DD` */
export function schoolYearOn(day: string): string {
  const year = Number(day.slice(0, 4)) - (day.slice(5) < '08-01' ? 1 : 0)
  return `${year}-${year + 1}`
}

/** @param day `YYYY-MM-DD` */
export function addDays(day: string, count: number): string {
  const date = new Date(`${day}T12:00:00Z`)
  date.setUTCDate(date.getUTCDate() + count)
  return date.toISOString().slice(0, 10)
}

/** The Monday of that week. */
export function mondayOf(day: string): string {
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay()
  return addDays(day, -((weekday + 6) % 7))
}

/** The instant at which it is this time on this day in Amsterdam. @param time `HH:MM` */
export function localInstant(day: string, time: string): Date {
  const guess = new Date(`${day}T${time}:00Z`)
  const shown = amsterdamTime.format(guess)
  const [hours = 0, minutes = 0] = shown.split(':').map(Number)
  const [wantedHours = 0, wantedMinutes = 0] = time.split(':').map(Number)
  let ahead = hours * 60 + minutes - (wantedHours * 60 + wantedMinutes)
  if (ahead < -720) ahead += 1440
  if (ahead > 720) ahead -= 1440
  return new Date(guess.getTime() - ahead * 60_000)
}

const amsterdamTime = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Amsterdam',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
