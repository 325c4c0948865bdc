/** Keys by which a sign-in can be matched to a user: only what the source proves. */
import type { PersonRecord, RosterKey } from '../roster.ts'
import type { WireUser } from './wire.ts'

type KeyType = RosterKey['type']

/** The supplier's types of `userIds`, and what they are with us. */
export type UserIdTypes = Readonly<Record<string, Exclude<KeyType, 'sis-id' | 'email'>>>

/** `identifier` is the pupil's or staff number; of anybody else it is nobody knows what. */
export function keysOf(user: WireUser, role: PersonRecord['role'], userIds: UserIdTypes): RosterKey[] {
  const number = role === 'pupil' ? 'pupil-number' : role === 'staff' ? 'staff-number' : undefined
  const found: [KeyType | undefined, string | undefined][] = [
    ['username', user.username],
    ['email', user.email],
    [number, user.identifier],
    ...user.userIds.map(({ type = '', identifier }): [KeyType | undefined, string | undefined] => [
      Object.hasOwn(userIds, type) ? userIds[type] : accountOf(type, identifier),
      identifier,
    ]),
  ]
  const keys = new Map<string, RosterKey>()
  for (const [type, value] of found)
    if (type !== undefined && value !== undefined) keys.set(`${type}\n${value}`, { type, value, stable: true })
  return [...keys.values()]
}

/** A directory's own id, only where the type names the directory and the value has its form. */
function accountOf(type: string, value: string | undefined): KeyType | undefined {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value ?? '')
  if (/^(entra|azure|aad|microsoft)/i.test(type) && uuid) return 'object-id'
  return /^google/i.test(type) && /^\d{15,25}$/.test(value ?? '') ? 'object-id' : undefined
}
