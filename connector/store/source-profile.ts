/** What a source showed when it was last applied, to see when it shows less: counts, codes and the vendor's words. No value of anybody's. */
import { z } from 'zod'

const counts = z.record(z.string(), z.int().min(0))

export const SourceProfile = z.object({
  /** The source said of which school it is, by BRIN. */
  named: z.boolean().default(false),
  /** As Scope.organisation. */
  organisation: z.string().optional(),
  /** As Proof.grant. */
  grant: z.array(z.string()).default([]),
  /** Pupils who were there, and of how many of them each field was filled; from the last time everything came. */
  pupils: z.int().min(0).default(0),
  fields: counts.default({}),
  /** How many people had the role `unknown`, and how many records damaged text; from the last time everything came. */
  unknownRoles: z.int().min(0).default(0),
  damaged: z.int().min(0).default(0),
  /** Keyed fingerprint of everything that came, in its school year; absent after changes only. */
  print: z.string().optional(),
})
export type SourceProfile = z.infer<typeof SourceProfile>

/** @param stored `Source.profile`; an absent field means that it was never looked at */
export const readProfile = (stored: unknown): SourceProfile => SourceProfile.parse(stored ?? {})
