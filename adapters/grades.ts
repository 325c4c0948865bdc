/** Year groups by their number, in the codes of EDEXML. */
import { Grade, type PersonRecord } from './roster.ts'

/** `primary`: groep 1 to 8. `secondary`: year 1 to 6. */
export const levels = ['primary', 'secondary'] as const
export type Level = (typeof levels)[number]

/** @returns undefined for none, and for a number that this level does not have: no grade is better than a wrong one */
export function gradeOfYear(year: string | number | undefined, level: Level): PersonRecord['grade'] {
  const last = level === 'primary' ? 8 : 6
  if (!/^\d$/.test(String(year)) || Number(year) < 1 || Number(year) > last) return undefined
  return Grade.parse(level === 'primary' ? String(year) : `1${year}`)
}
