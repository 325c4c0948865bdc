import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { assertSafe } from '../../../connector/store/assertions.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let t: TestDatabase
const undo: string[] = []
const role = (name: string) => `m5_test_${name}_${process.pid}_${randomBytes(3).toString('hex')}`

beforeAll(async () => {
  t = await testDatabase()
})
afterEach(async () => {
  for (const sql of undo.splice(0).reverse()) await t.asSuperuser(client => client.query(sql))
})
afterAll(() => t.close())

/** Changes the database for one test. */
async function change(sql: string, back: string): Promise<void> {
  await t.asSuperuser(client => client.query(sql))
  undo.push(back)
}

/** What the start says, connected like the application; '' when it goes on. */
async function saidTo(connection: pg.ClientConfig = t.db.connection): Promise<string> {
  const client = new pg.Client(connection)
  await client.connect()
  try {
    await assertSafe(client)
    return ''
  } catch (error) {
    expect(error).toMatchObject({ code: 'misconfigured', reason: 'database-unsafe' })
    return (error as Error).message
  } finally {
    await client.end()
  }
}

const asRole = (user: string): pg.ClientConfig => {
  const url = new URL(t.url)
  url.username = user
  return { connectionString: url.href }
}

async function makeRole(name: string, attributes: string): Promise<pg.ClientConfig> {
  await change(`create role ${name} login ${attributes}`, `drop role ${name}`)
  return asRole(name)
}

describe('a start', () => {
  it('goes on with a healthy database', async () => {
    expect(await saidTo()).toBe('')
  })

  it('is refused as a superuser', async () => {
    expect(await saidTo(asRole('postgres'))).toMatch(/postgres is a superuser\. Give DATABASE_URL a role of its own/)
  })

  it('is refused with BYPASSRLS', async () => {
    const name = role('bypass')
    expect(await saidTo(await makeRole(name, 'bypassrls'))).toMatch(/has BYPASSRLS/)
  })

  it('is refused as the owner of the tables, and as a member of the owner', async () => {
    const [owner, member] = [role('owner'), role('member')]
    const asOwner = await makeRole(owner, '')
    await change(`alter table "Once" owner to ${owner}`, `alter table "Once" owner to m5_owner`)
    expect(await saidTo(asOwner)).toMatch(/owns the tables/)
    const asMember = await makeRole(member, '')
    await change(`grant m5_owner to ${member}`, `revoke m5_owner from ${member}`)
    expect(await saidTo(asMember)).toMatch(/owns the tables, or is a member of who does/)
  })

  it('is refused as a member of a role that looks past the wall', async () => {
    const [strong, member] = [role('strong'), role('weak')]
    await makeRole(strong, 'bypassrls')
    const asMember = await makeRole(member, 'noinherit')
    await change(`grant ${strong} to ${member}`, `revoke ${strong} from ${member}`)
    expect(await saidTo(asMember)).toMatch(new RegExp(`may become ${strong}`))
  })

  it('is refused with synchronous_commit off, by connection or by role', async () => {
    const sentence = /synchronous_commit is off, so an acknowledged report could be lost: set it to on\./
    expect(await saidTo({ ...t.db.connection, options: '-c synchronous_commit=off' })).toMatch(sentence)
    expect(await saidTo({ ...t.db.connection, options: '-c synchronous_commit=local' })).toMatch(/is local/)
    const { rows } = await t.asSuperuser(client => client.query('select current_database() as name'))
    const database = pg.escapeIdentifier(String(rows[0]?.name))
    await change(
      `alter role m5_app in database ${database} set synchronous_commit = off`,
      `alter role m5_app in database ${database} reset synchronous_commit`,
    )
    expect(await saidTo()).toMatch(sentence)
  })

  it.for([
    ['has no policy', 'drop policy board on "Report"'],
    ['has no forced row-level security', 'alter table "Report" no force row level security'],
    ['has no forced row-level security', 'alter table "Report" disable row level security'],
    ['has a policy that does not ask for the board', 'create policy open on "Report" using (true)'],
    ['has a policy that does not ask for the board', 'alter policy board on "Report" with check (true)'],
  ])('is refused when a table %s', async ([sentence, sql]) => {
    const t2 = await testDatabase()
    try {
      await t2.asSuperuser(client => client.query(String(sql)))
      expect(await saidTo(t2.db.connection)).toContain(`Table Report ${sentence}.`)
    } finally {
      await t2.close()
    }
  })

  it('is refused when a new table stands outside the wall', async () => {
    await change('create table stray (id int)', 'drop table stray')
    expect(await saidTo()).toMatch(/Table stray has no forced row-level security\. Table stray has no policy\./)
  })

  it('is refused with a view of its owner’s rights, and goes on with one of the caller’s', async () => {
    await change('create view peek as select * from "Report"', 'drop view peek')
    expect(await saidTo()).toContain("peek runs with its owner's rights.")
    await t.asSuperuser(client => client.query('alter view peek set (security_invoker = true)'))
    expect(await saidTo()).toBe('')
  })

  it('is refused with a materialized view', async () => {
    await change('create materialized view copy as select * from "Report"', 'drop materialized view copy')
    expect(await saidTo()).toContain("copy runs with its owner's rights.")
  })

  it('is refused with a function of its owner’s rights', async () => {
    await change(
      `create function lift() returns bigint language sql security definer as 'select count(*) from "Report"'`,
      'drop function lift',
    )
    expect(await saidTo()).toContain("lift runs with its owner's rights.")
  })

  it('says everything that is wrong at once', async () => {
    await change('create table stray (id int)', 'drop table stray')
    const said = await saidTo({ ...asRole('postgres'), options: '-c synchronous_commit=off' })
    for (const part of ['superuser', 'synchronous_commit', 'stray']) expect(said).toContain(part)
  })
})
