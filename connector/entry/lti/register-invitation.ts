/**
 * The invitation to connect one LMS to one school: a random secret of which we keep the hash (so it can be taken back, and a copy of the table invites
 * nobody), good for seven days. It may be opened again until the registration is done; from then on only by the same LMS, to do it over.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { queueMail } from '../../mail/queue.ts'
import { append } from '../../store/audit.ts'
import type { Tx } from '../../store/database.ts'
import { approveNewDeployment, deletePlatform, originsOf, savePlatform } from '../../store/lti.ts'
import { putPending } from '../../store/once.ts'
import { inReserved } from '../../store/routes.ts'
import { reservedBoard, withTenant } from '../../store/scope.ts'
import { tagOf } from '../../store/seal.ts'
import type { EntryContext } from '../context.ts'
import { secret } from '../ticket.ts'
import type { Configuration } from './register-configuration.ts'

const invitationDays = 7
/** As long as a platform may take to answer, and a little more: then somebody may try again. */
const leaseMs = 30_000
const kind = 'lti-invitation'
const scope = { boardId: reservedBoard, role: 'system' } as const

const Payload = z.object({
  boardId: z.uuid(),
  schoolId: z.uuid(),
  by: z.string(),
  /** Once it is done: at which LMS, as which row here, and by which registration token (hash, hex). */
  done: z
    .object({
      issuer: z.string(),
      host: z.string(),
      origins: z.array(z.string()),
      platformId: z.uuid(),
      token: z.string(),
    })
    .nullable(),
})
export type Invitation = z.infer<typeof Payload>

type Context = Pick<EntryContext, 'db' | 'clock'>

/** @returns where an administrator of the LMS opens it. The address is the secret: it is shown once */
export async function invite(
  context: Context & Pick<EntryContext, 'config'>,
  { boardId, schoolId, by }: { boardId: string; schoolId: string; by: string },
): Promise<{ url: string; expiresAt: Date }> {
  const key = secret()
  const expiresAt = new Date(context.clock().getTime() + invitationDays * 86_400_000)
  const payload: Invitation = { boardId, schoolId, by, done: null }
  await withTenant(context.db, { boardId, role: 'system' }, async tx => {
    await append(tx, { boardId, actor: by, action: 'lti.invite', object: schoolId, outcome: 'done' })
    await inReserved(tx, boardId, () => putPending(tx, { kind, secret: key, payload, expiresAt }))
  })
  // In the path: platforms put their question marks behind what they are given, whether there is one already or not.
  return { url: new URL(`/lti/register/${key}`, context.config.url).href, expiresAt }
}

/** Uses nothing up. @returns null when it is unknown or too old */
export async function findInvitation(context: Context, key: string): Promise<Invitation | null> {
  const where = { boardId_kind_tag: { boardId: reservedBoard, kind, tag: tagOf(key) } }
  const row = await withTenant(context.db, scope, tx => tx.pending.findUnique({ where }))
  const found = row && row.expiresAt > context.clock() ? Payload.safeParse(row.payload) : null
  return found?.success ? found.data : null
}

/** Of those that come at once, one registers. @returns false for the others */
export async function holdInvitation(context: Context, key: string): Promise<boolean> {
  const now = context.clock()
  const count = await withTenant(
    context.db,
    scope,
    tx => tx.$executeRaw`
      update "Pending" set payload = payload::jsonb || jsonb_build_object('busyUntil', ${now.getTime() + leaseMs}::bigint)
      where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tagOf(key)} and "expiresAt" > ${now}
        and coalesce((payload->>'busyUntil')::bigint, 0) <= ${now.getTime()}::bigint`,
  )
  return count === 1
}

export async function releaseInvitation(context: Context, key: string): Promise<void> {
  await withTenant(
    context.db,
    scope,
    tx => tx.$executeRaw`
      update "Pending" set payload = payload::jsonb - 'busyUntil'
      where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tagOf(key)}`,
  )
}

export const tokenMark = (registrationToken: string) => Buffer.from(tagOf(registrationToken)).toString('hex')

/** Whether this LMS may (still) use it. */
export const isFor = ({ done }: Invitation, { issuer, host }: Pick<Configuration, 'issuer' | 'host'>): boolean =>
  done === null || (done.issuer === issuer && done.host === host)

export interface Registered {
  configuration: Configuration
  clientId: string
  deploymentId: string | null
  /** tokenMark of the registration token. */
  token: string
}

/**
 * The platform, its deployment approved, and the invitation marked as done, in one transaction. A registration of this invitation that was done over
 * under another client id takes the place of the one before.
 */
export async function storeRegistration(
  context: Context,
  key: string,
  { boardId, schoolId, by, done }: Invitation,
  registered: Registered,
): Promise<void> {
  const { configuration, clientId, deploymentId, token } = registered
  const { issuer, host, origins, authUrl, tokenUrl, jwksUrl, tokenAudience, product } = configuration
  await withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const label = `${product ?? 'lms'} ${host}`.slice(0, 100)
    const addresses = { authUrl, tokenUrl, tokenAudience, jwksUrl, storageOrigin: null }
    const platformId = await savePlatform(tx, boardId, { label, issuer, clientId, product, ...addresses }, by)
    const replaced = done !== null && done.platformId !== platformId
    if (replaced) await deletePlatform(tx, boardId, done.platformId)
    if (deploymentId !== null) await approveNewDeployment(tx, { boardId, platformId, deploymentId, schoolId }, by)
    for (const origin of newOrigins(configuration)) await listOrigin(tx, { boardId, schoolId, origin })
    const detail = {
      host,
      product: product ?? 'unknown',
      again: done !== null,
      replaced,
      approved: deploymentId !== null,
    }
    const facts = { boardId, actor: by, channel: 'lti', action: 'lti.register', object: platformId } as const
    await append(tx, { ...facts, outcome: 'done', detail })
    const to = ['SCHOOL_LEADER', 'SAFETY_COORDINATOR'] as const
    await queueMail(tx, { boardId, schoolId, kind: 'sign-in-changed', to, aboutId: platformId, now: context.clock() })
    await inReserved(tx, boardId, () => markDone(tx, key, { issuer, host, origins, platformId, token }))
  })
}

/**
 * Where the pages of this LMS are, when that is not where it signs in: the views show there only when the school lists it. The wizard says so before.
 */
export const newOrigins = ({ authUrl, origins }: Pick<Configuration, 'authUrl' | 'origins'>): string[] => {
  const known = originsOf({ authUrl, storageOrigin: null })
  return origins.length > 1 ? origins.slice(1).filter(origin => !known.includes(origin)) : []
}

async function listOrigin(tx: Tx, at: { boardId: string; schoolId: string; origin: string }): Promise<void> {
  await tx.origin.createMany({ data: [{ ...at, id: randomUUID() }], skipDuplicates: true })
}

async function markDone(tx: Tx, key: string, done: NonNullable<Invitation['done']>): Promise<void> {
  await tx.$executeRaw`
    update "Pending" set payload = (payload::jsonb - 'busyUntil') || jsonb_build_object('done', ${JSON.stringify(done)}::jsonb)
    where "boardId" = ${reservedBoard}::uuid and kind = ${kind} and tag = ${tagOf(key)}`
}
