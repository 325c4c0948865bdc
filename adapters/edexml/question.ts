/** UWLR's questions as text: everything at once, or in stages for a big school (structure, then people per handful of groups). */
import { envelope } from '../soap.ts'
import { escaped } from '../xml.ts'
import type { WireGroup } from './parse.ts'

export const uwlrNamespace = 'http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens'
const header = 'http://www.edustandaard.nl/leerresultaten/2/autorisatie'

/** Of the WSDL: what is sent as SOAPAction, the element asked with, the one answered with, and the one in it that holds the data. */
export const operations = {
  everything: {
    action: 'HaalLeerlinggegevens',
    question: 'leerlinggegevens_verzoek',
    answer: 'leerlinggegevens_antwoord',
    data: 'leerlinggegevens',
  },
  structure: {
    action: `${uwlrNamespace}/structuur_verzoek`,
    question: 'structuur_verzoek',
    answer: 'structuur_antwoord',
    data: 'leerlinggegevens-structuur',
  },
  pupils: {
    action: `${uwlrNamespace}/leerlingen_verzoek`,
    question: 'leerlingen_verzoek',
    answer: 'leerlingen_antwoord',
    data: 'leerlinggegevens-leerlingen',
  },
  teachers: {
    action: `${uwlrNamespace}/leerkrachten_verzoek`,
    question: 'leerkrachten_verzoek',
    answer: 'leerkrachten_antwoord',
    data: 'leerlinggegevens-leerkrachten',
  },
} as const
export type Operation = keyof typeof operations

export interface Question {
  operation: Operation
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
  /** Whose pupils or teachers, in stages; `loose`: those who are in no groep. */
  groups?: readonly Pick<WireGroup, 'kind' | 'key'>[] | 'loose' | undefined
}

/** Element order is the XSD's: a sequence, and servers validate. */
export function questionXml(asked: Question): string {
  const { question } = operations[asked.operation]
  const fields: [string, string | undefined][] = [
    ['schooljaar', asked.schoolYear],
    ['brincode', asked.brin],
    ['dependancecode', asked.location],
    ['xsdversie', asked.xsdVersion],
    ['gegevenssetid', asked.dataSetId],
    ['laatstontvangengegevens', asked.lastReceived],
  ]
  const content = fields.map(([name, value]) => (value === undefined ? '' : element(`ll:${name}`, value)))
  const authorisation =
    element('aut:autorisatiesleutel', asked.key) +
    element('aut:klantcode', asked.customerCode) +
    element('aut:klantnaam', asked.customerName)
  return envelope({
    namespaces: ` xmlns:aut="${header}" xmlns:ll="${uwlrNamespace}"`,
    header: `<aut:autorisatie>${authorisation}</aut:autorisatie>`,
    body: `<ll:${question}>${content.join('')}${groupsXml(asked.groups)}</ll:${question}>`,
  })
}

const element = (name: string, text: string) => `<${name}>${escaped(text)}</${name}>`

function groupsXml(groups: Question['groups']): string {
  if (groups === undefined) return ''
  const each =
    groups === 'loose' ? ['<ll:groep/>'] : groups.map(({ kind, key }) => `<ll:${kind} key="${escaped(key)}"/>`)
  return `<ll:groepen>${each.join('')}</ll:groepen>`
}
