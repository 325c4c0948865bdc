/** Entra tenants whose Teams and SharePoint may say who sits there: by which app of ours, for which school. */

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { addRoute, removeRoute } from '../store/routes.ts'
import { schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, orConflict } from './input.ts'
import { tellLeaders } from './tell-leaders.ts'

/** Entra's pseudo-tenant of personal accounts: everybody in the world. */
const personalAccounts = '9188040d-6c67-4c5b-b112-36a304b66dad'

const Guid = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'an id such as 8f3c2e51-…, as Entra shows it')

const NewTeamsTenant = z.object({
  tenant: Guid.refine(id => id !== personalAccounts, 'the tenant of a school, not that of personal accounts'),
  clientId: Guid,
})

export interface NewTeamsTenant extends By, z.input<typeof NewTeamsTenant> {
  boardId: string
  schoolId: string
}

export interface TeamsTenantFacts {
  id: string
  schoolId: string
  tenant: string
  clientId: string
}

/** @throws AppError `invalid-input`; `conflict` when the school has this tenant and app already */
export async function addTeamsTenant(ctx: AdminContext, input: NewTeamsTenant): Promise<TeamsTenantFacts> {
  const { boardId, schoolId, by: _by, ...rest } = input
  const facts = checked(NewTeamsTenant, rest, 'tenant')
  const id = randomUUID()
  const work = doing(ctx, input, { action: 'teams.add', object: () => id, detail: facts }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.teamsTenant.create({ data: { boardId, id, schoolId, ...facts } })
    await addRoute(tx, boardId, { kind: 'teams', value: facts.tenant, toBoardId: boardId, toId: boardId })
    await tellLeaders(tx, { boardId, schoolId, by: input.by, aboutId: id })
    return { id, schoolId, ...facts }
  })
  return orConflict(work, 'This school has this tenant and app already.')
}

export function listTeamsTenants(
  ctx: Pick<AdminContext, 'db'>,
  { boardId, schoolId }: { boardId: string; schoolId: string },
): Promise<TeamsTenantFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.teamsTenant.findMany({
      where: { boardId, schoolId },
      orderBy: [{ tenant: 'asc' }, { id: 'asc' }],
    })
    return rows.map(({ boardId: _board, createdAt: _at, ...facts }) => facts)
  })
}

/** Who came in by Teams is out at once. The accounts stay linked: they are those of the school's own Entra sign-in too. @throws AppError `not-found` */
export function removeTeamsTenant(ctx: AdminContext, input: By & { boardId: string; tenantId: string }): Promise<void> {
  const { boardId, tenantId: id } = input
  return doing(ctx, input, { action: 'teams.remove', object: () => id }, async tx => {
    const row = await tx.teamsTenant.findUnique({ where: { boardId_id: { boardId, id } } })
    if (!row) throw new AppError('not-found', 'There is no such tenant.')
    await tx.teamsTenant.delete({ where: { boardId_id: { boardId, id } } })
    if ((await tx.teamsTenant.count({ where: { boardId, tenant: row.tenant } })) === 0)
      await removeRoute(tx, boardId, { kind: 'teams', value: row.tenant })
    await tx.session.updateMany({
      where: { boardId, schoolId: row.schoolId, channel: 'teams', endedAt: null },
      data: { endedAt: new Date() },
    })
  })
}
