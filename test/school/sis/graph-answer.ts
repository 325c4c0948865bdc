/**
 * Microsoft's sign-in and the education part of Graph, as far as a roster needs them, as functions from what was asked to what is answered. They check
 * what Microsoft checks: the app, the token, its permissions, the names in `$select`, the size of a batch.
 */
import { createHash } from 'node:crypto'
import type { EducationClass, EducationUser } from '@microsoft/microsoft-graph-types'
import type { Tenant } from './graph-tenant.ts'
import type { Answered, Asked } from './sis.ts'

export interface GraphState {
  /** Of the links in its answers. */
  origin: string
  tenant: () => Tenant
  app: { tenantId: string; clientId: string; clientSecret: string }
  /** Granted to the app. */
  permissions: string[]
  /** Classes hide who is in them, as those of School Data Sync may. */
  hiddenMembership: boolean
  /** It sends no more than this, whatever `$top` says. */
  pageSize: number
  /** Knows `$deltatoken=latest`; else it sends everything first. */
  knowsLatest: boolean
  /** How it says that a round is forgotten. */
  forgotten: { status: 400 | 410; code: string }
  tokens: Set<string>
  /** Makes other tokens of the same changes. */
  salt: string
  rounds: Map<string, Round>
  /** Items of a batch that get 429 that many times, by the end of their path. */
  throttled: Map<string, number>
  /** Every `$select` that was asked, and `*` where there was none. */
  selects: { path: string; names: string[] }[]
}

interface Round {
  tenant: Tenant
  select: string[] | undefined
}

export function graphState(given: Pick<GraphState, 'origin' | 'tenant' | 'app'>): GraphState {
  return {
    permissions: ['EduRoster.Read.All'],
    hiddenMembership: false,
    pageSize: 7,
    knowsLatest: true,
    forgotten: { status: 400, code: 'syncStateNotFound' },
    tokens: new Set(),
    salt: '',
    rounds: new Map(),
    throttled: new Map(),
    selects: [],
    ...given,
  }
}

type Question = Pick<Asked, 'method' | 'path' | 'query' | 'headers' | 'body' | 'fault'>

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
export function loginAnswer(state: GraphState, { method, path, body }: Question): Answered {
  const form = new URLSearchParams(body)
  const [, tenant, ...rest] = path.split('/')
  if (method !== 'POST' || rest.join('/') !== 'oauth2/v2.0/token') return { status: 404 }
  const { tenantId, clientId, clientSecret } = state.app
  if (tenant !== tenantId) return entraError(400, 'invalid_request', 90002, `Tenant '${tenant}' not found`)
  if (form.get('client_id') !== clientId)
    return entraError(400, 'unauthorized_client', 700016, `Application '${form.get('client_id')}' was not found`)
  if (form.get('client_secret') !== clientSecret)
    return entraError(401, 'invalid_client', 7000215, `Invalid client secret '${form.get('client_secret')}'`)
  if (form.get('grant_type') !== 'client_credentials' || !/\/\.default$/.test(form.get('scope') ?? ''))
    return entraError(400, 'invalid_scope', 70011, 'The provided scope is not valid')
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    aud: 'https://graph.microsoft.com',
    tid: tenantId,
    appid: clientId,
    roles: state.permissions,
    n: state.tokens.size,
  }
  const token = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.GEHEIM`
  state.tokens.add(token)
  return { body: { token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token } }
}

export function entraError(status: number, error: string, code: number, text: string): Answered {
  const ids = {
    trace_id: '0f0f0f0f-0000-4000-8000-000000000001',
    correlation_id: '0f0f0f0f-0000-4000-8000-000000000002',
  }
  const error_description = `AADSTS${code}: ${text}. CANARY-DESCRIPTION Trace ID: ${ids.trace_id}`
  return { status, body: { error, error_description, error_codes: [code], timestamp: '2026-11-23 12:00:00Z', ...ids } }
}

export function graphError(
  status: number,
  code: string,
  message = 'CANARY-MESSAGE of somebody',
  headers = {},
): Answered {
  const innerError = {
    date: '2026-11-23T12:00:00',
    'request-id': '0f0f0f0f-0000-4000-8000-000000000003',
    'client-request-id': '0f0f0f0f-0000-4000-8000-000000000003',
  }
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: { error: { code, message, innerError } },
  }
}

export function graphAnswer(state: GraphState, asked: Question): Answered {
  const token = /^Bearer (.+)$/.exec(String(asked.headers.authorization ?? ''))?.[1]
  if (token === undefined || !state.tokens.has(token))
    return graphError(401, 'InvalidAuthenticationToken', 'Access token has expired or is not yet valid.')
  if (!asked.path.startsWith('/v1.0/')) return graphError(400, 'BadRequest', 'Invalid version')
  if (asked.fault === 'ok-with-error') return { ...graphError(200, 'serviceNotAvailable'), status: 200 }
  const path = asked.path.slice('/v1.0'.length)
  const answer = path === '/$batch' ? batch(state, asked) : resource(state, path, asked.query)
  if (asked.fault !== 'repeated-page' || answer.status !== undefined || asked.method !== 'GET') return answer
  const link = `${state.origin}${asked.path}?$skiptoken=AGAIN`
  return { ...answer, body: { ...(answer.body as object), '@odata.nextLink': link } }
}

interface BatchItem {
  id: string
  method: string
  url: string
}

function batch(state: GraphState, { method, body }: Question): Answered {
  const { requests = [] } = JSON.parse(body || '{}') as { requests?: BatchItem[] }
  const ids = new Set(requests.map(({ id }) => id.toLowerCase()))
  if (method !== 'POST' || requests.length === 0 || requests.length > 20 || ids.size < requests.length)
    return graphError(400, 'BadRequest', 'Invalid batch payload format.')
  const responses = requests.map(({ id, method, url }) => {
    const { pathname, searchParams } = new URL(`${state.origin}${url}`)
    const {
      status = 200,
      headers = {},
      body,
    } = method === 'GET' && url.startsWith('/education/')
      ? (throttle(state, pathname) ?? resource(state, pathname, searchParams))
      : graphError(400, 'BadRequest', 'Resource not found for the segment')
    return { id, status, headers: { 'Content-Type': 'application/json', ...headers }, body }
  })
  // In any order, says the documentation.
  return { body: { responses: responses.reverse() } }
}

function throttle(state: GraphState, path: string): Answered | undefined {
  for (const [end, left] of state.throttled) {
    if (!path.endsWith(end) || left <= 0) continue
    state.throttled.set(end, left - 1)
    return graphError(429, 'TooManyRequests', 'CANARY-MESSAGE', { 'Retry-After': '2.128' })
  }
  return undefined
}

const properties = {
  schools: [
    'id',
    'displayName',
    'description',
    'externalId',
    'schoolNumber',
    'externalSource',
    'principalName',
    'principalEmail',
    'phone',
    'fax',
    'address',
    'highestGrade',
    'lowestGrade',
    'createdBy',
  ],
  classes: [
    'id',
    'displayName',
    'mailNickname',
    'description',
    'createdBy',
    'classCode',
    'externalName',
    'externalId',
    'externalSource',
    'externalSourceDetail',
    'grade',
    'term',
    'course',
  ],
  users: [
    'id',
    'displayName',
    'givenName',
    'middleName',
    'surname',
    'mail',
    'mailNickname',
    'mobilePhone',
    'businessPhones',
    'userPrincipalName',
    'userType',
    'accountEnabled',
    'primaryRole',
    'externalSource',
    'externalSourceDetail',
    'student',
    'teacher',
    'residenceAddress',
    'mailingAddress',
    'department',
    'officeLocation',
    'preferredLanguage',
    'usageLocation',
    'onPremisesInfo',
    'createdBy',
    'relatedContacts',
  ],
}
type Kind = keyof typeof properties

function resource(state: GraphState, path: string, query: URLSearchParams): Answered {
  const tenant = state.tenant()
  const [, root, collection, id, list, ...more] = path.split('/').map(decodeURIComponent)
  if (root !== 'education' || more.length > 0)
    return graphError(400, 'BadRequest', 'Resource not found for the segment')
  if (id === 'delta' && (collection === 'users' || collection === 'classes')) return delta(state, collection, query)
  if (!state.permissions.some(right => /^EduRoster\.Read(Write)?\.All$/.test(right)))
    return graphError(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.')
  const page = (kind: Kind, all: readonly object[]) => onePage(state, path, query, kind, all)
  if (id === undefined && (collection === 'schools' || collection === 'classes' || collection === 'users'))
    return page(collection, tenant[collection])
  const of = <Item extends { id?: string }>(all: Item[]) => all.filter(each => tenant.schoolOf[each.id ?? ''] === id)
  if (collection === 'schools' && tenant.schools.some(school => school.id === id)) {
    if (list === 'classes') return page('classes', of(tenant.classes))
    if (list === 'users') return page('users', of(tenant.users))
  }
  if (
    collection === 'classes' &&
    tenant.classes.some(each => each.id === id) &&
    (list === 'members' || list === 'teachers')
  ) {
    const hidden = state.hiddenMembership && !state.permissions.includes('Member.Read.Hidden')
    const ids = hidden ? [] : (tenant[list][id ?? ''] ?? [])
    const users = new Map(tenant.users.map(user => [user.id, user]))
    return page(
      'users',
      ids.map(each => users.get(each) ?? { id: each }),
    )
  }
  return graphError(404, 'Request_ResourceNotFound', `Resource '${id}' does not exist`)
}

function selection(
  state: GraphState,
  path: string,
  query: URLSearchParams,
  kind: Kind,
): string[] | undefined | Answered {
  const names = query.get('$select')?.split(',')
  state.selects.push({ path, names: names ?? ['*'] })
  const unknown = names?.find(name => !properties[kind].includes(name))
  // Also for `student/studentNumber`: Graph selects no part of a part.
  if (unknown !== undefined) return graphError(400, 'BadRequest', `Could not find a property named '${unknown}'`)
  return names
}

const isAnswer = (found: string[] | undefined | Answered): found is Answered =>
  found !== undefined && !Array.isArray(found)

function onePage(
  state: GraphState,
  path: string,
  query: URLSearchParams,
  kind: Kind,
  all: readonly object[],
): Answered {
  const select = selection(state, path, query, kind)
  if (isAnswer(select)) return select
  const top = Number(query.get('$top') ?? 100)
  if (!(top >= 1 && top <= 999)) return graphError(400, 'BadRequest', 'Invalid page size')
  const from = Number(Buffer.from(query.get('$skiptoken') ?? '', 'base64url').toString()) || 0
  const until = from + Math.min(top, state.pageSize)
  const value = all.slice(from, until).map(item => only(item, select))
  const context = { '@odata.context': `${state.origin}/v1.0/$metadata#education${path}` }
  if (until >= all.length) return { body: { ...context, value } }
  const skiptoken = Buffer.from(String(until)).toString('base64url')
  const rest = [...query].filter(([name]) => name !== '$skiptoken').map(([name, text]) => `${name}=${text}`)
  // Not in the order of the question: a link is opaque.
  const link = `${state.origin}/v1.0${path}?${[`$skiptoken=${skiptoken}`, ...rest.reverse()].join('&')}`
  return { body: { ...context, '@odata.nextLink': link, value } }
}

const only = (item: object, select: readonly string[] | undefined): object =>
  select === undefined ? item : Object.fromEntries(select.map(name => [name, Reflect.get(item, name) ?? null]))

/** A round: everything, or what is new since an earlier one; never what was deleted. */
function delta(state: GraphState, kind: 'users' | 'classes', query: URLSearchParams): Answered {
  if (!state.permissions.some(right => right.startsWith('EduRoster.'))) return graphError(403, 'Forbidden')
  const path = `/education/${kind}/delta`
  const link = (name: 'skiptoken' | 'deltatoken', token: string) => `${state.origin}/v1.0${path}?$${name}=${token}`
  const skip = query.get('$skiptoken')
  if (skip !== null) {
    const [from = '', to = '', at = '0'] = skip.split('.')
    return deltaPage(state, kind, { from, to, at: Number(at), link })
  }
  const token = query.get('$deltatoken')
  const known = token === null || token === 'latest' ? undefined : state.rounds.get(token)
  if (token !== null && token !== 'latest' && known === undefined)
    return graphError(state.forgotten.status, state.forgotten.code, 'The delta token is no longer valid')
  const select = known === undefined ? selection(state, path, query, kind) : known.select
  if (isAnswer(select)) return select
  const tenant = state.tenant()
  const to = createHash('sha256')
    .update(JSON.stringify([state.salt, kind, select, tenant]))
    .digest('hex')
  state.rounds.set(to, { tenant, select })
  if (token === 'latest' && state.knowsLatest)
    return { body: { value: [], '@odata.deltaLink': link('deltatoken', to) } }
  return deltaPage(state, kind, { from: known === undefined ? '' : (token ?? ''), to, at: 0, link })
}

function deltaPage(
  state: GraphState,
  kind: 'users' | 'classes',
  round: { from: string; to: string; at: number; link: (name: 'skiptoken' | 'deltatoken', token: string) => string },
): Answered {
  const { from, to, at, link } = round
  const now = state.rounds.get(to)
  if (now === undefined) return graphError(state.forgotten.status, state.forgotten.code)
  const before = state.rounds.get(from)?.tenant
  const items = kind === 'users' ? changedUsers(before, now) : changedClasses(before, now.tenant)
  const until = at + state.pageSize
  const value = items.slice(at, until)
  if (until >= items.length) return { body: { value, '@odata.deltaLink': link('deltatoken', to) } }
  return { body: { value, '@odata.nextLink': link('skiptoken', `${from}.${to}.${until}`) } }
}

/** The id and what is new of what is tracked. */
function changedUsers(before: Tenant | undefined, { tenant, select }: Round): object[] {
  const old = new Map(before?.users.map(user => [user.id, user]))
  return tenant.users.flatMap((user: EducationUser) => {
    const was = old.get(user.id)
    const names = (select ?? Object.keys(user)).filter(
      name =>
        JSON.stringify(Reflect.get(user, name)) !==
        JSON.stringify(was === undefined ? undefined : Reflect.get(was, name)),
    )
    return names.length === 0 ? [] : [only(user, ['id', ...names.filter(name => name !== 'id')])]
  })
}

function changedClasses(before: Tenant | undefined, now: Tenant): object[] {
  const old = new Map(before?.classes.map(each => [each.id, each]))
  return now.classes.flatMap((each: EducationClass) => {
    const id = each.id ?? ''
    const members = differences(before?.members[id] ?? [], now.members[id] ?? [])
    const owners = differences(before?.teachers[id] ?? [], now.teachers[id] ?? [])
    const same = JSON.stringify(old.get(id)) === JSON.stringify(each)
    if (same && members.length === 0 && owners.length === 0) return []
    return [{ ...each, ...(members.length === 0 ? {} : { 'members@delta': members }) }]
  })
}

function differences(before: readonly string[], now: readonly string[]): object[] {
  const type = { '@odata.type': '#microsoft.graph.educationUser' }
  return [
    ...now.filter(id => !before.includes(id)).map(id => ({ ...type, id })),
    ...before.filter(id => !now.includes(id)).map(id => ({ ...type, id, '@removed': { reason: 'deleted' } })),
  ]
}
