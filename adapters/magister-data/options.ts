/** What an administrator fills in. A layout is a query that every school installs for itself: which column holds what is configuration. */
import { z } from 'zod'
import { isSafeAddress } from '../address.ts'
import { levels } from '../grades.ts'
import { NamePattern } from '../homerooms.ts'

const short = z.string().min(1).max(200)
const title = z.string().min(1).max(100)

/** Canonical field → title of the column, as the layout that is known from several schools has them. Capitals do not matter. */
export const knownColumns = {
  /** stamnummer: the one key of a pupil */
  pupilNumber: 'STAMNR',
  initials: 'INITIALS',
  /** roepnaam */
  firstName: 'FIRSTNAME',
  prefix: 'PREFIX',
  familyName: 'LASTNAME',
  email: 'EMAIL',
  /** lesperiode, `26/27` */
  period: 'STUDYPERIOD',
  className: 'CLASS',
  study: 'STUDY',
  location: 'LOCATION',
  /** leerjaar, 1 to 6 */
  year: 'STUDYYEAR',
  /** Code of the mentor of the class: opens its panel. */
  classMentor: 'PMENTORCODE',
  /** Code of the mentor of this one pupil: opens nothing. */
  personalMentor: 'CMENTORCODE',
  startsOn: 'studiebegindatum',
  /** Last day of this enrolment. */
  endsOn: 'studieeinddatum',
  /** Last day at the school. */
  leftOn: 'vertrekdatum',
  login: 'sis_gebr__login_naam',
  /** Of the layout with lesson groups: one row for each pupil in each group. */
  groupPupil: 'STAMNR',
  groupName: 'GROEP',
} as const

export type Column = keyof typeof knownColumns | 'secondClassMentor'

const Columns = z.partialRecord(
  z.enum([...(Object.keys(knownColumns) as (keyof typeof knownColumns)[]), 'secondClassMentor']),
  title,
)

/** `*` any characters, `?` one. Nothing under `include`: everything, less what is under `exclude`. */
const Choice = z
  .object({ include: z.array(NamePattern).max(100).default([]), exclude: z.array(NamePattern).max(100).default([]) })
  .prefault({})

export const Options = z.object({
  /** The address of the web service, as the supplier gave it: `https://<school>.swp.nl:8800/doc`. Our address must be on its allow-list. */
  url: z
    .url()
    .refine(text => isSafeAddress(text), 'https without credentials, query or fragment; http on this machine only'),
  /** An account that the Magister administrator made for this connection alone: it may use the layouts below, and ADFuncties for staff. */
  username: short,
  password: short,
  /** Names of the layouts (Decibel lists) installed in Magister: `pupils` has a row for each enrolment, `groups` one for each pupil in each lesson group. */
  layouts: z.object({ pupils: short, groups: short.optional() }),
  /** Only what differs from the known layout; `secondClassMentor` has no known title. A column named here must be there. */
  columns: Columns.default({}),
  /** How Magister writes CSV. ANSI has no letters such as ğ, ş and ł: names then arrive with a question mark. */
  encoding: z.enum(['UTF-8', 'ANSI']).default('UTF-8'),
  /** The school this source is of: Magister does not say it. */
  brin: z.string().regex(/^\d{2}[A-Z]{2}$/),
  /** The two digits of the dependance. */
  location: z
    .string()
    .regex(/^\d{2}$/)
    .default('00'),
  /** One Magister may hold several schools: which locations and studies are this one, and which staff by their administrative unit. */
  locations: Choice,
  studies: Choice,
  units: Choice,
  /** `list`: who works here. `groups`: also their lesson groups, two questions a person, one at a time. `none`: no teacher gets a panel. */
  staff: z.enum(['none', 'list', 'groups']).default('list'),
  /** Jobs (functie) that mean a trainee: a trainee opens nothing. */
  trainees: z.array(NamePattern).max(50).default(['*stagiair*', 'LIO', 'LIO-*', 'LIO *']),
  /** leerjaar 1 to 6 of secondary, or groep 1 to 8 of primary education. */
  grades: z.enum(levels).default('secondary'),
})
export type Options = z.infer<typeof Options>

export const titleOf = (options: Pick<Options, 'columns'>, column: Column): string | undefined =>
  options.columns[column] ?? (column === 'secondClassMentor' ? undefined : knownColumns[column])
