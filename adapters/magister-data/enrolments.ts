/** Several rows make one pupil: which enrolment counts today, and what the others say about coming and going. Pure. */
import { dayAfter, schoolYearFrom } from '../calendar.ts'
import { order } from '../deliver.ts'
import { SourceError } from '../source.ts'
import type { Enrolment } from './wire.ts'

export interface Placed {
  number: string
  status: 'active' | 'pending' | 'inactive'
  /** The row that says who and where this is. */
  row: Enrolment
  /** Class of the school year asked for; absent for who has none, is gone, or comes later. */
  className?: string
  startsOn?: string
  /** Exclusive. */
  endsOn?: string
}

/**
 * One for each number. The enrolment that runs today decides; without one the next of this school year, then the last. Who has rows of
 * other years only comes later or has left. Two at once: the one that began last.
 * @throws SourceError `malformed` for a school year that we do not read
 * Source: ours; HelloID takes everyone with a row that runs, and has no classes in the summer either.
 */
export function placed(enrolments: readonly Enrolment[], schoolYear: string, today: string): Placed[] {
  const ofPupil = Map.groupBy(enrolments, ({ number }) => number)
  return [...ofPupil].map(([number, rows]) => ({ number, ...judged(rows, schoolYear, today) }))
}

type Dated = { row: Enrolment; year: string | undefined; from: string; to: string }
const always = '9999-12-31'

function judged(rows: Enrolment[], schoolYear: string, today: string): Omit<Placed, 'number'> {
  const dated = rows.map(row => ({ row, year: yearOf(row), from: row.startsOn ?? '', to: endOf(row) })).sort(byStart)
  const now = dated.filter(({ year }) => year === schoolYear)
  const running = now.findLast(({ from, to }) => from <= today && today < to)
  if (running !== undefined) return { status: 'active', ...inClass(running) }
  const next = now.find(({ from }) => from > today)
  if (next !== undefined) return { status: 'pending', ...inClass(next), ...days({ startsOn: next.from }) }
  const ended = lastOf(now)
  if (ended !== undefined) return { status: 'inactive', row: ended.row, endsOn: ended.to }
  return elsewhere(dated, schoolYear, today)
}

function elsewhere(dated: Dated[], schoolYear: string, today: string): Omit<Placed, 'number'> {
  const yearless = dated.findLast(({ year, to }) => year === undefined && today < to)
  if (yearless !== undefined) return { status: 'active', row: yearless.row }
  const later = dated.find(({ year, to }) => year !== undefined && year > schoolYear && today < to)
  if (later !== undefined) return { status: 'pending', row: later.row, ...days({ startsOn: later.from }) }
  const past = lastOf(dated)
  // SAFETY: a pupil has at least one row.
  const { row, to } = past as Dated
  return { status: 'inactive', row, ...days({ endsOn: to === always ? '' : to }) }
}

const inClass = ({ row, from, to }: Dated) => ({
  row,
  ...(row.className === undefined ? {} : { className: row.className }),
  ...days({ startsOn: from, endsOn: to === always ? '' : to }),
})

/** An absent day is none, not an empty one. */
const days = (given: { startsOn?: string; endsOn?: string }) =>
  Object.fromEntries(Object.entries(given).filter(([, day]) => day !== '')) as { startsOn?: string; endsOn?: string }

const lastOf = (dated: Dated[]) => dated.toSorted((a, b) => order(a.to, b.to) || byStart(a, b)).at(-1)
/** Two that differ in nothing of this are told apart by all that they say: the order of the rows is nobody's business. */
const byStart = (a: Dated, b: Dated) =>
  order(a.from, b.from) ||
  order(a.year ?? '', b.year ?? '') ||
  order(a.row.className ?? '', b.row.className ?? '') ||
  order(a.to, b.to) ||
  order(JSON.stringify(a.row), JSON.stringify(b.row))

function yearOf({ period }: Enrolment): string | undefined {
  if (period === undefined) return undefined
  const year = schoolYearFrom(period)
  if (year === undefined)
    throw new SourceError('malformed', 'the layout names a school year in another form than 26/27')
  return year
}

/**
 * Both last days are days at school. Schools end a study on the last day of lessons: who ends in July is on holiday, not gone.
 * @returns exclusive
 */
function endOf({ endsOn, leftOn }: Enrolment): string {
  const july = endsOn?.slice(5, 7) === '07' ? `${endsOn.slice(0, 4)}-08-01` : undefined
  const ends = july ?? (endsOn === undefined ? always : dayAfter(endsOn))
  const left = leftOn === undefined ? always : dayAfter(leftOn)
  return ends < left ? ends : left
}
