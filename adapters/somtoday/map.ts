/** Wire → roster, pure: stamgroepen are homerooms by their mentors, lesgroepen open nothing. */
import { schoolYearFrom } from '../calendar.ts'
import { type Assembled, given, inOrder, order } from '../deliver.ts'
import { gradeOfYear } from '../grades.ts'
import type { GroupRecord, MembershipRecord, SchoolRecord } from '../roster.ts'
import { type Finding, type Scope, SourceError } from '../source.ts'
import { mentorsOf } from './mentors.ts'
import { accountsOf, type People, pupilRecord, staffRecord } from './people.ts'
import { type Placed, placedPupils } from './placements.ts'
import { type Asked, lesgroepId, pupilId, staffId, stamgroepId } from './terms.ts'
import type { Stamgroep, Vestiging, Wire } from './wire.ts'

export interface Mapped extends Assembled {
  school: SchoolRecord
  findings: Finding[]
  scope: Scope
}

/**
 * @throws SourceError `incomplete` without pupils, or when none of them has a stamgroep: a right that was withdrawn looks the same;
 * `malformed` when everything is of another school year
 */
export function mapSomtoday(wire: Wire, asked: Asked): Mapped {
  const findings: Finding[] = []
  const school = schoolOf(wire.vestiging, asked)
  const pupils = placedPupils(wire.leerlingen, asked)
  const groups = stamgroepen(wire.stamgroepen, pupils)
  const people: People = {
    accounts: accountsOf([...wire.leerlingAccounts, ...wire.medewerkerAccounts]),
    addresses: Map.groupBy([...wire.leerlingen, ...wire.medewerkers], ({ emailadres }) => emailadres?.toLowerCase()),
  }
  const staff = wire.medewerkers.map(each => staffRecord(each, people, asked))
  const inside = pupilsInside(pupils, groups, asked)
  expectClasses(pupils, inside)
  const mentors = mentorsOf({ pupils, groups: [...groups.values()], staff, schoolYear: asked.schoolYear }, findings)
  const lessons = lessonGroups(wire, asked, findings)
  if (!mentors.some(({ role }) => role === 'teacher'))
    findings.push({ code: 'no-group-teachers', sourceId: school.sourceId })
  const groupless = new Set(inside.map(({ personSourceId }) => personSourceId))
  return {
    school,
    scope: {
      organisation: wire.vestiging.uuid,
      schoolYear: asked.schoolYear,
      ...given('brin', school.brin),
      ...given('location', school.location),
    },
    groups: [...[...groups.values()].map(group => groupRecord(group, pupils, inside, asked)), ...lessons.groups],
    people: [...pupils.map(each => pupilRecord(each, people, asked, groupless, findings)), ...staff],
    memberships: [...inside, ...mentors, ...lessons.memberships],
    findings: inOrder(findings),
  }
}

/** Of a location with several BRIN numbers only what they share is said, unless the options choose one. */
function schoolOf({ uuid, naam, brins }: Vestiging, { options, schoolYear }: Asked): SchoolRecord {
  const chosen = options.brin ?? (options.vestiging.length === 6 ? options.vestiging : undefined)
  const all = (chosen === undefined ? brins : [chosen]).filter(brin => /^\d{2}[A-Z]{2}\d{2}$/i.test(brin))
  const shared = (part: (brin: string) => string) => {
    const found = new Set(all.map(part))
    return found.size === 1 ? [...found][0] : undefined
  }
  return {
    type: 'school',
    sourceId: `vestiging:${uuid}`,
    schoolYear,
    ...given(
      'brin',
      shared(brin => brin.slice(0, 4).toUpperCase()),
    ),
    ...given(
      'location',
      shared(brin => brin.slice(4)),
    ),
    ...given('name', naam?.slice(0, 200)),
  }
}

/** Also those that only a placement speaks of: a school may share pupils without their groups. @returns by uuid */
function stamgroepen(listed: readonly Stamgroep[], pupils: readonly Placed[]): Map<string, Stamgroep> {
  const groups = new Map(listed.map(group => [group.uuid, group]))
  for (const { plaatsing } of pupils) {
    const group = plaatsing?.stamgroep
    if (group !== undefined && !groups.has(group.uuid)) groups.set(group.uuid, group)
  }
  return groups
}

/** By the placement, which has days; where we see none, by the list of the stamgroep. */
function pupilsInside(pupils: readonly Placed[], groups: Map<string, Stamgroep>, { schoolYear }: Asked) {
  const seen = new Map(pupils.map(each => [each.leerling.uuid, each]))
  const member = (group: string, { leerling, startsOn, endsOn }: Placed): MembershipRecord => ({
    type: 'membership',
    groupSourceId: stamgroepId(group, schoolYear),
    personSourceId: pupilId(leerling.uuid),
    role: 'pupil',
    ...given('startsOn', startsOn),
    ...given('endsOn', endsOn),
  })
  const byPlacement = pupils.flatMap(each => {
    const uuid = each.plaatsing?.stamgroep?.uuid
    return uuid === undefined || each.status === 'inactive' ? [] : [member(uuid, each)]
  })
  const done = new Set(byPlacement.map(({ personSourceId }) => personSourceId))
  const byList = [...groups.values()].flatMap(({ uuid, leerlingen = [] }) =>
    leerlingen.flatMap(reference => {
      const each = seen.get(reference.uuid)
      const isOpen = each !== undefined && each.status !== 'inactive' && each.plaatsing === undefined
      return isOpen && !done.has(pupilId(reference.uuid)) ? [member(uuid, each)] : []
    }),
  )
  return [...byPlacement, ...byList]
}

function expectClasses(pupils: readonly Placed[], inside: readonly MembershipRecord[]): void {
  if (inside.length > 0) return
  throw new SourceError(
    'incomplete',
    `no pupil of ${pupils.length} has a stamgroep: the school does not share plaatsingen and stamgroepen with us, or has not made them yet`,
  )
}

function groupRecord(
  { uuid, naam, leerjaar }: Stamgroep,
  pupils: readonly Placed[],
  inside: readonly MembershipRecord[],
  { schoolYear, options }: Asked,
): GroupRecord {
  const sourceId = stamgroepId(uuid, schoolYear)
  const members = new Set(inside.filter(each => each.groupSourceId === sourceId).map(each => each.personSourceId))
  const own = pupils.filter(({ leerling }) => members.has(pupilId(leerling.uuid)))
  const grades = new Set(own.flatMap(({ plaatsing }) => gradeOfYear(plaatsing?.leerjaar, options.grades) ?? []))
  const said = gradeOfYear(leerjaar, options.grades)
  if (grades.size === 0 && said !== undefined) grades.add(said)
  return {
    type: 'group',
    sourceId,
    kind: 'homeroom',
    name: nameOf(naam, sourceId),
    schoolYear,
    grades: [...grades].sort(order),
  }
}

function nameOf(naam: string | undefined, sourceId: string): string {
  if (naam !== undefined) return naam.slice(0, 200)
  throw new SourceError('malformed', `${sourceId} has no name: does the school share the names of groups?`, {
    sourceId,
  })
}

/** Pupils of other locations are in them too; those are not ours. */
function lessonGroups(wire: Wire, { schoolYear }: Asked, findings: Finding[]) {
  const people = new Set([
    ...wire.leerlingen.map(({ uuid }) => pupilId(uuid)),
    ...wire.medewerkers.map(({ uuid }) => staffId(uuid)),
  ])
  const ours = wire.lesgroepen.filter(
    ({ schooljaar }) => (schooljaar && schoolYearFrom(schooljaar)) === schoolYear || !schooljaar,
  )
  if (wire.lesgroepen.length > 0 && ours.length === 0)
    throw new SourceError('malformed', `wrong school year: no lesgroep is of ${schoolYear}`)
  const groups = ours.map(
    ({ uuid, naam }): GroupRecord => ({
      type: 'group',
      sourceId: lesgroepId(uuid),
      kind: 'scheduled',
      name: nameOf(naam, lesgroepId(uuid)),
      schoolYear,
      grades: [],
    }),
  )
  const memberships = ours.flatMap(({ uuid, leerlingen = [], docenten = [] }) => {
    const groupSourceId = lesgroepId(uuid)
    const here = leerlingen.filter(({ vestiging }) => vestiging === undefined || vestiging.uuid === wire.vestiging.uuid)
    const all = [
      ...here.map(each => ({ personSourceId: pupilId(each.uuid), role: 'pupil' as const })),
      ...[...new Set(docenten)].map(each => ({ personSourceId: staffId(each), role: 'teacher' as const })),
    ]
    const known = all.filter(({ personSourceId }) => people.has(personSourceId))
    if (known.length < all.length) findings.push({ code: 'unknown-person', sourceId: groupSourceId })
    const once = new Map(known.map(each => [each.personSourceId, each]))
    return [...once.values()].map((each): MembershipRecord => ({ type: 'membership', groupSourceId, ...each }))
  })
  return { groups, memberships }
}
