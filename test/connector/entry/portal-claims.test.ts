/** The edges of time, with a clock that stands still: a portal's token, and Entra's. */
import { describe, expect, it } from 'vitest'
import { checkPortalClaims } from '../../../connector/entry/portal-claims.ts'
import { checkTeamsClaims, teamsClient } from '../../../connector/entry/teams-claims.ts'

const url = new URL('https://m5.example')
const now = new Date('2026-11-23T09:00:00Z')
const at = now.getTime() / 1000

describe('a token of a portal', () => {
  const origin = 'https://portaal.example'
  const fault = (claims: object) => {
    const honest = { iss: 'p', aud: url.origin, sub: 's', origin, jti: 'abcdefgh', iat: at, exp: at + 60 }
    const expected = { audience: url, frameOrigin: origin, origins: [origin], school: 'pk_a', several: false, now }
    const verdict = checkPortalClaims({ ...honest, ...claims }, expected)
    return 'fault' in verdict ? verdict.fault : null
  }
  it.for([
    ['begins now', {}, null],
    ['begins in a minute', { iat: at + 60, exp: at + 120 }, null],
    ['begins in 61 seconds', { iat: at + 61, exp: at + 121 }, 'clock-ahead'],
    ['ends in a second', { iat: at - 59, exp: at + 1 }, null],
    ['ended 59 seconds ago', { iat: at - 119, exp: at - 59 }, null],
    ['ended a minute ago', { iat: at - 120, exp: at - 60 }, 'expired'],
    ['lives 60 seconds and a half', { exp: at + 60.5 }, 'lifetime'],
    ['lives no time', { exp: at }, 'lifetime'],
    ['never ends', { exp: Number.POSITIVE_INFINITY }, 'claim-missing'],
    ['ends at no number', { exp: Number.NaN }, 'claim-missing'],
  ] as const)('that %s', ([, claims, code]) => {
    expect(fault(claims)).toBe(code)
  })
})

describe('a token of Entra', () => {
  const tenant = '3f1c0e6a-5d0c-4a55-9b0a-0c8f2d1e7a11'
  const clientId = 'b6f7a3d2-9c1e-4f0b-8a7d-5e4c3b2a1f00'
  const fault = (claims: object) => {
    const iss = `https://login.microsoftonline.com/${tenant}/v2.0`
    const ids = { iss, aud: clientId, tid: tenant, oid: clientId, scp: 'access_as_user', ver: '2.0' }
    const verdict = checkTeamsClaims(
      { ...ids, iat: at, nbf: at, exp: at + 4000, ...claims },
      { tenant, clientId, url, now },
    )
    return 'fault' in verdict ? verdict.fault : null
  }
  it.for([
    ['begins now', {}, null],
    ['ended 59 seconds ago', { exp: at - 59 }, null],
    ['ended a minute ago', { exp: at - 60 }, 'expired'],
    ['begins in a minute', { nbf: at + 60, iat: at + 60 }, null],
    ['begins in 61 seconds', { nbf: at + 61 }, 'clock-ahead'],
    ['was made in 61 seconds', { iat: at + 61 }, 'clock-ahead'],
    ['names itself in capitals', { tid: tenant.toUpperCase(), aud: clientId.toUpperCase() }, null],
    ['has our scope among others', { scp: 'profile access_as_user' }, null],
  ] as const)('that %s', ([, claims, code]) => {
    expect(fault(claims)).toBe(code)
  })

  it('is for an app of ours by either of its two names', () => {
    expect([clientId, `api://m5.example/${clientId}`].map(name => teamsClient(name, url))).toEqual([clientId, clientId])
    for (const other of [
      `api://${clientId}`,
      `api://m5.example:444/${clientId}`,
      `https://m5.example/${clientId}`,
      '',
      7,
    ])
      expect(teamsClient(other, url)).toBeNull()
  })
})
