/** OneRoster as a bundle of CSV files, 1.1 and 1.2: a whole school (bulk), or changes to one that was read before (delta). */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { localDay, SchoolYearOption } from '../calendar.ts'
import { assemble, countsOf, inBatches, readCursor, summaryOf } from '../deliver.ts'
import { widelyOpened } from '../homerooms.ts'
import type { GroupRecord } from '../roster.ts'
import {
  type Adapter,
  type Batch,
  type Health,
  type Proof,
  type RosterSource,
  type SourceContext,
  SourceError,
} from '../source.ts'
import { type BundleLimits, bundleLimits } from './bundle.ts'
import { type Before, type Contents, readContents } from './contents.ts'
import { type Delta, deltaOf } from './delta.ts'
import { oneRosterFields, oneRosterNever } from './fields.ts'
import { groupId, mapRoster, personId, type Rules, ruleOptions, rulesOf } from './map.ts'
import { schoolIdOf, scopeOf } from './scope.ts'

const Options = z.object({
  /** A zip file or a folder on the machine of the connector. Without it every run is handed its bundle: `m5 sync --file`. */
  path: z.string().min(1).optional(),
  /** The school: its sourcedId in the bundle, or its identifier there, such as the BRIN. */
  school: z.string().min(1).max(250),
  /** Default: the current one. */
  schoolYear: SchoolYearOption,
  ...ruleOptions,
})
type CsvOptions = z.infer<typeof Options>

/**
 * What a later bundle of changes needs of this one, and nothing of a person: the school, the sessions of its year, and which classes are its
 * own. `reading` is a print of the options by which it was understood.
 */
const Cursor = z.object({
  sha256: z.string(),
  reading: z.string(),
  lastModified: z.iso.datetime().optional(),
  place: z.object({
    school: z.string(),
    above: z.array(z.string()),
    brin: z.string().optional(),
    location: z.string().optional(),
    name: z.string().optional(),
    schoolYear: z.string(),
    sessions: z.array(z.string()),
  }),
  classes: z.record(z.string(), z.enum(['homeroom', 'scheduled'])),
})
type Cursor = z.infer<typeof Cursor>

export const oneRosterCsv: Adapter<typeof Options> = {
  kind: 'oneroster-csv',
  title: 'OneRoster 1.1 and 1.2 (CSV bundle)',
  can: {
    mode: 'delta',
    // Ours: who sends changes must send everything once a month.
    fullEveryDays: 30,
    keysUniqueIn: 'organisation',
    nextYear: true,
    groupTeachers: true,
    window: 'any',
    upload: { maxBytes: bundleLimits.maxBytes, extensions: ['.zip'] },
  },
  standing: 'tested',
  options: Options,
  secrets: [],
  fields: oneRosterFields,
  never: oneRosterNever,
  hosts: () => [],
  open: oneRosterCsvSource,
}

/** The cursor holds the hash of the content: the same bundle again is `unchanged`, however it is packed. @param more for tests: lower caps */
export function oneRosterCsvSource(
  options: CsvOptions,
  context: SourceContext,
  more: Partial<BundleLimits> = {},
): RosterSource {
  const reading = readingOf(options)
  const arrive = (applied: Cursor | undefined) => {
    const path = context.file ?? options.path
    if (path === undefined)
      throw new SourceError('unreachable', 'this source has no path: give it its bundle at every run', { final: true })
    const before = applied?.reading === reading ? beforeOf(applied) : undefined
    return readContents(path, options, context, { ...bundleLimits, ...more }, before)
  }
  const rules = () => rulesOf(options, localDay(context.clock()))
  return {
    check: async () => summary(await arrive(undefined), rules()),
    async *read(stored) {
      const applied = readCursor(Cursor, stored)
      const contents = await arrive(applied)
      if (applied?.sha256 === contents.sha256 && applied.reading === reading) {
        const scope = scopeOf(contents.place)
        yield { kind: 'unchanged', scope, counts: countsOf([]), cursor: JSON.stringify(applied) }
        return
      }
      expectNotOlder(contents.lastModified, applied?.lastModified)
      yield* deliver(contents, rules(), { reading, applied })
    },
  }
}

function* deliver(
  contents: Contents,
  rules: Rules,
  { reading, applied }: { reading: string; applied: Cursor | undefined },
): Generator<Batch | Proof> {
  const { place, manifest, lastModified, sha256 } = contents
  const open = manifest.kind === 'delta'
  const known = new Map(
    open ? Object.entries(applied?.classes ?? {}).map(([id, kind]) => [groupId(id), kind] as const) : [],
  )
  const { roster, findings, removed }: Delta = open
    ? deltaOf(contents, rules, { groups: known, anybody: true })
    : { ...mapRoster(contents, rules), removed: [] }
  if (!open && !roster.people.some(({ role }) => role === 'pupil'))
    throw new SourceError('incomplete', 'the bundle has no pupils of this school: nothing is changed')
  const next: Cursor = {
    sha256,
    reading,
    lastModified: lastModified ?? applied?.lastModified,
    place: { ...place, above: [...place.above], sessions: [...place.sessions] },
    classes: classesAfter(known, roster.groups, contents.deleted.classes),
  }
  const proof = {
    kind: open ? ('delta' as const) : ('snapshot' as const),
    scope: scopeOf(place),
    cursor: JSON.stringify(Cursor.parse(next)),
    ...(lastModified === undefined ? {} : { createdAt: lastModified }),
  }
  const left = contents.deleted.users.map(id => ({ type: 'person' as const, sourceId: personId(id) }))
  yield* inBatches(assemble(roster, { open }), findings, proof, open ? [...removed, ...left] : [])
}

function classesAfter(
  known: ReadonlyMap<string, GroupRecord['kind']>,
  groups: readonly GroupRecord[],
  deleted: readonly string[],
): Cursor['classes'] {
  const after = new Map([...known, ...groups.map(({ sourceId, kind }) => [sourceId, kind] as const)])
  for (const id of deleted) after.delete(groupId(id))
  return Object.fromEntries([...after].map(([sourceId, kind]) => [sourceId.slice(groupId('').length), kind]))
}

function beforeOf({ place, classes }: Cursor): Before {
  const { brin, location, name } = place
  const sets = { above: new Set(place.above), sessions: new Set(place.sessions) }
  return { place: { ...place, ...sets, brin, location, name, current: false }, classes: new Set(Object.keys(classes)) }
}

function readingOf({ school, schoolYear, homerooms, teachers, grades, userIds }: CsvOptions): string {
  const print = createHash('sha256').update(JSON.stringify([school, schoolYear, homerooms, teachers, grades, userIds]))
  return print.digest('hex').slice(0, 32)
}

/** @throws SourceError `malformed` when the bundle's last change is before the last one applied */
function expectNotOlder(lastModified: string | undefined, applied: string | undefined): void {
  if (lastModified !== undefined && applied !== undefined && lastModified < applied)
    throw new SourceError('malformed', `the bundle is older (${lastModified}) than the one applied last (${applied})`)
}

function summary(contents: Contents, rules: Rules): Health {
  const { place, manifest } = contents
  const { roster, findings } = mapRoster(contents, rules)
  const named = place.brin === undefined ? schoolIdOf(place) : `${place.brin}-${place.location}`
  const records = assemble(roster)
  const pupils = roster.people.filter(({ role }) => role === 'pupil').length
  const says = [`School ${named}, school year ${place.schoolYear}, version ${manifest.version}.`, summaryOf(records)]
  says.push(...widelyOpened(records))
  if (pupils === 0) says.push('Without pupils nothing is changed: ask for a bundle of the whole school.')
  if (findings.some(({ code }) => code === 'no-homerooms'))
    says.push('No class is a homeroom: give the option homerooms, such as "groep *", or no teacher gets a panel.')
  if (findings.some(({ code }) => code === 'no-group-teachers'))
    says.push('No homeroom has a teacher: if the bundle marks none as primary, set the option teachers to "all".')
  return { ok: pupils > 0, says }
}
