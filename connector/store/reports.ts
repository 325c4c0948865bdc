/** Stores reports by one statement (submit_reports of the migrations): the hot path of the service. */
import type pg from 'pg'
import type { Database } from './database.ts'
import type { Bytes } from './seal.ts'

export interface ReportRow {
  boardId: string
  schoolId: string
  id: string
  idemKey: string
  bodyPrint: Bytes
  /** Columns of Report that are not sealed, and `today` (Europe/Amsterdam), which decides everybody's homeroom. */
  facts: Record<string, unknown>
  reporterTag: Bytes | null
  reporterSealed: Bytes | null
  bodySealed: Bytes
  wordsSealed: Bytes | null
  involvements: { id: string; role: string; personId: string | null; typedSealed: Bytes | null }[]
  /** Who sent it, to be judged in the same transaction; then `facts.standing` does not count. */
  sender?: Sender
  /** Fingerprints of the words it may get when it turns out unsigned: the first that nobody else has. And for how many days. */
  codes?: { tags: Bytes[]; days: number }
}

export interface Sender {
  sessionId: string
  personId: string
  /** False when the access token had expired. */
  tokenHolds: boolean
}

export interface Stored {
  id: string
  receivedAt: Date
  standing: 'SIGNED' | 'EXPIRED' | 'UNSIGNED'
  /** False when the same bytes under the same key were there already. */
  fresh: boolean
  /** Which of `codes.tags`; null for a report with a reporter, and once the words are too old. */
  code: number | null
}

/** Resolves after COMMIT, with what was written or stood there already. The same key and bytes give the first row again. */
export type WriteReport = (row: ReportRow) => Promise<Stored>

export const insertReport = (db: Pick<Database, 'writeReport'>, row: ReportRow): Promise<Stored> => db.writeReport(row)

/** Transactions at the same time: fewer than the pool has connections, so that reading never waits for writing. */
const atOnce = 3
/** What one transaction takes at most. */
const together = 16

/**
 * Reports that wait while others are being written share a transaction: one commit for all of them. Where nobody waits, each goes alone and
 * at once. One that cannot be written fails alone: then every one of its company is written by itself.
 */
export function reportWriter(pool: Pick<pg.Pool, 'query'>): WriteReport {
  const waiting: { row: ReportRow; resolve: (stored: Stored) => void; reject: (cause: unknown) => void }[] = []
  let running = 0

  const next = () => {
    if (running >= atOnce || waiting.length === 0) return
    const board = waiting[0]?.row.boardId
    const batch = waiting.filter(({ row }) => row.boardId === board).slice(0, together)
    for (const one of batch) waiting.splice(waiting.indexOf(one), 1)
    running++
    void settle(batch).finally(() => {
      running--
      next()
    })
  }

  async function settle(batch: typeof waiting): Promise<void> {
    try {
      const stored = await write(batch.map(({ row }) => row))
      batch.forEach(({ resolve, reject }, i) => {
        const mine = stored[i]
        if (mine) resolve(mine)
        else reject(new Error('submit_reports gave no row'))
      })
    } catch (cause) {
      const [only] = batch
      if (only && batch.length === 1) return only.reject(cause)
      for (const one of batch) await settle([one])
    }
  }

  /** In the order of the rows, all of one board. */
  async function write(rows: ReportRow[]): Promise<Stored[]> {
    const board = rows[0]?.boardId
    const calls = JSON.stringify(rows.map(call))
    const result = await pool.query<StoredRow>({
      name: 'submit_reports',
      text: 'select * from submit_reports($1, $2)',
      values: [board, calls],
    })
    const stored: Stored[] = []
    for (const { ord, id, received_at: receivedAt, standing, fresh, code } of result.rows)
      stored[ord] = { id, receivedAt, standing, fresh, code }
    return stored
  }

  return row =>
    new Promise((resolve, reject) => {
      waiting.push({ row, resolve, reject })
      next()
    })
}

interface StoredRow {
  ord: number
  id: string
  received_at: Date
  standing: Stored['standing']
  fresh: boolean
  code: number | null
}

/** As submit_reports takes it. */
const call = (row: ReportRow, ord: number) => ({
  ord,
  school: row.schoolId,
  report: row.id,
  idem: row.idemKey,
  print: hex(row.bodyPrint),
  facts: row.facts,
  reporter_tag: hex(row.reporterTag),
  reporter_sealed: hex(row.reporterSealed),
  body_sealed: hex(row.bodySealed),
  words_sealed: hex(row.wordsSealed),
  involvement_ids: row.involvements.map(i => i.id),
  roles: row.involvements.map(i => i.role),
  persons: row.involvements.map(i => i.personId),
  typed: row.involvements.map(i => hex(i.typedSealed)),
  session: row.sender?.sessionId ?? null,
  reporter: row.sender?.personId ?? null,
  token_holds: row.sender?.tokenHolds ?? null,
  code_tags: row.codes?.tags.map(hex) ?? null,
  code_days: row.codes?.days ?? null,
})

const hex = (bytes: Bytes | null) =>
  bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
