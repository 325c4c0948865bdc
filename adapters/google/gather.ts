/** Every question to Google, from the top: users, then the parts that the options need. Everything arrives, or it throws. */
import { byCursor } from '../pages.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { type GoogleApis, unread } from './client.ts'
import {
  courseRule,
  homeroomGroups,
  homeroomUnits,
  isBelow,
  keyOfAddress,
  keyOfName,
  teacherKeys,
} from './homerooms.ts'
import { needsOf, type Options } from './options.ts'
import {
  Aliases,
  Courses,
  Groups,
  Members,
  masks,
  OrgUnits,
  Students,
  Teachers,
  Users,
  type WireCourse,
  type WireGroup,
  type WireMember,
  type WireOrgUnit,
  type WireUser,
} from './wire.ts'

export interface GatheredCourse extends WireCourse {
  homeroom: boolean
  /** Its pattern named the school year. */
  ofYear: boolean
  students: string[]
  teachers: string[]
}

export interface Gathered {
  users: WireUser[]
  orgUnits: WireOrgUnit[]
  groups: (WireGroup & { members: WireMember[] })[]
  courses: GatheredCourse[]
}

export async function gather(
  apis: GoogleApis,
  options: Options,
  context: SourceContext,
  schoolYear: string,
): Promise<Gathered> {
  const needs = needsOf(options)
  let read = 0
  const come = (count: number) => {
    read += count
    context.progress?.(read)
  }
  const users = await usersOf(apis, options, come)
  const orgUnits = needs.orgUnits ? await orgUnitsOf(apis, options) : []
  const listed = needs.groups ? await groupList(apis, options) : []
  const classes = [...homeroomUnits(options.homerooms, orgUnits), ...homeroomGroups(options.homerooms, listed)]
  const teachersAt = new Set(teacherKeys(options.homerooms, classes).keys())
  const wanted = listed.filter(group => classes.includes(group) || teachersAt.has(keyOfAddress(group.email)))
  const groups = await membersOf(apis, wanted, come)
  const courses = needs.courses ? await coursesOf(apis, options, { schoolYear, teachersAt }, come) : []
  return { users, orgUnits, groups, courses }
}

/** Below each path that is not below another one of the lists. Somebody who comes twice moved while we read: the next run knows where to. */
async function usersOf({ directory, ask }: GoogleApis, options: Options, come: (count: number) => void) {
  const paths = [...options.pupils, ...options.staff, ...options.trainees]
  const tops = paths.filter(path => !paths.some(other => other !== path && isBelow(path, other)))
  const users: WireUser[] = []
  for (const path of tops) {
    const question = {
      customer: options.customer,
      // Matches the units below it too; only an administrator's view can be searched by it.
      query: `orgUnitPath='${path.replace(/[\\']/g, '\\$&')}'`,
      viewType: 'admin_view',
      projection: 'basic',
      maxResults: 500,
      fields: masks.users,
    }
    const found = await every(async page => {
      const answer = await ask(Users, () => directory.users.list({ ...question, ...page }, unread))
      come(answer.users.length)
      return [answer.users, answer]
    }).catch(unknownUnit)
    users.push(...found)
  }
  return onceEach(users, 'user', ({ id }) => id)
}

async function orgUnitsOf({ directory, ask }: GoogleApis, { customer, pupils }: Options): Promise<WireOrgUnit[]> {
  const units = new Map<string, WireOrgUnit>()
  for (const path of pupils) {
    const question = { customerId: customer, orgUnitPath: path, type: 'all', fields: masks.orgUnits }
    const found = await ask(OrgUnits, () => directory.orgunits.list(question, unread)).catch(unknownUnit)
    for (const unit of found.organizationUnits) if (isBelow(unit.orgUnitPath, path)) units.set(unit.orgUnitId, unit)
  }
  return [...units.values()]
}

/** The directory says HTTP 400 `INVALID_OU_ID` for a unit that is not there, and 404 where units are listed. */
function unknownUnit(error: unknown): never {
  if (error instanceof SourceError && (error.status === 400 || error.status === 404))
    throw new SourceError(
      'malformed',
      `Google does not know one of the organisational units, or the customer, of the options (HTTP ${error.status})`,
    )
  throw error
}

async function groupList({ directory, ask }: GoogleApis, { customer }: Options): Promise<WireGroup[]> {
  const question = { customer, maxResults: 200, fields: masks.groups }
  const groups = await every(async page => {
    const answer = await ask(Groups, () => directory.groups.list({ ...question, ...page }, unread))
    return [answer.groups, answer]
  })
  return onceEach(groups, 'group', ({ id }) => id)
}

async function membersOf({ directory, ask }: GoogleApis, wanted: WireGroup[], come: (count: number) => void) {
  const groups: Gathered['groups'] = []
  for (const group of wanted) {
    const question = { groupKey: group.id, maxResults: 200, fields: masks.members }
    const members = await found(
      every(async page => {
        const answer = await ask(Members, () => directory.members.list({ ...question, ...page }, unread))
        return [answer.members, answer]
      }),
    )
    if (members === undefined)
      throw new SourceError('incomplete', `group:${group.id} is on the list of groups and cannot be found`)
    come(members.length)
    groups.push({ ...group, members })
  }
  return groups
}

/**
 * All courses that the administrator sees are those of the domain: of these the homerooms, those of teachers, and the others where they are wanted.
 * @throws SourceError `incomplete` when a course is on the list, but not there
 */
async function coursesOf(
  apis: GoogleApis,
  options: Options,
  { schoolYear, teachersAt }: { schoolYear: string; teachersAt: ReadonlySet<string> },
  come: (count: number) => void,
): Promise<GatheredCourse[]> {
  const rule = courseRule(options.homerooms, schoolYear)
  const courses: GatheredCourse[] = []
  const gone = new Set<string>()
  for (const course of await courseList(apis, options)) {
    const aliases = rule.aliases ? await aliasesOf(apis, course.id) : []
    const verdict = rule.of(course, aliases ?? [])
    const wanted = verdict.homeroom || options.scheduled || teachersAt.has(keyOfName(course.name))
    if (aliases !== undefined && !wanted) continue
    const students = aliases && (await studentsOf(apis, course.id))
    const teachers = students && (await teachersOf(apis, course.id))
    if (students !== undefined && teachers !== undefined) courses.push({ ...course, ...verdict, students, teachers })
    else gone.add(course.id)
    come(1)
  }
  // Deleted or archived since we saw the list? Then it is not on a new one. "Not found" alone is no proof that a class is gone.
  const still = gone.size === 0 ? undefined : (await courseList(apis, options)).find(({ id }) => gone.has(id))
  if (still !== undefined)
    throw new SourceError('incomplete', `course:${still.id} is on the list of courses and cannot be found`, {
      sourceId: `course:${still.id}`,
    })
  return courses
}

async function courseList({ classroom, ask }: GoogleApis, { courseStates }: Options): Promise<WireCourse[]> {
  const question = { courseStates, pageSize: 500, fields: masks.courses }
  const courses = await every(async page => {
    const answer = await ask(Courses, () => classroom.courses.list({ ...question, ...page }, unread))
    return [answer.courses, answer]
  })
  return onceEach(courses, 'course', ({ id }) => id)
}

/** 30 come where nothing is asked; how many come is Google's choice, and no sign of the end. */
const pageSize = 100

/** These three: undefined when there is no such course (any more). */
async function studentsOf({ classroom, ask }: GoogleApis, courseId: string): Promise<string[] | undefined> {
  const question = { courseId, pageSize, fields: masks.students }
  const students = await found(
    every(async page => {
      const answer = await ask(Students, () => classroom.courses.students.list({ ...question, ...page }, unread))
      return [answer.students, answer]
    }),
  )
  return students && onceEach(students, 'student', ({ userId }) => userId).map(({ userId }) => userId)
}

async function teachersOf({ classroom, ask }: GoogleApis, courseId: string): Promise<string[] | undefined> {
  const question = { courseId, pageSize, fields: masks.teachers }
  const teachers = await found(
    every(async page => {
      const answer = await ask(Teachers, () => classroom.courses.teachers.list({ ...question, ...page }, unread))
      return [answer.teachers, answer]
    }),
  )
  return teachers && onceEach(teachers, 'teacher', ({ userId }) => userId).map(({ userId }) => userId)
}

async function aliasesOf({ classroom, ask }: GoogleApis, courseId: string): Promise<string[] | undefined> {
  const question = { courseId, pageSize, fields: masks.aliases }
  const aliases = await found(
    every(async page => {
      const answer = await ask(Aliases, () => classroom.courses.aliases.list({ ...question, ...page }, unread))
      return [answer.aliases, answer]
    }),
  )
  return aliases?.map(({ alias }) => alias)
}

/** All pages: the end is where no token comes with a page, full or not. */
async function every<Item>(
  ask: (page: { pageToken?: string }) => Promise<[Item[], { nextPageToken?: string | undefined }]>,
): Promise<Item[]> {
  const all: Item[] = []
  const pages = byCursor<Item>('', async pageToken => {
    const [items, { nextPageToken }] = await ask(pageToken === '' ? {} : { pageToken })
    return { items, next: nextPageToken || undefined }
  })
  for await (const page of pages) all.push(...page)
  return all
}

/** @returns undefined for HTTP 404 */
async function found<Of>(asked: Promise<Of>): Promise<Of | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof SourceError && error.status === 404) return undefined
    throw error
  }
}

/** Where one comes twice another may have been passed over: a page that shifted is no proof of anything. */
function onceEach<Item>(items: Item[], what: string, idOf: (item: Item) => string): Item[] {
  const seen = new Set<string>()
  for (const item of items) {
    const id = idOf(item)
    if (seen.has(id)) throw new SourceError('malformed', `Google lists a ${what} twice (${id}): its pages shifted`)
    seen.add(id)
  }
  return items
}
