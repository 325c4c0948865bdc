/** Wire → roster, pure: pupils by their enrolments, classes by their names, staff and mentors by their codes. */
import { type Assembled, detail, given, inOrder, order } from '../deliver.ts'
import { gradeOfYear } from '../grades.ts'
import type { GroupRecord, MembershipRecord, PersonRecord, RosterKey } from '../roster.ts'
import { type Finding, SourceError } from '../source.ts'
import { type Placed, placed } from './enrolments.ts'
import { mapLessons, mapMentors } from './mentors.ts'
import type { Options } from './options.ts'
import { mapStaff } from './staff.ts'
import { type Asked, classId, isDamaged, passes, plain, pupilId } from './terms.ts'
import type { Enrolment, Wire } from './wire.ts'

export interface Mapped extends Assembled {
  findings: Finding[]
}

/** Ours: a few rows without a number are somebody's mistake; many are a column that was mapped wrongly. */
const fewUnnumbered = { atLeast: 5, share: 0.01 }

/**
 * @throws SourceError `incomplete` without pupils, without one class (the summer, before next year's are there), or without staff where staff
 * were asked for; `malformed` when the columns cannot be what the mapping says, or when two locations have a class of the same name
 */
export function mapMagister(wire: Wire, asked: Asked): Mapped {
  const findings: Finding[] = []
  const schoolId = `school:${asked.options.brin}-${asked.options.location}`
  reportUnnumbered(wire, schoolId, findings)
  const pupils = placed(chosen(wire.enrolments, asked.options), asked.schoolYear, asked.today)
  expectPupils(pupils)
  const classes = classesOf(pupils, asked)
  const staff = mapStaff(wire.staff, { ...asked, mentorCodes: codesOf(pupils) }, findings)
  const mentors = mapMentors(pupils, classes, staff, asked, findings)
  const lessons = mapLessons(wire, { pupils, classes, staff, asked })
  if (!mentors.some(({ role }) => role === 'teacher')) findings.push({ code: 'no-group-teachers', sourceId: schoolId })
  const addresses = Map.groupBy(pupils, ({ row }) => row.email?.toLowerCase())
  const alone = (email: string) => addresses.get(email.toLowerCase())?.length === 1
  return {
    school: {
      type: 'school',
      sourceId: schoolId,
      brin: asked.options.brin,
      location: asked.options.location,
      schoolYear: asked.schoolYear,
    },
    groups: [...classes.values(), ...lessons.groups],
    people: [...pupils.map(pupil => mapPupil(pupil, asked, alone, findings)), ...staff.people],
    memberships: highest([...pupilsInClasses(pupils, classes, asked), ...mentors, ...lessons.memberships]),
    findings: inOrder(findings),
  }
}

function reportUnnumbered({ unnumbered, enrolments }: Wire, schoolId: string, findings: Finding[]): void {
  if (unnumbered === 0) return
  if (unnumbered > fewUnnumbered.atLeast && unnumbered > fewUnnumbered.share * (enrolments.length + unnumbered))
    throw new SourceError(
      'malformed',
      `${unnumbered} of ${enrolments.length + unnumbered} rows have no number of a pupil: is the column mapped rightly?`,
    )
  findings.push({ code: 'not-a-class', sourceId: schoolId, detail: `rows without number: ${unnumbered}` })
}

/** Several schools in one Magister: this one's rows. A row without a location or study is of this one unless some are asked for by name. */
export function chosen(enrolments: readonly Enrolment[], { locations, studies }: Options): Enrolment[] {
  const [location, study] = [passes(locations), passes(studies)]
  return enrolments.filter(row => location(row.location) && study(row.study))
}

function expectPupils(pupils: readonly Placed[]): void {
  if (pupils.length === 0)
    throw new SourceError(
      'incomplete',
      'the layout has no pupils for these locations and studies: nothing is changed, an empty roster is never "everybody left"',
    )
  if (!pupils.some(({ status, className }) => status !== 'inactive' && className !== undefined))
    throw new SourceError(
      'incomplete',
      'no pupil has a class in this school year: Magister has no classes in the summer, until the school makes them',
    )
}

const codesOf = (pupils: readonly Placed[]) =>
  new Set(
    pupils.flatMap(({ row }) => [...row.classMentors, ...(row.personalMentor ? [row.personalMentor] : [])].map(plain)),
  )

/** Classes exist by the pupils who are in them. @returns by plain name */
function classesOf(pupils: readonly Placed[], { schoolYear, options }: Asked): Map<string, GroupRecord> {
  const rows = pupils.flatMap(({ className, row, status }) =>
    className === undefined || status === 'inactive' ? [] : [{ className, row }],
  )
  const ofClass = Map.groupBy(rows, ({ className }) => plain(className))
  return new Map(
    [...ofClass].map(([key, inside]): [string, GroupRecord] => {
      const name = inside.map(({ className }) => className).sort(order)[0] ?? key
      const locations = new Set(inside.flatMap(({ row }) => (row.location === undefined ? [] : [plain(row.location)])))
      if (locations.size > 1)
        throw new SourceError(
          'malformed',
          `there is a class ${name} at more than one location: name the location of this school in the options`,
        )
      const grades = new Set(inside.flatMap(({ row }) => gradeOf(row, options) ?? []))
      const sourceId = classId(name, schoolYear)
      return [key, { type: 'group', sourceId, kind: 'homeroom', name, schoolYear, grades: [...grades].sort(order) }]
    }),
  )
}

const gradeOf = ({ year }: Enrolment, { grades }: Options) => gradeOfYear(year, grades)

function mapPupil(
  { number, status, row, className, startsOn, endsOn }: Placed,
  { options }: Asked,
  alone: (email: string) => boolean,
  findings: Finding[],
): PersonRecord {
  const sourceId = pupilId(number)
  const grade = gradeOf(row, options)
  const names = [row.firstName, row.prefix, row.familyName]
  if (row.year !== undefined && grade === undefined)
    findings.push({ code: 'unknown-grade', sourceId, ...detail(row.year) })
  if (status === 'active' && className === undefined) findings.push({ code: 'pupil-without-group', sourceId })
  if (!row.firstName && !row.familyName) findings.push({ code: 'pupil-without-name', sourceId })
  if (names.some(isDamaged)) findings.push({ code: 'damaged-text', sourceId })
  const keys: RosterKey[] = [{ type: 'pupil-number', value: number, stable: true }]
  if (row.login !== undefined) keys.push({ type: 'username', value: row.login, stable: true })
  if (row.email !== undefined && alone(row.email)) keys.push({ type: 'email', value: row.email, stable: true })
  return {
    type: 'person',
    sourceId,
    stable: true,
    role: 'pupil',
    roleHints: [],
    status,
    ...given('preferredFirstName', row.firstName),
    ...given('initials', row.initials?.slice(0, 20)),
    ...given('familyNamePrefix', row.prefix),
    ...given('familyName', row.familyName),
    ...given('username', row.login),
    ...given('email', row.email),
    ...given('grade', grade),
    ...given('startsOn', status === 'pending' ? startsOn : undefined),
    ...given('endsOn', status === 'inactive' ? endsOn : row.leftOn === undefined ? undefined : endsOn),
    keys,
  }
}

function pupilsInClasses(pupils: readonly Placed[], classes: Map<string, GroupRecord>, { schoolYear }: Asked) {
  return pupils.flatMap(({ number, className, startsOn, endsOn }): MembershipRecord[] => {
    if (className === undefined || !classes.has(plain(className))) return []
    return [
      {
        type: 'membership',
        groupSourceId: classId(className, schoolYear),
        personSourceId: pupilId(number),
        role: 'pupil',
        ...given('startsOn', startsOn),
        ...given('endsOn', endsOn),
      },
    ]
  })
}

const ranks: Record<MembershipRecord['role'], number> = { pupil: 0, teacher: 1, undecided: 2, other: 3 }

/** One membership for a person in a group: a mentor who also teaches the class is its mentor. */
function highest(memberships: MembershipRecord[]): MembershipRecord[] {
  const found = new Map<string, MembershipRecord>()
  for (const membership of memberships) {
    const key = `${membership.groupSourceId}\n${membership.personSourceId}`
    const other = found.get(key)
    if (other === undefined || ranks[membership.role] < ranks[other.role]) found.set(key, membership)
  }
  return [...found.values()]
}
