/** Which school and which school year: pure, for REST and CSV alike. */
import { schoolYearAt } from '../calendar.ts'
import { given } from '../deliver.ts'
import type { SchoolRecord } from '../roster.ts'
import { type Scope, type SourceContext, SourceError } from '../source.ts'
import { isGone, type WireClass, type WireOrg, type WireSession } from './wire.ts'

export interface Place {
  /** sourcedId of the school */
  school: string
  /** The school's own parents, up to the board: where staff may have their role. */
  above: ReadonlySet<string>
  brin: string | undefined
  location: string | undefined
  name: string | undefined
  schoolYear: string
  /** sourcedIds of the academic sessions of that year. */
  sessions: ReadonlySet<string>
  /** The year asked for is the one that today is in: classes without any session are taken to be of it. */
  current: boolean
}

/** @throws SourceError `incomplete` when the source shows no such school or year, `malformed` when two orgs answer to the name */
export function placeOf(
  orgs: readonly WireOrg[],
  sessions: readonly WireSession[],
  wanted: { school: string; schoolYear?: string | undefined },
  context: Pick<SourceContext, 'schoolYear' | 'clock'>,
): Place {
  const org = schoolOf(orgs, wanted.school)
  const now = schoolYearAt(context.clock())
  const schoolYear = context.schoolYear ?? wanted.schoolYear ?? now
  const brin = /^(\d{2}[A-Z]{2})[-\s]?(\d{2})?$/i.exec(org.identifier ?? '')
  return {
    school: org.sourcedId,
    above: parentsOf(org, orgs),
    brin: brin?.[1]?.toUpperCase(),
    location: brin === null ? undefined : (brin[2] ?? '00'),
    name: org.name,
    schoolYear,
    sessions: expected(sessionsOf(sessions, schoolYear), schoolYear),
    current: schoolYear === now,
  }
}

/** By sourcedId, by identifier, or by a BRIN without its location where that is one school. */
function schoolOf(orgs: readonly WireOrg[], wanted: string): WireOrg {
  const there = orgs.filter(org => !isGone(org))
  const plain = (text = '') => text.replace(/[-\s]/g, '').toLowerCase()
  const schools = there.filter(org => org.type === undefined || plain(org.type) === 'school')
  const brin = /^\d{2}[a-z]{2}$/.test(plain(wanted))
  const ways: ((org: WireOrg) => boolean)[] = [
    org => org.sourcedId === wanted,
    org => schools.includes(org) && plain(org.identifier) === plain(wanted),
    org =>
      brin &&
      schools.includes(org) &&
      /^.{4}\d{2}$/.test(plain(org.identifier)) &&
      plain(org.identifier).startsWith(plain(wanted)),
  ]
  for (const way of ways) {
    const [only, ...more] = there.filter(way)
    if (only !== undefined && more.length === 0) return only
    if (only !== undefined)
      throw new SourceError(
        'malformed',
        `${more.length + 1} schools of the source have this identifier: give the sourcedId of one`,
      )
  }
  const shown = schools.slice(0, 5).map(org => (org.identifier ?? org.sourcedId).slice(0, 40))
  const list = shown.length === 0 ? 'none at all' : `${shown.join(', ')}${schools.length > 5 ? ' and more' : ''}`
  throw new SourceError('incomplete', `the source shows no school by this sourcedId or identifier; it shows ${list}`)
}

function parentsOf(org: WireOrg, orgs: readonly WireOrg[]): Set<string> {
  const parents = new Map(orgs.map(({ sourcedId, parent }) => [sourcedId, parent]))
  const above = new Set<string>()
  for (let at = org.parent; at !== undefined && !above.has(at) && at !== org.sourcedId; at = parents.get(at))
    above.add(at)
  return above
}

/**
 * A session is of the school year in which its middle lies, whatever day the source lets years begin; or its parent is. The field
 * `schoolYear` is not used: the spec means the year of the end, suppliers write either, or both.
 */
export function sessionsOf(sessions: readonly WireSession[], schoolYear: string): Set<string> {
  const there = sessions.filter(session => !isGone(session))
  const byId = new Map(there.map(session => [session.sourcedId, session]))
  const yearOf = (session: WireSession | undefined, depth = 0): string | undefined => {
    if (session === undefined || depth > 10) return undefined
    return middleYear(session) ?? yearOf(byId.get(session.parent ?? ''), depth + 1)
  }
  return new Set(there.filter(session => yearOf(session) === schoolYear).map(({ sourcedId }) => sourcedId))
}

function expected(sessions: Set<string>, schoolYear: string): Set<string> {
  if (sessions.size > 0) return sessions
  throw new SourceError('incomplete', `the source has no academic session in the school year ${schoolYear}`)
}

function middleYear({ startDate, endDate }: WireSession): string | undefined {
  const [start, end] = [startDate, endDate].map(date => Date.parse(date ?? ''))
  if (start === undefined || end === undefined || Number.isNaN(start) || Number.isNaN(end) || end < start)
    return undefined
  return schoolYearAt(new Date((start + end) / 2))
}

/** Of this school, in this year, and not deleted. */
export function isOurs(each: WireClass, { school, sessions, current }: Place): boolean {
  if (each.school !== school || isGone(each)) return false
  return each.terms.length === 0 ? current : each.terms.some(term => sessions.has(term))
}

export const schoolIdOf = ({ school }: Pick<Place, 'school'>) => `org:${school}`

export function schoolRecordOf(place: Place): SchoolRecord {
  return {
    type: 'school',
    sourceId: schoolIdOf(place),
    ...given('brin', place.brin),
    ...given('location', place.location),
    ...given('name', place.name?.slice(0, 200)),
    schoolYear: place.schoolYear,
  }
}

export function scopeOf({ brin, location, school, schoolYear }: Place): Scope {
  return { ...(brin === undefined ? { organisation: school } : { brin, ...given('location', location) }), schoolYear }
}
