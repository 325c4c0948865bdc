/**
 * Magister's Data web service over the invented school: login, layouts as CSV, ADFuncties as XML. As strange as the real one: credentials and
 * token in the address, names of parameters in any case, errors with HTTP 200, a header that repeats, one row for each enrolment.
 */
import { escaped } from '../../../adapters/xml.ts'
import { addDays, startYearOf } from '../calendar.ts'
import type { GeneratedSchool, SchoolPupil, SchoolTeacher } from '../generate.ts'
import { type Answered, type Asked, type Sis, type SisOptions, startSisServer } from './sis.ts'

export interface MagisterSis extends Sis {
  /** Every session that was given ends now, as they do after a while. */
  endSessions(): void
  /** Rows with other ones, last: for what no invented school has. */
  rows(change: (rows: Row[]) => Row[]): void
}

export type Row = Record<string, string>

const account = { username: 'koppeling & zo', password: 'geheim?wachtwoord=1' }
const layouts = { pupils: 'm5 leerlingen+actief', groups: 'm5-lesgroepen' }
/** No function of Magister's says which jobs are whose. */
const jobs: Readonly<Record<string, string>> = {
  LRK: 'Docent',
  DIR: 'Directeur',
  IB: 'Intern begeleider',
  ICT: 'ICT-beheer',
  STA: 'Stagiair',
  VAK: 'Vakdocent',
}

export async function startMagister({ school, host, port }: SisOptions): Promise<MagisterSis> {
  const tokens = new Set<string>()
  let given = 0
  let change = (rows: Row[]) => rows
  const answer = (asked: Asked): Answered => {
    const query = new Map([...asked.query].map(([name, value]) => [name.toLowerCase(), value]))
    const value = (name: string) => query.get(name) ?? ''
    if (asked.path !== '/doc' || asked.method !== 'GET') return { status: 404 }
    if (asked.fault === 'ok-with-error') return xml('<Exception>EMedius</Exception><ExceptionMsg>CANARY</ExceptionMsg>')
    if (value('library') === 'Algemeen') {
      if (value('username') !== account.username || value('password') !== account.password)
        return xml('<Result>False</Result><ResultMessage>Ongeldige gebruikersnaam of wachtwoord</ResultMessage>')
      given += 1
      const token = `00000000-sessie-${given}`
      tokens.add(token)
      return xml(`<Result>True</Result><ResultMessage>Login ok</ResultMessage><SessionToken>${token}</SessionToken>`)
    }
    const isData = value('library') === 'Data'
    if (!tokens.has(value('sessiontoken')))
      return isData
        ? csvError(7, 'Sessie is verlopen')
        : xml('<Result>False</Result><ResultMessage>Sessie is verlopen</ResultMessage>')
    if (isData) return layout(school(), value, change)
    return adFunction(school(), value('function'), value('stamnr'))
  }
  const server = await startSisServer(answer, {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  })
  return {
    ...server,
    kind: 'magister-data',
    url: `${server.url}/doc`,
    options: {
      url: `${server.url}/doc`,
      ...account,
      layouts,
      columns: { secondClassMentor: 'PMENTOR2CODE' },
      brin: school().brin,
      location: school().location,
      locations: { include: ['hoofd*'] },
      staff: 'groups',
      grades: 'primary',
    },
    sourceIdOf: { pupil: key => `leerling:${key}`, teacher: key => `personeel:${key}` },
    endSessions: () => tokens.clear(),
    rows: changed => {
      change = changed
    },
  }
}

const xml = (content: string): Answered => ({
  headers: { 'content-type': 'text/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><Response>${content}</Response>`,
})

const csvError = (number: number, message: string): Answered => ({
  headers: { 'content-type': 'text/plain' },
  body: `Fout_nummer;ResultMessage\r\n${number};${message}\r\n`,
})

function layout(school: GeneratedSchool, value: (name: string) => string, change: (rows: Row[]) => Row[]): Answered {
  if (value('type') !== 'CSV') return csvError(3, 'Onbekend type')
  const rows = layoutRows(school, value('layout'))
  if (rows === undefined) return csvError(12, `Layout niet gevonden: ${value('layout')}`)
  const all = change(rows)
  const titles = Object.keys(all[0] ?? {})
  const lines = all.map(row => titles.map(title => quoted(row[title] ?? '')).join(';'))
  const header = titles.join(';')
  // The header comes again where a second query's answer begins.
  const text = [header, ...lines.slice(0, 5), header, ...lines.slice(5)].map(line => `${line}\r\n`).join('')
  return {
    headers: { 'content-type': 'text/plain' },
    body: value('encoding') === 'ANSI' ? ansi(text) : Buffer.from(`\ufeff${text}`),
  }
}

const quoted = (cell: string) => (/[;"\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
/** windows-1252 as far as names need it; what it has no letter for is a question mark. */
const ansi = (text: string) =>
  Buffer.from([...text].map(letter => ((letter.codePointAt(0) ?? 0) <= 0xff ? letter : '?')).join(''), 'latin1')

export function layoutRows(school: GeneratedSchool, name: string): Row[] | undefined {
  const groups = new Map(school.groups.map(group => [group.key, group.name]))
  if (name === layouts.pupils)
    return [...school.pupils.flatMap(pupil => enrolments(school, pupil, groups)), ...ofAnotherSchool(school)]
  if (name !== layouts.groups) return undefined
  return school.pupils.flatMap(({ key, scheduledKeys, canary }) =>
    scheduledKeys.map(group => ({ STAMNR: key, GROEP: groups.get(group) ?? '', VAK: 'x', BSN: canary.bsn })),
  )
}

/** This year's row, and last year's for who was here: the window is half a year. */
function enrolments(school: GeneratedSchool, pupil: SchoolPupil, groups: Map<string, string>): Row[] {
  const year = startYearOf(school.today)
  const [begin, end] = [`${year}-08-01`, `${year + 1}-07-31`]
  const own = school.groups.find(group => group.key === pupil.groupKey)
  const mentors = own === undefined ? [] : mentorsOf(school, own.key)
  const now = enrolment(pupil, {
    STUDYPERIOD: `${year % 100}/${(year + 1) % 100}`,
    CLASS: groups.get(pupil.groupKey ?? '') ?? '',
    STUDYYEAR: String(pupil.grade ?? ''),
    PMENTORCODE: codeOf(mentors[0]),
    PMENTOR2CODE: codeOf(mentors[1]),
    CMENTORCODE: Number(pupil.key) % 20 === 0 ? codeOf(school.teachers.find(({ roles }) => roles.includes('IB'))) : '',
    studiebegindatum: pupil.startsOn > begin ? pupil.startsOn : begin,
    studieeinddatum: end,
    // The last day, and as another program of theirs writes it.
    vertrekdatum: pupil.endsOn === undefined ? '' : dutch(addDays(pupil.endsOn, -1)),
  })
  if (pupil.startsOn >= begin || Number(pupil.key) % 3 !== 0) return [now]
  const past = {
    STUDYPERIOD: `${(year - 1) % 100}/${year % 100}`,
    CLASS: `${Math.max((pupil.grade ?? 2) - 1, 1)}`,
    STUDYYEAR: String(Math.max((pupil.grade ?? 2) - 1, 1)),
    PMENTORCODE: 'd999',
    studiebegindatum: `${year - 1}-08-01`,
    studieeinddatum: `${year}-07-31`,
  }
  return [enrolment(pupil, past), now]
}

function enrolment({ key, name, sex, username, email, canary }: SchoolPupil, row: Row): Row {
  return {
    STAMNR: key,
    INITIALS: name.initials ?? '',
    FIRSTNAME: name.givenName ?? '',
    PREFIX: name.familyNamePrefix ?? '',
    LASTNAME: name.familyName ?? '',
    EMAIL: email ?? '',
    GENDER: sex === 'boy' ? 'M' : 'V',
    BIRTHDATE: canary.birthDate,
    POSTALCODE: canary.postcode,
    BSN: canary.bsn,
    REMARK: canary.remark ?? '',
    STUDYPERIOD: '',
    CLASS: '',
    STUDY: 'BO',
    LOCATION: 'HOOFD',
    STUDYYEAR: '',
    PMENTORCODE: '',
    PMENTORNAME: 'CANARY',
    PMENTOR2CODE: '',
    CMENTORCODE: '',
    CMENTORNAME: 'CANARY',
    Aanmelddatum: '2020-03-01',
    studiebegindatum: '',
    studieeinddatum: '',
    vertrekdatum: '',
    sis_gebr__login_naam: username ?? '',
    ...row,
  }
}

/** Another school in the same Magister: must not come along. */
function ofAnotherSchool({ pupils, today }: GeneratedSchool): Row[] {
  const [some] = pupils
  const year = startYearOf(today)
  if (some === undefined) return []
  const period = { STUDYPERIOD: `${year % 100}/${(year + 1) % 100}`, CLASS: '3', STUDYYEAR: '3' }
  return [enrolment({ ...some, key: '99901' }, { ...period, LOCATION: 'Zuid' })]
}

const dutch = (day: string) => day.split('-').map(Number).toReversed().join('-')
const mentorsOf = ({ teachers }: GeneratedSchool, group: string) =>
  teachers.filter(({ groups }) => groups.some(({ groupKey, roles }) => groupKey === group && roles.includes('LRK')))
const codeOf = (teacher: SchoolTeacher | undefined) => (teacher === undefined ? '' : `d${teacher.key.padStart(3, '0')}`)

/** Parents are no staff of Magister. */
const staffOf = ({ teachers }: GeneratedSchool) => teachers.filter(({ roles }) => !roles.includes('OUD'))

function adFunction(school: GeneratedSchool, name: string, number: string): Answered {
  const groups = new Map(school.groups.map(group => [group.key, group]))
  if (name === 'GetActiveEmpoyees') return table('Personeelsleden', 'Personeelslid', staffOf(school).flatMap(staffRows))
  const teacher = staffOf(school).find(({ key }) => key === number)
  const taught = (kind: 'homeroom' | 'scheduled') =>
    (teacher?.groups ?? [])
      .filter(({ groupKey, roles }) => groups.get(groupKey)?.kind === kind && roles.length > 0)
      .map(({ groupKey }) => ({
        'Personeelslid.Stamnr': number,
        Klas: groups.get(groupKey)?.name ?? '',
        'Vak.Vakcode': 'x',
      }))
  if (name === 'GetPersoneelGroepVakken') return table('Lessen', 'Les', taught('scheduled'))
  if (name === 'GetPersoneelKlasVakken') return table('Lessen', 'Les', taught('homeroom'))
  return xml('<Exception>EMedius</Exception><ExceptionMsg>Functie onbekend</ExceptionMsg>')
}

/** Whoever has a second account comes twice. */
function staffRows(teacher: SchoolTeacher): Row[] {
  const { key, name, roles, username } = teacher
  const row = {
    stamnr_str: key,
    Code: codeOf(teacher),
    Roepnaam: name.givenName ?? '',
    Voorletters: name.initials ?? '',
    Tussenv: name.familyNamePrefix ?? '',
    Achternaam: name.familyName ?? '',
    'Loginaccount.Naam': codeOf(teacher),
    'Functie.Omschr': jobs[roles[0] ?? ''] ?? roles[0] ?? '',
    'Administratieve_eenheid.Omschrijving': 'Hoofd',
    Postcode: '0000CANARY',
    Telefoon: 'CANARY',
    dVertrek_str: '',
  }
  return Number(key) % 5 === 0 && username !== undefined ? [{ ...row, 'Loginaccount.Naam': username }, row] : [row]
}

function table(plural: string, singular: string, rows: Row[]): Answered {
  const element = ([name, value]: [string, string]) => `<${name}>${escaped(value)}</${name}>`
  const content = rows.map(row => `<${singular}>${Object.entries(row).map(element).join('')}</${singular}>`).join('')
  return xml(`<Result>True</Result><Data><${plural}>${content}</${plural}></Data>`)
}
