/** Words that all of the mapping uses: how things are called, days and grades. Pure. */
import { dayOf } from '../calendar.ts'
import { SourceError } from '../source.ts'
import type { Options } from './options.ts'

export interface Asked {
  options: Options
  schoolYear: string
  /** The day of which the roster is: today, or the first day of next school year. `YYYY-MM-DD`. */
  day: string
}

export const pupilId = (uuid: string) => `leerling:${uuid}`
export const staffId = (uuid: string) => `medewerker:${uuid}`
/** A stamgroep may be the same one every year, with other children. A lesgroep is of one year (OpenAPI, Lesgroep). */
export const stamgroepId = (uuid: string, schoolYear: string) => `stamgroep:${schoolYear}:${uuid}`
export const lesgroepId = (uuid: string) => `lesgroep:${uuid}`

/** @throws SourceError `malformed`, naming the record */
export function dayIn(text: string | undefined, sourceId: string, field: string): string | undefined {
  if (text === undefined || text === '') return undefined
  const found = dayOf(text)
  if (found === undefined)
    throw new SourceError('malformed', `${sourceId} has a ${field} that is not a date`, { sourceId })
  return found
}
