/** An authenticator in software, which can also do every thing that a real one never does. WebAuthn level 3 §6; attestation `none`. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface Ceremony {
  challenge: string
  origin: string
  rpId: string
}

export interface Quirks {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  counter?: number
  /** User present, user verified. */
  flags?: { up?: boolean; uv?: boolean }
  crossOrigin?: boolean
  topOrigin?: string
  /** Signs with a key that is not the passkey's. */
  otherKey?: boolean
  id?: string
}

export type Device = ReturnType<typeof makeDevice>

/** One passkey on one device. Its counter rises at each use, as a security key's does. */
export function makeDevice() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const id = randomBytes(32)
  let counter = 1

  const clientData = (type: string, at: Ceremony, quirks: Quirks) =>
    Buffer.from(
      JSON.stringify({
        type: quirks.type ?? type,
        challenge: quirks.challenge ?? at.challenge,
        origin: quirks.origin ?? at.origin,
        crossOrigin: quirks.crossOrigin ?? false,
        ...(quirks.topOrigin ? { topOrigin: quirks.topOrigin } : {}),
      }),
    )
  const authData = (at: Ceremony, quirks: Quirks, attested?: Buffer) => {
    const { up = true, uv = true } = quirks.flags ?? {}
    const flags = (up ? 1 : 0) | (uv ? 4 : 0) | (attested ? 0x40 : 0)
    const count = Buffer.alloc(4)
    count.writeUInt32BE(quirks.counter ?? counter++)
    return Buffer.concat([sha256(quirks.rpId ?? at.rpId), Buffer.from([flags]), count, attested ?? Buffer.alloc(0)])
  }

  return {
    id: id.toString('base64url'),
    /** The text that the page's script sends. */
    create(at: Ceremony, quirks: Quirks = {}): string {
      const coordinates = [Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')] as const
      const key = cborMap([
        [cborInt(1), cborInt(2)],
        [cborInt(3), cborInt(-7)],
        [cborInt(-1), cborInt(1)],
        [cborInt(-2), cborBytes(coordinates[0])],
        [cborInt(-3), cborBytes(coordinates[1])],
      ])
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key])
      const attestationObject = cborMap([
        [cborText('fmt'), cborText('none')],
        [cborText('attStmt'), cborMap([])],
        [cborText('authData'), cborBytes(authData(at, { counter: 0, ...quirks }, attested))],
      ])
      const parts = { clientDataJSON: clientData('webauthn.create', at, quirks), attestationObject }
      return written(id.toString('base64url'), parts, { transports: ['internal'] })
    },
    get(at: Ceremony, quirks: Quirks = {}): string {
      const clientDataJSON = clientData('webauthn.get', at, quirks)
      const authenticatorData = authData(at, quirks)
      const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()])
      const signature = sign('sha256', signed, quirks.otherKey ? stranger : privateKey)
      return written(quirks.id ?? id.toString('base64url'), { clientDataJSON, authenticatorData, signature })
    },
  }
}

function written(id: string, parts: Record<string, Buffer>, more: object = {}): string {
  const response = Object.fromEntries(Object.entries(parts).map(([name, bytes]) => [name, bytes.toString('base64url')]))
  return JSON.stringify({
    ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
    response: { ...response, ...more },
  })
}

const sha256 = (text: string) => createHash('sha256').update(text).digest()

// The few shapes of CBOR (RFC 8949) that an attestation has.
function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  if (value < 256) return Buffer.from([(major << 5) | 24, value])
  return Buffer.from([(major << 5) | 25, value >> 8, value & 255])
}
const cborInt = (value: number) => (value >= 0 ? cborHead(0, value) : cborHead(1, -1 - value))
const cborBytes = (bytes: Buffer) => Buffer.concat([cborHead(2, bytes.length), bytes])
const cborText = (text: string) => Buffer.concat([cborHead(3, text.length), Buffer.from(text)])
const cborMap = (pairs: [Buffer, Buffer][]) => Buffer.concat([cborHead(5, pairs.length), ...pairs.flat()])
