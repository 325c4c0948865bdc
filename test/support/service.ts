/** The real connector on a free port, in this process, on a database of its own. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openApp } from '../../connector/app.ts'
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
): Promise<Service> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  const config = readConfig({ M5_URL: origin, M5_LOG: 'silent' })
  server.on('request', await openApp({ config, db, keyring, log, ...(clock ? { clock } : {}) }))
  return {
    origin,
    config,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
