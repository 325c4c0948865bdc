/** The real connector on a free port, in this process, on a database of its own. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppParts, openApp } from '../../connector/app.ts'
import { type Config, readConfig } from '../../connector/config.ts'
import type { TestDatabase } from './database.ts'

export interface Service {
  origin: string
  config: Config
  close(): Promise<void>
}

export async function startService(
  { db, keyring, log }: Pick<TestDatabase, 'db' | 'keyring' | 'log'>,
  clock?: () => Date,
  more: NodeJS.ProcessEnv = {},
  parts: Pick<AppParts, 'outward'> = {},
): Promise<Service> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const data = join(tmpdir(), `m5-service-${randomUUID()}`)
  const config = readConfig({ M5_URL: origin, M5_LOG: 'silent', M5_DATA: data, ...more })
  server.on('request', await openApp({ config, db, keyring, log, ...(clock ? { clock } : {}), ...parts }))
  return {
    origin,
    config,
    async close() {
      await new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      await rm(data, { recursive: true, force: true })
    },
  }
}
