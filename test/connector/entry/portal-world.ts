/** For tests of what a portal signs: a world, an issuer registered for its school, and the exchange as a frame does it. */
import { randomUUID } from 'node:crypto'
import { addPortal, type NewPortal } from '../../../connector/admin/portals.ts'
import { tokenExchangeGrantType, viewsClientId } from '../../../connector/api/contract.ts'
import { type Issuer, startIssuer } from '../../school/portal-issuer.ts'
import { type Frame, makeFrame } from '../../support/frame.ts'
import type { SeededSchool } from '../../support/seed.ts'
import { openWorld, portal as portalOrigin, type World } from '../../support/world.ts'

export interface PortalWorld extends World {
  issuer: Issuer
  portalId: string
  /** What an honest portal says of this person. */
  claims(sub: string, more?: Record<string, unknown>): Record<string, unknown>
}

export async function openPortalWorld(more: Partial<NewPortal> = {}): Promise<PortalWorld> {
  const w = await openWorld()
  const issuer = await startIssuer()
  const { id: portalId } = await registerPortal(w, w.schools.own, issuer, more)
  return {
    ...w,
    issuer,
    portalId,
    claims: (sub, claims = {}) => {
      const iat = Math.floor(Date.now() / 1000)
      const facts = { iss: issuer.origin, aud: w.origin, origin: portalOrigin, school: w.schools.own.key }
      return { ...facts, sub, iat, exp: iat + 60, jti: randomUUID(), ...claims }
    },
    async close() {
      await issuer.close()
      await w.close()
    },
  }
}

export const registerPortal = (
  { t }: Pick<World, 't'>,
  { boardId, id: schoolId }: SeededSchool,
  { origin, jwksUrl }: Pick<Issuer, 'origin' | 'jwksUrl'>,
  more: Partial<NewPortal> = {},
) => addPortal(t, { boardId, schoolId, label: 'Portaal', issuer: origin, jwksUrl, keyType: 'sis-id', ...more })

export interface Exchange {
  status: number
  body: Record<string, unknown>
  frame: Frame
}

/** @param fields in place of, or beside, what a frame sends; undefined leaves one out */
export async function exchange(
  w: Pick<World, 'origin' | 'schools'>,
  token: string,
  fields: Record<string, string | undefined> = {},
  given?: Frame,
  headers?: Record<string, string>,
): Promise<Exchange> {
  const frame = given ?? (await makeFrame(w.origin, w.schools.own.key))
  const url = `${w.origin}/oidc/token`
  const all: Record<string, string | undefined> = {
    client_id: viewsClientId,
    grant_type: tokenExchangeGrantType,
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    school: w.schools.own.key,
    origin: portalOrigin,
    ...fields,
  }
  const body = new URLSearchParams(
    Object.entries(all).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as [string, string]])),
  )
  const response = await fetch(url, {
    method: 'POST',
    headers: headers ?? { DPoP: await frame.proof('POST', url) },
    body,
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown>, frame }
}

/** Sessions that began by this channel, and what was noted of those that did not. */
export async function counted(w: Pick<World, 't'>, channel: string) {
  return w.t.asSuperuser(async client => {
    const sessions = await client.query<{ n: number }>(`select count(*)::int n from "Session" where channel = $1`, [
      channel,
    ])
    const troubles = await client.query<{ code: string; number: string; facts: unknown; boardId: string }>(
      `select code, number, facts, "boardId" from "EntryTrouble" where channel = $1`,
      [channel],
    )
    return { sessions: sessions.rows[0]?.n ?? -1, troubles: troubles.rows }
  })
}
