/** The whole school, call by call. Nothing leaves here before all of it came. */
import type { z } from 'zod'
import { schoolYearAt } from '../calendar.ts'
import { assemble } from '../deliver.ts'
import { byCursor } from '../pages.ts'
import type { RosterRecord } from '../roster.ts'
import { type Finding, type Scope, type SourceContext, SourceError } from '../source.ts'
import { askMany } from './batch.ts'
import type { Graph } from './client.ts'
import type { Homerooms } from './homerooms.ts'
import { mapRoster, type WireRoster } from './map.ts'
import type { Options } from './options.ts'
import { chosenSchool, classesOf } from './school.ts'
import { pageOf, selected, WireClass, WireMember, WireSchool, WireUser } from './wire.ts'

export interface Asked {
  options: Options
  /** Asked for; Graph may send fewer. */
  pageSize: number
  graph: Graph
  context: SourceContext
  schoolYear: string
}

export interface Read {
  wire: WireRoster
  records: RosterRecord[]
  findings: Finding[]
  scope: Scope
  homerooms: Homerooms
}

/** @throws SourceError unless the whole school came */
export async function everything(asked: Asked): Promise<Read> {
  const wire = await wholeSchool(asked)
  const { roster, ...more } = mapRoster(wire, asked.options, asked.schoolYear)
  return { wire, records: assemble(roster), ...more }
}

export const allSchools = ({ graph, pageSize }: Pick<Asked, 'graph' | 'pageSize'>): Promise<WireSchool[]> =>
  all(graph, WireSchool, address('/education/schools', selected.schools, pageSize))

async function wholeSchool(asked: Asked): Promise<WireRoster> {
  const { options, pageSize, graph, context, schoolYear } = asked
  const school = chosenSchool(await allSchools(asked), options.school)
  const root = school === undefined ? '/education' : `/education/schools/${encodeURIComponent(school.id)}`
  const current = schoolYearAt(context.clock())
  const listed = await all(graph, WireClass, address(`${root}/classes`, selected.classes, pageSize))
  const classes = classesOf(listed, schoolYear, current)
  if (classes.ours.length === 0 && schoolYear !== current)
    throw new SourceError('incomplete', `no class of the source has a term in the school year ${schoolYear}`)
  const users = await all(graph, WireUser, address(`${root}/users`, selected.users[options.permissions], pageSize))
  if (users.length === 0)
    throw new SourceError('incomplete', 'the source has no account in this school: nothing was changed')
  return { school, classes, users, people: await peopleOf(classes.ours, asked) }
}

/** Two questions a class, twenty to a request; a list that goes on is followed by itself. */
async function peopleOf(
  classes: readonly WireClass[],
  { pageSize, graph, context }: Asked,
): Promise<WireRoster['people']> {
  const lists = classes.flatMap(({ id }) =>
    ['members', 'teachers'].map(list =>
      address(`/education/classes/${encodeURIComponent(id)}/${list}`, selected.members, pageSize),
    ),
  )
  const ids: string[][] = []
  for (const { value, '@odata.nextLink': next } of await askMany(graph, context, pageOf(WireMember), lists)) {
    const rest = next === undefined ? [] : await all(graph, WireMember, next)
    ids.push([...value, ...rest].map(({ id }) => id))
  }
  return new Map(
    classes.map(({ id }, n) => [id, { members: ids[2 * n] ?? [], teachers: ids[2 * n + 1] ?? [] }] as const),
  )
}

/** Page after page, by the links that Graph gives. */
async function all<Item extends z.ZodType>(graph: Graph, item: Item, first: string): Promise<z.infer<Item>[]> {
  const items: z.infer<Item>[] = []
  const pages = byCursor(first, async cursor => {
    const { value, '@odata.nextLink': next } = await graph.get(pageOf(item), cursor)
    return { items: value, next }
  })
  for await (const page of pages) items.push(...page)
  return items
}

/** `$top` in `members` is a wish as well: a list may always go on. */
const address = (path: string, fields: readonly string[], pageSize: number) =>
  `${path}?$select=${fields.join(',')}&$top=${pageSize}`
