/**
 * The custom grant: entry ticket + DPoP proof → access token + refresh token. oidc-provider checks no proof for a custom grant, so the
 * proof is checked, and its jti used up, here; portal-grant.ts does the same by the same two functions.
 */
import { errors, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import { AppError } from '../errors.ts'
import { claimOnce } from '../store/once.ts'
import { reservedBoard } from '../store/scope.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { type ProofChecker, proofWindowSeconds } from './dpop.ts'
import { startSession } from './session.ts'
import { redeemTicket } from './ticket.ts'
import { accountOf, audienceOf, resourceServer, ticketGrantType, tokenScope } from './tokens.ts'

export function registerTicketGrant(provider: Provider, context: EntryContext, checkProof: ProofChecker): void {
  const handler = async (ctx: KoaContextWithOIDC) => {
    try {
      const jkt = await provenKey(context, checkProof, ctx)
      const arrival = await redeemTicket(context, String(ctx.oidc.params?.ticket ?? ''), jkt)
      ctx.body = await tokensFor(provider, context, ctx, { arrival, jkt, gty: ticketGrantType })
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause
      context.log.warn('ticket refused', { reason: cause.reason ?? cause.code })
      throw new errors.InvalidGrant(cause.reason ?? 'ticket refused')
    }
  }
  provider.registerGrantType(ticketGrantType, handler, ['ticket'])
}

/** @returns thumbprint of the key that asks, its proof used up. @throws AppError `unauthenticated` with reason `proof-…` */
export async function provenKey(
  context: EntryContext,
  checkProof: ProofChecker,
  ctx: KoaContextWithOIDC,
): Promise<string> {
  const now = context.clock()
  const endpoint = new URL('/oidc/token', context.config.url).href
  const proof = checkProof(ctx.get('DPoP') || undefined, { method: 'POST', url: endpoint, now })
  const expiresAt = new Date(now.getTime() + 2 * proofWindowSeconds * 1000)
  if (!(await claimOnce(context.db, { boardId: reservedBoard, kind: 'dpop', value: proof.jkt + proof.jti, expiresAt })))
    throw new AppError('unauthenticated', 'This proof was used before.', { reason: 'proof-replay' })
  return proof.jkt
}

/** Begins the session, and answers its first tokens as the token endpoint does (RFC 6749 §5.1), bound to that key. */
export async function tokensFor(
  provider: Provider,
  context: EntryContext,
  ctx: KoaContextWithOIDC,
  { arrival, jkt, gty }: { arrival: Arrival; jkt: string; gty: string },
) {
  const { url } = context.config
  const session = await startSession(context, arrival)
  const accountId = accountOf(session)
  const client = ctx.oidc.client
  if (!client) throw new errors.InvalidClient('client missing')
  ctx.oidc.entity('Account', { accountId, session, claims: () => ({ sub: session.personId }) } as never)

  const grant = new provider.Grant({ clientId: client.clientId, accountId })
  grant.addResourceScope(audienceOf(url), tokenScope)
  const grantId = await grant.save()
  const common = { accountId, client, grantId, gty, scope: tokenScope }
  const access = new provider.AccessToken(common)
  access.resourceServer = new provider.ResourceServer(audienceOf(url), resourceServer(url))
  access.setThumbprint('jkt', jkt)
  const refresh = new provider.RefreshToken({ ...common, resource: audienceOf(url), jkt } as never)
  return {
    access_token: await access.save(),
    token_type: 'DPoP',
    expires_in: access.expiration,
    refresh_token: await refresh.save(),
    scope: tokenScope,
  }
}
