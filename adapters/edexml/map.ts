/** Wire → roster, pure. Everything from here on speaks the vocabulary of `roster.ts`. */

import { dayOf, instantOf } from '../calendar.ts'
import { assemble, detail, given, inOrder } from '../deliver.ts'
import { Grade, type GroupRecord, type PersonRecord, type RosterRecord } from '../roster.ts'
import { type Finding, type Scope, SourceError } from '../source.ts'
import {
  sourceIdOf,
  type WireGroup,
  type WirePerson,
  type WireReference,
  type WireRoster,
  type WireSchool,
} from './parse.ts'
import { hints, mapMemberships, personRole } from './roles.ts'

type GradeCode = GroupRecord['grades'][number]

export interface MappedRoster {
  /** `school:99ZZ-00` */
  schoolId: string
  /** School, groups, people, memberships; each ordered by source id, so that element order never matters. */
  records: RosterRecord[]
  findings: Finding[]
  scope: Scope
  createdAt: string | undefined
  version: string | undefined
}

/**
 * @param roster checked by `checkRoster`
 * @param today  local calendar day, against which a leaver is `inactive` and a newcomer `pending`
 * @throws SourceError `malformed`, naming the record and the field, when a value does not fit the vocabulary
 */
export function mapRoster(roster: WireRoster & { school: WireSchool }, today: string): MappedRoster {
  const scope = scopeOf(roster.school)
  const schoolId = schoolIdOf(roster.school, scope)
  const findings = keyFindings(roster)
  const groups = new Map(roster.groups.map(group => [sourceIdOf(group), group]))
  const people = roster.people.map(person => mapPerson(person, groups, today, findings))
  const memberships = roster.people.flatMap(person => mapMemberships(person, findings))
  const records = assemble({
    school: {
      type: 'school',
      sourceId: schoolId,
      schoolYear: scope.schoolYear,
      ...given('brin', scope.brin),
      ...given('location', scope.location),
    },
    groups: roster.groups.map(group => mapGroup(group, scope.schoolYear, findings)),
    people,
    memberships,
  })
  return {
    schoolId,
    records,
    findings: inOrder(findings),
    scope,
    createdAt: roster.school.aanmaakdatum === undefined ? undefined : instantOf(roster.school.aanmaakdatum),
    version: roster.school.xsdversie,
  }
}

/** `00` and absent are the same dependance. Flemish schools have an instellingsnummer, and neither brin nor location. */
export function scopeOf(school: WireSchool): Scope {
  const schoolYear = school.schooljaar ?? ''
  if (school.brincode === undefined) return { schoolYear }
  const brin = school.brincode.toUpperCase()
  const location = (school.dependancecode ?? brin.slice(4)).padStart(2, '0')
  return { brin: brin.slice(0, 4), location, schoolYear }
}

function schoolIdOf(school: WireSchool, scope: Scope): string {
  if (scope.brin !== undefined) return `school:${scope.brin}-${scope.location}`
  return `school:${school.instellingsnummer ?? school.schoolkey}`
}

function keyFindings(roster: WireRoster): Finding[] {
  const findings: Finding[] = []
  for (const sourceId of roster.trimmed) findings.push({ code: 'key-trimmed', sourceId })
  for (const sourceId of roster.damaged) findings.push({ code: 'damaged-text', sourceId })
  for (const record of [...roster.groups, ...roster.people])
    if (!isStable(record)) findings.push({ code: 'unstable-key', sourceId: sourceIdOf(record) })
  return findings
}

/** EDEXML handbook: a key that the SIS cannot promise to keep starts with `#`. */
const isStable = (record: { key: string }) => !record.key.startsWith('#')

function mapGroup(group: WireGroup, schoolYear: string, findings: Finding[]): GroupRecord {
  const grade = gradeOf(group, findings)
  return {
    type: 'group',
    sourceId: sourceIdOf(group),
    kind: group.kind === 'groep' ? 'homeroom' : 'scheduled',
    name: group.naam ?? '',
    schoolYear,
    grades: grade === undefined ? [] : [grade],
  }
}

function gradeOf(
  record: { kind: string; key: string; jaargroep?: string },
  findings: Finding[],
): GradeCode | undefined {
  if (record.jaargroep === undefined) return undefined
  const known = Grade.safeParse(record.jaargroep)
  if (known.success) return known.data
  findings.push({ code: 'unknown-grade', sourceId: sourceIdOf(record), ...detail(record.jaargroep) })
  return undefined
}

function mapPerson(
  person: WirePerson,
  groups: Map<string, WireGroup>,
  today: string,
  findings: Finding[],
): PersonRecord {
  const sourceId = sourceIdOf(person)
  const pupil = person.kind === 'leerling'
  const startsOn = day(person, 'instroomdatum')
  const endsOn = day(person, 'uitstroomdatum')
  const own = gradeOf(person, findings)
  const homeroom = person.groups.find(({ kind }) => kind === 'groep')
  const gone = (endsOn !== undefined && endsOn <= today) || own === 'H'
  const status = gone ? 'inactive' : startsOn !== undefined && startsOn > today ? 'pending' : 'active'
  if (pupil && homeroom === undefined && !gone) findings.push({ code: 'pupil-without-group', sourceId })
  if (pupil && !person.roepnaam && !person.voornamen && !person.achternaam)
    findings.push({ code: 'pupil-without-name', sourceId })
  const grade = own ?? (pupil ? gradeOfHomeroom(homeroom, groups) : undefined)
  return {
    type: 'person',
    sourceId,
    stable: isStable(person),
    role: personRole(person),
    roleHints: hints(person),
    status,
    ...given('givenName', person.voornamen),
    ...given('preferredFirstName', person.roepnaam),
    ...given('initials', person['voorletters-1']),
    ...given('familyNamePrefix', person.voorvoegsel),
    ...given('familyName', person.achternaam),
    ...given('username', person.gebruikersnaam),
    ...given('email', person.emailadres),
    ...(grade === undefined ? {} : { grade }),
    ...given('startsOn', startsOn),
    ...given('endsOn', endsOn),
    // The bare key is no key to sign in by: a pupil and a teacher may have the same one. The engine adds `leerling:50001`.
    keys: [
      ...(person.gebruikersnaam ? [{ type: 'username' as const, value: person.gebruikersnaam, stable: true }] : []),
      ...(person.emailadres ? [{ type: 'email' as const, value: person.emailadres, stable: true }] : []),
    ],
  }
}

/** EDEXML 1.0.3 gives a pupil a group or a jaargroep, never both; a combination group (`C`) says nothing about one pupil. */
function gradeOfHomeroom(homeroom: WireReference | undefined, groups: Map<string, WireGroup>): GradeCode | undefined {
  const grade = homeroom === undefined ? undefined : Grade.safeParse(groups.get(sourceIdOf(homeroom))?.jaargroep).data
  return grade === 'C' ? undefined : grade
}

function day(person: WirePerson, field: 'instroomdatum' | 'uitstroomdatum'): string | undefined {
  const text = person[field]
  if (text === undefined) return undefined
  const found = dayOf(text)
  if (found !== undefined) return found
  const sourceId = sourceIdOf(person)
  throw new SourceError('malformed', `${sourceId} has a ${field} that is not a date`, { sourceId })
}
