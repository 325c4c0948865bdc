/** Cases as the school sees them: opened for one pupil, read by who handles them, closed. Whoever looks is in the log. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { endParentLinks } from '../mail/parent-link.ts'
import { openContact } from '../mail/render.ts'
import { append } from '../store/audit.ts'
import type { Database, Tx } from '../store/database.ts'
import type { BoardKeys, Keyring } from '../store/keyring.ts'
import { displayName, namesOf } from '../store/people.ts'
import { withTenant } from '../store/scope.ts'
import { openText } from './messages.ts'
import { type Asker, casesOf, type Handler, mustHandle } from './rights.ts'

export interface CaseContext {
  db: Database
  keyring: Keyring
  clock: () => Date
}

export interface CaseLine {
  id: string
  pupil: { id: string; name: string }
  openedAt: Date
  closedAt: Date | null
  /** Messages of contacts that nobody of the school has read. */
  unread: number
}

export interface CaseFacts extends Omit<CaseLine, 'unread'> {
  contacts: ContactShown[]
}

export interface ContactShown {
  id: string
  name: string
  email: string
  language: string
  addedAt: Date
  removedAt: Date | null
  /** Oldest first. */
  messages: MessageShown[]
}

export interface MessageShown {
  id: string
  from: 'school' | 'contact'
  /** Who of the school wrote it. */
  author?: string
  text?: string
  /** The contact made a report; which one, only a coordinator learns. */
  report?: { id?: string }
  at: Date
  readAt: Date | null
}

/** In one transaction as this person: the right, the work, and its entry in the log. */
export function handling<T>(
  ctx: CaseContext,
  asker: Asker,
  deed: { action: string; object: (result: T) => string | undefined },
  work: (tx: Tx, who: { handler: Handler; keys: BoardKeys; now: Date }) => Promise<T>,
): Promise<T> {
  const { boardId, personId, channel } = asker
  return ctx.keyring.board(boardId).then(keys =>
    withTenant(ctx.db, { boardId, personId, role: 'person' }, async tx => {
      const now = ctx.clock()
      const result = await work(tx, { handler: await mustHandle(tx, asker, now), keys, now })
      const object = deed.object(result)
      const entry = { boardId, actor: personId, channel, action: deed.action, outcome: 'done' as const }
      await append(tx, { ...entry, ...(object === undefined ? {} : { object }) })
      return result
    }),
  )
}

/** @returns its id. @throws AppError `not-found` for who is no pupil of this school, whether or not they exist */
export function openCase(ctx: CaseContext, asker: Asker, personId: string): Promise<{ id: string }> {
  return handling(ctx, asker, { action: 'case.open', object: ({ id }) => id }, async (tx, { handler, now }) => {
    const { boardId, schoolId } = handler
    const pupil = { boardId, schoolId, role: 'pupil', status: 'active' }
    const found = await tx.person.count({
      where: { boardId, id: personId, active: true, affiliations: { some: pupil } },
    })
    if (found === 0) throw new AppError('not-found', 'There is no such pupil here.', { reason: 'pupil-unknown' })
    const id = randomUUID()
    await tx.case.create({ data: { boardId, id, schoolId, personId, openedBy: handler.personId, openedAt: now } })
    return { id }
  })
}

/** Open ones first, the newest first among them. */
export function listCases(ctx: CaseContext, asker: Asker): Promise<CaseLine[]> {
  const deed = { action: 'case.list', object: () => asker.schoolId }
  return handling(ctx, asker, deed, async (tx, { handler, keys }) => {
    const { boardId } = handler
    const rows = await tx.case.findMany({
      where: casesOf(handler),
      include: {
        contacts: { select: { messages: { where: { authorId: null, readAt: null }, select: { id: true } } } },
      },
      orderBy: [{ closedAt: { sort: 'desc', nulls: 'first' } }, { openedAt: 'desc' }, { id: 'asc' }],
    })
    const pupils = rows.map(row => row.personId)
    const names = await namesOf(tx, keys, boardId, pupils)
    return rows.map(({ id, personId, openedAt, closedAt, contacts }) => ({
      ...{ id, openedAt, closedAt, pupil: { id: personId, name: nameIn(names, personId) } },
      unread: contacts.reduce((sum, contact) => sum + contact.messages.length, 0),
    }))
  })
}

/** Answers count as read from now. @throws AppError `not-found` */
export function readCase(ctx: CaseContext, asker: Asker, caseId: string): Promise<CaseFacts> {
  const deed = { action: 'case.read', object: () => caseId }
  return handling(ctx, asker, deed, async (tx, { handler, keys, now }) => {
    const { boardId } = handler
    const row = await tx.case.findFirst({
      where: { ...casesOf(handler), id: caseId },
      include: {
        contacts: {
          include: { messages: { orderBy: [{ at: 'asc' }, { id: 'asc' }] } },
          orderBy: [{ addedAt: 'asc' }, { id: 'asc' }],
        },
      },
    })
    if (!row) throw noCase()
    const authors = row.contacts.flatMap(contact => contact.messages.flatMap(message => message.authorId ?? []))
    const names = await namesOf(tx, keys, boardId, [row.personId, ...authors])
    await tx.caseMessage.updateMany({
      where: { boardId, authorId: null, readAt: null, contact: { caseId } },
      data: { readAt: now },
    })
    const { id, personId, openedAt, closedAt } = row
    return {
      ...{ id, openedAt, closedAt, pupil: { id: personId, name: nameIn(names, personId) } },
      contacts: row.contacts.map(({ contactSealed, messages, ...contact }) => ({
        ...{ id: contact.id, ...openContact(keys, contact.id, contactSealed), language: contact.language },
        ...{ addedAt: contact.addedAt, removedAt: contact.removedAt },
        messages: messages.map(({ id, authorId, textSealed, reportId, at, readAt }) => ({
          ...{ id, at, readAt, from: authorId === null ? ('contact' as const) : ('school' as const) },
          ...(authorId === null ? {} : { author: nameIn(names, authorId) }),
          ...(textSealed === null ? {} : { text: openText(keys, id, textSealed) }),
          ...(reportId === null ? {} : { report: handler.coordinator ? { id: reportId } : {} }),
        })),
      })),
    }
  })
}

/** Its contacts are out at once. Twice is once. @throws AppError `not-found` */
export async function closeCase(ctx: CaseContext, asker: Asker, caseId: string): Promise<void> {
  await handling(ctx, asker, { action: 'case.close', object: () => caseId }, async (tx, { handler, now }) => {
    const { boardId } = handler
    const row = await tx.case.findFirst({ where: { ...casesOf(handler), id: caseId }, include: { contacts: true } })
    if (!row) throw noCase()
    await tx.case.updateMany({ where: { boardId, id: caseId, closedAt: null }, data: { closedAt: now } })
    for (const contact of row.contacts) await endParentLinks(tx, boardId, contact.id)
  })
}

export const noCase = () => new AppError('not-found', 'There is no such case for you.', { reason: 'case-unknown' })

const nameIn = (names: Awaited<ReturnType<typeof namesOf>>, id: string): string => {
  const found = names.get(id)
  return found ? displayName(found) : ''
}
