/** Keys by which a sign-in can be matched to an account. Pure. */
import type { PersonRecord, RosterKey } from '../roster.ts'
import { clean, type WireUser } from './wire.ts'

/** Whether the id in the system that School Data Sync reads may stand where there is no number. */
export interface Numbers {
  pupils: boolean
  staff: boolean
}

/**
 * Only where it is the number of all who have both: of two kinds of numbers side by side, one pupil's may be another one's.
 * @param users all of the school
 */
export function numbersOf(users: readonly WireUser[]): Numbers {
  const isOne = (number: string | null | undefined, id: string | null | undefined) =>
    clean(number) === undefined || clean(id) === undefined || clean(number) === clean(id)
  return {
    pupils: users.every(({ student }) => isOne(student?.studentNumber, student?.externalId)),
    staff: users.every(({ teacher }) => isOne(teacher?.teacherNumber, teacher?.externalId)),
  }
}

export function keysOf(user: WireUser, role: PersonRecord['role'], numbers: Numbers): RosterKey[] {
  const { student, teacher } = user
  const number = (text: string | null | undefined, id: string | null | undefined, instead: boolean) =>
    clean(text) ?? (instead ? clean(id) : undefined)
  const keys: [RosterKey['type'], string | undefined][] = [
    ['object-id', user.id],
    ['username', clean(user.userPrincipalName)],
    ['email', clean(user.mail)],
    [
      'pupil-number',
      role === 'pupil' ? number(student?.studentNumber, student?.externalId, numbers.pupils) : undefined,
    ],
    ['staff-number', role === 'staff' ? number(teacher?.teacherNumber, teacher?.externalId, numbers.staff) : undefined],
  ]
  return keys.flatMap(([type, value]) => (value === undefined ? [] : [{ type, value, stable: true }]))
}
