/** What leads to a board before a board is known: rows under the reserved board, written in the transaction of what they lead to. */
import type { Database, Tx } from './database.ts'
import { reservedBoard, withTenant } from './scope.ts'

export type RouteKind = 'board' | 'school-key' | 'issuer' | 'lti' | 'portal' | 'teams' | 'sign-in'

export interface Route {
  kind: RouteKind
  value: string
  toBoardId: string
  /** The school for a school-key; the board itself for all others (one issuer may serve all its schools). */
  toId: string
}

/** Steps into the reserved board for one row and back: the transaction stays one. @param boardId the scope that tx has */
export async function addRoute(tx: Tx, boardId: string, route: Route): Promise<void> {
  await inReserved(tx, boardId, async () => {
    await tx.route.createMany({ data: [{ boardId: reservedBoard, ...route }], skipDuplicates: true })
  })
}

export async function removeRoute(tx: Tx, boardId: string, route: Pick<Route, 'kind' | 'value'>): Promise<void> {
  await inReserved(tx, boardId, async () => {
    await tx.route.deleteMany({ where: { boardId: reservedBoard, toBoardId: boardId, ...route } })
  })
}

/** For one statement about the reserved board inside a transaction of another. @param boardId the scope that tx has, and has again afterwards */
export async function inReserved(tx: Tx, boardId: string, work: () => Promise<void>): Promise<void> {
  await tx.$executeRaw`select set_config('app.board', ${reservedBoard}, true)`
  await work()
  await tx.$executeRaw`select set_config('app.board', ${boardId}, true)`
}

/** Ordered by board. */
export function routesTo(db: Database, kind: RouteKind, value?: string): Promise<Route[]> {
  return withTenant(db, { boardId: reservedBoard, role: 'system' }, async tx => {
    const where = { boardId: reservedBoard, kind, ...(value === undefined ? {} : { value }) }
    const rows = await tx.route.findMany({ where, orderBy: [{ toBoardId: 'asc' }, { value: 'asc' }] })
    return rows.map(row => ({ kind, value: row.value, toBoardId: row.toBoardId, toId: row.toId }))
  })
}
