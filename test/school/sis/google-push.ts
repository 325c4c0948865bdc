/** Pub/Sub as it pushes: a message, and the token by which Google shows that it is Google. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

export interface PushKeys {
  keyId: string
  privateKey: KeyObject
  /** As `https://www.googleapis.com/oauth2/v3/certs` lists it. */
  certs: { keys: object[] }
}

export const pushAccount = 'm5-push@fictief.iam.gserviceaccount.com'

export function pushKeys(keyId = 'f1c71ef0push'): PushKeys {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = { ...publicKey.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }
  return { keyId, privateKey, certs: { keys: [key] } }
}

/** As Pub/Sub writes it, for an hour. @param claims take the place of its own; undefined: left out */
export function pushToken(
  { keyId, privateKey }: PushKeys,
  { audience, now }: { audience: string; now: Date },
  claims: Record<string, unknown> = {},
): string {
  const iat = Math.floor(now.getTime() / 1000)
  const own = { iss: 'https://accounts.google.com', aud: audience, azp: '113774264463038321964', iat, exp: iat + 3600 }
  const who = { sub: '113774264463038321964', email: pushAccount, email_verified: true }
  const signed = [
    { alg: 'RS256', kid: keyId, typ: 'JWT' },
    { ...own, ...who, ...claims },
  ]
    .map(encoded)
    .join('.')
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`
}

export const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')

/** Somebody came into a course, or whatever else is told. */
export function pushBody(change: object = joined): string {
  const data = Buffer.from(JSON.stringify(change)).toString('base64')
  const message = { data, messageId: '2070443601311540', publishTime: '2026-11-23T09:15:00.123Z' }
  return JSON.stringify({ message, subscription: 'projects/fictief/subscriptions/m5' })
}

const joined = {
  collection: 'courses.students',
  eventType: 'CREATED',
  resourceId: { courseId: '600000001', userId: '100000000000000000002' },
}
