/** What is said of a grant, and what the functions about grants share. */
import type { AdminContext } from './context.ts'

export type GrantContext = AdminContext & { clock?: () => Date }

export interface GrantFacts {
  id: string
  schoolId: string
  personId: string
  role: string
  groupId: string | null
  startsOn: string
  until: string | null
  grantedBy: string
  confirmById: string | null
  confirmed: boolean
  revoked: boolean
}

interface StoredGrant extends Omit<GrantFacts, 'startsOn' | 'until' | 'confirmed' | 'revoked'> {
  startsOn: Date
  until: Date | null
  confirmedAt: Date | null
  revokedAt: Date | null
}

export function toFacts(row: StoredGrant): GrantFacts {
  const { id, schoolId, personId, role, groupId, grantedBy, confirmById } = row
  return {
    id,
    schoolId,
    personId,
    role,
    groupId,
    startsOn: isoDay(row.startsOn),
    until: row.until && isoDay(row.until),
    grantedBy,
    confirmById,
    confirmed: row.confirmedAt !== null,
    revoked: row.revokedAt !== null,
  }
}

export const now = (ctx: Pick<GrantContext, 'clock'>) => (ctx.clock ?? (() => new Date()))()
export const isoDay = (date: Date) => date.toISOString().slice(0, 10)
