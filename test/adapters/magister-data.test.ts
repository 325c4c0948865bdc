import { existsSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { errorOf, readXmlAnswer } from '../../adapters/magister-data/answers.ts'
import { type Placed, placed } from '../../adapters/magister-data/enrolments.ts'
import { mapMagister } from '../../adapters/magister-data/map.ts'
import { Options } from '../../adapters/magister-data/options.ts'
import { magisterData, magisterSource } from '../../adapters/magister-data/source.ts'
import type { StaffMember } from '../../adapters/magister-data/wire.ts'
import { dayIn, type Enrolment, type Wire } from '../../adapters/magister-data/wire.ts'
import type { MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { xmlLimits } from '../../adapters/xml.ts'
import { canariesOf, type GeneratedSchool, generateSchool } from '../school/generate.ts'
import { type MagisterSis, startMagister } from '../school/sis/magister.ts'
import type { Fault } from '../school/sis/sis.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { context, now, pieces } from './support.ts'

let school: GeneratedSchool = generateSchool({ today: now })
const invented = school
let sis: MagisterSis
beforeAll(async () => {
  sis = await startMagister({ school: () => school, clock: () => now })
})
afterAll(() => sis.close())
beforeEach(() => {
  school = invented
  sis.behave('ok')
  sis.rows(rows => rows)
  sis.requests.length = 0
})

const secrets = ['geheim?wachtwoord=1', 'koppeling & zo', '00000000-sessie', 'geheim%3Fwachtwoord']
const short = { timeoutMs: 200, maxBytes: 8 * 1024 ** 2 }

/** What the server was asked, by function; and a way to step in before an answer. */
let asked: string[] = []
function source(
  more: Record<string, unknown> = {},
  before: (name: string) => void = () => {},
  given: Partial<SourceContext> = {},
) {
  asked = []
  const listening: typeof fetch = (input, init) => {
    const query = new URL(String(input)).searchParams
    const name = query.get('Function') === 'GetData' ? (query.get('Layout') ?? '') : (query.get('Function') ?? '')
    asked.push(name)
    before(name)
    return fetch(input, init)
  }
  const options = magisterData.options.parse({ ...sis.options, ...more })
  return magisterSource(options as Options, context({ fetch: listening, ...given }), short)
}

const behaving = (fault: Fault) => {
  sis.behave(fault)
  return source()
}
/** Login is well; what comes after is not. */
const behavingIn = (name: RegExp, fault: Fault, more = {}) =>
  source(more, asks => {
    if (name.test(asks)) sis.behave(fault)
  })

conforms('Magister Data', {
  adapter: magisterData,
  open: () => source(),
  canaries: [...canariesOf(invented), 'CANARY'],
  secrets,
  faults: {
    'no answer in time': { open: () => behavingIn(/leerlingen/, 'slow'), code: 'incomplete' },
    'HTTP 401': { open: () => behavingIn(/leerlingen/, 'unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behavingIn(/leerlingen/, 'rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behavingIn(/leerlingen/, 'unavailable'), code: 'unreachable' },
    garbage: { open: () => behavingIn(/leerlingen/, 'garbage'), code: 'malformed' },
    'a web page': { open: () => behavingIn(/leerlingen/, 'web-page'), code: 'malformed' },
    'an empty answer': { open: () => behavingIn(/leerlingen/, 'nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behavingIn(/leerlingen/, 'cut'), code: 'incomplete' },
    'a redirect': { open: () => behavingIn(/leerlingen/, 'redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behavingIn(/leerlingen/, 'ok-with-error'), code: 'malformed' },
    'a page that comes again': { never: 'a layout comes whole' },
    'half a run': { open: () => behavingIn(/KlasVakken/, 'cut'), code: 'incomplete' },
  },
  failing: {
    'the wrong password': { open: () => source({ password: 'CANARY' }), code: 'unauthorized' },
    'a login out of order': { open: () => behaving('unavailable'), code: 'unreachable' },
    'a web page for a login': { open: () => behaving('web-page'), code: 'malformed' },
    'an error with HTTP 200 for a login': { open: () => behaving('ok-with-error'), code: 'malformed' },
    'a layout that is not there': { open: () => source({ layouts: { pupils: 'CANARY' } }), code: 'malformed' },
    'ANSI garbage': { open: () => behavingIn(/leerlingen/, 'garbage', { encoding: 'ANSI' }), code: 'malformed' },
    'no staff in the unit': {
      open: () =>
        source({ units: { include: ['elders'] }, columns: { classMentor: 'REMARK', personalMentor: 'REMARK' } }),
      code: 'incomplete',
    },
    'a location that is not there': { open: () => source({ locations: { include: ['Noord'] } }), code: 'incomplete' },
    'two locations with a class of one name': { open: () => source({ locations: {} }), code: 'malformed' },
    'a mapped column that is not there': { open: () => source({ columns: { login: 'ACCOUNT' } }), code: 'malformed' },
    'nobody listening': { open: () => source({ url: 'http://127.0.0.1:9/doc' }), code: 'unreachable' },
  },
})

describe('the invented school in Magister', () => {
  it('arrives whole: pupils with their names, classes and grades', async () => {
    const { records, proof } = await readAll(source())
    expect(proof).toMatchObject({ kind: 'snapshot', scope: { brin: '99ZZ', location: '00', schoolYear: '2026-2027' } })
    const pupils = new Map(
      records.flatMap(each => (each.type === 'person' && each.role === 'pupil' ? [[each.sourceId, each]] : [])),
    )
    expect([...pupils.keys()].sort()).toEqual(school.pupils.map(({ key }) => sis.sourceIdOf.pupil(key)).sort())
    for (const pupil of school.pupils) {
      const { name, grade } = pupil
      expect(pupils.get(sis.sourceIdOf.pupil(pupil.key))).toMatchObject({
        status: pupil.endsOn !== undefined ? 'inactive' : pupil.startsOn > school.today ? 'pending' : 'active',
        keys: expect.arrayContaining([{ type: 'pupil-number', value: pupil.key, stable: true }]),
        ...(name.givenName === undefined ? {} : { preferredFirstName: name.givenName }),
        ...(name.familyName === undefined ? {} : { familyName: name.familyName }),
        ...(name.familyNamePrefix === undefined ? {} : { familyNamePrefix: name.familyNamePrefix }),
        ...(grade === null ? {} : { grade: String(grade) }),
        ...(pupil.email === undefined ? {} : { email: pupil.email, username: pupil.username }),
        ...(pupil.endsOn === undefined ? {} : { endsOn: pupil.endsOn }),
      })
    }
  })

  it('has every pupil in the class of this year, and in no class of last year', async () => {
    const { records } = await readAll(source())
    const nameOf = new Map(
      records.flatMap(each => (each.type === 'group' ? [[each.sourceId, `${each.kind} ${each.name}`]] : [])),
    )
    const found = records.flatMap(each =>
      each.type === 'membership' && each.role === 'pupil'
        ? [`${each.personSourceId} ${nameOf.get(each.groupSourceId)}`]
        : [],
    )
    const groups = new Map(school.groups.map(group => [group.key, `${group.kind} ${group.name}`]))
    const meant = school.pupils.flatMap(pupil => [
      ...(pupil.groupKey === undefined ? [] : [`leerling:${pupil.key} ${groups.get(pupil.groupKey)}`]),
      ...(pupil.endsOn === undefined ? pupil.scheduledKeys : []).map(key => `leerling:${pupil.key} ${groups.get(key)}`),
    ])
    expect(found.sort()).toEqual(meant.sort())
  })

  it('opens a class to its mentors and to nobody else', async () => {
    const { records } = await readAll(source())
    const homerooms = new Map(
      records.flatMap(each => (each.type === 'group' && each.kind === 'homeroom' ? [[each.sourceId, each.name]] : [])),
    )
    const found = records.flatMap(each =>
      each.type === 'membership' && each.role === 'teacher' && homerooms.has(each.groupSourceId)
        ? [`${each.personSourceId} ${homerooms.get(each.groupSourceId)}`]
        : [],
    )
    const meant = school.teachers.flatMap(({ key, groups }) =>
      groups.flatMap(({ groupKey, roles }) => {
        const group = school.groups.find(each => each.key === groupKey)
        return group?.kind === 'homeroom' && roles.includes('LRK') ? [`personeel:${key} ${group.name}`] : []
      }),
    )
    expect(found.sort()).toEqual(meant.sort())
    expect(found.length).toBeGreaterThan(8)
  })

  it('knows staff by code and never by an address; parents are not among them', async () => {
    const { records } = await readAll(source())
    const staff = records.filter((each): each is PersonRecord => each.type === 'person' && each.role !== 'pupil')
    expect(staff).toHaveLength(school.teachers.filter(({ roles }) => !roles.includes('OUD')).length)
    for (const person of staff) {
      expect(person).not.toHaveProperty('email')
      expect(person.keys.map(({ type }) => type)).toEqual(['staff-number', 'username'])
    }
    expect(staff.filter(({ role }) => role === 'trainee').map(({ sourceId }) => sourceId)).toEqual([
      sis.sourceIdOf.teacher(school.cast.teachers.trainee),
    ])
    // Twice in the answer, once here, under the account that is the code.
    expect(staff.find(({ sourceId }) => sourceId === 'personeel:5')?.username).toBe('d005')
  })

  it('gives the same with ANSI, less the letters that ANSI does not have, and says of whom', async () => {
    const [utf8, ansi] = [await readAll(source()), await readAll(source({ encoding: 'ANSI', staff: 'none' }))]
    const names = ({ records }: typeof utf8) =>
      new Map(
        records.flatMap(each =>
          each.type === 'person' && each.role === 'pupil'
            ? [[each.sourceId, `${each.preferredFirstName} ${each.familyName}`]]
            : [],
        ),
      )
    const damaged = new Set(ansi.findings.filter(({ code }) => code === 'damaged-text').map(({ sourceId }) => sourceId))
    expect(damaged.size).toBeGreaterThan(0)
    for (const [id, name] of names(utf8)) {
      const marked = [...name].map(letter => ((letter.codePointAt(0) ?? 0) <= 255 ? letter : '?')).join('')
      expect(names(ansi).get(id)).toBe(marked)
      expect(damaged.has(id)).toBe(marked !== name)
    }
    expect(JSON.stringify(utf8.findings)).not.toContain('damaged-text')
  })

  it('checks without a question for every member of staff, and says what to look at', async () => {
    const { ok, says } = await source().check()
    expect(ok).toBe(true)
    expect(says[0]).toBe(
      'School 99ZZ-00, school year 2026-2027: Magister does not say which school this is, compare the classes.',
    )
    expect(says[1]).toMatch(/^1\d groups \(10 homerooms\), 240 pupils, \d+ others\.$/)
    expect(asked).toEqual(['Login', 'm5 leerlingen+actief', 'm5-lesgroepen', 'GetActiveEmpoyees'])
  })

  it('asks for lessons only when told to, one member of staff after the other', async () => {
    await readAll(source({ staff: 'list' }))
    expect(asked.filter(name => name.startsWith('GetPersoneel'))).toEqual([])
    let [open, most] = [0, 0]
    const one: typeof fetch = async (input, init) => {
      open += 1
      most = Math.max(most, open)
      const answer = await fetch(input, init)
      open -= 1
      return answer
    }
    const read: number[] = []
    await readAll(source({}, undefined, { fetch: one, progress: bytes => read.push(bytes) }))
    expect(most).toBe(1)
    expect(read).toEqual(read.toSorted((a, b) => a - b))
  })
})

describe('the session', () => {
  it('that ends midway is renewed once, and nothing is lost', async () => {
    let ended = false
    const all = await readAll(
      source({}, name => {
        if (name === 'GetActiveEmpoyees' && !ended) {
          ended = true
          sis.endSessions()
        }
      }),
    )
    expect(asked.filter(name => name === 'Login')).toHaveLength(2)
    expect(all).toEqual(await readAll(source()))
  })

  it('is renewed for a layout too, whose error is CSV', async () => {
    let ended = false
    await readAll(
      source({}, name => {
        if (name === 'm5-lesgroepen' && !ended) sis.endSessions()
        if (name === 'm5-lesgroepen') ended = true
      }),
    )
    expect(asked.filter(name => name === 'Login')).toHaveLength(2)
  })

  it('that ends with every question is given up', async () => {
    const { error } = await readFailing(source({}, name => name !== 'Login' && sis.endSessions()))
    expect(error.code).toBe('unauthorized')
    expect(asked).toEqual(['Login', 'm5 leerlingen+actief'])
  })

  it('keeps token and password out of every error', async () => {
    const broken: typeof fetch = async input => {
      throw new TypeError(`fetch failed: ${input}`, { cause: new Error(`connect ${input}`) })
    }
    const { error } = await readFailing(source({}, undefined, { fetch: broken }))
    const told = `${error.message} ${error.stack} ${error.cause} ${(error.cause as Error | undefined)?.stack}`
    for (const secret of [...secrets, 'geheim', 'Password']) expect(told).not.toContain(secret)
  })
})

describe('the layout', () => {
  it('may have a header again with a mark before it', async () => {
    sis.rows(([first = {}, ...rest]) => {
      const header = Object.fromEntries(Object.keys(first).map(title => [title, title]))
      return [first, { ...header, STAMNR: '\ufeffSTAMNR' }, ...rest]
    })
    const { records, findings } = await readAll(source())
    expect(records.filter(each => each.type === 'person' && each.role === 'pupil')).toHaveLength(240)
    expect(findings.filter(({ code }) => code === 'not-a-class')).toEqual([])
  })

  it('with a few rows without a number says so, with many is refused', async () => {
    const nameless = (count: number) =>
      sis.rows(rows => [...rows, ...Array.from({ length: count }, () => ({ ...rows[0], STAMNR: '' }))])
    nameless(3)
    const { findings } = await readAll(source())
    expect(findings).toContainEqual({
      code: 'not-a-class',
      sourceId: 'school:99ZZ-00',
      detail: 'rows without number: 3',
    })
    expect((await source().check()).says).toContain('Left out: rows without number: 3.')
    nameless(30)
    expect((await readFailing(source())).error).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('30 of'),
    })
  })

  it('in the summer, when no pupil has a class, is incomplete', async () => {
    sis.rows(rows => rows.map(row => ({ ...row, CLASS: '' })))
    const { error } = await readFailing(source())
    expect(error).toMatchObject({ code: 'incomplete', message: expect.stringContaining('no classes in the summer') })
  })

  it('with one address for two pupils gives it as a key to neither', async () => {
    sis.rows(rows =>
      rows.map(row =>
        row.STAMNR === '50001' || row.STAMNR === '50002' ? { ...row, EMAIL: 'Ouder@thuis.example' } : row,
      ),
    )
    const { records } = await readAll(source())
    const two = records.filter(
      (each): each is PersonRecord => each.type === 'person' && each.email === 'Ouder@thuis.example',
    )
    expect(two).toHaveLength(2)
    for (const { keys } of two) expect(keys.map(({ type }) => type)).not.toContain('email')
  })

  it('whose title for an address comes twice is refused: the second is that of a parent', async () => {
    sis.rows(rows => rows.map(row => ({ ...row, email: 'ouder@thuis.example' })))
    expect((await readFailing(source())).error).toMatchObject({
      code: 'malformed',
      message: 'the layout has the column EMAIL twice',
    })
  })

  it('larger than its cap is refused', async () => {
    const small = magisterSource(options({ ...sis.options }), context(), { maxBytes: 20_000 })
    expect((await readFailing(small)).error).toMatchObject({
      code: 'malformed',
      message: 'the answer is larger than 20000 bytes: refused',
    })
  })
})

const options = (more: Record<string, unknown> = {}): Options =>
  Options.parse({
    url: 'https://school.swp.nl:8800/doc',
    username: 'u',
    password: 'p',
    layouts: { pupils: 'l' },
    brin: '99ZZ',
    ...more,
  })
const askedFor = (more: Record<string, unknown> = {}, today = '2026-11-23') => ({
  options: options(more),
  schoolYear: '2026-2027',
  today,
})
const row = (more: Partial<Enrolment> = {}): Enrolment => ({
  number: '1',
  familyName: 'Berg',
  period: '26/27',
  className: 'H3A',
  year: '3',
  location: 'HOOFD',
  classMentors: ['jan'],
  startsOn: '2026-08-01',
  endsOn: '2027-07-31',
  ...more,
})
const member = (more: Partial<StaffMember> = {}): StaffMember => ({
  stamnr_str: '7',
  code: 'jan',
  achternaam: 'Jansen',
  'loginaccount.naam': 'jan',
  ...more,
})
const wire = (more: Partial<Wire> = {}): Wire => ({
  enrolments: [row()],
  unnumbered: 0,
  groupRows: undefined,
  staff: [member()],
  lessons: new Map(),
  ...more,
})
const rolesIn = (memberships: MembershipRecord[]) =>
  memberships.map(({ personSourceId, groupSourceId, role }) => `${personSourceId} ${role} ${groupSourceId}`).sort()

describe('enrolments of one pupil', () => {
  const one = (rows: Partial<Enrolment>[], today = '2026-11-23') => placed(rows.map(row), '2026-2027', today)[0]
  const lastYear = { period: '25/26', className: 'H2A', startsOn: '2025-08-01', endsOn: '2026-07-31' }

  it.each([
    ['that of this year wins over that of last year', [lastYear, {}], { status: 'active', className: 'H3A' }],
    [
      'the second class of this year wins from its first day',
      [{ endsOn: '2026-11-01' }, { className: 'H3B', startsOn: '2026-11-02' }],
      { status: 'active', className: 'H3B', startsOn: '2026-11-02' },
    ],
    [
      'a class that comes next week does not count yet',
      [{}, { className: 'H3B', startsOn: '2026-11-30' }],
      { status: 'active', className: 'H3A' },
    ],
    [
      'of two at once the one that began last',
      [{}, { className: 'H3B', startsOn: '2026-09-01' }],
      { status: 'active', className: 'H3B' },
    ],
    [
      'of next year only is pending, without a class',
      [{ period: '27/28', className: 'H1A', startsOn: '2027-08-01', endsOn: '2028-07-31' }],
      { status: 'pending', startsOn: '2027-08-01' },
    ],
    [
      'that begins later this year is pending',
      [{ startsOn: '2027-01-05' }],
      { status: 'pending', className: 'H3A', startsOn: '2027-01-05' },
    ],
    ['of last year only has left', [lastYear], { status: 'inactive', endsOn: '2026-08-01' }],
    ['with a last day before today has left', [{ leftOn: '2026-10-12' }], { status: 'inactive', endsOn: '2026-10-13' }],
    [
      'is at school on the last day',
      [{ leftOn: '2026-11-23' }],
      { status: 'active', className: 'H3A', endsOn: '2026-11-24' },
    ],
    ['has left on the day after it', [{ leftOn: '2026-11-22' }], { status: 'inactive', endsOn: '2026-11-23' }],
    ['without a school year is here without a class', [{ period: undefined }], { status: 'active' }],
    ['without days is open', [{ startsOn: undefined, endsOn: undefined }], { status: 'active', className: 'H3A' }],
  ] as const)('%s', (_, rows, expected: Partial<Omit<Placed, 'row' | 'number'>>) => {
    const found = one([...rows])
    expect(found).toMatchObject(expected)
    expect(found?.className).toBe(expected.className)
  })

  it('ends with the school year when the last day of lessons is in July', () => {
    expect(one([{ endsOn: '2027-07-09' }], '2027-07-20')).toMatchObject({ status: 'active', endsOn: '2027-08-01' })
  })

  it('depends on no order of the rows', () => {
    const day = fc.constantFrom('2025-08-01', '2026-08-01', '2026-09-15', '2026-11-23', '2027-01-04', '2027-07-31')
    const anyRow = fc.record({
      period: fc.constantFrom('25/26', '26/27', '27/28', undefined),
      className: fc.constantFrom('H3A', 'H3B', undefined),
      startsOn: fc.option(day, { nil: undefined }),
      endsOn: fc.option(day, { nil: undefined }),
      leftOn: fc.option(day, { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(anyRow, { minLength: 1, maxLength: 6 }), rows => {
        const facts = (found: ReturnType<typeof one>) => [
          found?.status,
          found?.className,
          found?.startsOn,
          found?.endsOn,
        ]
        expect(facts(one(rows.toReversed()))).toEqual(facts(one(rows)))
      }),
    )
  })

  it('refuses a school year of another form', () => {
    expect(() => one([{ period: 'heden' }])).toThrow('another form than 26/27')
  })
})

describe('mentors', () => {
  it('of a class open it, personal ones and teachers do not', () => {
    const staff = [
      member(),
      member({ stamnr_str: '8', code: 'pie', 'loginaccount.naam': 'pie' }),
      member({ stamnr_str: '9', code: 'kla', 'loginaccount.naam': 'kla' }),
    ]
    const lessons: Wire['lessons'] = new Map([
      ['9', { groups: ['h3.biol1'], classes: ['H3A', 'V6C'] }],
      ['7', { groups: [], classes: ['H3A'] }],
    ])
    const { memberships, findings } = mapMagister(
      wire({ staff, lessons, enrolments: [row({ personalMentor: 'PIE' })] }),
      askedFor(),
    )
    expect(rolesIn(memberships)).toEqual([
      'leerling:1 pupil klas:2026-2027:h3a',
      'personeel:7 teacher klas:2026-2027:h3a',
      'personeel:8 other klas:2026-2027:h3a',
      'personeel:9 other klas:2026-2027:h3a',
      'personeel:9 teacher lesgroep:2026-2027:h3.biol1',
    ])
    expect(findings).toEqual([])
  })

  it('with a code of nobody are reported on the class, without the code', () => {
    const { findings } = mapMagister(wire({ enrolments: [row({ classMentors: ['zzz'] })] }), askedFor())
    expect(findings).toEqual([
      { code: 'mentor-unknown', sourceId: 'klas:2026-2027:h3a' },
      { code: 'no-group-teachers', sourceId: 'school:99ZZ-00' },
    ])
  })

  it.each([
    ['who has left, by a star', member({ code: '*jan' })],
    ['who has left, by a star before the job', member({ 'functie.omschr': '*Docent' })],
    ['whose last day was yesterday', member({ dvertrek_str: '22-11-2026' })],
  ])('%s open nothing', (_, gone) => {
    const { memberships, people, findings } = mapMagister(wire({ staff: [gone] }), askedFor())
    expect(people.find(({ sourceId }) => sourceId === 'personeel:7')?.status).toBe('inactive')
    expect(memberships.map(({ role }) => role)).toEqual(['pupil'])
    expect(findings).toContainEqual({ code: 'mentor-unknown', sourceId: 'klas:2026-2027:h3a' })
  })

  it('who are trainees open nothing', () => {
    const { memberships } = mapMagister(wire({ staff: [member({ 'functie.omschr': 'Stagiaire' })] }), askedFor())
    expect(rolesIn(memberships)).toContain('personeel:7 other klas:2026-2027:h3a')
  })

  it('whose code two people have open nothing', () => {
    const { memberships, findings } = mapMagister(wire({ staff: [member(), member({ stamnr_str: '8' })] }), askedFor())
    expect(memberships.map(({ role }) => role)).toEqual(['pupil'])
    expect(findings).toContainEqual({ code: 'mentor-unknown', sourceId: 'klas:2026-2027:h3a' })
  })

  it('of one class that are more than it has columns are left to a person: the column is of another kind', () => {
    const staff = [member(), member({ stamnr_str: '8', code: 'pie', 'loginaccount.naam': 'pie' })]
    const enrolments = [row(), row({ number: '2', classMentors: ['pie'] })]
    const { memberships, findings } = mapMagister(wire({ staff, enrolments }), askedFor())
    expect(memberships.map(({ role }) => role).sort()).toEqual(['pupil', 'pupil', 'undecided', 'undecided'])
    expect(findings.filter(({ code }) => code === 'role-undecided').map(({ sourceId }) => sourceId)).toEqual([
      'personeel:7',
      'personeel:8',
    ])
  })

  it('of this school belong to it, whatever their administrative unit', () => {
    const staff = [
      member({ 'administratieve_eenheid.omschrijving': 'Zuid' }),
      member({ stamnr_str: '8', code: 'pie', 'administratieve_eenheid.omschrijving': 'Zuid' }),
    ]
    const { people } = mapMagister(wire({ staff }), askedFor({ units: { include: ['Hoofd*'] } }))
    expect(people.map(({ sourceId }) => sourceId)).toEqual(['leerling:1', 'personeel:7'])
  })
})

describe('grades', () => {
  it.each([
    ['secondary', '3', '13'],
    ['secondary', '6', '16'],
    ['secondary', '7', undefined],
    ['secondary', 'ISK', undefined],
    ['primary', '7', '7'],
    ['primary', '9', undefined],
  ])('%s %s is %s', (grades, year, expected) => {
    const { people, groups, findings } = mapMagister(wire({ enrolments: [row({ year })] }), askedFor({ grades }))
    expect(people[0]?.grade).toBe(expected)
    expect(groups[0]?.grades).toEqual(expected === undefined ? [] : [expected])
    expect(findings).toEqual(
      expected === undefined ? [{ code: 'unknown-grade', sourceId: 'leerling:1', detail: year }] : [],
    )
  })
})

describe('an answer in XML', () => {
  const wanted = { plural: 'lessen', singular: 'les', columns: ['klas'] }
  const read = (xml: string) => readXmlAnswer(pieces(xml, 7), wanted, xmlLimits)

  it.each(['Data', 'Table', 'DATA'])(
    'has its rows under %s, whatever the capitals, and nothing else of them',
    async name => {
      const xml = `<Response><${name}><Lessen><Les><KLAS>4v</KLAS><Geheim>CANARY</Geheim></Les><Les/></Lessen></${name}></Response>`
      expect(await read(xml)).toEqual({ token: undefined, table: true, rows: [{ klas: '4v' }, {}] })
    },
  )

  it('without a table is no empty list', async () => {
    expect(await read('<Response><Result>True</Result></Response>')).toMatchObject({ table: false, rows: [] })
  })

  it.each([
    [
      'a table of errors',
      '<Response><Result>False</Result><Table><Fouten><Fout><Fout_nummer>12</Fout_nummer><Fout_omschrijving>CANARY</Fout_omschrijving></Fout></Fouten></Table></Response>',
      'malformed',
      '(number 12)',
    ],
    ['an exception without words', '<Response><Exception/></Response>', 'malformed', 'Magister answers with an error'],
    [
      'a result that is not True',
      '<Response><Result>Fout</Result><ResultMessage>Geen rechten</ResultMessage></Response>',
      'unauthorized',
      'Magister refuses us',
    ],
    ['another document', '<EDEX/>', 'malformed', 'the root is not Response'],
    ['half a document', '<Response><Data>', 'incomplete', 'stops halfway'],
    ['an entity', '<!DOCTYPE x [<!ENTITY a "b">]><Response/>', 'malformed', 'DOCTYPE'],
  ])('%s is refused', async (_, xml, code, says) => {
    const error = await read(xml).catch(each => each)
    expect(error).toMatchObject({ code, message: expect.stringContaining(says) })
    expect(String(error)).not.toContain('CANARY')
  })
})

describe('what Magister writes', () => {
  it.each([
    ['2026-08-01', '2026-08-01'],
    ['1-8-2026', '2026-08-01'],
    ['01-08-2026 00:00:00', '2026-08-01'],
    ['2026-08-01T00:00:00', '2026-08-01'],
    ['30-12-1899', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('the day %s is %s', (text, day) => expect(dayIn(text, 'x')).toBe(day))

  it.each(['8/1/2026', '31-2-2026', 'heden', '20260801'])('%s is no day, and is not repeated', text => {
    expect(() => dayIn(text, 'vertrekdatum (line 3)')).toThrow(
      /^there is something else than a date in vertrekdatum \(line 3\)$/,
    )
  })

  it.each([
    ['Geen rechten op layout', 'unauthorized'],
    ['Ongeldige gebruikersnaam of wachtwoord', 'unauthorized'],
    ['SessionToken ongeldig', 'unauthorized'],
    ['Magister is in onderhoud', 'unreachable'],
    ['Layout niet gevonden', 'malformed'],
    ['Jan Jansen bestaat niet', 'malformed'],
  ])('the error "%s" is %s, and is not repeated', (words, code) => {
    const error = errorOf({ words, number: '12' })
    expect(error.code).toBe(code)
    expect(error.message).not.toContain(words)
  })
})

describe('options', () => {
  it.each([
    ['http elsewhere', { url: 'http://school.swp.nl:8800/doc' }],
    ['a password in the address', { url: 'https://a:b@school.swp.nl:8800/doc' }],
    ['a query', { url: 'https://school.swp.nl:8800/doc?x=1' }],
    ['an unknown column', { columns: { naam: 'NAAM' } }],
    ['a brin of six', { brin: '99ZZ00' }],
  ])('refuse %s', (_, more) => expect(() => options(more)).toThrow())

  it('name the one host with its port', () => {
    expect(magisterData.hosts(options())).toEqual(['school.swp.nl:8800'])
  })
})

const samples = '/../shared/data/magister/'
const sampleFolder = new URL(`../..${samples}`, import.meta.url)
describe.skipIf(!existsSync(sampleFolder))(
  'the reconstructed samples (skipped where they are not beside the checkout)',
  () => {
    const bodies =
      (file: string): typeof fetch =>
      async input => {
        const login = String(input).includes('Function=Login')
        return new Response(readFileSync(new URL(login ? 'login-ok.RECONSTRUCTED.xml' : file, sampleFolder)))
      }
    const open = (file: string, more = {}) =>
      magisterSource(options({ staff: 'none', ...more }), context({ fetch: bodies(file) }))

    it.each([
      ['leerlingen.RECONSTRUCTED.utf8-bom.csv', {}],
      ['leerlingen.RECONSTRUCTED.ansi.csv', { encoding: 'ANSI' }],
      // A mark wins over what was said.
      ['leerlingen.RECONSTRUCTED.utf8-bom.csv', { encoding: 'ANSI' }],
    ])('%s %j give two pupils, one of whom left', async (file, more) => {
      const { records } = await readAll(open(file, more))
      const people = records.filter((each): each is PersonRecord => each.type === 'person')
      expect(
        people.map(({ preferredFirstName, familyNamePrefix, familyName, status, grade, endsOn }) => [
          preferredFirstName,
          familyNamePrefix,
          familyName,
          status,
          grade,
          endsOn,
        ]),
      ).toEqual([
        ['Fleur', 'van den', 'Berg', 'active', '13', undefined],
        ['Dzsenifer', undefined, 'Özgür', 'inactive', '14', '2026-10-13'],
      ])
    })

    it.each(['fout-http200.RECONSTRUCTED.csv', 'fout-http200.RECONSTRUCTED.xml'])(
      '%s is a right that is missing',
      async file => {
        expect((await readFailing(open(file))).error.code).toBe('unauthorized')
      },
    )
  },
)
