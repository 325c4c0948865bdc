/** Somebody who signs, with a key set on a site of its own: what a portal's server does, and what a broken or hostile one would. */
import { randomUUID } from 'node:crypto'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { listen, send } from './site.ts'

export interface IssuerKey {
  kid: string
  privateKey: CryptoKey
  publicJwk: JWK
}

export interface Issuer {
  /** Also the `iss` of its tokens. */
  origin: string
  jwksUrl: string
  /** Newest first: the first signs. */
  keys: IssuerKey[]
  /** How often its key set was asked for. */
  asked: number
  /** What its key set answers instead. */
  answers: undefined | 'slow' | 'huge' | 'redirect' | 'broken' | 'away' | 'empty'
  /** Signs with a new key from now on, and keeps the old one in the set or not. */
  rotate(keepOld?: boolean): Promise<void>
  sign(claims: Record<string, unknown>, header?: Record<string, unknown>, key?: IssuerKey): Promise<string>
  close(): Promise<void>
}

export async function makeKey(alg: 'ES256' | 'RS256' = 'ES256'): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const kid = randomUUID()
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

export const signWith = (
  { kid, privateKey }: IssuerKey,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, ...header }).sign(privateKey)

export async function startIssuer({ host = '127.0.0.1' } = {}): Promise<Issuer> {
  const made: IssuerKey[] = [await makeKey()]
  const site = await listen(
    (request, response) => {
      issuer.asked += 1
      const body = JSON.stringify({ keys: issuer.keys.map(({ publicJwk }) => publicJwk) })
      switch (issuer.answers) {
        case 'slow':
          return
        case 'huge':
          return send(response, 200, 'application/json', `${body}${' '.repeat(600_000)}`)
        case 'redirect':
          return send(response, 302, 'text/plain', '', { Location: `${request.url}2` })
        case 'broken':
          return send(response, 200, 'text/html', '<h1>Onderhoud</h1>')
        case 'away':
          return send(response, 503, 'text/plain', '')
        case 'empty':
          return send(response, 200, 'application/json', '{"keys":[]}')
        default:
          send(response, 200, 'application/json', body)
      }
    },
    host,
    0,
  )
  const issuer: Issuer = {
    ...{ origin: site.origin, jwksUrl: `${site.origin}/jwks.json`, keys: made, asked: 0, answers: undefined },
    async rotate(keepOld = true) {
      issuer.keys = [await makeKey(), ...(keepOld ? issuer.keys : [])]
    },
    sign(claims, header, key = issuer.keys[0]) {
      if (!key) throw new Error('the issuer has no key')
      return signWith(key, claims, header)
    },
    close: site.close,
  }
  return issuer
}
