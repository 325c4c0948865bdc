/**
 * A OneRoster server on localhost. By default it behaves as the Ed-Fi peer does (version 1.2): pages of 100, never more than 500 in silence, no
 * total, no Link, flat collections only, `sort` and `filter` that answer 400 to a field they do not know, deleted records not shown.
 */
import { randomUUID } from 'node:crypto'
import {
  type CollectionName,
  collectionNames,
  identifierOf,
  type OneRosterData,
  type OneRosterVersion,
  oneRosterOf,
  pupilIdOf,
  type Thing,
  teacherIdOf,
} from './oneroster-school.ts'
import { type Answered, type Asked, type Sis, type SisOptions, type StartSis, startSisServer } from './sis.ts'

export interface OneRosterPeer {
  version?: OneRosterVersion
  /** Link, X-Total-Count, any page size, and collections below /schools/{id}. */
  generous?: boolean
  ignoresOffset?: boolean
  refusesFilter?: readonly CollectionName[]
  refusesSort?: boolean
  /** Pages above this are answered with 400 instead of a shorter page. */
  refusesPagesAbove?: number
  /** Deleted records: in every list, or in those by date only. */
  showsDeleted?: 'always' | 'on-filter'
  /** So many answers, then one 429. */
  perMinute?: number
  /** The last change to what a test wants: after everything else is rendered. */
  alter?: (data: OneRosterData) => void
}

export interface OneRosterSis extends Sis {
  /** What was asked of the collections, with its query. */
  asked: { path: string; query: Record<string, string> }[]
  /** After so many answers more every one is a 503. */
  breakAfter(answers: number): void
  /** Tokens given out so far are worth nothing any more. */
  revoke(): void
}

const client = { clientId: 'm5 & co', clientSecret: 'fictief/geheim+1' }
const bases = { '1.1': '/ims/oneroster/v1p1', '1.2': '/ims/oneroster/rostering/v1p2' }
const scopes = { '1.1': 'v1p1', '1.2': 'v1p2' }
const text = { 'content-type': 'text/plain' }

export const startOneRoster: StartSis = options => startOneRosterPeer(options)

export async function startOneRosterPeer(options: SisOptions, peer: OneRosterPeer = {}): Promise<OneRosterSis> {
  const version = peer.version ?? '1.2'
  const asked: OneRosterSis['asked'] = []
  const tokens = new Set<string>()
  const data = remembering(options, peer, version)
  let answers = 0
  let breaksAt = Number.POSITIVE_INFINITY
  const answer = (request: Asked): Answered => {
    if (request.path === '/oauth/token') return token(request, version, tokens)
    if (!tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, '')))
      return failure(401, 'unauthorisedrequest')
    asked.push({ path: request.path.replace(bases[version], ''), query: Object.fromEntries(request.query) })
    answers += 1
    if (answers > breaksAt) return { status: 503, body: 'down' }
    if (peer.perMinute !== undefined && answers % (peer.perMinute + 1) === peer.perMinute)
      return {
        status: 429,
        headers: { 'retry-after': '60', ...text },
        body: 'Too many requests, please try again later.',
      }
    if (request.fault === 'ok-with-error') return { ...failure(400, 'internal_server_error'), status: 200 }
    return collection(
      request,
      { ...peer, ...(request.fault === undefined ? {} : { ignoresOffset: true }) },
      version,
      data(),
    )
  }
  const server = await startSisServer(answer, { ...options, spared: path => path === '/oauth/token' })
  return {
    ...server,
    kind: 'oneroster',
    options: {
      url: `${server.url}${bases[version]}`,
      version,
      tokenUrl: `${server.url}/oauth/token`,
      ...client,
      school: identifierOf(options.school()),
    },
    sourceIdOf: { pupil: key => `user:${pupilIdOf(key)}`, teacher: key => `user:${teacherIdOf(key)}` },
    asked,
    breakAfter: more => {
      breaksAt = answers + more
    },
    revoke: () => tokens.clear(),
  }
}

export const oneRosterSecret = client.clientSecret

/** RFC 6749 §4.4: the pair form-encoded in Basic, or in the body. */
function token({ method, headers, body }: Asked, version: OneRosterVersion, tokens: Set<string>): Answered {
  const form = new URLSearchParams(body)
  const basic = /^Basic (.+)$/.exec(headers.authorization ?? '')?.[1]
  const pair =
    basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
  const [id, secret] = pair ?? [form.get('client_id'), form.get('client_secret')]
  if (id !== client.clientId || secret !== client.clientSecret)
    return { status: 401, body: { error: 'invalid_client' } }
  if (method !== 'POST' || form.get('grant_type') !== 'client_credentials')
    return { status: 400, body: { error: 'unsupported_grant_type' } }
  if (form.get('scope') !== `https://purl.imsglobal.org/spec/or/${scopes[version]}/scope/roster-core.readonly`)
    return { status: 400, body: { error: 'invalid_scope' } }
  const value = randomUUID()
  tokens.add(value)
  return { body: { access_token: value, token_type: 'bearer', expires_in: 3600 } }
}

function failure(status: number, code: string): Answered {
  const body = {
    imsx_codeMajor: 'failure',
    imsx_severity: 'error',
    imsx_description: 'CANARY',
    imsx_CodeMinor: {
      imsx_codeMinorField: [{ imsx_codeMinorFieldName: 'TargetEndSystem', imsx_codeMinorFieldValue: code }],
    },
  }
  return { status, body }
}

/** Stamps a record when it first shows or changes, and keeps what is gone as `tobedeleted`: as a database would. */
function remembering(options: SisOptions, peer: OneRosterPeer, version: OneRosterVersion): () => OneRosterData {
  const kept = Object.fromEntries(collectionNames.map(name => [name, new Map<string, Thing>()]))
  let first = true
  return () => {
    const now = oneRosterOf(options.school(), version)
    peer.alter?.(now)
    const at = first
      ? new Date(options.clock().getTime() - 30 * 86_400_000).toISOString()
      : options.clock().toISOString()
    first = false
    for (const name of collectionNames) {
      const known = kept[name] ?? new Map<string, Thing>()
      const seen = new Set<string>()
      for (const thing of now[name]) {
        seen.add(thing.sourcedId)
        const { dateLastModified, ...was } = known.get(thing.sourcedId) ?? {}
        if (JSON.stringify(was) !== JSON.stringify(thing))
          known.set(thing.sourcedId, { ...thing, dateLastModified: thing.dateLastModified ?? at })
      }
      for (const [id, thing] of known)
        if (!seen.has(id) && thing.status !== 'tobedeleted')
          known.set(id, { ...thing, status: 'tobedeleted', dateLastModified: at })
    }
    const all = collectionNames.map(name => [name, [...(kept[name]?.values() ?? [])]])
    // SAFETY: every collection is there.
    return Object.fromEntries(all) as OneRosterData
  }
}

function collection(request: Asked, peer: OneRosterPeer, version: OneRosterVersion, data: OneRosterData): Answered {
  const { query } = request
  const found = listOf(request.path.replace(bases[version], ''), peer, data)
  if (found === undefined || !request.path.startsWith(bases[version])) return failure(404, 'unknownobject')
  const limit = Number(query.get('limit') ?? 100)
  const offset = peer.ignoresOffset ? 0 : Number(query.get('offset') ?? 0)
  if (!Number.isInteger(limit) || limit < 1 || !Number.isInteger(offset) || offset < 0)
    return failure(400, 'invaliddata')
  if (limit > (peer.refusesPagesAbove ?? Number.POSITIVE_INFINITY)) return failure(400, 'invaliddata')
  const sort = query.get('sort')
  if (sort !== null && (peer.refusesSort || !['sourcedId', 'dateLastModified'].includes(sort)))
    return failure(400, 'invalid_sort_field')
  const filter = query.get('filter')
  const wanted = filter === null ? () => true : filterOf(filter)
  if (wanted === undefined || (filter !== null && peer.refusesFilter?.includes(found.key)))
    return failure(400, 'invalid_filter_field')
  const shown =
    peer.showsDeleted === 'always' || (peer.showsDeleted === 'on-filter' && filter !== null)
      ? found.list
      : found.list.filter(({ status }) => status !== 'tobedeleted')
  const list = shown.filter(wanted).sort((a, b) => (a.sourcedId < b.sourcedId ? -1 : 1))
  const page = list.slice(offset, offset + (peer.generous ? limit : Math.min(limit, 500)))
  const next = `<${request.path}?offset=${offset + limit}&limit=${limit}>; rel="next"`
  const headers: Record<string, string> = peer.generous
    ? { 'x-total-count': String(list.length), ...(offset + limit < list.length ? { link: next } : {}) }
    : {}
  return { headers, body: { [found.key]: page } }
}

/** `/students` and `/teachers` answer under `users`. */
function listOf(path: string, peer: OneRosterPeer, data: OneRosterData) {
  const [, school, name = ''] = /^(?:\/schools\/([^/]+))?\/(\w+)$/.exec(path) ?? []
  if (school !== undefined && !peer.generous) return undefined
  const words = { students: ['student'], teachers: ['teacher'] }[name]
  const key: CollectionName | undefined = words === undefined ? collectionNames.find(each => each === name) : 'users'
  if (key === undefined) return undefined
  const list = data[key].filter(
    thing =>
      (words === undefined || words.some(word => has(thing, word))) && (school === undefined || isOf(thing, school)),
  )
  return { key, list }
}

const has = (thing: Thing, role: string) =>
  thing.role === role || (thing.roles as { role: string }[] | undefined)?.some(each => each.role === role)
const isOf = (thing: Thing, school: string) =>
  JSON.stringify([thing.school, thing.orgs, thing.roles]).includes(`"${school}"`)

/** `field op 'value'`, one AND or OR. Only what the records have at the top. */
function filterOf(filter: string): ((thing: Thing) => boolean) | undefined {
  const parts = filter.split(/ (?:AND|OR) /)
  const tests = parts.map(part => {
    const [, field = '', operator, value = ''] = /^(\w+)(!=|>=|<=|=|>|<|~)'([^']*)'$/.exec(part) ?? []
    if (!['status', 'dateLastModified', 'sourcedId', 'identifier', 'role'].includes(field)) return undefined
    return (thing: Thing) => compare(String(thing[field] ?? ''), operator ?? '', value)
  })
  if (tests.some(test => test === undefined) || parts.length > 2) return undefined
  const all = tests.filter(test => test !== undefined)
  return filter.includes(' OR ') ? thing => all.some(test => test(thing)) : thing => all.every(test => test(thing))
}

function compare(own: string, operator: string, value: string): boolean {
  switch (operator) {
    case '=':
      return own === value
    case '!=':
      return own !== value
    case '>':
      return own > value
    case '>=':
      return own >= value
    case '<':
      return own < value
    case '<=':
      return own <= value
    default:
      return own.includes(value)
  }
}
