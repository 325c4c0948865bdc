/** The app's own token (client credentials); refusals become sentences an administrator can act upon. */
import { z } from 'zod'
import { json, request } from '../http.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type Token, type Tokens, tokenIn, tokens } from '../tokens.ts'
import { addressesOf, type Options, scopeOf } from './options.ts'

export interface GraphTokens extends Tokens {
  /** Application permissions that the last token speaks of, sorted; undefined where it cannot be read. */
  granted(): string[] | undefined
}

const Refusal = z.object({ error: z.string(), error_codes: z.array(z.number()).optional() })

/** Asks once: whoever needs the token has the patience. @throws SourceError `unauthorized` in a sentence for the administrator; else as `request` */
export function graphTokens(context: SourceContext, options: Options, timeoutMs: number): GraphTokens {
  let last: string | undefined
  const held = tokens(context, async () => {
    const token = await fetchToken(context, options, timeoutMs)
    last = token.value
    return token
  })
  return { ...held, granted: () => (last === undefined ? undefined : permissionsIn(last)) }
}

async function fetchToken(context: SourceContext, options: Options, timeoutMs: number): Promise<Token> {
  const answer = await request(context, {
    method: 'POST',
    url: `${addressesOf(options).login}/${options.tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: options.clientId,
      client_secret: options.clientSecret,
      scope: scopeOf(options),
    }).toString(),
    timeoutMs,
    maxBytes: 256 * 1024,
    // Entra refuses with both: 401 for a wrong secret, 400 for a wrong tenant or app.
    readBodyOf: [400, 401],
  })
  if (answer.status >= 400) {
    const refusal = await json(answer, Refusal).catch(() => undefined)
    throw refused(refusal?.error_codes ?? [], answer.status)
  }
  return tokenIn(answer, context)
}

/**
 * AADSTS numbers (learn.microsoft.com/entra/identity-platform/reference-error-codes). Microsoft says they may change: here they choose a sentence
 * and nothing else. The description is never read, it repeats what was sent.
 */
const reasons: Record<number, string> = {
  7000215: 'the client secret is wrong: its value is needed, not its ID',
  7000222: 'the client secret has expired: make a new one in Entra',
  7000112: 'the app is switched off in this tenant',
  7000229: 'the app is not in this tenant yet: an administrator of the tenant has to consent to it',
  700016:
    'the app is not in this tenant: check tenant ID and client ID, and let an administrator of the tenant consent to it',
  90002: 'there is no tenant with this ID',
  900023: 'there is no tenant with this ID',
  53003: 'a Conditional Access policy of the tenant keeps this app out',
  500011: 'the tenant does not know Microsoft Graph under the name of this cloud',
}

function refused(codes: readonly number[], status: number): SourceError {
  const known = codes.find(code => Object.hasOwn(reasons, code))
  const reason = known === undefined ? 'tenant ID, client ID or client secret is not accepted' : reasons[known]
  const code = known ?? codes[0]
  const number = code === undefined ? `HTTP ${status}` : `AADSTS${code}`
  return new SourceError('unauthorized', `Microsoft gives no token: ${reason} (${number})`)
}

const Claims = z.object({ roles: z.array(z.string().max(100)).max(200).optional() })

/**
 * Microsoft promises nothing about the inside of a token for Graph: it is looked at to warn of fewer rights than last time, and never relied on.
 * @returns undefined when it is no JWT
 */
function permissionsIn(token: string): string[] | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    return (Claims.parse(claims).roles ?? []).filter(role => /^[\w.-]+$/.test(role)).sort()
  } catch {
    return undefined
  }
}
