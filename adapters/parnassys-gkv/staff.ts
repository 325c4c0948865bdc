/** A member of staff of the GKV: who it is, and what the school calls the job. There are no groups. */
import { given } from '../deliver.ts'
import { splitPrefix } from '../names.ts'
import type { PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import { keyOf, noteDamage } from './ids.ts'
import type { WireEmployee } from './wire.ts'

/** `lastName` may hold the prefix: no document says. */
export function mapEmployee(
  employee: WireEmployee,
  employments: ReadonlyMap<string | undefined, { naam?: string; afkorting?: string }>,
  findings: Finding[],
): PersonRecord {
  const sourceId = `medewerker:${keyOf(employee, 'medewerker')}`
  const { firstName, roepNaam, lastName, tussenvoegsel, email } = employee
  const named = employee.employments.map(each => ({ ...employments.get(each.id), ...each }))
  const hints = named.flatMap(({ afkorting, naam }) => [afkorting, naam].filter(hint => hint !== undefined))
  const split = tussenvoegsel === undefined && lastName !== undefined ? splitPrefix(lastName) : undefined
  noteDamage(sourceId, [firstName, roepNaam, lastName, tussenvoegsel], findings)
  return {
    type: 'person',
    sourceId,
    stable: true,
    role: roleOf(hints),
    roleHints: [...new Set(hints.map(hint => hint.slice(0, 100)))].sort(),
    status: 'active',
    ...given('givenName', firstName),
    ...given('preferredFirstName', roepNaam),
    ...given('familyNamePrefix', tussenvoegsel ?? split?.familyNamePrefix),
    ...given('familyName', split?.familyName ?? lastName),
    ...given('email', email),
    keys: email === undefined ? [] : [{ type: 'email', value: email, stable: true }],
  }
}

/** Ours: parents who help and trainees may be on the list of staff; whoever is called so is never more than that. */
function roleOf(hints: readonly string[]): PersonRecord['role'] {
  if (hints.some(hint => hint === 'OUD' || /ouder/i.test(hint))) return 'parent'
  if (hints.some(hint => hint === 'STA' || /stagi/i.test(hint))) return 'trainee'
  return 'staff'
}
