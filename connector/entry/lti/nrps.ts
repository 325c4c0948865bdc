/**
 * Members of an LMS, linked to people of the roster by the roster's own key (`lis_person_sourcedid`), so that they come in at their first launch without
 * another sign-in. It is not the roster: it makes nobody, changes nobody, and deletes nothing. Asked by `m5 lti members`, and after a launch once a day.
 */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { append } from '../../store/audit.ts'
import { localDay } from '../../store/calendar.ts'
import type { Tx } from '../../store/database.ts'
import { ltiIdentityIssuer } from '../../store/lti.ts'
import { claimOnce } from '../../store/once.ts'
import { reservedBoard, withTenant } from '../../store/scope.ts'
import { bytes, tagOf } from '../../store/seal.ts'
import type { EntryContext } from '../context.ts'
import { AskError } from './ask.ts'
import { type LinkPlan, losesTooMuch, planLinks, type StoredLink } from './nrps-plan.ts'
import { ListError, type MemberList, type MembersOf, readMembers } from './nrps-read.ts'
import type { ServicePlatform, ServiceTokens } from './services.ts'

/** Changes alone are asked for so long; then everything again, because a platform may forget to tell. */
const fullEveryDays = 7
const day = 86_400_000
const limits = { timeout: 120_000, maxWait: 10_000 }
/** PostgreSQL takes 65,535 parameters in one statement. */
const chunk = 10_000

export interface LinkMembers extends Omit<MembersOf, 'since'> {
  platform: ServicePlatform
  /** Whose keys count; null: of every school of the board. */
  schoolId: string | null
  /** Which key of the roster the LMS knows people by. */
  keyType?: string
  /** Whole, although changes are offered. */
  whole?: boolean
  /** A list that takes away more than half is right all the same. */
  acceptLoss?: boolean
  by?: string
}

export interface LinkedMembers {
  /** `held`: the list is empty, or takes away more than half of what it brought: nothing was changed. */
  state: 'done' | 'held'
  read: MemberList['kind']
  counts: LinkPlan['counts'] & { linked: number; moved: number; revived: number; inactive: number }
}

/** @throws AskError, ListError: then nothing was changed */
export async function linkMembers(
  context: EntryContext,
  tokens: ServiceTokens,
  asked: LinkMembers,
): Promise<LinkedMembers> {
  const { platform, url } = asked
  const whole = asked.whole || asked.role !== undefined || asked.resourceLinkId !== undefined
  const memory = rememberedAt(platform, url)
  const since = whole ? null : await recall(context, memory)
  const list = await readSince(context, tokens, asked, since)
  const result = await apply(context, asked, list)
  if (list.kind !== 'part') await remember(context, memory, { list, done: result.state === 'done', since })
  return result
}

/** Changes where they are offered; everything where they are not, or where the platform has forgotten since when. */
async function readSince(context: EntryContext, tokens: ServiceTokens, asked: LinkMembers, since: Since | null) {
  const { platform, url, role, resourceLinkId } = asked
  const of = { url, ...(role ? { role } : {}), ...(resourceLinkId ? { resourceLinkId } : {}) }
  if (since) {
    try {
      return await readMembers(context, tokens, platform, { url, since: since.differences })
    } catch (cause) {
      if (!(cause instanceof AskError || cause instanceof ListError)) throw cause
      context.log.info('lti member changes not read', { boardId: platform.boardId, reason: cause.problem })
    }
  }
  return readMembers(context, tokens, platform, of)
}

async function apply(context: EntryContext, asked: LinkMembers, list: MemberList): Promise<LinkedMembers> {
  const { platform, schoolId, url, keyType = 'sis-id', acceptLoss = false, by = 'lti' } = asked
  const { boardId } = platform
  const issuer = ltiIdentityIssuer(platform)
  const keys = await context.keyring.board(boardId)
  const now = context.clock()
  const listTag = tagOf(`${platform.id}\n${url}`)
  const members = list.members.map(({ userId, sourcedId, status }) => ({
    subject: hex(keys.fingerprint('subject', Buffer.from(`${issuer}\n${userId}`))),
    key:
      sourcedId === null || keyType === 'email' ? null : hex(keys.fingerprint('roster-key', `${keyType}:${sourcedId}`)),
    status,
  }))
  return withTenant(
    context.db,
    { boardId, role: 'system' },
    async tx => {
      // Of two that read at once the second sees what the first has done.
      await tx.$executeRaw`select pg_advisory_xact_lock(5306, hashtext(${`${boardId} ${issuer}`}))`
      const links = await linksOf(tx, boardId, issuer)
      const wanted = members.flatMap(member => member.key ?? [])
      const holders = await holdersOf(tx, { boardId, schoolId, keyType, wanted })
      const plan = planLinks({ kind: list.kind, list: hex(listTag), members, links, holders })
      const empty = list.kind === 'full' && members.length === 0
      const held = !acceptLoss && (empty || losesTooMuch(plan, links, hex(listTag)))
      if (!held) await write(tx, { boardId, issuer, keyType, listTag, now, by }, plan)
      const { create, move, revive, deactivate, counts } = plan
      const done = { linked: create.length, moved: move.length, revived: revive.length, inactive: deactivate.length }
      const detail = { ...counts, ...done, held }
      await append(tx, {
        boardId,
        actor: by,
        channel: 'lti',
        action: 'identity.list',
        object: platform.id,
        outcome: held ? 'refused' : 'done',
        detail,
      })
      return { state: held ? 'held' : 'done', read: list.kind, counts: { ...counts, ...done } }
    },
    limits,
  )
}

async function linksOf(tx: Tx, boardId: string, issuer: string): Promise<StoredLink[]> {
  const rows = await tx.identity.findMany({
    where: { boardId, issuer },
    select: { id: true, personId: true, subjectTag: true, linkedBy: true, listTag: true, inactiveAt: true },
  })
  return rows.map(({ subjectTag, listTag, inactiveAt, ...row }) => ({
    ...row,
    subject: hex(subjectTag),
    list: listTag && hex(listTag),
    inactive: inactiveAt !== null,
  }))
}

async function holdersOf(
  tx: Tx,
  {
    boardId,
    schoolId,
    keyType,
    wanted,
  }: { boardId: string; schoolId: string | null; keyType: string; wanted: string[] },
): Promise<Map<string, string[]>> {
  const found = new Map<string, Set<string>>()
  const of = { boardId, ...(schoolId === null ? {} : { schoolId }) }
  for (let at = 0; at < wanted.length; at += chunk) {
    const valueTag = { in: wanted.slice(at, at + chunk).map(unhex) }
    const person = { active: true, affiliations: { some: { ...of, status: 'active' } } }
    const rows = await tx.rosterKey.findMany({
      where: { ...of, type: keyType, stable: true, valueTag, person },
      select: { personId: true, valueTag: true },
    })
    for (const row of rows) {
      const key = hex(row.valueTag)
      found.set(key, (found.get(key) ?? new Set()).add(row.personId))
    }
  }
  return new Map([...found].map(([key, people]) => [key, [...people]]))
}

interface Writing {
  boardId: string
  issuer: string
  keyType: string
  listTag: ReturnType<typeof tagOf>
  now: Date
  by: string
}

async function write(tx: Tx, { boardId, issuer, keyType, listTag, now, by }: Writing, plan: LinkPlan): Promise<void> {
  // As entry/link.ts writes it: a key that changes hands later ends these links too (store/identity-keys.ts).
  const linkedBy = `claim:${keyType}`
  const entry = { boardId, channel: 'lti', action: 'identity.link', outcome: 'done' } as const
  const gone = plan.deactivate.map(({ id }) => id)
  await tx.identity.updateMany({ where: { boardId, id: { in: gone } }, data: { inactiveAt: now } })
  const lost = [...plan.deactivate, ...plan.move].map(({ personId }) => personId)
  const where = { boardId, personId: { in: lost }, channel: 'lti', endedAt: null }
  await tx.session.updateMany({ where, data: { endedAt: now } })
  for (const { id, why } of plan.deactivate)
    await append(tx, { ...entry, actor: by, action: 'identity.unlink', object: id, detail: { [why]: true } })
  const alive = { linkedBy, listTag, linkedAt: now, inactiveAt: null }
  const revived = plan.revive.map(({ id }) => id)
  await tx.identity.updateMany({ where: { boardId, id: { in: revived } }, data: alive })
  for (const { id, subject } of plan.move)
    await tx.identity.update({ where: { boardId_id: { boardId, id } }, data: { ...alive, subjectTag: unhex(subject) } })
  const made = plan.create.map(({ personId, subject }) => ({ id: randomUUID(), personId, subjectTag: unhex(subject) }))
  await tx.identity.createMany({
    data: made.map(each => ({ boardId, issuer, linkedBy, listTag, linkedAt: now, ...each })),
  })
  for (const { id } of [...plan.revive, ...plan.move, ...made]) await append(tx, { ...entry, actor: by, object: id })
}

// ---- since when ------------------------------------------------------------------------------------------------------

const Since = z.object({ differences: z.url() })
type Since = z.infer<typeof Since>
const kind = 'lti-members'

const rememberedAt = ({ boardId, id, issuer, clientId }: ServicePlatform, url: string) =>
  tagOf(JSON.stringify([boardId, id, issuer, clientId, url]))

async function recall(context: EntryContext, tag: ReturnType<typeof tagOf>): Promise<Since | null> {
  const row = await withTenant(context.db, { boardId: reservedBoard, role: 'system' }, tx =>
    tx.pending.findUnique({ where: { boardId_kind_tag: { boardId: reservedBoard, kind, tag } } }),
  )
  const since = row && row.expiresAt > context.clock() ? Since.safeParse(row.payload) : null
  return since?.success ? since.data : null
}

/** What was not applied is asked for again: then the old place stays. After a week since the last whole list it is forgotten. */
async function remember(
  context: EntryContext,
  tag: ReturnType<typeof tagOf>,
  { list, done, since }: { list: MemberList; done: boolean; since: Since | null },
): Promise<void> {
  if (!done) return
  const key = { boardId: reservedBoard, kind, tag }
  await withTenant(context.db, { boardId: reservedBoard, role: 'system' }, async tx => {
    if (list.kind === 'full') await tx.pending.deleteMany({ where: key })
    const differences = list.differences ?? (list.kind === 'changes' ? since?.differences : undefined)
    if (differences === undefined) return
    const expiresAt = new Date(context.clock().getTime() + fullEveryDays * day)
    if (list.kind === 'changes') await tx.pending.updateMany({ where: key, data: { payload: { differences } } })
    else await tx.pending.create({ data: { ...key, payload: { differences }, expiresAt } })
  })
}

// ---- after a launch --------------------------------------------------------------------------------------------------

const Claim = z.object({ context_memberships_url: z.url({ protocol: /^https?$/ }).max(2000) })

export interface AfterLaunch {
  platform: ServicePlatform
  schoolId: string | null
  /** `…/lti-nrps/claim/namesroleservice` of a launch that held. */
  namesAndRoles: unknown
}

/** Once a day for each list, whatever comes of it; the launch does not wait for it. Never throws. */
export async function membersAfterLaunch(
  context: EntryContext,
  tokens: ServiceTokens,
  { platform, schoolId, namesAndRoles }: AfterLaunch,
): Promise<LinkedMembers | null> {
  const { boardId, id } = platform
  try {
    const claim = Claim.safeParse(namesAndRoles)
    if (!claim.success) return null
    const url = claim.data.context_memberships_url
    const now = context.clock()
    const once = { boardId, kind, value: `${id}\n${url}\n${localDay(now)}`, expiresAt: new Date(now.getTime() + day) }
    if (!(await claimOnce(context.db, once))) return null
    return await linkMembers(context, tokens, { platform, schoolId, url })
  } catch (cause) {
    const reason = cause instanceof AskError || cause instanceof ListError ? cause.problem : 'internal'
    context.log.warn('lti members not read', { boardId, reason })
    return null
  }
}

const hex = (tag: Uint8Array) => Buffer.from(tag).toString('hex')
const unhex = (text: string) => bytes(Buffer.from(text, 'hex'))
