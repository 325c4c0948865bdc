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

/** The instant at which it is this time on this day in Amsterdam; of a time that comes twice the later one. @param time `HH:MM` */
export function localInstant(day: string, time: string): Date {
  const asUtc = new Date(`${day}T${time}:00Z`).getTime()
  // Twice: near a change of the clocks the first guess lies on the other side of it.
  const near = asUtc - aheadMinutes(new Date(asUtc)) * 60_000
  return new Date(asUtc - aheadMinutes(new Date(near)) * 60_000)
}

/** How far the clocks of Amsterdam are ahead of UTC then. */
function aheadMinutes(at: Date): number {
  const [hours = 0, minutes = 0] = amsterdamTime.format(at).split(':').map(Number)
  const ahead = hours * 60 + minutes - (at.getUTCHours() * 60 + at.getUTCMinutes())
  return ahead < -720 ? ahead + 1440 : ahead
}

const amsterdamTime = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Amsterdam',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
