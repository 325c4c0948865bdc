/** Which classes are homerooms, in sources that do not say so themselves (Google, Microsoft): a rule that an administrator can read. */
import { z } from 'zod'

/** `*` any characters, `?` one; the whole name, capitals do not matter. No regular expressions: nobody can write one that hangs. */
export const NamePattern = z.string().min(1).max(100)

export type HomeroomRule = (name: string | null | undefined) => boolean

/** @param patterns a homeroom when one of them fits; none: no class is a homeroom */
export function homeroomRule(patterns: readonly string[]): HomeroomRule {
  const lower = patterns.map(pattern => [...pattern.toLowerCase()])
  return name => name != null && lower.some(pattern => fits(pattern, [...name.trim().toLowerCase()]))
}

/** Greedy with one point of return: linear in practice, never exponential. */
function fits(pattern: string[], text: string[]): boolean {
  let [p, t] = [0, 0]
  let star: { p: number; t: number } | undefined
  while (t < text.length) {
    if (pattern[p] === '*') {
      p += 1
      star = { p, t }
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star === undefined) return false
    else {
      star.t += 1
      p = star.p
      t = star.t
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

/** `Groep 4`, `4b`, `groep 1/2`: the primary year groups a name speaks of; secondary (`2 havo`, `H3a`) needs the source's own field. */
export function gradesInName(name: string): ('1' | '2' | '3' | '4' | '5' | '6' | '7' | '8')[] {
  const found = /^\s*(?:groep|gr\.?|klas)?\s*([1-8])(?:\s*[/+-]\s*([1-8]))?(?:\s*[/+-]\s*([1-8]))?\s*[a-z]?\s*$/i.exec(
    name,
  )
  if (found === null) return []
  // SAFETY: the expression lets only these digits through.
  return [...new Set(found.slice(1).filter(digit => digit !== undefined))] as ReturnType<typeof gradesInName>
}
