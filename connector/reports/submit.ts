/**
 * One report, from the bytes as they came to a receipt that is given only after COMMIT. Nothing here refuses: who sent it may be unsure,
 * what it says may be unclear; then it is stored and marked.
 */
import { randomUUID } from 'node:crypto'
import { addDays, localDay, localInstant } from '../store/calendar.ts'
import type { Database } from '../store/database.ts'
import type { BoardKeys, Keyring } from '../store/keyring.ts'
import { insertReport, type Sender } from '../store/reports.ts'
import type { SchoolFacts } from '../store/schools.ts'
import { drawCodes, receiptCodeDays } from './receipt-code.ts'
import { type Draft, type Understood, understand } from './understand.ts'

export interface Submission {
  school: SchoolFacts
  idemKey: string
  /** As they came: what is sealed, compared and kept. At most 16 kB. */
  body: Buffer
  /** What the contract made of it, or null when it fits no form. */
  draft: Draft | null
  /** Codes of what was not right on the way here. */
  problems: string[]
  /** By a token whose proof holds; whether it still counts is judged when the report is stored. */
  sender?: Sender
  /** Where there is no sender: what was found out otherwise. */
  reporter?: { personId: string; kind: string; standing: 'SIGNED' | 'EXPIRED' } | null
}

export interface ReceiptFacts {
  id: string
  receivedAt: Date
  standing: 'SIGNED' | 'EXPIRED' | 'UNSIGNED'
  mac: string
  /** Three words, for whoever did not say who they are: what they ask the status with. */
  code: string | null
  /** False: this is the receipt of an earlier, equal sending. */
  fresh: boolean
}

export interface SubmitContext {
  db: Database
  keyring: Keyring
  clock: () => Date
}

/** @throws AppError `unavailable` or what pg throws when the database is not there: then nothing was acknowledged */
export async function submit(context: SubmitContext, submission: Submission): Promise<ReceiptFacts> {
  const { school, idemKey, body, draft, sender, reporter } = submission
  const { boardId } = school
  const keys = await context.keyring.board(boardId)
  const receivedAt = context.clock()
  const id = randomUUID()
  const reporterId = sender?.personId ?? reporter?.personId ?? null
  const facts = understand(draft, reporterId, receivedAt, submission.problems)
  const cell = (column: string) => ({ table: 'Report', row: id, column })
  const bodyPrint = keys.fingerprint('report-body', body)
  // Who signed has no need of words, and no report waits for what it does not need.
  const drawn = sender ? [] : drawCodes(keys, { schoolId: school.id, idemKey, bodyPrint })
  const stored = await insertReport(context.db, {
    boardId,
    schoolId: school.id,
    id,
    idemKey,
    bodyPrint,
    facts: columns(facts, { school, receivedAt, ...(reporter ?? { standing: 'UNSIGNED', kind: facts.reporterKind }) }),
    reporterTag: reporterId === null ? null : keys.fingerprint('reporter', reporterId),
    reporterSealed: reporterId === null ? null : keys.sealReporter(cell('reporterSealed'), reporterId),
    bodySealed: keys.seal(cell('bodySealed'), body),
    wordsSealed: facts.words === null ? null : keys.seal(cell('wordsSealed'), facts.words),
    involvements: facts.involvements.map(i => sealInvolvement(keys, i)),
    ...(sender ? { sender } : {}),
    ...(drawn.length > 0 ? { codes: { tags: drawn.map(({ tag }) => tag), days: receiptCodeDays } } : {}),
  })
  const code = stored.code === null ? null : (drawn[stored.code]?.code ?? null)
  return { ...stored, code, mac: receiptMac(keys, stored.id, stored.receivedAt) }
}

function columns(
  facts: Understood,
  more: { school: SchoolFacts; receivedAt: Date; standing: string; kind: string },
): Record<string, unknown> {
  const { words: _words, involvements: _involvements, ...plain } = facts
  return {
    ...plain,
    today: localDay(more.receivedAt),
    receivedAt: more.receivedAt.toISOString(),
    visibleFrom: visibleFrom(more.school, more.receivedAt).toISOString(),
    standing: more.standing,
    reporterKind: more.kind,
  }
}

/**
 * When the group's teacher may see it: never so soon that it tells who just stood at a screen. From the end of the school day; what
 * comes after that, from midnight. Source: design.md, "Confidential"; midnight is ours.
 */
export function visibleFrom({ settings }: Pick<SchoolFacts, 'settings'>, receivedAt: Date): Date {
  if (settings.panel === 'at-once') return receivedAt
  const today = localDay(receivedAt)
  const end = localInstant(today, settings.schoolDayEnds)
  return end > receivedAt ? end : localInstant(addDays(today, 1), '00:00')
}

/** Binds id and time to this board's key, so that the school can later tell its own receipt from an invented one. */
export const receiptMac = (keys: BoardKeys, id: string, receivedAt: Date): string =>
  Buffer.from(keys.fingerprint('receipt', Buffer.from(`${id}\n${receivedAt.toISOString()}`))).toString('base64url')

function sealInvolvement(keys: BoardKeys, { id, role, personId, typedName }: Understood['involvements'][number]) {
  const place = { table: 'Involvement', row: id, column: 'typedSealed' }
  return { id, role, personId, typedSealed: typedName === null ? null : keys.seal(place, typedName) }
}
