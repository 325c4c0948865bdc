/**
 * Microsoft's own client library for addresses and parameters. Its chain of handlers ends in ours: the token, the time-outs, size caps, refused
 * redirects and retries are those of all sources. (Its RetryHandler sleeps by itself, its HTTPMessageHandler takes the global fetch, and its
 * AuthenticationHandler drops the token where the address is not https.)
 */
import type { Client, Middleware } from '@microsoft/microsoft-graph-client'
import type { z } from 'zod'
import { counting, json, request } from '../http.ts'
import { patiently } from '../retry.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type Tokens, withToken } from '../tokens.ts'
import { addressesOf, type Options } from './options.ts'
import { WireRefusal } from './wire.ts'

export interface ClientSettings {
  timeoutMs: number
  maxBytes: number
}

export interface Graph {
  /**
   * @param address ours, with query (`/education/schools?$top=5`), or a link that Graph gave, which is followed letter by letter
   * @throws SourceError also when a link leads anywhere else than to this Graph
   */
  get<Schema extends z.ZodType>(schema: Schema, address: string): Promise<z.infer<Schema>>
  /** Asks once: whoever calls has its own patience. */
  post<Schema extends z.ZodType>(schema: Schema, path: string, body: object): Promise<z.infer<Schema>>
  /** Whether a link leads to this Graph: no other is followed. */
  takes(link: string): boolean
  refused(status: number, code: string): SourceError
}

const version = 'v1.0'

/** The library is loaded by the first question: a connector without a Microsoft source does not carry it. */
export function graphClient(context: SourceContext, tokens: Tokens, options: Options, limits: ClientSettings): Graph {
  const { graph: origin } = addressesOf(options)
  let library: Promise<Asking> | undefined
  const asking = () => {
    library ??= openLibrary(context, tokens, origin, limits)
    return library
  }
  const refused = (status: number, code: string) => refusal(options, status, code)
  const once = async <Schema extends z.ZodType>(schema: Schema, question: Question): Promise<z.infer<Schema>> => {
    const response = await (await asking())(question)
    const answer = { body: response.body ?? nothing() }
    if (response.ok) return await json(answer, schema)
    const said = await json(answer, WireRefusal).catch(() => undefined)
    throw refused(response.status, said?.error.code ?? '')
  }
  return {
    async get(schema, address) {
      if (!address.startsWith('/') && !isHere(address, origin))
        throw new SourceError('malformed', 'the source gives a next page on another address: not followed')
      return await patiently(context, () => once(schema, { address }))
    },
    post: (schema, address, body) => once(schema, { address, body }),
    takes: link => isHere(link, origin),
    refused,
  }
}

interface Question {
  address: string
  body?: object
}
type Asking = (question: Question) => Promise<Response>

async function openLibrary(
  context: SourceContext,
  tokens: Tokens,
  origin: string,
  limits: ClientSettings,
): Promise<Asking> {
  const { Client, ResponseType } = await import('@microsoft/microsoft-graph-client')
  const middleware = lastInTheChain(tokens, sender(context, limits))
  const client: Client = Client.initWithMiddleware({ middleware, baseUrl: origin, defaultVersion: version })
  return async ({ address, body }) => {
    let failure: unknown
    // The library takes links apart and puts them together in another order: `exactly` is the address as it came.
    const exactly = address.startsWith('/') ? undefined : address
    const asked = client
      .api(exactly === undefined ? address : '/')
      .responseType(ResponseType.RAW)
      .options({ exactly, failed: (error: unknown) => (failure = error) })
    try {
      return await (body === undefined ? asked.get() : asked.post(body))
    } catch {
      // It wraps what is thrown in its chain in an error of its own, which would hide ours.
      throw failure instanceof SourceError ? failure : new SourceError('malformed', 'the question could not be made')
    }
  }
}

/** The token on each request. */
function lastInTheChain(tokens: Tokens, next: Sender): Middleware {
  return {
    async execute(context) {
      const failed: unknown = Reflect.get(context.options ?? {}, 'failed')
      try {
        context.response = await withToken(tokens, token => next(context, token))
      } catch (error) {
        if (typeof failed === 'function') failed(error)
        throw error
      }
    },
  }
}

type Sender = (context: Parameters<Middleware['execute']>[0], token: string) => Promise<Response>

function sender(context: SourceContext, limits: ClientSettings): Sender {
  let read = 0
  const count = (bytes: number) => {
    read += bytes
    context.progress?.(read)
  }
  return async ({ request: built, options = {} }, token) => {
    const exactly: unknown = Reflect.get(options, 'exactly')
    const { body } = options
    const answer = await request(context, {
      method: options.method === 'POST' ? 'POST' : 'GET',
      url: typeof exactly === 'string' ? exactly : String(built),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      ...(typeof body === 'string' ? { body } : {}),
      ...limits,
      readBodyOf: [400, 403, 404, 410],
    })
    const empty = answer.status === 204 || answer.status === 205
    const { status, headers } = answer
    return new Response(empty ? null : ReadableStream.from(counting(answer, count)), { status, headers })
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** A link goes out with the token on it. */
function isHere(text: string, origin: string): boolean {
  const link = URL.parse(text)
  return link?.origin === origin && link.username === '' && link.password === ''
}

function refusal({ permissions }: Options, status: number, said: string): SourceError {
  const code = /^[\w.]{1,64}$/.test(said) ? said : `HTTP ${status}`
  if (status === 403 || code === 'Authorization_IdentityNotFound' || code === 'Authorization_RequestDenied') {
    const needed =
      permissions === 'full'
        ? 'EduRoster.Read.All'
        : 'EduRoster.ReadBasic.All, or EduRoster.Read.All, which Microsoft asks for lists of people and members,'
    return new SourceError(
      'unauthorized',
      `Microsoft does not let this app read the roster (${code}): give it the application permission ${needed} in Entra and let an administrator consent`,
      { status },
    )
  }
  if (status === 404)
    return new SourceError('incomplete', `something went away at Microsoft while it was read (${code})`, { status })
  return new SourceError('malformed', `Microsoft does not understand the question (${code})`, { status })
}
