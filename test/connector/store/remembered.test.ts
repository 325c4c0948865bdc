import { describe, expect, it } from 'vitest'
import { remembered } from '../../../connector/store/remembered.ts'

describe('a remembered look-up', () => {
  it('asks once in its time, and again after it', async () => {
    let [now, asked] = [0, 0]
    const find = remembered(
      10,
      () => new Date(now),
      async key => `${key}${++asked}`,
    )
    expect([await find('a'), await find('a'), await find('b')]).toEqual(['a1', 'a1', 'b2'])
    now = 9_999
    expect(await find('a')).toBe('a1')
    now = 10_000
    expect(await find('a')).toBe('a3')
  })

  it('does not remember a failure', async () => {
    let asked = 0
    const find = remembered(
      10,
      () => new Date(0),
      async () => {
        if (++asked === 1) throw new Error('not now')
        return asked
      },
    )
    await expect(find('a')).rejects.toThrow('not now')
    expect(await find('a')).toBe(2)
  })

  it('holds a bounded number of keys', async () => {
    let asked = 0
    const find = remembered(
      10,
      () => new Date(0),
      async () => ++asked,
      2,
    )
    for (const key of ['a', 'b', 'c', 'a']) await find(key)
    expect(asked).toBe(4)
  })
})
