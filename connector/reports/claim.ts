/**
 * "I do want to say who I am": afterwards, once, within a day, and only by whoever holds the receipt. The report stays as it is, unsigned; a row of
 * its own says whose it was, sealed like any reporter. The log has no actor: it is read by people who may not know who told.
 */
import { randomUUID, timingSafeEqual } from 'node:crypto'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { withTenant } from '../store/scope.ts'
import { codeTag, readCode } from './receipt-code.ts'
import { receiptMac } from './submit.ts'

const withinMs = 24 * 3_600_000

export interface ClaimContext {
  db: Pick<Database, 'prisma'>
  keyring: Keyring
  clock: () => Date
}

export interface Claim {
  reportId: string
  /** The receipt, as it was given. */
  receivedAt: Date
  mac: string
  /** The three words. */
  code: string
}

/**
 * The same person again changes nothing. @throws AppError `not-found` when receipt, words and report do not belong together at the caller's
 * school; `gone` after a day; `conflict` when it is somebody's already
 */
export async function claimReport(
  context: ClaimContext,
  caller: { boardId: string; schoolId: string; personId: string },
  claim: Claim,
): Promise<void> {
  const { boardId, schoolId, personId } = caller
  const { reportId, receivedAt } = claim
  const keys = await context.keyring.board(boardId)
  const genuine = same(claim.mac, receiptMac(keys, reportId, receivedAt))
  const tags = readCode(claim.code).map(code => codeTag(keys, schoolId, code))
  await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const now = context.clock()
    const found = await tx.receiptCode.findFirst({
      where: { boardId, schoolId, reportId, codeTag: { in: tags }, expiresAt: { gt: now } },
    })
    const report = await tx.report.findFirst({ where: { boardId, schoolId, id: reportId, standing: 'UNSIGNED' } })
    if (!genuine || !found || !report)
      throw new AppError('not-found', 'There is no such report for you.', { reason: 'report-unknown' })
    if (now.getTime() - report.receivedAt.getTime() > withinMs)
      throw new AppError('gone', 'This can be said within a day only.', { reason: 'claim-too-late' })
    const id = randomUUID()
    const reporterTag = keys.fingerprint('reporter', personId)
    const reporterSealed = keys.sealReporter({ table: 'ReportClaim', row: id, column: 'reporterSealed' }, personId)
    const data = { boardId, id, reportId, reporterTag, reporterSealed, at: now }
    const { count } = await tx.reportClaim.createMany({ data: [data], skipDuplicates: true })
    if (count === 1) {
      const log = { boardId, actor: 'reporter', action: 'report.claim', object: reportId } as const
      return append(tx, { ...log, outcome: 'done' })
    }
    const first = await tx.reportClaim.findFirst({ where: { boardId, reportId } })
    if (!first || !Buffer.from(first.reporterTag).equals(Buffer.from(reporterTag)))
      throw new AppError('conflict', 'Somebody has said that already.', { reason: 'claimed-already' })
  })
}

/** Also for another length: comparing says nothing of the right one. */
function same(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
