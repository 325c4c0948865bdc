/** Learning platforms that a board registered, and the deployments of our tool on them. Which board a launch is for is decided by these rows. */
import { randomUUID } from 'node:crypto'
import { append } from './audit.ts'
import type { Database, Tx } from './database.ts'
import { addRoute, removeRoute } from './routes.ts'
import { reservedBoard, withTenant } from './scope.ts'

export interface Platform {
  boardId: string
  id: string
  label: string
  issuer: string
  clientId: string
  authUrl: string
  tokenUrl: string
  /** `aud` of our assertions where it is not the token address. */
  tokenAudience: string | null
  jwksUrl: string
  /** Of platform storage, where it is not the origin of `authUrl`. */
  storageOrigin: string | null
  /** `moodle`, `canvas` …, or what the platform calls itself at dynamic registration. */
  product: string | null
}

export type DeploymentState = 'quarantined' | 'approved' | 'refused'

export interface Deployment {
  id: string
  platformId: string
  deploymentId: string
  /** Null while nobody said which school it is. */
  schoolId: string | null
  state: DeploymentState
}

/** An LMS that goes wild must not fill the table: so many of one platform wait for a person, and no more. */
const mostQuarantined = 200
/** A header of ours may be some kilobytes. */
const mostOrigins = 60

const value = (issuer: string, clientId: string) => `${issuer} ${clientId}`

/**
 * Of every board that registered this issuer; ordered by board.
 * @param clientId left out where the platform did not say it: then all of this issuer
 */
export async function platformsOf(db: Database, issuer: string, clientId?: string): Promise<Platform[]> {
  const boards = await withTenant(db, { boardId: reservedBoard, role: 'system' }, async tx => {
    const exact = clientId === undefined ? { startsWith: value(issuer, '') } : value(issuer, clientId)
    const where = { boardId: reservedBoard, kind: 'lti', value: exact }
    const rows = await tx.route.findMany({ where, select: { toBoardId: true }, orderBy: { toBoardId: 'asc' } })
    return [...new Set(rows.map(row => row.toBoardId))]
  })
  const found = await Promise.all(
    boards.map(boardId =>
      withTenant(db, { boardId, role: 'system' }, tx =>
        tx.ltiPlatform.findMany({
          where: { boardId, issuer, ...(clientId === undefined ? {} : { clientId }) },
          select: columns,
          orderBy: { clientId: 'asc' },
        }),
      ),
    ),
  )
  return found.flat()
}

const columns = {
  ...{ boardId: true, id: true, label: true, issuer: true, clientId: true, authUrl: true, tokenUrl: true },
  ...{ tokenAudience: true, jwksUrl: true, storageOrigin: true, product: true },
} as const

export type PlatformDraft = Omit<Platform, 'boardId' | 'id'>

/**
 * New, or in the place of the one with this issuer and client: a registration may be repeated.
 * @param tx a transaction in the board's scope
 * @returns its id
 */
export async function savePlatform(tx: Tx, boardId: string, draft: PlatformDraft, by: string): Promise<string> {
  const { issuer, clientId } = draft
  const key = { boardId_issuer_clientId: { boardId, issuer, clientId } }
  const { id } = await tx.ltiPlatform.upsert({
    where: key,
    create: { boardId, id: randomUUID(), ...draft, registeredBy: by },
    update: { ...draft, registeredBy: by, updatedAt: new Date() },
    select: { id: true },
  })
  await addRoute(tx, boardId, { kind: 'lti', value: value(issuer, clientId), toBoardId: boardId, toId: boardId })
  return id
}

/**
 * Under which people of a platform are known here: a space of its own. A platform that calls itself by the name of the school's sign-in proves nobody
 * of that sign-in, and another registration of the same issuer nobody of this one.
 */
export const ltiIdentityIssuer = ({ issuer, clientId }: { issuer: string; clientId: string }) =>
  `lti ${issuer} ${clientId}`

/** With its deployments, and everybody whom it proved. @returns what it was, or null. @param tx a transaction in the board's scope */
export async function deletePlatform(tx: Tx, boardId: string, id: string): Promise<Platform | null> {
  const platform = await tx.ltiPlatform.findUnique({ where: { boardId_id: { boardId, id } }, select: columns })
  if (!platform) return null
  await tx.identity.deleteMany({ where: { boardId, issuer: ltiIdentityIssuer(platform) } })
  await tx.ltiPlatform.delete({ where: { boardId_id: { boardId, id } } })
  await removeRoute(tx, boardId, { kind: 'lti', value: value(platform.issuer, platform.clientId) })
  return platform
}

/** @param tx a transaction in the board's scope */
export function deploymentOf(
  tx: Tx,
  { boardId, id }: Pick<Platform, 'boardId' | 'id'>,
  deploymentId: string,
): Promise<Deployment | null> {
  const where = { boardId_platformId_deploymentId: { boardId, platformId: id, deploymentId } }
  // SAFETY: `state` is written by this file alone.
  return tx.ltiDeployment.findUnique({ where, select: deploymentColumns }) as Promise<Deployment | null>
}

const deploymentColumns = { id: true, platformId: true, deploymentId: true, schoolId: true, state: true } as const

/** One that nobody knew: it waits for a person, once, and the log has it. @param tx a transaction in the board's scope */
export async function quarantine(tx: Tx, platform: Platform, deploymentId: string): Promise<void> {
  const { boardId, id: platformId } = platform
  if ((await tx.ltiDeployment.count({ where: { boardId, platformId, state: 'quarantined' } })) >= mostQuarantined)
    return
  const id = randomUUID()
  const data = [{ boardId, id, platformId, deploymentId, state: 'quarantined' }]
  const { count } = await tx.ltiDeployment.createMany({ data, skipDuplicates: true })
  if (count > 0) {
    const facts = { boardId, actor: 'entry', channel: 'lti', object: id, outcome: 'done', detail: {} } as const
    await append(tx, { ...facts, action: 'lti.deployment.seen' })
  }
}

/** Approved by whoever registered the platform, for a school; or once more. @param tx a transaction in the board's scope. @returns its id */
export async function approveNewDeployment(
  tx: Tx,
  at: { boardId: string; platformId: string; deploymentId: string; schoolId: string },
  by: string,
): Promise<string> {
  const { boardId, platformId, deploymentId, schoolId } = at
  const decided = { schoolId, state: 'approved', decidedBy: by, decidedAt: new Date() }
  const { id } = await tx.ltiDeployment.upsert({
    where: { boardId_platformId_deploymentId: { boardId, platformId, deploymentId } },
    create: { boardId, id: randomUUID(), platformId, deploymentId, ...decided },
    update: decided,
    select: { id: true },
  })
  return id
}

/**
 * Where this school's views may show besides the origins it listed: the approved platforms'. A platform of many customers shows its pages on
 * other origins than it signs in on; those a school lists itself.
 */
export async function platformOrigins(tx: Tx, boardId: string, schoolId: string): Promise<string[]> {
  const rows = await tx.ltiDeployment.findMany({
    where: { boardId, schoolId, state: 'approved' },
    select: { platform: { select: { authUrl: true, storageOrigin: true } } },
  })
  return [...new Set(rows.flatMap(({ platform }) => originsOf(platform)))].sort()
}

/**
 * What this board lists besides: of the schools where this platform is approved, of all its schools while it is approved nowhere.
 * @param tx a transaction in the board's scope
 */
export async function originsListedFor(tx: Tx, { boardId, id }: Pick<Platform, 'boardId' | 'id'>): Promise<string[]> {
  const approved = await tx.ltiDeployment.findMany({
    where: { boardId, platformId: id, state: 'approved', schoolId: { not: null } },
    select: { schoolId: true },
    distinct: ['schoolId'],
  })
  const schools = approved.flatMap(({ schoolId }) => schoolId ?? [])
  const where = { boardId, ...(schools.length > 0 ? { schoolId: { in: schools } } : {}) }
  const rows = await tx.origin.findMany({ where, select: { origin: true }, distinct: ['origin'], take: mostOrigins })
  return rows.map(row => row.origin)
}

export function originsOf({ authUrl, storageOrigin }: Pick<Platform, 'authUrl' | 'storageOrigin'>): string[] {
  return [new URL(authUrl).origin, ...(storageOrigin === null ? [] : [storageOrigin])]
}
