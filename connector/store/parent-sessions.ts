/**
 * A contact of a case who came by a link: rows of the reserved board, since the cookie alone says to which board it leads. No Session: that is of a
 * person of the roster, and a contact is none.
 */
import { z } from 'zod'
import type { Database } from './database.ts'
import { reservedBoard, withTenant } from './scope.ts'
import { tagOf } from './seal.ts'

const ContactAt = z.object({ boardId: z.uuid(), contactId: z.uuid() })
/** Which contact, of which board. */
export type ContactAt = z.infer<typeof ContactAt>

interface Kinds {
  link: string
  session: string
}

/** One statement uses the link up, and the session is made in the same transaction: of 64 presses at once one gets it. @returns null for the others */
export async function exchangeLink(
  db: Database,
  kinds: Kinds,
  {
    token,
    secret,
    now,
    idleMs,
    longestMs,
  }: { token: string; secret: string; now: Date; idleMs: number; longestMs: number },
): Promise<ContactAt | null> {
  return withTenant(db, { boardId: reservedBoard, role: 'system' }, async tx => {
    const rows = await tx.$queryRaw<{ payload: unknown; expiresAt: Date }[]>`
      delete from "Pending" where "boardId" = ${reservedBoard}::uuid and kind = ${kinds.link} and tag = ${tagOf(token)}
      returning payload, "expiresAt"`
    const [row] = rows
    const found = ContactAt.safeParse(row?.payload)
    if (!row || row.expiresAt <= now || !found.success) return null
    const endsAt = new Date(now.getTime() + longestMs).toISOString()
    const payload = { ...found.data, endsAt }
    const expiresAt = new Date(now.getTime() + idleMs)
    await tx.pending.create({
      data: { boardId: reservedBoard, kind: kinds.session, tag: tagOf(secret), payload, expiresAt },
    })
    return found.data
  })
}

/** Whose session this is, which lives on from now. @returns null when it was idle too long, is over, or never was */
export async function touchSession(
  db: Database,
  kind: string,
  { secret, now, idleMs }: { secret: string; now: Date; idleMs: number },
): Promise<ContactAt | null> {
  const until = new Date(now.getTime() + idleMs)
  const rows = await withTenant(
    db,
    { boardId: reservedBoard, role: 'system' },
    tx =>
      tx.$queryRaw<{ payload: unknown }[]>`
        update "Pending" set "expiresAt" = least(${until}::timestamptz, (payload ->> 'endsAt')::timestamptz)
        where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tagOf(secret)} and "expiresAt" > ${now}
        returning payload`,
  )
  const found = ContactAt.safeParse(rows[0]?.payload)
  return found.success ? found.data : null
}

/** At once. @returns whose it was */
export async function dropSession(db: Database, kind: string, secret: string): Promise<ContactAt | null> {
  const rows = await withTenant(
    db,
    { boardId: reservedBoard, role: 'system' },
    tx =>
      tx.$queryRaw<{ payload: unknown }[]>`
        delete from "Pending" where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tagOf(secret)}
        returning payload`,
  )
  const found = ContactAt.safeParse(rows[0]?.payload)
  return found.success ? found.data : null
}
