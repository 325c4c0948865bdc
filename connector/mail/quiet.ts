/** When mail that can wait may come. Pure; by the clock of Amsterdam. */
import { addDays, localDay, localInstant } from '../store/calendar.ts'

/** `HH:MM`; one that is not later than `from` is of the next day. The same twice: never quiet, weekends neither. */
export interface QuietHours {
  from: string
  until: string
}

/** Evenings and nights, and Saturday and Sunday: ours. A report waits in the inbox; a teacher's evening does not have to. */
export const usualQuiet: QuietHours = { from: '18:00', until: '07:00' }

/** @returns `at`, or the first moment after it that is not quiet */
export function notQuiet(at: Date, { from, until }: QuietHours = usualQuiet): Date {
  if (from === until) return at
  let when = at
  // Friday evening to Monday morning is four steps; more there are not.
  for (let step = 0; step < 8; step++) {
    const next = afterQuiet(when, { from, until })
    if (next === null) return when
    when = next
  }
  return when
}

function afterQuiet(at: Date, { from, until }: QuietHours): Date | null {
  const day = localDay(at)
  const weekday = new Date(`${day}T12:00:00Z`).getUTCDay()
  if (weekday === 0 || weekday === 6) return localInstant(addDays(day, 1), '00:00')
  const time = localTime.format(at)
  if (from < until) return from <= time && time < until ? localInstant(day, until) : null
  if (time >= from) return localInstant(addDays(day, 1), until)
  return time < until ? localInstant(day, until) : null
}

const localTime = new Intl.DateTimeFormat('en-GB', {
  timeZone: 'Europe/Amsterdam',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})
