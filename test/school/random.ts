/**
 * A small seeded generator (sfc32, public domain), so that the same seed gives the same school on every machine.
 * Nothing here is for secrets.
 */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** A whole number from `min` up to and without `end`. */
  int(min: number, end: number): number
  chance(probability: number): boolean
  /** @throws RangeError on an empty list */
  pick<T>(list: readonly T[]): T
  /** @param entries pairs of value and weight */
  weighted<T>(entries: readonly (readonly [T, number])[]): T
  shuffle<T>(list: readonly T[]): T[]
  /** A stream of its own: what one part draws does not move another. */
  fork(label: string): Random
}

export function seededRandom(seed: string | number): Random {
  let [a, b, c, d] = hash(String(seed))
  const next = () => {
    const t = (a + b + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return (t >>> 0) / 2 ** 32
  }
  for (let i = 0; i < 15; i += 1) next()
  const int = (min: number, end: number) => min + Math.floor(next() * (end - min))
  const pick = <T>(list: readonly T[]): T => {
    const found = list[int(0, list.length)]
    if (list.length === 0) throw new RangeError('nothing to pick from')
    // SAFETY: the index is within the list, which may itself hold undefined.
    return found as T
  }
  return {
    next,
    int,
    chance: probability => next() < probability,
    pick,
    weighted(entries) {
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [value, weight] of entries) {
        left -= weight
        if (left < 0) return value
      }
      return pick(entries)[0]
    },
    shuffle(list) {
      const copy = [...list]
      for (let i = copy.length - 1; i > 0; i -= 1) {
        const j = int(0, i + 1)
        ;[copy[i], copy[j]] = [copy[j] as (typeof copy)[number], copy[i] as (typeof copy)[number]]
      }
      return copy
    },
    fork: label => seededRandom(`${seed}/${label}`),
  }
}

/** Four words out of a text (cyrb128). */
function hash(text: string): [number, number, number, number] {
  let [h1, h2, h3, h4] = [1779033703, 3144134277, 1013904242, 2773480762]
  for (let i = 0; i < text.length; i += 1) {
    const k = text.charCodeAt(i)
    h1 = h2 ^ Math.imul(h1 ^ k, 597399067)
    h2 = h3 ^ Math.imul(h2 ^ k, 2869860233)
    h3 = h4 ^ Math.imul(h3 ^ k, 951274213)
    h4 = h1 ^ Math.imul(h4 ^ k, 2716044179)
  }
  h1 = Math.imul(h3 ^ (h1 >>> 18), 597399067)
  h2 = Math.imul(h4 ^ (h2 >>> 22), 2869860233)
  h3 = Math.imul(h1 ^ (h3 >>> 17), 951274213)
  h4 = Math.imul(h2 ^ (h4 >>> 19), 2716044179)
  return [(h1 ^ h2 ^ h3 ^ h4) | 0, (h2 ^ h1) | 0, (h3 ^ h1) | 0, (h4 ^ h1) | 0]
}
