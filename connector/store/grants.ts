/** The rights that are granted here (design.md, "Who may grant"; domain.md §2), and the queries that keep them apart. */
import type { Tx } from './database.ts'
import { Prisma } from './generated/client.ts'
import type { Bytes } from './seal.ts'

/** In the order of a menu. `opens`: opens reports of some kind, and so is closed to an IT administrator. */
export const grantRoles = {
  GROUP_TEACHER: { opens: true },
  SAFETY_COORDINATOR: { opens: true },
  SCHOOL_LEADER: { opens: true },
  SUPPORT_COORDINATOR: { opens: true },
  CONFIDENTIAL_ADVISER: { opens: true },
  STEERING_GROUP: { opens: true },
  BOARD_OFFICER: { opens: true },
  PRIVACY_OFFICER: { opens: false },
  IT_ADMINISTRATOR: { opens: false },
} as const satisfies Record<string, { opens: boolean }>
export type GrantRole = keyof typeof grantRoles

export const openingRoles = Object.entries(grantRoles)
  .filter(([, { opens }]) => opens)
  .map(([role]) => role)

/** Who may grant what opens reports. */
export const grantingRoles = ['SCHOOL_LEADER', 'SAFETY_COORDINATOR'] as const satisfies GrantRole[]

/** Of today: confirmed, begun, not ended, not revoked. @param today `YYYY-MM-DD` */
export const currentGrants = (today: string) => {
  const day = new Date(`${today}T00:00:00Z`)
  return {
    confirmedAt: { not: null },
    revokedAt: null,
    startsOn: { lte: day },
    OR: [{ until: null }, { until: { gt: day } }],
  } satisfies Prisma.GrantWhereInput
}

/** Today or later, confirmed or not: what may still open something. */
export const standingGrants = (today: string) =>
  ({
    revokedAt: null,
    OR: [{ until: null }, { until: { gt: new Date(`${today}T00:00:00Z`) } }],
  }) satisfies Prisma.GrantWhereInput

/** Two grants to one person are decided one after the other: else each would see the world without the other. */
export async function lockPerson(tx: Tx, boardId: string, personId: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select from "Person" where "boardId" = ${boardId}::uuid and id = ${personId}::uuid for update`
  return rows.length === 1
}

/** Does the roster itself open a panel to this person: as the teacher of a homeroom, now or later? */
export async function teachesHomeroom(tx: Tx, boardId: string, personId: string, today: string): Promise<boolean> {
  const rows = await tx.$queryRaw<unknown[]>`
    select from "Membership" m join "Group" g on g."boardId" = m."boardId" and g.id = m."groupId" and g.kind = 'homeroom'
    where m."boardId" = ${boardId}::uuid and m."personId" = ${personId}::uuid and m.role = 'teacher'
      and (m."endsOn" is null or m."endsOn" > ${today}::date) limit 1`
  return rows.length > 0
}

export interface LinkQuestion {
  boardId: string
  tag: Bytes
  /** Who opened the link. */
  personId: string
  /** Only a grant of this school, where the asker says which. */
  schoolId?: string | undefined
  today: string
  /** Links made before are too old. */
  since: Date
}

/**
 * What a link still opens, for the one person it was made for: somebody else than who gets the role, both active, neither administers the
 * systems. Looking and confirming ask the same.
 */
const linkOpens = ({ boardId, tag, personId, schoolId, today, since }: LinkQuestion) => Prisma.sql`
  g."boardId" = ${boardId}::uuid and g."confirmTag" = ${tag} and g."confirmById" = ${personId}::uuid
  and g."schoolId" = coalesce(${schoolId ?? null}::uuid, g."schoolId")
  and g."personId" <> g."confirmById" and g."confirmedAt" is null and g."revokedAt" is null and g."createdAt" > ${since}
  and (g.until is null or g.until > ${today}::date)
  and exists (select from "Person" p where p."boardId" = g."boardId" and p.id = g."confirmById" and p.active)
  and exists (select from "Person" p where p."boardId" = g."boardId" and p.id = g."personId" and p.active)
  and not exists (select from "Grant" i where i."boardId" = g."boardId" and i."personId" in (g."personId", g."confirmById")
                  and i.role = 'IT_ADMINISTRATOR' and i."revokedAt" is null
                  and (i.until is null or i.until > ${today}::date))`

export interface WaitingGrant {
  id: string
  schoolId: string
  personId: string
  role: GrantRole
  group: string | null
  until: Date | null
}

/** What the link would confirm; changes nothing. @returns null when it would confirm nothing (any more) */
export async function grantBehindLink(tx: Tx, question: LinkQuestion): Promise<WaitingGrant | null> {
  const rows = await tx.$queryRaw<WaitingGrant[]>`
    select g.id, g."schoolId", g."personId", g.role, h.name as group, g.until
    from "Grant" g left join "Group" h on h."boardId" = g."boardId" and h.id = g."groupId"
    where ${linkOpens(question)}`
  return rows[0] ?? null
}

/**
 * One statement decides: of however many that open one link at once, one gets the row.
 * @returns the grant, or null when it cannot be confirmed (any more)
 */
export async function confirmByTag(tx: Tx, question: LinkQuestion): Promise<{ id: string; schoolId: string } | null> {
  const rows = await tx.$queryRaw<{ id: string; schoolId: string }[]>`
    update "Grant" g set "confirmedAt" = now(), "confirmTag" = null where ${linkOpens(question)} returning g.id, g."schoolId"`
  return rows[0] ?? null
}

/** Who the link is about, so that its person can be locked before it is decided. */
export async function personBehindTag(tx: Tx, boardId: string, tag: Bytes): Promise<string | null> {
  const row = await tx.grant.findFirst({ where: { boardId, confirmTag: tag }, select: { personId: true } })
  return row?.personId ?? null
}
