import { describe, expect, it } from 'vitest'
import { nextTry, type Tally, tally, troubleOf } from '../../../connector/sync/schedule-retry.ts'

const minutes = (n: number) => n * 60_000
const so = (more: Partial<Tally> = {}): Tally => ({ results: 0, passing: 0, faults: 0, crashes: 0, ...more })
const failed = (guard: string) => ({ state: 'failed' as const, reasons: [{ guard, says: '' }] })

describe('what ended a run', () => {
  it.for([
    ['source-unreachable', 'passing'],
    ['source-rate-limited', 'passing'],
    ['source-unauthorized', null],
    ['connector', 'fault'],
    ['too-long', 'fault'],
    ['crashed', 'crash'],
    ['stopped', 'stopped'],
  ] as const)('failed by %s is %s', ([guard, trouble]) => {
    expect(troubleOf(failed(guard))).toBe(trouble)
  })

  it.for(['applied', 'unchanged', 'held', 'refused', 'cancelled'] as const)('%s is a result', state => {
    expect(troubleOf({ state, reasons: [] })).toBeNull()
    expect(tally([{ state, reasons: [] }])).toEqual(so({ results: 1 }))
  })

  it('is counted, but for one that goes on', () => {
    const runs = [failed('source-unreachable'), failed('crashed'), failed('too-long'), failed('stopped')]
    expect(tally([...runs, failed('source-unreachable'), { state: 'running', reasons: [] }])).toEqual(
      so({ passing: 2, faults: 1, crashes: 1 }),
    )
  })
})

describe('the next try', () => {
  const calm = { retries: 5, random: () => 0 }

  it('comes later each time a source is away, an hour at most', () => {
    const waits = [1, 2, 3, 4, 5].map(passing => nextTry('passing', so({ passing }), calm))
    expect(waits).toEqual([5, 10, 20, 40, 60].map(minutes))
    expect(nextTry('passing', so({ passing: 9 }), { ...calm, retries: 20 })).toBe(minutes(60))
  })

  it('does not come when there were enough', () => {
    expect(nextTry('passing', so({ passing: 6 }), calm)).toBeNull()
    expect(nextTry('passing', so({ passing: 1 }), { ...calm, retries: 0 })).toBeNull()
  })

  it('is scattered over half the wait, so that those who failed together come apart', () => {
    const waits = [0, 0.5, 0.999].map(n => nextTry('passing', so({ passing: 1 }), { retries: 5, random: () => n }))
    expect(waits).toEqual([minutes(5), minutes(6.25), Math.round(minutes(5) * 1.4995)])
  })

  it('waits as long as the source asks, and not shorter than it would have', () => {
    const asked = (retryAfterMs: number) => nextTry('passing', so({ passing: 1 }), { ...calm, retryAfterMs })
    expect([asked(minutes(30)), asked(1000)]).toEqual([minutes(30), minutes(5)])
  })

  it.for([
    ['fault', { faults: 1 }, minutes(5)],
    ['fault', { faults: 2 }, null],
    ['crash', { crashes: 1 }, 0],
    ['crash', { crashes: 2 }, null],
    ['stopped', {}, 0],
    ['busy', {}, minutes(2)],
  ] as const)('after %s %o is in %s ms', ([trouble, seen, wait]) => {
    expect(nextTry(trouble, so(seen), calm)).toBe(wait)
  })
})
