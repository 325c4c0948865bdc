/** An ID token whose signature holds: what else must hold of it. And, of an answer that does not hold, which check failed. Pure. */
import { AppError } from '../errors.ts'
import type { Claims } from '../sign-in-kinds.ts'

/** Seconds that our clock and the issuer's may differ. */
export const skewSeconds = 60
/** It was made for the code that we just brought. Ours. */
const longestSeconds = 600

export interface Asked {
  issuer: string
  clientId: string
  nonce: string
  now: Date
}

/**
 * Again what the library looks at, with our own clock, and what it leaves open: other audiences beside ours, `azp` of another client, the token's
 * type, and its age. Source: OpenID Connect Core 1.0, §3.1.3.7; RFC 8725 §3.11.
 * @returns a code, or null
 */
export function whyNotIdToken(header: { typ?: string | undefined }, claims: Claims, asked: Asked): string | null {
  const now = asked.now.getTime() / 1000
  if (header.typ !== undefined && header.typ.toUpperCase() !== 'JWT') return 'token-typ'
  if (claims.iss !== asked.issuer) return 'token-iss'
  if (!isAlone(claims.aud, asked.clientId)) return 'token-aud'
  if (claims.azp !== undefined && claims.azp !== asked.clientId) return 'token-azp'
  if (typeof claims.sub !== 'string' || claims.sub === '' || claims.sub.length > 255) return 'token-sub'
  if (claims.nonce !== asked.nonce) return 'token-nonce'
  if (!isTime(claims.exp) || claims.exp <= now - skewSeconds) return 'token-exp'
  if (!isTime(claims.iat) || claims.iat > now + skewSeconds || claims.iat < now - longestSeconds) return 'token-iat'
  if (claims.nbf !== undefined && (!isTime(claims.nbf) || claims.nbf > now + skewSeconds)) return 'token-nbf'
  if (claims.auth_time !== undefined && (!isTime(claims.auth_time) || claims.auth_time > now + skewSeconds))
    return 'token-auth-time'
  return null
}

/** Text, or a list of that one. */
export const isAlone = (audience: unknown, clientId: string): boolean =>
  audience === clientId || (Array.isArray(audience) && audience.length === 1 && audience[0] === clientId)

export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0

/** Codes alone, from however deep: what a library says of a token may quote it. */
export function whatFailed(cause: unknown): Record<string, string> {
  const facts: Record<string, string> = {}
  let at: unknown = cause
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, claim, error, cause: under } = at as Record<string, unknown>
    const word = at instanceof AppError ? at.reason : code
    if (facts.check === undefined && isWord(word)) facts.check = word
    if (facts.claim === undefined && isWord(claim)) facts.claim = claim
    if (facts.error === undefined && isWord(error)) facts.error = error
    at = under
  }
  return facts
}

const isWord = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z_-]{1,60}$/.test(value)
