/** Which school of the tenant is meant, and which of its classes are of the year. Pure. */
import { dayOf, schoolYearAt, schoolYearFrom } from '../calendar.ts'
import { SourceError } from '../source.ts'
import type { WireClass, WireSchool } from './wire.ts'

/**
 * @param wanted id, externalId or schoolNumber
 * @returns undefined for the whole tenant: it has no schools, which is so where there is no School Data Sync
 * @throws SourceError `incomplete` when there is no such school, or none was chosen of several; `malformed` when several answer to it
 */
export function chosenSchool(schools: readonly WireSchool[], wanted: string | undefined): WireSchool | undefined {
  if (wanted === undefined) {
    if (schools.length <= 1) return schools[0]
    throw new SourceError(
      'incomplete',
      `this tenant has ${schools.length} schools: set the option school to one of them`,
    )
  }
  const same = ({ id, externalId, schoolNumber }: WireSchool) =>
    id.toLowerCase() === wanted.toLowerCase() || externalId === wanted || schoolNumber === wanted
  const [found, ...more] = schools.filter(same)
  if (found === undefined)
    throw new SourceError(
      'incomplete',
      `this tenant has ${schools.length} schools, none of them with the given id or number`,
    )
  if (more.length > 0)
    throw new SourceError(
      'malformed',
      `${more.length + 1} schools of this tenant have the given id or number: use the id`,
    )
  return found
}

/** Dutch tenants write the BRIN into one of the two numbers, with or without the location. */
export function brinOf({ schoolNumber, externalId }: WireSchool): { brin?: string; location?: string } {
  for (const number of [schoolNumber, externalId]) {
    const [, brin, location] = /^\s*(\d{2}[A-Z]{2})(\d{2})?\s*$/.exec(number ?? '') ?? []
    if (brin !== undefined) return { brin, location: location ?? '00' }
  }
  return {}
}

export interface SortedClasses {
  ours: WireClass[]
  /** Of another school year. */
  otherYear: number
  /** School Data Sync marks classes that are over: `Exp0726_…`. */
  expired: number
}

/** @param current school year of a class that does not say its own */
export function classesOf(all: readonly WireClass[], schoolYear: string, current: string): SortedClasses {
  const expired = all.filter(isExpired)
  const others = all.filter(each => !isExpired(each) && (yearOf(each) ?? current) !== schoolYear)
  const ours = all.filter(each => !isExpired(each) && (yearOf(each) ?? current) === schoolYear)
  return { ours, otherYear: others.length, expired: expired.length }
}

const isExpired = ({ displayName, mailNickname }: WireClass): boolean =>
  [displayName, mailNickname].some(name => /^exp\d{4}([\s_-]|$)/i.test(name ?? ''))

/** By the middle of its term: one that begins a week before 1 August is of the year after it. */
export function yearOf({ term }: WireClass): string | undefined {
  const [from, to] = [day(term?.startDate), day(term?.endDate)]
  if (from !== undefined && to !== undefined && from <= to) return schoolYearAt(new Date((from + to) / 2))
  const written = schoolYearFrom(term?.displayName ?? '') ?? schoolYearFrom(compact(term?.externalId ?? ''))
  if (written !== undefined) return written
  const known = from ?? to
  return known === undefined ? undefined : schoolYearAt(new Date(known))
}

/** `2627` */
const compact = (text: string) => text.replace(/^(\d{2})(\d{2})$/, '$1/$2')

/** Noon, far from every midnight. A midnight of ours is an evening in UTC: of a time it is the local day that counts. */
function day(text: string | null | undefined): number | undefined {
  const found = dayOf(text ?? '') ?? dayOf((text ?? '').slice(0, 10))
  return found === undefined ? undefined : Date.parse(`${found}T12:00:00Z`)
}
