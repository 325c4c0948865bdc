/**
 * The built widgets: `/v/1/m5.js`, the one file a portal loads, and the hashed scripts of the views. A handful of files, kept in memory,
 * compressed once. There is nothing secret in them: any page may load them.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress } from 'node:zlib'
import { type Response, Router } from 'express'
import { type Html, html } from '../entry/page.ts'
import { AppError } from '../errors.ts'

const dist = fileURLToPath(new URL('../../widgets/dist/', import.meta.url))
const compress = promisify(brotliCompress)
const yearSeconds = 31_536_000

interface Asset {
  content: Buffer
  etag: string
  maxAge: number
  brotli?: Promise<Buffer>
}

interface Entry {
  file: string
  imports?: string[]
  isEntry?: boolean
  name?: string
}

export interface Assets {
  router: Router
  /** The tags that load a view, what it imports fetched beside it and not after it. */
  tags(view: string): Html
}

/** @param version also serves `/v/<version>/m5.js`, that never changes, for portals that pin it with integrity. @throws AppError `misconfigured` when nothing is built */
export function readAssets(version: string): Assets {
  const entries = readManifest()
  const embed = readFileSync(`${dist}m5.js`)
  const assets = new Map<string, Asset>([
    ['/1/m5.js', asset(embed, 300)],
    [`/${version}/m5.js`, asset(embed, yearSeconds)],
  ])
  for (const name of readdirSync(`${dist}v`))
    assets.set(`/app/${name}`, asset(readFileSync(`${dist}v/${name}`), yearSeconds))

  const router = Router()
  router.get('/v/*path', async (req, res, next) => {
    const found = assets.get(req.path.slice('/v'.length))
    if (!found) return next()
    headers(res, found)
    if (req.fresh) return void res.status(304).end()
    if (!req.acceptsEncodings('br')) return void res.send(found.content)
    found.brotli ??= compress(found.content)
    res.setHeader('Content-Encoding', 'br')
    res.send(await found.brotli)
  })

  const address = (file: string) => `/v/app/${file.replace(/^v\//, '')}`
  return {
    router,
    tags(view) {
      const entry = Object.values(entries).find(e => e.isEntry && e.name === view)
      if (!entry) throw new AppError('misconfigured', `The view ${view} is not built: run npm run build.`)
      const imported = (entry.imports ?? []).map(key => entries[key]?.file).filter(file => file !== undefined)
      const ahead = imported.map(file => html`<link rel="modulepreload" href="${address(file)}">`)
      return html`${ahead}<script type="module" src="${address(entry.file)}"></script>`
    },
  }
}

function headers(res: Response, { etag, maxAge }: Asset): void {
  const lasting = maxAge === yearSeconds ? ', immutable' : ''
  // Module scripts are fetched with CORS, from whatever page embeds them.
  res.setHeader('Access-Control-Allow-Origin', '*')
  res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
  res.setHeader('Cache-Control', `public, max-age=${maxAge}${lasting}`)
  res.setHeader('ETag', etag)
  res.setHeader('Vary', 'Accept-Encoding')
  res.type('text/javascript')
}

const asset = (content: Buffer, maxAge: number): Asset => ({
  content,
  maxAge,
  etag: `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
})

function readManifest(): Record<string, Entry> {
  try {
    return JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8')) as Record<string, Entry>
  } catch (cause) {
    throw new AppError('misconfigured', 'The widgets are not built: run npm run build.', { cause })
  }
}
