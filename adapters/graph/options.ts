/** What an administrator fills in, and the addresses that follow from it. */
import { z } from 'zod'
import { isServerHere } from '../address.ts'
import { SchoolYearOption } from '../calendar.ts'
import { levels } from '../grades.ts'
import { NamePattern } from '../homerooms.ts'

/**
 * Microsoft's clouds, each with its own sign-in and its own Graph (learn.microsoft.com/graph/deployments). Schools in the Netherlands are in
 * `global`. Of the others Microsoft's documents say that they do not offer the education part of Graph.
 */
const clouds = {
  global: { login: 'https://login.microsoftonline.com', graph: 'https://graph.microsoft.com' },
  'us-gov': { login: 'https://login.microsoftonline.us', graph: 'https://graph.microsoft.us' },
  'us-dod': { login: 'https://login.microsoftonline.us', graph: 'https://dod-graph.microsoft.us' },
  china: { login: 'https://login.chinacloudapi.cn', graph: 'https://microsoftgraph.chinacloudapi.cn' },
} as const

const onThisMachine = z.url().refine(isServerHere, 'http on this machine only, without path')

/** Fields of a class that may tell a homeroom from a subject. */
const homeroomFields = ['displayName', 'classCode', 'externalName', 'mailNickname', 'grade'] as const

export const Options = z.object({
  /** Directory (tenant) ID of the app registration in Entra, not a domain name. */
  tenantId: z.guid().toLowerCase(),
  /** Application (client) ID of the app registration. */
  clientId: z.guid().toLowerCase(),
  /** The value of a client secret, which Entra shows once. Its ID is another thing, and is refused here. */
  clientSecret: z
    .string()
    .min(1)
    .max(500)
    .refine(text => !z.guid().safeParse(text).success, 'the value of the secret, not its ID'),
  /** Which school of the tenant: its id, its externalId (School Data Sync) or its schoolNumber. Default: the only one. */
  school: z.string().trim().min(1).max(200).optional(),
  /**
   * `basic`: names, accounts, roles and who is in which class. `full`: also numbers of pupils and staff, and grades. Microsoft gives those in one piece
   * with birth date and gender, which are dropped unread: ask for it only where the numbers are needed.
   */
  permissions: z.enum(['basic', 'full']).default('basic'),
  /**
   * Which classes are homerooms. Default: none, and then no teacher gets a panel. `*` any characters, `?` one; capitals do not matter. `{year}` is the school
   * year in any notation: a class that it fits is of this year, though it has no term.
   */
  homerooms: z.object({ field: z.enum(homeroomFields), patterns: z.array(NamePattern).min(1).max(50) }).optional(),
  /** Teachers of more homerooms than this are held for a person: an ICT coordinator often owns the team of every class. */
  homeroomsPerTeacher: z.int().min(1).max(50).default(4),
  /** What a bare number means as a grade: `primary` groep 1 to 8, `secondary` year 1 to 6. Default: nothing. */
  level: z.enum(levels).optional(),
  /** Default: the current one. Classes without a term are of the current one, and their teachers are held for a person. */
  schoolYear: SchoolYearOption,
  cloud: z.enum(['global', 'us-gov', 'us-dod', 'china']).default('global'),
  /** Instead of Microsoft: servers on this machine, for tests and the demo. */
  endpoint: z.object({ graph: onThisMachine, login: onThisMachine }).optional(),
})
export type Options = z.infer<typeof Options>

/** Origins, without a slash at the end. */
export function addressesOf({ cloud, endpoint }: Options): { login: string; graph: string } {
  if (endpoint === undefined) return clouds[cloud]
  return { login: new URL(endpoint.login).origin, graph: new URL(endpoint.graph).origin }
}

/** What the token is asked for; always the cloud's own name, also where a server on this machine answers. */
export const scopeOf = ({ cloud }: Options): string => `${clouds[cloud].graph}/.default`
