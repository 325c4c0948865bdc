/**
 * Somtoday Connect over the invented school: a token for one organisation, rights per location, pages of at most 200 that end with an empty
 * one, fields that are absent when they are empty or not allowed. Another location of the same organisation stands beside it.
 */
import { createHash } from 'node:crypto'
import { addDays, startYearOf } from '../calendar.ts'
import type { GeneratedSchool, SchoolPupil, SchoolTeacher } from '../generate.ts'
import { type Answered, type Asked, type Sis, type SisOptions, startSisServer } from './sis.ts'

type Json = Record<string, unknown>

export interface SomtodaySis extends Sis {
  /** The school takes rights away: `leerling.roepnaam`, `leerling` for the whole list. Nothing: all are back. */
  withhold(...rights: string[]): void
  /** The connection ends for this location. */
  end(ended: boolean): void
  /** Lists with other items, last: for what no invented school has. */
  items(change: (list: string, items: Json[]) => Json[]): void
}

/** The same at every start: v4 in form, and of nobody. */
export function uuidOf(kind: string, key: string): string {
  const hex = createHash('sha256').update(`${kind}:${key}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export const organisation = uuidOf('instelling', '1')
export const vestiging = uuidOf('vestiging', '1')
const elsewhere = uuidOf('vestiging', '2')
const client = { clientId: 'm5-koppeling', clientSecret: 'geheim&sleutel=1' }
const pageLimit = 200
/** Never asked for, and there all the same. */
const neverAllowed = new Set(['BSN', 'geboortedatum', 'adres'])

export async function startSomtoday({ school, clock, host, port }: SisOptions): Promise<SomtodaySis> {
  const tokens = new Map<string, number>()
  let withheld = new Set<string>()
  let ended = false
  let change = (_: string, items: Json[]) => items
  const answer = (asked: Asked): Answered => {
    if (asked.path === '/oauth2/token') return tokenFor(asked, tokens, clock())
    const until = tokens.get(asked.headers.authorization?.replace(/^Bearer /, '') ?? '')
    if (until === undefined || until <= clock().getTime()) return { status: 401 }
    if (asked.headers.accept !== 'application/json') return { body: '<?xml version="1.0"?><LeerlingResponse/>' }
    if (asked.fault === 'ok-with-error')
      return { body: { code: 'ONBEKEND', problem: 'CANARY', clarification: 'CANARY' } }
    if (asked.path === '/rest/v1/connect/vestiging') return { body: { vestigingen: vestigingen(school(), ended) } }
    const found = /^\/rest\/v1\/connect\/vestiging\/([^/]+)\/(.+)$/.exec(asked.path)
    if (found?.[1] !== vestiging || ended) return { status: 401 }
    return page(asked, found[2] ?? '', { school: school(), withheld, change })
  }
  const at = { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) }
  const server = await startSisServer(answer, { ...at, spared: path => path === '/oauth2/token' })
  return {
    ...server,
    kind: 'somtoday',
    url: `${server.url}/rest/v1`,
    options: {
      organisation,
      ...client,
      vestiging,
      endpoints: { token: `${server.url}/oauth2/token`, api: `${server.url}/rest/v1` },
      grades: 'primary',
    },
    sourceIdOf: {
      pupil: key => `leerling:${uuidOf('leerling', key)}`,
      teacher: key => `medewerker:${uuidOf('medewerker', key)}`,
    },
    withhold: (...rights) => {
      withheld = new Set(rights)
    },
    end: now => {
      ended = now
    },
    items: changed => {
      change = changed
    },
  }
}

function tokenFor({ method, query, body, headers }: Asked, tokens: Map<string, number>, now: Date): Answered {
  const form = new URLSearchParams(body)
  const isForm = headers['content-type'] === 'application/x-www-form-urlencoded'
  if (method !== 'POST' || !isForm || form.get('grant_type') !== 'client_credentials')
    return { status: 400, body: { error: 'unsupported_grant_type' } }
  if (form.get('client_id') !== client.clientId || form.get('client_secret') !== client.clientSecret)
    return { status: 401, body: { error: 'invalid_client' } }
  if (query.get('organisation') !== organisation) return { status: 400, body: { error: 'invalid_request' } }
  const token = `token-${tokens.size + 1}`
  tokens.set(token, now.getTime() + 3_600_000)
  return { body: { access_token: token, token_type: 'Bearer', expires_in: 3600 } }
}

const vestigingen = ({ brin, location, name }: GeneratedSchool, ended: boolean) => [
  { uuid: elsewhere, naam: 'Elders', brins: [`${brin}77`] },
  ...(ended
    ? []
    : [
        {
          uuid: vestiging,
          naam: name,
          brins: [`${brin}${location}`],
          externalidentifiers: [{ brinnr: `${brin}${location}`, digideliveryid: 'x' }],
        },
      ]),
]

interface Given {
  school: GeneratedSchool
  withheld: ReadonlySet<string>
  change: (list: string, items: Json[]) => Json[]
}

const lists: Record<
  string,
  { list: string; entity: string; items: (school: GeneratedSchool, year: number) => Json[] }
> = {
  leerling: { list: 'leerlingen', entity: 'leerling', items: leerlingen },
  medewerker: { list: 'medewerkers', entity: 'medewerker', items: medewerkers },
  'stamgroep/': { list: 'stamgroepen', entity: 'stamgroep', items: stamgroepen },
  'lesgroep/': { list: 'lesgroepen', entity: 'lesgroep', items: lesgroepen },
  'leerling/account': {
    list: 'accounts',
    entity: 'leerlingAccount',
    items: ({ pupils }) => pupils.map(each => account('leerling', each)),
  },
  'medewerker/account': {
    list: 'accounts',
    entity: 'medewerkerAccount',
    items: ({ teachers }) => teachers.filter(isStaff).map(each => account('medewerker', each)),
  },
}

function page({ query, fault }: Asked, path: string, { school, withheld, change }: Given): Answered {
  const found = Object.hasOwn(lists, path) ? lists[path] : undefined
  if (found === undefined) return { status: 404, body: { code: 'NIET_GEVONDEN', problem: 'CANARY' } }
  if (withheld.has(found.entity)) return { status: 401 }
  const amount = Number(query.get('amount') ?? Number.NaN)
  const peil = query.get('peilschooljaar') ?? 'HUIDIG'
  if (!(amount >= 1 && amount <= pageLimit) || !['HUIDIG', 'VOLGEND'].includes(peil))
    return { status: 400, body: { code: 'ONGELDIGE_PARAMETER', problem: 'CANARY', clarification: 'CANARY' } }
  const year = startYearOf(school.today) + (peil === 'VOLGEND' ? 1 : 0)
  const all = change(path, found.items(school, year))
  const offset = fault === 'repeated-page' ? 0 : Number(query.get('offset') ?? 0)
  const items = all.slice(offset, offset + amount).map(item => allowed(item, found.entity, withheld))
  const rights = query.get('veldpermissies') === 'true' ? { veldpermissies: rightsOf(all, found.entity, withheld) } : {}
  return { body: { [found.list]: items, ...rights } }
}

/** What is empty or not allowed is not there. */
function allowed(item: Json, entity: string, withheld: ReadonlySet<string>): Json {
  const kept = Object.entries(item).filter(
    ([field, value]) => value !== undefined && !withheld.has(`${entity}.${field}`),
  )
  return Object.fromEntries(
    kept.map(([field, value]) => [
      field,
      field === 'plaatsingen' && Array.isArray(value)
        ? value.map(each => allowed(each, 'plaatsing', withheld)).map(each => withoutMentors(each, withheld))
        : value,
    ]),
  )
}

const withoutMentors = (item: Json, withheld: ReadonlySet<string>): Json =>
  withheld.has('plaatsing.eerste_mentor_stamgroep') ? { ...item, mentoren: [] } : item

function rightsOf(items: Json[], entity: string, withheld: ReadonlySet<string>): Json {
  const may = (of: string) => (field: string) => [field, !withheld.has(`${of}.${field}`) && !neverAllowed.has(field)]
  const fields = new Set(items.flatMap(item => Object.keys(item)))
  const mentors = ['eerste_mentor_stamgroep', 'tweede_mentor_stamgroep']
  if (entity === 'stamgroep') for (const field of mentors) fields.add(field)
  if (entity === 'medewerker') for (const field of ['datumInDienst', 'datumUitDienst']) fields.add(field)
  const inside = ['schooljaar', 'startdatum', 'einddatum', 'leerjaar', 'stamgroep', 'mentor_plaatsing', ...mentors]
  return {
    ...Object.fromEntries([...fields].map(may(entity))),
    ...(entity === 'leerling' ? { plaatsingVeldpermissies: Object.fromEntries(inside.map(may('plaatsing'))) } : {}),
  }
}

const isStaff = ({ roles }: SchoolTeacher) => !roles.includes('OUD')
const mentorsOf = (school: GeneratedSchool, group: string, role: string) =>
  school.teachers.filter(({ groups }) =>
    groups.some(({ groupKey, roles }) => groupKey === group && roles.includes(role)),
  )
const ofStamgroep = (school: GeneratedSchool, group: string) =>
  mentorsOf(school, group, 'LRK').map(({ key }, at) => ({
    medewerker_uuid: uuidOf('medewerker', key),
    toewijzing: at === 0 ? 'EersteMentorStamgroep' : 'TweedeMentorStamgroep',
  }))

function leerlingen(school: GeneratedSchool, year: number): Json[] {
  const coach = school.teachers.find(({ roles }) => roles.includes('IB'))
  return school.pupils.map(pupil => {
    const { key, name, sex, canary, username, email } = pupil
    return {
      uuid: uuidOf('leerling', key),
      eckid: `https://ketenid.nl/CANARY/${key}`,
      leerlingnummer: Number(key),
      roepnaam: name.givenName,
      voornamen: name.firstNames,
      voorletters: name.initials,
      voorvoegsel: name.familyNamePrefix,
      achternaam: name.familyName,
      geslacht: sex === 'boy' ? 'MAN' : 'VROUW',
      geboortedatum: canary.birthDate,
      BSN: canary.bsn,
      adres: { postcode: canary.postcode, straat: canary.remark },
      emailadres: email,
      gebruikersnaam: username,
      eduPersonRealId: `${key}@vuurvlinder`,
      isActief: pupil.endsOn === undefined && pupil.startsOn <= school.today,
      plaatsingen: [plaatsing(school, pupil, year, coach)],
      lesgroepen: pupil.scheduledKeys.map(group => ({ uuid: uuidOf('lesgroep', group), naam: 'CANARY' })),
      adres_geheim: true,
    }
  })
}

function plaatsing(school: GeneratedSchool, pupil: SchoolPupil, year: number, coach: SchoolTeacher | undefined): Json {
  const group = school.groups.find(({ key }) => key === pupil.groupKey)
  const begin = `${year}-08-01`
  const own = coach !== undefined && Number(pupil.key) % 20 === 0
  return {
    uuid: uuidOf('plaatsing', `${pupil.key}-${year}`),
    schooljaar: `${year}/${year + 1}`,
    startdatum: pupil.startsOn > begin ? pupil.startsOn : begin,
    einddatum: pupil.endsOn === undefined ? `${year + 1}-07-31` : addDays(pupil.endsOn, -1),
    leerjaar: pupil.grade ?? undefined,
    opleiding: { naam: 'CANARY' },
    stamgroep:
      group === undefined ? undefined : { uuid: uuidOf('stamgroep', group.key), naam: group.name, leerlingen: [] },
    mentoren: [
      ...(group === undefined ? [] : ofStamgroep(school, group.key)),
      ...(own ? [{ medewerker_uuid: uuidOf('medewerker', coach.key), toewijzing: 'Plaatsing' }] : []),
    ],
  }
}

function stamgroepen(school: GeneratedSchool): Json[] {
  return school.groups
    .filter(({ kind }) => kind === 'homeroom')
    .map(({ key, name, grades }) => ({
      uuid: uuidOf('stamgroep', key),
      naam: name,
      omschrijving: `Groep ${name}`,
      leerjaar: grades[0],
      leerlingen: school.pupils
        .filter(({ groupKey }) => groupKey === key)
        .map(each => ({ uuid: uuidOf('leerling', each.key) })),
      mentoren: ofStamgroep(school, key),
    }))
}

function lesgroepen(school: GeneratedSchool, year: number): Json[] {
  return school.groups
    .filter(({ kind }) => kind === 'scheduled')
    .map(({ key, name }) => ({
      uuid: uuidOf('lesgroep', key),
      naam: name,
      leerlingen: [
        ...school.pupils
          .filter(each => each.scheduledKeys.includes(key))
          .map(each => ({ uuid: uuidOf('leerling', each.key), vestiging: { uuid: vestiging, naam: 'x' } })),
        { uuid: uuidOf('leerling', 'elders'), vestiging: { uuid: elsewhere, naam: 'Elders' } },
      ],
      docenten: mentorsOf(school, key, 'LRK').map(each => uuidOf('medewerker', each.key)),
      vak: 'x',
      schooljaar: `${year}/${year + 1}`,
      vestiging: { uuid: vestiging, naam: 'x' },
    }))
}

/** Parents are not among the medewerkers: their list is never asked for. */
function medewerkers({ teachers }: GeneratedSchool): Json[] {
  return teachers.filter(isStaff).map(({ key, name, roles, username, email }) => ({
    uuid: uuidOf('medewerker', key),
    bsn: 'CANARY',
    roepnaam: name.givenName,
    voorletters: name.initials,
    voorvoegsel: name.familyNamePrefix,
    achternaam: name.familyName,
    prive_telefoonnummer: 'CANARY',
    emailadres: email,
    gebruikersnaam: username,
    medewerkernummer: `Medewerker ${key}`,
    afkorting: `d${key}`,
    is_docent: roles.includes('LRK'),
    functie: roles.includes('STA') ? 'Stagiair' : (roles[0] ?? undefined),
    datum_in_dienst: '2019-08-01',
  }))
}

function account(kind: 'leerling' | 'medewerker', { key }: SchoolPupil | SchoolTeacher): Json {
  return {
    uuid: uuidOf(kind, key),
    usertype: kind.toUpperCase(),
    subject: `${organisation}/${uuidOf(`account-${kind}`, key)}`,
    'account-uuid': uuidOf(`account-${kind}`, key),
    emailadres: 'CANARY@thuis.example',
    rollen: ['CANARY'],
    remoteidentifiers: [
      { providerType: 'AZURE', domain: 'x', identifier: uuidOf('entra', `${kind}-${key}`) },
      { providerType: 'OIDC', domain: 'x', identifier: 'CANARY' },
    ],
  }
}
