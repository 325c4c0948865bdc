/**
 * For ways in that come before the frame has made its key (LMS, Teams): who arrived waits for sixty seconds behind a single-use secret that
 * travels in the URL fragment alone. The frame brings the secret and its key, and gets a ticket as everybody does.
 */
import { putPending, takePending } from '../store/once.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { issueTicket, secret } from './ticket.ts'

const waitSeconds = 60

export async function issueWaiting(context: Pick<EntryContext, 'db'>, arrival: Arrival, now: Date): Promise<string> {
  const key = secret()
  const expiresAt = new Date(now.getTime() + waitSeconds * 1000)
  await putPending(context.db, { kind: 'arrival', secret: key, payload: { ...arrival }, expiresAt })
  return key
}

/** Uses the secret up. @returns a ticket for the frame with that key, or null when nobody waits behind it (any more) */
export async function takeArrival(context: EntryContext, key: string, jkt: string): Promise<string | null> {
  const now = context.clock()
  const found = Arrival.safeParse(await takePending(context.db, 'arrival', key, now))
  if (!found.success) return null
  return issueTicket(context.db, found.data, jkt, now)
}
