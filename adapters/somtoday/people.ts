/** leerling and medewerker → people, with the keys by which a sign-in is recognised. Pure. */
import { dayAfter } from '../calendar.ts'
import { given } from '../deliver.ts'
import { gradeOfYear } from '../grades.ts'
import { homeroomRule } from '../homerooms.ts'
import type { PersonRecord, RosterKey } from '../roster.ts'
import type { Finding } from '../source.ts'
import type { Placed } from './placements.ts'
import { type Asked, dayIn, pupilId, staffId } from './terms.ts'
import type { Account, Leerling, Medewerker } from './wire.ts'

export interface People {
  /** By uuid of the person. */
  accounts: Map<string, Account>
  /** Who has which address, in lower case: it need not be unique. */
  addresses: Map<string | undefined, unknown[]>
}

export const accountsOf = (accounts: readonly Account[]) => new Map(accounts.map(account => [account.uuid, account]))

export function pupilRecord(
  { leerling, status, plaatsing, startsOn, endsOn }: Placed,
  people: People,
  { options }: Asked,
  inClass: ReadonlySet<string>,
  findings: Finding[],
): PersonRecord {
  const sourceId = pupilId(leerling.uuid)
  const grade = gradeOfYear(plaatsing?.leerjaar, options.grades)
  if (plaatsing?.leerjaar !== undefined && grade === undefined)
    findings.push({ code: 'unknown-grade', sourceId, detail: String(plaatsing.leerjaar).slice(0, 12) })
  if (status === 'active' && !inClass.has(sourceId)) findings.push({ code: 'pupil-without-group', sourceId })
  if (!leerling.roepnaam && !leerling.voornamen && !leerling.achternaam)
    findings.push({ code: 'pupil-without-name', sourceId })
  const number: RosterKey[] = leerling.leerlingnummer
    ? [{ type: 'pupil-number', value: leerling.leerlingnummer, stable: true }]
    : []
  return {
    type: 'person',
    sourceId,
    stable: true,
    role: 'pupil',
    roleHints: [],
    status,
    ...given('givenName', leerling.voornamen),
    ...names(leerling, people),
    ...given('grade', grade),
    ...given('startsOn', status === 'pending' ? startsOn : undefined),
    ...given('endsOn', status === 'inactive' ? endsOn : undefined),
    keys: [...number, ...keysOf(leerling, people)],
  }
}

/** Whoever leaves this month is here until the last day of service. */
export function staffRecord(medewerker: Medewerker, people: People, { options, day }: Asked): PersonRecord {
  const sourceId = staffId(medewerker.uuid)
  const { functie, medewerkernummer } = medewerker
  const startsOn = dayIn(medewerker.datum_in_dienst, sourceId, 'datum_in_dienst')
  const last = dayIn(medewerker.datum_uit_dienst, sourceId, 'datum_uit_dienst')
  const endsOn = last === undefined ? undefined : dayAfter(last)
  const gone = endsOn !== undefined && endsOn <= day
  const status = gone ? 'inactive' : startsOn !== undefined && startsOn > day ? 'pending' : 'active'
  const number: RosterKey[] = medewerkernummer ? [{ type: 'staff-number', value: medewerkernummer, stable: true }] : []
  return {
    type: 'person',
    sourceId,
    stable: true,
    role: homeroomRule(options.trainees)(functie) ? 'trainee' : 'staff',
    roleHints: functie === undefined ? [] : [functie.slice(0, 100)],
    status,
    ...names(medewerker, people),
    ...given('startsOn', status === 'pending' ? startsOn : undefined),
    ...given('endsOn', endsOn),
    keys: [...number, ...keysOf(medewerker, people)],
  }
}

function names(person: Leerling | Medewerker, { accounts }: People) {
  return {
    ...given('preferredFirstName', person.roepnaam),
    ...given('initials', person.voorletters?.slice(0, 20)),
    ...given('familyNamePrefix', person.voorvoegsel),
    ...given('familyName', person.achternaam),
    ...given('username', person.gebruikersnaam ?? accounts.get(person.uuid)?.gebruikersnaam),
    ...given('email', person.emailadres),
  }
}

/**
 * `subject`: the account at Somtoday's own sign-in, and the Kennisnet id (`eduPersonRealId`, `40012@school`): both name a person at a sign-in that
 * is the vendor's, and have forms that cannot be taken for each other. Neither is ever an `object-id`.
 */
function keysOf(
  { uuid, emailadres, gebruikersnaam, eduPersonRealId }: Leerling | Medewerker,
  people: People,
): RosterKey[] {
  const account = people.accounts.get(uuid)
  const key = (type: RosterKey['type'], value: string | undefined): RosterKey[] =>
    value === undefined || value.length > 320 ? [] : [{ type, value, stable: true }]
  const alone = emailadres !== undefined && people.addresses.get(emailadres.toLowerCase())?.length === 1
  return [
    ...key('username', gebruikersnaam ?? account?.gebruikersnaam),
    ...(alone ? key('email', emailadres) : []),
    ...key('subject', account?.subject),
    ...(eduPersonRealId === account?.subject ? [] : key('subject', eduPersonRealId)),
    ...objectIds(account).flatMap(value => key('object-id', value)),
  ]
}

/** Entra's is a uuid and Google's a number. Some schools fill in an address there: that is no object id. */
function objectIds(account: Account | undefined): string[] {
  const found = (account?.remoteidentifiers ?? []).flatMap(({ providerType, identifier = '' }) => {
    if (providerType === 'AZURE' && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(identifier)) return [identifier]
    return providerType === 'GOOGLE' && /^\d{10,30}$/.test(identifier) ? [identifier] : []
  })
  return [...new Set(found)]
}
