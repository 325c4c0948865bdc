/** The one-time link by which a second named person makes a grant real. A stranger who tries learns nothing. */
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import {
  confirmByTag,
  type GrantRole,
  grantBehindLink,
  type LinkQuestion,
  lockPerson,
  personBehindTag,
} from '../store/grants.ts'
import { displayName, namesOf } from '../store/people.ts'
import { schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'
import { tagOf } from '../store/seal.ts'
import { type GrantContext, isoDay, now } from './grant-facts.ts'

/** How long a link waits for its person. */
const linkDays = 7

interface Opened {
  boardId: string
  token: string
  /** Who opened the link. */
  personId: string
  /** The school they signed in at; a link of another school of the board then does not work. */
  schoolId?: string
}

export interface GrantOffer {
  role: GrantRole
  /** Display name of who gets the role. */
  person: string
  school: string
  group?: string
  /** Exclusive. */
  until?: string
}

/**
 * What the link of `addGrant` asks its person to confirm, for somebody who is signed in. Changes nothing.
 * @throws AppError `not-found` in every other case: a stranger learns nothing from trying
 */
export async function lookGrant(ctx: GrantContext, opened: Opened): Promise<GrantOffer> {
  const { boardId, personId } = opened
  const keys = await ctx.keyring.board(boardId)
  const offer = await withTenant(ctx.db, { boardId, personId, role: 'person' }, async tx => {
    const grant = await grantBehindLink(tx, question(ctx, opened))
    if (!grant) return null
    const { name: school } = await schoolOf(tx, boardId, grant.schoolId)
    const names = (await namesOf(tx, keys, boardId, [grant.personId])).get(grant.personId)
    await append(tx, { boardId, actor: personId, action: 'grant.look', object: grant.id, outcome: 'done' })
    return { ...grant, school, person: names ? displayName(names) : '' }
  })
  if (!offer) throw new AppError('not-found', 'This link does not work (any more).', { reason: 'grant-link' })
  const { role, person, school, group, until } = offer
  return { role, person, school, ...(group ? { group } : {}), ...(until ? { until: isoDay(until) } : {}) }
}

/**
 * Called for somebody who is signed in, with the token of the link. Works once, for the person it was made for, within seven days.
 * @throws AppError `gone` in every other case: a stranger learns nothing from trying
 */
export async function confirmGrant(ctx: GrantContext, opened: Opened): Promise<{ grantId: string; schoolId: string }> {
  const { boardId, personId } = opened
  const asked = question(ctx, opened)
  const confirmed = await withTenant(ctx.db, { boardId, personId, role: 'person' }, async tx => {
    const receiver = await personBehindTag(tx, boardId, asked.tag)
    if (receiver === null) return null
    await lockPerson(tx, boardId, receiver)
    const grant = await confirmByTag(tx, asked)
    const outcome = grant ? ('done' as const) : ('refused' as const)
    const object = grant ? { object: grant.id } : {}
    await append(tx, { boardId, actor: personId, action: 'grant.confirm', outcome, ...object })
    return grant
  })
  if (!confirmed) throw new AppError('gone', 'This link does not work (any more).', { reason: 'grant-link' })
  return { grantId: confirmed.id, schoolId: confirmed.schoolId }
}

function question(ctx: GrantContext, { boardId, token, personId, schoolId }: Opened): LinkQuestion {
  const at = now(ctx)
  const since = new Date(at.getTime() - linkDays * 86_400_000)
  return { boardId, tag: tagOf(token), personId, schoolId, today: localDay(at), since }
}
