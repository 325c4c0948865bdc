/**
 * What Teams and SharePoint show: /teams/tab signs in silently and goes on to the view, /teams/config lets a teacher choose which view a tab is.
 * Framed by Microsoft's hosts and the origins that the school listed, errors included. All sentences stand in the page; the script shows one.
 */
import { readFileSync } from 'node:fs'
import { type Request, type Response, Router } from 'express'
import { type Html, html } from '../entry/page.ts'
import { allowFrame, asAppError, statusOf } from '../http.ts'
import { sharePointOrigins, teamsOrigins } from '../manifest/teams-hosts.ts'
import type { Assets } from './assets.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { type Say, words } from './teams-words.ts'

const styles = readFileSync(new URL('./teams.css', import.meta.url), 'utf8')

const views = ['meld', 'groep'] as const
type View = (typeof views)[number]

export function teamsPages(context: ApiContext, assets: Assets): Router {
  const router = Router()
  router.get('/teams/teams.css', (_req, res) => {
    res.type('css').setHeader('Cache-Control', 'max-age=3600').send(styles)
  })
  const page = (path: string, body: (school: SchoolHere, req: Request, say: Say) => Html) => {
    router.get(path, async (req, res) => {
      const say = req.acceptsLanguages('nl', 'en') === 'en' ? words.en : words.nl
      // Headers first: what goes wrong shows in Teams too.
      allowFrame(res, teamsOrigins)
      try {
        const school = await context.school(req.query.s)
        allowFrame(res, [...new Set([...teamsOrigins, ...school.origins])])
        res.type('html').send(shell(say, body(school, req, say), assets.tags('teams')))
      } catch (cause) {
        sendTrouble(context, res, say, cause)
      }
    })
  }
  page('/teams/tab', (school, req, say) => tab(school, req.query.view === 'groep' ? 'groep' : 'meld', say))
  page('/teams/config', (school, _req, say) => config(school, context.config.url, say))
  return router
}

/** What the script may know stands in attributes; a sentence shows when its `data-when` is what happened. */
function tab(school: SchoolHere, view: View, say: Say): Html {
  const next = `/${view}?s=${encodeURIComponent(school.publishableKey)}`
  const hosts = sharePointOrigins(school.origins).join(' ')
  return html`<main data-teams="tab" data-school="${school.publishableKey}" data-next="${next}" data-hosts="${hosts}">
<p data-when="waiting" role="status">${say.waiting}</p>
<div data-when="refused" role="alert" hidden><h1>${say.refusedTitle}</h1><p>${say.refused}</p>
<p class="number" hidden>${say.number} <strong data-number></strong></p></div>
<div data-when="failed" role="alert" hidden><h1>${say.failedTitle}</h1><p>${say.failed}</p></div>
<p class="go" data-when="refused failed" hidden><a href="${next}">${say.go}</a></p>
<noscript><p>${say.noScript}</p><p class="go"><a href="${next}" target="_blank" rel="noopener">${say.window}</a></p></noscript>
</main>`
}

function config(school: SchoolHere, url: URL, say: Say): Html {
  const choices = views.map(view => {
    const key = encodeURIComponent(school.publishableKey)
    const content = new URL(`/teams/tab?s=${key}&view=${view}`, url).href
    const website = new URL(`/${view}?s=${key}`, url).href
    const { title, hint } = say.views[view]
    return html`<label><input type="radio" name="view" value="${view}" data-name="${title}" data-content="${content}" data-website="${website}"${view === 'meld' ? html` checked` : ''}>
<span><strong>${title}</strong><br>${hint}</span></label>`
  })
  return html`<main data-teams="config" data-hosts="${sharePointOrigins(school.origins).join(' ')}">
<h1>${say.chooseTitle}</h1>
<form data-when="waiting"><fieldset><legend>${school.name}</legend>${choices}</fieldset></form>
<p data-when="waiting" role="status">${say.chooseHint}</p>
<p data-when="failed" role="alert" hidden>${say.outside}</p>
<noscript><p>${say.noScript}</p></noscript>
</main>`
}

function sendTrouble(context: ApiContext, res: Response, say: Say, cause: unknown): void {
  const error = asAppError(cause)
  const status = statusOf(error.code)
  if (status >= 500) context.log.error('page failed', cause, { requestId: res.locals.requestId })
  if (status === 503) res.setHeader('Retry-After', '5')
  const unknown = error.reason === 'school-unknown'
  const body = html`<main><h1>${unknown ? say.unknownTitle : say.failedTitle}</h1><p>${unknown ? say.unknown : say.later}</p><p>${say.alarm}</p></main>`
  res.status(status).type('html').send(shell(say, body))
}

function shell(say: Say, body: Html, scripts?: Html): string {
  return html`<!doctype html>
<html lang="${say.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>M5 Stopknop</title>
<link rel="stylesheet" href="/teams/teams.css">
${scripts ?? ''}
</head>
<body>${body}</body>
</html>
`.text
}
