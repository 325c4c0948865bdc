/**
 * Google's own client library for addresses and parameters, and nothing else of it: every question leaves through `request`, so the time-outs,
 * size caps, refused redirects and retries are those of all sources. (Its gaxios sleeps by itself and does not know `Retry-After`.)
 */
import { z } from 'zod'
import { type HttpAnswer, json, request, retryAfter } from '../http.ts'
import { patiently } from '../retry.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type Tokens, withToken } from '../tokens.ts'

export interface ClientSettings {
  timeoutMs: number
  maxBytes: number
}

/** Ours: quotas are per minute, so the last pause must reach into the next one (Google advises backoff up to 64 seconds). */
const patience = { tries: 8, firstMs: 1_000, longestMs: 120_000 }

/** The answer as it comes in: read by our own schemas. */
export const unread = { responseType: 'stream' } as const

/** The libraries are loaded by the first question: a connector without a Google source does not carry them. */
export async function googleApis(
  context: SourceContext,
  tokens: Tokens,
  { endpoint, timeoutMs, maxBytes }: ClientSettings & { endpoint?: string | undefined },
) {
  const [{ admin }, { classroom }] = await Promise.all([
    import('googleapis/build/src/apis/admin/index.js'),
    import('googleapis/build/src/apis/classroom/index.js'),
  ])
  const send = sender(context, tokens, { timeoutMs, maxBytes })
  const shared = {
    fetchImplementation: async (input: string | URL | Request, init?: RequestInit) => {
      const answer = await send(input instanceof Request ? input.url : String(input), bodyOf(init))
      return new Response(ReadableStream.from(answer.body), { status: answer.status })
    },
    retry: false,
    // An environment variable can send the library to another host; this it cannot.
    universeDomain: 'googleapis.com',
    ...(endpoint === undefined ? {} : { rootUrl: endpoint }),
  }
  return {
    directory: admin({ ...shared, version: 'directory_v1' }),
    classroom: classroom({ ...shared, version: 'v1' }),
    /** One question, asked again while Google says "later". @throws SourceError */
    ask: <Schema extends z.ZodType>(
      schema: Schema,
      question: () => Promise<{ data: AsyncIterable<Uint8Array> }>,
      { tries = patience.tries }: { tries?: number } = {},
    ) =>
      patiently(
        context,
        async (): Promise<z.infer<Schema>> => {
          const { data } = await question().catch(error => {
            throw ours(error)
          })
          return await json({ body: data }, schema)
        },
        { ...patience, tries },
      ),
  }
}
export type GoogleApis = Awaited<ReturnType<typeof googleApis>>

/** The library puts what is not asked but said into JSON text. */
const bodyOf = (init?: RequestInit): string | undefined => (typeof init?.body === 'string' ? init.body : undefined)

type Send = (url: string, body?: string) => Promise<HttpAnswer>

/** One request with a token. */
function sender(context: SourceContext, tokens: Tokens, limits: ClientSettings): Send {
  const once = async (url: string, token: string, body?: string) => {
    const headers = { accept: 'application/json', authorization: `Bearer ${token}` }
    const said =
      body === undefined
        ? { method: 'GET' as const, headers }
        : { method: 'POST' as const, headers: { ...headers, 'content-type': 'application/json' }, body }
    const answer = await request(context, { ...said, url, ...limits, readBodyOf: [403, 429] })
    if (answer.status >= 400) throw await refusal(answer, context.clock())
    return answer
  }
  return (url, body) => withToken(tokens, token => once(url, token, body))
}

/** The Directory puts its reason in `errors`, Classroom in `details` or, as `@Code`, at the head of the message. No more of it is read. */
const Refusal = z.object({
  error: z.object({
    status: z.string().optional(),
    message: z.string().optional(),
    errors: z.array(z.object({ reason: z.string().optional() })).optional(),
    details: z.array(z.object({ reason: z.string().optional() })).optional(),
  }),
})

const later = new Set([
  'userRateLimitExceeded',
  'rateLimitExceeded',
  'quotaExceeded',
  'RATE_LIMIT_EXCEEDED',
  'RESOURCE_EXHAUSTED',
])

/** Google says "too fast" with 403 as well as 429 (Directory API, limits and quotas). */
async function refusal(answer: HttpAnswer, now: Date): Promise<SourceError> {
  const { status } = answer
  const { error = undefined } = (await json(answer, Refusal).catch(() => undefined)) ?? {}
  const reasons = [...(error?.errors ?? []), ...(error?.details ?? [])].flatMap(({ reason }) => reason ?? [])
  const said = [...reasons, error?.status ?? '', /^@(\w+)/.exec(error?.message ?? '')?.[1] ?? '']
  const retryAfterMs = retryAfter(answer.headers.get('retry-after'), now)
  const more = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  if (said.includes('dailyLimitExceeded'))
    return new SourceError('rate-limited', 'Google takes no more questions of this project today', {
      ...more,
      final: true,
    })
  if (status === 429 || said.some(reason => later.has(reason)))
    return new SourceError('rate-limited', `Google asks us to wait (HTTP ${status})`, more)
  const cause = said.includes(ungranted) ? { cause: new Error(ungranted) } : {}
  return new SourceError('unauthorized', `${plainly(said)} (HTTP ${status})`, { status, ...cause })
}

/** Classroom's code for somebody who did not agree to a project in person; delegation does not count everywhere. */
const ungranted = 'MissingGrant'

export const isUngranted = (error: unknown): boolean =>
  error instanceof SourceError && error.cause instanceof Error && error.cause.message === ungranted

function plainly(said: readonly string[]): string {
  const is = (...codes: string[]) => codes.some(code => said.includes(code))
  if (is('accessNotConfigured', 'SERVICE_DISABLED'))
    return 'the Admin SDK API or the Google Classroom API is switched off in the Google Cloud project of the service account'
  if (is('insufficientPermissions', 'ACCESS_TOKEN_SCOPE_INSUFFICIENT'))
    return 'a scope is missing: delegate the scopes that a check of this source lists'
  if (is(ungranted)) return 'the administrator to act for has not agreed in person to this Google Cloud project'
  if (is('domainCannotUseApis')) return 'the domain lets no program read its directory'
  if (is('ClassroomDisabled', 'ClassroomApiDisabled'))
    return 'Classroom, or its API, is switched off for the administrator to act for'
  return 'the administrator to act for may not see this part of the domain'
}

/** The library wraps what `fetchImplementation` throws, together with the address. */
function ours(error: unknown): SourceError {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth += 1)
    if (at instanceof SourceError) return at
  return new SourceError('malformed', 'the question to Google could not be made')
}
