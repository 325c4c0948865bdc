import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isSafeAddress, isServerHere } from '../../adapters/address.ts'
import { oneRoster } from '../../adapters/oneroster/rest.ts'

describe('an address that an administrator fills in', () => {
  it.each([
    ['https://sis.example/v1', true],
    ['https://sis.example:8800/doc', true],
    ['http://127.0.0.1:3000', true],
    ['http://127.1:3000', true],
    ['http://localhost/doc', true],
    ['http://[::1]:3000', true],
    ['http://sis.example', false],
    ['http://127.0.0.1.example', false],
    ['http://localhost.example', false],
    ['http://128.0.0.1', false],
    ['https://user:secret@sis.example', false],
    ['https://sis.example/#a', false],
    ['https://sis.example/?a=b', false],
    ['ftp://localhost', false],
    ['sis.example', false],
  ])('%s is safe: %s', (text, is) => expect(isSafeAddress(text)).toBe(is))

  it('may have a query only where that is said', () => {
    expect(isSafeAddress('https://sis.example/?wsdl', query => query === '?wsdl')).toBe(true)
    expect(isSafeAddress('https://sis.example/?wsdl', query => query === '')).toBe(false)
  })

  it('without encryption is always on this machine', () =>
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['http'], withQueryParameters: true, withFragments: true }), text => {
        expect(isSafeAddress(text, () => true)).toBe(false)
      }),
    ))
})

describe('a server instead of a vendor’s', () => {
  it.each([
    ['http://127.0.0.1:3000', true],
    ['http://127.0.0.1:3000/', true],
    ['http://[::1]:3000', true],
    ['https://127.0.0.1', false],
    ['http://127.0.0.1/google', false],
    ['http://sis.example', false],
    ['', false],
  ])('%s is one: %s', (text, is) => expect(isServerHere(text)).toBe(is))
})

it('OneRoster gives its secret to no address with a fragment behind the query', () => {
  const options = { url: 'https://a.example', clientId: 'i', clientSecret: 's', school: '1' }
  const takes = (tokenUrl: string) => oneRoster.options.safeParse({ ...options, tokenUrl }).success
  expect(takes('https://a.example/token?organisation=1')).toBe(true)
  expect(takes('https://a.example/token?organisation=1#x')).toBe(false)
})
