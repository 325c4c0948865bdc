/**
 * The school's LMS on a site of its own: an LTI 1.3 platform over real HTTP. Login initiation, authorisation (form_post, prompt=none, literal
 * redirect list), keys with rotation, platform storage, a page with the tool in a frame; and what an LMS that is broken, or hostile, would send.
 * lms-services.ts adds what an LMS offers beside launches.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import { coursePage, formPage, lmsScript, lmsStyle, messagePage, storagePage } from './lms-pages.ts'
import { formBody, listen, send } from './site.ts'

export interface LmsPerson {
  /** `login_hint`, `sub` and `user_id`. */
  id: string
  name: string
  email?: string
  /** As Moodle writes them. */
  roles?: readonly string[]
  /** `lis_person_sourcedid`: the key in the roster. */
  sourcedId?: string
}

/** What the LMS knows of a tool that was registered with it. */
export interface LmsTool {
  clientId: string
  deploymentId: string
  loginUrl: string
  /** Compared literally, as Moodle does. */
  redirectUris: readonly string[]
  targetLinkUri: string
  /** Claims beyond the minimal ones: `name`, `given_name`, `family_name`, `email`. */
  shares?: readonly string[]
  jwksUrl?: string
}

export interface Claims extends JWTPayload {
  [claim: string]: unknown
}

/** Changes a token before it goes out. `sign` takes the whole making over. */
export interface Hostile {
  claims?: (claims: Claims) => Claims
  header?: (header: Record<string, unknown>) => Record<string, unknown>
  sign?: (claims: Claims, lms: Lms) => Promise<string> | string
  /** How its JWKS answers. */
  jwks?: 'slow' | 'huge' | 'redirect' | 'broken' | 'away' | 'empty'
  /** Another state than the one that was sent. */
  state?: (state: string) => string
}

export interface Launch {
  person?: string
  tool?: string
  target?: string
  /** As the `lti_storage_target` of the login request; null leaves it out. */
  storage?: string | null
  messageType?: string
  /** More claims of this one launch. */
  claims?: Record<string, unknown>
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void

export interface Lms {
  origin: string
  /** Where its pages show: `origin`, but for `pagesHost`. */
  pagesOrigin: string
  issuer: string
  authUrl: string
  tokenUrl: string
  jwksUrl: string
  configurationUrl: string
  /** Newest first: the first signs. Changed by `rotate`. */
  keys: LmsKey[]
  people: Map<string, LmsPerson>
  tools: Map<string, LmsTool>
  /** `PATH` or `PATH/`, which takes everything below it: what lms-services.ts adds. */
  handlers: Map<string, Handler>
  /** More of the discovery document: what lms-services.ts adds. */
  metadata: Record<string, unknown>
  /** More claims of every launch: services, deep linking. */
  offers: ((tool: LmsTool, launch: Launch) => Record<string, unknown>)[]
  /** How often its JWKS was read. */
  jwksReads: number
  addTool(tool: LmsTool): void
  /** A new key that signs from now on. @param keepOld whether the old ones stay in the JWKS */
  rotate(keepOld?: boolean): Promise<void>
  misbehave(how: Hostile | null): void
  /** Milliseconds that its clock is ahead. */
  turnClock(ms: number): void
  /** Whether its pages keep state for tools (platform storage). */
  offerStorage(yes: boolean): void
  /** The parameters of a login initiation, as its page would send them. */
  initiation(launch?: Launch): Record<string, string>
  /** The claims that it would send for this authorisation request. */
  claimsFor(launch: Launch, nonce: string): Claims
  sign(claims: Claims, header?: Record<string, unknown>): Promise<string>
  /** A page of the LMS with the tool in a frame. */
  page(launch?: Launch): string
  close(): Promise<void>
}

export interface LmsKey {
  kid: string
  privateKey: CryptoKey
  jwk: JWK
}

export interface LmsOptions {
  host?: string
  port?: number
  people?: readonly LmsPerson[]
  name?: string
  /** Shows its pages on another site than it signs in on, as an LMS of many customers does; state for tools is kept in a frame of the latter. */
  pagesHost?: string
}

const claim = (name: string) => `https://purl.imsglobal.org/spec/lti/claim/${name}`

export async function startLms(options: LmsOptions = {}): Promise<Lms> {
  const { host = '127.0.0.3', port = 0, name = 'De Leeromgeving' } = options
  let handle: Handler = (_request, response) => void response.writeHead(503).end()
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://lms')
    Promise.resolve(handle(request, response, url)).catch(() => {
      if (!response.headersSent) send(response, 400, 'text/plain', 'not understood')
      else response.destroy()
    })
  }
  const site = await listen(answer, host, port)
  const pages = options.pagesHost === undefined ? site : await listen(answer, options.pagesHost, 0)
  const { origin } = site
  const apart = pages !== site
  /** What was begun here, by `lti_message_hint`. */
  const begun = new Map<string, Launch>()
  const state: { hostile: Hostile | null; ahead: number; storage: boolean } = { hostile: null, ahead: 0, storage: true }
  const pick = (wanted: string | undefined) => {
    const tool = wanted === undefined ? [...lms.tools.values()][0] : lms.tools.get(wanted)
    if (!tool) throw new Error('no such tool at this LMS')
    return tool
  }

  const lms: Lms = {
    ...{ origin, pagesOrigin: pages.origin, issuer: origin },
    authUrl: `${origin}/auth`,
    tokenUrl: `${origin}/token`,
    jwksUrl: `${origin}/jwks`,
    configurationUrl: `${origin}/.well-known/openid-configuration`,
    keys: [await newKey()],
    people: new Map((options.people ?? []).map(person => [person.id, person])),
    tools: new Map(),
    handlers: new Map(),
    metadata: {},
    offers: [],
    jwksReads: 0,
    addTool: tool => void lms.tools.set(tool.clientId, tool),
    async rotate(keepOld = true) {
      lms.keys = [await newKey(), ...(keepOld ? lms.keys : [])]
    },
    misbehave: how => {
      state.hostile = how
    },
    turnClock: ms => {
      state.ahead = ms
    },
    offerStorage: yes => {
      state.storage = yes
    },
    initiation(launch = {}) {
      const tool = pick(launch.tool)
      const hint = randomUUID()
      begun.set(hint, launch)
      const target = launch.storage === undefined ? (state.storage ? '_parent' : null) : launch.storage
      return {
        iss: lms.issuer,
        login_hint: launch.person ?? 'nobody',
        target_link_uri: launch.target ?? tool.targetLinkUri,
        lti_message_hint: hint,
        client_id: tool.clientId,
        lti_deployment_id: tool.deploymentId,
        ...(target === null ? {} : { lti_storage_target: target }),
      }
    },
    claimsFor(launch, nonce) {
      const tool = pick(launch.tool)
      const person = lms.people.get(launch.person ?? '')
      const now = Math.floor((Date.now() + state.ahead) / 1000)
      return {
        ...{ iss: lms.issuer, aud: tool.clientId, iat: now, exp: now + 60, nonce },
        ...(person ? { sub: person.id, ...shared(person, tool.shares ?? []) } : {}),
        [claim('message_type')]: launch.messageType ?? 'LtiResourceLinkRequest',
        [claim('version')]: '1.3.0',
        [claim('deployment_id')]: tool.deploymentId,
        [claim('target_link_uri')]: launch.target ?? tool.targetLinkUri,
        [claim('roles')]: person?.roles ?? ['http://purl.imsglobal.org/vocab/lis/v2/membership#Learner'],
        [claim('resource_link')]: { id: 'link-1', title: 'Stopknop' },
        [claim('context')]: { id: 'course-1', type: ['http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection'] },
        ...(person?.sourcedId ? { [claim('lis')]: { person_sourcedid: person.sourcedId } } : {}),
        ...Object.assign({}, ...lms.offers.map(offer => offer(tool, launch))),
        ...launch.claims,
      }
    },
    async sign(claims, header = {}) {
      const [key] = lms.keys
      if (!key) throw new Error('this LMS has no key')
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header })
        .sign(key.privateKey)
    },
    page: (launch = {}) => `${pages.origin}/les?${new URLSearchParams({ launch: JSON.stringify(launch) })}`,
    async close() {
      await site.close()
      if (apart) await pages.close()
    },
  }

  const routes: Record<string, Handler> = {
    '/lms.js': (_request, response) => send(response, 200, 'text/javascript', lmsScript),
    '/lms.css': (_request, response) => send(response, 200, 'text/css', lmsStyle),
    '/favicon.ico': (_request, response) => void response.writeHead(204).end(),
    '/.well-known/openid-configuration': (_request, response) =>
      send(response, 200, 'application/json', JSON.stringify(configuration(lms, name))),
    '/jwks': (_request, response) => jwks(lms, response, state.hostile),
    '/les': (_request, response, url) => {
      const start = `${origin}/start?${new URLSearchParams({ launch: url.searchParams.get('launch') ?? '{}' })}`
      send(
        response,
        200,
        'text/html',
        coursePage({ name, start, storage: state.storage, storageFrame: apart ? `${origin}/kept` : undefined }),
        pageHeaders,
      )
    },
    '/kept': (_request, response) => send(response, 200, 'text/html', storagePage(), pageHeaders),
    // What the frame loads first: a form that sends the person on to the tool's login initiation.
    '/start': (_request, response, url) => {
      const launch = JSON.parse(url.searchParams.get('launch') ?? '{}') as Launch
      const page = formPage(pick(launch.tool).loginUrl, lms.initiation(launch))
      send(response, 200, 'text/html', page, pageHeaders)
    },
    '/auth': async (request, response, url) => {
      const asked = request.method === 'POST' ? await formBody(request) : url.searchParams
      const answer = await authorise(lms, asked, begun, state.hostile)
      if (typeof answer === 'string') return send(response, 400, 'text/html', messagePage(answer), pageHeaders)
      send(response, 200, 'text/html', formPage(answer.to, answer.fields), pageHeaders)
    },
  }
  handle = (request, response, url) => {
    const below = [...lms.handlers].find(([path]) => path.endsWith('/') && url.pathname.startsWith(path))
    const found = lms.handlers.get(url.pathname) ?? routes[url.pathname] ?? below?.[1]
    if (!found) return send(response, 404, 'text/plain', 'nothing here')
    return found(request, response, url)
  }
  return lms
}

const pageHeaders = { 'Cache-Control': 'no-store', 'Referrer-Policy': 'strict-origin-when-cross-origin' }

async function newKey(): Promise<LmsKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const kid = randomBytes(6).toString('hex')
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } }
}

/** Only what the tool was registered for. */
function shared(person: LmsPerson, shares: readonly string[]): Record<string, unknown> {
  const [given = '', ...family] = person.name.split(' ')
  const all: Record<string, unknown> = {
    name: person.name,
    given_name: given,
    family_name: family.join(' '),
    email: person.email,
  }
  return Object.fromEntries(Object.entries(all).filter(([key]) => shares.includes(key)))
}

/** Answers as Moodle does: what is asked differently is refused. @returns a form for the tool, or what is wrong */
async function authorise(
  lms: Lms,
  asked: URLSearchParams,
  begun: Map<string, Launch>,
  hostile: Hostile | null,
): Promise<{ to: string; fields: Record<string, string> } | string> {
  const field = (name: string) => asked.get(name) ?? ''
  const tool = lms.tools.get(field('client_id'))
  if (!tool) return 'unauthorized_client'
  const to = field('redirect_uri')
  if (!tool.redirectUris.includes(to)) return 'redirect_uri is not registered'
  const no = (error: string) => ({ to, fields: { error, state: field('state') } })
  if (field('scope') !== 'openid') return no('invalid_scope')
  if (field('response_type') !== 'id_token') return no('unsupported_response_type')
  if (field('response_mode') !== 'form_post' || field('prompt') !== 'none' || field('nonce') === '')
    return no('invalid_request')
  const launch = begun.get(field('lti_message_hint'))
  if (!launch || (launch.person ?? 'nobody') !== field('login_hint')) return no('login_required')
  const claims = lms.claimsFor({ ...launch, tool: tool.clientId }, field('nonce'))
  const said = hostile?.claims ? hostile.claims(claims) : claims
  const token = await (hostile?.sign ? hostile.sign(said, lms) : lms.sign(said, hostile?.header?.({}) ?? {}))
  const state = hostile?.state ? hostile.state(field('state')) : field('state')
  return { to, fields: { id_token: token, state } }
}

async function jwks(lms: Lms, response: ServerResponse, hostile: Hostile | null): Promise<void> {
  lms.jwksReads += 1
  const body = JSON.stringify({ keys: lms.keys.map(key => key.jwk) })
  switch (hostile?.jwks) {
    case 'slow':
      // Begins, and never ends.
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"keys":[')
      return
    case 'huge':
      return send(response, 200, 'application/json', `{"keys":[],"x":"${'x'.repeat(5_000_000)}"}`)
    case 'redirect':
      return send(response, 302, 'text/plain', '', { Location: 'http://169.254.169.254/latest/meta-data' })
    case 'broken':
      return send(response, 200, 'application/json', body.slice(0, 40))
    case 'away':
      return void response.destroy()
    case 'empty':
      return send(response, 200, 'application/json', '{"keys":[]}')
    default:
      return send(response, 200, 'application/json', body)
  }
}

const configuration = (lms: Lms, name: string) => ({
  issuer: lms.issuer,
  authorization_endpoint: lms.authUrl,
  token_endpoint: lms.tokenUrl,
  token_endpoint_auth_methods_supported: ['private_key_jwt'],
  token_endpoint_auth_signing_alg_values_supported: ['RS256'],
  jwks_uri: lms.jwksUrl,
  scopes_supported: ['openid'],
  response_types_supported: ['id_token'],
  subject_types_supported: ['public', 'pairwise'],
  id_token_signing_alg_values_supported: ['RS256'],
  claims_supported: ['sub', 'iss', 'name', 'given_name', 'family_name', 'email'],
  'https://purl.imsglobal.org/spec/lti-platform-configuration': {
    product_family_code: 'emulator',
    version: '1',
    messages_supported: [{ type: 'LtiResourceLinkRequest' }, { type: 'LtiDeepLinkingRequest' }],
    variables: [],
    name,
  },
  ...lms.metadata,
})
