/** What an administrator fills in, and where each environment of Somtoday lives. Somtoday serves secondary and vocational education. */
import { z } from 'zod'
import { isLoopback, isSafeAddress } from '../address.ts'
import { levels } from '../grades.ts'
import { NamePattern } from '../homerooms.ts'

const onThisMachine = z.url().refine(text => isSafeAddress(text) && isLoopback(new URL(text)), 'on this machine only')
const short = z.string().min(1).max(200)

export const Options = z
  .object({
    /**
     * The uuid of the organisation (instelling) in Somtoday. Let no user of a school type it: with another school's uuid we would read that
     * school. The operator looks it up by name or BRIN at `/connect/instelling` of the API, compares it with the contract, and fills it in.
     */
    organisation: z.uuid(),
    /** Ours at Somtoday: the same for every school. */
    clientId: short,
    clientSecret: short,
    /** The location this source is of: its uuid, or the six characters of its BRIN (`99ZZ01`) where no other location has the same. */
    vestiging: z.union([z.uuid(), z.string().regex(/^\d{2}[A-Z]{2}\d{2}$/)]),
    /** Which of the BRIN numbers of a location that has several. */
    brin: z
      .string()
      .regex(/^\d{2}[A-Z]{2}\d{2}$/)
      .optional(),
    /** `acceptance` has invented data, `test` a copy of real data. */
    environment: z.enum(['production', 'acceptance', 'test']).default('production'),
    /** A server on this machine instead (tests, the demo). */
    endpoints: z.object({ token: onThisMachine, api: onThisMachine }).optional(),
    schoolYear: z.enum(['current', 'next']).default('current'),
    /** Lesson groups, with their teachers; they open nothing. Needs the right to `lesgroep`. */
    lessonGroups: z.boolean().default(true),
    /** Accounts, by which a sign-in with Somtoday, Microsoft or Google is recognised. Needs the right to `account`. */
    accounts: z.boolean().default(true),
    /** Jobs (functie) that mean a trainee: a trainee opens nothing. */
    trainees: z.array(NamePattern).max(50).default(['*stagiair*', 'LIO', 'LIO-*', 'LIO *']),
    /** leerjaar 1 to 6 of secondary, or groep 1 to 8 where the location is a primary school. */
    grades: z.enum(levels).default('secondary'),
  })
  .refine(({ vestiging, brin }) => brin === undefined || vestiging.length > 6 || vestiging === brin, {
    path: ['brin'],
    message: 'another BRIN than that of the location',
  })
export type Options = z.infer<typeof Options>

/** OpenAPI 14.10.0, `servers` and `securitySchemes`. */
const environments = {
  production: { token: 'https://inloggen.somtoday.nl/oauth2/token', api: 'https://api.somtoday.nl/rest/v1' },
  acceptance: {
    token: 'https://inloggen.acceptatie.somtoday.nl/oauth2/token',
    api: 'https://api.acceptatie.somtoday.nl/rest/v1',
  },
  test: { token: 'https://inloggen.test.somtoday.nl/oauth2/token', api: 'https://api.test.somtoday.nl/rest/v1' },
} as const

export const endpointsOf = ({ endpoints, environment }: Pick<Options, 'endpoints' | 'environment'>) =>
  endpoints ?? environments[environment]
