/** The contacts of a case: addresses that the school entered, each with messages of its own. One never sees what was said to another. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { endParentLinks, queueParentLink } from '../mail/parent-link.ts'
import { isAddress } from '../mail/recipients.ts'
import { contactPlace } from '../mail/render.ts'
import type { Tx } from '../store/database.ts'
import { type CaseContext, handling, noCase } from './cases.ts'
import { sealText } from './messages.ts'
import { type Asker, casesOf, type Handler } from './rights.ts'

export interface NewContact {
  name: string
  email: string
  language: 'nl' | 'en'
}

/** @throws AppError `not-found`; `gone` for a case that was closed; `invalid-input` for what is not one address */
export function addContact(
  ctx: CaseContext,
  asker: Asker,
  { caseId, contact }: { caseId: string; contact: NewContact },
): Promise<{ id: string }> {
  const deed = { action: 'case-contact.add', object: ({ id }: { id: string }) => id }
  return handling(ctx, asker, deed, async (tx, { handler, keys, now }) => {
    const { boardId, personId: addedBy } = handler
    await openCaseRow(tx, handler, caseId)
    const { name, email, language } = contact
    if (!isAddress(email)) throw new AppError('invalid-input', 'This is not one mail address.', { reason: 'address' })
    const id = randomUUID()
    const contactSealed = keys.seal(contactPlace(id), JSON.stringify({ name: name.trim(), email: email.trim() }))
    await tx.caseContact.create({ data: { boardId, id, caseId, contactSealed, language, addedBy, addedAt: now } })
    return { id }
  })
}

/** Link and session end at once; what was written stays for the school to read. Twice is once. @throws AppError `not-found` */
export async function removeContact(
  ctx: CaseContext,
  asker: Asker,
  at: { caseId: string; contactId: string },
): Promise<void> {
  const { contactId } = at
  const deed = { action: 'case-contact.remove', object: () => contactId }
  await handling(ctx, asker, deed, async (tx, { handler, now }) => {
    const { boardId } = handler
    await contactRow(tx, handler, at)
    await tx.caseContact.updateMany({ where: { boardId, id: contactId, removedAt: null }, data: { removedAt: now } })
    await endParentLinks(tx, boardId, contactId)
  })
}

/** Says it to this contact alone, who gets a mail with a link: a message that nobody knows of is none. @throws AppError `not-found`, `gone` */
export function writeTo(
  ctx: CaseContext,
  asker: Asker,
  { text, ...at }: { caseId: string; contactId: string; text: string },
): Promise<{ id: string }> {
  const deed = { action: 'case-message.write', object: () => at.contactId }
  return handling(ctx, asker, deed, async (tx, { handler, keys, now }) => {
    const { boardId, schoolId, personId: authorId } = handler
    await openContactRow(tx, handler, at)
    const id = randomUUID()
    const textSealed = sealText(keys, id, text)
    await tx.caseMessage.create({ data: { boardId, id, contactId: at.contactId, authorId, textSealed, at: now } })
    await queueParentLink(tx, keys, { boardId, schoolId, ...at, now })
    return { id }
  })
}

/** A new link by mail; the one before works no more. @throws AppError `not-found`, `gone` */
export async function sendLink(
  ctx: CaseContext,
  asker: Asker,
  at: { caseId: string; contactId: string },
): Promise<void> {
  const deed = { action: 'case-contact.link', object: () => at.contactId }
  await handling(ctx, asker, deed, async (tx, { handler, keys, now }) => {
    const { boardId, schoolId } = handler
    await openContactRow(tx, handler, at)
    await queueParentLink(tx, keys, { boardId, schoolId, ...at, now })
  })
}

/** Locked, so that who closes it waits: nothing is said in a case that is closed. */
async function openCaseRow(tx: Tx, handler: Handler, caseId: string): Promise<void> {
  await tx.$executeRaw`select from "Case" where "boardId" = ${handler.boardId}::uuid and id = ${caseId}::uuid for share`
  const row = await tx.case.findFirst({ where: { ...casesOf(handler), id: caseId }, select: { closedAt: true } })
  if (!row) throw noCase()
  if (row.closedAt) throw new AppError('gone', 'This case is closed.', { reason: 'case-closed' })
}

async function contactRow(tx: Tx, handler: Handler, { caseId, contactId }: { caseId: string; contactId: string }) {
  const where = { boardId: handler.boardId, id: contactId, case: { ...casesOf(handler), id: caseId } }
  const row = await tx.caseContact.findFirst({ where, select: { removedAt: true } })
  if (!row) throw new AppError('not-found', 'There is no such contact for you.', { reason: 'contact-unknown' })
  return row
}

async function openContactRow(tx: Tx, handler: Handler, at: { caseId: string; contactId: string }): Promise<void> {
  await openCaseRow(tx, handler, at.caseId)
  const { removedAt } = await contactRow(tx, handler, at)
  if (removedAt) throw new AppError('gone', 'This contact was removed.', { reason: 'contact-removed' })
}
