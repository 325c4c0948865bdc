/** Whether a sign-in would work, asked of the issuer itself: what an administrator wants to know before the first child stands before a fault. */
import * as oidc from 'openid-client'
import { kindOf } from '../sign-in-kinds.ts'
import { whatFailed } from './answer.ts'
import type { EntryContext } from './context.ts'
import { algorithmsOf, discovery, type Issuer, keysAt } from './issuers.ts'
import type { SignIn } from './sign-in-rows.ts'
import { callbackUrl } from './upstreams.ts'

export interface Finding {
  check: 'discovery' | 'addresses' | 'keys' | 'client' | 'scopes' | 'issuer-in-answer' | 'sign-out'
  /** `note`: it works, with something to know. */
  verdict: 'ok' | 'wrong' | 'note'
  says: string
}

type Context = Pick<EntryContext, 'outward'> & { config: Pick<EntryContext['config'], 'url'> }
type Checked = Pick<SignIn, 'id' | 'kind' | 'issuer' | 'clientId' | 'scopes'>

/** In the order in which they are asked; what cannot be asked is left out. Some seconds, at most one request for each. */
export async function checkSignIn(context: Context, signIn: Checked, secret?: string): Promise<Finding[]> {
  const issuer = await discovery(context, signIn, secret).catch((cause: unknown) => ({ cause }))
  if ('cause' in issuer)
    return [{ check: 'discovery', verdict: 'wrong', says: `${notReached}${because(issuer.cause)}` }]
  return [
    { check: 'discovery', verdict: 'ok', says: 'the issuer answers, and calls itself so' },
    addresses(signIn, issuer),
    await keys(issuer),
    await client(context, signIn, issuer),
    ...scopes(signIn, issuer),
    ...options(issuer),
  ]
}

const notReached = 'the issuer cannot be reached, or is not who it was said to be'

function addresses({ kind, issuer }: Checked, { config }: Issuer): Finding {
  const said = config.serverMetadata()
  const needed = {
    authorization: said.authorization_endpoint,
    token: said.token_endpoint,
    keys: said.jwks_uri,
    ...(kindOf(kind)?.claimsFrom === 'userinfo' ? { userinfo: said.userinfo_endpoint } : {}),
  }
  const missing = Object.entries(needed).filter(([, address]) => !address)
  if (missing.length > 0)
    return {
      check: 'addresses',
      verdict: 'wrong',
      says: `it names no address for ${missing.map(([name]) => name).join(', ')}`,
    }
  const secure = new URL(issuer).protocol === 'https:'
  const plain = Object.values(needed).filter(address => secure && !String(address).startsWith('https:'))
  return plain.length > 0
    ? { check: 'addresses', verdict: 'wrong', says: 'one of its addresses is not https' }
    : { check: 'addresses', verdict: 'ok', says: 'it names every address that is needed' }
}

async function keys({ config, send }: Issuer): Promise<Finding> {
  const algorithms = algorithmsOf(config)
  if (algorithms.length === 0)
    return { check: 'keys', verdict: 'wrong', says: 'it signs with shared secrets only: those are not taken' }
  try {
    const { keys: found } = await keysAt(send, config.serverMetadata().jwks_uri ?? '')
    const signing = found.filter(key => key.use !== 'enc' && key.kty !== 'oct')
    return signing.length > 0
      ? { check: 'keys', verdict: 'ok', says: `${signing.length} keys, ${algorithms.join(', ')}` }
      : { check: 'keys', verdict: 'wrong', says: 'its key set has no key that signs' }
  } catch (cause) {
    return { check: 'keys', verdict: 'wrong', says: `its keys cannot be read${because(cause)}` }
  }
}

/** With a code that nobody gave: an issuer that knows the client says that the code is wrong, and not the client. */
async function client(context: Context, { id }: Checked, { config }: Issuer): Promise<Finding> {
  const verifier = oidc.randomPKCECodeVerifier()
  const asked = { code: verifier, redirect_uri: callbackUrl(context, id), code_verifier: verifier }
  const answer = oidc.genericGrantRequest(config, 'authorization_code', asked)
  const { error } = await answer.then((): Record<string, string> => ({}), whatFailed)
  if (error === 'invalid_client' || error === 'unauthorized_client')
    return { check: 'client', verdict: 'wrong', says: `it does not know this client id or secret (${error})` }
  if (error === 'invalid_grant' || error === 'invalid_request')
    return { check: 'client', verdict: 'ok', says: 'it takes this client id and secret' }
  return {
    check: 'client',
    verdict: 'note',
    says: `whether it knows this client could not be seen${error ? ` (${error})` : ''}`,
  }
}

function scopes({ scopes: asked }: Checked, { config }: Issuer): Finding[] {
  const named = config.serverMetadata().scopes_supported
  if (!Array.isArray(named)) return []
  const missing = asked.split(' ').filter(scope => !named.includes(scope))
  return missing.length === 0
    ? [{ check: 'scopes', verdict: 'ok', says: `it knows ${asked}` }]
    : [{ check: 'scopes', verdict: 'note', says: `it does not list ${missing.join(' ')}` }]
}

function options({ config }: Issuer): Finding[] {
  const said = config.serverMetadata()
  const names = said.authorization_response_iss_parameter_supported === true
  const signsOut = said.backchannel_logout_supported === true
  return [
    names
      ? { check: 'issuer-in-answer', verdict: 'ok', says: 'its answers say whose they are (RFC 9207)' }
      : {
          check: 'issuer-in-answer',
          verdict: 'note',
          says: 'its answers do not say whose they are: the redirect address of its own does',
        },
    signsOut
      ? { check: 'sign-out', verdict: 'ok', says: 'it tells of sign-outs: give it the back-channel address' }
      : { check: 'sign-out', verdict: 'note', says: 'it tells nobody of sign-outs: sessions here end by themselves' },
  ]
}

function because(cause: unknown): string {
  const { check, error } = whatFailed((cause as { cause?: unknown } | null)?.cause ?? cause)
  const word = error ?? check
  return word ? ` (${word})` : ''
}
