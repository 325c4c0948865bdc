/**
 * What OneRoster sends, and of that only what we use: zod drops every other field at the door. One form for REST 1.1, REST 1.2 and CSV:
 * a user's single `role` with its `orgs` (1.1) becomes the `roles` of 1.2 here. Source: 1EdTech OneRoster 1.1 and 1.2 (rostering REST and CSV bindings).
 */
import { z } from 'zod'
import { dayOf } from '../calendar.ts'

/** Some servers send numbers for ids, and null for what is absent. */
const Text = z.union([z.string(), z.number()]).transform(value => String(value).trim())
const Id = Text.refine(id => id !== '' && id.length <= 250, 'an id of 1 to 250 characters')
const Optional = Text.nullish().transform(value => (value ? value : undefined))
/**
 * A calendar day. One that cannot be read lies after every day, so nothing is dropped or ended by it, and the check of the finished record refuses it
 * by name: an end that is lost would keep a panel open, and a record of another school must not stop ours.
 */
const noDay = 'no date'
const Day = z
  .string()
  .nullish()
  .transform(value => {
    const text = value?.trim()
    return text ? (dayOf(text) ?? noDay) : undefined
  })
const Ref = z.object({ sourcedId: Id })
const Refs = z
  .array(Ref)
  .nullish()
  .transform(refs => (refs ?? []).map(({ sourcedId }) => sourcedId))
const List = z
  .union([z.array(Text), Text])
  .nullish()
  .transform(grades => (typeof grades === 'string' ? listOf(grades) : (grades ?? []).filter(grade => grade !== '')))

/** 1.1 says `"true"`, 1.2 says `true`; absent is neither. */
const Flag = z
  .union([z.boolean(), z.string()])
  .nullish()
  .transform(value => flagOf(value))

/** `status`: `active`, `tobedeleted`, in 1.0 `inactive`; absent is active. `dateLastModified`: as the server writes it, for its own clock. */
const base = {
  sourcedId: Id,
  status: Optional,
  dateLastModified: Optional,
}

export const WireOrg = z.object({
  ...base,
  type: Optional,
  name: Optional,
  identifier: Optional,
  parent: Ref.nullish().transform(ref => ref?.sourcedId),
})

export const WireSession = z.object({
  ...base,
  type: Optional,
  startDate: Day,
  endDate: Day,
  parent: Ref.nullish().transform(ref => ref?.sourcedId),
})

export const WireClass = z.object({
  ...base,
  title: Optional,
  classType: Optional,
  grades: List,
  school: Ref.nullish().transform(ref => ref?.sourcedId),
  terms: Refs,
})

export const WireEnrollment = z.object({
  ...base,
  user: Ref.transform(ref => ref.sourcedId),
  class: Ref.transform(ref => ref.sourcedId),
  school: Ref.nullish().transform(ref => ref?.sourcedId),
  role: Optional,
  primary: Flag,
  beginDate: Day,
  endDate: Day,
})

const WireRole = z.object({
  role: Optional,
  org: Ref.transform(ref => ref.sourcedId),
  beginDate: Day,
  endDate: Day,
})
export type WireRole = z.infer<typeof WireRole>

export const WireUser = z
  .object({
    ...base,
    enabledUser: Flag,
    givenName: Optional,
    preferredFirstName: Optional,
    /** The name that the CSV binding, and some servers, give to `preferredFirstName`. */
    preferredGivenName: Optional,
    familyName: Optional,
    identifier: Optional,
    username: Optional,
    email: Optional,
    userIds: z
      .array(z.object({ type: Optional, identifier: Optional }))
      .nullish()
      .transform(ids => ids ?? []),
    grades: List,
    /** 1.2 */
    roles: z.array(WireRole).nullish(),
    /** 1.1 */
    role: Optional,
    orgs: Refs,
  })
  .transform(({ roles, role, orgs, preferredGivenName, preferredFirstName, ...user }) => ({
    ...user,
    preferredFirstName: preferredFirstName ?? preferredGivenName,
    roles: roles ?? orgs.map((org): WireRole => ({ role, org, beginDate: undefined, endDate: undefined })),
  }))

export type WireOrg = z.infer<typeof WireOrg>
export type WireSession = z.infer<typeof WireSession>
export type WireClass = z.infer<typeof WireClass>
export type WireEnrollment = z.infer<typeof WireEnrollment>
export type WireUser = z.infer<typeof WireUser>

/** Deleted as far as the source says so itself. */
export const isGone = ({ status }: { status?: string | undefined }): boolean =>
  status !== undefined && /^(tobedeleted|inactive)$/i.test(status)

export function flagOf(value: string | boolean | null | undefined): boolean | undefined {
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? undefined
  const word = value.trim().toLowerCase()
  return word === 'true' || word === '1' ? true : word === 'false' || word === '0' ? false : undefined
}

/** A comma-separated list, as in one CSV cell. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
}
