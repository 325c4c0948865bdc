/**
 * A year of reports as a school might get them, with what M5 looks for in it: who, where, when, by how many different reporters, and
 * whether it stopped. People stand in it by their key in the roster; whoever stores the reports turns those into persons.
 */
import type { ReportDraft } from '../../connector/api/contract.ts'
import { addDays, dayOf, daysBetween, instantAt, isSchoolDay, weekday } from './calendar.ts'
import { type GeneratedSchool, pupilSourceId, type SchoolPupil, teacherSourceId } from './generate.ts'
import { spokenName } from './names.ts'
import { type Random, seededRandom } from './random.ts'
import { type PlannedEvent, planStories, type Story } from './stories.ts'
import { tokenMaker, writeWords } from './words.ts'

/** As `Who` of the contract, with the roster's key (`leerling:50001`) in the place of a person's id. */
export type SchoolWho = { sourceId: string } | { typedName: string } | { self: true } | { unknown: true }

export interface SchoolDraft extends Omit<ReportDraft, 'involved'> {
  involved: { who: SchoolWho; role: 'ACTOR' | 'JOINER' | 'TARGET' | 'BYSTANDER' | 'HELPER' }[]
}

export interface SchoolReport {
  /** Reports of one happening share it: what a person would merge into one event. */
  event: string
  story: Story
  /** When it happened. */
  on: string
  /** `leerling:…`, `leerkracht:…`, or null: without a name. */
  reporter: string | null
  receivedAt: Date
  draft: SchoolDraft
  /** The invented word in the reporter's own words; absent when there are none. */
  token?: string
}

export interface ReportsOptions {
  seed?: string | number
  /** First day. */
  from: Date | string
  /** Exclusive: nothing happens or is received on or after this day. */
  to: Date | string
  /** Default 420. */
  count?: number
  /** The day of the measure at the bike shed. Default 15 March, else just past the middle. */
  measureOn?: string
}

/** Ordered by the moment of receipt; exactly `count` of them. @throws RangeError when there is no school day in the range */
export function generateReports(school: GeneratedSchool, options: ReportsOptions): SchoolReport[] {
  const { seed = school.seed, count = 420 } = options
  const [from, to] = [dayOf(options.from), dayOf(options.to)]
  const random = seededRandom(`${seed}/reports`)
  const measureOn = options.measureOn ?? measureDay(from, to)
  const plan = planStories({ school, from, to, measureOn, count, random: random.fork('plan') })
  const teller = tellerOf(school, to, random.fork('tell'))
  const reports: SchoolReport[] = []
  for (const event of plan) {
    for (const reporter of event.reporters) {
      if (reports.length < count) reports.push(teller(event, reporter))
    }
  }
  return reports.sort((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime())
}

/** The last 15 March that leaves room on both sides. */
export function measureDay(from: string, to: string): string {
  for (let year = Number(to.slice(0, 4)); year >= Number(from.slice(0, 4)); year -= 1) {
    const day = `${year}-03-15`
    if (daysBetween(from, day) >= 40 && daysBetween(day, to) >= 30) return day
  }
  return addDays(from, Math.floor(daysBetween(from, to) * 0.55))
}

function tellerOf(school: GeneratedSchool, to: string, random: Random) {
  const pupils = new Map(school.pupils.map(pupil => [pupil.key, pupil]))
  const nextToken = tokenMaker(random.fork('tokens'))
  const calledName = (key: string | undefined) => (key === undefined ? undefined : pupils.get(key)?.name.givenName)

  return (event: PlannedEvent, reporter: PlannedEvent['reporters'][number]): SchoolReport => {
    const receivedAt = receiptOf(event, reporter.kind, to, random)
    const isTarget = reporter.key !== undefined && event.targets.includes(reporter.key) && reporter.kind === 'PUPIL'
    const wordy = random.chance(event.story === 'campaign' ? 1 : 0.62)
    const token = wordy ? nextToken() : undefined
    const perspective =
      reporter.kind === 'STAFF' ? 'staff' : reporter.kind === 'PARENT' ? 'parent' : isTarget ? 'self' : 'other'
    const words =
      token === undefined
        ? undefined
        : writeWords(
            {
              behaviour: event.behaviours[0] ?? 'OTHER_UNKNOWN',
              place: event.place,
              actor: calledName(event.actors[0]),
              joiner: calledName(event.joiners[0] ?? event.actors[1]),
              target: calledName(event.targets[0]),
              perspective,
              token,
            },
            random,
          )
    const draft: SchoolDraft = {
      v: 1,
      reporterKind: reporter.kind,
      behaviours: behavioursSeen(event, random),
      ...(words === undefined ? {} : { words }),
      involved: involvedOf(event, reporter.key, random),
      targetKind: isTarget ? 'MYSELF' : event.targets.length > 0 ? 'SOMEONE_ELSE' : random.pick(['GROUP', 'NOBODY']),
      place: random.chance(0.04) ? 'UNKNOWN' : event.place,
      moment: random.chance(0.05) ? 'UNKNOWN' : event.moment,
      ...daysAgo(event.on, dayOf(receivedAt)),
      frequency: frequencyOf(event, random),
      severity: Math.min(
        4,
        Math.max(
          1,
          event.severity +
            random.weighted([
              [0, 6],
              [1, isTarget ? 3 : 1],
              [-1, 2],
            ]),
        ),
      ),
      helpedBy: [
        random.weighted([
          ['NOBODY', 4],
          ['CHILD', 3],
          ['GROWN_UP', 2],
          ['UNKNOWN', 3],
        ] as const),
      ],
      dangerNow: event.story === 'danger' && random.chance(0.5),
      wish: random.weighted([
        ['LET_KNOW', 14],
        ['TALK', isTarget ? 6 : 2],
        ['HELP_NOW', event.severity > 3 ? 1 : 0],
      ] as const),
      language: 'nl',
    }
    if (!reporter.signed && random.chance(0.4)) Object.assign(draft, typedReporter(reporter, pupils, school, random))
    return {
      event: event.id,
      story: event.story,
      on: event.on,
      reporter: reporter.signed && reporter.key !== undefined ? sourceIdOf(reporter.kind, reporter.key) : null,
      receivedAt,
      draft,
      ...(token === undefined ? {} : { token }),
    }
  }
}

function sourceIdOf(kind: string, key: string): string {
  return kind === 'STAFF' ? teacherSourceId(key) : pupilSourceId(key)
}

/** Two in five who do not sign in still write who they are. */
function typedReporter(
  reporter: PlannedEvent['reporters'][number],
  pupils: Map<string, SchoolPupil>,
  school: GeneratedSchool,
  random: Random,
) {
  const pupil = pupils.get(reporter.key ?? '')
  if (pupil === undefined) return {}
  const group = school.groups.find(({ key }) => key === pupil.groupKey)?.name
  if (reporter.kind === 'PARENT') {
    return {
      reporterName: `${random.pick(['moeder', 'vader', 'ouder'])} van ${pupil.name.givenName ?? 'een leerling'}`,
    }
  }
  return { reporterName: spokenName(pupil.name), ...(group === undefined ? {} : { reporterGroup: `groep ${group}` }) }
}

/** Witnesses do not all see everything. */
function behavioursSeen(event: PlannedEvent, random: Random): SchoolDraft['behaviours'] {
  const [first, ...rest] = event.behaviours
  return first === undefined ? ['OTHER_UNKNOWN'] : [first, ...rest.filter(() => random.chance(0.6))]
}

function involvedOf(event: PlannedEvent, reporter: string | undefined, random: Random): SchoolDraft['involved'] {
  const who = (key: string): SchoolWho => (key === reporter ? { self: true } : { sourceId: pupilSourceId(key) })
  const list: SchoolDraft['involved'] = []
  if (event.actors.length === 0 || (event.story === 'noise' && random.chance(0.12))) {
    list.push({ who: { unknown: true }, role: 'ACTOR' })
  } else {
    for (const key of event.actors) list.push({ who: who(key), role: 'ACTOR' })
  }
  for (const key of event.joiners) if (random.chance(0.85)) list.push({ who: who(key), role: 'JOINER' })
  for (const key of event.targets) list.push({ who: who(key), role: 'TARGET' })
  for (const key of event.bystanders) {
    if (random.chance(0.5)) list.push({ who: who(key), role: random.chance(0.25) ? 'HELPER' : 'BYSTANDER' })
  }
  return list
}

function daysAgo(on: string, received: string): Pick<SchoolDraft, 'day' | 'date'> {
  const days = daysBetween(on, received)
  if (days <= 0) return { day: 'TODAY' }
  if (days === 1) return { day: 'YESTERDAY' }
  return days <= 6 ? { day: 'THIS_WEEK' } : { day: 'LONGER_AGO', date: on }
}

function frequencyOf(event: PlannedEvent, random: Random): NonNullable<SchoolDraft['frequency']> {
  return event.structural
    ? random.weighted([
        ['MORE_OFTEN', 6],
        ['ALMOST_DAILY', 3],
        ['UNKNOWN', 2],
        ['FIRST', 1],
      ] as const)
    : random.weighted([
        ['FIRST', 6],
        ['MORE_OFTEN', 2],
        ['UNKNOWN', 2],
      ] as const)
}

/** In the break, or after school, or in the evening; three in ten a day or more later, and not in the night. */
function receiptOf(event: PlannedEvent, kind: string, to: string, random: Random): Date {
  const later = random.weighted([
    [0, 70],
    [1, 18],
    [2, 6],
    [4, 4],
    [9, 2],
  ])
  const day = addDays(event.on, later)
  if (later === 0 || day >= to) {
    const soon = event.minutes + random.int(4, kind === 'PARENT' ? 300 : 150)
    return instantAt(event.on, Math.min(soon, 22 * 60 + 50))
  }
  const weekend = [0, 6].includes(weekday(day)) || !isSchoolDay(day)
  return instantAt(
    day,
    weekend ? random.int(10 * 60, 20 * 60) : random.pick([random.int(8 * 60, 9 * 60), random.int(15 * 60, 21 * 60)]),
  )
}
