/**
 * The answers of people to whether a record is somebody the board knows. "The same" puts two rows together, or gives an account to a person, and so
 * decides who may sign in as whom: it is guarded like a grant. Source: design.md, "Who may grant".
 */
import { AppError } from '../errors.ts'
import { queueMail } from '../mail/queue.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import { openShown } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import { currentGrants, grantingRoles } from '../store/grants.ts'
import { endSignIns, linkAccount } from '../store/identity-keys.ts'
import { mergePeople } from '../store/merge-people.ts'
import { withTenant } from '../store/scope.ts'
import { lockForApply } from '../store/sync-runs.ts'
import { type ConflictRow, conflictRow, mayOpen } from './conflict-list.ts'
import { type By, operator } from './context.ts'
import { type GrantContext, now } from './grant-facts.ts'
import { endSessions } from './sign-ins.ts'

/** Waits for a sync that is writing. */
const limits = { timeout: 120_000, maxWait: 20_000 }

export interface Decider {
  /** A person's id, or `operator`. */
  by: string
  /** Of today, in this school. */
  roles: readonly string[]
}

/**
 * Who may say that a record is somebody: a leader or the CSV of the school, never about themselves. An administrator only where nobody on either
 * side may open reports: with an account of his own linked to the leader he would see them. At the command line whoever can start it has the
 * machine, and the master key, anyway.
 * @param people on either side of the question
 * @returns the reason why not, or null
 * Source: design.md, "Who may grant".
 */
export function whyNotDecide(
  { by, roles }: Decider,
  people: readonly { personId: string; opens: boolean }[],
): 'self' | 'not-deciding' | 'needs-leader' | null {
  if (by === operator) return null
  if (people.some(person => person.personId === by)) return 'self'
  if (grantingRoles.some(role => roles.includes(role))) return null
  if (!roles.includes('IT_ADMINISTRATOR')) return 'not-deciding'
  return people.some(person => person.opens) ? 'needs-leader' : null
}

const refusals = {
  self: 'Nobody decides this about themselves.',
  'not-deciding': 'A school leader, the safety coordinator or an administrator of this school decides this.',
  'needs-leader': 'One of them may open reports: the school leader or the safety coordinator decides this.',
} as const

export interface Decided {
  conflictId: string
  state: 'same' | 'other'
  /** Whom the record is, when it is the same. */
  personId: string | null
}

type Answer = By & { boardId: string; conflictId: string }

/**
 * The record is this person. A newcomer's own row is merged into theirs; an account's keys are theirs from now on; a key that came back with
 * another name is still theirs. Sessions of all whom it touches end.
 * @param input.personId one of the candidates. @throws AppError `conflict` with reason `decided-already`, or why they cannot be one
 * (store/merge-people.ts, store/identity-keys.ts); `forbidden` with a reason of `whyNotDecide`; `invalid-input`; `not-found`
 */
export function decideSame(ctx: GrantContext, input: Answer & { personId: string }): Promise<Decided> {
  const { personId } = input
  return decide(ctx, input, 'same', async (tx, row, { at, today }) => {
    if (!row.candidates.includes(personId))
      throw new AppError('invalid-input', 'That person is not one of those it may be.', { reason: 'not-a-candidate' })
    const { boardId, schoolId, sourceId } = row
    const record = row.personId
    if (row.kind === 'reused-key') return [personId]
    if (row.source.gives === 'identities' && (await isHere(tx, row, personId))) {
      const keys = await ctx.keyring.board(boardId)
      const { shown } = openShown(keys, row)
      const account = { role: shown.role, keys: shown.keys }
      const lost = await linkAccount(tx, { boardId, schoolId, sourceId }, { personId, account })
      await endSignIns(tx, { boardId, schoolId }, lost, at)
      return [personId, ...lost.map(key => key.personId)]
    }
    if (record === null)
      throw new AppError('conflict', 'That person is not of this school (any more).', { reason: 'not-here' })
    if (record !== personId) await mergePeople(tx, { boardId, from: record, into: personId, today, at })
    return [record, personId]
  })
}

/** By a roster, and not gone. */
async function isHere(tx: Tx, { boardId, schoolId }: ConflictRow, personId: string): Promise<boolean> {
  const roster = { source: { gives: 'roster' } }
  return (
    (await tx.affiliation.count({ where: { boardId, schoolId, personId, status: { not: 'inactive' }, ...roster } })) > 0
  )
}

/**
 * The record is none of those it may be: it is not asked again, until it may be somebody else. Of a key that came back with another name every
 * account of who had it is unlinked: what went on to somebody else can be theirs, and the rest is linked again by its next sign-in.
 */
export function decideOther(ctx: GrantContext, input: Answer): Promise<Decided> {
  const { boardId, by = operator } = input
  return decide(ctx, input, 'other', async (tx, row) => {
    if (row.kind !== 'reused-key') return []
    for (const personId of row.candidates) {
      const { count: links } = await tx.identity.deleteMany({ where: { boardId, personId } })
      const entry = { boardId, actor: by, action: 'identity.unlink', object: personId, outcome: 'done' } as const
      if (links > 0) await append(tx, { ...entry, detail: { links } })
    }
    return row.candidates
  })
}

type Work = (tx: Tx, row: ConflictRow, when: { at: Date; today: string }) => Promise<string[]>

/** Exactly one of however many decide at once does. @param work @returns whose sessions end */
async function decide(
  ctx: GrantContext,
  { boardId, conflictId, by = operator, ...rest }: Answer & { personId?: string },
  state: Decided['state'],
  work: Work,
): Promise<Decided> {
  const at = now(ctx)
  const today = localDay(at)
  return withTenant(
    ctx.db,
    { boardId, role: 'system' },
    async tx => {
      await conflictRow(tx, boardId, conflictId)
      // A sync that is writing knows either of the two by what they were: it goes first, or comes after.
      const sources = await tx.source.findMany({ where: { boardId }, select: { id: true }, orderBy: { id: 'asc' } })
      for (const { id } of sources) await lockForApply(tx, id)
      const personId = rest.personId ?? null
      const claimed = await tx.matchConflict.updateMany({
        where: { boardId, id: conflictId, state: 'open' },
        data: { state, decidedFor: personId, decidedBy: by, decidedAt: at },
      })
      if (claimed.count === 0)
        throw new AppError('conflict', 'This question was answered, or is no longer one.', {
          reason: 'decided-already',
        })
      const row = await conflictRow(tx, boardId, conflictId)
      const people = [...new Set([...(row.personId === null ? [] : [row.personId]), ...row.candidates])]
      await mustDecide(tx, row, { by, today, people })
      for (const id of new Set(await work(tx, row, { at, today }))) await endSessions(tx, { boardId, personId: id })
      const detail = {
        kind: row.kind,
        ...(row.personId ? { record: row.personId } : {}),
        ...(personId ? { person: personId } : {}),
      }
      await append(tx, { boardId, actor: by, action: `conflict.${state}`, object: conflictId, outcome: 'done', detail })
      // Whose account is whose has changed, and so who may come in as whom.
      const school = { boardId, schoolId: row.schoolId, now: at }
      await queueMail(tx, {
        ...school,
        kind: 'sign-in-changed',
        to: ['SCHOOL_LEADER', 'SAFETY_COORDINATOR'],
        except: by,
        aboutId: conflictId,
      })
      return { conflictId, state, personId }
    },
    limits,
  )
}

async function mustDecide(
  tx: Tx,
  { boardId, schoolId }: ConflictRow,
  { by, today, people }: { by: string; today: string; people: string[] },
): Promise<void> {
  if (by === operator) return
  const held = await tx.grant.findMany({
    where: { boardId, schoolId, personId: by, person: { active: true }, ...currentGrants(today) },
    select: { role: true },
  })
  const sides: { personId: string; opens: boolean }[] = []
  for (const personId of people) sides.push({ personId, opens: await mayOpen(tx, boardId, personId, today) })
  const roles = held.map(grant => grant.role)
  const reason = whyNotDecide({ by, roles }, sides)
  if (reason !== null) throw new AppError('forbidden', refusals[reason], { reason })
}
