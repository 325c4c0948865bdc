/** Which passkeys there are, and the one yes that makes one count: of a leader of that school, for somebody else. */
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import { currentGrants, standingGrants } from '../store/grants.ts'
import { displayName, namesOf } from '../store/people.ts'
import { withTenant } from '../store/scope.ts'
import type { Caller } from './access.ts'
import type { EntryContext } from './context.ts'

export interface PasskeyFacts {
  id: string
  label: string
  state: 'unconfirmed' | 'confirmed'
  createdAt: Date
  lastUsedAt: Date | null
}

type Who = Pick<Caller, 'boardId' | 'schoolId' | 'personId'>

/** One's own, oldest first; revoked ones are gone. */
export async function ownPasskeys(context: EntryContext, who: Who): Promise<PasskeyFacts[]> {
  const { boardId, schoolId, personId } = who
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx =>
    (await standing(tx, { boardId, schoolId, personId })).map(toFacts),
  )
}

/** Those of the school, with whose they are, for a leader. In the log, since it names people. @throws AppError `forbidden` */
export async function schoolPasskeys(
  context: EntryContext,
  who: Who,
): Promise<(PasskeyFacts & { person: string; own: boolean })[]> {
  const { boardId, schoolId, personId } = who
  const keys = await context.keyring.board(boardId)
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    await mustLead(context, tx, who)
    const rows = await standing(tx, { boardId, schoolId })
    const names = await namesOf(tx, keys, boardId, [...new Set(rows.map(row => row.personId))])
    const nameOf = (id: string) => {
      const found = names.get(id)
      return found ? displayName(found) : ''
    }
    await append(tx, { boardId, actor: personId, action: 'passkey.list', object: schoolId, outcome: 'done' })
    return rows.map(row => ({ ...toFacts(row), person: nameOf(row.personId), own: row.personId === personId }))
  })
}

/**
 * Once. Twice is `conflict`, so that two leaders know of each other.
 * @throws AppError `forbidden` (`not-leading`, `it-administrator`, `self`), `not-found` (also of another school), `conflict` (`confirmed-already`)
 */
export async function confirmPasskey(context: EntryContext, who: Who, id: string): Promise<void> {
  const { boardId, schoolId, personId } = who
  await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    await mustLead(context, tx, who)
    const row = await tx.passkey.findFirst({
      where: { boardId, id, schoolId, revokedAt: null, person: { active: true } },
    })
    if (!row) throw unknown()
    if (row.personId === personId) throw forbidden('Nobody confirms their own passkey.', 'self')
    const { count } = await tx.passkey.updateMany({
      where: { boardId, id, schoolId, revokedAt: null, confirmedAt: null, personId: { not: personId } },
      data: { confirmedAt: context.clock(), confirmedBy: personId },
    })
    if (count !== 1)
      throw new AppError('conflict', 'This passkey is confirmed already.', { reason: 'confirmed-already' })
    await append(tx, { boardId, actor: personId, action: 'passkey.confirm', object: id, outcome: 'done' })
  })
}

/** Giving one's own up is always allowed; taking another's away is for a leader. Twice is `not-found`. @throws AppError as confirmPasskey */
export async function revokePasskey(context: EntryContext, who: Who, id: string): Promise<void> {
  const { boardId, schoolId, personId } = who
  await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const row = await tx.passkey.findFirst({ where: { boardId, id, revokedAt: null } })
    // A passkey that is not there and one that is not theirs are the same to whoever leads no school.
    if (row?.personId !== personId) await mustLead(context, tx, who)
    if (!row || (row.personId !== personId && row.schoolId !== schoolId)) throw unknown()
    const { count } = await tx.passkey.updateMany({
      where: { boardId, id, revokedAt: null },
      data: { revokedAt: context.clock() },
    })
    if (count !== 1) throw unknown()
    // What it proved in the last minutes goes with it.
    await tx.session.updateMany({
      where: { boardId, personId: row.personId, freshBy: 'passkey' },
      data: { freshAt: null, freshBy: null },
    })
    await append(tx, { boardId, actor: personId, action: 'passkey.revoke', object: id, outcome: 'done' })
  })
}

/** A leader of this very school, today; whoever administers the systems of any school of the board is none. */
async function mustLead(context: EntryContext, tx: Tx, { boardId, schoolId, personId }: Who): Promise<void> {
  const today = localDay(context.clock())
  const leads = await tx.grant.count({
    where: { boardId, schoolId, personId, role: 'SCHOOL_LEADER', person: { active: true }, ...currentGrants(today) },
  })
  if (leads === 0) throw forbidden('A leader of this school confirms passkeys.', 'not-leading')
  const administers = await tx.grant.count({
    where: { boardId, personId, role: 'IT_ADMINISTRATOR', ...standingGrants(today) },
  })
  if (administers > 0) throw forbidden('Who administers the systems confirms no passkeys.', 'it-administrator')
}

const standing = (tx: Tx, where: { boardId: string; schoolId: string; personId?: string }) =>
  tx.passkey.findMany({ where: { ...where, revokedAt: null }, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] })

interface Stored {
  id: string
  label: string
  createdAt: Date
  lastUsedAt: Date | null
  confirmedAt: Date | null
}

const toFacts = ({ id, label, createdAt, lastUsedAt, confirmedAt }: Stored): PasskeyFacts => ({
  ...{ id, label, createdAt, lastUsedAt },
  state: confirmedAt ? 'confirmed' : 'unconfirmed',
})

const unknown = () => new AppError('not-found', 'There is no such passkey here.', { reason: 'passkey-unknown' })
const forbidden = (message: string, reason: string) => new AppError('forbidden', message, { reason })
