/** An LMS that a school registered, and somebody who opens our item there: real HTTP all the way, without a browser. */
import { addPlatform, approveDeployment, listDeployments } from '../../connector/admin/lti.ts'
import { approveNewDeployment } from '../../connector/store/lti.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { type Launch, type Lms, type LmsTool, startLms } from '../school/lms.ts'
import { makeVisitor, type Visitor } from '../school/visitor.ts'
import type { TestDatabase } from './database.ts'
import { makeFrame } from './frame.ts'
import type { SeededSchool } from './seed.ts'

export interface Registered {
  lms: Lms
  tool: LmsTool
  platformId: string
}

/** As an administrator does it by hand: both sides know each other. @param approve the deployment, for this school */
export async function registerAt(
  t: Pick<TestDatabase, 'db' | 'keyring' | 'log'>,
  origin: string,
  school: Pick<SeededSchool, 'boardId' | 'id'>,
  options: { lms?: Lms; clientId?: string; deploymentId?: string; approve?: boolean; product?: string } = {},
): Promise<Registered> {
  const { clientId = 'm5-tool', deploymentId = '7', approve = true, product = null } = options
  const lms = options.lms ?? (await startLms())
  const tool: LmsTool = {
    ...{ clientId, deploymentId },
    loginUrl: `${origin}/lti/login`,
    redirectUris: [`${origin}/lti/launch`],
    targetLinkUri: `${origin}/meld`,
    jwksUrl: `${origin}/lti/jwks`,
  }
  lms.addTool(tool)
  const { authUrl, tokenUrl, jwksUrl, issuer } = lms
  const { boardId, id: schoolId } = school
  const { id: platformId } = await addPlatform(t, {
    ...{ boardId, label: 'LMS', issuer, clientId, authUrl, tokenUrl, jwksUrl, product },
  })
  if (approve)
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      approveNewDeployment(tx, { boardId, platformId, deploymentId, schoolId }, 'operator'),
    )
  return { lms, tool, platformId }
}

/** The first that waits. */
export async function approveWaiting(
  t: Pick<TestDatabase, 'db' | 'keyring' | 'log'>,
  { boardId, id: schoolId }: Pick<SeededSchool, 'boardId' | 'id'>,
): Promise<void> {
  const waiting = (await listDeployments(t, boardId)).find(each => each.state === 'quarantined')
  if (!waiting) throw new Error('no deployment waits')
  await approveDeployment(t, { boardId, id: waiting.id, schoolId })
}

export interface Posting {
  action: string
  fields: Record<string, string>
}

/** From the login request to what the platform would post; nothing has been posted yet. */
export async function beginLaunch(
  { lms, tool }: Pick<Registered, 'lms' | 'tool'>,
  launch: Launch = {},
  visitor: Visitor = makeVisitor(),
): Promise<{ posting: Posting; visitor: Visitor }> {
  const login = await visitor.fetch(tool.loginUrl, {
    method: 'POST',
    body: new URLSearchParams(lms.initiation({ tool: tool.clientId, ...launch })),
  })
  const begin = await visitor.fetch(next(login, tool.loginUrl))
  const authorised = await visitor.fetch(next(begin, tool.loginUrl))
  return { posting: postingOf(await authorised.text()), visitor }
}

export const post = (visitor: Pick<Visitor, 'fetch'>, { action, fields }: Posting): Promise<Response> =>
  visitor.fetch(action, { method: 'POST', body: new URLSearchParams(fields) })

/** The whole of it. */
export async function launch(at: Pick<Registered, 'lms' | 'tool'>, options: Launch = {}, visitor = makeVisitor()) {
  const { posting } = await beginLaunch(at, options, visitor)
  return post(visitor, posting)
}

/** A form that sends itself, read from its page. */
export function postingOf(page: string): Posting {
  const action = unescaped(/<form method="post" action="([^"]+)"/.exec(page)?.[1] ?? '')
  const inputs = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)]
  if (!action) throw new Error('there is no form on this page')
  return { action, fields: Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, unescaped(value)])) }
}

/** The cookie of the browser that a secret was given to: it is good in no other. */
export const ways = new Map<string, string>()

/** Where the person ends: the view, and what came with it in the fragment. */
export function endOf(response: Response): { path: string; ticket: string | null; link: string | null } {
  const url = new URL(next(response, 'http://connector'))
  const fragment = new URLSearchParams(url.hash.slice(1))
  const way = /m5_way_[^=]+=([^;]+)/.exec(response.headers.getSetCookie().join('; '))?.[1]
  for (const key of [fragment.get('t'), fragment.get('l')]) if (key && way) ways.set(key, `m5_way_x=${way}`)
  return { path: url.pathname + url.search, ticket: fragment.get('t'), link: fragment.get('l') }
}

/** What the view does with the fragment. @returns an access token's claims, or the status it got */
export async function arriveWith(origin: string, schoolKey: string, secret: string) {
  const frame = await makeFrame(origin, schoolKey)
  const url = `${origin}/entry/arrive`
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'sec-fetch-site': 'same-origin',
      DPoP: await frame.proof('POST', url),
      cookie: ways.get(secret) ?? '',
    },
    body: JSON.stringify({ secret, jkt: frame.jkt }),
  })
  if (!response.ok) return { status: response.status, frame, tokens: null }
  const { ticket } = (await response.json()) as { ticket: string }
  const body = (await (await frame.exchange(ticket)).json()) as { access_token: string; refresh_token: string }
  return { status: 200, frame, tokens: { access: body.access_token, refresh: body.refresh_token } }
}

function next(response: Response, base: string): string {
  const location = response.headers.get('location')
  if (location === null) throw new Error(`this leads nowhere: ${response.status}`)
  return new URL(location, base).href
}

const unescaped = (text: string) =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
