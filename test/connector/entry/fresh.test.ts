import { describe, expect, it } from 'vitest'
import { judgeAuthTime } from '../../../connector/entry/fresh.ts'
import { networkOf } from '../../../connector/entry/handoff-network.ts'
import { deviceLabel, judgePasskey } from '../../../connector/entry/passkey.ts'

const now = new Date('2026-11-23T09:00:00Z')
const ago = (seconds: number) => Math.floor(now.getTime() / 1000) - seconds

describe('the time of a sign-in', () => {
  it.for([
    ['now', ago(0), null],
    ['five minutes ago', ago(300), null],
    ['five minutes and a second ago', ago(301), 'auth-time-old'],
    ['two hours ago', ago(7200), 'auth-time-old'],
    ['in 1970', 0, 'auth-time-old'],
    ['a minute ahead', ago(-60), null],
    ['more than a minute ahead', ago(-61), 'auth-time-future'],
    ['in milliseconds', ago(0) * 1000, 'auth-time-future'],
    ['not said', null, 'auth-time-missing'],
    ['no number', Number.NaN, 'auth-time-missing'],
    ['no end', Number.POSITIVE_INFINITY, 'auth-time-missing'],
  ] as const)('%s', ([, at, verdict]) => {
    expect(judgeAuthTime(at, now)).toBe(verdict)
  })
})

describe('a passkey', () => {
  it.for([
    ['that is not there', null, 'passkey-unknown'],
    ['that nobody confirmed', { confirmedAt: null, revokedAt: null }, 'passkey-unconfirmed'],
    ['that is confirmed', { confirmedAt: now, revokedAt: null }, null],
    ['that is confirmed and revoked', { confirmedAt: now, revokedAt: now }, 'passkey-revoked'],
    ['that is revoked unconfirmed', { confirmedAt: null, revokedAt: now }, 'passkey-revoked'],
  ] as const)('%s', ([, row, verdict]) => {
    expect(judgePasskey(row)).toBe(verdict)
  })

  it('is called by a coarse kind of device, and never by what the browser says in full', () => {
    const agents = {
      'Mozilla/5.0 (iPhone; CPU iPhone OS 26_2 like Mac OS X)': 'iPhone',
      'Mozilla/5.0 (Linux; Android 16; Pixel 9)': 'Android',
      'Mozilla/5.0 (X11; CrOS x86_64 16181)': 'Chromebook',
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)': 'Mac',
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64)': 'Windows',
      'Zofia Kowalczyk’s phone': 'Apparaat',
    }
    for (const [agent, label] of Object.entries(agents)) expect(deviceLabel(agent)).toBe(label)
    expect(deviceLabel(undefined)).toBe('Apparaat')
  })
})

describe('a network', () => {
  it.for([
    ['192.0.2.17', '4:192.0.2'],
    ['::ffff:192.0.2.17', '4:192.0.2'],
    ['2001:db8:0:12ff::1', '6:2001:db8:0:1200'],
    ['2001:db8:0:1234:5:6:7:8', '6:2001:db8:0:1200'],
    ['2001:DB8::1', '6:2001:db8:0:0'],
    ['fe80::1%eth0', '6:fe80:0:0:0'],
    ['127.0.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['', null],
    ['unknown', null],
    ['192.0.2', null],
  ] as const)('of %s', ([address, network]) => {
    expect(networkOf(address)).toBe(network)
  })

  it('of no address is none', () => expect(networkOf(undefined)).toBeNull())
})
