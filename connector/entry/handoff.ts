/**
 * The hand-off: the frame asks for a way in, a window of our own does the signing in, and the answer comes back through the server, because
 * nothing else survives blocked third-party cookies and cross-origin opener policies. States: open → confirm → bound → taken, or refused.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'
import type { Arrival, EntryContext } from './context.ts'
import { issueTicket, secret } from './ticket.ts'

const minutes = 5
const scope = { boardId: reservedBoard, role: 'system' } as const

export type RefusalReason = 'declined' | 'nobody-found' | 'conflict' | 'sign-in-failed' | 'wrong-code'

/** Shown in both windows: somebody who follows a stranger's link sees a code that stands nowhere else. */
const newCode = () => String(randomInt(10, 100))

/** Two that are wrong and the right one, in no order: staff pick. */
export function codesToPickFrom(code: string): string[] {
  const codes = new Set([code])
  while (codes.size < 3) codes.add(newCode())
  return [...codes].sort()
}

export async function openHandoff(
  context: EntryContext,
  school: { boardId: string; schoolId: string },
  jkt: string,
): Promise<{ id: string; secret: string; code: string; expiresAt: Date }> {
  const id = randomUUID()
  const key = secret()
  const code = newCode()
  const expiresAt = new Date(context.clock().getTime() + minutes * 60_000)
  const to = { toBoardId: school.boardId, toSchoolId: school.schoolId }
  await withTenant(context.db, scope, tx =>
    tx.handoff.create({
      data: { boardId: reservedBoard, id, secretTag: tagOf(key), jkt, code, ...to, state: 'open', expiresAt },
    }),
  )
  return { id, secret: key, code, expiresAt }
}

export interface OpenHandoff {
  id: string
  code: string
  boardId: string
  schoolId: string
}

/** @returns null when it is unknown, used or too old */
export async function findOpenHandoff(context: EntryContext, id: string): Promise<OpenHandoff | null> {
  if (!z.uuid().safeParse(id).success) return null
  const row = await withTenant(context.db, scope, tx =>
    tx.handoff.findFirst({
      where: { boardId: reservedBoard, id, state: 'open', expiresAt: { gt: context.clock() } },
    }),
  )
  return row && { id: row.id, code: row.code, boardId: row.toBoardId, schoolId: row.toSchoolId }
}

/** Binds the arrival, once. @returns false when somebody was there first, or it was too late */
export async function bindHandoff(context: EntryContext, id: string, arrival: Arrival): Promise<boolean> {
  const { count } = await withTenant(context.db, scope, tx =>
    tx.handoff.updateMany({
      where: { boardId: reservedBoard, id, state: 'open', expiresAt: { gt: context.clock() } },
      data: { state: 'bound', result: { ...arrival } },
    }),
  )
  return count === 1
}

export async function refuseHandoff(context: EntryContext, id: string, reason: RefusalReason): Promise<void> {
  await withTenant(context.db, scope, tx =>
    tx.handoff.updateMany({ where: { boardId: reservedBoard, id, state: 'open' }, data: { state: 'refused', reason } }),
  )
}

const Result = z.object({
  boardId: z.uuid(),
  schoolId: z.uuid(),
  personId: z.uuid(),
  channel: z.literal('oidc'),
  acr: z.string().nullable(),
  authTime: z.int(),
})

export type ClaimAnswer =
  | { state: 'open' }
  | { state: 'bound'; ticket: string }
  | { state: 'refused'; reason: RefusalReason }
  | { state: 'gone' }

/** What became of it, for the frame that holds the secret and the key. The ticket is given once, to one caller. */
export async function claimHandoff(
  context: EntryContext,
  claim: { id: string; secret: string; jkt: string },
): Promise<ClaimAnswer> {
  const now = context.clock()
  return withTenant(context.db, scope, async tx => {
    const mine = { boardId: reservedBoard, id: claim.id, secretTag: tagOf(claim.secret), jkt: claim.jkt }
    const row = await tx.handoff.findFirst({ where: { ...mine, expiresAt: { gt: now } } })
    if (!row) return { state: 'gone' }
    if (row.state === 'refused') return { state: 'refused', reason: row.reason as RefusalReason }
    if (row.state !== 'bound') return { state: row.state === 'open' ? 'open' : 'gone' }
    const { count } = await tx.handoff.updateMany({ where: { ...mine, state: 'bound' }, data: { state: 'taken' } })
    if (count !== 1) return { state: 'gone' }
    return { state: 'bound', ticket: await issueTicket(tx, Result.parse(row.result), row.jkt, now) }
  })
}
