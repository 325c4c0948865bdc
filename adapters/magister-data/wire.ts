/** What Magister sends, less all that we do not use. Rows of CSV under our own names, rows of ADFuncties under Magister's in lower case. */
import { z } from 'zod'
import { dayOf } from '../calendar.ts'
import type { CsvLine } from '../csv.ts'
import { SourceError } from '../source.ts'
import { type Column, type Options, titleOf } from './options.ts'

/** One enrolment: a pupil has one for each class and school year in the window of the layout (180 days). Days are `YYYY-MM-DD`, the last ones included. */
export interface Enrolment {
  number: string
  initials?: string | undefined
  firstName?: string | undefined
  prefix?: string | undefined
  familyName?: string | undefined
  email?: string | undefined
  login?: string | undefined
  period?: string | undefined
  className?: string | undefined
  study?: string | undefined
  location?: string | undefined
  year?: string | undefined
  classMentors: string[]
  personalMentor?: string | undefined
  startsOn?: string | undefined
  endsOn?: string | undefined
  leftOn?: string | undefined
}

/** Columns of the pupils' layout that must be there: what a roster cannot do without, what a filter looks at, and what the mapping names. */
export function columnsOfPupils(options: Options): { required: string[]; optional: string[] } {
  const needed = new Set<Column>(['pupilNumber', 'familyName', 'period', 'className'])
  if (isChosen(options.locations)) needed.add('location')
  if (isChosen(options.studies)) needed.add('study')
  const all: Column[] = [...pupilColumns]
  return {
    required: titles(
      options,
      all.filter(column => needed.has(column) || options.columns[column] !== undefined),
    ),
    optional: titles(
      options,
      all.filter(column => !needed.has(column) && options.columns[column] === undefined),
    ),
  }
}

export const columnsOfGroups = (options: Options) => titles(options, ['groupPupil', 'groupName'])

const pupilColumns = [
  'pupilNumber',
  'initials',
  'firstName',
  'prefix',
  'familyName',
  'email',
  'period',
  'className',
  'study',
  'location',
  'year',
  'classMentor',
  'secondClassMentor',
  'personalMentor',
  'startsOn',
  'endsOn',
  'leftOn',
  'login',
] as const satisfies readonly Column[]

const isChosen = ({ include, exclude }: Options['locations']) => include.length + exclude.length > 0
const titles = (options: Options, columns: readonly Column[]) => [
  ...new Set(columns.map(column => titleOf(options, column)).filter(title => title !== undefined)),
]

/** @returns undefined for a row without a number, `header` for a header inside the data @throws SourceError `malformed` for a day that is none */
export function enrolmentOf({ row, line }: CsvLine, options: Options): Enrolment | 'header' | undefined {
  const cell = (column: Column) => {
    const title = titleOf(options, column)
    return title === undefined ? undefined : row[title]
  }
  const number = cell('pupilNumber')
  if (number === undefined) return undefined
  // A header inside the data may have a mark before it, and then differs from the first one.
  if (number.toLowerCase() === titleOf(options, 'pupilNumber')?.toLowerCase()) return 'header'
  const day = (column: Column) => dayIn(cell(column), `${titleOf(options, column)} (line ${line})`)
  const mentors = [cell('classMentor'), cell('secondClassMentor')].filter(code => code !== undefined)
  return {
    number,
    initials: cell('initials'),
    firstName: cell('firstName'),
    prefix: cell('prefix'),
    familyName: cell('familyName'),
    email: cell('email'),
    login: cell('login'),
    period: cell('period'),
    className: cell('className'),
    study: cell('study'),
    location: cell('location'),
    year: cell('year'),
    classMentors: mentors,
    personalMentor: cell('personalMentor'),
    startsOn: day('startsOn'),
    endsOn: day('endsOn'),
    leftOn: day('leftOn'),
  }
}

/**
 * A day as ISO or as Dutch programs write it (`1-8-2026`), with or without a time. Day zero of Delphi, in which Magister is written, is no day.
 * @throws SourceError `malformed`, naming the place and never the value
 */
export function dayIn(text: string | undefined, place: string): string | undefined {
  if (text === undefined || text === '') return undefined
  const [written = ''] = text.split(/[ T]/)
  const dutch = /^(\d{1,2})-(\d{1,2})-(\d{4})$/.exec(written)
  const iso = dutch === null ? written : `${dutch[3]}-${dutch[2]?.padStart(2, '0')}-${dutch[1]?.padStart(2, '0')}`
  const found = dayOf(iso)
  if (found === undefined) throw new SourceError('malformed', `there is something else than a date in ${place}`)
  return found === '1899-12-30' ? undefined : found
}

/** personeelslid. There is no e-mail address in it. */
export const StaffMember = z.object({
  stamnr_str: z.string().optional(),
  code: z.string().optional(),
  roepnaam: z.string().optional(),
  'off._voornamen': z.string().optional(),
  voorletters: z.string().optional(),
  tussenv: z.string().optional(),
  achternaam: z.string().optional(),
  'loginaccount.naam': z.string().optional(),
  'functie.omschr': z.string().optional(),
  'administratieve_eenheid.omschrijving': z.string().optional(),
  dvertrek_str: z.string().optional(),
})
export type StaffMember = z.infer<typeof StaffMember>

/** les: what somebody teaches. `klas` is a lesson group for GroepVakken and a class for KlasVakken. */
export const Lesson = z.object({ klas: z.string().optional() })

/** Tables of ADFuncties: the function (spelled as Magister does), and the elements its rows are in. */
export const tables = {
  staff: { function: 'GetActiveEmpoyees', plural: 'personeelsleden', singular: 'personeelslid', row: StaffMember },
  groupLessons: { function: 'GetPersoneelGroepVakken', plural: 'lessen', singular: 'les', row: Lesson },
  classLessons: { function: 'GetPersoneelKlasVakken', plural: 'lessen', singular: 'les', row: Lesson },
} as const

export interface Wire {
  enrolments: Enrolment[]
  /** Rows of the pupils' layout without a number. */
  unnumbered: number
  /** Lesson groups of pupils; absent without such a layout. */
  groupRows: { number: string; group: string }[] | undefined
  staff: StaffMember[]
  /** Of one member of staff, by number. */
  lessons: Map<string, { groups: string[]; classes: string[] }>
}
