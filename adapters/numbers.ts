/** Numbers of people: which may be one that no school may give us. */

/**
 * Nine digits, with or without marks between them, that pass the eleven test of a BSN (nothing left) or, beginning with 10, of an onderwijsnummer
 * (five left). One in eleven other numbers of nine digits passes it too, and is lost: better that than one citizen's number kept.
 * Source: the tests as python-stdnum has them (nl.bsn, nl.onderwijsnummer).
 */
export function mayBeCitizenNumber(text: string): boolean {
  const digits = text.replace(/[\s.-]/g, '')
  if (!/^\d{9}$/.test(digits) || Number(digits) === 0) return false
  const sum = [...digits].reduce((total, digit, at) => total + Number(digit) * (at === 8 ? -1 : 9 - at), 0)
  return sum % 11 === 0 || (digits.startsWith('10') && sum % 11 === 5)
}
