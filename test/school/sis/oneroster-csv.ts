/** The invented school as a bundle of CSV files, as an export of OneRoster 1.1 or 1.2 has it: whole (bulk), or what changed (delta). */
import { strToU8, zipSync } from 'fflate'
import type { GeneratedSchool } from '../generate.ts'
import { identifierOf, type OneRosterData, type OneRosterVersion, oneRosterOf, type Thing } from './oneroster-school.ts'

export type BundleFiles = Record<string, string>

interface Ref {
  sourcedId: string
}
interface Role {
  roleType: string
  role: string
  org: Ref
  beginDate: string | null
  endDate: string | null
}

/** Header rows in the order of the binding. */
const users11 =
  'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password'
const users12 =
  'sourcedId,status,dateLastModified,enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns'
const headers: Readonly<Record<string, string>> = {
  orgs: 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId',
  academicSessions: 'sourcedId,status,dateLastModified,title,type,startDate,endDate,parentSourcedId,schoolYear',
  classes:
    'sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods',
  enrollments:
    'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate',
  roles:
    'sourcedId,status,dateLastModified,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId',
}
const filesOf = (version: OneRosterVersion) => [
  ...['orgs', 'academicSessions', 'classes', 'users', 'enrollments'],
  ...(version === '1.2' ? ['roles'] : []),
]

const sourcedId = (value: unknown) => (value as Ref | null)?.sourcedId ?? ''
const list = (value: unknown) => ((value as Ref[] | undefined) ?? []).map(each => each.sourcedId).join(',')

/** Rows by column, of one thing; a user of 1.2 has its roles in another file. */
function rowOf(thing: Thing): Record<string, unknown> {
  const ids = (thing.userIds as { type: string; identifier: string }[] | undefined) ?? []
  return {
    ...thing,
    parentSourcedId: sourcedId(thing.parent),
    courseSourcedId: sourcedId(thing.course),
    schoolSourcedId: sourcedId(thing.school),
    classSourcedId: sourcedId(thing.class),
    userSourcedId: sourcedId(thing.user),
    termSourcedIds: list(thing.terms),
    orgSourcedIds: list(thing.orgs),
    agentSourcedIds: list(thing.agents),
    primaryOrgSourcedId: sourcedId(thing.primaryOrg),
    preferredGivenName: thing.preferredFirstName,
    userIds: ids.map(({ type, identifier }) => `{${type}:${identifier}}`).join(','),
  }
}

const rolesOf = (users: readonly Thing[]): Thing[] =>
  users.flatMap(user =>
    ((user.roles as Role[] | undefined) ?? []).map(({ org, roleType, role, beginDate, endDate }) => ({
      sourcedId: `${user.sourcedId}-${org.sourcedId}`,
      status: user.status,
      user: { sourcedId: user.sourcedId },
      ...{ roleType, role, beginDate, endDate, orgSourcedId: org.sourcedId },
    })),
  )

function cell(value: unknown): string {
  const text = Array.isArray(value)
    ? value.join(',')
    : typeof value === 'object' || value === undefined
      ? ''
      : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export function csvOf(header: string, rows: readonly Record<string, unknown>[]): string {
  const names = header.split(',')
  return [header, ...rows.map(row => names.map(name => cell(row[name])).join(','))].map(line => `${line}\r\n`).join('')
}

export function manifestOf(version: OneRosterVersion, modes: Record<string, string>): string {
  const rows = [
    ['manifest.version', '1.0'],
    ['oneroster.version', version],
    ...['demographics', 'courses', 'results'].map(name => [`file.${name}`, 'absent']),
    ...Object.entries(modes).map(([name, mode]) => [`file.${name}`, mode]),
    ['source.systemName', 'SIS van De Vuurvlinder'],
    ['source.systemCode', 'vuurvlinder'],
  ]
  return csvOf(
    'propertyName,value',
    rows.map(([propertyName, value]) => ({ propertyName, value })),
  )
}

function written(name: string, things: readonly Thing[], version: OneRosterVersion): string {
  const header = name === 'users' ? (version === '1.1' ? users11 : users12) : (headers[name] ?? '')
  return csvOf(header, things.map(rowOf))
}

/** In whole lists status and date stay empty. */
const blank = (things: readonly Thing[]): Thing[] =>
  things.map(thing => ({ ...thing, status: '', dateLastModified: '' }))

export function bulkFiles(
  school: GeneratedSchool,
  version: OneRosterVersion,
  alter: (data: OneRosterData) => void = () => {},
): BundleFiles {
  const data = oneRosterOf(school, version)
  alter(data)
  const all: Record<string, Thing[]> = { ...data, roles: rolesOf(data.users) }
  const names = filesOf(version)
  const modes = Object.fromEntries(names.map(name => [name, 'bulk']))
  const demographics = csvOf(
    'sourcedId,status,dateLastModified,birthDate,sex',
    school.pupils.map(({ key, canary }) => ({ sourcedId: key, birthDate: canary.birthDate, sex: 'CANARY' })),
  )
  return {
    'manifest.csv': manifestOf(version, modes),
    'demographics.csv': demographics,
    ...Object.fromEntries(names.map(name => [`${name}.csv`, written(name, blank(all[name] ?? []), version)])),
  }
}

/** Only what is new, other or gone; a user comes with all roles. Files without a row are absent. */
export function deltaFiles(
  before: GeneratedSchool,
  after: GeneratedSchool,
  version: OneRosterVersion,
  at: Date,
): BundleFiles {
  const [was, is] = [oneRosterOf(before, version), oneRosterOf(after, version)]
  const dateLastModified = at.toISOString()
  const changed = (name: keyof OneRosterData): Thing[] => {
    const old = new Map(was[name].map(thing => [thing.sourcedId, JSON.stringify(thing)]))
    const now = new Set(is[name].map(thing => thing.sourcedId))
    const gone = was[name].filter(thing => !now.has(thing.sourcedId))
    return [
      ...is[name].filter(thing => old.get(thing.sourcedId) !== JSON.stringify(thing)),
      ...gone.map(thing => ({ ...thing, status: 'tobedeleted' })),
    ].map(thing => ({ ...thing, dateLastModified }))
  }
  const users = changed('users')
  const all: Record<string, Thing[]> = {
    classes: changed('classes'),
    users,
    enrollments: changed('enrollments'),
    ...(version === '1.2' ? { roles: rolesOf(users).map(role => ({ ...role, dateLastModified })) } : {}),
  }
  const there = Object.entries(all).filter(([, things]) => things.length > 0)
  const modes = Object.fromEntries(
    filesOf(version).map(name => [name, (all[name]?.length ?? 0) > 0 ? 'delta' : 'absent']),
  )
  return {
    'manifest.csv': manifestOf(version, modes),
    ...Object.fromEntries(there.map(([name, things]) => [`${name}.csv`, written(name, things, version)])),
  }
}

/** @param folder as when a folder was zipped, rather than the files in it */
export function zipped(files: BundleFiles, folder = ''): Uint8Array {
  return zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}${name}`, strToU8(text)])))
}

/** A whole bundle and the options that read it: for the demo. */
export function oneRosterBundle(school: GeneratedSchool, version: OneRosterVersion = '1.2') {
  return { zip: zipped(bulkFiles(school, version)), options: { school: identifierOf(school) } }
}
