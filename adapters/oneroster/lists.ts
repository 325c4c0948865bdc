/** The lists of one school, in the order in which they explain each other: whole, or enrolments as far as they changed. */
import { instantOf } from '../calendar.ts'
import type { SourceContext } from '../source.ts'
import { isRefusal, type OneRosterApi } from './api.ts'
import { isOurs, type Place, placeOf } from './scope.ts'
import { isGone, WireClass, WireEnrollment, WireOrg, WireSession, WireUser } from './wire.ts'

/** Of the options. */
export interface Asked {
  school: string
  schoolYear?: string | undefined
  collections: 'flat' | 'school'
}

/** Ours. A day: clocks, time zones, and nightly jobs that stamp a record hours before it shows. */
const overlapMs = 24 * 3_600_000

/** Which school and year, from the two small lists. */
export async function find(api: OneRosterApi, options: Asked, context: SourceContext): Promise<Place> {
  const orgs = await api.all({ path: '/orgs', key: 'orgs', schema: WireOrg }, () => true)
  const sessions = { path: '/academicSessions', key: 'academicSessions', schema: WireSession }
  return placeOf(orgs, await api.all(sessions, () => true), options, context)
}

export interface Read {
  kind: 'snapshot' | 'delta'
  classes: WireClass[]
  /** In a delta those of the school that changed, deleted ones too. */
  enrollments: WireEnrollment[]
  users: WireUser[]
  /** Deleted classes and users that the server shows only to who asks for changes. */
  deleted: { classes: string[]; users: string[] }
  /** When an enrolment was last changed, of all that were seen: the server's own clock. */
  lastModified: string | undefined
}

/**
 * Classes and users are read whole in a delta too, and only enrolments, by far the longest list, by date: a membership cannot be understood
 * without its class (school, year) and its person (role in this school), and a role that changes does not move every server's `dateLastModified`.
 * A server that refuses the filter is read whole.
 */
export async function readRoster(
  api: OneRosterApi,
  options: Asked,
  place: Place,
  now: Date,
  since?: string,
): Promise<Read> {
  const lists = pathsOf(options, place)
  const filter = since === undefined ? {} : { filter: `dateLastModified>'${since}'` }
  let lastModified: string | undefined
  const classes = await api.all({ ...lists.classes, schema: WireClass }, each => each.school === place.school)
  const ours = new Set(classes.filter(each => isOurs(each, place)).map(({ sourcedId }) => sourcedId))
  const keep = (each: WireEnrollment) => {
    lastModified = later(lastModified, believable(each.dateLastModified, now))
    return ours.has(each.class)
  }
  let kind: Read['kind'] = since === undefined ? 'snapshot' : 'delta'
  const changed = await api.all({ ...lists.enrollments, ...filter, schema: WireEnrollment }, keep).catch(error => {
    if (kind === 'snapshot' || !isRefusal(error)) throw error
    kind = 'snapshot'
    return api.all({ ...lists.enrollments, schema: WireEnrollment }, keep)
  })
  const enrolled = new Set(changed.map(each => each.user))
  const isHere = (user: WireUser) => enrolled.has(user.sourcedId) || user.roles.some(({ org }) => org === place.school)
  const users = new Map<string, WireUser>()
  for (const list of lists.users)
    for (const user of await api.all({ ...list, schema: WireUser }, isHere)) users.set(user.sourcedId, user)
  const all = [...users.values()]
  const deleted = kind === 'snapshot' ? { classes: [], users: [] } : await readDeleted(api, lists, place, filter)
  deleted.classes.push(...classes.filter(isGone).map(({ sourcedId }) => sourcedId))
  return { kind, classes, enrollments: changed, users: all, deleted, lastModified }
}

/** Of our school, or of no school that is said. Some servers show what is deleted only to who asks for changes. */
async function readDeleted(
  api: OneRosterApi,
  lists: ReturnType<typeof pathsOf>,
  { school }: Place,
  filter: { filter?: string },
): Promise<Read['deleted']> {
  const gone = (each: WireClass) => isGone(each) && (each.school === undefined || each.school === school)
  const left = (user: WireUser) =>
    isGone(user) && (user.roles.length === 0 || user.roles.some(({ org }) => org === school))
  const deleted: Read['deleted'] = { classes: [], users: [] }
  const classes = await api.all({ ...lists.classes, ...filter, schema: WireClass }, gone).catch(noneIfRefused)
  deleted.classes.push(...classes.map(({ sourcedId }) => sourcedId))
  for (const list of lists.users) {
    const users = await api.all({ ...list, ...filter, schema: WireUser }, left).catch(noneIfRefused)
    deleted.users.push(...users.map(({ sourcedId }) => sourcedId))
  }
  return deleted
}

/** A list that does not know the filter was read whole already; what vanished from it shows when everything is read. */
function noneIfRefused(error: unknown): never[] {
  if (isRefusal(error)) return []
  throw error
}

export function pathsOf({ collections }: Pick<Asked, 'collections'>, { school }: Place) {
  const below = collections === 'school' ? `/schools/${encodeURIComponent(school)}` : ''
  const list = (path: string, key = path) => ({ path: `${below}/${path}`, key })
  return {
    classes: list('classes'),
    enrollments: list('enrollments'),
    users: below === '' ? [list('users')] : [list('students', 'users'), list('teachers', 'users')],
  }
}

/** As calendar dates: an ISO week-year is another year round New Year. */
export const before = (instant: string) => new Date(Date.parse(instant) - overlapMs).toISOString()

export const later = (a: string | undefined, b: string | undefined) =>
  a === undefined || (b !== undefined && b > a) ? b : a

/** @returns undefined for a date further ahead than a day: a mistake at the source, which would hide every change until then */
function believable(date: string | undefined, now: Date): string | undefined {
  const instant = date === undefined ? undefined : instantOf(date)
  return instant !== undefined && Date.parse(instant) <= now.getTime() + overlapMs ? instant : undefined
}
