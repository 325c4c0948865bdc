/** The queue of records that may be somebody the board knows (rosters.md §8), with the names of either side, for who decides. */
import { AppError } from '../errors.ts'
import { localDay } from '../store/calendar.ts'
import { type ConflictKind, openShown } from '../store/conflicts.ts'
import type { Tx } from '../store/database.ts'
import { openingRoles, standingGrants, teachesHomeroom } from '../store/grants.ts'
import { displayName, namesOf } from '../store/people.ts'
import { type By, doing, operator, reading } from './context.ts'
import { type GrantContext, isoDay, now } from './grant-facts.ts'

export interface ConflictSide {
  personId: string
  name: string
  /** In each school of the board: what, and in which groups today. */
  at: { school: string; role: string; status: string; groups: string[] }[]
  /** May open reports: by a grant, one that waits, or as the teacher of a homeroom. */
  opens: boolean
}

export interface ListedConflict {
  id: string
  schoolId: string
  source: string
  gives: string
  kind: ConflictKind
  /** Why this is a question, in a sentence. */
  why: string
  record: { sourceId: string; role: string; name: string; person: ConflictSide | null }
  candidates: ConflictSide[]
  since: string
}

/** The open ones, oldest first, with the names of either side: that they were shown is in the log. */
export function listConflicts(
  ctx: GrantContext,
  input: By & { boardId: string; schoolId?: string; limit?: number },
): Promise<ListedConflict[]> {
  const { boardId, schoolId, limit = 100 } = input
  const where = { boardId, state: 'open', ...(schoolId === undefined ? {} : { schoolId }) }
  return describe(ctx, input, { action: 'conflict.list', object: schoolId ?? boardId }, tx =>
    tx.matchConflict.findMany({
      where,
      include: { source: { select: { label: true, gives: true } } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
      take: limit,
    }),
  )
}

/** The same ones without a name: which there are, and who each may be. */
export function openConflicts(
  ctx: Pick<GrantContext, 'db'>,
  { boardId, schoolId }: { boardId: string; schoolId?: string },
): Promise<{ id: string; candidates: string[] }[]> {
  const where = { boardId, state: 'open', ...(schoolId === undefined ? {} : { schoolId }) }
  return reading(ctx, boardId, tx =>
    tx.matchConflict.findMany({ where, select: { id: true, candidates: true }, orderBy: { createdAt: 'asc' } }),
  )
}

/** One, whatever its state. @throws AppError `not-found` */
export async function showConflict(
  ctx: GrantContext,
  input: By & { boardId: string; conflictId: string },
): Promise<ListedConflict> {
  const { boardId, conflictId } = input
  const [found] = await describe(ctx, input, { action: 'conflict.show', object: conflictId }, async tx => [
    await conflictRow(tx, boardId, conflictId),
  ])
  if (!found) throw unknown()
  return found
}

export type ConflictRow = Awaited<ReturnType<typeof conflictRow>>

/** @throws AppError `not-found` */
export async function conflictRow(tx: Tx, boardId: string, id: string) {
  const row = await tx.matchConflict.findUnique({
    where: { boardId_id: { boardId, id } },
    include: { source: { select: { label: true, gives: true } } },
  })
  if (!row) throw unknown()
  return row
}

async function describe(
  ctx: GrantContext,
  { boardId, by = operator }: By & { boardId: string },
  { action, object }: { action: string; object: string },
  find: (tx: Tx) => Promise<ConflictRow[]>,
): Promise<ListedConflict[]> {
  const keys = await ctx.keyring.board(boardId)
  const today = localDay(now(ctx))
  return doing(ctx, { boardId, by }, { action, object: () => object }, async tx => {
    const rows = await find(tx)
    const ids = [...new Set(rows.flatMap(row => [...row.candidates, ...(row.personId === null ? [] : [row.personId])]))]
    const names = await namesOf(tx, keys, boardId, ids)
    const sides = new Map<string, ConflictSide>()
    for (const id of ids) sides.set(id, await sideOf(tx, { boardId, personId: id, today, names }))
    return rows.map(row => {
      const { shown } = openShown(keys, row)
      const person = row.personId === null ? null : (sides.get(row.personId) ?? null)
      const { id, schoolId, source, createdAt } = row
      return {
        ...{ id, schoolId, source: source.label, gives: source.gives },
        // SAFETY: only store/conflicts.ts writes kinds.
        kind: row.kind as ConflictKind,
        why: why[row.kind as ConflictKind],
        record: { sourceId: shown.sourceId, role: shown.role, name: displayName(shown.names), person },
        candidates: row.candidates.flatMap(each => sides.get(each) ?? []),
        since: isoDay(createdAt),
      }
    })
  })
}

const why: Record<ConflictKind, string> = {
  'same-key': 'The record has an id of somebody who is in the board already, and that id alone does not prove it.',
  'staff-address': 'The record has the address of a colleague. Addresses are given to the next, so a person decides.',
  'reused-key': 'The source’s key had another name before: a corrected name, or another human.',
}

type SideQuestion = { boardId: string; personId: string; today: string; names: Awaited<ReturnType<typeof namesOf>> }

async function sideOf(tx: Tx, { boardId, personId, today, names }: SideQuestion): Promise<ConflictSide> {
  const day = new Date(`${today}T00:00:00Z`)
  const affiliations = await tx.affiliation.findMany({
    where: { boardId, personId },
    include: { source: { select: { school: { select: { id: true, name: true } } } } },
    orderBy: [{ schoolId: 'asc' }, { id: 'asc' }],
  })
  const memberships = await tx.membership.findMany({
    where: { boardId, personId, startsOn: { lte: day }, OR: [{ endsOn: null }, { endsOn: { gt: day } }] },
    include: { group: { select: { name: true } } },
    orderBy: { groupId: 'asc' },
  })
  const found = names.get(personId)
  return {
    personId,
    name: found ? displayName(found) : '',
    at: affiliations.map(({ schoolId, role, status, source }) => ({
      ...{ school: source.school.name, role, status },
      groups: memberships.filter(each => each.schoolId === schoolId).map(each => each.group.name),
    })),
    opens: await mayOpen(tx, boardId, personId, today),
  }
}

/** By a grant, one that waits, or as the teacher of a homeroom. */
export async function mayOpen(tx: Tx, boardId: string, personId: string, today: string): Promise<boolean> {
  const opening = { boardId, personId, role: { in: openingRoles }, ...standingGrants(today) }
  return (await tx.grant.count({ where: opening })) > 0 || (await teachesHomeroom(tx, boardId, personId, today))
}

const unknown = () => new AppError('not-found', 'There is no such question.', { reason: 'conflict-unknown' })
