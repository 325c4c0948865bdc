/** UWLR's envelope: the request as text, the answer as an allow-list. The envelope is strict on namespaces; the roster in it is not. */
import { SourceError, type SourceErrorCode } from '../source.ts'
import { follow, type Node } from '../tree.ts'
import { readXml, type XmlElement, type XmlLimits } from '../xml.ts'
import { halfway, tooLong } from './document.ts'
import { rosterContent, type WireRoster } from './parse.ts'

const soap = 'http://schemas.xmlsoap.org/soap/envelope/'
const body = 'http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens'
const header = 'http://www.edustandaard.nl/leerresultaten/2/autorisatie'

export interface Question {
  key: string
  customerCode: string
  customerName: string
  schoolYear: string
  brin: string
  location?: string | undefined
  xsdVersion: string
  dataSetId?: string | undefined
  /** Time of the last applied answer, as the source wrote it: a gate, not a delta. Absent: the source must send everything. */
  lastReceived?: string | undefined
}

/** Element order is the XSD's: a sequence, and servers validate. */
export function questionXml(asked: Question): string {
  const fields: [string, string | undefined][] = [
    ['schooljaar', asked.schoolYear],
    ['brincode', asked.brin],
    ['dependancecode', asked.location],
    ['xsdversie', asked.xsdVersion],
    ['gegevenssetid', asked.dataSetId],
    ['laatstontvangengegevens', asked.lastReceived],
  ]
  const content = fields.map(([name, value]) =>
    value === undefined ? '' : `<ll:${name}>${escaped(value)}</ll:${name}>`,
  )
  return (
    '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope xmlns:soapenv="${soap}" xmlns:aut="${header}" xmlns:ll="${body}"><soapenv:Header><aut:autorisatie>` +
    `<aut:autorisatiesleutel>${escaped(asked.key)}</aut:autorisatiesleutel>` +
    `<aut:klantcode>${escaped(asked.customerCode)}</aut:klantcode><aut:klantnaam>${escaped(asked.customerName)}</aut:klantnaam>` +
    '</aut:autorisatie></soapenv:Header>' +
    `<soapenv:Body><ll:leerlinggegevens_verzoek>${content.join('')}</ll:leerlinggegevens_verzoek></soapenv:Body></soapenv:Envelope>`
  )
}

/** @returns text that is safe in an element and in an attribute; characters that XML cannot hold become U+FFFD */
export function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, c => names[c] ?? c)
}

export type SoapAnswer =
  | { kind: 'roster'; roster: WireRoster }
  | { kind: 'no-changes' }
  | { kind: 'no-data' }
  | { kind: 'fault'; fault: Fault }

/** `remedy`: what helps. The mapping is ours; the codes are UWLR 2.2's. */
export interface Fault {
  code: SourceErrorCode
  remedy: 'stop' | 'retry' | 'older-version'
  /** UWLR's code, part after the prefix; never the faultstring, which may quote the request. */
  name: string
}

const faults: Record<string, Omit<Fault, 'name'>> = {
  'Server.InterneFout': { code: 'unreachable', remedy: 'retry' },
  'Server.TijdelijkNietBeschikbaar': { code: 'unreachable', remedy: 'retry' },
  'Client.AutorisatieOngeldig': { code: 'unauthorized', remedy: 'stop' },
  'Client.OngeldigeKlantIdentificatie': { code: 'unauthorized', remedy: 'stop' },
  'Client.OngeldigBericht': { code: 'malformed', remedy: 'stop' },
  'Client.VocabulaireTermOngeldig': { code: 'malformed', remedy: 'stop' },
  'Client.LeerlingOngeldig': { code: 'malformed', remedy: 'stop' },
  'Client.XsdVersieOngeldig': { code: 'malformed', remedy: 'older-version' },
}

/** `faultcode` is a QName: only the part after the prefix counts. Codes of nobody's list go by their side of the wire. */
export function faultOf(faultcode: string): Fault {
  const name = faultcode.slice(faultcode.indexOf(':') + 1)
  if (Object.hasOwn(faults, name)) return { ...(faults[name] as Omit<Fault, 'name'>), name }
  const known = /^[\w.]{1,64}$/.test(name) ? name : 'unknown'
  if (name.startsWith('Server')) return { code: 'unreachable', remedy: 'retry', name: known }
  return { code: 'malformed', remedy: 'stop', name: known }
}

/** @throws SourceError `malformed` for anything that is not a UWLR answer, `incomplete` when it stops halfway */
export async function readAnswer(
  source: AsyncIterable<Uint8Array>,
  limits: XmlLimits,
  progress?: (bytes: number) => void,
): Promise<SoapAnswer> {
  const { content, roster, soFar } = rosterContent()
  const answers: SoapAnswer[] = []
  let faultcode = ''
  const answer: Node = {
    uri: body,
    children: {
      leerlinggegevens: { ...content, open: () => answers.push({ kind: 'roster', roster }) },
      geenwijzigingen: { uri: body, open: () => answers.push({ kind: 'no-changes' }) },
      geengegevens: { uri: body, open: () => answers.push({ kind: 'no-data' }) },
    },
    other: unexpected,
  }
  const fault: Node = {
    uri: soap,
    children: { faultcode: { text: value => (faultcode = value) } },
    close: () => answers.push({ kind: 'fault', fault: faultOf(faultcode) }),
  }
  const inside: Node = { uri: soap, children: { leerlinggegevens_antwoord: answer, Fault: fault }, other: unexpected }
  const envelope: Node = { uri: soap, children: { Body: inside } }
  const document: Node = { children: { Envelope: envelope }, other: unexpected }
  await readXml(source, follow(document, tooLong), limits, progress).catch(error => {
    throw halfway(error, soFar())
  })
  const [only, ...more] = answers
  if (only === undefined || more.length > 0)
    throw new SourceError('malformed', `the answer holds ${answers.length} answers instead of one`)
  return only
}

function unexpected({ local, uri }: XmlElement): never {
  if (/^html$/i.test(local)) throw new SourceError('malformed', 'a web page came instead of a roster')
  if (local === 'Envelope') throw new SourceError('malformed', 'the answer is in another version of SOAP than 1.1')
  const where = uri === body || uri === soap ? 'in a place where UWLR has none' : 'of another namespace than UWLR 2'
  throw new SourceError('malformed', `the answer is not UWLR: it has an element ${where}`)
}
