/** What the guards measure: what is gone of what was there, what changes, and where the source says it is. Pure. */
import type { Scope } from '../../adapters/source.ts'
import { schoolYearOn } from '../store/calendar.ts'
import type { StoredPerson } from '../store/roster.ts'
import type { SyncLimits } from '../store/schools.ts'
import type { SourceProfile } from '../store/source-profile.ts'
import type { RunReason } from '../store/sync-runs.ts'
import type { GuardInput } from './guard.ts'
import type { Plan } from './plan.ts'
import { personal } from './plan-people.ts'
import type { Snapshot } from './snapshot.ts'

/** Of a source that says that nothing changed: at the school that is meant? */
export function judgeScope(scope: Scope, { school, profile }: Pick<GuardInput, 'school' | 'profile'>): RunReason[] {
  const found = { 'other-school': otherSchool(scope, school), 'other-organisation': otherOrganisation(scope, profile) }
  return Object.entries(found).flatMap(([guard, says]) => (says === null ? [] : [{ guard, says }]))
}

export function otherSchool({ brin, location }: Scope, school: GuardInput['school']): string | null {
  if (brin !== undefined && brin.toUpperCase() !== school.brin)
    return `The source answered for school ${brin}; this is school ${school.brin}.`
  if (location !== undefined && location !== school.location)
    return `The source answered for location ${location}; this is location ${school.location} of school ${school.brin}.`
  return null
}

export const otherOrganisation = ({ organisation }: Scope, profile: SourceProfile): string | null =>
  organisation !== undefined && profile.organisation !== undefined && organisation !== profile.organisation
    ? `The source answered for ${organisation}; what was applied last is of ${profile.organisation}. Another school is another source.`
    : null

/** Names, addresses and roles that would change, among all who are there. */
export function updatesOf({ plan, stored }: Pick<GuardInput, 'plan' | 'stored'>): { changed: number; all: number } {
  return { changed: plan.people.update.filter(update => update.content).length, all: stored.people.filter(live).length }
}

/** So many that the guard `updates` holds. */
export function massUpdate(input: Pick<GuardInput, 'plan' | 'stored' | 'limits'>): boolean {
  const { changed, all } = updatesOf(input)
  return changed > input.limits.removalsAtLeast && changed > input.limits.updateShare * all
}

/**
 * Source ids of those who get a key by which one person alone signs in, and which somebody else of this source has who was not gone before.
 * Where a person has said that the key is another's now, nothing is left to ask.
 */
export function movedKeys({ plan, snapshot, stored }: Pick<GuardInput, 'plan' | 'snapshot' | 'stored'>): string[] {
  const retired = new Set(plan.people.retire.map(person => person.personId))
  const holders = new Map(
    stored.people
      .filter(person => live(person) && !retired.has(person.personId))
      .flatMap(person => person.keys.filter(isPersonal).map(key => [key.tag, person.personId] as const)),
  )
  const known = new Map(stored.people.map(person => [person.tag, person.personId]))
  for (const { stored: was, next } of plan.people.update) known.set(next.tag, was.personId)
  const moved = plan.keys.create.filter(key => {
    const holder = isPersonal(key) ? holders.get(key.tag) : undefined
    return holder !== undefined && holder !== known.get(key.personTag)
  })
  const named = new Map(snapshot.people.map(({ tag, record }) => [tag, record.sourceId]))
  return [...new Set(moved.map(({ personTag }) => named.get(personTag) ?? personTag))].sort()
}

const isPersonal = ({ type, stable }: { type: string; stable: boolean }) => stable && personal.has(type)

/** What is gone of what was there, by type. Leavers of the top grade at a year change are no surprise, and what ends with its year is no removal. */
export function removals({ plan, stored, limits }: GuardInput): { kind: string; gone: number; of: number }[] {
  const top = topGrades(stored.people, limits)
  const expected = (person: StoredPerson) => plan.yearChange && person.grade !== null && top.has(person.grade)
  const people = (kind: string, is: (role: string) => boolean) => ({
    kind,
    gone: plan.people.deactivate.filter(person => is(person.role) && !expected(person)).length,
    of: stored.people.filter(person => live(person) && is(person.role)).length,
  })
  const ofYear = <T extends { schoolYear: string }>(all: T[]) => all.filter(one => one.schoolYear === plan.schoolYear)
  return [
    people('pupils', role => role === 'pupil'),
    people('staff', role => role === 'staff'),
    people('others', role => role !== 'pupil' && role !== 'staff'),
    {
      kind: 'groups',
      gone: plan.groups.deactivate.length,
      of: ofYear(stored.groups).filter(group => group.active).length,
    },
    { kind: 'memberships', gone: plan.memberships.end.length, of: ofYear(stored.memberships).length },
  ]
}

/** Secondary schools' highest year has no one number: the highest that is there. */
function topGrades(people: StoredPerson[], limits: SyncLimits): Set<string> {
  if (limits.topGrades) return new Set(limits.topGrades)
  const grades = people
    .filter(person => live(person) && /^\d+$/.test(person.grade ?? ''))
    .map(each => Number(each.grade))
  return new Set(grades.length > 0 ? [String(grades.reduce((a, b) => Math.max(a, b)))] : [])
}

export const expectedYear = ({ limits, today }: GuardInput) => limits.schoolYear ?? schoolYearOn(today)
export const live = (person: StoredPerson) => person.status !== 'inactive'
export const here = ({ people }: Snapshot, role: string) =>
  people.filter(({ record }) => record.role === role && record.status !== 'inactive').length
export const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`
export const sample = ({ crossings }: Plan) => sampleOf(crossings.map(each => each.record.sourceId))
export const sampleOf = (words: string[]) =>
  `${[...new Set(words)].slice(0, 5).join(', ')}${new Set(words).size > 5 ? ', …' : ''}`
