/**
 * A contact of a case, who came by the link of a mail: reads what the school wrote to them, writes back, tells of something. Nothing of another
 * contact, of another case, or of who else is told. Every look asks anew whether the contact and the case are still open, and is in the log.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { parentLinkKind, parentSessionKind } from '../mail/parent-link.ts'
import { queueFor } from '../mail/queue.ts'
import { holdersOf } from '../mail/recipients.ts'
import { append } from '../store/audit.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { type ContactAt, dropSession, exchangeLink, touchSession } from '../store/parent-sessions.ts'
import { type SchoolFacts, schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'
import { randomBytes } from '../store/seal.ts'
import type { CaseContext } from './cases.ts'
import { openText, sealText } from './messages.ts'

/** Of idle time, and of all. The first is embedding.md's, the second ours. */
const idleMs = 15 * 60_000
const longestMs = 2 * 60 * 60_000
const kinds = { link: parentLinkKind, session: parentSessionKind }
const channel = 'mail'

/** @returns the secret of a session, for the one press that used the link up; null for every other */
export async function enterByLink(ctx: CaseContext, token: string): Promise<string | null> {
  const secret = Buffer.from(randomBytes(32)).toString('base64url')
  const now = ctx.clock()
  const at = await exchangeLink(ctx.db, kinds, { token, secret, now, idleMs, longestMs })
  if (!at) return null
  const { boardId, contactId: actor } = at
  await withTenant(ctx.db, { boardId, role: 'system' }, tx =>
    append(tx, { boardId, actor, channel, action: 'case-contact.enter', object: actor, outcome: 'done' }),
  )
  return secret
}

export async function leave(ctx: CaseContext, secret: string): Promise<void> {
  const at = await dropSession(ctx.db, parentSessionKind, secret)
  if (!at) return
  const { boardId, contactId: actor } = at
  await withTenant(ctx.db, { boardId, role: 'system' }, tx =>
    append(tx, { boardId, actor, channel, action: 'case-contact.leave', object: actor, outcome: 'done' }),
  )
}

export interface ParentMessage {
  from: 'school' | 'you'
  /** Null: a report was made. */
  text: string | null
  at: Date
}

/** What one contact may know, for one request. */
export interface ParentHere extends ContactAt {
  caseId: string
  /** The pupil of the case. */
  childId: string
  language: 'nl' | 'en'
  school: SchoolFacts
}

/** @throws AppError `unauthenticated` with reason `parent-session`: no session, a removed contact, a closed case */
export function readAsParent(
  ctx: CaseContext,
  secret: string,
): Promise<{ here: ParentHere; messages: ParentMessage[] }> {
  return asParent(ctx, secret, 'case-contact.read', async (tx, { here, keys, now }) => {
    const { boardId, contactId } = here
    const rows = await tx.caseMessage.findMany({
      where: { boardId, contactId },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
    })
    await tx.caseMessage.updateMany({
      where: { boardId, contactId, authorId: { not: null }, readAt: null },
      data: { readAt: now },
    })
    const messages = rows.map(({ id, authorId, textSealed, at }): ParentMessage => {
      const text = textSealed === null ? null : openText(keys, id, textSealed)
      return { from: authorId === null ? 'you' : 'school', text, at }
    })
    return { here, messages }
  })
}

/** Who sits there, for a form of theirs. @throws AppError `unauthenticated` */
export const parentHere = (ctx: CaseContext, secret: string): Promise<ParentHere> =>
  asParent(ctx, secret, 'case-contact.look', async (_tx, { here }) => here)

export const ParentText = z.string().trim().min(1).max(2000)

/** @param answer.key of the form: the same press twice is one message, another text under it is another. @throws AppError `unauthenticated` */
export async function answerAsParent(
  ctx: CaseContext,
  secret: string,
  answer: { key: string; text: string },
): Promise<void> {
  await asParent(ctx, secret, 'case-message.answer', async (tx, { here, keys, now }) => {
    const { boardId, contactId } = here
    const id = noteId(contactId, `${answer.key} ${answer.text}`)
    const textSealed = sealText(keys, id, answer.text)
    const row = { boardId, id, contactId, authorId: null, textSealed, at: now }
    const { count } = await tx.caseMessage.createMany({ data: [row], skipDuplicates: true })
    if (count > 0) await tellHandler(tx, here, now)
  })
}

/** The report is stored already, under whatever became of the case meanwhile; this says that it came from this contact. Twice is once. */
export async function noteReport(ctx: CaseContext, here: ParentHere, reportId: string): Promise<void> {
  const { boardId, contactId } = here
  const now = ctx.clock()
  await withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    const row = { boardId, id: noteId(contactId, reportId), contactId, authorId: null, reportId, at: now }
    const { count } = await tx.caseMessage.createMany({ data: [row], skipDuplicates: true })
    if (count === 0) return
    await append(tx, {
      boardId,
      actor: contactId,
      channel,
      action: 'case-message.report',
      object: here.caseId,
      outcome: 'done',
    })
    await tellHandler(tx, here, now)
  })
}

/** One id for a contact and what they sent, so that a form sent again finds its row; not a report's own, which not everybody may know. RFC 9562, version 8. */
function noteId(contactId: string, what: string): string {
  const hex = createHash('sha256').update(`${contactId} ${what}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Who opened the case, while they still may; else the coordinators, else the leaders. */
async function tellHandler(tx: Tx, { boardId, school, caseId }: ParentHere, now: Date): Promise<void> {
  const at = { boardId, schoolId: school.id, now }
  const owner = await tx.case.findUnique({ where: { boardId_id: { boardId, id: caseId } }, select: { openedBy: true } })
  const handlers = await holdersOf(tx, at, ['SAFETY_COORDINATOR', 'SCHOOL_LEADER', 'SUPPORT_COORDINATOR'])
  const coordinators = await holdersOf(tx, at, ['SAFETY_COORDINATOR'])
  const leaders = await holdersOf(tx, at, ['SCHOOL_LEADER'])
  const mine = handlers.filter(id => id === owner?.openedBy)
  const personIds = [mine, coordinators, leaders].find(ids => ids.length > 0) ?? []
  await queueFor(tx, { ...at, kind: 'case-message', personIds, aboutId: caseId })
}

async function asParent<T>(
  ctx: CaseContext,
  secret: string,
  action: string,
  work: (tx: Tx, who: { here: ParentHere; keys: BoardKeys; now: Date }) => Promise<T>,
): Promise<T> {
  const now = ctx.clock()
  const at = secret === '' ? null : await touchSession(ctx.db, parentSessionKind, { secret, now, idleMs })
  if (!at) throw out()
  const { boardId, contactId } = at
  const keys = await ctx.keyring.board(boardId)
  return withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    // Who closes the case or removes the contact waits for this request, and the next one finds it done.
    await tx.$executeRaw`
      select from "CaseContact" c join "Case" k on k."boardId" = c."boardId" and k.id = c."caseId"
      where c."boardId" = ${boardId}::uuid and c.id = ${contactId}::uuid for share`
    const contact = await tx.caseContact.findFirst({
      where: { boardId, id: contactId, removedAt: null, case: { closedAt: null } },
      include: { case: true },
    })
    if (!contact) throw out()
    const school = await schoolOf(tx, boardId, contact.case.schoolId)
    const { personId: childId, id: caseId } = contact.case
    const language = contact.language === 'en' ? 'en' : 'nl'
    const here: ParentHere = { ...at, caseId, childId, language, school }
    const result = await work(tx, { here, keys, now })
    await append(tx, { boardId, actor: contactId, channel, action, object: caseId, outcome: 'done' })
    return result
  })
}

const out = () =>
  new AppError('unauthenticated', 'This page is closed. Ask the school for a new link.', { reason: 'parent-session' })
