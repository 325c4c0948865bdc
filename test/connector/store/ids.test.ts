import { expect, it } from 'vitest'
import { rosterId } from '../../../connector/store/ids.ts'

it('is a UUIDv7 of its millisecond, ordered by time and never the same', () => {
  const at = Date.parse('2026-11-23T10:00:00.123Z')
  const ids = Array.from({ length: 2000 }, (_, n) => rosterId(at + n))
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(ids).toEqual([...ids].sort())
  expect(Number.parseInt(ids[0]?.replace('-', '').slice(0, 12) ?? '', 16)).toBe(at)
  expect(new Set(Array.from({ length: 2000 }, () => rosterId(at))).size).toBe(2000)
})
