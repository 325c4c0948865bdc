import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { MembershipRecord, PersonRecord } from '../../adapters/roster.ts'
import { granted } from '../../adapters/somtoday/client.ts'
import { mapSomtoday } from '../../adapters/somtoday/map.ts'
import { Options } from '../../adapters/somtoday/options.ts'
import { somtoday, somtodaySource } from '../../adapters/somtoday/source.ts'
import { lists, type Mentor, type Wire } from '../../adapters/somtoday/wire.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { canariesOf, type GeneratedSchool, generateSchool } from '../school/generate.ts'
import type { Fault } from '../school/sis/sis.ts'
import { organisation, type SomtodaySis, startSomtoday, uuidOf, vestiging } from '../school/sis/somtoday.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { context, now } from './support.ts'

const school: GeneratedSchool = generateSchool({ today: now })
let sis: SomtodaySis
beforeAll(async () => {
  sis = await startSomtoday({ school: () => school, clock: () => now })
})
afterAll(() => sis.close())
beforeEach(() => {
  sis.behave('ok')
  sis.withhold()
  sis.end(false)
  sis.items((_, items) => items)
  sis.requests.length = 0
})

let asked: URL[] = []
function source(
  more: Record<string, unknown> = {},
  before: (url: URL) => void = () => {},
  given: Partial<SourceContext> = {},
) {
  asked = []
  const listening: typeof fetch = (input, init) => {
    const url = new URL(String(input))
    asked.push(url)
    before(url)
    return fetch(input, init)
  }
  const options = Options.parse({ ...sis.options, ...more })
  return somtodaySource(options, context({ fetch: listening, ...given }), { timeoutMs: 300, maxBytes: 4 * 1024 ** 2 })
}

const behaving = (fault: Fault) => source({}, ({ pathname }) => pathname !== '/oauth2/token' && sis.behave(fault))
const behavingAt = (path: string, fault: Fault) =>
  source({}, ({ pathname }) => pathname.endsWith(path) && sis.behave(fault))

conforms('Somtoday Connect', {
  adapter: somtoday,
  open: () => source(),
  canaries: [...canariesOf(school), 'CANARY', 'ketenid'],
  secrets: ['geheim&sleutel=1', 'geheim%26sleutel', 'token-1'],
  faults: {
    'no answer in time': { open: () => behaving('slow'), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('web-page'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('cut'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('ok-with-error'), code: 'malformed' },
    'a page that comes again': { open: () => behavingAt('/leerling', 'repeated-page'), code: 'malformed' },
    'half a run': { open: () => behavingAt('/medewerker/account', 'cut'), code: 'incomplete' },
  },
  failing: {
    'the wrong secret': { open: () => source({ clientSecret: 'CANARY' }), code: 'unauthorized' },
    'another organisation': { open: () => source({ organisation: uuidOf('instelling', '2') }), code: 'unauthorized' },
    'a location that is not shared': {
      open: () => source({ vestiging: uuidOf('vestiging', '3') }),
      code: 'unauthorized',
    },
    'a BRIN that is not shared': { open: () => source({ vestiging: '98QQ00' }), code: 'unauthorized' },
    'a location with another BRIN': { open: () => source({ brin: '98QQ00' }), code: 'malformed' },
    'a location of another school': {
      open: () => source({ vestiging: uuidOf('vestiging', '2') }),
      code: 'unauthorized',
    },
    'a school year that Somtoday does not give': {
      open: () => source({}, undefined, { schoolYear: '2028-2029' }),
      code: 'malformed',
    },
    'a right to a list that is gone': {
      open: () => {
        sis.withhold('medewerker')
        return source()
      },
      code: 'unauthorized',
    },
    'no rights to groups': {
      open: () => {
        sis.withhold('leerling.plaatsingen', 'stamgroep.leerlingen')
        return source()
      },
      code: 'incomplete',
    },
    'no pupils': {
      open: () => {
        sis.items((path, items) => (path === 'leerling' ? [] : items))
        return source()
      },
      code: 'incomplete',
    },
    'a pupil twice': {
      open: () => {
        sis.items((path, items) => (path === 'leerling' ? [...items, ...items.slice(3, 5)] : items))
        return source()
      },
      code: 'incomplete',
    },
    'another school year in the answer': {
      open: () => source({}, undefined, { clock: () => new Date('2025-11-23T12:00:00Z') }),
      code: 'malformed',
    },
    'nobody listening': {
      open: () => source({ endpoints: { token: 'http://127.0.0.1:9/t', api: 'http://127.0.0.1:9/a' } }),
      code: 'unreachable',
    },
  },
})

describe('the invented school in Somtoday', () => {
  it('arrives whole: pupils with their names, grades and keys', async () => {
    const { records, proof } = await readAll(source())
    expect(proof.scope).toEqual({ brin: '99ZZ', location: '00', organisation: vestiging, schoolYear: '2026-2027' })
    const pupils = new Map(
      records.flatMap(each => (each.type === 'person' && each.role === 'pupil' ? [[each.sourceId, each]] : [])),
    )
    expect([...pupils.keys()].sort()).toEqual(school.pupils.map(({ key }) => sis.sourceIdOf.pupil(key)).sort())
    for (const pupil of school.pupils) {
      const { key, name, grade } = pupil
      expect(pupils.get(sis.sourceIdOf.pupil(key))).toMatchObject({
        status: pupil.endsOn !== undefined ? 'inactive' : pupil.startsOn > school.today ? 'pending' : 'active',
        ...(name.givenName === undefined ? {} : { preferredFirstName: name.givenName }),
        ...(name.firstNames === undefined ? {} : { givenName: name.firstNames }),
        ...(name.familyName === undefined ? {} : { familyName: name.familyName }),
        ...(name.familyNamePrefix === undefined ? {} : { familyNamePrefix: name.familyNamePrefix }),
        ...(grade === null ? {} : { grade: String(grade) }),
        ...(pupil.email === undefined ? {} : { email: pupil.email, username: pupil.username }),
        ...(pupil.endsOn === undefined ? {} : { endsOn: pupil.endsOn }),
        keys: [
          { type: 'pupil-number', value: key, stable: true },
          ...(pupil.username === undefined ? [] : [{ type: 'username', value: pupil.username, stable: true }]),
          ...(pupil.email === undefined ? [] : [{ type: 'email', value: pupil.email, stable: true }]),
          { type: 'subject', value: `${organisation}/${uuidOf('account-leerling', key)}`, stable: true },
          { type: 'subject', value: `${key}@vuurvlinder`, stable: true },
          { type: 'object-id', value: uuidOf('entra', `leerling-${key}`), stable: true },
        ],
      })
    }
  })

  it('has every pupil in the same groups, with the day after the last one as the end', async () => {
    const { records } = await readAll(source())
    const nameOf = new Map(
      records.flatMap(each => (each.type === 'group' ? [[each.sourceId, `${each.kind} ${each.name}`]] : [])),
    )
    const members = records.filter(
      (each): each is MembershipRecord => each.type === 'membership' && each.role === 'pupil',
    )
    const groups = new Map(school.groups.map(group => [group.key, `${group.kind} ${group.name}`]))
    const meant = school.pupils.flatMap(pupil =>
      [...(pupil.groupKey === undefined ? [] : [pupil.groupKey]), ...pupil.scheduledKeys].map(
        key => `${sis.sourceIdOf.pupil(pupil.key)} ${groups.get(key)}`,
      ),
    )
    expect(members.map(each => `${each.personSourceId} ${nameOf.get(each.groupSourceId)}`).sort()).toEqual(meant.sort())
    for (const each of members.filter(({ groupSourceId }) => groupSourceId.startsWith('stamgroep')))
      expect(each.endsOn).toBe('2027-08-01')
  })

  it('opens a stamgroep to its mentors and to nobody else', async () => {
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
        return group?.kind === 'homeroom' && roles.includes('LRK')
          ? [`${sis.sourceIdOf.teacher(key)} ${group.name}`]
          : []
      }),
    )
    expect(found.sort()).toEqual(meant.sort())
    expect(found.length).toBeGreaterThan(8)
  })

  it('has the trainee as a trainee and no parents', async () => {
    const { records } = await readAll(source())
    const staff = records.filter((each): each is PersonRecord => each.type === 'person' && each.role !== 'pupil')
    expect(staff).toHaveLength(school.teachers.filter(({ roles }) => !roles.includes('OUD')).length)
    expect(staff.filter(({ role }) => role === 'trainee').map(({ sourceId }) => sourceId)).toEqual([
      sis.sourceIdOf.teacher(school.cast.teachers.trainee),
    ])
    expect(asked.filter(({ pathname }) => /ouder/i.test(pathname))).toEqual([])
  })

  it('is found by its BRIN too', async () => {
    expect(await readAll(source({ vestiging: '99ZZ00' }))).toEqual(await readAll(source()))
  })

  it('is checked with one page of what changes no count, in plain sentences', async () => {
    const { ok, says } = await source().check()
    expect(ok).toBe(true)
    expect(says[0]).toBe('School 99ZZ-00, school year 2026-2027.')
    expect(says[1]).toMatch(/^10 groups \(10 homerooms\), 240 pupils, \d+ others\.$/)
    expect(says.join(' ')).not.toContain('does not share')
    expect(asked.filter(({ pathname }) => pathname.endsWith('/leerling/account'))).toHaveLength(1)
  })
})

describe('the questions', () => {
  it('are pages of 200 until an empty one, with the rights only once', async () => {
    await readAll(source())
    const pages = asked
      .filter(({ pathname }) => pathname.endsWith('/leerling'))
      .map(({ searchParams }) => Object.fromEntries(searchParams))
    expect(pages).toEqual([
      { peilschooljaar: 'HUIDIG', offset: '0', amount: '200', veldpermissies: 'true' },
      { peilschooljaar: 'HUIDIG', offset: '199', amount: '200' },
      { peilschooljaar: 'HUIDIG', offset: '239', amount: '200' },
      { peilschooljaar: 'HUIDIG', offset: '240', amount: '200' },
    ])
    const accounts = asked.find(({ pathname }) => pathname.endsWith('/medewerker/account'))
    expect(accounts?.searchParams.has('peilschooljaar')).toBe(false)
  })

  it('for next year carry VOLGEND, and everybody is placed on its first day', async () => {
    const { records, proof } = await readAll(source({ schoolYear: 'next' }))
    expect(proof.scope.schoolYear).toBe('2027-2028')
    expect(asked.find(({ pathname }) => pathname.endsWith('/leerling'))?.searchParams.get('peilschooljaar')).toBe(
      'VOLGEND',
    )
    const active = records.filter(each => each.type === 'person' && each.role === 'pupil' && each.status === 'active')
    expect(active.length).toBeGreaterThan(230)
    expect(await readAll(source({}, undefined, { schoolYear: '2027-2028' }))).toEqual(
      await readAll(source({ schoolYear: 'next' })),
    )
  })

  it('have one organisation in the token and no secret in an address', async () => {
    await readAll(source())
    expect(asked.map(String).find(url => url.includes('/oauth2/token'))).toContain(`?organisation=${organisation}`)
    for (const url of asked) expect(url.search).not.toMatch(/secret|geheim/)
  })

  it('are asked again with a new token when one ends too soon, and at most four times more when the server is busy', async () => {
    let refusals = 0
    const all = await readAll(
      source({}, ({ pathname }) => {
        if (pathname.endsWith('/medewerker') && refusals === 0) {
          refusals += 1
          sis.behave('unauthorized', 1)
        }
      }),
    )
    expect(all.proof.kind).toBe('snapshot')
    expect(asked.filter(({ pathname }) => pathname === '/oauth2/token')).toHaveLength(2)
    sis.behave('unavailable')
    await readFailing(source())
    expect(asked.filter(({ pathname }) => pathname.endsWith('/connect/vestiging'))).toHaveLength(5)
  })
})

describe('rights', () => {
  it('are in the proof, only those that we use, and a right that goes shows', async () => {
    const before = (await readAll(source())).proof.grant ?? []
    expect(before).toContain('leerling.roepnaam')
    expect(before).toContain('plaatsing.eerste_mentor_stamgroep')
    expect(before).toContain(`vestiging:${vestiging}`)
    expect(before).toEqual(before.toSorted())
    expect(before.join()).not.toMatch(/BSN|geboortedatum|adres(?!,)|geslacht|eckid/)
    sis.withhold('leerling.roepnaam')
    const after = (await readAll(source())).proof.grant ?? []
    expect(before.filter(right => !after.includes(right))).toEqual(['leerling.roepnaam'])
  })

  it('that are no more are an absent field, never an empty one', async () => {
    sis.withhold('leerling.roepnaam', 'leerling.emailadres')
    const { records } = await readAll(source())
    for (const each of records)
      if (each.type === 'person' && each.role === 'pupil') {
        expect(each).not.toHaveProperty('preferredFirstName')
        expect(each).not.toHaveProperty('email')
      }
  })

  it('to placements that are gone leave the lists of the stamgroepen', async () => {
    const before = await readAll(source())
    sis.withhold('leerling.plaatsingen')
    const after = await readAll(source())
    const inside = ({ records }: typeof before) =>
      records.flatMap(each =>
        each.type === 'membership' && each.role === 'pupil' ? [`${each.personSourceId} ${each.groupSourceId}`] : [],
      )
    const entrant = sis.sourceIdOf.pupil(school.cast.pupils.entrant)
    expect(inside(after)).toEqual(inside(before).filter(each => !each.startsWith(entrant)))
  })

  it('to mentors that are gone open nothing, and say so', async () => {
    sis.withhold(
      'stamgroep.mentoren',
      'plaatsing.mentoren',
      'stamgroep.eerste_mentor_stamgroep',
      'plaatsing.eerste_mentor_stamgroep',
    )
    const { records, findings } = await readAll(source())
    const homerooms = new Set(
      records.flatMap(each => (each.type === 'group' && each.kind === 'homeroom' ? [each.sourceId] : [])),
    )
    expect(
      records.filter(
        each => each.type === 'membership' && each.role === 'teacher' && homerooms.has(each.groupSourceId),
      ),
    ).toEqual([])
    expect(findings).toContainEqual({ code: 'no-group-teachers', sourceId: `vestiging:${vestiging}` })
    expect((await source().check()).says).toContain(
      'The school does not share mentors of stamgroepen: no teacher gets a panel.',
    )
  })

  it('to a location that end are unauthorized, in a plain sentence', async () => {
    const { error } = await readFailing(source({}, ({ pathname }) => pathname.endsWith('/leerling') && sis.end(true)))
    expect(error).toMatchObject({
      code: 'unauthorized',
      message: expect.stringContaining('the school has ended or narrowed this connection'),
    })
    expect((await readFailing(source())).error.message).toContain('not among the 1 that are shared with us')
  })

  it('are taken from the objects that Connect sends, and from nothing else', () => {
    const sent = {
      roepnaam: true,
      achternaam: false,
      BSN: true,
      plaatsingVeldpermissies: { stamgroep: true, opleiding: true },
    }
    expect(granted('leerling', sent)).toEqual(['leerling.roepnaam', 'plaatsing.stamgroep'])
    expect(granted('medewerker', { roepnaam: 'true' })).toEqual([])
  })
})

describe('errors of Connect', () => {
  it.each([400, 404])('with HTTP %i are told by their code alone', async status => {
    const refusing: typeof fetch = async (input, init) =>
      String(input).includes('/leerling')
        ? new Response(JSON.stringify({ code: 'E-17', problem: 'Jan Jansen', clarification: 'CANARY' }), { status })
        : fetch(input, init)
    const { error } = await readFailing(source({}, undefined, { fetch: refusing }))
    expect(error).toMatchObject({ code: 'malformed', message: 'Somtoday does not understand the question (E-17)' })
  })
})

const id = (n: number) => `0b1f6f0e-0000-4000-8000-${String(n).padStart(12, '0')}`
const options = (more: Record<string, unknown> = {}) =>
  Options.parse({ organisation: id(1), clientId: 'c', clientSecret: 's', vestiging: id(2), ...more })
const askedFor = (more: Record<string, unknown> = {}) => ({
  options: options(more),
  schoolYear: '2026-2027',
  day: '2026-11-23',
})
type LeerlingIn = z.input<typeof lists.leerling.item>
type PlaatsingIn = NonNullable<LeerlingIn['plaatsingen']>[number]
const place = (more: Partial<PlaatsingIn> = {}): PlaatsingIn => ({
  schooljaar: '2026/2027',
  startdatum: '2026-08-01',
  einddatum: '2027-07-31',
  leerjaar: 3,
  stamgroep: { uuid: id(50), naam: 'H3A' },
  ...more,
})
const pupil = (n: number, ...plaatsingen: PlaatsingIn[]): LeerlingIn => ({
  uuid: id(n),
  roepnaam: 'Fleur',
  achternaam: 'Berg',
  plaatsingen,
})
const Sent = z.object({
  leerlingen: z.array(lists.leerling.item).default([]),
  medewerkers: z.array(lists.medewerker.item).default([]),
  stamgroepen: z.array(lists.stamgroep.item).default([]),
  lesgroepen: z.array(lists.lesgroep.item).default([]),
  accounts: z.array(lists.leerlingAccount.item).default([]),
})
function wire(sent: z.input<typeof Sent> & { vestiging?: Partial<Wire['vestiging']> }): Wire {
  const { accounts, ...all } = Sent.parse(sent)
  return {
    ...all,
    vestiging: { uuid: id(2), naam: 'School', brins: ['99ZZ00'], externalidentifiers: [], ...sent.vestiging },
    leerlingAccounts: accounts,
    medewerkerAccounts: [],
    grant: [],
  }
}
const sole = (sent: LeerlingIn, more = {}) =>
  mapSomtoday(wire({ leerlingen: [pupil(11, place()), sent] }), askedFor(more)).people.find(
    ({ sourceId }) => sourceId === `leerling:${id(12)}`,
  )
const staffRoles = (memberships: MembershipRecord[]) =>
  memberships
    .flatMap(each =>
      each.role === 'pupil' ? [] : [`${each.personSourceId.slice(-2)} ${each.role} ${each.groupSourceId.slice(-2)}`],
    )
    .sort()

describe('placements', () => {
  it.each([
    ['running', [place()], { status: 'active', grade: '13' }],
    ['on the last day', [place({ einddatum: '2026-11-23' })], { status: 'active' }],
    ['after the last day', [place({ einddatum: '2026-11-22' })], { status: 'inactive', endsOn: '2026-11-23' }],
    ['before the first day', [place({ startdatum: '2027-01-04' })], { status: 'pending', startsOn: '2027-01-04' }],
    [
      'one after the other',
      [place({ einddatum: '2026-10-31' }), place({ startdatum: '2026-11-01', leerjaar: 4 })],
      { status: 'active', grade: '14' },
    ],
    ['of last year only', [place({ schooljaar: '2025/2026' })], { status: 'inactive' }],
    ['of next year only', [place({ schooljaar: '2027/2028' })], { status: 'pending' }],
    ['none', [], { status: 'active' }],
  ] as const)('%s', (_, plaatsingen, expected) =>
    expect(sole({ uuid: id(12), roepnaam: 'A', plaatsingen: [...plaatsingen] })).toMatchObject(expected),
  )

  it('that we may not see leave isActief', () => {
    expect(sole({ uuid: id(12), isActief: false })?.status).toBe('inactive')
    expect(sole({ uuid: id(12), isActief: true })?.status).toBe('active')
  })

  it('with a day that is none are refused without repeating it', () => {
    expect(() => sole({ uuid: id(12), plaatsingen: [place({ einddatum: 'heden' })] })).toThrow(
      `leerling:${id(12)} has a einddatum that is not a date`,
    )
  })

  it('speak of a stamgroep that is in no list', () => {
    const { groups } = mapSomtoday(wire({ leerlingen: [pupil(11, place())] }), askedFor())
    expect(groups).toEqual([
      {
        type: 'group',
        sourceId: `stamgroep:2026-2027:${id(50)}`,
        kind: 'homeroom',
        name: 'H3A',
        schoolYear: '2026-2027',
        grades: ['13'],
      },
    ])
  })

  it.each([
    ['secondary', 6, '16'],
    ['secondary', 7, undefined],
    ['primary', 8, '8'],
    ['primary', 9, undefined],
  ])('in %s year %i are grade %s', (grades, leerjaar, expected) => {
    const mapped = mapSomtoday(wire({ leerlingen: [pupil(11, place({ leerjaar }))] }), askedFor({ grades }))
    expect(mapped.people[0]?.grade).toBe(expected)
    expect(mapped.findings.some(({ code }) => code === 'unknown-grade')).toBe(expected === undefined)
  })
})

describe('mentors', () => {
  const staff = [21, 22, 23].map(n => ({
    uuid: id(n),
    achternaam: 'Jansen',
    functie: n === 23 ? 'Stagiaire' : 'Docent',
  }))
  const mentor = (n: number, toewijzing: string) => ({ medewerker_uuid: id(n), toewijzing })
  const mapped = (
    plaatsingen: PlaatsingIn[][],
    mentoren?: z.input<typeof Mentor>[],
    medewerkers: z.input<typeof lists.medewerker.item>[] = staff,
  ) =>
    mapSomtoday(
      wire({
        leerlingen: plaatsingen.map((each, at) => pupil(11 + at, ...each)),
        medewerkers: medewerkers,
        stamgroepen: [{ uuid: id(50), naam: 'H3A', ...(mentoren === undefined ? {} : { mentoren }) }],
      }),
      askedFor(),
    )

  it('of the stamgroep open it, that of one pupil does not', () => {
    const { memberships } = mapped(
      [[place({ mentoren: [mentor(22, 'Plaatsing')] })]],
      [mentor(21, 'EersteMentorStamgroep')],
    )
    expect(staffRoles(memberships)).toEqual(['21 teacher 50', '22 other 50'])
  })

  it('that only placements speak of count as well', () => {
    const { memberships } = mapped([
      [place({ mentoren: [mentor(21, 'EersteMentorStamgroep'), mentor(22, 'TweedeMentorStamgroep')] })],
    ])
    expect(staffRoles(memberships)).toEqual(['21 teacher 50', '22 teacher 50'])
  })

  it('who cannot both be the first one are left to a person', () => {
    const { memberships, findings } = mapped([
      [place({ mentoren: [mentor(21, 'EersteMentorStamgroep')] })],
      [place({ mentoren: [mentor(22, 'EersteMentorStamgroep')] })],
    ])
    expect(staffRoles(memberships)).toEqual(['21 undecided 50', '22 undecided 50'])
    expect(findings.filter(({ code }) => code === 'role-undecided')).toHaveLength(2)
  })

  it('who are trainees, or of a word that nobody knows, open nothing', () => {
    const { memberships, findings } = mapped(
      [[place()]],
      [mentor(23, 'EersteMentorStamgroep'), mentor(21, 'DerdeMentor')],
    )
    expect(staffRoles(memberships)).toEqual(['21 other 50', '23 other 50'])
    expect(findings).toContainEqual({
      code: 'unknown-role',
      sourceId: `stamgroep:2026-2027:${id(50)}`,
      detail: 'DerdeMentor',
    })
  })

  it('who left or are not shown are reported on the stamgroep', () => {
    const left = { uuid: id(21), achternaam: 'Jansen', datum_uit_dienst: '2026-11-22' }
    for (const people of [[left], []]) {
      const { memberships, findings } = mapped([[place()]], [mentor(21, 'EersteMentorStamgroep')], people)
      expect(staffRoles(memberships)).toEqual([])
      expect(findings).toContainEqual({ code: 'mentor-unknown', sourceId: `stamgroep:2026-2027:${id(50)}` })
    }
  })

  it('who leave today are here today', () => {
    const leaving = { uuid: id(21), achternaam: 'Jansen', datum_uit_dienst: '2026-11-23' }
    const { memberships, people } = mapped([[place()]], [mentor(21, 'EersteMentorStamgroep')], [leaving])
    expect(staffRoles(memberships)).toEqual(['21 teacher 50'])
    expect(people.find(({ role }) => role === 'staff')).toMatchObject({ status: 'active', endsOn: '2026-11-24' })
  })

  it('are not who teaches a lesson group', () => {
    const { memberships, findings } = mapSomtoday(
      wire({
        leerlingen: [pupil(11, place())],
        medewerkers: staff,
        lesgroepen: [
          {
            uuid: id(60),
            naam: 'h3aBIO',
            schooljaar: '2026/2027',
            leerlingen: [{ uuid: id(11) }, { uuid: id(99) }],
            docenten: [id(21), id(21)],
          },
        ],
      }),
      askedFor(),
    )
    expect(staffRoles(memberships)).toEqual(['21 teacher 60'])
    expect(findings).toContainEqual({ code: 'unknown-person', sourceId: `lesgroep:${id(60)}` })
  })
})

describe('keys', () => {
  it('by an address are given only where nobody else has it', () => {
    const shared = { emailadres: 'Thuis@familie.example', plaatsingen: [place()] }
    const { people } = mapSomtoday(
      wire({
        leerlingen: [
          { uuid: id(11), ...shared },
          { uuid: id(12), ...shared, emailadres: 'thuis@familie.example' },
          { uuid: id(13), emailadres: 'c@x.example' },
        ],
      }),
      askedFor(),
    )
    expect(people.map(({ keys }) => keys.map(({ type }) => type))).toEqual([[], [], ['email']])
    expect(people[0]?.email).toBe('Thuis@familie.example')
  })

  it('of a directory are a uuid of Microsoft or a number of Google, never an address', () => {
    const remoteidentifiers = [
      { providerType: 'AZURE', identifier: id(70) },
      { providerType: 'AZURE', identifier: 'fleur@school.example' },
      { providerType: 'GOOGLE', identifier: '117234567890123456789' },
      { providerType: 'GOOGLE', identifier: 'fleur@school.example' },
      { providerType: 'OIDC', identifier: id(71) },
    ]
    const { people } = mapSomtoday(
      wire({ leerlingen: [pupil(11, place())], accounts: [{ uuid: id(11), remoteidentifiers }] }),
      askedFor(),
    )
    expect(people[0]?.keys).toEqual([
      { type: 'object-id', value: id(70), stable: true },
      { type: 'object-id', value: '117234567890123456789', stable: true },
    ])
  })
})

describe('the location', () => {
  it('with several BRIN numbers says only what they share, unless one is chosen', () => {
    const several = wire({ leerlingen: [pupil(11, place())], vestiging: { brins: ['99ZZ00', '99ZZ01'] } })
    expect(mapSomtoday(several, askedFor()).scope).toEqual({
      brin: '99ZZ',
      organisation: id(2),
      schoolYear: '2026-2027',
    })
    expect(mapSomtoday(several, askedFor({ brin: '99ZZ01' })).scope).toMatchObject({ brin: '99ZZ', location: '01' })
  })
})

describe('options', () => {
  it.each([
    ['an organisation by its name', { organisation: 'Het College' }],
    ['a BRIN of four', { vestiging: '99ZZ' }],
    ['two BRIN numbers that differ', { vestiging: '99ZZ00', brin: '99ZZ01' }],
    ['endpoints elsewhere', { endpoints: { token: 'https://evil.example/t', api: 'https://evil.example/a' } }],
  ])('refuse %s', (_, more) => expect(() => options(more)).toThrow())

  it.each([
    ['production', ['inloggen.somtoday.nl', 'api.somtoday.nl']],
    ['acceptance', ['inloggen.acceptatie.somtoday.nl', 'api.acceptatie.somtoday.nl']],
    ['test', ['inloggen.test.somtoday.nl', 'api.test.somtoday.nl']],
  ])('name the hosts of %s', (environment, hosts) => expect(somtoday.hosts(options({ environment }))).toEqual(hosts))
})

const sampleFolder = new URL('../../../shared/data/somtoday/samples/', import.meta.url)
describe.skipIf(!existsSync(sampleFolder))(
  'the hand-made samples (skipped where they are not beside the checkout)',
  () => {
    const sample = (file: string) => JSON.parse(readFileSync(new URL(file, sampleFolder), 'utf8'))
    it('are one pupil in a stamgroep and a lesson group', () => {
      const { people, groups, memberships } = mapSomtoday(
        wire({ ...sample('leerling.handmade.json'), ...sample('lesgroep.handmade.json') }),
        askedFor(),
      )
      expect(people[0]).toMatchObject({
        preferredFirstName: 'Milan',
        familyNamePrefix: 'de',
        familyName: 'Boer',
        grade: '13',
        status: 'active',
      })
      expect(people[0]?.keys).toContainEqual({ type: 'pupil-number', value: '40012', stable: true })
      expect(groups.map(({ kind, name }) => `${kind} ${name}`)).toEqual(['homeroom H3A', 'scheduled h3aBIO'])
      expect(memberships.map(({ role }) => role)).toEqual(['pupil', 'pupil'])
      expect(JSON.stringify(people)).not.toMatch(/2011-02-28|MAN/)
    })
  },
)
