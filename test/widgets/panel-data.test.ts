import { describe, expect, it } from 'vitest'
import type { PanelReport } from '../../connector/api/contract.ts'
import {
  addDays,
  filtered,
  heatOf,
  mondayOf,
  most,
  noFilter,
  pupilsIn,
  weekOf,
  weeksOf,
} from '../../widgets/views/groep/data.ts'

const report = (patch: Partial<PanelReport>): PanelReport => ({
  id: 'x',
  on: '2026-11-18',
  precision: 'DAY',
  moment: 'LUNCH',
  place: 'PLAYGROUND',
  behaviours: ['HURTING'],
  frequency: 'FIRST',
  involved: [],
  ...patch,
})

describe('weeks', () => {
  it.each([
    ['2026-11-23', 48],
    ['2026-11-22', 47],
    ['2026-01-01', 1],
    ['2026-12-31', 53],
    ['2027-01-03', 53],
    ['2027-01-04', 1],
  ])('%s is in ISO week %i', (day, week) => expect(weekOf(day)).toBe(week))
  it('starts on Monday, also over a change of the clock', () => {
    expect(mondayOf('2026-10-25')).toBe('2026-10-19')
    expect(addDays('2026-10-25', 1)).toBe('2026-10-26')
  })
  it('shows empty weeks, and leaves a report without a day out', () => {
    const { on: _, ...dayless } = report({ precision: 'UNKNOWN' })
    const weeks = weeksOf([report({}), dayless], '2026-11-02', '2026-11-24')
    expect(weeks.map(({ count }) => count)).toEqual([0, 0, 1, 0])
  })
})

describe('filters and pictures', () => {
  const reports = [
    report({
      involved: [
        { role: 'ACTOR', pupil: { id: 'a', label: 'Adam' } },
        { role: 'TARGET', pupil: { label: 'een leerling van groep 8' } },
      ],
    }),
    report({ place: 'TOILET', moment: 'LESSON' }),
    report({ place: 'UNKNOWN', moment: 'UNKNOWN' }),
  ]
  it('offers only pupils of this group', () => expect(pupilsIn(reports)).toEqual([{ id: 'a', label: 'Adam' }]))
  it('filters by pupil, place and moment together', () => {
    expect(filtered(reports, { ...noFilter, pupil: 'a' })).toHaveLength(1)
    expect(filtered(reports, { ...noFilter, place: 'TOILET', moment: 'LUNCH' })).toHaveLength(0)
  })
  it('keeps rows and columns that hold something', () => {
    const heat = heatOf(reports)
    expect(heat.places).toEqual(['TOILET', 'PLAYGROUND', 'UNKNOWN'])
    expect(heat.count('PLAYGROUND', 'LUNCH')).toBe(1)
  })
  it('names a most mentioned value only when it is there twice, and never "unknown"', () => {
    expect(most(['TOILET', 'GYM'])).toBeUndefined()
    expect(most(['UNKNOWN', 'UNKNOWN', 'GYM'])).toBeUndefined()
    expect(most(['TOILET', 'GYM', 'GYM'])).toEqual({ value: 'GYM', count: 2 })
  })
})
