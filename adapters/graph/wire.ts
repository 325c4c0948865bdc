/** What passes the door. Everything else that Graph sends, asked or not, is dropped here: birth dates, gender, addresses, phones. */
import { z } from 'zod'

const text = z.string().max(2000).nullish()
const id = z.string().min(1).max(128)
/** Opaque, and stored in the cursor when it is the last one of a round: Microsoft's are some hundreds of characters. */
const Link = z.string().min(1).max(8192).optional()

/** One page of anything. Without `value` it is no page: Graph has errors with HTTP 200. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ value: z.array(item), '@odata.nextLink': Link })

/** One page of a delta round: how much it holds counts, what it holds is not looked at. */
export const DeltaPage = z.object({
  value: z.array(z.unknown()).transform(items => items.length),
  '@odata.nextLink': Link,
  '@odata.deltaLink': Link,
})

export const WireSchool = z.object({ id, displayName: text, externalId: text, schoolNumber: text })

export const WireClass = z.object({
  id,
  displayName: text,
  classCode: text,
  externalId: text,
  externalName: text,
  mailNickname: text,
  grade: text,
  term: z.object({ displayName: text, externalId: text, startDate: text, endDate: text }).nullish(),
})

export const WireUser = z.object({
  id,
  displayName: text,
  givenName: text,
  surname: text,
  userPrincipalName: text,
  mail: text,
  accountEnabled: z.boolean().nullish(),
  userType: text,
  primaryRole: text,
  student: z.object({ externalId: text, studentNumber: text, grade: text }).nullish(),
  teacher: z.object({ externalId: text, teacherNumber: text }).nullish(),
})

export const WireMember = z.object({ id })

export const WireBatch = z.object({
  responses: z.array(
    z.object({
      id: z.string().max(20),
      status: z.int(),
      headers: z.record(z.string(), z.unknown()).nullish(),
      body: z.unknown(),
    }),
  ),
})

export const WireRefusal = z.object({ error: z.object({ code: z.string() }) })

export type WireSchool = z.infer<typeof WireSchool>
export type WireClass = z.infer<typeof WireClass>
export type WireUser = z.infer<typeof WireUser>

/** `$select`: what is not in it does not leave Microsoft. */
export const selected = {
  schools: Object.keys(WireSchool.shape),
  classes: Object.keys(WireClass.shape),
  users: {
    basic: Object.keys(WireUser.shape).filter(name => name !== 'student' && name !== 'teacher'),
    full: Object.keys(WireUser.shape),
  },
  members: ['id'],
}

/** Empty is absent. */
export const clean = (text: string | null | undefined): string | undefined => text?.trim() || undefined
