/** UWLR 2.2 by SOAP (2.3 from documents only): one call gives one school and year, whole; the cursor only asks "anything since then?". */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { isSchoolYear, localDay, schoolYearAt } from '../calendar.ts'
import { readCursor } from '../deliver.ts'
import { request, statusError } from '../http.ts'
import { type Adapter, type Proof, type RosterSource, type SourceContext, SourceError } from '../source.ts'
import { xmlLimits } from '../xml.ts'
import { deliver, expectNotOlder, expectScope, Instant, summary, understood } from './deliver.ts'
import { edexmlFields, edexmlNever } from './fields.ts'
import type { MappedRoster } from './map.ts'
import { type Fault, type Question, questionXml, readAnswer, type SoapAnswer } from './soap.ts'

const short = z.string().min(1).max(64)

const Options = z.object({
  url: z.url().refine(isSafeUrl, 'https without credentials, query or fragment; http on this machine only'),
  /** autorisatiesleutel */
  key: short,
  /** klantcode, klantnaam: who we are at the supplier's. */
  customerCode: short,
  customerName: short,
  brin: z.string().regex(/^\d{2}[A-Z]{2}$/),
  location: z
    .string()
    .regex(/^\d{2}$/)
    .optional(),
  /** Default: the current one. */
  schoolYear: z.string().refine(isSchoolYear, 'two consecutive years, such as 2026-2027').optional(),
  version: z.enum(['2.2', '2.3']).default('2.2'),
  /** gegevenssetid: a profile the supplier offers, such as `Smalle-set-VO`. */
  dataSetId: short.optional(),
})
type Options = z.infer<typeof Options>

/** `lastReceived` goes back as the source wrote it: a server may compare text. */
const Cursor = z.object({ lastReceived: z.string().min(1).max(64), createdAt: Instant.optional() })
type Cursor = z.infer<typeof Cursor>

export interface UwlrSettings {
  wait: (ms: number, signal: AbortSignal) => Promise<unknown>
  timeoutMs: number
  maxBytes: number
}

/** Ours. Backoff between the three tries of `Server.*` faults; a night run has the time. */
const backoffMs = [2_000, 10_000]
const settings: UwlrSettings = {
  wait: (ms, signal) => sleep(ms, undefined, { signal }),
  timeoutMs: 300_000,
  maxBytes: xmlLimits.maxBytes,
}

export const uwlr: Adapter<typeof Options> = {
  kind: 'uwlr',
  title: 'UWLR (web service)',
  can: {
    mode: 'snapshot-with-gate',
    keysUniqueIn: 'school',
    nextYear: true,
    groupTeachers: true,
    window: 'night',
  },
  standing: 'tested',
  options: Options,
  secrets: ['key'],
  fields: edexmlFields,
  never: edexmlNever,
  hosts: ({ url }) => [new URL(url).host],
  open: uwlrSource,
}

/** @param more for tests: a `wait` that does not sleep, a shorter time-out, a lower cap */
export function uwlrSource(options: Options, context: SourceContext, more: Partial<UwlrSettings> = {}): RosterSource {
  const ask = asker(options, context, { ...settings, ...more })
  return {
    async check() {
      const { answer, question } = await ask(undefined)
      return { ok: true, says: summary(judged(answer, question, context)) }
    },
    async *read(stored) {
      const applied = readCursor(Cursor, stored)
      const askedAt = context.clock().toISOString()
      const { answer, question } = await ask(applied?.lastReceived)
      if (answer.kind === 'no-changes' && applied !== undefined) {
        yield unchanged(question, applied)
        return
      }
      const mapped = judged(answer, question, context)
      expectNotOlder(mapped.createdAt, applied?.createdAt)
      yield* deliver(mapped, JSON.stringify(cursorOf(answer, mapped, askedAt)))
    },
  }
}

/** A source that says "nothing since then" does not repeat its school: the scope is the one it was asked for. */
function unchanged(question: Question, applied: Cursor): Proof {
  const scope = { brin: question.brin, location: question.location ?? '00', schoolYear: question.schoolYear }
  const counts = { school: 0, group: 0, person: 0, membership: 0 }
  return { kind: 'unchanged', scope, counts, cursor: JSON.stringify(applied) }
}

function cursorOf(answer: SoapAnswer, mapped: MappedRoster, askedAt: string): Cursor {
  const written = answer.kind === 'roster' ? answer.roster.school?.aanmaakdatum : undefined
  const { createdAt } = mapped
  return { lastReceived: written ?? askedAt, ...(createdAt === undefined ? {} : { createdAt }) }
}

/** @throws SourceError unless the answer is a whole and sound roster of the school and year that were asked for */
function judged(answer: SoapAnswer, question: Question, context: SourceContext): MappedRoster {
  switch (answer.kind) {
    case 'no-changes':
      throw new SourceError('incomplete', 'the source says nothing changed, though it was asked for everything')
    case 'no-data':
      throw new SourceError(
        'incomplete',
        'the source says it has no data for this school and year: nothing was changed',
      )
    case 'fault':
      throw faultError(answer.fault)
    case 'roster': {
      const mapped = understood(answer.roster, localDay(context.clock()), question.xsdVersion)
      expectScope(mapped.scope, {
        brin: question.brin,
        location: question.location ?? '00',
        schoolYear: question.schoolYear,
      })
      return mapped
    }
  }
}

function faultError(fault: Fault): SourceError {
  return new SourceError(fault.code, `the source answers with ${fault.name}`)
}

type Asked = { answer: Exclude<SoapAnswer, { kind: 'fault' }>; question: Question }

/** One question with the tries that its faults allow: three in all for `Server.*`, one older version for `XsdVersieOngeldig`. */
function asker(options: Options, context: SourceContext, { wait, timeoutMs, maxBytes }: UwlrSettings) {
  return async (lastReceived: string | undefined): Promise<Asked> => {
    let xsdVersion: string = options.version
    const older = options.version === '2.3' ? '2.2' : '2.1'
    for (let tries = 0; ; ) {
      const question: Question = {
        ...options,
        schoolYear: context.schoolYear ?? options.schoolYear ?? schoolYearAt(context.clock()),
        xsdVersion,
        lastReceived,
      }
      const answer = await send(options.url, question, context, timeoutMs, maxBytes)
      if (answer.kind !== 'fault') return { answer, question }
      const { fault } = answer
      const pause = backoffMs[tries]
      if (fault.remedy === 'retry' && pause !== undefined) {
        tries += 1
        await wait(pause, context.signal).catch(cause => {
          throw new SourceError('unreachable', 'reading was stopped', { cause })
        })
      } else if (fault.remedy === 'older-version' && xsdVersion !== older) xsdVersion = older
      else throw faultError(fault)
    }
  }
}

async function send(url: string, question: Question, context: SourceContext, timeoutMs: number, maxBytes: number) {
  const answer = await request(context, {
    method: 'POST',
    url,
    headers: { 'content-type': 'text/xml; charset=utf-8', soapaction: '"HaalLeerlinggegevens"', accept: 'text/xml' },
    body: questionXml(question),
    timeoutMs,
    maxBytes,
    readBodyOf: [400, 500],
  })
  const progress = (read: number) => context.progress?.(read, answer.length)
  const refused = answer.status >= 400 ? statusError(answer, context.clock()) : undefined
  const found = await readAnswer(answer.body, { ...xmlLimits, maxBytes }, progress).catch(error => {
    throw refused ?? error
  })
  if (refused !== undefined && found.kind !== 'fault') throw refused
  return found
}

/** Rosters and the key travel encrypted; plain http is for a server on this machine (tests, the demo, a local proxy). */
function isSafeUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false
  const local = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && local)
}
