// Signs who is signed in at this portal, for M5 at {{url}}. Node 18 or newer, no packages. Once, beside this file:
//   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out m5-key.pem
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const key = createPrivateKey(readFileSync(new URL('m5-key.pem', import.meta.url)))
const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The key set: serve it as JSON, to everybody, at the address that `m5 portal add --jwks-url` was given. */
export const keySet = () => ({ keys: [{ kty, crv, x, y, kid, use: 'sig', alg: 'ES256' }] })

/** The token: serve it as text, with `Cache-Control: no-store`, to whoever is signed in here. `sub` is their key in the roster, as text. */
export function m5Token(issuer, origin, sub) {
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: '{{url}}', school: '{{key}}', origin, sub, iat, exp: iat + 60, jti: randomUUID() }
  const text = `${part({ typ: 'JWT', alg: 'ES256', kid })}.${part(claims)}`
  return `${text}.${sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
