/** Microsoft's `grade` is free text. A bare number is groep 3 or year 3: only the school knows which. */
import { gradeOfYear } from '../grades.ts'
import type { PersonRecord } from '../roster.ts'
import type { Options } from './options.ts'

/** @returns undefined for whatever could be read in two ways: no grade is better than a wrong one */
export function gradeFrom(text: string | null | undefined, level: Options['level']): PersonRecord['grade'] {
  const [, word, number] = /^(groep|gr\.?|klas|leerjaar|jaar)?\s*0?(\d)$/i.exec(text?.trim() ?? '') ?? []
  if (number === undefined) return undefined
  const said = word === undefined ? level : /^g/i.test(word) ? 'primary' : 'secondary'
  if (said === undefined) return undefined
  // `0` is toddlers in our list and kindergarten elsewhere: none.
  return gradeOfYear(number, said)
}
