/**
 * For ways in that come before the frame has made its key (LMS, Teams): who arrived waits for sixty seconds behind a single-use secret that
 * travels in the URL fragment alone. The frame brings the secret and its key, and gets a ticket as everybody does: in the browser that arrived, because
 * whoever sends their own address to somebody else would have them report under their name.
 */
import { z } from 'zod'
import { putPending, takePending } from '../store/once.ts'
import { tagOf } from '../store/seal.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { issueTicket, secret } from './ticket.ts'

const waitSeconds = 60

const Waiting = z.object({ arrival: Arrival, browser: z.string() })
/** As it is kept beside what a browser may take. */
export const hashOf = (browser: string) => Buffer.from(tagOf(browser)).toString('hex')

/** @param browser value of its way cookie. @returns the secret */
export async function issueWaiting(
  context: Pick<EntryContext, 'db'>,
  arrival: Arrival,
  browser: string,
  now: Date,
): Promise<string> {
  const key = secret()
  const expiresAt = new Date(now.getTime() + waitSeconds * 1000)
  await putPending(context.db, {
    kind: 'arrival',
    secret: key,
    payload: { arrival: { ...arrival }, browser: hashOf(browser) },
    expiresAt,
  })
  return key
}

/** Uses the secret up. @returns a ticket for the frame with that key, or null when nobody waits behind it (any more) */
export async function takeArrival(
  context: EntryContext,
  key: string,
  { jkt, browsers }: { jkt: string; browsers: readonly string[] },
): Promise<string | null> {
  const now = context.clock()
  const found = Waiting.safeParse(await takePending(context.db, 'arrival', key, now))
  if (!found.success || !browsers.map(hashOf).includes(found.data.browser)) return null
  return issueTicket(context.db, found.data.arrival, jkt, now)
}
