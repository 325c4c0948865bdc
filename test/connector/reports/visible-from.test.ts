import { describe, expect, it } from 'vitest'
import { visibleFrom } from '../../../connector/reports/submit.ts'
import { SchoolSettings } from '../../../connector/store/schools.ts'

const from = (at: string, settings: object = {}) =>
  visibleFrom({ settings: SchoolSettings.parse(settings) }, new Date(at)).toISOString()

describe('a report is shown to the teacher', () => {
  it.for([
    ['in the morning: from the end of the day', '2026-11-23T08:00:00Z', '2026-11-23T14:30:00.000Z'],
    ['a millisecond before the end', '2026-11-23T14:29:59.999Z', '2026-11-23T14:30:00.000Z'],
    ['at the end: from midnight', '2026-11-23T14:30:00Z', '2026-11-23T23:00:00.000Z'],
    ['in the evening: from midnight', '2026-11-23T20:00:00Z', '2026-11-23T23:00:00.000Z'],
    ['a millisecond before midnight', '2026-11-23T22:59:59.999Z', '2026-11-23T23:00:00.000Z'],
    ['at midnight: from the end of that day', '2026-11-23T23:00:00Z', '2026-11-24T14:30:00.000Z'],
    ['in summer', '2026-06-23T08:00:00Z', '2026-06-23T13:30:00.000Z'],
    ['on the day the clocks go back', '2026-10-25T08:00:00Z', '2026-10-25T14:30:00.000Z'],
    ['that evening', '2026-10-25T20:00:00Z', '2026-10-25T23:00:00.000Z'],
    ['the evening before', '2026-10-24T20:00:00Z', '2026-10-24T22:00:00.000Z'],
    ['in the hour that comes twice', '2026-10-25T00:30:00Z', '2026-10-25T14:30:00.000Z'],
    ['on the day the clocks go forward', '2027-03-28T08:00:00Z', '2027-03-28T13:30:00.000Z'],
    ['that evening, in summer time', '2027-03-28T20:00:00Z', '2027-03-28T22:00:00.000Z'],
    ['the evening before that', '2027-03-27T20:00:00Z', '2027-03-27T23:00:00.000Z'],
  ])('%s', ([, at, shown]) => {
    expect(from(String(at))).toBe(shown)
  })

  it('never before it was received', () => {
    for (let hour = 0; hour < 24 * 370; hour++) {
      const at = new Date(Date.UTC(2026, 7, 1, hour, 7)).toISOString()
      expect(from(at) > at).toBe(true)
    }
  })

  it('at once where the school wants so, and at the hour that the school sets', () => {
    expect(from('2026-11-23T08:00:00Z', { panel: 'at-once' })).toBe('2026-11-23T08:00:00.000Z')
    expect(from('2026-11-23T08:00:00Z', { schoolDayEnds: '14:00' })).toBe('2026-11-23T13:00:00.000Z')
  })
})
