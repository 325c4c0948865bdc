/** Finding somebody to give a role to. */
import { AppError } from '../errors.ts'
import { localDay, schoolYearOn } from '../store/calendar.ts'
import { type FoundPerson, peopleBySourceKey } from '../store/people.ts'
import { reading } from './context.ts'
import { type GrantContext, now } from './grant-facts.ts'

/**
 * By the key the source gives, `leerkracht:12`.
 * @throws AppError `not-found`; `conflict` when two sources of the school mean different people by it
 */
export async function findPerson(
  ctx: GrantContext,
  boardId: string,
  schoolId: string,
  sourceKey: string,
): Promise<FoundPerson> {
  const keys = await ctx.keyring.board(boardId)
  const schoolYear = schoolYearOn(localDay(now(ctx)))
  const found = await reading(ctx, boardId, tx =>
    peopleBySourceKey(tx, keys, { boardId, schoolId, sourceKey, schoolYear }),
  )
  const [first] = found
  if (!first) throw new AppError('not-found', 'The roster has no such person.', { reason: 'person-unknown' })
  if (found.some(each => each.personId !== first.personId))
    throw new AppError('conflict', 'Two sources of this school mean different people by this key.')
  return first
}
