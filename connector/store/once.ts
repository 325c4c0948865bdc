/** Values that count once: used up by one statement, so that of 64 that come together one wins. */
import type { Database, Tx } from './database.ts'
import { reservedBoard, withTenant } from './scope.ts'
import { tagOf } from './seal.ts'

/** @returns true for the first caller, ever, until `expiresAt`. For DPoP proofs (RFC 9449 §11.1). */
export async function claimOnce(
  db: Pick<Database, 'pool'>,
  once: { boardId: string; kind: string; value: string; expiresAt: Date },
): Promise<boolean> {
  const { rows } = await db.pool.query<{ claimed: boolean }>({
    name: 'claim_once',
    text: 'select claim_once($1, $2, $3, $4) as claimed',
    values: [once.boardId, once.kind, Buffer.from(tagOf(once.value)), once.expiresAt],
  })
  return rows[0]?.claimed === true
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** Where something is kept: in a transaction of the reserved board, or by itself. */
export type PendingPlace = Tx | Pick<Database, 'pool'>

/**
 * Keeps something until the bearer of `secret` comes back for it. Ids and codes only: the payload is not sealed.
 * @param to a transaction in the reserved board's scope, when it must come and go with other rows; else the database: one statement
 */
export async function putPending(
  to: PendingPlace,
  pending: { kind: string; secret: string; payload: { [key: string]: Json }; expiresAt: Date },
): Promise<void> {
  const { kind, secret, payload, expiresAt } = pending
  const tag = tagOf(secret)
  if (!('pool' in to)) {
    await to.pending.create({ data: { boardId: reservedBoard, kind, tag, payload, expiresAt } })
    return
  }
  await to.pool.query({
    name: 'put_pending',
    text: 'select put_pending($1, $2, $3, $4)',
    values: [kind, Buffer.from(tag), JSON.stringify(payload), expiresAt],
  })
}

/** Uses it up. @returns null when it never was, is used, or is too old: the caller cannot tell which */
export async function takePending(
  db: Pick<Database, 'pool'>,
  kind: string,
  secret: string,
  now: Date,
): Promise<unknown> {
  const { rows } = await db.pool.query<{ facts: unknown; until: Date }>({
    name: 'take_pending',
    text: 'select * from take_pending($1, $2)',
    values: [kind, Buffer.from(tagOf(secret))],
  })
  const row = rows[0]
  return row && row.until > now ? row.facts : null
}

/** Removes what expired. Called from time to time by the service. */
export async function sweepExpired(db: Database, boardIds: string[], now: Date): Promise<number> {
  let swept = 0
  for (const boardId of [reservedBoard, ...boardIds]) {
    swept += await withTenant(db, { boardId, role: 'system' }, async tx => {
      const expired = { boardId, expiresAt: { lt: now } }
      const counts = [
        await tx.once.deleteMany({ where: expired }),
        await tx.pending.deleteMany({ where: expired }),
        await tx.handoff.deleteMany({ where: expired }),
        await tx.oidcRecord.deleteMany({ where: expired }),
        await tx.entryTrouble.deleteMany({ where: expired }),
        await tx.receiptCode.deleteMany({ where: expired }),
      ]
      return counts.reduce((sum, { count }) => sum + count, 0)
    })
  }
  return swept
}
