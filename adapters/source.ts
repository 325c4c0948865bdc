/**
 * What a roster source is. An adapter is a factory `(options, context) → RosterSource`: it yields validated batches and, last, the
 * proof that everything arrived, or it throws. It knows no storage, no other adapter and no report.
 */
import type { z } from 'zod'
import type { MembershipRecord, RecordType, RosterRecord } from './roster.ts'

/** Something expected about one record, that is data and not a failure. Names the record by its source id, never by a name. */
export interface Finding {
  code:
    | 'unknown-role'
    | 'role-undecided'
    | 'several-roles'
    | 'pupil-without-group'
    | 'pupil-without-name'
    | 'unknown-grade'
    | 'unknown-status'
    | 'unstable-key'
    | 'unverified-version'
    | 'key-trimmed'
    | 'damaged-text'
    /** A membership of somebody whom the source did not send was left out; hangs on the group. */
    | 'unknown-person'
    /** No rule of the source's options makes any class a homeroom: no teacher gets a panel. Hangs on the school. */
    | 'no-homerooms'
    /** The source does not say which teacher has which group. Hangs on the school. */
    | 'no-group-teachers'
    /** A mentor is named by a name or a code that belongs to nobody. Hangs on the group. */
    | 'mentor-unknown'
    /** Something in the source that is no class ("aangemeld") was left out; hangs on the school. */
    | 'not-a-class'
    /** The source will not tell us of changes: the roster is read at night only. Hangs on the school. */
    | 'no-wake-up'
  sourceId: string
  /** The vendor's code or word (a role, a version), never personal data. */
  detail?: string
}

/** What a delta says is gone. A group takes its memberships with it; a membership without `role` is every one of that person in that group. */
export type Removal =
  | { type: 'person' | 'group'; sourceId: string }
  | { type: 'membership'; groupSourceId: string; personSourceId: string; role?: MembershipRecord['role'] }

/** `n` counts pages from 1; `count` is the number of records on this one. */
export interface Batch {
  kind: 'batch'
  records: RosterRecord[]
  findings: Finding[]
  /** Only before a `delta` proof: where everything comes, absence says it. */
  removed?: Removal[]
  page: { n: number; count: number }
}

/** What the source says it answered for; the engine compares it with what was asked, and with the run before. */
export interface Scope {
  brin?: string
  location?: string
  /** The school's id at the source, where it has no BRIN: another one than last time is another school. */
  organisation?: string
  schoolYear: string
}

/**
 * Only a `snapshot` (every page, school and year of the scope arrived) lets absence count; `delta` applies what came and what was said to be
 * gone; `unchanged` moves only the cursor. `cursor` is opaque to the engine and stored in the transaction that applies. `createdAt` is when the
 * source made the data (ISO instant). `grant`: what the source let us see, as words of the vendor (scopes, locations, field rights): fewer than
 * last time looks like leavers and is not.
 */
export interface Proof {
  kind: 'snapshot' | 'delta' | 'unchanged'
  scope: Scope
  counts: Record<RecordType, number>
  cursor?: string
  createdAt?: string
  grant?: string[]
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
  /** Reaches only what `hosts` of the adapter names, follows no redirect. */
  fetch: typeof fetch
  /** The same, showing this client certificate (PKCS #12). Absent where nobody needs one. */
  withCertificate?: (certificate: { pfx: Uint8Array; passphrase: string }) => typeof fetch
  clock: () => Date
  signal: AbortSignal
  /** Rejects when the signal aborts. */
  wait: (ms: number, signal: AbortSignal) => Promise<unknown>
  /** Bytes read so far, and of how many where that is known: for a progress bar. */
  progress?: (read: number, total?: number) => void
  /** Another school year than the current one (`nextYear` of the capabilities). */
  schoolYear?: string
  /** An uploaded file, instead of the path in the options. */
  file?: string
}

/** What a source can do, and so what the engine asks of it. */
export interface Capabilities {
  /**
   * `snapshot`: everything, every time (or "the very same again"). `snapshot-with-gate`: everything, or "nothing since then".
   * `delta`: changes since the cursor, and everything without one.
   */
  mode: 'snapshot' | 'snapshot-with-gate' | 'delta'
  /** A delta source is asked for everything again after so many days: what it does not report as gone shows only then. */
  fullEveryDays?: number
  /** Where its keys are nobody else's. `organisation`: one key in two of its schools is one person or group. */
  keysUniqueIn: 'school' | 'organisation'
  /** Can be asked for the school year that has not begun. */
  nextYear: boolean
  /** Says which teacher has which group. */
  groupTeachers: boolean
  /** `night`: its supplier wants to be asked between 20:00 and 06:00 only. */
  window: 'night' | 'any'
  /** Can be handed a file. */
  upload?: { maxBytes: number; extensions: readonly string[] }
}

/** One line of the allow-list: a field in the vendor's words, and what becomes of it in ours (`person.familyName`). */
export interface SourceField {
  wire: string
  roster: RosterField
}

type FieldsOf<Type extends RecordType> = Exclude<keyof Extract<RosterRecord, { type: Type }>, 'type'>
export type RosterField =
  | `school.${FieldsOf<'school'>}`
  | `group.${FieldsOf<'group'>}`
  | `person.${FieldsOf<'person'>}`
  | `membership.${FieldsOf<'membership'>}`

/** What a vendor sends us, of its own accord, when something changed. Anybody can send anything to that address. */
export interface Push {
  /** The header, as it came. */
  authorization: string | undefined
  body: string
  /** Our address for this source, as the vendor was told it. */
  audience: string
  /** Reaches only what `hosts` of the adapter names, follows no redirect. */
  fetch: typeof fetch
  clock: () => Date
  /** The same thing for as long as this connector runs: a vendor's keys are not asked for at each push. */
  once<T>(name: string, make: () => T): T
}

/** One line of the registry in `index.ts`. */
export interface Adapter<Options extends z.ZodType = z.ZodType> {
  kind: string
  title: string
  can: Capabilities
  /** `tested` against schema and servers; `unverified` where it could only be built from documents. */
  standing: 'tested' | 'unverified'
  options: Options
  /** Option names that are secrets: write-only for everybody. */
  secrets: readonly string[]
  /** All that passes the door, printed by `m5 source fields KIND`. The engine refuses a record with a field that is not on it. */
  fields: readonly SourceField[]
  /** What the source offers or sends and nobody takes, in the vendor's words. */
  never: readonly string[]
  /** Hosts (`name` or `name:port`) that `fetch` may reach for these options; empty for files. */
  hosts(options: z.infer<Options>): readonly string[]
  open(options: z.infer<Options>, context: SourceContext): RosterSource
  /**
   * Of a vendor that tells us of changes. Never data: who came or left is read from the vendor itself.
   * @returns true when the push is the vendor's, for this source, and a reason to read soon
   * @throws SourceError `unauthorized` when it is not the vendor's; another when that cannot be found out now
   */
  wakeUp?(push: Push, options: z.infer<Options>): Promise<boolean>
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
  /** Of the HTTP answer, when there was one. */
  readonly status: number | undefined
  /** May be over by itself: worth another try. */
  readonly passing: boolean

  /** @param more.final no further try helps, though the code says it might */
  constructor(
    code: SourceErrorCode,
    message: string,
    more: { cause?: unknown; sourceId?: string; retryAfterMs?: number; status?: number; final?: boolean } = {},
  ) {
    super(message, { cause: more.cause })
    this.code = code
    this.sourceId = more.sourceId
    this.retryAfterMs = more.retryAfterMs
    this.status = more.status
    this.passing = (code === 'unreachable' || code === 'rate-limited') && !more.final
  }
}
