/** Year groups as suppliers write them. OneRoster's own list is American (CEDS): there `04` is groep 6, while a Dutch supplier means groep 4. */
import { gradesInName } from '../homerooms.ts'
import { Grade, type GroupRecord } from '../roster.ts'

type GradeCode = GroupRecord['grades'][number]

/** `groep`: 1 to 8 are the Dutch groepen, 11 to 16 the years of secondary, as in EDEXML. `ceds`: the American list. */
export const gradeSchemes = ['groep', 'ceds'] as const
export type GradeScheme = (typeof gradeSchemes)[number]

/** By age: kindergarten is groep 2, first grade groep 3, seventh grade the first year of secondary. */
const ceds: Readonly<Record<string, GradeCode>> = {
  PK: '1',
  TK: '1',
  KG: '2',
  '1': '3',
  '2': '4',
  '3': '5',
  '4': '6',
  '5': '7',
  '6': '8',
  '7': '11',
  '8': '12',
  '9': '13',
  '10': '14',
  '11': '15',
  '12': '16',
}

/** Words of EDEXML that a Dutch supplier may pass on; `H` (gone) is no year group. */
const letters: ReadonlySet<string> = new Set(['B', 'D', '0', 'S', 'V', 'C', 'N'])

/** @returns undefined for a word that is on no list: reported, never guessed */
export function gradeOf(word: string, scheme: GradeScheme): GradeCode | undefined {
  const plain = word.trim().toUpperCase()
  const number = /^0?(\d{1,2})$/.exec(plain)?.[1]
  if (scheme === 'ceds') return ceds[number ?? plain]
  const groep = /^(?:GROEP|GR\.?)\s*([1-8])$/.exec(plain)?.[1]
  const known = groep ?? number ?? (letters.has(plain) ? plain : undefined)
  const grade = Grade.safeParse(known)
  return grade.success ? grade.data : undefined
}

/** Of a class: what its `grades` say; a homeroom whose `grades` say nothing may have a title that does (`4/5`), with Dutch numbering only. */
export function gradesOfClass(
  words: readonly string[],
  title: string,
  scheme: GradeScheme,
): { grades: GradeCode[]; unknown: string[] } {
  if (words.length === 0) return { grades: scheme === 'groep' ? gradesInName(title) : [], unknown: [] }
  const grades = new Set<GradeCode>()
  const unknown: string[] = []
  for (const word of words) {
    const grade = gradeOf(word, scheme)
    if (grade === undefined) unknown.push(word)
    else grades.add(grade)
  }
  return { grades: Grade.options.filter(grade => grades.has(grade)), unknown }
}
