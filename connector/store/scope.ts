/**
 * The one door to the tables. A scope is set for one transaction and gone with it; row-level security shows nothing without it.
 * Every query behind this door also names its boardId: two walls.
 */
import type { Database, Tx } from './database.ts'

/** Rows that exist before a board is known, and the rows that lead to a board. Holds no school data. */
export const reservedBoard = '00000000-0000-0000-0000-000000000000'

export interface Scope {
  boardId: string
  /** Who acts: a person's id, or nothing for the service itself. */
  personId?: string
  role: 'system' | 'person'
}

/**
 * Runs work in one transaction that sees one board only. No HTTP inside: it holds a connection.
 * @param limits milliseconds; the default suits a request, a sync asks for more
 */
export function withTenant<T>(
  db: Pick<Database, 'prisma'>,
  scope: Scope,
  work: (tx: Tx) => Promise<T>,
  limits: { timeout: number; maxWait: number } = { timeout: 10_000, maxWait: 5_000 },
): Promise<T> {
  return db.prisma.$transaction(async tx => {
    await tx.$executeRaw`select set_config('app.board', ${scope.boardId}, true),
                                set_config('app.person', ${scope.personId ?? ''}, true),
                                set_config('app.role', ${scope.role}, true)`
    return work(tx)
  }, limits)
}
