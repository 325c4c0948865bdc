/**
 * The writes of one sync: each a single statement over arrays, whatever the size of the school. Within the caller's transaction. Nothing here
 * deletes a person, a group or a membership; of roster keys only those that no longer hold go, so that they let nobody in.
 */
import type { Tx } from './database.ts'
import { Prisma } from './generated/client.ts'
import type { RosterScope } from './roster.ts'
import type { Bytes } from './seal.ts'

/** Lists within a list: PostgreSQL's own arrays would have to be of one length. No vendor's word has this character. */
const split = '\u001f'
const joined = (words: string[]): string => words.map(word => word.replaceAll(split, ' ')).join(split)

const hexes = (tags: string[]): Bytes[] => tags.map(tag => Buffer.from(tag, 'hex'))

/** @returns the year's id, made when it is new */
export async function ensureSchoolYear(
  tx: Tx,
  { boardId, schoolId }: RosterScope,
  year: { id: string; name: string; startsOn: string; endsOn: string },
): Promise<string> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    insert into "SchoolYear" ("boardId", id, "schoolId", name, "startsOn", "endsOn")
    values (${boardId}::uuid, ${year.id}::uuid, ${schoolId}::uuid, ${year.name}, ${year.startsOn}::date, ${year.endsOn}::date)
    on conflict ("boardId", "schoolId", name) do update set name = excluded.name
    returning id`
  return rows[0]?.id ?? year.id
}

export interface PersonWrite {
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
  print: string
}

export interface SealedPerson {
  personId: string
  names: Bytes
  contact: Bytes | null
}

/** New rows of `Person`. @param people `active` when their one affiliation will be: `settlePeople` need not look at them */
export async function insertPeople(
  tx: Tx,
  { boardId }: RosterScope,
  people: (SealedPerson & { active: boolean })[],
): Promise<void> {
  if (people.length === 0) return
  await tx.$executeRaw`
    insert into "Person" ("boardId", id, "namesSealed", "contactSealed", active)
    select ${boardId}::uuid, p.id, p.names, p.contact, p.active
    from unnest(${people.map(p => p.personId)}::uuid[], ${people.map(p => p.names)}::bytea[],
                ${people.map(p => p.contact)}::bytea[], ${people.map(p => p.active)}::boolean[])
      as p (id, names, contact, active)`
}

export async function updateSealed(tx: Tx, { boardId }: RosterScope, people: SealedPerson[]): Promise<void> {
  if (people.length === 0) return
  await tx.$executeRaw`
    update "Person" t set "namesSealed" = p.names, "contactSealed" = p.contact
    from unnest(${people.map(p => p.personId)}::uuid[], ${people.map(p => p.names)}::bytea[],
                ${people.map(p => p.contact)}::bytea[]) as p (id, names, contact)
    where t."boardId" = ${boardId}::uuid and t.id = p.id`
}

export async function insertAffiliations(tx: Tx, scope: RosterScope, people: PersonWrite[], at: Date): Promise<void> {
  if (people.length === 0) return
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "Affiliation" ("boardId", id, "schoolId", "sourceId", "personId", "sourceTag", stable, role, "roleHints", grade,
                               status, "startsOn", "endsOn", "contentPrint", "firstSeenAt", "lastSeenAt")
    select ${boardId}::uuid, p.id, ${schoolId}::uuid, ${sourceId}::uuid, p.person, p.tag, p.stable, p.role,
           string_to_array(p.hints, ${split}::text), p.grade, p.status, p.starts, p.ends, p.print, ${at}::timestamptz, ${at}::timestamptz
    from ${affiliations(people)} as p (id, person, tag, stable, role, hints, grade, status, starts, ends, print)`
}

export async function updateAffiliations(
  tx: Tx,
  { boardId }: RosterScope,
  people: PersonWrite[],
  at: Date,
): Promise<void> {
  if (people.length === 0) return
  await tx.$executeRaw`
    update "Affiliation" t set
      "sourceTag" = p.tag, stable = p.stable, role = p.role, "roleHints" = string_to_array(p.hints, ${split}::text), grade = p.grade,
      status = p.status, "startsOn" = p.starts, "endsOn" = p.ends, "contentPrint" = p.print, "lastSeenAt" = ${at}::timestamptz
    from ${affiliations(people)} as p (id, person, tag, stable, role, hints, grade, status, starts, ends, print)
    where t."boardId" = ${boardId}::uuid and t.id = p.id`
}

const affiliations = (people: PersonWrite[]) => Prisma.sql`
    unnest(${people.map(p => p.affiliationId)}::uuid[], ${people.map(p => p.personId)}::uuid[],
           ${hexes(people.map(p => p.tag))}::bytea[], ${people.map(p => p.stable)}::boolean[], ${people.map(p => p.role)}::text[],
           ${people.map(p => joined(p.roleHints))}::text[], ${people.map(p => p.grade)}::text[],
           ${people.map(p => p.status)}::text[], ${people.map(p => p.startsOn)}::date[], ${people.map(p => p.endsOn)}::date[],
           ${hexes(people.map(p => p.print))}::bytea[])`

/**
 * `lastSeenAt` of who is here is not written every night: they were seen at `Source.goodAt`. Who goes keeps the last time they were.
 * @param seenAt the last run that ended well
 */
export async function deactivateAffiliations(
  tx: Tx,
  { boardId }: RosterScope,
  ids: string[],
  seenAt: Date,
): Promise<void> {
  if (ids.length === 0) return
  await tx.$executeRaw`
    update "Affiliation" set status = 'inactive', "lastSeenAt" = greatest("lastSeenAt", ${seenAt}::timestamptz)
    where "boardId" = ${boardId}::uuid and id = any (${ids}::uuid[])`
}

/** The tag becomes one that no fingerprint is: 16 bytes instead of 32. Who had it stays, and is never found by a source's key again. */
export async function retireAffiliations(tx: Tx, scope: RosterScope, ids: string[], seenAt: Date): Promise<void> {
  if (ids.length === 0) return
  await deactivateAffiliations(tx, scope, ids, seenAt)
  await tx.$executeRaw`
    update "Affiliation" set "sourceTag" = uuid_send(id) where "boardId" = ${scope.boardId}::uuid and id = any (${ids}::uuid[])`
}

/**
 * A person is active while any affiliation is. Who is not loses every session at once; who left this school but not another loses those
 * of this school.
 */
export async function settlePeople(tx: Tx, { boardId }: RosterScope, personIds: string[], at: Date): Promise<void> {
  if (personIds.length === 0) return
  await tx.$executeRaw`
    update "Person" p set active = x.live, "deactivatedAt" = case when x.live then null else ${at}::timestamptz end
    from (select i.id, exists (select from "Affiliation" a where a."boardId" = ${boardId}::uuid and a."personId" = i.id
                               and a.status = 'active') as live
          from unnest(${personIds}::uuid[]) as i (id)) x
    where p."boardId" = ${boardId}::uuid and p.id = x.id and p.active <> x.live`
  await tx.$executeRaw`
    update "Session" s set "endedAt" = ${at}::timestamptz
    where s."boardId" = ${boardId}::uuid and s."personId" = any (${personIds}::uuid[]) and s."endedAt" is null
      and not exists (select from "Affiliation" a where a."boardId" = ${boardId}::uuid and a."personId" = s."personId"
                      and a."schoolId" = s."schoolId" and a.status = 'active')`
}

export interface GroupWrite {
  id: string
  tag: string
  schoolYearId: string
  kind: string
  name: string
  grades: string[]
}

/** Inserts those whose id is new, updates and reopens the others. */
export async function writeGroups(tx: Tx, scope: RosterScope, groups: GroupWrite[], at: Date): Promise<void> {
  if (groups.length === 0) return
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "Group" ("boardId", id, "schoolId", "schoolYearId", "sourceId", "sourceTag", kind, name, grades, active,
                         "firstSeenAt", "lastSeenAt")
    select ${boardId}::uuid, g.id, ${schoolId}::uuid, g.year, ${sourceId}::uuid, g.tag, g.kind, g.name,
           string_to_array(g.grades, ${split}::text), true, ${at}::timestamptz, ${at}::timestamptz
    from unnest(${groups.map(g => g.id)}::uuid[], ${groups.map(g => g.schoolYearId)}::uuid[], ${hexes(groups.map(g => g.tag))}::bytea[],
                ${groups.map(g => g.kind)}::text[], ${groups.map(g => g.name)}::text[],
                ${groups.map(g => joined(g.grades))}::text[]) as g (id, year, tag, kind, name, grades)
    on conflict ("boardId", id) do update set
      kind = excluded.kind, name = excluded.name, grades = excluded.grades, active = true, "lastSeenAt" = excluded."lastSeenAt"`
}

export async function deactivateGroups(tx: Tx, { boardId }: RosterScope, ids: string[], seenAt: Date): Promise<void> {
  if (ids.length === 0) return
  await tx.$executeRaw`
    update "Group" set active = false, "lastSeenAt" = greatest("lastSeenAt", ${seenAt}::timestamptz) where "boardId" = ${boardId}::uuid and id = any (${ids}::uuid[])`
}

export interface MembershipWrite {
  id: string
  groupId: string
  personId: string
  role: string
  startsOn: string
  endsOn: string | null
}

/**
 * One that ended and comes back on the day it started is opened again.
 * @param newcomers only people who were made in this very transaction: nothing of theirs can be there, and looking for it costs a third
 */
export async function insertMemberships(
  tx: Tx,
  scope: RosterScope,
  rows: MembershipWrite[],
  { newcomers }: { newcomers: boolean },
): Promise<void> {
  if (rows.length === 0) return
  const again = Prisma.sql`on conflict ("boardId", "groupId", "personId", role, "startsOn") do update set "endsOn" = excluded."endsOn"`
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "Membership" ("boardId", id, "schoolId", "sourceId", "groupId", "personId", role, "startsOn", "endsOn")
    select ${boardId}::uuid, m.id, ${schoolId}::uuid, ${sourceId}::uuid, m.grp, m.person, m.role, m.starts, m.ends
    from unnest(${rows.map(m => m.id)}::uuid[], ${rows.map(m => m.groupId)}::uuid[], ${rows.map(m => m.personId)}::uuid[],
                ${rows.map(m => m.role)}::text[], ${rows.map(m => m.startsOn)}::date[], ${rows.map(m => m.endsOn)}::date[])
      as m (id, grp, person, role, starts, ends)
    ${newcomers ? Prisma.empty : again}`
}

/** @param rows `endsOn` is exclusive, and never before the start */
export async function endMemberships(
  tx: Tx,
  { boardId }: RosterScope,
  rows: { id: string; endsOn: string | null }[],
): Promise<void> {
  if (rows.length === 0) return
  await tx.$executeRaw`
    update "Membership" t set "endsOn" = greatest(t."startsOn", m.ends)
    from unnest(${rows.map(m => m.id)}::uuid[], ${rows.map(m => m.endsOn)}::date[]) as m (id, ends)
    where t."boardId" = ${boardId}::uuid and t.id = m.id and m.ends is not null`
  await tx.$executeRaw`
    update "Membership" t set "endsOn" = null
    where t."boardId" = ${boardId}::uuid and t.id = any (${rows.filter(m => m.endsOn === null).map(m => m.id)}::uuid[])`
}

export interface KeyWrite {
  id: string
  personId: string
  type: string
  tag: string
  stable: boolean
}

/** @param newcomers see insertMemberships */
export async function insertKeys(
  tx: Tx,
  scope: RosterScope,
  rows: KeyWrite[],
  { newcomers }: { newcomers: boolean } = { newcomers: false },
): Promise<void> {
  if (rows.length === 0) return
  const again = Prisma.sql`
    on conflict ("boardId", "schoolId", "sourceId", "personId", type, "valueTag") do update set stable = excluded.stable`
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "RosterKey" ("boardId", id, "schoolId", "sourceId", "personId", type, "valueTag", stable)
    select ${boardId}::uuid, k.id, ${schoolId}::uuid, ${sourceId}::uuid, k.person, k.type, k.tag, k.stable
    from unnest(${rows.map(k => k.id)}::uuid[], ${rows.map(k => k.personId)}::uuid[], ${rows.map(k => k.type)}::text[],
                ${hexes(rows.map(k => k.tag))}::bytea[], ${rows.map(k => k.stable)}::boolean[]) as k (id, person, type, tag, stable)
    ${newcomers ? Prisma.empty : again}`
}
