import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mayBeCitizenNumber } from '../../adapters/numbers.ts'

/** With the ninth digit that makes it one, where there is such a digit. */
function citizen(eight: string, left: 0 | 5): string | undefined {
  const sum = [...eight].reduce((total, digit, at) => total + Number(digit) * (9 - at), 0)
  const last = (((sum - left) % 11) + 11) % 11
  return last === 10 ? undefined : `${eight}${last}`
}

describe('a number', () => {
  it.each([
    ['999990019', true],
    ['9999.90.019', true],
    ['9999 90 019', true],
    ['101222331', true],
    ['999990018', false],
    ['999990026', false],
    ['99999001', false],
    ['000000000', false],
    ['P999990019', false],
    ['', false],
  ])('%s may be a citizen’s: %s', (text, is) => expect(mayBeCitizenNumber(text)).toBe(is))

  it('of a BSN or an onderwijsnummer always may', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99_999_999 }), fc.constantFrom(0 as const, 5 as const), (n, left) => {
        const eight = String(n).padStart(8, '0')
        const number = citizen(left === 5 ? `10${eight.slice(2)}` : eight, left)
        fc.pre(number !== undefined)
        expect(mayBeCitizenNumber(number)).toBe(true)
      }),
    ))
})
