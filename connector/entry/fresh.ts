/**
 * Fresh proof: that who sits there now is who signed in. For what reveals more than the daily view (who reported, export, erase). Proven in a
 * top-level window, by the school's sign-in once more (`max_age`, an `auth_time` the issuer vouches for) or by a confirmed passkey; kept on
 * the session, good for five minutes from the proof itself, used up by nothing, and gone with the session.
 * Source: design.md, "The portal page is not trusted"; embedding.md §1.
 */
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { withTenant } from '../store/scope.ts'
import type { Caller } from './access.ts'
import type { EntryContext } from './context.ts'
import type { Proof } from './handoff.ts'

const freshMs = 5 * 60_000
/** How far an issuer's clock may be ahead of ours. */
const skewMs = 60_000

export interface Freshness {
  until: Date
  by: Proof['by']
}

type Who = Pick<Caller, 'boardId' | 'sessionId' | 'personId'>

/** @returns null when this session was never proven again, or longer than five minutes ago */
export async function freshness(context: EntryContext, who: Who): Promise<Freshness | null> {
  const { boardId, sessionId: id, personId } = who
  const now = context.clock()
  const row = await withTenant(context.db, { boardId, personId, role: 'person' }, tx =>
    tx.session.findFirst({
      where: { boardId, id, personId, endedAt: null, endsAt: { gt: now } },
      select: { freshAt: true, freshBy: true },
    }),
  )
  if (!row?.freshAt || (row.freshBy !== 'auth-time' && row.freshBy !== 'passkey')) return null
  const until = new Date(row.freshAt.getTime() + freshMs)
  return until > now ? { until, by: row.freshBy } : null
}

/**
 * To be called by whatever reveals more than the daily view, at the very request.
 * @throws AppError `unauthenticated` with reason `fresh-proof-needed`; the view then opens the window of POST /entry/fresh
 */
export async function requireFresh(context: EntryContext, who: Who): Promise<Freshness> {
  const fresh = await freshness(context, who)
  if (!fresh) throw new AppError('unauthenticated', 'Show once more that it is you.', { reason: 'fresh-proof-needed' })
  return fresh
}

/** Keeps a proof on exactly that session. @returns null when it is too old by now, or the session has ended */
export async function keepProof(
  context: EntryContext,
  who: Who & { channel?: string },
  proof: Proof,
): Promise<Freshness | null> {
  const { boardId, sessionId: id, personId } = who
  const now = context.clock()
  const freshAt = new Date(Math.min(proof.at, now.getTime()))
  const until = new Date(freshAt.getTime() + freshMs)
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const live = { boardId, id, personId, endedAt: null, endsAt: { gt: now } }
    const { count } =
      until > now ? await tx.session.updateMany({ where: live, data: { freshAt, freshBy: proof.by } }) : { count: 0 }
    const outcome = count === 1 ? ('done' as const) : ('refused' as const)
    await append(tx, { boardId, actor: personId, action: 'proof.keep', object: id, outcome, detail: { by: proof.by } })
    return count === 1 ? { until, by: proof.by } : null
  })
}

export type AuthTimeTrouble = 'auth-time-missing' | 'auth-time-old' | 'auth-time-future'

/**
 * Pure. OpenID Connect Core 1.0 §3.1.2.1: whoever asked `max_age` gets an `auth_time`, and has to look at it.
 * @param authTime seconds since 1970 as the ID token has it; null where it has none
 */
export function judgeAuthTime(authTime: number | null, now: Date): AuthTimeTrouble | null {
  if (authTime === null || !Number.isFinite(authTime)) return 'auth-time-missing'
  const age = now.getTime() - authTime * 1000
  if (age > freshMs) return 'auth-time-old'
  return age < -skewMs ? 'auth-time-future' : null
}
