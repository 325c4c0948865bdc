import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeTag, drawCodes, readCode } from '../../../connector/reports/receipt-code.ts'
import { distanceAtMostOne, soundOf } from '../../../connector/reports/receipt-code-sounds.ts'
import { receiptWords } from '../../../connector/reports/receipt-code-words.ts'
import { fingerprints } from '../../../connector/store/fingerprints.ts'
import { randomBytes } from '../../../connector/store/seal.ts'
import { names } from './invented-names.ts'

const keys = { fingerprint: fingerprints(Uint8Array.from({ length: 32 }, (_, i) => i)) }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const report = () => ({ schoolId: randomUUID(), idemKey: randomUUID(), bodyPrint: randomBytes(32) })

describe('the words', () => {
  it('are enough for thirty bits in three, each once, in order', () => {
    expect(receiptWords.length).toBeGreaterThanOrEqual(1024)
    expect(new Set(receiptWords).size).toBe(receiptWords.length)
    expect([...receiptWords].sort()).toEqual(receiptWords)
    expect(3 * Math.log2(receiptWords.length)).toBeGreaterThanOrEqual(30)
  })

  it('are short and plain to type', () => {
    expect(receiptWords.filter(word => !/^[a-z]{3,8}$/.test(word))).toEqual([])
  })

  it('are told apart: none is one letter from another, and none sounds like another', () => {
    const near = receiptWords.flatMap((a, i) =>
      receiptWords.slice(i + 1).flatMap(b => (distanceAtMostOne(a, b) ? [`${a}/${b}`] : [])),
    )
    expect(near).toEqual([])
    expect(new Set(receiptWords.map(soundOf)).size).toBe(receiptWords.length)
  })

  it('are not two of each other in one, nor another with an ending', () => {
    const known = new Set(receiptWords)
    const two = receiptWords.filter(word =>
      Array.from(word, (_, i) => i).some(i => known.has(word.slice(0, i)) && known.has(word.slice(i))),
    )
    expect(two).toEqual([])
    const endings = ['en', 'n', 's', 'e', 'je', 'tje', 'pje', 'etje', 'kje', 'ig', 'ing']
    const derived = receiptWords.filter(word =>
      endings.some(ending => word.endsWith(ending) && known.has(word.slice(0, -ending.length))),
    )
    expect(derived).toEqual([])
  })

  it('are nobody’s name', () => {
    const known = new Set(names)
    expect(receiptWords.filter(word => known.has(word))).toEqual([])
  })

  it('hold nothing that hurts, and no body, belief or drink', () => {
    const never =
      /^(dood|mes|bloed|geweer|pistool|oorlog|graf|kist|pijn|bang|dom|dik|dun|lelijk|stom|lui|vies|gek|rot|ezel|koe|varken|zwijn|aap|geit|kip|gans|slang|rat|spook|duivel|god|bijbel|koran|kerk|moskee|tempel|bier|wijn|borst|bil|buik|billen|neger|slaaf|moeder|vader|mama|papa|schop|slaan|trap|wapen|touw|brand|vuur)$/
    expect(receiptWords.filter(word => never.test(word))).toEqual([])
  })
})

describe('a drawn code', () => {
  it('is the same for the same sending, and other words for any other', () => {
    const one = report()
    const drawn = drawCodes(keys, one)
    expect(drawCodes(keys, one)).toEqual(drawn)
    const others = [
      drawCodes(keys, { ...one, idemKey: randomUUID() }),
      drawCodes(keys, { ...one, bodyPrint: randomBytes(32) }),
      drawCodes(keys, { ...one, schoolId: randomUUID() }),
      drawCodes({ fingerprint: fingerprints(randomBytes(32)) }, one),
    ]
    for (const other of others) expect(other[0]?.code).not.toBe(drawn[0]?.code)
    expect(new Set(drawn.map(({ code }) => code)).size).toBe(3)
  })

  it('is kept as a fingerprint of its own at each school', () => {
    const [a, b] = [randomUUID(), randomUUID()]
    expect(hex(codeTag(keys, a, 'appel boom eend'))).not.toBe(hex(codeTag(keys, b, 'appel boom eend')))
  })

  it('uses every word about as often as any other', () => {
    const counts = new Map<string, number>()
    const rounds = 20_000
    for (let i = 0; i < rounds; i++)
      for (const word of (drawCodes(keys, { ...report(), idemKey: String(i) })[0]?.code ?? '').split(' '))
        counts.set(word, (counts.get(word) ?? 0) + 1)
    const mean = (3 * rounds) / receiptWords.length
    expect(counts.size).toBe(receiptWords.length)
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(6 * Math.sqrt(mean))
  })
})

describe('what somebody typed', () => {
  it.for([
    ['as it was given', 'aardbei konijn zeehond'],
    ['in capitals', 'AARDBEI Konijn zeeHond'],
    ['with hyphens, commas and full stops', 'aardbei-konijn, zeehond.'],
    ['on three lines, with space around', '  aardbei\n konijn\r\n  zeehond '],
    ['in one piece', 'aardbeikonijnzeehond'],
    ['divided by a telephone', 'aardbei konijn zee hond'],
    ['with accents', 'áardbeí konijn zeehönd'],
    ['with the one character for ij', 'aardbei konĳn zeehond'],
    ['spelled by ear', 'aardbij konein zeehont'],
    ['with a slip of the finger in each', 'aarbei konijm zeehnod'],
  ])('is understood %s', ([, typed]) => {
    expect(readCode(String(typed))).toEqual(['aardbei konijn zeehond'])
  })

  it.for(['', 'aardbei', 'aardbei konijn', 'aardbei konijn zeehond appel', 'xyz abc def', '1 2 3', '🐇 🦭 🍓'])(
    'is no code: %s',
    typed => {
      expect(readCode(typed)).toEqual([])
    },
  )

  it('keeps its order', () => {
    expect(readCode('konijn aardbei zeehond')).toEqual(['konijn aardbei zeehond'])
  })

  it('is never another code than the one that was given, and never more than three to look for', () => {
    const word = fc.constantFrom(...receiptWords)
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        const code = `${a} ${b} ${c}`
        expect(readCode(code)).toEqual([code])
        expect(readCode(`${a.toUpperCase()}-${b}  ${c}.`)).toEqual([code])
        const joined = readCode(a + b + c)
        expect(joined).toContain(code)
        expect(joined.length).toBeLessThanOrEqual(3)
      }),
      { numRuns: 300 },
    )
  })

  it('may be anything at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), text => {
        expect(readCode(text).length).toBeLessThanOrEqual(3)
      }),
    )
  })
})
