/**
 * What may not be believed, and what a person must look at first. Pure; a table, in the order in which it is shown. `refuse`: this input is
 * wrong and cannot be approved. `hold`: it may be right, and a named person says so. Limits are settings of the school (rosters.md §9).
 */
import { schoolYearOn } from '../store/calendar.ts'
import type { StoredPerson, StoredRoster } from '../store/roster.ts'
import type { SyncLimits } from '../store/schools.ts'
import type { RunReason } from '../store/sync-runs.ts'
import type { Plan } from './plan.ts'
import type { Snapshot } from './snapshot.ts'

export interface GuardInput {
  plan: Plan
  snapshot: Snapshot
  stored: StoredRoster
  school: { brin: string; location: string }
  source: { appliedAt: Date | null; appliedCreatedAt: Date | null }
  limits: SyncLimits
  /** `YYYY-MM-DD`, Europe/Amsterdam. */
  today: string
  /** Of the people to be created, how many carry the names of one to be deactivated. */
  sameNames: number
  /** Somebody asked to see it first. */
  preview: boolean
}

export interface Guard {
  id: string
  verdict: 'refuse' | 'hold'
  /** Why this guard is there. */
  because: string
  /** The sentence when it fires, without personal data; null when all is well. */
  check(input: GuardInput): string | null
}

export interface Verdict {
  verdict: 'apply' | 'hold' | 'refuse'
  reasons: RunReason[]
}

/** Refusals alone when there is one: what is wrong about wrong input does not matter. */
export function judge(input: GuardInput): Verdict {
  const fired = guards.flatMap(({ id, verdict, check }) => {
    const says = check(input)
    return says === null ? [] : [{ verdict, reason: { guard: id, says } }]
  })
  const refusals = fired.filter(each => each.verdict === 'refuse')
  if (refusals.length > 0) return { verdict: 'refuse', reasons: refusals.map(each => each.reason) }
  return { verdict: fired.length > 0 ? 'hold' : 'apply', reasons: fired.map(each => each.reason) }
}

export const guards: readonly Guard[] = [
  {
    id: 'other-school',
    verdict: 'refuse',
    because: 'A wrong BRIN or location is another school: its children would get the reports of ours.',
    check({ snapshot, school }) {
      const { brin, location } = snapshot.proof.scope
      if (brin !== undefined && brin.toUpperCase() !== school.brin)
        return `The source answered for school ${brin}; this is school ${school.brin}.`
      if (location !== undefined && location !== school.location)
        return `The source answered for location ${location}; this is location ${school.location} of school ${school.brin}.`
      return null
    },
  },
  {
    id: 'past-school-year',
    verdict: 'refuse',
    because: 'An export of last year would put everyone back into the groups they left.',
    check: input =>
      input.snapshot.schoolYear < expectedYear(input)
        ? `The source answered for school year ${input.snapshot.schoolYear}; expected is ${expectedYear(input)}.`
        : null,
  },
  {
    id: 'year-behind',
    verdict: 'refuse',
    because: 'Once the next year is applied, this year again would bring the leavers back and send the newcomers away.',
    check({ snapshot, stored }) {
      const last = stored.groups.reduce((year, group) => (group.schoolYear > year ? group.schoolYear : year), '')
      return snapshot.schoolYear < last
        ? `School year ${last} was applied already; this is ${snapshot.schoolYear}.`
        : null
    },
  },
  {
    id: 'older',
    verdict: 'refuse',
    because: 'An older export undoes what a newer one said.',
    check({ snapshot, source }) {
      const { createdAt } = snapshot.proof
      if (createdAt === undefined || !source.appliedCreatedAt) return null
      return new Date(createdAt) < source.appliedCreatedAt
        ? `The source made this on ${createdAt}; what was applied last is of ${source.appliedCreatedAt.toISOString()}.`
        : null
    },
  },
  {
    id: 'no-pupils',
    verdict: 'refuse',
    because: 'No pupils is a right that was withdrawn or a question that was wrong, never a school that everyone left.',
    check: ({ snapshot }) => (here(snapshot, 'pupil') === 0 ? 'There is not one pupil in it.' : null),
  },
  {
    id: 'type-missing',
    verdict: 'refuse',
    because: 'A whole kind that was there and is gone is a right that was withdrawn (o365-moodle #1084 and kin).',
    check({ snapshot, stored }) {
      const gone = [
        stored.people.some(person => live(person) && person.role === 'staff') &&
          here(snapshot, 'staff') === 0 &&
          'staff',
        stored.groups.some(group => group.active) && snapshot.groups.length === 0 && 'groups',
        stored.memberships.length > 0 && snapshot.memberships.length === 0 && 'memberships',
      ].filter(kind => kind !== false)
      return gone.length > 0 ? `There were ${gone.join(' and ')} before, and now there are none.` : null
    },
  },
  {
    id: 'next-school-year',
    verdict: 'hold',
    because: 'Next year’s groups before the holidays would take teachers and pupils out of their present ones.',
    check: input =>
      input.snapshot.schoolYear > expectedYear(input)
        ? `The source answered for school year ${input.snapshot.schoolYear}; now it is ${expectedYear(input)}.`
        : null,
  },
  {
    id: 'first-run',
    verdict: 'hold',
    because: 'Somebody who knows the school looks at the first roster before a child is in it.',
    check: ({ source }) => (source.appliedAt === null ? 'This is the first roster of this source.' : null),
  },
  {
    id: 'school-unnamed',
    verdict: 'hold',
    because: 'A source that does not say of which school it is can only be checked by a person, once.',
    check: ({ source, snapshot }) =>
      source.appliedAt === null && snapshot.proof.scope.brin === undefined
        ? 'The source does not say of which school this is: compare the groups.'
        : null,
  },
  {
    id: 'preview',
    verdict: 'hold',
    because: 'Somebody asked to see it first.',
    check: ({ preview }) => (preview ? 'A preview was asked for.' : null),
  },
  {
    id: 'removals',
    verdict: 'hold',
    because: 'A broken export looks like a mass leave (Clever holds at 10 % deleted, HelloID at 20 %).',
    check(input) {
      const over = removals(input).filter(({ gone, of }) => {
        return gone > input.limits.removalsAtLeast && gone > input.limits.removalShare * of
      })
      if (over.length === 0) return null
      return `Removed would be ${over.map(({ kind, gone, of }) => `${gone} of ${of} ${kind}`).join(', ')}.`
    },
  },
  {
    id: 'staff-removal',
    verdict: 'hold',
    because:
      'A teacher who is gone from an export for a day must not lose the panel: staff are removed by hand, always.',
    check({ plan }) {
      const staff = plan.people.deactivate.filter(person => person.role === 'staff').length
      return staff > 0 ? `${counted(staff, 'member of staff', 'members of staff')} would be removed.` : null
    },
  },
  {
    id: 'summer-removals',
    verdict: 'hold',
    because: 'Between 15 June and 1 September systems turn over their year, and people are missing who are not gone.',
    check({ plan, today, limits }) {
      const gone = plan.people.deactivate.length
      const monthDay = today.slice(5)
      if (!limits.summerHold || gone === 0 || monthDay < '06-15' || monthDay > '09-01') return null
      return `${counted(gone, 'person', 'people')} would be removed in the summer, when years turn over.`
    },
  },
  {
    id: 'updates',
    verdict: 'hold',
    because: 'Names that change for nearly everyone are two columns swapped (Clever holds at 75 % updated).',
    check({ plan, stored, limits }) {
      const changed = plan.people.update.filter(update => update.content).length
      const all = stored.people.filter(live).length
      return changed > limits.removalsAtLeast && changed > limits.updateShare * all
        ? `Names, addresses or roles would change for ${changed} of ${all} people.`
        : null
    },
  },
  {
    id: 'new-keys',
    verdict: 'hold',
    because: 'When the source changes its keys everyone would become somebody else, and lose who they are here.',
    check({ plan, sameNames, limits }) {
      const created = plan.people.create.length
      return sameNames > limits.removalsAtLeast && sameNames > limits.sameNamesShare * created
        ? `This looks like a new key format: ${sameNames} of ${created} new people have the names of people who would go.`
        : null
    },
  },
  {
    id: 'keys-missing',
    verdict: 'hold',
    because: 'A kind of key that is gone for everyone is a field right that was withdrawn; sign-in would stop.',
    check({ snapshot, stored, limits }) {
      const before = Map.groupBy(
        stored.people.filter(live).flatMap(person => person.keys),
        key => key.type,
      )
      const now = new Set(snapshot.people.flatMap(person => person.keys.map(key => key.type)))
      const gone = [...before].filter(([type, keys]) => keys.length > limits.removalsAtLeast && !now.has(type))
      return gone.length > 0
        ? `Nobody has a key of these kinds any more: ${gone.map(([type]) => type).join(', ')}.`
        : null
    },
  },
  {
    id: 'pupil-becomes-staff',
    verdict: 'hold',
    because: 'A pupil’s account that opens a teacher’s panel is the worst mistake a roster can make.',
    check: ({ plan }) =>
      plan.crossings.length > 0
        ? `${counted(plan.crossings.length, 'pupil', 'pupils')} would become something else: ${sample(plan)}.`
        : null,
  },
]

/** What is gone of what was there, by type. Leavers of the top grade at a year change are no surprise, and what ends with its year is no removal. */
function removals({ plan, stored, limits }: GuardInput): { kind: string; gone: number; of: number }[] {
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

const expectedYear = ({ limits, today }: GuardInput) => limits.schoolYear ?? schoolYearOn(today)
const live = (person: StoredPerson) => person.status !== 'inactive'
const here = ({ people }: Snapshot, role: string) =>
  people.filter(({ record }) => record.role === role && record.status !== 'inactive').length
const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`
const sample = ({ crossings }: Plan) =>
  crossings
    .slice(0, 5)
    .map(each => each.record.sourceId)
    .join(', ')
