/** Several placements make one pupil: which counts on the day. Pure. */
import { dayAfter, schoolYearFrom } from '../calendar.ts'
import { given, order } from '../deliver.ts'
import { SourceError } from '../source.ts'
import { type Asked, dayIn, pupilId } from './terms.ts'
import type { Leerling, Plaatsing } from './wire.ts'

/** Where one pupil is in the school year asked for. Ends are exclusive. */
export interface Placed {
  leerling: Leerling
  status: 'active' | 'pending' | 'inactive'
  plaatsing?: Plaatsing
  startsOn?: string
  endsOn?: string
}

/**
 * @throws SourceError `incomplete` without pupils, `malformed` when every placement is of another school year
 */
export function placedPupils(leerlingen: readonly Leerling[], asked: Asked): Placed[] {
  if (leerlingen.length === 0)
    throw new SourceError(
      'incomplete',
      'Somtoday gives no pupils of this location: nothing is changed, an empty roster is never "everybody left"',
    )
  const years = new Set(
    leerlingen.flatMap(({ plaatsingen = [] }) => plaatsingen.map(yearOf)).filter(year => year !== undefined),
  )
  if (years.size > 0 && !years.has(asked.schoolYear))
    throw new SourceError(
      'malformed',
      `wrong school year: asked for ${asked.schoolYear}, got ${[...years].sort(order).join(', ')}`,
    )
  return leerlingen.map(leerling => placed(leerling, asked))
}

const yearOf = ({ schooljaar }: Plaatsing) => (schooljaar === undefined ? undefined : schoolYearFrom(schooljaar))

/** The placement that runs on the day decides; without one the next of the year, then the last. Two at once do not exist (OpenAPI, Plaatsing); if they do, any order gives the same one. */
function placed(leerling: Leerling, { schoolYear, day, options }: Asked): Placed {
  const dated = (leerling.plaatsingen ?? [])
    .filter(each => (yearOf(each) ?? schoolYear) === schoolYear)
    .map(plaatsing => ({ plaatsing, ...daysOf(plaatsing, leerling) }))
    .sort(
      (a, b) =>
        order(a.startsOn ?? '', b.startsOn ?? '') ||
        order(a.endsOn ?? '9999', b.endsOn ?? '9999') ||
        order(JSON.stringify(a.plaatsing), JSON.stringify(b.plaatsing)),
    )
  const begun = (each: { startsOn?: string }) => (each.startsOn ?? '') <= day
  const running = dated.findLast(each => begun(each) && day < (each.endsOn ?? '9999'))
  if (running !== undefined) return { leerling, status: 'active', ...running }
  const next = dated.find(each => !begun(each))
  if (next !== undefined) return { leerling, status: 'pending', ...next }
  const last = dated.toSorted((a, b) => order(a.endsOn ?? '', b.endsOn ?? '')).at(-1)
  if (last !== undefined) return { leerling, status: 'inactive', ...given('endsOn', last.endsOn) }
  // Of other years only: left before this one, or comes after it.
  const others = (leerling.plaatsingen ?? []).map(each => yearOf(each) ?? '')
  if (others.length > 0) return { leerling, status: others.some(year => year > schoolYear) ? 'pending' : 'inactive' }
  // Without the right to placements `isActief` is all there is; it is of today, and says nothing about next year.
  const gone = leerling.isActief === false && options.schoolYear === 'current'
  return { leerling, status: gone ? 'inactive' : 'active' }
}

function daysOf({ startdatum, einddatum }: Plaatsing, { uuid }: Leerling): { startsOn?: string; endsOn?: string } {
  const last = dayIn(einddatum, pupilId(uuid), 'einddatum')
  return {
    ...given('startsOn', dayIn(startdatum, pupilId(uuid), 'startdatum')),
    ...given('endsOn', last === undefined ? undefined : dayAfter(last)),
  }
}
