/**
 * The hand-off: the frame asks for a way in, a window of our own does the signing in, and the answer comes back through the server, because
 * nothing else survives blocked third-party cookies and cross-origin opener policies. States: open → (answer →) bound → taken, or refused.
 *
 * Whoever opens a hand-off can send its link to somebody else, and would be signed in as them. What is done against that, and why:
 * - Same browser: the window asks the frame that opened it for a key that is in no link (handoff-window.ts). Only a page of our own origin in
 *   this very browser can give it, so a link that was sent proves nothing. Then a press of a button is enough, which a child of 6 can do.
 *   This is how nearly everybody comes in; it fails where a portal cuts its windows off (COOP), and in apps that open another browser.
 * - Typing: without that proof the person types the two digits of their own panel; the window shows none. Two, since a child of 6 has to read
 *   and type them, and since more would not help: the danger is no guess (one try in 90, then it is over) but a stranger who says the number.
 * - Other network: a stranger elsewhere who sends link and number in one message. Typing is then not enough: the window gives three digits
 *   back, which the person types in the panel. The stranger would have to talk somebody into telling a number that the page calls a secret. It
 *   costs an honest person one number more, and happens only without the same browser and with two networks (a portal with COOP and a
 *   telephone that changes from Wi-Fi to mobile). A refusal would lock a school with two lines out for good.
 * - In the same class: a pupil who opens the window and hands over the device. Nothing on a screen stops that; the panel says who is
 *   signed in and stops at one press, and a session of a pupil ends within the hour.
 */
import { randomInt, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { networkTag } from './handoff-network.ts'
import { issueTicket, secret } from './ticket.ts'

const minutes = 5
const scope = { boardId: reservedBoard, role: 'system' } as const
/** A frame on two lines (IPv4 and IPv6, Wi-Fi and mobile) is known by both. */
const mostNetworks = 4

/** Why somebody was not let in, or did not prove who they are; each has its sentence in the window and in the frame. */
export type RefusalReason =
  | 'declined'
  | 'nobody-found'
  | 'conflict'
  | 'sign-in-failed'
  | 'other-school'
  | 'private-account'
  | 'wrong-code'
  | 'other-person'
  | 'not-fresh'

/** To come in; to prove again who sits there (fresh.ts); to enrol a passkey (passkey.ts). */
export const Purpose = z.enum(['enter', 'fresh', 'enrol'])
export type Purpose = z.infer<typeof Purpose>

const hex = z.string().regex(/^[0-9a-f]+$/)
const Opening = z.object({
  purpose: Purpose,
  /** Of the frame's page, one that the school listed. What the frame says of itself: named to the person, never relied on. */
  from: z.string().exactOptional(),
  /** For a proof: by exactly this session, of this person. */
  sessionId: z.uuid().exactOptional(),
  personId: z.uuid().exactOptional(),
  /** Of the key that the frame gives its own window. */
  windowTag: hex,
  networks: z.array(hex),
  /** Of the cookie of the browser that had that key. */
  browser: hex.exactOptional(),
})
type Opening = z.infer<typeof Opening>

/** Proven once more: when, and by which way. */
export const Proof = z.object({
  /** Milliseconds since 1970. */
  at: z.int(),
  by: z.enum(['auth-time', 'passkey']),
})
export type Proof = z.infer<typeof Proof>

/** A passkey was made. Proves nothing: it opens nothing before a leader has confirmed it. */
const Made = z.strictObject({ passkeyId: z.uuid() })
export type Made = z.infer<typeof Made>

const newCode = () => String(randomInt(10, 100))
const newReply = () => String(randomInt(100, 1000))
const hexTag = (text: string) => Buffer.from(tagOf(text)).toString('hex')

export interface Asker {
  jkt: string
  /** `req.ip`. */
  address: string | undefined
  from?: string
  purpose?: Purpose
  sessionId?: string
  personId?: string
}

export async function openHandoff(
  context: EntryContext,
  school: { boardId: string; schoolId: string },
  asker: Asker,
): Promise<{ id: string; secret: string; windowKey: string; code: string; expiresAt: Date }> {
  const { jkt, address, purpose = 'enter', ...about } = asker
  const id = randomUUID()
  const [key, windowKey, code] = [secret(), secret(), newCode()]
  const expiresAt = new Date(context.clock().getTime() + minutes * 60_000)
  const to = { toBoardId: school.boardId, toSchoolId: school.schoolId }
  const network = await networkTag(context, { boardId: school.boardId, handoffId: id, address })
  const opening = { ...about, purpose, windowTag: hexTag(windowKey), networks: network ? [network] : [] }
  await withTenant(context.db, scope, tx =>
    tx.handoff.create({
      data: { boardId: reservedBoard, id, secretTag: tagOf(key), jkt, code, ...to, state: 'open', opening, expiresAt },
    }),
  )
  return { id, secret: key, windowKey, code, expiresAt }
}

export interface OpenHandoff extends Omit<Opening, 'windowTag'> {
  id: string
  code: string
  boardId: string
  schoolId: string
}

/** @param purposes what the asking page is for. @returns null when it is unknown, for something else, used or too old */
export async function findOpenHandoff(
  context: EntryContext,
  id: string,
  purposes: readonly Purpose[] = ['enter'],
): Promise<OpenHandoff | null> {
  if (!z.uuid().safeParse(id).success) return null
  const row = await withTenant(context.db, scope, tx =>
    tx.handoff.findFirst({
      where: { boardId: reservedBoard, id, state: 'open', expiresAt: { gt: context.clock() } },
    }),
  )
  if (!row) return null
  const { windowTag: _tag, ...opening } = Opening.parse(row.opening)
  if (!purposes.includes(opening.purpose)) return null
  return { ...opening, id: row.id, code: row.code, boardId: row.toBoardId, schoolId: row.toSchoolId }
}

/**
 * The window's browser is the frame's: it brings the key that the frame gave it. The first browser is the one.
 * @param browser value of its cookie. @returns false when it proves nothing, which is no reason to stop
 */
export async function proveBrowser(
  context: EntryContext,
  proof: { id: string; windowKey: string; browser: string },
): Promise<boolean> {
  const [windowTag, browser] = [hexTag(proof.windowKey), hexTag(proof.browser)]
  const changed = await withTenant(
    context.db,
    scope,
    tx => tx.$executeRaw`
    update "Handoff" set opening = opening || jsonb_build_object('browser', ${browser}::text)
    where "boardId" = ${reservedBoard}::uuid and id = ${proof.id}::uuid and state = 'open' and "expiresAt" > ${context.clock()}
      and opening->>'windowTag' = ${windowTag} and opening->>'browser' is null`,
  )
  return changed === 1
}

/** What the window has to ask before anything is bound: a press, the panel's digits, or those and an answer in the panel. */
export type Question = 'press' | 'type' | 'type-and-answer'

export async function questionFor(
  context: EntryContext,
  handoff: OpenHandoff,
  visitor: { browser: string; address: string | undefined },
): Promise<Question> {
  if (handoff.browser === hexTag(visitor.browser)) return 'press'
  const tag = await networkTag(context, { ...handoff, handoffId: handoff.id, address: visitor.address })
  return tag && handoff.networks.includes(tag) ? 'type' : 'type-and-answer'
}

/** Binds the arrival (or the proof), once. @returns false when somebody was there first, or it was too late */
export async function bindHandoff(context: EntryContext, id: string, result: Arrival | Proof | Made): Promise<boolean> {
  const { count } = await withTenant(context.db, scope, tx =>
    tx.handoff.updateMany({
      where: { boardId: reservedBoard, id, state: 'open', expiresAt: { gt: context.clock() } },
      data: { state: 'bound', result: { ...result } },
    }),
  )
  return count === 1
}

/** As bindHandoff, but good only once the panel has answered. @returns the digits to type there, or null when it was too late */
export async function askBack(context: EntryContext, id: string, result: Arrival | Proof): Promise<string | null> {
  const code = newReply()
  const { count } = await withTenant(context.db, scope, tx =>
    tx.handoff.updateMany({
      where: { boardId: reservedBoard, id, state: 'open', expiresAt: { gt: context.clock() } },
      data: { state: 'answer', code, result: { ...result } },
    }),
  )
  return count === 1 ? code : null
}

export async function refuseHandoff(context: EntryContext, id: string, reason: RefusalReason): Promise<void> {
  await withTenant(context.db, scope, tx =>
    tx.handoff.updateMany({ where: { boardId: reservedBoard, id, state: 'open' }, data: { state: 'refused', reason } }),
  )
}

export type ClaimAnswer =
  | { state: 'open' }
  /** The window shows three digits: bring them as `reply`. */
  | { state: 'answer' }
  | { state: 'bound'; ticket: string }
  /** Nobody comes in by it: for whoever keeps it on the session (fresh.ts). */
  | { state: 'proven'; proof: Proof; boardId: string; sessionId: string; personId: string }
  | { state: 'enrolled' }
  | { state: 'refused'; reason: RefusalReason }
  | { state: 'gone' }

export interface Claim {
  id: string
  secret: string
  jkt: string
  reply?: string | undefined
  address: string | undefined
}

/** What became of it, for the frame that holds the secret and the key. The result is given once, to one caller. */
export async function claimHandoff(context: EntryContext, claim: Claim): Promise<ClaimAnswer> {
  const now = context.clock()
  const mine = { boardId: reservedBoard, id: claim.id, secretTag: tagOf(claim.secret), jkt: claim.jkt }
  let waits: { boardId: string; opening: Opening } | undefined
  const answer = await withTenant(context.db, scope, async (tx): Promise<ClaimAnswer> => {
    const row = await tx.handoff.findFirst({ where: { ...mine, expiresAt: { gt: now } } })
    if (!row) return { state: 'gone' }
    const opening = Opening.parse(row.opening)
    if (row.state === 'open') {
      waits = { boardId: row.toBoardId, opening }
      return { state: 'open' }
    }
    if (row.state === 'refused') return { state: 'refused', reason: row.reason as RefusalReason }
    if (row.state === 'answer') {
      if (claim.reply === undefined) return { state: 'answer' }
      // One statement decides, right or wrong: of many answers at once one counts.
      const right = claim.reply === row.code
      const data = right ? { state: 'taken' } : { state: 'refused', reason: 'wrong-code' }
      const { count } = await tx.handoff.updateMany({ where: { ...mine, state: 'answer' }, data })
      if (count !== 1) return { state: 'gone' }
      if (!right) return { state: 'refused', reason: 'wrong-code' }
    } else {
      const { count } = await tx.handoff.updateMany({ where: { ...mine, state: 'bound' }, data: { state: 'taken' } })
      if (count !== 1) return { state: 'gone' }
    }
    if (opening.purpose === 'enter')
      return { state: 'bound', ticket: await issueTicket(tx, Arrival.parse(row.result), row.jkt, now) }
    if (opening.purpose === 'enrol')
      return Made.safeParse(row.result).success ? { state: 'enrolled' } : { state: 'gone' }
    const { sessionId = '', personId = '' } = opening
    return { state: 'proven', proof: Proof.parse(row.result), boardId: row.toBoardId, sessionId, personId }
  })
  if (waits) await noteNetwork(context, claim, waits)
  return answer
}

/** The panel may ask by another line than it opened the hand-off by. */
async function noteNetwork(
  context: EntryContext,
  { id, address }: Claim,
  { boardId, opening: { networks } }: { boardId: string; opening: Opening },
): Promise<void> {
  const tag = await networkTag(context, { boardId, handoffId: id, address })
  if (!tag || networks.includes(tag) || networks.length >= mostNetworks) return
  await withTenant(
    context.db,
    scope,
    tx => tx.$executeRaw`
    update "Handoff" set opening = jsonb_set(opening, '{networks}', (opening->'networks') || to_jsonb(${tag}::text))
    where "boardId" = ${reservedBoard}::uuid and id = ${id}::uuid and state = 'open'`,
  )
}
