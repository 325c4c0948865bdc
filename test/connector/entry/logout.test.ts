import { describe, expect, it } from 'vitest'
import { readLogout } from '../../../connector/entry/logout.ts'
import type { Claims } from '../../../connector/sign-in-kinds.ts'

const now = new Date('2026-11-23T09:00:00Z')
const seconds = now.getTime() / 1000
const expected = { issuer: 'https://login.school.nl', clientId: 'm5', now }
const event = 'http://schemas.openid.net/event/backchannel-logout'
const good: Claims = {
  ...{ iss: expected.issuer, aud: 'm5', iat: seconds, exp: seconds + 120, jti: 'a1', events: { [event]: {} } },
  sid: 's-1',
}
const read = (claims: Claims, typ?: string) => readLogout({ typ }, claims, expected)

describe('a logout token', () => {
  it('names a session, a subject, or both', () => {
    expect(read(good)).toEqual({ jti: 'a1', sid: 's-1', sub: null })
    expect(read({ ...good, sub: 'p-1' })).toEqual({ jti: 'a1', sid: 's-1', sub: 'p-1' })
    const { sid: _sid, ...bare } = good
    expect(read({ ...bare, sub: 'p-1' })).toEqual({ jti: 'a1', sid: null, sub: 'p-1' })
  })

  it('holds as older and newer issuers write it, and with a clock that is a minute off', () => {
    for (const typ of [undefined, 'logout+jwt', 'Logout+JWT', 'JWT']) expect(read(good, typ)).toHaveProperty('jti')
    const { exp: _exp, ...older } = good
    expect(read(older)).toHaveProperty('jti')
    expect(read({ ...good, aud: ['m5'] })).toHaveProperty('jti')
    expect(read({ ...good, events: { [event]: {}, 'https://example.org/other': {} } })).toHaveProperty('jti')
    for (const iat of [seconds - 59, seconds + 59]) expect(read({ ...good, iat })).toHaveProperty('jti')
    expect(read({ ...good, exp: seconds - 59 })).toHaveProperty('jti')
  })

  it.for<[string, Claims, string | undefined, string]>([
    ['of an ID token’s type', {}, 'id+jwt', 'typ'],
    ['of an access token’s type', {}, 'at+jwt', 'typ'],
    ['of another issuer', { iss: 'https://login.andere.nl' }, undefined, 'iss'],
    ['without an issuer', { iss: undefined }, undefined, 'iss'],
    ['for another client', { aud: 'm6' }, undefined, 'aud'],
    ['for us and another client', { aud: ['m5', 'm6'] }, undefined, 'aud'],
    ['for nobody', { aud: [] }, undefined, 'aud'],
    ['from the future', { iat: seconds + 61 }, undefined, 'iat'],
    ['eleven minutes old', { iat: seconds - 660 }, undefined, 'iat'],
    ['without a time', { iat: undefined }, undefined, 'iat'],
    ['with a time that is text', { iat: String(seconds) }, undefined, 'iat'],
    ['expired', { exp: seconds - 61 }, undefined, 'exp'],
    ['with an end that is text', { exp: 'later' }, undefined, 'exp'],
    ['without an id', { jti: undefined }, undefined, 'jti'],
    ['with an empty id', { jti: '' }, undefined, 'jti'],
    ['with a nonce: it is an ID token', { nonce: 'n' }, undefined, 'nonce'],
    ['with an empty nonce', { nonce: '' }, undefined, 'nonce'],
    ['without events', { events: undefined }, undefined, 'events'],
    ['with events that are a list', { events: [event] }, undefined, 'events'],
    ['with another event', { events: { 'https://example.org/other': {} } }, undefined, 'events'],
    ['with an event that is true', { events: { [event]: true } }, undefined, 'events'],
    ['with an event that is null', { events: { [event]: null } }, undefined, 'events'],
    ['about nobody', { sid: undefined }, undefined, 'subject'],
    ['with a session that is a number', { sid: 7 }, undefined, 'subject'],
    ['with an empty session', { sid: '' }, undefined, 'subject'],
    ['with a subject that is a list', { sub: ['p'] }, undefined, 'subject'],
  ])('is refused: %s', ([, change, typ, check], { expect }) => {
    expect(read({ ...good, ...change }, typ)).toEqual({ refused: `logout-${check}` })
  })
})
