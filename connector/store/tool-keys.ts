/**
 * Our own keys as an LTI tool (RS256, as platforms want them), sealed under the reserved board. A new key is published at once and signs a day later,
 * when every platform has read it; an old one stays published a day longer than it signed. All of that follows from when a key was made: nothing
 * has to run in between.
 */
import { createPrivateKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import type { Database, Tx } from './database.ts'
import type { Keyring } from './keyring.ts'
import { reservedBoard, withTenant } from './scope.ts'

const publishedBeforeMs = 24 * 60 * 60_000
const publishedAfterMs = 24 * 60 * 60_000

export interface ToolKey {
  kid: string
  createdAt: Date
  privateKey: KeyObject
}

export interface ToolKeys {
  /** The one that signs now. */
  signs: ToolKey
  /** What the JWKS shows, newest first. */
  published: ToolKey[]
}

const place = (id: string) => ({ table: 'SigningKey', row: id, column: 'keySealed' })
const scope = { boardId: reservedBoard, role: 'system' } as const
const purpose = 'lti'

/** Makes the first one where there is none. */
export async function readToolKeys(db: Database, keyring: Keyring, now: Date): Promise<ToolKeys> {
  const rows = await withTenant(db, scope, tx => rowsOf(tx))
  if (rows.length === 0) await addToolKey(db, keyring, { now, unless: 'there is one' })
  const keys = await keyring.board(reservedBoard)
  const known = (rows.length > 0 ? rows : await withTenant(db, scope, tx => rowsOf(tx))).map(row => ({
    kid: row.id,
    createdAt: row.createdAt,
    privateKey: createPrivateKey(keys.open(place(row.id), row.keySealed)),
  }))
  return chooseKeys(known, now)
}

/** @param known newest first, at least one */
export function chooseKeys<K extends { createdAt: Date }>(known: readonly K[], now: Date) {
  const age = (key: K) => now.getTime() - key.createdAt.getTime()
  // The only one there is signs at once: nobody can have another in memory.
  const at = known.findIndex(key => age(key) >= publishedBeforeMs)
  const signing = at === -1 ? known.length - 1 : at
  const signs = known[signing]
  if (!signs) throw new RangeError('there is no key')
  const since = age(signs) - publishedBeforeMs
  const published = known.filter((_, i) => i <= signing || since < publishedAfterMs)
  return { signs, published: [...published] }
}

/**
 * @param options `revoke`: the old ones are good for nothing from now on, and the new one signs at once; platforms that remember the old set
 * refuse us until they read it again. `unless`: only when there is none.
 * @returns its kid
 */
export async function addToolKey(
  db: Database,
  keyring: Keyring,
  { now, revoke = false, unless }: { now: Date; revoke?: boolean; unless?: 'there is one' },
): Promise<string> {
  const keys = await keyring.board(reservedBoard)
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const id = randomUUID()
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const keySealed = keys.seal(place(id), pem)
  return withTenant(db, scope, async tx => {
    // Two connectors that start together make one.
    await tx.$executeRaw`select pg_advisory_xact_lock(5305, 3)`
    const [newest] = await rowsOf(tx)
    if (unless && newest) return newest.id
    if (revoke) {
      const where = { boardId: reservedBoard, purpose, retiredAt: null }
      await tx.signingKey.updateMany({ where, data: { retiredAt: now } })
    }
    await tx.signingKey.create({ data: { boardId: reservedBoard, id, purpose, keySealed, createdAt: now } })
    return id
  })
}

const rowsOf = (tx: Tx) =>
  tx.signingKey.findMany({
    where: { boardId: reservedBoard, purpose, retiredAt: null },
    orderBy: { createdAt: 'desc' },
  })
