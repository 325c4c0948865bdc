/** Homerooms, as people call them. */
import { AppError } from '../errors.ts'
import { localDay, schoolYearOn } from '../store/calendar.ts'
import { type AdminContext, reading } from './context.ts'

/** Of the present school year. @throws AppError `not-found`; `conflict` when two have that name */
export function groupNamed(
  ctx: Pick<AdminContext, 'db'> & { clock?: () => Date },
  { boardId, schoolId, name }: { boardId: string; schoolId: string; name: string },
): Promise<string> {
  const year = schoolYearOn(localDay((ctx.clock ?? (() => new Date()))()))
  return reading(ctx, boardId, async tx => {
    const where = { boardId, schoolId, name, active: true, kind: 'homeroom', schoolYear: { name: year } }
    const [first, second] = await tx.group.findMany({ where, select: { id: true }, take: 2 })
    if (!first)
      throw new AppError('not-found', 'This school has no such homeroom this year.', { reason: 'group-unknown' })
    if (second) throw new AppError('conflict', 'This school has two homerooms of that name.')
    return first.id
  })
}
