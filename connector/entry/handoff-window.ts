/**
 * What makes a hand-off safe from whoever sends its link on: the window shows that it is in the frame's own browser where it can, and asks the
 * person before anything is bound. handoff.ts says why each is asked. Always top-level, never framed.
 */
import { type Request, type Response, Router, urlencoded } from 'express'
import { z } from 'zod'
import { allowPage, requireSameOrigin } from '../http.ts'
import { append } from '../store/audit.ts'
import { putPending, takePending } from '../store/once.ts'
import { displayName, namesOf } from '../store/people.ts'
import { withTenant } from '../store/scope.ts'
import { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { browserCookie, readCookie, setBrowserCookie } from './cookies.ts'
import {
  askBack,
  bindHandoff,
  findOpenHandoff,
  type OpenHandoff,
  Proof,
  Purpose,
  proveBrowser,
  questionFor,
  refuseHandoff,
} from './handoff.ts'
import { type Asked, answerPage, openPage, pressPage, typePage } from './handoff-pages.ts'
import { donePage, refusedPage } from './pages.ts'
import { secret } from './ticket.ts'

const confirmMinutes = 5

const Confirm = z.object({
  handoffId: z.uuid(),
  boardId: z.uuid(),
  personId: z.uuid(),
  question: z.enum(['press', 'type', 'type-and-answer']),
  code: z.string(),
  browser: z.string(),
  result: z.union([Arrival, Proof]),
})

export function handoffWindow(context: EntryContext): Router {
  const router = Router()

  /** The first page of the window, for every purpose: a script asks the frame for its key, and goes on with or without. */
  router.get('/open', async (req, res) => {
    const handoff = await findOpenHandoff(context, String(req.query.h ?? ''), Purpose.options)
    if (!handoff) return show(res.status(410), refusedPage('gone'))
    const next = `${handoff.purpose === 'enter' ? '/entry/go' : '/entry/fresh'}?h=${handoff.id}`
    // The one page that keeps its opener, so that both can speak to each other; the next one cuts it off again.
    res.setHeader('Cross-Origin-Opener-Policy', 'unsafe-none')
    show(res, openPage(handoff.id, next))
  })

  router.post('/open', urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    requireSameOrigin(req, context.config.url)
    const { h, key } = formOf(req)
    const browser = readCookie(req, browserCookie) ?? secret()
    if (key && z.uuid().safeParse(h).success && (await proveBrowser(context, { id: h ?? '', windowKey: key, browser })))
      setBrowserCookie(res, context.config.url, browser)
    res.status(204).end()
  })

  router.post('/confirm', urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    requireSameOrigin(req, context.config.url)
    const { t, code } = formOf(req)
    const found = Confirm.safeParse(await takePending(context.db, 'confirm', t ?? '', context.clock()))
    if (!found.success || found.data.browser !== readCookie(req, browserCookie))
      return show(res.status(410), refusedPage('gone'))
    const { handoffId, question, result } = found.data
    const expected = question === 'press' ? 'yes' : found.data.code
    if (code?.trim() !== expected) {
      const reason = code === 'no' ? ('declined' as const) : ('wrong-code' as const)
      await refuseHandoff(context, handoffId, reason)
      await noted(context, found.data, reason)
      context.log.info('sign-in ended', { requestId: res.locals.requestId, reason })
      return show(res.status(reason === 'declined' ? 200 : 403), refusedPage(reason))
    }
    if (question === 'type-and-answer') {
      const digits = await askBack(context, handoffId, result)
      if (!digits) return show(res.status(410), refusedPage('gone'))
      await noted(context, found.data, 'other-network')
      return show(res, answerPage(digits))
    }
    if (!(await bindHandoff(context, handoffId, result))) return show(res.status(410), refusedPage('gone'))
    show(res, donePage())
  })

  router.get('/open.js', (_req, res) => void res.type('text/javascript').send(openScript))
  return router
}

/** The last page of every way through the window: bound only after it. */
export async function askToConfirm(
  context: EntryContext,
  req: Request,
  res: Response,
  asked: { handoff: OpenHandoff; personId: string; result: Arrival | Proof; browser: string },
): Promise<void> {
  const { handoff, personId, result, browser } = asked
  const { boardId, schoolId, id: handoffId } = handoff
  const question = await questionFor(context, handoff, { browser, address: req.ip })
  const proves = handoff.purpose !== 'enter'
  // Who has just shown a passkey or a password in the frame's own browser has said enough.
  if (proves && question === 'press') {
    const bound = await bindHandoff(context, handoffId, result)
    return show(bound ? res : res.status(410), bound ? donePage() : refusedPage('gone'))
  }
  const token = secret()
  const payload = { handoffId, boardId, personId, question, code: handoff.code, browser, result: { ...result } }
  const expiresAt = new Date(context.clock().getTime() + confirmMinutes * 60_000)
  await putPending(context.db, { kind: 'confirm', secret: token, payload, expiresAt })
  const page: Asked = {
    purpose: proves ? 'fresh' : 'enter',
    ...(await whoAndWhere(context, { boardId, schoolId, personId })),
    from: handoff.from,
  }
  show(res, question === 'press' ? pressPage(page, token) : typePage(page, token, question === 'type-and-answer'))
}

/** Somebody may have tried to come in as this person: their privacy officer can see that. */
async function noted(
  context: EntryContext,
  { boardId, personId, handoffId, question }: z.infer<typeof Confirm>,
  reason: 'declined' | 'wrong-code' | 'other-network',
): Promise<void> {
  const outcome = reason === 'other-network' ? ('done' as const) : ('refused' as const)
  const detail = { reason, sameBrowser: question === 'press', otherNetwork: question === 'type-and-answer' }
  await withTenant(context.db, { boardId, role: 'system' }, tx =>
    append(tx, {
      boardId,
      actor: personId,
      channel: 'oidc',
      action: 'handoff.confirm',
      object: handoffId,
      outcome,
      detail,
    }),
  )
}

async function whoAndWhere(
  context: EntryContext,
  { boardId, schoolId, personId }: { boardId: string; schoolId: string; personId: string },
): Promise<{ school: string; name: string }> {
  const keys = await context.keyring.board(boardId)
  const names = await withTenant(context.db, { boardId, role: 'system' }, tx => namesOf(tx, keys, boardId, [personId]))
  const known = names.get(personId)
  return { school: await schoolName(context, { boardId, schoolId }), name: known ? displayName(known) : 'jij' }
}

export async function schoolName(context: EntryContext, at: { boardId: string; schoolId: string }): Promise<string> {
  const { boardId, schoolId: id } = at
  const school = await withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.school.findUnique({ where: { boardId_id: { boardId, id } }, select: { name: true } }),
  )
  return school?.name ?? 'je school'
}

/** Fields that came once; a body that is no form has none. */
export function formOf(req: Request): Record<string, string> {
  const fields = Object.entries((req.body ?? {}) as Record<string, unknown>)
  return Object.fromEntries(fields.filter((field): field is [string, string] => typeof field[1] === 'string'))
}

function show(res: Response, body: string): void {
  allowPage(res)
  res.type('html').send(body)
}

/**
 * The whole of open.js. Asks whoever opened the window, and every page of ours in this browser, for the key of this hand-off; only pages of our own
 * origin hear the question, and only their answer is taken (widgets/kit/window-key.ts). No answer: on without it.
 */
const openScript = `const next = document.getElementById('next')
const id = next.dataset.handoff
const ask = { m5: 'window-key?', id }
let done = false
const go = () => { if (!done) { done = true; location.replace(next.href) } }
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('m5-window-key') : undefined
let asked = false
const heard = async data => {
  if (asked || data?.m5 !== 'window-key' || data.id !== id || typeof data.key !== 'string') return
  asked = true
  try {
    await fetch('/entry/open', { method: 'POST', body: new URLSearchParams({ h: id, key: data.key }), signal: AbortSignal.timeout(4000) })
  } catch {}
  go()
}
addEventListener('message', event => { if (event.origin === location.origin) void heard(event.data) })
if (channel) channel.onmessage = event => void heard(event.data)
opener?.postMessage(ask, location.origin)
channel?.postMessage(ask)
setTimeout(() => asked || go(), opener ? 1500 : 400)
`
