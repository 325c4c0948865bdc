/**
 * /ouder: the way in of a contact of a case, and what they may do there. A window of its own, never framed; no script. The link of the mail shows a
 * button only: mail scanners follow links, and the press uses it up.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type CookieOptions, type ErrorRequestHandler, type Request, type Response, Router, urlencoded } from 'express'
import { z } from 'zod'
import {
  answerAsParent,
  enterByLink,
  leave,
  noteReport,
  type ParentHere,
  ParentText,
  parentHere,
  readAsParent,
} from '../cases/parents.ts'
import { readCookie } from '../entry/cookies.ts'
import { allowPage, asAppError, requireSameOrigin, routeOf, statusOf } from '../http.ts'
import { submit } from '../reports/submit.ts'
import type { ApiContext } from './context.ts'
import { messagesPage, openPage, refusedParentPage, reportPage, thanksPage } from './parent-pages.ts'
import { parentWords } from './parent-words.ts'
import { readReport } from './report-routes.ts'

const css = readFileSync(new URL('./parent.css', import.meta.url), 'utf8')

/** A form sends up to nine bytes for one character: 2000 of them are 18 kB. */
const form = urlencoded({ extended: false, limit: '64kb' })

export function parentRoutes(context: ApiContext): Router {
  const router = Router()
  const own = context.config.url
  const https = own.protocol === 'https:'
  // The prefix binds it to this host and this path (RFC 6265bis §4.1.3); without TLS, on one's own machine, browsers refuse it.
  const cookie = https ? '__Host-m5_ouder' : 'm5_ouder'
  const options: CookieOptions = { httpOnly: true, secure: https, sameSite: 'strict', path: '/' }
  const secretOf = (req: Request) => readCookie(req, cookie) ?? ''

  router.get('/ouder/l/:token', (req, res) => show(res, openPage(req.params.token, req.query.taal)))

  router.post('/ouder/open', form, async (req, res) => {
    requireSameOrigin(req, own)
    const secret = await enterByLink(context, field(req, 't').slice(0, 100))
    if (secret === null) return show(res.status(410), refusedParentPage('closed', field(req, 'taal')))
    res.cookie(cookie, secret, options)
    res.redirect(303, '/ouder')
  })

  router.get('/ouder', async (req, res) => {
    const { here, messages } = await readAsParent(context, secretOf(req))
    show(res, messagesPage(here, messages, randomUUID()))
  })

  router.post('/ouder/bericht', form, async (req, res) => {
    requireSameOrigin(req, own)
    const answer = z.object({ key: z.uuid(), text: ParentText }).safeParse({
      key: field(req, 'key'),
      text: field(req, 'text').replaceAll('\r\n', '\n'),
    })
    // Whoever is not let in any more hears that, and not that the form is empty.
    if (!answer.success) {
      const { language } = await parentHere(context, secretOf(req))
      return show(res.status(400), refusedParentPage('empty', language))
    }
    await answerAsParent(context, secretOf(req), answer.data)
    res.redirect(303, '/ouder')
  })

  router.get('/ouder/melding', async (req, res) => {
    show(res, reportPage(await parentHere(context, secretOf(req)), randomUUID()))
  })

  router.post('/ouder/melding', form, async (req, res) => {
    requireSameOrigin(req, own)
    const here = await parentHere(context, secretOf(req))
    const body = parentReport(req, here)
    if (body === null) return show(res.status(400), refusedParentPage('empty', here.language))
    const { draft, problems } = readReport(body)
    const key = z.uuid().safeParse(field(req, 'key'))
    if (!key.success) problems.push('no-idempotency-key')
    const receipt = await submit(context, {
      ...{ school: here.school, idemKey: key.success ? key.data : randomUUID(), body, draft, problems },
      // Their address is the school's own entry: as sure as a sign-in. Whose it is stands on the contact; no person of the roster has this id.
      reporter: { personId: here.contactId, kind: 'PARENT', standing: 'SIGNED' },
    })
    await noteReport(context, here, receipt.id)
    show(res.status(201), thanksPage(here))
  })

  router.post('/ouder/stop', form, async (req, res) => {
    requireSameOrigin(req, own)
    await leave(context, secretOf(req))
    res.clearCookie(cookie, options)
    res.setHeader('Clear-Site-Data', '"cache"')
    show(res, refusedParentPage('stopped', field(req, 'taal')))
  })

  router.get('/ouder/ouder.css', (_req, res) => {
    res.type('css').setHeader('Cache-Control', 'max-age=3600').send(css)
  })

  const failed: ErrorRequestHandler = (cause, req, res, _next) => {
    const error = asAppError(cause)
    const status = statusOf(error.code)
    const fields = { requestId: res.locals.requestId, method: req.method, route: routeOf(req), status }
    if (status >= 500) context.log.error('page failed', error.cause ?? error, fields)
    else
      context.log.info('request refused', {
        ...fields,
        code: error.code,
        ...(error.reason ? { reason: error.reason } : {}),
      })
    if (status === 503) res.setHeader('Retry-After', '5')
    const language = field(req, 'taal') || req.acceptsLanguages('nl', 'en')
    show(res.status(status), refusedParentPage(error.reason === 'parent-session' ? 'closed' : 'failed', language))
  }
  router.use('/ouder', failed)
  return router
}

function show(res: Response, page: string): void {
  allowPage(res)
  res.type('html').send(page)
}

function fields(req: Request, name: string): string[] {
  const value: unknown = (req.body as Record<string, unknown> | undefined)?.[name]
  return [value ?? []].flat().filter(each => typeof each === 'string')
}

const field = (req: Request, name: string): string => fields(req, name)[0] ?? ''

/** The same JSON that the Stopknop sends: the child of this case, and nobody else, is in it. @returns null when nothing was said */
function parentReport(req: Request, here: ParentHere): Buffer | null {
  const words = field(req, 'words').trim().replaceAll('\r\n', '\n')
  const behaviours = fields(req, 'behaviour')
  if (behaviours.length === 0 && words === '') return null
  const role = field(req, 'role')
  const known = Object.keys(parentWords('nl').roles)
  const report = {
    ...{ v: 1, reporterKind: 'PARENT', behaviours: behaviours.length > 0 ? behaviours : ['OTHER_UNKNOWN'] },
    ...(words === '' ? {} : { words }),
    involved: [{ who: { personId: here.childId }, role: known.includes(role) ? role : 'TARGET' }],
    ...(field(req, 'day') === '' ? {} : { day: field(req, 'day') }),
    ...(field(req, 'talk') === 'yes' ? { wish: 'TALK' } : {}),
    language: here.language,
  }
  return Buffer.from(JSON.stringify(report))
}
