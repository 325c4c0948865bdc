/**
 * Keyed fingerprints: how a sealed value is found again, or seen to have changed, without opening it. Each field has its own key, derived
 * from the board's fingerprint root, so that one value in two fields, or on two boards, never matches.
 */
import sodium from 'sodium-native'
import { type Bytes, bytes } from './seal.ts'

/** Numbers are part of what is stored: never reuse one. */
const fields = {
  'source-key': 1,
  'roster-key': 2,
  subject: 3,
  'report-body': 4,
  reporter: 5,
  content: 6,
  receipt: 7,
  'parent-link': 8,
  network: 9,
  'receipt-words': 10,
  'receipt-code': 11,
} as const
export type FingerprintField = keyof typeof fields

export type Fingerprint = (field: FingerprintField, value: string | Uint8Array) => Bytes

/** @param root 32 bytes. @returns 32-byte keyed BLAKE2b; text is compared as NFC, trimmed, lower case */
export function fingerprints(root: Uint8Array): Fingerprint {
  const context = Buffer.from('m5prints')
  const keys = new Map<FingerprintField, Buffer>()
  for (const [field, id] of Object.entries(fields)) {
    const key = Buffer.alloc(sodium.crypto_generichash_KEYBYTES)
    sodium.crypto_kdf_derive_from_key(key, id, context, Buffer.from(root))
    keys.set(field as FingerprintField, key)
  }
  return (field, value) => {
    const message = typeof value === 'string' ? Buffer.from(normalise(value), 'utf8') : Buffer.from(value)
    const out = Buffer.alloc(sodium.crypto_generichash_BYTES)
    sodium.crypto_generichash(out, message, keys.get(field))
    return bytes(out)
  }
}

const normalise = (value: string) => value.normalize('NFC').trim().toLowerCase()
