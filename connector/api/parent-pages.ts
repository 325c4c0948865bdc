/** The pages of a contact of a case: plain forms, no script, one thing at a time. */
import type { ParentHere, ParentMessage } from '../cases/parents.ts'
import { type Html, html } from '../entry/page.ts'
import { type ParentWords, parentWords } from './parent-words.ts'

function shell({ lang }: ParentWords, title: string, body: Html): string {
  return html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="stylesheet" href="/ouder/ouder.css">
</head>
<body><main>${body}</main></body>
</html>
`.text
}

/** The same for every token: looking uses nothing up, and tells nothing. */
export function openPage(token: string, language: unknown): string {
  const w = parentWords(language)
  return shell(
    w,
    w.openTitle,
    html`<h1>${w.openTitle}</h1><p>${w.openText}</p>
<form method="post" action="/ouder/open">
<input type="hidden" name="t" value="${token}"><input type="hidden" name="taal" value="${w.lang}">
<button>${w.open}</button>
</form>
<p class="quiet">${w.openQuiet}</p>`,
  )
}

const stopForm = (w: ParentWords) =>
  html`<form method="post" action="/ouder/stop"><input type="hidden" name="taal" value="${w.lang}"><button class="second">${w.stop}</button></form>`

export function messagesPage(here: ParentHere, messages: ParentMessage[], key: string): string {
  const w = parentWords(here.language)
  const time = new Intl.DateTimeFormat(w.lang === 'en' ? 'en-GB' : 'nl-NL', {
    ...{ timeZone: 'Europe/Amsterdam', day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' },
  })
  const talk = messages.map(
    ({ from, text, at }) =>
      html`<li class="${from}"><small>${from === 'you' ? w.you : w.school} · ${time.format(at)}</small><p>${text ?? w.reported}</p></li>`,
  )
  return shell(
    w,
    w.title(here.school.name),
    html`<header><p>${here.school.name}</p>${stopForm(w)}</header>
<h1>${w.title(here.school.name)}</h1>
${talk.length > 0 ? html`<ul class="talk">${talk}</ul>` : html`<p>${w.none}</p>`}
<h2>${w.answerTitle}</h2>
<form method="post" action="/ouder/bericht">
<input type="hidden" name="key" value="${key}">
<label class="field">${w.answerLabel} <textarea name="text" rows="5" maxlength="2000" required></textarea></label>
<button>${w.send}</button>
</form>
<hr>
<h2>${w.tellTitle}</h2><p>${w.tellText}</p>
<p><a class="button second" href="/ouder/melding">${w.tell}</a></p>
<p class="quiet">${w.idle}</p>`,
  )
}

export function reportPage(here: ParentHere, key: string): string {
  const w = parentWords(here.language)
  const choice = (type: string, name: string, checked?: string) => {
    return ([value, text]: [string, string]) =>
      value === checked
        ? html`<label class="choice"><input type="${type}" name="${name}" value="${value}" checked> ${text}</label>`
        : html`<label class="choice"><input type="${type}" name="${name}" value="${value}"> ${text}</label>`
  }
  return shell(
    w,
    w.reportTitle,
    html`<header><p>${here.school.name}</p>${stopForm(w)}</header>
<h1>${w.reportTitle}</h1><p>${w.danger}</p><p class="quiet">${w.reportText}</p>
<form method="post" action="/ouder/melding">
<input type="hidden" name="key" value="${key}">
<fieldset><legend>${w.role}</legend>${Object.entries(w.roles).map(choice('radio', 'role', 'TARGET'))}</fieldset>
<fieldset><legend>${w.what}</legend>${Object.entries(w.behaviours).map(choice('checkbox', 'behaviour'))}</fieldset>
<fieldset><legend>${w.when}</legend>${Object.entries(w.days).map(choice('radio', 'day'))}</fieldset>
<label class="field">${w.words} <textarea name="words" rows="5" maxlength="2000"></textarea></label>
${choice('checkbox', 'talk')(['yes', w.call])}
<button>${w.send}</button>
</form>
<hr><p><a class="button second" href="/ouder">${w.back}</a></p>`,
  )
}

export function thanksPage(here: ParentHere): string {
  const w = parentWords(here.language)
  const back = html`<p><a class="button" href="/ouder">${w.back}</a></p>`
  const head = html`<header><p>${here.school.name}</p>${stopForm(w)}</header>`
  return shell(w, w.thanksTitle, html`${head}<h1>${w.thanksTitle}</h1><p>${w.thanksText}</p><p>${w.danger}</p>${back}`)
}

export function refusedParentPage(why: 'closed' | 'stopped' | 'failed' | 'empty', language: unknown): string {
  const w = parentWords(language)
  const says = {
    closed: [w.closedTitle, w.closedText],
    stopped: [w.stoppedTitle, w.stoppedText],
    failed: [w.failedTitle, w.failedText],
    empty: [w.emptyTitle, w.emptyText],
  } as const
  const [title, text] = says[why]
  return shell(w, title, html`<h1>${title}</h1><p>${text}</p><p>${w.danger}</p>`)
}
