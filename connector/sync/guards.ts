/**
 * What may not be believed, and what a person must look at first. Pure; a table, in the order in which it is shown. `refuse`: this input is
 * wrong and cannot be approved. `hold`: it may be right, and a named person says so. Limits are settings of the school (rosters.md §9).
 */
import { yearSpan } from '../store/calendar.ts'
import type { StoredRoster } from '../store/roster.ts'
import type { SyncLimits } from '../store/schools.ts'
import type { SourceProfile } from '../store/source-profile.ts'
import type { RunReason } from '../store/sync-runs.ts'
import {
  counted,
  expectedYear,
  here,
  live,
  massUpdate,
  otherOrganisation,
  otherSchool,
  removals,
  sample,
  sampleOf,
  updatesOf,
} from './guard-measures.ts'
import { isEmpty, type Plan } from './plan.ts'
import { showOf } from './profile.ts'
import type { Snapshot } from './snapshot.ts'

export interface GuardInput {
  plan: Plan
  snapshot: Snapshot
  stored: StoredRoster
  school: { brin: string; location: string }
  source: { appliedAt: Date | null; appliedCreatedAt: Date | null }
  /** Of what was applied last. */
  profile: SourceProfile
  limits: SyncLimits
  /** The school year that the source was asked for, when it was told one. */
  asked: string | null
  /** `YYYY-MM-DD`, Europe/Amsterdam. */
  today: string
  /** Of the people to be created, how many carry the names of one to be deactivated. */
  sameNames: number
  /** Where so many names change that nobody's can be judged alone: of how many that were looked at, how many share nothing with the one before. */
  strangers: { of: number; count: number }
  /** Findings of the code `damaged-text`. */
  damaged: number
  /** Names of groups to be created that are in another school of the board, where the source's keys are one organisation's. */
  movedGroups: string[]
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
    check: ({ snapshot, school }) => otherSchool(snapshot.proof.scope, school),
  },
  {
    id: 'other-organisation',
    verdict: 'refuse',
    because: 'Keys of another organisation may be the same numbers: they would be other children under our names.',
    check: ({ snapshot, profile }) => otherOrganisation(snapshot.proof.scope, profile),
  },
  {
    id: 'past-school-year',
    verdict: 'refuse',
    because: 'An export of last year would put everyone back into the groups they left.',
    check: input =>
      input.snapshot.schoolYear < (input.asked ?? expectedYear(input))
        ? `The source answered for school year ${input.snapshot.schoolYear}; expected is ${input.asked ?? expectedYear(input)}.`
        : null,
  },
  {
    id: 'year-behind',
    verdict: 'refuse',
    because: 'Once a later year is applied, this one again would bring the leavers back and send the newcomers away.',
    check({ snapshot, stored, today }) {
      const last = stored.groups.reduce((year, group) => {
        const begun = yearSpan(group.schoolYear).startsOn <= today
        return begun && group.schoolYear > year ? group.schoolYear : year
      }, '')
      return snapshot.schoolYear < last
        ? `School year ${last} was applied already; this is ${snapshot.schoolYear}.`
        : null
    },
  },
  {
    id: 'delta-other-year',
    verdict: 'refuse',
    because: 'What changed since last year does not say who stayed: a new year begins with everything.',
    check: ({ plan, snapshot }) =>
      snapshot.proof.kind === 'delta' && (plan.yearChange || plan.kind === 'ahead')
        ? `The source sent changes of school year ${snapshot.schoolYear}, which is not the one that is stored: the next run asks for everything.`
        : null,
  },
  {
    id: 'delta-reference',
    verdict: 'refuse',
    because:
      'Changes that refer to nobody are changes of another picture than ours: what else is missing, nobody knows.',
    check: ({ plan }) =>
      plan.missing.length > 0
        ? `The changes refer to ${sampleOf(plan.missing)}, not sent and not stored: the next run asks for everything.`
        : null,
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
    check: ({ plan, snapshot }) =>
      plan.kind !== 'delta' && here(snapshot, 'pupil') === 0 ? 'There is not one pupil in it.' : null,
  },
  {
    id: 'type-missing',
    verdict: 'refuse',
    because: 'A whole kind that was there and is gone is a right that was withdrawn (o365-moodle #1084 and kin).',
    check({ plan, snapshot, stored }) {
      if (plan.kind !== 'snapshot') return null
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
    id: 'reused-keys',
    verdict: 'refuse',
    because: 'Keys given out anew hang every report of one child on another: what is stored must not become them.',
    check: ({ strangers: { of, count } }) =>
      count > 0 && count * 2 > of
        ? `Of ${of} people whose names would change, ${count} share no name with who they were: their keys are other people's now. Make a new source for it.`
        : null,
  },
  {
    id: 'next-school-year',
    verdict: 'hold',
    because: 'Somebody who knows next year’s groups looks at them before anybody is in one.',
    check: input =>
      input.snapshot.schoolYear > expectedYear(input) && !isEmpty(input.plan)
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
    because:
      'A source that does not say of which school it is can only be checked by a person: once, and when it stops saying.',
    check({ plan, source, snapshot, profile }) {
      const { brin, organisation } = snapshot.proof.scope
      if (plan.kind === 'delta') return null
      if (source.appliedAt === null)
        return brin === undefined ? 'The source does not say of which school this is: compare the groups.' : null
      const silent =
        (profile.named && brin === undefined) || (profile.organisation !== undefined && organisation === undefined)
      return silent ? 'The source does not say any more of which school this is: compare the groups.' : null
    },
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
      if (!limits.summerHold || gone === 0 || monthDay < limits.summerFrom || monthDay > limits.summerTo) return null
      return `${counted(gone, 'person', 'people')} would be removed in the summer, when years turn over.`
    },
  },
  {
    id: 'updates',
    verdict: 'hold',
    because: 'Names that change for nearly everyone are two columns swapped (Clever holds at 75 % updated).',
    check(input) {
      const { changed, all } = updatesOf(input)
      return massUpdate(input) ? `Names, addresses or roles would change for ${changed} of ${all} people.` : null
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
    check({ plan, snapshot, stored, limits }) {
      if (plan.kind !== 'snapshot') return null
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
    id: 'fields-missing',
    verdict: 'hold',
    because:
      'A field that is gone for everyone is a field right that was withdrawn: it would be emptied for the whole school.',
    check({ plan, snapshot, profile, limits }) {
      if (plan.kind !== 'snapshot' || profile.pupils === 0) return null
      const { fields } = showOf(snapshot)
      const gone = Object.entries(profile.fields).flatMap(([field, count]) =>
        count >= limits.fieldShare * profile.pupils && (fields[field] ?? 0) === 0 ? [field] : [],
      )
      return gone.length > 0 ? `No pupil has these fields any more: ${gone.sort().join(', ')}.` : null
    },
  },
  {
    id: 'narrower-grant',
    verdict: 'hold',
    because: 'Who is not shown any more has not left: a source that lets us see less looks like leavers.',
    check({ plan, snapshot, profile }) {
      const { grant, kind } = snapshot.proof
      if (plan.kind === 'ahead' || (kind === 'delta' && grant === undefined)) return null
      const now = new Set(grant)
      const lost = profile.grant.filter(word => !now.has(word))
      return lost.length > 0 ? `The source lets us see less than last time, no longer: ${lost.join(', ')}.` : null
    },
  },
  {
    id: 'unknown-roles',
    verdict: 'hold',
    because: 'Roles that nobody knows are a changed vocabulary: people would lose what they may open.',
    check({ snapshot, profile, limits }) {
      const { people } = snapshot
      const unknown = showOf(snapshot).unknownRoles
      return unknown > limits.removalsAtLeast &&
        unknown > limits.unknownRoleShare * people.length &&
        unknown > profile.unknownRoles
        ? `${unknown} of ${people.length} people have a role that is not known.`
        : null
    },
  },
  {
    id: 'damaged-text',
    verdict: 'hold',
    because: 'Names with lost characters are a wrong character set: they would overwrite the right ones.',
    check: ({ damaged, profile, limits }) =>
      damaged > limits.damagedAtMost && damaged > profile.damaged
        ? `${counted(damaged, 'record has', 'records have')} characters that were lost on the way (U+FFFD).`
        : null,
  },
  {
    id: 'group-moved',
    verdict: 'hold',
    because:
      'A group that turns up in another school of the board takes its children along: the same key is the same group there.',
    check: ({ movedGroups }) =>
      movedGroups.length > 0
        ? `${counted(movedGroups.length, 'group is', 'groups are')} in another school of the board already: ${sampleOf(movedGroups)}.`
        : null,
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
