/** What may be right, and a named person says so. */
import type { Guard } from './guard.ts'
import {
  counted,
  expectedYear,
  live,
  massUpdate,
  movedKeys,
  removals,
  sample,
  sampleOf,
  updatesOf,
} from './guard-measures.ts'
import { isEmpty } from './plan.ts'
import { showOf } from './profile.ts'

export const holds: readonly Guard[] = [
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
    id: 'sign-in-moved',
    verdict: 'hold',
    because:
      'A sign-in that goes from one person to another takes what the first one may open along: two records swapped, or an account taken.',
    check(input) {
      const moved = movedKeys(input)
      return moved.length > 0
        ? `${counted(moved.length, 'sign-in goes', 'sign-ins go')} from one person to another: ${sampleOf(moved)}.`
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
