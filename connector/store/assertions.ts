/**
 * What must be true of the database before the service answers anybody: the wall between boards stands, and what is acknowledged is
 * on disk. A start is refused otherwise, in a sentence that says what to do.
 */
import type { ClientBase } from 'pg'
import { AppError } from '../errors.ts'

/** @param client connected as the application role. @throws AppError `misconfigured`, with everything that is wrong in one message */
export async function assertSafe(client: ClientBase): Promise<void> {
  const wrong = [...(await roleFaults(client)), ...(await durabilityFaults(client)), ...(await wallFaults(client))]
  if (wrong.length > 0)
    throw new AppError('misconfigured', `The database is not safe to use: ${wrong.join(' ')}`, {
      reason: 'database-unsafe',
    })
}

async function roleFaults(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{
    name: string
    rolsuper: boolean
    rolbypassrls: boolean
    owns: boolean
    stronger: string[]
  }>(`
    select current_user as name, rolsuper, rolbypassrls,
           exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'public' and c.relkind in ('r', 'p')
                     and pg_has_role(current_user, c.relowner, 'member')) as owns,
           array(select r.rolname::text from pg_roles r where (r.rolsuper or r.rolbypassrls) and r.rolname <> current_user
                 and pg_has_role(current_user, r.oid, 'member')) as stronger
    from pg_roles where rolname = current_user`)
  const role = rows[0]
  if (!role) return ['The application role is unknown.']
  const hint = 'Give DATABASE_URL a role of its own, and keep the owner for DATABASE_OWNER_URL.'
  const out: string[] = []
  if (role.rolsuper) out.push(`The application role ${role.name} is a superuser. ${hint}`)
  if (role.rolbypassrls) out.push(`The application role ${role.name} has BYPASSRLS. ${hint}`)
  if (role.owns && !role.rolsuper)
    out.push(`The application role ${role.name} owns the tables, or is a member of who does. ${hint}`)
  if (role.stronger.length > 0 && !role.rolsuper)
    out.push(
      `The application role ${role.name} may become ${role.stronger.join(', ')}, which looks past the wall. ${hint}`,
    )
  return out
}

async function durabilityFaults(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')`,
  )
  const fine = { fsync: ['on'], full_page_writes: ['on'], synchronous_commit: ['on', 'remote_write', 'remote_apply'] }
  return rows
    .filter(row => !fine[row.name as keyof typeof fine].includes(row.setting))
    .map(row => `${row.name} is ${row.setting}, so an acknowledged report could be lost: set it to on.`)
}

async function wallFaults(client: ClientBase): Promise<string[]> {
  const tables = await client.query<{
    name: string
    enabled: boolean
    forced: boolean
    policies: number
    open: boolean
  }>(`
    select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
           (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
           exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive
                   and (strpos(coalesce(pg_get_expr(p.polqual, p.polrelid), 'app.board'), 'app.board') = 0
                     or strpos(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), 'app.board'), 'app.board') = 0)) as open
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> '_prisma_migrations'`)
  const out = tables.rows.flatMap(({ name, enabled, forced, policies, open }) => [
    ...(enabled && forced ? [] : [`Table ${name} has no forced row-level security.`]),
    ...(policies > 0 ? [] : [`Table ${name} has no policy.`]),
    ...(open ? [`Table ${name} has a policy that does not ask for the board.`] : []),
  ])
  if (tables.rows.length === 0) out.push('There are no tables.')
  const loose = await client.query<{ name: string }>(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('v', 'm')
      and not coalesce(c.reloptions::text ~ 'security_invoker=(true|on)', false)
    union all
    select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and p.prosecdef`)
  return [...out, ...loose.rows.map(row => `${row.name} runs with its owner's rights.`)]
}
