import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { proofChecker } from '../../../connector/entry/dpop.ts'

const now = new Date('2026-11-23T10:00:00Z')
const at = now.getTime() / 1000
const expected = { method: 'GET', url: 'https://m5.example/api/me', now }
const check = proofChecker()
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']
let privateKey: Key
let otherKey: Key
let jwk: JWK
let privateJwk: JWK
beforeAll(async () => {
  const pair = await generateKeyPair('ES256', { extractable: true })
  privateKey = pair.privateKey
  jwk = await exportJWK(pair.publicKey)
  privateJwk = await exportJWK(privateKey)
  otherKey = (await generateKeyPair('ES256')).privateKey
})

const claims = (more: object = {}) => ({
  htm: 'GET',
  htu: 'https://m5.example/api/me',
  iat: at,
  jti: 'proof-1234',
  ...more,
})
const proof = (more: object = {}, header: object = {}, key: Key = privateKey) =>
  new SignJWT(claims(more)).setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }).sign(key)

function refusal(text: string | undefined, against: object = {}): string | undefined {
  try {
    check(text, { ...expected, ...against })
    return undefined
  } catch (error) {
    expect(error).toMatchObject({ code: 'unauthenticated' })
    return (error as { reason: string }).reason
  }
}

describe('a proof', () => {
  it('is taken with its key and its number', async () => {
    expect(check(await proof(), expected)).toEqual({ jkt: await calculateJwkThumbprint(jwk), jti: 'proof-1234' })
  })

  it('may be five minutes off, either way, and no more', async () => {
    for (const off of [-300, 300]) expect(refusal(await proof({ iat: at + off }))).toBeUndefined()
    for (const off of [-301, 301, -1e9, 1e12]) expect(refusal(await proof({ iat: at + off }))).toBe('proof-time')
  })

  it('is for one method and one address, queries aside', async () => {
    expect(refusal(await proof(), { method: 'POST' })).toBe('proof-method')
    expect(refusal(await proof(), { url: 'https://m5.example/api/me?a=1#b' })).toBeUndefined()
    expect(refusal(await proof({ htu: 'https://m5.example/api/me?a=1' }))).toBeUndefined()
    for (const htu of ['https://m5.example/api/groups', 'http://m5.example/api/me', 'https://evil.example/api/me', ''])
      expect(refusal(await proof({ htu }))).toBe('proof-address')
  })

  it('names the token it comes with', async () => {
    const accessToken = 'token-1'
    const ath = createHash('sha256').update(accessToken).digest('base64url')
    expect(refusal(await proof({ ath }), { accessToken })).toBeUndefined()
    expect(refusal(await proof({ ath }), { accessToken: 'token-2' })).toBe('proof-token')
    expect(refusal(await proof(), { accessToken })).toBe('proof-token')
  })

  it('signed with another key than it shows is refused', async () => {
    expect(refusal(await proof({}, {}, otherKey))).toBe('proof-signature')
    const [head, , signature] = (await proof()).split('.')
    expect(refusal([head, encode(claims({ htm: 'POST' })), signature].join('.'), { method: 'POST' })).toBe(
      'proof-signature',
    )
  })

  it.for([
    ['no algorithm', { alg: 'none' }],
    ['a shared secret', { alg: 'HS256' }],
    ['RSA', { alg: 'RS256' }],
    ['another curve', { alg: 'ES384' }],
    ['another type', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['no key', { jwk: undefined }],
    ['a key as text', { jwk: 'x' }],
  ] as const)('is refused with %s', async ([, header]) => {
    const [head = '', body, signature] = (await proof()).split('.')
    const plain = JSON.parse(Buffer.from(head, 'base64url').toString()) as object
    expect(refusal([encode({ ...plain, ...header }), body, signature].join('.'))).toBe('proof-form')
    expect(refusal([encode({ ...plain, ...header }), body, ''].join('.'))).toBe('proof-form')
  })

  it('signed by HMAC with the public key as the secret is refused', async () => {
    const secret = Buffer.from(JSON.stringify(jwk))
    const text = await new SignJWT(claims()).setProtectedHeader({ typ: 'dpop+jwt', alg: 'HS256', jwk }).sign(secret)
    expect(refusal(text)).toBe('proof-form')
  })

  it('with an RSA key is refused', async () => {
    const rsa = await generateKeyPair('RS256')
    const header = { typ: 'dpop+jwt', alg: 'RS256', jwk: await exportJWK(rsa.publicKey) }
    expect(refusal(await new SignJWT(claims()).setProtectedHeader(header).sign(rsa.privateKey))).toBe('proof-form')
  })

  it('that carries the private key is refused', async () => {
    expect(privateJwk.d).toBeDefined()
    expect(refusal(await proof({}, { jwk: privateJwk }))).toBe('proof-form')
  })

  it('with a key that is no point of the curve is refused', async () => {
    const zero = 'A'.repeat(43)
    expect(refusal(await proof({}, { jwk: { ...jwk, x: zero, y: zero } }))).toBe('proof-form')
    expect(refusal(await proof({}, { jwk: { ...jwk, x: `${jwk.x}A` } }))).toBe('proof-form')
  })

  it.for([
    ['iat', undefined],
    ['iat', 'now'],
    ['jti', undefined],
    ['jti', 'short'],
    ['jti', 'x'.repeat(201)],
    ['htm', undefined],
    ['htu', 7],
  ] as const)('with %s = %j is refused', async ([name, value]) => {
    expect(refusal(await proof({ [name]: value }))).toBe('proof-form')
  })

  it('is refused when it is missing, misshapen or too long', async () => {
    const good = await proof()
    const [head, body, signature] = good.split('.')
    for (const text of [undefined, '', 'x'.repeat(5120), `${good}${'A'.repeat(5000)}`])
      expect(refusal(text)).toBe('proof-missing')
    for (const text of [
      head,
      `${head}.${body}`,
      `${head}.${body}.`,
      `${good}.`,
      `${good}.${signature}`,
      '..',
      `.${body}.${signature}`,
      'a.b.c',
    ])
      expect([text, refusal(text)]).toEqual([text, 'proof-form'])
  })

  it('is base64url and nothing else', async () => {
    const good = await proof()
    for (const text of [`${good}=`, `${good}!`, ` ${good}`, good.replace('.', '.\n'), `${good}\u0000`])
      expect(refusal(text)).toBe('proof-form')
  })
})
