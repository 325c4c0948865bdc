/** Any EDEXML document as a UWLR 2.2 answer, and the ways in which a real one is wrong. Text in, text out; for tests and the demo only. */
const body = 'http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens'
const soap = 'http://schemas.xmlsoap.org/soap/envelope/'

export const faultCodes = [
  'Server.InterneFout',
  'Server.TijdelijkNietBeschikbaar',
  'Client.AutorisatieOngeldig',
  'Client.OngeldigeKlantIdentificatie',
  'Client.OngeldigBericht',
  'Client.VocabulaireTermOngeldig',
  'Client.LeerlingOngeldig',
  'Client.XsdVersieOngeldig',
] as const
export type FaultCode = (typeof faultCodes)[number]

function envelope(content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenv="${soap}"><soapenv:Body>${content}</soapenv:Body></soapenv:Envelope>\n`
}

/** UWLR's four operations by the part of the question's name before `_verzoek`; the rest of the names follows from it. */
export const operations = ['leerlinggegevens', 'structuur', 'leerlingen', 'leerkrachten'] as const
export type Operation = (typeof operations)[number]

/** @param inner one of `<leerlinggegevens…>`, `<geenwijzigingen/>`, `<geengegevens/>` */
export function answerXml(inner: string, operation: Operation = 'leerlinggegevens'): string {
  return envelope(`<${operation}_antwoord xmlns="${body}">${inner}</${operation}_antwoord>`)
}

/** With a faultstring that quotes what it must not: the adapter is to drop it. */
export function faultXml(code: string): string {
  const says = '<faultstring>Fout bij sleutel CANARY-FAULTSTRING</faultstring>'
  return envelope(`<soapenv:Fault><faultcode>soapenv:${code}</faultcode>${says}</soapenv:Fault>`)
}

/** Keys of the groups asked for, by the element's name; `loose`: asked for those in none. */
export type AskedGroups = { groep: string[]; samengestelde_groep: string[] } | 'loose'

/**
 * The part of the document that a staged operation gives: whole records, of everybody in one of these groups.
 * @param looseMeans the XSD: without a `groep`; some may read it as: without a group of any kind
 * @returns undefined when there is nobody: `geengegevens`
 */
export function stagedPart(
  edexml: string,
  operation: Exclude<Operation, 'leerlinggegevens'>,
  { groups, looseMeans }: { groups: AskedGroups; looseMeans: 'no-homeroom' | 'no-group' },
): string | undefined {
  const element = (name: string) => new RegExp(`<${name}>[\\s\\S]*?</${name}>`).exec(edexml)?.[0] ?? ''
  const name = `leerlinggegevens-${operation}`
  const whole = (inner: string) => `<${name}${prefixesOf(edexml)}>${inner}</${name}>`
  // The groups of the school stand before the people, and theirs have no such list around them.
  const head = edexml.slice(0, edexml.indexOf('<leerlingen'))
  if (operation === 'structuur') return whole(/<school>[\s\S]*/.exec(head)?.[0] ?? '')
  const record = operation === 'leerlingen' ? 'leerling' : 'leerkracht'
  const all = edexml.match(new RegExp(`<${record}\\s[^>]*>[\\s\\S]*?</${record}>`, 'g')) ?? []
  const keysOf = (person: string, kind: string) =>
    [...person.matchAll(new RegExp(`<${kind}\\s+key="\\s*([^"]*?)\\s*"`, 'g'))].map(([, key = '']) => key)
  const asked = all.filter(person => {
    const own = { groep: keysOf(person, 'groep'), samengestelde_groep: keysOf(person, 'samengestelde_groep') }
    if (groups === 'loose')
      return own.groep.length === 0 && (looseMeans === 'no-homeroom' || own.samengestelde_groep.length === 0)
    return (['groep', 'samengestelde_groep'] as const).some(kind => own[kind].some(key => groups[kind].includes(key)))
  })
  if (asked.length === 0) return undefined
  return whole(`${element('school')}<${operation}>${asked.join('')}</${operation}>`)
}

/** Moves the root's children into the UWLR namespace, the root's own prefixes with them; nothing is dropped. */
export function leerlinggegevens(edexml: string): string {
  const root = /<EDEX(\s[^>]*)?>/.exec(edexml)
  const end = edexml.lastIndexOf('</EDEX>')
  if (root === null || end < 0) throw new Error('the school has no EDEXML document')
  return `<leerlinggegevens${prefixesOf(edexml)}>${edexml.slice(root.index + root[0].length, end)}</leerlinggegevens>`
}

function prefixesOf(edexml: string): string {
  const root = /<EDEX(\s[^>]*)?>/.exec(edexml)
  return (root?.[1] ?? '').match(/\sxmlns:[\w-]+="[^"]*"/g)?.join('') ?? ''
}

/** The first element of that name, which in `school` is the only one. */
export function textOf(edexml: string, name: string): string | undefined {
  return new RegExp(`<${name}>\\s*([^<]*?)\\s*</${name}>`).exec(edexml)?.[1]
}

function withValue(edexml: string, name: string, value: string): string {
  if (textOf(edexml, name) === undefined) return edexml.replace('</school>', `<${name}>${value}</${name}></school>`)
  return edexml.replace(new RegExp(`<${name}>[^<]*</${name}>`), `<${name}>${value}</${name}>`)
}

const firstPupil = /<leerling\s[^>]*>[\s\S]*?<\/leerling>/

/** Each takes the school's document and gives the one that is wrong in one way. */
export const spoiled = {
  'wrong-school': edexml => withValue(edexml, 'brincode', '98QQ'),
  'wrong-year': edexml => withValue(edexml, 'schooljaar', '2019-2020'),
  older: edexml => withValue(edexml, 'aanmaakdatum', '2020-01-01T00:00:00'),
  'duplicate-key': edexml => edexml.replace(firstPupil, pupil => pupil + pupil),
  'dangling-group': edexml =>
    edexml.replace(firstPupil, pupil =>
      pupil.replace(/<groep\s[^>]*(\/>|>\s*<\/groep>)/, '').replace('</leerling>', '<groep key="nergens"/></leerling>'),
    ),
  'no-pupils': edexml => edexml.replace(/<leerlingen>[\s\S]*<\/leerlingen>/, '<leerlingen/>'),
} satisfies Record<string, (edexml: string) => string>

/** Billion laughs: ten lines that become three gigabytes where entities are expanded. */
export function bomb(answer: string): string {
  const laughs = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  const doctype = `<!DOCTYPE lolz [<!ENTITY l0 "lol">${laughs}]>`
  return answer.replace('?>', `?>${doctype}`).replace('</schooljaar>', '&l9;</schooljaar>')
}

export function externalEntity(answer: string, address: string): string {
  const doctype = `<!DOCTYPE x [<!ENTITY leak SYSTEM "${address}">]>`
  return answer.replace('?>', `?>${doctype}`).replace('</schooljaar>', '&leak;</schooljaar>')
}
