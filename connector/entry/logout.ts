/**
 * Who signs out at the school is out here too: OpenID Connect Back-Channel Logout 1.0. A logout ends the sessions that came of that sign-in, and
 * also those still on their way: it may arrive between somebody's answer at the issuer and the frame's first token.
 */

import type { Claims } from '../sign-in-kinds.ts'
import { append } from '../store/audit.ts'
import type { Tx } from '../store/database.ts'
import { withTenant } from '../store/scope.ts'
import { type Bytes, tagOf } from '../store/seal.ts'
import { isAlone, isTime, skewSeconds } from './answer.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import type { SignIn } from './sign-in-rows.ts'

/** Longer than anybody is under way from the issuer's answer to a session: confirm 5, hand-off 5, ticket 1. */
const underWayMs = 15 * 60_000
/** A token that comes later than this says nothing of now. Ours. */
const longestSeconds = 600
const event = 'http://schemas.openid.net/event/backchannel-logout'

export interface Logout {
  jti: string
  /** With `sid` one session of the issuer ends; without it all of that subject. */
  sid: string | null
  sub: string | null
}

/** Source: OpenID Connect Back-Channel Logout 1.0, §2.4 and §2.6. @returns a code where it does not hold */
export function readLogout(
  header: { typ?: string | undefined },
  claims: Claims,
  expected: { issuer: string; clientId: string; now: Date },
): Logout | { refused: string } {
  const now = expected.now.getTime() / 1000
  const { iss, aud, iat, exp, jti, sid, sub, events, nonce } = claims
  // Older issuers write JWT, or nothing; an ID token has a nonce, and no events.
  if (header.typ !== undefined && !['LOGOUT+JWT', 'JWT'].includes(header.typ.toUpperCase())) return no('typ')
  if (iss !== expected.issuer) return no('iss')
  if (!isAlone(aud, expected.clientId)) return no('aud')
  if (!isTime(iat) || iat > now + skewSeconds || iat < now - longestSeconds) return no('iat')
  if (exp !== undefined && (!isTime(exp) || exp <= now - skewSeconds)) return no('exp')
  if (!isText(jti)) return no('jti')
  if (nonce !== undefined) return no('nonce')
  if (!isObject(events) || !isObject(events[event])) return no('events')
  if ((sid !== undefined && !isText(sid)) || (sub !== undefined && !isText(sub))) return no('subject')
  if (sid === undefined && sub === undefined) return no('subject')
  return { jti, sid: sid ?? null, sub: sub ?? null }
}

const no = (check: string) => ({ refused: `logout-${check}` })
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 500
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What an arrival takes along, so that its session is found again. */
export async function tagsOf(
  context: Pick<EntryContext, 'keyring' | 'clock'>,
  signIn: Pick<SignIn, 'boardId' | 'id' | 'issuer'>,
  { sid, sub }: Claims,
): Promise<Pick<Arrival, 'signInId' | 'sidTag' | 'subjectTag' | 'provenAt'>> {
  const print = await printer(context, signIn)
  return {
    signInId: signIn.id,
    provenAt: context.clock().getTime(),
    ...(isText(sid) ? { sidTag: hex(print('sid', sid)) } : {}),
    ...(isText(sub) ? { subjectTag: hex(print('sub', sub)) } : {}),
  }
}

/**
 * Ends them, in one transaction with the note that catches those under way. A token counts once.
 * @returns how many sessions ended, or null for a token that came before
 */
export async function endBySignIn(context: EntryContext, signIn: SignIn, logout: Logout): Promise<number | null> {
  const { boardId, id: signInId } = signIn
  const print = await printer(context, signIn)
  const sidTag = logout.sid === null ? null : print('sid', logout.sid)
  const subjectTag = logout.sub === null ? null : print('sub', logout.sub)
  // An issuer that named no session in its ID token means the subject by whatever it says now.
  const ofSubject = subjectTag && (sidTag ? { subjectTag, sidTag: null } : { subjectTag })
  const found = [...(sidTag ? [{ sidTag }] : []), ...(ofSubject ? [ofSubject] : [])]
  const marks = [sidTag, subjectTag && (sidTag ? withoutSid(subjectTag) : subjectTag)].filter(tag => tag !== null)
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    await lock(tx, signInId, 'alone')
    const at = context.clock()
    const expiresAt = new Date(at.getTime() + underWayMs)
    const once = { boardId, kind: 'logout-token', value: tagOf(`${signInId} ${logout.jti}`), expiresAt }
    if ((await tx.once.createMany({ data: [once], skipDuplicates: true })).count === 0) return null
    for (const value of marks) {
      const mark = { boardId, kind: 'logged-out', value }
      await tx.once.upsert({
        where: { boardId_kind_value: mark },
        create: { ...mark, expiresAt },
        update: { expiresAt },
      })
    }
    const { count } = await tx.session.updateMany({
      where: { boardId, signInId, OR: found, endedAt: null },
      data: { endedAt: at, tabTag: null },
    })
    const detail = { sessions: count, by: logout.sid === null ? 'subject' : 'session' }
    await append(tx, { boardId, actor: 'sign-in', action: 'session.logout', object: signInId, outcome: 'done', detail })
    return count
  })
}

/**
 * In the transaction that starts a session, before it is written: whether the sign-in is still there and its issuer has not logged this one out
 * since. Who logs out, or removes the sign-in, at this very moment goes first or sees the session.
 */
export async function mayStart(tx: Tx, arrival: Arrival): Promise<boolean> {
  const { boardId, signInId, sidTag, subjectTag, provenAt } = arrival
  if (signInId === undefined) return true
  await lock(tx, signInId, 'shared')
  if ((await tx.signIn.count({ where: { boardId, id: signInId } })) === 0) return false
  const tags = [sidTag, subjectTag].flatMap(tag => (tag === undefined ? [] : [bytesOf(tag)]))
  if (sidTag === undefined && subjectTag !== undefined) tags.push(withoutSid(bytesOf(subjectTag)))
  const since = new Date((provenAt ?? 0) + underWayMs)
  const where = { boardId, kind: 'logged-out', value: { in: tags }, expiresAt: { gte: since } }
  return tags.length === 0 || (await tx.once.count({ where })) === 0
}

/** Of a stored session, for one that takes its place. Its own start is when it was last known to be good. */
export const tagsFrom = (session: {
  signInId: string | null
  sidTag: Uint8Array | null
  subjectTag: Uint8Array | null
  startedAt: Date
}): Pick<Arrival, 'signInId' | 'sidTag' | 'subjectTag' | 'provenAt'> =>
  session.signInId === null
    ? {}
    : {
        signInId: session.signInId,
        provenAt: session.startedAt.getTime(),
        ...(session.sidTag ? { sidTag: hex(session.sidTag) } : {}),
        ...(session.subjectTag ? { subjectTag: hex(session.subjectTag) } : {}),
      }

/** As columns of the session. */
export const tagColumns = ({ signInId, sidTag, subjectTag }: Arrival) => ({
  signInId: signInId ?? null,
  sidTag: sidTag === undefined ? null : bytesOf(sidTag),
  subjectTag: subjectTag === undefined ? null : bytesOf(subjectTag),
})

/** `connector/admin/sign-ins.ts` takes the same lock before it removes a sign-in. */
async function lock(tx: Tx, signInId: string, how: 'alone' | 'shared'): Promise<void> {
  if (how === 'alone') await tx.$executeRaw`select pg_advisory_xact_lock(5306, hashtext(${signInId}))`
  else await tx.$executeRaw`select pg_advisory_xact_lock_shared(5306, hashtext(${signInId}))`
}

async function printer(
  { keyring }: Pick<EntryContext, 'keyring'>,
  { boardId, issuer }: Pick<SignIn, 'boardId' | 'issuer'>,
) {
  const keys = await keyring.board(boardId)
  return (what: 'sid' | 'sub', value: string): Bytes =>
    keys.fingerprint('subject', Buffer.from(`${what}\n${issuer}\n${value}`))
}

/** Of those of a subject whose session at the issuer is not known. */
const withoutSid = (subjectTag: Uint8Array): Bytes => tagOf(`without sid ${hex(subjectTag)}`)
const hex = (tag: Uint8Array) => Buffer.from(tag).toString('hex')
const bytesOf = (tag: string): Bytes => new Uint8Array(Buffer.from(tag, 'hex'))
