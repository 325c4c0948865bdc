/** The line to a UWLR service: one question with the tries that its faults allow, over SOAP. */
import { patiently } from '../retry.ts'
import { postSoap } from '../soap.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { xmlLimits } from '../xml.ts'
import { readAnswer, type SoapAnswer } from './answer.ts'
import { type Operation, operations, type Question, questionXml } from './question.ts'

/** What a kind of source makes of its options. */
export interface Line {
  url: string
  headers?: Record<string, string>
  question: Omit<Question, 'operation' | 'xsdVersion' | 'lastReceived' | 'groups'>
  /** `xsdversie`: the first one, and the one to try where the service does not know that. */
  versions: readonly [string, string]
}

export interface UwlrSettings {
  patience: { tries: number; firstMs: number; longestMs: number }
  timeoutMs: number
  maxBytes: number
}

/** Ours. A whole school is a heavy question: three tries; a night run has the time. */
export const uwlrSettings: UwlrSettings = {
  patience: { tries: 3, firstMs: 2_000, longestMs: 120_000 },
  timeoutMs: 300_000,
  maxBytes: xmlLimits.maxBytes,
}

export type Heard = Exclude<SoapAnswer, { kind: 'fault' }>
/** @throws SourceError as the service's fault, or what came instead of an answer, says */
export type Ask = (operation: Operation, more: Pick<Question, 'lastReceived' | 'groups'>) => Promise<Heard>

/** @returns what asks, and the version that the service turned out to understand */
export function transport(
  line: Line,
  context: SourceContext,
  { patience, timeoutMs, maxBytes }: UwlrSettings,
): { ask: Ask; version: () => string } {
  const [newest, older] = line.versions
  let version = newest
  let readBefore = 0
  const send = async (question: Question): Promise<SoapAnswer> => {
    const { action } = operations[question.operation]
    const body = questionXml(question)
    const asked = { url: line.url, action, body, headers: line.headers ?? {}, timeoutMs, maxBytes }
    let read = 0
    const answer = await postSoap(context, asked, (bytes, length) => {
      const total = question.operation === 'everything' ? length : undefined
      const progress = (now: number) => {
        read = now
        context.progress?.(readBefore + now, total)
      }
      return readAnswer(bytes, { ...xmlLimits, maxBytes }, { operation: question.operation, progress })
    })
    if (question.operation !== 'everything') readBefore += read
    return answer
  }
  const ask: Ask = (operation, more) =>
    patiently(
      context,
      async () => {
        const question = () => ({ ...line.question, operation, xsdVersion: version, ...more })
        let answer = await send(question())
        if (answer.kind === 'fault' && answer.fault.olderVersion && version !== older) {
          version = older
          answer = await send(question())
        }
        if (answer.kind !== 'fault') return answer
        throw new SourceError(answer.fault.code, `the source answers with ${answer.fault.name}`)
      },
      patience,
    )
  return { ask, version: () => version }
}
