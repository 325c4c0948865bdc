/** What tests of a report's later life send: a report without a name, and signed requests with a body. */
import { randomUUID } from 'node:crypto'
import type { Receipt } from '../../../connector/api/contract.ts'
import type { SignedIn } from '../../support/frame.ts'

export async function unsignedReport(
  origin: string,
  schoolKey: string,
  report: object = { v: 1, behaviours: ['GOSSIP'], words: randomUUID() },
  key: string = randomUUID(),
): Promise<Receipt> {
  const response = await fetch(`${origin}/api/reports?school=${schoolKey}`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: JSON.stringify(report),
  })
  if (!response.ok) throw new Error(`report: ${response.status}`)
  return (await response.json()) as Receipt
}

export async function signedPost(me: SignedIn, url: string, body: unknown): Promise<Response> {
  const headers = {
    Authorization: `DPoP ${me.tokens.access}`,
    DPoP: await me.frame.proof('POST', url, { token: me.tokens.access }),
    'Content-Type': 'application/json',
  }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}
