/**
 * Public keys of those who sign for us elsewhere, by the address of their key set (RFC 7517). Kept for a while; asked for once more when a token
 * names a key that is not there, because keys change, but no oftener than twice a minute: whoever invents key names makes us ask nobody.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { EntryContext } from './context.ts'
import type { SigningAlgorithm } from './signed-token.ts'

const ms = {
  /** Ours: a key that was taken back counts no longer than this. */
  fresh: 10 * 60_000,
  /** A key set that is away for a while stops nobody. */
  stale: 24 * 60 * 60_000,
  betweenForced: 30_000,
  betweenFailed: 5_000,
  timeout: 5_000,
}
const most = { bytes: 256_000, keys: 100, sets: 500 }

export const Jwk = z.object({
  kty: z.string(),
  kid: z.string().min(1).max(300),
  use: z.string().optional(),
  alg: z.string().optional(),
  crv: z.string().optional(),
  x: z.string().optional(),
  y: z.string().optional(),
  n: z.string().optional(),
  e: z.string().optional(),
  /** Entra says for whom a key signs. */
  issuer: z.string().optional(),
})
export type Jwk = z.infer<typeof Jwk>

interface KeySet {
  keys: Map<string, KeyObject>
  readAt: number
  failedAt: number
  forcedAt: number
  reading: Promise<void> | undefined
}

export interface KeySetOptions {
  alg: SigningAlgorithm
  /** Which keys of a set count at all. */
  accepts?: (key: Jwk, at: URL) => boolean
}

/** @returns the key of that name at that address, or null; throws AppError `unavailable` (`keys-unreachable`, `keys-unreadable`) */
export type KeyFinder = (at: URL, kid: string) => Promise<KeyObject | null>

export function openKeySets(context: Pick<EntryContext, 'outward' | 'clock'>, options: KeySetOptions): KeyFinder {
  const sets = new Map<string, KeySet>()
  const now = () => context.clock().getTime()

  function setAt(at: URL): KeySet {
    const known = sets.get(at.href)
    if (known) return known
    const made: KeySet = {
      keys: new Map(),
      readAt: -Infinity,
      failedAt: -Infinity,
      forcedAt: -Infinity,
      reading: undefined,
    }
    const oldest = sets.size >= most.sets ? sets.keys().next().value : undefined
    if (oldest !== undefined) sets.delete(oldest)
    sets.set(at.href, made)
    return made
  }

  /** Those who come together wait for one answer. */
  function read(set: KeySet, at: URL): Promise<void> {
    set.reading ??= readKeySet(context.outward(at), at, options)
      .then(
        keys => {
          set.keys = keys
          set.readAt = now()
        },
        (cause: unknown) => {
          set.failedAt = now()
          throw cause
        },
      )
      .finally(() => {
        set.reading = undefined
      })
    return set.reading
  }

  async function freshen(set: KeySet, at: URL): Promise<void> {
    const age = now() - set.readAt
    if (age < ms.fresh) return
    const usable = age < ms.stale
    if (!set.reading && now() - set.failedAt < ms.betweenFailed) {
      if (usable) return
      throw unavailable('keys-unreachable')
    }
    await read(set, at).catch((cause: unknown) => {
      if (!usable) throw cause
    })
  }

  return async (at, kid) => {
    const set = setAt(at)
    const asked = now()
    await freshen(set, at)
    const known = set.keys.get(kid)
    if (known || (set.readAt >= asked && !set.reading)) return known ?? null
    if (!set.reading) {
      if (now() - set.forcedAt < ms.betweenForced) return null
      set.forcedAt = now()
    }
    await read(set, at)
    return set.keys.get(kid) ?? null
  }
}

/** Once, now, past every cache. @throws AppError `unavailable` with reason `keys-unreachable` or `keys-unreadable` */
export async function readKeySet(
  fetchThere: typeof fetch,
  at: URL,
  { alg, accepts = () => true }: KeySetOptions,
): Promise<Map<string, KeyObject>> {
  const text = await bodyOf(fetchThere, at)
  const keys = new Map<string, KeyObject>()
  let listed: unknown[]
  try {
    listed = z.object({ keys: z.array(z.unknown()).max(most.keys) }).parse(JSON.parse(text)).keys
  } catch (cause) {
    throw unavailable('keys-unreadable', cause)
  }
  for (const each of listed) {
    const jwk = Jwk.safeParse(each)
    if (!jwk.success || keys.has(jwk.data.kid) || !accepts(jwk.data, at)) continue
    const key = publicKeyOf(jwk.data, alg)
    if (key) keys.set(jwk.data.kid, key)
  }
  return keys
}

async function bodyOf(fetchThere: typeof fetch, at: URL): Promise<string> {
  try {
    const headers = { Accept: 'application/jwk-set+json, application/json' }
    const response = await fetchThere(at.href, { headers, redirect: 'manual', signal: AbortSignal.timeout(ms.timeout) })
    if (response.status !== 200 || !response.body) throw new Error(`the key set answers ${response.status}`)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body) {
      size += part.length
      if (size > most.bytes) throw new Error('the key set is too large')
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  } catch (cause) {
    throw unavailable('keys-unreachable', cause)
  }
}

/** @returns null for a key that is not for this: another type, another use, an RSA key below 2048 bits (RFC 7518 §3.3) */
function publicKeyOf({ kty, crv, x, y, n, e, use, alg: says }: Jwk, alg: SigningAlgorithm): KeyObject | null {
  if ((use !== undefined && use !== 'sig') || (says !== undefined && says !== alg)) return null
  try {
    if (alg === 'ES256') {
      if (kty !== 'EC' || crv !== 'P-256' || !x || !y) return null
      return createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
    }
    if (kty !== 'RSA' || !n || !e) return null
    const key = createPublicKey({ key: { kty, n, e }, format: 'jwk' })
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048 ? key : null
  } catch {
    return null
  }
}

const unavailable = (reason: string, cause?: unknown) =>
  new AppError('unavailable', 'The key set cannot be read.', { reason, cause })
