/** Words that all of the mapping uses: how things are called, and what belongs to this school. Pure. */
import { homeroomRule } from '../homerooms.ts'
import type { Options } from './options.ts'

export interface Asked {
  options: Options
  schoolYear: string
  /** `YYYY-MM-DD`, Europe/Amsterdam. */
  today: string
}

export const pupilId = (number: string) => `leerling:${number}`
export const staffId = (number: string) => `personeel:${number}`
/** A class is called H3A every year: without the year it would be the same class, with other children. */
export const classId = (name: string, schoolYear: string) => `klas:${schoolYear}:${plain(name)}`
export const lessonGroupId = (name: string, schoolYear: string) => `lesgroep:${schoolYear}:${plain(name)}`

/** Names are typed: `h3a` and `H3A ` are one class. */
export const plain = (name: string) => name.normalize('NFC').trim().replace(/\s+/g, ' ').toLowerCase()

/** Nothing is included by name: everything is, also what has no name. */
export function passes({ include, exclude }: Options['locations']): (name: string | undefined) => boolean {
  const [wanted, unwanted] = [homeroomRule(include), homeroomRule(exclude)]
  return name => (include.length === 0 || wanted(name)) && !unwanted(name)
}

/** Written as ANSI, a letter that ANSI does not have is a question mark. No name has one. */
export const isDamaged = (name: string | undefined): boolean => name !== undefined && /[?\uFFFD]/.test(name)
