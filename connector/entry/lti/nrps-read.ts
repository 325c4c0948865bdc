/**
 * The members of one course or site at an LMS (NRPS 2.0), page by page to the end, or not at all: a list that breaks off, turns in a circle or leads to
 * another host throws. Of a person only the account's id, the key in the roster and whether it is active are taken; names and addresses are
 * dropped here, at the door.
 */
import { z } from 'zod'
import type { EntryContext } from '../context.ts'
import { type Answer, AskError, ask } from './ask.ts'
import { membersScope, type ServicePlatform, type ServiceTokens } from './services.ts'

const mediaType = 'application/vnd.ims.lti-nrps.v2.membershipcontainer+json'
const most = { pages: 2_000, members: 200_000, bytes: 4_000_000 }
const pageSize = 200
const pageTimeoutMs = 20_000

export type MemberStatus = 'active' | 'inactive' | 'deleted'

export interface Member {
  userId: string
  /** `lis_person_sourcedid`; null where there is none, or where one account has two. */
  sourcedId: string | null
  status: MemberStatus
}

export interface MemberList {
  /** `full`: who is not named is not there. `part`: one role, or one link. `changes`: since the last time. */
  kind: 'full' | 'part' | 'changes'
  members: Member[]
  /** Where the platform says what will have changed since now. */
  differences: string | null
}

export class ListError extends Error {
  override readonly name = 'ListError'
  /** `elsewhere`: a page on another origin than the token is for. `circle`, `endless`, `form`. */
  readonly problem: 'elsewhere' | 'circle' | 'endless' | 'form'
  constructor(problem: ListError['problem']) {
    super(`the member list: ${problem}`)
    this.problem = problem
  }
}

export interface MembersOf {
  /** `context_memberships_url` of a launch. */
  url: string
  /** `http://purl.imsglobal.org/vocab/lis/v2/membership#Learner`, or `Learner`. */
  role?: string
  /** A resource link's id: who may see that link. */
  resourceLinkId?: string
  /** Of the read before: only what changed since then. On the same origin as `url`. */
  since?: string
}

const Page = z.object({
  members: z.array(
    z.object({
      user_id: z.union([z.string().min(1).max(255), z.int().transform(String)]),
      status: z.string().max(40).default('Active'),
      lis_person_sourcedid: z.string().max(255).nullish(),
    }),
  ),
})

/** @throws AskError, ListError: then nothing is known */
export async function readMembers(
  context: Pick<EntryContext, 'outward'>,
  tokens: ServiceTokens,
  platform: ServicePlatform,
  of: MembersOf,
): Promise<MemberList> {
  const start = firstPage(of)
  const found = new Map<string, Member>()
  const seen = new Set<string>()
  let differences: string | null = null
  for (let next: URL | null = start; next !== null; ) {
    if (seen.has(next.href)) throw new ListError('circle')
    seen.add(next.href)
    if (seen.size > most.pages || found.size > most.members) throw new ListError('endless')
    const { body, headers } = await page(context, tokens, platform, next)
    const parsed = Page.safeParse(body)
    if (!parsed.success) throw new ListError('form')
    for (const member of parsed.data.members) add(found, member)
    const links = linksOf(headers.get('link'), next)
    differences = links.differences ?? differences
    next = links.next === null ? null : new URL(links.next)
    // The token would go along.
    if (next && next.origin !== start.origin) throw new ListError('elsewhere')
  }
  if (differences !== null && new URL(differences).origin !== start.origin) differences = null
  const part = of.role !== undefined || of.resourceLinkId !== undefined
  return { kind: of.since ? 'changes' : part ? 'part' : 'full', members: [...found.values()], differences }
}

/** @throws ListError `elsewhere` */
function firstPage({ url, role, resourceLinkId, since }: MembersOf): URL {
  const start = new URL(url)
  if (since !== undefined) {
    const at = new URL(since)
    if (at.origin !== start.origin) throw new ListError('elsewhere')
    return at
  }
  if (!start.searchParams.has('limit')) start.searchParams.set('limit', String(pageSize))
  if (role !== undefined) start.searchParams.set('role', role)
  if (resourceLinkId !== undefined) start.searchParams.set('rlid', resourceLinkId)
  return start
}

/** A token that the LMS took back early is asked for once more. */
async function page(
  context: Pick<EntryContext, 'outward'>,
  tokens: ServiceTokens,
  platform: ServicePlatform,
  url: URL,
): Promise<Answer> {
  const once = async () => {
    const token = await tokens.get(platform, membersScope)
    const headers = { Accept: mediaType, Authorization: `Bearer ${token}` }
    return ask(context, url, { headers, largest: most.bytes, timeoutMs: pageTimeoutMs })
  }
  try {
    return await once()
  } catch (cause) {
    if (!(cause instanceof AskError) || cause.status !== 401) throw cause
    tokens.forget(platform, membersScope)
    return once()
  }
}

function add(found: Map<string, Member>, given: z.infer<typeof Page>['members'][number]): void {
  const { user_id: userId, status, lis_person_sourcedid } = given
  const before = found.get(userId)
  const sourcedId = lis_person_sourcedid?.trim() || null
  // One account with two keys: neither is believed. Lists that shift while they are read name somebody twice, with the same key.
  const same = !before || before.sourcedId === sourcedId
  found.set(userId, { userId, sourcedId: same ? sourcedId : null, status: statusOf(status) })
}

/** NRPS 2.0 §2.3: a short word, or its whole address. What is new to us is not active. */
function statusOf(text: string): MemberStatus {
  const word = text.replace(/^.*[#/]/, '').toLowerCase()
  return word === 'active' || word === 'deleted' ? word : 'inactive'
}

/** RFC 8288: `<address>; rel="next"`, several with commas between. An address may hold commas, a `rel` several words; the first `rel` counts. */
export function linksOf(header: string | null, base: URL): { next: string | null; differences: string | null } {
  const found = { next: null as string | null, differences: null as string | null }
  for (const [, target = '', parameters = ''] of (header ?? '').matchAll(/<([^<>]*)>([^<]*)/g)) {
    const each = [...parameters.matchAll(/;\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))/g)]
    const rel = each.find(([, name]) => name?.toLowerCase() === 'rel')
    const words = (rel?.[2] ?? rel?.[3] ?? '').toLowerCase().split(/\s+/)
    const url = URL.parse(target, base.href)
    if (!url) continue
    if (words.includes('next')) found.next ??= url.href
    if (words.includes('differences')) found.differences ??= url.href
  }
  return found
}
