/** Which grants there are, for who gives them. */
import { localDay } from '../store/calendar.ts'
import { displayName, namesOf } from '../store/people.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { type GrantContext, type GrantFacts, now, toFacts } from './grant-facts.ts'

export interface ListedGrant extends GrantFacts {
  /** Name of the group. */
  group: string | null
  state: GrantState
}

/** Waiting: for the second person. Ended: `until` has come. */
export type GrantState = 'waiting' | 'confirmed' | 'revoked' | 'ended'

/** Newest last; revoked ones too. */
export function listGrants(
  ctx: Pick<GrantContext, 'db' | 'clock'>,
  where: { boardId: string; schoolId?: string; personId?: string },
): Promise<ListedGrant[]> {
  const today = localDay(now(ctx))
  return reading(ctx, where.boardId, async tx => {
    const rows = await tx.grant.findMany({
      where,
      include: { group: { select: { name: true } } },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    return rows.map(({ group, ...row }) => {
      const facts = toFacts(row)
      return { ...facts, group: group?.name ?? null, state: stateOf(facts, today) }
    })
  })
}

function stateOf({ revoked, until, confirmed }: GrantFacts, today: string): GrantState {
  if (revoked) return 'revoked'
  if (until !== null && until <= today) return 'ended'
  return confirmed ? 'confirmed' : 'waiting'
}

/** Display names of those who hold a grant of this school, by person id. Whoever asks for names is in the log. */
export async function namesOfHolders(
  ctx: AdminContext,
  input: By & { boardId: string; schoolId: string },
): Promise<Map<string, string>> {
  const { boardId, schoolId } = input
  const keys = await ctx.keyring.board(boardId)
  return doing(ctx, input, { action: 'grant.list.names', object: () => schoolId }, async tx => {
    const held = await tx.grant.findMany({ where: { boardId, schoolId }, select: { personId: true } })
    const ids = held.map(({ personId }) => personId)
    return new Map([...(await namesOf(tx, keys, boardId, ids))].map(([id, names]) => [id, displayName(names)]))
  })
}
