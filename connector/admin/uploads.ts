/** Where an uploaded roster lies while it is read, and no longer. */
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AppError } from '../errors.ts'

export const uploadsIn = (dataDir: string): string => join(dataDir, 'uploads')

/** Opened before a byte is read: what is made late cannot be removed. Who takes longer than Node's five minutes for a request is cut off by it. */
export async function storeUpload(
  body: Readable,
  to: { file: string; uploads: string; maxBytes: number },
): Promise<void> {
  try {
    await mkdir(to.uploads, { recursive: true, mode: 0o700 })
    const handle = await open(to.file, 'wx', 0o600)
    await pipeline(body, capped(to.maxBytes), handle.createWriteStream())
  } catch (cause) {
    throw inWords(cause)
  }
}

const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const gone = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR'])

/** Of a file or a connection: the system's own words name the file. */
function inWords(cause: unknown): unknown {
  const code = String(cause instanceof Error ? Reflect.get(cause, 'code') : '')
  if (gone.has(code))
    return new AppError('invalid-input', 'The file did not arrive whole. Send it again.', {
      cause,
      reason: 'upload-cut',
    })
  if (full.has(code))
    return new AppError(
      'unavailable',
      'The connector has no room for this file. Nothing was changed; whoever runs the connector must make room on its disk.',
      { cause, reason: 'disk-full' },
    )
  return cause
}

export const tooLarge = () =>
  new AppError('too-large', 'This file is larger than a roster is.', { reason: 'file-too-large' })

const capped = (maxBytes: number) =>
  async function* (source: AsyncIterable<Buffer>) {
    let read = 0
    for await (const piece of source) {
      read += piece.length
      if (read > maxBytes) throw tooLarge()
      yield piece
    }
  }

/** From the last byte to the reading it takes seconds, and what is open is read to its end. */
const leftoverMs = 900_000

/** What a crash left of uploads goes: a whole school lies in it. One that another connector beside this one is given stays. */
export async function clearUploads(uploads: string, now = new Date()): Promise<void> {
  for (const name of await readdir(uploads).catch(() => [])) {
    const file = join(uploads, name)
    const found = await stat(file).catch(() => null)
    if (found && now.getTime() - found.mtimeMs > leftoverMs) await rm(file, { force: true, recursive: true })
  }
}
