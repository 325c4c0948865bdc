/** State of our own OpenID provider: a token has three of these, so each is one statement (keep_oidc_record of the migrations). */
import type { Database } from './database.ts'
import type { Bytes } from './seal.ts'

export interface OidcState {
  model: string
  tag: Bytes
  payload: object
  grantTag: Bytes | null
  uidTag: Bytes | null
  expiresAt: Date | null
}

/** Writes it, or over what stood there. */
export async function keepOidcRecord(db: Pick<Database, 'pool'>, state: OidcState): Promise<void> {
  const { model, tag, payload, grantTag, uidTag, expiresAt } = state
  await db.pool.query({
    name: 'keep_oidc_record',
    text: 'select keep_oidc_record($1, $2, $3, $4, $5, $6)',
    values: [model, Buffer.from(tag), JSON.stringify(payload), bytes(grantTag), bytes(uidTag), expiresAt],
  })
}

const bytes = (tag: Bytes | null) => tag && Buffer.from(tag)
