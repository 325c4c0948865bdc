/** The keys of our own OpenID provider: made at the first start, sealed under the reserved board, never on disk in the clear. */
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { randomBytes } from '../store/seal.ts'

export interface SigningKeys {
  /** Private JWKs, newest first: the first signs. */
  tokens: JWK[]
  cookies: string[]
}

const place = (id: string) => ({ table: 'SigningKey', row: id, column: 'keySealed' })

export async function loadSigningKeys(db: Database, keyring: Keyring): Promise<SigningKeys> {
  const keys = await keyring.board(reservedBoard)
  const rows = await withTenant(db, { boardId: reservedBoard, role: 'system' }, async tx => {
    // Two connectors that start together must not sign with keys that the other does not know.
    await tx.$executeRaw`select pg_advisory_xact_lock(5305, 2)`
    // Our keys as an LTI tool are rows here too (store/tool-keys.ts).
    const where = { boardId: reservedBoard, retiredAt: null, purpose: { in: ['tokens', 'cookies'] } }
    const orderBy = { createdAt: 'desc' } as const
    const found = await tx.signingKey.findMany({ where, orderBy })
    if (found.length > 0) return found
    for (const { purpose, text } of await newKeys()) {
      const id = randomUUID()
      const keySealed = keys.seal(place(id), text)
      await tx.signingKey.create({ data: { boardId: reservedBoard, id, purpose, keySealed } })
    }
    return tx.signingKey.findMany({ where, orderBy })
  })
  const opened = (purpose: string) =>
    rows.filter(row => row.purpose === purpose).map(row => keys.open(place(row.id), row.keySealed))
  return { tokens: opened('tokens').map(text => JSON.parse(text) as JWK), cookies: opened('cookies') }
}

async function newKeys() {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = { ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: randomUUID() }
  return [
    { purpose: 'tokens', text: JSON.stringify(jwk) },
    { purpose: 'cookies', text: Buffer.from(randomBytes(32)).toString('base64url') },
  ]
}
