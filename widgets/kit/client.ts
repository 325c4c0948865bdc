/** The only fetch of all views: time-outs, DPoP, typed errors. The session (session.ts) and the calls (api.ts) are built on it. */
import { createProver, type Prover } from './dpop.ts'
import { ApiProblem, problemOf } from './problem.ts'

type CallInput = {
  method?: 'GET' | 'POST'
  /** Sent as it is, so that a retry has the same bytes. */
  body?: string
  contentType?: 'application/json' | 'application/x-www-form-urlencoded'
  headers?: Record<string, string>
  /** A proof of our key, without a token: at the ways in. */
  prove?: boolean
  /** Authorization: DPoP, and a proof with `ath`. */
  accessToken?: string | undefined
  /** Only the ways in may carry the partitioned cookie. A report never does. */
  cookies?: boolean
  timeoutSeconds?: number
}

type Call = (path: string, input?: CallInput) => Promise<Response>

export type Client = { call: Call; prover: () => Promise<Prover> }

export const createClient = (base: string = location.href): Client => {
  let nonce: string | undefined
  /** How far this device's clock is behind, in ms: a Chromebook that lost a year must still get in. */
  let behind = 0
  let keys: Promise<Prover> | undefined
  const prover = () => {
    keys ??= createProver()
    return keys
  }

  const send = async (path: string, input: CallInput): Promise<Response> => {
    const { method = 'GET', body, accessToken, prove = false, cookies = false, timeoutSeconds = 12 } = input
    const url = new URL(path, base)
    const headers = new Headers({ Accept: 'application/json', ...input.headers })
    if (body !== undefined) headers.set('Content-Type', input.contentType ?? 'application/json')
    if (accessToken) headers.set('Authorization', `DPoP ${accessToken}`)
    if (accessToken || prove)
      headers.set('DPoP', await (await prover()).proof({ method, url, now: Date.now() + behind, accessToken, nonce }))
    try {
      const response = await fetch(url, {
        method,
        headers,
        body: body ?? null,
        credentials: cookies ? 'same-origin' : 'omit',
        cache: 'no-store',
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      })
      const date = Date.parse(response.headers.get('Date') ?? '')
      if (!Number.isNaN(date)) behind = date - Date.now()
      return response
    } catch (cause) {
      if (cause instanceof DOMException && cause.name === 'TimeoutError')
        throw new ApiProblem('timed-out', 0, { cause })
      throw new ApiProblem(navigator.onLine ? 'unreachable' : 'offline', 0, { cause })
    }
  }

  return {
    prover,
    call: async (path, input = {}) => {
      let response = await send(path, input)
      const offered = response.headers.get('DPoP-Nonce')
      if (offered && offered !== nonce) {
        nonce = offered
        // RFC 9449 §8: 400 at the token endpoint, 401 at the API; either way once more, now with the nonce
        const wanted = response.status === 400 || response.status === 401
        if (wanted && (input.prove || input.accessToken)) response = await send(path, input)
      }
      if (!response.ok) throw await problemOf(response)
      return response
    },
  }
}
