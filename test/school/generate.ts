/**
 * A believable primary school from a seed: the plain objects of which `edexml.ts` makes a roster file, `people.ts` the accounts of the
 * sign-in and `reports.ts` a year of reports. Same options, same school.
 */
import { addDays, dayOf, schoolYearOf, startYearOf } from './calendar.ts'
import { type PupilRole, pupilParts, type StaffRole, staffParts } from './cast.ts'
import { gradeSizes, type Homeroom, homeroomsFor, roomsOfGrade } from './groups.ts'
import { type PersonName, randomName, type Sex, spokenName, userNameOf } from './names.ts'
import { type Random, seededRandom } from './random.ts'

export interface SchoolOptions {
  seed?: string | number
  /** Decides the school year. */
  today: Date | string
  /** Everybody in the file: the leaver and the entrant count. At least 60. */
  pupils?: number
  /** Homerooms. Default 10 up to 300 pupils, one for every 25 above. */
  groups?: number
  brin?: string
  location?: string
  name?: string
  domain?: string
}

export interface SchoolGroup {
  key: string
  kind: 'homeroom' | 'scheduled'
  name: string
  /** Year groups of a homeroom, lowest first; empty for a scheduled group. */
  grades: number[]
}

/** What an adapter must drop: nothing of it may be found anywhere behind it. All invented; the numbers can belong to nobody. */
export interface Canary {
  bsn: string
  birthDate: string
  postcode: string
  country: string
  /** A remark of the supplier of the SIS, on some pupils only. */
  remark?: string
}

export interface SchoolPupil {
  key: string
  name: PersonName
  sex: Sex
  /** 1 to 8; null for a leaver (`H`). */
  grade: number | null
  groupKey?: string
  scheduledKeys: string[]
  username?: string
  email?: string
  startsOn: string
  /** Exclusive: from this day on no longer a pupil here. */
  endsOn?: string
  canary: Canary
}

export interface SchoolTeacher {
  key: string
  name: PersonName
  username?: string
  email?: string
  /** EDEXML codes or free text, in the school as a whole. */
  roles: string[]
  groups: { groupKey: string; roles: string[] }[]
}

export interface GeneratedSchool {
  seed: string
  today: string
  schoolYear: string
  name: string
  brin: string
  location: string
  domain: string
  groups: SchoolGroup[]
  pupils: SchoolPupil[]
  teachers: SchoolTeacher[]
  /** Keys of those whom the demo and the tests know by their part. */
  cast: { pupils: Record<PupilRole, string>; teachers: Record<StaffRole, string> }
}

export const pupilSourceId = (key: string) => `leerling:${key}`
export const teacherSourceId = (key: string) => `leerkracht:${key}`

/** @throws RangeError below 60 pupils: the cast needs its seats */
export function generateSchool(options: SchoolOptions): GeneratedSchool {
  const {
    seed = 'vuurvlinder',
    pupils = 240,
    brin = '99ZZ',
    location = '00',
    name = 'Basisschool De Vuurvlinder',
  } = options
  if (pupils < 60) throw new RangeError('a generated school has at least 60 pupils')
  const today = dayOf(options.today)
  const domain = options.domain ?? 'devuurvlinder.example'
  const random = seededRandom(seed)
  const rooms = homeroomsFor(options.groups ?? (pupils <= 300 ? 10 : Math.round(pupils / 25)))
  const groups = groupsOf(rooms, startYearOf(today))
  const drawn = drawPupils({ pupils, groups, today, random: random.fork('pupils') })
  const seats = seatCast(drawn, groups, today)
  const taken = new Map<string, number>()
  const staff = hireTeachers({ groups, domain, taken, random: random.fork('staff') })
  const list = finishPupils(drawn, { domain, taken, random: random.fork('canaries') })
  assignScheduled(list, groups, random.fork('scheduled'))
  return {
    seed: String(seed),
    today,
    schoolYear: schoolYearOf(today),
    name,
    brin,
    location,
    domain,
    groups,
    pupils: list,
    teachers: staff.teachers,
    cast: { pupils: keysOf(seats), teachers: staff.cast },
  }
}

/** Keys are new every year: a group lives one school year at most. */
export function groupsOf(rooms: readonly Homeroom[], startYear: number): SchoolGroup[] {
  const key = (n: number) => String(startYear * 10_000 + n)
  return [
    ...rooms.map(
      (room, i): SchoolGroup => ({ key: key(i + 1), kind: 'homeroom', name: room.name, grades: room.grades }),
    ),
    { key: key(9001), kind: 'scheduled', name: 'Plusklas', grades: [] },
    { key: key(9002), kind: 'scheduled', name: 'Schoolkoor', grades: [] },
  ]
}

/** Grade 8 came first, so it has the lowest keys. */
function drawPupils(from: { pupils: number; groups: SchoolGroup[]; today: string; random: Random }): SchoolPupil[] {
  const { pupils, groups, today, random } = from
  const homerooms = groups.filter(group => group.kind === 'homeroom')
  const sizes = gradeSizes(pupils, homerooms, () => 0.93 + random.next() * 0.14)
  const taken = new Set([...pupilParts, ...staffParts].map(({ name }) => spokenName(name)))
  const list: SchoolPupil[] = []
  for (let grade = 8; grade >= 1; grade -= 1) {
    for (const room of roomsOfGrade(sizes[grade - 1] ?? 0, grade, homerooms)) {
      list.push(drawPupil({ key: String(50_001 + list.length), grade, groupKey: room.key, today, random, taken }))
    }
  }
  return list
}

/** A pupil without user name: those come when every name is known. */
export function drawPupil(from: {
  key: string
  grade: number
  groupKey: string
  today: string
  random: Random
  taken: Set<string>
}): SchoolPupil {
  const { key, grade, groupKey, today, random, taken } = from
  const sex: Sex = random.chance(0.5) ? 'boy' : 'girl'
  let name = randomName(random, sex)
  for (let tries = 0; tries < 6 && taken.has(spokenName(name)); tries += 1) name = randomName(random, sex)
  taken.add(spokenName(name))
  // Four years old by 1 October of year group 1; one in ten came later, from another school. Birth dates are even days and first days odd
  // ones: a birth date found behind an adapter is then no other date by chance.
  const around = addDays(`${startYearOf(today) - grade - 4}-10-01`, random.int(0, 365))
  const birthDate = onDay(around, 2 * random.int(1, 15))
  const fourth = addDays(`${Number(birthDate.slice(0, 4)) + 4}${birthDate.slice(4)}`, 1)
  const moved = onDay(`${startYearOf(today) - random.int(0, grade)}-08-15`, 15 + 2 * random.int(0, 7))
  const startsOn = [random.chance(0.1) ? moved : fourth, today].sort()[0] ?? today
  const canary = { bsn: '', birthDate, postcode: '', country: '' }
  return { key, name, sex, grade, groupKey, scheduledKeys: [], startsOn, canary }
}

/** Another day of the same month. */
function onDay(day: string, dayOfMonth: number): string {
  return `${day.slice(0, 8)}${String(dayOfMonth).padStart(2, '0')}`
}

/** Gives the parts to pupils in the right room, nearest room first. */
function seatCast(pupils: SchoolPupil[], groups: SchoolGroup[], today: string): Map<PupilRole, SchoolPupil> {
  const seats = new Map<PupilRole, SchoolPupil>()
  const free = new Set(pupils)
  for (const { part, group, name, sex } of pupilParts) {
    const key = nearestHomeroom(group, groups).key
    const grade = Number(group.split('/').at(-1)?.charAt(0))
    const fits = (test: (pupil: SchoolPupil) => boolean) => [...free].find(test)
    const seat =
      fits(pupil => pupil.groupKey === key && (part === 'entrant' ? pupil.grade === 1 : pupil.grade === grade)) ??
      fits(pupil => pupil.grade === grade) ??
      fits(pupil => (pupil.grade ?? 0) >= 5)
    if (seat === undefined) throw new RangeError('the school is too small for its cast')
    free.delete(seat)
    Object.assign(seat, { name, sex })
    seats.set(part, seat)
  }
  const [leaver, entrant, twinA, twinB] = (['leaver', 'entrant', 'twinA', 'twinB'] as const).map(part =>
    seats.get(part),
  )
  if (leaver !== undefined) leaver.endsOn = addDays(today, -40)
  if (entrant !== undefined) entrant.startsOn = firstOfNextMonth(today)
  if (twinA !== undefined && twinB !== undefined) {
    twinB.canary.birthDate = twinA.canary.birthDate
    twinB.startsOn = twinA.startsOn
  }
  return seats
}

/** User names (unique, from group 5 on), the leaver's empty seat, and the canaries. */
export function finishPupils(
  pupils: SchoolPupil[],
  by: { domain: string; taken: Map<string, number>; random: Random },
): SchoolPupil[] {
  const { domain, taken, random } = by
  for (const { username } of pupils) if (username !== undefined) taken.set(username, 1)
  for (const [i, pupil] of pupils.entries()) {
    if (pupil.username === undefined && (pupil.grade ?? 0) >= 5) {
      pupil.username = unique(userNameOf(pupil.name), taken)
      pupil.email = `${pupil.username}@leerling.${domain}`
    }
    if (pupil.endsOn !== undefined) {
      delete pupil.groupKey
      pupil.grade = null
    }
    if (pupil.canary.bsn === '') Object.assign(pupil.canary, drawCanary(i, pupil, random))
  }
  return pupils
}

/** No citizen service number begins with 9999, no postcode with 0: these can belong to nobody. */
function drawCanary(n: number, pupil: SchoolPupil, random: Random): Omit<Canary, 'birthDate'> {
  const digits = String((n * 7919 + random.int(0, 7919)) % 100_000).padStart(5, '0')
  const street = String.fromCharCode(65 + random.int(0, 26), 65 + random.int(0, 26))
  return {
    bsn: `9999${digits}`,
    postcode: `0${random.int(100, 1000)}${street}`,
    country: random.weighted([
      ['NL', 80] as const,
      ['SR', 6] as const,
      ['MA', 6] as const,
      ['PL', 4] as const,
      ['SY', 4] as const,
    ]),
    ...(random.chance(0.06) ? { remark: `Kanarie ${pupil.key}: allergie, zie dossier` } : {}),
  }
}

function assignScheduled(pupils: SchoolPupil[], groups: SchoolGroup[], random: Random): void {
  const [plus, choir] = groups.filter(group => group.kind === 'scheduled')
  for (const pupil of pupils) {
    const grade = pupil.grade ?? 0
    if (plus !== undefined && grade >= 5 && random.chance(0.12)) pupil.scheduledKeys.push(plus.key)
    if (choir !== undefined && grade >= 3 && random.chance(0.15)) pupil.scheduledKeys.push(choir.key)
  }
}

function hireTeachers(from: { groups: SchoolGroup[]; domain: string; taken: Map<string, number>; random: Random }) {
  const { groups, domain, taken, random } = from
  const cast: Partial<Record<StaffRole, string>> = {}
  const teachers = staffParts.map((part, i): SchoolTeacher => {
    const key = String(i + 1)
    if (part.part !== undefined) cast[part.part] = key
    const places = part.on.flatMap(({ group, roles }) => placesOf(group, groups).map(place => ({ place, roles })))
    const account = accountOf(part.name, domain, taken, part.email)
    const list = places.map(({ place, roles }) => ({ groupKey: place.key, roles: [...roles] }))
    return { key, name: part.name, ...account, roles: [...part.roles], groups: list }
  })
  teachers.push(...teachersFor(uncovered(groups, teachers), { first: teachers.length + 1, domain, taken, random }))
  // SAFETY: every part stands in `staffParts` (test: "every part of the cast is filled").
  return { teachers, cast: cast as Record<StaffRole, string> }
}

/** Homerooms that no teacher (LRK) stands on. */
export function uncovered(groups: SchoolGroup[], teachers: SchoolTeacher[]): SchoolGroup[] {
  const covered = new Set(
    teachers.flatMap(teacher =>
      teacher.groups.filter(place => place.roles.includes('LRK')).map(place => place.groupKey),
    ),
  )
  return groups.filter(group => group.kind === 'homeroom' && !covered.has(group.key))
}

/** One teacher for each of those rooms. */
export function teachersFor(
  rooms: SchoolGroup[],
  by: { first: number; domain: string; taken: Map<string, number>; random: Random },
): SchoolTeacher[] {
  return rooms.map((room, i) => {
    const name = randomName(by.random, by.random.chance(0.2) ? 'boy' : 'girl')
    const account = accountOf(name, by.domain, by.taken, true)
    return {
      key: String(by.first + i),
      name,
      ...account,
      roles: ['LRK'],
      groups: [{ groupKey: room.key, roles: ['LRK'] }],
    }
  })
}

function accountOf(name: PersonName, domain: string, taken: Map<string, number>, email: boolean) {
  const username = unique(userNameOf(name), taken)
  return { username, ...(email ? { email: `${username}@${domain}` } : {}) }
}

function unique(wanted: string, taken: Map<string, number>): string {
  const n = (taken.get(wanted) ?? 0) + 1
  taken.set(wanted, n)
  return n === 1 ? wanted : unique(`${wanted}${n}`, taken)
}

function placesOf(group: string, groups: SchoolGroup[]): SchoolGroup[] {
  if (group === 'plus') return groups.filter(({ kind }) => kind === 'scheduled').slice(0, 1)
  if (group === 'upper') return groups.filter(({ grades }) => (grades[0] ?? 0) >= 3).slice(-6)
  return [nearestHomeroom(group, groups)]
}

function nearestHomeroom(name: string, groups: SchoolGroup[]): SchoolGroup {
  const homerooms = groups.filter(group => group.kind === 'homeroom')
  const grade = Number(name.charAt(0))
  const parallel = homerooms.filter(group => group.grades.includes(grade))
  const found =
    homerooms.find(group => group.name === name) ?? parallel[name.endsWith('B') ? 1 : 0] ?? parallel[0] ?? homerooms[0]
  if (found === undefined) throw new RangeError('a school has at least one homeroom')
  return found
}

function keysOf(seats: Map<PupilRole, SchoolPupil>): Record<PupilRole, string> {
  // SAFETY: seatCast fills every part or throws.
  return Object.fromEntries([...seats].map(([part, pupil]) => [part, pupil.key])) as Record<PupilRole, string>
}

function firstOfNextMonth(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10)
}

/** Every text that must never be found behind an adapter: identifying by itself, long enough to search for. */
export function canariesOf(school: GeneratedSchool): string[] {
  return school.pupils.flatMap(({ canary }) => [
    canary.bsn,
    canary.birthDate,
    canary.postcode,
    ...(canary.remark === undefined ? [] : [canary.remark]),
  ])
}
