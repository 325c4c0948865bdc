import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../support/database.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const rows = <R extends object>(sql: string) => t.asSuperuser(async client => (await client.query<R>(sql)).rows)

const policy = `("boardId" = ( SELECT (NULLIF(current_setting('app.board'::text, true), ''::text))::uuid AS "nullif"))`

describe('the wall between boards', () => {
  it('stands around every table: enabled, forced, one policy, and that one', async () => {
    const tables = await rows(`
      select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
             (select jsonb_agg(jsonb_build_object('name', p.polname, 'for', p.polcmd, 'permissive', p.polpermissive, 'roles', p.polroles::text,
                                                  'using', pg_get_expr(p.polqual, c.oid), 'check', pg_get_expr(p.polwithcheck, c.oid)))
              from pg_policy p where p.polrelid = c.oid) as policies
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'`)
    expect(tables.length).toBeGreaterThan(20)
    for (const table of tables)
      expect(table).toMatchObject({
        enabled: true,
        forced: true,
        policies: [{ name: 'board', for: '*', permissive: true, roles: '{0}', using: policy, check: policy }],
      })
  })

  it('leads every key and index with the board', async () => {
    const led = await rows<{ name: string; first: string }>(`
      select i.indexrelid::regclass::text as name, a.attname as first
      from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
      where c.relnamespace = 'public'::regnamespace and c.relname <> '_prisma_migrations'`)
    expect(led.length).toBeGreaterThan(40)
    expect(led.filter(index => index.first !== 'boardId')).toEqual([])
    const unlike = await rows(`
      select conname from pg_constraint k
      where k.connamespace = 'public'::regnamespace and k.conrelid <> '_prisma_migrations'::regclass and k.contype in ('p', 'u', 'f')
        and (select attname from pg_attribute where attrelid = k.conrelid and attnum = k.conkey[1]) <> 'boardId'`)
    expect(unlike).toEqual([])
  })

  it('lets a foreign key lead to the same board only', async () => {
    const keys = await rows<{ pairs: string[] }>(`
      select conname, array(select f.attname || '=' || r.attname from unnest(k.conkey, k.confkey) with ordinality as u (mine, theirs, ord)
                            join pg_attribute f on f.attrelid = k.conrelid and f.attnum = u.mine
                            join pg_attribute r on r.attrelid = k.confrelid and r.attnum = u.theirs order by ord) as pairs
      from pg_constraint k where k.connamespace = 'public'::regnamespace and k.contype = 'f'`)
    expect(keys.length).toBeGreaterThan(20)
    for (const { pairs } of keys) expect(pairs[0]).toBe('boardId=boardId')
  })

  it('has no door beside it: no view, no function with its owner’s rights, no table of another kind', async () => {
    expect(
      await rows(
        `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f')`,
      ),
    ).toEqual([])
    expect(await rows(`select proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef`)).toEqual(
      [],
    )
  })

  it('has one place outside it, which holds ids and nobody’s data: the queue of pg-boss (test/connector/store/jobs.database.test.ts)', async () => {
    const outside = await rows<{ name: string }>(`
      select regexp_replace(c.oid::regclass::text, '_[0-9]{8}$', '_DAY') as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and n.nspname not in ('public', 'information_schema') and n.nspname !~ '^pg_' group by 1 order by 1`)
    expect(outside.map(({ name }) => name)).toEqual(
      ['bam', 'instance', 'job', 'job_common', 'job_dependency', 'queue', 'queue_stats', 'queue_stats_DAY', 'schedule']
        .concat(['subscription', 'version', 'warning'])
        .map(name => `jobs.${name}`),
    )
  })

  it('leaves the application rows only, and neither audit nor report to change', async () => {
    const [role] = await rows(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit from pg_roles where rolname = 'm5_app'`,
    )
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolinherit: false,
    })
    const may = await rows<{ name: string; what: string }>(`
      select c.relname as name, p.what from pg_class c, unnest(array['TRUNCATE', 'REFERENCES', 'TRIGGER']) as p (what)
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and has_table_privilege('m5_app', c.oid, p.what)`)
    expect(may).toEqual([])
    const [kept] = await rows(`
      select has_table_privilege('m5_app', '"AuditEntry"', 'UPDATE') as "audit changed", has_table_privilege('m5_app', '"AuditEntry"', 'DELETE') as "audit deleted",
             has_table_privilege('m5_app', '"Report"', 'UPDATE') as "report changed", has_column_privilege('m5_app', '"Report"', 'bodySealed', 'UPDATE') as "body changed",
             has_table_privilege('m5_app', '"Involvement"', 'UPDATE') as "involvement changed", has_any_column_privilege('m5_app', '_prisma_migrations', 'UPDATE') as "history changed",
             has_schema_privilege('m5_app', 'public', 'CREATE') as "tables made"`)
    expect(Object.values(kept ?? {})).toEqual(Array(7).fill(false))
  })
})
