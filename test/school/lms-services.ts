/**
 * What the LMS offers beside launches: dynamic registration with a token for one use, access tokens for who proves themselves by their own key, members
 * in pages with changes since the last time, and the page that deep linking returns to; broken and hostile too.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Lms, LmsPerson, LmsTool } from './lms.ts'
import { messagePage } from './lms-pages.ts'
import { formBody, html, send } from './site.ts'

export interface Member extends LmsPerson {
  /** Default Active. */
  status?: string
}

export interface HostileServices {
  /** Changes the discovery document. */
  configuration?: (document: Record<string, unknown>) => Record<string, unknown>
  /** How the discovery document answers. */
  answers?: 'slow' | 'huge' | 'redirect' | 'broken' | 'away' | 'forbidden'
  /** How registration answers. `lost`: it is stored, and the answer breaks off. */
  registration?: 'refused' | 'canvas' | 'lost' | 'empty' | 'redirect'
  /** Changes what registration answers. */
  registered?: (answer: Record<string, unknown>) => Record<string, unknown>
  /** `elsewhere`: the next page is on another host. `half`: the second page breaks off. */
  members?: 'elsewhere' | 'half' | 'loop' | 'endless' | 'garbled' | 'revoked'
  token?: 'refused' | 'other-scope' | 'short'
}

export interface LmsServices {
  /** For one registration, as an administrator begins it. */
  registrationToken(): string
  /** What the LMS opens in its frame. @param invitation the address that was pasted into it */
  registrationUrl(invitation: string, token?: string): string
  /** What tools asked to be registered with, newest last. */
  registrations: { body: Record<string, unknown>; token: string | undefined }[]
  /** Of a course. Changes since a read are told by `differences`. */
  setMembers(course: string, members: Member[]): void
  /** Removes somebody from a course: a tombstone in the changes. */
  removeMember(course: string, id: string): void
  addMember(course: string, member: Member): void
  membersUrl(course: string): string
  /** Requests for members, as `path?query`, newest last. */
  memberReads: string[]
  /** Whether changes are offered, and kept. */
  offerDifferences(yes: boolean): void
  forgetDifferences(): void
  /** Claims of the assertions that were accepted. */
  assertions: JWTPayload[]
  refusedAssertions: number
  /** What deep linking brought back, as it was verified. */
  returned: JWTPayload[]
  returnUrl: string
  misbehave(how: HostileServices | null): void
  /** Given out, and good. */
  tokensGiven: number
  /** How many members are on a page at most. */
  pageSize: number
  /** How long it keeps a tool's key set, by `clock`, and does not look again, whatever key a tool uses. */
  keepsKeysMs: number
  clock: () => number
}

const membersScope = 'https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly'
const membersType = 'application/vnd.ims.lti-nrps.v2.membershipcontainer+json'
const toolClaim = 'https://purl.imsglobal.org/spec/lti-tool-configuration'

interface Course {
  members: Map<string, Member>
  /** What changed, oldest first. */
  changes: { id: string; gone: boolean }[]
}

export function serveLms(lms: Lms): LmsServices {
  const courses = new Map<string, Course>()
  const registrationTokens = new Set<string>()
  const accessTokens = new Map<string, { scope: string; endsAt: number }>()
  const seenAssertions = new Set<string>()
  const keySets = new Map<string, { keys: JSONWebKeySet; at: number }>()
  const state: { hostile: HostileServices | null; differences: boolean } = { hostile: null, differences: false }
  const courseOf = (id: string): Course => {
    const known = courses.get(id) ?? { members: new Map(), changes: [] }
    courses.set(id, known)
    return known
  }

  const services: LmsServices = {
    registrationToken() {
      const token = randomBytes(24).toString('base64url')
      registrationTokens.add(token)
      return token
    },
    registrationUrl(invitation, token = services.registrationToken()) {
      const url = new URL(invitation)
      url.searchParams.set('openid_configuration', lms.configurationUrl)
      url.searchParams.set('registration_token', token)
      return url.href
    },
    registrations: [],
    setMembers(course, members) {
      courseOf(course).members = new Map(members.map(member => [member.id, member]))
    },
    removeMember(course, id) {
      const found = courseOf(course)
      found.members.delete(id)
      found.changes.push({ id, gone: true })
    },
    addMember(course, member) {
      const found = courseOf(course)
      found.members.set(member.id, member)
      found.changes.push({ id: member.id, gone: false })
    },
    membersUrl: course => `${lms.origin}/members/${course}`,
    memberReads: [],
    offerDifferences: yes => {
      state.differences = yes
    },
    forgetDifferences() {
      for (const course of courses.values()) course.changes = []
    },
    assertions: [],
    refusedAssertions: 0,
    returned: [],
    returnUrl: `${lms.origin}/deep-return`,
    misbehave: how => {
      state.hostile = how
    },
    tokensGiven: 0,
    pageSize: 3,
    keepsKeysMs: 0,
    clock: () => Date.now(),
  }

  lms.metadata.registration_endpoint = `${lms.origin}/register`
  lms.metadata.scopes_supported = ['openid', membersScope]
  lms.offers.push((_tool, launch) =>
    launch.messageType === 'LtiDeepLinkingRequest'
      ? {
          'https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings': {
            deep_link_return_url: services.returnUrl,
            accept_types: ['ltiResourceLink'],
            accept_presentation_document_targets: ['iframe', 'window'],
            accept_multiple: true,
            data: 'terug-zoals-het-was',
          },
        }
      : {},
  )
  lms.offers.push(() => ({
    'https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice': {
      context_memberships_url: services.membersUrl('course-1'),
      service_versions: ['2.0'],
    },
  }))

  lms.handlers.set('/.well-known/openid-configuration', (_request, response) => {
    const document = configurationOf(lms)
    const said = state.hostile?.configuration?.(document) ?? document
    return answerWith(response, state.hostile?.answers, said)
  })
  // Where an administrator pasted an invitation: the tool's wizard in a frame, until the tool says that it may close.
  lms.handlers.set('/koppelen', (_request, response, url) => {
    const frame = services.registrationUrl(url.searchParams.get('invitation') ?? '')
    send(response, 200, 'text/html', registrationPage(frame), { 'Referrer-Policy': 'no-referrer' })
  })
  lms.handlers.set('/koppelen.js', (_request, response) => send(response, 200, 'text/javascript', registrationScript))
  lms.handlers.set('/register', (request, response) => register(request, response))
  lms.handlers.set('/token', (request, response) => token(request, response))
  lms.handlers.set('/members/', (request, response, url) => members(request, response, url))
  lms.handlers.set('/deep-return', async (request, response) => {
    const jwt = (await formBody(request)).get('JWT') ?? ''
    const tool = lms.tools.get(String(decodeJwt(jwt).iss))
    if (!tool) return send(response, 400, 'text/html', messagePage('unknown tool'))
    const { payload } = await jwtVerify(jwt, await keysOf(tool), { audience: lms.issuer, algorithms: ['RS256'] })
    services.returned.push(payload)
    const items = payload['https://purl.imsglobal.org/spec/lti-dl/claim/content_items'] as { title: string }[]
    send(response, 200, 'text/html', messagePage(html`Geplaatst: ${items.map(item => item.title).join(', ')}`.text))
  })

  async function keysOf({ jwksUrl = '' }: LmsTool) {
    const known = keySets.get(jwksUrl)
    const at = services.clock()
    if (known && at - known.at < services.keepsKeysMs) return createLocalJWKSet(known.keys)
    const keys = (await (await fetch(jwksUrl)).json()) as JSONWebKeySet
    keySets.set(jwksUrl, { keys, at })
    return createLocalJWKSet(keys)
  }

  async function register(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    const how = state.hostile?.registration
    if (how === 'redirect') return send(response, 307, 'text/plain', '', { Location: 'http://169.254.169.254/' })
    if (how === 'canvas')
      return send(response, 422, 'application/json', JSON.stringify({ errors: ['<b>niet goed</b>'] }))
    // One registration for each token: taken before anything else is looked at.
    if (how === 'refused' || given === undefined || !registrationTokens.delete(given))
      return send(response, 401, 'application/json', JSON.stringify({ error: 'invalid_token' }))
    const body = JSON.parse(await bodyOf(request)) as Record<string, unknown>
    services.registrations.push({ body, token: given })
    const tool = toolOf(body)
    lms.addTool(tool)
    if (how === 'lost') return void response.destroy()
    if (how === 'empty') return send(response, 201, 'application/json', '{}')
    const config = body[toolClaim] as Record<string, unknown>
    const answer = {
      ...body,
      client_id: tool.clientId,
      [toolClaim]: { ...config, deployment_id: tool.deploymentId },
    }
    send(response, 201, 'application/json', JSON.stringify(state.hostile?.registered?.(answer) ?? answer))
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fields = await formBody(request)
    const scope = fields.get('scope') ?? ''
    const no = (error: string) => {
      services.refusedAssertions += 1
      send(response, 400, 'application/json', JSON.stringify({ error }))
    }
    if (state.hostile?.token === 'refused') return no('invalid_client')
    if (fields.get('grant_type') !== 'client_credentials') return no('unsupported_grant_type')
    if (fields.get('client_assertion_type') !== 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
      return no('invalid_request')
    const claims = await proven(fields.get('client_assertion') ?? '')
    if (!claims) return no('invalid_client')
    if (scope !== membersScope) return no('invalid_scope')
    services.assertions.push(claims)
    const access = randomUUID()
    const seconds = state.hostile?.token === 'short' ? 61 : 3600
    accessTokens.set(access, { scope, endsAt: Date.now() + seconds * 1000 })
    services.tokensGiven += 1
    const given = state.hostile?.token === 'other-scope' ? 'openid' : scope
    const body = { access_token: access, token_type: 'Bearer', expires_in: seconds, scope: given }
    send(response, 200, 'application/json', JSON.stringify(body))
  }

  /** RFC 7523 §3: who it is by, about and for, in time, once, by a key of theirs. */
  async function proven(assertion: string): Promise<JWTPayload | null> {
    try {
      const tool = lms.tools.get(String(decodeJwt(assertion).iss))
      if (!tool) return null
      const audience = lms.tokenUrl
      const subject = tool.clientId
      const { payload } = await jwtVerify(assertion, await keysOf(tool), { audience, subject, algorithms: ['RS256'] })
      const { jti, exp, iat } = payload
      if (!jti || !exp || !iat || exp - iat > 600 || seenAssertions.has(jti)) return null
      seenAssertions.add(jti)
      return payload
    } catch {
      return null
    }
  }

  async function members(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const how = state.hostile?.members
    if (how === 'revoked' && accessTokens.delete(given)) state.hostile = null
    const access = accessTokens.get(given)
    if (access?.scope !== membersScope || access.endsAt < Date.now())
      return send(response, 401, 'application/json', JSON.stringify({ error: 'invalid_token' }))
    if (request.headers.accept !== membersType) return send(response, 406, 'text/plain', 'not this')
    services.memberReads.push(url.pathname + url.search)
    const id = url.pathname.slice('/members/'.length)
    const course = courseOf(id)
    const since = url.searchParams.get('since')
    if (since !== null && Number(since) > course.changes.length) return send(response, 404, 'text/plain', 'forgotten')
    const all = since === null ? wanted(course, url) : changed(course, Number(since))
    const size = Math.min(Number(url.searchParams.get('limit') ?? services.pageSize), services.pageSize)
    const from = Number(url.searchParams.get('from') ?? 0)
    if (how === 'garbled') return send(response, 200, membersType, '{"members": [{"user_id": 5')
    if (how === 'half' && from > 0) return void response.destroy()
    const links = linksOf(url, { from, size, total: all.length, how })
    if (state.differences) links.push(`<${services.membersUrl(id)}?since=${course.changes.length}>; rel="differences"`)
    const page = all.slice(from, from + size)
    const body = { id: url.href, context: { id, title: 'Groep 7' }, members: page }
    send(response, 200, membersType, JSON.stringify(body), links.length > 0 ? { Link: links.join(', ') } : {})
  }

  function linksOf(
    url: URL,
    { from, size, total, how }: { from: number; size: number; total: number; how: HostileServices['members'] },
  ): string[] {
    const next = new URL(url.href.replace(url.origin, lms.origin))
    next.searchParams.set('from', String(how === 'endless' ? from + 1 : from + size))
    if (how === 'loop') return [`<${lms.origin}${url.pathname}${url.search}>; rel="next"`]
    if (how === 'elsewhere') return [`<${next.href.replace('127.0.0.3', '127.0.0.4')}>; rel="next"`]
    return how === 'endless' || from + size < total ? [`<${next.href}>; rel="next"`] : []
  }

  return services
}

const registrationPage = (frame: string) =>
  html`<!doctype html>
<html lang="nl">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Tools beheren</title>
<link rel="stylesheet" href="/lms.css"><script src="/koppelen.js" defer></script></head>
<body><header><b>Sitebeheer</b><nav>Tools beheren</nav></header><main><h1>Tool toevoegen</h1>
<iframe id="tool" title="Tool toevoegen" src="${frame}"></iframe></main></body>
</html>
`.text

const registrationScript = `'use strict'
addEventListener('message', event => {
  const frame = document.querySelector('#tool')
  if (!frame || event.source !== frame.contentWindow || event.data?.subject !== 'org.imsglobal.lti.close') return
  frame.remove()
  document.querySelector('h1').textContent = 'De tool is toegevoegd'
})
`

/** As NRPS 2.0 has it; names and addresses too, which a careless platform sends. */
function asMember({ id, name, email, roles, sourcedId, status = 'Active' }: Member): Record<string, unknown> {
  const [given = '', ...family] = name.split(' ')
  return {
    ...{ status, user_id: id, roles: roles ?? ['Learner'], name, given_name: given, family_name: family.join(' ') },
    ...(email === undefined ? {} : { email }),
    ...(sourcedId === undefined ? {} : { lis_person_sourcedid: sourcedId }),
  }
}

function wanted(course: Course, url: URL): Record<string, unknown>[] {
  const role = url.searchParams.get('role')
  const has = (member: Member) => role === null || (member.roles ?? ['Learner']).some(each => each.endsWith(role))
  return [...course.members.values()].filter(has).map(asMember)
}

function changed(course: Course, since: number): Record<string, unknown>[] {
  return course.changes.slice(since).flatMap(({ id, gone }) => {
    const member = course.members.get(id)
    if (gone || !member) return [{ status: 'Deleted', user_id: id, roles: [] }]
    return [asMember(member)]
  })
}

function toolOf(body: Record<string, unknown>): LmsTool {
  const config = body[toolClaim] as { target_link_uri: string; claims: string[] }
  return {
    ...{ clientId: randomUUID(), deploymentId: String(1 + Math.floor(Math.random() * 1e6)) },
    loginUrl: String(body.initiate_login_uri),
    redirectUris: body.redirect_uris as string[],
    targetLinkUri: config.target_link_uri,
    // As Moodle: what is asked is shared from then on.
    shares: config.claims.filter(claim => claim !== 'iss' && claim !== 'sub'),
    jwksUrl: String(body.jwks_uri),
  }
}

function configurationOf(lms: Lms): Record<string, unknown> {
  return {
    issuer: lms.issuer,
    authorization_endpoint: lms.authUrl,
    token_endpoint: lms.tokenUrl,
    token_endpoint_auth_methods_supported: ['private_key_jwt'],
    jwks_uri: lms.jwksUrl,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public', 'pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: ['sub', 'iss', 'name', 'given_name', 'family_name', 'email'],
    'https://purl.imsglobal.org/spec/lti-platform-configuration': {
      product_family_code: 'moodle',
      version: '4.5',
      messages_supported: [
        { type: 'LtiResourceLinkRequest' },
        { type: 'LtiDeepLinkingRequest', placements: ['ContentArea', 'RichTextEditor'] },
      ],
      variables: [],
    },
    ...lms.metadata,
  }
}

async function answerWith(response: ServerResponse, how: HostileServices['answers'], document: unknown): Promise<void> {
  const body = JSON.stringify(document)
  switch (how) {
    case 'slow':
      // Begins, and never ends.
      response.writeHead(200, { 'Content-Type': 'application/json' }).write('{')
      return
    case 'huge':
      return send(response, 200, 'application/json', JSON.stringify({ x: 'x'.repeat(5_000_000) }))
    case 'redirect':
      return send(response, 302, 'text/plain', '', { Location: 'http://169.254.169.254/latest/meta-data' })
    case 'broken':
      return send(response, 200, 'application/json', body.slice(0, 60))
    case 'away':
      return void response.destroy()
    case 'forbidden':
      return send(response, 403, 'application/json', JSON.stringify({ error: 'access_denied' }))
    default:
      return send(response, 200, 'application/json', body)
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  return body
}
