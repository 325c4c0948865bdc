/** What must change so that what is stored says what the snapshot says. Pure. */

import { yearSpan } from '../store/calendar.ts'
import type { StoredGroup, StoredKey, StoredMembership, StoredPerson, StoredRoster } from '../store/roster.ts'
import type { LinkingRule, Question } from './match.ts'
import { planGroups, returnsWithoutPlace } from './plan-groups.ts'
import { planKeys } from './plan-keys.ts'
import { linker } from './plan-links.ts'
import { planMemberships } from './plan-memberships.ts'
import { crossings, isComing, matchPeople, planPeople, yearBefore } from './plan-people.ts'
import type { Snapshot, SnapshotGroup, SnapshotMembership, SnapshotPerson } from './snapshot.ts'

/**
 * What a roster may say. `snapshot`: everything of the present year, so that who is absent is gone. `delta`: what came, and what was said to be
 * gone. `ahead`: everything of a year that has not begun: it adds to that year, corrects what it said of it before, and touches no other.
 */
export type PlanKind = 'snapshot' | 'delta' | 'ahead'

export interface PersonUpdate {
  stored: StoredPerson
  next: SnapshotPerson
  /** Was inactive. */
  returns: boolean
  /** Names or contact differ, or the role: not what a new school year changes by itself. */
  content: boolean
}

/** People of a snapshot whose key may have been given to somebody else: tags. See reused.ts. */
export interface Doubts {
  /** Nobody has decided: whoever is stored stays as they are and gets nothing new. */
  open: ReadonlySet<string>
  /** Somebody else, a person decided: whoever is stored makes room. */
  other: ReadonlySet<string>
}

export interface Plan {
  kind: PlanKind
  schoolYear: string
  /** The first snapshot of a later year: groups of earlier ones are still there. */
  yearChange: boolean
  people: {
    /** `personId` when somebody of another school or source of this board is the same by the rules of match.ts, and `by` which. */
    create: { next: SnapshotPerson; personId: string | null; by?: LinkingRule }[]
    update: PersonUpdate[]
    deactivate: StoredPerson[]
    /** Whose key is somebody else's now: inactive, under a tag that nobody will ask for. */
    retire: StoredPerson[]
  }
  groups: {
    create: SnapshotGroup[]
    update: { stored: StoredGroup; next: SnapshotGroup }[]
    deactivate: StoredGroup[]
    /** Of years that are over: no removal. */
    retire: StoredGroup[]
  }
  memberships: {
    create: (SnapshotMembership & { startsOn: string; endsOn: string | null })[]
    /** `endsOn` exclusive; null opens the end again. */
    change: { stored: StoredMembership; endsOn: string | null }[]
    /** The person stays, the membership does not. */
    end: { stored: StoredMembership; endsOn: string }[]
    /** Ends with its school year, or with its person or group. */
    close: { stored: StoredMembership; endsOn: string }[]
  }
  keys: {
    create: { personTag: string; type: string; tag: string; stable: boolean }[]
    remove: StoredKey[]
  }
  /** A pupil who would be staff from now on, by the same key in any form. */
  crossings: SnapshotPerson[]
  /** Source ids to which a delta refers, and which are neither in it nor stored. */
  missing: string[]
  /** A delta brought somebody or something back without saying where to: only everything can tell. */
  askForAll: boolean
  /** Whose names or contact are not what is stored: among them those whose key may be another's now. */
  renamed: { stored: StoredPerson; next: SnapshotPerson }[]
  /** For a person to decide. `candidates` are person ids. */
  conflicts: Question[]
}

/**
 * What a proven roster changes in one school. Pure; O(people + memberships).
 * @param snapshot complete, or a delta; tags unique within (school, source)
 * @param stored   active and inactive people of that school and source, open memberships
 * @param today    `YYYY-MM-DD`, Europe/Amsterdam
 * @returns disjoint create / update / deactivate, in the order of the snapshot; never a delete of a person, group or membership
 * Source: design.md "A roster is a snapshot until proven complete"; school years begin and end by the calendar (domain of rosters.md §9), not by
 * absence.
 */
export function plan(snapshot: Snapshot, stored: StoredRoster, today: string, decided: Doubts = noDoubts): Plan {
  const kind = kindOf(snapshot, today)
  // Whose key is another's next year is still who they are this year: nobody makes room before it begins.
  const doubts =
    kind === 'ahead' ? { open: new Set([...decided.open, ...decided.other]), other: noDoubts.other } : decided
  const asked = kind === 'ahead' ? { ...snapshot, people: comingPeople(snapshot) } : snapshot
  const matches = matchPeople(asked, stored.people)
  const retire = asked.people.flatMap(({ tag }) => (doubts.other.has(tag) ? (matches.get(tag) ?? []) : []))
  for (const tag of doubts.other) matches.delete(tag)
  const mayChange = (person: StoredPerson) => kind !== 'ahead' || isComing(person, yearBefore(snapshot.schoolYear))
  const { link, questions } = linker(asked, stored, matches, doubts.open)
  const people = { ...planPeople({ kind, snapshot: asked, stored, matches, doubts, retire, mayChange, link }), retire }
  const groups = planGroups(kind, snapshot, stored.groups, today)
  const staying = new Map(
    asked.people.filter(next => next.record.status !== 'inactive').map(next => [next.tag, next] as const),
  )
  const { missing, ...memberships } = planMemberships({
    ...{ kind, snapshot, stored, matches, staying, doubts, today },
    newGroups: groups.create,
    leaving: [...people.deactivate, ...retire],
    retired: retire,
  })
  const met = asked.people.flatMap(next => {
    const found = matches.get(next.tag)
    return found ? [{ next, stored: found }] : []
  })
  return {
    kind,
    schoolYear: snapshot.schoolYear,
    yearChange: kind !== 'ahead' && stored.groups.some(group => group.active && group.schoolYear < snapshot.schoolYear),
    people,
    groups,
    memberships,
    keys: planKeys([...staying.values()], { mayChange, matches, doubts, retire }),
    crossings: crossings(people, stored),
    missing,
    askForAll: kind === 'delta' && returnsWithoutPlace(people, groups, snapshot),
    renamed: met.filter(({ next, stored: was }) => next.record.status !== 'inactive' && was.print !== next.print),
    conflicts: [
      ...questions,
      ...met
        .filter(({ next }) => decided.open.has(next.tag))
        .map(({ next, stored: was }) => ({ kind: 'reused-key' as const, next, candidates: [was.personId] })),
    ],
  }
}

const noDoubts: Doubts = { open: new Set(), other: new Set() }

function kindOf({ proof, schoolYear }: Snapshot, today: string): PlanKind {
  if (yearSpan(schoolYear).startsOn > today) return 'ahead'
  return proof.kind === 'delta' ? 'delta' : 'snapshot'
}

/** Whatever the source calls them now: they are nobody here before that year begins. */
function comingPeople({ people, schoolYear }: Snapshot): SnapshotPerson[] {
  const first = yearSpan(schoolYear).startsOn
  return people
    .filter(({ record }) => record.status !== 'inactive')
    .map(next => {
      const startsOn = next.record.startsOn !== undefined && next.record.startsOn > first ? next.record.startsOn : first
      return { ...next, record: { ...next.record, status: 'pending' as const, startsOn } }
    })
}

/** Nothing to write, apart from the cursor and the day it was seen. */
export function isEmpty({ people, groups, memberships, keys }: Plan): boolean {
  return [people, groups, memberships, keys].every(kind => Object.values(kind).every(list => list.length === 0))
}
