/**
 * Whether a JSON text gives one object the same name twice. JSON.parse takes the last and says nothing; another parser takes the first
 * (RFC 8259 §4), and so a token could be one thing to whoever signed it and another to us.
 */

/** @param text valid JSON */
export function repeatedNames(text: string): boolean {
  /** Names so far of each open object; null for a list. */
  const open: (Set<string> | null)[] = []
  let at = 0
  let nameNext = false
  while (at < text.length) {
    const char = text[at]
    if (char === '"') {
      const end = endOfString(text, at)
      const names = open.at(-1)
      if (nameNext && names) {
        const name = JSON.parse(text.slice(at, end)) as string
        if (names.has(name)) return true
        names.add(name)
        nameNext = false
      }
      at = end
      continue
    }
    if (char === '{') open.push(new Set())
    else if (char === '[') open.push(null)
    else if (char === '}' || char === ']') open.pop()
    if (char === '{' || char === ',') nameNext = open.at(-1) instanceof Set
    at += 1
  }
  return false
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}
