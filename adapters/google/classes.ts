/** Courses, organisational units and Workspace groups as one thing: a class with those who sit in it. Pure. */
import type { GroupRecord, MembershipRecord } from '../roster.ts'
import type { Gathered } from './gather.ts'
import { homeroomGroups, homeroomUnits, isBelow, isMadeFor, keyOfAddress, keyOfName, teacherKeys } from './homerooms.ts'
import type { Options } from './options.ts'
import type { WireMember, WireOrgUnit } from './wire.ts'

/** People by their Google id. */
export interface Class {
  sourceId: string
  kind: GroupRecord['kind']
  name: string
  students: string[]
  teachers: string[]
  /** Those of whom Google says only that they are in it. */
  members: string[]
  /** What staff among the members are: `undecided` where nothing says who teaches. */
  staffAre: MembershipRecord['role']
  /** Perhaps of another year: its teachers are held for a person. */
  doubtful: boolean
  /** Members without an id at Google. */
  outsiders: number
}

export const courseId = (id: string): string => `course:${id}`

/** Units and groups live for years, a course for one (its id is never given twice): so the first two carry the year. */
export function classesOf(gathered: Gathered, options: Options, schoolYear: string): Class[] {
  return [
    ...ofCourses(gathered, options, schoolYear),
    ...ofUnits(gathered, options, schoolYear),
    ...ofGroups(gathered, options, schoolYear),
  ]
}

function ofCourses({ courses }: Gathered, { scheduled }: Options, schoolYear: string): Class[] {
  return courses
    .filter(({ homeroom }) => homeroom || scheduled)
    .map(course => ({
      ...empty,
      sourceId: courseId(course.id),
      kind: course.homeroom ? 'homeroom' : 'scheduled',
      name: named(course.name, course.id),
      students: course.students,
      teachers: course.teachers,
      doubtful: course.homeroom && !course.ofYear && !isMadeFor(schoolYear, course.creationTime),
    }))
}

function ofUnits(gathered: Gathered, { homerooms }: Options, schoolYear: string): Class[] {
  const units = homeroomUnits(homerooms, gathered.orgUnits)
  const teachers = teachersBy(gathered, homerooms, units, schoolYear)
  const placed = Map.groupBy(gathered.users, ({ orgUnitPath }) => deepest(units, orgUnitPath))
  return units.map(unit => ({
    ...empty,
    sourceId: `ou:${unit.orgUnitId.replace(/^id:/, '')}@${schoolYear}`,
    kind: 'homeroom',
    name: named(unit.name, unit.orgUnitId),
    members: (placed.get(unit) ?? []).map(({ id }) => id),
    staffAre: 'other',
    ...(teachers.get(unit) ?? {}),
  }))
}

/** Units may lie in units: a pupil sits in the deepest that is a class. */
function deepest(units: readonly WireOrgUnit[], path: string): WireOrgUnit | undefined {
  return units
    .filter(({ orgUnitPath }) => isBelow(path, orgUnitPath))
    .sort((a, b) => b.orgUnitPath.length - a.orgUnitPath.length)[0]
}

function ofGroups(gathered: Gathered, { homerooms }: Options, schoolYear: string): Class[] {
  if (homerooms.from !== 'groups') return []
  const groups = homeroomGroups(homerooms, gathered.groups)
  const teachers = teachersBy(gathered, homerooms, groups, schoolYear)
  return groups.map(group => ({
    ...empty,
    sourceId: `group:${group.id}@${schoolYear}`,
    kind: 'homeroom',
    name: named(group.name ?? '', group.email.split('@')[0] ?? group.id),
    members: users(group.members),
    staffAre: homerooms.teachers === undefined ? 'undecided' : 'other',
    outsiders: group.members.length - users(group.members).length,
    ...(teachers.get(group) ?? {}),
  }))
}

/** Teachers of classes that do not say so themselves, from the group or the course that the options name. */
function teachersBy<Of extends WireOrgUnit | Gathered['groups'][number]>(
  { users: people, groups, courses }: Gathered,
  homerooms: Options['homerooms'],
  classes: readonly Of[],
  schoolYear: string,
): Map<Of, Pick<Class, 'teachers' | 'doubtful'>> {
  const found = new Map<Of, Pick<Class, 'teachers' | 'doubtful'>>()
  if (homerooms.from === 'courses' || homerooms.teachers === undefined) return found
  const ofGroup = homerooms.teachers.from === 'groups'
  // Another school of the domain has a "Groep 8" as well.
  const known = new Set(people.map(({ id }) => id))
  const own = courses.filter(({ students, teachers }) => [...students, ...teachers].some(id => known.has(id)))
  for (const [key, one] of teacherKeys(homerooms, classes)) {
    const places = ofGroup
      ? groups
          .filter(({ email }) => keyOfAddress(email) === key)
          .map(({ members }) => ({ teachers: users(members), doubtful: false }))
      : own
          .filter(({ name }) => keyOfName(name) === key)
          .map(({ teachers, creationTime }) => ({ teachers, doubtful: !isMadeFor(schoolYear, creationTime) }))
    const certain = places.filter(({ doubtful }) => !doubtful)
    const [first, ...more] = certain.length > 0 ? certain : places
    // Two of one name: which is the class's own is for a person to say.
    if (first !== undefined)
      found.set(one, {
        teachers: [...new Set([first, ...more].flatMap(({ teachers }) => teachers))],
        doubtful: first.doubtful || more.length > 0,
      })
  }
  return found
}

const users = (members: readonly WireMember[]): string[] => members.flatMap(({ id }) => id ?? [])

/** Our names have 200 characters, Classroom's 750. */
const named = (name: string, otherwise: string): string => name.trim().slice(0, 200).trim() || otherwise

const empty: Pick<Class, 'students' | 'teachers' | 'members' | 'staffAre' | 'doubtful' | 'outsiders'> = {
  students: [],
  teachers: [],
  members: [],
  staffAre: 'other',
  doubtful: false,
  outsiders: 0,
}
