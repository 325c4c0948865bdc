/**
 * How far the school is with one report, for whoever told it: rows are added, the newest counts, none is changed. For the safety coordinator
 * and the leader of that school, by grant; not for somebody whom the report itself names as doing it (domain notes §9.7).
 */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import type { Database, Tx } from '../store/database.ts'
import { currentGrants } from '../store/grants.ts'
import type { Keyring } from '../store/keyring.ts'
import { withTenant } from '../store/scope.ts'

export const progressStates = ['READ', 'IN_PROGRESS', 'DONE'] as const
export type ProgressState = (typeof progressStates)[number]

export interface ProgressContext {
  db: Pick<Database, 'prisma'>
  keyring: Keyring
  clock: () => Date
}

/** Who asks, as access.ts found them. */
export interface ProgressCaller {
  boardId: string
  schoolId: string
  personId: string
  channel: string
}

export interface ProgressStep {
  state: ProgressState
  message: string | null
  at: Date
}

export const messagePlace = (id: string) => ({ table: 'ReportProgress', row: id, column: 'messageSealed' })

/** @throws AppError `not-found` for everybody else, whether or not there is such a report */
export async function addProgress(
  context: ProgressContext,
  caller: ProgressCaller,
  step: { reportId: string; state: ProgressState; message: string | null },
): Promise<void> {
  const { boardId, personId, channel } = caller
  const { reportId, state, message } = step
  const keys = await context.keyring.board(boardId)
  const id = randomUUID()
  await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    await requireReport(tx, caller, reportId, context.clock())
    const messageSealed = message === null ? null : keys.seal(messagePlace(id), message)
    const at = context.clock()
    await tx.reportProgress.create({
      data: { boardId, id, reportId, state, messageSealed, byPersonId: personId, at },
    })
    const log = { boardId, actor: personId, channel, action: 'report.progress', object: reportId } as const
    await append(tx, { ...log, outcome: 'done', detail: { state, message: message !== null } })
  })
}

/** Oldest first. @throws AppError `not-found` */
export async function readProgress(
  context: ProgressContext,
  caller: ProgressCaller,
  reportId: string,
): Promise<ProgressStep[]> {
  const { boardId, personId, channel } = caller
  const keys = await context.keyring.board(boardId)
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    await requireReport(tx, caller, reportId, context.clock())
    const rows = await tx.reportProgress.findMany({
      where: { boardId, reportId },
      orderBy: [{ at: 'asc' }, { id: 'asc' }],
    })
    const log = { boardId, actor: personId, channel, action: 'report.progress.read', object: reportId } as const
    await append(tx, { ...log, outcome: 'done', detail: { steps: rows.length } })
    return rows.map(({ id, state, messageSealed, at }) => ({
      state: state as ProgressState, // SAFETY: written by addProgress alone
      message: messageSealed && keys.open(messagePlace(id), messageSealed),
      at,
    }))
  })
}

/** An IT administrator of any school of the board opens no report, whatever else they hold (rights.ts). */
async function requireReport(tx: Tx, caller: ProgressCaller, reportId: string, now: Date): Promise<void> {
  const { boardId, schoolId, personId } = caller
  const grants = await tx.grant.findMany({
    where: { boardId, personId, ...currentGrants(localDay(now)), person: { active: true } },
    select: { role: true, schoolId: true },
  })
  const opens = ({ role, schoolId: at }: (typeof grants)[number]) =>
    at === schoolId && (role === 'SAFETY_COORDINATOR' || role === 'SCHOOL_LEADER')
  const may = grants.some(opens) && !grants.some(({ role }) => role === 'IT_ADMINISTRATOR')
  const report = await tx.report.findFirst({ where: { boardId, schoolId, id: reportId }, select: { id: true } })
  // Who was merged is who they became.
  const accused = await tx.involvement.count({
    where: {
      ...{ boardId, reportId, role: { in: ['ACTOR', 'JOINER'] } },
      OR: [{ personId }, { person: { mergedIntoId: personId } }],
    },
  })
  if (!may || !report || accused > 0)
    throw new AppError('not-found', 'There is no such report for you.', { reason: 'report-unknown' })
}
