/**
 * The canonical vocabulary of a roster: what every source is turned into, and all that the rest of
 * the system ever sees of it. A field that is not here does not pass the door of `adapters/`.
 * Names follow OneRoster; the OneRoster word stands in brackets where it differs.
 *
 * `sourceId` is the vendor's key with its kind in front (`leerling:50001`, `groep:GRP4A`): unique within
 * (school, source). Ends are exclusive calendar days (`YYYY-MM-DD`). An absent field means "this source does
 * not say", never "empty".
 */
import { z } from 'zod'

const sourceId = z.string().min(1).max(300)
const day = z.iso.date()
const name = z.string().min(1).max(200)

/** One notation everywhere: 1 August to 31 July. */
export const SchoolYear = z.string().regex(/^\d{4}-\d{4}$/)

/** `4` is groep 4; `11`–`16` are years 1–6 of secondary; `C` combination, `S` special, `V` VSO, `H` historic, `N` none, `B`, `D`, `0` toddlers. */
export const Grade = z.enum([
  'B',
  'D',
  '0',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '11',
  '12',
  '13',
  '14',
  '15',
  '16',
  'S',
  'V',
  'C',
  'N',
  'H',
])

/** [org] `brin` is four characters, `location` the two of the dependance (`00` when the source says none). */
export const SchoolRecord = z.object({
  type: z.literal('school'),
  sourceId,
  brin: z.string().max(10).optional(),
  location: z.string().max(10).optional(),
  name: name.optional(),
  schoolYear: SchoolYear,
})

/** [class] A homeroom (groep, stamgroep) or a scheduled group (samengestelde groep, lesgroep). */
export const GroupRecord = z.object({
  type: z.literal('group'),
  sourceId,
  kind: z.enum(['homeroom', 'scheduled']),
  name,
  schoolYear: SchoolYear,
  grades: z.array(Grade),
})

/**
 * A key by which a sign-in can later be matched to this person, besides `sis-id`, the source id itself, which the engine adds. `stable` is false for keys that hold only within one
 * run and year (EDEXML keys that start with `#`). `object-id`: the account in the school's directory (Entra `oid`, Google `id`), unique in the
 * world. `subject`: the account at the vendor's own sign-in (Somtoday `account.subject`, `eduPersonRealId`). `pupil-number` and `staff-number` are
 * unique within one school (BRIN) only.
 */
export const RosterKey = z.object({
  type: z.enum(['sis-id', 'username', 'email', 'pupil-number', 'staff-number', 'object-id', 'subject']),
  value: z.string().min(1).max(320),
  stable: z.boolean(),
})

/**
 * [user] `role` is what the source says this person is in the school. `parent`, `trainee` and `unknown` open nothing, ever.
 * `roleHints` are the vendor's own role codes or words: shown to the person who grants, never acted upon.
 */
export const PersonRecord = z.object({
  type: z.literal('person'),
  sourceId,
  stable: z.boolean(),
  role: z.enum(['pupil', 'staff', 'parent', 'trainee', 'unknown']),
  roleHints: z.array(z.string().max(100)),
  status: z.enum(['active', 'pending', 'inactive']),
  givenName: name.optional(),
  preferredFirstName: name.optional(),
  initials: z.string().max(20).optional(),
  familyNamePrefix: z.string().max(40).optional(),
  familyName: name.optional(),
  username: z.string().max(320).optional(),
  email: z.string().max(320).optional(),
  grade: Grade.optional(),
  startsOn: day.optional(),
  endsOn: day.optional(),
  keys: z.array(RosterKey),
})

/**
 * [enrollment] `teacher` opens the panel of a homeroom (design.md, "What the roster opens"); `undecided` is a teacher without
 * a role on that group: held for a person; `other` (parents, trainees, helpers, unknown roles) opens nothing.
 */
export const MembershipRecord = z.object({
  type: z.literal('membership'),
  groupSourceId: sourceId,
  personSourceId: sourceId,
  role: z.enum(['pupil', 'teacher', 'other', 'undecided']),
  startsOn: day.optional(),
  endsOn: day.optional(),
})

export const RosterRecord = z.discriminatedUnion('type', [SchoolRecord, GroupRecord, PersonRecord, MembershipRecord])

export type SchoolRecord = z.infer<typeof SchoolRecord>
export type GroupRecord = z.infer<typeof GroupRecord>
export type RosterKey = z.infer<typeof RosterKey>
export type PersonRecord = z.infer<typeof PersonRecord>
export type MembershipRecord = z.infer<typeof MembershipRecord>
export type RosterRecord = z.infer<typeof RosterRecord>
export type RecordType = RosterRecord['type']
