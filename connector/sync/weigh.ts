/** A roster against what is stored now: plan, verdict, and how a run ends. All within one transaction, under the lock. */
import type { Finding } from '../../adapters/source.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { namesOfPeople, readRoster } from '../store/roster.ts'
import { schoolOf } from '../store/schools.ts'
import { changeRun, type RunFinding, type RunReason, type RunState } from '../store/sync-runs.ts'
import { apply } from './apply.ts'
import type { Roster } from './collect.ts'
import { countChanges, diffLines } from './diff.ts'
import { judge, type Verdict } from './guards.ts'
import { isEmpty, type Plan, plan as planChanges } from './plan.ts'
import type { Progress } from './progress.ts'
import { namesFrom, print, takeSnapshot } from './snapshot.ts'
import { type SyncContext, sourceOf } from './source.ts'

export interface SyncInput {
  boardId: string
  sourceId: string
  /** A person's id, `operator`, or `schedule`. */
  by: string
  /** Hold in any case. */
  preview?: boolean
  /** Expected instead of the school's setting and the calendar. */
  schoolYear?: string
  onProgress?: (progress: Progress) => void
}

export interface SyncOutcome {
  runId: string
  state: RunState
  reasons: RunReason[]
  counts: Record<string, number>
  findings: RunFinding[]
  /** To read: see diff.ts. */
  diff: string[]
}

export interface Weighed {
  plan: Plan
  verdict: Verdict
  outcome: Omit<SyncOutcome, 'runId' | 'state'>
  write: () => Promise<void>
}

/** Against what is stored now, under the lock. */
export async function weigh(
  tx: Tx,
  { ctx, keys, input }: { ctx: SyncContext; keys: BoardKeys; input: SyncInput },
  roster: Roster,
): Promise<Weighed> {
  const { boardId, sourceId } = input
  const source = await sourceOf(tx, boardId, sourceId)
  const school = await schoolOf(tx, boardId, source.schoolId)
  const scope = { boardId, schoolId: school.id, sourceId }
  const at = now(ctx)
  const today = localDay(at)
  const snapshot = takeSnapshot(roster, keys)
  const objectIds = snapshot.people.flatMap(({ keys: all }) =>
    all.filter(key => key.type === 'object-id' && key.stable).map(key => key.tag),
  )
  const stored = await readRoster(tx, scope, { objectIds, today })
  const plan = planChanges(snapshot, stored, today)
  const verdict = judge({
    plan,
    snapshot,
    stored,
    school,
    source,
    limits: { ...school.settings.sync, ...(input.schoolYear ? { schoolYear: input.schoolYear } : {}) },
    today,
    sameNames: await countSameNames(tx, keys, boardId, plan),
    preview: input.preview ?? false,
  })
  const { reasons } = verdict
  const counts = { ...countRecords(roster), ...countChanges(plan) }
  const outcome = { reasons, counts, findings: tallyFindings(roster.findings), diff: diffLines(plan, stored) }
  return { plan, verdict, outcome, write: () => apply(tx, { scope, keys, plan, snapshot, stored, at }) }
}

/** Writes it, and in the same transaction how far the source was read. */
export async function applied(
  tx: Tx,
  ctx: SyncContext,
  input: SyncInput,
  runId: string,
  roster: Roster,
  { plan, outcome, write }: Weighed,
): Promise<SyncOutcome> {
  await write()
  const { cursor, createdAt } = roster.proof
  const appliedCreatedAt = createdAt === undefined ? {} : { appliedCreatedAt: new Date(createdAt) }
  await moveCursor(tx, input, { cursor: cursor ?? null, appliedAt: now(ctx), ...appliedCreatedAt })
  return finish(tx, ctx, input, { runId, state: isEmpty(plan) ? 'unchanged' : 'applied', ...outcome })
}

interface CursorMove {
  cursor: string | null
  appliedAt?: Date
  appliedCreatedAt?: Date
}

export async function moveCursor(tx: Tx, { boardId, sourceId }: SyncInput, data: CursorMove): Promise<void> {
  await tx.source.update({ where: { boardId_id: { boardId, id: sourceId } }, data })
}

/** In the transaction of what it tells of. */
export async function finish(tx: Tx, ctx: SyncContext, input: SyncInput, outcome: SyncOutcome): Promise<SyncOutcome> {
  const { runId, state, reasons, counts, findings } = outcome
  const { boardId } = input
  await changeRun(tx, boardId, runId, { state, reasons, counts, findings, phase: 'done', finishedAt: now(ctx) })
  await append(tx, {
    boardId,
    actor: input.by,
    action: `sync.${state}`,
    object: runId,
    outcome: state === 'refused' ? 'refused' : 'done',
    detail: counts,
  })
  return outcome
}

/** Of those to be created, how many carry the names of one to be deactivated: opens names only when both are there. */
async function countSameNames(tx: Tx, keys: BoardKeys, boardId: string, { people }: Plan): Promise<number> {
  if (people.create.length === 0 || people.deactivate.length === 0) return 0
  const leaving = people.deactivate.map(person => person.personId)
  const gone = new Set((await namesOfPeople(tx, keys, boardId, leaving)).map(names => print(keys, names)))
  return people.create.filter(({ next }) => gone.has(print(keys, namesFrom(next.record)))).length
}

const countRecords = ({ groups, people, memberships }: Roster): Record<string, number> => ({
  groups: groups.length,
  people: people.length,
  memberships: memberships.length,
  pupils: people.filter(person => person.role === 'pupil').length,
})

const findingIds = 100

/** By code, in alphabetical order. */
function tallyFindings(findings: Finding[]): RunFinding[] {
  return [...Map.groupBy(findings, finding => finding.code)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, all]) => ({
      code,
      count: all.length,
      sourceIds: all.slice(0, findingIds).map(finding => finding.sourceId),
      details: [...new Set(all.flatMap(({ detail }) => detail ?? []))].sort().slice(0, findingIds),
    }))
}

export const now = (ctx: SyncContext) => (ctx.clock ?? (() => new Date()))()
