/**
 * The three words that stand for a report without a name: its status, and nothing else, is what they open.
 *
 * They are drawn by the board's fingerprint key (keyed BLAKE2b, a pseudo-random function whose key came from the CSPRNG) from the idempotency
 * key and the bytes of the report. So an answer that was lost is given again word for word, nobody without the key can work them out, and
 * whoever sends another report learns nothing about them. Stored is a keyed fingerprint of the words. Pure, but for the key.
 */
import type { BoardKeys } from '../store/keyring.ts'
import type { Bytes } from '../store/seal.ts'
import { distanceAtMostOne, soundOf } from './receipt-code-sounds.ts'
import { receiptWords } from './receipt-code-words.ts'

const length = 3
/** One school year and sixty days: long enough to look after the summer holiday. Ours. */
export const receiptCodeDays = 365 + 60
/** Words that another report of this school has already are passed over. One in a billion is taken twice; three times in a row, never. */
const candidates = 3

export interface Drawn {
  /** `appel boom fiets` */
  code: string
  tag: Bytes
}

type Prints = Pick<BoardKeys, 'fingerprint'>

/** What a report may get, best first; which one it got is known when it is stored (submit_reports). */
export function drawCodes(keys: Prints, report: { schoolId: string; idemKey: string; bodyPrint: Uint8Array }): Drawn[] {
  const { schoolId, idemKey, bodyPrint } = report
  const of = `${schoolId} ${idemKey} ${Buffer.from(bodyPrint).toString('hex')}`
  return Array.from({ length: candidates }, (_, n) => {
    const drawn = Buffer.from(keys.fingerprint('receipt-words', `${of} ${n}`))
    // Thirty-two bits for each word: what the remainder favours is less than one in four million.
    const words = Array.from({ length }, (_, i) =>
      String(receiptWords[drawn.readUInt32BE(i * 4) % receiptWords.length]),
    )
    const code = words.join(' ')
    return { code, tag: codeTag(keys, schoolId, code) }
  })
}

/** How words are found again. The same words at two schools have two fingerprints. */
export const codeTag = (keys: Prints, schoolId: string, code: string): Bytes =>
  keys.fingerprint('receipt-code', `${schoolId} ${code}`)

/** More than one reading is rare, and each costs a look-up. */
const readingsAtMost = 3
/** Three words of eight letters with what stands between them, twice over: longer is no code. */
const typedAtMost = 60

/**
 * What somebody meant who typed this: capitals, accents, hyphens and spaces do not matter, nor a missing space, nor one wrong letter or a
 * spelling by ear in each word. The order does.
 * @returns codes to look for, most likely first; empty when it can be none
 */
export function readCode(typed: string): string[] {
  const words = plain(typed.slice(0, typedAtMost))
    .split(/[^a-z]+/)
    .filter(Boolean)
  if (words.length === length) {
    const meant = words.map(word => meaning(word))
    if (meant.every(word => word !== null)) return [meant.join(' ')]
  }
  return divided(words.join('')).slice(0, readingsAtMost)
}

const plain = (text: string) =>
  text
    .normalize('NFKD') // also ĳ, one character on some keyboards
    .replace(/\p{M}/gu, '')
    .toLowerCase()

const known = new Set(receiptWords)
const bySound = new Map(receiptWords.map(word => [soundOf(word), word]))

/** The word itself, else the one that sounds like it, else the only one that is a letter away. */
function meaning(word: string): string | null {
  if (known.has(word)) return word
  const heard = bySound.get(soundOf(word))
  if (heard) return heard
  const near = receiptWords.filter(candidate => distanceAtMostOne(candidate, word))
  return near.length === 1 ? String(near[0]) : null
}

/** Three words of the list, written as one or divided elsewhere (a telephone makes two of `zeehond`). */
function divided(text: string): string[] {
  const out: string[] = []
  for (let a = 3; a < text.length; a++) {
    if (!known.has(text.slice(0, a))) continue
    for (let b = a + 3; b < text.length; b++)
      if (known.has(text.slice(a, b)) && known.has(text.slice(b)))
        out.push(`${text.slice(0, a)} ${text.slice(a, b)} ${text.slice(b)}`)
  }
  return out
}
