/**
 * The school's own sign-in: a real OpenID provider (oidc-provider) on a site of its own. Choosing a person replaces the password; the rest
 * is the whole code flow with PKCE. What it remembers dies with the process.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type CryptoKey,
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose'
import {
  type Adapter,
  type AdapterPayload,
  type ClientMetadata,
  type Configuration,
  interactionPolicy,
  type KoaContextWithOIDC,
  Provider,
} from 'oidc-provider'
import { choicePage, errorPage, frontPage, signedOutPage, signInStyle, signOutPage } from './sign-in-pages.ts'
import { formBody, listen, type Site, send } from './site.ts'

export interface SignInPerson {
  sub: string
  /** `preferred_username`: the roster's user name, or the pupil number of a younger pupil. */
  username: string
  name: string
  email?: string
  /** Heading on the page: `Groep 7A`, `Leerkrachten`, `Anderen`. */
  section?: string
  note?: string
  /** Further claims, `sis_id` among them: the person's key in the roster, as `leerling:50001`. */
  claims?: Record<string, unknown>
}

export interface SignInClient {
  client_id: string
  client_secret: string
  redirect_uris: string[]
  post_logout_redirect_uris?: string[]
  /** Where it is told of a sign-out (OpenID Connect Back-Channel Logout 1.0). */
  backchannel_logout_uri?: string
}

/**
 * Whom it behaves like. `entra`: its issuer ends in the tenant's path, as Microsoft's. `entree`: what it knows of somebody stands at userinfo alone.
 */
export type SignInKind = 'google' | 'entra' | 'entree' | 'oidc'

/** The key that an ID token is signed with, and the set that it is published in. */
export interface SigningKey {
  privateKey: CryptoKey
  kid: string
  publicJwk: JWK
}

/** Makes another ID token of the right one. */
export type Forge = (payload: JWTPayload, key: SigningKey) => string | Promise<string>

/**
 * What a sign-in may do wrong, until told to stop:
 * `wrong-issuer-response` the `iss` of the redirect (mix-up) · `wrong-issuer`, `wrong-audience`, `wrong-nonce`, `wrong-key`, `expired` the ID
 * token · `old-auth-time` a proof of two hours ago, `no-auth-time` none at all · `no-sis-id` the claim is missing, in token and userinfo.
 */
export type Misbehaviour =
  | 'wrong-issuer-response'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'wrong-nonce'
  | 'wrong-key'
  | 'expired'
  | 'old-auth-time'
  | 'no-auth-time'
  | 'no-sis-id'

export interface SignInOptions {
  host?: string
  port?: number
  people: readonly SignInPerson[]
  clients?: readonly SignInClient[]
  school?: string
  kind?: SignInKind
  /** Of an `entra`. */
  tenant?: string
}

export interface SignIn {
  issuer: string
  /** A client that is known from now on; the same id again replaces it. */
  addClient(client: SignInClient): void
  /** Another school year, another list. Whoever is not on it any more is signed out. */
  setPeople(people: readonly SignInPerson[]): void
  misbehave(how: Misbehaviour | null): void
  /** Until told to stop. */
  forge(how: Forge | null): void
  /** Whoever is answered at userinfo is answered this. */
  answerUserinfo(how: ((claims: Record<string, unknown>) => Record<string, unknown>) | null): void
  /** Seconds that its clock is ahead. */
  shift(seconds: number): void
  /** Signs with another key from now on. @param publishes what the key set has: the new one beside the old, the new alone, or still the old one */
  rotate(publishes?: 'both' | 'new' | 'old'): Promise<SigningKey>
  /** How often its key set was asked for. */
  keysAsked(): number
  close(): Promise<void>
}

interface State {
  school: string
  people: Map<string, SignInPerson>
  clients: Map<string, SignInClient>
  wrong: Misbehaviour | null
  forge: Forge | null
  userinfo: ((claims: Record<string, unknown>) => Record<string, unknown>) | null
  kind: SignInKind
  skew: number
  /** Null: the provider's own. */
  key: SigningKey | null
  published: JWK[] | null
  keysAsked: number
}

export async function startSignIn(options: SignInOptions): Promise<SignIn> {
  const { host = '127.0.0.2', port = 0, school = 'De Vuurvlinder' } = options
  const byId = (people: readonly SignInPerson[]) => new Map(people.map(person => [person.sub, person]))
  const clients = new Map((options.clients ?? []).map(client => [client.client_id, client]))
  const { kind = 'oidc', tenant } = options
  const state: State = {
    ...{ school, people: byId(options.people), clients, wrong: null, forge: null, userinfo: null },
    ...{ kind, skew: 0, key: null, published: null, keysAsked: 0 },
  }
  // The issuer carries the port, which is known only once somebody listens.
  let handle = (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(503).end()
  }
  const site: Site = await listen((request, response) => handle(request, response), host, port)
  const path = tenant === undefined ? '' : `/${tenant}/v2.0`
  const { provider, first } = await makeProvider(`${site.origin}${path}`, state)
  handle = routes(provider, state, path)
  return {
    issuer: `${site.origin}${path}`,
    addClient: client => {
      clients.set(client.client_id, client)
    },
    setPeople: people => {
      state.people = byId(people)
    },
    misbehave: how => {
      state.wrong = how
    },
    forge: how => {
      state.forge = how
    },
    answerUserinfo: how => {
      state.userinfo = how
    },
    shift: seconds => {
      state.skew = seconds
    },
    async rotate(publishes = 'both') {
      const before = state.key ?? first
      const next = await newKey()
      state.key = next
      const sets = { both: [next, before], new: [next], old: [before] }
      state.published = sets[publishes].map(({ publicJwk }) => publicJwk)
      return next
    },
    keysAsked: () => state.keysAsked,
    close: () => site.close(),
  }
}

async function newKey(): Promise<SigningKey & { privateJwk: JWK }> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const [privateJwk, publicJwk] = [await exportJWK(privateKey), await exportJWK(publicKey)]
  const kid = await calculateJwkThumbprint(publicJwk)
  const named = { kid, alg: 'RS256', use: 'sig' }
  return { privateKey, kid, publicJwk: { ...publicJwk, ...named }, privateJwk: { ...privateJwk, ...named } }
}

async function makeProvider(issuer: string, state: State): Promise<{ provider: Provider; first: SigningKey }> {
  const { privateJwk, ...first } = await newKey()
  const provider = new Provider(issuer, configuration(state, privateJwk))
  provider.use(async (ctx, next) => {
    await next()
    if (ctx.path.endsWith('/jwks')) {
      state.keysAsked += 1
      if (state.published) ctx.body = { keys: state.published }
    }
    const { userinfo } = state
    if (userinfo && ctx.path.endsWith('/me') && isObject(ctx.body)) ctx.body = userinfo(ctx.body)
    const { wrong, forge, key, skew } = state
    if (wrong !== null) await spoil(ctx, wrong, key ?? first)
    else if (forge !== null || key !== null || skew !== 0) await resign(ctx, state, key ?? first)
  })
  return { provider, first }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** The ID token as it is, by another key, another clock or another hand. */
async function resign(ctx: { body?: unknown }, { forge, skew }: State, key: SigningKey): Promise<void> {
  const { body } = ctx
  if (!isObject(body) || typeof body.id_token !== 'string') return
  const payload = shifted(decodeJwt(body.id_token), skew)
  ctx.body = { ...body, id_token: forge ? await forge(payload, key) : await signed(payload, key) }
}

export const signed = (
  payload: JWTPayload,
  { privateKey, kid }: Pick<SigningKey, 'privateKey' | 'kid'>,
): Promise<string> => new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(privateKey)

function shifted(payload: JWTPayload, seconds: number): JWTPayload {
  const times = ['iat', 'exp', 'auth_time'].filter(name => typeof payload[name] === 'number')
  return { ...payload, ...Object.fromEntries(times.map(name => [name, Number(payload[name]) + seconds])) }
}

function configuration(state: State, key: JWK): Configuration {
  const policy = interactionPolicy.base()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0)
  return {
    adapter: memory(state.clients),
    // SAFETY: an RSA key as jose exports it is what the provider takes; the two libraries name the type differently.
    jwks: { keys: [key] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: {
      openid: ['sub', 'hd', 'tid', ...entreeClaims],
      profile: ['name', 'preferred_username', 'oid', 'sis_id', ...extraClaims(state.people.values())],
      email: ['email', 'email_verified'],
    },
    // As Google and Microsoft do: what was asked stands in the ID token, not at userinfo alone.
    conformIdTokenClaims: state.kind === 'entree',
    clientDefaults: { require_auth_time: true },
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => show(ctx, signOutPage(state.school, form)),
        postLogoutSuccessSource: ctx => show(ctx, signedOutPage(state.school)),
      },
    },
    // Its own guard refuses this very machine, where everything here stands.
    fetch: (url, { dispatcher: _own, ...options } = {}) => fetch(url, options),
    findAccount: (_ctx, sub) => accountOf(state, sub),
    interactions: { policy, url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    // The school's own clients: nobody is asked for consent.
    loadExistingGrant: async ctx => {
      const { client, session } = ctx.oidc
      if (client === undefined || session?.accountId === undefined) return undefined
      const grant = new ctx.oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
    renderError: (ctx, out) => show(ctx, errorPage(state.school, out.error)),
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 1800, Session: 36_000, Grant: 36_000 },
  }
}

const entreeClaims = ['uid', 'eduPersonAffiliation', 'nlEduPersonHomeOrganizationId', 'nlEduPersonRealId', 'givenName']

function extraClaims(people: Iterable<SignInPerson>): string[] {
  const names = new Set([...people].flatMap(person => Object.keys(person.claims ?? {})))
  return [...names].filter(name => !['sis_id', 'hd', 'tid', 'oid', ...entreeClaims].includes(name))
}

function accountOf(state: State, sub: string) {
  const person = state.people.get(sub)
  if (person === undefined) return undefined
  const claims = {
    ...person.claims,
    sub,
    name: person.name,
    preferred_username: person.username,
    ...(person.email === undefined ? {} : { email: person.email, email_verified: true }),
  }
  if (state.wrong === 'no-sis-id') Reflect.deleteProperty(claims, 'sis_id')
  return { accountId: sub, claims: () => claims }
}

/** `Cross-Origin-Opener-Policy` and no framing, as the big sign-ins have it: a pop-up can tell its opener nothing. */
const pageHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
}

function show(ctx: KoaContextWithOIDC, body: string): void {
  ctx.set(pageHeaders)
  ctx.type = 'html'
  ctx.body = body
}

/** @param path that the issuer ends in: the provider is mounted there, its pages are not */
function routes(
  provider: Provider,
  state: State,
  path: string,
): (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => void {
  const callback = provider.callback()
  return (request, response) => {
    if (path !== '' && request.url?.startsWith(`${path}/`)) {
      request.originalUrl = request.url
      request.url = request.url.slice(path.length)
      return void callback(request, response)
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/stijl.css') return send(response, 200, 'text/css', signInStyle)
    if (pathname === '/') return send(response, 200, 'text/html', frontPage(state.school), pageHeaders)
    if (!pathname.startsWith('/interaction/')) return void callback(request, response)
    interact({ provider, state, request, response, pathname, search: searchParams.get('zoek') ?? '' }).catch(() =>
      send(response, 400, 'text/html', errorPage(state.school, 'interaction_expired'), pageHeaders),
    )
  }
}

/** GET shows the choice; POST with `person` ends it. The provider's cookie ties both to this browser. */
async function interact(at: {
  provider: Provider
  state: State
  request: IncomingMessage
  response: ServerResponse
  pathname: string
  search: string
}): Promise<void> {
  const { provider, state, request, response, pathname } = at
  const { prompt, session } = await provider.interactionDetails(request, response)
  if (request.method === 'POST') {
    const sub = (await formBody(request)).get('person') ?? ''
    if (state.people.has(sub)) {
      const result = { login: { accountId: sub, remember: true }, select_account: {} }
      await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
      return
    }
  }
  const again = prompt.name === 'login' && session !== undefined
  const current = session === undefined ? undefined : state.people.get(session.accountId)
  const view = {
    school: state.school,
    action: pathname,
    people: [...state.people.values()],
    search: at.search,
    current,
    again,
  }
  send(response, 200, 'text/html', choicePage(view), pageHeaders)
}

/** Changes what leaves the provider, after it has done everything right. */
async function spoil(
  ctx: { response: { get(field: string): string }; set(field: string, value: string): void; body?: unknown },
  how: Misbehaviour,
  signing: SigningKey,
): Promise<void> {
  const location = ctx.response.get('Location')
  if (how === 'wrong-issuer-response' && location.includes('iss=')) {
    const url = new URL(location)
    url.searchParams.set('iss', 'http://127.0.0.9:9')
    ctx.set('Location', url.href)
  }
  const body: unknown = ctx.body
  if (typeof body !== 'object' || body === null || !('id_token' in body) || typeof body.id_token !== 'string') return
  const payload = spoiled(decodeJwt(body.id_token), how)
  const key = how === 'wrong-key' ? (await generateKeyPair('RS256')).privateKey : signing.privateKey
  const idToken = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: signing.kid }).sign(key)
  ctx.body = { ...body, id_token: idToken }
}

function spoiled(payload: JWTPayload, how: Misbehaviour): JWTPayload {
  const now = Math.floor(Date.now() / 1000)
  switch (how) {
    case 'wrong-issuer':
      return { ...payload, iss: 'http://127.0.0.9:9' }
    case 'wrong-audience':
      return { ...payload, aud: 'somebody-else' }
    case 'wrong-nonce':
      return { ...payload, nonce: 'not-the-one-you-sent' }
    case 'expired':
      return { ...payload, iat: now - 7200, exp: now - 3600 }
    case 'old-auth-time':
      return { ...payload, auth_time: now - 7200 }
    case 'no-auth-time': {
      const { auth_time: _, ...rest } = payload
      return rest
    }
    case 'wrong-key':
    case 'wrong-issuer-response':
    case 'no-sis-id':
      return payload
  }
}

/** What ends with a grant. An interaction names one too, and must survive the sign-out of the person before. */
const ofGrant: ReadonlySet<string> = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken'])

/** A store per sign-in: the provider's own is one for the whole process, which would mix schools (and holds a thousand things only). */
function memory(clients: Map<string, SignInClient>): (model: string) => Adapter {
  const store = new Map<string, { payload: AdapterPayload; until: number }>()
  const live = (key: string) => {
    const found = store.get(key)
    if (found !== undefined && found.until < Date.now()) store.delete(key)
    return store.get(key)?.payload
  }
  return model => {
    const by = (test: (payload: AdapterPayload) => boolean) =>
      [...store.keys()]
        .filter(key => key.startsWith(`${model}:`))
        .map(live)
        .find(payload => payload !== undefined && test(payload))
    return {
      upsert: async (id, payload, expiresIn) => {
        store.set(`${model}:${id}`, { payload, until: Date.now() + (expiresIn ?? 36_000) * 1000 })
      },
      find: async id => (model === 'Client' ? clientOf(clients.get(id)) : live(`${model}:${id}`)),
      findByUid: async uid => by(payload => payload.uid === uid),
      findByUserCode: async code => by(payload => payload.userCode === code),
      consume: async id => {
        const payload = live(`${model}:${id}`)
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000)
      },
      destroy: async id => {
        store.delete(`${model}:${id}`)
      },
      revokeByGrantId: async grantId => {
        for (const [key, { payload }] of store) {
          if (ofGrant.has(key.slice(0, key.indexOf(':'))) && payload.grantId === grantId) store.delete(key)
        }
      },
    }
  }
}

function clientOf(client: SignInClient | undefined): AdapterPayload | undefined {
  if (client === undefined) return undefined
  const metadata: ClientMetadata = {
    ...client,
    ...(client.backchannel_logout_uri ? { backchannel_logout_session_required: true } : {}),
    ...{ grant_types: ['authorization_code'], response_types: ['code'] },
  }
  // SAFETY: the provider reads a client's metadata from this payload; its type lists the fields of the other models too.
  return metadata as unknown as AdapterPayload
}
