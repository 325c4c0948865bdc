/** The mail of one connector: two loops beside the requests, one that looks for what must be told, one that sends. */
import { setTimeout as sleep } from 'node:timers/promises'
import { routesTo } from '../store/routes.ts'
import { withTenant } from '../store/scope.ts'
import { type OutboxContext, sendDue } from './outbox.ts'
import { sweepBoard } from './sweep.ts'

export interface StartedMail {
  /** What is being sent gets as long as this; then it is cut off and goes to another connector. */
  stop(graceMs: number): Promise<void>
}

/** @param everyMs how often both look; a minute is the promise of safety.md §4 */
export function startMail(ctx: OutboxContext, everyMs = 60_000): StartedMail {
  const stopping = new AbortController()
  const cut = new AbortController()
  const boards = async () => (await routesTo(ctx.db, 'board')).map(route => route.toBoardId)
  const warn = hourly(ctx)
  let found = new AbortController()
  const sweep = async () => {
    for (const boardId of await boards()) {
      if (stopping.signal.aborted) return
      const swept = await sweepBoard(ctx, boardId).catch((cause: unknown) =>
        ctx.log.error('the mail of a board was not looked after', cause, { boardId }),
      )
      if (swept) warn(boardId, swept.nobody)
      // What has just been found does not wait for the next minute.
      if (swept && swept.told + swept.escalated > 0) found.abort()
      await clearOld(ctx, boardId).catch((cause: unknown) => ctx.log.error('old mail stays', cause, { boardId }))
    }
  }
  const send = async () => {
    found = new AbortController()
    await sendDue(ctx, await boards(), cut.signal)
  }
  const pause = (early: AbortSignal[]) =>
    sleep(everyMs, undefined, { signal: AbortSignal.any([stopping.signal, ...early]) }).catch(() => {})
  const loop = async (work: () => Promise<void>, early: () => AbortSignal[]) => {
    while (!stopping.signal.aborted) {
      await work().catch((cause: unknown) => ctx.log.error('mail did not go on', cause))
      await pause(early())
    }
  }
  const loops = [loop(sweep, () => []), loop(send, () => [found.signal])]
  return {
    async stop(graceMs) {
      stopping.abort()
      const timer = setTimeout(() => cut.abort(), graceMs)
      await Promise.all(loops)
      clearTimeout(timer)
    },
  }
}

/** Once an hour and school: nobody can be told, and a child waits. */
function hourly({ log, clock }: OutboxContext) {
  const said = new Map<string, number>()
  return (boardId: string, schoolIds: string[]) => {
    const now = clock().getTime()
    for (const schoolId of new Set(schoolIds)) {
      if ((said.get(schoolId) ?? Number.NEGATIVE_INFINITY) > now - 3_600_000) continue
      said.set(schoolId, now)
      log.warn('nobody can be told of reports: no coordinator or leader with an address', { boardId, schoolId })
    }
  }
}

const keepMs = 30 * 86_400_000

/** Rows that came to an end tell nobody anything after a month. */
async function clearOld({ db, clock }: OutboxContext, boardId: string): Promise<void> {
  const before = new Date(clock().getTime() - keepMs)
  await withTenant(db, { boardId, role: 'system' }, tx =>
    tx.mailItem.deleteMany({ where: { boardId, state: { not: 'waiting' }, createdAt: { lt: before } } }),
  )
}
