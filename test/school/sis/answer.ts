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

/** @param inner one of `<leerlinggegevens>`, `<geenwijzigingen/>`, `<geengegevens/>` */
export function answerXml(inner: string): string {
  return envelope(`<leerlinggegevens_antwoord xmlns="${body}">${inner}</leerlinggegevens_antwoord>`)
}

/** With a faultstring that quotes what it must not: the adapter is to drop it. */
export function faultXml(code: string): string {
  const says = '<faultstring>Fout bij sleutel CANARY-FAULTSTRING</faultstring>'
  return envelope(`<soapenv:Fault><faultcode>soapenv:${code}</faultcode>${says}</soapenv:Fault>`)
}

/** Moves the root's children into the UWLR namespace, the root's own prefixes with them; nothing is dropped. */
export function leerlinggegevens(edexml: string): string {
  const root = /<EDEX(\s[^>]*)?>/.exec(edexml)
  const end = edexml.lastIndexOf('</EDEX>')
  if (root === null || end < 0) throw new Error('the school has no EDEXML document')
  const prefixes = (root[1] ?? '').match(/\sxmlns:[\w-]+="[^"]*"/g)?.join('') ?? ''
  return `<leerlinggegevens${prefixes}>${edexml.slice(root.index + root[0].length, end)}</leerlinggegevens>`
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
