/** OneRoster by REST, 1.1 and 1.2: everything of one school, or what changed since. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { isSafeAddress } from '../address.ts'
import { localDay, SchoolYearOption } from '../calendar.ts'
import { assemble, countsOf, inBatches, readCursor } from '../deliver.ts'
import { authorized } from '../oauth.ts'
import { type Adapter, type Health, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { isRefusal, type OneRosterApi, type OneRosterSettings, oneRosterApi, oneRosterSettings } from './api.ts'
import { deltaOf, personRemovals } from './delta.ts'
import { oneRosterFields, oneRosterNever } from './fields.ts'
import { before, find, later, pathsOf, readRoster } from './lists.ts'
import { mapGroup, mapRoster, type Rules, ruleOptions, rulesOf } from './map.ts'
import { isOurs, schoolIdOf, scopeOf } from './scope.ts'
import { WireClass } from './wire.ts'

const address = z
  .url()
  .refine(text => isSafeAddress(text), 'https without credentials or fragment, and no query; http on this machine only')

const Options = z.object({
  /** Up to and including the version: `https://…/ims/oneroster/rostering/v1p2`, `https://…/ims/oneroster/v1p1`. */
  url: address,
  version: z.enum(['1.1', '1.2']).default('1.2'),
  /** Where the supplier gives out tokens (OAuth 2). */
  tokenUrl: z.url().refine(text => isSafeAddress(text, () => true), 'https; http on this machine only'),
  clientId: z.string().min(1).max(300),
  clientSecret: z.string().min(1).max(1000),
  /** Rights to ask for; by default reading without birth dates and the like. Empty: ask for none, as some suppliers want it. */
  scope: z.string().max(1000).optional(),
  /** How the secret is shown to `tokenUrl`; `basic` is the standard. */
  authentication: z.enum(['basic', 'body']).default('basic'),
  /** The school: its sourcedId at the supplier, or its identifier there, such as the BRIN. */
  school: z.string().min(1).max(250),
  /** Default: the current one. */
  schoolYear: SchoolYearOption,
  /**
   * `flat`: reads /classes, /users and /enrollments of all schools that we may see, and keeps ours. `school`: asks below /schools/{id}, which
   * is faster at a large board; staff who teach no class do not come then.
   */
  collections: z.enum(['flat', 'school']).default('flat'),
  ...ruleOptions,
})
export type RestOptions = z.infer<typeof Options>

/**
 * Nothing of a person: what the last run was of, and how far the server's own clock had come in its enrolments. `reading` is a print of the options by
 * which enrolments were understood: under others everything must be read anew.
 */
const Cursor = z.object({
  reading: z.string(),
  school: z.string(),
  schoolYear: z.string(),
  lastModified: z.iso.datetime().optional(),
})

export const oneRoster: Adapter<typeof Options> = {
  kind: 'oneroster',
  title: 'OneRoster 1.1 and 1.2 (REST, OAuth 2)',
  can: {
    mode: 'delta',
    fullEveryDays: 7,
    keysUniqueIn: 'organisation',
    nextYear: true,
    groupTeachers: true,
    window: 'any',
  },
  standing: 'tested',
  options: Options,
  secrets: ['clientSecret'],
  fields: oneRosterFields,
  never: oneRosterNever,
  hosts: ({ url, tokenUrl }) => [...new Set([new URL(url).host, new URL(tokenUrl).host])],
  open: oneRosterSource,
}

/** @param more for tests: smaller pages, a shorter time-out, a lower cap */
export function oneRosterSource(
  options: RestOptions,
  context: SourceContext,
  more: Partial<OneRosterSettings> = {},
): RosterSource {
  const { tokenUrl, clientId, clientSecret, authentication } = options
  const scope = options.scope ?? scopes[options.version]
  const credentials = { tokenUrl, clientId, clientSecret, authentication, ...(scope === '' ? {} : { scope }) }
  const api = oneRosterApi(options.url, authorized(context, credentials), { ...oneRosterSettings, ...more })
  const rules = () => rulesOf(options, localDay(context.clock()))
  return {
    check: async () => checked(api, options, rules(), context),
    async *read(stored) {
      const cursor = readCursor(Cursor, stored)
      const place = await find(api, options, context)
      const of = { reading: readingOf(options), school: place.school, schoolYear: place.schoolYear }
      const same = cursor?.reading === of.reading && cursor.school === of.school && cursor.schoolYear === of.schoolYear
      const since = same && cursor.lastModified !== undefined ? before(cursor.lastModified) : undefined
      const read = await readRoster(api, options, place, context.clock(), since)
      const lastModified = later(read.lastModified, same ? cursor.lastModified : undefined)
      const proof = { scope: scopeOf(place), cursor: JSON.stringify({ ...of, lastModified }) }
      if (read.kind === 'snapshot') {
        const { roster, findings } = mapRoster({ place, ...read }, rules())
        if (!roster.people.some(({ role }) => role === 'pupil'))
          throw new SourceError('incomplete', 'the source shows no pupils of this school: nothing is changed')
        yield* inBatches(assemble(roster), findings, { ...proof, kind: 'snapshot' })
        return
      }
      const { roster, findings, removed } = deltaOf({ place, ...read }, rules())
      const all = [...removed, ...personRemovals(read.users, read.deleted)]
      yield* inBatches(assemble(roster, { open: true }), findings, { ...proof, kind: 'delta' }, all)
    },
  }
}

function readingOf({ url, version, collections, teachers, homerooms }: RestOptions): string {
  const print = createHash('sha256').update(JSON.stringify([url, version, collections, teachers, homerooms]))
  return print.digest('hex').slice(0, 32)
}

const scopes = {
  '1.1': 'https://purl.imsglobal.org/spec/or/v1p1/scope/roster-core.readonly',
  '1.2': 'https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly',
}

/** Reads what is small, and of users and enrolments only whether they may be asked: a board's whole list is no check. */
async function checked(api: OneRosterApi, options: RestOptions, rules: Rules, context: SourceContext): Promise<Health> {
  const place = await find(api, options, context)
  const lists = pathsOf(options, place)
  const classes = await api.all({ ...lists.classes, schema: WireClass }, each => isOurs(each, place))
  for (const list of [...lists.users, lists.enrollments]) await api.probe(list)
  const since = before(context.clock().toISOString())
  const delta = await api.probe({ ...lists.enrollments, filter: `dateLastModified>'${since}'` }).then(
    () => true,
    error => {
      if (isRefusal(error)) return false
      throw error
    },
  )
  const groups = classes.map(each => mapGroup(each, place, rules, []))
  const homerooms = groups.filter(({ kind }) => kind === 'homeroom').length
  const says = [
    `School ${place.brin === undefined ? schoolIdOf(place) : `${place.brin}-${place.location} (${schoolIdOf(place)})`}, school year ${place.schoolYear}.`,
    `${countsOf(groups).group} classes, ${homerooms} of them homerooms. People are counted when everything is read.`,
    delta
      ? 'The source can be asked for changes only.'
      : 'The source cannot be asked for changes: everything is read every time.',
  ]
  if (classes.length === 0) says.push('Without classes nobody gets a group: ask the supplier which classes we may see.')
  else if (homerooms === 0)
    says.push('No class is a homeroom: give the option homerooms, such as "groep *", or no teacher gets a panel.')
  return { ok: classes.length > 0, says }
}
