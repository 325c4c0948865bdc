/**
 * One sign-in of one person in one frame. The access token points at it, so that what ends it (roster, grant, sign-out, time) ends
 * the very next request.
 */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { mayStart, tagColumns, tagsFrom } from './logout.ts'

/** A pupil on a shared Chromebook: an hour. Staff: a working day. Source: design.md, "Every way in". */
const longest = { pupil: 60 * 60, other: 8 * 60 * 60 }

export interface Session {
  id: string
  boardId: string
  schoolId: string
  personId: string
  channel: string
  acr: string | null
  authTime: number
  endsAt: Date
  /** For who comes back by it without a click: see logout.ts. */
  tags: Pick<Arrival, 'signInId' | 'sidTag' | 'subjectTag' | 'provenAt'>
}

/** @throws AppError `unauthenticated`, reason `logged-out`: the school's sign-in ended this one while it was under way, or is gone itself */
export async function startSession(context: EntryContext, arrival: Arrival): Promise<Session> {
  const { boardId, schoolId, personId, channel, acr, authTime } = arrival
  const now = context.clock()
  return withTenant(context.db, { boardId, personId, role: 'system' }, async tx => {
    if (!(await mayStart(tx, arrival)))
      throw new AppError('unauthenticated', 'You signed out at school. Sign in again.', { reason: 'logged-out' })
    const staff = await tx.affiliation.count({
      where: { boardId, schoolId, personId, status: 'active', role: { not: 'pupil' } },
    })
    const latest = now.getTime() + (staff > 0 ? longest.other : longest.pupil) * 1000
    const endsAt = new Date(Math.min(latest, arrival.endsAt ?? latest))
    const id = randomUUID()
    const facts = { boardId, id, personId, schoolId, channel, acr, endsAt, startedAt: now }
    await tx.session.create({ data: { ...facts, ...tagColumns(arrival), authTime: new Date(authTime * 1000) } })
    await append(tx, { boardId, actor: personId, channel, action: 'session.start', object: id, outcome: 'done' })
    const tags = tagsFrom({ ...tagColumns(arrival), startedAt: now })
    return { id, boardId, schoolId, personId, channel, acr, authTime, endsAt, tags }
  })
}

/** @returns the session while it lives and its person is active */
export async function liveSession(context: EntryContext, boardId: string, id: string): Promise<Session | null> {
  const now = context.clock()
  const row = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.session.findFirst({ where: { boardId, id, endedAt: null, endsAt: { gt: now }, person: { active: true } } }),
  )
  return row && { ...row, authTime: Math.floor(row.authTime.getTime() / 1000), tags: tagsFrom(row) }
}

/** @returns true for the one caller who ended it */
export async function endSession(context: EntryContext, boardId: string, id: string): Promise<boolean> {
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const { count } = await tx.session.updateMany({
      where: { boardId, id, endedAt: null },
      data: { endedAt: context.clock(), tabTag: null },
    })
    if (count > 0) await append(tx, { boardId, actor: 'person', action: 'session.end', object: id, outcome: 'done' })
    return count > 0
  })
}

/** Lets this tab, and only this tab, come back without a click: the cookie alone is not enough on a shared device. */
export async function rememberTab(context: EntryContext, session: Session, cookie: string, tab: string): Promise<void> {
  const { boardId, id } = session
  await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.session.updateMany({ where: { boardId, id }, data: { tabTag: tagOf(`${cookie}.${tab}`) } }),
  )
}

/** The session that this cookie and tab belong to, with how the person came in then. */
export async function rememberedSession(
  context: EntryContext,
  at: { boardId: string; sessionId: string; cookie: string; tab: string },
): Promise<Session | null> {
  const session = await liveSession(context, at.boardId, at.sessionId)
  if (!session) return null
  const known = await withTenant(context.db, { boardId: at.boardId, role: 'system' }, tx =>
    tx.session.count({ where: { boardId: at.boardId, id: at.sessionId, tabTag: tagOf(`${at.cookie}.${at.tab}`) } }),
  )
  return known > 0 ? session : null
}
