/** What every way in is given; built once in app.ts. */
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'

export interface EntryContext {
  config: Pick<Config, 'url' | 'proxies'>
  db: Database
  keyring: Keyring
  log: Log
  clock: () => Date
}

/** Who came in, and how: what a verified way in hands to the ticket. No rights: those are read at every request. */
export interface Arrival {
  boardId: string
  schoolId: string
  personId: string
  channel: 'oidc'
  acr: string | null
  /** Seconds since 1970, as the issuer proved it. */
  authTime: number
  /** Milliseconds since 1970: a tab that comes back without a click keeps the end that its sign-in had. */
  endsAt?: number
}
