/**
 * A page of somebody else, that tries to frame the connector's pages and to read its API, and writes down what it got. For the tests of
 * isolation: with a browser that isolates nothing, this page reads everything and those tests fail.
 */
import { html, listen, send } from './site.ts'

export interface ForeignSite {
  url: string
  /** The address of the page that tries these: `frame` is shown in a frame, `api` is fetched. Both absolute. */
  attempt(at: { frame?: string; api?: string }): string
  close(): Promise<void>
}

/**
 * The page is done when `#result` has `data-done`. Its lines, as `<dd data-try="…">`:
 * `frame-document` and `frame-location` (`unreadable` or `read: …`) · `frame-message` (`none`, or the first message a frame of the target
 * sent) · `api`, `api-with-cookies`, `api-post` (`blocked` or `read: STATUS …`).
 */
export async function startForeignSite(options: { host?: string; port?: number } = {}): Promise<ForeignSite> {
  const { host = '127.0.0.5', port = 0 } = options
  const site = await listen(
    (request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname === '/probe.js') return send(response, 200, 'text/javascript', probe)
      const [frame, api] = [searchParams.get('frame') ?? '', searchParams.get('api') ?? '']
      send(response, 200, 'text/html', probePage(frame, api), { 'Cache-Control': 'no-store' })
    },
    host,
    port,
  )
  return {
    url: site.origin,
    attempt: ({ frame = '', api = '' }) => `${site.origin}/?${new URLSearchParams({ frame, api })}`,
    close: site.close,
  }
}

function probePage(frame: string, api: string): string {
  return html`<!doctype html>
<html lang="nl">
<head><meta charset="utf-8"><title>Een andere site</title></head>
<body data-frame="${frame}" data-api="${api}">
<h1>Een andere site</h1>
<dl id="result"></dl>
<script src="/probe.js"></script>
</body>
</html>
`.text
}

const probe = `'use strict'
const { frame, api } = document.body.dataset
const result = document.querySelector('#result')
const say = (name, text) => {
  const dt = document.createElement('dt')
  const dd = document.createElement('dd')
  dt.textContent = name
  dd.dataset.try = name
  dd.textContent = text
  result.append(dt, dd)
}
const short = text => String(text).replace(/\\s+/g, ' ').trim().slice(0, 300)

async function tryFrame() {
  let message = 'none'
  addEventListener('message', event => {
    if (message === 'none') message = 'from ' + event.origin + ': ' + short(JSON.stringify(event.data))
  })
  const element = document.createElement('iframe')
  const loaded = new Promise(resolve => {
    element.onload = resolve
    setTimeout(resolve, 4000)
  })
  element.src = frame
  document.body.append(element)
  await loaded
  await new Promise(resolve => setTimeout(resolve, 500))
  const read = (name, get) => {
    try {
      say(name, 'read: ' + short(get()))
    } catch {
      say(name, 'unreadable')
    }
  }
  read('frame-document', () => element.contentWindow.document.documentElement.outerHTML)
  read('frame-location', () => element.contentWindow.location.href)
  say('frame-message', message)
}

async function tryFetch(name, init) {
  try {
    const answer = await fetch(api, init)
    say(name, 'read: ' + answer.status + ' ' + short(await answer.text()))
  } catch {
    say(name, 'blocked')
  }
}

async function run() {
  if (frame) await tryFrame()
  if (api) {
    await tryFetch('api', { credentials: 'omit' })
    await tryFetch('api-with-cookies', { credentials: 'include' })
    await tryFetch('api-post', { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' })
  }
  result.dataset.done = 'true'
}
run()
`
