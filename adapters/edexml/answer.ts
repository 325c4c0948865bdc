/** UWLR's answers and faults. The envelope is strict on namespaces; the roster in it is not. */
import { faultNode, type SoapFault, soapDocument, soapNamespace } from '../soap.ts'
import { SourceError, type SourceErrorCode } from '../source.ts'
import { follow, type Node } from '../tree.ts'
import { readXml, type XmlLimits } from '../xml.ts'
import { halfway } from './document.ts'
import { rosterContent, type WireRoster } from './parse.ts'
import { type Operation, operations, uwlrNamespace } from './question.ts'

export type SoapAnswer =
  | { kind: 'roster'; roster: WireRoster }
  | { kind: 'no-changes' }
  | { kind: 'no-data' }
  | { kind: 'fault'; fault: Fault }

/** The mapping is ours; the codes are UWLR 2.2's. */
export interface Fault {
  /** `unreachable` may pass by itself. */
  code: SourceErrorCode
  /** An older `xsdversie` may help. */
  olderVersion?: true
  /** UWLR's code, part after the prefix; never the faultstring, which may quote the request. */
  name: string
}

const faults: Record<string, Omit<Fault, 'name'>> = {
  'Server.InterneFout': { code: 'unreachable' },
  'Server.TijdelijkNietBeschikbaar': { code: 'unreachable' },
  'Client.AutorisatieOngeldig': { code: 'unauthorized' },
  'Client.OngeldigeKlantIdentificatie': { code: 'unauthorized' },
  'Client.OngeldigBericht': { code: 'malformed' },
  'Client.VocabulaireTermOngeldig': { code: 'malformed' },
  'Client.LeerlingOngeldig': { code: 'malformed' },
  'Client.XsdVersieOngeldig': { code: 'malformed', olderVersion: true },
}

/** Codes of nobody's list go by their side of the wire. */
export function faultOf({ code: name }: Pick<SoapFault, 'code'>): Fault {
  if (Object.hasOwn(faults, name)) return { ...(faults[name] as Omit<Fault, 'name'>), name }
  const known = /^[\w.]{1,64}$/.test(name) ? name : 'unknown'
  return { code: name.startsWith('Server') ? 'unreachable' : 'malformed', name: known }
}

/** In stages each answer holds the school and its own part; what else is in it is not read. */
const partOf: Record<Operation, readonly string[]> = {
  everything: ['school', 'groepen', 'leerlingen', 'leerkrachten'],
  structure: ['school', 'groepen'],
  pupils: ['school', 'leerlingen'],
  teachers: ['school', 'leerkrachten'],
}

/** @throws SourceError `malformed` for anything that is not UWLR's answer to this operation, `incomplete` when it stops halfway */
export async function readAnswer(
  source: AsyncIterable<Uint8Array>,
  limits: XmlLimits,
  { operation = 'everything', progress }: { operation?: Operation; progress?: (bytes: number) => void } = {},
): Promise<SoapAnswer> {
  const { content, roster, soFar } = rosterContent(partOf[operation])
  const answers: SoapAnswer[] = []
  const heard = (fault: SoapFault) => answers.push({ kind: 'fault', fault: faultOf(fault) })
  const { answer, data } = operations[operation]
  const inside: Record<string, Node> = {
    [answer]: {
      uri: uwlrNamespace,
      children: {
        [data]: { ...content, open: () => answers.push({ kind: 'roster', roster }) },
        geenwijzigingen: { uri: uwlrNamespace, open: () => answers.push({ kind: 'no-changes' }) },
        geengegevens: { uri: uwlrNamespace, open: () => answers.push({ kind: 'no-data' }) },
      },
      other: element => unexpected(element),
    },
  }
  // The XSD gives the faults of the staged operations names of their own, of the type of SOAP's.
  for (const name of ['StructuurFault', 'LeerlingenFault', 'LeerkrachtenFault'])
    inside[name] = faultNode(uwlrNamespace, heard)
  const { document, unexpected } = soapDocument(inside, {
    fault: heard,
    stranger: ({ uri }) => {
      const ours = uri === uwlrNamespace || uri === soapNamespace
      const where = ours ? 'in a place where UWLR has none' : 'of another namespace than UWLR 2'
      return `the answer is not UWLR: it has an element ${where}`
    },
  })
  await readXml(source, follow(document), limits, progress).catch(error => {
    throw halfway(error, soFar())
  })
  const [only, ...more] = answers
  if (only === undefined || more.length > 0)
    throw new SourceError('malformed', `the answer holds ${answers.length} answers instead of one`)
  return only
}
