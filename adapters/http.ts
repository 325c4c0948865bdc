/** The one request function of the adapters. Whatever goes wrong leaves here as a SourceError without URL, body or credential. */
import type { z } from 'zod'
import { SourceError, type SourceErrorCode } from './source.ts'

export interface HttpRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  body?: string
  /** For the whole exchange, body included: a source that drips one byte a second ends here too. */
  timeoutMs: number
  /** Of the decoded body, so that a small gzip answer cannot grow past it. */
  maxBytes: number
  /** Error statuses whose body the caller wants to see: SOAP 1.1 sends its faults with HTTP 500. */
  readBodyOf?: readonly number[]
}

export interface HttpAnswer {
  status: number
  headers: Headers
  /** Declared length, where the answer says one and it is not compressed. */
  length: number | undefined
  /** Read it once. @throws SourceError `incomplete` when the connection breaks halfway, `malformed` past `maxBytes` */
  body: AsyncIterable<Uint8Array>
}

/** Ours: a source that asks for more than an hour waits for the next scheduled run instead. */
const longestRetryMs = 3_600_000

/**
 * @returns only 2xx answers and the statuses in `readBodyOf`
 * @throws SourceError by status: 401, 403 `unauthorized` · 429 `rate-limited` · 3xx (never followed), 408, 5xx `unreachable` · other
 * `malformed`; `unreachable` when nobody answers in time
 */
export async function request(
  context: { fetch: typeof fetch; clock: () => Date; signal: AbortSignal },
  asked: HttpRequest,
): Promise<HttpAnswer> {
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(asked.timeoutMs)])
  let response: Response
  try {
    response = await context.fetch(asked.url, {
      method: asked.method,
      headers: asked.headers,
      redirect: 'manual',
      signal,
      ...(asked.body === undefined ? {} : { body: asked.body }),
    })
  } catch (error) {
    throw broken('unreachable', 'the source cannot be reached', error)
  }
  if (!response.ok && !asked.readBodyOf?.includes(response.status)) {
    await response.body?.cancel().catch(() => {})
    throw statusError(response, context.clock())
  }
  const compressed = response.headers.has('content-encoding')
  const declared = Number(response.headers.get('content-length') ?? Number.NaN)
  if (declared > asked.maxBytes) {
    await response.body?.cancel().catch(() => {})
    throw tooLarge(asked.maxBytes)
  }
  return {
    status: response.status,
    headers: response.headers,
    length: compressed || Number.isNaN(declared) ? undefined : declared,
    body: bounded(response.body, asked.maxBytes),
  }
}

/** The whole body as text. @throws SourceError as its body does, `malformed` where it is not UTF-8 */
export async function text(answer: Pick<HttpAnswer, 'body'>): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let all = ''
  try {
    for await (const piece of answer.body) all += decoder.decode(piece, { stream: true })
    return all + decoder.decode()
  } catch (error) {
    if (error instanceof SourceError) throw error
    throw new SourceError('malformed', 'the answer holds bytes that are not text', { cause: new Error('utf-8') })
  }
}

/**
 * The whole body as JSON through a schema that takes only what is on it.
 * @throws SourceError `malformed` for a web page, for what is no JSON, and for another shape, naming the path and never a value
 */
export async function json<Schema extends z.ZodType>(
  answer: Pick<HttpAnswer, 'body'>,
  schema: Schema,
): Promise<z.infer<Schema>> {
  const body = await text(answer)
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    const what = /^\s*</.test(body) ? 'a web page or XML came instead of JSON' : 'the answer is not JSON'
    throw new SourceError(
      body.trim() === '' ? 'incomplete' : 'malformed',
      body.trim() === '' ? 'the answer is empty' : what,
    )
  }
  const verdict = schema.safeParse(value)
  if (verdict.success) return verdict.data
  const path = verdict.error.issues[0]?.path.join('.') || 'the answer itself'
  throw new SourceError('malformed', `the answer has another form than we know, at ${path}`)
}

async function* bounded(body: ReadableStream<Uint8Array> | null, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (body === null) return
  const chunks = body[Symbol.asyncIterator]()
  let read = 0
  try {
    while (true) {
      let next: IteratorResult<Uint8Array>
      try {
        next = await chunks.next()
      } catch (error) {
        throw broken('incomplete', 'the connection was cut halfway the answer', error)
      }
      if (next.done) return
      read += next.value.length
      if (read > maxBytes) throw tooLarge(maxBytes)
      yield next.value
    }
  } finally {
    await chunks.return?.().catch(() => {})
  }
}

/** What this status means to the caller. Exported for sources that look at a body first and then refuse it after all. */
export function statusError(response: { status: number; headers: Headers }, now: Date): SourceError {
  const { status } = response
  if (status === 401 || status === 403) {
    const message = `the source refuses us (HTTP ${status}): the credentials are not accepted`
    return new SourceError('unauthorized', message, { status })
  }
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), now)
  const more = { status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  if (status === 429) return new SourceError('rate-limited', 'the source asks us to wait (HTTP 429)', more)
  if (status >= 300 && status < 400)
    return new SourceError('unreachable', `the source sends us to another address (HTTP ${status}): not followed`, {
      status,
      final: true,
    })
  if (status >= 500 || status === 408)
    return new SourceError('unreachable', `the source is out of order (HTTP ${status})`, more)
  return new SourceError('malformed', `the source does not understand the request (HTTP ${status})`, { status })
}

/**
 * `Retry-After` as seconds, fractions of them (Microsoft Graph: `2.128`) or an HTTP date.
 * @returns milliseconds from 0 to an hour, or undefined when the header is absent or unreadable
 */
export function retryAfter(header: string | null, now: Date): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now.getTime() : seconds * 1000
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), longestRetryMs)
}

function tooLarge(maxBytes: number): SourceError {
  return new SourceError('malformed', `the answer is larger than ${maxBytes} bytes: refused`)
}

/** Keeps only the code of a network failure: undici's messages may hold the address, with everything in it. */
function broken(code: SourceErrorCode, message: string, error: unknown): SourceError {
  if (error instanceof SourceError) return error
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  // The door outwards (connector/sync/outbound.ts) has said why in words already.
  if (inner instanceof SourceError) return inner
  // A DOMException's `code` is a number of 1998; only system errors have a code that says something.
  const system =
    inner instanceof Error && typeof Reflect.get(inner, 'code') === 'string' ? Reflect.get(inner, 'code') : undefined
  const name = system ?? (inner instanceof Error ? inner.name : 'unknown')
  const why = name === 'TimeoutError' ? 'no answer in time' : name === 'AbortError' ? 'stopped' : name
  return new SourceError(code, `${message} (${why})`, { cause: new Error(String(name)) })
}

/** The same body, telling how many bytes came with each piece. */
export async function* counting(
  { body }: Pick<HttpAnswer, 'body'>,
  heard: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    heard(piece.length)
    yield piece
  }
}
