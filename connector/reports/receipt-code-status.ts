/** What the three words show: how far the school is with that report, and what it wants to say. Nothing of the report itself. */
import { randomUUID } from 'node:crypto'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { withTenant } from '../store/scope.ts'
import { messagePlace, type ProgressState } from './progress.ts'
import { codeTag, readCode } from './receipt-code.ts'

export interface StatusContext {
  db: Pick<Database, 'prisma'>
  keyring: Keyring
  clock: () => Date
}

export interface PlainStatus {
  state: 'RECEIVED' | ProgressState
  message: string | null
}

/**
 * The same two look-ups whether there is such a report or not. Not in the audit: when a child looks is nobody's business. @param typed as somebody typed it
 * @returns null when no report of this school has these words (any more)
 */
export async function statusByCode(
  context: StatusContext,
  school: { boardId: string; id: string },
  typed: string,
): Promise<PlainStatus | null> {
  const { boardId, id: schoolId } = school
  const keys = await context.keyring.board(boardId)
  const readings = readCode(typed)
  // What is no code at all is looked for as well: its answer takes as long.
  const tags = (readings.length > 0 ? readings : ['- - -']).map(code => codeTag(keys, schoolId, code))
  return withTenant(context.db, { boardId, role: 'system' }, async tx => {
    const where = { boardId, schoolId, codeTag: { in: tags }, expiresAt: { gt: context.clock() } }
    const found = await tx.receiptCode.findFirst({ where })
    const newest = await tx.reportProgress.findFirst({
      where: { boardId, reportId: found?.reportId ?? randomUUID() },
      orderBy: [{ at: 'desc' }, { id: 'desc' }],
    })
    if (!found) return null
    if (!newest) return { state: 'RECEIVED', message: null }
    const { state, messageSealed, id } = newest
    const message = messageSealed && keys.open(messagePlace(id), messageSealed)
    // SAFETY: written by addProgress alone, which takes no other word.
    return { state: state as ProgressState, message: message || null }
  })
}
