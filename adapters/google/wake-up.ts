/** A Pub/Sub push of Classroom as what it is worth: a reason to read soon. Never data: who joined or left is read from Google itself. */
import { z } from 'zod'

export interface WakeUp {
  /** Of Pub/Sub, which may deliver a message more than once. */
  messageId: string
  courseId: string
}

/** Ours; a push of a roster change has about 500 bytes. */
const maxLength = 64 * 1024

const Push = z.object({ message: z.object({ data: z.string(), messageId: z.string().min(1).max(100) }) })
const Change = z.object({
  collection: z.enum(['courses.students', 'courses.teachers']),
  resourceId: z.object({ courseId: z.string().regex(/^\d{1,30}$/) }),
})

/**
 * @param body of a push that is Google's (push.ts)
 * @returns undefined for everything that is not a change of a roster: to be acknowledged and forgotten
 * Source: Classroom, push notifications (feeds DOMAIN_ROSTER_CHANGES and COURSE_ROSTER_CHANGES); Pub/Sub, PubsubMessage.
 */
export function wakeUp(body: string): WakeUp | undefined {
  if (body.length > maxLength) return undefined
  const push = parsed(Push, body)
  const change = push && parsed(Change, Buffer.from(push.message.data, 'base64').toString('utf8'))
  return change && { messageId: push.message.messageId, courseId: change.resourceId.courseId }
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
