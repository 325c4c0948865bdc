import { beforeEach, describe, expect, it } from 'vitest'
import { type FloodWatch, floodWatch } from '../../../connector/reports/flood.ts'

const school = { boardId: 'b', id: 's' }
let now = 0
let flood: FloodWatch
beforeEach(() => {
  now = Date.parse('2026-11-23T10:00:00Z')
  flood = floodWatch(() => new Date(now))
})
const many = (count: number, network: string | null = '4:192.0.2', at = school) =>
  Array.from({ length: count }, () => flood.isFlood(at, network)).filter(Boolean).length

describe('reports without a name', () => {
  it('are no flood when a class sends them together', () => {
    expect(many(40)).toBe(0)
  })

  it('are one from the forty-first of one network on, for ten minutes', () => {
    expect(many(60)).toBe(20)
    now += 10 * 60_000
    expect(many(40)).toBe(0)
  })

  it('of one network that floods do not mark those of another', () => {
    many(5000)
    expect(many(40, '4:198.51.100')).toBe(0)
    expect(many(1, null)).toBe(0)
  })

  it('of very many networks together are one as well', () => {
    const marked = Array.from({ length: 400 }, (_, i) => many(1, `4:10.0.${i}`)).reduce((a, b) => a + b, 0)
    expect(marked).toBe(250)
  })

  it('of one school mark nothing at another', () => {
    many(5000)
    expect(many(40, '4:192.0.2', { boardId: 'b', id: 'other' })).toBe(0)
    expect(many(40, '4:192.0.2', { boardId: 'other', id: 's' })).toBe(0)
  })
})
