/** School boards: the tenants, each with keys of its own. */
import { randomUUID } from 'node:crypto'
import { addRoute, routesTo } from '../store/routes.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Name } from './input.ts'

export interface BoardFacts {
  boardId: string
  name: string
}

/** Board, keys and route in one transaction: there is no board without keys, and none that nobody finds. */
export async function createBoard(ctx: AdminContext, input: By & { name: string }): Promise<BoardFacts> {
  const name = checked(Name, input.name, 'name')
  const boardId = randomUUID()
  return doing(ctx, { ...input, boardId }, { action: 'board.create', object: board => board.boardId }, async tx => {
    await tx.board.create({ data: { boardId, name } })
    await ctx.keyring.create(tx, boardId)
    await addRoute(tx, boardId, { kind: 'board', value: boardId, toBoardId: boardId, toId: boardId })
    return { boardId, name }
  })
}

/** By name. */
export async function listBoards(ctx: Pick<AdminContext, 'db'>): Promise<BoardFacts[]> {
  const found: BoardFacts[] = []
  for (const { toBoardId: boardId } of await routesTo(ctx.db, 'board')) {
    const board = await reading(ctx, boardId, tx => tx.board.findUnique({ where: { boardId } }))
    if (board) found.push({ boardId, name: board.name })
  }
  return found.sort((a, b) => a.name.localeCompare(b.name, 'nl'))
}
