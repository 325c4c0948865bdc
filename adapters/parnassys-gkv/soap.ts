/** The GKV's two questions, and its answers and faults. Supplier and key stand in the body: there is no session and no token. */
import { envelope, postSoap, type SoapFault, soapDocument } from '../soap.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { follow, type Node } from '../tree.ts'
import { escaped, readXml, xmlLimits } from '../xml.ts'
import { pupilsContent, staffContent, type WirePupils, type WireStaff } from './wire.ts'

const topicus = 'http://www.topicus.nl/parnassys'

interface Question {
  url: string
  supplierName: string
  supplierKey: string
  brin: string
  /** 2026-2027 */
  schoolYear: string
}

/** The elements inside the operation are in no namespace; the year has spaces round its slash. */
export function questionXml(operation: string, asked: Omit<Question, 'url'>): string {
  const fields: [string, string][] = [
    ['leveranciernaam', asked.supplierName],
    ['leveranciersleutel', asked.supplierKey],
    ['brinnummer', asked.brin],
    ['schooljaar', asked.schoolYear.replace('-', ' / ')],
  ]
  const content = fields.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join('')
  return envelope({
    namespaces: ` xmlns:par="${topicus}"`,
    body: `<par:${operation}>${content}</par:${operation}>`,
  })
}

export interface GkvSettings {
  timeoutMs: number
  maxBytes: number
}

/** @throws SourceError also for an answer without a list of pupils: nothing is nobody */
export function askPupils(context: SourceContext, asked: Question, settings: GkvSettings): Promise<WirePupils> {
  return ask(context, 'getLeerlingen', asked, settings, pupilsContent)
}

export function askStaff(context: SourceContext, asked: Question, settings: GkvSettings): Promise<WireStaff> {
  return ask(context, 'getMedewerkers', asked, settings, staffContent)
}

async function ask<Found>(
  context: SourceContext,
  operation: string,
  asked: Question,
  { timeoutMs, maxBytes }: GkvSettings,
  contentOf: () => { content: Node; found: Found },
): Promise<Found> {
  const request = { url: asked.url, action: operation, body: questionXml(operation, asked), timeoutMs, maxBytes }
  const answer = await postSoap(context, request, (body, length) =>
    readAnswer(body, { operation, contentOf, maxBytes, progress: read => context.progress?.(read, length) }),
  )
  if (answer.kind === 'fault') throw faultError(answer.fault)
  return answer.found
}

type Answer<Found> = { kind: 'found'; found: Found } | { kind: 'fault'; fault: SoapFault }

/** @throws SourceError `malformed` for anything that is not the GKV's answer to this operation, `incomplete` when it is empty or stops halfway */
export async function readAnswer<Found>(
  source: AsyncIterable<Uint8Array>,
  more: {
    operation: string
    contentOf: () => { content: Node; found: Found }
    maxBytes?: number
    progress?: (bytes: number) => void
  },
): Promise<Answer<Found>> {
  const { operation, contentOf, maxBytes = xmlLimits.maxBytes, progress } = more
  const { content, found } = contentOf()
  const answers: Answer<Found>[] = []
  const { document, unexpected } = soapDocument(
    {
      [`${operation}Response`]: {
        children: { return: { ...content, open: () => answers.push({ kind: 'found', found }) } },
        other: element => unexpected(element),
      },
    },
    {
      fault: fault => answers.push({ kind: 'fault', fault }),
      stranger: () => `the answer is not one to ${operation}: it has an element where the GKV has none`,
    },
  )
  await readXml(source, follow(document), { ...xmlLimits, maxBytes }, progress)
  const [only, ...others] = answers
  if (only === undefined) throw new SourceError('incomplete', `the answer to ${operation} is empty`)
  if (others.length > 0) throw new SourceError('malformed', `the answer to ${operation} holds several answers`)
  return only
}

/**
 * The GKV's faults are not public. Its text is looked at for what it is about, and not passed on: it may quote the key. What is not about
 * access goes by its side of the wire.
 */
export function faultError({ code, text }: SoapFault): SourceError {
  const name = /^[\w.]{1,64}$/.test(code) ? code : 'unknown'
  if (/autoris|authori|authent|leverancier|sleutel|toegang|toestemming|rechten/i.test(text))
    return new SourceError(
      'unauthorized',
      `ParnasSys refuses the question (${name}): supplier name, key, BRIN and the consent of the school must fit together`,
    )
  return new SourceError(/^Server/.test(code) ? 'unreachable' : 'malformed', `the source answers with ${name}`)
}
