/** CSV rows → the same wire objects that REST gives. Source: 1EdTech OneRoster CSV binding 1.1 and 1.2.1. */
import type { Hash } from 'node:crypto'
import type { z } from 'zod'
import { instantOf } from '../calendar.ts'
import { type CsvRow, readCsv } from '../csv.ts'
import { SourceError } from '../source.ts'
import type { Bundle, BundleFile } from './bundle.ts'
import { flagOf, listOf, WireClass, WireEnrollment, WireOrg, WireSession, WireUser } from './wire.ts'

export type Version = '1.1' | '1.2'
export type Mode = 'absent' | 'bulk' | 'delta'

const maxRows = 5_000_000
const base = ['status', 'dateLastModified'] as const

interface Columns {
  required: readonly string[]
  optional: readonly string[]
}

const columns: Record<BundleFile, Columns> = {
  'manifest.csv': { required: ['propertyName', 'value'], optional: [] },
  'orgs.csv': { required: ['sourcedId', 'name', 'type'], optional: [...base, 'identifier', 'parentSourcedId'] },
  'academicSessions.csv': {
    required: ['sourcedId', 'type', 'startDate', 'endDate'],
    optional: [...base, 'parentSourcedId'],
  },
  'classes.csv': {
    required: ['sourcedId', 'title', 'schoolSourcedId', 'termSourcedIds'],
    optional: [...base, 'classType', 'grades'],
  },
  'enrollments.csv': {
    required: ['sourcedId', 'classSourcedId', 'userSourcedId', 'role'],
    optional: [...base, 'schoolSourcedId', 'primary', 'beginDate', 'endDate'],
  },
  'roles.csv': {
    required: ['userSourcedId', 'role', 'orgSourcedId'],
    optional: ['sourcedId', ...base, 'beginDate', 'endDate'],
  },
  'users.csv': {
    required: ['sourcedId', 'givenName', 'familyName'],
    optional: [
      ...base,
      'enabledUser',
      'orgSourcedIds',
      'role',
      'username',
      'userIds',
      'identifier',
      'email',
      'grades',
      'preferredGivenName',
      'primaryOrgSourcedId',
    ],
  },
}

/** `{LDAP:jan},{Fed:123}`; a value may have colons. */
const userIdsOf = (text = '') =>
  [...text.matchAll(/\{([^:{}]*):([^{}]*)\}/g)].map(([, type, identifier]) => ({ type, identifier }))

const refOf = (sourcedId: string | undefined) => (sourcedId === undefined ? undefined : { sourcedId })
const refsOf = (text = '') => listOf(text).map(sourcedId => ({ sourcedId }))

/** One role of one user, as `roles.csv` has it; the role itself in the form of REST. */
export interface RoleRow {
  user: string
  org: string
  status: string | undefined
  role: {
    role: string | undefined
    org: { sourcedId: string }
    beginDate: string | undefined
    endDate: string | undefined
  }
}

/** What came of a file, once for each row, and how it is told when the row is wrong. */
export interface Rows {
  /** @throws SourceError `malformed`, naming file and line */
  each(name: BundleFile, take: (row: CsvRow, line: number) => void): Promise<void>
  /** The last change in the rows that were read, as an ISO instant. */
  lastModified(): string | undefined
}

/** @param hash of all that is read: file names and content, in the order of reading */
export function rowsOf(bundle: Bundle, hash: Hash, maxBytes: number, modeOf: (name: BundleFile) => Mode): Rows {
  let last: string | undefined
  return {
    lastModified: () => last,
    async each(name, take) {
      if (!bundle.has(name)) throw new SourceError('incomplete', `the bundle has no ${name}`)
      hash.update(`\0${name}\0`)
      const shape = { name, delimiter: ',' as const, encoding: 'utf-8' as const, maxBytes, maxRows, ...columns[name] }
      const changes = modeOf(name) === 'delta'
      for await (const { line, row } of readCsv(hashed(bundle.read(name), hash), shape)) {
        if (changes && (row.status === undefined || row.dateLastModified === undefined))
          throw new SourceError('malformed', `${name} gives changes without status or dateLastModified (line ${line})`)
        const at = row.dateLastModified === undefined ? undefined : instantOf(row.dateLastModified)
        if (at !== undefined && (last === undefined || at > last)) last = at
        take(row, line)
      }
    },
  }
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    hash.update(piece)
    yield piece
  }
}

/** @throws SourceError `malformed` naming file, line and column, never a value */
function fitting<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  name: string,
  line: number,
): z.infer<Schema> {
  const verdict = schema.safeParse(value)
  if (verdict.success) return verdict.data
  const path = verdict.error.issues[0]?.path.join('.') || 'row'
  throw new SourceError('malformed', `${name} has a ${path} that does not fit (line ${line})`)
}

export const orgOf = (row: CsvRow, line: number) =>
  fitting(WireOrg, { ...row, parent: refOf(row.parentSourcedId) }, 'orgs.csv', line)

export const sessionOf = (row: CsvRow, line: number) =>
  fitting(WireSession, { ...row, parent: refOf(row.parentSourcedId) }, 'academicSessions.csv', line)

export const classOf = (row: CsvRow, line: number) =>
  fitting(
    WireClass,
    { ...row, school: refOf(row.schoolSourcedId), terms: refsOf(row.termSourcedIds) },
    'classes.csv',
    line,
  )

export const enrollmentOf = (row: CsvRow, line: number) =>
  fitting(
    WireEnrollment,
    {
      ...row,
      user: refOf(row.userSourcedId),
      class: refOf(row.classSourcedId),
      school: refOf(row.schoolSourcedId),
      primary: flagOf(row.primary),
    },
    'enrollments.csv',
    line,
  )

export function roleOf(row: CsvRow, line: number): RoleRow {
  const { userSourcedId: user, orgSourcedId: org, status, role, beginDate, endDate } = row
  if (user === undefined || org === undefined)
    throw new SourceError('malformed', `roles.csv has a role without a user or an org (line ${line})`)
  return { user, org, status, role: { role, org: { sourcedId: org }, beginDate, endDate } }
}

/** @param roles of 1.2; undefined in 1.1, where the row itself says them */
export const userOf = (row: CsvRow, line: number, roles: RoleRow['role'][] | undefined) =>
  fitting(
    WireUser,
    {
      ...row,
      userIds: userIdsOf(row.userIds),
      orgs: refsOf(row.orgSourcedIds),
      ...(roles === undefined ? {} : { roles }),
    },
    'users.csv',
    line,
  )
