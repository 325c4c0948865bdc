/** What a school may set, with our defaults. Stored as `School.settings`; an absent field means its default. */
import { z } from 'zod'
import { AppError } from '../errors.ts'
import type { Tx } from './database.ts'

const share = z.number().min(0).max(1)
const monthDay = z.string().regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/)

/** Above these a sync waits for a person (rosters.md §9; Clever's and HelloID's limits, the minimum ours). */
export const SyncLimits = z.object({
  /** Of one type in one school; and more than `removalsAtLeast`. */
  removalShare: share.default(0.1),
  removalsAtLeast: z.int().min(0).default(5),
  updateShare: share.default(0.75),
  /** New keys of which so many carry the names of people who would go: a new key format, not a new school. */
  sameNamesShare: share.default(0.5),
  /** Removals from 15 June to 1 September wait for a person; days as `06-15`, both included. */
  summerHold: z.boolean().default(true),
  summerFrom: monthDay.default('06-15'),
  summerTo: monthDay.default('09-01'),
  /** A field that so many pupils had and nobody has now: a right that was withdrawn. */
  fieldShare: share.default(0.2),
  /** So many people with a role that nobody knows, and more than `removalsAtLeast` and than last time. */
  unknownRoleShare: share.default(0.1),
  /** More records than this with characters that were lost on the way, and more than last time. */
  damagedAtMost: z.int().min(0).default(5),
  /** Grades whose pupils leave at a year change. Default: the highest grade the school has. */
  topGrades: z.array(z.string().max(2)).optional(),
  /** Instead of the one the calendar gives. */
  schoolYear: z
    .string()
    .regex(/^\d{4}-\d{4}$/)
    .optional(),
})
export type SyncLimits = z.infer<typeof SyncLimits>

const HelpLine = z.object({
  label: z.string().min(1).max(80),
  phone: z.string().max(30).optional(),
  url: z.url({ protocol: /^https$/ }).optional(),
})

export const SchoolSettings = z.object({
  /** When the teacher's panel shows a report (design.md, "Confidential, not anonymous"). */
  panel: z.enum(['end-of-day', 'at-once']).default('end-of-day'),
  /** Local time, Europe/Amsterdam. */
  schoolDayEnds: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default('15:30'),
  helpLines: z.array(HelpLine).max(10).optional(),
  sync: SyncLimits.prefault({}),
})
export type SchoolSettings = z.infer<typeof SchoolSettings>

export interface SchoolFacts {
  boardId: string
  id: string
  name: string
  brin: string
  location: string
  publishableKey: string
  settings: SchoolSettings
}

/** @throws AppError `not-found` */
export async function schoolOf(tx: Tx, boardId: string, schoolId: string): Promise<SchoolFacts> {
  const row = await tx.school.findUnique({ where: { boardId_id: { boardId, id: schoolId } } })
  if (!row) throw new AppError('not-found', 'There is no such school.', { reason: 'school-unknown' })
  const { id, name, brin, location, publishableKey } = row
  return { boardId, id, name, brin, location, publishableKey, settings: SchoolSettings.parse(row.settings) }
}
