/**
 * The pages that show in a portal's frame, or alone in a tab: a shell around a view of widgets/views. Framed only by the origins that the
 * school listed, errors included. Without JavaScript /meld is a plain form that ends in the same transaction.
 */
import { randomUUID } from 'node:crypto'
import { type ErrorRequestHandler, type Response, Router, urlencoded } from 'express'
import { type Html, html } from '../entry/page.ts'
import { AppError } from '../errors.ts'
import { allowFrame, asAppError, statusOf } from '../http.ts'
import { submit } from '../reports/submit.ts'
import type { Assets } from './assets.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { plainForm, plainReport, thanks } from './plain-form.ts'
import { readReport } from './report-routes.ts'

/** A form sends up to nine bytes for one character: 2000 of them are 18 kB. */
const formLimit = '64kb'

export function viewRoutes(context: ApiContext, assets: Assets): Router {
  const router = Router()

  const view = (path: string, name: string, body: (school: SchoolHere) => Html, title: string) => {
    router.get(path, async (req, res) => {
      await framed(context, res, req.query.s, school => shell(title, assets.tags(name), body(school)))
    })
  }
  view('/groep', 'groep', () => html`<m5-view-group></m5-view-group>`, 'M5 Monitor: meldingen')
  view(
    '/meld',
    'meld',
    school => html`<m5-view-stopknop></m5-view-stopknop><noscript>${plainForm(school, randomUUID())}</noscript>`,
    'Stopknop',
  )

  router.post('/meld', urlencoded({ extended: false, limit: formLimit }), async (req, res) => {
    await framed(context, res, req.query.s, async school => {
      if (!req.body) throw new AppError('invalid-input', 'This is not our form.')
      const { body, idemKey } = plainReport(req.body as Record<string, string | string[]>)
      const { draft, problems } = readReport(body)
      if (!idemKey) problems.push('no-idempotency-key')
      const facts = { school, idemKey: idemKey ?? randomUUID(), body, draft, problems, reporter: null }
      await submit(context, { ...facts, standing: 'UNSIGNED' })
      res.status(201)
      return shell('Gelukt', undefined, thanks())
    })
  })
  // What is too long or broke off is told on a page too.
  const unread: ErrorRequestHandler = (cause, req, res, _next) =>
    framed(context, res, req.query.s, () => {
      throw cause
    })
  router.use('/meld', unread)
  return router
}

/** Headers first, so that also what goes wrong shows only where the school said. */
async function framed(
  context: ApiContext,
  res: Response,
  key: unknown,
  render: (school: SchoolHere) => string | Promise<string>,
): Promise<void> {
  res.type('html')
  try {
    const school = await context.school(key)
    allowFrame(res, school.origins)
    res.send(await render(school))
  } catch (cause) {
    const error = asAppError(cause)
    const status = statusOf(error.code)
    if (status >= 500) context.log.error('page failed', cause, { requestId: res.locals.requestId })
    if (status === 503) res.setHeader('Retry-After', '5')
    const text =
      error.reason === 'school-unknown'
        ? html`<main><h1>Deze knop hoort bij geen school</h1><p>De link klopt niet meer. Vraag de school om een nieuwe.</p></main>`
        : html`<main><h1>Dit lukt nu niet</h1><p>Je melding is nog niet verstuurd. Probeer het over een minuut opnieuw.</p>
<p>Is er gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432.</p></main>`
    res.status(status).send(shell('Dit lukt nu niet', undefined, text))
  }
}

function shell(title: string, scripts: Html | undefined, body: Html): string {
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/plain.css">
${scripts ?? html``}
</head>
<body>${body}</body>
</html>
`.text
}
