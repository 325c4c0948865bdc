import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Launch, Refused, readToken, viewOf } from '../../../../connector/entry/lti/launch.ts'
import { readLogin } from '../../../../connector/entry/lti/login.ts'
import { repeatedNames } from '../../../../connector/entry/lti/names-once.ts'
import { filled, presets, products } from '../../../../connector/entry/lti/presets.ts'
import { chooseKeys } from '../../../../connector/store/tool-keys.ts'

const own = new URL('https://m5.school.example')

describe('a token as text', () => {
  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), tokenLike), text => {
        try {
          readToken(text)
        } catch (cause) {
          if (!(cause instanceof Refused)) throw cause
        }
      }),
      { numRuns: 500 },
    )
  })
})

const part = fc.oneof(fc.json(), fc.string()).map(text => Buffer.from(text).toString('base64url'))
const tokenLike = fc.tuple(part, part, part).map(parts => parts.join('.'))

describe('names that repeat', () => {
  it('are none in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => !repeatedNames(JSON.stringify(value))),
      { numRuns: 300 },
    )
  })
  it.for([
    ['{"a":1,"a":2}', true],
    ['{"a":1,"b":{"a":2}}', false],
    ['{"a":{"b":1},"b":2}', false],
    ['[{"a":1},{"a":2}]', false],
    ['{"x":["a","a","a"],"y":"x"}', false],
    ['{"a":"b","b":"a"}', false],
    ['{"a\\"":1,"a\\"":2}', true],
    ['{"\\u0061":1,"a":2}', true],
    ['{"a":[{"b":{"c":1,"c":2}}]}', true],
    ['{ "a" : { } , "a" : [ ] }', true],
    ['{"a":"}","b":"{","a":1}', true],
  ] as const)('%s: %s', ([text, expected]) => {
    expect(repeatedNames(text)).toBe(expected)
  })
})

describe('a target', () => {
  it.for([
    ['https://m5.school.example/meld', 'stopknop'],
    ['https://m5.school.example/groep', 'groep'],
    ['https://m5.school.example/', 'stopknop'],
    ['https://m5.school.example', 'stopknop'],
    ['https://m5.school.example/meld?s=pk_other#x', 'stopknop'],
    ['https://m5.school.example/lti/launch', 'stopknop'],
    ['https://M5.School.example:443/groep', 'groep'],
    ['https://m5.school.example/bevestig', null],
    ['https://m5.school.example/api/me', null],
    ['https://m5.school.example/groep/../meld/x', null],
    ['https://m5.school.example.evil.example/meld', null],
    ['https://m5.school.example@evil.example/meld', null],
    ['https://evil@m5.school.example/meld', null],
    ['http://m5.school.example/meld', null],
    ['/meld', null],
  ] as const)('%s leads to %s', ([target, view]: readonly [string, Launch['view'] | null]) => {
    expect(viewOf(target, own)).toBe(view)
  })
})

describe('a login request', () => {
  it('is read or refused, whatever it is', () => {
    const value = fc.oneof(fc.string(), fc.constant(undefined), fc.array(fc.string()), fc.webUrl())
    const fields = fc.record({ iss: value, login_hint: value, target_link_uri: value, client_id: value })
    fc.assert(
      fc.property(fields, each => {
        const read = readLogin(each, own)
        expect('problem' in read || URL.canParse(read.login.issuer)).toBe(true)
      }),
    )
  })
})

describe('our keys', () => {
  const now = new Date('2026-11-23T12:00:00Z')
  const made = (hoursAgo: number) => ({ name: hoursAgo, createdAt: new Date(now.getTime() - hoursAgo * 3_600_000) })
  const chosen = (...hours: number[]) => {
    const { signs, published } = chooseKeys(hours.map(made), now)
    return { signs: signs.name, published: published.map(each => each.name) }
  }
  it.for([
    ['the first signs at once', [0], { signs: 0, published: [0] }],
    ['a new one is published and does not sign', [1, 900], { signs: 900, published: [1, 900] }],
    ['after a day it signs, and the old one stays published', [24, 900], { signs: 24, published: [24, 900] }],
    ['after two days the old one goes', [48, 900], { signs: 48, published: [48] }],
    ['two new ones in one day wait both', [1, 2, 900], { signs: 900, published: [1, 2, 900] }],
    ['the newest of those old enough signs', [1, 30, 900], { signs: 30, published: [1, 30, 900] }],
    ['after a revocation the only one signs at once', [1], { signs: 1, published: [1] }],
  ] as const)('%s', ([, hours, expected]) => {
    expect(chosen(...hours)).toEqual(expected)
  })
})

describe('the presets', () => {
  it.for(products)('%s gives whole addresses, or none', product => {
    const site = 'https://lms.school.example'
    const all = filled(product, { site, client: 'a b/c' })
    for (const [name, address] of Object.entries(all)) {
      if (address === undefined) continue
      expect(URL.parse(address)?.protocol, name).toBe('https:')
      expect(address, name).not.toMatch(/[{} ]/)
    }
    expect(presets[product].note.length).toBeGreaterThan(20)
  })
  it('need the address of the school where it is in them', () => {
    expect(filled('moodle', { client: 'x' }).authUrl).toBeUndefined()
    expect(filled('moodle', { site: 'https://m.example', client: 'x' }).jwksUrl).toBe(
      'https://m.example/mod/lti/certs.php',
    )
  })
})
