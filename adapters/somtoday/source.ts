/** Somtoday Connect 14.10.0: one location (vestiging) of an organisation, whole, at night. Built from its OpenAPI document, not tried against the real one. */
import { localDay, schoolYearAt } from '../calendar.ts'
import { assemble, inBatches, summaryOf } from '../deliver.ts'
import { widelyOpened } from '../homerooms.ts'
import { type Adapter, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { type Connect, connect, type SomtodaySettings, settings } from './client.ts'
import { fields, never } from './fields.ts'
import { type Mapped, mapSomtoday } from './map.ts'
import { endpointsOf, Options } from './options.ts'
import type { Asked } from './terms.ts'
import type { Vestiging, Wire } from './wire.ts'

export const somtoday: Adapter<typeof Options> = {
  kind: 'somtoday',
  title: 'Somtoday (Connect)',
  can: { mode: 'snapshot', keysUniqueIn: 'organisation', nextYear: true, groupTeachers: true, window: 'night' },
  standing: 'unverified',
  options: Options,
  secrets: ['clientSecret'],
  fields,
  never,
  hosts: options => [...new Set(Object.values(endpointsOf(options)).map(url => new URL(url).host))],
  open: somtodaySource,
}

/** @param more for tests: a shorter time-out, a lower cap */
export function somtodaySource(
  options: Options,
  context: SourceContext,
  more: Partial<SomtodaySettings> = {},
): RosterSource {
  const client = connect(options, context, { ...settings, ...more })
  return {
    async check() {
      const asked = askedFor(options, context)
      const vestiging = chosen(await client.vestigingen(), options)
      const wire = await everything(client, vestiging, asked, { sample: true })
      const mapped = mapSomtoday(wire, asked)
      return { ok: true, says: said(mapped, wire) }
    },
    async *read() {
      const asked = askedFor(options, context)
      const vestiging = chosen(await client.vestigingen(), options)
      const wire = await everything(client, vestiging, asked)
      const mapped = mapSomtoday(wire, asked)
      const { scope, findings } = mapped
      yield* inBatches(assemble(mapped), findings, { kind: 'snapshot', scope, grant: wire.grant })
    },
  }
}

type Question = Asked & { year: 'HUIDIG' | 'VOLGEND' }

/** @throws SourceError `malformed` for a school year that Somtoday cannot give */
function askedFor(options: Options, context: SourceContext): Question {
  const now = context.clock()
  const current = schoolYearAt(now)
  const next = `${Number(current.slice(0, 4)) + 1}-${Number(current.slice(5)) + 1}`
  const schoolYear = context.schoolYear ?? (options.schoolYear === 'next' ? next : current)
  if (schoolYear === current)
    return { options: { ...options, schoolYear: 'current' }, schoolYear, day: localDay(now), year: 'HUIDIG' }
  if (schoolYear === next)
    return {
      options: { ...options, schoolYear: 'next' },
      schoolYear,
      day: `${next.slice(0, 4)}-08-01`,
      year: 'VOLGEND',
    }
  throw new SourceError('malformed', `Somtoday gives ${current} and ${next}, not ${schoolYear}`)
}

/** @throws SourceError `unauthorized` when the location is not shared with us, `malformed` when two have that BRIN */
function chosen(shared: readonly Vestiging[], { vestiging, brin }: Options): Vestiging {
  const brins = (each: Vestiging) => [...each.brins, ...each.externalidentifiers.flatMap(({ brinnr }) => brinnr ?? [])]
  const has = (each: Vestiging, wanted: string) => brins(each).some(one => one.toUpperCase() === wanted)
  const found = shared.filter(each => each.uuid === vestiging.toLowerCase() || has(each, vestiging))
  const [only] = found
  if (only === undefined)
    throw new SourceError(
      'unauthorized',
      `this location is not among the ${shared.length} that are shared with us: the school opens the connection for each location in Somtoday`,
    )
  if (found.length > 1)
    throw new SourceError('malformed', `${found.length} locations have this BRIN: fill in the uuid of the right one`)
  if (brin !== undefined && !has(only, brin))
    throw new SourceError('malformed', 'this location has another BRIN than the options say')
  return { ...only, brins: [...new Set(brins(only))] }
}

/** @param sample for `check`: of what changes nothing in the count only the first page, to know that we may */
async function everything(
  client: Connect,
  vestiging: Vestiging,
  { options, year }: Question,
  { sample = false } = {},
): Promise<Wire> {
  const from = { vestiging: vestiging.uuid, year }
  const none = { items: [], grant: [] }
  const leerling = await client.read('leerling', from)
  const medewerker = await client.read('medewerker', from)
  const stamgroep = await client.read('stamgroep', from)
  const more = { ...from, onlyFirst: sample }
  const lesgroep = options.lessonGroups ? await client.read('lesgroep', more) : none
  const leerlingAccount = options.accounts ? await client.read('leerlingAccount', more) : none
  const medewerkerAccount = options.accounts ? await client.read('medewerkerAccount', more) : none
  const all = [leerling, medewerker, stamgroep, lesgroep, leerlingAccount, medewerkerAccount]
  return {
    vestiging,
    leerlingen: leerling.items,
    medewerkers: medewerker.items,
    stamgroepen: stamgroep.items,
    lesgroepen: sample ? [] : lesgroep.items,
    leerlingAccounts: leerlingAccount.items,
    medewerkerAccounts: medewerkerAccount.items,
    grant: [`vestiging:${vestiging.uuid}`, ...all.flatMap(({ grant }) => grant)].sort(),
  }
}

/** What a teacher's panel and a sign-in need, and what to ask the school when it is not there. */
const wanted: readonly (readonly [string[], string])[] = [
  [['leerling.roepnaam', 'leerling.voornamen'], 'first names of pupils'],
  [['leerling.achternaam'], 'family names of pupils'],
  [['plaatsing.stamgroep', 'stamgroep.leerlingen'], 'the stamgroep of pupils'],
  [
    ['stamgroep.eerste_mentor_stamgroep', 'plaatsing.eerste_mentor_stamgroep'],
    'mentors of stamgroepen: no teacher gets a panel',
  ],
]

function said({ school, groups, people, memberships, findings, scope }: Mapped, { grant }: Wire): string[] {
  const missing = wanted.filter(([any]) => !any.some(right => grant.includes(right))).map(([, what]) => what)
  const count = (code: string) => findings.filter(finding => finding.code === code).length
  const which = school.brin === undefined ? school.sourceId : `${school.brin}-${school.location ?? '??'}`
  return [
    `School ${which}, school year ${scope.schoolYear}.`,
    summaryOf([...groups, ...people]),
    ...widelyOpened([...groups, ...memberships]),
    `Somtoday says that we may see ${grant.length - 1} of the fields that we use.`,
    ...missing.map(what => `The school does not share ${what}.`),
    ...(count('mentor-unknown') > 0
      ? [`Of ${count('mentor-unknown')} stamgroepen a mentor is nobody whom we may see, or somebody who left.`]
      : []),
    'A school may also share only some of its pupils; Somtoday does not say so: compare the number.',
  ]
}
