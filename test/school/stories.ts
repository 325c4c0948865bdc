/** What happens in the year, before anybody tells it: the patterns, and the noise around them. */
import type { ReportDraft } from '../../connector/api/contract.ts'
import { addDays, daysBetween, isSchoolDay, weekday } from './calendar.ts'
import type { GeneratedSchool, SchoolPupil } from './generate.ts'
import type { Random } from './random.ts'

/**
 * - `bike-shed`: structural, group 7, home time, until the measure. `online`: the chat of group 8, in the evening, still going on.
 * - `left-out`: small and recent, group 5. `campaign`: one reporter against one pupil, often. `danger`: rare and urgent. `noise`: the rest.
 */
export type Story = 'bike-shed' | 'online' | 'left-out' | 'campaign' | 'danger' | 'noise'

export interface PlannedEvent {
  id: string
  story: Story
  structural: boolean
  on: string
  /** Local minutes past midnight. */
  minutes: number
  place: NonNullable<ReportDraft['place']>
  moment: NonNullable<ReportDraft['moment']>
  behaviours: ReportDraft['behaviours']
  severity: number
  /** Keys of pupils. */
  actors: string[]
  joiners: string[]
  targets: string[]
  bystanders: string[]
  /** `key` of a parent is the child's. */
  reporters: { kind: 'PUPIL' | 'PARENT' | 'STAFF'; key?: string; signed: boolean }[]
}

interface Plan {
  school: GeneratedSchool
  from: string
  to: string
  measureOn: string
  count: number
  random: Random
}

type Happening = Omit<PlannedEvent, 'id' | 'reporters'> & { witnesses: string[]; teachers: string[]; tellers: number }

/** At least `count` reporters over all events; the stories first, so that noise is what gives way. */
export function planStories(plan: Plan): PlannedEvent[] {
  const { school, random, count } = plan
  const schoolDays = daysIn(plan.from, plan.to).filter(isSchoolDay)
  if (schoolDays.length === 0) throw new RangeError('there is no school day in this range')
  const happenings = [
    ...bikeShed(plan, schoolDays),
    ...groupChat(plan),
    ...leftOut(plan, schoolDays),
    ...campaign(plan, schoolDays),
    ...danger(plan, schoolDays),
  ]
  const events = happenings.map((happening, i) => withReporters(happening, `${happening.story}-${i + 1}`, random))
  const teachersOf = teachersByGroup(school)
  let told = events.reduce((sum, event) => sum + event.reporters.length, 0)
  for (let i = 1; told < count; i += 1) {
    const event = withReporters(noise(plan, schoolDays, teachersOf), `noise-${i}`, random)
    events.push(event)
    told += event.reporters.length
  }
  return events
}

function daysIn(from: string, to: string): string[] {
  return Array.from({ length: Math.max(0, daysBetween(from, to)) }, (_, i) => addDays(from, i))
}

/** `n` days of the list within the range, spread out, in order; fewer when there are fewer. */
function spread(days: readonly string[], n: number, random: Random): string[] {
  const slots = Math.min(n, days.length)
  return Array.from({ length: slots }, (_, i) => {
    const [start, end] = [Math.floor((i * days.length) / slots), Math.floor(((i + 1) * days.length) / slots)]
    return days[random.int(start, Math.max(start + 1, end))] ?? days[0] ?? ''
  })
}

const scaled = (n: number, { count }: Plan) => Math.max(2, Math.round((n * count) / 420))

/** Often, with two joiners, against two pupils; after the measure the joiners are gone at once, the lead within three weeks. */
function bikeShed(plan: Plan, schoolDays: string[]): Happening[] {
  const { school, measureOn, random } = plan
  const { lead, joinerA, joinerB, targetA, targetB, witness, friend } = school.cast.pupils
  const { teacher, otherTeacher } = school.cast.teachers
  const mates = classmates(school, [lead, targetB], [lead, joinerA, joinerB, targetA, targetB])
  const before = spread(
    schoolDays.filter(day => day < measureOn),
    scaled(40, plan),
    random,
  )
  const tail = spread(
    schoolDays.filter(day => day >= measureOn && day < addDays(measureOn, 21)),
    3,
    random,
  )
  return [...before, ...tail].map((on): Happening => {
    const after = on >= measureOn
    const target = random.chance(0.68) ? targetA : targetB
    const behaviours = random.weighted([
      [['HURTING'], 5],
      [['NAME_CALLING', 'LAUGHING_AT'], 5],
      [['TAKING_BREAKING'], 4],
      [['THREAT', 'NAME_CALLING'], 3],
      [['FORCING'], 1],
    ] as [ReportDraft['behaviours'], number][])
    const home = random.chance(0.86)
    return {
      story: 'bike-shed',
      structural: true,
      on,
      minutes: home ? random.int(14 * 60, 14 * 60 + 25) : random.int(8 * 60 + 5, 8 * 60 + 25),
      place: random.weighted([
        ['BIKE_SHED', 17],
        ['WAY_TO_SCHOOL', 3],
      ] as const),
      moment: home ? 'HOME_TIME' : 'BEFORE_SCHOOL',
      behaviours,
      severity: after
        ? 2
        : random.weighted([
            [2, 3],
            [3, 5],
            [4, 2],
          ]),
      actors: [lead],
      joiners: after ? [] : [joinerA, joinerB].filter(() => random.chance(0.6)),
      targets: random.chance(0.1) && !after ? [targetA, targetB] : [target],
      bystanders: random.chance(0.4) ? [random.pick(mates)] : [],
      witnesses: [witness, witness, friend, target, target, ...random.shuffle(mates).slice(0, 4)],
      teachers: [teacher, otherTeacher],
      tellers: after
        ? 1
        : random.weighted([
            [1, 4],
            [2, 4],
            [3, 2],
          ]),
    }
  })
}

/** A first wave in winter, and one in the last ten weeks that nobody has stopped yet. */
function groupChat(plan: Plan): Happening[] {
  const { school, from, to, random } = plan
  const { onlineLead, onlineJoiner, onlineTarget } = school.cast.pupils
  const mates = classmates(school, [onlineLead], [onlineLead, onlineJoiner, onlineTarget])
  const evenings = daysIn(from, to).filter(day => isSchoolDay(day) || [0, 6].includes(weekday(day)))
  const recent = evenings.filter(day => day >= addDays(to, -70))
  const earlier = evenings.filter(day => day < addDays(to, -70) && ['01', '02'].includes(day.slice(5, 7)))
  const days = [...spread(earlier, scaled(8, plan), random), ...spread(recent, scaled(18, plan), random)]
  return days.map(on => ({
    story: 'online',
    structural: true,
    on,
    minutes: random.int(18 * 60 + 30, 21 * 60 + 30),
    place: 'ONLINE',
    moment: 'EVENING_WEEKEND',
    behaviours: random.weighted([
      [['ONLINE', 'NAME_CALLING'], 5],
      [['ONLINE', 'GOSSIP'], 3],
      [['ONLINE', 'LEAVING_OUT'], 3],
      [['ONLINE', 'WHO_I_AM'], 1],
    ] as [ReportDraft['behaviours'], number][]),
    severity: random.weighted([
      [2, 3],
      [3, 4],
      [4, 2],
    ]),
    actors: random.chance(0.2) ? [onlineJoiner] : [onlineLead],
    joiners: random.chance(0.6) ? [onlineJoiner] : [],
    targets: [onlineTarget],
    bystanders: [],
    witnesses: [onlineTarget, onlineTarget, ...random.shuffle(mates).slice(0, 5)],
    teachers: [school.cast.teachers.teacherOf8],
    tellers: random.weighted([
      [1, 5],
      [2, 3],
      [3, 1],
    ]),
  }))
}

/** Just enough to be worth a look: four times in five weeks, told by different children. */
function leftOut({ school, to, random }: Plan, schoolDays: string[]): Happening[] {
  const { leftOutActor, leftOutTarget } = school.cast.pupils
  const mates = classmates(school, [leftOutActor], [leftOutActor, leftOutTarget])
  return spread(
    schoolDays.filter(day => day >= addDays(to, -35)),
    4,
    random,
  ).map(on => ({
    story: 'left-out',
    structural: true,
    on,
    minutes: random.int(10 * 60 + 10, 10 * 60 + 40),
    place: 'CLOAKROOM_LOCKERS',
    moment: 'LESSON_CHANGE',
    behaviours: random.chance(0.5) ? ['LEAVING_OUT'] : ['LEAVING_OUT', 'GOSSIP'],
    severity: 2,
    actors: [leftOutActor],
    joiners: [],
    targets: [leftOutTarget],
    bystanders: [],
    witnesses: [leftOutTarget, ...random.shuffle(mates).slice(0, 3)],
    teachers: [],
    tellers: random.int(1, 3),
  }))
}

/** Seven reports in twelve days by one child about one other: many events, one reporter. */
function campaign({ school, to, random }: Plan, schoolDays: string[]): Happening[] {
  const { campaigner, campaignTarget } = school.cast.pupils
  const last = schoolDays.filter(day => day < addDays(to, -14))
  return spread(last.slice(-12), 7, random).map(on => ({
    story: 'campaign',
    structural: false,
    on,
    minutes: random.int(12 * 60, 12 * 60 + 40),
    place: 'PLAYGROUND',
    moment: 'LUNCH',
    behaviours: [random.pick(['NAME_CALLING', 'HURTING', 'TAKING_BREAKING'] as const)],
    severity: 4,
    actors: [campaignTarget],
    joiners: [],
    targets: [campaigner],
    bystanders: [],
    witnesses: [campaigner],
    teachers: [],
    tellers: 1,
  }))
}

/** Rare: three of a body's boundary, two of something dangerous, in the upper groups. */
function danger({ school, random }: Plan, schoolDays: string[]): Happening[] {
  const upper = school.pupils.filter(
    ({ grade, key }) => (grade ?? 0) >= 6 && !Object.values(school.cast.pupils).includes(key),
  )
  return spread(schoolDays, 5, random).map((on, i) => {
    const body = i % 2 === 0
    const [actor, target, witness] = random.shuffle(upper).map(pupil => pupil.key)
    return {
      story: 'danger',
      structural: false,
      on,
      minutes: random.int(13 * 60, 13 * 60 + 30),
      place: body ? 'CHANGING_ROOM' : 'PLAYGROUND',
      moment: body ? 'GYM_TIME' : 'LUNCH',
      behaviours: [body ? 'BODY_BOUNDARY' : 'WEAPON_DANGER'],
      severity: random.int(3, 5),
      actors: [actor ?? ''],
      joiners: [],
      targets: body ? [target ?? ''] : [],
      bystanders: [],
      witnesses: body ? [target ?? '', witness ?? ''] : [witness ?? '', target ?? ''],
      teachers: [],
      tellers: 1,
    }
  })
}

/** Months in which more goes wrong outside: the first weeks, the dark ones, the warm ones. */
const season = [1, 0.9, 0.9, 1, 1.2, 1.3, 0.8, 0.8, 1.4, 1.2, 1.1, 0.9]

type NoiseKind = readonly [PlannedEvent['place'], PlannedEvent['moment'], number, number]
const scenes: readonly (readonly [NoiseKind, number])[] = [
  [['PLAYGROUND', 'MORNING_BREAK', 10 * 60 + 15, 10 * 60 + 30], 26],
  [['PLAYGROUND', 'LUNCH', 12 * 60 + 10, 12 * 60 + 50], 22],
  [['CLASSROOM', 'LESSON', 9 * 60, 13 * 60 + 50], 12],
  [['HALL_STAIRS', 'LESSON_CHANGE', 8 * 60 + 25, 13 * 60], 8],
  [['CHANGING_ROOM', 'GYM_TIME', 10 * 60 + 45, 14 * 60], 6],
  [['TOILET', 'LESSON', 9 * 60, 13 * 60 + 30], 4],
  [['CANTEEN_LUNCH', 'LUNCH', 12 * 60, 12 * 60 + 30], 5],
  [['WAY_TO_SCHOOL', 'HOME_TIME', 14 * 60 + 5, 14 * 60 + 40], 5],
  [['AFTER_SCHOOL_CARE', 'AFTER_SCHOOL', 15 * 60, 17 * 60 + 30], 5],
  [['NEIGHBOURHOOD', 'EVENING_WEEKEND', 16 * 60, 19 * 60], 3],
  [['GYM', 'GYM_TIME', 11 * 60, 14 * 60], 3],
  [['BIKE_SHED', 'BEFORE_SCHOOL', 8 * 60 + 5, 8 * 60 + 25], 2],
  [['ELSEWHERE', 'UNKNOWN', 9 * 60, 14 * 60], 1],
]
const quarrels: readonly (readonly [ReportDraft['behaviours'], number])[] = [
  [['NAME_CALLING'], 20],
  [['HURTING'], 18],
  [['LEAVING_OUT'], 14],
  [['LAUGHING_AT'], 10],
  [['TAKING_BREAKING'], 10],
  [['HURTING', 'NAME_CALLING'], 8],
  [['GOSSIP'], 6],
  [['THREAT'], 3],
  [['WHO_I_AM'], 3],
  [['UNSAFE_FEELING'], 3],
  [['FORCING'], 2],
  [['OTHER_UNKNOWN'], 5],
]

function noise({ school, from, to, random }: Plan, schoolDays: string[], teachersOf: Map<string, string[]>): Happening {
  const [place, moment, earliest, latest] = random.weighted(scenes)
  const weekend = moment === 'EVENING_WEEKEND' ? daysIn(from, to) : schoolDays
  let on = random.pick(weekend)
  while (random.next() * 1.4 > (season[Number(on.slice(5, 7)) - 1] ?? 1)) on = random.pick(weekend)
  const present = school.pupils.filter(pupil => pupil.groupKey !== undefined && pupil.startsOn <= on)
  const actor = drawActor(school, present, random)
  const near = random.shuffle(present.filter(pupil => pupil.groupKey === actor.groupKey && pupil.key !== actor.key))
  const others = random.chance(0.8)
    ? near
    : random.shuffle(present.filter(pupil => pupil.grade === actor.grade && pupil.key !== actor.key))
  const target = others[0]
  const witnesses = near.slice(0, 5).map(pupil => pupil.key)
  return {
    story: 'noise',
    structural: false,
    on,
    minutes: random.int(earliest, latest),
    place,
    moment,
    behaviours: random.weighted(quarrels),
    severity: random.weighted([
      [1, 5],
      [2, 6],
      [3, 3],
      [4, 1],
    ]),
    actors: random.chance(0.08) ? [] : [actor.key],
    joiners: random.chance(0.15) && near[6] !== undefined ? [near[6].key] : [],
    targets: target === undefined || random.chance(0.06) ? [] : [target.key],
    bystanders: random.chance(0.2) && near[7] !== undefined ? [near[7].key] : [],
    witnesses: target === undefined ? witnesses : [target.key, target.key, ...witnesses],
    teachers: teachersOf.get(actor.groupKey ?? '') ?? [],
    tellers: random.weighted([
      [1, 8],
      [2, 2],
    ]),
  }
}

/** Older pupils report and are reported more; those of the stories are not in the noise, so that a pattern can be seen to stop. */
function drawActor(school: GeneratedSchool, present: SchoolPupil[], random: Random): SchoolPupil {
  const { lead, joinerA, joinerB, onlineLead, leftOutActor, campaignTarget } = school.cast.pupils
  const known = new Set([lead, joinerA, joinerB, onlineLead, leftOutActor, campaignTarget])
  for (;;) {
    const pupil = random.pick(present)
    if (!known.has(pupil.key) && random.chance(0.3 + (pupil.grade ?? 0) * 0.09)) return pupil
  }
}

function classmates(school: GeneratedSchool, of: string[], without: string[]): string[] {
  const groups = new Set(school.pupils.filter(({ key }) => of.includes(key)).map(({ groupKey }) => groupKey))
  const list = school.pupils.filter(
    ({ groupKey, key }) => groupKey !== undefined && groups.has(groupKey) && !without.includes(key),
  )
  return list.map(({ key }) => key)
}

function teachersByGroup(school: GeneratedSchool): Map<string, string[]> {
  const map = new Map<string, string[]>()
  for (const teacher of school.teachers) {
    for (const { groupKey, roles } of teacher.groups) {
      if (roles.includes('LRK')) map.set(groupKey, [...(map.get(groupKey) ?? []), teacher.key])
    }
  }
  return map
}

/** Different people each time; one in ten is a teacher, one in sixteen a parent (never signed), one child in eight gives no name. */
function withReporters(happening: Happening, id: string, random: Random): PlannedEvent {
  const { witnesses, teachers, tellers, ...event } = happening
  const reporters: PlannedEvent['reporters'] = []
  for (let i = 0; i < tellers; i += 1) {
    const told = new Set(reporters.map(reporter => reporter.key))
    const open = witnesses.filter(key => !told.has(key))
    const alone = event.story === 'campaign'
    if (!alone && teachers.length > 0 && random.chance(0.1)) {
      const key = random.pick(teachers)
      if (!told.has(key)) reporters.push({ kind: 'STAFF', key, signed: true })
    } else if (open.length > 0) {
      const key = random.pick(open)
      const parent = !alone && random.chance(0.06)
      reporters.push({ kind: parent ? 'PARENT' : 'PUPIL', key, signed: alone || (!parent && random.chance(0.88)) })
    }
  }
  return { id, ...event, reporters }
}
