/** GKV → roster, pure: the flat lists are joined, and the pseudo-group of pupils who are only announced is taken apart. */
import { schoolYearFrom } from '../calendar.ts'
import { type Assembled, inOrder } from '../deliver.ts'
import { gradesInName } from '../homerooms.ts'
import { Grade, type GroupRecord } from '../roster.ts'
import { type Finding, SourceError } from '../source.ts'
import { groupId, keyOf, noteDamage } from './ids.ts'
import { inYear, mapPupil, membershipsOf, type Place } from './pupil.ts'
import { mapEmployee } from './staff.ts'
import type { WireGroup, WirePupils, WireStaff } from './wire.ts'

type GradeCode = GroupRecord['grades'][number]

interface Wanted {
  brin: string
  location: string
  schoolYear: string
  /** Local calendar day. */
  today: string
  /** By its name: "aangemeld" is none. */
  isClass: (name: string) => boolean
}

/**
 * @throws SourceError `malformed`, naming the record, for a value that does not fit, a reference to nothing, or another school year than asked
 * for; `incomplete` when there are no pupils at all
 */
export function mapGkv(
  { pupils, staff }: { pupils: WirePupils; staff: WireStaff },
  wanted: Wanted,
): { roster: Assembled & { school: NonNullable<Assembled['school']> }; findings: Finding[] } {
  const { brin, location, schoolYear, isClass } = wanted
  const sourceId = `school:${brin}-${location}`
  const years = yearsOf(pupils, schoolYear)
  if (pupils.pupils.length === 0)
    throw new SourceError(
      'incomplete',
      'the roster has no pupils: nothing is changed, an empty roster is never "everybody left"',
    )
  const findings: Finding[] = [{ code: 'no-group-teachers', sourceId }]
  const all = groupsOf(pupils, years)
  const pseudo = new Set<string>()
  for (const [id, group] of all)
    if (!isClass(nameOf(group))) {
      pseudo.add(id)
      findings.push({ code: 'not-a-class', sourceId, detail: groupId(id) })
    }
  const mapped = pupils.pupils.map(pupil => mapPupil(pupil, { all, pseudo, years, today: wanted.today }, findings))
  const employments = new Map(staff.employments.map(each => [each.id, each]))
  const grades = gradesPerGroup(mapped.flatMap(({ places }) => places))
  return {
    roster: {
      school: { type: 'school', sourceId, brin, location, schoolYear },
      groups: [...all]
        .filter(([id]) => !pseudo.has(id))
        .map(([id, group]) => mapGroup(id, group, { schoolYear, grades: grades.get(id), findings })),
      people: [
        ...mapped.map(({ person }) => person),
        ...staff.staff.map(each => mapEmployee(each, employments, findings)),
      ],
      memberships: mapped.flatMap(({ person, places }) => membershipsOf(person, places)),
    },
    findings: inOrder(findings),
  }
}

/** Ids of the year that was asked for. The answer does not repeat the BRIN: the year is all that can be compared. */
function yearsOf({ schoolYears }: WirePupils, asked: string): Set<string> {
  const named = schoolYears.map(({ id, naam }) => [id, schoolYearFrom(naam ?? '')] as const)
  const ids = named.flatMap(([id, year]) => (id !== undefined && year === asked ? [id] : []))
  const got = [...new Set(named.map(([, year]) => year ?? 'no year that we can read'))].join(', ')
  if (ids.length === 0)
    throw new SourceError('malformed', `wrong school year: asked for ${asked}, got ${got === '' ? 'none' : got}`)
  return new Set(ids)
}

/** Of this year, by id. */
function groupsOf({ groups }: WirePupils, years: Set<string>): Map<string, WireGroup> {
  const found = new Map<string, WireGroup>()
  for (const group of groups.filter(each => inYear(each, years))) {
    const id = keyOf(group, 'groep')
    const sourceId = groupId(id)
    if (found.has(id)) throw new SourceError('malformed', `duplicate key: ${sourceId} appears twice`, { sourceId })
    found.set(id, group)
  }
  return found
}

function nameOf(group: WireGroup): string {
  const sourceId = groupId(group.id ?? '')
  if (group.naam === undefined) throw new SourceError('malformed', `${sourceId} has no name`, { sourceId })
  return group.naam
}

function mapGroup(
  id: string,
  group: WireGroup,
  { schoolYear, grades, findings }: { schoolYear: string; grades: Set<GradeCode> | undefined; findings: Finding[] },
): GroupRecord {
  const name = nameOf(group)
  const sourceId = groupId(id)
  noteDamage(sourceId, [name], findings)
  const ordered = Grade.options.filter(grade => grades?.has(grade))
  // The GKV gives pupils a year, and groups none: a group has the years of its pupils.
  return {
    type: 'group',
    sourceId,
    kind: 'homeroom',
    name,
    schoolYear,
    grades: ordered.length > 0 ? ordered : gradesInName(name),
  }
}

function gradesPerGroup(places: Place[]): Map<string, Set<GradeCode>> {
  const found = new Map<string, Set<GradeCode>>()
  for (const { group, grade } of places) {
    const grades = found.get(group) ?? new Set()
    if (grade !== undefined) grades.add(grade)
    found.set(group, grades)
  }
  return found
}
