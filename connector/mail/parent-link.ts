/**
 * The one-time link of a contact of a case. Its secret is made from the id of its mail under a key of the board and stored nowhere: a mail that is
 * sent twice carries the same link, and a copy of the database opens none. What waits behind it is a row of the reserved board, used up by DELETE.
 */
import { randomUUID } from 'node:crypto'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { putPending } from '../store/once.ts'
import { inReserved } from '../store/routes.ts'
import { reservedBoard } from '../store/scope.ts'
import type { MailLanguage } from './kinds.ts'
import { sending } from './queue.ts'

export const parentLinkKind = 'parent-link'
export const parentSessionKind = 'parent-session'

/** How long a link waits. Source: embedding.md, "parents". */
const linkDays = 7

export const parentToken = (keys: BoardKeys, mailId: string): string =>
  Buffer.from(keys.fingerprint('parent-link', Buffer.from(mailId))).toString('base64url')

export const linkEnds = (queuedAt: Date): Date => new Date(queuedAt.getTime() + linkDays * 86_400_000)

/** The whole days that the link works, in words. */
export const lastDay = (queuedAt: Date, language: MailLanguage): string => {
  const end = new Date(linkEnds(queuedAt).getTime() - 86_400_000)
  const words = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : 'nl-NL', {
    ...{ timeZone: 'Europe/Amsterdam', weekday: 'long', day: 'numeric', month: 'long' },
  })
  return words.format(new Date(`${localDay(end)}T12:00:00Z`))
}

export interface LinkFor {
  boardId: string
  schoolId: string
  caseId: string
  contactId: string
  now: Date
}

/** A new one ends those before it, sent or not. In the transaction of what it is sent for. @returns the id of its mail */
export async function queueParentLink(tx: Tx, keys: BoardKeys, link: LinkFor): Promise<string> {
  const { boardId, schoolId, caseId, contactId, now } = link
  const id = randomUUID()
  await tx.mailItem.updateMany({
    where: {
      boardId,
      contactId,
      kind: 'parent-link',
      state: 'waiting',
      OR: [{ lastCode: null }, { lastCode: { not: sending } }],
    },
    data: { state: 'dropped', lastCode: 'newer-link' },
  })
  const row = { boardId, id, schoolId, kind: 'parent-link', contactId, aboutId: caseId, urgent: true }
  await tx.mailItem.create({ data: { ...row, dueAt: now, createdAt: now } })
  await inReserved(tx, boardId, async () => {
    await forget(tx, contactId, parentLinkKind)
    const payload = { boardId, contactId }
    await putPending(tx, { kind: parentLinkKind, secret: parentToken(keys, id), payload, expiresAt: linkEnds(now) })
  })
  return id
}

/** Links and sessions of this contact, at once. @param boardId the scope that tx has */
export async function endParentLinks(tx: Tx, boardId: string, contactId: string): Promise<void> {
  await inReserved(tx, boardId, async () => {
    for (const kind of [parentLinkKind, parentSessionKind]) await forget(tx, contactId, kind)
  })
}

async function forget(tx: Tx, contactId: string, kind: string): Promise<void> {
  await tx.pending.deleteMany({
    where: { boardId: reservedBoard, kind, payload: { path: ['contactId'], equals: contactId } },
  })
}
