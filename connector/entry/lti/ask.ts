/**
 * Questions to an LMS: JSON both ways, in bounded time, of bounded size, without following it anywhere. The address is one that somebody else gave,
 * so it goes through the one door outwards. What comes back is a word for what went wrong, never a word of the answer.
 */
import type { EntryContext } from '../context.ts'

const timeoutMs = 5_000

/**
 * `away`: no answer, or an address that is not reached (inside a network, plain http). `slow`, `large`. `moved`: it leads somewhere else.
 * `refused`: it answered with an error. `garbled`: no JSON.
 */
export type AskProblem = 'away' | 'slow' | 'large' | 'moved' | 'refused' | 'garbled'

export class AskError extends Error {
  override readonly name = 'AskError'
  readonly problem: AskProblem
  /** Where there was an answer. */
  readonly status: number | undefined
  /** RFC 6749 §5.2, RFC 7591 §3.2.2: a code word, when it looks like one. */
  readonly code: string | undefined

  constructor(problem: AskProblem, more: { status?: number; code?: string | undefined; cause?: unknown } = {}) {
    super(`the LMS: ${problem}`, { cause: more.cause })
    this.problem = problem
    this.status = more.status
    this.code = more.code
  }
}

export interface Answer {
  body: unknown
  headers: Headers
}

export interface Question {
  method?: 'GET' | 'POST'
  headers?: Record<string, string>
  body?: string
  /** Bytes. */
  largest: number
  timeoutMs?: number
}

/** @throws AskError */
export async function ask(context: Pick<EntryContext, 'outward'>, url: URL, question: Question): Promise<Answer> {
  const { method = 'GET', headers = {}, body, largest } = question
  const signal = AbortSignal.timeout(question.timeoutMs ?? timeoutMs)
  let response: Response
  let text: string
  try {
    response = await context.outward(url)(url, {
      method,
      headers,
      redirect: 'manual',
      signal,
      ...(body ? { body } : {}),
    })
    text = await textOf(response, largest)
  } catch (cause) {
    if (cause instanceof AskError) throw cause
    throw new AskError(signal.aborted ? 'slow' : 'away', { cause })
  }
  const { status } = response
  if (status >= 300 && status < 400) throw new AskError('moved', { status })
  const parsed = jsonOf(text)
  if (status < 200 || status >= 300) throw new AskError('refused', { status, code: codeOf(parsed?.value) })
  if (!parsed) throw new AskError('garbled', { status })
  return { body: parsed.value, headers: response.headers }
}

/** @throws AskError `large` */
async function textOf(response: Response, largest: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.byteLength
    if (size > largest) throw new AskError('large', { status: response.status })
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

function jsonOf(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return null
  }
}

/** Canvas says `errors` in words of its own: not repeated. */
function codeOf(value: unknown): string | undefined {
  const code = typeof value === 'object' && value !== null ? (value as { error?: unknown }).error : undefined
  return typeof code === 'string' && /^[a-z_]{1,40}$/.test(code) ? code : undefined
}
