import { describe, expect, it } from 'vitest'
import { nextTry } from '../../../connector/mail/outbox.ts'

const monday = new Date('2026-11-23T09:00:00Z')
const minutes = (count: number) => count * 60_000
const later = (ms: number) => new Date(monday.getTime() + ms)

describe('another try', () => {
  const mail = { urgent: false, tries: 1, createdAt: monday }
  const minutesTo = (tries: number, trouble: 'server' | 'passing' | 'refused', at = monday, urgent = false) => {
    const when = nextTry({ ...mail, tries, urgent }, trouble, at)
    return when && (when.getTime() - at.getTime()) / 60_000
  }

  it('comes ever later, for three days', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(tries => minutesTo(tries, 'passing'))).toEqual([1, 5, 15, 60, 180, 180, 180])
    expect(minutesTo(20, 'passing', later(minutes(60 * 71)))).toBe(180)
    expect(minutesTo(20, 'passing', later(minutes(60 * 73)))).toBeNull()
  })

  it('of what is urgent comes within five minutes', () => {
    expect([1, 2, 3, 9].map(tries => minutesTo(tries, 'passing', monday, true))).toEqual([1, 5, 5, 5])
  })

  it('of what was refused comes twice', () => {
    expect([1, 2, 3].map(tries => minutesTo(tries, 'refused'))).toEqual([1, 5, null])
  })

  it('at a server that is away comes every minute, and has five of them even after a long night', () => {
    expect(minutesTo(50, 'server')).toBe(1)
    expect(minutesTo(4, 'server', later(minutes(60 * 90)))).toBe(1)
    expect(minutesTo(5, 'server', later(minutes(60 * 90)))).toBeNull()
  })
})
