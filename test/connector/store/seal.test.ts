import fc from 'fast-check'
import sodium from 'sodium-native'
import { describe, expect, it } from 'vitest'
import { keyBytes, open, type Place, randomBytes, seal } from '../../../connector/store/seal.ts'

const place: Place = {
  boardId: '11111111-1111-4111-8111-111111111111',
  table: 'Report',
  row: '22222222-2222-4222-8222-222222222222',
  column: 'wordsSealed',
}
const key = Uint8Array.from({ length: 32 }, (_, i) => i)
const text = 'Ik durf niet naar het plein.'
/** Made once by libsodium with the nonce 40…57; what stands in databases must stay readable. */
const known = Buffer.from(
  '010001404142434445464748494a4b4c4d4e4f50515253545556579d522514a5921f36e19de2ca8ff204f3e09ac5a1677923f60f58936bc5c4cff748726c2c2c9048346a9cfe6c',
  'hex',
)
const headBytes = 3
const nonceBytes = 24

const broken = expect.objectContaining({ code: 'unavailable', reason: 'seal-broken' })
const malformed = expect.objectContaining({ code: 'unavailable', reason: 'seal-form' })
const thrownBy = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  return undefined
}

describe('a sealed field', () => {
  it('opens what was sealed before', () => {
    expect(open(() => key, place, known).toString()).toBe(text)
  })

  it('gives back any text and any bytes, and shows nothing of them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), plain => {
        const envelope = seal(key, 1, place, plain)
        expect(open(() => key, place, envelope).toString('utf8')).toBe(plain)
        if (plain.length > 4) expect(Buffer.from(envelope).includes(plain)).toBe(false)
      }),
    )
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i)
    expect(
      Buffer.compare(
        open(() => key, place, seal(key, 1, place, bytes)),
        bytes,
      ),
    ).toBe(0)
  })

  it('is another one each time, with a nonce of 24 bytes', () => {
    const nonces = new Set(
      Array.from({ length: 1000 }, () =>
        Buffer.from(seal(key, 1, place, text))
          .subarray(headBytes, headBytes + nonceBytes)
          .toString('hex'),
      ),
    )
    expect(nonces.size).toBe(1000)
    expect(seal(key, 1, place, text)).toHaveLength(headBytes + nonceBytes + text.length + 16)
  })

  it.for(['boardId', 'table', 'row', 'column'] as const)('does not open at another %s', part => {
    const elsewhere = { ...place, [part]: `${place[part].slice(0, -1)}x` }
    expect(thrownBy(() => open(() => key, elsewhere, known))).toEqual(broken)
  })

  it('does not open where two parts of the place together say the same', () => {
    const shifted = { ...place, table: 'ReportwordsSealed', column: '' }
    const swapped = { ...place, table: place.column, column: place.table }
    for (const elsewhere of [shifted, swapped])
      expect(thrownBy(() => open(() => key, elsewhere, known))).toEqual(broken)
  })

  it('does not open with another key', () => {
    expect(thrownBy(() => open(() => randomBytes(keyBytes), place, known))).toEqual(broken)
  })

  it('names the version of its key, which cannot be swapped', () => {
    const envelope = seal(key, 258, place, text)
    const asked: number[] = []
    open(
      version => {
        asked.push(version)
        return key
      },
      place,
      envelope,
    )
    expect(asked).toEqual([258])
    const swapped = Uint8Array.from(envelope)
    swapped[2] = 3
    expect(thrownBy(() => open(() => key, place, swapped))).toEqual(broken)
  })

  it('does not open with any one byte flipped', () => {
    for (let at = 0; at < known.length; at++) {
      const flipped = Buffer.from(known)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      expect(thrownBy(() => open(() => key, place, flipped))).toEqual(at === 0 ? malformed : broken)
    }
  })

  it('does not open at any shorter length, nor with something behind it', () => {
    for (let length = 0; length < known.length; length++)
      expect(thrownBy(() => open(() => key, place, known.subarray(0, length)))).toMatchObject({ code: 'unavailable' })
    expect(thrownBy(() => open(() => key, place, Buffer.concat([known, Buffer.alloc(1)])))).toEqual(broken)
  })

  it('says neither key nor text nor place of a row in its errors', () => {
    const error = thrownBy(() => open(() => randomBytes(keyBytes), place, known)) as Error
    const said = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
    for (const secret of [text, place.row, place.boardId, Buffer.from(key).toString('hex')])
      expect(said).not.toContain(secret)
  })
})

describe('XChaCha20-Poly1305', () => {
  it('agrees with draft-irtf-cfrg-xchacha-03, A.3.1', () => {
    const message = Buffer.from(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    )
    const out = Buffer.alloc(message.length + 16)
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      out,
      message,
      Buffer.from('50515253c0c1c2c3c4c5c6c7', 'hex'),
      null,
      Buffer.from('404142434445464748494a4b4c4d4e4f5051525354555657', 'hex'),
      Buffer.from(Array.from({ length: 32 }, (_, i) => 0x80 + i)),
    )
    expect(out.toString('hex')).toBe(
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452' +
        '2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52e' +
        'c0875924c1c7987947deafd8780acf49',
    )
  })
})
