/** How Dutch words sound, roughly, and whether two are a slip of the finger apart: so that a child that spells by ear is understood. Pure. */

/** The same for two spellings that a child may mix up: `konein` and `konijn`, `bluw` is not. @param word lower case, a to z */
export function soundOf(word: string): string {
  return word
    .replace(/ij|ei|y/g, 'Y')
    .replace(/au|ou/g, 'W')
    .replace(/sch/g, 'sg')
    .replace(/ch|g/g, 'g')
    .replace(/ph/g, 'f')
    .replace(/th/g, 't')
    .replace(/qu/g, 'kw')
    .replace(/x/g, 'ks')
    .replace(/c(?=[eiY])/g, 's')
    .replace(/c/g, 'k')
    .replace(/v/g, 'f')
    .replace(/z/g, 's')
    .replace(/dt$|d$/, 't')
    .replace(/b$/, 'p')
    .replace(/([bdfgklmnprst])\1+/g, '$1')
}

/** One letter more, less, other, or two beside each other exchanged (Damerau and Levenshtein), or nothing. */
export function distanceAtMostOne(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let same = 0
  while (same < a.length && a[same] === b[same]) same++
  const [restA, restB] = [a.slice(same), b.slice(same)]
  if (restA.slice(1) === restB.slice(1)) return true
  if (restA === restB.slice(1) || restA.slice(1) === restB) return true
  const exchanged = restA.length > 1 && restA[0] === restB[1] && restA[1] === restB[0]
  return exchanged && restA.slice(2) === restB.slice(2)
}
