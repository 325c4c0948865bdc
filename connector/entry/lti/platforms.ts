/**
 * Which registration a login request or a launch is of, and which school its deployment belongs to. One platform may be registered by several
 * boards: a token counts only where it holds by the keys that this very board registered, so that no board can speak for another.
 */
import {
  type Deployment,
  type DeploymentState,
  deploymentOf,
  originsListedFor,
  originsOf,
  type Platform,
  platformsOf,
  quarantine,
} from '../../store/lti.ts'
import { withTenant } from '../../store/scope.ts'
import type { EntryContext } from '../context.ts'
import { type Product, presets } from './presets.ts'

export interface LoginRequest {
  issuer: string
  clientId: string | undefined
  deploymentId: string | undefined
}

export type FoundPlatform = { platform: Platform } | { problem: 'login-unknown' | 'login-ambiguous' }

/** Where the browser goes to be signed in. Rows that lead to one address are one answer. */
export async function platformForLogin(context: EntryContext, asked: LoginRequest): Promise<FoundPlatform> {
  const found = await platformsOf(context.db, asked.issuer, asked.clientId)
  const [first] = found
  if (!first) return { problem: 'login-unknown' }
  const agreed = await narrowed(context, found, asked.deploymentId)
  const [platform = first] = agreed
  const one = agreed.every(each => each.clientId === platform.clientId && each.authUrl === platform.authUrl)
  if (!one) return { problem: 'login-ambiguous' }
  return { platform }
}

/**
 * Who may show our pages before it is known for which school a launch is: the platform, and what its boards list, because a platform of many customers
 * signs in on another origin than it shows its pages on.
 */
export async function shownBy(
  context: Pick<EntryContext, 'db'>,
  { issuer, clientId }: { issuer: string; clientId: string },
): Promise<string[]> {
  const platforms = await platformsOf(context.db, issuer, clientId)
  const listed = await Promise.all(
    platforms.map(platform =>
      withTenant(context.db, { boardId: platform.boardId, role: 'system' }, tx => originsListedFor(tx, platform)),
    ),
  )
  return [...new Set([...platforms.flatMap(originsOf), ...listed.flat()])]
}

/** To those that know this deployment, where any does. */
async function narrowed(
  context: EntryContext,
  found: Platform[],
  deploymentId: string | undefined,
): Promise<Platform[]> {
  if (found.length < 2 || deploymentId === undefined) return found
  const known = await Promise.all(found.map(async each => (await readDeployment(context, each, deploymentId)) !== null))
  const knowing = found.filter((_, i) => known[i])
  return knowing.length > 0 ? knowing : found
}

/** Without saying that it needs it: see presets.ts. */
export const asksForStorage = ({ product, storageOrigin }: Platform): boolean =>
  storageOrigin !== null || (product !== null && product in presets && presets[product as Product].asksForStorage)

export type Placed =
  | { platform: Platform; schoolId: string; deployment: Deployment }
  | { platform: Platform; problem: 'deployment-quarantined' | 'deployment-refused' | 'deployment-twice' }

/**
 * The board and school of a launch that holds. An unknown deployment is put down for a person to decide, in every board that registered the
 * platform.
 * @param verified registrations by whose keys the token holds, at least one
 */
export async function placeLaunch(
  context: EntryContext,
  verified: [Platform, ...Platform[]],
  deploymentId: string,
): Promise<Placed> {
  const at = await Promise.all(
    verified.map(async platform => ({ platform, deployment: await readDeployment(context, platform, deploymentId) })),
  )
  const approved = at.flatMap(({ platform, deployment }) =>
    deployment?.state === 'approved' && deployment.schoolId !== null
      ? [{ platform, deployment, schoolId: deployment.schoolId }]
      : [],
  )
  const [one] = approved
  if (one) return approved.length === 1 ? one : { platform: one.platform, problem: 'deployment-twice' }
  for (const { platform, deployment } of at)
    if (!deployment)
      await withTenant(context.db, { boardId: platform.boardId, role: 'system' }, tx =>
        quarantine(tx, platform, deploymentId),
      )
  const refused: DeploymentState = 'refused'
  const waits = at.find(({ deployment }) => deployment?.state !== refused)
  return waits
    ? { platform: waits.platform, problem: 'deployment-quarantined' }
    : { platform: verified[0], problem: 'deployment-refused' }
}

function readDeployment(context: EntryContext, platform: Platform, deploymentId: string): Promise<Deployment | null> {
  const { boardId } = platform
  return withTenant(context.db, { boardId, role: 'system' }, tx => deploymentOf(tx, platform, deploymentId))
}
