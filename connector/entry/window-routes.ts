/** The sign-in window: /entry/go → the school's sign-in → /entry/callback → "is this your code?" → done. Always top-level, never framed. */
import { readFileSync } from 'node:fs'
import { type Request, type Response, Router, urlencoded } from 'express'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { allowPage, asAppError, requireSameOrigin, routeOf } from '../http.ts'
import { putPending, takePending } from '../store/once.ts'
import { displayName, namesOf } from '../store/people.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import type { Arrival, EntryContext } from './context.ts'
import { browserCookie, readCookie, setBrowserCookie } from './cookies.ts'
import {
  bindHandoff,
  codesToPickFrom,
  findOpenHandoff,
  type OpenHandoff,
  type RefusalReason,
  refuseHandoff,
} from './handoff.ts'
import { linkIdentity } from './link.ts'
import { choosePage, closeScript, confirmPage, donePage, refusedPage } from './pages.ts'
import { secret } from './ticket.ts'
import { type SignIn, signInsOf, type Upstreams } from './upstreams.ts'

const css = readFileSync(new URL('./entry.css', import.meta.url), 'utf8')
const confirmMinutes = 5

const Confirm = z.object({
  handoffId: z.uuid(),
  code: z.string(),
  browser: z.string(),
  arrival: z.object({
    boardId: z.uuid(),
    schoolId: z.uuid(),
    personId: z.uuid(),
    channel: z.literal('oidc'),
    acr: z.string().nullable(),
    authTime: z.int(),
  }),
})

export function windowRoutes(context: EntryContext, upstreams: Upstreams): Router {
  const router = Router()

  router.get('/go', async (req, res) => {
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''))
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const signIns = await signInsOf(context, handoff.boardId, handoff.schoolId)
    const [only] = signIns
    if (only && signIns.length === 1) return leave(req, res, handoff, only)
    const school = await schoolName(context, handoff)
    show(
      res,
      choosePage({ school }, handoff.id, signIns),
      signIns.map(s => new URL(s.issuer).origin),
    )
  })

  router.post('/start', urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    requireSameOrigin(req, context.config.url)
    const { h, signIn: wanted } = formOf(req)
    const handoff = await findOpenHandoff(context, h ?? '')
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const signIn = (await signInsOf(context, handoff.boardId, handoff.schoolId)).find(s => s.id === wanted)
    if (!signIn) throw new AppError('not-found', 'This sign-in is not known here.')
    await leave(req, res, handoff, signIn)
  })

  async function leave(req: Request, res: Response, handoff: OpenHandoff, signIn: SignIn) {
    const browser = readCookie(req, browserCookie) ?? secret()
    try {
      const to = await upstreams.begin(signIn, handoff.id, browser)
      setBrowserCookie(res, context.config.url, browser)
      res.redirect(303, to.href)
    } catch (cause) {
      context.log.error('sign-in not begun', cause, { requestId: res.locals.requestId, boardId: signIn.boardId })
      show(res.status(503), refusedPage('sign-in-failed'))
    }
  }

  router.get('/callback/:signInId', async (req, res) => {
    const browser = readCookie(req, browserCookie)
    const answer = new URL(req.originalUrl, context.config.url)
    try {
      const finished = await upstreams.finish(req.params.signInId, answer, browser)
      const { handoffId, identity } = finished
      const handoff = await findOpenHandoff(context, handoffId)
      if (!handoff) return show(res.status(410), refusedPage('gone'))
      if (!identity) return await refuse(res, handoffId, 'declined')
      if (identity.boardId !== handoff.boardId || identity.schoolId !== handoff.schoolId)
        return await refuse(res, handoffId, 'sign-in-failed')
      const link = await linkIdentity(context, identity)
      if (link.found !== 'person')
        return await refuse(res, handoffId, link.found === 'nobody' ? 'nobody-found' : 'conflict')
      const { boardId, schoolId } = handoff
      const { acr, authTime } = finished
      const arrival: Arrival = { boardId, schoolId, personId: link.personId, channel: 'oidc', acr, authTime }
      await askToConfirm(res, handoff, arrival, browser ?? '')
    } catch (cause) {
      const error = asAppError(cause)
      context.log.warn('sign-in refused', {
        requestId: res.locals.requestId,
        route: routeOf(req),
        reason: error.reason ?? error.code,
      })
      show(res.status(error.code === 'unavailable' ? 503 : 400), refusedPage('sign-in-failed'))
    }
  })

  async function askToConfirm(res: Response, handoff: OpenHandoff, arrival: Arrival, browser: string) {
    const token = secret()
    const payload = { handoffId: handoff.id, code: handoff.code, browser, arrival: { ...arrival } }
    const expiresAt = new Date(context.clock().getTime() + confirmMinutes * 60_000)
    await withTenant(context.db, { boardId: reservedBoard, role: 'system' }, tx =>
      putPending(tx, { kind: 'confirm', secret: token, payload, expiresAt }),
    )
    const { name, pupil } = await who(context, arrival)
    const codes = pupil ? [handoff.code] : codesToPickFrom(handoff.code)
    show(res, confirmPage({ school: await schoolName(context, handoff), name, pick: !pupil, codes }, token))
  }

  router.post('/confirm', urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    requireSameOrigin(req, context.config.url)
    const { t, code } = formOf(req)
    const pending = Confirm.safeParse(await takePending(context.db, 'confirm', t ?? '', context.clock()))
    if (!pending.success || pending.data.browser !== readCookie(req, browserCookie))
      return show(res.status(410), refusedPage('gone'))
    const { handoffId, code: expected, arrival } = pending.data
    if (code !== expected) return await refuse(res, handoffId, code === 'no' ? 'declined' : 'wrong-code')
    if (!(await bindHandoff(context, handoffId, arrival))) return show(res.status(410), refusedPage('gone'))
    show(res, donePage())
  })

  async function refuse(res: Response, handoffId: string, reason: RefusalReason) {
    await refuseHandoff(context, handoffId, reason)
    context.log.info('sign-in ended', { requestId: res.locals.requestId, reason })
    show(res.status(reason === 'declined' ? 200 : 403), refusedPage(reason))
  }

  router.get('/entry.css', (_req, res) => void res.type('css').setHeader('Cache-Control', 'max-age=3600').send(css))
  router.get('/close.js', (_req, res) => void res.type('text/javascript').send(closeScript))
  return router
}

/** Fields that came once; a body that is no form has none. */
function formOf(req: Request): Record<string, string> {
  const fields = Object.entries((req.body ?? {}) as Record<string, unknown>)
  return Object.fromEntries(fields.filter((field): field is [string, string] => typeof field[1] === 'string'))
}

function show(res: Response, body: string, formTargets: string[] = []): void {
  allowPage(res, formTargets)
  res.type('html').send(body)
}

async function schoolName(context: EntryContext, at: { boardId: string; schoolId: string }): Promise<string> {
  const { boardId, schoolId: id } = at
  const school = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.school.findUnique({ where: { boardId_id: { boardId, id } }, select: { name: true } }),
  )
  return school?.name ?? 'je school'
}

async function who(context: EntryContext, { boardId, schoolId, personId }: Arrival) {
  const keys = await context.keyring.board(boardId)
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const names = await namesOf(tx, keys, boardId, [personId])
    const staff = await tx.affiliation.count({
      where: { boardId, schoolId, personId, status: 'active', role: { not: 'pupil' } },
    })
    const known = names.get(personId)
    return { name: known ? displayName(known) : 'jij', pupil: staff === 0 }
  })
}
