/** What follows a run of the schedule that did not end in a result. Pure. */
import type { Run } from '../store/sync-runs.ts'

/** What this turn has seen so far. */
export interface Tally {
  /** Runs that ended in a result: applied, held, refused, or failed in a way that another try does not mend. */
  results: number
  /** The source could not be reached, or asked us to wait. */
  passing: number
  /** Something of ours: a database that was away, a run that took too long, a bug. */
  faults: number
  /** The process died in the middle. */
  crashes: number
}

export type Trouble = 'passing' | 'fault' | 'crash' | 'stopped' | 'busy'

const minuteMs = 60_000
/** Ours: a source that was away for a moment is back after five minutes, and one that is away for the night is not asked every minute. */
const firstWaitMs = 5 * minuteMs
const longestWaitMs = 60 * minuteMs
/** What is ours gets one more try: a database that restarted is back by then, a bug is not. A source that kills us twice is left alone. */
const faultTries = 2
const crashTries = 2

export function troubleOf({ state, reasons }: Pick<Run, 'state' | 'reasons'>): Trouble | null {
  if (state !== 'failed') return null
  const [guard] = reasons.map(reason => reason.guard)
  if (guard === 'source-unreachable' || guard === 'source-rate-limited') return 'passing'
  if (guard === 'crashed') return 'crash'
  if (guard === 'stopped') return 'stopped'
  return guard?.startsWith('source-') ? null : 'fault'
}

export function tally(runs: Pick<Run, 'state' | 'reasons'>[]): Tally {
  const troubles = runs.filter(({ state }) => state !== 'running').map(troubleOf)
  const count = (what: Trouble | null) => troubles.filter(trouble => trouble === what).length
  return { results: count(null), passing: count('passing'), faults: count('fault'), crashes: count('crash') }
}

/**
 * @param so what this turn has seen, the trouble of now included
 * @param retries how often a source that was away is asked again in one night
 * @param more.retryAfterMs what the source asked for
 * @returns milliseconds until the next try, or null when this turn is over
 */
export function nextTry(
  trouble: Trouble,
  so: Tally,
  {
    retries,
    retryAfterMs = 0,
    random = Math.random,
  }: { retries: number; retryAfterMs?: number; random?: () => number },
): number | null {
  switch (trouble) {
    case 'busy':
      return 2 * minuteMs
    case 'stopped':
      return 0
    case 'crash':
      return so.crashes < crashTries ? 0 : null
    case 'fault':
      return so.faults < faultTries ? firstWaitMs : null
    case 'passing':
      return so.passing <= retries ? Math.max(waitMs(so.passing, random), retryAfterMs) : null
  }
}

/** Twice as long each time, and up to half of it more, so that sources which failed together do not come back together. */
function waitMs(failures: number, random: () => number): number {
  const base = Math.min(longestWaitMs, firstWaitMs * 2 ** (failures - 1))
  return Math.round(base * (1 + random() / 2))
}
