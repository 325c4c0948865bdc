/**
 * A compact JWS of somebody else: a portal's, or Entra's. Which algorithm it must have is ours to say, before any key is looked up; what its
 * header says of keys (`jku`, `x5u`, `jwk`) is not even read.
 */
import { type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { compactJws } from './dpop.ts'

export type SigningAlgorithm = 'ES256' | 'RS256'

/** An Entra token with many claims has some 3 kB. */
const longest = 16_000

const Header = z.object({
  alg: z.string(),
  typ: z.string().optional(),
  kid: z.string().min(1).max(300).optional(),
  crit: z.unknown().optional(),
})

export interface SignedToken {
  kid: string
  /** As it came: nothing of it is proven before `signedBy`. */
  claims: Record<string, unknown>
  /** What is signed, as text: the same token has no second spelling of it. */
  signed: string
  signature: Uint8Array
}

/** @throws AppError `unauthenticated` with reason `token-form`, `token-alg`, `token-typ`, `token-crit` or `token-kid` */
export function readSignedToken(text: unknown, alg: SigningAlgorithm): SignedToken {
  if (typeof text !== 'string' || text.length > longest || !compactJws.test(text)) throw refused('token-form')
  const [head = '', body = '', signature = ''] = text.split('.')
  const header = Header.safeParse(jsonOf(head))
  if (!header.success) throw refused('token-form')
  const { kid, typ, crit } = header.data
  if (header.data.alg !== alg) throw refused('token-alg')
  // A proof, an access token or a logout token of the same key is no sign-in.
  if (typ !== undefined && typ.toUpperCase() !== 'JWT') throw refused('token-typ')
  if (crit !== undefined) throw refused('token-crit')
  if (kid === undefined) throw refused('token-kid')
  const claims = z.record(z.string(), z.unknown()).safeParse(jsonOf(body))
  if (!claims.success) throw refused('token-form')
  return { kid, claims: claims.data, signed: `${head}.${body}`, signature: Buffer.from(signature, 'base64url') }
}

/** @param key of a key set (key-sets.ts), which has looked at its type and use */
export function signedBy({ signed, signature }: SignedToken, key: KeyObject): boolean {
  const algorithm = key.asymmetricKeyType === 'ec' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key
  return verify('sha256', Buffer.from(signed), algorithm, signature)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function jsonOf(part: string): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(part, 'base64url')))
  } catch {
    return undefined
  }
}

const refused = (reason: string) => new AppError('unauthenticated', 'This token does not hold.', { reason })
