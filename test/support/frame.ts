/**
 * A frame without a browser: its own DPoP key, the hand-off, the walk through the sign-in window, tokens, the API. Real HTTP all the way; used
 * by tests, by the demo's check and by the benches.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import {
  type Handoff,
  type Receipt,
  type ReportDraft,
  ticketGrantType,
  viewsClientId,
} from '../../connector/api/contract.ts'
import { makeVisitor, type Visitor } from '../school/visitor.ts'

export interface Frame {
  jkt: string
  /** A proof as RFC 9449 wants it. */
  proof(
    method: string,
    url: string,
    more?: { token?: string; iat?: number; jti?: string; htu?: string },
  ): Promise<string>
  openHandoff(more?: { from?: string }): Promise<Handoff>
  claim(
    handoff: { id: string; secret: string },
    reply?: string,
  ): Promise<{ state: string; ticket?: string; reason?: string; until?: string }>
  exchange(ticket: string, proof?: string): Promise<Response>
  refresh(token: string): Promise<Response>
}

export interface Tokens {
  access: string
  refresh: string
}

/** @param more headers of each request, as a proxy in front would set them */
export async function makeFrame(origin: string, schoolKey: string, more: Record<string, string> = {}): Promise<Frame> {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const jwk: JWK = await exportJWK(publicKey)
  const jkt = await calculateJwkThumbprint(jwk)
  const same = { ...more, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' }

  const proof: Frame['proof'] = async (method, url, { token, iat, jti, htu } = {}) => {
    const claims = {
      htm: method,
      htu: htu ?? url.replace(/[?#].*$/, ''),
      jti: jti ?? randomUUID(),
      iat: iat ?? Math.floor(Date.now() / 1000),
      ...(token ? { ath: createHash('sha256').update(token).digest('base64url') } : {}),
    }
    return new SignJWT(claims).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk }).sign(privateKey)
  }
  const post = async (path: string, body: unknown, more: Record<string, string> = {}) =>
    fetch(new URL(path, origin), { method: 'POST', headers: { ...same, ...more }, body: JSON.stringify(body) })
  const token = async (fields: Record<string, string>, given?: string) => {
    const url = new URL('/oidc/token', origin).href
    const headers = { DPoP: given ?? (await proof('POST', url)) }
    return fetch(url, { method: 'POST', headers, body: new URLSearchParams({ client_id: viewsClientId, ...fields }) })
  }

  return {
    jkt,
    proof,
    async openHandoff(about = {}) {
      const response = await post('/entry/handoffs', { school: schoolKey, jkt, ...about })
      if (response.status !== 201) throw new Error(`hand-off: ${response.status} ${await response.text()}`)
      return (await response.json()) as Handoff
    },
    async claim({ id, secret }, reply) {
      const path = `/entry/handoffs/${id}/claim`
      const response = await post(
        path,
        { secret, ...(reply === undefined ? {} : { reply }) },
        { DPoP: await proof('POST', new URL(path, origin).href) },
      )
      return (await response.json()) as { state: string; ticket?: string; reason?: string; until?: string }
    },
    exchange: (ticket, given) => token({ grant_type: ticketGrantType, ticket }, given),
    refresh: refreshToken => token({ grant_type: 'refresh_token', refresh_token: refreshToken }),
  }
}

/** What the person does in the window: chooses who they are at the school's sign-in. @returns the connector's answer page */
export async function walkWindow(
  origin: string,
  goPath: string,
  subject: string,
  visitor: Visitor = makeVisitor(),
): Promise<{ status: number; page: string; visitor: Visitor }> {
  const gone = await visitor.fetch(new URL(goPath, origin))
  const to = gone.headers.get('location')
  if (!to) return { status: gone.status, page: await gone.text(), visitor }
  const { callback } = await visitor.signIn(to, new URL('/entry/callback/', origin).href, subject)
  const answer = await visitor.fetch(callback)
  return { status: answer.status, page: await answer.text(), visitor }
}

/** What is typed, or the button that is pressed (`yes`, `no`), on the confirm page. */
export async function confirmCode(origin: string, page: string, code: string, visitor: Visitor): Promise<Response> {
  const t = /name="t" value="([^"]+)"/.exec(page)?.[1] ?? ''
  return visitor.fetch(new URL('/entry/confirm', origin), {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({ t, code }),
  })
}

export interface SignedIn {
  frame: Frame
  tokens: Tokens
  /** A signed request; the path with its query. */
  get(path: string): Promise<Response>
  /** Sends a report with this sign-in. */
  report(draft: ReportDraft, key?: string): Promise<{ status: number; receipt: Receipt }>
}

/** The whole way in. @throws Error where it does not end in tokens */
export async function signInAs(origin: string, schoolKey: string, subject: string): Promise<SignedIn> {
  const frame = await makeFrame(origin, schoolKey)
  const handoff = await frame.openHandoff()
  const { page, visitor } = await walkWindow(origin, handoff.goPath, subject)
  const confirmed = await confirmCode(origin, page, handoff.code, visitor)
  if (!confirmed.ok) throw new Error(`confirm: ${confirmed.status}`)
  const answer = await frame.claim(handoff)
  if (!answer.ticket) throw new Error(`hand-off ended ${answer.state} ${answer.reason ?? ''}`)
  const response = await frame.exchange(answer.ticket)
  if (!response.ok) throw new Error(`token: ${response.status} ${await response.text()}`)
  const body = (await response.json()) as { access_token: string; refresh_token: string }
  return signedIn(origin, schoolKey, frame, { access: body.access_token, refresh: body.refresh_token })
}

export function signedIn(origin: string, schoolKey: string, frame: Frame, tokens: Tokens): SignedIn {
  const headers = async (method: string, url: string) => ({
    Authorization: `DPoP ${tokens.access}`,
    DPoP: await frame.proof(method, url, { token: tokens.access }),
  })
  return {
    frame,
    tokens,
    async get(path) {
      const url = new URL(path, origin).href
      return fetch(url, { headers: await headers('GET', url) })
    },
    async report(draft, key = randomUUID()) {
      const url = new URL(`/api/reports?school=${schoolKey}`, origin).href
      const signed = { ...(await headers('POST', url)), 'Idempotency-Key': key, 'Content-Type': 'application/json' }
      const response = await fetch(url, { method: 'POST', headers: signed, body: JSON.stringify(draft) })
      return { status: response.status, receipt: (await response.json()) as Receipt }
    },
  }
}

/** A word that stands nowhere else. */
export const canary = () => `kanarie${randomBytes(6).toString('hex')}`
