/** Where the source does not say which teacher has which room, the school says so by hand: each grant confirmed by a second person. */
import type { AdminContext } from '../../connector/admin/context.ts'
import { confirmGrant } from '../../connector/admin/grant-link.ts'
import { addGrant } from '../../connector/admin/grants.ts'
import type { SchoolFacts } from '../../connector/store/schools.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { type GeneratedSchool, teacherSourceId } from './generate.ts'
import { type KnownAs, personIds } from './known-as.ts'

/** @param ctx its clock is that of the school year in which the grants begin */
export async function grantRooms(
  ctx: AdminContext,
  school: SchoolFacts,
  generated: GeneratedSchool,
  knownAs: KnownAs,
): Promise<void> {
  const { boardId, id: schoolId } = school
  const people = await personIds(
    ctx,
    school,
    generated.teachers.map(({ key }) => teacherSourceId(key)),
    knownAs,
  )
  const rooms = await withTenant(ctx.db, { boardId, role: 'system' }, tx =>
    tx.group.findMany({ where: { boardId, schoolId, kind: 'homeroom', active: true } }),
  )
  const second = people.get(teacherSourceId(generated.cast.teachers.csv))
  for (const teacher of generated.teachers)
    for (const { groupKey, roles } of teacher.groups) {
      const room = rooms.find(({ name }) => name === generated.groups.find(({ key }) => key === groupKey)?.name)
      const personId = people.get(teacherSourceId(teacher.key))
      if (!room || !personId || !second || !roles.includes('LRK') || personId === second) continue
      const grant = { boardId, schoolId, personId, role: 'GROUP_TEACHER' as const, groupId: room.id }
      const { token } = await addGrant(ctx, { ...grant, grantedBy: 'operator', confirmById: second })
      if (token) await confirmGrant(ctx, { boardId, schoolId, personId: second, token })
    }
}
