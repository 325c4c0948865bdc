import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, localDay, localInstant, mondayOf, schoolYearOn, yearSpan } from '../../../connector/store/calendar.ts'

describe('local days', () => {
  it.for([
    ['2026-11-22T22:59:59Z', '2026-11-22'],
    ['2026-11-22T23:00:00Z', '2026-11-23'],
    ['2026-06-30T21:59:59Z', '2026-06-30'],
    ['2026-06-30T22:00:00Z', '2026-07-01'],
  ])('%s is %s in Amsterdam', ([instant, day]) => {
    expect(localDay(new Date(String(instant)))).toBe(day)
  })

  it.for([
    ['2026-11-23', '15:30', '2026-11-23T14:30:00.000Z'],
    ['2026-06-23', '15:30', '2026-06-23T13:30:00.000Z'],
    // Clocks go back on 25 October 2026 and forward on 28 March 2027.
    ['2026-10-25', '00:00', '2026-10-24T22:00:00.000Z'],
    ['2026-10-25', '01:30', '2026-10-24T23:30:00.000Z'],
    ['2026-10-25', '03:30', '2026-10-25T02:30:00.000Z'],
    ['2026-10-25', '15:30', '2026-10-25T14:30:00.000Z'],
    ['2026-10-26', '00:00', '2026-10-25T23:00:00.000Z'],
    ['2027-03-28', '00:00', '2027-03-27T23:00:00.000Z'],
    ['2027-03-28', '01:30', '2027-03-28T00:30:00.000Z'],
    ['2027-03-28', '03:30', '2027-03-28T01:30:00.000Z'],
    ['2027-03-28', '15:30', '2027-03-28T13:30:00.000Z'],
    ['2027-03-29', '00:00', '2027-03-28T22:00:00.000Z'],
  ])('%s %s in Amsterdam is %s', ([day, time, instant]) => {
    expect(localInstant(String(day), String(time)).toISOString()).toBe(instant)
  })

  it('a time of a day lies on that day, all year round', () => {
    const days = fc.integer({ min: 0, max: 3650 }).map(n => addDays('2026-01-01', n))
    fc.assert(
      fc.property(days, day => {
        expect(localDay(localInstant(day, '00:00'))).toBe(day)
        expect(localDay(localInstant(day, '23:59'))).toBe(day)
        expect(localDay(new Date(localInstant(day, '00:00').getTime() - 1))).toBe(addDays(day, -1))
      }),
    )
  })
})

describe('school years', () => {
  it('begin on 1 August', () => {
    expect([schoolYearOn('2026-07-31'), schoolYearOn('2026-08-01')]).toEqual(['2025-2026', '2026-2027'])
    expect(yearSpan('2026-2027')).toMatchObject({ startsOn: '2026-08-01', endsOn: '2027-08-01' })
  })
})

describe('weeks', () => {
  it('begin on Monday', () => {
    expect(['2026-11-23', '2026-11-26', '2026-11-29'].map(mondayOf)).toEqual(Array(3).fill('2026-11-23'))
    expect(mondayOf('2026-11-30')).toBe('2026-11-30')
  })
})
