/** UWLR in stages, for big schools: the structure, then the pupils of a handful of groups at a time, then the teachers; together one roster. */
import { type Scope, SourceError } from '../source.ts'
import { checkSchool } from './check.ts'
import { expectScope } from './deliver.ts'
import { scopeOf } from './map.ts'
import { rosterLimits, sourceIdOf, type WireGroup, type WirePerson, type WireRoster } from './parse.ts'
import type { Ask, Heard } from './transport.ts'

/** Ours: a thousand groups by ten, twice. What asks more often than this is no school. */
const longestRun = 250

/**
 * @param asked.lastReceived the gate: asked at the structure only; who is asked for people sends them all
 * @returns as one answer that had everything
 * @throws SourceError when any part is missing, of another school or year, or contradicts another part
 */
export async function readStaged(
  ask: Ask,
  asked: { scope: Scope; groupsPerCall: number; lastReceived: string | undefined },
): Promise<Heard> {
  const structure = await ask('structure', { lastReceived: asked.lastReceived })
  if (structure.kind !== 'roster') return structure
  const { roster } = structure
  expectSame(roster, asked.scope)
  const calls = handfuls(roster.groups, asked.groupsPerCall)
  if (calls.length > longestRun)
    throw new SourceError('malformed', `${roster.groups.length} groups are more than one school has: refused`)
  const people = new Map<string, WirePerson>()
  for (const operation of ['pupils', 'teachers'] as const)
    for (const groups of calls) {
      const part = await ask(operation, { groups })
      if (part.kind === 'no-changes')
        throw new SourceError('incomplete', 'the source says nothing changed, though it was asked for everything')
      // A handful of groups may have nobody.
      if (part.kind === 'no-data') continue
      expectSame(part.roster, asked.scope)
      gather(people, part.roster)
      for (const id of part.roster.trimmed) roster.trimmed.add(id)
      for (const id of part.roster.damaged) roster.damaged.add(id)
    }
  return { kind: 'roster', roster: { ...roster, people: [...people.values()] } }
}

function expectSame({ school }: WireRoster, scope: Scope): void {
  checkSchool(school)
  expectScope(scopeOf(school), scope)
}

/**
 * Each group once, and then whoever is in no `groep`. With the composite groups asked for as well, nobody is left out, whether the service
 * takes the keyless `groep` as "in no homeroom" (the XSD) or "in no group at all". A keyless `samengestelde_groep` would be nearly everybody.
 */
function handfuls(groups: readonly WireGroup[], size: number): (readonly WireGroup[] | 'loose')[] {
  const calls: (readonly WireGroup[] | 'loose')[] = []
  for (let at = 0; at < groups.length; at += size) calls.push(groups.slice(at, at + size))
  return [...calls, 'loose']
}

/** A person in groups of several handfuls comes as often: one person, or a contradiction. Twice in one answer is a duplicate. */
function gather(people: Map<string, WirePerson>, part: WireRoster): void {
  const here = new Set<string>()
  for (const person of part.people) {
    const id = sourceIdOf(person)
    if (here.has(id)) throw new SourceError('malformed', `duplicate key: ${id} appears twice`, { sourceId: id })
    here.add(id)
    const known = people.get(id)
    people.set(id, known === undefined ? person : merged(id, known, person))
  }
  if (people.size > rosterLimits.records)
    throw new SourceError('malformed', `more than ${rosterLimits.records} records for one school: refused`)
  const references = [...people.values()].reduce((sum, { groups }) => sum + groups.length, 0)
  if (references > rosterLimits.references)
    throw new SourceError('malformed', 'more memberships than one school can have: refused')
}

/** What one answer leaves out the other may say; what both say must be the same. Groups add up. */
function merged(id: string, one: WirePerson, other: WirePerson): WirePerson {
  const groups = new Map(one.groups.map(group => [sourceIdOf(group), group]))
  for (const group of other.groups) {
    const known = groups.get(sourceIdOf(group))
    if (known !== undefined && rolesOf(known) !== rolesOf(group))
      throw contradiction(id, `its role on ${sourceIdOf(group)}`)
    groups.set(sourceIdOf(group), group)
  }
  if (rolesOf(one) !== rolesOf(other)) throw contradiction(id, 'its roles')
  const { groups: _, rol, rolomschrijving, ...fields } = other
  for (const [name, value] of Object.entries(fields)) {
    const known: unknown = Reflect.get(one, name)
    if (known !== undefined && known !== value) throw contradiction(id, `its ${name}`)
  }
  return { ...one, ...fields, groups: [...groups.values()] }
}

const rolesOf = ({ rol, rolomschrijving }: Pick<WirePerson, 'rol' | 'rolomschrijving'>) =>
  JSON.stringify([[...new Set(rol)].sort(), [...new Set(rolomschrijving)].sort()])

const contradiction = (id: string, what: string) =>
  new SourceError('malformed', `${id} comes in two answers that differ on ${what}: asked again, it may be over`, {
    sourceId: id,
  })
