/** How mail does, for whoever looks after the connector: counts and codes, no address. */
import { withTenant } from '../store/scope.ts'
import { ofReports } from './kinds.ts'
import type { SweepContext } from './sweep.ts'

export interface MailFacts {
  boardId: string
  waiting: number
  /** When the one that waits longest was made. */
  waitingSince: Date | null
  sent: number
  /** Given up in the last thirty days, by kind and code. */
  failed: { kind: string; code: string; count: number }[]
  /** Reports of which nobody was told for more than ten minutes. */
  untold: number
  /** Schools of those, and schools where a mail about reports reached nobody. */
  schools: string[]
}

const lateMs = 10 * 60_000

export async function mailFacts(
  { db, clock }: Pick<SweepContext, 'db' | 'clock'>,
  boardId: string,
): Promise<MailFacts> {
  const before = new Date(clock().getTime() - lateMs)
  return withTenant(db, { boardId, role: 'system' }, async tx => {
    const waiting = await tx.mailItem.aggregate({
      where: { boardId, state: 'waiting' },
      _count: true,
      _min: { createdAt: true },
    })
    const sent = await tx.mailItem.count({ where: { boardId, state: 'sent' } })
    const ended = await tx.mailItem.groupBy({
      by: ['kind', 'lastCode', 'schoolId'],
      where: { boardId, OR: [{ state: 'failed' }, { state: 'dropped', lastCode: { in: ['no-address', 'no-role'] } }] },
      _count: true,
    })
    const late = { boardId, notifiedAt: null, receivedAt: { lt: before } }
    const untold = await tx.report.groupBy({ by: ['schoolId'], where: late, _count: true })
    const failed = Map.groupBy(ended, ({ kind, lastCode }) => `${kind}\n${lastCode ?? ''}`)
    const lost = ended.filter(({ kind }) => ofReports.includes(kind)).map(({ schoolId }) => schoolId)
    return {
      boardId,
      waiting: waiting._count,
      waitingSince: waiting._min.createdAt,
      sent,
      failed: [...failed.values()].map(rows => ({
        ...{ kind: rows[0]?.kind ?? '', code: rows[0]?.lastCode ?? '' },
        count: rows.reduce((sum, row) => sum + row._count, 0),
      })),
      untold: untold.reduce((sum, row) => sum + row._count, 0),
      schools: [...new Set([...untold.map(({ schoolId }) => schoolId), ...lost])].sort(),
    }
  })
}

/** What was given up is tried from the beginning. @returns how many */
export async function retryFailed({ db, clock }: Pick<SweepContext, 'db' | 'clock'>, boardId: string): Promise<number> {
  const { count } = await withTenant(db, { boardId, role: 'system' }, tx =>
    tx.mailItem.updateMany({
      where: { boardId, OR: [{ state: 'failed' }, { state: 'dropped', lastCode: 'no-address' }] },
      data: { state: 'waiting', tries: 0, dueAt: clock() },
    }),
  )
  return count
}
