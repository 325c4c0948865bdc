/** EDEXML as a file, 2.0 and 2.1 (1.0.3 leniently): the only ParnasSys route without a contract with the supplier. One file is one school and year. */
import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { z } from 'zod'
import { localDay } from '../calendar.ts'
import { readCursor } from '../deliver.ts'
import { type Adapter, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { xmlLimits } from '../xml.ts'
import { deliver, expectNotOlder, expectScope, Instant, proofOf, summary, understood } from './deliver.ts'
import { readEdexml } from './document.ts'
import { edexmlFields, edexmlNever } from './fields.ts'
import type { MappedRoster } from './map.ts'

const Options = z.object({
  /** On the machine of the connector. Without it every run is handed its file: `m5 sync --file`. */
  path: z.string().min(1).optional(),
  maxBytes: z.int().positive().default(xmlLimits.maxBytes),
  /** When given, a file of another school or year is refused here; the engine compares the proof's scope in any case. */
  brin: z
    .string()
    .regex(/^\d{2}[A-Z]{2}$/)
    .optional(),
  location: z
    .string()
    .regex(/^\d{2}$/)
    .optional(),
  schoolYear: z
    .string()
    .regex(/^\d{4}-\d{4}$/)
    .optional(),
})
type Options = z.infer<typeof Options>

const Cursor = z.object({ sha256: z.string(), createdAt: Instant.optional() })

export const edexmlFile: Adapter<typeof Options> = {
  kind: 'edexml-file',
  title: 'EDEXML (file)',
  can: {
    mode: 'snapshot',
    keysUniqueIn: 'school',
    nextYear: true,
    groupTeachers: true,
    window: 'any',
    upload: { maxBytes: xmlLimits.maxBytes, extensions: ['.xml'] },
  },
  standing: 'tested',
  options: Options,
  secrets: [],
  fields: edexmlFields,
  never: edexmlNever,
  hosts: () => [],
  open: edexmlFileSource,
}

/** The cursor is the file's hash: the same file again is `unchanged`, whatever its name or date. */
function edexmlFileSource(options: Options, context: SourceContext): RosterSource {
  const arrive = async () => {
    const { roster, sha256 } = await readFile(options, context)
    const mapped = understood(roster, localDay(context.clock()))
    expectScope(mapped.scope, given(options, context))
    return { mapped, sha256 }
  }
  return {
    async check() {
      return { ok: true, says: summary((await arrive()).mapped) }
    },
    async *read(stored) {
      const applied = readCursor(Cursor, stored)
      const { mapped, sha256 } = await arrive()
      const cursor = cursorOf(mapped, sha256)
      if (applied?.sha256 === sha256) {
        yield { ...proofOf(mapped, cursor), kind: 'unchanged' }
        return
      }
      expectNotOlder(mapped.createdAt, applied?.createdAt)
      yield* deliver(mapped, cursor)
    },
  }
}

function given({ brin, location, ...more }: Options, context: SourceContext) {
  const schoolYear = context.schoolYear ?? more.schoolYear
  return {
    ...(brin === undefined ? {} : { brin }),
    ...(location === undefined ? {} : { location }),
    ...(schoolYear === undefined ? {} : { schoolYear }),
  }
}

const cursorOf = (mapped: MappedRoster, sha256: string) =>
  JSON.stringify({ sha256, ...(mapped.createdAt === undefined ? {} : { createdAt: mapped.createdAt }) })

async function readFile(options: Options, context: SourceContext) {
  const path = context.file ?? options.path
  if (path === undefined)
    throw new SourceError('unreachable', 'this source has no path: give it its file at every run', { final: true })
  const file = await open(path, 'r').catch(error => {
    throw unreadable(error)
  })
  try {
    const before = await file.stat()
    if (!before.isFile()) throw new SourceError('unreachable', 'the roster is not a file')
    if (before.size > options.maxBytes)
      throw new SourceError('malformed', `the file is larger than ${options.maxBytes} bytes: refused`)
    const hash = createHash('sha256')
    const limits = { ...xmlLimits, maxBytes: options.maxBytes }
    const progress = (read: number) => context.progress?.(read, before.size)
    const roster = await readEdexml(bytes(file, hash, context.signal), limits, progress)
    const after = await file.stat()
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
      throw new SourceError('incomplete', 'the file changed while it was read: try again when the export is finished')
    return { roster, sha256: hash.digest('hex') }
  } finally {
    await file.close()
  }
}

async function* bytes(file: FileHandle, hash: { update(data: Uint8Array): unknown }, signal: AbortSignal) {
  const buffer = Buffer.allocUnsafe(64 * 1024)
  while (true) {
    if (signal.aborted) throw new SourceError('unreachable', 'reading was stopped')
    const { bytesRead } = await file.read(buffer, 0, buffer.length).catch(error => {
      throw unreadable(error)
    })
    if (bytesRead === 0) return
    const piece = Buffer.from(buffer.subarray(0, bytesRead))
    hash.update(piece)
    yield piece
  }
}

/** Without the path: file names of exports carry names of schools and people. */
function unreadable(error: unknown): SourceError {
  const code = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.name) : 'unknown'
  return new SourceError('unreachable', `the file cannot be read (${code})`, { cause: new Error(code) })
}
