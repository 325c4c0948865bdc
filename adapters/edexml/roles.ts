/** Who opens a panel: `LRK` on that group, and nobody else (design.md, "What the roster opens"). That code is compared exactly, those that close in any case. */
import { detail, order } from '../deliver.ts'
import type { MembershipRecord, PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import { sourceIdOf, type WirePerson } from './parse.ts'

/** EDEXML's list; `TAL` since 2.1. */
const knownRoles: ReadonlySet<string> = new Set(
  'ADJ ADM CON DIR ICT IB KLA LRK LOS LOC OWA OUD RT SMW STA TAL VAK'.split(' '),
)

/** Parents and trainees sit among `leerkrachten`. One such role anywhere decides what the person is. */
export function personRole(person: WirePerson): PersonRecord['role'] {
  if (person.kind === 'leerling') return 'pupil'
  const codes = [person, ...person.groups].flatMap(({ rol }) => rol)
  if (has(codes, 'OUD')) return 'parent'
  return has(codes, 'STA') ? 'trainee' : 'staff'
}

const has = (codes: readonly string[], code: 'OUD' | 'STA') => codes.some(each => each.toUpperCase() === code)

/** Ours: words beside a code that contradict it. They never open anything; a person decides. */
const outsiderWords = /stagi|\blio\b|leraar in opleiding|hulpouder|ouderhulp/i

/**
 * @param onGroup role codes on that very group
 * @returns `undecided` (held for a person) without any code on the group, whatever the general role; also when a teacher of this group is
 * a parent or trainee on another, or by a description: the source contradicts itself on what this person is
 */
function membershipRole(onGroup: readonly string[], person: WirePerson): MembershipRecord['role'] {
  const outsider = (codes: readonly string[]) => has(codes, 'OUD') || has(codes, 'STA')
  if (outsider(onGroup) || outsider(person.rol)) return 'other'
  if (onGroup.length === 0) return 'undecided'
  if (!onGroup.includes('LRK')) return 'other'
  const words = [person, ...person.groups].flatMap(({ rolomschrijving }) => rolomschrijving)
  return personRole(person) === 'staff' && !words.some(word => outsiderWords.test(word)) ? 'teacher' : 'undecided'
}

/** Codes first in a set order, then the vendor's words; general ones and those per group alike. */
export function hints(person: WirePerson): string[] {
  const codes = new Set([person, ...person.groups].flatMap(({ rol }) => rol))
  const words = new Set([person, ...person.groups].flatMap(({ rolomschrijving }) => rolomschrijving))
  return [...[...codes].sort(order), ...[...words].sort(order)].map(hint => hint.slice(0, 100))
}

/** One membership a group, also when the source lists the group twice: the roles then add up. */
export function mapMemberships(person: WirePerson, findings: Finding[]): MembershipRecord[] {
  const personSourceId = sourceIdOf(person)
  for (const code of new Set([person, ...person.groups].flatMap(({ rol }) => rol)))
    if (!knownRoles.has(code)) findings.push({ code: 'unknown-role', sourceId: personSourceId, ...detail(code) })
  const roles = new Map<string, string[]>()
  for (const reference of person.groups) {
    const id = sourceIdOf(reference)
    roles.set(id, [...(roles.get(id) ?? []), ...reference.rol])
  }
  return [...roles].map(([groupSourceId, onGroup]) => {
    const role = person.kind === 'leerling' ? 'pupil' : membershipRole(onGroup, person)
    if (role === 'undecided') findings.push({ code: 'role-undecided', sourceId: personSourceId, detail: groupSourceId })
    return { type: 'membership', groupSourceId, personSourceId, role }
  })
}
