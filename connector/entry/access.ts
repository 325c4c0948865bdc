/**
 * From a request to the person behind it: access token, proof of possession, and the session as it stands now. The token says who and
 * how; whether that still holds is read from the database at every request.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { JWK } from 'jose'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { claimOnce } from '../store/once.ts'
import { readSession } from '../store/sessions.ts'
import type { EntryContext } from './context.ts'
import { compactJws, type ProofChecker, proofWindowSeconds } from './dpop.ts'
import type { SigningKeys } from './signing-keys.ts'
import { audienceOf, issuerOf } from './tokens.ts'

const Claims = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.uuid(),
  sid: z.uuid(),
  board: z.uuid(),
  school: z.uuid(),
  exp: z.number(),
  cnf: z.object({ jkt: z.string() }),
})
type Claims = z.infer<typeof Claims>

/** Who sends this request. `kinds` are the roles the roster gives in this school. */
export interface Caller {
  boardId: string
  schoolId: string
  personId: string
  sessionId: string
  channel: string
  acr: string | null
  authTime: Date
  kinds: string[]
}

export interface Bearer {
  authorization: string | undefined
  proof: string | undefined
  method: string
  /** As the client called it, on our public address. */
  url: string
}

/** What a report may come with: it is never refused for what is missing here. */
export type Signature =
  | { sender: { sessionId: string; personId: string; tokenHolds: boolean } }
  | { sender: null; reason: string | null }

export type Access = ReturnType<typeof openAccess>

export function openAccess(context: EntryContext, keys: SigningKeys, checkProof: ProofChecker) {
  const verifyToken = tokenVerifier(context.config.url, keys)

  /** @throws AppError `unauthenticated` */
  async function caller(bearer: Bearer): Promise<Caller> {
    const { claims, jti } = prove(bearer)
    if (claims.exp * 1000 <= context.clock().getTime()) throw refused('token-expired')
    const expiresAt = new Date(context.clock().getTime() + 2 * proofWindowSeconds * 1000)
    const once = { boardId: claims.board, kind: 'dpop', value: claims.cnf.jkt + jti, expiresAt }
    if (!(await claimOnce(context.db, once))) throw refused('proof-replay')
    const found = await readSession(context.db, claims.board, claims.sid)
    if (!found?.live || found.personId !== claims.sub) throw refused('session-ended')
    const { live: _live, ...who } = found
    return { boardId: claims.board, sessionId: claims.sid, ...who }
  }

  /**
   * For POST /api/reports. A replayed proof does no harm there (same key, same bytes, same receipt), so it is not claimed, and the session
   * is looked at where the report is stored. A token of another school, or none that holds, leaves the report unsigned.
   */
  function signature(bearer: Bearer, school: { boardId: string; schoolId: string }): Signature {
    if (!bearer.authorization) return { sender: null, reason: null }
    try {
      const { claims } = prove(bearer)
      if (claims.board !== school.boardId || claims.school !== school.schoolId)
        return { sender: null, reason: 'token-of-another-school' }
      const tokenHolds = claims.exp * 1000 > context.clock().getTime()
      return { sender: { sessionId: claims.sid, personId: claims.sub, tokenHolds } }
    } catch (cause) {
      if (cause instanceof AppError && cause.code === 'unauthenticated')
        return { sender: null, reason: cause.reason ?? 'token-refused' }
      throw cause
    }
  }

  function prove(bearer: Bearer): { claims: Claims; jti: string } {
    const [scheme, token] = (bearer.authorization ?? '').split(' ')
    if (scheme !== 'DPoP' || !token) throw refused('token-missing')
    const claims = verifyToken(token)
    const now = context.clock()
    const proof = checkProof(bearer.proof, { method: bearer.method, url: bearer.url, now, accessToken: token })
    if (proof.jkt !== claims.cnf.jkt) throw refused('proof-key')
    return { claims, jti: proof.jti }
  }

  return { caller, signature }
}

/** Verified tokens are remembered by their text until they are pushed out: one signature check per token, not per request. */
function tokenVerifier(url: URL, keys: SigningKeys, cacheSize = 5000) {
  const publicKeys = new Map(keys.tokens.map(jwk => [String(jwk.kid), publicKeyOf(jwk)]))
  const verified = new Map<string, Claims>()
  const issuer = issuerOf(url)
  const audience = audienceOf(url)
  return (token: string): Claims => {
    const known = verified.get(token)
    if (known) return known
    const claims = read(token, publicKeys)
    if (claims.iss !== issuer || claims.aud !== audience) throw refused('token-audience')
    const oldest = verified.size >= cacheSize ? verified.keys().next().value : undefined
    if (oldest !== undefined) verified.delete(oldest)
    verified.set(token, claims)
    return claims
  }
}

function read(token: string, publicKeys: Map<string, KeyObject>): Claims {
  const [head = '', body = '', signature = ''] = token.split('.')
  try {
    const header = JSON.parse(Buffer.from(head, 'base64url').toString('utf8')) as Record<string, unknown>
    const key = publicKeys.get(String(header.kid))
    if (compactJws.test(token) && key && header.alg === 'ES256' && header.typ === 'at+jwt') {
      const options = { key, dsaEncoding: 'ieee-p1363' } as const
      if (verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url')))
        return Claims.parse(JSON.parse(Buffer.from(body, 'base64url').toString('utf8')))
    }
  } catch {
    // Whatever is wrong with it, it is one answer.
  }
  throw refused('token-refused')
}

const publicKeyOf = ({ kty, crv, x, y }: JWK) =>
  createPublicKey({ key: { kty, crv, x, y } as Record<string, string>, format: 'jwk' })

const refused = (reason: string) => new AppError('unauthenticated', 'Sign in first.', { reason })
