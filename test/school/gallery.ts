/**
 * `npm run widgets`: every screen and state of the widgets, from a small server that answers the API with canned data of the contract's
 * shape. The connector itself is not in it. The tests of the widgets use the same server, on port 0.
 */
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { Claim, GrantLink, grantRoles, Handoff, Problem, Receipt, ReportInput } from '../../connector/api/contract.ts'
import {
  formInfo,
  grantOffer,
  groups,
  me,
  ownGroup,
  panelPage,
  type Scenario,
  scenarioOf,
  scenarios,
  search,
} from '../widgets/canned.ts'

const builtDist = join(import.meta.dirname, '../../widgets/dist')
const csp = (hosts: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; frame-ancestors ${hosts}`

export type Seen = { method: string; path: string; query: URLSearchParams; headers: IncomingHttpHeaders; body: string }
export type Answer = {
  status?: number
  body?: unknown
  headers?: Record<string, string>
  afterMs?: number
  drop?: boolean
}

export type Gallery = {
  /** The connector's origin, on `localhost`. */
  origin: string
  /** The portal's origin: another site, the same server. */
  portal: string
  seen: Seen[]
  /** Answers before the canned ones; undefined lets those speak. */
  before: ((seen: Seen) => Answer | undefined) | undefined
  close: () => Promise<void>
}

const problem = (status: number, code: string): Answer => ({
  status,
  body: Problem.parse({ type: 'about:blank', title: code, status, code, requestId: randomUUID() }),
  headers: { 'Content-Type': 'application/problem+json' },
})

const receipts = new Map<string, unknown>()

const report = (seen: Seen, { reports }: Scenario): Answer => {
  if (reports === 'away') return problem(503, 'unavailable')
  if (reports === 'refused') return problem(400, 'malformed')
  if (!ReportInput.safeParse(JSON.parse(seen.body)).success) return problem(400, 'malformed')
  const key = String(seen.headers['idempotency-key'])
  const known = receipts.has(key)
  const standing = seen.headers.authorization ? 'SIGNED' : 'UNSIGNED'
  if (!known)
    receipts.set(
      key,
      Receipt.parse({ id: randomUUID(), receivedAt: new Date().toISOString(), standing, mac: 'gallery' }),
    )
  return { status: known ? 200 : 201, body: receipts.get(key) }
}

const grant = (seen: Seen, scenario: Scenario): Answer => {
  const { token } = GrantLink.parse(JSON.parse(seen.body))
  if (scenario.grant === 'error') return problem(503, 'unavailable')
  if (seen.path.endsWith('/look'))
    return scenario.grant === 'dead' ? problem(404, 'grant-link') : { body: grantOffer(token) }
  return scenario.grant === 'waits' ? { status: 204 } : problem(410, 'grant-link')
}

const entry = (seen: Seen, key: string, scenario: Scenario): Answer | undefined => {
  switch (seen.path) {
    case '/entry/handoffs': {
      const goPath = `/entry/go?h=${key}`
      return {
        status: 201,
        body: Handoff.parse({
          id: randomUUID(),
          secret: key,
          windowKey: 'demo',
          code: '42',
          openPath: goPath,
          goPath,
          expiresAt: new Date(Date.now() + 300_000).toISOString(),
        }),
      }
    }
    case '/entry/silent':
      return { body: { ticket: key } }
    case '/entry/remember':
    case '/entry/leave':
      return { status: 204 }
    case '/oidc/token':
      return {
        body: { access_token: `access.${key}`, refresh_token: `refresh.${key}`, token_type: 'DPoP', expires_in: 300 },
      }
  }
  if (!seen.path.endsWith('/claim')) return undefined
  if (scenario.refuses) return { body: Claim.parse({ state: 'refused', reason: scenario.refuses }) }
  return { body: Claim.parse(scenario.waits ? { state: 'open' } : { state: 'bound', ticket: key }) }
}

/** Which scenario a request belongs to: by its school key, its token, its ticket or its hand-off. */
const keyOf = ({ query, headers, body }: Seen) => {
  const token = /^DPoP access\.(\w+)$/.exec(headers.authorization ?? '')?.[1]
  const inBody =
    /"(?:school|secret)":"(\w+)"/.exec(body)?.[1] ?? /(?:ticket|refresh_token)=(?:refresh\.)?(\w+)/.exec(body)?.[1]
  return query.get('school') ?? token ?? inBody ?? query.get('h') ?? query.get('s') ?? ''
}

const api = (seen: Seen): Answer | undefined => {
  const key = keyOf(seen)
  const scenario = scenarioOf(key)
  if (!scenario) return problem(404, 'not-found')
  switch (seen.path) {
    case '/api/form':
      return { body: formInfo(key, scenario) }
    case '/api/reports':
      return report(seen, scenario)
    case '/api/me':
      return { body: me(key, scenario) }
    case '/api/people/own-group':
      return { body: ownGroup }
    case '/api/people':
      return { body: search(seen.query.get('q') ?? '') }
    case '/api/groups':
      return { body: groups(scenario) }
  }
  if (seen.path.startsWith('/api/grants/')) return grant(seen, scenario)
  if (/^\/api\/groups\/[^/]+\/reports$/.test(seen.path)) {
    if (scenario.panel === 'error') return problem(500, 'unexpected')
    return { body: panelPage(scenario, seen.query.get('from') ?? '', seen.query.get('to') ?? '') }
  }
  return entry(seen, key, scenario)
}

/** The shell, as the connector prints it from the manifest. `signed` and `at` are the gallery's own; `whole` prints what /api/form would say. */
const shell = async (dist: string, tag: string, entryName: string, { query }: Seen) => {
  const manifest = JSON.parse(await readFile(join(dist, '.vite/manifest.json'), 'utf8')) as Record<
    string,
    { file: string; imports?: string[] }
  >
  const chunk = manifest[`views/${entryName}/main.ts`]
  if (!chunk) throw new Error(`no entry ${entryName}: run npm run build`)
  const preload = (chunk.imports ?? [])
    .map(name => `<link rel="modulepreload" href="/${manifest[name]?.file}">`)
    .join('')
  return `<!doctype html><html lang="${query.get('lang') ?? 'nl'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>M5</title><script src="/gallery.js?${query}"></script>${preload}<script type="module" src="/${chunk.file}"></script></head><body><${tag}${printed(query)}></${tag}></body></html>`
}

const printed = (query: URLSearchParams) => {
  const key = query.get('s') ?? ''
  const scenario = scenarioOf(key)
  if (!scenario || !query.has('whole')) return ''
  return ` info="${JSON.stringify(formInfo(key, scenario)).replaceAll('"', '&quot;')}"`
}

/** Signs this tab in (`signed`), and walks a form to a screen (`at`). Only the gallery does so. */
const driver = ({
  query,
}: Seen) => `const key=${JSON.stringify(query.get('s') ?? '')},at=${JSON.stringify(query.get('at') ?? '')}
if(${query.has('signed')})sessionStorage.setItem('m5-tab:'+key,'gallery-tab-secret-of-some-length')
if(at)addEventListener('DOMContentLoaded',async()=>{await customElements.whenDefined('m5-view-stopknop');setTimeout(()=>{const view=document.querySelector('m5-view-stopknop');view.answers={...view.answers,behaviours:['LEAVING_OUT']};view.at=at},600)})`

const portalPage = ({ query }: Seen, connector: string, script: boolean) => {
  const key = query.get('s') ?? 'open'
  const element =
    query.get('what') === 'group'
      ? `<m5-group><a href="${connector}/groep?s=${key}">Meldingen van je groep</a></m5-group>`
      : `<m5-stopknop><a href="${connector}/meld?s=${key}">Stopknop</a></m5-stopknop>`
  return `<!doctype html><html lang="${query.get('lang') ?? 'nl'}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Portaal</title>
<link rel="stylesheet" href="/portal.css?${query}">${script ? `<script type="module" src="${connector}/v/1/m5.js"></script>` : ''}</head>
<body><main><h1>Basisschool De Vlieger</h1><p>Welkom op onze site.</p>${element}<p id="after">Nieuws: vrijdag is de school vrij.</p></main></body></html>`
}

const portalCss = ({ query }: Seen) =>
  `body{font-family:system-ui,sans-serif;margin:0;padding:1.5rem;background:${query.has('dark') ? '#222;color:#eee' : '#f2f5f9'}}
m5-stopknop:not(:defined){display:inline-block;min-block-size:5.5rem;min-inline-size:17rem}m5-group:not(:defined){display:block;min-block-size:36rem}
${query.has('invisible') ? 'm5-stopknop{--m5-background:#fff;--m5-color:#fff}m5-stopknop::part(button){opacity:0!important;display:none!important}' : ''}`

const index = () => {
  const steps = ['who', 'what', 'by', 'target', 'where', 'when', 'how']
  const link = (href: string, text: string) => `<li><a href="${href}">${text}</a></li>`
  const all = Object.entries(scenarios)
  const panels = all.filter(([, one]) => 'panel' in one || 'groups' in one)
  const grants = all.filter(([, one]) => 'grant' in one)
  const forms = all.filter(entry => !panels.includes(entry) && !grants.includes(entry))
  return `<!doctype html><html lang="nl"><meta charset="utf-8"><title>M5 widgets</title><h1>M5 widgets</h1>
<h2>Stopknop</h2><ul>${forms.map(([key, { title }]) => link(`/meld?s=${key}${key === 'leerling' || key === 'jong' ? '&signed' : ''}`, title)).join('')}</ul>
<h2>Vraag voor vraag</h2><ul>${['open', 'leerling', 'jong'].flatMap(key => steps.map(at => link(`/meld?s=${key}&at=${at}${key === 'open' ? '' : '&signed'}`, `${key}: ${at}`))).join('')}</ul>
<h2>Groepspaneel</h2><ul>${link('/groep?s=juf', 'Nog niet ingelogd')}${panels.map(([key, { title }]) => link(`/groep?s=${key}&signed`, title)).join('')}</ul>
<h2>Een rol bevestigen</h2><ul>${link('/bevestig?s=tweede#SCHOOL_LEADER', 'Nog niet ingelogd')}${link('/bevestig?s=tweede', 'Link niet compleet')}${grantRoles.map(role => link(`/bevestig?s=tweede&signed#${role}`, role)).join('')}${grants.map(([key, { title }]) => link(`/bevestig?s=${key}&signed#SCHOOL_LEADER`, title)).join('')}</ul>
<h2>In een portaal</h2><ul>${link('/portal?s=demo', 'Stopknop')}${link('/portal?s=demo&invisible', 'Thema dat de knop wil verstoppen')}${link('/portal?s=juf&what=group', 'Groepspaneel')}</ul></html>`
}

const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' }

const serveFile = async (response: ServerResponse, dist: string, path: string) => {
  const body = await readFile(join(dist, path)).catch(() => undefined)
  response.writeHead(body ? 200 : 404, {
    'Content-Type': types[extname(path)] ?? 'text/plain',
    'Access-Control-Allow-Origin': '*',
  })
  response.end(body)
}

const serveApi = (response: ServerResponse, { status = 200, body, headers = {}, afterMs = 0, drop }: Answer) => {
  if (drop) return response.destroy()
  return setTimeout(() => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }, afterMs)
}

/** @param dist the build to serve; by default the one of `npm run build` */
export const openGallery = async ({ port = 0, dist = builtDist } = {}): Promise<Gallery> => {
  const seen: Seen[] = []
  const gallery: Gallery = { origin: '', portal: '', seen, before: undefined, close: async () => {} }
  const html = (response: ServerResponse, text: string, policy?: string) =>
    response
      .writeHead(200, {
        'Content-Type': 'text/html; charset=utf-8',
        ...(policy ? { 'Content-Security-Policy': policy } : {}),
      })
      .end(text)

  const server = createServer(async (request, response): Promise<unknown> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const one: Seen = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    }
    const policy = csp(gallery.portal)
    if (one.path === '/') return html(response, index())
    if (one.path === '/meld') return html(response, await shell(dist, 'm5-view-stopknop', 'meld', one), policy)
    if (one.path === '/groep') return html(response, await shell(dist, 'm5-view-group', 'groep', one), policy)
    if (one.path === '/bevestig')
      return html(response, await shell(dist, 'm5-view-grant', 'bevestig', one), csp("'none'"))
    if (one.path === '/entry/go')
      return html(
        response,
        '<!doctype html><title>Inloggen</title><p>Het inlogscherm van de school. Je kunt dit sluiten.</p>',
      )
    if (one.path === '/portal')
      return html(
        response,
        portalPage(one, gallery.origin, !one.query.has('noscript')),
        `default-src 'self'; script-src ${gallery.origin}; style-src 'self'; frame-src ${gallery.origin}`,
      )
    if (one.path === '/portal.css') return response.writeHead(200, { 'Content-Type': 'text/css' }).end(portalCss(one))
    if (one.path === '/gallery.js')
      return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(driver(one))
    if (one.path === '/v/1/m5.js') return serveFile(response, dist, 'm5.js')
    if (one.path.startsWith('/v/')) return serveFile(response, dist, one.path.slice(1))
    if (!/^\/(api|entry|oidc)\//.test(one.path)) return response.writeHead(404).end()
    seen.push(one)
    return serveApi(response, gallery.before?.(one) ?? api(one) ?? problem(404, 'not-found'))
  })
  await new Promise<void>(resolve => server.listen(port, resolve))
  const { port: bound } = server.address() as AddressInfo
  gallery.origin = `http://localhost:${bound}`
  gallery.portal = `http://127.0.0.1:${bound}`
  gallery.close = () =>
    new Promise(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return gallery
}

if (import.meta.main) {
  const gallery = await openGallery({ port: 5200 })
  console.log(`M5 widgets: ${gallery.origin}`)
}
