/**
 * State of our OpenID provider in PostgreSQL. Ids are stored as hashes and stripped from the payload, so that a copy of the table signs nobody
 * in. Two races of the library's find-then-save are closed here: a replayed DPoP proof and a token consumed twice.
 */
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider'
import type { Database } from '../store/database.ts'
import { keepOidcRecord } from '../store/oidc-records.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'

const boardId = reservedBoard
const scope = { boardId, role: 'system' } as const

export function providerStore(db: Database) {
  return (model: string): Adapter => ({
    async upsert(id, payload, expiresIn) {
      const { jti: _id, ...rest } = payload
      const grantTag = payload.grantId ? tagOf(payload.grantId) : null
      const uidTag = payload.uid ? tagOf(payload.uid) : null
      const expiresAt = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null
      const row = { model, tag: tagOf(id), payload: rest as object, grantTag, uidTag, expiresAt }
      if (model !== 'ReplayDetection') return keepOidcRecord(db, row)
      const { count } = await withTenant(db, scope, tx =>
        tx.oidcRecord.createMany({ data: { boardId, ...row }, skipDuplicates: true }),
      )
      if (count === 0) throw new errors.InvalidGrant('DPoP proof JWT Replay detected')
    },

    async find(id) {
      const row = await withTenant(db, scope, tx =>
        tx.oidcRecord.findUnique({ where: { boardId_model_tag: { boardId, model, tag: tagOf(id) } } }),
      )
      if (!row) return undefined
      const consumed = row.consumedAt ? { consumed: Math.floor(row.consumedAt.getTime() / 1000) } : {}
      return { ...(row.payload as AdapterPayload), jti: id, ...consumed }
    },

    async findByUid(uid) {
      const row = await withTenant(db, scope, tx =>
        tx.oidcRecord.findFirst({ where: { boardId, model, uidTag: tagOf(uid) } }),
      )
      return row ? (row.payload as AdapterPayload) : undefined
    },

    // No device flow here.
    findByUserCode: async () => undefined,

    async consume(id) {
      const { count } = await withTenant(db, scope, tx =>
        tx.oidcRecord.updateMany({
          where: { boardId, model, tag: tagOf(id), consumedAt: null },
          data: { consumedAt: new Date() },
        }),
      )
      if (count === 0) throw new errors.InvalidGrant('already used')
    },

    async destroy(id) {
      await withTenant(db, scope, tx => tx.oidcRecord.deleteMany({ where: { boardId, model, tag: tagOf(id) } }))
    },

    async revokeByGrantId(grantId) {
      await withTenant(db, scope, tx => tx.oidcRecord.deleteMany({ where: { boardId, grantTag: tagOf(grantId) } }))
    },
  })
}
