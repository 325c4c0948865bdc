/**
 * The one thing that every way in ends in: a single-use ticket of 60 seconds, bound to the key of the frame that asked. It is good for a
 * token at our own token endpoint (ticket-grant.ts) and for nothing else.
 */
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { type PendingPlace, putPending, takePending } from '../store/once.ts'
import { randomBytes } from '../store/seal.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'

export const ticketSeconds = 60

const Payload = Arrival.extend({ jkt: z.string() })

export const secret = () => Buffer.from(randomBytes(32)).toString('base64url')

/** @param to see putPending */
export async function issueTicket(to: PendingPlace, arrival: Arrival, jkt: string, now: Date): Promise<string> {
  const ticket = secret()
  const expiresAt = new Date(now.getTime() + ticketSeconds * 1000)
  await putPending(to, { kind: 'ticket', secret: ticket, payload: { ...arrival, jkt }, expiresAt })
  return ticket
}

/** Uses the ticket up, also when it turns out to be somebody else's. @throws AppError `unauthenticated` */
export async function redeemTicket(context: EntryContext, ticket: string, jkt: string): Promise<Arrival> {
  const found = Payload.safeParse(await takePending(context.db, 'ticket', ticket, context.clock()))
  if (!found.success)
    throw new AppError('unauthenticated', 'This ticket is used, expired or unknown.', { reason: 'ticket-gone' })
  const { jkt: boundTo, ...arrival } = found.data
  if (boundTo !== jkt)
    throw new AppError('unauthenticated', 'This ticket belongs to another key.', { reason: 'ticket-key' })
  return arrival
}
