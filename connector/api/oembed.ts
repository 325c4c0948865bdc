/**
 * GET /oembed (https://oembed.com): a page that knows oEmbed turns a pasted link to the Stopknop into its frame. It tells what the link itself
 * tells, and the frame still shows on the school's origins alone.
 */
import { type Response, Router } from 'express'
import { html } from '../entry/page.ts'
import { AppError } from '../errors.ts'
import type { ApiContext, SchoolHere } from './context.ts'

/** What the form needs to be whole on a small screen; a page that has less says so by `maxwidth` and `maxheight`. */
const size = { width: 640, height: 800 }

/** As the elements of m5.js set it. */
const sandbox =
  'allow-scripts allow-same-origin allow-forms allow-popups allow-popups-to-escape-sandbox allow-storage-access-by-user-activation'

export function oembedRoutes(context: ApiContext): Router {
  const router = Router()
  const { origin } = context.config.url
  router.get('/oembed', async (req, res) => {
    const { url, format = 'json' } = req.query
    if (format !== 'json' && format !== 'xml') return void res.status(501).type('text/plain').send('json or xml')
    const school = await context.school(keyIn(url, origin))
    const answer = embedOf(school, new URL(`/meld?s=${school.publishableKey}`, origin), {
      width: within(req.query.maxwidth, size.width),
      height: within(req.query.maxheight, size.height),
    })
    if (format === 'json') return void res.json(answer)
    sendXml(res, answer)
  })
  return router
}

/** Where a page finds the above: for the head of the page that can be embedded. */
export function oembedLink(origin: string, key: string) {
  const page = encodeURIComponent(`${origin}/meld?s=${key}`)
  return html`<link rel="alternate" type="application/json+oembed" href="${origin}/oembed?format=json&url=${page}" title="Stopknop">`
}

/** @returns the school's key in an address of our own form. @throws AppError `not-found` for every other address */
function keyIn(address: unknown, origin: string): string {
  const url = typeof address === 'string' && address.length <= 500 ? URL.parse(address) : null
  if (url?.origin !== origin || url.pathname !== '/meld' || url.username || url.password)
    throw new AppError('not-found', 'This address is not one that can be embedded.', { reason: 'embed-unknown' })
  return url.searchParams.get('s') ?? ''
}

/** At most what the page has. What is no number is not said. */
function within(asked: unknown, usual: number): number {
  const most = typeof asked === 'string' && /^\d{1,5}$/.test(asked) ? Number(asked) : usual
  return Math.min(usual, Math.max(1, most))
}

type Embed = Record<string, string | number>

function embedOf({ name }: SchoolHere, page: URL, { width, height }: typeof size): Embed {
  const title = `Stopknop van ${name}`
  const frame = html`<iframe src="${page.href}" title="${title}" width="${width}" height="${height}" referrerpolicy="strict-origin" sandbox="${sandbox}" allow="storage-access"></iframe>`
  return {
    ...{ version: '1.0', type: 'rich', title, provider_name: 'M5', provider_url: page.origin, cache_age: 3600 },
    ...{ html: frame.text, width, height },
  }
}

function sendXml(res: Response, answer: Embed): void {
  const rows = Object.entries(answer).map(([name, value]) => `<${name}>${html`${value}`.text}</${name}>`)
  res
    .type('text/xml')
    .send(`<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<oembed>${rows.join('')}</oembed>\n`)
}
