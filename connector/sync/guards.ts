/**
 * What may not be believed, and what a person must look at first. Pure; a table, in the order in which it is shown. `refuse`: this input is
 * wrong and cannot be approved. `hold`: it may be right, and a named person says so. Limits are settings of the school (rosters.md §9).
 */
import type { RunReason } from '../store/sync-runs.ts'
import type { Guard, GuardInput } from './guard.ts'
import { holds } from './guards-hold.ts'
import { refusals } from './guards-refuse.ts'

export interface Verdict {
  verdict: 'apply' | 'hold' | 'refuse'
  reasons: RunReason[]
}

/** Refusals alone when there is one: what is wrong about wrong input does not matter. */
export function judge(input: GuardInput): Verdict {
  const fired = guards.flatMap(({ id, verdict, check }) => {
    const says = check(input)
    return says === null ? [] : [{ verdict, reason: { guard: id, says } }]
  })
  const refusals = fired.filter(each => each.verdict === 'refuse')
  if (refusals.length > 0) return { verdict: 'refuse', reasons: refusals.map(each => each.reason) }
  return { verdict: fired.length > 0 ? 'hold' : 'apply', reasons: fired.map(each => each.reason) }
}

/** In the order in which they are shown. */
export const guards: readonly Guard[] = [...refusals, ...holds]
