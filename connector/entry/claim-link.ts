/**
 * An account at an LMS, portal or Teams that nobody here is yet: kept for ten minutes, until whoever came by it has signed in at the school and
 * said "yes, that is me". From then on it is theirs. Nobody is linked by a name or an e-mail address.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { putPending, takePending } from '../store/once.ts'
import { withTenant } from '../store/scope.ts'
import type { Caller } from './access.ts'
import { Channel } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { secret } from './ticket.ts'
import { hashOf } from './waiting.ts'

const offerMinutes = 10

const Offer = z.object({
  boardId: z.uuid(),
  schoolId: z.uuid(),
  channel: Channel,
  issuer: z.string(),
  /** Fingerprint of issuer and subject under the board's key, hex. */
  subjectTag: z.string().regex(/^[0-9a-f]+$/),
})
export type Offer = z.infer<typeof Offer>

/** In the browser that came by that account alone: else whoever sends the address to somebody would have their account become that person's. */
const Kept = Offer.extend({ browser: z.string() })

/** @param browser value of its way cookie. @returns a secret for the URL fragment */
export async function offerLink(
  context: Pick<EntryContext, 'db'>,
  offer: Offer,
  browser: string,
  now: Date,
): Promise<string> {
  const key = secret()
  const expiresAt = new Date(now.getTime() + offerMinutes * 60_000)
  await putPending(context.db, {
    kind: 'link',
    secret: key,
    payload: { ...offer, browser: hashOf(browser) },
    expiresAt,
  })
  return key
}

/**
 * Uses the offer up, for somebody who is signed in by the school itself.
 * @throws AppError `conflict` (`identity-taken`: that account is somebody else's, or this person has another there already; a person has to look),
 * `gone` when the offer is used or too old, or of another school; `unauthenticated` when the caller came in by such an account
 */
export async function acceptLink(
  context: EntryContext,
  caller: Caller,
  { key, browsers }: { key: string; browsers: readonly string[] },
): Promise<void> {
  const now = context.clock()
  const { boardId, schoolId, personId, sessionId } = caller
  // What is linked by itself would vouch for itself.
  if (caller.channel !== 'oidc')
    throw new AppError('unauthenticated', 'Sign in at the school first.', { reason: 'link-channel' })
  const found = Kept.safeParse(await takePending(context.db, 'link', key, now))
  if (
    !found.success ||
    found.data.boardId !== boardId ||
    found.data.schoolId !== schoolId ||
    !browsers.map(hashOf).includes(found.data.browser)
  )
    throw new AppError('gone', 'This offer is used, expired or of another school.', { reason: 'link-gone' })
  const { issuer, channel } = found.data
  const subjectTag = new Uint8Array(Buffer.from(found.data.subjectTag, 'hex'))
  const linked = await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const held = await tx.identity.findMany({
      where: { boardId, issuer, OR: [{ subjectTag }, { personId }] },
      select: { personId: true, subjectTag: true },
    })
    const same = held.some(row => row.personId === personId && Buffer.from(row.subjectTag).equals(subjectTag))
    const entry = { boardId, actor: personId, channel, action: 'identity.link', object: sessionId } as const
    if (same) {
      // A list of the LMS had taken it back: the person's own word counts for more.
      const again = { linkedBy: `confirmed:${channel}`, linkedAt: now, listTag: null, inactiveAt: null }
      const { count } = await tx.identity.updateMany({
        where: { boardId, issuer, personId, inactiveAt: { not: null } },
        data: again,
      })
      if (count > 0) await append(tx, { ...entry, outcome: 'done' })
      return true
    }
    if (held.length > 0) {
      await append(tx, { ...entry, outcome: 'refused', detail: { conflict: true } })
      return false
    }
    const linkedBy = `confirmed:${channel}`
    await tx.identity.create({
      data: { boardId, id: randomUUID(), personId, issuer, subjectTag, linkedBy, linkedAt: now, lastSeenAt: now },
    })
    await append(tx, { ...entry, outcome: 'done' })
    return true
  })
  if (!linked)
    throw new AppError('conflict', 'This account belongs to somebody else. A person has to look.', {
      reason: 'identity-taken',
    })
}
