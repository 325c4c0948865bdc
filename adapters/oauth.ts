/** OAuth 2 client credentials (RFC 6749 §4.4), and one refresh when a token is refused before its time. */
import { type HttpAnswer, type HttpRequest, request } from './http.ts'
import { patiently } from './retry.ts'
import { type SourceContext, SourceError } from './source.ts'
import { type Token, tokenIn, tokens, withToken } from './tokens.ts'

export interface ClientCredentials {
  /** May have a query (Somtoday's `?organisation=`); it is in no error. */
  tokenUrl: string
  clientId: string
  clientSecret: string
  scope?: string
  /** RFC 6749 §2.3.1: `basic` every server must take; some take `body` only. */
  authentication: 'basic' | 'body'
}

const timeoutMs = 30_000

/**
 * @returns `request` with a bearer token, asked for when it is needed; a 401 gets one new token and one more try, with the retries of `patiently`
 * around it. A token endpoint that refuses us is asked once: a wrong secret locks accounts
 */
export function authorized(
  context: SourceContext,
  credentials: ClientCredentials,
): (asked: HttpRequest) => Promise<HttpAnswer> {
  const held = tokens(context, () => fetchToken(context, credentials))
  return asked =>
    patiently(context, () =>
      withToken(held, token =>
        request(context, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } }),
      ),
    )
}

async function fetchToken(context: SourceContext, given: ClientCredentials): Promise<Token> {
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
  return tokenIn(answer, context)
}
