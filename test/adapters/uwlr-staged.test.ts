/** UWLR in stages: what came in many answers is what would have come in one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readAnswer } from '../../adapters/edexml/answer.ts'
import { understood } from '../../adapters/edexml/deliver.ts'
import type { WirePerson, WireRoster } from '../../adapters/edexml/parse.ts'
import { questionXml } from '../../adapters/edexml/question.ts'
import { readStaged } from '../../adapters/edexml/staged.ts'
import type { Ask, Heard } from '../../adapters/edexml/transport.ts'
import { uwlr, uwlrSource } from '../../adapters/edexml/uwlr.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { xmlLimits } from '../../adapters/xml.ts'
import { toEdexml } from '../school/edexml.ts'
import { canariesOf, generateSchool } from '../school/generate.ts'
import { answerXml } from '../school/sis/answer.ts'
import { type Mode, startUwlrServer, type UwlrServer, type UwlrServerOptions } from '../school/sis/uwlr-server.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { context, now, pieces } from './support.ts'

const credentials = { key: 'FICTIEF & <sleutel>', customerCode: '99ZZ' }
const school = generateSchool({ today: '2026-11-23' })
const whole = toEdexml(school, { version: '2.1', createdAt: now })
let document = whole
let server: UwlrServer
const start = (more: Partial<UwlrServerOptions> = {}) =>
  startUwlrServer({ edexml: () => document, credentials, clock: () => now, ...more })
beforeAll(async () => {
  server = await start()
})
afterAll(() => server.close())
beforeEach(() => {
  document = whole
  server.behave('ok')
  server.requests.length = 0
})

function source(options: Record<string, unknown> = {}, given: SourceContext = context(), timeoutMs = 20_000) {
  const own = { customerName: 'Veiligplein', brin: school.brin, calls: 'staged', groupsPerCall: 4 }
  const all = { url: server.url, ...credentials, ...own, ...options }
  return uwlrSource(uwlr.options.parse(all), given, { timeoutMs, maxBytes: 8 * 1024 ** 2 })
}

function behaving(mode: Mode, timeoutMs?: number) {
  server.behave(mode)
  return source({}, context(), timeoutMs)
}

conforms('UWLR 2.2 in stages', {
  open: () => source(),
  adapter: uwlr,
  canaries: canariesOf(school),
  secrets: [credentials.key],
  faults: {
    'no answer in time': { open: () => behaving('slow', 100), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('html'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('half'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('empty'), code: 'incomplete' },
    'a page that comes again': { open: () => behaving('duplicate-key'), code: 'malformed' },
    'half a run': { open: () => behaving('truncated-xml'), code: 'incomplete' },
  },
  failing: {
    'another school': { open: () => behaving('wrong-school'), code: 'malformed' },
    'another year': { open: () => behaving('wrong-year'), code: 'malformed' },
    'no pupils': { open: () => behaving('no-pupils'), code: 'incomplete' },
    'a bomb': { open: () => behaving('bomb'), code: 'malformed' },
    'one endless text': { open: () => behaving('endless-text'), code: 'malformed' },
    'the wrong key': { open: () => source({ key: 'CANARY' }), code: 'unauthorized' },
  },
})

describe('everything in stages', () => {
  it.each([
    [1, 'no-homeroom'],
    [1, 'no-group'],
    [4, 'no-homeroom'],
    [5, 'no-group'],
    [100, 'no-homeroom'],
  ] as const)(
    'by %i groups, from a service that means %s by loose, is what one call gives',
    async (size, looseMeans) => {
      const other = await start({ looseMeans })
      try {
        const inOne = await readAll(source({ url: other.url, calls: 'one' }))
        const inStages = await readAll(source({ url: other.url, groupsPerCall: size }))
        expect(inStages.records).toEqual(inOne.records)
        expect(inStages.findings).toEqual(inOne.findings)
        expect(inStages.proof.counts.person).toBe(school.pupils.length + school.teachers.length)
      } finally {
        await other.close()
      }
    },
  )

  it('asks for the structure with the gate, then for pupils and teachers of all groups and of none', async () => {
    const { proof } = await readAll(source())
    server.requests.length = 0
    document = whole.replace(/<aanmaakdatum>[^<]*/, '<aanmaakdatum>2026-11-24T02:00:00')
    await readAll(source(), proof.cursor)
    const base = 'http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens/'
    const asked = server.requests.map(({ soapAction, groups, gate }) => [
      soapAction.replaceAll('"', '').replace(base, ''),
      groups,
      gate,
    ])
    const calls = [4, 4, 4, 'loose']
    expect(school.groups).toHaveLength(12)
    expect(asked).toEqual([
      ['structuur_verzoek', undefined, '2026-11-23T13:00:00'],
      ...calls.map(groups => ['leerlingen_verzoek', groups, undefined]),
      ...calls.map(groups => ['leerkrachten_verzoek', groups, undefined]),
    ])
  })

  it('writes the groups as the XSD wants them', () => {
    const asked = {
      operation: 'pupils' as const,
      key: 'k',
      customerCode: 'c',
      customerName: 'n',
      schoolYear: '2026-2027',
      brin: '99ZZ',
      xsdVersion: '2.2',
    }
    const groups = [
      { kind: 'groep' as const, key: 'A"<&' },
      { kind: 'samengestelde_groep' as const, key: 'PLUS' },
    ]
    expect(questionXml({ ...asked, groups })).toContain(
      '<ll:xsdversie>2.2</ll:xsdversie><ll:groepen><ll:groep key="A&quot;&lt;&amp;"/><ll:samengestelde_groep key="PLUS"/></ll:groepen></ll:leerlingen_verzoek>',
    )
    expect(questionXml({ ...asked, groups: 'loose' })).toContain('<ll:groepen><ll:groep/></ll:groepen>')
  })

  it('learns once which version the service knows', async () => {
    const other = await start({ versions: ['2.1'] })
    try {
      await readAll(source({ url: other.url }))
      expect(other.requests.map(({ xsdVersion }) => xsdVersion)).toEqual(['2.2', ...Array(9).fill('2.1')])
    } finally {
      await other.close()
    }
  })

  it('counts what was read on from answer to answer', async () => {
    const seen: number[] = []
    await readAll(source({}, context({ progress: read => seen.push(read) })))
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBeGreaterThan(whole.length)
  })
})

describe('a run that breaks off', () => {
  it.each([1, 2, 4, 5, 8])('after %i answers gives nothing at all', async after => {
    for (const [mode, code] of [
      ['half', 'incomplete'],
      ['unauthorized', 'unauthorized'],
      ['wrong-school', 'malformed'],
      ['wrong-year', 'malformed'],
      ['always-unchanged', 'incomplete'],
      ['Client.LeerlingOngeldig', 'malformed'],
      ['Server.InterneFout', 'unreachable'],
    ] as const) {
      server.behave(mode, 100, after)
      const { items, error } = await readFailing(source())
      expect([mode, error.code, items]).toEqual([mode, code, []])
    }
  })

  it('goes on when the fault passes', async () => {
    server.behave('Server.TijdelijkNietBeschikbaar', 2, 3)
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(server.requests).toHaveLength(11)
  })
})

describe('the gate in stages', () => {
  it('asks the structure alone when nothing changed', async () => {
    const { proof } = await readAll(source())
    server.requests.length = 0
    const second = await readAll(source(), proof.cursor)
    expect(second.proof).toMatchObject({ kind: 'unchanged', cursor: proof.cursor })
    expect(second.batches).toEqual([])
    expect(server.requests).toHaveLength(1)
  })

  it('is not asked when everything came more than a week ago, or by another way', async () => {
    const { proof } = await readAll(source())
    const later = new Date(now.getTime() + 7 * 24 * 3_600_000 + 1)
    const full = await readAll(source({}, context({ clock: () => later })), proof.cursor)
    expect(full.proof.kind).toBe('snapshot')
    const inOne = await readAll(source({ calls: 'one' }))
    expect((await readAll(source(), inOne.proof.cursor)).proof.kind).toBe('snapshot')
  })
})

describe('people in several answers', () => {
  const groups = (...keys: string[]) => keys.map(key => ({ kind: 'groep' as const, key, naam: key }))
  const roster = (more: Partial<WireRoster>): WireRoster => ({
    school: { schooljaar: '2026-2027', brincode: '99ZZ' },
    groups: [],
    people: [],
    trimmed: new Set(),
    damaged: new Set(),
    ...more,
  })
  const on = (key: string, ...rol: string[]) => ({ kind: 'groep' as const, key, rol, rolomschrijving: [] })
  const teacher = (more: Partial<WirePerson>): WirePerson => ({
    kind: 'leerkracht',
    key: 'L1',
    groups: [],
    rol: [],
    rolomschrijving: [],
    ...more,
  })
  const pupil = (more: Partial<WirePerson>): WirePerson => ({ ...teacher(more), kind: 'leerling', key: '1' })
  /** Answers in the order of the questions: pupils and teachers of group A, of group B, of none. */
  const reading = (pupils: WirePerson[][], teachers: WirePerson[][] = []) => {
    const left = { pupils: [...pupils], teachers: [...teachers] }
    const ask: Ask = async operation => {
      if (operation === 'structure') return { kind: 'roster', roster: roster({ groups: groups('A', 'B') }) }
      const people = operation === 'everything' ? [] : (left[operation].shift() ?? [])
      const answer: Heard = people.length === 0 ? { kind: 'no-data' } : { kind: 'roster', roster: roster({ people }) }
      return answer
    }
    const scope = { brin: '99ZZ', location: '00', schoolYear: '2026-2027' }
    return readStaged(ask, { scope, groupsPerCall: 1, lastReceived: undefined })
  }
  const peopleOf = async (found: Promise<Heard>) => {
    const heard = await found
    return heard.kind === 'roster' ? heard.roster.people : []
  }

  it('are one person with all groups and all that any answer said', async () => {
    const found = peopleOf(
      reading(
        [],
        [
          [teacher({ roepnaam: 'Sanne', groups: [on('A', 'LRK')] })],
          [teacher({ achternaam: 'Smit', groups: [on('B', 'VAK')] })],
        ],
      ),
    )
    expect(await found).toEqual([
      teacher({ roepnaam: 'Sanne', achternaam: 'Smit', groups: [on('A', 'LRK'), on('B', 'VAK')] }),
    ])
  })

  it.each([
    ['a name', [[pupil({ roepnaam: 'Noor' })], [pupil({ roepnaam: 'Zoë' })]], [], 'leerling:1', 'its roepnaam'],
    [
      'a leaving day',
      [[pupil({ uitstroomdatum: '2026-12-01' })], [pupil({ uitstroomdatum: '2026-11-01' })]],
      [],
      'leerling:1',
      'its uitstroomdatum',
    ],
    [
      'the role in the school',
      [],
      [[teacher({ rol: ['LRK'] })], [teacher({ rol: ['OUD'] })]],
      'leerkracht:L1',
      'its roles',
    ],
    [
      'the role on a group',
      [],
      [[teacher({ groups: [on('A', 'LRK')] })], [teacher({ groups: [on('A')] })]],
      'leerkracht:L1',
      'its role on groep:A',
    ],
  ])('are refused when the answers differ on %s', async (_, pupils, teachers, sourceId, what) => {
    await expect(reading(pupils, teachers)).rejects.toMatchObject({
      code: 'malformed',
      sourceId,
      message: `${sourceId} comes in two answers that differ on ${what}: asked again, it may be over`,
    })
  })

  it('are refused twice in one answer', async () => {
    await expect(reading([[pupil({}), pupil({})]])).rejects.toMatchObject({
      message: 'duplicate key: leerling:1 appears twice',
    })
  })

  it('who stand in two homerooms keep both, and are refused for that', async () => {
    const found = await reading([[pupil({ groups: [on('A')] })], [pupil({ groups: [on('B')] })]])
    if (found.kind !== 'roster') throw new Error(found.kind)
    expect(() => understood(found.roster, '2026-11-23')).toThrow('leerling:1 is in more than one groep')
  })

  it('of more groups than a school has are not asked for', async () => {
    const many = groups(...Array.from({ length: 2600 }, (_, n) => `G${n}`))
    const ask: Ask = async () => ({ kind: 'roster', roster: roster({ groups: many }) })
    const scope = { brin: '99ZZ', location: '00', schoolYear: '2026-2027' }
    await expect(readStaged(ask, { scope, groupsPerCall: 10, lastReceived: undefined })).rejects.toMatchObject({
      message: '2600 groups are more than one school has: refused',
    })
  })
})

describe('an answer to a stage', () => {
  it('of another operation is refused, and what is not of its stage is not read', async () => {
    const inner = `<leerlinggegevens-leerlingen><school/><groepen><groep key="A"/></groepen><leerlingen><leerling key="1"/></leerlingen><leerkrachten><leerkracht key="2"/></leerkrachten></leerlinggegevens-leerlingen>`
    const text = answerXml(inner, 'leerlingen')
    const found = await readAnswer(pieces(text), xmlLimits, { operation: 'pupils' })
    expect(found).toMatchObject({ kind: 'roster', roster: { groups: [], people: [{ kind: 'leerling', key: '1' }] } })
    await expect(readAnswer(pieces(text), xmlLimits, { operation: 'teachers' })).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('not UWLR'),
    })
  })

  it('may be a fault under the name that the XSD gives it', async () => {
    const inner =
      '<StructuurFault xmlns="http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"><faultcode xmlns="">s:Client.AutorisatieOngeldig</faultcode></StructuurFault>'
    const text = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${inner}</s:Body></s:Envelope>`
    expect(await readAnswer(pieces(text), xmlLimits, { operation: 'structure' })).toMatchObject({
      kind: 'fault',
      fault: { code: 'unauthorized' },
    })
  })
})
