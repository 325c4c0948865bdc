/** The keys of the invented school, and those by which a roster knows the same people. */
import type { AdminContext } from '../../connector/admin/context.ts'
import { peopleBySourceKey } from '../../connector/store/people.ts'
import type { SchoolFacts } from '../../connector/store/schools.ts'
import { withTenant } from '../../connector/store/scope.ts'
import type { Sis } from './sis/sis.ts'

/** `leerling:50001` and `leerkracht:12` of the invented school → the source's own key. */
export type KnownAs = (sourceId: string) => string

export const knownBy =
  ({ sourceIdOf }: Sis): KnownAs =>
  sourceId => {
    const [kind, key = ''] = sourceId.split(':')
    return kind === 'leerling' ? sourceIdOf.pupil(key) : sourceIdOf.teacher(key)
  }

/** Key of the invented school → person. */
export async function personIds(
  ctx: AdminContext,
  school: SchoolFacts,
  sourceKeys: string[],
  knownAs: KnownAs = sourceId => sourceId,
): Promise<Map<string, string>> {
  const keys = await ctx.keyring.board(school.boardId)
  const found = new Map<string, string>()
  await withTenant(ctx.db, { boardId: school.boardId, role: 'system' }, async tx => {
    for (const sourceKey of sourceKeys) {
      const at = { boardId: school.boardId, schoolId: school.id, sourceKey: knownAs(sourceKey), schoolYear: '' }
      const [person] = await peopleBySourceKey(tx, keys, at)
      if (person) found.set(sourceKey, person.personId)
    }
  })
  return found
}
