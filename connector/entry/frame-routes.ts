/** What the frame calls: ask for a hand-off, fetch its answer, come back after a reload, leave. JSON, same origin. */
import { json, type Request, Router } from 'express'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { requireSameOrigin } from '../http.ts'
import { schoolByKey } from '../store/school-keys.ts'
import { withTenant } from '../store/scope.ts'
import type { Access, Bearer } from './access.ts'
import { Channel } from './arrival.ts'
import { acceptLink } from './claim-link.ts'
import type { EntryContext } from './context.ts'
import { clearTabCookie, readCookie, setTabCookie, tabCookie, wayCookies } from './cookies.ts'
import type { ProofChecker } from './dpop.ts'
import { keepProof } from './fresh.ts'
import { claimHandoff, openHandoff } from './handoff.ts'
import { endSession, liveSession, rememberedSession, rememberTab } from './session.ts'
import { issueTicket, secret } from './ticket.ts'
import { takeArrival } from './waiting.ts'

const jkt = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const HandoffBody = z.object({ school: z.string().max(64), jkt, from: z.string().max(300).optional() })
const Secret = z.object({ secret: z.string().max(100) })
const ClaimBody = Secret.extend({ reply: z.string().trim().max(10).optional() })
const Tab = z.string().min(20).max(100)
const SilentBody = z.object({ school: z.string().max(64), tab: Tab, jkt })

export function frameRoutes(context: EntryContext, access: Access, checkProof: ProofChecker): Router {
  const router = Router()
  const own = context.config.url
  router.use(json({ limit: '4kb' }))

  router.post('/handoffs', async (req, res) => {
    requireSameOrigin(req, own)
    const body = parse(HandoffBody, req.body)
    const school = await schoolByKey(context.db, body.school)
    if (!school) throw new AppError('not-found', 'This school is not known here.', { reason: 'school-unknown' })
    const from = await listedOrigin(context, school, body.from)
    const asker = { jkt: body.jkt, address: req.ip, ...(from ? { from } : {}) }
    res.status(201).json(handoffAnswer(await openHandoff(context, school, asker), '/entry/go'))
  })

  router.post('/handoffs/:id/claim', async (req, res) => {
    requireSameOrigin(req, own)
    const body = parse(ClaimBody, req.body)
    const id = parse(z.uuid(), req.params.id)
    const expected = { method: 'POST', url: new URL(`/entry/handoffs/${id}/claim`, own).href, now: context.clock() }
    const proof = checkProof(req.get('dpop'), expected)
    const answer = await claimHandoff(context, { id, ...body, jkt: proof.jkt, address: req.ip })
    if (answer.state !== 'proven') return void res.json(answer)
    const kept = await keepProof(context, answer, answer.proof)
    res.json(kept ? { state: 'proven', until: kept.until.toISOString() } : { state: 'refused', reason: 'not-fresh' })
  })

  // Who came before the frame had a key: see waiting.ts.
  router.post('/arrive', async (req, res) => {
    requireSameOrigin(req, own)
    const body = parse(Secret.extend({ jkt }), req.body)
    const expected = { method: 'POST', url: new URL('/entry/arrive', own).href, now: context.clock() }
    if (checkProof(req.get('dpop'), expected).jkt !== body.jkt) throw oneClick()
    const ticket = await takeArrival(context, body.secret, { jkt: body.jkt, browsers: wayCookies(req) })
    if (!ticket) throw new AppError('unauthenticated', 'Nobody waits here any more.', { reason: 'arrival-gone' })
    res.json({ ticket })
  })

  router.post('/link', async (req, res) => {
    requireSameOrigin(req, own)
    const body = parse(Secret, req.body)
    const offer = { key: body.secret, browsers: wayCookies(req) }
    await acceptLink(context, await access.caller(bearerOf(req, own)), offer)
    res.status(204).end()
  })

  router.post('/remember', async (req, res) => {
    requireSameOrigin(req, own)
    const { tab } = parse(z.object({ tab: Tab }), req.body)
    const caller = await access.caller(bearerOf(req, own))
    const session = await liveSession(context, caller.boardId, caller.sessionId)
    if (!session) throw new AppError('unauthenticated', 'Sign in first.', { reason: 'session-ended' })
    const value = secret()
    await rememberTab(context, session, value, tab)
    setTabCookie(res, `${session.boardId}.${session.id}.${value}`)
    res.status(204).end()
  })

  router.post('/silent', async (req, res) => {
    requireSameOrigin(req, own)
    const body = parse(SilentBody, req.body)
    const [boardId = '', sessionId = '', cookie = ''] = (readCookie(req, tabCookie) ?? '').split('.')
    const school = await schoolByKey(context.db, body.school)
    const ids = z.tuple([z.uuid(), z.uuid()]).safeParse([boardId, sessionId])
    if (!ids.success || !cookie || school?.boardId !== boardId) throw oneClick()
    const session = await rememberedSession(context, { boardId, sessionId, cookie, tab: body.tab })
    if (!session || session.schoolId !== school.schoolId) throw oneClick()
    // The new sign-in takes the old one's place: of many that come together with one cookie, one does.
    if (!(await endSession(context, boardId, sessionId))) throw oneClick()
    const { personId, schoolId, acr, authTime } = session
    const channel = Channel.parse(session.channel)
    const endsAt = session.endsAt.getTime()
    const arrival = { boardId, schoolId, personId, channel, acr, authTime, endsAt, ...session.tags }
    const ticket = await issueTicket(context.db, arrival, body.jkt, context.clock())
    clearTabCookie(res)
    res.json({ ticket })
  })

  router.post('/leave', async (req, res) => {
    requireSameOrigin(req, own)
    clearTabCookie(res)
    // Not "storage": what a child has not sent yet must outlive the sign-out. The view forgets its own secret.
    res.setHeader('Clear-Site-Data', '"cache"')
    if (req.get('authorization')) {
      const caller = await access.caller(bearerOf(req, own))
      await endSession(context, caller.boardId, caller.sessionId)
    }
    res.status(204).end()
  })

  return router
}

/** As the frame gets it. `windowKey` is for the window that the frame itself opens, and stands in no address. */
export function handoffAnswer(
  { id, secret, windowKey, code, expiresAt }: Awaited<ReturnType<typeof openHandoff>>,
  path: '/entry/go' | '/entry/fresh',
) {
  const paths = { openPath: `/entry/open?h=${id}`, goPath: `${path}?h=${id}` }
  return { id, secret, windowKey, code, ...paths, expiresAt: expiresAt.toISOString() }
}

/** What the frame says it shows on, where the school listed it. */
async function listedOrigin(
  context: EntryContext,
  { boardId, schoolId }: { boardId: string; schoolId: string },
  from: string | undefined,
): Promise<string | null> {
  if (!from) return null
  const listed = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.origin.count({ where: { boardId, schoolId, origin: from } }),
  )
  return listed > 0 ? from : null
}

export function bearerOf(req: Request, own: URL): Bearer {
  const url = new URL(req.originalUrl, own).href
  return { authorization: req.get('authorization'), proof: req.get('dpop'), method: req.method, url }
}

/** @throws AppError `invalid-input`, naming the fields and never their values */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(issue => issue.path.join('.') || 'body').join(', ')
  throw new AppError('invalid-input', `Not right: ${fields}.`)
}

const oneClick = () => new AppError('unauthenticated', 'Sign in with one click.', { reason: 'silent-not-possible' })
