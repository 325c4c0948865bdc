/**
 * What a roster source is. An adapter is a factory `(options, context) → RosterSource`: it yields validated batches and, last, the
 * proof that everything arrived, or it throws. It knows no storage, no other adapter and no report.
 */
import type { z } from 'zod'
import type { RecordType, RosterRecord } from './roster.ts'

/** Something expected about one record, that is data and not a failure. Names the record by its source id, never by a name. */
export interface Finding {
  code:
    | 'unknown-role'
    | 'role-undecided'
    | 'pupil-without-group'
    | 'pupil-without-name'
    | 'unknown-grade'
    | 'unstable-key'
    | 'unverified-version'
    | 'key-trimmed'
    | 'damaged-text'
  sourceId: string
  /** The vendor's code or word (a role, a version), never personal data. */
  detail?: string
}

/** `n` counts pages from 1; `count` is the number of records on this one. */
export interface Batch {
  kind: 'batch'
  records: RosterRecord[]
  findings: Finding[]
  page: { n: number; count: number }
}

/** What the source says it answered for; the engine compares it with what was asked. */
export interface Scope {
  brin?: string
  location?: string
  schoolYear: string
}

/**
 * Only a `snapshot` (every page, school and year of the scope arrived) lets absence count; `unchanged` moves only the cursor.
 * `cursor` is opaque to the engine and stored in the transaction that applies. `createdAt` is when the source made the data (ISO instant).
 */
export interface Proof {
  kind: 'snapshot' | 'delta' | 'unchanged'
  scope: Scope
  counts: Record<RecordType, number>
  cursor?: string
  createdAt?: string
}

export interface Health {
  ok: boolean
  /** Plain sentences for an administrator, without personal data. */
  says: string[]
}

export interface RosterSource {
  /** Credentials, school visible, year available. @throws SourceError */
  check(): Promise<Health>
  /** @param cursor of the last applied proof, or null to ask for everything. @throws SourceError when anything is missing or wrong */
  read(cursor: string | null): AsyncIterable<Batch | Proof>
}

export interface SourceContext {
  fetch: typeof fetch
  clock: () => Date
  signal: AbortSignal
  /** Bytes read so far, and of how many where that is known: for a progress bar. */
  progress?: (read: number, total?: number) => void
}

/** One line of the registry in `index.ts`. */
export interface Adapter<Options extends z.ZodType = z.ZodType> {
  kind: string
  title: string
  mode: 'snapshot' | 'snapshot-with-gate' | 'delta'
  /** `tested` against schema and servers; `unverified` where it could only be built from documents. */
  standing: 'tested' | 'unverified'
  options: Options
  /** Option names that are secrets: write-only for everybody. */
  secrets: readonly string[]
  open(options: z.infer<Options>, context: SourceContext): RosterSource
}

export type SourceErrorCode = 'unreachable' | 'unauthorized' | 'rate-limited' | 'malformed' | 'incomplete'

/** `message` is a plain sentence with source ids at most: no names, no bodies, no credentials, no URL with a query. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly code: SourceErrorCode
  /** Source id of the record that is wrong, when one is. */
  readonly sourceId: string | undefined
  /** Milliseconds to wait before another try, when the source said so. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: SourceErrorCode,
    message: string,
    more: { cause?: unknown; sourceId?: string; retryAfterMs?: number } = {},
  ) {
    super(message, { cause: more.cause })
    this.code = code
    this.sourceId = more.sourceId
    this.retryAfterMs = more.retryAfterMs
  }
}
