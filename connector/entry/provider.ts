/**
 * The connector as OpenID provider. It has one client, the views, and for that client two ways to a token: an entry ticket, or what a portal
 * signed; then rotating refresh tokens, all bound to a key the browser cannot export. There is no page of its own to sign in at: ways in are the school's.
 */
import { type Configuration, Provider } from 'oidc-provider'
import type { EntryContext } from './context.ts'
import type { ProofChecker } from './dpop.ts'
import { registerPortalGrant } from './portal-grant.ts'
import { providerStore } from './provider-store.ts'
import { liveSession, type Session } from './session.ts'
import type { SigningKeys } from './signing-keys.ts'
import { registerTicketGrant } from './ticket-grant.ts'
import {
  accessTokenSeconds,
  audienceOf,
  issuerOf,
  refreshIdleSeconds,
  resourceServer,
  ticketGrantType,
  tokenExchangeGrantType,
  tokenScope,
  viewsClientId,
} from './tokens.ts'

export function openProvider(context: EntryContext, keys: SigningKeys, checkProof: ProofChecker): Provider {
  const { url } = context.config
  const provider = new Provider(issuerOf(url), {
    adapter: providerStore(context.db),
    jwks: { keys: keys.tokens as NonNullable<Configuration['jwks']>['keys'] },
    cookies: { keys: keys.cookies },
    clients: [
      {
        client_id: viewsClientId,
        token_endpoint_auth_method: 'none',
        grant_types: [ticketGrantType, tokenExchangeGrantType, 'refresh_token'],
        response_types: [],
        redirect_uris: [],
        dpop_bound_access_tokens: true,
      },
    ],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'], dPoPSigningAlgValues: ['ES256'] },
    scopes: ['offline_access', tokenScope],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    // Browsers send Origin on a POST to their own site too. No other origin is a client of ours.
    clientBasedCORS: (_ctx, origin) => origin === url.origin,
    features: {
      devInteractions: { enabled: false },
      dPoP: { enabled: true },
      pushedAuthorizationRequests: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audienceOf(url),
        useGrantedResource: () => true,
        getResourceServerInfo: () => resourceServer(url),
      },
    },
    ttl: {
      AccessToken: ctx => Math.min(accessTokenSeconds, secondsLeft(context, ctx)),
      RefreshToken: ctx => Math.min(refreshIdleSeconds, secondsLeft(context, ctx)),
      Grant: ctx => secondsLeft(context, ctx),
    },
    formats: {
      customizers: {
        jwt: (ctx, _token, jwt) => {
          const session = sessionOf(ctx)
          if (session && jwt.payload) Object.assign(jwt.payload, claimsOf(session))
        },
      },
    },
    findAccount: async (_ctx, accountId) => {
      const [boardId = '', sessionId = ''] = accountId.split(':')
      const session = await liveSession(context, boardId, sessionId)
      if (!session) return undefined
      return { accountId, session, claims: () => ({ sub: session.personId }) }
    },
    renderError: (ctx, out) => {
      ctx.type = 'application/json'
      ctx.body = { error: out.error }
    },
  })
  provider.proxy = context.config.proxies > 0
  provider.on('server_error', (_ctx, cause) => context.log.error('token endpoint failed', cause))
  registerTicketGrant(provider, context, checkProof)
  registerPortalGrant(provider, context, checkProof)
  return provider
}

/** Who and how; never what is allowed. */
const claimsOf = (session: Session) => ({
  sub: session.personId,
  sid: session.id,
  board: session.boardId,
  school: session.schoolId,
  chan: session.channel,
  acr: session.acr ?? undefined,
  auth_time: session.authTime,
})

type Oidc = { oidc?: { entities?: { Account?: unknown } } } | undefined
const sessionOf = (ctx: unknown): Session | undefined =>
  ((ctx as Oidc)?.oidc?.entities?.Account as { session?: Session } | undefined)?.session

function secondsLeft(context: EntryContext, ctx: unknown): number {
  const session = sessionOf(ctx)
  if (!session) return 1
  return Math.max(1, Math.floor((session.endsAt.getTime() - context.clock().getTime()) / 1000))
}
