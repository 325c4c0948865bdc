/**
 * The pages that show in a frame: /meld and /groep, filled by the views of widgets/views. Framed only by the origins that the
 * school listed, errors included. Without JavaScript /meld is a plain form that ends in the same transaction.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { brotliCompressSync } from 'node:zlib'
import { type ErrorRequestHandler, type Request, type Response, Router, urlencoded } from 'express'
import { networkOf } from '../entry/handoff-network.ts'
import { type Html, html } from '../entry/page.ts'
import { AppError } from '../errors.ts'
import { allowPage } from '../http.ts'
import type { FloodWatch } from '../reports/flood.ts'
import { submit } from '../reports/submit.ts'
import type { Assets } from './assets.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { formInfo } from './form-routes.ts'
import { oembedLink } from './oembed.ts'
import { helpOf, pathTo, plainForm, plainReport, thanks } from './plain-form.ts'
import type { PlainWords } from './plain-words.ts'
import { readReport } from './report-routes.ts'
import { inFrame, type Place, shell, shown } from './school-page.ts'

/** A form sends up to nine bytes for one character: 2000 of them are 18 kB. */
const formLimit = '64kb'

const own = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8')
const plainScript = own('./plain.js')
const lateCss = own('./late.css')

export function viewRoutes(context: ApiContext, assets: Assets, flood: FloodWatch): Router {
  const router = Router()

  const view = (path: string, name: string, body: () => Html, title: string, place: Place) => {
    router.get(path, async (req, res) => {
      const scripts = assets.tags(name)
      await shown(context, res, req.query.s, (_, say) => shell({ title, say, scripts }, body()), place)
    })
  }
  view('/groep', 'groep', () => html`<m5-view-group></m5-view-group>`, 'M5 Monitor: meldingen', panel)
  view(
    '/bevestig',
    'bevestig',
    () => html`<m5-view-grant></m5-view-grant><noscript>Zet JavaScript aan om deze link te openen.</noscript>`,
    'Een rol bevestigen',
    alone,
  )

  router.get('/meld', async (req, res) => {
    await shown(context, res, req.query.s, (school, say) => {
      const title = `${say.form.title} – ${school.name}`
      const head = oembedLink(context.config.url.origin, school.publishableKey)
      if (req.query.plain) return shell({ title, say, head }, plainForm(school, randomUUID(), say))
      const info = JSON.stringify(formInfo(school, say.language))
      const body = html`<m5-view-stopknop info="${info}">${late(school, say)}</m5-view-stopknop>`
      return shell({ title, say, head, scripts: html`${withoutScript(school, say)}${assets.tags('meld')}` }, body)
    })
  })

  router.post('/meld', urlencoded({ extended: false, limit: formLimit }), async (req, res) => {
    await shown(context, res, req.query.s, async (school, say) => {
      if (!req.body) throw new AppError('invalid-input', 'This is not our form.')
      const { body, idemKey } = plainReport(req.body as Record<string, string | string[]>)
      const { draft, problems } = readReport(body)
      if (!idemKey) problems.push('no-idempotency-key')
      if (flood.isFlood(school, networkOf(req.ip))) problems.push('flood')
      const facts = { school, idemKey: idemKey ?? randomUUID(), body, draft, problems, reporter: null }
      const { code } = await submit(context, facts)
      res.status(201)
      return shell({ title: say.thanks.title, say }, thanks(school, say, code))
    })
  })
  // What is too long or broke off is told on a page too.
  const unread: ErrorRequestHandler = (cause, req: Request, res, _next) =>
    shown(context, res, req.query.s, () => {
      throw cause
    })
  router.use('/meld', unread)

  const file =
    (type: string, text: string, small = brotliCompressSync(text)) =>
    (req: Request, res: Response) => {
      res.type(type).setHeader('Cache-Control', 'max-age=3600')
      res.vary('Accept-Encoding')
      if (!req.acceptsEncodings('br')) return void res.send(text)
      res.setHeader('Content-Encoding', 'br')
      res.send(small)
    }
  router.get('/plain.js', file('js', plainScript))
  router.get('/late.css', file('css', lateCss))
  return router
}

/**
 * Without JavaScript the plain form follows at once; a link to it and the help lines stand in the page as well. The style sheet is small, because
 * the frame waits for it: it hides what stands in for the view for as long as a view may take to come.
 */
const withoutScript = (school: SchoolHere, say: PlainWords): Html =>
  html`<link rel="stylesheet" href="/late.css"><noscript><meta http-equiv="refresh" content="0;url=${pathTo('meld', school, say)}"></noscript>`

/** In the place of the view until it is there, and when it never comes: a script may be blocked or lost on the way. */
const late = (school: SchoolHere, say: PlainWords): Html =>
  html`<div class="late"><p>${say.loading.wait} <a href="${pathTo('meld', school, say)}">${say.loading.plain}</a></p>${helpOf(school, say)}</div>`

const panel: Place = {
  ...inFrame,
  unknown: () =>
    html`<h1>Deze link hoort bij geen school</h1><p>De link klopt niet meer. Vraag de school om een nieuwe.</p>`,
  failed: () => html`<h1>Dit lukt nu niet</h1><p>Probeer het over een minuut opnieuw.</p>`,
}

/** A window of its own: nobody may frame it. */
const alone: Place = {
  allow: res => allowPage(res),
  unknown: () =>
    html`<h1>Deze link hoort bij geen school</h1><p>Heb je de hele link geopend? Vraag anders om een nieuwe.</p>`,
  failed: () => html`<h1>Dit lukt nu niet</h1><p>Er is niets bevestigd. Open de link over een minuut opnieuw.</p>`,
}
