/**
 * What Google sends, in so far as we take it; the rest is not even asked for (`masks`). An empty list is an absent one at Google, so an
 * error that comes with HTTP 200 would look like an empty page: it is refused here.
 */
import { z } from 'zod'

const noError = z.undefined().optional()
const id = z.string().min(1).max(100)
const text = z.string().max(2000).optional()

const User = z.object({
  id,
  customerId: z.string().min(1).max(50),
  primaryEmail: z.string().min(3).max(320),
  name: z.object({ givenName: text, familyName: text }).optional(),
  externalIds: z.array(z.object({ type: text, value: text })).optional(),
  orgUnitPath: z.string().max(2000),
  suspended: z.boolean().optional(),
  archived: z.boolean().optional(),
})
export type WireUser = z.infer<typeof User>

const OrgUnit = z.object({ orgUnitId: id, name: z.string(), orgUnitPath: z.string().max(2000) })
export type WireOrgUnit = z.infer<typeof OrgUnit>

const Group = z.object({ id, email: z.string().max(320), name: text })
export type WireGroup = z.infer<typeof Group>

/** Somebody of outside has no id; a group within the group, or the whole domain, has one that is no user's. */
const Member = z.object({ id: id.optional() })
export type WireMember = z.infer<typeof Member>

/** Whoever made a course owns it, until another teacher of it takes it over. */
const Course = z.object({ id, name: z.string(), section: text, creationTime: text, ownerId: id.optional() })
export type WireCourse = z.infer<typeof Course>

const Participant = z.object({ userId: id })
const nextPageToken = z.string().max(10_000).optional()

export const Users = z.object({
  error: noError,
  kind: z.literal('admin#directory#users'),
  nextPageToken,
  users: z.array(User).default([]),
})
/** Comes whole, without pages. */
export const OrgUnits = z.object({
  error: noError,
  kind: z.literal('admin#directory#orgUnits'),
  organizationUnits: z.array(OrgUnit).default([]),
})
export const Groups = z.object({
  error: noError,
  kind: z.literal('admin#directory#groups'),
  nextPageToken,
  groups: z.array(Group).default([]),
})
export const Members = z.object({
  error: noError,
  kind: z.literal('admin#directory#members'),
  nextPageToken,
  members: z.array(Member).default([]),
})
/** Classroom's answers do not say their kind. */
export const Courses = z.object({ error: noError, nextPageToken, courses: z.array(Course).default([]) })
export const Aliases = z.object({
  error: noError,
  nextPageToken,
  aliases: z.array(z.object({ alias: z.string().max(1000) })).default([]),
})
export const Students = z.object({ error: noError, nextPageToken, students: z.array(Participant).default([]) })
export const Teachers = z.object({ error: noError, nextPageToken, teachers: z.array(Participant).default([]) })

/** `fields` of each question: phones, addresses, relations, birth dates and photos never leave Google. */
export const masks = {
  users:
    'kind,nextPageToken,users(id,customerId,primaryEmail,name(givenName,familyName),externalIds(type,value),orgUnitPath,suspended,archived)',
  orgUnits: 'kind,organizationUnits(orgUnitId,name,orgUnitPath)',
  groups: 'kind,nextPageToken,groups(id,email,name)',
  members: 'kind,nextPageToken,members(id)',
  courses: 'nextPageToken,courses(id,name,section,creationTime,ownerId)',
  aliases: 'nextPageToken,aliases(alias)',
  students: 'nextPageToken,students(userId)',
  teachers: 'nextPageToken,teachers(userId)',
} as const
