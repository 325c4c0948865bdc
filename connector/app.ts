/** The one place where things are built and wired. Only main.ts and tests open it. */
import { readFileSync } from 'node:fs'
import express, { type Express } from 'express'
import { rateLimit } from 'express-rate-limit'
import { readAssets } from './api/assets.ts'
import { caseRoutes } from './api/case-routes.ts'
import { apiContext } from './api/context.ts'
import { formRoutes } from './api/form-routes.ts'
import { viewRoutes } from './api/frames.ts'
import { grantRoutes } from './api/grant-routes.ts'
import { oembedRoutes } from './api/oembed.ts'
import { openApiDocument } from './api/openapi.ts'
import { parentRoutes } from './api/parent-routes.ts'
import { personRoutes } from './api/person-routes.ts'
import { progressRoutes } from './api/progress-routes.ts'
import { proofRoutes } from './api/proof-routes.ts'
import { reportRoutes } from './api/report-routes.ts'
import { rosterRoutes } from './api/roster-routes.ts'
import { statusRoutes } from './api/status-routes.ts'
import { teamsPages } from './api/teams-pages.ts'
import { wakeRoutes } from './api/wake-routes.ts'
import type { Config } from './config.ts'
import { openAccess } from './entry/access.ts'
import type { EntryContext } from './entry/context.ts'
import { proofChecker } from './entry/dpop.ts'
import { frameRoutes } from './entry/frame-routes.ts'
import { freshRoutes } from './entry/fresh-routes.ts'
import { handoffWindow } from './entry/handoff-window.ts'
import { logoutRoutes } from './entry/logout-routes.ts'
import { openOffered } from './entry/lti/offered.ts'
import { ltiRoutes } from './entry/lti/routes.ts'
import { openProvider } from './entry/provider.ts'
import { loadSigningKeys } from './entry/signing-keys.ts'
import { teamsRoutes } from './entry/teams-routes.ts'
import { openUpstreams } from './entry/upstreams.ts'
import { windowRoutes } from './entry/window-routes.ts'
import { AppError } from './errors.ts'
import { baseHeaders, problems, requestId } from './http.ts'
import type { Log } from './log.ts'
import { type Outward, openOutward } from './outward.ts'
import { floodWatch } from './reports/flood.ts'
import { type Database, ping } from './store/database.ts'
import type { Keyring } from './store/keyring.ts'

export interface AppParts {
  config: Config
  db: Database
  keyring: Keyring
  log: Log
  clock?: () => Date
  /** Tests bring a network of their own. */
  outward?: Outward
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
const plainCss = readFileSync(new URL('./api/plain.css', import.meta.url), 'utf8')

export async function openApp(parts: AppParts): Promise<Express> {
  const { config, db, keyring, log, clock = () => new Date(), outward = openOutward(config) } = parts
  const entry: EntryContext = { config, db, keyring, log, clock, outward }
  const keys = await loadSigningKeys(db, keyring)
  const checkProof = proofChecker()
  const access = openAccess(entry, keys, checkProof)
  const api = apiContext(entry, access)
  const provider = openProvider(entry, keys, checkProof)
  const upstreams = openUpstreams(entry)

  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', config.proxies)
  app.set('query parser', 'simple')
  app.use(requestId, baseHeaders(config.url.protocol === 'https:'))

  app.get('/healthz', (_req, res) => void res.json({ ok: true }))
  app.get('/readyz', async (_req, res) => {
    await ping(db)
    res.json({ ok: true })
  })
  app.get('/plain.css', (_req, res) => void res.type('css').setHeader('Cache-Control', 'max-age=3600').send(plainCss))
  app.get('/openapi.json', (_req, res) => void res.json(openApiDocument(config.url)))

  const assets = readAssets(version)
  const flood = floodWatch(clock)
  app.use(assets.router, viewRoutes(api, assets, flood), statusRoutes(api))
  app.use(oembedRoutes(api), teamsPages(api, assets), parentRoutes(api))
  // Reports come before every limit: a whole school is one address, and no report is ever one too many.
  app.use(
    '/api',
    reportRoutes(api, flood),
    progressRoutes(api),
    formRoutes(api),
    personRoutes(api),
    grantRoutes(api),
    rosterRoutes(api, config),
  )
  app.use('/api', proofRoutes(api), caseRoutes(api))
  app.use('/wake', wakeRoutes(api, config))
  app.use(
    [
      '/entry/handoffs',
      '/entry/go',
      '/entry/fresh',
      '/entry/passkey',
      '/entry/callback',
      '/entry/backchannel',
      '/entry/silent',
      '/entry/teams',
      '/oidc/token',
      '/lti',
    ],
    signInLimit(),
  )
  app.use('/entry', teamsRoutes(entry))
  app.use('/entry', logoutRoutes(entry, upstreams.issuers))
  app.use('/entry', windowRoutes(entry, upstreams), frameRoutes(entry, access, checkProof))
  app.use('/entry', handoffWindow(entry), freshRoutes({ context: entry, access, checkProof, upstreams }))
  const lti = openOffered(entry)
  app.use('/lti', ltiRoutes(entry, lti.hooks), lti.router)
  app.use('/oidc', provider.callback())

  app.use(() => {
    throw new AppError('not-found', 'There is nothing at this address.')
  })
  app.use(problems(log))
  return app
}

/** Wide enough for a school of a thousand behind one address that signs in at half past eight; IPv6 is counted by prefix. */
const signInLimit = () =>
  rateLimit({
    windowMs: 60_000,
    limit: 10_000,
    // Asking what became of a hand-off is done every second by everybody who waits.
    skip: req => req.originalUrl.endsWith('/claim'),
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    handler: () => {
      throw new AppError('too-many', 'Too many sign-ins from this address. Wait a minute.')
    },
  })
