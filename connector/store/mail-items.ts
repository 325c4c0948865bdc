/** The rows of the outbox: taken by one connector at a time, for as long as its lease, and given back by the count of tries. */
import type { Tx } from './database.ts'

export interface TakenMail {
  id: string
  schoolId: string
  kind: string
  personId: string | null
  contactId: string | null
  aboutId: string | null
  urgent: boolean
  /** This one included: tells this taking from any other. */
  tries: number
  createdAt: Date
}

/**
 * The next that is due, if there is one, urgent ones first; nobody else gets it until its lease is over. One statement: of two connectors that ask
 * together each gets another.
 * @param code stands in `lastCode` meanwhile
 */
export async function takeMail(
  tx: Tx,
  { boardId, now, until, code }: { boardId: string; now: Date; until: Date; code: string },
): Promise<TakenMail | null> {
  const rows = await tx.$queryRaw<TakenMail[]>`
    update "MailItem" set tries = tries + 1, "dueAt" = ${until}, "lastCode" = ${code}
    where "boardId" = ${boardId}::uuid and id = (
      select id from "MailItem" where "boardId" = ${boardId}::uuid and state = 'waiting' and "dueAt" <= ${now}
      order by urgent desc, "dueAt", id limit 1 for update skip locked)
    returning id, "schoolId", kind, "personId", "contactId", "aboutId", urgent, tries, "createdAt"`
  return rows[0] ?? null
}

export interface MailChange {
  state?: 'sent' | 'failed' | 'dropped'
  dueAt?: Date
  lastCode?: string | null
  sentAt?: Date
  tries?: number
}

/** Only by who still has it. @returns false when its lease was over and another has taken it */
export async function settleMail(
  tx: Tx,
  boardId: string,
  { id, tries }: Pick<TakenMail, 'id' | 'tries'>,
  change: MailChange,
): Promise<boolean> {
  const { count } = await tx.mailItem.updateMany({ where: { boardId, id, tries, state: 'waiting' }, data: change })
  return count === 1
}
