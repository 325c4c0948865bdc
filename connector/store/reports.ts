/** Stores one report by one statement (submit_report of the migrations): the hot path of the service. */
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
}

/** Resolves after COMMIT, with what was read back. The same key and bytes give the first row again. */
export async function insertReport(db: Pick<Database, 'pool'>, row: ReportRow): Promise<Stored> {
  const { rows } = await db.pool.query<{ id: string; received_at: Date; standing: Stored['standing']; fresh: boolean }>(
    {
      name: 'submit_report',
      text: 'select * from submit_report($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)',
      values: [
        row.boardId,
        row.schoolId,
        row.id,
        row.idemKey,
        buffer(row.bodyPrint),
        JSON.stringify(row.facts),
        buffer(row.reporterTag),
        buffer(row.reporterSealed),
        buffer(row.bodySealed),
        buffer(row.wordsSealed),
        row.involvements.map(i => i.id),
        row.involvements.map(i => i.role),
        row.involvements.map(i => i.personId),
        row.involvements.map(i => buffer(i.typedSealed)),
        ...[row.sender?.sessionId ?? null, row.sender?.personId ?? null, row.sender?.tokenHolds ?? null],
      ],
    },
  )
  const stored = rows[0]
  if (!stored) throw new Error('submit_report gave no row')
  return { id: stored.id, receivedAt: stored.received_at, standing: stored.standing, fresh: stored.fresh }
}

const buffer = (bytes: Bytes | null) => bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
