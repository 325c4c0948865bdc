/**
 * When a source has its turn. Pure. A source is read once a night, at a minute of its own: a thousand schools that all ask at three o'clock are a
 * thousand requests at once for their supplier, and for us.
 */
import { createHash } from 'node:crypto'
import { addDays, localDay, localInstant } from '../store/calendar.ts'

/** Times of day in Amsterdam, `HH:MM`; one that is not later than `from` is of the next day. */
export interface NightWindow {
  from: string
  until: string
}

export interface Night {
  /** The local day on which it began. */
  on: string
  startsAt: Date
  /** Exclusive. */
  endsAt: Date
}

export interface Turn {
  night: Night
  at: Date
}

/** What decides about a turn. */
export interface Sleeper {
  id: string
  createdAt: Date
  gives: 'roster' | 'identities'
  /** See Capabilities of adapters/source.ts. */
  window: 'night' | 'any'
}

const minuteMs = 60_000
/**
 * Of the night: accounts are matched with people, so these come when the rosters have been; and a turn at the very end would run on into the day,
 * without time for another try. Ours.
 */
const part = { roster: { from: 0, until: 0.6 }, identities: { from: 0.6, until: 0.9 } }

/** The night that began last, whether it lasts or is over. */
export function nightAt(window: NightWindow, at: Date): Night {
  const tonight = nightOn(window, localDay(at))
  return tonight.startsAt <= at ? tonight : nightOn(window, addDays(tonight.on, -1))
}

/** By the clock of Amsterdam: nine hours long when the clocks go forward in it, eleven when they go back. */
function nightOn({ from, until }: NightWindow, on: string): Night {
  const endsOn = until > from ? on : addDays(on, 1)
  return { on, startsAt: localInstant(on, from), endsAt: localInstant(endsOn, until) }
}

export const lasts = ({ startsAt, endsAt }: Night, at: Date): boolean => startsAt <= at && at < endsAt

/** The minute of this source in this night: always the same share of it, evenly spread over all sources of what it gives. */
export function turnIn(night: Night, { id, gives }: Pick<Sleeper, 'id' | 'gives'>): Date {
  const { from, until } = part[gives]
  const share = from + (until - from) * (createHash('sha256').update(id).digest().readUInt32BE(0) / 2 ** 32)
  const minutes = (night.endsAt.getTime() - night.startsAt.getTime()) / minuteMs
  return new Date(night.startsAt.getTime() + Math.floor(share * minutes) * minuteMs)
}

/**
 * The turn that has come, if it has. Of one that was missed (no connector ran) the rest of the night is left, and of a source that may be asked at any
 * time also the day. A source that is younger than its turn waits for the next: somebody is at work on it.
 */
export function turnDue(window: NightWindow, source: Sleeper, now: Date): Turn | null {
  const night = nightAt(window, now)
  const at = turnIn(night, source)
  if (at > now || at < source.createdAt) return null
  if (source.window === 'night' && !lasts(night, now)) return null
  return { night, at }
}

/** After now. */
export function nextTurn(window: NightWindow, source: Pick<Sleeper, 'id' | 'gives'>, now: Date): Turn {
  const night = nightAt(window, now)
  const next = nightOn(window, addDays(night.on, 1))
  const at = turnIn(night, source)
  return at > now ? { night, at } : { night: next, at: turnIn(next, source) }
}

/** Of a source that told us of a change. */
export interface Woken {
  at: Date
  /** When its last run began, however it ended; null where somebody is at work on the first. */
  readAt: Date | null
}

/** A run spends the wake-ups before it, and a source that tells of each pupil in September is read once in this time. */
const wokenRestMs = 60 * minuteMs

/** @returns the hour (UTC) for which it has a turn, or null: nothing was told since it was read, it was read just now, or it is not its time of day */
export function wokenTurn(
  window: NightWindow,
  source: Pick<Sleeper, 'window'> & { woken: Woken | null },
  now: Date,
): Pick<Night, 'on'> | null {
  const { at, readAt } = source.woken ?? {}
  if (!at || !readAt || at <= readAt || now.getTime() - readAt.getTime() < wokenRestMs) return null
  if (source.window === 'night' && !lasts(nightAt(window, now), now)) return null
  return { on: `woken ${now.toISOString().slice(0, 13)}` }
}

/** One id for a source and a night, or an hour, whoever makes the job: PostgreSQL keeps the second one out. A UUID of version 8 (RFC 9562). */
export function jobIdOf(sourceId: string, { on }: Pick<Night, 'on'>): string {
  const hex = createHash('sha256').update(`${sourceId} ${on}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Nothing good for so long that somebody must look. @param goodAt of the last run that ended well; one that never did counts from its beginning */
export function isStale(source: { goodAt: Date | null; createdAt: Date }, now: Date, days: number): boolean {
  const since = source.goodAt ?? source.createdAt
  return now.getTime() - since.getTime() > days * 24 * 60 * minuteMs
}
