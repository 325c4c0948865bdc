/**
 * Google on localhost: the token endpoint, the Directory and Classroom. It verifies the signed assertion and the delegated scopes, sends only the
 * fields that are asked for, in pages smaller than asked, and refuses with Google's own bodies. Pure from request to answer, so that a test
 * can put the same behind Google's own addresses.
 */
import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import type { classroom_v1 } from 'googleapis/build/src/apis/classroom/index.js'
import { customerId, googleId, units, type Workspace, workspaceOf } from './google-workspace.ts'
import { type Answered, type Asked, type Sis, type SisOptions, startSisServer } from './sis.ts'

export const allScopes = [
  'https://www.googleapis.com/auth/admin.directory.user.readonly',
  'https://www.googleapis.com/auth/admin.directory.orgunit.readonly',
  'https://www.googleapis.com/auth/admin.directory.group.readonly',
  'https://www.googleapis.com/auth/classroom.courses.readonly',
  'https://www.googleapis.com/auth/classroom.rosters.readonly',
] as const

/** Google's, smaller: so that there is always a next page. */
const most = { users: 37, groups: 5, members: 9, courses: 4, students: 8, teachers: 2, aliases: 2 }

export interface GoogleState {
  workspace: Workspace
  account: { clientEmail: string; keyId: string; publicKey: KeyObject }
  admin: string
  /** What the super administrator entered in the console. */
  delegated: Set<string>
  /** Topics to which Classroom may publish, and those that it was asked to tell of the rosters of the domain. */
  topics: Set<string>
  told: string[]
  /** The administrator has agreed in person to the project: delegation does not count for being told. */
  agreed: boolean
  /** The public keys of Google's tokens. */
  certs: { keys: object[] }
  /** Given out, with their scopes. */
  tokens: Map<string, string[]>
  clock: () => Date
}

const audience = 'https://oauth2.googleapis.com/token'

export function googleAnswer(state: GoogleState, asked: Asked): Answered {
  if (asked.path === '/token') return tokenAnswer(state, asked)
  if (asked.path === '/oauth2/v3/certs') return { body: state.certs }
  if (asked.fault === 'ok-with-error')
    return { body: { error: { code: 500, message: 'Backend Error', status: 'INTERNAL' } } }
  const token = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '')?.[1] ?? ''
  const granted = state.tokens.get(token)
  if (granted === undefined)
    return failed(401, 'Request had invalid authentication credentials.', 'authError', 'UNAUTHENTICATED')
  const route = routes.find(({ path }) => path.test(asked.path))
  if (route === undefined || asked.method !== (route.method ?? 'GET'))
    return failed(404, 'Not Found', 'notFound', 'NOT_FOUND')
  if (!granted.includes(scopeRoot + route.scope))
    return failed(
      403,
      'Request had insufficient authentication scopes.',
      'insufficientPermissions',
      'PERMISSION_DENIED',
    )
  return route.answer(state, asked, route.path.exec(asked.path)?.slice(1).map(decodeURIComponent) ?? [])
}

const scopeRoot = 'https://www.googleapis.com/auth/'

/** As each of the two writes its errors: the Directory with `errors`, Classroom with `status`. */
export function failed(code: number, message: string, reason: string, status: string): Answered {
  return { status: code, body: { error: { code, message, errors: [{ message, domain: 'global', reason }], status } } }
}

interface Route {
  path: RegExp
  method?: 'POST'
  scope: string
  answer(state: GoogleState, asked: Asked, parameters: string[]): Answered
}

const routes: readonly Route[] = [
  { path: /^\/admin\/directory\/v1\/users$/, scope: 'admin.directory.user.readonly', answer: usersAnswer },
  {
    path: /^\/admin\/directory\/v1\/customer\/([^/]+)\/orgunits$/,
    scope: 'admin.directory.orgunit.readonly',
    answer: orgUnitsAnswer,
  },
  {
    path: /^\/admin\/directory\/v1\/groups$/,
    scope: 'admin.directory.group.readonly',
    answer: ({ workspace }, asked) =>
      badCustomer(asked.query.get('customer')) ??
      paged(asked, { key: 'groups', size: 'maxResults', most: 200, kind: 'admin#directory#groups' }, workspace.groups),
  },
  {
    path: /^\/admin\/directory\/v1\/groups\/([^/]+)\/members$/,
    scope: 'admin.directory.group.readonly',
    answer({ workspace }, asked, [key]) {
      const group = workspace.groups.find(({ id, email }) => id === key || email === key)
      if (group === undefined) return failed(404, `Resource Not Found: ${key}`, 'notFound', 'NOT_FOUND')
      const shape = { key: 'members', size: 'maxResults', most: 200, kind: 'admin#directory#members' } as const
      return paged(asked, shape, group.members)
    },
  },
  {
    path: /^\/v1\/courses$/,
    scope: 'classroom.courses.readonly',
    answer({ workspace }, asked) {
      const states = asked.query.getAll('courseStates')
      const courses = workspace.courses.filter(
        ({ courseState }) => states.length === 0 || states.includes(courseState ?? ''),
      )
      return paged(asked, { key: 'courses', size: 'pageSize', most: 1000 }, courses)
    },
  },
  {
    path: /^\/v1\/registrations$/,
    method: 'POST',
    scope: 'classroom.push-notifications',
    answer: registrationAnswer,
  },
  ...(['students', 'teachers', 'aliases'] as const).map(
    (key): Route => ({
      path: new RegExp(`^/v1/courses/([^/]+)/${key}$`),
      scope: key === 'aliases' ? 'classroom.courses.readonly' : 'classroom.rosters.readonly',
      answer({ workspace }, asked, [id]) {
        const course = workspace.courses.find(one => one.id === id)
        if (course === undefined) return failed(404, 'Requested entity was not found.', 'notFound', 'NOT_FOUND')
        const items = key === 'aliases' ? course.aliases.map(alias => ({ alias })) : course[key]
        return paged(asked, { key, size: 'pageSize', most: 1000 }, items)
      },
    }),
  ),
]

/** The errors as the reference of registrations.create has them. */
function registrationAnswer(state: GoogleState, asked: Asked): Answered {
  const { feed, cloudPubsubTopic } = JSON.parse(asked.body) as classroom_v1.Schema$Registration
  const topic = cloudPubsubTopic?.topicName ?? ''
  if (feed?.feedType !== 'DOMAIN_ROSTER_CHANGES' || !/^projects\/[^/]+\/topics\/[^/]+$/.test(topic))
    return failed(400, 'Request contains an invalid argument.', 'badRequest', 'INVALID_ARGUMENT')
  if (!state.agreed) return failed(403, '@MissingGrant CANARY', 'forbidden', 'PERMISSION_DENIED')
  if (!state.topics.has(topic)) return failed(404, 'Requested entity was not found.', 'notFound', 'NOT_FOUND')
  state.told.push(topic)
  const expiryTime = new Date(state.clock().getTime() + 7 * 86_400_000).toISOString()
  return { body: selected(asked, { registrationId: 'FICTIEF', feed, cloudPubsubTopic, expiryTime }) }
}

function badCustomer(customer: string | null): Answered | undefined {
  if (customer === 'my_customer' || customer === customerId) return undefined
  return failed(400, 'Bad Request', 'badRequest', 'INVALID_ARGUMENT')
}

function usersAnswer({ workspace }: GoogleState, asked: Asked): Answered {
  const query = asked.query.get('query') ?? ''
  const [, quoted] = /^orgUnitPath='((?:[^'\\]|\\.)*)'$/.exec(query) ?? []
  const path = quoted?.replace(/\\(.)/g, '$1')
  if (query !== '' && path === undefined) return failed(400, 'Invalid Input: query', 'invalid', 'INVALID_ARGUMENT')
  if (path !== undefined && !workspace.orgUnits.some(unit => unit.orgUnitPath === path))
    return failed(400, 'Invalid Input: INVALID_OU_ID', 'invalid', 'INVALID_ARGUMENT')
  const below = ({ orgUnitPath }: Workspace['users'][number]) =>
    path === undefined || orgUnitPath === path || orgUnitPath?.startsWith(`${path}/`)
  const shape = { key: 'users', size: 'maxResults', most: 500, kind: 'admin#directory#users' } as const
  return badCustomer(asked.query.get('customer')) ?? paged(asked, shape, workspace.users.filter(below))
}

function orgUnitsAnswer({ workspace }: GoogleState, asked: Asked, [customer]: string[]): Answered {
  const under = asked.query.get('orgUnitPath') ?? '/'
  if (under !== '/' && !workspace.orgUnits.some(({ orgUnitPath }) => orgUnitPath === under))
    return failed(404, 'Org unit not found', 'notFound', 'NOT_FOUND')
  const parents = asked.query.get('type') === 'all' ? (path: string) => path.startsWith(`${under}/`) : () => false
  const organizationUnits = workspace.orgUnits.filter(
    ({ orgUnitPath, parentOrgUnitPath }) => parentOrgUnitPath === under || parents(orgUnitPath ?? ''),
  )
  const whole = { kind: 'admin#directory#orgUnits', etag: '"fictief"', organizationUnits }
  return badCustomer(customer ?? null) ?? { body: selected(asked, whole) }
}

interface Shape {
  key: keyof typeof most
  size: 'maxResults' | 'pageSize'
  most: number
  kind?: string
}

/** An opaque token that is good for the very same question only; an empty list is no list, as at Google. */
function paged(asked: Asked, shape: Shape, items: readonly object[]): Answered {
  const question = new URLSearchParams(asked.query)
  question.delete('pageToken')
  const size = Number(asked.query.get(shape.size) ?? 30)
  if (!Number.isInteger(size) || size < 1 || size > shape.most)
    return failed(400, `Invalid value for ${shape.size}`, 'invalid', 'INVALID_ARGUMENT')
  const token = (from: number) =>
    Buffer.from(JSON.stringify({ from, question: String(question) })).toString('base64url')
  const from = place(asked.query.get('pageToken'), String(question))
  if (from === undefined) return failed(400, 'Invalid Input: pageToken', 'invalid', 'INVALID_ARGUMENT')
  const end = from + Math.min(size, most[shape.key])
  const page = items.slice(from, end)
  const next = asked.fault === 'repeated-page' ? token(0) : end < items.length ? token(end) : undefined
  const whole = {
    ...(shape.kind === undefined ? {} : { kind: shape.kind }),
    ...(page.length === 0 ? {} : { [shape.key]: page }),
    ...(next === undefined ? {} : { nextPageToken: next }),
  }
  return { body: selected(asked, whole) }
}

function place(pageToken: string | null, question: string): number | undefined {
  if (pageToken === null) return 0
  try {
    const held = JSON.parse(Buffer.from(pageToken, 'base64url').toString())
    return held.question === question ? held.from : undefined
  } catch {
    return undefined
  }
}

/** `fields`: partial response, `a,b(c,d(e))`. Without it everything is sent. */
function selected(asked: Asked, whole: object): object {
  const fields = asked.query.get('fields')
  return fields === null ? whole : pick(whole, parts(fields))
}

type Mask = Map<string, Mask>

function parts(fields: string): Mask {
  const mask: Mask = new Map()
  let [depth, from] = [0, 0]
  for (let at = 0; at <= fields.length; at += 1) {
    if (fields[at] === '(') depth += 1
    if (fields[at] === ')') depth -= 1
    if (at < fields.length && (fields[at] !== ',' || depth > 0)) continue
    const [, name = '', inner] = /^(\w+)(?:\((.*)\))?$/.exec(fields.slice(from, at)) ?? []
    mask.set(name, inner === undefined ? new Map() : parts(inner))
    from = at + 1
  }
  return mask
}

function pick(value: object, mask: Mask): object {
  const inner = (each: unknown, of: Mask): unknown => {
    if (of.size === 0 || typeof each !== 'object' || each === null) return each
    return Array.isArray(each) ? each.map(one => inner(one, of)) : pick(each, of)
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => {
      const of = mask.get(name)
      return of === undefined ? [] : [[name, inner(each, of)]]
    }),
  )
}

/** RFC 7523, as Google checks it. */
function tokenAnswer(state: GoogleState, asked: Asked): Answered {
  const form = new URLSearchParams(asked.body)
  const refuse = (status: number, error: string, error_description: string) => ({
    status,
    body: { error, error_description },
  })
  if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:jwt-bearer')
    return refuse(400, 'unsupported_grant_type', 'Invalid grant_type')
  const claims = assertionIn(form.get('assertion') ?? '', state)
  if (claims === undefined) return refuse(400, 'invalid_grant', 'Invalid JWT Signature.')
  const now = state.clock().getTime() / 1000
  const { iss, sub, aud, iat, exp, scope } = claims
  if (!(Math.abs(iat - now) < 300 && exp > now && exp - iat <= 3600))
    return refuse(400, 'invalid_grant', 'Invalid JWT: Token must be a short-lived token (60 minutes)')
  if (iss !== state.account.clientEmail || aud !== audience)
    return refuse(400, 'invalid_grant', 'Invalid JWT: Failed audience check')
  if (sub !== state.admin) return refuse(400, 'invalid_grant', `Invalid email or User ID CANARY ${sub}`)
  const scopes = scope.split(' ')
  if (!scopes.every(one => state.delegated.has(one)))
    return refuse(
      401,
      'unauthorized_client',
      'Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.',
    )
  const access_token = `ya29.fictief-${state.tokens.size + 1}`
  state.tokens.set(access_token, scopes)
  return { body: { access_token, expires_in: 3599, token_type: 'Bearer' } }
}

interface Claims {
  iss: string
  sub: string
  aud: string
  scope: string
  iat: number
  exp: number
}

function assertionIn(assertion: string, { account }: GoogleState): Claims | undefined {
  const [head = '', body = '', signature = ''] = assertion.split('.')
  const content = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  try {
    const { alg, kid } = content(head)
    if (alg !== 'RS256' || kid !== account.keyId) return undefined
    const signed = Buffer.from(`${head}.${body}`)
    return verify('RSA-SHA256', signed, account.publicKey, Buffer.from(signature, 'base64url'))
      ? content(body)
      : undefined
  } catch {
    return undefined
  }
}

/** A service account with a key of its own, and everything delegated to it. */
export function googleState(workspace: Workspace, clock: () => Date): { state: GoogleState; keyJson: string } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const clientEmail = 'm5@fictief.iam.gserviceaccount.com'
  const keyJson = JSON.stringify({
    type: 'service_account',
    project_id: 'fictief',
    private_key_id: 'f1c71ef0',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    client_email: clientEmail,
    client_id: '100000000000000000777',
    token_uri: 'https://evil.example/token',
  })
  const account = { clientEmail, keyId: 'f1c71ef0', publicKey }
  const admin = 'beheer@devuurvlinder.example'
  const push = { topics: new Set<string>(), told: [], agreed: true, certs: { keys: [] } }
  const rights = { delegated: new Set<string>(allScopes), tokens: new Map<string, string[]>() }
  return { state: { workspace, account, admin, ...rights, ...push, clock }, keyJson }
}

/** What selects the school in every way of reading it. */
export const schoolOptions = { pupils: [units.pupils], staff: [units.staff], trainees: [units.trainees] }

export interface GoogleSis extends Sis {
  state: GoogleState
  /** Every question with its parameters, for tests: `GET /v1/courses?…`. */
  asked: { path: string; query: URLSearchParams }[]
}

export async function startGoogle({ school, clock, host, port }: SisOptions): Promise<GoogleSis> {
  const { state, keyJson } = googleState(workspaceOf(school()), clock)
  const asked: GoogleSis['asked'] = []
  let rendered = school()
  const server = await startSisServer(
    question => {
      if (school() !== rendered) {
        rendered = school()
        state.workspace = workspaceOf(rendered)
      }
      asked.push({ path: question.path, query: question.query })
      return googleAnswer(state, question)
    },
    {
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      spared: path => path === '/token',
    },
  )
  return {
    ...server,
    state,
    asked,
    kind: 'google',
    options: {
      ...schoolOptions,
      endpoint: server.url,
      serviceAccount: keyJson,
      subject: state.admin,
      homerooms: { from: 'courses', patterns: ['Groep *'] },
      scheduled: true,
    },
    sourceIdOf: {
      pupil: key => `user:${googleId.pupil(key)}`,
      teacher: key => `user:${googleId.teacher(key)}`,
    },
  }
}
