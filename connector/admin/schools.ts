/** Schools of a board: one location of one BRIN each, with the key that its widgets carry. */
import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { addRoute, routesTo } from '../store/routes.ts'
import { type SchoolFacts, SchoolSettings, schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Name, orConflict } from './input.ts'

const NewSchool = z.object({
  name: Name,
  /** Four characters; Flemish schools have an institution number. */
  brin: z
    .string()
    .trim()
    .toUpperCase()
    .regex(/^[0-9A-Z]{4,10}$/),
  location: z
    .string()
    .trim()
    .regex(/^\d{2}$/)
    .default('00'),
  settings: SchoolSettings.prefault({}),
})

export interface NewSchool extends By {
  boardId: string
  name: string
  brin: string
  location?: string
  settings?: z.input<typeof SchoolSettings>
}

/** @throws AppError `invalid-input`; `conflict` when the board has this BRIN and location already */
export async function addSchool(ctx: AdminContext, input: NewSchool): Promise<SchoolFacts> {
  const { boardId, by: _by, ...rest } = input
  const school = checked(NewSchool, rest, 'school')
  const id = randomUUID()
  // Not a secret: it stands in the school's web pages. Random, so that nobody finds schools by counting.
  const publishableKey = `pk_${randomBytes(16).toString('base64url')}`
  const work = doing(ctx, input, { action: 'school.add', object: () => id }, async tx => {
    await tx.school.create({ data: { boardId, id, publishableKey, ...school } })
    await addRoute(tx, boardId, { kind: 'school-key', value: publishableKey, toBoardId: boardId, toId: id })
    return schoolOf(tx, boardId, id)
  })
  return orConflict(work, `This board has school ${school.brin}, location ${school.location}, already.`)
}

/** By name. */
export function listSchools(ctx: Pick<AdminContext, 'db'>, boardId: string): Promise<SchoolFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.school.findMany({
      where: { boardId },
      select: { id: true },
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
    })
    const schools: SchoolFacts[] = []
    for (const { id } of rows) schools.push(await schoolOf(tx, boardId, id))
    return schools
  })
}

/** Only what is given changes. @throws AppError `invalid-input`, `not-found` */
export function changeSchoolSettings(
  ctx: AdminContext,
  input: By & { boardId: string; schoolId: string; settings: Partial<z.input<typeof SchoolSettings>> },
): Promise<SchoolFacts> {
  const { boardId, schoolId } = input
  return doing(ctx, input, { action: 'school.settings', object: school => school.id }, async tx => {
    const { settings: before } = await schoolOf(tx, boardId, schoolId)
    const sync = { ...before.sync, ...input.settings.sync }
    const settings = checked(SchoolSettings, { ...before, ...input.settings, sync }, 'setting')
    await tx.school.update({ where: { boardId_id: { boardId, id: schoolId } }, data: { settings } })
    return schoolOf(tx, boardId, schoolId)
  })
}

/** A school by its publishable key, over all boards. @throws AppError `not-found` */
export async function schoolByKey(ctx: Pick<AdminContext, 'db'>, publishableKey: string): Promise<SchoolFacts> {
  const [route] = await routesTo(ctx.db, 'school-key', publishableKey)
  if (!route) throw new AppError('not-found', 'No school has this key.', { reason: 'school-unknown' })
  return reading(ctx, route.toBoardId, tx => schoolOf(tx, route.toBoardId, route.toId))
}
