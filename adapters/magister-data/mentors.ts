/** Who has what to do with a group: the mentor of the class, the mentor of one pupil, whoever teaches. Only the first opens anything. Pure. */
import { order } from '../deliver.ts'
import type { GroupRecord, MembershipRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import type { Placed } from './enrolments.ts'
import type { Staff } from './staff.ts'
import { type Asked, lessonGroupId, plain, pupilId, staffId } from './terms.ts'
import type { Wire } from './wire.ts'

type Classes = ReadonlyMap<string, GroupRecord>

/**
 * The layout repeats the mentor of the class on each of its rows: more of them than there are columns is another column than we were told,
 * perhaps each pupil's own mentor, who must not see the others. Those are left to a person to decide.
 */
export function mapMentors(
  pupils: readonly Placed[],
  classes: Classes,
  staff: Staff,
  { options }: Asked,
  findings: Finding[],
): MembershipRecord[] {
  const atMost = options.columns.secondClassMentor === undefined ? 1 : 2
  const seated = pupils.filter(({ className, status }) => className !== undefined && status !== 'inactive')
  const ofClass = Map.groupBy(seated, ({ className = '' }) => plain(className))
  return [...ofClass].flatMap(([key, inside]) => {
    const group = classes.get(key)
    if (group === undefined) return []
    const codes = (of: (pupil: Placed) => readonly string[]) => [...new Set(inside.flatMap(of).map(plain))].sort(order)
    const mentors = codes(({ row }) => row.classMentors)
    const personal = codes(({ row }) => (row.personalMentor === undefined ? [] : [row.personalMentor]))
    const known = (code: string) => staff.byCode.get(code)
    if (options.staff !== 'none' && [...mentors, ...personal].some(code => known(code) === undefined))
      findings.push({ code: 'mentor-unknown', sourceId: group.sourceId })
    const role = mentors.length > atMost ? 'undecided' : 'teacher'
    const member = (code: string, as: MembershipRecord['role']): MembershipRecord[] => {
      const person = known(code)
      if (person === undefined) return []
      // A trainee never opens a panel, whatever the class says.
      const mine = person.role === 'staff' ? as : 'other'
      if (mine === 'undecided')
        findings.push({ code: 'role-undecided', sourceId: person.sourceId, detail: group.sourceId })
      return [{ type: 'membership', groupSourceId: group.sourceId, personSourceId: person.sourceId, role: mine }]
    }
    return [...mentors.flatMap(code => member(code, role)), ...personal.flatMap(code => member(code, 'other'))]
  })
}

/** Lesson groups open nothing. With a layout of groups only those in which our pupils are; without one all that our staff teach. */
export function mapLessons(
  { groupRows, lessons }: Pick<Wire, 'groupRows' | 'lessons'>,
  { pupils, classes, staff, asked }: { pupils: readonly Placed[]; classes: Classes; staff: Staff; asked: Asked },
): { groups: GroupRecord[]; memberships: MembershipRecord[] } {
  const groups = new Map<string, GroupRecord>()
  const memberships: MembershipRecord[] = []
  const here = new Set(pupils.flatMap(({ number, status }) => (status === 'inactive' ? [] : [number])))
  const { schoolYear } = asked
  const groupOf = (name: string): GroupRecord => {
    const sourceId = lessonGroupId(name, schoolYear)
    const known = groups.get(sourceId)
    const named = known === undefined || order(name, known.name) < 0 ? name : known.name
    groups.set(sourceId, { type: 'group', sourceId, kind: 'scheduled', name: named, schoolYear, grades: [] })
    return groups.get(sourceId) as GroupRecord
  }
  const member = (group: GroupRecord, personSourceId: string, role: MembershipRecord['role']) =>
    memberships.push({ type: 'membership', groupSourceId: group.sourceId, personSourceId, role })
  for (const { number, group } of groupRows ?? [])
    if (here.has(number) && !classes.has(plain(group))) member(groupOf(group), pupilId(number), 'pupil')
  const people = new Set(staff.people.map(({ sourceId }) => sourceId))
  for (const [number, taught] of lessons) {
    const person = staffId(number)
    if (!people.has(person)) continue
    for (const name of [...taught.groups, ...taught.classes]) {
      const own = classes.get(plain(name))
      const isKnown = groups.has(lessonGroupId(name, schoolYear))
      if (own !== undefined) member(own, person, 'other')
      else if (taught.groups.includes(name) && (groupRows === undefined || isKnown))
        member(groupOf(name), person, 'teacher')
    }
  }
  return { groups: [...groups.values()], memberships }
}
