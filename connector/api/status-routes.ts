/** /status: three words, and how far the school is. A page and a form, in the frame or alone, with or without JavaScript; no cookie. */
import { setTimeout as wait } from 'node:timers/promises'
import { type ErrorRequestHandler, type Request, Router, urlencoded } from 'express'
import { networkOf } from '../entry/handoff-network.ts'
import { type Html, html } from '../entry/page.ts'
import { progressStates } from '../reports/progress.ts'
import { type PlainStatus, statusByCode } from '../reports/receipt-code-status.ts'
import { openTurns } from '../reports/receipt-code-turns.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { helpOf, pathTo } from './plain-form.ts'
import { helpNow, leave, otherLanguage } from './plain-parts.ts'
import type { PlainWords } from './plain-words.ts'
import { inFrame, type Place, shell, shown } from './school-page.ts'

/** Every answer takes as long, so that its time does not tell whether there is such a report. */
const answerMs = 300

export function statusRoutes(context: ApiContext): Router {
  const router = Router()
  const turns = openTurns(context)

  const page = (school: SchoolHere, say: PlainWords, told: Html) =>
    shell(
      { title: `${say.status.title} – ${school.name}`, say },
      html`<main>${leave(say)}${told}${helpOf(school, say)}${otherLanguage(say, `/status?s=${school.publishableKey}`)}</main>`,
    )

  router.get('/status', async (req, res) => {
    await shown(context, res, req.query.s, (school, say) => page(school, say, asking(school, say)), place)
  })

  router.post('/status', urlencoded({ extended: false, limit: '4kb' }), async (req, res) => {
    await shown(
      context,
      res,
      req.query.s,
      async (school, say) => {
        const typed = (req.body as Record<string, unknown> | undefined)?.words
        const turnMs = await turns.take(school, networkOf(req.ip))
        if (turnMs === null) {
          res.status(429).setHeader('Retry-After', '30')
          return page(school, say, told(say.status.busy, say.status.busyText, asking(school, say)))
        }
        await wait(turnMs)
        const [found] = await Promise.all([
          statusByCode(context, school, typeof typed === 'string' ? typed : ''),
          wait(answerMs),
        ])
        if (!found) return page(school, say, told(say.status.none, say.status.noneText, asking(school, say)))
        return page(school, say, status(found, school, say))
      },
      place,
    )
  })
  const unread: ErrorRequestHandler = (cause, req: Request, res, _next) =>
    shown(
      context,
      res,
      req.query.s,
      () => {
        throw cause
      },
      place,
    )
  router.use('/status', unread)
  return router
}

const place: Place = {
  ...inFrame,
  failed: say =>
    html`${leave(say)}<h1>${say.failed.title}</h1><p>${say.failed.status}</p>${helpNow(say, say.helpLines)}`,
}

/** The words go in the body: an address would stay in the history of a shared computer. */
const asking = (school: SchoolHere, say: PlainWords): Html => html`<h1>${say.status.heading}</h1>
<p class="school">${school.name}</p>
<form method="post" action="${pathTo('status', school, say)}">
<label>${say.status.ask} <input name="words" maxlength="80" required autocomplete="off" autocapitalize="none" autocorrect="off" spellcheck="false" aria-describedby="hint"></label>
<p class="small" id="hint">${say.status.hint}</p>
<button>${say.status.button}</button>
</form>
<p><a href="${`/meld?s=${school.publishableKey}&l=${say.language}`}">${say.status.tell}</a></p>`

const told = (title: string, text: string, below: Html): Html =>
  html`<div class="told" role="status"><p><b>${title}</b></p><p>${text}</p></div>${below}`

function status({ state, message }: PlainStatus, school: SchoolHere, say: PlainWords): Html {
  const states = ['RECEIVED', ...progressStates] as const
  const at = states.indexOf(state)
  const steps = states.map(
    (one, i) =>
      html`<li class="${i <= at ? 'past' : 'ahead'}"${i === at ? html` aria-current="step"` : ''}>${say.status.steps[one]}</li>`,
  )
  return html`<h1>${say.status.now[state]}</h1>
<ol class="steps">${steps}</ol>
<p>${say.status.text[state]}</p>
${message === null ? '' : html`<section class="told"><h2>${say.status.says}</h2><p class="message">${message}</p></section>`}
<p><a href="${`/meld?s=${school.publishableKey}&l=${say.language}`}">${say.status.tell}</a></p>`
}
