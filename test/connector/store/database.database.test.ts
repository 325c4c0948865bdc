import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { readConfig } from '../../../connector/config.ts'
import { openLog } from '../../../connector/log.ts'
import { openDatabase } from '../../../connector/store/database.ts'
import { dataDirectory, removeDataDirectory } from '../../support/data-directory.ts'
import { testDatabase } from '../../support/database.ts'

const log = openLog({ logLevel: 'silent' })

describe('a command that started the server', () => {
  let data: string
  beforeEach(() => {
    data = dataDirectory('open')
  })
  afterEach(() => removeDataDirectory(data))

  const open = () => openDatabase(readConfig({ M5_DATA: data }), log, { leaveAdopted: true })
  const running = () => existsSync(join(data, 'postgres', 'postmaster.pid'))

  it('stops it, also while a connection of its own is still closing', async () => {
    const db = await open()
    const closing = new pg.Client(db.connection)
    closing.on('error', () => {})
    await closing.connect()
    await db.close()
    expect(running()).toBe(false)
  })

  it('leaves it to a connector that has adopted it meanwhile', async () => {
    const db = await open()
    const other = new pg.Client({ ...db.connection, application_name: 'm5 1' })
    await other.connect()
    await db.close()
    expect(running()).toBe(true)
    await other.end()
  })

  it('has its connections carry the process that they are of', async () => {
    const db = await open()
    const { rows } = await db.pool.query(`select current_setting('application_name') as name`)
    expect(rows).toEqual([{ name: `m5 ${process.pid}` }])
    await db.close()
  })
})

describe('a database that does not let us in', () => {
  const opened = (env: NodeJS.ProcessEnv) => openDatabase(readConfig(env), log)
  const refused = {
    code: 'misconfigured',
    reason: 'database-credentials',
    message: expect.stringContaining('refused the name or the password'),
  }

  it('is said to refuse the name, not to be out of reach', async () => {
    const { host, port } = inject('postgres')
    const url = `postgresql://nobody_here@localhost/postgres?host=${encodeURIComponent(host)}&port=${port}`
    await expect(opened({ DATABASE_URL: url })).rejects.toMatchObject(refused)
    const t = await testDatabase()
    await expect(opened({ DATABASE_URL: t.url, DATABASE_OWNER_URL: url })).rejects.toMatchObject(refused)
    await t.close()
  })

  it('is said to refuse the password', async () => {
    const answer = Buffer.from('SFATAL\0C28P01\0Mno\0\0')
    const head = Buffer.from([0x45, 0, 0, 0, answer.length + 4])
    const server = createServer(socket => socket.once('data', () => socket.end(Buffer.concat([head, answer]))))
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const env = { DATABASE_URL: `postgresql://m5_app:wrong@127.0.0.1:${port}/m5` }
    await expect(opened(env)).rejects.toMatchObject(refused)
    await new Promise(done => server.close(done))
    await expect(opened(env)).rejects.toMatchObject({ code: 'unavailable' })
  })
})
