/**
 * Each minute: who must hear of reports that nobody was told of, and of urgent ones that nobody opened. The rows of the reports say so themselves;
 * nothing that was forgotten, by a queue or by a crash, stays forgotten. Source: safety.md §4, design.md "Confidential, not anonymous".
 */
import type { Log } from '../log.ts'
import type { Database, Tx } from '../store/database.ts'
import type { BoardKeys, Keyring } from '../store/keyring.ts'
import { withTenant } from '../store/scope.ts'
import { lockBoard, noteTold, schoolsWithUntold, type Unlooked, unlookedAt, untoldOf } from '../store/unnotified.ts'
import { queueFor } from './queue.ts'
import { addressesOf, holdersOf, type OfSchool } from './recipients.ts'

export interface SweepContext {
  db: Database
  keyring: Keyring
  log: Log
  clock: () => Date
}

/** Of one school and one transaction; the rest comes a minute later. */
const atATime = 500
const minuteMs = 60_000
/** An urgent report that nobody opened goes to a second person. */
const lookMs = 15 * minuteMs
/** What is older was looked at by another way, or never will be because of a mail. */
const judgedMs = 7 * 24 * 60 * minuteMs
const limits = { timeout: 60_000, maxWait: 10_000 }

export interface Swept {
  /** Reports of which somebody will hear. */
  told: number
  /** Urgent ones that went to a second person. */
  escalated: number
  /** Schools with something to tell and nobody to tell it to. */
  nobody: string[]
}

/** One connector at a time looks after a board; another one's sweep of it does nothing. */
export async function sweepBoard(ctx: SweepContext, boardId: string): Promise<Swept> {
  const keys = await ctx.keyring.board(boardId)
  return withTenant(
    ctx.db,
    { boardId, role: 'system' },
    async tx => {
      const swept: Swept = { told: 0, escalated: 0, nobody: [] }
      if (!(await lockBoard(tx, boardId))) return swept
      const now = ctx.clock()
      for (const schoolId of await schoolsWithUntold(tx, boardId)) {
        const { told, left } = await tellSchool(tx, keys, { boardId, schoolId, now })
        swept.told += told
        if (left) swept.nobody.push(schoolId)
      }
      const span = { toldBefore: new Date(now.getTime() - lookMs), toldAfter: new Date(now.getTime() - judgedMs) }
      for (const report of await unlookedAt(tx, { boardId, ...span })) {
        const reached = await judge(tx, keys, { boardId, schoolId: report.schoolId, now }, report)
        if (reached === 'second') swept.escalated += 1
        if (reached === 'nobody') swept.nobody.push(report.schoolId)
      }
      return swept
    },
    limits,
  )
}

/** In the order in which they are told. */
interface Circle {
  coordinators: string[]
  leaders: string[]
  /** Who may not open reports, and can walk to somebody who may. */
  near: string[]
}

/** Only who has an address. @param not who could not be reached */
async function circleOf(tx: Tx, keys: BoardKeys, at: OfSchool, not: string | null = null): Promise<Circle> {
  const coordinators = await holdersOf(tx, at, ['SAFETY_COORDINATOR'])
  const leaders = await holdersOf(tx, at, ['SCHOOL_LEADER'])
  const near = await holdersOf(tx, at, ['SUPPORT_COORDINATOR', 'CONFIDENTIAL_ADVISER'])
  const reached = await addressesOf(tx, keys, at.boardId, [...coordinators, ...leaders, ...near])
  const who = (ids: string[]) => ids.filter(id => reached.has(id) && id !== not)
  return { coordinators: who(coordinators), leaders: who(leaders), near: who(near) }
}

/** The coordinators, else the leaders; of what is urgent both. Never who is said to have done it. */
function whoHears(
  { coordinators, leaders }: Circle,
  { urgent, actors }: { urgent: boolean; actors: string[] },
): string[] {
  const apart = (ids: string[]) => ids.filter(id => !actors.includes(id))
  const first = apart(coordinators)
  return urgent || first.length === 0 ? [...new Set([...first, ...apart(leaders)])] : first
}

async function tellSchool(tx: Tx, keys: BoardKeys, at: OfSchool): Promise<{ told: number; left: boolean }> {
  const reports = await untoldOf(tx, { ...at, limit: atATime })
  const circle = await circleOf(tx, keys, at)
  const hears = reports.map(report => ({ report, people: whoHears(circle, report) }))
  const told = hears.filter(({ people }) => people.length > 0)
  const people = (urgent: boolean) => told.filter(({ report }) => report.urgent === urgent).flatMap(each => each.people)
  await queueFor(tx, { ...at, kind: 'urgent-report', personIds: people(true) })
  await queueFor(tx, { ...at, kind: 'new-reports', personIds: people(false) })
  await noteTold(
    tx,
    at.boardId,
    told.map(({ report }) => report.id),
    at.now,
  )
  return { told: told.length, left: told.length < hears.length }
}

/** A row about the report in any case, so that it is judged once; unless nobody at all could be reached. */
async function judge(tx: Tx, keys: BoardKeys, at: OfSchool, report: Unlooked): Promise<'opened' | 'second' | 'nobody'> {
  const { boardId, schoolId, now } = at
  const mark = (lastCode: string) =>
    tx.mailItem.create({
      data: {
        ...{ boardId, id: report.id, schoolId, kind: 'report-unread', aboutId: report.id },
        ...done(lastCode, now),
      },
    })
  if (report.opened) {
    await mark('opened')
    return 'opened'
  }
  const { coordinators, leaders, near } = await circleOf(tx, keys, at)
  const people = [...coordinators, ...leaders, ...near].filter(id => !report.actors.includes(id))
  if (people.length === 0) return 'nobody'
  await queueFor(tx, { ...at, kind: 'report-unread', personIds: people, aboutId: report.id })
  await mark('told')
  return 'second'
}

const done = (lastCode: string, now: Date) => ({ state: 'dropped', lastCode, urgent: true, dueAt: now, createdAt: now })

/**
 * When a mail about reports reached its person for good: everybody else who may hear of it. Without anybody the row that failed stays for `m5 mail
 * status` to find. @returns how many people
 */
export async function tellOthers(
  tx: Tx,
  keys: BoardKeys,
  { kind, not, ...at }: OfSchool & { kind: string; not: string | null },
): Promise<number> {
  const circle = await circleOf(tx, keys, at, not)
  const urgent = kind !== 'new-reports'
  // Whoever this failed for lately is not asked again: two dead addresses would write to each other for ever.
  const failed = await tx.mailItem.findMany({
    where: {
      ...{ boardId: at.boardId, schoolId: at.schoolId, state: { in: ['failed', 'dropped'] }, personId: { not: null } },
      createdAt: { gt: new Date(at.now.getTime() - judgedMs) },
    },
    select: { personId: true },
  })
  const actors = failed.flatMap(row => row.personId ?? [])
  const people = whoHears(circle, { urgent, actors })
  const rest = people.length > 0 || !urgent ? people : circle.near.filter(id => !actors.includes(id))
  return queueFor(tx, { ...at, kind: urgent ? 'urgent-report' : 'new-reports', personIds: rest })
}
