/** The sign-in window: /entry/go → the school's sign-in → /entry/callback → "is this your code?" → done. Always top-level, never framed. */
import { readFileSync } from 'node:fs'
import { type Request, type Response, Router } from 'express'
import { AppError } from '../errors.ts'
import { allowPage, asAppError, routeOf } from '../http.ts'
import { whatFailed } from './answer.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { browserCookie, choiceCookie, readCookie, setBrowserCookie, setChoiceCookie } from './cookies.ts'
import { returnedToProve } from './fresh-routes.ts'
import { findOpenHandoff, type OpenHandoff, Purpose, type RefusalReason, refuseHandoff } from './handoff.ts'
import { askToConfirm, schoolName } from './handoff-window.ts'
import { linkIdentity } from './link.ts'
import { choosePage, closeScript, refusedPage } from './pages.ts'
import { secret } from './ticket.ts'
import { troubleNotes } from './trouble-notes.ts'
import { type Refusal, type SignIn, signInsOf, type Upstreams } from './upstreams.ts'

const css = readFileSync(new URL('./entry.css', import.meta.url), 'utf8')

/** What the administrator finds under the number on the page. */
type Told = Pick<Refusal, 'boardId' | 'code' | 'facts'>

export function windowRoutes(context: EntryContext, upstreams: Upstreams): Router {
  const router = Router()
  const note = troubleNotes(context)

  router.get('/go', async (req, res) => {
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''))
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const signIns = await signInsOf(context, handoff.boardId, handoff.schoolId)
    const [only] = signIns
    if (only && signIns.length === 1) return leave(req, res, handoff, only)
    const school = await schoolName(context, handoff)
    show(res, choosePage({ school }, handoff.id, { signIns, last: readCookie(req, choiceCookie) }))
  })

  router.get('/start', async (req, res) => {
    const wanted = String(req.query.w ?? '')
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''))
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const signIn = (await signInsOf(context, handoff.boardId, handoff.schoolId)).find(s => s.id === wanted)
    if (!signIn) throw new AppError('not-found', 'This sign-in is not known here.')
    setChoiceCookie(res, context.config.url, signIn.id)
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
      const facts = { signIn: signIn.id, kind: signIn.kind, ...whatFailed(cause) }
      const number = await numberOf({ boardId: signIn.boardId, code: 'sign-in-unreachable', facts })
      show(res.status(503), refusedPage('sign-in-failed', number))
    }
  }

  router.get('/callback/:signInId', async (req, res) => {
    const browser = readCookie(req, browserCookie)
    const answer = new URL(req.originalUrl, context.config.url)
    try {
      const finished = await upstreams.finish(req.params.signInId, answer, browser)
      const { handoffId } = finished
      const handoff = await findOpenHandoff(context, handoffId, Purpose.options)
      if (!handoff) return show(res.status(410), refusedPage('gone'))
      if (finished.state === 'failed') return await fail(res, finished)
      if (finished.state === 'refused') return await refuse(res, handoffId, finished.reason, finished)
      const { identity } = finished
      if (identity.boardId !== handoff.boardId || identity.schoolId !== handoff.schoolId)
        return await refuse(res, handoffId, 'sign-in-failed')
      const link = await linkIdentity(context, identity)
      if (link.found !== 'person')
        return await refuse(res, handoffId, link.found === 'nobody' ? 'nobody-found' : 'conflict')
      const { boardId, schoolId } = handoff
      const { acr, authTime, authProvenAt, tags } = finished
      const proven = { handoff, personId: link.personId, browser: browser ?? '' }
      if (handoff.purpose !== 'enter') return await returnedToProve(context, req, res, { ...proven, authProvenAt })
      const arrival: Arrival = { boardId, schoolId, personId: link.personId, channel: 'oidc', acr, authTime, ...tags }
      await askToConfirm(context, req, res, { ...proven, result: arrival })
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

  async function refuse(res: Response, handoffId: string, reason: RefusalReason, told?: Told) {
    await refuseHandoff(context, handoffId, reason)
    context.log.info('sign-in ended', { requestId: res.locals.requestId, reason })
    const number = told && reason !== 'declined' ? await numberOf(told) : undefined
    show(res.status(reason === 'declined' ? 200 : 403), refusedPage(reason, number))
  }

  /** The hand-off stays open: it may be a passing trouble, and nobody was named by it. */
  async function fail(res: Response, told: Told & { unreachable: boolean }) {
    context.log.warn('sign-in failed', { requestId: res.locals.requestId, reason: told.code })
    show(res.status(told.unreachable ? 503 : 400), refusedPage('sign-in-failed', await numberOf(told)))
  }

  const numberOf = ({ boardId, code, facts }: Told) =>
    note({ boardId, channel: 'oidc', ...(facts.signIn ? { platformId: facts.signIn } : {}), code, facts })

  router.get('/entry.css', (_req, res) => void res.type('css').setHeader('Cache-Control', 'max-age=3600').send(css))
  router.get('/close.js', (_req, res) => void res.type('text/javascript').send(closeScript))
  return router
}

function show(res: Response, body: string, formTargets: string[] = []): void {
  allowPage(res, formTargets)
  res.type('html').send(body)
}
