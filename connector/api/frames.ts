/**
 * The pages that show in a portal's frame, or alone in a tab: a shell around a view of widgets/views. Framed only by the origins that the
 * school listed, errors included. Without JavaScript /meld is a plain form that ends in the same transaction.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import express, { type Response, Router, urlencoded } from 'express'
import { type Html, html } from '../entry/page.ts'
import { AppError } from '../errors.ts'
import { allowFrame, asAppError, statusOf } from '../http.ts'
import { submit } from '../reports/submit.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { plainForm, plainReport, thanks } from './plain-form.ts'

const dist = fileURLToPath(new URL('../../widgets/dist/', import.meta.url))

interface Entry {
  file: string
  css?: string[]
  isEntry?: boolean
  name?: string
}

/** @throws AppError `misconfigured` when the widgets were not built */
export function frameRoutesOfViews(context: ApiContext): Router {
  const views = readViews()
  const router = Router()

  router.use('/v/1/m5.js', (_req, res, next) => {
    res.setHeader('Cache-Control', 'public, max-age=300')
    next()
  })
  router.use(
    ['/v/1', '/v/app'],
    (_req, res, next) => {
      // Module scripts are fetched with CORS, from whatever page embeds them; there is nothing secret in them.
      res.setHeader('Access-Control-Allow-Origin', '*')
      res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
      if (res.getHeader('Cache-Control') === 'no-store')
        res.setHeader('Cache-Control', 'public, max-age=31536000, immutable')
      next()
    },
    express.static(dist, { index: false, dotfiles: 'ignore', cacheControl: false }),
  )

  const view = (path: string, name: string, body: (school: SchoolHere) => Html, title: string) => {
    router.get(path, async (req, res) => {
      await framed(context, res, req.query.s, school => shell(title, views[name], body(school)))
    })
  }
  view('/groep', 'groep', () => html`<m5-view-group></m5-view-group>`, 'M5 Monitor: meldingen')
  view(
    '/meld',
    'meld',
    school => html`<m5-view-stopknop></m5-view-stopknop><noscript>${plainForm(school, randomUUID())}</noscript>`,
    'Stopknop',
  )

  router.post('/meld', urlencoded({ extended: false, limit: '16kb' }), async (req, res) => {
    await framed(context, res, req.query.s, async school => {
      const { draft, body, idemKey } = plainReport(req.body as Record<string, string | string[]>)
      const facts = { school, idemKey: idemKey ?? randomUUID(), body, draft, problems: [], reporter: null }
      await submit(context, { ...facts, standing: 'UNSIGNED' })
      res.status(201)
      return shell('Gelukt', undefined, thanks())
    })
  })
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
    const text =
      error instanceof AppError && error.reason === 'school-unknown'
        ? html`<main><h1>Deze knop hoort bij geen school</h1><p>De link klopt niet meer. Vraag de school om een nieuwe.</p></main>`
        : html`<main><h1>Dit lukt nu niet</h1><p>Je melding is nog niet verstuurd. Probeer het over een minuut opnieuw.</p>
<p>Is er gevaar? Bel 112. Wil je praten? Bel de Kindertelefoon: 0800-0432.</p></main>`
    res.status(status).send(shell('Dit lukt nu niet', undefined, text))
  }
}

function shell(title: string, entry: Entry | undefined, body: Html): string {
  const css = (entry?.css ?? []).map(file => html`<link rel="stylesheet" href="/v/app/${file}">`)
  const script = entry ? html`<script type="module" src="/v/app/${entry.file}"></script>` : html``
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/plain.css">
${css}${script}
</head>
<body>${body}</body>
</html>
`.text
}

function readViews(): Record<string, Entry> {
  let manifest: Record<string, Entry>
  try {
    manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8')) as Record<string, Entry>
  } catch (cause) {
    throw new AppError('misconfigured', 'The widgets are not built: run npm run build.', { cause })
  }
  return Object.fromEntries(
    Object.values(manifest)
      .filter(e => e.isEntry && e.name)
      .map(e => [String(e.name), e]),
  )
}
