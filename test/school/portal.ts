/** The school's portal on a site of its own: what the elements must live with. It trusts the connector with a script and a frame, no more. */
import {
  butterfly,
  homePage,
  missingPage,
  newsPage,
  type PortalView,
  parentsPage,
  portalStyle,
  schoolPage,
  teacherPage,
} from './portal-pages.ts'
import { signingPages } from './portal-signs.ts'
import { listen, send } from './site.ts'

export interface PortalOptions {
  host?: string
  port?: number
  /** Origin of the connector: `http://localhost:4300`. */
  connector: string
  /** The school's publishable key. */
  schoolKey: string
  school?: string
  /** For the dates of news and agenda. Default: now, at every request. */
  clock?: () => Date
  /** It has a server that tells the connector who sits there (portal-signs.ts). Its keys: `/jwks.json`; its issuer: its address. */
  signs?: boolean
}

export interface Portal {
  /** Home page, without a slash at the end; `/leerkracht` below it has the teacher's panel. */
  url: string
  close(): Promise<void>
}

const pages: Readonly<Record<string, (view: PortalView) => string>> = {
  '/': homePage,
  '/leerkracht': teacherPage,
  '/nieuws': newsPage,
  '/onze-school': schoolPage,
  '/ouders': parentsPage,
}

export async function startPortal(options: PortalOptions): Promise<Portal> {
  const {
    host = '127.0.0.1',
    port = 0,
    schoolKey,
    school = 'De Vuurvlinder',
    clock = () => new Date(),
    signs = false,
  } = options
  const connector = new URL(options.connector).origin
  const view = (): PortalView => ({
    ...{ school, connector, schoolKey: encodeURIComponent(schoolKey), today: clock(), signs },
  })
  const headers = pageHeaders(connector, signs)
  const signing = signs ? await signingPages({ connector, schoolKey }) : undefined
  const site = await listen(
    (request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      if (signing?.handle(request, response, site.origin)) return
      if (pathname === '/stijl.css') return send(response, 200, 'text/css', portalStyle)
      if (pathname === '/vlinder.svg') return send(response, 200, 'image/svg+xml', butterfly)
      const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined
      send(response, page === undefined ? 404 : 200, 'text/html', (page ?? missingPage)(view()), headers)
    },
    host,
    port,
  )
  return {
    url: site.origin,
    async close() {
      await site.close()
      signing?.close()
    },
  }
}

/** No inline style or script, no request of the element's own (`connect-src`), and no opener for the pop-up of a sign-in. */
function pageHeaders(connector: string, signs: boolean): Record<string, string> {
  const policy = [
    "default-src 'none'",
    `script-src ${connector}${signs ? " 'self'; connect-src 'self'" : ''}`,
    `frame-src ${connector}`,
    "style-src 'self'",
    "img-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'strict-origin-when-cross-origin',
    'Cache-Control': 'no-cache',
  }
}
