/** A bundle of CSV files, zipped or in a folder: only files with a name of OneRoster are opened, and nothing is ever written. */
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { type SourceContext, SourceError } from '../source.ts'

/** All that we read; `demographics.csv` and the files of results are never opened. */
export const bundleFiles = [
  'manifest.csv',
  'orgs.csv',
  'academicSessions.csv',
  'classes.csv',
  'enrollments.csv',
  'roles.csv',
  'users.csv',
] as const
export type BundleFile = (typeof bundleFiles)[number]

export interface BundleLimits {
  /** Of the zip itself. */
  maxBytes: number
  /** Of all files together when they are unpacked: a bomb is a few kilobytes large before that. */
  maxUnpackedBytes: number
  maxEntries: number
}

/** Ours: a board of a hundred schools is a tenth of it. */
export const bundleLimits: BundleLimits = {
  maxBytes: 64 * 1024 ** 2,
  maxUnpackedBytes: 1024 ** 3,
  maxEntries: 1000,
}

export interface Bundle {
  has(name: BundleFile): boolean
  /** Read each once. @throws SourceError `malformed` past the limit or when it is damaged, `incomplete` when it stops halfway */
  read(name: BundleFile): AsyncIterable<Uint8Array>
  /** @throws SourceError `incomplete` when the zip changed while it was read */
  close(): Promise<void>
}

type Opened = Pick<Bundle, 'has' | 'close'> & { raw(name: BundleFile): AsyncIterable<Uint8Array> }

/** @throws SourceError `unreachable` when it cannot be opened, `malformed` when it is no bundle, `incomplete` when it stops halfway */
export async function openBundle(
  path: string,
  context: Pick<SourceContext, 'signal' | 'progress'>,
  limits: BundleLimits,
): Promise<Bundle> {
  const found = await stat(path).catch(error => {
    throw unreadable(error)
  })
  const { has, close, raw } = found.isDirectory() ? folder(path, await present(path)) : await zip(path, limits)
  let unpacked = 0
  return {
    has,
    close,
    async *read(name) {
      for await (const piece of raw(name)) {
        if (context.signal.aborted) throw new SourceError('unreachable', 'reading was stopped', { final: true })
        unpacked += piece.length
        if (unpacked > limits.maxUnpackedBytes) throw tooLarge(limits)
        context.progress?.(unpacked)
        yield piece
      }
    },
  }
}

/** Size and time of each file that is there. */
async function present(path: string): Promise<Map<BundleFile, string>> {
  const found = await Promise.all(
    bundleFiles.map(async name => {
      const file = await stat(join(path, name)).catch(() => undefined)
      return file?.isFile() ? [[name, `${file.size} ${file.mtimeMs}`] as const] : []
    }),
  )
  return new Map(found.flat())
}

function folder(path: string, before: ReadonlyMap<BundleFile, string>): Opened {
  return {
    has: name => before.has(name),
    async close() {
      const after = await present(path)
      const same = after.size === before.size && [...before].every(([name, print]) => after.get(name) === print)
      if (!same) throw changed()
    },
    async *raw(name) {
      const stream = createReadStream(join(path, name))
      try {
        yield* stream as AsyncIterable<Uint8Array>
      } catch (error) {
        throw unreadable(error)
      } finally {
        stream.destroy()
      }
    },
  }
}

const changed = () =>
  new SourceError('incomplete', 'the bundle changed while it was read: try again when the export is finished')

async function zip(path: string, limits: BundleLimits): Promise<Opened> {
  const before = await stat(path)
  if (!before.isFile())
    throw new SourceError('unreachable', 'the bundle is neither a zip file nor a folder', { final: true })
  if (before.size > limits.maxBytes)
    throw new SourceError('malformed', `the bundle is larger than ${limits.maxBytes} bytes: refused`)
  const begins = await firstBytes(path)
  const file = await openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true }).catch(error => {
    throw damaged(error, begins)
  })
  const entries = await list(file, limits).catch(error => {
    file.close()
    throw damaged(error, begins)
  })
  return {
    has: name => entries.has(name),
    async close() {
      file.close()
      const after = await stat(path).catch(() => undefined)
      if (after?.size !== before.size || after.mtimeMs !== before.mtimeMs) throw changed()
    },
    async *raw(name) {
      const entry = entries.get(name)
      if (entry === undefined) return
      let sum = 0
      try {
        for await (const piece of (await file.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
          sum = crc32(piece, sum)
          yield piece
        }
      } catch (error) {
        throw damaged(error, begins)
      }
      if (sum !== entry.crc32) throw damaged(new Error('checksum'), begins)
    },
  }
}

/** Reads the directory of the zip only. Files lie at its root or all in one folder, as a zipped folder has them. */
async function list(file: ZipFile, limits: BundleLimits): Promise<Map<BundleFile, Entry>> {
  const entries = new Map<BundleFile, Entry>()
  const folders = new Set<string>()
  let seen = 0
  let declared = 0
  for await (const entry of file.eachEntry()) {
    seen += 1
    if (seen > limits.maxEntries)
      throw new SourceError('malformed', `the bundle holds more than ${limits.maxEntries} files: refused`)
    const [base = '', within = '', ...deeper] = entry.fileName.split('/').reverse()
    const name = bundleFiles.find(each => each === base)
    if (name === undefined || deeper.length > 0 || within === '__MACOSX') continue
    if (entries.has(name)) throw new SourceError('malformed', `the bundle holds ${name} twice`)
    if (entry.isEncrypted())
      throw new SourceError('malformed', 'the bundle has a password: ask for one without, over a safe way')
    if (!entry.canDecodeFileData())
      throw new SourceError('malformed', 'the bundle is packed in a way that we do not read: zip it plainly')
    declared += entry.uncompressedSize
    if (declared > limits.maxUnpackedBytes) throw tooLarge(limits)
    folders.add(within)
    entries.set(name, entry)
  }
  if (folders.size > 1) throw new SourceError('malformed', 'the bundle holds its files in several folders')
  return entries
}

async function firstBytes(path: string): Promise<string> {
  const file = await open(path, 'r').catch(error => {
    throw unreadable(error)
  })
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await file.close()
  }
}

const tooLarge = ({ maxUnpackedBytes }: BundleLimits) =>
  new SourceError('malformed', `the bundle is larger than ${maxUnpackedBytes} bytes when it is unpacked: refused`)

/** yauzl's messages hold names of entries. */
function damaged(error: unknown, begins: string): SourceError {
  if (error instanceof SourceError) return error
  const why = error instanceof Error ? error.message : ''
  if (begins === '') return new SourceError('incomplete', 'the bundle is empty')
  if (!begins.startsWith('PK')) return new SourceError('malformed', 'the bundle is not a zip file')
  if (/relative path|absolute path|invalid characters/i.test(why))
    return new SourceError('malformed', 'the bundle holds a file name that leads out of it: refused')
  if (/end of central directory/i.test(why)) return new SourceError('incomplete', 'the bundle stops halfway')
  return new SourceError('malformed', 'the bundle is damaged: it cannot be unpacked')
}

/** Without the path: file names of exports carry names of schools and people. */
function unreadable(error: unknown): SourceError {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'unknown'
  return new SourceError('unreachable', `the bundle cannot be read (${code})`, { cause: new Error(code), final: true })
}
