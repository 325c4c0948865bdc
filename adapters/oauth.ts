/** OAuth 2 client credentials (RFC 6749 §4.4), and one refresh when a token is refused before its time. */
import { z } from 'zod'
import { type HttpAnswer, type HttpRequest, json, request } from './http.ts'
import { patiently } from './retry.ts'
import { type SourceContext, SourceError } from './source.ts'

export interface ClientCredentials {
  /** May have a query (Somtoday's `?organisation=`); it is in no error. */
  tokenUrl: string
  clientId: string
  clientSecret: string
  scope?: string
  /** RFC 6749 §2.3.1: `basic` every server must take; some take `body` only. */
  authentication: 'basic' | 'body'
}

const Token = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().optional() })
const timeoutMs = 30_000
/** Ours: a token that would end during a request is no longer used. */
const marginMs = 60_000

/** A token, or the asking for one: many who ask at once share it. */
interface Held {
  value: Promise<string>
  until: number
}

/**
 * @returns `request` with a bearer token, asked for when it is needed; a 401 gets one new token and one more try, with the retries of `patiently`
 * around it. A token endpoint that refuses us is asked once: a wrong secret locks accounts
 */
export function authorized(
  context: SourceContext,
  credentials: ClientCredentials,
): (asked: HttpRequest) => Promise<HttpAnswer> {
  let held: Held | undefined
  const current = (): Held => {
    if (held !== undefined && held.until > context.clock().getTime()) return held
    const next: Held = { value: Promise.resolve(''), until: Number.POSITIVE_INFINITY }
    next.value = fetchToken(context, credentials).then(
      ({ value, until }) => {
        next.until = until
        return value
      },
      error => {
        if (held === next) held = undefined
        throw error
      },
    )
    held = next
    return next
  }
  const send = (asked: HttpRequest, token: string) =>
    request(context, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } })
  return asked =>
    patiently(context, async () => {
      const used = current()
      const token = await used.value
      try {
        return await send(asked, token)
      } catch (error) {
        if (!(error instanceof SourceError) || error.status !== 401) throw error
        if (held === used) held = undefined
        return await send(asked, await current().value)
      }
    })
}

async function fetchToken(context: SourceContext, given: ClientCredentials): Promise<{ value: string; until: number }> {
  const basic = given.authentication === 'basic'
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(given.scope === undefined ? {} : { scope: given.scope }),
    ...(basic ? {} : { client_id: given.clientId, client_secret: given.clientSecret }),
  })
  // RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
  const pair = [given.clientId, given.clientSecret].map(part => encodeURIComponent(part)).join(':')
  const answer = await request(context, {
    method: 'POST',
    url: given.tokenUrl,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(basic ? { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } : {}),
    },
    body: body.toString(),
    timeoutMs,
    maxBytes: 1024 ** 2,
    readBodyOf: [400],
  })
  // RFC 6749 §5.2: `invalid_client`, `invalid_scope` and the like come with HTTP 400.
  if (answer.status === 400)
    throw new SourceError('unauthorized', 'the source gives no token: client id, secret or scope are not accepted')
  const { access_token, expires_in = 300 } = await json(answer, Token)
  return { value: access_token, until: context.clock().getTime() + Math.max(expires_in * 1000 - marginMs, 0) }
}
