/**
 * Of whom a portal may speak. What it says is believed like a sign-in, so whoever keeps its server could be anybody it may name: staff sign in
 * themselves, unless the board said otherwise (embedding.md §8).
 */
import { localDay } from '../store/calendar.ts'
import { standingGrants } from '../store/grants.ts'
import { type MayName, mayNameKinds } from '../store/portals.ts'
import { withTenant } from '../store/scope.ts'
import type { EntryContext } from './context.ts'

/**
 * Somebody with another role anywhere in the board, or with a role that was granted here, is not only a pupil or parent.
 * @param mayName as the row has it: an unknown word names nobody
 */
export async function mayBeNamed(
  context: Pick<EntryContext, 'db' | 'clock'>,
  { boardId, personId, mayName }: { boardId: string; personId: string; mayName: string },
): Promise<boolean> {
  const kinds: readonly string[] | null = Object.hasOwn(mayNameKinds, mayName) ? mayNameKinds[mayName as MayName] : []
  if (kinds === null) return true
  const today = localDay(context.clock())
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const others = { boardId, personId, status: { not: 'inactive' }, role: { notIn: [...kinds] } }
    if ((await tx.affiliation.count({ where: others })) > 0) return false
    return (await tx.grant.count({ where: { boardId, personId, ...standingGrants(today) } })) === 0
  })
}
