/** Microsoft 365 Education by Microsoft Graph: one school of a tenant, or the whole tenant where School Data Sync made no schools. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { schoolYearAt } from '../calendar.ts'
import { given, inBatches, readCursor } from '../deliver.ts'
import { type Adapter, type Proof, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { type ClientSettings, graphClient } from './client.ts'
import { begin, Rounds, since } from './delta.ts'
import { graphFields, graphNever } from './fields.ts'
import { addressesOf, Options } from './options.ts'
import { type Asked, allSchools, everything } from './read.ts'
import { advice, schoolsToChoose } from './says.ts'
import { chosenSchool } from './school.ts'
import { type GraphTokens, graphTokens } from './token.ts'
import { selected, type WireSchool } from './wire.ts'

export interface GraphSettings extends ClientSettings {
  /** Asked for; Graph may send fewer. 999 is the most it allows for accounts. */
  pageSize: number
}

const settings: GraphSettings = { timeoutMs: 120_000, maxBytes: 32 * 1024 ** 2, pageSize: 500 }
const fullEveryDays = 7

export const microsoft: Adapter<typeof Options> = {
  kind: 'microsoft',
  title: 'Microsoft 365 Education (Graph)',
  can: {
    mode: 'snapshot-with-gate',
    // Graph reports no deleted classes, users and schools.
    fullEveryDays,
    keysUniqueIn: 'organisation',
    nextYear: true,
    groupTeachers: true,
    window: 'any',
  },
  // From Microsoft's documents and types: no tenant of a school was ever read.
  standing: 'unverified',
  options: Options,
  secrets: ['clientSecret'],
  fields: graphFields,
  never: graphNever,
  hosts: options => Object.values(addressesOf(options)).map(address => new URL(address).host),
  open: graphSource,
}

/**
 * `of`: what was asked, so that other options or another year read everything. `at`: when everything was read last. No person is in it; about 1 kB,
 * at most 9.
 */
const Cursor = z.object({
  of: z.string().length(64),
  at: z.iso.datetime(),
  rounds: Rounds,
  scope: z.object({
    brin: z.string().optional(),
    location: z.string().optional(),
    organisation: z.string(),
    schoolYear: z.string(),
  }),
})
type Cursor = z.infer<typeof Cursor>

/** @param more for tests: shorter time-outs, a lower cap, smaller pages */
export function graphSource(options: Options, context: SourceContext, more: Partial<GraphSettings> = {}): RosterSource {
  const { pageSize, ...limits } = { ...settings, ...more }
  const token = graphTokens(context, options, limits.timeoutMs)
  const graph = graphClient(context, token, options, limits)
  const schoolYear = context.schoolYear ?? options.schoolYear ?? schoolYearAt(context.clock())
  const asked: Asked = { options, pageSize, graph, context, schoolYear }
  return {
    async check() {
      const schools = await allSchools(asked)
      const wrong = refusalOf(schools, options.school)
      if (wrong !== undefined) return { ok: false, says: schoolsToChoose(wrong, schools) }
      return { ok: true, says: advice(await everything(asked), options, token.granted()) }
    },
    async *read(stored) {
      const cursor = readCursor(Cursor, stored)
      const of = fingerprint(asked)
      const gate = isUsable(cursor, of, context.clock()) ? await since(graph, cursor.rounds) : undefined
      if (cursor !== undefined && gate !== undefined && !gate.changed) {
        yield unchanged({ ...cursor, rounds: gate.rounds }, token)
        return
      }
      const at = context.clock().toISOString()
      const rounds = gate?.rounds ?? (await begin(graph, selected.users[options.permissions]))
      const { records, findings, scope } = await everything(asked)
      const kept = rounds === undefined ? {} : { cursor: JSON.stringify({ of, at, rounds, scope }) }
      yield* inBatches(records, findings, { kind: 'snapshot', scope, ...kept, ...grantOf(token) })
    },
  }
}

/** What `read` would throw: `check` shows the schools beside it. */
function refusalOf(schools: readonly WireSchool[], wanted: string | undefined): SourceError | undefined {
  try {
    chosenSchool(schools, wanted)
    return undefined
  } catch (error) {
    if (error instanceof SourceError) return error
    throw error
  }
}

function isUsable(cursor: Cursor | undefined, of: string, now: Date): cursor is Cursor {
  return cursor?.of === of && now.getTime() - Date.parse(cursor.at) < fullEveryDays * 86_400_000
}

function unchanged(cursor: Cursor, token: GraphTokens): Proof {
  const { brin, location, organisation, schoolYear } = cursor.scope
  const scope = { ...given('brin', brin), ...given('location', location), organisation, schoolYear }
  const counts = { school: 0, group: 0, person: 0, membership: 0 }
  return { kind: 'unchanged', scope, counts, cursor: JSON.stringify(cursor), ...grantOf(token) }
}

/** Fewer permissions than last time look like leavers and are not. */
function grantOf(token: GraphTokens): { grant?: string[] } {
  const grant = token.granted()
  return grant === undefined ? {} : { grant }
}

/** Of everything that decides what is read and how it is understood; the secret is not in it. */
function fingerprint({ options, context, schoolYear }: Asked): string {
  const { clientSecret: _, ...rest } = options
  const all = { ...rest, schoolYear, current: schoolYearAt(context.clock()) }
  return createHash('sha256').update(JSON.stringify(all)).digest('hex')
}
