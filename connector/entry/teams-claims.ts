/**
 * What Entra must say of who sits in Teams, in a token for our own API (embedding.md §5). Pure. Entra's v1 tokens name `sts.windows.net` as issuer and
 * the application id URI as audience, its v2 tokens the tenant's v2.0 address and the bare client id; which of them a school gets is a setting
 * of its app (`requestedAccessTokenVersion`).
 */
import { z } from 'zod'

/** Seconds, either way. */
const leeway = 60
const scope = 'access_as_user'

const guid = z.string().regex(/^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/)

const Claims = z.object({
  iss: z.string().max(300),
  aud: z.string().max(300),
  tid: guid,
  /** The person in that tenant, as Graph's roster names them too. An application has one as well: it has no `scp`. */
  oid: guid,
  scp: z.string().max(2000),
  ver: z.enum(['1.0', '2.0']),
  iat: z.number(),
  nbf: z.number(),
  exp: z.number(),
})
export type TeamsClaims = z.infer<typeof Claims>

export type TeamsFault = 'claim-missing' | 'issuer' | 'audience' | 'tenant' | 'scope' | 'expired' | 'clock-ahead'

/** A row of ours, never the token's word. */
export interface TeamsExpected {
  tenant: string
  clientId: string
  /** Our own address. */
  url: URL
  now: Date
}

type Verdict = { claims: TeamsClaims } | { fault: TeamsFault; facts: Record<string, string | number> }

export const teamsIssuer = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`
export const teamsKeySet = (tenant: string) =>
  new URL(`https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`)

/** @returns the client id that this audience names, whatever its spelling; null when it is nothing of ours */
export function teamsClient(audience: unknown, url: URL): string | null {
  if (typeof audience !== 'string') return null
  const own = `api://${url.host}/`
  const id = (audience.startsWith(own) ? audience.slice(own.length) : audience).toLowerCase()
  return guid.safeParse(id).success ? id : null
}

export function checkTeamsClaims(given: unknown, { tenant, clientId, url, now: at }: TeamsExpected): Verdict {
  const parsed = Claims.safeParse(given)
  if (!parsed.success) {
    const wrong = [...new Set(parsed.error.issues.map(issue => String(issue.path[0] ?? '')))].join(' ')
    return { fault: 'claim-missing', facts: { claims: wrong } }
  }
  const claims = parsed.data
  const now = at.getTime() / 1000
  const fault = (code: TeamsFault, facts: Record<string, string | number> = {}): Verdict => ({ fault: code, facts })
  if (claims.tid.toLowerCase() !== tenant) return fault('tenant')
  const issuer = claims.ver === '1.0' ? `https://sts.windows.net/${tenant}/` : teamsIssuer(tenant)
  if (claims.iss.toLowerCase() !== issuer) return fault('issuer', { version: claims.ver })
  if (teamsClient(claims.aud, url) !== clientId) return fault('audience')
  if (!claims.scp.split(' ').includes(scope)) return fault('scope')
  if (!(claims.exp > now - leeway)) return fault('expired', { seconds: Math.round(now - claims.exp) })
  if (!(claims.nbf <= now + leeway && claims.iat <= now + leeway))
    return fault('clock-ahead', { seconds: Math.round(Math.max(claims.nbf, claims.iat) - now) })
  return { claims }
}
