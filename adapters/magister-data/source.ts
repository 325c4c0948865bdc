/**
 * Magister's Data web service: a layout (a query that the school installed) gives enrolments as CSV, ADFuncties gives staff as XML. Built from
 * what known clients send and read, not tried against a real one.
 */
import { localDay, schoolYearAt } from '../calendar.ts'
import { assemble, inBatches, summaryOf } from '../deliver.ts'
import { widelyOpened } from '../homerooms.ts'
import type { RosterRecord } from '../roster.ts'
import { type Adapter, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { type Magister, type MagisterSettings, magister, settings } from './client.ts'
import { fields, never } from './fields.ts'
import { type Mapped, mapMagister } from './map.ts'
import { Options, titleOf } from './options.ts'
import { staffToAsk } from './staff.ts'
import type { Asked } from './terms.ts'
import { columnsOfGroups, columnsOfPupils, type Enrolment, enrolmentOf, tables, type Wire } from './wire.ts'

export const magisterData: Adapter<typeof Options> = {
  kind: 'magister-data',
  title: 'Magister (Data web service)',
  can: { mode: 'snapshot', keysUniqueIn: 'school', nextYear: false, groupTeachers: true, window: 'night' },
  standing: 'unverified',
  options: Options,
  secrets: ['password'],
  fields,
  never,
  hosts: ({ url }) => [new URL(url).host],
  open: magisterSource,
}

/** @param more for tests: a shorter time-out, a lower cap */
export function magisterSource(
  options: Options,
  context: SourceContext,
  more: Partial<MagisterSettings> = {},
): RosterSource {
  const asked = (): Asked => ({
    options,
    schoolYear: context.schoolYear ?? schoolYearAt(context.clock()),
    today: localDay(context.clock()),
  })
  const read = async (question: Asked): Promise<{ mapped: Mapped; records: RosterRecord[] }> => {
    const client = magister(options, context, { ...settings, ...more })
    await client.login()
    const mapped = mapMagister(await everything(client, question), question)
    return { mapped, records: assemble(mapped) }
  }
  return {
    async check() {
      // Lessons are a question a person: enough to know that the staff can be read.
      const question = {
        ...asked(),
        options: { ...options, staff: options.staff === 'none' ? options.staff : 'list' },
      } as const
      const { mapped, records } = await read(question)
      return { ok: true, says: said(mapped, records, question) }
    },
    async *read() {
      const question = asked()
      const { mapped, records } = await read(question)
      const { brin, location } = options
      yield* inBatches(records, mapped.findings, {
        kind: 'snapshot',
        scope: { brin, location, schoolYear: question.schoolYear },
      })
    },
  }
}

/** One question after the other: the supplier's server is the school's own. */
async function everything(client: Magister, asked: Asked): Promise<Wire> {
  const { options } = asked
  const lines = await client.layout(options.layouts.pupils, columnsOfPupils(options))
  const rows = lines.map(line => enrolmentOf(line, options))
  const groupRows = await lessonGroups(client, options)
  const staff = options.staff === 'none' ? [] : ((await client.table(tables.staff)) ?? noStaff())
  const lessons: Wire['lessons'] = new Map()
  for (const number of options.staff === 'groups' ? staffToAsk(staff, asked) : [])
    lessons.set(number, {
      groups: names(await client.table(tables.groupLessons, number)),
      classes: names(await client.table(tables.classLessons, number)),
    })
  return {
    enrolments: rows.filter((row): row is Enrolment => row !== undefined && row !== 'header'),
    unnumbered: rows.filter(row => row === undefined).length,
    groupRows,
    staff,
    lessons,
  }
}

async function lessonGroups(client: Magister, options: Options): Promise<Wire['groupRows']> {
  if (options.layouts.groups === undefined) return undefined
  const lines = await client.layout(options.layouts.groups, { required: columnsOfGroups(options) })
  const [pupil = '', group = ''] = [titleOf(options, 'groupPupil'), titleOf(options, 'groupName')]
  return lines.flatMap(({ row }) => {
    const [number, name] = [row[pupil], row[group]]
    return number === undefined || name === undefined ? [] : [{ number, group: name }]
  })
}

const names = (lessons: { klas?: string | undefined }[] | undefined) =>
  (lessons ?? []).flatMap(({ klas }) => klas ?? [])

function noStaff(): never {
  throw new SourceError('incomplete', 'Magister answers without a list of staff: may the account use ADFuncties?')
}

function said(
  { findings, memberships }: Mapped,
  records: readonly RosterRecord[],
  { options, schoolYear }: Asked,
): string[] {
  const count = (code: string) => findings.filter(finding => finding.code === code).length
  const taught = new Set(memberships.filter(({ role }) => role === 'teacher').map(({ groupSourceId }) => groupSourceId))
  const homerooms = records.filter(record => record.type === 'group' && record.kind === 'homeroom')
  const without = homerooms.filter(record => record.type === 'group' && !taught.has(record.sourceId)).length
  const skipped = findings.find(({ code }) => code === 'not-a-class')?.detail
  return [
    `School ${options.brin}-${options.location}, school year ${schoolYear}: Magister does not say which school this is, compare the classes.`,
    summaryOf(records),
    ...widelyOpened(records),
    ...(without > 0 ? [`${without} classes have no mentor whom we know: nobody opens their panel by the roster.`] : []),
    ...(count('mentor-unknown') > 0
      ? [`Of ${count('mentor-unknown')} classes a mentor's code belongs to nobody who works here now.`]
      : []),
    ...(count('damaged-text') > 0
      ? [`${count('damaged-text')} names have a question mark: ask Magister for UTF-8 instead of ANSI.`]
      : []),
    ...(skipped === undefined ? [] : [`Left out: ${skipped}.`]),
  ]
}
