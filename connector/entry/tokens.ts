/** Names, terms and audiences of our own tokens. */
import type { Session } from './session.ts'

/** Also in connector/api/contract.ts, for the widgets; a test holds them together. */
export const ticketGrantType = 'urn:m5:params:oauth:grant-type:entry-ticket'
/** RFC 8693: what a portal signed. Also in connector/api/contract.ts. */
export const tokenExchangeGrantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const viewsClientId = 'm5-views'
export const tokenScope = 'm5'
export const accessTokenSeconds = 5 * 60
export const refreshIdleSeconds = 30 * 60

export const issuerOf = (url: URL) => new URL('/oidc', url).href
/** The API, as audience of access tokens. */
export const audienceOf = (url: URL) => new URL('/api', url).href

/** A session is the provider's account: a session that ended is an account that is not found. */
export const accountOf = (session: Pick<Session, 'boardId' | 'id'>) => `${session.boardId}:${session.id}`

export const resourceServer = (url: URL) => ({
  scope: tokenScope,
  audience: audienceOf(url),
  accessTokenFormat: 'jwt' as const,
  jwt: { sign: { alg: 'ES256' as const } },
})
