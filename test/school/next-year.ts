/** The same school one year later: what a SIS says after the summer. */
import { schoolYearOf, startYearOf, yearLater } from './calendar.ts'
import {
  drawPupil,
  finishPupils,
  type GeneratedSchool,
  groupsOf,
  type SchoolGroup,
  type SchoolPupil,
  type SchoolTeacher,
  teachersFor,
  uncovered,
} from './generate.ts'
import { homeroomsForSizes, roomsOfGrade } from './groups.ts'
import { spokenName } from './names.ts'
import { type Random, seededRandom } from './random.ts'

/**
 * Everybody moves up, group 8 leaves the file, as many infants come, every group is new (name perhaps, key always). Keys of people stay;
 * teachers keep their year group where there is a room for it. Those without a room keep the school.
 */
export function nextYear(school: GeneratedSchool): GeneratedSchool {
  const today = yearLater(school.today)
  const random = seededRandom(`${school.seed}/${schoolYearOf(today)}`)
  const staying = school.pupils.filter(pupil => pupil.grade !== null && pupil.grade < 8)
  const leaving = school.pupils.filter(pupil => pupil.grade === 8).length
  const sizes = new Map<number, number>([[1, leaving]])
  for (const { grade } of staying) sizes.set((grade ?? 0) + 1, (sizes.get((grade ?? 0) + 1) ?? 0) + 1)
  const groups = groupsOf(homeroomsForSizes(sizes), startYearOf(today))
  const pupils = moveUp(staying, school.groups, groups)
  pupils.push(...infants({ count: leaving, school, groups, today, random }))
  const taken = new Map(
    [...school.teachers, ...pupils].flatMap(({ username }) => (username === undefined ? [] : [[username, 1] as const])),
  )
  const teachers = reassign(school, groups, { taken, random })
  return {
    ...school,
    today,
    schoolYear: schoolYearOf(today),
    groups,
    pupils: finishPupils(pupils, { domain: school.domain, taken, random }),
    teachers,
  }
}

function moveUp(pupils: SchoolPupil[], before: SchoolGroup[], groups: SchoolGroup[]): SchoolPupil[] {
  const order = new Map(before.map((group, i) => [group.key, i]))
  const homerooms = groups.filter(group => group.kind === 'homeroom')
  const scheduled = new Map(
    before
      .filter(({ kind }) => kind === 'scheduled')
      .map(old => [old.key, groups.find(({ name }) => name === old.name)?.key]),
  )
  const moved: SchoolPupil[] = []
  for (let grade = 8; grade >= 2; grade -= 1) {
    const list = pupils
      .filter(pupil => pupil.grade === grade - 1)
      .sort((a, b) => (order.get(a.groupKey ?? '') ?? 0) - (order.get(b.groupKey ?? '') ?? 0))
    const rooms = roomsOfGrade(list.length, grade, homerooms)
    for (const [i, pupil] of list.entries()) {
      const groupKey = rooms[i]?.key
      const scheduledKeys = pupil.scheduledKeys.flatMap(key => scheduled.get(key) ?? [])
      moved.push({
        ...pupil,
        canary: { ...pupil.canary },
        grade,
        scheduledKeys,
        ...(groupKey === undefined ? {} : { groupKey }),
      })
    }
  }
  return moved
}

function infants(from: {
  count: number
  school: GeneratedSchool
  groups: SchoolGroup[]
  today: string
  random: Random
}): SchoolPupil[] {
  const { count, school, groups, today, random } = from
  const taken = new Set(school.pupils.map(pupil => spokenName(pupil.name)))
  const first = school.pupils.reduce((max, pupil) => Math.max(max, Number(pupil.key)), 0) + 1
  const homerooms = groups.filter(group => group.kind === 'homeroom')
  return roomsOfGrade(count, 1, homerooms).map((room, i) =>
    drawPupil({ key: String(first + i), grade: 1, groupKey: room.key, today, random, taken }),
  )
}

/** A year group without a room of its own goes to the room that has it, or to none. */
function reassign(
  school: GeneratedSchool,
  groups: SchoolGroup[],
  by: { taken: Map<string, number>; random: Random },
): SchoolTeacher[] {
  const old = new Map(school.groups.map(group => [group.key, group]))
  const successor = (key: string): SchoolGroup | undefined => {
    const was = old.get(key)
    if (was === undefined) return undefined
    const parallel = groups.filter(({ grades }) => grades.includes(was.grades.at(-1) ?? -1))
    return groups.find(({ name, kind }) => name === was.name && kind === was.kind) ?? parallel[0]
  }
  const teachers = school.teachers.map(teacher => ({
    ...teacher,
    groups: teacher.groups.flatMap(({ groupKey, roles }) => {
      const room = successor(groupKey)
      return room === undefined ? [] : [{ groupKey: room.key, roles: [...roles] }]
    }),
  }))
  const rooms = uncovered(groups, teachers)
  return [...teachers, ...teachersFor(rooms, { first: teachers.length + 1, domain: school.domain, ...by })]
}
