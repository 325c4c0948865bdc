/**
 * Sealed fields: XChaCha20-Poly1305 with associated data that binds an envelope to its board, table, row and column, so that one
 * moved anywhere else does not open. Envelope: version ‖ key version ‖ 24-byte random nonce ‖ ciphertext ‖ tag.
 * The long nonce makes random nonces safe without counting. Contract: safety.md §6 of the design notes.
 */
import { createHash } from 'node:crypto'
import sodium from 'sodium-native'
import { AppError } from '../errors.ts'

/** What Prisma and pg take for a bytea. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Where a sealed value stands. Every part is bound. */
export interface Place {
  boardId: string
  table: string
  row: string
  column: string
}

export const keyBytes = sodium.crypto_aead_xchacha20poly1305_ietf_KEYBYTES
const nonceBytes = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
const tagBytes = sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES
const headBytes = 3
const version = 1

export function randomBytes(count: number): Bytes {
  const out = Buffer.alloc(count)
  sodium.randombytes_buf(out)
  return bytes(out)
}

/** @param keyVersion which version of the board's key this is, 1–65535: stands in the envelope, so that old versions still open */
export function seal(key: Uint8Array, keyVersion: number, place: Place, plain: string | Uint8Array): Bytes {
  const message = typeof plain === 'string' ? Buffer.from(plain, 'utf8') : Buffer.from(plain)
  const out = Buffer.alloc(headBytes + nonceBytes + message.length + tagBytes)
  out[0] = version
  out.writeUInt16BE(keyVersion, 1)
  const nonce = out.subarray(headBytes, headBytes + nonceBytes)
  sodium.randombytes_buf(nonce)
  sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    out.subarray(headBytes + nonceBytes),
    message,
    associated(place, keyVersion),
    null,
    nonce,
    Buffer.from(key),
  )
  return bytes(out)
}

/** @throws AppError `unavailable` when the envelope is not of this place, key or version, or was changed; never says what was in it */
export function open(keyOf: (keyVersion: number) => Uint8Array, place: Place, envelope: Uint8Array): Buffer {
  const sealed = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.byteLength)
  const where = `${place.table}.${place.column}`
  if (sealed.length < headBytes + nonceBytes + tagBytes || sealed[0] !== version)
    throw new AppError('unavailable', `A sealed value of ${where} has an unknown form.`, { reason: 'seal-form' })
  const keyVersion = sealed.readUInt16BE(1)
  const out = Buffer.alloc(sealed.length - headBytes - nonceBytes - tagBytes)
  try {
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      out,
      null,
      sealed.subarray(headBytes + nonceBytes),
      associated(place, keyVersion),
      sealed.subarray(headBytes, headBytes + nonceBytes),
      Buffer.from(keyOf(keyVersion)),
    )
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('unavailable', `A sealed value of ${where} does not open here.`, { reason: 'seal-broken' })
  }
  return out
}

/** Each part with its length in front, so that no two places give the same bytes. */
function associated(place: Place, keyVersion: number): Buffer {
  const parts = [place.boardId, place.table, place.row, place.column, String(version), String(keyVersion)]
  return Buffer.concat(
    parts.flatMap(part => {
      const text = Buffer.from(part, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(text.length)
      return [length, text]
    }),
  )
}

/** For secrets of at least 128 random bits, that need no key to be safe as a hash: tickets, hand-offs, token ids. */
export const tagOf = (secret: string): Bytes => bytes(createHash('sha256').update(secret).digest())

export function bytes(buffer: Uint8Array): Bytes {
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength)
}
