/** Questions to the web service: one at a time, with a session that is renewed once when it ends. The address of each holds a secret. */
import type { z } from 'zod'
import { type CsvLine, readCsv } from '../csv.ts'
import { counting, type HttpAnswer, request } from '../http.ts'
import { patiently } from '../retry.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { xmlLimits } from '../xml.ts'
import { errorOf, isErrorTitle, readXmlAnswer } from './answers.ts'
import type { Options } from './options.ts'

export interface MagisterSettings {
  timeoutMs: number
  /** Of one answer. */
  maxBytes: number
  /** Of one layout. */
  maxRows: number
}

/** Ours. A layout is made while we wait; a large school has some 5,000 rows of 300 bytes. */
export const settings: MagisterSettings = { timeoutMs: 300_000, maxBytes: 64 * 1024 ** 2, maxRows: 200_000 }

type Query = Record<string, string>

interface Table<Row extends z.ZodObject> {
  function: string
  plural: string
  singular: string
  row: Row
}

export interface Magister {
  /** @throws SourceError `unauthorized` when the account is not accepted */
  login(): Promise<void>
  /** Rows of a layout in its order. @throws SourceError `incomplete` for an empty answer */
  layout(name: string, columns: { required: string[]; optional?: string[] }): Promise<CsvLine[]>
  /** @param staffNumber whose rows; @returns undefined when there is no table in the answer */
  table<Row extends z.ZodObject>(which: Table<Row>, staffNumber?: string): Promise<z.infer<Row>[] | undefined>
}

export function magister(options: Options, context: SourceContext, limits: MagisterSettings): Magister {
  let read = 0
  const ask = async (query: Query): Promise<HttpAnswer> => {
    const answer = await request(context, {
      method: 'GET',
      // A plus sign for a space is the web form's way, and not every server's.
      url: `${options.url}?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`,
      headers: { accept: '*/*' },
      timeoutMs: limits.timeoutMs,
      maxBytes: limits.maxBytes,
    })
    const counted = (bytes: number) => {
      read += bytes
      context.progress?.(read)
    }
    return { ...answer, body: counting(answer, counted) }
  }
  const session = sessionOf(context, () => newToken(ask, options, limits))
  return {
    login: async () => void (await session.renew()),
    layout: (name, columns) =>
      session.with(async SessionToken => {
        const encoding: Query = options.encoding === 'ANSI' ? { Encoding: 'ANSI' } : {}
        const query = { Library: 'Data', Function: 'GetData', SessionToken, Layout: name, Parameters: '', Type: 'CSV' }
        return readLayout(await ask({ ...query, ...encoding }), { options, columns, limits })
      }),
    table: (which, staffNumber) =>
      session.with(async SessionToken => {
        const whose: Query = staffNumber === undefined ? {} : { StamNr: staffNumber }
        const query = { Library: 'ADFuncties', Function: which.function, SessionToken, LesPeriode: '', ...whose }
        const { body } = await ask({ ...query, Type: 'XML' })
        const wanted = { ...which, columns: Object.keys(which.row.shape) }
        const { rows, table } = await readXmlAnswer(body, wanted, { ...xmlLimits, maxBytes: limits.maxBytes })
        return table ? rows.map(row => which.row.parse(row)) : undefined
      }),
  }
}

/** A token that was good before and is refused now has ended; one that never was good is not asked for again. */
function sessionOf(context: SourceContext, fetchToken: () => Promise<string>) {
  let token: string | undefined
  let wasGood = false
  const renew = async () => {
    wasGood = false
    token = await patiently(context, fetchToken)
    return token
  }
  const use = async <T>(ask: (token: string) => Promise<T>): Promise<T> => {
    const current = token ?? (await renew())
    const answer = await patiently(context, () => ask(current))
    wasGood = true
    return answer
  }
  return {
    renew,
    async with<T>(ask: (token: string) => Promise<T>): Promise<T> {
      try {
        return await use(ask)
      } catch (error) {
        if (!(error instanceof SourceError) || error.code !== 'unauthorized' || !wasGood) throw error
        token = undefined
        return await use(ask)
      }
    },
  }
}

async function newToken(
  ask: (query: Query) => Promise<HttpAnswer>,
  { username, password }: Options,
  limits: MagisterSettings,
): Promise<string> {
  const query = { Library: 'Algemeen', Function: 'Login', UserName: username, Password: password, Type: 'XML' }
  const { body } = await ask(query)
  const { token } = await readXmlAnswer(body, undefined, { ...xmlLimits, maxBytes: limits.maxBytes })
  if (token === undefined) throw new SourceError('unauthorized', 'Magister lets us in without giving a session')
  return token
}

/** Whether CSV, an error in CSV or an error in XML came shows in the first line. */
async function readLayout(
  answer: HttpAnswer,
  given: { options: Options; columns: { required: string[]; optional?: string[] }; limits: MagisterSettings },
): Promise<CsvLine[]> {
  const { options, columns, limits } = given
  const { firstLine, all } = await beginning(answer.body)
  if (firstLine.trimStart().startsWith('<')) {
    await readXmlAnswer(all, undefined, { ...xmlLimits, maxBytes: limits.maxBytes })
    throw new SourceError('malformed', 'Magister sends XML where CSV was asked for')
  }
  const titles = firstLine.split(';').map(title => title.replaceAll('"', ''))
  if (titles.some(isErrorTitle)) throw errorOf(await toldBy(all, titles))
  const lines: CsvLine[] = []
  const shape = { name: 'the layout', delimiter: ';' as const, ...columns, ...limits }
  const encoding = options.encoding === 'ANSI' ? ('windows-1252' as const) : ('utf-8' as const)
  for await (const line of readCsv(all, { ...shape, encoding })) lines.push(line)
  return lines
}

/** Longest header we look at; the known layout's has 400 characters. */
const longestHeader = 16 * 1024

async function beginning(body: AsyncIterable<Uint8Array>) {
  const chunks = body[Symbol.asyncIterator]()
  const held: Uint8Array[] = []
  let size = 0
  for (let ended = false; !ended && size < longestHeader; ) {
    const next = await chunks.next()
    if (next.done) break
    held.push(next.value)
    size += next.value.length
    ended = next.value.includes(10)
  }
  const start = Buffer.concat(held)
  const [firstLine = ''] = start.toString('latin1').replace('\u00ef\u00bb\u00bf', '').split(/\r?\n/)
  async function* all() {
    yield start
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  return { firstLine, all: all() }
}

/** At most 64 kB of an error: to judge it by, and for nobody to see. */
async function toldBy(all: AsyncIterable<Uint8Array>, titles: string[]) {
  let text = ''
  for await (const chunk of all) {
    text += Buffer.from(chunk).toString('latin1')
    if (text.length > 64 * 1024) break
  }
  const [, ...lines] = text.split(/\r?\n/)
  const number = lines[0]?.split(';')[titles.findIndex(title => /nummer/i.test(title))]
  return { words: lines.join(' '), number }
}
