/**
 * One sync of one source: collect → plan → guards → apply, or hold for a person. Plan and apply share a transaction under a lock, so that two
 * runs of one source never write from the same picture. Whatever happens is in the run's row.
 */
import { type Adapter, type Proof, SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { addDays, localDay, schoolYearOn } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { appliedBeside, isWorldwide, someoneIsDue } from '../store/roster.ts'
import { schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'
import { readProfile } from '../store/source-profile.ts'
import {
  changeRun,
  failCrashed,
  lastState,
  lockForApply,
  noteProgress,
  type Run,
  type RunState,
  runOf,
  runsOf,
  startRun,
  supersede,
  withRunLock,
} from '../store/sync-runs.ts'
import { type Collected, collect, type Roster } from './collect.ts'
import { judgeScope } from './guard-measures.ts'
import { weighIdentities } from './identities.ts'
import { printOf } from './profile.ts'
import { type ProgressReport, progressReport } from './progress.ts'
import { adapterOf, openSource, type StoredSource, type SyncContext, sourceOf } from './source.ts'
import { openStage, sealStage } from './stage.ts'
import {
  applied,
  countRecords,
  finish,
  isAhead,
  noteSource,
  now,
  type SyncInput,
  type SyncOutcome,
  tallyFindings,
  type Weighed,
  type Weighing,
  weigh,
} from './weigh.ts'

/** What one connector may take for the transaction of a big school. */
const limits = { timeout: 300_000, maxWait: 20_000 }

/**
 * @returns also when the source failed or was refused: one school's failure is a result, not an end
 * @throws AppError `conflict` when a run of this source is going on, `not-found`; anything unexpected, after the run is marked failed
 */
export async function runSync(ctx: SyncContext, input: SyncInput): Promise<SyncOutcome> {
  const { boardId, sourceId } = input
  const scope = { boardId, role: 'system' as const }
  const keys = await ctx.keyring.board(boardId)
  return withRunLock(ctx.db, sourceId, async () => {
    const today = localDay(now(ctx))
    const begun = await withTenant(ctx.db, scope, async tx => {
      const source = await sourceOf(tx, boardId, sourceId)
      const at = { boardId, schoolId: source.schoolId, sourceId }
      const crashed = await failCrashed(tx, boardId, sourceId)
      const refused = (await lastState(tx, boardId, sourceId, schoolYearOn(today))) === 'refused'
      const runId = await startRun(tx, { ...at, startedBy: input.by })
      return { source, runId, crashed, refused, due: await someoneIsDue(tx, at, today) }
    })
    const { source, runId } = begun
    if (begun.crashed > 0) ctx.log.warn('sync runs found crashed', { boardId, count: begun.crashed })
    const progress = progressReport(
      ({ phase, ...rest }) =>
        withTenant(ctx.db, scope, tx => noteProgress(tx, boardId, runId, { phase, progress: rest })),
      input.onProgress,
    )
    try {
      const adapter = adapterOf(ctx, source.kind)
      // Accounts have no school year.
      const isRoster = source.gives === 'roster'
      const ahead =
        isRoster && input.schoolYear !== undefined && isAhead(input.schoolYear, today) ? input.schoolYear : null
      const settled = !begun.due && !begun.refused && ahead === null && !input.preview
      const run = { ctx, keys, input, runId, progress, settled }
      if (ahead !== null && !adapter.can.nextYear) return await cannotAhead(run, ahead)
      const opened = openSource(ctx, keys, source, {
        progress: (read, total) => progress({ read, ...(total ? { total } : {}) }),
        ...(input.file === undefined ? {} : { file: input.file }),
        ...(ahead === null ? {} : { schoolYear: ahead }),
      })
      // Whose an account is also changes when the roster does: it is always all accounts that are looked at.
      const all =
        !isRoster || input.preview || ahead !== null || begun.due || begun.refused || allIsDue(source, adapter, today)
      const cursor = all ? null : source.cursor
      const collected = await collect(opened, { cursor, adapter, onRecords: records => progress({ records }) })
      await progress.settled()
      return await settle(run, collected)
    } catch (error) {
      return await fail(ctx, boardId, runId, error)
    } finally {
      await progress.settled()
    }
  })
}

/**
 * Whether "since then" is not enough any more: what a source does not report as gone shows only when everything comes (Graph never reports a
 * deleted user), and neither what changed since last year nor that nothing did says who stayed.
 */
function allIsDue({ fullAt }: StoredSource, { can }: Pick<Adapter, 'can'>, today: string): boolean {
  if (fullAt === null) return true
  const day = localDay(fullAt)
  if (schoolYearOn(day) !== schoolYearOn(today)) return true
  return can.mode === 'delta' && can.fullEveryDays !== undefined && addDays(day, can.fullEveryDays) <= today
}

function cannotAhead({ ctx, input, runId }: Settling, schoolYear: string): Promise<SyncOutcome> {
  const says = `This source cannot be asked for ${schoolYear}, which has not begun: it gives the present school year alone.`
  return withTenant(ctx.db, { boardId: input.boardId, role: 'system' }, tx =>
    finish(tx, ctx, input, {
      ...nothing,
      runId,
      state: 'refused',
      reasons: [{ guard: 'no-next-year', says }],
      schoolYear,
    }),
  )
}

const nothing = { reasons: [], counts: {}, findings: [], diff: [], proof: null, schoolYear: null }

interface Settling {
  ctx: SyncContext
  keys: BoardKeys
  input: SyncInput
  runId: string
  progress: ProgressReport
  /** Nobody is due, nothing was refused and nobody asked to see it: the very same roster as last time can change nothing. */
  settled: boolean
}

function settle(run: Settling, collected: Collected): Promise<SyncOutcome> {
  const { ctx, input } = run
  return withTenant(
    ctx.db,
    { boardId: input.boardId, role: 'system' },
    async tx => {
      await lockForApply(tx, input.sourceId)
      if (collected.kind === 'unchanged') return settleUnchanged(tx, run, collected.proof)
      run.progress({ phase: 'plan' })
      const { roster } = collected
      if (await isSame(tx, run, roster)) return settleSame(tx, run, roster)
      const weighed = await weighing(tx, run, roster)
      return conclude(tx, run, roster, weighed)
    },
    limits,
  )
}

async function settleUnchanged(tx: Tx, { ctx, input, runId }: Settling, proof: Proof): Promise<SyncOutcome> {
  const { boardId, sourceId } = input
  const { cursor, scope, kind } = proof
  const source = await sourceOf(tx, boardId, sourceId)
  const school = await schoolOf(tx, boardId, source.schoolId)
  const end = { ...nothing, runId, proof: kind, schoolYear: scope.schoolYear }
  const reasons = judgeScope(scope, { school, profile: readProfile(source.profile) })
  if (reasons.length > 0) return finish(tx, ctx, input, { ...end, state: 'refused', reasons })
  await noteSource(tx, input, { goodAt: now(ctx), ...(cursor === undefined ? {} : { cursor }) })
  const ahead = isAhead(scope.schoolYear, localDay(now(ctx)))
  await supersede(tx, input, { runId, schoolYear: scope.schoolYear, ahead })
  return finish(tx, ctx, input, { ...end, state: 'unchanged' })
}

/** As `unchanged`, found out here: many sources can only say everything, and most nights it is what they said the night before. */
async function isSame(tx: Tx, { ctx, keys, input, settled }: Settling, roster: Roster): Promise<boolean> {
  if (!settled || roster.proof.kind !== 'snapshot') return false
  const { boardId, sourceId } = input
  const { gives, profile, goodAt, schoolId } = await sourceOf(tx, boardId, sourceId)
  if (gives !== 'roster' || goodAt === null) return false
  if (readProfile(profile).print !== printOf(roster, keys, localDay(now(ctx)))) return false
  if ((await tx.matchConflict.count({ where: { boardId, sourceId, state: 'open' } })) > 0) return false
  const worldwide = roster.people.some(person => person.keys.some(isWorldwide))
  return !(await appliedBeside(tx, { boardId, schoolId, sourceId }, { since: goodAt, worldwide }))
}

async function settleSame(tx: Tx, run: Settling, roster: Roster): Promise<SyncOutcome> {
  const { ctx, input, runId } = run
  const { kind, scope, cursor = null, createdAt } = roster.proof
  const at = now(ctx)
  const made = createdAt === undefined ? {} : { appliedCreatedAt: new Date(createdAt) }
  await noteSource(tx, input, { cursor, goodAt: at, fullAt: at, ...made })
  await supersede(tx, input, { runId, schoolYear: scope.schoolYear, ahead: false })
  const [counts, findings] = [countRecords(roster), tallyFindings(roster.findings)]
  const diff = [`school year ${scope.schoolYear}`]
  const end = { ...nothing, runId, counts, findings, diff, proof: kind, schoolYear: scope.schoolYear }
  return finish(tx, ctx, input, { ...end, state: 'unchanged' })
}

async function conclude(tx: Tx, run: Settling, roster: Roster, weighed: Weighed): Promise<SyncOutcome> {
  const { ctx, keys, input, runId } = run
  const { plan, verdict, outcome } = weighed
  if (verdict.verdict === 'refuse') {
    // Changes of another picture than ours: only everything helps.
    if (roster.proof.kind === 'delta') await noteSource(tx, input, { cursor: null })
    return finish(tx, ctx, input, { runId, state: 'refused', ...outcome })
  }
  await supersede(tx, input, { runId, schoolYear: plan.schoolYear, ahead: plan.kind === 'ahead' })
  const readAt = now(ctx)
  if (verdict.verdict === 'hold') {
    const stage = { roster, schoolYear: input.schoolYear ?? null, kind: plan.kind, readAt: readAt.toISOString() }
    await changeRun(tx, input.boardId, runId, { stageSealed: sealStage(keys, runId, stage) })
    return finish(tx, ctx, input, { runId, state: 'held', ...outcome })
  }
  run.progress({ phase: 'apply' })
  return applied(tx, ctx, input, { runId, readAt, roster, weighed })
}

/** What a source gives decides what its records may change. */
async function weighing(tx: Tx, run: Weighing, roster: Roster): Promise<Weighed> {
  const { gives } = await sourceOf(tx, run.input.boardId, run.input.sourceId)
  return gives === 'identities' ? weighIdentities(tx, run, roster) : weigh(tx, run, roster)
}

/** A source that cannot be reached has failed; one that sends what cannot be right is refused. Anything else is ours: noted, and thrown on. */
async function fail(ctx: SyncContext, boardId: string, runId: string, error: unknown): Promise<SyncOutcome> {
  const fromSource = error instanceof SourceError
  const wrong = fromSource && (error.code === 'malformed' || error.code === 'incomplete')
  const state: RunState = wrong ? 'refused' : 'failed'
  const says =
    fromSource || error instanceof AppError
      ? error.message
      : 'Something went wrong in the connector. Nothing was changed.'
  const ours = (error instanceof AppError && error.reason) || 'connector'
  const reasons = [{ guard: fromSource ? `source-${error.code}` : ours, says }]
  await withTenant(ctx.db, { boardId, role: 'system' }, tx =>
    changeRun(tx, boardId, runId, { state, reasons, phase: 'done', stageSealed: null, finishedAt: now(ctx) }),
  ).catch(() => {})
  if (!fromSource) throw error
  ctx.log.warn('sync failed at the source', { boardId, runId, code: error.code })
  return { ...nothing, runId, state, reasons }
}

export interface RunInput {
  boardId: string
  runId: string
  /** Who decides: a person's id or `operator`. */
  by: string
}

/**
 * Plans the staged roster again, against what is stored now, and applies it when nothing is said against it that was not said before.
 * @throws AppError `conflict` when it is not held (any more) or something new speaks against it; `gone` when the roster is older than 7 days
 */
export async function approveRun(ctx: SyncContext, { boardId, runId, by }: RunInput): Promise<SyncOutcome> {
  const scope = { boardId, role: 'system' as const }
  const keys = await ctx.keyring.board(boardId)
  const { sourceId } = await withTenant(ctx.db, scope, tx => runOf(tx, boardId, runId))
  return withTenant(
    ctx.db,
    scope,
    async tx => {
      await lockForApply(tx, sourceId)
      const run = await heldRun(tx, boardId, runId)
      const { roster, schoolYear, kind, readAt } = openStage(keys, run, now(ctx))
      const input: SyncInput = { boardId, sourceId, by, ...(schoolYear === null ? {} : { schoolYear }) }
      const weighed = await weighing(tx, { ctx, keys, input, approving: true }, roster)
      if (weighed.plan.kind !== kind)
        throw conflict(
          `School year ${weighed.plan.schoolYear} has begun since this was held: sync again.`,
          'run-outdated',
        )
      const seen = new Set(run.reasons.map(reason => reason.guard))
      const fresh = weighed.verdict.reasons.filter(reason => !seen.has(reason.guard))
      if (weighed.verdict.verdict === 'refuse' || fresh.length > 0)
        throw conflict(
          `Sync again, this was not said when it was held: ${fresh.map(({ says }) => says).join(' ')}`,
          'run-outdated',
        )
      const outcome = await applied(tx, ctx, input, { runId, readAt: new Date(readAt), roster, weighed })
      await changeRun(tx, boardId, runId, { approvedBy: by, stageSealed: null, reasons: run.reasons })
      return outcome
    },
    limits,
  )
}

/** The staged names go at once. @throws AppError `conflict` when it is not held */
export async function cancelRun(ctx: SyncContext, { boardId, runId, by }: RunInput): Promise<void> {
  await withTenant(ctx.db, { boardId, role: 'system' }, async tx => {
    const { sourceId } = await runOf(tx, boardId, runId)
    await lockForApply(tx, sourceId)
    const { reasons } = await heldRun(tx, boardId, runId)
    await changeRun(tx, boardId, runId, { state: 'cancelled', stageSealed: null, reasons })
    await append(tx, { boardId, actor: by, action: 'sync.cancelled', object: runId, outcome: 'done' })
  })
}

/** What approving would do now. @throws as approveRun */
export async function previewRun(ctx: SyncContext, { boardId, runId }: Omit<RunInput, 'by'>): Promise<string[]> {
  const keys = await ctx.keyring.board(boardId)
  return withTenant(
    ctx.db,
    { boardId, role: 'system' },
    async tx => {
      const run = await heldRun(tx, boardId, runId)
      const { roster, schoolYear } = openStage(keys, run, now(ctx))
      const input = { boardId, sourceId: run.sourceId, by: 'preview', ...(schoolYear === null ? {} : { schoolYear }) }
      return (await weighing(tx, { ctx, keys, input, approving: true }, roster)).outcome.diff
    },
    limits,
  )
}

/** Newest first. */
export function listRuns(
  ctx: Pick<SyncContext, 'db'>,
  { boardId, limit, ...where }: { boardId: string; schoolId?: string; sourceId?: string; limit?: number },
): Promise<Run[]> {
  return withTenant(ctx.db, { boardId, role: 'system' }, tx => runsOf(tx, boardId, where, limit))
}

async function heldRun(tx: Tx, boardId: string, runId: string) {
  const run = await runOf(tx, boardId, runId)
  if (run.state !== 'held') throw conflict(`This run is ${run.state}, not held.`, 'run-not-held')
  return run
}

const conflict = (message: string, reason: string) => new AppError('conflict', message, { reason })
