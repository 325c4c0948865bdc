/**
 * Tokens for the services of an LMS: we prove who we are by a JWT that our own key signs (RFC 7523; 1EdTech security framework 1.0 §4.1), and keep the
 * token until shortly before it ends. `aud` is the token address, or what the LMS told us to write there (Brightspace, Canvas): the issuer, which
 * OpenID libraries write, is what LTI platforms refuse.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { EntryContext } from '../context.ts'
import { AskError, ask } from './ask.ts'
import type { ToolSigner } from './tool-keys.ts'

export const membersScope = 'https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly'

const assertionSeconds = 300
/** A token is not used in its last minute: the LMS's clock is not ours. */
const marginMs = 60_000
const largest = 64_000

export interface ServicePlatform {
  boardId: string
  id: string
  issuer: string
  clientId: string
  tokenUrl: string
  tokenAudience: string | null
}

const Token = z.object({
  access_token: z.string().min(1).max(20_000),
  token_type: z.string().regex(/^bearer$/i),
  // RFC 6749 §5.1 only recommends it; a platform that is silent gives an hour.
  expires_in: z.coerce.number().positive().default(3600),
  scope: z.string().optional(),
})

export interface ServiceTokens {
  /** @throws AskError, `refused` also for a token that is not good for what was asked */
  get(platform: ServicePlatform, scope: string): Promise<string>
  /** After a 401: the next one is a new one. */
  forget(platform: ServicePlatform, scope: string): void
}

interface Kept {
  token: Promise<string>
  endsAt: number
}

export function openServiceTokens(
  context: Pick<EntryContext, 'outward' | 'clock'>,
  signer: Pick<ToolSigner, 'sign'>,
): ServiceTokens {
  const kept = new Map<string, Kept>()
  // Whatever of a registration changes, the token of before is not used for it.
  const keyOf = ({ boardId, id, clientId, tokenUrl, tokenAudience }: ServicePlatform, scope: string) =>
    JSON.stringify([boardId, id, clientId, tokenUrl, tokenAudience, scope])

  return {
    get(platform, scope) {
      const key = keyOf(platform, scope)
      const known = kept.get(key)
      if (known && known.endsAt > context.clock().getTime()) return known.token
      // Who comes meanwhile waits for the same answer.
      const entry: Kept = { token: Promise.resolve(''), endsAt: Number.POSITIVE_INFINITY }
      entry.token = fetchToken(context, signer, platform, scope).then(
        ({ token, seconds }) => {
          entry.endsAt = context.clock().getTime() + seconds * 1000 - marginMs
          return token
        },
        (cause: unknown) => {
          if (kept.get(key) === entry) kept.delete(key)
          throw cause
        },
      )
      kept.set(key, entry)
      return entry.token
    },
    forget: (platform, scope) => void kept.delete(keyOf(platform, scope)),
  }
}

async function fetchToken(
  context: Pick<EntryContext, 'outward' | 'clock'>,
  signer: Pick<ToolSigner, 'sign'>,
  platform: ServicePlatform,
  scope: string,
): Promise<{ token: string; seconds: number }> {
  const { clientId, tokenUrl, tokenAudience } = platform
  const iat = Math.floor(context.clock().getTime() / 1000)
  const assertion = await signer.sign({
    ...{ iss: clientId, sub: clientId, aud: tokenAudience ?? tokenUrl, jti: randomUUID() },
    ...{ iat, exp: iat + assertionSeconds },
  })
  const { body } = await ask(context, new URL(tokenUrl), {
    method: 'POST',
    headers: { Accept: 'application/json', 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      scope,
    }).toString(),
    largest,
  })
  const token = Token.safeParse(body)
  if (!token.success) throw new AskError('garbled')
  const { access_token, expires_in, scope: given } = token.data
  // RFC 6749 §5.1: a scope that is not named is the one that was asked.
  if (given !== undefined && !given.split(' ').includes(scope)) throw new AskError('refused', { code: 'invalid_scope' })
  return { token: access_token, seconds: expires_in }
}
