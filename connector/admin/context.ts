/** What every function of administration needs, and who acts. */

import type { Log } from '../log.ts'
import { append } from '../store/audit.ts'
import type { Database, Tx } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { withTenant } from '../store/scope.ts'

export interface AdminContext {
  db: Database
  keyring: Keyring
  log: Log
}

/** At the command line nobody has signed in: who can start it can also read the master key. */
export const operator = 'operator'

export interface By {
  /** A person's id, or `operator` (the default). */
  by?: string
}

export interface Deed<T> {
  action: string
  /** Id of what it was done to, from the result. */
  object: (result: T) => string
  detail?: Record<string, string | number | boolean>
}

/** One transaction: the change and its entry in the log, or neither. */
export function doing<T>(
  ctx: AdminContext,
  { boardId, by = operator }: By & { boardId: string },
  { action, object, detail = {} }: Deed<T>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    const result = await work(tx)
    await append(tx, { boardId, actor: by, action, object: object(result), outcome: 'done', detail })
    return result
  })
}

export function reading<T>(ctx: Pick<AdminContext, 'db'>, boardId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return withTenant(ctx.db, { boardId, role: 'system' }, work)
}
