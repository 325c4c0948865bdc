/** Where a school lets its widgets show: its portal, its website, its LMS. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import { schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { orConflict } from './input.ts'

export interface OriginFacts {
  id: string
  origin: string
}

/** @throws AppError `invalid-input` when it is no origin; `conflict` when it is there already */
export async function addOrigin(
  ctx: AdminContext,
  input: By & { boardId: string; schoolId: string; origin: string },
): Promise<OriginFacts> {
  const { boardId, schoolId } = input
  const origin = normaliseOrigin(input.origin)
  const id = randomUUID()
  const work = doing(ctx, input, { action: 'origin.add', object: () => id, detail: { origin } }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.origin.create({ data: { boardId, id, schoolId, origin } })
    return { id, origin }
  })
  return orConflict(work, `${origin} is allowed already.`)
}

export function listOrigins(
  ctx: Pick<AdminContext, 'db'>,
  { boardId, schoolId }: { boardId: string; schoolId: string },
): Promise<OriginFacts[]> {
  return reading(ctx, boardId, tx =>
    tx.origin.findMany({
      where: { boardId, schoolId },
      select: { id: true, origin: true },
      orderBy: { origin: 'asc' },
    }),
  )
}

/** @throws AppError `not-found` */
export function removeOrigin(ctx: AdminContext, input: By & { boardId: string; originId: string }): Promise<void> {
  const { boardId, originId } = input
  return doing(ctx, input, { action: 'origin.remove', object: () => originId }, async tx => {
    const { count } = await tx.origin.deleteMany({ where: { boardId, id: originId } })
    if (count === 0) throw new AppError('not-found', 'There is no such origin.')
  })
}

/**
 * https, or http on this very machine: a page that came in the clear can be changed on its way. No path, and no wildcard: one `*` in
 * frame-ancestors lets every tenant of a portal show the frame.
 * @returns as browsers write it: lower case, no default port, no slash
 */
function normaliseOrigin(text: string): string {
  const wrong = (why: string) =>
    new AppError('invalid-input', `This is not an origin such as https://portal.school.nl: ${why}.`)
  const url = URL.parse(text.trim())
  if (!url) throw wrong('it is no web address')
  if (url.username || url.password || url.search || url.hash || url.pathname !== '/')
    throw wrong('it has more than a host')
  if (url.hostname.includes('*')) throw wrong('a wildcard lets in pages of others')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname)))
    throw wrong('it must be https')
  return url.origin
}
