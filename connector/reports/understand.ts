/**
 * From what was sent to what is stored, without ever refusing: what cannot be understood is marked and kept as it came. Pure.
 */
import { randomUUID } from 'node:crypto'
import { addDays, localDay, mondayOf } from '../store/calendar.ts'

/** As connector/api/contract.ts understands it; the words are values, checked there. */
export interface Draft {
  reporterKind?: string | undefined
  reporterName?: string | undefined
  reporterGroup?: string | undefined
  behaviours: string[]
  words?: string | undefined
  involved: { who: Who; role: string }[]
  targetKind?: string | undefined
  place?: string | undefined
  moment?: string | undefined
  day?: string | undefined
  date?: string | undefined
  frequency?: string | undefined
  severity?: number | undefined
  helpedBy: string[]
  dangerNow: boolean
  wish?: string | undefined
}
export type Who = { personId: string } | { typedName: string } | { self: true } | { unknown: true }

export interface Understood {
  reporterKind: string
  behaviours: string[]
  targetKind: string | null
  place: string
  moment: string
  /** Calendar day, Europe/Amsterdam; the Monday when only the week is known. */
  happenedOn: string | null
  precision: 'DAY' | 'WEEK' | 'UNKNOWN'
  frequency: string
  severity: number | null
  helpedBy: string[]
  wish: string | null
  dangerNow: boolean
  urgent: boolean
  words: string | null
  involvements: { id: string; role: string; personId: string | null; typedName: string | null }[]
  problems: string[]
}

/** Tiles that alert at once. Source: domain glossary, "urgent". */
const urgentBehaviours = ['BODY_BOUNDARY', 'WEAPON_DANGER']

/**
 * @param draft null when what came fits no form: it is stored all the same, as a report of which only the sealed body is known
 * @param reporterId the person behind the sign-in, for "myself"
 * @param receivedAt the server's time; the device's clock does not count
 */
export function understand(
  draft: Draft | null,
  reporterId: string | null,
  receivedAt: Date,
  problems: string[],
): Understood {
  const happened = draft ? whenItHappened(draft, receivedAt) : { happenedOn: null, precision: 'UNKNOWN' as const }
  const involvements = (draft?.involved ?? []).flatMap(({ who, role }) => involvement(who, role, reporterId))
  if (
    draft?.targetKind === 'MYSELF' &&
    reporterId &&
    !involvements.some(i => i.personId === reporterId && i.role === 'TARGET')
  )
    involvements.push({ id: randomUUID(), role: 'TARGET', personId: reporterId, typedName: null })
  return {
    reporterKind: draft?.reporterKind ?? 'OTHER',
    behaviours: draft?.behaviours ?? [],
    targetKind: draft?.targetKind ?? null,
    place: draft?.place ?? 'UNKNOWN',
    moment: draft?.moment ?? 'UNKNOWN',
    ...happened,
    frequency: draft?.frequency ?? 'UNKNOWN',
    severity: draft?.severity ?? null,
    helpedBy: draft?.helpedBy ?? [],
    wish: draft?.wish ?? null,
    dangerNow: draft?.dangerNow ?? false,
    urgent: isUrgent(draft),
    words: draft?.words?.trim() || null,
    involvements,
    problems,
  }
}

/** What nobody could understand is urgent: somebody has to look. */
function isUrgent(draft: Draft | null): boolean {
  if (!draft) return true
  return draft.dangerNow || draft.wish === 'HELP_NOW' || draft.behaviours.some(b => urgentBehaviours.includes(b))
}

function involvement(who: Who, role: string, reporterId: string | null) {
  const of = (personId: string | null, typedName: string | null) => [{ id: randomUUID(), role, personId, typedName }]
  if ('personId' in who) return of(who.personId, null)
  if ('typedName' in who) return of(null, who.typedName)
  if ('self' in who && reporterId) return of(reporterId, null)
  return of(null, null)
}

function whenItHappened(draft: Draft, receivedAt: Date): Pick<Understood, 'happenedOn' | 'precision'> {
  const today = localDay(receivedAt)
  switch (draft.day) {
    case 'TODAY':
      return { happenedOn: today, precision: 'DAY' }
    case 'YESTERDAY':
      return { happenedOn: addDays(today, -1), precision: 'DAY' }
    case 'THIS_WEEK':
      return { happenedOn: mondayOf(today), precision: 'WEEK' }
    default:
      // A year that no calendar knows would be refused by the database, and the report with it.
      if (draft.date && draft.date >= '1900-01-01' && draft.date <= today)
        return { happenedOn: draft.date, precision: 'DAY' }
      return { happenedOn: null, precision: 'UNKNOWN' }
  }
}
