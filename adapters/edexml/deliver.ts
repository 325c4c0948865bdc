/** What both ways of arriving do with a document that came in whole: judge it against what was asked, then hand it over in batches. */
import { z } from 'zod'
import { countsOf, inBatches } from '../deliver.ts'
import { widelyOpened } from '../homerooms.ts'
import { type Batch, type Finding, type Proof, type Scope, SourceError } from '../source.ts'
import { checkRoster } from './check.ts'
import { type MappedRoster, mapRoster } from './map.ts'
import type { WireRoster } from './parse.ts'

/** Versions with a public schema against which parser and mapper were tried. 1.0.3 (files) and 2.3 (UWLR) have none that we hold. */
const testedVersions = new Set(['2.0', '2.1', '2.2'])

/** @throws SourceError when anything is wrong: a document is used whole or not at all */
export function understood(roster: WireRoster, today: string, askedVersion?: string): MappedRoster {
  checkRoster(roster)
  const mapped = mapRoster(roster, today)
  const version = mapped.version ?? askedVersion
  const doubtful = [version, askedVersion].filter(each => each !== undefined && !testedVersions.has(each))
  if (version !== undefined && doubtful.length === 0) return mapped
  const detail = (doubtful[0] ?? 'none').slice(0, 32).replace(/[^\w.]/g, '?')
  const finding: Finding = { code: 'unverified-version', sourceId: mapped.schoolId, detail }
  return { ...mapped, findings: [finding, ...mapped.findings] }
}

/** @throws SourceError `malformed` when the answer is of another school or year than the one asked for */
export function expectScope(found: Scope, asked: { brin?: string; location?: string; schoolYear?: string }): void {
  const differs = (name: 'brin' | 'location' | 'schoolYear', what: string) => {
    if (asked[name] !== undefined && found[name] !== asked[name])
      throw new SourceError('malformed', `wrong ${what}: asked for ${asked[name]}, got ${found[name] ?? 'none'}`)
  }
  differs('brin', 'school')
  differs('location', 'location')
  differs('schoolYear', 'school year')
}

/** @throws SourceError `malformed` when the source made this before what was applied last */
export function expectNotOlder(createdAt: string | undefined, appliedAt: string | undefined): void {
  if (createdAt !== undefined && appliedAt !== undefined && createdAt < appliedAt)
    throw new SourceError('malformed', `the roster is older (${createdAt}) than the one applied last (${appliedAt})`)
}

export const Instant = z.iso.datetime()

/** Batches of at most 500, each with the findings about its own records; the proof last. */
export function* deliver(mapped: MappedRoster, cursor: string): Generator<Batch | Proof> {
  yield* inBatches(mapped.records, mapped.findings, { ...proofOf(mapped, cursor), kind: 'snapshot' })
}

export function proofOf(mapped: MappedRoster, cursor: string): Omit<Proof, 'kind'> {
  const { scope, createdAt } = mapped
  return { scope, counts: countsOf(mapped.records), cursor, ...(createdAt === undefined ? {} : { createdAt }) }
}

/** What an administrator reads after `check`: counts and held questions, no names. */
export function summary(mapped: MappedRoster): string[] {
  const { scope, records, findings } = mapped
  const of = (role: string) => records.filter(record => record.type === 'person' && record.role === role).length
  const { group, person } = countsOf(records)
  const school = scope.brin === undefined ? mapped.schoolId : `${scope.brin}-${scope.location}`
  const says = [
    `School ${school}, school year ${scope.schoolYear}${mapped.version === undefined ? '' : `, version ${mapped.version}`}.`,
    `${group} groups, ${of('pupil')} pupils, ${person - of('pupil')} others.`,
  ]
  says.push(...widelyOpened(records))
  const undecided = findings.filter(({ code }) => code === 'role-undecided').length
  if (undecided > 0)
    says.push(`${undecided} teacher memberships without a role on the group: a person decides on them.`)
  const unverified = findings.find(({ code }) => code === 'unverified-version')
  if (unverified !== undefined)
    says.push(`Version ${unverified.detail} was built from documents only: compare the result by hand.`)
  return says
}
