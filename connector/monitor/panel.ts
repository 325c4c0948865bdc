/**
 * The group teacher's panel: what happened to and by pupils of the own homeroom. Never who told, when it was told, own words, who saw or who
 * helped; never BODY_BOUNDARY; pupils of other groups only as "een leerling van groep 7". Source: design.md, "Confidential, not anonymous".
 */
import { AppError } from '../errors.ts'
import { append } from '../store/audit.ts'
import { addDays, localDay } from '../store/calendar.ts'
import type { Database } from '../store/database.ts'
import type { Keyring } from '../store/keyring.ts'
import { findPanelReports, type PanelRow } from '../store/panel-reports.ts'
import { displayName, namesOf, type PersonNames } from '../store/people.ts'
import { type OpenGroup, openGroups } from '../store/rights.ts'
import { schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'

export interface PanelContext {
  db: Database
  keyring: Keyring
  clock: () => Date
}

export interface Reader {
  boardId: string
  schoolId: string
  personId: string
  channel: string
}

export interface PanelAsk {
  groupId: string
  /** Days, `to` exclusive. */
  from?: string | undefined
  to?: string | undefined
}

const defaultDays = 12 * 7

export async function groupsFor(context: PanelContext, reader: Reader): Promise<OpenGroup[]> {
  const { boardId, schoolId, personId } = reader
  const today = localDay(context.clock())
  return withTenant(context.db, { boardId, personId, role: 'person' }, tx =>
    openGroups(tx, { boardId, schoolId, personId, today }),
  )
}

/** Logged in the same transaction. @throws AppError `not-found` for a group that this person may not open, whether or not it exists */
export async function readPanel(context: PanelContext, reader: Reader, ask: PanelAsk) {
  const { boardId, schoolId, personId, channel } = reader
  const now = context.clock()
  const today = localDay(now)
  const keys = await context.keyring.board(boardId)
  return withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
    const open = await openGroups(tx, { boardId, schoolId, personId, today })
    const group = open.find(g => g.id === ask.groupId)
    const log = { boardId, actor: personId, channel, action: 'panel.read', object: ask.groupId } as const
    if (!group) throw new AppError('not-found', 'There is no such group for you.', { reason: 'group-unknown' })

    const to = ask.to ?? addDays(today, 1)
    const from = latest(ask.from ?? addDays(to, -defaultDays), group.since)
    const rows = await findPanelReports(tx, { boardId, schoolId, groupId: group.id, from, to, now })
    const own = rows.flatMap(row =>
      row.involved.filter(i => i.groupId === group.id && i.personId).map(i => String(i.personId)),
    )
    const names = await namesOf(tx, keys, boardId, own)
    const school = await schoolOf(tx, boardId, schoolId)
    await append(tx, { ...log, outcome: 'done', detail: { reports: rows.length } })
    return {
      group: { id: group.id, name: group.name },
      from,
      to,
      since: group.since,
      heldUntilEndOfDay: school.settings.panel === 'end-of-day',
      reports: rows.map(row => shape(row, group.id, names)),
    }
  })
}

function shape(row: PanelRow, groupId: string, names: Map<string, PersonNames>) {
  const { involved, happenedOn, severity, ...plain } = row
  return {
    ...plain,
    ...(happenedOn === null ? {} : { on: happenedOn }),
    ...(severity === null ? {} : { severity }),
    involved: involved.map(i => ({ role: i.role, pupil: labelled(i, groupId, names) })),
  }
}

function labelled(i: PanelRow['involved'][number], groupId: string, names: Map<string, PersonNames>) {
  const name = i.groupId === groupId && i.personId ? names.get(i.personId) : undefined
  if (name && i.personId) return { id: i.personId, label: displayName(name) }
  if (i.groupName)
    return {
      label: /^groep/i.test(i.groupName) ? `een leerling van ${i.groupName}` : `een leerling van groep ${i.groupName}`,
    }
  return { label: 'iemand' }
}

const latest = (a: string, b: string) => (a > b ? a : b)
