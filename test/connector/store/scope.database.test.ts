import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reservedBoard, withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { seedBoard, seedGroup, seedPerson, seedSchool } from '../../support/seed.ts'

let t: TestDatabase
let a: string
let b: string
let tables: string[]

beforeAll(async () => {
  t = await testDatabase()
  a = await seedBoard(t, 'A')
  b = await seedBoard(t, 'B')
  for (const board of [a, b]) await seedSchool(t, board)
  tables = await t.asSuperuser(async client => {
    const { rows } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' and tablename <> '_prisma_migrations' order by 1`,
    )
    await fillEveryTable(
      client,
      rows.map(row => row.name),
    )
    return rows.map(row => row.name)
  })
})
afterAll(() => t.close())

/** One row of boards A and B in every table, past walls and foreign keys: what is tested is who sees them. */
async function fillEveryTable(client: pg.Client, names: string[]): Promise<void> {
  await client.query(`set session_replication_role = 'replica'`)
  for (const name of names)
    for (const board of [a, b]) {
      const { rows: columns } = await client.query<{ column: string; type: string }>(
        `select attname as column, format_type(atttypid, null) as type from pg_attribute a
         where attrelid = $1::regclass and attnum > 0 and not attisdropped and attnotnull
           and not exists (select from pg_attrdef d where d.adrelid = attrelid and d.adnum = attnum)`,
        [`"${name}"`],
      )
      const values = columns.map(c => (c.column === 'boardId' ? board : filler(c.type)))
      const names = columns.map(c => `"${c.column}"`).join(', ')
      await client.query(
        `insert into "${name}" (${names}) values (${values.map((_, i) => `$${i + 1}`).join(', ')}) on conflict do nothing`,
        values,
      )
    }
}

function filler(type: string): unknown {
  switch (type) {
    case 'uuid':
      return randomUUID()
    case 'bytea':
      return Buffer.from(randomUUID())
    case 'integer':
      return 77
    case 'boolean':
      return false
    case 'jsonb':
      return {}
    case 'date':
    case 'timestamp with time zone':
      return new Date()
    default:
      return type.endsWith('[]') ? [] : randomUUID()
  }
}

const asApp = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client(t.db.connection)
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
const inScope = <T>(board: string, work: (client: pg.Client) => Promise<T>) =>
  asApp(async client => {
    await client.query('begin')
    await client.query(`select set_config('app.board', $1, true)`, [board])
    const out = await work(client)
    await client.query('rollback')
    return out
  })

describe('a scope', () => {
  it('sees its own board in every table, and of the other nothing', async () => {
    await inScope(a, async client => {
      for (const name of tables) {
        const { rows } = await client.query<{ boardId: string }>(`select distinct "boardId" from "${name}"`)
        expect([name, rows]).toEqual([name, [{ boardId: a }]])
        const asked = await client.query(`select from "${name}" where "boardId" = $1`, [b])
        expect([name, asked.rowCount]).toEqual([name, 0])
      }
    })
  })

  it('does not exist: then no table shows a row, and none takes one', async () => {
    await asApp(async client => {
      for (const name of tables) {
        const { rowCount } = await client.query(`select from "${name}"`)
        expect([name, rowCount]).toEqual([name, 0])
      }
      await expect(
        client.query(`insert into "Board" ("boardId", name) values ($1, 'x')`, [randomUUID()]),
      ).rejects.toThrow(/row-level security/)
    })
  })

  it('changes and deletes nothing of another board, in any table', async () => {
    await inScope(a, async client => {
      for (const name of tables) {
        if (name === 'AuditEntry') continue
        await client.query('savepoint s')
        const gone = await client.query(`delete from "${name}" where "boardId" = $1`, [b])
        expect([name, gone.rowCount]).toEqual([name, 0])
        await client.query('rollback to savepoint s')
      }
    })
  })

  it('refuses a row for another board, and a row moved there', async () => {
    const write = (sql: string, values: unknown[]) => expect(inScope(a, client => client.query(sql, values))).rejects
    await write(`insert into "Origin" ("boardId", id, "schoolId", origin) values ($1, $2, $3, 'https://x.example')`, [
      b,
      randomUUID(),
      randomUUID(),
    ]).toThrow(/row-level security/)
    await write(`insert into "Once" values ($1, 'x', 'x', now())`, [b]).toThrow(/row-level security/)
    await write(`insert into "Route" values ($1, 'board', 'x', $2, $2)`, [reservedBoard, a]).toThrow(
      /row-level security/,
    )
    await write(`update "School" set "boardId" = $1 where "boardId" = $2`, [b, a]).toThrow(/row-level security/)
  })

  it('refuses a foreign key into another board', async () => {
    const schoolA = await seedSchool(t, a, { name: 'A2' })
    const schoolB = await seedSchool(t, b, { name: 'B2' })
    const groupB = await seedGroup(t, schoolB, '7B')
    const person = await seedPerson(t, schoolA)
    const facts = { boardId: a, id: randomUUID(), schoolId: schoolA.id, sourceId: schoolA.sourceId }
    const join = withTenant(t.db, { boardId: a, role: 'system' }, tx =>
      tx.membership.create({
        data: { ...facts, groupId: groupB, personId: person.id, role: 'pupil', startsOn: new Date() },
      }),
    )
    await expect(join).rejects.toMatchObject({ code: 'P2003' })
  })

  it('keeps nothing: the setting is gone after the transaction, after an error, and on every pooled connection', async () => {
    const boardNow = async () => {
      const { rows } = await t.db.pool.query<{ board: string | null }>(
        `select current_setting('app.board', true) as board`,
      )
      return rows[0]?.board || null
    }
    await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        withTenant(t.db, { boardId: i % 2 ? a : b, role: 'system' }, async tx => {
          if (i % 5 === 0) throw new Error('work failed')
          return tx.school.count()
        }).catch(() => undefined),
      ),
    )
    const clients = await Promise.all(Array.from({ length: 10 }, () => t.db.pool.connect()))
    for (const client of clients) {
      const { rows } = await client.query<{ board: string | null }>(
        `select current_setting('app.board', true) as board`,
      )
      expect(rows[0]?.board || null).toBeNull()
      expect((await client.query('select from "School"')).rowCount).toBe(0)
      client.release()
    }
    expect(await boardNow()).toBeNull()
    expect(await t.db.prisma.school.count()).toBe(0)
  })

  it('is never mixed up by scopes that run at the same time', async () => {
    const seen = await Promise.all(
      Array.from({ length: 64 }, (_, i) => {
        const boardId = i % 2 ? a : b
        return withTenant(t.db, { boardId, role: 'system' }, async tx => {
          const rows = await tx.school.findMany({ select: { boardId: true } })
          return rows.length > 0 && rows.every(row => row.boardId === boardId)
        })
      }),
    )
    expect(seen).toEqual(Array(64).fill(true))
  })

  it('rolls back whole', async () => {
    const name = randomUUID()
    const work = withTenant(t.db, { boardId: a, role: 'system' }, async tx => {
      await tx.board.update({ where: { boardId: a }, data: { name } })
      throw new Error('after the write')
    })
    await expect(work).rejects.toThrow('after the write')
    const board = await withTenant(t.db, { boardId: a, role: 'system' }, tx => tx.board.findFirst())
    expect(board?.name).not.toBe(name)
  })

  it('of the hot paths is as narrow: session, claim and report of another board are not reached', async () => {
    const session = await t.asSuperuser(async client => {
      const { rows } = await client.query<{ id: string }>(`select id from "Session" where "boardId" = $1`, [b])
      return rows[0]?.id
    })
    const read = await t.db.pool.query('select * from read_session($1, $2)', [a, session])
    expect(read.rowCount).toBe(0)
    expect(
      (await t.db.pool.query(`select current_setting('app.board', true) as board`)).rows[0]?.board || null,
    ).toBeNull()
  })
})
