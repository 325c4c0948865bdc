import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { faultOf, readAnswer } from '../../adapters/edexml/answer.ts'
import { understood } from '../../adapters/edexml/deliver.ts'
import { questionXml } from '../../adapters/edexml/question.ts'
import type { UwlrSettings } from '../../adapters/edexml/transport.ts'
import { uwlr, uwlrSource } from '../../adapters/edexml/uwlr.ts'
import type { SourceContext } from '../../adapters/source.ts'
import { escaped, xmlLimits } from '../../adapters/xml.ts'
import { faultCodes, faultXml } from '../school/sis/answer.ts'
import { type Mode, startUwlrServer, type UwlrServer } from '../school/sis/uwlr-server.ts'
import { conforms, readAll, readFailing } from './conformance.ts'
import { canaries, context, edexml, fixture, now, pieces } from './support.ts'

const credentials = { key: 'FICTIEF & <sleutel>', customerCode: '99ZZ' }
const school = fixture('school-2.1.xml').toString()
let document = school
let server: UwlrServer
beforeAll(async () => {
  server = await startUwlrServer({ edexml: () => document, credentials, clock: () => now })
})
afterAll(() => server.close())
beforeEach(() => {
  document = school
  server.behave('ok')
  server.requests.length = 0
})

const waits: number[] = []
const noting = (more: Partial<SourceContext> = {}) =>
  context({
    wait: async ms => {
      waits.push(ms)
    },
    ...more,
  })
const settings: Partial<UwlrSettings> = { maxBytes: 8 * 1024 ** 2 }

function source(options: Record<string, unknown> = {}, given: SourceContext = noting(), more = settings) {
  waits.length = 0
  const all = { url: server.url, ...credentials, customerName: 'Veiligplein', brin: '99ZZ', ...options }
  return uwlrSource(uwlr.options.parse(all), given, more)
}

const behaving = (mode: Mode, options: Record<string, unknown> = {}, more = settings) => {
  server.behave(mode)
  return source(options, noting(), more)
}

conforms('UWLR 2.2', {
  open: () => source(),
  adapter: uwlr,
  canaries,
  secrets: [credentials.key],
  faults: {
    'no answer in time': { open: () => behaving('slow', {}, { ...settings, timeoutMs: 100 }), code: 'incomplete' },
    'HTTP 401': { open: () => behaving('unauthorized'), code: 'unauthorized' },
    'HTTP 429': { open: () => behaving('rate-limited'), code: 'rate-limited' },
    'HTTP 503': { open: () => behaving('unavailable'), code: 'unreachable' },
    garbage: { open: () => behaving('garbage'), code: 'malformed' },
    'a web page': { open: () => behaving('html'), code: 'malformed' },
    'an empty answer': { open: () => behaving('nothing'), code: 'incomplete' },
    'a connection cut halfway': { open: () => behaving('half'), code: 'incomplete' },
    'a redirect': { open: () => behaving('redirect'), code: 'unreachable' },
    'HTTP 200 with an error in it': { open: () => behaving('empty'), code: 'incomplete' },
    'a page that comes again': { never: 'one call gives one school and year' },
    'half a run': { open: () => behaving('truncated-xml'), code: 'incomplete' },
  },
  failing: {
    JSON: { open: () => behaving('json'), code: 'malformed' },
    'another school': { open: () => behaving('wrong-school'), code: 'malformed' },
    'another year': { open: () => behaving('wrong-year'), code: 'malformed' },
    'a pupil key twice': { open: () => behaving('duplicate-key'), code: 'malformed' },
    'an unknown group': { open: () => behaving('dangling-group'), code: 'malformed' },
    'no pupils': { open: () => behaving('no-pupils'), code: 'incomplete' },
    'a bomb': { open: () => behaving('bomb'), code: 'malformed' },
    'an external entity': { open: () => behaving('external-entity'), code: 'malformed' },
    'two gigabytes': { open: () => behaving('huge'), code: 'malformed' },
    'one endless text': { open: () => behaving('endless-text'), code: 'malformed' },
    '"no changes" to a question for everything': { open: () => behaving('always-unchanged'), code: 'incomplete' },
    'the wrong key': { open: () => source({ key: 'CANARY' }), code: 'unauthorized' },
    'the wrong customer': { open: () => source({ customerCode: 'CANARY' }), code: 'unauthorized' },
    'a school that is not there': { open: () => source({ brin: '98QQ' }), code: 'incomplete' },
    'a year that is not there': { open: () => source({ schoolYear: '2030-2031' }), code: 'incomplete' },
    'nobody listening': { open: () => source({ url: 'http://127.0.0.1:9/uwlr' }), code: 'unreachable' },
  },
})

const messageOf = async (mode: Mode) => (await readFailing(behaving(mode))).error

describe('UWLR says plainly what is wrong', () => {
  it.each([
    ['empty', 'the source says it has no data for this school and year: nothing was changed'],
    ['wrong-school', 'wrong school: asked for 99ZZ, got 98QQ'],
    ['wrong-year', 'wrong school year: asked for 2026-2027, got 2019-2020'],
    ['duplicate-key', 'duplicate key: leerling:50001 appears twice'],
    ['dangling-group', 'unknown group: leerling:50001 refers to groep:nergens, which is not in the roster'],
    ['html', 'a web page came instead of a roster'],
    ['json', 'this is not XML'],
    ['bomb', 'the document has a DOCTYPE: refused'],
    ['external-entity', 'the document has a DOCTYPE: refused'],
    ['huge', 'the answer is larger than 8388608 bytes: refused'],
  ] as const)('%s', async (mode, says) => expect((await messageOf(mode)).message).toBe(says))

  it('names the wrong record in the error, and where a half answer stopped', async () => {
    expect((await messageOf('duplicate-key')).sourceId).toBe('leerling:50001')
    expect((await messageOf('truncated-xml')).message).toMatch(/^the document stops halfway: the last record begun is /)
  })

  it('passes on how long to wait', async () => {
    expect((await messageOf('rate-limited')).retryAfterMs).toBe(2128)
    expect((await messageOf('unavailable')).retryAfterMs).toBe(120_000)
  })
})

describe('the request', () => {
  it('is the XSD sequence, with SOAPAction and content type', async () => {
    await readAll(source({ location: '00', dataSetId: 'Smalle-set-VO' }))
    expect(server.requests).toEqual([
      {
        at: now.toISOString(),
        soapAction: '"HaalLeerlinggegevens"',
        contentType: 'text/xml; charset=utf-8',
        xsdVersion: '2.2',
        schoolYear: '2026-2027',
        gate: undefined,
        answered: 'ok',
      },
    ])
  })

  it('escapes everything and leaves out what is not given', () => {
    const asked = {
      operation: 'everything' as const,
      key: `a<&>"'`,
      customerCode: 'c',
      customerName: 'n',
      schoolYear: '2026-2027',
      brin: '99ZZ',
      xsdVersion: '2.2',
    }
    const xml = questionXml({ ...asked, location: '01', lastReceived: '2026-09-14T02:00:03' })
    expect(xml).toContain('<aut:autorisatiesleutel>a&lt;&amp;&gt;&quot;&apos;</aut:autorisatiesleutel>')
    expect(xml.match(/<ll:\w+>/g)).toEqual([
      '<ll:leerlinggegevens_verzoek>',
      '<ll:schooljaar>',
      '<ll:brincode>',
      '<ll:dependancecode>',
      '<ll:xsdversie>',
      '<ll:laatstontvangengegevens>',
    ])
    expect(questionXml(asked)).not.toMatch(/dependancecode|gegevenssetid|laatstontvangengegevens/)
    expect(escaped('a\u0000b')).toBe('a\uFFFDb')
  })

  it('asks for the current school year unless told otherwise', async () => {
    await readFailing(source({}, noting({ clock: () => new Date('2026-07-31T21:00:00Z') })))
    expect(server.requests[0]?.schoolYear).toBe('2025-2026')
  })
})

describe('the gate', () => {
  it('sends back the time of the last applied answer as the source wrote it, and takes "no changes" as unchanged', async () => {
    const first = await readAll(source())
    expect(first.proof).toMatchObject({ kind: 'snapshot', createdAt: '2026-09-14T00:00:03.000Z' })
    const second = await readAll(source(), first.proof.cursor)
    expect(server.requests.map(({ gate, answered }) => [gate, answered])).toEqual([
      [undefined, 'ok'],
      ['2026-09-14T02:00:03', 'geenwijzigingen'],
    ])
    expect(second.batches).toEqual([])
    expect(second.proof).toEqual({
      kind: 'unchanged',
      scope: { brin: '99ZZ', location: '00', schoolYear: '2026-2027' },
      counts: { school: 0, group: 0, person: 0, membership: 0 },
      cursor: first.proof.cursor,
    })
  })

  it('gives everything again when something changed', async () => {
    const first = await readAll(source())
    document = school.replace('2026-09-14T02:00:03', '2026-09-15T02:00:03').replace('Chidi', 'Ada')
    const second = await readAll(source(), first.proof.cursor)
    expect(second.proof.kind).toBe('snapshot')
    expect(second.records).toHaveLength(first.records.length)
    expect(second.proof.cursor).not.toBe(first.proof.cursor)
  })

  it('uses the moment before the question when the answer says no time', async () => {
    document = school.replace(/<aanmaakdatum>.*<\/aanmaakdatum>/, '')
    const { proof } = await readAll(source())
    expect(JSON.parse(proof.cursor ?? '')).toEqual({ lastReceived: now.toISOString() })
    expect(proof).not.toHaveProperty('createdAt')
  })

  it('refuses an answer that is older than the one applied', async () => {
    const { proof } = await readAll(source())
    server.behave('older')
    const { items, error } = await readFailing(source(), proof.cursor)
    expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining('older') })
    expect(items).toEqual([])
  })

  it('refuses "no data" also after an applied answer', async () => {
    const { proof } = await readAll(source())
    server.behave('empty')
    expect((await readFailing(source(), proof.cursor)).error.code).toBe('incomplete')
  })
})

describe('every fault', () => {
  const outcome: Record<(typeof faultCodes)[number], [string, number]> = {
    'Server.InterneFout': ['unreachable', 3],
    'Server.TijdelijkNietBeschikbaar': ['unreachable', 3],
    'Client.AutorisatieOngeldig': ['unauthorized', 1],
    'Client.OngeldigeKlantIdentificatie': ['unauthorized', 1],
    'Client.OngeldigBericht': ['malformed', 1],
    'Client.VocabulaireTermOngeldig': ['malformed', 1],
    'Client.LeerlingOngeldig': ['malformed', 1],
    'Client.XsdVersieOngeldig': ['malformed', 2],
  }
  it.each(faultCodes)('%s', async name => {
    const [code, tries] = outcome[name]
    const { items, error } = await readFailing(behaving(name))
    expect(error).toMatchObject({ code, message: `the source answers with ${name}` })
    expect(items).toEqual([])
    expect(server.requests).toHaveLength(tries)
  })

  it('of the server that passes is tried again, with growing pauses', async () => {
    server.behave('Server.TijdelijkNietBeschikbaar', 2)
    expect((await readAll(source())).proof.kind).toBe('snapshot')
    expect(waits).toEqual([2_000, 4_000])
  })

  it.each([
    ['2.2', ['2.1'], ['2.2', '2.1']],
    ['2.3', ['2.2'], ['2.3', '2.2']],
  ])('of the version %s is asked once more one version older', async (version, versions, asked) => {
    const other = await startUwlrServer({ edexml: () => document, credentials, clock: () => now, versions })
    try {
      expect((await readAll(source({ url: other.url, version }))).proof.kind).toBe('snapshot')
      expect(other.requests.map(({ xsdVersion }) => xsdVersion)).toEqual(asked)
    } finally {
      await other.close()
    }
  })

  it('is known by the part after its prefix, and by its side when nobody knows it', () => {
    expect(faultOf({ code: 'Server.InterneFout' })).toEqual({ code: 'unreachable', name: 'Server.InterneFout' })
    expect(faultOf({ code: 'Client.AutorisatieOngeldig' })).toMatchObject({ code: 'unauthorized' })
    expect(faultOf({ code: 'Server' })).toMatchObject({ code: 'unreachable' })
    expect(faultOf({ code: 'Client' })).toMatchObject({ code: 'malformed' })
    expect(faultOf({ code: 'leerling Jan Jansen' })).toMatchObject({ code: 'malformed', name: 'unknown' })
    expect(faultOf({ code: 'constructor' })).toEqual({ code: 'malformed', name: 'constructor' })
  })

  it('is read past its prefix', async () => {
    expect(await readAnswer(pieces(faultXml('Server.InterneFout')), xmlLimits)).toEqual({
      kind: 'fault',
      fault: { code: 'unreachable', name: 'Server.InterneFout' },
    })
  })
})

describe('version 2.3', () => {
  it('is marked unverified', async () => {
    const other = await startUwlrServer({
      edexml: () => school.replace('<xsdversie>2.1<', '<xsdversie>2.3<'),
      credentials,
      clock: () => now,
      versions: ['2.3'],
    })
    try {
      const { findings } = await readAll(source({ url: other.url, version: '2.3' }))
      expect(findings[0]).toEqual({ code: 'unverified-version', sourceId: 'school:99ZZ-00', detail: '2.3' })
    } finally {
      await other.close()
    }
  })

  it('without SIS keys is refused, and says what to ask for', async () => {
    document = edexml({
      leerlingen: '<leerling eckid="https://ketenid.nl/201703/CANARY"><roepnaam>A</roepnaam></leerling>',
    })
    const { error } = await readFailing(source())
    expect(error).toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('ask the supplier to send SIS keys'),
    })
    expect(error.message).not.toContain('CANARY')
  })
})

describe('the envelope', () => {
  const answer = (content: string | Uint8Array) => readAnswer(pieces(content), xmlLimits)
  it('of each fixture is understood', async () => {
    const kinds = ['uwlr-answer', 'uwlr-no-changes', 'uwlr-no-data', 'uwlr-fault'].map(
      async name => (await answer(fixture(`${name}.xml`))).kind,
    )
    expect(await Promise.all(kinds)).toEqual(['roster', 'no-changes', 'no-data', 'fault'])
  })

  it.each([
    ['uwlr-duplicate-key', 'leerling:50002'],
    ['uwlr-unknown-group', 'leerling:50002'],
    ['uwlr-2.3-eckid-only', undefined],
  ])('with the roster of %s, sound by its schema, is refused', async (name, sourceId) => {
    const whole = answer(fixture(`${name}.xml`)).then(found => {
      if (found.kind === 'roster') understood(found.roster, '2026-11-23', '2.2')
    })
    await expect(whole).rejects.toMatchObject({ name: 'SourceError', code: 'malformed', sourceId })
  })

  const sound = fixture('uwlr-answer.xml').toString()
  it.each([
    [
      'SOAP 1.2',
      sound.replace('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
      'SOAP',
    ],
    [
      'another namespace',
      sound.replace('leerresultaten/2/leerlinggegevens', 'leerresultaten/1/leerlinggegevens'),
      'of another namespace',
    ],
    ['no answer at all', sound.replace(/<leerlinggegevens_antwoord[\s\S]*antwoord>/, ''), '0 answers'],
    ['two answers at once', sound.replace('<leerlinggegevens>', '<geenwijzigingen/><leerlinggegevens>'), '2 answers'],
    ['a bare EDEXML file', school, 'not UWLR'],
    ['an unknown answer', sound.replace(/<leerlinggegevens>[\s\S]*<\/leerlinggegevens>/, '<misschien/>'), 'not UWLR'],
  ])('of %s is refused', async (_, content, says) => {
    await expect(answer(content)).rejects.toMatchObject({ code: 'malformed', message: expect.stringContaining(says) })
  })

  it('is understood under any prefix, and the roster in it in any namespace', async () => {
    const other = sound
      .replaceAll('<s:', '<SOAP-ENV:')
      .replaceAll('</s:', '</SOAP-ENV:')
      .replace('xmlns:s=', 'xmlns:SOAP-ENV=')
    expect(other).not.toBe(sound)
    expect((await answer(other)).kind).toBe('roster')
    expect((await answer(sound.replace('<leerlinggegevens>', '<leerlinggegevens xmlns="">'))).kind).toBe('roster')
  })
})

describe('the options', () => {
  const options = { ...credentials, customerName: 'n', brin: '99ZZ' }
  it.each([
    ['https://uwlr.example.org/uwlr2.2.svc', true],
    ['http://127.0.0.2:8080/uwlr', true],
    ['http://localhost:8080/uwlr', true],
    ['http://uwlr.example.org/', false],
    ['https://u:p@uwlr.example.org/', false],
    ['https://uwlr.example.org/?key=1', false],
    ['https://uwlr.example.org/uwlr2.2.svc?wsdl', true],
    ['ftp://uwlr.example.org/', false],
    ['http://127.0.0.1.example.org/', false],
  ])('take the address %s: %s', (url, fine) => expect(uwlr.options.safeParse({ ...options, url }).success).toBe(fine))

  it('check says school, year and counts, and fails as reading does', async () => {
    expect((await source().check()).says[0]).toBe('School 99ZZ-00, school year 2026-2027, version 2.1.')
    await expect(source({ key: 'x' }).check()).rejects.toMatchObject({ code: 'unauthorized' })
    await expect(behaving('empty').check()).rejects.toMatchObject({ code: 'incomplete' })
  })

  it('stop a waiting retry when the run stops', async () => {
    server.behave('Server.InterneFout')
    const stop = new AbortController()
    const given = context({
      signal: stop.signal,
      wait: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          stop.abort()
        }),
    })
    const waiting = uwlrSource(uwlr.options.parse({ ...options, url: server.url }), given)
    expect((await readFailing(waiting)).error).toMatchObject({ code: 'unreachable', message: 'reading was stopped' })
    expect(server.requests).toHaveLength(1)
  })
})
