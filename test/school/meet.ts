/** Who to be: the few people by whom a visitor sees what the school's own people see. */
import { type GeneratedSchool, pupilSourceId, teacherSourceId } from './generate.ts'
import { spokenName } from './names.ts'
import { subjectOf } from './people.ts'

export interface Somebody {
  /** For the sign-in. */
  subject: string
  sourceId: string
  name: string
  /** Name of the homeroom, where there is one. */
  group: string
}

export type Meeting = Record<
  | 'pupil'
  | 'classmate'
  | 'otherPupil'
  | 'youngPupil'
  | 'teacher'
  | 'otherTeacher'
  | 'itAdmin'
  | 'csv'
  | 'parent'
  | 'trainee'
  | 'undecided',
  Somebody
>

/** `teacher` has `pupil` and `classmate` in the homeroom; `otherTeacher` has `otherPupil`. @throws Error when the school lacks one */
export function peopleToMeet(school: GeneratedSchool): Meeting {
  const { pupils, teachers } = school.cast
  const witness = present(school.pupils.find(p => p.key === pupils.witness))
  const mates = school.pupils.filter(p => p.groupKey === witness.groupKey && p.key !== witness.key)
  const others = school.groups.filter(g => g.kind === 'homeroom' && g.key !== witness.groupKey)
  const elsewhere = others.find(
    g => present(school.pupils.find(p => p.groupKey === g.key)).username && leads(school, g.key),
  )
  const other = present(elsewhere ?? others[0])
  const staff = (key: string) => teacherAs(school, present(school.teachers.find(t => t.key === key)))
  return {
    pupil: pupilAs(school, witness),
    classmate: pupilAs(school, present(mates[0])),
    otherPupil: pupilAs(school, present(school.pupils.find(p => p.groupKey === other.key))),
    youngPupil: pupilAs(school, present(school.pupils.find(p => p.key === pupils.young))),
    teacher: teacherAs(school, present(leads(school, witness.groupKey ?? ''))),
    otherTeacher: teacherAs(school, present(leads(school, other.key))),
    itAdmin: staff(teachers.itAdmin),
    csv: staff(teachers.csv),
    parent: staff(teachers.parent),
    trainee: staff(teachers.trainee),
    undecided: staff(teachers.undecided),
  }
}

/** The teacher of this homeroom and of no other. */
const leads = (school: GeneratedSchool, groupKey: string) =>
  school.teachers.find(t => {
    const led = t.groups.filter(g => g.roles.includes('LRK') && isHomeroom(school, g.groupKey))
    return led.length === 1 && led[0]?.groupKey === groupKey
  })

const isHomeroom = (school: GeneratedSchool, key: string) =>
  school.groups.some(g => g.key === key && g.kind === 'homeroom')
const groupName = (school: GeneratedSchool, key: string | undefined) =>
  school.groups.find(g => g.key === key)?.name ?? ''

function pupilAs(school: GeneratedSchool, pupil: GeneratedSchool['pupils'][number]): Somebody {
  const { key, name, groupKey } = pupil
  return {
    subject: subjectOf.pupil(key),
    sourceId: pupilSourceId(key),
    name: spokenName(name),
    group: groupName(school, groupKey),
  }
}

function teacherAs(school: GeneratedSchool, teacher: GeneratedSchool['teachers'][number]): Somebody {
  const { key, name, groups } = teacher
  const led = groups.find(g => g.roles.includes('LRK') && isHomeroom(school, g.groupKey))
  return {
    subject: subjectOf.teacher(key),
    sourceId: teacherSourceId(key),
    name: spokenName(name),
    group: groupName(school, led?.groupKey),
  }
}

function present<T>(found: T | undefined): T {
  if (found === undefined) throw new Error('this school lacks somebody to meet')
  return found
}
