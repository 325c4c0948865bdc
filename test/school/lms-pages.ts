/** The pages of the LMS: a course with the tool in a frame, forms that send themselves, and the store that it offers its tools. */
import { type Html, html } from './site.ts'

function page(title: string, body: Html, attributes: Html = html``): string {
  return html`<!doctype html>
<html lang="nl">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="/lms.css">
<script src="/lms.js" defer></script>
</head>
<body${attributes}>${body}</body>
</html>
`.text
}

export interface CourseView {
  name: string
  start: string
  storage: boolean
  /** Address of the frame that keeps values, where that is not this page. */
  storageFrame?: string | undefined
}

export function coursePage({ name, start, storage, storageFrame }: CourseView): string {
  const kept = storageFrame && html`<iframe name="kept" title="" hidden src="${storageFrame}"></iframe>`
  const attributes = storageFrame ? html` data-storage-frame="kept"` : html` data-storage`
  return page(
    name,
    html`<header><b>${name}</b><nav>Start · Vakken · Agenda</nav></header>
<main><h1>Stopknop</h1>${storage && kept}
<iframe id="tool" name="tool" title="Stopknop" src="${start}" allow="fullscreen"></iframe></main>`,
    storage ? attributes : html``,
  )
}

/** Nothing to see: keeps values for the tools of a page on another site. */
export const storagePage = () => page('', html``, html` data-storage`)

/** Sends itself, as an LMS does; a button for who has no script. */
export function formPage(action: string, fields: Record<string, string>): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )
  return page(
    'Even geduld',
    html`<form method="post" action="${action}" data-send>${inputs}<button>Verder</button></form>`,
  )
}

export const messagePage = (text: string) => page('Dat gaat niet', html`<h1>Dat gaat niet</h1><p>${text}</p>`)

/**
 * lti-cs-pm and lti-pm-s, the platform's side (1EdTech drafts of 2022): values are kept for each origin that asks, and given back to that origin
 * alone.
 */
export const lmsScript = `'use strict'
const form = document.querySelector('form[data-send]')
if (form) form.submit()
const frame = document.body.dataset.storageFrame
if (frame)
  addEventListener('message', event => {
    const { subject, message_id } = event.data ?? {}
    if (subject !== 'lti.capabilities') return
    const supported_messages = ['lti.put_data', 'lti.get_data'].map(each => ({ subject: each, frame }))
    event.source.postMessage({ subject: 'lti.capabilities.response', message_id, supported_messages }, event.origin)
  })
if (document.body.hasAttribute('data-storage')) {
  const kept = new Map()
  const subjects = ['lti.capabilities', 'lti.put_data', 'lti.get_data']
  addEventListener('message', event => {
    const said = event.data
    if (typeof said !== 'object' || said === null || !subjects.includes(said.subject)) return
    const { subject, message_id, key, value } = said
    const mine = event.origin + ' ' + key
    const answer = { subject: subject + '.response', message_id }
    if (subject === 'lti.capabilities') answer.supported_messages = subjects.map(each => ({ subject: each }))
    else if (typeof key !== 'string' || key === '') answer.error = { code: 'bad_request', message: 'key' }
    else if (subject === 'lti.put_data') {
      kept.set(mine, value)
      Object.assign(answer, { key, value })
    } else Object.assign(answer, { key, value: kept.get(mine) ?? null })
    event.source.postMessage(answer, event.origin)
  })
}
`

export const lmsStyle = `
:root { --ink: #1d2b36; --blue: #14506e }
* { box-sizing: border-box }
body { margin: 0; font: 1rem/1.5 "Segoe UI", Verdana, sans-serif; color: var(--ink); background: #f3f6f8 }
header { display: flex; gap: 2rem; padding: .75rem 1.5rem; background: var(--blue); color: #fff }
main { max-width: 70rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.375rem; margin: 0 0 .75rem }
iframe { display: block; width: 100%; height: 44rem; border: 1px solid #c3ccd3; background: #fff }
`
