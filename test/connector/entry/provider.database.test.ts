import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFrame } from '../../support/frame.ts'
import { openWorld, ticketFor, type World } from '../../support/world.ts'

let w: World
beforeAll(async () => {
  w = await openWorld()
})
afterAll(() => w.close())

const oidc = (path: string, init?: RequestInit) => fetch(`${w.origin}/oidc${path}`, { redirect: 'manual', ...init })

describe('our own OpenID provider', () => {
  it('offers the ticket and its refresh, PKCE by S256 only, and ES256', async () => {
    const document = (await (await oidc('/.well-known/openid-configuration')).json()) as Record<string, unknown>
    expect(document).toMatchObject({
      issuer: `${w.origin}/oidc`,
      code_challenge_methods_supported: ['S256'],
      dpop_signing_alg_values_supported: ['ES256'],
      id_token_signing_alg_values_supported: ['ES256'],
    })
    for (const missing of [
      'pushed_authorization_request_endpoint',
      'registration_endpoint',
      'introspection_endpoint',
      'end_session_endpoint',
      'userinfo_endpoint',
      'device_authorization_endpoint',
    ])
      expect(document).not.toHaveProperty(missing)
  })

  it('has no way in of its own: no redirect address, no response type, no page', async () => {
    const common = { client_id: 'm5-views', scope: 'openid', state: 's', nonce: 'n' }
    const pkce = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' }
    for (const more of [
      { response_type: 'code', redirect_uri: 'https://evil.example/', ...pkce },
      { response_type: 'code', redirect_uri: `${w.origin}/groep`, ...pkce },
      { response_type: 'code', ...pkce },
      { response_type: 'id_token', redirect_uri: 'https://evil.example/' },
      { response_type: 'code', redirect_uri: 'https://evil.example/' },
      { response_type: 'none' },
    ]) {
      const response = await oidc(`/auth?${new URLSearchParams({ ...common, ...(more as Record<string, string>) })}`)
      expect([more, response.status, response.headers.get('location')]).toEqual([more, 400, null])
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    }
    expect((await oidc('/interaction/x')).status).toBe(404)
  })

  it.for([
    'password',
    'client_credentials',
    'authorization_code',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
    '',
  ])('gives nothing for the grant %j', async grant => {
    const frame = await makeFrame(w.origin, w.schools.own.key)
    const url = `${w.origin}/oidc/token`
    const body = new URLSearchParams({
      client_id: 'm5-views',
      grant_type: grant,
      username: 'a',
      password: 'b',
      code: 'c',
    })
    const response = await fetch(url, { method: 'POST', headers: { DPoP: await frame.proof('POST', url) }, body })
    expect(response.status).toBe(400)
    expect(await response.json()).not.toHaveProperty('access_token')
  })

  it('answers no other site', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const headers = { origin: 'https://evil.example', DPoP: await frame.proof('POST', `${w.origin}/oidc/token`) }
    const fields = { client_id: 'm5-views', grant_type: 'urn:m5:params:oauth:grant-type:entry-ticket', ticket }
    const response = await oidc('/token', { method: 'POST', headers, body: new URLSearchParams(fields) })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([400, null])
    expect(await response.json()).not.toHaveProperty('access_token')
    expect((await oidc('/auth', { headers })).headers.get('access-control-allow-origin')).toBeNull()
  })

  it('publishes the public half of its keys only', async () => {
    const { keys } = (await (await oidc('/jwks')).json()) as { keys: Record<string, unknown>[] }
    expect(keys).toHaveLength(1)
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  it('is not talked into another address by a header', async () => {
    const { frame, ticket } = await ticketFor(w, w.schools.own, w.people.pupil)
    const forged = await frame.proof('POST', 'https://evil.example/oidc/token')
    const response = await fetch(`${w.origin}/oidc/token`, {
      method: 'POST',
      headers: { DPoP: forged, 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
      body: new URLSearchParams({
        client_id: 'm5-views',
        grant_type: 'urn:m5:params:oauth:grant-type:entry-ticket',
        ticket,
      }),
    })
    expect(response.status).toBe(400)
  })

  it('keeps the state of its keys sealed', async () => {
    const rows = await w.t.asSuperuser(
      async client => (await client.query(`select "keySealed" from "SigningKey"`)).rows,
    )
    expect(rows).toHaveLength(2)
    for (const { keySealed } of rows as { keySealed: Buffer }[]) {
      expect(keySealed[0]).toBe(1)
      expect(keySealed.toString('latin1')).not.toMatch(/kty|"d"/)
    }
  })
})
