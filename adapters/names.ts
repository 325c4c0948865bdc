/** Dutch names in sources that know no separate prefix (Google, Microsoft): `van der Berg` → prefix `van der`, family name `Berg`. */

/** NEN 1888's common prefixes, lower case, longest first. Not a surname's own `De`, `Van` where it is written with a capital: Belgian names keep it. */
const prefixes = [
  'van de',
  'van den',
  'van der',
  'van het',
  "van 't",
  'van ’t',
  'van ter',
  'van ten',
  'von der',
  'von den',
  'in de',
  'in den',
  'in der',
  'in het',
  "in 't",
  'op de',
  'op den',
  'op der',
  'op het',
  "op 't",
  'aan de',
  'aan den',
  'aan het',
  "aan 't",
  'uit de',
  'uit den',
  'uit het',
  'over de',
  'onder de',
  'bij de',
  "bij 't",
  'voor de',
  'voor den',
  'de la',
  'van',
  'von',
  'vom',
  'de',
  'den',
  'der',
  'des',
  'du',
  'da',
  'dos',
  'del',
  'della',
  'di',
  'el',
  'la',
  'le',
  'les',
  'ten',
  'ter',
  'te',
  'tot',
  'uit',
  'zu',
  'zum',
  'zur',
  "d'",
  "'t",
  "'s",
  '’t',
  '’s',
].sort((a, b) => b.length - a.length)

/**
 * @returns the prefix as it was written and the rest; no prefix where the name has none, or is nothing else. Compound surnames
 * (`van den Berg-de Jong`) keep what comes after the first name as it is. Only in lower case: `De Smet` is a Belgian's family name.
 */
export function splitPrefix(surname: string): { familyNamePrefix?: string; familyName: string } {
  const name = surname.trim().replace(/\s+/g, ' ')
  for (const prefix of prefixes) {
    const joined = /['’]$/.test(prefix)
    const rest = name.startsWith(joined ? prefix : `${prefix} `) ? name.slice(prefix.length).trim() : ''
    if (rest !== '') return { familyNamePrefix: prefix, familyName: rest }
  }
  return { familyName: name }
}
