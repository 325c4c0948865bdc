/**
 * Teams, SharePoint: our page in their frame asks its host for an Entra token for our API and brings it here. Nothing else is asked of Microsoft but
 * the tenant's public keys: no Graph, no token on behalf of anybody, nothing to keep.
 */
import { createHash } from 'node:crypto'
import { json, type Request, type Response, Router } from 'express'
import { z } from 'zod'
import { AppError, type AppErrorCode } from '../errors.ts'
import { requireSameOrigin, statusOf } from '../http.ts'
import { claimOnce } from '../store/once.ts'
import { routesTo } from '../store/routes.ts'
import { schoolByKey } from '../store/school-keys.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import type { Arrival } from './arrival.ts'
import { offerLink } from './claim-link.ts'
import type { EntryContext } from './context.ts'
import { setWayCookie } from './cookies.ts'
import { parse } from './frame-routes.ts'
import { type KeyFinder, openKeySets } from './key-sets.ts'
import { linkIdentity } from './link.ts'
import { readSignedToken, type SignedToken, signedBy } from './signed-token.ts'
import { checkTeamsClaims, teamsClient, teamsIssuer, teamsKeySet } from './teams-claims.ts'
import { secret } from './ticket.ts'
import { type TroubleNotes, troubleNotes } from './trouble-notes.ts'
import { issueWaiting } from './waiting.ts'

/** `school`: the publishable key in the tab's address; without it the tenant and app must lead to one school. */
const Body = z.object({ token: z.string().max(16_000), school: z.string().max(64).optional() })

/**
 * Teams keeps a token for over an hour and gives the same one to each tab, web part and reload, so it cannot be good for one time only. It is
 * good for so many ways in a minute: as many as one person opens, and none for a flood. Who steals it is stopped by what it is stolen from,
 * https and the one page of ours that ever holds it: as with every token of Entra's.
 */
const waysInAMinute = 4
const windowMs = 60_000

interface Tenant {
  boardId: string
  schoolId: string
  rowId: string
  tenant: string
  clientId: string
}

interface TeamsEntry {
  context: EntryContext
  keyOf: KeyFinder
  note: TroubleNotes
}

interface Arriving extends TeamsEntry {
  /** Value of its way cookie. */
  browser: string
}

/** What is known of a token when it is refused. */
interface Seen {
  boardId?: string
  platformId?: string
  facts?: Record<string, string | number>
}

export function teamsRoutes(context: EntryContext): Router {
  const router = Router()
  const keyOf = openKeySets(context, { alg: 'RS256', accepts: ({ issuer }, at) => signsFor(issuer, at) })
  const entry: TeamsEntry = { context, keyOf, note: troubleNotes(context) }
  router.post('/teams', json({ limit: '20kb' }), async (req, res) => {
    requireSameOrigin(req, context.config.url)
    await answer(entry, req, res)
  })
  return router
}

/** Of a key that Entra lists for a tenant and yet for others: `{tenantid}` stands for every tenant. */
function signsFor(issuer: string | undefined, at: URL): boolean {
  const tenant = at.pathname.split('/')[1] ?? ''
  return issuer === undefined || issuer.replace('{tenantid}', tenant).toLowerCase() === teamsIssuer(tenant)
}

async function answer(entry: TeamsEntry, req: Request, res: Response): Promise<void> {
  const seen: Seen = {}
  try {
    const browser = setWayCookie(res, secret)
    res.json(await arrive({ ...entry, browser }, parse(Body, req.body), seen))
  } catch (cause) {
    if (!(cause instanceof AppError) || !cause.reason) throw cause
    const { code, reason } = cause
    const number = await entry.note({ channel: 'teams', code: reason, ...seen })
    entry.context.log.warn('Teams token refused', { requestId: res.locals.requestId, reason })
    refuse(res, code, { code: reason, number })
  }
}

/** RFC 9457, with the number that whoever mends it looks up. */
function refuse(res: Response, error: AppErrorCode, { code, number }: { code: string; number: string }): void {
  const status = statusOf(error)
  const { requestId } = res.locals
  const problem = {
    type: `urn:m5:problem:${code}`,
    title: 'This token lets nobody in.',
    status,
    code,
    number,
    requestId,
  }
  res.status(status).type('application/problem+json').send(JSON.stringify(problem))
}

async function arrive(
  entry: Arriving,
  { token: text, school }: z.infer<typeof Body>,
  seen: Seen,
): Promise<{ arrival: string } | { link: string }> {
  const { context, keyOf } = entry
  const token = readSignedToken(text, 'RS256')
  const at = await tenantOf(context, token, school)
  seen.boardId = at.boardId
  seen.platformId = at.rowId
  const key = await keyOf(teamsKeySet(at.tenant), token.kid)
  if (!key) throw refused('token-key')
  if (!signedBy(token, key)) throw refused('token-signature')
  const { config, clock } = context
  const verdict = checkTeamsClaims(token.claims, { ...at, url: config.url, now: clock() })
  if ('fault' in verdict) {
    seen.facts = verdict.facts
    throw refused(verdict.fault)
  }
  if (!(await hasAWayIn(context, token))) throw new AppError('too-many', 'Too often.', { reason: 'token-too-often' })
  return enter(entry, at, verdict.claims)
}

/** The row of ours that this token speaks of, by what it says of tenant and app: nothing of that is believed yet. */
async function tenantOf(context: EntryContext, { claims }: SignedToken, school: string | undefined): Promise<Tenant> {
  const tenant = String(claims.tid ?? '').toLowerCase()
  if (!/^[0-9a-f-]{36}$/.test(tenant)) throw refused('claim-missing')
  const clientId = teamsClient(claims.aud, context.config.url)
  const routes = await routesTo(context.db, 'teams', tenant)
  if (routes.length === 0) throw refused('tenant-unknown')
  if (!clientId) throw refused('audience')
  const wanted = school === undefined ? null : await schoolByKey(context.db, school)
  if (school !== undefined && !wanted) throw refused('school-unknown')
  const found: Tenant[] = []
  for (const { toBoardId: boardId } of routes) {
    if (wanted && wanted.boardId !== boardId) continue
    const where = { boardId, tenant, clientId, ...(wanted ? { schoolId: wanted.schoolId } : {}) }
    const rows = await withTenant(context.db, { boardId, role: 'system' }, tx => tx.teamsTenant.findMany({ where }))
    found.push(...rows.map(({ id: rowId, schoolId }) => ({ boardId, schoolId, rowId, tenant, clientId })))
  }
  const [only] = found
  if (!only) throw refused('app-unknown')
  if (found.length > 1) throw refused('school-missing')
  return only
}

async function hasAWayIn(context: EntryContext, { signed }: SignedToken): Promise<boolean> {
  const now = context.clock().getTime()
  const window = Math.floor(now / windowMs)
  const tag = createHash('sha256').update(signed).digest('base64url')
  const expiresAt = new Date((window + 2) * windowMs)
  for (let way = 0; way < waysInAMinute; way++) {
    const value = `${tag}.${window}.${way}`
    if (await claimOnce(context.db, { boardId: reservedBoard, kind: 'teams-token', value, expiresAt })) return true
  }
  return false
}

/** In Teams and at the school's own Entra sign-in somebody is one identity: the tenant's issuer and their object id. */
async function enter(
  { context, browser }: Arriving,
  { boardId, schoolId, tenant }: Tenant,
  { oid, iat }: { oid: string; iat: number },
): Promise<{ arrival: string } | { link: string }> {
  const [issuer, subject] = [teamsIssuer(tenant), oid.toLowerCase()]
  const proven = { boardId, schoolId, issuer, subject, claim: subject, keyType: 'object-id' }
  const linked = await linkIdentity(context, proven)
  if (linked.found === 'conflict') throw refused('conflict')
  const now = context.clock()
  if (linked.found === 'person') {
    const authTime = Math.floor(Math.min(iat, now.getTime() / 1000))
    const arrival: Arrival = { boardId, schoolId, personId: linked.personId, channel: 'teams', acr: null, authTime }
    return { arrival: await issueWaiting(context, arrival, browser, now) }
  }
  const keys = await context.keyring.board(boardId)
  const subjectTag = Buffer.from(keys.fingerprint('subject', Buffer.from(`${issuer}\n${subject}`))).toString('hex')
  const offer = { boardId, schoolId, channel: 'teams', issuer, subjectTag } as const
  return { link: await offerLink(context, offer, browser, now) }
}

const refused = (reason: string) => new AppError('unauthenticated', 'This token lets nobody in.', { reason })
