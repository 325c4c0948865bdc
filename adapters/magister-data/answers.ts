/**
 * Magister answers its own errors with HTTP 200: in XML as Exception, ExceptionMsg or Result "False", in CSV as a table of errors. What it says
 * may quote the question, and the question holds the password: only a number is ever repeated.
 */
import { SourceError } from '../source.ts'
import { follow, type Node } from '../tree.ts'
import { readXml, type XmlHandler, type XmlLimits } from '../xml.ts'

export interface Told {
  /** Everything the answer says about itself, in one text. Never shown. */
  words: string
  number?: string | undefined
}

/** What we make of an error, by Magister's words: its numbers are in no document that we hold. */
export function errorOf({ words, number }: Told): SourceError {
  if (/recht|autoris|wachtwoord|gebruiker|inlog|login|password|sessi|token/i.test(words))
    return new SourceError(
      'unauthorized',
      'Magister refuses us: user name or password are not accepted, the account has no right to this layout or function, or its session ended',
    )
  if (/onderhoud|tijdelijk|bezet|time-?out|deadlock/i.test(words))
    return new SourceError('unreachable', 'Magister says that it cannot answer now')
  const which = number !== undefined && /^\d{1,6}$/.test(number) ? ` (number ${number})` : ''
  const layout = /layout|lijst/i.test(words) ? ': is the name of the layout right?' : ''
  return new SourceError('malformed', `Magister answers with an error${which}${layout}`)
}

/** Titles by which an answer in CSV is known to be an error. */
export const isErrorTitle = (title: string) => /^(fout\w*|resultmessage|exception|exceptionmsg)$/i.test(title.trim())

export interface XmlAnswer {
  token: string | undefined
  rows: Record<string, string>[]
  /** There was a Data or a Table, be it an empty one. */
  table: boolean
}

/**
 * Names are compared without capitals: clients of Magister disagree on them.
 * @param wanted of every row, only these columns are read
 * @throws SourceError `errorOf` what Magister says; `malformed` for anything else than its answer, `incomplete` when that stops halfway
 */
export async function readXmlAnswer(
  source: AsyncIterable<Uint8Array>,
  wanted: { plural: string; singular: string; columns: readonly string[] } | undefined,
  limits: XmlLimits,
): Promise<XmlAnswer> {
  const answer: XmlAnswer = { token: undefined, rows: [], table: false }
  const words: string[] = []
  let result: string | undefined
  let number: string | undefined
  const word: Node = { text: value => words.push(value) }
  const errors: Record<string, Node> = {
    fout_nummer: { text: value => (number = value) },
    fout_omschrijving: word,
  }
  const table: Node = {
    open: () => (answer.table = true),
    children: {
      ...(wanted === undefined
        ? {}
        : { [wanted.plural]: { children: { [wanted.singular]: rowNode(wanted, answer) } } }),
      fouten: { children: { fout: { children: errors } } },
    },
  }
  const response: Node = {
    children: {
      ...errors,
      result: { text: value => (result = value) },
      resultmessage: word,
      exception: { ...word, open: () => words.push('exception:') },
      exceptionmsg: word,
      sessiontoken: { text: value => (answer.token = value) },
      data: table,
      table,
    },
  }
  const document: Node = { children: { response }, other: unexpected }
  await readXml(source, withoutCapitals(follow(document)), limits)
  const failed = (result !== undefined && result.toLowerCase() !== 'true') || number !== undefined
  if (failed || words.includes('exception:')) throw errorOf({ words: words.join(' '), number })
  return answer
}

function rowNode({ columns }: { columns: readonly string[] }, answer: XmlAnswer): Node {
  let row: Record<string, string> = {}
  const text = (column: string): Node => ({
    text: value => {
      row[column] = value
    },
  })
  return {
    open: () => {
      row = {}
    },
    children: Object.fromEntries(columns.map(column => [column, text(column)])),
    close: () => answer.rows.push(row),
  }
}

const withoutCapitals = (handler: XmlHandler): XmlHandler => ({
  ...handler,
  open: ({ local, uri, attribute }) => handler.open({ local: local.toLowerCase(), uri, attribute }),
})

function unexpected({ local }: { local: string }): never {
  if (/^html$/i.test(local)) throw new SourceError('malformed', 'a web page came instead of an answer of Magister')
  throw new SourceError('malformed', 'this is XML, but not an answer of Magister: the root is not Response')
}
