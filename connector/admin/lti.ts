/** Learning platforms and their deployments: registered by hand, approved or refused by a person, and why a launch failed. */

import { z } from 'zod'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import type { Tx } from '../store/database.ts'
import {
  approveNewDeployment,
  type Deployment,
  type DeploymentState,
  deletePlatform,
  type Platform,
  savePlatform,
} from '../store/lti.ts'
import { routesTo } from '../store/routes.ts'
import { schoolOf } from '../store/schools.ts'
import { reservedBoard } from '../store/scope.ts'
import { addToolKey } from '../store/tool-keys.ts'
import { type AdminContext, type By, doing, operator, reading } from './context.ts'
import { checked, Label } from './input.ts'
import { tellLeaders } from './tell-leaders.ts'

const Address = z
  .string()
  .max(1000)
  .refine(text => reachable(text), 'an https address (http on this machine only)')

// What a route's value is made of: neither may hold a space.
const word = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[\x21-\x7e]+$/, 'without spaces')

const NewPlatform = z.object({
  label: Label,
  issuer: word.refine(text => URL.canParse(text), 'an address, exactly as the platform writes it'),
  clientId: word,
  authUrl: Address,
  tokenUrl: Address,
  tokenAudience: word.nullable().default(null),
  jwksUrl: Address,
  storageOrigin: Address.refine(text => URL.parse(text)?.origin === text, 'an origin: no path')
    .nullable()
    .default(null),
  product: z.string().max(100).nullable().default(null),
})

export interface NewPlatform extends By, z.input<typeof NewPlatform> {
  boardId: string
}

/** Again with the same issuer and client: the same platform with its new addresses. @throws AppError `invalid-input` */
export async function addPlatform(ctx: AdminContext, input: NewPlatform): Promise<{ id: string }> {
  const { boardId, by = operator, ...rest } = input
  const platform = checked(NewPlatform, rest, 'platform')
  const detail = { issuer: platform.issuer, client: platform.clientId }
  const deed = { action: 'lti.platform.add', object: ({ id }: { id: string }) => id, detail }
  return doing(ctx, input, deed, async tx => ({ id: await savePlatform(tx, boardId, platform, by) }))
}

export type PlatformFacts = Platform & { deployments: Record<DeploymentState, number> }

export function listPlatforms(ctx: Pick<AdminContext, 'db'>, boardId: string): Promise<PlatformFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.ltiPlatform.findMany({
      where: { boardId },
      include: { deployments: { select: { state: true } } },
      orderBy: [{ label: 'asc' }, { id: 'asc' }],
    })
    return rows.map(({ deployments, registeredBy: _by, createdAt: _at, updatedAt: _then, ...platform }) => {
      const count = (state: DeploymentState) => deployments.filter(each => each.state === state).length
      const counts = { approved: count('approved'), quarantined: count('quarantined'), refused: count('refused') }
      return { ...platform, deployments: counts }
    })
  })
}

/** With its deployments; who came in by it is signed out. @throws AppError `not-found` */
export function removePlatform(ctx: AdminContext, input: By & { boardId: string; platformId: string }): Promise<void> {
  const { boardId, platformId } = input
  return doing(ctx, input, { action: 'lti.platform.remove', object: () => platformId }, async tx => {
    const where = { boardId, platformId, state: 'approved' }
    const schools = await tx.ltiDeployment.findMany({ where, select: { schoolId: true } })
    if (!(await deletePlatform(tx, boardId, platformId))) throw new AppError('not-found', 'There is no such platform.')
    for (const { schoolId } of schools) if (schoolId) await endLaunched(tx, boardId, schoolId)
  })
}

export interface DeploymentFacts extends Deployment {
  platform: string
  issuer: string
  firstSeenAt: Date
  decidedAt: Date | null
}

/** Those that wait first, the newest of them on top. */
export function listDeployments(ctx: Pick<AdminContext, 'db'>, boardId: string): Promise<DeploymentFacts[]> {
  return reading(ctx, boardId, async tx => {
    const rows = await tx.ltiDeployment.findMany({
      where: { boardId },
      include: { platform: { select: { label: true, issuer: true } } },
      orderBy: [{ firstSeenAt: 'desc' }, { id: 'asc' }],
    })
    const facts = rows.map(({ boardId: _board, decidedBy: _by, platform, ...row }) => ({
      ...row,
      // SAFETY: store/lti.ts alone writes it.
      state: row.state as DeploymentState,
      platform: platform.label,
      issuer: platform.issuer,
    }))
    const waits = (each: DeploymentFacts) => (each.state === 'quarantined' ? 0 : 1)
    return facts.sort((a, b) => waits(a) - waits(b))
  })
}

/** From now on its launches are of this school. @throws AppError `not-found` */
export function approveDeployment(
  ctx: AdminContext,
  input: By & { boardId: string; id: string; schoolId: string },
): Promise<void> {
  const { boardId, id, schoolId, by = operator } = input
  const deed = { action: 'lti.deployment.approve', object: () => id, detail: { school: schoolId } }
  return doing(ctx, input, deed, async tx => {
    await schoolOf(tx, boardId, schoolId)
    const row = await deploymentRow(tx, boardId, id)
    // It was another school's until now.
    if (row.state === 'approved' && row.schoolId !== null && row.schoolId !== schoolId)
      await endLaunched(tx, boardId, row.schoolId)
    const { platformId, deploymentId } = row
    await approveNewDeployment(tx, { boardId, platformId, deploymentId, schoolId }, by)
    await tellLeaders(tx, { boardId, schoolId, by: input.by, aboutId: id })
  })
}

/** Nothing is shown by it any more; who came in by it is signed out. @throws AppError `not-found` */
export function refuseDeployment(ctx: AdminContext, input: By & { boardId: string; id: string }): Promise<void> {
  const { boardId, id, by = operator } = input
  return doing(ctx, input, { action: 'lti.deployment.refuse', object: () => id }, async tx => {
    const row = await deploymentRow(tx, boardId, id)
    const data = { state: 'refused', decidedBy: by, decidedAt: new Date() }
    await tx.ltiDeployment.update({ where: { boardId_id: { boardId, id } }, data })
    if (row.state === 'approved' && row.schoolId !== null) await endLaunched(tx, boardId, row.schoolId)
  })
}

async function deploymentRow(tx: Tx, boardId: string, id: string) {
  const row = await tx.ltiDeployment.findUnique({ where: { boardId_id: { boardId, id } } })
  if (!row) throw new AppError('not-found', 'There is no such deployment.')
  return row
}

/** A session does not say by which deployment it came: all of that school that came by an LMS end. One click brings them back. */
async function endLaunched(tx: Tx, boardId: string, schoolId: string): Promise<void> {
  await tx.session.updateMany({
    where: { boardId, schoolId, channel: 'lti', endedAt: null },
    data: { endedAt: new Date() },
  })
}

export interface TroubleFacts {
  number: string
  at: Date
  channel: string
  code: string
  platform: string | null
  facts: Record<string, unknown>
}

/** Of any board, and of none: whoever has the number has it from a screen. Newest first. @param number all of the last fortnight without it */
export async function findTroubles(
  ctx: Pick<AdminContext, 'db'>,
  { channel, number, most = 20 }: { channel: string; number?: string; most?: number },
): Promise<TroubleFacts[]> {
  const boards = [reservedBoard, ...(await routesTo(ctx.db, 'board')).map(route => route.toBoardId)]
  const found: TroubleFacts[] = []
  for (const boardId of boards) {
    const rows = await reading(ctx, boardId, async tx => {
      const where = { boardId, channel, ...(number === undefined ? {} : { number }) }
      const troubles = await tx.entryTrouble.findMany({ where, orderBy: { at: 'desc' }, take: most })
      const platforms = await tx.ltiPlatform.findMany({ where: { boardId }, select: { id: true, label: true } })
      const label = (id: string | null) => platforms.find(each => each.id === id)?.label ?? null
      return troubles.map(({ at, code, facts, ...row }) => ({
        ...{ number: row.number, at, channel, code, platform: label(row.platformId) },
        facts: facts as Record<string, unknown>,
      }))
    })
    found.push(...rows)
  }
  return found.sort((a, b) => b.at.getTime() - a.at.getTime()).slice(0, most)
}

/** @returns the new key's name. See store/tool-keys.ts for what `revoke` does to platforms */
export async function rotateToolKeys(ctx: AdminContext, { by, revoke = false }: By & { revoke?: boolean }) {
  const kid = await addToolKey(ctx.db, ctx.keyring, { now: new Date(), revoke })
  const deed = { action: 'lti.keys.rotate', object: () => kid, detail: { revoke } }
  await doing(ctx, { boardId: reservedBoard, ...(by === undefined ? {} : { by }) }, deed, async () => undefined)
  return kid
}

function reachable(text: string): boolean {
  const url = URL.parse(text)
  if (!url || url.username || url.password || url.hash) return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}
