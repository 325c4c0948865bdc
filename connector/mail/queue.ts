/**
 * Puts mail into the outbox, in the transaction of what it tells of: with a row there is a mail, without one nothing happened. Rows are ids and
 * codes; words and addresses are found when it is sent.
 */
import { randomUUID } from 'node:crypto'
import type { Tx } from '../store/database.ts'
import type { GrantRole } from '../store/grants.ts'
import { atOnce, type MailKind } from './kinds.ts'
import { notQuiet, usualQuiet } from './quiet.ts'
import { holdersOf, type OfSchool } from './recipients.ts'

/** How long new reports wait for more of them after a mail: one mail an hour. Ours. */
const digestMs = 60 * 60_000

/** `lastCode` of a row that a connector is sending right now. */
export const sending = 'sending'

export interface ToRoles extends OfSchool {
  kind: Exclude<MailKind, 'parent-link'>
  /** The first of these that anybody holds; of a list within, all of them. */
  to: readonly (GrantRole | readonly GrantRole[])[]
  /** Who did it need not be told. */
  except?: string | undefined
  aboutId?: string
}

/** @returns how many people will hear of it; nobody is no error here */
export async function queueMail(tx: Tx, { to, except, ...mail }: ToRoles): Promise<number> {
  for (const step of to) {
    const roles = typeof step === 'string' ? [step] : step
    const personIds = (await holdersOf(tx, mail, roles)).filter(id => id !== except)
    if (personIds.length > 0) return queueFor(tx, { ...mail, personIds })
  }
  return 0
}

export interface ToPeople extends OfSchool {
  kind: Exclude<MailKind, 'parent-link'>
  personIds: readonly string[]
  aboutId?: string
}

/** One that waits already, and is not being sent at this moment, says all that there is to say. @returns how many people will hear of it */
export async function queueFor(tx: Tx, mail: ToPeople): Promise<number> {
  const { boardId, schoolId, kind, personIds, aboutId = null, now } = mail
  const people = [...new Set(personIds)]
  const known = await tx.mailItem.findMany({
    where: {
      boardId,
      schoolId,
      kind,
      personId: { in: people },
      createdAt: { gt: new Date(now.getTime() - 8 * 86_400_000) },
    },
    select: { personId: true, state: true, lastCode: true, sentAt: true },
  })
  const covered = new Set(
    known.filter(row => row.state === 'waiting' && row.lastCode !== sending).map(row => row.personId),
  )
  const waiting = people.filter(personId => !covered.has(personId))
  const urgent = atOnce.includes(kind)
  const preferences = urgent ? [] : await tx.mailPreference.findMany({ where: { boardId, personId: { in: waiting } } })
  const rows = waiting.map(personId => {
    const last = Math.max(
      0,
      ...known.flatMap(row => (row.personId === personId && row.sentAt ? [row.sentAt.getTime()] : [])),
    )
    const earliest = kind === 'new-reports' ? new Date(Math.max(now.getTime(), last + digestMs)) : now
    const dueAt = urgent ? now : notQuiet(earliest, hoursOf(preferences.find(each => each.personId === personId)))
    return { boardId, id: randomUUID(), schoolId, kind, personId, aboutId, urgent, dueAt, createdAt: now }
  })
  await tx.mailItem.createMany({ data: rows })
  return people.length
}

/** Somebody's own hours; what they left open is ours. */
export const hoursOf = (own: { quietFrom: string | null; quietUntil: string | null } | null | undefined) => ({
  from: own?.quietFrom ?? usualQuiet.from,
  until: own?.quietUntil ?? usualQuiet.until,
})
