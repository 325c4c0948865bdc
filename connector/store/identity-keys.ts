/** What a source of identities may touch: keys of its own for people whom a roster brought to this school, and the sign-ins that came of them. */
import { randomUUID } from 'node:crypto'
import { AppError } from '../errors.ts'
import type { Tx } from './database.ts'
import { type AskedKey, type KeyHolder, type RosterScope, readKeyHolders, type StoredKey } from './roster.ts'
import { insertKeys } from './roster-changes.ts'

export interface StoredAccountKey extends StoredKey {
  personId: string
}

export interface StoredIdentities {
  /** Roles by person id, of people who are here by a roster and not inactive. */
  people: ReadonlyMap<string, string[]>
  /** Of this source. */
  keys: StoredAccountKey[]
  holders: KeyHolder[]
}

export async function readIdentities(
  tx: Tx,
  scope: RosterScope,
  { asked, today }: { asked: AskedKey[]; today: string },
): Promise<StoredIdentities> {
  const { boardId, schoolId, sourceId } = scope
  const people = await tx.$queryRaw<{ personId: string; roles: string[] }[]>`
    select a."personId", array_agg(distinct a.role) as roles
    from "Affiliation" a join "Source" s on s."boardId" = a."boardId" and s.id = a."sourceId" and s.gives = 'roster'
    where a."boardId" = ${boardId}::uuid and a."schoolId" = ${schoolId}::uuid and a.status <> 'inactive'
    group by a."personId"`
  const keys = await tx.$queryRaw<StoredAccountKey[]>`
    select id, "personId", type, encode("valueTag", 'hex') as tag, stable from "RosterKey"
    where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid`
  return {
    people: new Map(people.map(({ personId, roles }) => [personId, roles])),
    keys,
    holders: await readKeyHolders(tx, scope, { asked, today }),
  }
}

export interface LostKey {
  personId: string
  type: string
  tag: string
}

/** Deletes them. @param ids of this source, or `all`. @returns whose they were */
export async function takeKeys(tx: Tx, scope: RosterScope, ids: readonly string[] | 'all'): Promise<LostKey[]> {
  if (ids.length === 0) return []
  const { boardId, schoolId, sourceId } = scope
  return tx.$queryRaw<LostKey[]>`
    delete from "RosterKey"
    where "boardId" = ${boardId}::uuid and "schoolId" = ${schoolId}::uuid and "sourceId" = ${sourceId}::uuid
      and (${ids === 'all'}::boolean or id = any (${ids === 'all' ? [] : ids}::uuid[]))
    returning "personId", type, encode("valueTag", 'hex') as tag`
}

/**
 * A key that changed hands, or is gone, must let nobody in by what it opened before: sessions of these people in this school end, and so does
 * every sign-in that was linked by a key of that type. Who still has it by another source is linked again when they sign in next.
 * @returns the people
 */
export async function endSignIns(
  tx: Tx,
  { boardId, schoolId }: Pick<RosterScope, 'boardId' | 'schoolId'>,
  lost: LostKey[],
  at: Date,
): Promise<string[]> {
  const [people, types] = [lost.map(key => key.personId), lost.map(key => `claim:${key.type}`)]
  const ids = [...new Set(people)]
  if (ids.length === 0) return []
  await tx.$executeRaw`
    delete from "Identity" i using unnest(${people}::uuid[], ${types}::text[]) as l (person, by)
    where i."boardId" = ${boardId}::uuid and i."personId" = l.person and i."linkedBy" = l.by`
  await tx.session.updateMany({
    where: { boardId, schoolId, personId: { in: ids }, endedAt: null },
    data: { endedAt: at },
  })
  return ids
}

/**
 * By a person's word: this account is theirs. Not what somebody else of the school has by another source, and no address (whoever gets a
 * mailbox would get the person).
 * @returns what others had of this account, and have no more
 * @throws AppError `conflict` with reason `pupil-and-staff` or `has-account`
 */
export async function linkAccount(
  tx: Tx,
  scope: RosterScope,
  { personId, account }: { personId: string; account: { role: string; keys: Omit<StoredKey, 'id'>[] } },
): Promise<LostKey[]> {
  const { boardId, schoolId, sourceId } = scope
  const tags = account.keys.map(key => Buffer.from(key.tag, 'hex'))
  const own = account.keys.find(key => key.type === 'sis-id')
  await mustBeOneKind(tx, { boardId, personId, role: account.role })
  const theirs = await tx.rosterKey.findMany({ where: { boardId, schoolId, sourceId, personId, type: 'sis-id' } })
  if (theirs.some(key => hex(key.valueTag) !== own?.tag))
    throw new AppError('conflict', 'This person has another account of this source: it must be gone there first.', {
      reason: 'has-account',
    })
  const before = await tx.rosterKey.findMany({
    where: { boardId, schoolId, sourceId, valueTag: { in: tags }, personId: { not: personId } },
    select: { personId: true },
  })
  const others = { boardId, schoolId, sourceId, personId: { in: before.map(key => key.personId) } }
  const lost = await tx.rosterKey.findMany({ where: others })
  await tx.rosterKey.deleteMany({ where: others })
  const taken = await tx.rosterKey.findMany({
    where: { boardId, schoolId, stable: true, valueTag: { in: tags }, personId: { not: personId } },
    select: { valueTag: true },
  })
  const free = account.keys.filter(key => key.type !== 'email' && !taken.some(each => hex(each.valueTag) === key.tag))
  await insertKeys(
    tx,
    scope,
    free.map(({ type, tag, stable }) => ({ id: randomUUID(), personId, type, tag, stable })),
  )
  return lost.map(key => ({ personId: key.personId, type: key.type, tag: hex(key.valueTag) }))
}

async function mustBeOneKind(
  tx: Tx,
  { boardId, personId, role }: { boardId: string; personId: string; role: string },
): Promise<void> {
  const where = { boardId, personId, status: { not: 'inactive' } }
  const pupil = (await tx.affiliation.count({ where: { ...where, role: 'pupil' } })) > 0
  if ((role === 'pupil' && !pupil) || (role === 'staff' && pupil))
    throw new AppError(
      'conflict',
      'A pupil’s account is a pupil’s, and a colleague’s is a colleague’s: this is neither.',
      {
        reason: 'pupil-and-staff',
      },
    )
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
