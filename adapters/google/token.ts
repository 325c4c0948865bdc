/** A token for the administrator whom the service account acts for (RFC 7523): one signed question, kept until it ends. */
import { sign } from 'node:crypto'
import { z } from 'zod'
import { json, request, statusError } from '../http.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type Token, type Tokens, tokenIn, tokens } from '../tokens.ts'
import type { ServiceAccount } from './options.ts'

/** Also the audience of the assertion. The key file has a `token_uri` too: not used, a file does not choose where credentials go. */
export const tokenUrl = 'https://oauth2.googleapis.com/token'

export interface TokenRequest {
  url: string
  account: ServiceAccount
  subject: string
  scopes: readonly string[]
  timeoutMs: number
}

const Refusal = z.object({ error: z.string() })
/** Google takes no assertion that lives longer than an hour. */
const lifeSeconds = 3600

/** Asks once: whoever asks a question with it has the patience for both. @throws SourceError `unauthorized` in a sentence for the administrator; else as `request` */
export function googleTokens(context: SourceContext, asked: TokenRequest): Tokens {
  return tokens(context, () => fetchToken(context, asked))
}

async function fetchToken(context: SourceContext, asked: TokenRequest): Promise<Token> {
  const answer = await request(context, {
    method: 'POST',
    url: asked.url,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
      assertion: assertion(asked, context.clock()),
    }).toString(),
    timeoutMs: asked.timeoutMs,
    maxBytes: 64 * 1024,
    readBodyOf: [400, 401, 403],
  })
  if (answer.status >= 400) {
    const refusal = await json(answer, Refusal).catch(() => undefined)
    throw refusal === undefined ? statusError(answer, context.clock()) : refused(refusal.error)
  }
  return tokenIn(answer, context, lifeSeconds)
}

function assertion({ account, subject, scopes }: TokenRequest, now: Date): string {
  const iat = Math.floor(now.getTime() / 1000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'RS256', typ: 'JWT', kid: account.keyId })
  const claims = { iss: account.email, sub: subject, scope: scopes.join(' '), aud: tokenUrl }
  const signed = `${head}.${part({ ...claims, iat, exp: iat + lifeSeconds })}`
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), account.key).toString('base64url')}`
}

const undelegated = 'unauthorized_client'

/** RFC 6749 §5.2 and Google's own codes. Only the code is looked at: the description may name the account. */
function refused(code: string): SourceError {
  switch (code) {
    case undelegated:
    case 'access_denied':
      return new SourceError(
        'unauthorized',
        'Google lets this service account act for nobody yet: delegate the scopes that a check of this source lists to it',
        { cause: new Error(undelegated) },
      )
    case 'invalid_grant':
      return new SourceError(
        'unauthorized',
        'Google does not accept the key or the administrator to act for: the key was withdrawn, the administrator does not exist or is suspended, or the clock of this machine is wrong',
      )
    case 'invalid_client':
    case 'deleted_client':
    case 'disabled_client':
      return new SourceError('unauthorized', 'Google does not know this service account, or it is switched off')
    case 'invalid_scope':
      return new SourceError('unauthorized', 'Google does not know one of the scopes')
    default:
      return new SourceError('unauthorized', 'Google gives no token for this service account')
  }
}

/** The service account is known and may not act for this domain, or not with these scopes: Google does not say which of the two. */
export function isUndelegated(error: unknown): boolean {
  return error instanceof SourceError && error.cause instanceof Error && error.cause.message === undelegated
}
