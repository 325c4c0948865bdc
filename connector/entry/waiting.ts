/**
 * For ways in that come before the frame has made its key (LMS, Teams): who arrived waits for sixty seconds behind a single-use secret that
 * travels in the URL fragment alone. The frame brings the secret and its key, and gets a ticket as everybody does.
 */
import type { Tx } from '../store/database.ts'
import { putPending, takePending } from '../store/once.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { issueTicket, secret } from './ticket.ts'

const waitSeconds = 60

/** @param tx a transaction in the reserved board's scope */
export async function issueWaiting(tx: Tx, arrival: Arrival, now: Date): Promise<string> {
  const key = secret()
  const expiresAt = new Date(now.getTime() + waitSeconds * 1000)
  await putPending(tx, { kind: 'arrival', secret: key, payload: { ...arrival }, expiresAt })
  return key
}

/** Uses the secret up. @returns a ticket for the frame with that key, or null when nobody waits behind it (any more) */
export async function takeArrival(context: EntryContext, key: string, jkt: string): Promise<string | null> {
  const now = context.clock()
  const found = Arrival.safeParse(await takePending(context.db, 'arrival', key, now))
  if (!found.success) return null
  return withTenant(context.db, { boardId: reservedBoard, role: 'system' }, tx => issueTicket(tx, found.data, jkt, now))
}
