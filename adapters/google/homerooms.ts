/** Which courses, units and groups are classes, by the options. Pure. */
import { datedRule, homeroomRule } from '../homerooms.ts'
import type { Options } from './options.ts'
import type { WireCourse, WireGroup, WireOrgUnit } from './wire.ts'

type Homerooms = Options['homerooms']

/** Paths of organisational units, or of one and its users; Google's names differ in more than capitals. */
export function isBelow(path: string, unit: string): boolean {
  const [long, short] = [path.toLowerCase(), unit.toLowerCase()]
  return long === short || long.startsWith(`${short}/`)
}

export interface CourseVerdict {
  homeroom: boolean
  /** A pattern with `{year}` let it in: it is of this school year, whenever it was made. */
  ofYear: boolean
}

/** @returns `aliases`: whether a pattern speaks of aliases, which cost a question for each course */
export function courseRule(
  homerooms: Homerooms,
  schoolYear: string,
): { aliases: boolean; of(course: WireCourse, aliases: readonly string[]): CourseVerdict } {
  const patterns = homerooms.from === 'courses' ? homerooms.patterns : []
  const rule = datedRule(patterns, schoolYear)
  return {
    aliases: patterns.some(pattern => /^[dp]:/i.test(pattern)),
    of({ name, section }, aliases) {
      return rule([name, section, ...(section === undefined ? [] : [`${name} / ${section}`]), ...aliases])
    },
  }
}

/**
 * Courses of the year after are made from spring on, and those of the year before are often left standing: a homeroom made outside of
 * April to April (ours) says nothing about this year.
 * @param creationTime as Google writes it; absent or unreadable: doubtful
 */
export function isMadeFor(schoolYear: string, creationTime: string | undefined): boolean {
  const made = Date.parse(creationTime ?? '')
  const [from, to] = schoolYear.split('-')
  return made >= Date.parse(`${from}-04-01T00:00:00Z`) && made < Date.parse(`${to}-04-01T00:00:00Z`)
}

export function homeroomGroups<Group extends WireGroup>(homerooms: Homerooms, groups: readonly Group[]): Group[] {
  if (homerooms.from !== 'groups') return []
  const isHomeroom = homeroomRule(homerooms.patterns)
  return groups.filter(({ email }) => isHomeroom(email))
}

export function homeroomUnits(homerooms: Homerooms, units: readonly WireOrgUnit[]): WireOrgUnit[] {
  if (homerooms.from !== 'org-units') return []
  const isHomeroom = homeroomRule(homerooms.patterns)
  return units.filter(({ name }) => isHomeroom(name))
}

/** What stands for `{class}`: a unit's name, or the part of a group's address before the @ (`groep-8a`). */
export const classOf = (of: WireOrgUnit | WireGroup): string =>
  'email' in of ? (of.email.split('@')[0] ?? of.email) : of.name

/**
 * Where the teachers of each class stand, as keys to compare by (`keyOfAddress`, `keyOfName`): two classes that would share one have none, so that
 * nobody opens the panel of another class.
 */
export function teacherKeys<Of extends WireOrgUnit | WireGroup>(
  homerooms: Homerooms,
  classes: readonly Of[],
): Map<string, Of> {
  if (homerooms.from === 'courses' || homerooms.teachers === undefined) return new Map()
  const { teachers } = homerooms
  const key = (name: string) =>
    teachers.from === 'groups'
      ? keyOfAddress(teachers.address.replaceAll('{class}', name))
      : keyOfName(teachers.name.replaceAll('{class}', name))
  const by = Map.groupBy(classes, of => key(classOf(of)))
  return new Map([...by].flatMap(([at, [only, ...more]]) => (only && more.length === 0 ? [[at, only] as const] : [])))
}

/** Letters and digits only: `Groep 8A`, `groep-8a` and `groep.8a` are one. */
export const keyOfName = (text: string): string =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, '')

/** The domain as it is. */
export function keyOfAddress(address: string): string {
  const at = address.lastIndexOf('@')
  return `${keyOfName(address.slice(0, at))}@${address.slice(at + 1).toLowerCase()}`
}
