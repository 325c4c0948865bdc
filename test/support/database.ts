/** A database of its own for one test file: a clone of the migrated template, opened as the application role like in production. */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { inject } from 'vitest'
import { readConfig } from '../../connector/config.ts'
import { type Log, openLog } from '../../connector/log.ts'
import { type Database, openDatabase } from '../../connector/store/database.ts'
import { type Keyring, openKeyring } from '../../connector/store/keyring.ts'
import { asAdmin, type TestServer } from './database-server.ts'

export interface TestDatabase {
  db: Database
  keyring: Keyring
  log: Log
  /** For DATABASE_URL of a service or a command line that the test starts. */
  url: string
  /** As the superuser, past every wall: to look at what is really stored. */
  asSuperuser<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
  /** Drops it. */
  close(): Promise<void>
}

export const testMasterKey = '4d35'.repeat(16)

/** @param server where vitest does not provide one (benches, proofs) */
export async function testDatabase(server: TestServer = inject('postgres')): Promise<TestDatabase> {
  const name = `m5_test_${Math.floor(Date.now() / 1000)}_${process.pid}_${randomBytes(4).toString('hex')}`
  const superuser = { host: server.host, port: server.port, user: server.superuser }
  const admin = { ...superuser, database: 'postgres' }
  await asAdmin(admin, client => client.query(`create database ${name} template ${server.template} owner m5_owner`))
  const drop = () => asAdmin(admin, client => client.query(`drop database if exists ${name} with (force)`))
  const url = `postgresql://m5_app@localhost/${name}?host=${encodeURIComponent(server.host)}&port=${server.port}`
  const config = readConfig({ DATABASE_URL: url, M5_MASTER_KEY: testMasterKey, M5_LOG: 'silent' })
  const log = openLog(config)
  const db = await openDatabase(config, log).catch(async error => {
    await drop()
    throw error
  })
  return {
    db,
    keyring: await openKeyring(config, db),
    log,
    url,
    asSuperuser: work => asAdmin({ ...superuser, database: name }, work),
    async close() {
      await db.close()
      await drop()
    },
  }
}
