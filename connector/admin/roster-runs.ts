/** The rosters of one school for those who look after them in the browser: upload, look, approve. The same pipeline and preview as the command line. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { adapters, adapter as registered } from '../../adapters/index.ts'
import type { Adapter } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import { currentGrants, type GrantRole } from '../store/grants.ts'
import { type Run, runOf } from '../store/sync-runs.ts'
import { approveRun, cancelRun } from '../sync/held.ts'
import { listRuns, runSync } from '../sync/run.ts'
import { type SyncContext, sourceOf } from '../sync/source.ts'
import type { SyncOutcome } from '../sync/weigh.ts'
import { reading } from './context.ts'
import { storeUpload, tooLarge } from './uploads.ts'

export interface RosterContext extends SyncContext {
  /** Where an upload lies while it is read, and no longer. */
  uploads: string
  /** Sources to which a file is being sent: one at a time each, so that nobody fills the disk by sending it again and again. */
  uploading: Set<string>
}

/** A signed-in person in a school. */
export interface RosterCaller {
  boardId: string
  schoolId: string
  personId: string
}

export interface SourceShown {
  id: string
  kind: string
  title: string
  label: string
  verified: boolean
  gives: string
  /** Largest file in bytes, and what its name ends with; null where this source takes none. */
  upload: { maxBytes: number; extensions: readonly string[] } | null
  appliedAt: Date | null
  goodAt: Date | null
  pausedAt: Date | null
}

/** Neither role sees a report by this; the leader may anyway (design.md, "Who may grant"). */
const rosterRoles: readonly GrantRole[] = ['IT_ADMINISTRATOR', 'SCHOOL_LEADER']

/** @throws AppError `forbidden`, the same for every school and source */
async function checkMay(tx: Tx, ctx: RosterContext, who: RosterCaller): Promise<void> {
  if (!(await holds(tx, ctx, who, rosterRoles)))
    throw new AppError('forbidden', 'This is for those who look after the rosters of the school.')
}

async function holds(
  tx: Tx,
  ctx: RosterContext,
  { boardId, schoolId, personId }: RosterCaller,
  roles: readonly GrantRole[],
): Promise<boolean> {
  const today = localDay((ctx.clock ?? (() => new Date()))())
  const found = await tx.grant.findFirst({
    where: {
      ...{ boardId, schoolId, personId, role: { in: [...roles] }, person: { active: true } },
      ...currentGrants(today),
    },
    select: { id: true },
  })
  return found !== null
}

const allowed = <T>(ctx: RosterContext, who: RosterCaller, work: (tx: Tx) => Promise<T>): Promise<T> =>
  reading(ctx, who.boardId, async tx => {
    await checkMay(tx, ctx, who)
    return work(tx)
  })

/** @throws AppError `forbidden` */
export function rosterSources(ctx: RosterContext, who: RosterCaller): Promise<SourceShown[]> {
  const { boardId, schoolId } = who
  return allowed(ctx, who, async tx => {
    const rows = await tx.source.findMany({
      where: { boardId, schoolId },
      omit: { optionsSealed: true, cursor: true, profile: true },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    return rows.map(({ id, kind, label, gives, appliedAt, goodAt, pausedAt }) => {
      const known = Object.hasOwn(adapters, kind) || ctx.adapter ? kindOf(ctx, kind) : undefined
      const shown = {
        title: known?.title ?? kind,
        verified: known?.standing === 'tested',
        upload: known?.can.upload ?? null,
      }
      return { id, kind, label, gives, appliedAt, goodAt, pausedAt, ...shown }
    })
  })
}

const kindOf = (ctx: RosterContext, kind: string): Adapter => (ctx.adapter ?? registered)(kind)

/**
 * Reads the file as this source, and holds in any case: what it would change is looked at before a child is in it.
 * @param declared bytes, where the sender says how many
 * @throws AppError `forbidden`, `not-found`, `too-large`, `invalid-input` for a source that takes no file and for a file that stops halfway;
 * `conflict` while another file is sent to it or a sync of it is going on; `unavailable` with reason `disk-full`
 */
export async function uploadRoster(
  ctx: RosterContext,
  who: RosterCaller,
  { sourceId, body, declared }: { sourceId: string; body: Readable; declared?: number },
): Promise<SyncOutcome> {
  const { boardId, schoolId } = who
  const source = await allowed(ctx, who, async tx =>
    ofSchool(await sourceOf(tx, boardId, sourceId), schoolId, 'source'),
  )
  const { upload } = kindOf(ctx, source.kind).can
  if (!upload)
    throw new AppError('invalid-input', 'This source takes no file: it asks its system itself.', {
      reason: 'no-upload',
    })
  if (declared !== undefined && declared > upload.maxBytes) throw tooLarge()
  if (ctx.uploading.has(sourceId))
    throw new AppError('conflict', 'Another file is being sent to this source. Wait until that one is read.', {
      reason: 'upload-running',
    })
  ctx.uploading.add(sourceId)
  const file = join(ctx.uploads, `${randomUUID()}${upload.extensions[0] ?? ''}`)
  try {
    await storeUpload(body, { file, uploads: ctx.uploads, maxBytes: upload.maxBytes })
    return await runSync(ctx, { boardId, sourceId, by: who.personId, preview: true, file })
  } finally {
    ctx.uploading.delete(sourceId)
    await rm(file, { force: true })
  }
}

/** Newest first, twenty at most. @throws AppError `forbidden` */
export async function rosterRuns(ctx: RosterContext, who: RosterCaller): Promise<Run[]> {
  await allowed(ctx, who, async () => {})
  return listRuns(ctx, { boardId: who.boardId, schoolId: who.schoolId, limit: 20 })
}

/** @throws AppError `forbidden`, `not-found` */
export function rosterRun(ctx: RosterContext, who: RosterCaller, runId: string): Promise<Run> {
  return allowed(ctx, who, async tx => {
    const { stageSealed: _sealed, ...run } = ofSchool(await runOf(tx, who.boardId, runId), who.schoolId, 'run')
    return run
  })
}

/**
 * Who is teacher of a homeroom stands in a roster: alone, an administrator could write an account of his own into one, and read its panel. So what
 * somebody sent is approved by somebody else, or by a leader, who may open the panels anyway (design.md, "Who may grant").
 * @throws as approveRun, and AppError `forbidden`, with reason `second-person` when it was sent by the one who approves
 */
export async function approveRosterRun(ctx: RosterContext, who: RosterCaller, runId: string): Promise<SyncOutcome> {
  const { startedBy } = await rosterRun(ctx, who, runId)
  const leads = await allowed(ctx, who, tx => holds(tx, ctx, who, ['SCHOOL_LEADER']))
  if (startedBy === who.personId && !leads)
    throw new AppError(
      'forbidden',
      'A second person approves what you sent: a school leader, or another administrator.',
      {
        reason: 'second-person',
      },
    )
  return approveRun(ctx, { boardId: who.boardId, runId, by: who.personId })
}

/** @throws as cancelRun, and AppError `forbidden` */
export async function cancelRosterRun(ctx: RosterContext, who: RosterCaller, runId: string): Promise<void> {
  await rosterRun(ctx, who, runId)
  await cancelRun(ctx, { boardId: who.boardId, runId, by: who.personId })
}

/** Of another school of the board is as unknown as of nowhere. */
function ofSchool<T extends { schoolId: string }>(found: T, schoolId: string, what: 'source' | 'run'): T {
  if (found.schoolId === schoolId) return found
  throw new AppError('not-found', what === 'source' ? 'There is no such source.' : 'There is no such sync run.', {
    reason: `${what}-unknown`,
  })
}
