/** What cannot be approved: this input is wrong. */
import { yearSpan } from '../store/calendar.ts'
import type { Guard } from './guard.ts'
import { expectedYear, here, live, otherOrganisation, otherSchool, sampleOf } from './guard-measures.ts'

export const refusals: readonly Guard[] = [
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
]
