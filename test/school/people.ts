/** The accounts that the school's sign-in knows: everybody with a place in the roster, and two who have none. */

import { type GeneratedSchool, pupilSourceId, type SchoolPupil, teacherSourceId } from './generate.ts'
import type { KnownAs } from './known-as.ts'
import { spokenName } from './names.ts'
import type { SignInPerson } from './sign-in.ts'

export const subjectOf = {
  pupil: (key: string) => `vv-leerling-${key}`,
  teacher: (key: string) => `vv-medewerker-${key}`,
  /** Knows the school, stands in no roster: has a `sis_id` that nobody has. */
  unknown: 'vv-gast-1',
  /** The sign-in says nothing of this one but a name. */
  bare: 'vv-gast-2',
}

const notes: Readonly<Record<string, string>> = {
  LRK: 'leerkracht',
  DIR: 'directeur',
  IB: 'intern begeleider',
  ICT: 'ICT-beheer',
  VAK: 'vakleerkracht',
  OWA: 'onderwijsassistent',
  STA: 'stagiair',
  OUD: 'ouder',
  CON: 'conciërge',
  ADM: 'administratie',
  SMW: 'schoolmaatschappelijk werk',
  Leesspecialist: 'leesspecialist',
}

/** In the order in which the page shows them: groups 8 to 1/2, teachers, others. User names are unique. */
export function signInPeople(school: GeneratedSchool, knownAs: KnownAs = sourceId => sourceId): SignInPerson[] {
  const groupNames = new Map(school.groups.map(group => [group.key, group.name]))
  const order = new Map(
    school.groups
      .filter(({ kind }) => kind === 'homeroom')
      .map(({ key, grades }, i) => [key, i - 10_000 * (grades[0] ?? 0)]),
  )
  const rank = (pupil: SchoolPupil) => order.get(pupil.groupKey ?? '') ?? 0
  const pupils = school.pupils
    .filter(pupil => pupil.startsOn <= school.today)
    .sort((a, b) => rank(a) - rank(b) || spokenName(a.name).localeCompare(spokenName(b.name), 'nl'))
    .map((pupil): SignInPerson => {
      const group = groupNames.get(pupil.groupKey ?? '')
      return {
        sub: subjectOf.pupil(pupil.key),
        username: pupil.username ?? pupil.key,
        name: spokenName(pupil.name),
        ...(pupil.email === undefined ? {} : { email: pupil.email }),
        section: group === undefined ? 'Anderen' : `Groep ${group}`,
        ...(group === undefined ? { note: 'oud-leerling' } : {}),
        claims: { sis_id: knownAs(pupilSourceId(pupil.key)) },
      }
    })
  const staff = school.teachers.map((teacher): SignInPerson => {
    const role = teacher.roles[0] ?? 'invaller'
    const homerooms = teacher.groups
      .filter(({ groupKey, roles }) => roles.includes('LRK') && order.has(groupKey))
      .map(({ groupKey }) => groupNames.get(groupKey))
    const note = [notes[role] ?? role, homerooms.join(', ')].filter(Boolean).join(' ')
    return {
      sub: subjectOf.teacher(teacher.key),
      username: teacher.username ?? teacher.key,
      name: spokenName(teacher.name),
      ...(teacher.email === undefined ? {} : { email: teacher.email }),
      section: role === 'LRK' ? 'Leerkrachten' : 'Anderen',
      note,
      claims: { sis_id: knownAs(teacherSourceId(teacher.key)) },
    }
  })
  const inSection = (section: string) => (person: SignInPerson) => person.section === section
  return [
    ...pupils.filter(person => person.section !== 'Anderen'),
    ...staff.filter(inSection('Leerkrachten')),
    ...staff.filter(inSection('Anderen')),
    ...pupils.filter(inSection('Anderen')),
    guest(subjectOf.unknown, 'Robin Onbekend', 'staat niet in de leerlingadministratie', {
      sis_id: 'leerkracht:999999',
    }),
    guest(subjectOf.bare, 'Gastaccount', 'zonder nummer', {}),
  ]
}

function guest(sub: string, name: string, note: string, claims: Record<string, string>): SignInPerson {
  return { sub, username: sub, name, section: 'Anderen', note, claims }
}
