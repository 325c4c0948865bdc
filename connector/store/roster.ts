/** What is stored of one source in one school, as a sync compares it: fingerprints and days, nobody's name. */
import type { DecidedConflict } from './conflicts.ts'
import type { Tx } from './database.ts'
import { Prisma } from './generated/client.ts'
import { openingRoles } from './grants.ts'
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

/** A person of the board who has such a key from another source, of this school or another. One row a key and person. */
export interface KeyHolder {
  tag: string
  personId: string
  /** Of today, in any school; where nothing is left of them, those there were. */
  roles: string[]
  /** Still somebody in some school. */
  live: boolean
  /** The key is of a school with the same BRIN. */
  sameSchool: boolean
  /** The key is from a source of the same kind. */
  sameKind: boolean
  /** The key is from a source that says who is in the school. */
  byRoster: boolean
  /** Has a role that opens reports, or may get one by a link that waits. */
  opens: boolean
}

export interface AskedKey {
  type: string
  tag: string
}

export interface StoredRoster {
  people: StoredPerson[]
  groups: StoredGroup[]
  memberships: StoredMembership[]
  keyHolders: KeyHolder[]
  /** What people said of records of this source. */
  decided?: DecidedConflict[]
  /** See askedElsewhere. */
  askedElsewhere?: ReadonlySet<string>
}

/** @param asked stable keys of the snapshot that others may have too. @param today memberships that ended before are not read */
export async function readRoster(
  tx: Tx,
  scope: RosterScope,
  { asked, today }: { asked: AskedKey[]; today: string },
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
    keyHolders: await readKeyHolders(tx, scope, { asked, today }),
  }
}

/** An account in a directory or at a vendor; numbers, user names and addresses say something within one school (BRIN) alone. */
export const isWorldwide = ({ type }: { type: string }): boolean => type === 'object-id' || type === 'subject'

/** Of this board only: by the scope, by the query, and by the fingerprints, which no other board can make. */
export async function readKeyHolders(
  tx: Tx,
  { boardId, schoolId, sourceId }: RosterScope,
  { asked, today }: { asked: AskedKey[]; today: string },
): Promise<KeyHolder[]> {
  const sources = asked.length === 0 ? [] : await othersOf(tx, { boardId, schoolId, sourceId })
  const beside = sources.filter(source => source.sameSchool)
  const { worldwide = [], local = [] } = Object.groupBy(asked, key => (isWorldwide(key) ? 'worldwide' : 'local'))
  // A board with one source a school, which is most of them, has nobody to ask.
  if ((worldwide.length === 0 || sources.length === 0) && (local.length === 0 || beside.length === 0)) return []
  const inSchool = Prisma.sql`and "schoolId" = any (${[...new Set(beside.map(source => source.schoolId))]}::uuid[])`
  // One look into the index for each key, whatever the planner thinks of a table that it has not counted yet.
  const holdersOf = (keys: AskedKey[], where: Prisma.Sql) => Prisma.sql`
    select found.* from unnest(${keys.map(key => key.type)}::text[], ${keys.map(key => Buffer.from(key.tag, 'hex'))}::bytea[]) as q (type, tag)
    cross join lateral (
      select "boardId", "schoolId", "sourceId", "personId", "valueTag" from "RosterKey"
      where "boardId" = ${boardId}::uuid and type = q.type and "valueTag" = q.tag ${where}
        and "sourceId" <> ${sourceId}::uuid and stable
      offset 0) found`
  // A plan for tables that nobody has counted yet would read all of them, once for each key.
  await tx.$executeRaw`select set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)`
  const holders = await tx.$queryRaw<KeyHolder[]>`
    with held as (
      select k."valueTag" as tag, k."personId" as person, bool_or(h.brin = own.brin) as "sameSchool",
             bool_or(s.kind = me.kind) as "sameKind", bool_or(s.gives = 'roster') as "byRoster"
      from (${holdersOf(worldwide, Prisma.empty)} union all ${holdersOf(local, inSchool)}) k
      join "Source" s on s."boardId" = k."boardId" and s.id = k."sourceId"
      join "School" h on h."boardId" = k."boardId" and h.id = k."schoolId"
      join "Source" me on me."boardId" = k."boardId" and me.id = ${sourceId}::uuid
      join "School" own on own."boardId" = k."boardId" and own.id = ${schoolId}::uuid
      group by k."valueTag", k."personId")
    select encode(held.tag, 'hex') as tag, held.person as "personId", held."sameSchool", held."sameKind", held."byRoster", a.live,
           case when a.live then a.now else a.ever end as roles,
           exists (select from "Grant" g where g."boardId" = ${boardId}::uuid and g."personId" = held.person
                   and g.role = any (${openingRoles}::text[]) and g."revokedAt" is null
                   and (g.until is null or g.until > ${today}::date)) as opens
    from held cross join lateral (
      select coalesce(bool_or(status <> 'inactive'), false) as live, coalesce(array_agg(distinct role), '{}') as ever,
             coalesce(array_agg(distinct role) filter (where status <> 'inactive'), '{}') as now
      from "Affiliation" where "boardId" = ${boardId}::uuid and "personId" = held.person) a`
  await tx.$executeRaw`select set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true)`
  return holders
}

/** The other sources of the board. `sameSchool`: of this very school, or of another location of its BRIN. */
function othersOf(
  tx: Tx,
  { boardId, schoolId, sourceId }: RosterScope,
): Promise<{ schoolId: string; sameSchool: boolean }[]> {
  return tx.$queryRaw`
    select s."schoolId", h.brin = own.brin as "sameSchool"
    from "Source" s
    join "School" h on h."boardId" = s."boardId" and h.id = s."schoolId"
    join "School" own on own."boardId" = s."boardId" and own.id = ${schoolId}::uuid
    where s."boardId" = ${boardId}::uuid and s.id <> ${sourceId}::uuid and s."appliedAt" is not null`
}

/**
 * Whether another source was applied since, so that whose a key is may have changed with it.
 * @param worldwide this source has keys that say something beyond its school (BRIN)
 */
export async function appliedBeside(
  tx: Tx,
  { boardId, schoolId, sourceId }: RosterScope,
  { since, worldwide }: { since: Date; worldwide: boolean },
): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select from "Source" s
    join "School" h on h."boardId" = s."boardId" and h.id = s."schoolId"
    join "School" own on own."boardId" = s."boardId" and own.id = ${schoolId}::uuid
    where s."boardId" = ${boardId}::uuid and s.id <> ${sourceId}::uuid and s."appliedAt" >= ${since}::timestamptz
      and (h.brin = own.brin or ${worldwide}::boolean) limit 1`
  return rows.length > 0
}

/** Of these group tags those that are an active group of the same year in another school of the board, by a source of the same kind. */
export async function tagsElsewhere(
  tx: Tx,
  { boardId, sourceId }: Pick<RosterScope, 'boardId' | 'sourceId'>,
  { kind, schoolYear, tags }: { kind: string; schoolYear: string; tags: string[] },
): Promise<string[]> {
  const rows = await tx.$queryRaw<{ tag: string }[]>`
    select distinct encode(g."sourceTag", 'hex') as tag
    from "Group" g
    join "Source" s on s."boardId" = g."boardId" and s.id = g."sourceId" and s.kind = ${kind}
    join "Source" own on own."boardId" = g."boardId" and own.id = ${sourceId}::uuid and own."schoolId" <> g."schoolId"
    join "SchoolYear" y on y."boardId" = g."boardId" and y.id = g."schoolYearId" and y.name = ${schoolYear}
    where g."boardId" = ${boardId}::uuid and g.active
      and g."sourceTag" = any (select decode(t, 'hex') from unnest(${tags}::text[]) as t)`
  return rows.map(row => row.tag)
}

/**
 * Whether what was applied says that today somebody starts or leaves, or a person decided since whose a key is: then the source must be read
 * again, changed or not.
 */
export async function someoneIsDue(tx: Tx, scope: RosterScope, today: string): Promise<boolean> {
  const { boardId, schoolId, sourceId } = scope
  const rows = await tx.$queryRaw<{ due: boolean }[]>`
    select exists (select from "Affiliation"
      where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid
        and ((status = 'pending' and "startsOn" <= ${today}::date) or (status = 'active' and "endsOn" <= ${today}::date)))
      or exists (select from "MatchConflict" c join "Source" s on s."boardId" = c."boardId" and s.id = c."sourceId"
        where c."boardId" = ${boardId}::uuid and c."sourceId" = ${sourceId}::uuid and c.kind = 'reused-key' and c."decidedAt" >= s."goodAt") as due`
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
