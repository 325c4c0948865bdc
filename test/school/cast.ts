/**
 * The people of the school that the demo and the tests know by name: who they are, and where they sit. Everybody else is drawn.
 * All are invented. `group` is a homeroom of the school with ten groups; another school takes the nearest one.
 */
import type { PersonName, Sex } from './names.ts'

export interface PupilPart {
  part: PupilRole
  group: string
  sex: Sex
  name: PersonName
}

/**
 * - `lead`, `joiners`, `targets`: the bike shed, until the measure in March. `witness` tells most of it.
 * - `online`: the group chat of group 8, in the evening.
 * - `leftOut`: small, recent, in the cloakroom. `campaign`: one child that reports one other child again and again.
 * - `young` has no user name and no e-mail: signs in by pupil number.
 */
export type PupilRole =
  | 'lead'
  | 'joinerA'
  | 'joinerB'
  | 'targetA'
  | 'targetB'
  | 'witness'
  | 'friend'
  | 'onlineLead'
  | 'onlineJoiner'
  | 'onlineTarget'
  | 'leftOutActor'
  | 'leftOutTarget'
  | 'campaigner'
  | 'campaignTarget'
  | 'young'
  | 'namesakeA'
  | 'namesakeB'
  | 'twinA'
  | 'twinB'
  | 'onlyCalled'
  | 'leaver'
  | 'entrant'

export const pupilParts: readonly PupilPart[] = [
  part('lead', '7A', 'boy', 'Jesse', 'Brandsma'),
  part('joinerA', '7A', 'girl', 'Lotte', 'Brouwer'),
  part('joinerB', '7A', 'boy', 'Ruben', 'Dalen', 'van'),
  part('targetA', '7A', 'boy', 'Tijn', 'Wal', 'van der'),
  part('targetB', '7B', 'girl', 'Amira', 'Idrissi', 'el'),
  part('witness', '7A', 'girl', 'Zofia', 'Kowalczyk'),
  part('friend', '7B', 'boy', 'Jelle', 'Boer', 'de'),
  part('onlineLead', '8', 'girl', 'Nina', 'Verhoeven'),
  part('onlineJoiner', '8', 'boy', 'Kay', 'Pinas-van den Berg'),
  part('onlineTarget', '8', 'girl', 'Eylül', 'Yılmaz'),
  part('leftOutActor', '5', 'girl', 'Fleur', 'Veld', "in 't"),
  part('leftOutTarget', '5', 'girl', 'Hinke', 'Hoekstra'),
  part('campaigner', '6', 'boy', 'Pepijn', 'Hart', "'t"),
  part('campaignTarget', '6', 'boy', 'Ilias', 'Ouali'),
  part('young', '3', 'girl', 'Fenna', 'Dijkstra'),
  part('namesakeA', '5', 'girl', 'Emma', 'Vries', 'de'),
  part('namesakeB', '4/5', 'girl', 'Emma', 'Vries', 'de'),
  part('twinA', '6', 'boy', 'Sietse', 'Meulen', 'van der'),
  part('twinB', '6', 'girl', 'Nynke', 'Meulen', 'van der'),
  { part: 'onlyCalled', group: '4', sex: 'boy', name: { givenName: 'Bo' } },
  part('leaver', '6', 'boy', 'Danylo', 'Kovalenko'),
  part('entrant', '1/2A', 'girl', 'Saar', 'Ömer-Jansen'),
]

function part(
  role: PupilRole,
  group: string,
  sex: Sex,
  givenName: string,
  familyName: string,
  prefix?: string,
): PupilPart {
  const name = { givenName, firstNames: givenName, initials: givenName.charAt(0), familyName }
  return { part: role, group, sex, name: prefix === undefined ? name : { ...name, familyNamePrefix: prefix } }
}

/** EDEXML's role codes; anything else is free text (`rolomschrijving`). */
export const roleCodes = [
  'ADJ',
  'ADM',
  'CON',
  'DIR',
  'ICT',
  'IB',
  'KLA',
  'LRK',
  'LOS',
  'LOC',
  'OWA',
  'OUD',
  'RT',
  'SMW',
  'STA',
  'TAL',
  'VAK',
] as const

export interface StaffPart {
  part?: StaffRole
  name: PersonName
  /** In the school as a whole. */
  roles: readonly string[]
  /** On homerooms; `upper` stands for every homeroom from year 3 up to six of them, `plus` for the first scheduled group. */
  on: readonly { group: string; roles: readonly string[] }[]
  email: boolean
}

/**
 * `teacher` and `duo` share group 7A; `csv` is the teacher of group 3; `undecided` stands on group 8 without a role.
 * `parent` and `trainee` sit among the staff, as they do in every EDEXML file.
 */
export type StaffRole =
  | 'director'
  | 'support'
  | 'itAdmin'
  | 'csv'
  | 'adviser'
  | 'teacher'
  | 'duo'
  | 'otherTeacher'
  | 'teacherOf8'
  | 'withoutEmail'
  | 'assistant'
  | 'subject'
  | 'trainee'
  | 'parent'
  | 'undecided'

const on = (group: string, ...roles: string[]) => ({ group, roles })

export const staffParts: readonly StaffPart[] = [
  staff('director', ['Marieke', 'Terpstra'], ['DIR']),
  staff('support', ['Anouk', 'Hof', "van 't"], ['IB']),
  staff('itAdmin', ['Bas', 'Rietveld'], ['ICT']),
  staff('csv', ['Hülya', 'Demir'], ['LRK'], [on('3', 'LRK')]),
  staff('adviser', ['Johan', 'Wiersma'], ['SMW', 'Vertrouwenspersoon']),
  staff(undefined, ['Saskia', 'Bruinsma'], ['LRK'], [on('1/2A', 'LRK')]),
  { ...staff('withoutEmail', ['Gwendolyn', 'Pinas'], ['LRK'], [on('1/2B', 'LRK')]), email: false },
  staff(undefined, ['Pieter-Jan', 'Groot', 'de'], ['LRK', 'TAL'], [on('4', 'LRK')]),
  staff(undefined, ['Fatima', 'Ouali'], ['LRK'], [on('4/5', 'LRK')]),
  staff(undefined, ['Marjolein', 'Heuvel', 'van den'], ['LRK'], [on('5', 'LRK')]),
  staff(undefined, ['Sjoerd', 'Hoekstra'], ['LRK'], [on('6', 'LRK')]),
  staff('teacher', ['Karin', 'Wit', 'de'], ['LRK'], [on('7A', 'LRK'), on('plus', 'LRK')]),
  staff('duo', ['Tom', 'Aydın'], ['LRK'], [on('7A', 'LRK')]),
  staff('otherTeacher', ['Linda', 'Schipper'], ['LRK'], [on('7B', 'LRK')]),
  staff('teacherOf8', ['Ewout', 'Zijlstra'], ['LRK'], [on('8', 'LRK')]),
  staff('assistant', ['Chantal', 'Mulder'], ['OWA'], [on('1/2A', 'OWA'), on('1/2B', 'OWA')]),
  staff('subject', ['Rachid', 'Benali'], ['VAK'], [on('upper', 'VAK')]),
  staff('trainee', ['Eva', 'Smit'], ['STA'], [on('6', 'STA')]),
  staff('parent', ['Monique', 'Vermeer'], ['OUD'], [on('4', 'OUD', 'Leesouder')]),
  staff('undecided', ['Wim', 'Oosterhuis'], [], [on('8')]),
  staff(undefined, ['Henk', 'Dekker'], ['CON']),
  staff(undefined, ['Priya', 'Ramdin'], ['ADM']),
  staff(undefined, ['Ineke', 'Berg', 'van den'], ['Leesspecialist'], [on('4', 'RT'), on('5', 'RT')]),
]

function staff(
  role: StaffRole | undefined,
  [givenName, familyName, prefix]: [string, string, string?],
  roles: string[],
  groups: { group: string; roles: string[] }[] = [],
): StaffPart {
  const initials = givenName
    .split('-')
    .map(name => name.charAt(0))
    .join('')
  const name = { givenName, initials, familyName, ...(prefix === undefined ? {} : { familyNamePrefix: prefix }) }
  return { ...(role === undefined ? {} : { part: role }), name, roles, on: groups, email: true }
}
