import { describe, expect, it } from 'vitest'
import { notQuiet, usualQuiet } from '../../../connector/mail/quiet.ts'

const at = (text: string) => new Date(text)

// 23 November 2026 is a Monday; Amsterdam is an hour ahead of UTC in winter and two in summer.
describe('mail that can wait', () => {
  it.for([
    ['on a school day comes at once', '2026-11-23T10:00:00Z', '2026-11-23T10:00:00Z'],
    ['just before six comes at once', '2026-11-23T16:59:59Z', '2026-11-23T16:59:59Z'],
    ['at six waits for the morning', '2026-11-23T17:00:00Z', '2026-11-24T06:00:00Z'],
    ['before midnight waits for the morning', '2026-11-23T22:59:00Z', '2026-11-24T06:00:00Z'],
    ['after midnight waits for the same morning', '2026-11-24T03:00:00Z', '2026-11-24T06:00:00Z'],
    ['at seven comes at once', '2026-11-24T06:00:00Z', '2026-11-24T06:00:00Z'],
    ['on Friday evening waits for Monday', '2026-11-27T17:30:00Z', '2026-11-30T06:00:00Z'],
    ['on Saturday at noon waits for Monday', '2026-11-28T11:00:00Z', '2026-11-30T06:00:00Z'],
    ['on Sunday night waits for Monday', '2026-11-29T22:30:00Z', '2026-11-30T06:00:00Z'],
    ['in summer goes by the clock of summer', '2026-06-15T16:30:00Z', '2026-06-16T05:00:00Z'],
    [
      'in the weekend of the change of the clocks waits for seven of the new time',
      '2026-10-24T10:00:00Z',
      '2026-10-26T06:00:00Z',
    ],
  ] as const)('%s', ([, asked, expected]) => {
    expect(notQuiet(at(asked), usualQuiet)).toEqual(at(expected))
  })

  it('keeps to hours of somebody’s own', () => {
    const own = { from: '21:30', until: '08:15' }
    expect(notQuiet(at('2026-11-23T19:00:00Z'), own)).toEqual(at('2026-11-23T19:00:00Z'))
    expect(notQuiet(at('2026-11-23T20:30:00Z'), own)).toEqual(at('2026-11-24T07:15:00Z'))
  })

  it('keeps to hours within a day', () => {
    const own = { from: '12:00', until: '13:00' }
    expect(notQuiet(at('2026-11-23T11:30:00Z'), own)).toEqual(at('2026-11-23T12:00:00Z'))
    expect(notQuiet(at('2026-11-23T20:00:00Z'), own)).toEqual(at('2026-11-23T20:00:00Z'))
  })

  it('comes at any time to who wants no quiet hours', () => {
    const own = { from: '00:00', until: '00:00' }
    expect(notQuiet(at('2026-11-28T11:00:00Z'), own)).toEqual(at('2026-11-28T11:00:00Z'))
  })
})
