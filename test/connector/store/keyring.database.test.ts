import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openKeyring } from '../../../connector/store/keyring.ts'
import { reservedBoard, withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { seedBoard, tablesHolding } from '../../support/seed.ts'

let t: TestDatabase
let dir: string
beforeAll(async () => {
  t = await testDatabase()
})
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm5-keys-'))
  chmodSync(dir, 0o755)
})
afterEach(() => rmSync(dir, { recursive: true }))
afterAll(() => t.close())

const fromFile = (file: string, { db } = t) => openKeyring({ masterKeyHex: undefined, masterKeyFile: file }, db)

/** A database as it is before the first start. */
async function beforeFirstStart(work: (fresh: TestDatabase) => Promise<void>): Promise<void> {
  const fresh = await testDatabase()
  try {
    await fresh.asSuperuser(client => client.query('delete from "BoardKey"; delete from "Board"'))
    await work(fresh)
  } finally {
    await fresh.close()
  }
}
const place = { table: 'Person', row: 'r', column: 'namesSealed' }

describe('the master key', () => {
  it('is made at the first start, once, for its owner only', () =>
    beforeFirstStart(async fresh => {
      const file = join(dir, 'deep', 'master.key')
      await fromFile(file, fresh)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const made = readFileSync(file, 'utf8')
      expect(made).toMatch(/^[0-9a-f]{64}\n$/)
      await fromFile(file, fresh)
      expect(readFileSync(file, 'utf8')).toBe(made)
      expect(readdirSync(join(dir, 'deep'))).toEqual(['master.key'])
    }))

  it('is not made anew where the database has keys already', async () => {
    const file = join(dir, 'master.key')
    await expect(fromFile(file)).rejects.toMatchObject({
      code: 'misconfigured',
      reason: 'master-key-missing',
      message: expect.stringContaining('Put it back'),
    })
    expect(existsSync(file)).toBe(false)
  })

  it('of another database is refused', async () => {
    const file = join(dir, 'master.key')
    writeFileSync(file, `${'ab'.repeat(32)}\n`, { mode: 0o600 })
    await expect(fromFile(file)).rejects.toMatchObject({
      code: 'misconfigured',
      reason: 'master-key-wrong',
      message: expect.stringContaining('does not open'),
    })
    await expect(openKeyring({ masterKeyHex: 'cd'.repeat(32), masterKeyFile: file }, t.db)).rejects.toMatchObject({
      reason: 'master-key-wrong',
    })
  })

  it.for(['', 'geen sleutel', 'ab'.repeat(31), `${'ab'.repeat(32)}00`])('is refused as %j', async text => {
    const file = join(dir, 'master.key')
    writeFileSync(file, text, { mode: 0o600 })
    const error = await fromFile(file).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ code: 'misconfigured' })
    if (text) expect((error as Error).message).not.toContain(text)
  })

  it('is one, when two first starts come at once', () =>
    beforeFirstStart(async fresh => {
      const file = join(dir, 'master.key')
      const rings = await Promise.all(Array.from({ length: 8 }, () => fromFile(file, fresh)))
      const [first, ...others] = await Promise.all(rings.map(ring => ring.board(reservedBoard)))
      const envelope = first?.seal(place, 'x') ?? new Uint8Array()
      for (const other of others) expect(other.open(place, envelope)).toBe('x')
    }))

  it('is one, when three processes start at once', () =>
    beforeFirstStart(async fresh => {
      const file = join(dir, 'master.key')
      const start = `
        import { openDatabase } from './connector/store/database.ts'
        import { openKeyring } from './connector/store/keyring.ts'
        import { readConfig } from './connector/config.ts'
        import { openLog } from './connector/log.ts'
        const config = readConfig()
        const db = await openDatabase(config, openLog(config))
        await openKeyring(config, db)
        await db.close()`
      const { M5_MASTER_KEY: _none, ...inherited } = process.env
      const env = { ...inherited, DATABASE_URL: fresh.url, M5_MASTER_KEY_FILE: file, M5_LOG: 'silent' }
      const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', start], { env })
      await Promise.all([run(), run(), run()])
      await expect(fromFile(file, fresh)).resolves.toBeDefined()
      const scope = { boardId: reservedBoard, role: 'system' } as const
      expect(await withTenant(fresh.db, scope, tx => tx.boardKey.count())).toBe(3)
    }))

  it('stands nowhere in the database, nor does any key it wraps', async () => {
    await seedBoard(t)
    expect(await tablesHolding(t, testMasterKey)).toEqual([])
    const wrapped = await t.asSuperuser(
      async client => (await client.query('select length(wrapped) from "BoardKey"')).rows,
    )
    for (const row of wrapped) expect(row.length).toBe(3 + 24 + 32 + 16)
  })
})

describe("a board's keys", () => {
  it('open nothing of another board', async () => {
    const [a, b] = [await t.keyring.board(await seedBoard(t)), await t.keyring.board(await seedBoard(t))]
    const envelope = a.seal(place, 'Zofia')
    expect(a.open(place, envelope)).toBe('Zofia')
    expect(() => b.open(place, envelope)).toThrow(expect.objectContaining({ reason: 'seal-broken' }))
    expect(Buffer.from(a.fingerprint('roster-key', 'x'))).not.toEqual(Buffer.from(b.fingerprint('roster-key', 'x')))
  })

  it('wrapped for one board do not unwrap for another, or as another purpose', async () => {
    const [a, b] = [await seedBoard(t), await seedBoard(t)]
    await t.asSuperuser(async client => {
      await client.query(
        `update "BoardKey" k set wrapped = o.wrapped from "BoardKey" o where k."boardId" = $1 and o."boardId" = $2 and k.purpose = o.purpose`,
        [b, a],
      )
      await client.query(
        `update "BoardKey" set wrapped = (select wrapped from "BoardKey" where "boardId" = $1 and purpose = 'fields') where "boardId" = $1 and purpose = 'reveal'`,
        [a],
      )
    })
    const fresh = await openKeyring({ masterKeyHex: testMasterKey, masterKeyFile: '' }, t.db)
    for (const board of [a, b]) await expect(fresh.board(board)).rejects.toMatchObject({ reason: 'master-key-wrong' })
  })

  it('keep who reported under a key of its own, which only the reveal opens', async () => {
    const boardId = await seedBoard(t)
    const keys = await t.keyring.board(boardId)
    const cell = { table: 'Report', row: 'r', column: 'reporterSealed' }
    const envelope = keys.sealReporter(cell, 'person-1')
    expect(() => keys.open(cell, envelope)).toThrow(expect.objectContaining({ reason: 'seal-broken' }))
    expect(await t.keyring.reveal(boardId, cell, envelope)).toBe('person-1')
  })

  it('of an unknown board are refused, and found once the board is there', async () => {
    const boardId = '99999999-9999-4999-8999-999999999999'
    await expect(t.keyring.board(boardId)).rejects.toMatchObject({ code: 'unavailable' })
    await withTenant(t.db, { boardId, role: 'system' }, async tx => {
      await tx.board.create({ data: { boardId, name: 'later' } })
      await t.keyring.create(tx, boardId)
    })
    await expect(t.keyring.board(boardId)).resolves.toBeDefined()
  })
})
