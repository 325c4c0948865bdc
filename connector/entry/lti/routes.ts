/**
 * The LMS calls these in this order: /lti/login (who asks), /lti/begin (our own bounce: did the browser keep its cookie), the platform, /lti/launch.
 * The ladder without third-party cookies: partitioned cookie, what the platform's page keeps for us, a window of our own; never without.
 */
import { readFileSync } from 'node:fs'
import { type CookieOptions, type Request, type Response, Router, urlencoded } from 'express'
import { allowFrame, allowPage, requireSameOrigin } from '../../http.ts'
import type { Platform } from '../../store/lti.ts'
import type { EntryContext } from '../context.ts'
import { readCookie, setWayCookie } from '../cookies.ts'
import { openKeySets } from '../key-sets.ts'
import { secret } from '../ticket.ts'
import { type TroubleNotes, troubleNotes } from '../trouble-notes.ts'
import { arrive } from './arrive.ts'
import { type Launch, Refused, readToken } from './launch.ts'
import { readLogin } from './login.ts'
import { beginPage, failedPage, fetchPage, quarantinePage } from './pages.ts'
import { asksForStorage, platformForLogin, shownBy } from './platforms.ts'
import type { LtiTrouble } from './refusals.ts'
import { type Begun, type BegunState, beginState, cookieName, findState, renewState } from './state.ts'
import { openToolKeys, type ToolSigner } from './tool-keys.ts'
import { finishLaunch, LaunchFailed, verifyToken } from './verify.ts'

const storageScript = readFileSync(new URL('./storage.js', import.meta.url), 'utf8')
const formLimit = '256kb'
const cookieMs = 5 * 60_000

/** A launch that holds, in the board and school that its deployment was approved for. */
export interface Arrived {
  launch: Launch
  platform: Platform
  schoolId: string
}

/** What other files do with a launch. */
export interface LtiHooks {
  /** Answers a deep linking request. */
  deepLink?(req: Request, res: Response, arrived: Arrived): Promise<void>
  /** Told of each launch that holds, after it was answered; what it throws is logged. */
  launched?(arrived: Arrived): Promise<void>
  toolKeys?: ToolSigner
}

export function ltiRoutes(context: EntryContext, hooks: LtiHooks = {}): Router {
  const router = Router()
  const own = context.config.url
  const keyAt = openKeySets(context, { alg: 'RS256' })
  const toolKeys = hooks.toolKeys ?? openToolKeys(context)
  const fail = failing(context, troubleNotes(context))
  const form = urlencoded({ extended: false, limit: formLimit, parameterLimit: 50 })

  router.get('/login', (req, res) => login(req, res, req.query))
  router.post('/login', form, (req, res) => login(req, res, fieldsOf(req)))

  async function login(_req: Request, res: Response, fields: Record<string, unknown>): Promise<void> {
    const read = readLogin(fields, own)
    if ('problem' in read) return fail(res, new LaunchFailed(read.problem, { field: read.field }))
    const { issuer, clientId, deploymentId, loginHint, messageHint = null, storage } = read.login
    const found = await platformForLogin(context, { issuer, clientId, deploymentId })
    if ('problem' in found) return fail(res, new LaunchFailed(found.problem))
    const { platform } = found
    const { authUrl } = platform
    const begun = await beginState(context, {
      ...{ issuer, clientId: platform.clientId, deploymentId: deploymentId ?? null },
      storage: storage ?? (asksForStorage(platform) ? '_parent' : null),
      storageOrigin: platform.storageOrigin ?? new URL(authUrl).origin,
      request: { authUrl, clientId: platform.clientId, loginHint, messageHint },
    })
    keepIn(res, begun)
    res.redirect(303, `/lti/begin?s=${begun.state}`)
  }

  router.get('/begin', async (req, res) => {
    const state = stateOf(req.query.s)
    const inNewWindow = req.query.w === '1'
    const waiting = state && !inNewWindow ? await findState(context, state, readCookie(req, cookieName(state))) : null
    if (waiting?.same) return res.redirect(303, waiting.authorisation.href)
    const renewed = state && (await renewState(context, state))
    if (!renewed) return fail(res, new LaunchFailed('state-gone'))
    if (inNewWindow) {
      keepIn(res, renewed)
      return res.redirect(303, renewed.authorisation.href)
    }
    const storage = { ...storageOf(renewed, renewed.state), value: renewed.browser }
    show(
      res,
      beginPage(storage, renewed.authorisation.href, `/lti/begin?s=${renewed.state}&w=1`),
      await shownBy(context, renewed),
    )
  })

  router.post('/launch', form, async (req, res) => {
    const { id_token: idToken, state: given, error, browser: fetched } = fieldsOf(req)
    const state = stateOf(given)
    try {
      if (error !== undefined) throw new LaunchFailed('platform-says-no', { says: wordOf(error) })
      const verified = await verifyToken(context, keyAt, typeof idToken === 'string' ? idToken : '')
      if (!state) throw new LaunchFailed('state-missing', {}, verified.platforms[0])
      const cookie = readCookie(req, cookieName(state))
      if (!cookie && fetched === undefined) {
        const waiting = await findState(context, state, undefined)
        if (!waiting) throw new LaunchFailed('state-gone', {}, verified.platforms[0])
        return show(
          res,
          fetchPage(storageOf(waiting, state), { idToken: String(idToken), state }),
          await shownBy(context, waiting),
        )
      }
      // What the platform's page kept comes from our own page alone: a stranger's launch is not pushed into somebody's browser.
      if (!cookie) requireSameOrigin(req, own)
      const browser = cookie ?? String(fetched)
      if (browser === '') throw new LaunchFailed('cookie-missing', {}, verified.platforms[0])
      const { launch, placed } = await finishLaunch(context, verified, { state, browser })
      res.clearCookie(cookieName(state), cookieOptions)
      if ('problem' in placed) throw new LaunchFailed(placed.problem, {}, placed.platform)
      await enter(req, res, { launch, platform: placed.platform, schoolId: placed.schoolId })
    } catch (cause) {
      const failed = cause instanceof Refused ? new LaunchFailed(cause.code, cause.facts) : cause
      if (!(failed instanceof LaunchFailed)) throw cause
      await fail(res, failed, failed.platform ?? (await askedBy(state, idToken)))
    }
  })

  async function enter(req: Request, res: Response, arrived: Arrived): Promise<void> {
    const { launch, platform, schoolId } = arrived
    if (launch.messageType === 'LtiDeepLinkingRequest') {
      if (!hooks.deepLink) throw new LaunchFailed('message-unsupported', {}, platform)
      return hooks.deepLink(req, res, arrived)
    }
    const { to, conflict } = await arrive(
      context,
      launch,
      { boardId: platform.boardId, schoolId },
      setWayCookie(res, secret),
    )
    if (conflict) await fail.note(new LaunchFailed('identity-conflict', {}, platform))
    res.redirect(303, to)
    await hooks.launched?.(arrived).catch(cause => context.log.error('after a launch', cause))
  }

  /** Which platform it says it is of; nothing is believed by that but who may show the page. */
  async function askedBy(state: string | null, idToken: unknown) {
    try {
      return readToken(String(idToken))
    } catch {
      return state ? await findState(context, state, undefined) : null
    }
  }

  router.get('/storage.js', (_req, res) => {
    res.type('text/javascript').setHeader('Cache-Control', 'max-age=3600').send(storageScript)
  })

  // Asked by platforms without a sign-in. They keep it for hours: a new key waits a day before it signs.
  router.get('/jwks', async (_req, res) => {
    res.setHeader('Cache-Control', 'public, max-age=900')
    res.json(await toolKeys.jwks())
  })
  return router
}

function failing(context: EntryContext, noted: TroubleNotes) {
  const note = ({ code, facts, platform }: LaunchFailed) => {
    const at = platform ? { boardId: platform.boardId, platformId: platform.id } : {}
    return noted({ ...at, channel: 'lti', code, facts })
  }
  /** @param by the platform that may show it */
  const fail = async (
    res: Response,
    failed: LaunchFailed,
    by: { issuer: string; clientId: string } | null = null,
  ): Promise<void> => {
    const { code } = failed
    const number = await note(failed)
    context.log.info('launch refused', { requestId: res.locals.requestId, channel: 'lti', reason: code })
    res.status(statusOf(code))
    const quarantined = code === 'deployment-quarantined'
    show(res, quarantined ? quarantinePage(number) : failedPage(code, number), by ? await shownBy(context, by) : [])
  }
  return Object.assign(fail, { note })
}

function statusOf(code: LtiTrouble): number {
  if (code.startsWith('deployment-')) return 403
  return code === 'keys-unreachable' || code === 'keys-unreadable' ? 503 : 400
}

/** Nobody frames it where no platform of ours is known. */
function show(res: Response, body: string, origins: readonly string[]): void {
  if (origins.length > 0) allowFrame(res, [...new Set(origins)])
  else allowPage(res)
  res.type('html').send(body)
}

const storageOf = ({ storage, storageOrigin }: Begun, state: string) => ({
  target: storage ?? '',
  origin: storageOrigin,
  key: cookieName(state),
})

/** `__Host-` asks for Secure and this path; browsers take Secure on http://localhost too. Gone with the launch. */
const cookieOptions: CookieOptions = { httpOnly: true, secure: true, sameSite: 'none', partitioned: true, path: '/' }

const keepIn = (res: Response, { state, browser }: BegunState) =>
  res.cookie(cookieName(state), browser, { ...cookieOptions, maxAge: cookieMs })

const fieldsOf = (req: Request) => (req.body ?? {}) as Record<string, unknown>
const stateOf = (value: unknown): string | null =>
  typeof value === 'string' && /^[\w-]{20,100}$/.test(value) ? value : null
/** An error code of OpenID Connect; anything else is not repeated. */
const wordOf = (error: unknown) => (typeof error === 'string' && /^[a-z_]{1,40}$/.test(error) ? error : 'unknown')
