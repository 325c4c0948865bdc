/** What was collected against what is stored, in one transaction under the lock: nothing new, applied, held for a person, or refused. */
import type { Proof } from '../../adapters/source.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { appliedBeside, isWorldwide } from '../store/roster.ts'
import { schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'
import { readProfile } from '../store/source-profile.ts'
import { changeRun, lockForApply, supersede } from '../store/sync-runs.ts'
import type { Collected, Roster } from './collect.ts'
import { judgeScope } from './guard-measures.ts'
import { weighIdentities } from './identities.ts'
import { printOf } from './profile.ts'
import type { ProgressReport } from './progress.ts'
import { type StoredSource, type SyncContext, sourceOf } from './source.ts'
import { sealStage } from './stage.ts'
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
export const limits = { timeout: 300_000, maxWait: 20_000 }

/** Of a run that came to no roster. */
export const nothing = { reasons: [], counts: {}, findings: [], diff: [], proof: null, schoolYear: null }

export interface Settling {
  ctx: SyncContext
  keys: BoardKeys
  input: SyncInput
  runId: string
  progress: ProgressReport
  /** Nobody is due, nothing was refused and nobody asked to see it: the very same roster as last time can change nothing. */
  settled: boolean
}

export function settle(run: Settling, collected: Collected): Promise<SyncOutcome> {
  const { ctx, input } = run
  return withTenant(
    ctx.db,
    { boardId: input.boardId, role: 'system' },
    async tx => {
      await lockForApply(tx, input.sourceId)
      if (collected.kind === 'unchanged') return settleUnchanged(tx, run, collected.proof)
      run.progress({ phase: 'plan' })
      const { roster } = collected
      const source = await sourceOf(tx, input.boardId, input.sourceId)
      if (await isSame(tx, run, roster, source)) return settleSame(tx, run, roster)
      const weighed = await weighing(tx, run, roster, source)
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
async function isSame(
  tx: Tx,
  { ctx, keys, input, settled }: Settling,
  roster: Roster,
  source: StoredSource,
): Promise<boolean> {
  if (!settled || roster.proof.kind !== 'snapshot') return false
  const { boardId, sourceId } = input
  const { gives, profile, goodAt, schoolId } = source
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
export function weighing(tx: Tx, run: Weighing, roster: Roster, source: StoredSource): Promise<Weighed> {
  return source.gives === 'identities' ? weighIdentities(tx, run, roster, source) : weigh(tx, run, roster, source)
}
