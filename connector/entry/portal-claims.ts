/**
 * What a portal must say of who sits there (embedding.md §8). Pure: whose key signed it has been looked at before, that it was not used before is
 * looked at after.
 */
import { z } from 'zod'

/** Seconds between iat and exp, at most. */
export const portalTokenSeconds = 60
/** Seconds that a portal's clock may differ from ours. */
const skew = 60

const words = (min: number, max: number) =>
  z
    .string()
    .min(min)
    .max(max)
    .regex(/^\P{Cc}*$/u)

const Claims = z.object({
  iss: words(1, 500),
  aud: z.union([words(1, 500), z.array(words(1, 500)).length(1)]),
  /** Value of the roster key that the portal was registered with. */
  sub: words(1, 320),
  origin: words(1, 300),
  /** The school's publishable key. */
  school: words(1, 64).optional(),
  jti: words(8, 200),
  iat: z.number(),
  exp: z.number(),
  nbf: z.number().optional(),
})
export type PortalClaims = z.infer<typeof Claims>

export type PortalFault =
  | 'claim-missing'
  | 'audience'
  | 'lifetime'
  | 'expired'
  | 'clock-ahead'
  | 'origin-unlisted'
  | 'origin-other'
  | 'school-other'
  | 'school-missing'

export interface PortalExpected {
  /** Our own address. */
  audience: URL
  /** Where the frame runs, as the browser told it. */
  frameOrigin: string
  /** What the school listed. */
  origins: readonly string[]
  /** Publishable key of the frame's school. */
  school: string
  /** The portal serves more schools than this one, and must say which. */
  several: boolean
  now: Date
}

type Verdict = { claims: PortalClaims } | { fault: PortalFault; facts: Record<string, string | number> }

export function checkPortalClaims(given: unknown, expected: PortalExpected): Verdict {
  const parsed = Claims.safeParse(given)
  if (!parsed.success) {
    // Names of claims, and only of those we know.
    const wrong = [...new Set(parsed.error.issues.map(issue => String(issue.path[0] ?? '')))].join(' ')
    return { fault: 'claim-missing', facts: { claims: wrong } }
  }
  const claims = parsed.data
  const now = expected.now.getTime() / 1000
  const lives = claims.exp - claims.iat
  const audience = Array.isArray(claims.aud) ? claims.aud[0] : claims.aud
  const fault = (code: PortalFault, facts: Record<string, string | number> = {}): Verdict => ({ fault: code, facts })
  if (audience !== expected.audience.origin && audience !== `${expected.audience.origin}/`) return fault('audience')
  if (!(lives > 0 && lives <= portalTokenSeconds)) return fault('lifetime', { seconds: Math.round(lives) })
  if (!(claims.exp > now - skew)) return fault('expired', { seconds: Math.round(now - claims.exp) })
  if (!(claims.iat <= now + skew) || !((claims.nbf ?? 0) <= now + skew))
    return fault('clock-ahead', { seconds: Math.round(claims.iat - now) })
  if (!expected.origins.includes(claims.origin)) return fault('origin-unlisted')
  if (claims.origin !== expected.frameOrigin) return fault('origin-other')
  if (claims.school === undefined && expected.several) return fault('school-missing')
  if (claims.school !== undefined && claims.school !== expected.school) return fault('school-other')
  return { claims }
}
