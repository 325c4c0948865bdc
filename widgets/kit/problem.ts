/** What can go wrong between a view and the connector. Views match codes; the sentence is theirs. */
export type ProblemCode = 'offline' | 'unreachable' | 'timed-out' | 'unexpected' | (string & {})

export class ApiProblem extends Error {
  readonly code: ProblemCode
  /** 0 when nothing answered. */
  readonly status: number
  readonly retryAfterSeconds: number | undefined
  constructor(
    code: ProblemCode,
    status = 0,
    options: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(code, { cause: options.cause })
    this.code = code
    this.status = status
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** The request itself did not get through, or the server says: later. */
export const isPassing = (problem: unknown) =>
  problem instanceof ApiProblem && (problem.status === 0 || problem.status === 429 || problem.status >= 500)

/** RFC 9457 body, or an OAuth error body, or neither. */
export const problemOf = async (response: Response): Promise<ApiProblem> => {
  let code: ProblemCode = 'unexpected'
  try {
    const body: unknown = await response.json()
    if (typeof body === 'object' && body !== null) {
      if ('code' in body && typeof body.code === 'string') code = body.code
      else if ('error' in body && typeof body.error === 'string') code = body.error
    }
  } catch {
    // not JSON: a proxy's own page
  }
  const wait = Number(response.headers.get('Retry-After'))
  return new ApiProblem(code, response.status, { retryAfterSeconds: wait > 0 ? wait : undefined })
}
