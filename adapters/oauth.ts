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

/** @returns `request` with a bearer token, asked for when it is needed; a 401 gets one new token and one more try, with the retries of `patiently` around it */
export function authorized(
  context: SourceContext,
  credentials: ClientCredentials,
): (asked: HttpRequest) => Promise<HttpAnswer> {
  let token: Promise<{ value: string; until: number }> | undefined
  const current = async (): Promise<string> => {
    const known = await token?.catch(() => undefined)
    if (known === undefined || known.until <= context.clock().getTime()) token = fetchToken(context, credentials)
    return (await (token as Promise<{ value: string; until: number }>)).value
  }
  const send = async (asked: HttpRequest) =>
    request(context, { ...asked, headers: { ...asked.headers, authorization: `Bearer ${await current()}` } })
  return asked =>
    patiently(context, async () => {
      const used = token
      try {
        return await send(asked)
      } catch (error) {
        if (!(error instanceof SourceError) || error.status !== 401) throw error
        if (token === used) token = undefined
        return await send(asked)
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
  const answer = await patiently(context, () =>
    request(context, {
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
    }),
  )
  // RFC 6749 §5.2: `invalid_client`, `invalid_scope` and the like come with HTTP 400.
  if (answer.status === 400)
    throw new SourceError('unauthorized', 'the source gives no token: client id, secret or scope are not accepted')
  const { access_token, expires_in = 300 } = await json(answer, Token)
  return { value: access_token, until: context.clock().getTime() + Math.max(expires_in * 1000 - marginMs, 0) }
}
