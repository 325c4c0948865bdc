/** Reports that nobody was told of, and urgent ones that nobody opened. The report row is the truth (safety.md §4): a mail only follows it. */
import type { Tx } from './database.ts'

export interface Untold {
  id: string
  urgent: boolean
  /** Who is said to have done it, as far as the roster knows them: they are told by nobody. */
  actors: string[]
}

/** Lets one connector at a time look after a board, for this transaction. @returns false when another does */
export async function lockBoard(tx: Tx, boardId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<{ locked: boolean }[]>`
    select pg_try_advisory_xact_lock(5308, hashtext(${boardId})) as locked`
  return rows[0]?.locked === true
}

export async function schoolsWithUntold(tx: Tx, boardId: string): Promise<string[]> {
  const rows = await tx.$queryRaw<{ schoolId: string }[]>`
    select distinct "schoolId" from "Report" where "boardId" = ${boardId}::uuid and "notifiedAt" is null`
  return rows.map(row => row.schoolId)
}

/** Locked until the transaction ends, urgent ones first. */
export async function untoldOf(
  tx: Tx,
  { boardId, schoolId, limit }: { boardId: string; schoolId: string; limit: number },
): Promise<Untold[]> {
  return tx.$queryRaw<Untold[]>`
    select r.id, r.urgent,
           array(select distinct coalesce(p."mergedIntoId", p.id)::text from "Involvement" i
                 join "Person" p on p."boardId" = i."boardId" and p.id = i."personId"
                 where i."boardId" = r."boardId" and i."reportId" = r.id and i.role in ('ACTOR', 'JOINER')) as actors
    from "Report" r
    where r."boardId" = ${boardId}::uuid and r."schoolId" = ${schoolId}::uuid and r."notifiedAt" is null
    order by r.urgent desc, r."receivedAt" limit ${limit} for update of r skip locked`
}

export async function noteTold(tx: Tx, boardId: string, reportIds: string[], at: Date): Promise<void> {
  await tx.report.updateMany({ where: { boardId, id: { in: reportIds }, notifiedAt: null }, data: { notifiedAt: at } })
}

export interface Unlooked extends Untold {
  schoolId: string
  opened: boolean
}

/**
 * Urgent reports that were told of before `toldBefore` and not judged since (a row of `report-unread` is about each that was), with whether one of
 * the coordinators or leaders who were told has opened it. Opened is:
 *
 * - an entry `report.read` of that very report, or
 * - an entry `panel.read` of a panel that showed it at that moment: of a homeroom of somebody in it, after it became visible there, and only of a
 *   report that a panel may show at all (not `BODY_BOUNDARY`, not about an adult), and with at least one report on the page.
 *
 * A look at a panel before the end of the school day is therefore none: the report was not there yet. A teacher's own look does not count.
 */
export async function unlookedAt(
  tx: Tx,
  { boardId, toldBefore, toldAfter }: { boardId: string; toldBefore: Date; toldAfter: Date },
): Promise<Unlooked[]> {
  return tx.$queryRaw<Unlooked[]>`
    with late as (
      select r."boardId", r.id, r."schoolId", r.urgent, r.behaviours, r."receivedAt", r."visibleFrom" from "Report" r
      where r."boardId" = ${boardId}::uuid and r.urgent and r."notifiedAt" > ${toldAfter} and r."notifiedAt" <= ${toldBefore}
        and not exists (select from "MailItem" m
                        where m."boardId" = r."boardId" and m.kind = 'report-unread' and m."aboutId" = r.id))
    select r.id, r."schoolId", r.urgent,
           array(select distinct coalesce(p."mergedIntoId", p.id)::text from "Involvement" i
                 join "Person" p on p."boardId" = i."boardId" and p.id = i."personId"
                 where i."boardId" = r."boardId" and i."reportId" = r.id and i.role in ('ACTOR', 'JOINER')) as actors,
           exists (
             select from "AuditEntry" a
             where a."boardId" = r."boardId" and a.at >= r."receivedAt" and a.outcome = 'done'
               and a.actor in (select m."personId"::text from "MailItem" m
                               where m."boardId" = r."boardId" and m."schoolId" = r."schoolId" and m.kind = 'urgent-report')
               and (a.action = 'report.read' and a.object = r.id::text
                    or a.action = 'panel.read' and a.at >= r."visibleFrom" and (a.detail ->> 'reports')::int > 0
                       and not 'BODY_BOUNDARY' = any (r.behaviours)
                       and not exists (select from "Involvement" s
                                       join "Person" p on p."boardId" = s."boardId" and p.id = s."personId"
                                       join "Affiliation" f on f."boardId" = s."boardId"
                                         and f."personId" = coalesce(p."mergedIntoId", p.id) and f.role <> 'pupil'
                                       where s."boardId" = r."boardId" and s."reportId" = r.id and s.role in ('ACTOR', 'JOINER'))
                       and a.object in (select i."groupId"::text from "Involvement" i
                                        where i."boardId" = r."boardId" and i."reportId" = r.id
                                          and i.role in ('ACTOR', 'JOINER', 'TARGET')))) as opened
    from late r`
}
