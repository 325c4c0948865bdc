/** Our own keys at work: the JWKS that platforms read, and what we sign for them. Read from the database once a minute, so that a rotation needs no restart. */
import { createPublicKey } from 'node:crypto'
import { type JWK, type JWTPayload, SignJWT } from 'jose'
import { remembered } from '../../store/remembered.ts'
import { readToolKeys, type ToolKey } from '../../store/tool-keys.ts'
import type { EntryContext } from '../context.ts'

const rememberSeconds = 60

export interface ToolSigner {
  /** Public halves, newest first. */
  jwks(): Promise<{ keys: JWK[] }>
  /** @param claims complete, `exp` included. @returns an RS256 JWT */
  sign(claims: JWTPayload): Promise<string>
}

export function openToolKeys({ db, keyring, clock }: Pick<EntryContext, 'db' | 'keyring' | 'clock'>): ToolSigner {
  const read = remembered(rememberSeconds, clock, () => readToolKeys(db, keyring, clock()))
  return {
    async jwks() {
      const { published } = await read('')
      return { keys: published.map(publicHalf) }
    },
    async sign(claims) {
      const { signs } = await read('')
      return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: signs.kid }).sign(signs.privateKey)
    },
  }
}

const publicHalf = ({ kid, privateKey }: ToolKey): JWK => {
  const { kty, n, e } = createPublicKey(privateKey).export({ format: 'jwk' })
  return { kty, n, e, kid, alg: 'RS256', use: 'sig' } as JWK
}
