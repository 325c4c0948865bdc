/**
 * Two rows that are one human become one: everything of the roster and of the ways in goes to the one who stays. What was reported, and who is
 * involved in it, is not touched (the application may not change it): it stays with the row it names, and is shown by `Person.mergedIntoId`.
 */
import { AppError } from '../errors.ts'
import type { Tx } from './database.ts'
import { lockPerson, openingRoles, standingGrants, teachesHomeroom } from './grants.ts'

export interface Merge {
  boardId: string
  from: string
  into: string
  /** `YYYY-MM-DD`, Europe/Amsterdam. */
  today: string
  at: Date
}

/**
 * Nobody is merged twice: who was merged into `from` is in `into` afterwards.
 * @throws AppError `conflict` with reason `merged-already`, `pupil-and-staff`, `one-source`, `two-accounts`, `granted-each-other` or
 * `it-administrator`, and nothing is changed
 */
export async function mergePeople(tx: Tx, merge: Merge): Promise<void> {
  const { boardId, from, into, at } = merge
  // In one order, so that two merges of the same two wait and do not deadlock.
  for (const id of [from, into].sort()) await lockPerson(tx, boardId, id)
  await mustBeTwo(tx, merge)
  await mustBeOneKind(tx, merge)
  await mustBeOfTwoSources(tx, merge)
  await mustHaveOneAccount(tx, merge)
  await mustStayApart(tx, merge)
  await moveRoster(tx, merge)
  await tx.identity.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
  await tx.grant.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
  await tx.grant.updateMany({ where: { boardId, confirmById: from }, data: { confirmById: into } })
  await moveQuestions(tx, merge)
  await tx.person.updateMany({ where: { boardId, mergedIntoId: from }, data: { mergedIntoId: into } })
  await tx.person.update({
    where: { boardId_id: { boardId, id: from } },
    data: { mergedIntoId: into, active: false, deactivatedAt: at },
  })
  const active = (await tx.affiliation.count({ where: { boardId, personId: into, status: 'active' } })) > 0
  await tx.person.updateMany({
    where: { boardId, id: into, active: !active },
    data: { active, deactivatedAt: active ? null : at },
  })
}

async function mustBeTwo(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  const found = await tx.person.count({ where: { boardId, id: { in: [from, into] }, mergedIntoId: null } })
  if (from === into || found !== 2)
    throw conflict('These two are one person already, or one of them is somebody else.', 'merged-already')
}

/** A pupil's account that opens a teacher's panel is the worst mistake there can be. */
async function mustBeOneKind(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  const rows = await tx.affiliation.findMany({
    where: { boardId, personId: { in: [from, into] }, status: { not: 'inactive' } },
    select: { personId: true, role: true },
  })
  const isPupil = (id: string) => rows.some(row => row.personId === id && row.role === 'pupil')
  const isOther = (id: string) => rows.some(row => row.personId === id && row.role !== 'pupil')
  if ((isPupil(from) && isOther(into)) || (isOther(from) && isPupil(into)))
    throw conflict('One of them is a pupil and the other is not: they stay two.', 'pupil-and-staff')
}

/** And a sync would give them back and forth the keys of either. */
async function mustBeOfTwoSources(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  const of = (personId: string) =>
    tx.affiliation.findMany({ where: { boardId, personId, status: { not: 'inactive' } }, select: { sourceId: true } })
  const mine = new Set((await of(into)).map(row => row.sourceId))
  if ((await of(from)).some(row => mine.has(row.sourceId)))
    throw conflict('One source has both of them, as two people: it must have one.', 'one-source')
}

async function mustHaveOneAccount(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  const of = (personId: string) => tx.identity.findMany({ where: { boardId, personId }, select: { issuer: true } })
  const mine = new Set((await of(into)).map(row => row.issuer))
  if ((await of(from)).some(row => mine.has(row.issuer)))
    throw conflict(
      'Both have signed in, each with an account of their own at one sign-in: they stay two.',
      'two-accounts',
    )
}

/** The rules of grants (admin/grants.ts) hold of the one they would become. */
async function mustStayApart(tx: Tx, { boardId, from, into, today }: Merge): Promise<void> {
  const both = [from, into]
  const grants = await tx.grant.findMany({ where: { boardId, personId: { in: both }, ...standingGrants(today) } })
  const isOther = (id: string | null, holder: string) => id !== null && id !== holder && both.includes(id)
  if (grants.some(grant => isOther(grant.grantedBy, grant.personId) || isOther(grant.confirmById, grant.personId)))
    throw conflict('One of them gave the other a role, or confirmed it: revoke that grant first.', 'granted-each-other')
  if (!grants.some(grant => grant.role === 'IT_ADMINISTRATOR')) return
  const teaches = (await teachesHomeroom(tx, boardId, from, today)) || (await teachesHomeroom(tx, boardId, into, today))
  if (teaches || grants.some(grant => openingRoles.includes(grant.role as (typeof openingRoles)[number])))
    throw conflict(
      'One of them administers the systems and the other may open reports: nobody may do both. Revoke one of the grants first.',
      'it-administrator',
    )
}

async function moveRoster(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  await tx.affiliation.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
  // One place in one group from one day on is one row: the longer one stays.
  await tx.$executeRaw`
    update "Membership" m set "endsOn" = case when m."endsOn" is null or f."endsOn" is null then null else greatest(m."endsOn", f."endsOn") end
    from "Membership" f
    where m."boardId" = ${boardId}::uuid and m."personId" = ${into}::uuid and f."boardId" = m."boardId" and f."personId" = ${from}::uuid
      and f."groupId" = m."groupId" and f.role = m.role and f."startsOn" = m."startsOn"`
  await tx.$executeRaw`
    delete from "Membership" f using "Membership" m
    where f."boardId" = ${boardId}::uuid and f."personId" = ${from}::uuid and m."boardId" = f."boardId" and m."personId" = ${into}::uuid
      and f."groupId" = m."groupId" and f.role = m.role and f."startsOn" = m."startsOn"`
  await tx.membership.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
  await tx.$executeRaw`
    delete from "RosterKey" f using "RosterKey" k
    where f."boardId" = ${boardId}::uuid and f."personId" = ${from}::uuid and k."boardId" = f."boardId" and k."personId" = ${into}::uuid
      and k."schoolId" = f."schoolId" and k."sourceId" = f."sourceId" and k.type = f.type and k."valueTag" = f."valueTag"`
  await tx.rosterKey.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
}

async function moveQuestions(tx: Tx, { boardId, from, into }: Merge): Promise<void> {
  await tx.$executeRaw`
    update "MatchConflict" set candidates = array(select distinct unnest(array_replace(candidates, ${from}::uuid, ${into}::uuid)) order by 1)
    where "boardId" = ${boardId}::uuid and ${from}::uuid = any (candidates)`
  await tx.matchConflict.updateMany({ where: { boardId, personId: from }, data: { personId: into } })
  await tx.matchConflict.updateMany({ where: { boardId, decidedFor: from }, data: { decidedFor: into } })
}

const conflict = (message: string, reason: string) => new AppError('conflict', message, { reason })
