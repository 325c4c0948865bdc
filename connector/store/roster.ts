/** What is stored of one source in one school, as a sync compares it: fingerprints and days, nobody's name. */
import type { Tx } from './database.ts'
import type { BoardKeys } from './keyring.ts'
import { namesOf, type PersonNames } from './people.ts'

/** Everything below is of one source in one school of one board. */
export interface RosterScope {
  boardId: string
  schoolId: string
  sourceId: string
}

/** Fingerprints as hex, so that they can be keys of a Map. */
export interface StoredPerson {
  affiliationId: string
  personId: string
  tag: string
  stable: boolean
  role: string
  roleHints: string[]
  grade: string | null
  status: string
  startsOn: string | null
  endsOn: string | null
  /** Of names and contact: what cannot be compared in the clear. */
  print: string
  keys: StoredKey[]
}

export interface StoredKey {
  id: string
  type: string
  tag: string
  stable: boolean
}

export interface StoredGroup {
  id: string
  tag: string
  schoolYear: string
  kind: string
  name: string
  grades: string[]
  active: boolean
}

/** Only those that have not ended. */
export interface StoredMembership {
  id: string
  groupId: string
  groupTag: string
  schoolYear: string
  personId: string
  personTag: string
  role: string
  startsOn: string
  endsOn: string | null
}

/** People of other schools or sources of this board that a board-wide key points at: linked only when exactly one has it. */
interface KeyHolder {
  tag: string
  personId: string
  roles: string[]
}

export interface StoredRoster {
  people: StoredPerson[]
  groups: StoredGroup[]
  memberships: StoredMembership[]
  keyHolders: KeyHolder[]
}

/** @param objectIds tags of the snapshot's stable `object-id` keys. @param today memberships that ended before are not read */
export async function readRoster(
  tx: Tx,
  scope: RosterScope,
  { objectIds, today }: { objectIds: string[]; today: string },
): Promise<StoredRoster> {
  const { boardId, schoolId, sourceId } = scope
  const people = await tx.$queryRaw<Omit<StoredPerson, 'keys'>[]>`
    select id as "affiliationId", "personId", encode("sourceTag", 'hex') as tag, stable, role, "roleHints", grade, status,
           to_char("startsOn", 'YYYY-MM-DD') as "startsOn", to_char("endsOn", 'YYYY-MM-DD') as "endsOn",
           encode("contentPrint", 'hex') as print
    from "Affiliation"
    where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid`
  const keys = await tx.$queryRaw<(StoredKey & { personId: string })[]>`
    select id, "personId", type, encode("valueTag", 'hex') as tag, stable from "RosterKey"
    where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid`
  const groups = await tx.$queryRaw<StoredGroup[]>`
    select g.id, encode(g."sourceTag", 'hex') as tag, y.name as "schoolYear", g.kind, g.name, g.grades, g.active
    from "Group" g join "SchoolYear" y on y."boardId" = g."boardId" and y.id = g."schoolYearId"
    where g."boardId" = ${boardId}::uuid and g."schoolId" = ${schoolId}::uuid and g."sourceId" = ${sourceId}::uuid`
  const memberships = await tx.$queryRaw<Omit<StoredMembership, 'groupTag' | 'schoolYear' | 'personTag'>[]>`
    select id, "groupId", "personId", role,
           to_char("startsOn", 'YYYY-MM-DD') as "startsOn", to_char("endsOn", 'YYYY-MM-DD') as "endsOn"
    from "Membership"
    where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid
      and ("endsOn" is null or "endsOn" > ${today}::date)`
  const keysOf = Map.groupBy(keys, key => key.personId)
  const groupOf = new Map(groups.map(group => [group.id, group]))
  const tagOf = new Map(people.map(person => [person.personId, person.tag]))
  return {
    people: people.map(person => ({ ...person, keys: keysOf.get(person.personId) ?? [] })),
    groups,
    memberships: memberships.flatMap(membership => {
      const group = groupOf.get(membership.groupId)
      const personTag = tagOf.get(membership.personId)
      if (!group || personTag === undefined) return []
      return [{ ...membership, groupTag: group.tag, schoolYear: group.schoolYear, personTag }]
    }),
    keyHolders: objectIds.length === 0 ? [] : await readKeyHolders(tx, scope, objectIds),
  }
}

function readKeyHolders(tx: Tx, scope: RosterScope, tags: string[]): Promise<KeyHolder[]> {
  return tx.$queryRaw<KeyHolder[]>`
    select encode(k."valueTag", 'hex') as tag, k."personId",
           array(select distinct a.role from "Affiliation" a
                 where a."boardId" = k."boardId" and a."personId" = k."personId" and a.status <> 'inactive') as roles
    from "RosterKey" k
    where k."boardId" = ${scope.boardId}::uuid and k."sourceId" <> ${scope.sourceId}::uuid and k.type = 'object-id' and k.stable
      and k."valueTag" = any (select decode(t, 'hex') from unnest(${tags}::text[]) as t)
    group by k."boardId", k."valueTag", k."personId"`
}

/** Whether what was applied says that today somebody starts or leaves: then the source must be read again, changed or not. */
export async function someoneIsDue(tx: Tx, scope: RosterScope, today: string): Promise<boolean> {
  const { boardId, schoolId, sourceId } = scope
  const rows = await tx.$queryRaw<{ due: boolean }[]>`
    select exists (select from "Affiliation"
      where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid
        and ((status = 'pending' and "startsOn" <= ${today}::date) or (status = 'active' and "endsOn" <= ${today}::date))) as due`
  return rows[0]?.due ?? false
}

/** For the guard against new key formats alone. */
export async function namesOfPeople(
  tx: Tx,
  keys: BoardKeys,
  boardId: string,
  personIds: string[],
): Promise<PersonNames[]> {
  return [...(await namesOf(tx, keys, boardId, personIds)).values()]
}
