/**
 * Who may follow up for a pupil. Coordinators and leaders: every case of their school; a support coordinator: those they opened. Nobody who
 * administers the systems of any school of the board, whatever else they are. Source: domain.md §2, design.md "Who may grant".
 */
import { AppError } from '../errors.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import { currentGrants } from '../store/grants.ts'

export interface Asker {
  boardId: string
  schoolId: string
  personId: string
  channel: string
}

export interface Handler extends Asker {
  /** Every case of the school, or those they opened. */
  sees: 'all' | 'own'
  /** Coordinators alone are told which report a contact made. */
  coordinator: boolean
}

/** @throws AppError `forbidden` with reason `no-case-role` */
export async function mustHandle(tx: Tx, asker: Asker, now: Date): Promise<Handler> {
  const { boardId, schoolId, personId } = asker
  const held = await tx.grant.findMany({
    where: { boardId, personId, person: { active: true }, ...currentGrants(localDay(now)) },
    select: { role: true, schoolId: true },
  })
  const here = held.filter(grant => grant.schoolId === schoolId).map(grant => grant.role)
  const coordinator = here.includes('SAFETY_COORDINATOR')
  const all = coordinator || here.includes('SCHOOL_LEADER')
  const may = all || here.includes('SUPPORT_COORDINATOR')
  if (!may || held.some(grant => grant.role === 'IT_ADMINISTRATOR'))
    throw new AppError('forbidden', 'Cases are for the coordinator and the leaders of the school.', {
      reason: 'no-case-role',
    })
  return { ...asker, sees: all ? 'all' : 'own', coordinator }
}

/** The rows that a handler may know of. */
export const casesOf = ({ boardId, schoolId, personId, sees }: Handler) => ({
  ...{ boardId, schoolId },
  ...(sees === 'own' ? { openedBy: personId } : {}),
})
