/** The reports of one homeroom, as far as its teacher may see them. The limits stand in the query: what is not selected cannot leak. */
import type { Tx } from './database.ts'

export interface PanelRow {
  id: string
  /** Null when the reporter did not know the day. */
  happenedOn: string | null
  precision: string
  moment: string
  place: string
  behaviours: string[]
  frequency: string
  severity: number | null
  involved: { role: string; personId: string | null; groupId: string | null; groupName: string | null }[]
}

export interface PanelQuery {
  boardId: string
  schoolId: string
  groupId: string
  /** Days, `to` exclusive. */
  from: string
  to: string
  now: Date
}

/**
 * Ordered by day, then by id, which is random: neither tells when a report came in. Where the day is not known, the week it came in decides
 * whether it falls in the period.
 */
export async function findPanelReports(tx: Tx, query: PanelQuery): Promise<PanelRow[]> {
  const { boardId, schoolId, groupId, from, to, now } = query
  return tx.$queryRaw<PanelRow[]>`
    select r.id, to_char(r."happenedOn", 'YYYY-MM-DD') as "happenedOn", r.precision, r.moment, r.place, r.behaviours, r.frequency, r.severity,
           (select jsonb_agg(jsonb_build_object('role', i.role, 'personId', coalesce(p."mergedIntoId", i."personId"), 'groupId', i."groupId",
                                                'groupName', g.name) order by i.role, i.id)
            from "Involvement" i left join "Person" p on p."boardId" = i."boardId" and p.id = i."personId"
                                 left join "Group" g on g."boardId" = i."boardId" and g.id = i."groupId"
            where i."boardId" = r."boardId" and i."reportId" = r.id and i.role in ('ACTOR', 'JOINER', 'TARGET')) as involved
    from "Report" r
    where r."boardId" = ${boardId}::uuid and r."schoolId" = ${schoolId}::uuid
      and r."visibleFrom" <= ${now}
      and not 'BODY_BOUNDARY' = any (r.behaviours)
      -- What an adult did has another door; and the reader may be that adult. Who was merged is who they became.
      and not exists (select from "Involvement" s join "Person" p on p."boardId" = s."boardId" and p.id = s."personId"
                        join "Affiliation" a on a."boardId" = s."boardId" and a."personId" = coalesce(p."mergedIntoId", p.id)
                                            and a.role <> 'pupil'
                      where s."boardId" = r."boardId" and s."reportId" = r.id and s.role in ('ACTOR', 'JOINER'))
      and coalesce(r."happenedOn", date_trunc('week', r."receivedAt" at time zone 'Europe/Amsterdam')::date) >= ${from}::date
      and coalesce(r."happenedOn", date_trunc('week', r."receivedAt" at time zone 'Europe/Amsterdam')::date) < ${to}::date
      and exists (select from "Involvement" own
                  where own."boardId" = r."boardId" and own."reportId" = r.id and own."groupId" = ${groupId}::uuid
                    and own.role in ('ACTOR', 'JOINER', 'TARGET'))
    order by r."happenedOn" nulls last, r.id`
}
