import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isStale,
  jobIdOf,
  lasts,
  type NightWindow,
  nextTurn,
  nightAt,
  turnDue,
  turnIn,
  wokenTurn,
} from '../../../connector/sync/schedule-night.ts'

const usual: NightWindow = { from: '20:00', until: '06:00' }
const at = (instant: string) => new Date(instant)
const source = {
  id: 'b3e0a1de-0000-4000-8000-000000000001',
  createdAt: at('2026-01-01T00:00:00Z'),
  gives: 'roster' as const,
}
const hoursOf = (night: { startsAt: Date; endsAt: Date }) => (night.endsAt.getTime() - night.startsAt.getTime()) / 3.6e6

describe('a night', () => {
  it.for([
    ['in the evening', '2026-11-23T19:00:00Z', '2026-11-23', '2026-11-23T19:00:00.000Z', '2026-11-24T05:00:00.000Z'],
    ['after midnight', '2026-11-24T02:00:00Z', '2026-11-23', '2026-11-23T19:00:00.000Z', '2026-11-24T05:00:00.000Z'],
    ['by day, the last', '2026-11-24T12:00:00Z', '2026-11-23', '2026-11-23T19:00:00.000Z', '2026-11-24T05:00:00.000Z'],
    ['just before', '2026-11-24T18:59:59Z', '2026-11-23', '2026-11-23T19:00:00.000Z', '2026-11-24T05:00:00.000Z'],
    ['in summer', '2026-07-01T23:00:00Z', '2026-07-01', '2026-07-01T18:00:00.000Z', '2026-07-02T04:00:00.000Z'],
    [
      'when the clocks go back',
      '2026-10-25T03:00:00Z',
      '2026-10-24',
      '2026-10-24T18:00:00.000Z',
      '2026-10-25T05:00:00.000Z',
    ],
    [
      'when they go forward',
      '2027-03-28T02:00:00Z',
      '2027-03-27',
      '2027-03-27T19:00:00.000Z',
      '2027-03-28T04:00:00.000Z',
    ],
  ])('%s', ([, now, on, startsAt, endsAt]) => {
    const night = nightAt(usual, at(String(now)))
    expect([night.on, night.startsAt.toISOString(), night.endsAt.toISOString()]).toEqual([on, startsAt, endsAt])
  })

  it('is an hour longer and an hour shorter in the nights of the clocks', () => {
    const [long, short, plain] = ['2026-10-25T03:00:00Z', '2027-03-28T02:00:00Z', '2026-11-24T02:00:00Z'].map(now =>
      hoursOf(nightAt(usual, at(now))),
    )
    expect([long, short, plain]).toEqual([11, 9, 10])
  })

  it('lies within one day where the window says so, and in the hour that the clocks change', () => {
    const early = { from: '01:30', until: '05:00' }
    const night = nightAt(early, at('2026-11-24T12:00:00Z'))
    expect([night.on, night.endsAt.toISOString()]).toEqual(['2026-11-24', '2026-11-24T04:00:00.000Z'])
    expect(nightAt(early, at('2026-10-25T12:00:00Z')).startsAt.toISOString()).toBe('2026-10-24T23:30:00.000Z')
    expect(nightAt(early, at('2027-03-28T12:00:00Z')).startsAt.toISOString()).toBe('2027-03-28T00:30:00.000Z')
  })

  it('has begun at every instant of ten years, less than twenty-five hours ago', () => {
    const instant = fc.date({ min: at('2026-01-01T00:00:00Z'), max: at('2036-01-01T00:00:00Z'), noInvalidDate: true })
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([h, m]) => [h, m].map(n => String(n).padStart(2, '0')).join(':'))
    fc.assert(
      fc.property(instant, time, time, (now, from, until) => {
        fc.pre(from !== until)
        const night = nightAt({ from, until }, now)
        const ago = now.getTime() - night.startsAt.getTime()
        expect(ago).toBeGreaterThanOrEqual(0)
        expect(ago).toBeLessThanOrEqual(25 * 3.6e6)
      }),
    )
  })
})

describe('the turn of a source', () => {
  it('is always in the night, at the same minute but in the nights of the clocks, and on a whole minute', () => {
    const ids = fc.uuid()
    fc.assert(
      fc.property(ids, fc.constantFrom('roster' as const, 'identities' as const), (id, gives) => {
        for (const now of ['2026-11-24T02:00:00Z', '2026-10-25T03:00:00Z', '2027-03-28T02:00:00Z']) {
          const night = nightAt(usual, at(now))
          const turn = turnIn(night, { id, gives })
          expect(lasts(night, turn)).toBe(true)
          expect(turn.getTime() % 60_000).toBe(0)
        }
        const sinceBegin = (now: string) => {
          const night = nightAt(usual, at(now))
          return turnIn(night, { id, gives }).getTime() - night.startsAt.getTime()
        }
        expect(sinceBegin('2026-11-24T02:00:00Z')).toBe(sinceBegin('2026-07-03T02:00:00Z'))
      }),
    )
  })

  it('is spread: of a thousand sources none of six hours has more than twice its share, and accounts come after all rosters', () => {
    const night = nightAt(usual, at('2026-11-24T02:00:00Z'))
    const hours = Map.groupBy(
      Array.from({ length: 1000 }, () => turnIn(night, { id: randomUUID(), gives: 'roster' })),
      turn => Math.floor((turn.getTime() - night.startsAt.getTime()) / 3.6e6),
    )
    expect(hours.size).toBe(6)
    for (const all of hours.values()) expect(all.length).toBeLessThan(334)
    const last = Math.max(...[...hours.values()].flat().map(Number))
    for (let i = 0; i < 1000; i++)
      expect(turnIn(night, { id: randomUUID(), gives: 'identities' }).getTime()).toBeGreaterThanOrEqual(last)
  })

  const turn = turnIn(nightAt(usual, at('2026-11-24T02:00:00Z')), source)
  const minute = 60_000
  const near = (minutes: number) => new Date(turn.getTime() + minutes * minute)

  it.for([
    ['not before its minute', -1, 'night', false],
    ['at its minute', 0, 'night', true],
    ['later in the night', 60, 'night', true],
    ['not by day, where the supplier wants the night', 12 * 60, 'night', false],
    ['by day too, where any time is good', 12 * 60, 'any', true],
    ['not before its minute, where any time is good', -1, 'any', false],
  ] as const)('has come %s', ([, minutes, window, due]) => {
    expect(turnDue(usual, { ...source, window }, near(minutes))?.at).toEqual(due ? turn : undefined)
  })

  it('does not come before the source was there', () => {
    const young = { ...source, window: 'any' as const, createdAt: near(60) }
    expect(turnDue(usual, young, near(61))).toBeNull()
    expect(turnDue(usual, young, near(24 * 60))?.at).toEqual(near(24 * 60))
  })

  it('comes once a night in a whole year, whatever the clocks do', () => {
    const nights = new Set<string>()
    for (let now = at('2026-08-01T12:00:00Z').getTime(); now < at('2027-08-01T12:00:00Z').getTime(); now += 1_200_000) {
      const due = turnDue(usual, { ...source, window: 'night' }, new Date(now))
      if (due) nights.add(jobIdOf(source.id, due.night))
    }
    expect(nights.size).toBe(365)
  })

  it.for([
    ['tonight', -30],
    ['tonight, to the minute', -1],
    ['tomorrow, when it is now', 0],
    ['tomorrow', 30],
    ['in the evening, by day', 10 * 60],
  ] as const)('comes next %s', ([, minutes]) => {
    const expected = minutes < 0 ? turn : near(24 * 60)
    expect(nextTurn(usual, source, near(minutes)).at).toEqual(expected)
  })
})

describe('the turn of a source that told us of a change', () => {
  const now = at('2026-11-23T12:00:00Z')
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
  const woken = (at: Date, readAt: Date | null) => ({ window: 'any' as const, woken: { at, readAt } })

  it.for([
    ['is there, a moment after', woken(ago(0), ago(600)), true],
    ['is there an hour after its last run', woken(ago(10), ago(60)), true],
    ['is not there within that hour', woken(ago(10), ago(59)), false],
    ['is over when it was read since', woken(ago(90), ago(80)), false],
    ['is there for what was told while it was read', woken(ago(79), ago(80)), true],
    ['is not there before its first run', woken(ago(10), null), false],
    ['is not there where nothing was told', { window: 'any' as const, woken: null }, false],
    ['is not there by day, where the supplier wants the night', { ...woken(ago(0), ago(600)), window: 'night' }, false],
  ] as const)('%s', ([, source, due]) => {
    expect(wokenTurn(usual, source, now) !== null).toBe(due)
  })

  it('is there at night for who wants the night', () => {
    const night = at('2026-11-24T02:00:00Z')
    const told = { window: 'night' as const, woken: { at: night, readAt: now } }
    expect(wokenTurn(usual, told, night)).not.toBeNull()
  })

  it('has one job an hour, and never that of a night', () => {
    const told = woken(ago(0), ago(600))
    const idAt = (instant: string) => jobIdOf(source.id, wokenTurn(usual, told, at(instant)) ?? { on: '' })
    const hour = ['2026-11-23T12:00:00Z', '2026-11-23T12:59:59Z'].map(idAt)
    expect(hour[0]).toBe(hour[1])
    const ids = [hour[0], idAt('2026-11-23T13:00:00Z'), idAt('2026-11-24T12:00:00Z')]
    expect(new Set([...ids, jobIdOf(source.id, { on: '2026-11-23' })]).size).toBe(4)
  })

  it('comes at most once an hour, however often it is told', () => {
    const minute = 60_000
    let readAt = ago(600)
    const read: number[] = []
    for (let n = 0; n < 24 * 60; n += 5) {
      const at = new Date(now.getTime() + n * minute)
      if (wokenTurn(usual, woken(at, readAt), at) === null) continue
      read.push(n)
      // It begins a while after it was planned.
      readAt = new Date(at.getTime() + 3 * minute)
    }
    expect(read.length).toBeGreaterThan(20)
    for (const [n, minutes] of read.slice(1).entries()) expect(minutes - (read[n] ?? 0)).toBeGreaterThanOrEqual(60)
  })
})

describe('the id of a job', () => {
  it('is one for a source and a night, and a UUID', () => {
    const night = { on: '2026-11-23' }
    expect(jobIdOf(source.id, night)).toBe(jobIdOf(source.id, night))
    const ids = [jobIdOf(source.id, night), jobIdOf(source.id, { on: '2026-11-24' }), jobIdOf(randomUUID(), night)]
    expect(new Set(ids).size).toBe(3)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  })
})

describe('a source is stale', () => {
  const day = 86_400_000
  const now = at('2026-11-24T08:00:00Z')
  const ago = (ms: number) => new Date(now.getTime() - ms)
  it.for([
    ['after three days without a good run', { goodAt: ago(3 * day + 1), createdAt: ago(90 * day) }, true],
    ['not on the third', { goodAt: ago(3 * day), createdAt: ago(90 * day) }, false],
    ['when it never had one, from its beginning', { goodAt: null, createdAt: ago(3 * day + 1) }, true],
    ['not when it is new', { goodAt: null, createdAt: ago(day) }, false],
  ] as const)('%s', ([, source, stale]) => {
    expect(isStale(source, now, 3)).toBe(stale)
  })
})
