/**
 * The schools' issuers: what their discovery says and which keys they sign with, kept for a while and asked again in time. A key that is not
 * known yet is looked for once more before anything is refused, so that an issuer may change its keys at half past eight.
 */
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from 'jose'
import * as oidc from 'openid-client'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import { type Claims, kindOf } from '../sign-in-kinds.ts'
import type { EntryContext } from './context.ts'
import type { SignIn } from './sign-in-rows.ts'

const minute = 60_000
/** Discovery and keys are asked for again after so long; what cannot be asked for now holds for `stale`. Ours. */
const fresh = { discovery: 60 * minute, keys: 10 * minute }
const stale = 60 * minute
/** Strangers may send tokens with invented key ids: those make us ask no more often than this. */
const strangersEvery = 30_000
const mostBytes = 256 * 1024
const mostIssuers = 2000

/** Never `none`, never a shared secret. */
const asymmetric = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

export interface Verified {
  header: { typ?: string | undefined }
  claims: Claims
}

/** One school's sign-in, discovered. */
export interface Issuer {
  config: oidc.Configuration
  /** Reaches the hosts of this issuer alone. */
  send: oidc.CustomFetch
}

export type Issuers = ReturnType<typeof openIssuers>

export function openIssuers(context: Pick<EntryContext, 'clock' | 'keyring' | 'outward'>) {
  const now = () => context.clock().getTime()
  const discovered = new Map<string, Known<Issuer>>()
  const keySets = new Map<string, Known<JSONWebKeySet>>()

  /** @throws AppError `unavailable`, reason `sign-in-unreachable` */
  async function issuerOf(signIn: SignIn): Promise<Issuer> {
    const known = entry(discovered, `${signIn.boardId}:${signIn.id}`)
    return current(known, now, fresh.discovery, () => discover(context, signIn))
  }

  /**
   * The claims of a token of that issuer: its signature and nothing else is looked at here.
   * @param from `issuer`: it came over TLS from the issuer itself; `anybody`: it was posted to us
   * @throws AppError `unauthenticated` (`token-form`, `token-signature`), `unavailable` (`keys-unreachable`)
   */
  async function verified(issuer: Issuer, token: string, from: 'issuer' | 'anybody'): Promise<Verified> {
    const address = issuer.config.serverMetadata().jwks_uri ?? ''
    const algorithms = algorithmsOf(issuer.config)
    const known = entry(keySets, address)
    const load = () => keysAt(issuer.send, address)
    const triedAt = known.triedAt ?? Number.NEGATIVE_INFINITY
    const tried = await current(known, now, fresh.keys, load)
    try {
      return await check(token, tried, algorithms)
    } catch (cause) {
      if (!(cause instanceof errors.JWKSNoMatchingKey)) throw broken(cause)
      if (from === 'anybody' && now() - triedAt < strangersEvery) throw broken(cause)
    }
    const again = await renewed(known, now, load, tried)
    return check(token, again, algorithms).catch(cause => {
      throw broken(cause)
    })
  }

  return { issuerOf, verified }
}

/** As the issuer names them; RS256 where it names none (OpenID Connect Core 1.0, §15.1). */
export function algorithmsOf(config: oidc.Configuration): string[] {
  const named: unknown = config.serverMetadata().id_token_signing_alg_values_supported
  return asymmetric.filter(alg => (Array.isArray(named) ? named.includes(alg) : alg === 'RS256'))
}

/** Something fetched: who comes while it is under way waits for the same answer. */
interface Known<T> {
  value?: T
  /** When it was last fetched well, ms. */
  at?: number
  /** When it was last asked for. */
  triedAt?: number
  pending?: Promise<T> | undefined
}

function entry<T>(map: Map<string, Known<T>>, key: string): Known<T> {
  const known = map.get(key) ?? {}
  const oldest = map.size >= mostIssuers && !map.has(key) ? map.keys().next().value : undefined
  if (oldest !== undefined) map.delete(oldest)
  map.set(key, known)
  return known
}

async function current<T>(known: Known<T>, now: () => number, every: number, load: () => Promise<T>): Promise<T> {
  const age = now() - (known.at ?? Number.NEGATIVE_INFINITY)
  if (known.value !== undefined && age < every) return known.value
  return fetched(known, now, load).catch((cause: unknown) => {
    if (known.value !== undefined && age < every + stale) return known.value
    throw cause
  })
}

/** What is newer than `tried`: of an answer that was under way already, that one counts when it differs. */
async function renewed<T>(known: Known<T>, now: () => number, load: () => Promise<T>, tried: T): Promise<T> {
  if (known.pending) await known.pending.catch(() => undefined)
  if (known.value !== undefined && known.value !== tried) return known.value
  return fetched(known, now, load)
}

function fetched<T>(known: Known<T>, now: () => number, load: () => Promise<T>): Promise<T> {
  if (known.pending) return known.pending
  known.triedAt = now()
  known.pending = load()
    .then(value => {
      known.value = value
      known.at = now()
      return value
    })
    .finally(() => {
      known.pending = undefined
    })
  return known.pending
}

async function check(token: string, keys: JSONWebKeySet, algorithms: string[]): Promise<Verified> {
  const { payload, protectedHeader } = await compactVerify(token, createLocalJWKSet(keys), { algorithms })
  const claims: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  return { header: { typ: protectedHeader.typ }, claims: z.record(z.string(), z.unknown()).parse(claims) }
}

function broken(cause: unknown): AppError {
  const reason = cause instanceof errors.JOSEError ? 'token-signature' : 'token-form'
  if (cause instanceof AppError) return cause
  return new AppError('unauthenticated', 'This token is not of that issuer.', { cause, reason })
}

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })

/** Once, past every cache. @throws AppError `unavailable`, reason `keys-unreachable` */
export async function keysAt(send: oidc.CustomFetch, address: string): Promise<JSONWebKeySet> {
  try {
    const signal = AbortSignal.timeout(5000)
    const common = { body: undefined, headers: { accept: 'application/json' }, redirect: 'manual' } as const
    const response = await send(address, { ...common, method: 'GET', signal })
    if (response.status !== 200) throw new Error(`the keys were answered with ${response.status}`)
    // SAFETY: jose looks at each key again before it uses it.
    return KeySet.parse(await response.json()) as JSONWebKeySet
  } catch (cause) {
    throw new AppError('unavailable', 'The keys of this issuer cannot be read now.', {
      cause,
      reason: 'keys-unreachable',
    })
  }
}

async function discover(context: Pick<EntryContext, 'keyring' | 'outward'>, signIn: SignIn): Promise<Issuer> {
  const keys = await context.keyring.board(signIn.boardId)
  const place = { table: 'SignIn', row: signIn.id, column: 'secretSealed' }
  const secret = signIn.secretSealed ? keys.open(place, signIn.secretSealed) : undefined
  return discovery(context, signIn, secret)
}

/** @throws AppError `unavailable`, reason `sign-in-unreachable`, with the reason as cause */
export async function discovery(
  { outward }: Pick<EntryContext, 'outward'>,
  { kind, issuer, clientId }: Pick<SignIn, 'kind' | 'issuer' | 'clientId'>,
  secret?: string,
): Promise<Issuer> {
  const at = new URL(issuer)
  const plain = at.protocol === 'http:' && isLoopback(at.hostname)
  const hosts = isLoopback(at.hostname) ? [at.host] : (kindOf(kind)?.hosts ?? null)
  const send = guarded(outward, hosts)
  try {
    const config = await oidc.discovery(at, clientId, { [oidc.clockTolerance]: 60 }, authentication(secret), {
      timeout: 5,
      [oidc.customFetch]: send,
      execute: plain ? [oidc.allowInsecureRequests] : [],
    })
    // Compared to the letter (OpenID Connect Discovery 1.0, §4.3); the library overlooks a slash at the end, and a tenant of Microsoft.
    if (config.serverMetadata().issuer !== issuer) throw new Error('discovery names another issuer')
    return { config, send }
  } catch (cause) {
    throw new AppError('unavailable', "The school's sign-in cannot be reached.", {
      cause,
      reason: 'sign-in-unreachable',
    })
  }
}

/** An address of its own for each host that the issuer names, within what the kind allows; no answer is longer than any honest one. */
function guarded(outward: EntryContext['outward'], hosts: readonly string[] | null): oidc.CustomFetch {
  return async (address, init) => {
    const url = new URL(address)
    if (hosts !== null && !hosts.includes(url.host)) throw new Error('the issuer names a host that is not of its kind')
    const response = await outward(url)(url, init as RequestInit)
    return limited(response)
  }
}

async function limited(response: Response): Promise<Response> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.byteLength
    if (length > mostBytes) throw new Error('the answer is longer than 256 kB')
    parts.push(part)
  }
  const { status, headers } = response
  const bodiless = [101, 204, 205, 304].includes(status)
  return new Response(bodiless ? null : Buffer.concat(parts), { status, headers: new Headers([...headers]) })
}

/** In the body, as Google and Microsoft document it; in the header where the issuer takes it there alone (RFC 6749 §2.3.1). */
function authentication(secret: string | undefined): oidc.ClientAuth {
  if (!secret) return oidc.None()
  const [post, basic] = [oidc.ClientSecretPost(secret), oidc.ClientSecretBasic(secret)]
  return (server, client, body, headers) => {
    const takes = server.token_endpoint_auth_methods_supported
    const header = takes?.includes('client_secret_basic') === true && !takes.includes('client_secret_post')
    return (header ? basic : post)(server, client, body, headers)
  }
}
