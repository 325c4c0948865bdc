/** What a roster shows, for the guards to compare with the next one. */
import type { PersonRecord } from '../../adapters/roster.ts'
import { schoolYearOn } from '../store/calendar.ts'
import type { BoardKeys } from '../store/keyring.ts'
import type { SourceProfile } from '../store/source-profile.ts'
import type { Roster } from './collect.ts'
import type { Snapshot } from './snapshot.ts'

/** What a source may stop giving. Keys by their type: see the guard `keys-missing`. */
const optional = [
  'givenName',
  'preferredFirstName',
  'initials',
  'familyNamePrefix',
  'familyName',
  'username',
  'email',
  'grade',
  'startsOn',
  'endsOn',
] as const satisfies readonly (keyof PersonRecord)[]

/** Pupils who are here, of how many each field is filled, and people of no known role. */
export function showOf({ people }: Snapshot): Pick<SourceProfile, 'pupils' | 'fields' | 'unknownRoles'> {
  const here = people.filter(({ record }) => record.status !== 'inactive')
  const pupils = here.filter(({ record }) => record.role === 'pupil')
  const fields = optional.map(
    field => [field, pupils.filter(({ record }) => record[field] !== undefined).length] as const,
  )
  return {
    pupils: pupils.length,
    fields: Object.fromEntries(fields.filter(([, count]) => count > 0)),
    unknownRoles: here.filter(({ record }) => record.role === 'unknown').length,
  }
}

/** After it was applied. What only everything can show stays as it was after changes only. */
export function profileAfter(
  { print: _outdated, ...before }: SourceProfile,
  snapshot: Snapshot,
  { damaged, print }: { damaged: number; print?: string },
): SourceProfile {
  const { proof } = snapshot
  const { brin, organisation = before.organisation } = proof.scope
  return {
    ...before,
    ...(proof.kind === 'snapshot' && print !== undefined ? { print } : {}),
    ...(proof.kind === 'snapshot' ? { ...showOf(snapshot), damaged, named: brin !== undefined } : {}),
    ...(organisation === undefined ? {} : { organisation }),
    grant: proof.grant ?? (proof.kind === 'snapshot' ? [] : before.grant),
  }
}

/**
 * Of all that came and of the school year in which it came: the same print means that comparing it again would change nothing, as long as nobody
 * is due and no question waits. Source: ours; a night in which nothing changed is the usual one.
 */
export function printOf(roster: Roster, keys: BoardKeys, today: string): string {
  const schoolYear = schoolYearOn(today)
  const known = printed.get(roster)
  if (known?.schoolYear === schoolYear) return known.print
  const { school, groups, people, memberships, proof } = roster
  const all = [schoolYear, school, proof.scope, proof.grant, groups, people, memberships]
  const print = Buffer.from(keys.fingerprint('content', Buffer.from(JSON.stringify(all), 'utf8'))).toString('hex')
  printed.set(roster, { schoolYear, print })
  return print
}

/** It is asked for twice: is it the same, and what is it now. A roster is of one board, and nobody changes it. */
const printed = new WeakMap<Roster, { schoolYear: string; print: string }>()
