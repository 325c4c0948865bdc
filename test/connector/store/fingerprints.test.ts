import { describe, expect, it } from 'vitest'
import { type FingerprintField, fingerprints } from '../../../connector/store/fingerprints.ts'
import { randomBytes } from '../../../connector/store/seal.ts'

const root = Uint8Array.from({ length: 32 }, (_, i) => i)
const print = fingerprints(root)
const hex = (value: Uint8Array) => Buffer.from(value).toString('hex')

/** Of 'sis-id:leerling:1'. They stand in databases: a change means that nobody is found any more. */
const known: Record<FingerprintField, string> = {
  'source-key': 'f8933e3c671e97895994d7d9a170e01b4def60e660ca41e24a4ed4177704d0ad',
  'roster-key': '19d4085df51dd2675ed19b37117200245c003094ee016ac278d48071bca7c224',
  subject: '43ce17f1a1b4bff2827b160072517bb3abc60a13a3e0e459c4a0cd28cfb33dad',
  'report-body': 'a3f0104c67eda749937a1bd2bf4b61d5819dea2bcde5a939eaf171fe3671d09e',
  reporter: '6875acc39fbfee62ec9e6bc0d38cec2b1b17efde13e91416913b27cb03d356ae',
  content: 'cd35d49b60026c7ada68fc0d807d6f8f73524ef906bb42709bb4a9a711b184c6',
  receipt: '13945c01be8628c07966e582b8bcd78a35cea2c2b0906f1d38e59157e597570f',
  'parent-link': '4c8ea001c6df22a34792be2f71cb7584ca96d08720bea4d28b934fc1c30c6434',
  network: 'b86c45221b273a60400f9aea54e6a0f839231213ec9586131f3789ae5d92a0fa',
  'receipt-words': '44f1e03b87e1ff2a5c3ef087301d19675974c6f43154b22067d6eef661b1582b',
  'receipt-code': '6f73e3a9e75f75bb9c043060069e335af862c5aadc2ee6c74bc8a187e4ceafc5',
}
const fields = Object.keys(known) as FingerprintField[]

describe('fingerprints', () => {
  it.for(fields)('of %s are what they were', field => {
    expect(hex(print(field, 'sis-id:leerling:1'))).toBe(known[field])
  })

  it('differ by field', () => {
    expect(new Set(fields.map(field => hex(print(field, 'x')))).size).toBe(fields.length)
  })

  it('differ by board', () => {
    const other = fingerprints(randomBytes(32))
    for (const field of fields) expect(hex(other(field, 'x'))).not.toBe(hex(print(field, 'x')))
  })

  it('are one for a text in another case, form or with space around it', () => {
    const one = hex(print('roster-key', 'Zoë'))
    for (const same of ['zoë', ' ZOË ', 'Zoe\u0308']) expect(hex(print('roster-key', same))).toBe(one)
    expect(hex(print('roster-key', 'zoe'))).not.toBe(one)
  })

  it('take bytes as they are', () => {
    const [lower, upper] = [Buffer.from('a'), Buffer.from('A')]
    expect(hex(print('report-body', lower))).not.toBe(hex(print('report-body', upper)))
  })
})
