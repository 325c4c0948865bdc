import { describe, expect, it } from 'vitest'
import { dayOf, instantOf, isSchoolYear, localDay, schoolYearAt } from '../../adapters/calendar.ts'
import { understood } from '../../adapters/edexml/deliver.ts'
import type { PersonRecord, RosterRecord } from '../../adapters/roster.ts'
import { canaries, edexml, fixture, parsed } from './support.ts'

const today = '2026-11-23'
const mapped = async (content: string | Uint8Array) => understood(await parsed(content), today)
const people = (records: RosterRecord[]) =>
  Object.fromEntries(records.filter(record => record.type === 'person').map(person => [person.sourceId, person]))
const roles = (records: RosterRecord[]) =>
  records.flatMap(record =>
    record.type === 'membership' ? [`${record.personSourceId} ${record.groupSourceId} ${record.role}`] : [],
  )

describe('an EDEXML 2.1 file becomes a roster', async () => {
  const { records, findings, scope, createdAt } = await mapped(fixture('school-2.1.xml'))
  const found = people(records)

  it('names the school by brin and location', () => {
    expect(records[0]).toEqual({
      type: 'school',
      sourceId: 'school:99ZZ-00',
      brin: '99ZZ',
      location: '00',
      schoolYear: '2026-2027',
    })
    expect(scope).toEqual({ brin: '99ZZ', location: '00', schoolYear: '2026-2027' })
  })

  it('reads a creation time without an offset as Dutch local time', () =>
    expect(createdAt).toBe('2026-09-14T00:00:03.000Z'))

  it('makes a groep a homeroom and a samengestelde groep scheduled, and keeps C', () => {
    expect(records.filter(({ type }) => type === 'group')).toEqual([
      {
        type: 'group',
        sourceId: 'groep:G34',
        kind: 'homeroom',
        name: '3/4 Vlinders',
        schoolYear: '2026-2027',
        grades: ['C'],
      },
      {
        type: 'group',
        sourceId: 'groep:G7',
        kind: 'homeroom',
        name: '7 Uilen',
        schoolYear: '2026-2027',
        grades: ['7'],
      },
      {
        type: 'group',
        sourceId: 'groep:G8',
        kind: 'homeroom',
        name: '8A & 8B',
        schoolYear: '2026-2027',
        grades: ['8'],
      },
      {
        type: 'group',
        sourceId: 'samengestelde_groep:PLUS',
        kind: 'scheduled',
        name: 'Plusklas woensdag',
        schoolYear: '2026-2027',
        grades: [],
      },
    ])
  })

  it('keeps of a pupil only what the vocabulary has', () => {
    expect(found['leerling:50001']).toEqual({
      type: 'person',
      sourceId: 'leerling:50001',
      stable: true,
      role: 'pupil',
      roleHints: [],
      status: 'active',
      givenName: 'Noor Fatima',
      preferredFirstName: 'Noor',
      initials: 'NF',
      familyNamePrefix: 'van den',
      familyName: 'Berg',
      username: 'noor.berg',
      email: 'noor.berg@leerling.example.org',
      grade: '4',
      startsOn: '2022-08-22',
      keys: [
        { type: 'username', value: 'noor.berg', stable: true },
        { type: 'email', value: 'noor.berg@leerling.example.org', stable: true },
      ],
    })
  })

  it('marks a key that starts with # as not stable', () => {
    expect(found['leerling:#50002']).toMatchObject({ stable: false, keys: [] })
    expect(findings).toContainEqual({ code: 'unstable-key', sourceId: 'leerling:#50002' })
  })

  it('sets leavers, coming leavers and newcomers by the local day', () => {
    expect(found['leerling:50003']).toMatchObject({ status: 'inactive', grade: 'H', endsOn: '2026-07-17' })
    expect(found['leerling:50004']).toMatchObject({ status: 'active', endsOn: '2026-12-01' })
    expect(found['leerling:50005']).toMatchObject({ status: 'pending', startsOn: '2027-01-04' })
  })

  it('calls a leaver gone on the day itself, and a newcomer in', async () => {
    const leerlingen =
      '<leerling key="1"><uitstroomdatum>2026-11-23</uitstroomdatum></leerling><leerling key="2"><instroomdatum>2026-11-23</instroomdatum></leerling>'
    const both = people((await mapped(edexml({ leerlingen }))).records)
    expect([both['leerling:1']?.status, both['leerling:2']?.status]).toEqual(['inactive', 'active'])
  })

  it('puts nothing that we do not need into any object, not even the first', async () => {
    const text = JSON.stringify(await parsed(fixture('school-2.1.xml')))
    expect(text).toContain('van den')
    for (const canary of canaries) expect(text).not.toContain(canary)
  })

  it('takes empty as absent, trims keys on both sides of a reference and reports an unknown jaargroep', () => {
    expect(found['leerling:50006']).not.toHaveProperty('familyNamePrefix')
    expect(found['leerling:50006']).not.toHaveProperty('grade', '9')
    expect(roles(records)).toContain('leerling:50006 groep:G34 pupil')
    expect(findings).toContainEqual({ code: 'key-trimmed', sourceId: 'leerling:50006' })
    expect(findings).toContainEqual({ code: 'unknown-grade', sourceId: 'leerling:50006', detail: '9' })
  })

  it('makes a teacher only of LRK on that very group', () => {
    expect(roles(records).filter(line => line.startsWith('leerkracht'))).toEqual([
      'leerkracht:L12 groep:G34 teacher',
      'leerkracht:L13 groep:G7 undecided',
      'leerkracht:L14 groep:G7 other',
      'leerkracht:L15 groep:G8 other',
      'leerkracht:L16 groep:G8 other',
      'leerkracht:L12 samengestelde_groep:PLUS other',
    ])
    expect(findings).toContainEqual({ code: 'role-undecided', sourceId: 'leerkracht:L13', detail: 'groep:G7' })
    expect(findings).toContainEqual({ code: 'unknown-role', sourceId: 'leerkracht:L16', detail: 'XYZ' })
  })

  it('knows parents and trainees among the teachers, and shows roles as hints', () => {
    const role = (id: string) => (found[id] as PersonRecord).role
    expect(['L12', 'L13', 'L14', 'L15', 'L16'].map(key => role(`leerkracht:${key}`))).toEqual([
      'staff',
      'staff',
      'parent',
      'trainee',
      'staff',
    ])
    expect(found['leerkracht:L13']?.roleHints).toEqual(['IB', 'LRK'])
    expect(found['leerkracht:L16']?.roleHints).toEqual(['XYZ', 'Manusje van alles'])
  })

  it('reports a pupil without a group, but not a leaver', () => {
    expect(findings.filter(({ code }) => code === 'pupil-without-group')).toEqual([
      { code: 'pupil-without-group', sourceId: 'leerling:50005' },
    ])
  })
})

describe('other versions and fillings', () => {
  it('reads 2.0, without a dependance, as location 00', async () => {
    const { scope, findings, createdAt } = await mapped(fixture('school-2.0.xml'))
    expect(scope).toEqual({ brin: '99YY', location: '00', schoolYear: '2025-2026' })
    expect(findings).toEqual([])
    expect(createdAt).toBe('2026-01-12T22:15:00.000Z')
  })

  it('reads 1.0.3 leniently, in its own encoding, marks it unverified and takes the grade from the homeroom', async () => {
    const { records, findings } = await mapped(fixture('school-1.0.3.xml'))
    expect(findings).toContainEqual({ code: 'unverified-version', sourceId: 'school:99XX-01', detail: '1.03' })
    expect(people(records)['leerling:1071']).toMatchObject({ preferredFirstName: 'Zoë', grade: '1' })
    expect(people(records)['leerling:3580']).toMatchObject({ familyNamePrefix: 'v. d.', grade: '4' })
  })

  it('marks a file that names no version as unverified', async () => {
    const school = '<schooljaar>2026-2027</schooljaar><brincode>99ZZ</brincode>'
    expect((await mapped(edexml({ school }))).findings).toContainEqual({
      code: 'unverified-version',
      sourceId: 'school:99ZZ-00',
      detail: 'none',
    })
  })

  it('keeps a Flemish school under its instellingsnummer, without a brin', async () => {
    const school =
      '<schooljaar>2026-2027</schooljaar><instellingsnummer>1234</instellingsnummer><xsdversie>2.1</xsdversie>'
    const { records, scope } = await mapped(edexml({ school }))
    expect(records[0]).toEqual({ type: 'school', sourceId: 'school:1234', schoolYear: '2026-2027' })
    expect(scope).toEqual({ schoolYear: '2026-2027' })
  })

  it('takes pupils only, without groups or teachers', async () => {
    const { records, findings } = await mapped(
      edexml({ groepen: '', leerlingen: '<leerling key="1"><roepnaam>A</roepnaam></leerling>' }),
    )
    expect(records.map(({ type }) => type)).toEqual(['school', 'person'])
    expect(findings).toEqual([{ code: 'pupil-without-group', sourceId: 'leerling:1' }])
  })

  it('reports a pupil without any name', async () => {
    const { findings } = await mapped(
      edexml({ leerlingen: '<leerling key="1"><voorvoegsel>de</voorvoegsel><groep key="G8"/></leerling>' }),
    )
    expect(findings).toEqual([{ code: 'pupil-without-name', sourceId: 'leerling:1' }])
  })

  it('reports text that was damaged before it came to us', async () => {
    const { findings } = await mapped(
      edexml({ leerlingen: '<leerling key="1"><roepnaam>Zo\uFFFD</roepnaam><groep key="G8"/></leerling>' }),
    )
    expect(findings).toEqual([{ code: 'damaged-text', sourceId: 'leerling:1' }])
  })
})

describe('roles on a group', () => {
  const membership = async (onGroup: string, general = '', more = '') => {
    const groepen = '<groep key="G8"><naam>8A</naam></groep><groep key="G7"><naam>7A</naam></groep>'
    const leerkrachten = `<leerkracht key="T"><achternaam>T</achternaam><groepen><groep key="G8">${onGroup}</groep>${more}</groepen>${general}</leerkracht>`
    const { records, findings } = await mapped(edexml({ groepen, leerkrachten }))
    return {
      role: roles(records)
        .find(line => line.startsWith('leerkracht:T groep:G8'))
        ?.split(' ')[2],
      findings,
    }
  }

  it.each([
    ['<rol>LRK</rol>', '', 'teacher'],
    ['<rol>VAK</rol><rol>LRK</rol>', '', 'teacher'],
    ['<rol>LRK</rol>', '<rol>DIR</rol>', 'teacher'],
    ['', '', 'undecided'],
    ['', '<rol>LRK</rol>', 'undecided'],
    ['<rol/>', '<rol>LRK</rol>', 'undecided'],
    ['<rolomschrijving>leerkracht</rolomschrijving>', '', 'undecided'],
    ['<rol>LRK</rol><rol>STA</rol>', '', 'other'],
    ['<rol>LRK</rol>', '<rol>STA</rol>', 'other'],
    ['<rol>LRK</rol>', '<rol>OUD</rol>', 'other'],
    ['', '<rol>OUD</rol>', 'other'],
    ['<rol>LRK</rol><rol>sta</rol>', '', 'other'],
    ['<rol>LRK</rol>', '<rol>Oud</rol>', 'other'],
    ['<rol>LRK</rol><rolomschrijving>Stagiair(e) PABO</rolomschrijving>', '', 'undecided'],
    ['<rol>LRK</rol>', '<rolomschrijving>LIO-student</rolomschrijving>', 'undecided'],
    ['<rol>LRK</rol>', '<rolomschrijving>hulpouder</rolomschrijving>', 'undecided'],
    ['<rol>LRK</rol><rolomschrijving>oudste kleuters</rolomschrijving>', '', 'teacher'],
    ['<rol>lrk</rol>', '', 'other'],
    ['<rol>RT</rol>', '', 'other'],
  ])('%s with general %s is %s', async (onGroup, general, role) => {
    expect((await membership(onGroup, general)).role).toBe(role)
  })

  it('holds a teacher who is a parent on another group for a person', async () => {
    expect((await membership('<rol>LRK</rol>', '', '<groep key="G7"><rol>OUD</rol></groep>')).role).toBe('undecided')
  })

  it('adds up the roles of a group that is listed twice, as one membership', async () => {
    expect((await membership('', '', '<groep key="G8"><rol>LRK</rol></groep>')).role).toBe('teacher')
  })

  it('never repeats free text in a finding', async () => {
    const { findings } = await membership('<rol>invaller voor Marie Jansen</rol>')
    expect(findings).toContainEqual({ code: 'unknown-role', sourceId: 'leerkracht:T' })
  })
})

describe('the calendar of a Dutch SIS', () => {
  it.each([
    ['2026-12-01', '2026-12-01'],
    ['2026-12-01+01:00', '2026-12-01'],
    ['2026-12-01Z', '2026-12-01'],
    ['2026-12-01T00:00:00', '2026-12-01'],
    ['2026-07-31T22:00:00Z', '2026-08-01'],
    ['2026-02-29', undefined],
    ['01-12-2026', undefined],
  ])('day of %s is %s', (text, day) => expect(dayOf(text)).toBe(day))

  it.each([
    ['2026-07-01T12:00:00', '2026-07-01T10:00:00.000Z'],
    ['2026-12-01T12:00:00', '2026-12-01T11:00:00.000Z'],
    ['2026-10-25T02:30:00', '2026-10-25T00:30:00.000Z'],
    ['2026-12-01T12:00:00.123Z', '2026-12-01T12:00:00.123Z'],
    ['2026-12-01T12:00:00-05:00', '2026-12-01T17:00:00.000Z'],
    ['yesterday', undefined],
  ])('instant of %s is %s', (text, instant) => {
    const found = instantOf(text)
    // An hour that occurs twice has two right answers.
    if (text.startsWith('2026-10-25')) expect([instant, '2026-10-25T01:30:00.000Z']).toContain(found)
    else expect(found).toBe(instant)
  })

  it('turns the school year at local midnight on 1 August', () => {
    expect(schoolYearAt(new Date('2026-07-31T21:59:59Z'))).toBe('2025-2026')
    expect(schoolYearAt(new Date('2026-07-31T22:00:00Z'))).toBe('2026-2027')
    expect(localDay(new Date('2026-07-31T22:00:00Z'))).toBe('2026-08-01')
  })

  it('takes two consecutive years only', () => {
    expect(['2026-2027', '2030-2031'].every(isSchoolYear)).toBe(true)
    expect(['2026-2028', '2026', '26/27', '2027-2026', '2026 / 2027'].some(isSchoolYear)).toBe(false)
  })
})
