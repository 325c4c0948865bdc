/** The sources of a board as the schedule sees them. */
import type { Capabilities } from '../../adapters/source.ts'
import type { Tx } from '../store/database.ts'
import { withTenant } from '../store/scope.ts'
import { isStale, type Sleeper, type Woken } from './schedule-night.ts'
import { adapterOf, optionsPlace, type SyncContext } from './source.ts'

export interface ScheduledSource extends Sleeper {
  boardId: string
  schoolId: string
  kind: string
  label: string
  goodAt: Date | null
  pausedAt: Date | null
  woken: Woken | null
  /** Has no path: somebody hands it each file, and no schedule can. */
  byHand: boolean
}

type SourcesContext = Pick<SyncContext, 'db' | 'keyring' | 'adapter'>

/** Oldest first. @param schoolId of one school only */
export async function scheduledSources(
  ctx: SourcesContext,
  { boardId, schoolId }: { boardId: string; schoolId?: string },
): Promise<ScheduledSource[]> {
  const { rows, readAt } = await withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    const rows = await tx.source.findMany({
      where: { boardId, ...(schoolId === undefined ? {} : { schoolId }) },
      omit: { cursor: true, profile: true },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    const woken = rows.filter(({ wokenAt }) => wokenAt !== null).map(({ id }) => id)
    return { rows, readAt: await lastReadings(tx, boardId, woken) }
  })
  const can = (kind: string) => capabilities(ctx, kind)
  const keys = rows.some(row => can(row.kind)?.upload) ? await ctx.keyring.board(boardId) : null
  return rows.map(({ id, schoolId, kind, label, createdAt, goodAt, pausedAt, optionsSealed, ...row }) => {
    const takesFiles = keys !== null && can(kind)?.upload !== undefined
    const options: unknown = takesFiles ? JSON.parse(keys.open(optionsPlace(id), optionsSealed)) : {}
    const byHand = takesFiles && !(typeof options === 'object' && options !== null && 'path' in options)
    const window = can(kind)?.window ?? 'any'
    const gives = row.gives === 'identities' ? ('identities' as const) : ('roster' as const)
    const woken = row.wokenAt === null ? null : { at: row.wokenAt, readAt: readAt.get(id) ?? null }
    return { id, boardId, schoolId, kind, label, gives, createdAt, goodAt, pausedAt, woken, window, byHand }
  })
}

/** When the last run of each began: what it read may be older than its end, and a held one is applied days later. */
async function lastReadings(tx: Tx, boardId: string, sourceIds: string[]): Promise<Map<string, Date | null>> {
  if (sourceIds.length === 0) return new Map()
  const where = { boardId, sourceId: { in: sourceIds } }
  const last = await tx.syncRun.groupBy({ by: ['sourceId'], where, _max: { startedAt: true } })
  return new Map(last.map(({ sourceId, _max }) => [sourceId, _max.startedAt]))
}

/** What this program does not know (any more) says so in its run, and not here. */
function capabilities(ctx: SourcesContext, kind: string): Capabilities | undefined {
  try {
    return adapterOf(ctx, kind).can
  } catch {
    return undefined
  }
}

/** Has turns at all. */
export const onSchedule = ({ pausedAt, byHand }: ScheduledSource): boolean => pausedAt === null && !byHand

export interface StaleSource {
  boardId: string
  schoolId: string
  sourceId: string
  /** Of the last good run, or since the source is there. */
  since: Date
}

/** Those on the schedule that had no good run for so many days, of one board. Somebody must look: the roster in use is an old one. */
export async function staleSources(
  ctx: SourcesContext,
  { boardId, now, days }: { boardId: string; now: Date; days: number },
): Promise<StaleSource[]> {
  const sources = await scheduledSources(ctx, { boardId })
  return sources
    .filter(source => onSchedule(source) && isStale(source, now, days))
    .map(({ id, schoolId, goodAt, createdAt }) => ({ boardId, schoolId, sourceId: id, since: goodAt ?? createdAt }))
}
