/**
 * What must hold of a launch, in the order of the checks: form and algorithm, registration, signature, time, then what it says. Pure; whoever calls
 * has fetched the key and uses the state up in between. A refusal is a code, never a word of the token.
 * Source: LTI 1.3 core, 1EdTech security framework 1.0 §5.1; OpenID Connect core §3.1.3.7.
 */
import { type KeyObject, verify } from 'node:crypto'
import { repeatedNames } from './names-once.ts'

export const leewaySeconds = 60
/** A token with a course's worth of claims is some 5 kB. */
export const largestToken = 100_000

export type LaunchRefusal =
  | 'token-form'
  | 'token-algorithm'
  | 'token-header'
  | 'token-repeated'
  | 'token-issuer'
  | 'token-audience'
  | 'token-party'
  | 'token-key'
  | 'token-signature'
  | 'token-time'
  | 'token-expired'
  | 'token-early'
  | 'token-nonce'
  | 'version'
  | 'message-type'
  | 'deployment'
  | 'target'
  | 'subject'

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: LaunchRefusal
  /** Numbers and words of the protocol only: seconds, the name of an algorithm. */
  readonly facts: Record<string, string | number | boolean>

  constructor(code: LaunchRefusal, facts: Record<string, string | number | boolean> = {}) {
    super(code)
    this.code = code
    this.facts = facts
  }
}

export interface Token {
  kid: string
  issuer: string
  clientId: string
  claims: Record<string, unknown>
  signed: Buffer
  signature: Buffer
}

/** Check 1 and 2: says RS256, and for whom it is. No key has been looked for yet. @throws Refused */
export function readToken(text: string): Token {
  const [head, body, signature] = text.length <= largestToken && compact.test(text) ? text.split('.') : []
  if (head === undefined || body === undefined || signature === undefined) throw new Refused('token-form')
  const header = jsonOf(head)
  if (header.alg !== 'RS256') throw new Refused('token-algorithm', { says: knownAlgorithm(header.alg) })
  if (header.typ !== undefined && !(typeof header.typ === 'string' && /^JWT$/i.test(header.typ)))
    throw new Refused('token-header', { field: 'typ' })
  // RFC 7515 §4.1.11: what we do not understand and must, we refuse. `jku`, `x5u`, `jwk` are never looked at.
  if (header.crit !== undefined || header.b64 !== undefined) throw new Refused('token-header', { field: 'crit' })
  if (!plain(header.kid, 300)) throw new Refused('token-header', { field: 'kid' })
  const claims = jsonOf(body)
  if (!plain(claims.iss, 300)) throw new Refused('token-issuer')
  return {
    kid: header.kid,
    issuer: claims.iss,
    clientId: clientOf(claims),
    claims,
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/** One audience may stand in a list; of several, `azp` says who asked (OpenID Connect core §2). */
function clientOf({ aud, azp }: Record<string, unknown>): string {
  const audiences = Array.isArray(aud) ? aud : [aud]
  if (audiences.length === 0 || audiences.length > 10 || !audiences.every(each => plain(each, 300)))
    throw new Refused('token-audience')
  const known = audiences as string[]
  if (azp === undefined) {
    if (known.length > 1) throw new Refused('token-party', { audiences: known.length })
    return known[0] ?? ''
  }
  if (!plain(azp, 300) || !known.includes(azp)) throw new Refused('token-party', { audiences: known.length })
  return azp
}

/** Check 3. @throws Refused */
export function checkSignature({ signed, signature }: Token, key: KeyObject): void {
  if (!verify('sha256', signed, key, signature)) throw new Refused('token-signature')
}

/** Check 4. A clock that is a minute off, either way, is an ordinary school server. @throws Refused */
export function checkTimes({ claims }: Token, now: Date): void {
  const seconds = now.getTime() / 1000
  const { exp, iat, nbf } = claims
  if (!isTime(exp) || !isTime(iat) || (nbf !== undefined && !isTime(nbf)) || exp < iat) throw new Refused('token-time')
  if (exp + leewaySeconds <= seconds) throw new Refused('token-expired', { seconds: Math.round(seconds - exp) })
  if (Math.max(iat, (nbf as number | undefined) ?? iat) - leewaySeconds > seconds)
    throw new Refused('token-early', { seconds: Math.round(iat - seconds) })
}

/** The nonce to be used up with the state. @throws Refused */
export function nonceOf({ claims }: Token): string {
  if (!plain(claims.nonce, 200)) throw new Refused('token-nonce')
  return claims.nonce
}

export const views = { stopknop: '/meld', groep: '/groep' } as const
export type View = keyof typeof views
export type MessageType = 'LtiResourceLinkRequest' | 'LtiDeepLinkingRequest'

/** What is left of a launch: whoever sent a name or an address sent it for nothing. */
export interface Launch {
  issuer: string
  clientId: string
  messageType: MessageType
  deploymentId: string
  view: View
  /** Absent for somebody whom the platform does not name. */
  subject: string | undefined
  /** `lis_person_sourcedid`. */
  sourcedId: string | undefined
  /** Seconds since 1970. */
  issuedAt: number
  /** As sent, for the services that ask for them: deep linking settings, the address of names and roles. */
  deepLinking: unknown
  namesAndRoles: unknown
  contextId: string | undefined
  /** Of the platform. They open nothing: they can only say that a deep link is not for this one to choose. */
  roles: string[]
}

const ltiClaim = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`

/** Check 6 and 7. @param own our own address. @throws Refused */
export function readLaunch({ claims, issuer, clientId }: Token, own: URL): Launch {
  const version = claims[ltiClaim('version')]
  if (version !== '1.3.0') throw new Refused('version')
  const messageType = claims[ltiClaim('message_type')]
  if (messageType !== 'LtiResourceLinkRequest' && messageType !== 'LtiDeepLinkingRequest')
    throw new Refused('message-type')
  const deploymentId = claims[ltiClaim('deployment_id')]
  if (!plain(deploymentId, 255)) throw new Refused('deployment')
  const target = claims[ltiClaim('target_link_uri')]
  // A deep linking request need not lead anywhere yet (LTI-DL 2.0 §3.4.1 has it all the same).
  if (target === undefined && messageType !== 'LtiDeepLinkingRequest') throw new Refused('target')
  const view = target === undefined ? 'stopknop' : viewOf(target, own)
  if (!view) throw new Refused('target')
  const { sub } = claims
  if (sub !== undefined && !plain(sub, 255)) throw new Refused('subject')
  const lis = claims[ltiClaim('lis')]
  const sourcedId = isObject(lis) && plain(lis.person_sourcedid, 255) ? lis.person_sourcedid : undefined
  const context = claims[ltiClaim('context')]
  return {
    ...{ issuer, clientId, messageType, deploymentId, view, sourcedId },
    subject: sub,
    issuedAt: claims.iat as number,
    deepLinking: claims['https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings'],
    namesAndRoles: claims['https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice'],
    roles: rolesOf(claims[ltiClaim('roles')]),
    contextId: isObject(context) && plain(context.id, 255) ? context.id : undefined,
  }
}

const rolesOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.slice(0, 100).filter(each => plain(each, 300)) : []

/** On our own origin only; what it asks for in its query is not listened to. Null: nothing of ours. */
export function viewOf(target: unknown, own: URL): View | null {
  const url = typeof target === 'string' && target.length <= 2000 ? URL.parse(target) : null
  if (url?.origin !== own.origin || url.username || url.password) return null
  if (url.pathname === views.groep) return 'groep'
  // Some platforms know one address for all there is.
  return ['/', views.stopknop, '/lti/launch', '/lti/login'].includes(url.pathname) ? 'stopknop' : null
}

const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/

/** @throws Refused when it is no object, or says one thing twice: parsers differ in which they believe */
function jsonOf(part: string): Record<string, unknown> {
  const text = utf8(Buffer.from(part, 'base64url'))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Refused('token-form')
  }
  if (!isObject(value)) throw new Refused('token-form')
  if (repeatedNames(text)) throw new Refused('token-repeated')
  return value
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refused('token-form')
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 && value < 1e11

/** Text that is not empty and has nothing in it that a database, a header or a terminal takes for something else. */
export const plain = (value: unknown, longest: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= longest &&
  value.isWellFormed() &&
  !/\p{Cc}/u.test(value)

/** What an administrator may read back. */
const knownAlgorithm = (alg: unknown) =>
  typeof alg === 'string' && /^(none|[HREP]S(256|384|512)|EdDSA)$/i.test(alg) ? alg : 'unknown'
