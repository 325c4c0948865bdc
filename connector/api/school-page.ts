/** What the pages of one school share: where they may show, also when something goes wrong, and what stands around them. */
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import type { Response } from 'express'
import { type Html, html } from '../entry/page.ts'
import { allowFrame, allowPage, asAppError, statusOf } from '../http.ts'
import type { ApiContext, SchoolHere } from './context.ts'
import { helpNow, leave } from './plain-parts.ts'
import { languageOf, type PlainWords, plainWords } from './plain-words.ts'

/** Where a page may show, and what it says when it cannot. */
export interface Place {
  allow(res: Response, school: SchoolHere): void
  unknown(say: PlainWords): Html
  failed(say: PlainWords): Html
}

/** The public pages: each with the help lines, whatever happens. */
const publicly = (text: (say: PlainWords) => { title: string; text: string }) => (say: PlainWords) => {
  const { title, text: told } = text(say)
  return html`${leave(say)}<h1>${title}</h1><p>${told}</p>${helpNow(say, say.helpLines)}`
}

export const inFrame: Place = {
  allow: (res, school) => allowFrame(res, school.origins),
  unknown: publicly(say => say.unknown),
  failed: publicly(say => say.failed),
}

/** Headers first, so that also what goes wrong shows only where the school said: nowhere, while no school is known. */
export async function shown(
  context: ApiContext,
  res: Response,
  key: unknown,
  render: (school: SchoolHere, say: PlainWords) => string | Promise<string>,
  place = inFrame,
): Promise<void> {
  const say = plainWords[languageOf(res.req)]
  res.type('html')
  allowPage(res)
  try {
    const school = await context.school(key)
    place.allow(res, school)
    await send(res, await render(school, say))
  } catch (cause) {
    const error = asAppError(cause)
    const status = statusOf(error.code)
    if (status >= 500) context.log.error('page failed', cause, { requestId: res.locals.requestId })
    if (status === 503) res.setHeader('Retry-After', '5')
    const text = html`<main>${error.reason === 'school-unknown' ? place.unknown(say) : place.failed(say)}</main>`
    await send(res.status(status), shell({ title: say.failed.title, say }, text))
  }
}

const compress = promisify(brotliCompress)
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

/** Mostly words, so a third travels. Holds no secret beside what somebody sent: nothing to measure by its size (BREACH). */
async function send(res: Response, page: string): Promise<void> {
  res.vary('Accept-Encoding, Accept-Language')
  if (!res.req.acceptsEncodings('br')) return void res.send(page)
  res.setHeader('Content-Encoding', 'br')
  res.send(await compress(page, quickly))
}

/** The plain ones load one small script: a way out that leaves nothing in the history, and buttons for the words. They work without it. */
const plainHead = html`<link rel="stylesheet" href="/plain.css"><script type="module" src="/plain.js"></script>`

export interface Around {
  title: string
  say: PlainWords
  /** Of a view, which brings its own styles. */
  scripts?: Html
  /** What else the head says. */
  head?: Html
}

export function shell({ title, say, scripts, head = html`` }: Around, body: Html): string {
  return html`<!doctype html>
<html lang="${say.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
${head}${scripts ?? plainHead}
</head>
<body>${body}</body>
</html>
`.text
}
