import { inspect } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { readEdexml } from '../../adapters/edexml/document.ts'
import { xmlLimits } from '../../adapters/xml.ts'
import { edexml, parsed } from './support.ts'

const roepnaam = async (bytes: string | Uint8Array, size?: number) => (await parsed(bytes, size)).people[0]?.roepnaam
const named = (name: string, declaration = '') =>
  declaration + edexml({ leerlingen: `<leerling key="1"><roepnaam>${name}</roepnaam></leerling>` })

describe('text arrives as the school wrote it', () => {
  it.each([1, 2, 3, 7, 300])('in UTF-8, cut every %d bytes', async size => {
    expect(await roepnaam(named('Zoë 𝒳 Çelik'), size)).toBe('Zoë 𝒳 Çelik')
  })

  it('after a byte order mark', async () => {
    expect(await roepnaam(`\uFEFF${named('Zoë', '<?xml version="1.0" encoding="UTF-8"?>')}`, 1)).toBe('Zoë')
    expect(await roepnaam(Buffer.from(`\uFEFF${named('Zoë')}`, 'utf16le'), 1)).toBe('Zoë')
  })

  it('in the encoding it declares', async () => {
    const latin = Buffer.from(named('Zoë', '<?xml version="1.0" encoding="windows-1252"?>'), 'latin1')
    expect(await roepnaam(latin, 1)).toBe('Zoë')
  })

  it('in UTF-8 when it declares UTF-16, as .NET programs do', async () => {
    expect(await roepnaam(named('Zoë', '<?xml version="1.0" encoding="utf-16"?>'))).toBe('Zoë')
  })

  it('with the five entities, character references and CDATA', async () => {
    expect(await roepnaam(named('&lt;A&amp;B&gt;&quot;&apos; &#235;&#xEB;<![CDATA[<&>]]><!-- no -->x'))).toBe(
      `<A&B>"' ëë<&>x`,
    )
  })
})

const bytes = (text: string, encoding: BufferEncoding) => Buffer.from(text, encoding)
const deep = '<a>'.repeat(40)

it.each([
  ['an attribute that comes twice', '<leerling CANARY="" CANARY=""/>'],
  ['a prefix of nobody', '<CANARY:leerling/>'],
  ['an entity of its own', '<leerling>&CANARY;</leerling>'],
  ['a name that is none', '<CANARY:CANARY:x/>'],
])('says nothing of what stands in a torn document, with %s', async (_, leerlingen) => {
  const error = await parsed(edexml({ leerlingen })).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ name: 'SourceError', code: 'malformed' })
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('CANARY')
})

describe('what is not a plain XML document is refused', () => {
  it.each([
    ['nothing', '', 'incomplete', 'empty'],
    ['white space', ' \n\t ', 'incomplete', 'empty'],
    ['a declaration only', '<?xml version="1.0"?>', 'incomplete', 'halfway'],
    ['JSON', '{"error":"no"}', 'malformed', 'not XML'],
    ['text', 'Fout_nummer;12', 'malformed', 'not XML'],
    ['a zip', bytes('504b0304ff', 'hex'), 'malformed', ''],
    ['a page', '<!DOCTYPE html><html></html>', 'malformed', 'web page'],
    ['a page without a doctype', '<html><body/></html>', 'malformed', 'web page'],
    ['a DOCTYPE', `<!DOCTYPE EDEX SYSTEM "http://127.0.0.1:1/x.dtd">${named('A')}`, 'malformed', 'DOCTYPE'],
    ['a bomb', `<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>${named('&b;')}`, 'malformed', 'DOCTYPE'],
    ['an entity of nobody', named('&nbsp;'), 'malformed', 'entity'],
    ['Latin-1 that says nothing', bytes(named('Zoë'), 'latin1'), 'malformed', 'encoding'],
    ['an encoding of elsewhere', '<?xml version="1.0" encoding="EBCDIC-CP-NL"?><EDEX/>', 'malformed', 'encoding'],
    ['a control character', named('\u0001'), 'malformed', 'well-formed'],
    ['crossed tags', '<EDEX><a><b></a></b></EDEX>', 'malformed', 'well-formed'],
    ['two roots', `${named('A')}<EDEX/>`, 'malformed', 'well-formed'],
    ['text after the root', `${named('A')} and more`, 'malformed', 'well-formed'],
    ['an unbound prefix', '<EDEX><x:school/></EDEX>', 'malformed', 'well-formed'],
    [
      'the same attribute twice',
      '<EDEX><leerlingen><leerling key="1" key="2"/></leerlingen></EDEX>',
      'malformed',
      'well-formed',
    ],
    ['nesting without end', `<EDEX>${deep}`, 'malformed', 'too deep'],
    [
      'a hundred attributes',
      `<EDEX ${Array.from({ length: 100 }, (_, n) => `a${n}="1"`).join(' ')}/>`,
      'malformed',
      'too many attributes',
    ],
  ] as const)('%s', async (_, content, code, says) => {
    await expect(parsed(content)).rejects.toMatchObject({
      name: 'SourceError',
      code,
      message: expect.stringContaining(says),
    })
  })

  it('takes names of the language, such as constructor, for ordinary unknown elements', async () => {
    const roster = await parsed(
      '<EDEX><constructor>x</constructor><__proto__><school/></__proto__><leerlingen><toString/></leerlingen></EDEX>',
    )
    expect(roster).toMatchObject({ school: undefined, groups: [], people: [] })
  })
})

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** Reads a document of two gigabytes; @returns the failure, the highest growth in memory and how much was read */
async function flood(start: string, piece: string, limits = xmlLimits) {
  const block = Buffer.from(piece.repeat(Math.max(1, Math.floor(65_536 / piece.length))))
  let sent = 0
  let growth = 0
  let closed = false
  collect()
  const before = process.memoryUsage()
  async function* source() {
    try {
      yield Buffer.from(start)
      for (let n = 0; sent < 2 * 1024 ** 3; n += 1) {
        sent += block.length
        if (n % 64 === 0) growth = Math.max(growth, process.memoryUsage().rss - before.rss)
        yield block
      }
    } finally {
      closed = true
    }
  }
  const failure: { code?: string; message: string } = await readEdexml(source(), limits).then(
    () => ({ message: 'accepted' }),
    // Not the error itself: V8 keeps what its stack points at until somebody reads it.
    ({ code, message }) => ({ code, message }),
  )
  growth = Math.max(growth, process.memoryUsage().rss - before.rss)
  collect()
  const kept = process.memoryUsage().heapUsed - before.heapUsed
  return { failure, growth, kept, sent, closed }
}

const megabyte = 1024 ** 2

describe('a document of two gigabytes is refused with flat memory', () => {
  it.each([
    ['one endless text', '<EDEX><school><auteur>', 'abcdefgh', 'too long', xmlLimits],
    ['one endless text that we keep', '<EDEX><school><schooljaar>', 'abcdefgh', 'too long', xmlLimits],
    ['one endless attribute', '<EDEX><school x="', 'abcdefgh', 'too long', xmlLimits],
    ['one endless name', '<EDEX><school', 'abcdefgh', 'too long', xmlLimits],
    ['one endless comment', '<EDEX><!-- ', 'abcdefgh', 'too long', xmlLimits],
    ['one endless CDATA section', '<EDEX><school><auteur><![CDATA[', 'abcdefgh', 'too long', xmlLimits],
    ['one endless DOCTYPE', '<!DOCTYPE x [', '<!ENTITY a "b">', 'too long', xmlLimits],
    ['one text in endless pieces', '<EDEX><school><schooljaar>', 'abcdefgh<!-- -->', 'too long', xmlLimits],
    ['endless attributes', '<EDEX><school ', "a='1' ", 'too many attributes', xmlLimits],
    ['endless space', '<EDEX>', '        ', 'too long', xmlLimits],
    [
      'endless pupils',
      '<EDEX><leerlingen>',
      '<leerling key="k"><roepnaam>Bartholomeus Jan</roepnaam></leerling>',
      '40000 records',
      xmlLimits,
    ],
    [
      'endless groups of a teacher',
      '<EDEX><leerkrachten><leerkracht key="k"><groepen>',
      '<groep key="abcdefghijklmnop"/>',
      'memberships',
      xmlLimits,
    ],
    ['endless roles', '<EDEX><leerkrachten><leerkracht key="k">', '<rol>LRK</rol>', 'too many roles', xmlLimits],
    [
      'endless memberships',
      '<EDEX><leerlingen><leerling key="k">',
      '<groep key="abcdefghijklmnop"/>',
      'memberships',
      xmlLimits,
    ],
    [
      'endless elements that nobody knows',
      '<EDEX>',
      '<onbekend>iets</onbekend>',
      'larger than',
      { ...xmlLimits, maxBytes: 24 * megabyte },
    ],
  ] as const)(
    '%s',
    async (_, start, piece, says, limits) => {
      const { failure, growth, kept, sent, closed } = await flood(start, piece, limits)
      expect(failure).toMatchObject({ code: 'malformed', message: expect.stringContaining(says) })
      expect(sent).toBeLessThan(64 * megabyte)
      expect(closed).toBe(true)
      expect(growth / megabyte).toBeLessThan(60)
      expect(kept / megabyte).toBeLessThan(10)
    },
    20_000,
  )

  it('and the measure itself sees memory that is kept (negative control)', async () => {
    collect()
    const before = process.memoryUsage().rss
    const kept: Buffer[] = []
    for (let n = 0; n < 1000; n += 1) kept.push(Buffer.alloc(96 * 1024, n))
    expect((process.memoryUsage().rss - before) / megabyte).toBeGreaterThan(60)
    expect(kept).toHaveLength(1000)
  })
})

it('keeps of a large document only what is on the list, not the pieces it stood in', async () => {
  const pupil = (n: number) =>
    `<leerling key="${n}"><emailadres>een.heel.lang.adres.${n}@leerling.example.org</emailadres>` +
    `<toevoegingen><blok>${'dropped '.repeat(1500)}</blok></toevoegingen></leerling>`
  async function* source() {
    yield Buffer.from('<EDEX><leerlingen>')
    for (let n = 0; n < 2000; n += 1) yield Buffer.from(pupil(n))
    yield Buffer.from('</leerlingen></EDEX>')
  }
  collect()
  const before = process.memoryUsage().heapUsed
  const roster = await readEdexml(source())
  collect()
  expect((process.memoryUsage().heapUsed - before) / megabyte).toBeLessThan(6)
  expect(roster.people).toHaveLength(2000)
})
