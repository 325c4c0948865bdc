/** A zip whose bytes depend on its files alone: no clock, no user, no machine. */
import { strToU8, type Zippable, zipSync } from 'fflate'
import type { Files } from './source.ts'

/** fflate writes the parts that the local clock shows; these are the same everywhere. The earliest that a zip can say. */
const noTime = new Date(1980, 0, 1)

/** An ordinary file, rw-r--r--, in the upper half of a zip's attributes. */
const plainFile = 0o100644 << 16

export function zip(files: Files): Uint8Array {
  const entries = [...files].sort(([one], [two]) => (one < two ? -1 : 1))
  const plain = { mtime: noTime, os: 3, attrs: plainFile >>> 0, level: 9 } as const
  const zippable: Zippable = Object.fromEntries(
    entries.map(([path, content]) => [path, [typeof content === 'string' ? strToU8(content) : content, plain]]),
  )
  return zipSync(zippable)
}
