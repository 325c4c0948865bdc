/**
 * The window of a fresh proof, and of making a passkey. The frame asks (POST /entry/fresh, signed), the window shows the ways this person has, and
 * what it proves goes to exactly the session that asked. fresh.ts says what a proof is worth.
 */
import { json, type Request, type Response, Router, urlencoded } from 'express'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { allowPage, requireSameOrigin } from '../http.ts'
import { kindOf } from '../sign-in-kinds.ts'
import { append } from '../store/audit.ts'
import { withTenant } from '../store/scope.ts'
import type { Access } from './access.ts'
import type { EntryContext } from './context.ts'
import { browserCookie, readCookie, setBrowserCookie } from './cookies.ts'
import type { ProofChecker } from './dpop.ts'
import { bearerOf, handoffAnswer, parse } from './frame-routes.ts'
import { judgeAuthTime } from './fresh.ts'
import {
  enrolledPage,
  enrolPage,
  enrolStartPage,
  freshPage,
  type ProofRefusal,
  passkeyRefusedPage,
  passkeyScript,
  proofRefusedPage,
} from './fresh-pages.ts'
import { bindHandoff, findOpenHandoff, type OpenHandoff, openHandoff, type Purpose, refuseHandoff } from './handoff.ts'
import { askToConfirm, formOf, schoolName } from './handoff-window.ts'
import { refusedPage } from './pages.ts'
import { creationOptions, deviceLabel, enrolPasskey, requestOptions, usePasskey } from './passkey.ts'
import { type SignIn, signInsOf } from './sign-in-rows.ts'
import { secret } from './ticket.ts'
import type { Upstreams } from './upstreams.ts'

const proving: readonly Purpose[] = ['fresh', 'enrol']
const FreshBody = z.object({ purpose: z.enum(['fresh', 'enrol']).default('fresh') })
/** An attestation is a few kilobytes; a form writes up to three bytes for each. */
const answerLimit = '32kb'

/** Whether a sign-in there can show that somebody is who they are right now. */
export const provesFreshness = (signIn: Pick<SignIn, 'kind'>) => kindOf(signIn.kind)?.provesAuthTime === true

export interface FreshParts {
  context: EntryContext
  access: Access
  checkProof: ProofChecker
  upstreams: Upstreams
}

export function freshRoutes({ context, access, checkProof, upstreams }: FreshParts): Router {
  const router = Router()
  const own = context.config.url

  router.post('/fresh', json({ limit: '4kb' }), async (req, res) => {
    requireSameOrigin(req, own)
    const { purpose } = parse(FreshBody, req.body ?? {})
    const bearer = bearerOf(req, own)
    const caller = await access.caller(bearer)
    if (purpose === 'enrol' && !caller.kinds.includes('staff'))
      throw new AppError('forbidden', 'Passkeys are for the staff of the school.', { reason: 'staff-only' })
    // The key of this very frame; `caller` has just used the proof up.
    const { jkt } = checkProof(bearer.proof, { method: 'POST', url: bearer.url, now: context.clock() })
    const { boardId, personId, sessionId, channel } = caller
    const handoff = await openHandoff(context, caller, { jkt, address: req.ip, purpose, sessionId, personId })
    const action = purpose === 'fresh' ? 'proof.ask' : 'passkey.ask'
    await withTenant(context.db, { boardId, personId, role: 'person' }, tx =>
      append(tx, { boardId, actor: personId, channel, action, object: sessionId, outcome: 'done' }),
    )
    res.status(201).json(handoffAnswer(handoff, '/entry/fresh'))
  })

  router.get('/fresh', async (req, res) => {
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''), proving)
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const browser = readCookie(req, browserCookie) ?? secret()
    setBrowserCookie(res, own, browser)
    const all = await signInsOf(context, handoff.boardId, handoff.schoolId)
    const asked = { school: await schoolName(context, handoff), handoffId: handoff.id }
    if (handoff.purpose === 'enrol') return show(res, enrolStartPage({ ...asked, signIns: all }))
    const signIns = all.filter(provesFreshness)
    const options = await requestOptions(context, challengeFor(handoff, browser))
    show(res, freshPage({ ...asked, signIns }, options))
  })

  // A link, as on the page where a sign-in is chosen (pages.ts).
  router.get('/fresh/start', async (req, res) => {
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''), proving)
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const all = await signInsOf(context, handoff.boardId, handoff.schoolId)
    const again = handoff.purpose === 'fresh'
    const signIn = all.find(({ id, kind }) => id === req.query.w && (!again || provesFreshness({ kind })))
    if (!signIn) throw new AppError('not-found', 'This sign-in is not known here.')
    const browser = readCookie(req, browserCookie) ?? secret()
    try {
      const to = await upstreams.begin(signIn, handoff.id, browser, again)
      setBrowserCookie(res, own, browser)
      res.redirect(303, to.href)
    } catch (cause) {
      context.log.error('sign-in not begun', cause, { requestId: res.locals.requestId, boardId: signIn.boardId })
      show(res.status(503), refusedPage('sign-in-failed'))
    }
  })

  router.post('/passkey/prove', urlencoded({ extended: false, limit: answerLimit }), async (req, res) => {
    requireSameOrigin(req, own)
    const browser = readCookie(req, browserCookie)
    const used = await usePasskey(context, { text: formOf(req).answer ?? '', browser })
    if ('refused' in used) return show(res.status(403), passkeyRefusedPage(used.refused, again(used.handoff)))
    const { handoff, at } = used
    const result = { at: at.getTime(), by: 'passkey' as const }
    await askToConfirm(context, req, res, { handoff, personId: handoff.personId ?? '', result, browser: browser ?? '' })
  })

  router.post('/passkey/enrol', urlencoded({ extended: false, limit: answerLimit }), async (req, res) => {
    requireSameOrigin(req, own)
    const label = deviceLabel(req.get('user-agent'))
    const answer = { text: formOf(req).answer ?? '', browser: readCookie(req, browserCookie), label }
    const made = await enrolPasskey(context, answer)
    if ('refused' in made) return show(res.status(403), passkeyRefusedPage(made.refused, again(made.handoff)))
    await bindHandoff(context, made.handoff.id, { passkeyId: made.passkeyId })
    show(res, enrolledPage())
  })

  router.get('/passkey.js', (_req, res) => void res.type('text/javascript').send(passkeyScript))
  return router
}

const again = (handoff: OpenHandoff | undefined) => (handoff ? `/entry/fresh?h=${handoff.id}` : null)

export interface Returned {
  handoff: OpenHandoff
  /** Whom the school's sign-in proved, as linked to the roster. */
  personId: string
  /** Seconds since 1970, as the issuer proved it; null where it proves none. */
  authProvenAt: number | null
  browser: string
}

/** Called by the callback of the school's sign-in, for a hand-off that is not there to come in. */
export async function returnedToProve(
  context: EntryContext,
  req: Request,
  res: Response,
  returned: Returned,
): Promise<void> {
  const { handoff, personId, authProvenAt, browser } = returned
  const refuse = async (reason: ProofRefusal) => {
    const { boardId, sessionId = '' } = handoff
    await refuseHandoff(context, handoff.id, reason === 'other-person' ? 'other-person' : 'not-fresh')
    const entry = { boardId, actor: handoff.personId ?? 'entry', action: 'proof.refuse', object: sessionId } as const
    await withTenant(context.db, { boardId, role: 'system' }, tx =>
      append(tx, { ...entry, outcome: 'refused', detail: { reason } }),
    )
    show(res.status(403), proofRefusedPage(reason))
  }
  if (personId !== handoff.personId) return refuse('other-person')
  if (handoff.purpose === 'enrol') {
    const school = await schoolName(context, handoff)
    const options = await creationOptions(context, challengeFor(handoff, browser), school)
    return show(res, enrolPage(school, options))
  }
  const trouble = judgeAuthTime(authProvenAt, context.clock())
  if (trouble || authProvenAt === null) return refuse(trouble ?? 'auth-time-missing')
  const result = { at: Math.floor(authProvenAt * 1000), by: 'auth-time' as const }
  await askToConfirm(context, req, res, { handoff, personId, browser, result })
}

const challengeFor = ({ id: handoffId, boardId, schoolId, personId = '' }: OpenHandoff, browser: string) => ({
  ...{ handoffId, boardId, schoolId, personId, browser },
})

function show(res: Response, body: string): void {
  allowPage(res)
  res.type('html').send(body)
}
