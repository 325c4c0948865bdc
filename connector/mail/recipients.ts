/** Who hears of what: by the grants of today, never by what the roster calls somebody. */
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import { currentGrants, type GrantRole } from '../store/grants.ts'
import type { BoardKeys } from '../store/keyring.ts'
import { contactsOf, type PersonContact } from '../store/people.ts'

export interface OfSchool {
  boardId: string
  schoolId: string
  now: Date
}

/**
 * Active people with one of these roles in this school today. Who administers the systems of any school of the board holds none that opens
 * reports, as in store/rights.ts.
 */
export async function holdersOf(
  tx: Tx,
  { boardId, schoolId, now }: OfSchool,
  roles: readonly GrantRole[],
): Promise<string[]> {
  const current = { boardId, ...currentGrants(localDay(now)), person: { active: true } }
  const held = await tx.grant.findMany({
    where: { ...current, schoolId, role: { in: [...roles] } },
    select: { personId: true, role: true },
    orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
  })
  const ids = [...new Set(held.map(grant => grant.personId))]
  if (roles.includes('IT_ADMINISTRATOR')) return ids
  const administrators = await tx.grant.findMany({
    where: { ...current, role: 'IT_ADMINISTRATOR', personId: { in: ids } },
    select: { personId: true },
  })
  const closed = new Set(administrators.map(grant => grant.personId))
  return ids.filter(id => !closed.has(id))
}

/** Addresses that one mail can go to and no more than one: what a roster says is not trusted to be one. By person. */
export async function addressesOf(
  tx: Tx,
  keys: BoardKeys,
  boardId: string,
  personIds: readonly string[],
): Promise<Map<string, string>> {
  const contacts = await readable(tx, keys, boardId, personIds)
  return new Map(
    [...contacts].flatMap(([id, { email }]) => (email !== undefined && isAddress(email) ? [[id, email.trim()]] : [])),
  )
}

/** One contact that does not open keeps nobody else from being told. */
async function readable(tx: Tx, keys: BoardKeys, boardId: string, personIds: readonly string[]) {
  try {
    return await contactsOf(tx, keys, boardId, personIds)
  } catch {
    const each = await Promise.all(
      personIds.map(id => contactsOf(tx, keys, boardId, [id]).catch(() => new Map<string, PersonContact>())),
    )
    return new Map(each.flatMap(found => [...found]))
  }
}

export const isAddress = (text: string): boolean =>
  text.length <= 254 && /^[^\s@,;:<>"()[\]\\]+@[^\s@,;:<>"()[\]\\]+$/.test(text.trim())
