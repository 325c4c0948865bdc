/** As much of a shell as our pages ask people to type: words, quotes, `&&`, `|`, redirections, one alias. */

/** Each command as its words; where input comes from and output goes is left out. */
export function commands(script: string): string[][] {
  const found: string[][] = []
  const aliases = new Map<string, string[]>()
  for (const line of script.split('\n').filter(text => text.trim() !== '' && !text.trim().startsWith('#')))
    for (const words of split(line)) {
      const [, name = '', stands = ''] = /^(\w+)=(.*)$/s.exec(words[0] === 'alias' ? (words[1] ?? '') : '') ?? []
      if (name) {
        aliases.set(name, wordsOf(stands))
        found.push(wordsOf(stands))
      } else found.push(words)
    }
  return found
}

function split(line: string): string[][] {
  const parts: string[][] = [[]]
  const words = wordsOf(line)
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? ''
    if (word === '&&' || word === '|' || word === ';') parts.push([])
    else if (word === '<' || word === '>') i += 1
    else parts.at(-1)?.push(word)
  }
  return parts.filter(part => part.length > 0)
}

export function wordsOf(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (const letter of line) {
    if (quote) {
      if (letter === quote) quote = ''
      else word = (word ?? '') + letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  if (quote) throw new Error(`a quote is left open: ${line}`)
  return word === undefined ? words : [...words, word]
}
