/** A roster against what is stored now: plan, verdict, and how a run ends. All within one transaction, under the lock. */
import type { Finding, Proof } from '../../adapters/source.ts'
import { queueMail } from '../mail/queue.ts'
import { append } from '../store/audit.ts'
import { localDay, yearSpan } from '../store/calendar.ts'
import { askedElsewhere, decidedConflicts } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { namesOfPeople, readRoster, tagsElsewhere } from '../store/roster.ts'
import { schoolOf } from '../store/schools.ts'
import { readProfile, type SourceProfile } from '../store/source-profile.ts'
import { changeRun, type RunFinding, type RunReason, type RunState } from '../store/sync-runs.ts'
import { apply } from './apply.ts'
import type { Roster } from './collect.ts'
import { keepQuestions } from './conflicts.ts'
import { countChanges, diffLines } from './diff.ts'
import { massUpdate } from './guard-measures.ts'
import { judge, type Verdict } from './guards.ts'
import { askedKeys } from './match.ts'
import { isEmpty, type Plan, plan as planChanges } from './plan.ts'
import { printOf, profileAfter } from './profile.ts'
import type { Progress } from './progress.ts'
import { suspicions } from './reused.ts'
import { namesFrom, print, takeSnapshot } from './snapshot.ts'
import { adapterOf, type StoredSource, type SyncContext, sourceOf } from './source.ts'

export interface SyncInput {
  boardId: string
  sourceId: string
  /** A person's id, `operator`, or `schedule`. */
  by: string
  /** Hold in any case. */
  preview?: boolean
  /** Expected instead of the school's setting and the calendar. One that has not begun is asked of the source, and only adds (plan.ts, `ahead`). */
  schoolYear?: string
  /** An uploaded file on this machine, for a source that takes one. */
  file?: string
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
  /** What the source proved; null when it did not come so far. */
  proof: Proof['kind'] | null
  schoolYear: string | null
}

export interface Weighed {
  plan: Plan
  verdict: Verdict
  outcome: Omit<SyncOutcome, 'runId' | 'state'>
  /** Of the source, once this is applied. */
  profile: SourceProfile
  write: () => Promise<void>
}

export interface Weighing {
  ctx: SyncContext
  keys: BoardKeys
  input: SyncInput
  /** A person has seen the reasons, or asks what would happen then. */
  approving?: boolean
}

/** Against what is stored now, under the lock. */
export async function weigh(tx: Tx, weighing: Weighing, roster: Roster, source: StoredSource): Promise<Weighed> {
  const { ctx, keys, input, approving = false } = weighing
  const { boardId, sourceId } = input
  const school = await schoolOf(tx, boardId, source.schoolId)
  const scope = { boardId, schoolId: school.id, sourceId }
  const at = now(ctx)
  const today = localDay(at)
  const snapshot = takeSnapshot(roster, keys)
  const stored = {
    ...(await readRoster(tx, scope, { asked: askedKeys(snapshot.people), today })),
    decided: await decidedConflicts(tx, keys, scope),
    askedElsewhere: await askedElsewhere(tx, scope),
  }
  const asked = input.schoolYear ?? null
  const limits = { ...school.settings.sync, ...(asked !== null && !isAhead(asked, today) ? { schoolYear: asked } : {}) }
  const first = planChanges(snapshot, stored, today)
  const everyone = massUpdate({ plan: first, stored, limits })
  const said = stored.decided
  const { doubts, strangers } = await suspicions(tx, { keys, boardId, plan: first, said, everyone, approving })
  const isDoubted = doubts.open.size + doubts.other.size > 0
  const plan = isDoubted ? planChanges(snapshot, stored, today, doubts) : first
  const profile = readProfile(source.profile)
  const damaged = roster.findings.filter(finding => finding.code === 'damaged-text').length
  const verdict = judge({
    ...{ plan, snapshot, stored, school, source, profile, limits, asked, today, strangers, damaged },
    sameNames: await countSameNames(tx, keys, boardId, plan),
    movedGroups: await movedGroups(tx, weighing, source.kind, plan),
    preview: input.preview ?? false,
  })
  const { reasons } = verdict
  const counts = { ...countRecords(roster), ...countChanges(plan) }
  const { kind, scope: answered } = roster.proof
  const outcome = {
    ...{ reasons, counts, findings: tallyFindings(roster.findings), diff: diffLines(plan, stored) },
    ...{ proof: kind, schoolYear: answered.schoolYear },
  }
  const seenAt = source.goodAt ?? source.appliedAt ?? at
  return {
    ...{
      plan,
      verdict,
      outcome,
      profile: profileAfter(profile, snapshot, { damaged, print: printOf(roster, keys, today) }),
    },
    write: async () => {
      const before = new Map(stored.people.map(person => [person.tag, person.personId]))
      const people = isEmpty(plan) ? before : await apply(tx, { scope, keys, plan, snapshot, stored, at, seenAt })
      const personOf = (tag: string) => people.get(tag)
      await keepQuestions(tx, { keys, scope, kind: plan.kind, snapshot, questions: plan.conflicts, personOf, at })
    },
  }
}

/** A school year that has not begun. */
export const isAhead = (schoolYear: string, today: string): boolean => yearSpan(schoolYear).startsOn > today

/**
 * Writes it, and in the same transaction how far the source was read. Of a year that has not begun nothing is noted at the source: the present
 * one goes on from where it was.
 */
export async function applied(
  tx: Tx,
  ctx: SyncContext,
  input: SyncInput,
  { runId, readAt, roster, weighed }: { runId: string; readAt: Date; roster: Roster; weighed: Weighed },
): Promise<SyncOutcome> {
  const { plan, outcome, profile, write } = weighed
  await write()
  if (plan.kind !== 'ahead') {
    const { cursor = null, createdAt } = roster.proof
    const appliedAt = now(ctx)
    await noteSource(tx, input, {
      ...{ cursor: plan.askForAll ? null : cursor, appliedAt, goodAt: appliedAt, profile },
      ...(plan.kind === 'snapshot' ? { fullAt: readAt } : {}),
      ...(createdAt === undefined ? {} : { appliedCreatedAt: new Date(createdAt) }),
    })
  }
  return finish(tx, ctx, input, { runId, state: isEmpty(plan) ? 'unchanged' : 'applied', ...outcome })
}

interface SourceChange {
  cursor?: string | null
  /** Of the last run that ended well: applied, or nothing to apply. */
  goodAt?: Date
  appliedAt?: Date
  appliedCreatedAt?: Date
  /** When everything was read that is applied. */
  fullAt?: Date
  profile?: SourceProfile
}

/** In the transaction of what it tells of. */
export async function noteSource(tx: Tx, { boardId, sourceId }: SyncInput, data: SourceChange): Promise<void> {
  await tx.source.update({ where: { boardId_id: { boardId, id: sourceId } }, data })
}

/** In the transaction of what it tells of. */
export async function finish(tx: Tx, ctx: SyncContext, input: SyncInput, outcome: SyncOutcome): Promise<SyncOutcome> {
  const { runId, state, reasons, counts, findings, diff, proof, schoolYear } = outcome
  const { boardId } = input
  const result = { state, reasons, counts, findings, diff, proof, schoolYear }
  await changeRun(tx, boardId, runId, { ...result, phase: 'done', finishedAt: now(ctx) })
  await append(tx, {
    boardId,
    actor: input.by,
    action: `sync.${state}`,
    object: runId,
    outcome: state === 'refused' || state === 'failed' ? state : 'done',
    detail: counts,
  })
  if (state === 'held' || state === 'refused') await tellOfRun(tx, ctx, input, runId)
  return outcome
}

/** Who is at the command line sees it there; whoever is not must hear that somebody has to look. */
async function tellOfRun(tx: Tx, ctx: SyncContext, { boardId, sourceId, by }: SyncInput, runId: string): Promise<void> {
  if (by === 'operator') return
  const { schoolId } = await sourceOf(tx, boardId, sourceId)
  const to = [['IT_ADMINISTRATOR', 'SCHOOL_LEADER'] as const]
  await queueMail(tx, { boardId, schoolId, now: now(ctx), kind: 'roster-held', to, except: by, aboutId: runId })
}

/** Of those to be created, how many carry the names of one to be deactivated: opens names only when both are there. */
async function countSameNames(tx: Tx, keys: BoardKeys, boardId: string, { people }: Plan): Promise<number> {
  if (people.create.length === 0 || people.deactivate.length === 0) return 0
  const leaving = people.deactivate.map(person => person.personId)
  const gone = new Set((await namesOfPeople(tx, keys, boardId, leaving)).map(names => print(keys, names)))
  return people.create.filter(({ next }) => gone.has(print(keys, namesFrom(next.record)))).length
}

/** Names of groups to be created whose key is a group of another school already: where a key is one organisation's, it is the same group. */
async function movedGroups(
  tx: Tx,
  { ctx, input }: Weighing,
  kind: string,
  { groups, schoolYear }: Plan,
): Promise<string[]> {
  if (groups.create.length === 0 || adapterOf(ctx, kind).can.keysUniqueIn !== 'organisation') return []
  const tags = groups.create.map(group => group.tag)
  const elsewhere = new Set(await tagsElsewhere(tx, input, { kind, schoolYear, tags }))
  return groups.create.filter(group => elsewhere.has(group.tag)).map(group => group.record.name)
}

export const countRecords = ({ groups, people, memberships }: Roster): Record<string, number> => ({
  groups: groups.length,
  people: people.length,
  memberships: memberships.length,
  pupils: people.filter(person => person.role === 'pupil').length,
})

const findingIds = 100

/** By code, in alphabetical order. */
export function tallyFindings(findings: Finding[]): RunFinding[] {
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
