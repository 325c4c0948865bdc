/** What the rows of portals mean (prisma/schema.prisma, Portal). */

/** Roles of the roster that a portal may name; null: everybody. */
export const mayNameKinds = {
  pupils: ['pupil'],
  'pupils-and-parents': ['pupil', 'parent'],
  everybody: null,
} as const satisfies Record<string, readonly string[] | null>
export type MayName = keyof typeof mayNameKinds

/** One account of a portal is one account at one school: another school of the board may have its own person with that same number. */
export const portalIdentityIssuer = ({ issuer, schoolId }: { issuer: string; schoolId: string }) =>
  `${issuer}#${schoolId}`
