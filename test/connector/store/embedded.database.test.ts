import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { prepareEmbedded } from '../../../connector/store/database.ts'
import { type EmbeddedServer, startEmbedded } from '../../../connector/store/embedded.ts'

let dir: string
let server: EmbeddedServer | undefined
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'm5e-'))
  chmodSync(dir, 0o711)
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  rmSync(dir, { recursive: true, force: true })
})

const start = async () => {
  server = await startEmbedded(dir)
  return server
}
async function query(sql: string, { host, port, superuser }: EmbeddedServer): Promise<unknown[]> {
  const client = new pg.Client({ host, port, user: superuser, database: 'postgres' })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
const gone = (pid: number) => {
  try {
    process.kill(pid, 0)
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') ?? false
  } catch {
    return true
  }
}
const cluster = () => join(dir, 'postgres')
const initialisedAt = () => statSync(join(cluster(), 'PG_VERSION')).birthtimeMs

describe('the embedded server', () => {
  it('listens on a socket only, in a directory closed to others, and syncs what it commits', async () => {
    const started = await start()
    expect(started.adopted).toBe(false)
    const [settings] = await query(
      `select current_setting('listen_addresses') as tcp, current_setting('fsync') as fsync, current_setting('full_page_writes') as pages,
              current_setting('synchronous_commit') as sync, current_setting('data_checksums') as sums, current_setting('log_min_error_statement') as logged`,
      started,
    )
    expect(settings).toEqual({ tcp: '', fsync: 'on', pages: 'on', sync: 'on', sums: 'on', logged: 'panic' })
    expect(statSync(started.host).mode & 0o077).toBe(0)
    expect(statSync(cluster()).mode & 0o077).toBe(0)
  })

  it('writes no value of a statement that fails into its log', async () => {
    const started = await start()
    await expect(query(`select 'kanarie1'::int`, started)).rejects.toThrow()
    await expect(
      query(`create table kanarie2 (id int primary key); insert into kanarie2 values (4711), (4711)`, started),
    ).rejects.toThrow()
    await started.stop()
    const log = readFileSync(join(dir, 'postgres.log'), 'utf8')
    expect(log).toContain('database system is shut down')
    expect(log).not.toContain('4711')
    expect(log).not.toContain('insert into')
  })

  it('is adopted by a second start', async () => {
    const first = await start()
    const second = await startEmbedded(dir)
    expect(second).toMatchObject({ adopted: true, pid: first.pid, host: first.host })
    expect(await query('select 1 as one', second)).toEqual([{ one: 1 }])
  })

  it('outlives a kill -9 of the connector, and the next start adopts it with its data', async () => {
    const program = join(dir, 'start.ts')
    const embedded = new URL('../../../connector/store/embedded.ts', import.meta.url).href
    writeFileSync(
      program,
      `import { startEmbedded } from ${JSON.stringify(embedded)}
       const server = await startEmbedded(${JSON.stringify(dir)})
       process.send({ host: server.host, port: server.port, superuser: server.superuser, pid: server.pid })
       setInterval(() => {}, 1000)`,
    )
    const connector = fork(program, { execPath: process.execPath, execArgv: [] })
    const [started] = (await once(connector, 'message')) as [EmbeddedServer]
    await query('create table kept (id int); insert into kept values (7)', started)
    connector.kill('SIGKILL')
    await once(connector, 'exit')

    const adopted = await start()
    expect(adopted).toMatchObject({ adopted: true, pid: started.pid })
    expect(await query('select id from kept', adopted)).toEqual([{ id: 7 }])
  })

  it('killed itself, starts again with all that was committed, and is not made anew', async () => {
    const first = await start()
    const born = initialisedAt()
    await query('create table kept (id int); insert into kept select generate_series(1, 1000)', first)
    process.kill(first.pid, 'SIGKILL')
    while (!gone(first.pid)) await new Promise(resolve => setImmediate(resolve))
    const second = await start()
    expect(second.adopted).toBe(false)
    expect(second.pid).not.toBe(first.pid)
    expect(await query('select count(*)::int as n from kept', second)).toEqual([{ n: 1000 }])
    expect(initialisedAt()).toBe(born)
  })

  it('is never initialised over data that is there, however broken', async () => {
    await (await start()).stop()
    server = undefined
    const control = join(cluster(), 'global', 'pg_control')
    const before = readFileSync(control)
    writeFileSync(control, Buffer.alloc(before.length))
    await expect(startEmbedded(dir)).rejects.toMatchObject({ code: 'unavailable' })
    expect(readFileSync(control)).toEqual(Buffer.alloc(before.length))
    writeFileSync(control, before)
    expect((await start()).adopted).toBe(false)
  })

  it('takes up a first start that was killed while the database was made', async () => {
    mkdirSync(join(dir, 'postgres.new', 'base'), { recursive: true })
    writeFileSync(join(dir, 'postgres.new', 'PG_VERSION'), '18\n')
    const started = await start()
    expect(await query('select 1 as one', started)).toEqual([{ one: 1 }])
    expect(existsSync(join(dir, 'postgres.new'))).toBe(false)
  })

  it('does not take another process for the server that was there', async () => {
    const first = await start()
    await first.stop()
    writeFileSync(
      join(cluster(), 'postmaster.pid'),
      `${process.pid}\n${cluster()}\n1\n5432\n${first.host}\n\n\nready   \n`,
    )
    const second = await start()
    expect(second.adopted).toBe(false)
    expect(second.pid).not.toBe(process.pid)
  })

  it('refuses a socket directory that others may enter', async () => {
    mkdirSync(join(dir, 'socket'))
    chmodSync(join(dir, 'socket'), 0o777)
    await expect(startEmbedded(dir)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(join(dir, 'socket')),
    })
  })

  it('refuses a socket directory that leads elsewhere', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'm5x-'))
    symlinkSync(elsewhere, join(dir, 'socket'))
    await expect(startEmbedded(dir)).rejects.toMatchObject({ code: 'unavailable' })
    expect(statSync(elsewhere).uid).toBe(userInfo().uid)
    rmSync(elsewhere, { recursive: true })
  })

  it('gives the application a role that neither owns nor sees past the wall', async () => {
    const started = await start()
    const connection = await prepareEmbedded(started)
    const client = new pg.Client(connection)
    await client.connect()
    const { rows } = await client.query(
      'select current_user as name, rolsuper, rolbypassrls from pg_roles where rolname = current_user',
    )
    await client.end()
    expect(rows).toEqual([{ name: 'm5_app', rolsuper: false, rolbypassrls: false }])
  })
})
