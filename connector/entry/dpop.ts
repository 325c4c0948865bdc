/**
 * DPoP proofs (RFC 9449) at our own endpoints: a token or ticket is worth nothing without the key of the frame it was made for. node:crypto
 * with the key cached by its header: a quarter of the cost of a general library, on the path of every request.
 */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'

/** RFC 7515 §2: base64url and nothing else, where Buffer would overlook padding, spaces and what follows them. */
export const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** Seconds a proof's iat may be off, either way. */
export const proofWindowSeconds = 300

const Header = z.object({
  typ: z.literal('dpop+jwt'),
  alg: z.literal('ES256'),
  jwk: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: z.string().length(43),
    y: z.string().length(43),
    ext: z.boolean().optional(),
    key_ops: z.array(z.string()).optional(),
    alg: z.string().optional(),
  }),
})
const Claims = z.object({
  htm: z.string(),
  htu: z.string(),
  iat: z.number(),
  jti: z.string().min(8).max(200),
  ath: z.string().optional(),
})

export interface Proof {
  /** RFC 7638 thumbprint of the key. */
  jkt: string
  jti: string
}

export interface Expected {
  method: string
  /** Without query. */
  url: string
  now: Date
  /** The access token that must be named by the proof. */
  accessToken?: string
}

/** Makes a checker with its own cache of keys. It does not see replays: claim `jti` (store/once.ts) where one would matter. */
export function proofChecker(cacheSize = 2000) {
  const keys = new Map<string, { key: KeyObject; jkt: string }>()

  const keyOf = (encodedHeader: string) => {
    const cached = keys.get(encodedHeader)
    if (cached) return cached
    const { jwk } = Header.parse(JSON.parse(Buffer.from(encodedHeader, 'base64url').toString('utf8')))
    const { crv, kty, x, y } = jwk
    const entry = {
      key: createPublicKey({ key: { crv, kty, x, y }, format: 'jwk' }),
      jkt: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url'),
    }
    const oldest = keys.size >= cacheSize ? keys.keys().next().value : undefined
    if (oldest !== undefined) keys.delete(oldest)
    keys.set(encodedHeader, entry)
    return entry
  }

  /** @throws AppError `unauthenticated` with reason `proof-…`; never says more than which check failed */
  return function checkProof(proof: string | undefined, expected: Expected): Proof {
    if (!proof || proof.length > 4000) throw refused('missing')
    if (!compactJws.test(proof)) throw refused('form')
    const [head = '', body = '', signature = ''] = proof.split('.')
    let entry: { key: KeyObject; jkt: string }
    let claims: z.infer<typeof Claims>
    try {
      entry = keyOf(head)
      claims = Claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
    } catch {
      throw refused('form')
    }
    const key = { key: entry.key, dsaEncoding: 'ieee-p1363' } as const
    if (!verify('sha256', Buffer.from(`${head}.${body}`), key, Buffer.from(signature, 'base64url')))
      throw refused('signature')
    if (claims.htm !== expected.method) throw refused('method')
    if (bare(claims.htu) !== bare(expected.url)) throw refused('address')
    if (Math.abs(expected.now.getTime() / 1000 - claims.iat) > proofWindowSeconds) throw refused('time')
    if (expected.accessToken && claims.ath !== createHash('sha256').update(expected.accessToken).digest('base64url'))
      throw refused('token')
    return { jkt: entry.jkt, jti: claims.jti }
  }
}
export type ProofChecker = ReturnType<typeof proofChecker>

const bare = (url: string) => url.replace(/[?#].*$/, '')
const refused = (check: string) =>
  new AppError('unauthenticated', 'The proof of possession does not hold.', { reason: `proof-${check}` })
