/** What an administrator fills in, and which rights at Google follow from it: only those of the parts that are read. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { isServerHere } from '../address.ts'
import { SchoolYearOption } from '../calendar.ts'
import { NamePattern } from '../homerooms.ts'

const ServiceAccountKey = z.object({
  type: z.literal('service_account'),
  client_email: z.email(),
  private_key: z.string().min(1),
  private_key_id: z.string().min(1),
  client_id: z.string().regex(/^\d+$/).optional(),
})

/** Path as the directory writes it. Not `/`: that is everybody, of every school of the domain. */
const OrgUnit = z
  .string()
  .max(250)
  .regex(/^\/[^/]/, 'begins with / and names an organisational unit')
  .refine(path => !path.endsWith('/'), 'does not end with /')

/** `{class}` stands for the class: the name of its organisational unit, or the part of its group's address before the @. */
const withClass = z
  .string()
  .max(200)
  .refine(text => text.includes('{class}'), 'holds {class}')

/** Where the teachers of a class stand whose own place does not say so. Capitals, spaces and marks do not count when names are compared. */
const Teachers = z.discriminatedUnion('from', [
  /** Address of a Workspace group, such as `leerkrachten-{class}@school.example`. */
  z.object({ from: z.literal('groups'), address: withClass.refine(text => text.includes('@'), 'is an address') }),
  /** Name of a Classroom course, such as `{class}`. */
  z.object({ from: z.literal('courses'), name: withClass }),
])

const patterns = z.array(NamePattern).min(1).max(50)

const WakeUp = z.object({
  /** E-mail address of the service account by which the push subscription shows who it is. */
  account: z.email(),
  /** Where each reading asks Classroom to tell changes. Default: it is not asked here, but by a program of the school. */
  topic: z
    .string()
    .max(300)
    .regex(/^projects\/[a-z0-9.:-]+\/topics\/[A-Za-z][\w.~+%-]+$/, 'projects/PROJECT/topics/TOPIC')
    .optional(),
})

const Homerooms = z.discriminatedUnion('from', [
  /**
   * Classroom courses whose name, section, `name / section` or alias (`d:…`, `p:…`) fits. `{year}` is the school year in any notation:
   * a pattern with it never takes a course of last year that nobody archived.
   */
  z.object({ from: z.literal('courses'), patterns }),
  /** Organisational units below those of the pupils, by name; default: every one. */
  z.object({ from: z.literal('org-units'), patterns: patterns.default(['*']), teachers: Teachers.optional() }),
  /** Workspace groups, by address (`groep-*@school.example`). */
  z.object({ from: z.literal('groups'), patterns, teachers: Teachers.optional() }),
])

export const Options = z
  .object({
    /** The JSON key of the service account, as text. */
    serviceAccount: z
      .string()
      .max(20_000)
      .refine(text => keyIn(text) !== undefined, 'the whole JSON key of a service account, with its RSA private key'),
    /** The administrator for whom the service account acts: one who may see users and, for Classroom, all courses of the domain. */
    subject: z.email(),
    /** Default: the Workspace account of that administrator. */
    customer: z
      .string()
      .regex(/^(my_customer|C[0-9a-zA-Z]{4,20})$/)
      .default('my_customer'),
    /**
     * Organisational units of this school's pupils, with everything below them: the unit says who is a pupil, for the directory knows no roles.
     * The first one stands for the school: with another one there, it is another school.
     */
    pupils: z.array(OrgUnit).min(1).max(20),
    /** Of its staff. The deepest unit on any of the three lists decides. */
    staff: z.array(OrgUnit).min(1).max(20),
    /** Of trainees, parents who help and others who work there and may see nothing. */
    trainees: z.array(OrgUnit).max(20).default([]),
    homerooms: Homerooms,
    /** Staff who teach more homerooms than this are held for a person: whoever makes all courses, or helps everywhere, sits in each of them. */
    homeroomsPerTeacher: z.int().min(1).max(50).default(4),
    /** Other Classroom courses too, as groups that open nothing: two questions to Google for each course of the domain. */
    scheduled: z.boolean().default(false),
    /** Archived courses are last year's. */
    courseStates: z
      .array(z.enum(['ACTIVE', 'PROVISIONED', 'ARCHIVED']))
      .min(1)
      .default(['ACTIVE']),
    /** Google says by Pub/Sub when somebody joins or leaves a course, and the roster is read soon after. Default: at night only. */
    wakeUp: WakeUp.optional(),
    /** Default: the current one. Google knows no school years. */
    schoolYear: SchoolYearOption,
    /** Instead of Google: a server on this machine, for tests and the demo. */
    endpoint: z.url().refine(isServerHere, 'http on this machine only, without path').optional(),
  })
  .refine(({ pupils, staff, trainees }) => {
    const paths = [...pupils, ...staff, ...trainees].map(path => path.toLowerCase())
    return new Set(paths).size === paths.length
  }, 'an organisational unit is on one list only')
  .refine(options => options.wakeUp === undefined || needsOf(options).courses, {
    path: ['wakeUp'],
    message: 'Google tells of changes in courses, and these options read none',
  })
export type Options = z.infer<typeof Options>

export interface ServiceAccount {
  email: string
  keyId: string
  key: KeyObject
  /** What is pasted in the admin console beside the scopes; not a secret. */
  clientId: string | undefined
}

/** @returns undefined for anything else than a usable key; never says why, for the reason may hold a piece of it */
export function keyIn(json: string): ServiceAccount | undefined {
  try {
    const { client_email, private_key, private_key_id, client_id } = ServiceAccountKey.parse(JSON.parse(json))
    const key = createPrivateKey(private_key)
    if (key.asymmetricKeyType !== 'rsa') return undefined
    return { email: client_email, keyId: private_key_id, key, clientId: client_id }
  } catch {
    return undefined
  }
}

interface Classes {
  homerooms: z.infer<typeof Homerooms>
  scheduled: boolean
}

/** Beside the users, which are always read. */
export interface Needs {
  courses: boolean
  orgUnits: boolean
  groups: boolean
}

export function needsOf({ homerooms, scheduled }: Classes): Needs {
  const teachers = homerooms.from === 'courses' ? undefined : homerooms.teachers?.from
  return {
    courses: homerooms.from === 'courses' || scheduled || teachers === 'courses',
    orgUnits: homerooms.from === 'org-units',
    groups: homerooms.from === 'groups' || teachers === 'groups',
  }
}

const scopeRoot = 'https://www.googleapis.com/auth/'

/** Least rights, read only. `admin.directory.group.readonly` lists groups and their members; names come from the directory, so no profile scope. */
export function scopesOf({ courses, orgUnits, groups }: Needs): string[] {
  return [
    'admin.directory.user.readonly',
    ...(orgUnits ? ['admin.directory.orgunit.readonly'] : []),
    ...(groups ? ['admin.directory.group.readonly'] : []),
    ...(courses ? ['classroom.courses.readonly', 'classroom.rosters.readonly'] : []),
  ].map(scope => scopeRoot + scope)
}

/** Beside those, to be told of changes of rosters; in a token of its own, so that reading never depends on it. */
export const wakeUpScopes = ['classroom.push-notifications', 'classroom.rosters.readonly'].map(
  scope => scopeRoot + scope,
)

/** As the console lists them, without the address in front. */
export const shortScope = (scope: string): string => scope.slice(scopeRoot.length)
