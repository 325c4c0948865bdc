/** Portals with a server that signs who sits there: whose keys, which key of the roster they name people by, and whom they may name. */

import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { RosterKey } from '../../adapters/roster.ts'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import { type MayName, mayNameKinds, portalIdentityIssuer } from '../store/portals.ts'
import { addRoute, removeRoute } from '../store/routes.ts'
import { schoolOf } from '../store/schools.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Label, orConflict } from './input.ts'
import { tellLeaders } from './tell-leaders.ts'

const useInstead = 'an e-mail address alone never links anybody. Use sis-id, username or another key of the roster'

const NewPortal = z.object({
  label: Label,
  issuer: z.string().max(500).refine(isIssuer, 'an https address without a query (http on this machine only)'),
  jwksUrl: z.string().max(1000).refine(isKeySetAddress, 'an https address (http on this machine only)'),
  keyType: RosterKey.shape.type.refine(type => type !== 'email', useInstead),
  mayName: z.enum(Object.keys(mayNameKinds) as [MayName, ...MayName[]]).default('pupils-and-parents'),
})

export interface NewPortal extends By, z.input<typeof NewPortal> {
  boardId: string
  schoolId: string
}

export interface PortalFacts {
  id: string
  schoolId: string
  label: string
  issuer: string
  jwksUrl: string
  keyType: string
  mayName: string
}

/** @throws AppError `invalid-input`; `conflict` when the school has a portal with this issuer already */
export async function addPortal(ctx: AdminContext, input: NewPortal): Promise<PortalFacts> {
  const { boardId, schoolId, by: _by, ...rest } = input
  const portal = checked(NewPortal, rest, 'portal')
  const id = randomUUID()
  const { issuer, keyType, mayName } = portal
  const detail = { issuer, keyType, mayName }
  const work = doing(ctx, input, { action: 'portal.add', object: () => id, detail }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.portal.create({ data: { boardId, id, schoolId, ...portal } })
    await addRoute(tx, boardId, { kind: 'portal', value: issuer, toBoardId: boardId, toId: boardId })
    await tellLeaders(tx, { boardId, schoolId, by: input.by, aboutId: id })
    return { id, schoolId, ...portal }
  })
  return orConflict(work, 'This school has a portal with this issuer already.')
}

export function listPortals(
  ctx: Pick<AdminContext, 'db'>,
  { boardId, schoolId }: { boardId: string; schoolId: string },
): Promise<PortalFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.portal.findMany({ where: { boardId, schoolId }, orderBy: [{ label: 'asc' }, { id: 'asc' }] })
    return rows.map(({ boardId: _board, createdAt: _at, ...facts }) => facts)
  })
}

/**
 * Whom it let in is out at once, and what it proved is forgotten: registered again, it proves everybody anew.
 * @throws AppError `not-found`
 */
export function removePortal(ctx: AdminContext, input: By & { boardId: string; portalId: string }): Promise<void> {
  const { boardId, portalId } = input
  return doing(ctx, input, { action: 'portal.remove', object: () => portalId }, async tx => {
    const row = await tx.portal.findUnique({ where: { boardId_id: { boardId, id: portalId } } })
    if (!row) throw new AppError('not-found', 'There is no such portal.')
    const { issuer, schoolId } = row
    await tx.portal.delete({ where: { boardId_id: { boardId, id: portalId } } })
    if ((await tx.portal.count({ where: { boardId, issuer } })) === 0)
      await removeRoute(tx, boardId, { kind: 'portal', value: issuer })
    await tx.identity.deleteMany({ where: { boardId, issuer: portalIdentityIssuer(row) } })
    await tx.session.updateMany({
      where: { boardId, schoolId, channel: 'portal', endedAt: null },
      data: { endedAt: new Date() },
    })
  })
}

/** @throws AppError `not-found` */
export async function portalFacts(
  ctx: Pick<AdminContext, 'db'>,
  { boardId, portalId }: { boardId: string; portalId: string },
): Promise<PortalFacts> {
  const row = await reading(ctx, boardId, tx =>
    tx.portal.findUnique({ where: { boardId_id: { boardId, id: portalId } } }),
  )
  if (!row) throw new AppError('not-found', 'There is no such portal.')
  const { boardId: _board, createdAt: _at, ...facts } = row
  return facts
}

/** Compared exactly, so it is kept as it was given. */
function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  return isKeySetAddress(text) && url?.search === '' && !text.includes('?') && url.hash === ''
}

function isKeySetAddress(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.hash || url.username || url.password) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
