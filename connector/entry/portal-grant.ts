/**
 * A portal with a server says who sits there, by a token it signed a moment ago; the frame exchanges that for ours (RFC 8693). What the portal
 * is believed to know is who is signed in there: not what they may, nor, unless the board said so, that somebody is staff.
 */
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { claimOnce } from '../store/once.ts'
import { portalIdentityIssuer } from '../store/portals.ts'
import { routesTo } from '../store/routes.ts'
import { type SchoolAt, schoolByKey } from '../store/school-keys.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import type { ProofChecker } from './dpop.ts'
import { type KeyFinder, openKeySets } from './key-sets.ts'
import { linkIdentity } from './link.ts'
import { checkPortalClaims, type PortalClaims } from './portal-claims.ts'
import { mayBeNamed } from './portal-person.ts'
import { readSignedToken, signedBy } from './signed-token.ts'
import { provenKey, tokensFor } from './ticket-grant.ts'
import { audienceOf, tokenExchangeGrantType } from './tokens.ts'
import { type TroubleNotes, troubleNotes } from './trouble-notes.ts'

const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'
const jwtType = 'urn:ietf:params:oauth:token-type:jwt'

const Asked = z.object({
  subject_token: z.string(),
  subject_token_type: z.literal(jwtType),
  requested_token_type: z.literal(accessTokenType).optional(),
  /** The publishable key of the frame's page. */
  school: z.string().max(64),
  /** Of the page around the frame, as the browser told the frame. */
  origin: z.string().max(300),
  // Nobody acts for somebody else here.
  actor_token: z.never().optional(),
  actor_token_type: z.never().optional(),
})
type Asked = z.infer<typeof Asked>
/** Accepted where they say what is so anyhow (RFC 8693 §2.1). */
const targets = ['audience', 'resource'] as const

export function registerPortalGrant(provider: Provider, context: EntryContext, checkProof: ProofChecker): void {
  const keyOf = openKeySets(context, { alg: 'ES256' })
  const entry = { context, keyOf, note: troubleNotes(context) }
  const handler = async (ctx: KoaContextWithOIDC) => {
    try {
      const jkt = await provenKey(context, checkProof, ctx)
      const arrival = await arrivalOf(entry, askedOf(context, ctx))
      const tokens = await tokensFor(provider, context, ctx, { arrival, jkt, gty: tokenExchangeGrantType })
      ctx.body = { ...tokens, issued_token_type: accessTokenType }
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause
      throw refusal(context, cause)
    }
  }
  provider.registerGrantType(tokenExchangeGrantType, handler, [...Object.keys(Asked.shape), ...targets])
}

/** RFC 8693 §2.2.2: whatever is wrong with the token, it is this error. @param number under which its administrator finds why */
function refusal(context: EntryContext, cause: AppError, number?: string) {
  const reason = cause.reason ?? cause.code
  context.log.warn('portal token refused', { reason })
  return new errors.InvalidRequest(number ? `${reason} ${number}` : reason)
}

interface PortalEntry {
  context: EntryContext
  keyOf: KeyFinder
  note: TroubleNotes
}

function askedOf(context: EntryContext, ctx: KoaContextWithOIDC): Asked {
  const params = (ctx.oidc.params ?? {}) as Record<string, unknown>
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined))
  for (const name of targets)
    if (given[name] !== undefined && given[name] !== audienceOf(context.config.url)) throw new errors.InvalidTarget()
  const asked = Asked.safeParse(given)
  if (!asked.success) throw new AppError('invalid-input', 'token-exchange-form', { reason: 'token-exchange-form' })
  return asked.data
}

async function arrivalOf(entry: PortalEntry, asked: Asked): Promise<Arrival> {
  const { context, note } = entry
  const at = await schoolByKey(context.db, asked.school)
  if (!at) throw new AppError('unauthenticated', 'school-unknown', { reason: 'school-unknown' })
  const seen: { portalId?: string; facts?: Record<string, string | number> } = {}
  try {
    return await provenArrival(entry, asked, at, seen)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    const code = cause.reason ?? cause.code
    const { portalId: platformId, facts } = seen
    const trouble = { boardId: at.boardId, channel: 'portal', code } as const
    const number = await note({ ...trouble, ...(platformId ? { platformId } : {}), ...(facts ? { facts } : {}) })
    throw refusal(context, cause, number)
  }
}

async function provenArrival(
  { context, keyOf }: PortalEntry,
  asked: Asked,
  at: SchoolAt,
  seen: { portalId?: string; facts?: Record<string, string | number> },
): Promise<Arrival> {
  const { boardId, schoolId } = at
  const token = readSignedToken(asked.subject_token, 'ES256')
  const found = await portalOf(context, at, token.claims.iss)
  if (!found) throw refused('portal-unknown')
  const { portal, several, origins } = found
  seen.portalId = portal.id
  const key = await keyOf(new URL(portal.jwksUrl), token.kid)
  if (!key) throw refused('token-key')
  if (!signedBy(token, key)) throw refused('token-signature')
  const { config, clock } = context
  const verdict = checkPortalClaims(token.claims, {
    ...{ audience: config.url, frameOrigin: asked.origin, origins, school: asked.school, several, now: clock() },
  })
  if ('fault' in verdict) {
    seen.facts = verdict.facts
    throw refused(verdict.fault)
  }
  const { claims } = verdict
  if (!(await firstUse(context, claims))) throw refused('token-replay')
  // A key of the roster is the same in capitals (store/fingerprints.ts): so is who has it.
  const subject = claims.sub.normalize('NFC').trim().toLowerCase()
  const identity = { issuer: portalIdentityIssuer(portal), subject, claim: claims.sub }
  const linked = await linkIdentity(context, { ...at, ...identity, keyType: portal.keyType })
  if (linked.found !== 'person') throw refused(linked.found === 'nobody' ? 'nobody-found' : 'conflict')
  const { personId } = linked
  if (!(await mayBeNamed(context, { boardId, personId, mayName: portal.mayName }))) throw refused('may-not-name')
  // When the portal's own sign-in was, it does not prove.
  const authTime = Math.floor(Math.min(claims.iat, clock().getTime() / 1000))
  return { boardId, schoolId, personId, channel: 'portal', acr: null, authTime }
}

/** The registration of that issuer for this school, whether it has others, and where the school lets its frames show. */
async function portalOf(context: EntryContext, { boardId, schoolId }: SchoolAt, issuer: unknown) {
  if (typeof issuer !== 'string' || issuer.length > 500 || issuer.includes('\u0000')) return null
  const routes = await routesTo(context.db, 'portal', issuer)
  if (!routes.some(route => route.toBoardId === boardId)) return null
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const portals = await tx.portal.findMany({ where: { boardId, issuer } })
    const portal = portals.find(each => each.schoolId === schoolId)
    if (!portal) return null
    const origins = await tx.origin.findMany({ where: { boardId, schoolId }, select: { origin: true } })
    return { portal, several: portals.length > 1 || routes.length > 1, origins: origins.map(({ origin }) => origin) }
  })
}

/** Of all boards: a portal numbers its tokens once. Kept until well after the token itself is too old. */
function firstUse(context: EntryContext, { iss, jti, exp }: PortalClaims): Promise<boolean> {
  const expiresAt = new Date((exp + 120) * 1000)
  return claimOnce(context.db, { boardId: reservedBoard, kind: 'portal-jti', value: `${iss}\n${jti}`, expiresAt })
}

const refused = (reason: string) => new AppError('unauthenticated', reason, { reason })
