/** Days and periods as the GKV writes them: dateTimes at midnight with an offset, of which only the calendar date counts. */
import { dayOf } from '../calendar.ts'
import { order } from '../deliver.ts'
import { SourceError } from '../source.ts'

/**
 * `2026-01-15T00:00:00+02:00` is 15 January, also where the offset is that of another season: a midnight is a date that was made an instant.
 * Anything else is an instant, and its day the one in the Netherlands (`2026-07-31T22:00:00Z` is 1 August).
 * @returns undefined when it is no date
 */
export function gkvDay(text: string): string | undefined {
  const midnight = /^(\d{4}-\d{2}-\d{2})T00:00:00(?:\.0+)?[+-]\d{2}:\d{2}$/.exec(text)
  return dayOf(midnight?.[1] ?? text)
}

/** An empty date element is an absent one, and never comes here. */
export function dayIn<Field extends string>(
  record: { [field in Field]?: string },
  field: Field,
  sourceId: string,
): string | undefined {
  const text = record[field]
  if (text === undefined) return undefined
  const day = gkvDay(text)
  if (day !== undefined) return day
  throw new SourceError('malformed', `${sourceId} has a ${field} that is not a date`, { sourceId })
}

/** Half open; without an end it goes on. */
export interface Period {
  startsOn?: string
  endsOn?: string
}

export const hasEnded = ({ endsOn }: Period, today: string) => endsOn !== undefined && endsOn <= today
export const isEmpty = ({ startsOn, endsOn }: Period) =>
  startsOn !== undefined && endsOn !== undefined && endsOn <= startsOn

/** The one of today, else the next, else the last. */
export function currentOf<Of extends Period>(periods: readonly Of[], today: string): Of | undefined {
  const begin = ({ startsOn = '' }: Of) => startsOn
  const end = ({ endsOn = '9999' }: Of) => endsOn
  const ordered = [...periods].sort(
    (a, b) => order(begin(a), begin(b)) || order(end(a), end(b)) || order(JSON.stringify(a), JSON.stringify(b)),
  )
  return (
    ordered.findLast(period => begin(period) <= today && !hasEnded(period, today)) ??
    ordered.find(period => begin(period) > today) ??
    ordered.at(-1)
  )
}
