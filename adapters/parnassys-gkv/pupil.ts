/** A pupil of the GKV: the enrolment, the places in classes, and what both say about being here. */
import { detail, given } from '../deliver.ts'
import { Grade, type MembershipRecord, type PersonRecord } from '../roster.ts'
import type { Finding } from '../source.ts'
import { currentOf, dayIn, hasEnded, isEmpty, type Period } from './days.ts'
import { groupId, keyOf, noteDamage } from './ids.ts'
import type { WireGroup, WirePlacement, WirePupil } from './wire.ts'

type GradeCode = (typeof Grade.options)[number]

/** A place in a class of this year. */
export interface Place extends Period {
  group: string
  grade?: GradeCode
}

export const inYear = ({ schooljaar }: { schooljaar?: string }, years: Set<string>) =>
  schooljaar === undefined || years.has(schooljaar)

interface Around {
  all: ReadonlyMap<string, WireGroup>
  pseudo: ReadonlySet<string>
  years: Set<string>
  today: string
}

/** Names: the one that is used (`achternaam`), never the official one: it is what others know the child by. */
export function mapPupil(
  pupil: WirePupil,
  { all, pseudo, years, today }: Around,
  findings: Finding[],
): { person: PersonRecord; places: Place[] } {
  const sourceId = `leerling:${keyOf(pupil, 'leerling')}`
  const enrolment = enrolmentOf(pupil, sourceId, today)
  const everywhere = pupil.placements
    .filter(placement => inYear({ ...given('schooljaar', yearOf(placement, all)) }, years))
    .flatMap(placement => placeOf(placement, sourceId, enrolment, findings))
  const places = everywhere.filter(({ group }) => !pseudo.has(group))
  const announced = everywhere.some(place => pseudo.has(place.group) && !hasEnded(place, today))
  const status = statusOf({ enrolment, places, announced }, today)
  if (status === undefined) findings.push({ code: 'unknown-status', sourceId })
  const now = currentOf(places, today)
  if (status === 'active' && (now === undefined || hasEnded(now, today)))
    findings.push({ code: 'pupil-without-group', sourceId })
  const { achternaam, tussenvoegsel, roepNaam, voornamen, leerlingNummer } = pupil
  if (!achternaam && !roepNaam && !voornamen) findings.push({ code: 'pupil-without-name', sourceId })
  noteDamage(sourceId, [achternaam, tussenvoegsel, roepNaam, voornamen], findings)
  const person: PersonRecord = {
    type: 'person',
    sourceId,
    stable: true,
    role: 'pupil',
    roleHints: [],
    status: status ?? 'pending',
    ...given('givenName', voornamen),
    ...given('preferredFirstName', roepNaam),
    ...given('familyNamePrefix', tussenvoegsel),
    ...given('familyName', achternaam),
    ...given('grade', now?.grade),
    ...given('startsOn', enrolment?.startsOn),
    ...given('endsOn', enrolment?.endsOn),
    keys: leerlingNummer === undefined ? [] : [{ type: 'pupil-number', value: leerlingNummer, stable: true }],
  }
  return { person, places }
}

/** A placement says its year itself, or its group does. */
const yearOf = ({ schooljaar, groep }: WirePlacement, all: ReadonlyMap<string, WireGroup>) =>
  schooljaar ?? all.get(groep ?? '')?.schooljaar

/** @returns nothing for a placement in no group, or over before it began; it ends with the enrolment at the latest */
function placeOf(
  placement: WirePlacement,
  sourceId: string,
  enrolment: Period | undefined,
  findings: Finding[],
): Place[] {
  if (placement.groep === undefined) return []
  const startsOn = dayIn(placement, 'vanafDatum', sourceId)
  const ends = [dayIn(placement, 'totDatum', sourceId), enrolment?.endsOn].filter(end => end !== undefined).sort()
  const grade = gradeOf(placement.leerjaar, sourceId, findings)
  const place: Place = {
    group: placement.groep,
    ...given('startsOn', startsOn),
    ...given('endsOn', ends[0]),
    ...given('grade', grade),
  }
  return isEmpty(place) ? [] : [place]
}

function gradeOf(leerjaar: string | undefined, sourceId: string, findings: Finding[]): GradeCode | undefined {
  if (leerjaar === undefined) return undefined
  const known = Grade.safeParse(leerjaar)
  if (known.success) return known.data
  findings.push({ code: 'unknown-grade', sourceId, ...detail(leerjaar) })
  return undefined
}

/** The one of today, else the next, else the last one. A pupil may leave and come back. */
function enrolmentOf(pupil: WirePupil, sourceId: string, today: string): Period | undefined {
  const periods = pupil.enrolments.map(enrolment => ({
    ...given('startsOn', dayIn(enrolment, 'datumInschrijving', sourceId)),
    ...given('endsOn', dayIn(enrolment, 'datumUitschrijving', sourceId)),
  }))
  return currentOf(periods, today)
}

/**
 * Left: `inactive`. In the group of the announced alone, or not begun: `pending`. Without any enrolment the places say it.
 * @returns undefined when nothing says it
 */
function statusOf(
  { enrolment, places, announced }: { enrolment: Period | undefined; places: Place[]; announced: boolean },
  today: string,
): PersonRecord['status'] | undefined {
  if (enrolment !== undefined && hasEnded(enrolment, today)) return 'inactive'
  if (announced && places.every(place => hasEnded(place, today))) return 'pending'
  const says = enrolment ?? currentOf(places, today)
  if (says === undefined) return undefined
  if (hasEnded(says, today)) return 'inactive'
  return says.startsOn !== undefined && says.startsOn > today ? 'pending' : 'active'
}

/** One for each group; who comes back to a group was there from the first day to the last. */
export function membershipsOf(person: PersonRecord, places: Place[]): MembershipRecord[] {
  return [...Map.groupBy(places, ({ group }) => group)].map(([group, each]) => {
    const starts = each.map(({ startsOn }) => startsOn ?? '').sort()
    const ends = each.map(({ endsOn }) => endsOn ?? '9999').sort()
    const end = ends.at(-1)
    return {
      type: 'membership',
      groupSourceId: groupId(group),
      personSourceId: person.sourceId,
      role: 'pupil',
      ...given('startsOn', starts[0]),
      ...given('endsOn', end === '9999' ? undefined : end),
    }
  })
}
