/**
 * The writes of one sync: each a single statement over arrays, whatever the size of the school. Within the caller's transaction. Nothing here
 * deletes a person, a group or a membership; of roster keys only those that no longer hold go, so that they let nobody in.
 */
import type { Tx } from './database.ts'
import type { RosterScope } from './roster.ts'
import type { Bytes } from './seal.ts'

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

/** New rows of `Person`, not yet active: `settlePeople` decides that from the affiliations. */
export async function insertPeople(tx: Tx, { boardId }: RosterScope, people: SealedPerson[]): Promise<void> {
  if (people.length === 0) return
  await tx.$executeRaw`
    insert into "Person" ("boardId", id, "namesSealed", "contactSealed", active)
    select ${boardId}::uuid, p.id, p.names, p.contact, false
    from unnest(${people.map(p => p.personId)}::uuid[], ${people.map(p => p.names)}::bytea[],
                ${people.map(p => p.contact)}::bytea[]) as p (id, names, contact)`
}

export async function updateSealed(tx: Tx, { boardId }: RosterScope, people: SealedPerson[]): Promise<void> {
  if (people.length === 0) return
  await tx.$executeRaw`
    update "Person" t set "namesSealed" = p.names, "contactSealed" = p.contact
    from unnest(${people.map(p => p.personId)}::uuid[], ${people.map(p => p.names)}::bytea[],
                ${people.map(p => p.contact)}::bytea[]) as p (id, names, contact)
    where t."boardId" = ${boardId}::uuid and t.id = p.id`
}

/** Inserts those whose affiliation id is new, updates the others. */
export async function writeAffiliations(tx: Tx, scope: RosterScope, people: PersonWrite[], at: Date): Promise<void> {
  if (people.length === 0) return
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "Affiliation" as t ("boardId", id, "schoolId", "sourceId", "personId", "sourceTag", stable, role, "roleHints", grade,
                                    status, "startsOn", "endsOn", "contentPrint", "firstSeenAt", "lastSeenAt")
    select ${boardId}::uuid, p.id, ${schoolId}::uuid, ${sourceId}::uuid, p.person, p.tag, p.stable, p.role,
           array(select jsonb_array_elements_text(p.hints::jsonb)), p.grade, p.status, p.starts, p.ends, p.print, ${at}::timestamptz, ${at}::timestamptz
    from unnest(${people.map(p => p.affiliationId)}::uuid[], ${people.map(p => p.personId)}::uuid[],
                ${hexes(people.map(p => p.tag))}::bytea[], ${people.map(p => p.stable)}::boolean[], ${people.map(p => p.role)}::text[],
                ${people.map(p => JSON.stringify(p.roleHints))}::text[], ${people.map(p => p.grade)}::text[],
                ${people.map(p => p.status)}::text[], ${people.map(p => p.startsOn)}::date[], ${people.map(p => p.endsOn)}::date[],
                ${hexes(people.map(p => p.print))}::bytea[])
      as p (id, person, tag, stable, role, hints, grade, status, starts, ends, print)
    on conflict ("boardId", id) do update set
      "sourceTag" = excluded."sourceTag", stable = excluded.stable, role = excluded.role, "roleHints" = excluded."roleHints",
      grade = excluded.grade, status = excluded.status, "startsOn" = excluded."startsOn", "endsOn" = excluded."endsOn",
      "contentPrint" = excluded."contentPrint"`
}

export async function deactivateAffiliations(tx: Tx, { boardId }: RosterScope, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.$executeRaw`
    update "Affiliation" set status = 'inactive' where "boardId" = ${boardId}::uuid and id = any (${ids}::uuid[])`
}

/** Under a proof everyone who is still here was seen now. */
export async function markSeen(tx: Tx, scope: RosterScope, schoolYearId: string, at: Date): Promise<void> {
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    update "Affiliation" set "lastSeenAt" = ${at}::timestamptz where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid
      and "sourceId" = ${sourceId}::uuid and status <> 'inactive'`
  await tx.$executeRaw`
    update "Group" set "lastSeenAt" = ${at}::timestamptz where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid
      and "sourceId" = ${sourceId}::uuid and "schoolYearId" = ${schoolYearId}::uuid and active`
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
           array(select jsonb_array_elements_text(g.grades::jsonb)), true, ${at}::timestamptz, ${at}::timestamptz
    from unnest(${groups.map(g => g.id)}::uuid[], ${groups.map(g => g.schoolYearId)}::uuid[], ${hexes(groups.map(g => g.tag))}::bytea[],
                ${groups.map(g => g.kind)}::text[], ${groups.map(g => g.name)}::text[],
                ${groups.map(g => JSON.stringify(g.grades))}::text[]) as g (id, year, tag, kind, name, grades)
    on conflict ("boardId", id) do update set
      kind = excluded.kind, name = excluded.name, grades = excluded.grades, active = true`
}

export async function deactivateGroups(tx: Tx, { boardId }: RosterScope, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.$executeRaw`
    update "Group" set active = false where "boardId" = ${boardId}::uuid and id = any (${ids}::uuid[])`
}

export interface MembershipWrite {
  id: string
  groupId: string
  personId: string
  role: string
  startsOn: string
  endsOn: string | null
}

/** One that ended and comes back on the day it started is opened again. */
export async function insertMemberships(tx: Tx, scope: RosterScope, rows: MembershipWrite[]): Promise<void> {
  if (rows.length === 0) return
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "Membership" ("boardId", id, "schoolId", "sourceId", "groupId", "personId", role, "startsOn", "endsOn")
    select ${boardId}::uuid, m.id, ${schoolId}::uuid, ${sourceId}::uuid, m.grp, m.person, m.role, m.starts, m.ends
    from unnest(${rows.map(m => m.id)}::uuid[], ${rows.map(m => m.groupId)}::uuid[], ${rows.map(m => m.personId)}::uuid[],
                ${rows.map(m => m.role)}::text[], ${rows.map(m => m.startsOn)}::date[], ${rows.map(m => m.endsOn)}::date[])
      as m (id, grp, person, role, starts, ends)
    on conflict ("boardId", "groupId", "personId", role, "startsOn") do update set "endsOn" = excluded."endsOn"`
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

export async function insertKeys(tx: Tx, scope: RosterScope, rows: KeyWrite[]): Promise<void> {
  if (rows.length === 0) return
  const { boardId, schoolId, sourceId } = scope
  await tx.$executeRaw`
    insert into "RosterKey" ("boardId", id, "schoolId", "sourceId", "personId", type, "valueTag", stable)
    select ${boardId}::uuid, k.id, ${schoolId}::uuid, ${sourceId}::uuid, k.person, k.type, k.tag, k.stable
    from unnest(${rows.map(k => k.id)}::uuid[], ${rows.map(k => k.personId)}::uuid[], ${rows.map(k => k.type)}::text[],
                ${hexes(rows.map(k => k.tag))}::bytea[], ${rows.map(k => k.stable)}::boolean[]) as k (id, person, type, tag, stable)
    on conflict ("boardId", "schoolId", "sourceId", "personId", type, "valueTag") do update set stable = excluded.stable`
}

export async function deleteKeys(tx: Tx, { boardId }: RosterScope, ids: string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.$executeRaw`delete from "RosterKey" where "boardId" = ${boardId}::uuid and id = any (${ids}::uuid[])`
}
