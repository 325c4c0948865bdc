/** What every way in is given; built once in app.ts. */
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { Outward } from '../outward.ts'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'

export interface EntryContext {
  config: Pick<Config, 'url' | 'proxies'>
  db: Database
  keyring: Keyring
  log: Log
  clock: () => Date
  /** To addresses that somebody else gave: keys, discovery, tokens. */
  outward: Outward
}
