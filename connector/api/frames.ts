/**
 * The pages that show in a portal's frame, or alone in a tab: a shell around a view of widgets/views. Framed only by the origins that the
 * school listed, errors included. Without JavaScript /meld is a plain form that ends in the same transaction.
 */
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { type ErrorRequestHandler, type Response, Router, urlencoded } from 'express'
import { type Html, html } from '../entry/page.ts'
import { AppError } from '../errors.ts'
import { allowFrame, allowPage, asAppError, statusOf } from '../http.ts'
import { submit } from '../reports/submit.ts'
import type { Assets } from './assets.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { formInfo } from './form-routes.ts'
import { plainForm, plainReport, thanks } from './plain-form.ts'
import { readReport } from './report-routes.ts'

/** A form sends up to nine bytes for one character: 2000 of them are 18 kB. */
const formLimit = '64kb'

export function viewRoutes(context: ApiContext, assets: Assets): Router {
  const router = Router()

  const view = (path: string, name: string, body: (school: SchoolHere) => Html, title: string, place = inFrame) => {
    router.get(path, async (req, res) => {
      await shown(context, res, req.query.s, school => shell(title, assets.tags(name), body(school)), place)
    })
  }
  view('/groep', 'groep', () => html`<m5-view-group></m5-view-group>`, 'M5 Monitor: meldingen')
  view(
    '/meld',
    'meld',
    school =>
      html`<m5-view-stopknop info="${JSON.stringify(formInfo(school))}"></m5-view-stopknop><noscript>${plainForm(school, randomUUID())}</noscript>`,
    'Stopknop',
  )
  view(
    '/bevestig',
    'bevestig',
    () => html`<m5-view-grant></m5-view-grant><noscript>Zet JavaScript aan om deze link te openen.</noscript>`,
    'Een rol bevestigen',
    alone,
  )

  router.post('/meld', urlencoded({ extended: false, limit: formLimit }), async (req, res) => {
    await shown(context, res, req.query.s, async school => {
      if (!req.body) throw new AppError('invalid-input', 'This is not our form.')
      const { body, idemKey } = plainReport(req.body as Record<string, string | string[]>)
      const { draft, problems } = readReport(body)
      if (!idemKey) problems.push('no-idempotency-key')
      const facts = { school, idemKey: idemKey ?? randomUUID(), body, draft, problems, reporter: null }
      await submit(context, facts)
      res.status(201)
      return shell('Gelukt', undefined, thanks())
    })
  })
  // What is too long or broke off is told on a page too.
  const unread: ErrorRequestHandler = (cause, req, res, _next) =>
    shown(context, res, req.query.s, () => {
      throw cause
    })
  router.use('/meld', unread)
  return router
}

/** Where a page may show, and what it says when it cannot. */
interface Place {
  allow(res: Response, school: SchoolHere): void
  unknown: Html
  failed: Html
}

const inFrame: Place = {
  allow: (res, school) => allowFrame(res, school.origins),
  unknown: html`<h1>Deze knop hoort bij geen school</h1><p>De link klopt niet meer. Vraag de school om een nieuwe.</p>`,
  failed: html`<h1>Dit lukt nu niet</h1><p>Je melding is nog niet verstuurd. Probeer het over een minuut opnieuw.</p>
<p>Is er gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432.</p>`,
}

/** A window of its own: nobody may frame it. */
const alone: Place = {
  allow: res => allowPage(res),
  unknown: html`<h1>Deze link hoort bij geen school</h1><p>Heb je de hele link geopend? Vraag anders om een nieuwe.</p>`,
  failed: html`<h1>Dit lukt nu niet</h1><p>Er is niets bevestigd. Open de link over een minuut opnieuw.</p>`,
}

/** Headers first, so that also what goes wrong shows only where the school said: nowhere, while no school is known. */
async function shown(
  context: ApiContext,
  res: Response,
  key: unknown,
  render: (school: SchoolHere) => string | Promise<string>,
  place = inFrame,
): Promise<void> {
  res.type('html')
  allowPage(res)
  try {
    const school = await context.school(key)
    place.allow(res, school)
    await send(res, await render(school))
  } catch (cause) {
    const error = asAppError(cause)
    const status = statusOf(error.code)
    if (status >= 500) context.log.error('page failed', cause, { requestId: res.locals.requestId })
    if (status === 503) res.setHeader('Retry-After', '5')
    const text = html`<main>${error.reason === 'school-unknown' ? place.unknown : place.failed}</main>`
    await send(res.status(status), shell('Dit lukt nu niet', undefined, text))
  }
}

const plainStyles = html`<link rel="stylesheet" href="/plain.css">`

const compress = promisify(brotliCompress)
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** Mostly words, so a third travels. Holds no secret beside what somebody sent: nothing to measure by its size (BREACH). */
async function send(res: Response, page: string): Promise<void> {
  res.vary('Accept-Encoding')
  if (!res.req.acceptsEncodings('br')) return void res.send(page)
  res.setHeader('Content-Encoding', 'br')
  res.send(await compress(page, quickly))
}

/** Views bring their own styles: the plain ones are for who has no script, and for pages without one. */
function shell(title: string, scripts: Html | undefined, body: Html): string {
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${scripts ? html`<noscript>${plainStyles}</noscript>${scripts}` : plainStyles}
</head>
<body>${body}</body>
</html>
`.text
}
