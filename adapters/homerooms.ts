/** Which classes are homerooms, in sources that do not say so themselves (Google, Microsoft): a rule that an administrator can read. */
import { z } from 'zod'
import type { GroupRecord, MembershipRecord, RosterRecord } from './roster.ts'

/** `*` any characters, `?` one; the whole name, capitals do not matter. No regular expressions: nobody can write one that hangs. */
export const NamePattern = z.string().min(1).max(100)

export type HomeroomRule = (name: string | null | undefined) => boolean

/** @param patterns a homeroom when one of them fits; none: no class is a homeroom */
export function homeroomRule(patterns: readonly string[]): HomeroomRule {
  const lower = patterns.map(pattern => [...pattern.toLowerCase()])
  return name => name != null && lower.some(pattern => fits(pattern, [...name.trim().toLowerCase()]))
}

/**
 * Patterns in which `{year}` stands for the school year in any notation of schools: what fits one of those is of this year, whoever left last year's
 * classes standing.
 * @returns of the names of one class whether it is a homeroom, and whether a pattern with the year let it in
 */
export function datedRule(
  patterns: readonly string[],
  schoolYear: string,
): (names: readonly (string | null | undefined)[]) => { homeroom: boolean; ofYear: boolean } {
  const dated = patterns.filter(pattern => pattern.includes('{year}'))
  const years = notations(schoolYear)
  const withYear = homeroomRule(dated.flatMap(pattern => years.map(year => pattern.replaceAll('{year}', year))))
  const without = homeroomRule(patterns.filter(pattern => !dated.includes(pattern)))
  return names => {
    const ofYear = names.some(withYear)
    return { ofYear, homeroom: ofYear || names.some(without) }
  }
}

/** `2026-2027` as schools write it. */
function notations(schoolYear: string): string[] {
  const [from = '', to = ''] = schoolYear.split('-')
  const short = [from.slice(2), to.slice(2)]
  return [schoolYear, `${from}/${to}`, `${from}-${short[1]}`, short.join('-'), short.join('/'), short.join('')]
}

/**
 * Who is made a homeroom by a name may be no class at all: last year's that nobody took away, or one that somebody of elsewhere made. A pupil in two
 * homerooms is told of in one of them only, so the doubtful one gives way where more than half of its pupils sit in one that is certain.
 * @param homerooms `certain`: of this year, and a member of staff has it
 */
export function givingWay<Of extends { pupils: readonly string[]; certain: boolean }>(
  homerooms: readonly Of[],
): Set<Of> {
  const settled = new Set(homerooms.flatMap(({ pupils, certain }) => (certain ? pupils : [])))
  const elsewhere = ({ pupils }: Of) => pupils.filter(pupil => settled.has(pupil)).length
  return new Set(homerooms.filter(each => !each.certain && elsewhere(each) * 2 > each.pupils.length))
}

/** Whoever teaches more homerooms than `most` is an administrator or a helper, until a person says otherwise: held in all of them. */
export function heldBack(
  memberships: readonly MembershipRecord[],
  groups: readonly Pick<GroupRecord, 'sourceId' | 'kind'>[],
  most: number,
): MembershipRecord[] {
  const homerooms = homeroomIds(groups)
  const opens = ({ role, groupSourceId }: MembershipRecord) => role === 'teacher' && homerooms.has(groupSourceId)
  const opened = Map.groupBy(memberships.filter(opens), ({ personSourceId }) => personSourceId)
  return memberships.map(each =>
    opens(each) && (opened.get(each.personSourceId)?.length ?? 0) > most ? { ...each, role: 'undecided' } : each,
  )
}

/** Pupils of more than one homeroom: told to the administrator, for a pattern that is too wide makes them. */
export function inSeveral(
  memberships: readonly MembershipRecord[],
  groups: readonly Pick<GroupRecord, 'sourceId' | 'kind'>[],
): number {
  const homerooms = homeroomIds(groups)
  const places = memberships.filter(({ role, groupSourceId }) => role === 'pupil' && homerooms.has(groupSourceId))
  return [...Map.groupBy(places, ({ personSourceId }) => personSourceId).values()].filter(({ length }) => length > 1)
    .length
}

/** Ours: two share a class, a third stands in; one who has more than four is nobody's class teacher. */
const usual = { teachers: 3, homerooms: 4 }

/**
 * What an administrator should look at before approving, in sources that say themselves who has a class: a supplier may mean every teacher of a lesson
 * by it. Without names.
 */
export function widelyOpened(records: readonly RosterRecord[]): string[] {
  const homerooms = homeroomIds(records.filter(record => record.type === 'group'))
  const opened = records.flatMap(record =>
    record.type === 'membership' && record.role === 'teacher' && homerooms.has(record.groupSourceId) ? [record] : [],
  )
  const most = (by: (each: MembershipRecord) => string) =>
    Math.max(0, ...[...Map.groupBy(opened, by).values()].map(({ length }) => length))
  const [teachers, rooms] = [most(each => each.groupSourceId), most(each => each.personSourceId)]
  return [
    ...(teachers > usual.teachers
      ? [`One homeroom has ${teachers} teachers by this source, and each of them gets its panel: is that so?`]
      : []),
    ...(rooms > usual.homerooms
      ? [`One teacher has ${rooms} homerooms by this source, and gets the panel of each: is that so?`]
      : []),
  ]
}

export const homeroomIds = (groups: readonly Pick<GroupRecord, 'sourceId' | 'kind'>[]): Set<string> =>
  new Set(groups.filter(({ kind }) => kind === 'homeroom').map(({ sourceId }) => sourceId))

/** Greedy with one point of return: linear in practice, never exponential. */
function fits(pattern: string[], text: string[]): boolean {
  let [p, t] = [0, 0]
  let star: { p: number; t: number } | undefined
  while (t < text.length) {
    if (pattern[p] === '*') {
      p += 1
      star = { p, t }
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p += 1
      t += 1
    } else if (star === undefined) return false
    else {
      star.t += 1
      p = star.p
      t = star.t
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

/** `Groep 4`, `4b`, `groep 1/2`: the primary year groups a name speaks of; secondary (`2 havo`, `H3a`) needs the source's own field. */
export function gradesInName(name: string): ('1' | '2' | '3' | '4' | '5' | '6' | '7' | '8')[] {
  const found = /^\s*(?:groep|gr\.?|klas)?\s*([1-8])(?:\s*[/+-]\s*([1-8]))?(?:\s*[/+-]\s*([1-8]))?\s*[a-z]?\s*$/i.exec(
    name,
  )
  if (found === null) return []
  // SAFETY: the expression lets only these digits through.
  return [...new Set(found.slice(1).filter(digit => digit !== undefined))] as ReturnType<typeof gradesInName>
}
