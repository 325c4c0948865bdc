/**
 * ParnasSys on localhost, by its GKV: the school as flat lists that are joined by id, after what known clients send and read. It checks what
 * ParnasSys checks: the quoted SOAPAction, supplier and key in the body, namespaces, the BRIN, a school year with spaces round its slash.
 */
import { escapeXml } from '../edexml.ts'
import type { GeneratedSchool, SchoolPupil, SchoolTeacher } from '../generate.ts'
import { type Answered, type Asked, type Sis, type SisOptions, startSisServer } from './sis.ts'

const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const topicus = 'http://www.topicus.nl/parnassys'
/** With a character that a careless client forgets to escape. */
const supplier = { supplierName: 'Vuurvlinder & Zn', supplierKey: 'FICTIEVE-LEVERANCIERSSLEUTEL' }
const yearId = '77'
const lastYearId = '76'
const announced = '9999'

/** The school's scheduled groups are not in the GKV; pupils who have not begun sit in "aangemeld". */
export async function startParnassys({ school, host, port }: SisOptions): Promise<Sis> {
  const answer = (asked: Asked): Answered => {
    if (asked.method !== 'POST' || asked.path !== '/gkv/GeneriekeService') return { status: 404 }
    if (asked.fault === 'ok-with-error') return xml(200, fault('Server', 'Interne fout bij sleutel CANARY'))
    const now = school()
    const operation = /^"(getLeerlingen|getMedewerkers)"$/.exec(String(asked.headers.soapaction ?? ''))?.[1]
    const question = operation === undefined ? undefined : read(asked.body, operation)
    if (question === undefined || !/^text\/xml;\s*charset=utf-8$/i.test(String(asked.headers['content-type'])))
      return xml(500, fault('Client', 'Onbekend bericht'))
    if (question.leveranciernaam !== supplier.supplierName || question.leveranciersleutel !== supplier.supplierKey)
      return xml(500, fault('Server', `Leverancier is niet geautoriseerd: ${question.leveranciersleutel}`))
    if (question.brinnummer !== now.brin) return xml(500, fault('Server', 'Geen toestemming voor deze school'))
    if (!/^\d{4} \/ \d{4}$/.test(question.schooljaar ?? '')) return xml(500, fault('Client', 'Ongeldig schooljaar'))
    const here = question.schooljaar === now.schoolYear.replace('-', ' / ')
    return xml(200, envelope(operation === 'getLeerlingen' ? pupils(now, here) : staff(now)))
  }
  const server = await startSisServer(answer, { ...(host === undefined ? {} : { host }), ...(port ? { port } : {}) })
  return {
    kind: 'parnassys-gkv',
    ...server,
    get options() {
      const { brin, location } = school()
      return { url: `${server.url}/gkv/GeneriekeService?wsdl`, ...supplier, brin, location }
    },
    sourceIdOf: { pupil: key => `leerling:${pupilId(key)}`, teacher: key => `medewerker:${teacherId(key)}` },
  }
}

/** Ids of ParnasSys are not the keys that it shows. */
const pupilId = (key: string) => `88${key}`
const teacherId = (key: string) => `66${key}`
const groupId = (key: string) => `3${key}`

const xml = (status: number, body: string): Answered => ({
  status,
  headers: { 'content-type': 'text/xml; charset=utf-8' },
  body,
})

const envelope = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="${soap}"><soap:Body>${inside}</soap:Body></soap:Envelope>`

const fault = (code: string, text: string) =>
  envelope(`<soap:Fault><faultcode>soap:${code}</faultcode><faultstring>${text}</faultstring></soap:Fault>`)

/** Not a general parser: four flat elements in no namespace inside the operation of Topicus. */
function read(body: string, operation: string): Record<string, string> | undefined {
  const prefix = new RegExp(`<(\\w+):${operation}>`).exec(body)?.[1]
  if (prefix === undefined || !body.includes(`xmlns:${prefix}="${topicus}"`) || !body.includes(soap)) return undefined
  const marks: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }
  const fields = [...body.matchAll(/<(\w+)>([^<]*)<\/\1>/g)].map(([, name = '', value = '']): [string, string] => [
    name,
    value.replace(/&(lt|gt|quot|apos|amp);/g, (_, mark: string) => marks[mark] ?? ''),
  ])
  return Object.fromEntries(fields)
}

const element = (name: string, text: string | undefined) =>
  text === undefined ? `<${name}/>` : `<${name}>${escapeXml(text)}</${name}>`

/** Midnight, with the offset of the Netherlands on that day. */
function instant(day: string | undefined): string | undefined {
  if (day === undefined) return undefined
  const zone = new Intl.DateTimeFormat('en-US', { timeZone: 'Europe/Amsterdam', timeZoneName: 'longOffset' })
  const offset = /[+-]\d{2}:\d{2}/.exec(zone.format(new Date(`${day}T00:00:00Z`)))?.[0] ?? '+01:00'
  return `${day}T00:00:00${offset}`
}

function pupils(school: GeneratedSchool, here: boolean): string {
  const homerooms = school.groups.filter(({ kind }) => kind === 'homeroom')
  const year = (id: string, name: string) =>
    `<schooljaar>${element('id', id)}${element('naam', name.replace('-', ' / '))}</schooljaar>`
  const first = Number(school.schoolYear.slice(0, 4))
  const group = (id: string, name: string) =>
    `<groep>${element('id', id)}${element('naam', name)}${element('lokaal', 'CANARY-LOKAAL')}${element('schooljaar', yearId)}</groep>`
  const years = `${year(lastYearId, `${first - 1}-${first}`)}${here ? year(yearId, school.schoolYear) : ''}`
  const lists = [
    `<adressen>${here ? school.pupils.map(address).join('') : ''}</adressen>`,
    `<groepen>${here ? [...homerooms.map(({ key, name }) => group(groupId(key), name)), group(announced, 'aangemeld')].join('') : ''}</groepen>`,
    `<schooljaren>${years}</schooljaren>`,
    '<inschrijvingtypes><inschrijvingtype><id>1</id><omschrijving>Regulier</omschrijving><code>R</code></inschrijvingtype></inschrijvingtypes>',
    `<leerlingen>${here ? school.pupils.map(each => pupil(each, school)).join('') : ''}</leerlingen>`,
  ]
  return `<ns2:getLeerlingenResponse xmlns:ns2="${topicus}"><return>${lists.join('')}</return></ns2:getLeerlingenResponse>`
}

/** Half of them are secret, which an adapter that reads none of it need not know. */
function address({ key, canary }: SchoolPupil): string {
  const secret = String(Number(key) % 2 === 0)
  const telephone = `<telefoon>${element('id', key)}${element('nummer', `CANARY-TEL-${key}`)}${element('geheim', secret)}</telefoon>`
  return `<adres>${element('id', `9${key}`)}${element('geheimadres', secret)}${element('postcode', canary.postcode)}${element('land', canary.country)}${telephone}</adres>`
}

function pupil({ key, name, sex, grade, groupKey, startsOn, endsOn, canary }: SchoolPupil, school: GeneratedSchool) {
  const waits = startsOn > school.today
  const first = `${school.schoolYear.slice(0, 4)}-08-01`
  const since = startsOn > first ? startsOn : first
  const placement = (group: string, from: string) =>
    `<groepsindeling>${element('id', `5${key}`)}${element('groep', group)}${element('schooljaar', yearId)}${element('vanafDatum', instant(from))}<totDatum/>${element('leerjaar', grade === null ? undefined : String(grade))}<bekostigd>true</bekostigd></groepsindeling>`
  const places = waits
    ? placement(announced, school.today)
    : groupKey === undefined
      ? ''
      : placement(groupId(groupKey), since)
  return [
    '<leerling>',
    element('id', pupilId(key)),
    element('leerlingNummer', key),
    element('achternaam', name.familyName),
    element('achternaamOfficieel', name.familyName === undefined ? undefined : 'CANARY-OFFICIEEL'),
    element('tussenvoegsel', name.familyNamePrefix),
    element('roepNaam', name.givenName),
    element('voornamen', name.firstNames),
    element('geslacht', sex === 'boy' ? 'M' : 'V'),
    element('geboortedatum', instant(canary.birthDate)),
    element('geboortedatumOnzeker', 'false'),
    element('geboorteplaats', 'CANARY-GEBOORTEPLAATS'),
    element('bsn', canary.bsn),
    element('opmerking', canary.remark),
    element('leerlingAdres', `9${key}`),
    `<groepsindelingen>${places}</groepsindelingen>`,
    `<inschrijvingen><inschrijving>${element('id', `6${key}`)}${element('inschrijvingType', '1')}${element('datumInschrijving', instant(startsOn))}${element('datumUitschrijving', instant(endsOn))}</inschrijving></inschrijvingen>`,
    '</leerling>',
  ].join('')
}

function staff({ teachers }: GeneratedSchool): string {
  // What each does on a group is not told: only the kinds of employment, each once in a list of its own.
  const kinds = [...new Set(teachers.flatMap(rolesOf))].sort()
  const employment = (kind: string, i: number) =>
    `<dienstverband>${element('id', String(i + 1))}${element('afkorting', kind.slice(0, 4).toUpperCase())}${element('naam', kind)}</dienstverband>`
  const person = (teacher: SchoolTeacher) =>
    [
      '<medewerker>',
      element('id', teacherId(teacher.key)),
      element('aanhef', 'CANARY-AANHEF'),
      element('firstName', teacher.name.firstNames ?? teacher.name.givenName),
      element('lastName', [teacher.name.familyNamePrefix, teacher.name.familyName].filter(Boolean).join(' ')),
      element('roepNaam', teacher.name.givenName),
      element('email', teacher.email),
      `<mobile>${element('id', teacher.key)}${element('nummer', 'CANARY-MOBIEL')}${element('geheim', 'true')}</mobile>`,
      element('geboortedatum', '1970-02-02T00:00:00+01:00'),
      `<dienstverbanden>${rolesOf(teacher)
        .map(kind => element('dienstverband', String(kinds.indexOf(kind) + 1)))
        .join('')}</dienstverbanden>`,
      '</medewerker>',
    ].join('')
  return `<ns2:getMedewerkersResponse xmlns:ns2="${topicus}"><return><adressen/><dienstverbanden>${kinds.map(employment).join('')}</dienstverbanden><medewerkers>${teachers.map(person).join('')}</medewerkers></return></ns2:getMedewerkersResponse>`
}

/** EDEXML's codes in the words of a personnel file. */
const words: Record<string, string> = {
  LRK: 'Leerkracht',
  DIR: 'Directeur',
  IB: 'Intern begeleider',
  ICT: 'ICT-coördinator',
  OWA: 'Onderwijsassistent',
  STA: 'Stagiair',
  OUD: 'Hulpouder',
  VAK: 'Vakleerkracht',
}
const rolesOf = ({ roles }: SchoolTeacher) => roles.map(role => words[role] ?? role)
