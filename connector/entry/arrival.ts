/** Who came in, and how: what a verified way in hands to the ticket. No rights: those are read at every request. */
import { z } from 'zod'

/** The ways in that know who comes (embedding.md §1). */
export const Channel = z.enum(['oidc', 'lti', 'teams', 'portal', 'mail'])
export type Channel = z.infer<typeof Channel>

const tag = z.string().regex(/^[0-9a-f]{16,128}$/)

/** As it waits in the database between two requests: ids, codes and fingerprints only. */
export const Arrival = z.object({
  boardId: z.uuid(),
  schoolId: z.uuid(),
  personId: z.uuid(),
  channel: Channel,
  acr: z.string().nullable(),
  /** Seconds since 1970, as the issuer proved it. */
  authTime: z.int(),
  /** Milliseconds since 1970: a tab that comes back without a click keeps the end that its sign-in had. */
  endsAt: z.int().exactOptional(),
  /** Of the school's own sign-in: by which, and fingerprints of its session and of whom it proved, for its back-channel logout. */
  signInId: z.uuid().exactOptional(),
  sidTag: tag.exactOptional(),
  subjectTag: tag.exactOptional(),
  /** Milliseconds since 1970, by our clock: a logout of the issuer that came later ends what is still on its way to a session. */
  provenAt: z.int().exactOptional(),
})
export type Arrival = z.infer<typeof Arrival>
