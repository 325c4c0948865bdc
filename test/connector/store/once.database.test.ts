import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claimOnce, putPending, sweepExpired, takePending } from '../../../connector/store/once.ts'
import { reservedBoard, withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { seedBoard, tablesHolding } from '../../support/seed.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const now = new Date()
const soon = new Date(now.getTime() + 60_000)
const put = (secret: string, expiresAt = soon) =>
  withTenant(t.db, { boardId: reservedBoard, role: 'system' }, tx =>
    putPending(tx, { kind: 'proef', secret, payload: { who: 'x' }, expiresAt }),
  )

describe('a value that counts once', () => {
  it('is claimed by one of 64 that come together', async () => {
    const value = randomUUID()
    const claim = () => claimOnce(t.db, { boardId: reservedBoard, kind: 'proef', value, expiresAt: soon })
    const claims = await Promise.all(Array.from({ length: 64 }, claim))
    expect(claims.filter(Boolean)).toHaveLength(1)
    expect(await claim()).toBe(false)
  })

  it('is another one on another board and of another kind', async () => {
    const [value, a, b] = [randomUUID(), await seedBoard(t), await seedBoard(t)]
    const claim = (boardId: string, kind: string) => claimOnce(t.db, { boardId, kind, value, expiresAt: soon })
    expect(await Promise.all([claim(a, 'x'), claim(b, 'x'), claim(a, 'y')])).toEqual([true, true, true])
    expect(await Promise.all([claim(a, 'x'), claim(b, 'x'), claim(a, 'y')])).toEqual([false, false, false])
  })

  it('does not slacken what is committed after it on the same connection', async () => {
    const client = await t.db.pool.connect()
    await client.query('select claim_once($1, $2, $3, $4)', [reservedBoard, 'x', Buffer.from(randomUUID()), soon])
    const { rows } = await client.query('show synchronous_commit')
    client.release()
    expect(rows).toEqual([{ synchronous_commit: 'on' }])
  })
})

describe('what waits for the bearer of a secret', () => {
  it('is taken by one of 64 that come together', async () => {
    const secret = randomUUID()
    await put(secret)
    const taken = await Promise.all(Array.from({ length: 64 }, () => takePending(t.db, 'proef', secret, now)))
    expect(taken.filter(Boolean)).toEqual([{ who: 'x' }])
  })

  it('is not there under another kind or secret, nor once it is too old', async () => {
    const [secret, old] = [randomUUID(), randomUUID()]
    await put(secret)
    await put(old, now)
    expect(await takePending(t.db, 'other', secret, now)).toBeNull()
    expect(await takePending(t.db, 'proef', `${secret}x`, now)).toBeNull()
    expect(await takePending(t.db, 'proef', old, now)).toBeNull()
    expect(await takePending(t.db, 'proef', secret, now)).toEqual({ who: 'x' })
  })

  it('is stored without the secret', async () => {
    const secret = randomUUID()
    await put(secret)
    expect(await tablesHolding(t, secret)).toEqual([])
  })

  it('is swept when it is too old, and not before', async () => {
    const board = await seedBoard(t)
    const [old, young] = [randomUUID(), randomUUID()]
    await put(old, now)
    await put(young)
    await claimOnce(t.db, { boardId: board, kind: 'proef', value: 'x', expiresAt: now })
    expect(await sweepExpired(t.db, [board], new Date(now.getTime() + 1))).toBeGreaterThanOrEqual(2)
    expect(await takePending(t.db, 'proef', young, now)).toEqual({ who: 'x' })
    const left = await withTenant(t.db, { boardId: board, role: 'system' }, tx => tx.once.count())
    expect(left).toBe(0)
  })
})
