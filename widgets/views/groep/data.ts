/** From the page of reports to what is drawn: weeks, places by moments, filters. Pure; days are local calendar days `YYYY-MM-DD`. */
import type { PanelReport } from '../../../connector/api/contract.ts'
import { moments, places } from '../../../connector/api/vocabulary.ts'

export type Place = PanelReport['place']
export type Moment = PanelReport['moment']
type Behaviour = PanelReport['behaviours'][number]

export type Filter = { behaviour: Behaviour | ''; place: Place | ''; moment: Moment | ''; pupil: string }
export const noFilter: Filter = { behaviour: '', place: '', moment: '', pupil: '' }

/** Little supervision by default; a school may judge otherwise. Source: domain.md §9.3, ours. */
export const unsupervised: ReadonlySet<Place> = new Set<Place>([
  'HALL_STAIRS',
  'CLOAKROOM_LOCKERS',
  'TOILET',
  'PLAYGROUND',
  'CHANGING_ROOM',
  'CANTEEN_LUNCH',
  'BIKE_SHED',
  'WAY_TO_SCHOOL',
  'BUS',
  'NEIGHBOURHOOD',
  'ONLINE',
])

const dayMs = 86_400_000
const at = (day: string) => Date.parse(`${day}T00:00:00Z`)
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

export const addDays = (day: string, days: number) => dayOf(at(day) + days * dayMs)

/** The Monday of that day's week. */
export const mondayOf = (day: string) => addDays(day, -((new Date(at(day)).getUTCDay() + 6) % 7))

/** ISO 8601 week number, as on every Dutch school calendar. */
export const weekOf = (day: string) => {
  const thursday = at(mondayOf(day)) + 3 * dayMs
  const year = new Date(thursday).getUTCFullYear()
  return Math.ceil(((thursday - Date.UTC(year, 0, 1)) / dayMs + 1) / 7)
}

export type Week = { monday: string; week: number; count: number }

/** Every week between `from` and `to` (exclusive), also the empty ones. */
export const weeksOf = (reports: readonly PanelReport[], from: string, to: string): Week[] => {
  const counts = new Map<string, number>()
  for (const { on, precision } of reports) {
    if (!on || precision === 'UNKNOWN') continue
    const monday = mondayOf(on)
    counts.set(monday, (counts.get(monday) ?? 0) + 1)
  }
  const weeks: Week[] = []
  for (let monday = mondayOf(from); monday < to; monday = addDays(monday, 7)) {
    weeks.push({ monday, week: weekOf(monday), count: counts.get(monday) ?? 0 })
  }
  return weeks
}

export const filtered = (reports: readonly PanelReport[], filter: Filter) =>
  reports.filter(
    report =>
      (!filter.behaviour || report.behaviours.includes(filter.behaviour)) &&
      (!filter.place || report.place === filter.place) &&
      (!filter.moment || report.moment === filter.moment) &&
      (!filter.pupil || report.involved.some(({ pupil }) => pupil.id === filter.pupil)),
  )

/** Pupils of this very group who are named, by name. */
export const pupilsIn = (reports: readonly PanelReport[]): { id: string; label: string }[] => {
  const pupils = new Map<string, string>()
  for (const { involved } of reports) for (const { pupil } of involved) if (pupil.id) pupils.set(pupil.id, pupil.label)
  return [...pupils].map(([id, label]) => ({ id, label })).sort((a, b) => a.label.localeCompare(b.label, 'nl'))
}

export type Heat = { places: Place[]; moments: Moment[]; count: (place: Place, moment: Moment) => number; most: number }

/** Only rows and columns that hold something, in the glossary's order. */
export const heatOf = (reports: readonly PanelReport[]): Heat => {
  const counts = new Map<string, number>()
  for (const { place, moment } of reports) counts.set(`${place} ${moment}`, (counts.get(`${place} ${moment}`) ?? 0) + 1)
  return {
    places: places.filter(place => reports.some(report => report.place === place)),
    moments: moments.filter(moment => reports.some(report => report.moment === moment)),
    count: (place, moment) => counts.get(`${place} ${moment}`) ?? 0,
    most: Math.max(1, ...counts.values()),
  }
}

/** The most mentioned value that says something, when it stands out at least by being there twice. */
export const most = <T extends string>(values: readonly T[]): { value: T; count: number } | undefined => {
  const counts = new Map<T, number>()
  for (const value of values) if (value !== 'UNKNOWN') counts.set(value, (counts.get(value) ?? 0) + 1)
  const [first] = [...counts].sort((a, b) => b[1] - a[1])
  return first && first[1] > 1 ? { value: first[0], count: first[1] } : undefined
}
