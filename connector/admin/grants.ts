/**
 * Who may open what, beyond the homeroom that the roster opens. Roles that open reports are granted by a school leader or the CSV; where there is
 * none yet the operator starts one, and a second named person makes it real through a link that works once. Source: design.md,
 * "Who may grant"; domain.md §2.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { localDay } from '../store/calendar.ts'
import type { Tx } from '../store/database.ts'
import {
  currentGrants,
  type GrantRole,
  grantingRoles,
  grantRoles,
  lockPerson,
  openingRoles,
  standingGrants,
  teachesHomeroom,
} from '../store/grants.ts'
import { schoolOf } from '../store/schools.ts'
import { tagOf } from '../store/seal.ts'
import { doing, operator } from './context.ts'
import { type GrantContext, type GrantFacts, now, toFacts } from './grant-facts.ts'
import { checked } from './input.ts'
import { endSessions } from './sign-ins.ts'

const NewGrant = z.object({
  role: z.enum(Object.keys(grantRoles) as [GrantRole, ...GrantRole[]]),
  personId: z.uuid(),
  groupId: z.uuid().optional(),
  startsOn: z.iso.date().optional(),
  /** Exclusive. */
  until: z.iso.date().optional(),
  confirmById: z.uuid().optional(),
})

export interface NewGrant {
  boardId: string
  schoolId: string
  personId: string
  role: GrantRole
  /** For GROUP_TEACHER, and only then. */
  groupId?: string
  startsOn?: string
  until?: string
  /** A person's id, or `operator`. */
  grantedBy: string
  /** The second person, when the operator grants what opens reports. */
  confirmById?: string
}

/**
 * @returns `token` when somebody has to confirm: goes to that person alone, is stored as a hash, and is not shown again
 * @throws AppError `forbidden` with reason `self`, `not-granting`, `it-administrator` or `opens-reports`; `invalid-input`; `not-found`
 */
export async function addGrant(
  ctx: GrantContext,
  input: NewGrant,
): Promise<{ grant: GrantFacts; token: string | null }> {
  const { boardId, schoolId, grantedBy, ...rest } = input
  const wanted = checked(NewGrant, rest, 'grant')
  const { role, personId, groupId, confirmById } = wanted
  const { opens } = grantRoles[role]
  const needsLink = opens && grantedBy === operator
  const today = localDay(now(ctx))
  const detail = { role, confirmed: !needsLink }
  const deed = { action: 'grant.add', object: (made: { grant: GrantFacts }) => made.grant.id, detail }
  return doing(ctx, { boardId, by: grantedBy }, deed, async tx => {
    if (grantedBy === personId) throw forbidden('Nobody grants a role to themselves.', 'self')
    await schoolOf(tx, boardId, schoolId)
    if (!(await lockPerson(tx, boardId, personId)))
      throw new AppError('not-found', 'The roster has no such person.', { reason: 'person-unknown' })
    await mustBeStaff(tx, boardId, personId, isOfBoard(role) ? undefined : schoolId)
    await mustBeGroup(tx, { boardId, schoolId, role, groupId })
    if (grantedBy !== operator) await mustGrant(tx, { boardId, schoolId, role, grantedBy, today })
    await mustBeApart(tx, { boardId, personId, role, today })
    if (needsLink) await mustConfirm(tx, { boardId, schoolId, personId, confirmById, today })
    else if (confirmById !== undefined) throw invalid('This grant needs no second person.')
    const token = needsLink ? randomBytes(32).toString('base64url') : null
    const grant = await insertGrant(tx, { ...wanted, boardId, schoolId, grantedBy, token, at: now(ctx) })
    return { grant, token }
  })
}

/** Officers of the board work at any of its schools, or at none. */
const isOfBoard = (role: GrantRole) => role === 'BOARD_OFFICER' || role === 'PRIVACY_OFFICER'

/** In the school, or anywhere in the board. Parents, trainees and unknown roles open nothing, ever; nor do pupils. */
async function mustBeStaff(tx: Tx, boardId: string, personId: string, schoolId?: string): Promise<void> {
  const where = { boardId, personId, role: 'staff', status: 'active', ...(schoolId ? { schoolId } : {}) }
  const [staff, pupil] = [
    await tx.affiliation.count({ where }),
    await tx.affiliation.count({ where: { boardId, personId, role: 'pupil', status: { not: 'inactive' } } }),
  ]
  if (staff === 0 || pupil > 0) throw forbidden('Roles are for the staff of this school.', 'not-staff')
}

type GroupQuestion = { boardId: string; schoolId: string; role: GrantRole; groupId: string | undefined }

async function mustBeGroup(tx: Tx, { boardId, schoolId, role, groupId }: GroupQuestion): Promise<void> {
  if ((role === 'GROUP_TEACHER') !== (groupId !== undefined))
    throw invalid('A group belongs to GROUP_TEACHER, and to no other role.')
  if (groupId === undefined) return
  const group = await tx.group.findUnique({ where: { boardId_id: { boardId, id: groupId } } })
  if (!group || group.schoolId !== schoolId || group.kind !== 'homeroom')
    throw new AppError('not-found', 'This school has no such homeroom.', { reason: 'group-unknown' })
}

type GrantQuestion = { boardId: string; schoolId: string; role: GrantRole; grantedBy: string; today: string }

/** A leader or the CSV of this very school; the administrators among themselves by one of them. */
async function mustGrant(tx: Tx, { boardId, schoolId, role, grantedBy, today }: GrantQuestion): Promise<void> {
  const roles = role === 'IT_ADMINISTRATOR' ? [...grantingRoles, 'IT_ADMINISTRATOR'] : [...grantingRoles]
  const where = { boardId, schoolId, personId: grantedBy, role: { in: roles }, ...currentGrants(today) }
  const active = { person: { active: true } }
  if ((await tx.grant.count({ where: { ...where, ...active } })) === 0)
    throw forbidden('A school leader or the safety coordinator of this school grants this.', 'not-granting')
}

type ApartQuestion = { boardId: string; personId: string; role: GrantRole; today: string }

/** In the whole board, and whether or not confirmed yet: two that wait would else both become real. */
async function mustBeApart(tx: Tx, { boardId, personId, role, today }: ApartQuestion): Promise<void> {
  const held = (roles: string[]) =>
    tx.grant.count({ where: { boardId, personId, role: { in: roles }, ...standingGrants(today) } })
  if (grantRoles[role].opens && (await held(['IT_ADMINISTRATOR'])) > 0)
    throw forbidden('Who administers the systems can hold no role that opens reports.', 'it-administrator')
  if (role !== 'IT_ADMINISTRATOR') return
  if ((await held(openingRoles)) > 0 || (await teachesHomeroom(tx, boardId, personId, today)))
    throw forbidden('Who can open reports cannot administer the systems.', 'opens-reports')
}

type ConfirmQuestion = Omit<ApartQuestion, 'role'> & { schoolId: string; confirmById: string | undefined }

async function mustConfirm(
  tx: Tx,
  { boardId, schoolId, personId, confirmById, today }: ConfirmQuestion,
): Promise<void> {
  if (confirmById === undefined) throw invalid('Name a second person of the staff who confirms this.')
  if (confirmById === personId) throw forbidden('Nobody confirms their own role.', 'self')
  await mustBeStaff(tx, boardId, confirmById, schoolId)
  await mustBeApart(tx, { boardId, personId: confirmById, role: 'SCHOOL_LEADER', today })
}

interface GrantRow extends z.infer<typeof NewGrant> {
  boardId: string
  schoolId: string
  grantedBy: string
  token: string | null
  at: Date
}

async function insertGrant(tx: Tx, row: GrantRow): Promise<GrantFacts> {
  const { boardId, schoolId, personId, role, groupId, grantedBy, confirmById, token, at } = row
  const startsOn = day(row.startsOn ?? localDay(at))
  const until = row.until === undefined ? null : day(row.until)
  if (until && until <= startsOn) throw invalid('This grant ends before it starts.')
  const made = await tx.grant.create({
    data: {
      boardId,
      id: randomUUID(),
      schoolId,
      personId,
      role,
      groupId: groupId ?? null,
      startsOn,
      until,
      grantedBy,
      confirmById: confirmById ?? null,
      confirmTag: token === null ? null : tagOf(token),
      confirmedAt: token === null ? at : null,
      createdAt: at,
    },
  })
  return toFacts(made)
}

/** At once: every session of that person ends in the same transaction. Twice is once. @throws AppError `not-found`, `forbidden` */
export function revokeGrant(ctx: GrantContext, input: { boardId: string; grantId: string; by: string }): Promise<void> {
  const { boardId, grantId, by } = input
  const at = now(ctx)
  return doing(ctx, input, { action: 'grant.revoke', object: () => grantId }, async tx => {
    const grant = await tx.grant.findUnique({ where: { boardId_id: { boardId, id: grantId } } })
    if (!grant) throw new AppError('not-found', 'There is no such grant.', { reason: 'grant-unknown' })
    // Giving a role up is always allowed; taking one away is for those who give them.
    if (by !== operator && by !== grant.personId) {
      const question = { boardId, schoolId: grant.schoolId, grantedBy: by, today: localDay(at) }
      // SAFETY: only addGrant writes roles, and only those of grantRoles.
      await mustGrant(tx, { ...question, role: grant.role as GrantRole })
    }
    await tx.grant.updateMany({
      where: { boardId, id: grantId, revokedAt: null },
      data: { revokedAt: at, confirmTag: null },
    })
    await endSessions(tx, { boardId, personId: grant.personId })
  })
}

const day = (text: string) => new Date(`${text}T00:00:00Z`)
const forbidden = (message: string, reason: string) => new AppError('forbidden', message, { reason })
const invalid = (message: string) => new AppError('invalid-input', message)
