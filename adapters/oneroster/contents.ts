/** The files of one bundle, in the order in which they explain each other: what is of our school is kept, the rest is forgotten row by row. */
import { createHash } from 'node:crypto'
import { schoolYearAt } from '../calendar.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type Bundle, type BundleFile, type BundleLimits, openBundle } from './bundle.ts'
import { type Manifest, readManifest } from './manifest.ts'
import type { WireRoster } from './map.ts'
import { classOf, enrollmentOf, orgOf, type RoleRow, type Rows, roleOf, rowsOf, sessionOf, userOf } from './rows.ts'
import { isOurs, type Place, placeOf, sessionsOf } from './scope.ts'
import {
  isGone,
  listOf,
  type WireClass,
  type WireEnrollment,
  type WireOrg,
  type WireSession,
  type WireUser,
} from './wire.ts'

export interface Contents extends WireRoster {
  manifest: Manifest
  /** In a bundle of changes: of our school, or of no school that is said. */
  deleted: { classes: string[]; users: string[] }
  /** Of what was read: names and content of the files, however they were packed. */
  sha256: string
  lastModified: string | undefined
}

interface Wanted {
  school: string
  schoolYear?: string | undefined
}

/** What is known from the last bundle: changes cannot be understood without. */
export interface Before {
  place: Place
  classes: ReadonlySet<string>
}

/** @throws SourceError as bundle, manifest and rows do; `incomplete` for changes without what they are changes of */
export async function readContents(
  path: string,
  wanted: Wanted,
  context: SourceContext,
  limits: BundleLimits,
  before: Before | undefined,
): Promise<Contents> {
  const bundle = await openBundle(path, context, limits)
  try {
    return await read(bundle, wanted, context, limits, before)
  } finally {
    await bundle.close()
  }
}

async function read(
  bundle: Bundle,
  wanted: Wanted,
  context: SourceContext,
  limits: BundleLimits,
  before: Before | undefined,
): Promise<Contents> {
  const hash = createHash('sha256')
  let manifest: Manifest | undefined
  const modeOf = (name: BundleFile) => (name === 'manifest.csv' ? 'bulk' : (manifest?.modes[name] ?? 'absent'))
  const rows = rowsOf(bundle, hash, limits.maxUnpackedBytes, modeOf)
  manifest = await readManifest(rows)
  const { kind } = manifest
  const there: Rows['each'] = async (name, take) => {
    if (modeOf(name) !== 'absent') await rows.each(name, take)
  }
  const orgs: WireOrg[] = []
  const sessions: WireSession[] = []
  await there('orgs.csv', (row, line) => void orgs.push(orgOf(row, line)))
  await there('academicSessions.csv', (row, line) => void sessions.push(sessionOf(row, line)))
  const place =
    kind === 'bulk' ? placeOf(orgs, sessions, wanted, context) : placeAgain(before, sessions, wanted, context)
  const found = await readClasses(there, place, kind === 'bulk' ? undefined : before)
  const enrollments: WireEnrollment[] = []
  await there('enrollments.csv', (row, line) => {
    if (row.classSourcedId !== undefined && found.ours.has(row.classSourcedId))
      enrollments.push(enrollmentOf(row, line))
  })
  const enrolled = new Set(enrollments.map(({ user }) => user))
  const roles = new Map<string, RoleRow[]>()
  await there('roles.csv', (row, line) => {
    const role = roleOf(row, line)
    roles.set(role.user, [...(roles.get(role.user) ?? []), role])
  })
  const people = await readUsers(there, manifest, { place, enrolled, roles, changes: kind === 'delta' })
  return {
    manifest,
    place,
    classes: found.classes,
    enrollments,
    users: people.users,
    deleted: { classes: found.deleted, users: people.deleted },
    sha256: hash.digest('hex'),
    lastModified: rows.lastModified(),
  }
}

/** A bundle of changes need not say again which schools and sessions there are. */
function placeAgain(
  before: Before | undefined,
  sessions: readonly WireSession[],
  wanted: Wanted,
  context: Pick<SourceContext, 'schoolYear' | 'clock'>,
): Place {
  const now = schoolYearAt(context.clock())
  const schoolYear = context.schoolYear ?? wanted.schoolYear ?? now
  if (before === undefined || before.place.schoolYear !== schoolYear)
    throw new SourceError(
      'incomplete',
      `this bundle holds changes only, and nothing whole was read before of this school in ${schoolYear}: bring a whole bundle (bulk) first`,
    )
  const { place } = before
  return {
    ...place,
    sessions: new Set([...place.sessions, ...sessionsOf(sessions, schoolYear)]),
    current: schoolYear === now,
  }
}

async function readClasses(there: Rows['each'], place: Place, before: Before | undefined) {
  const classes: WireClass[] = []
  const ours = new Set(before?.classes)
  const deleted: string[] = []
  await there('classes.csv', (row, line) => {
    const wire = classOf(row, line)
    const { sourcedId } = wire
    if (isOurs(wire, place)) {
      ours.add(sourcedId)
      classes.push(wire)
    } else if (ours.delete(sourcedId)) deleted.push(sourcedId)
  })
  return { classes, ours, deleted }
}

interface Among {
  place: Place
  enrolled: ReadonlySet<string>
  /** 1.2 */
  roles: ReadonlyMap<string, readonly RoleRow[]>
  changes: boolean
}

async function readUsers(there: Rows['each'], { version }: Manifest, { place, enrolled, roles, changes }: Among) {
  const users: WireUser[] = []
  const deleted: string[] = []
  const came = new Set<string>()
  await there('users.csv', (row, line) => {
    const id = row.sourcedId ?? ''
    const own = version === '1.1' ? undefined : (roles.get(id) ?? [])
    const orgs = own?.map(({ org }) => org) ?? listOf(row.orgSourcedIds ?? '')
    const elsewhere =
      orgs.length === 0
        ? row.primaryOrgSourcedId !== undefined && row.primaryOrgSourcedId !== place.school
        : !orgs.includes(place.school)
    if (elsewhere && !enrolled.has(id)) return
    came.add(id)
    const user = userOf(
      row,
      line,
      own?.filter(role => !isGone(role)).map(({ role }) => role),
    )
    const gone =
      isGone(user) || (own?.some(role => isGone(role)) && !user.roles.some(({ org }) => org === place.school))
    if (gone) deleted.push(id)
    else if (changes && own?.length === 0) throw halfUser(id)
    else users.push(user)
  })
  if (changes)
    for (const [id, own] of roles) if (own.some(({ org }) => org === place.school) && !came.has(id)) throw halfUser(id)
  return { users, deleted }
}

const halfUser = (id: string) =>
  new SourceError(
    'incomplete',
    `user:${id} came in users.csv or in roles.csv only: a bundle of changes must bring a user with all roles, or everything must come (bulk)`,
    { sourceId: `user:${id}` },
  )
