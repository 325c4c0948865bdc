/** Whether a push is Google's: the token that Pub/Sub signs for the service account of a subscription, and for our address alone. */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import { json, request } from '../http.ts'
import { type Push, SourceError } from '../source.ts'

/** The public keys of whatever Google signs as an OpenID provider. */
export const keysUrl = 'https://www.googleapis.com/oauth2/v3/certs'

const issuers = ['https://accounts.google.com', 'accounts.google.com']
const leewaySeconds = 60
/** Ours: whoever sends tokens with made-up keys cannot make us ask more often. */
const restMs = 30_000

/**
 * @param expected.account e-mail address of the service account of the push subscription
 * @throws SourceError `unauthorized`; `unreachable`, `rate-limited`, `malformed` or `incomplete` when Google's keys cannot be had
 * Source: Pub/Sub, "Authentication for push subscriptions".
 */
export async function checkPush(push: Push, expected: { account: string; keysUrl: string }): Promise<void> {
  const token = /^Bearer ([\w.-]+)$/i.exec(push.authorization ?? '')?.[1] ?? ''
  const keys = push.once(expected.keysUrl, () => keysFrom(expected.keysUrl, push))
  const claims = await claimsOf(token, keys, push)
  if (claims.email !== expected.account || claims.email_verified !== true) throw foreign()
}

async function claimsOf(token: string, keys: JWTVerifyGetKey, { audience, clock }: Push): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      ...{ algorithms: ['RS256'], issuer: issuers, audience, requiredClaims: ['exp', 'iat'] },
      ...{ clockTolerance: leewaySeconds, currentDate: clock() },
    })
    return payload
  } catch (error) {
    if (error instanceof SourceError) throw error
    if (error instanceof errors.JWKSTimeout) throw new SourceError('unreachable', 'Google sent no keys in time')
    throw foreign()
  }
}

/** Says nothing of what was wrong: whoever is not Google need not know. */
const foreign = () => new SourceError('unauthorized', 'this message is not from Google for this source')

const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })).max(100) })

/** Kept until they are old, asked for anew where a key is unknown; never more often than once in `restMs`, also when nothing came. */
function keysFrom(url: string, { fetch, clock }: Push): JWTVerifyGetKey {
  let askedAt = Number.NEGATIVE_INFINITY
  const ask = async () => {
    if (performance.now() - askedAt < restMs)
      throw new SourceError('unreachable', 'Google was asked for its keys a moment ago, and they did not come')
    askedAt = performance.now()
    const answer = await request(
      { fetch, clock, signal: new AbortController().signal },
      { method: 'GET', url, headers: { accept: 'application/json' }, timeoutMs: 4_000, maxBytes: 64 * 1024 },
    )
    return Response.json(await json(answer, Keys))
  }
  return createRemoteJWKSet(new URL(url), { [customFetch]: ask, cooldownDuration: restMs })
}
