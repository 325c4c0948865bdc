/** CSV → rows of the columns that were asked for, and of no other: with flat memory, a BOM, either charset, and a header that repeats. */
import { Readable } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { SourceError } from './source.ts'
import { owned } from './tree.ts'

export interface CsvShape {
  /** For messages: `users.csv`, `the layout`. */
  name: string
  delimiter: ',' | ';' | '\t'
  /** windows-1252 is what Windows programs call ANSI. A byte order mark wins. */
  encoding: 'utf-8' | 'windows-1252'
  /** Columns that must be there, and those that may be: others are dropped unread. Compared without capitals and spaces around. */
  required: readonly string[]
  optional?: readonly string[]
  maxBytes: number
  maxRows: number
}

/** An empty cell is absent. */
export type CsvRow = Record<string, string | undefined>

/** `line` is that of the file, the header being 1: for messages. */
export interface CsvLine {
  line: number
  row: CsvRow
}

/** Longest cell; the largest column we read holds names or a list of ids. */
const maxCell = 64 * 1024

/**
 * @yields rows in the order of the file, under the names in `required` and `optional` as they are written there
 * @throws SourceError `malformed`: no CSV, another number of cells in a row, a column missing or twice, a cell too long, bytes of another charset, too large;
 * `incomplete` when it is empty. Never with the content of a cell
 */
export async function* readCsv(source: AsyncIterable<Uint8Array>, shape: CsvShape): AsyncGenerator<CsvLine> {
  const parser = parse({
    delimiter: shape.delimiter,
    columns: false,
    info: true,
    skip_empty_lines: true,
    relax_quotes: false,
    max_record_size: maxCell * 8,
  })
  const input = Readable.from(characters(source, shape))
  input.on('error', error => parser.destroy(error))
  input.pipe(parser)
  let header: (string | undefined)[] | undefined
  let titles = ''
  let rows = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (header === undefined) {
        header = wanted(record, shape)
        titles = record.join(shape.delimiter)
        continue
      }
      // Magister repeats its header inside the data.
      if (record.join(shape.delimiter) === titles) continue
      rows += 1
      if (rows > shape.maxRows)
        throw new SourceError('malformed', `${shape.name} has more than ${shape.maxRows} rows: refused`)
      yield { line: info.lines, row: rowOf(record, header, shape, info.lines) }
    }
  } catch (error) {
    throw understood(error, shape)
  } finally {
    input.destroy()
    parser.destroy()
  }
  if (header === undefined) throw new SourceError('incomplete', `${shape.name} is empty`)
}

function wanted(titles: string[], { name, required, optional = [] }: CsvShape): (string | undefined)[] {
  const plain = (title: string) => title.trim().toLowerCase()
  const known = new Map([...required, ...optional].map(title => [plain(title), title]))
  const columns = titles.map(title => known.get(plain(title)))
  const missing = required.filter(title => !columns.includes(title))
  if (missing.length > 0) throw new SourceError('malformed', `${name} has no column ${missing.join(', ')}`)
  const twice = columns.find((title, at) => title !== undefined && columns.indexOf(title) !== at)
  if (twice !== undefined) throw new SourceError('malformed', `${name} has the column ${twice} twice`)
  return columns
}

function rowOf(cells: string[], header: (string | undefined)[], { name }: CsvShape, line: number): CsvRow {
  const row: CsvRow = {}
  for (const [at, title] of header.entries()) {
    const cell = cells[at]?.trim()
    if (title === undefined || !cell) continue
    // Not cut: half a list of ids is another list.
    if (cell.length > maxCell)
      throw new SourceError('malformed', `${name} has a cell of more than ${maxCell} characters (line ${line})`)
    row[title] = owned(cell)
  }
  return row
}

async function* characters(source: AsyncIterable<Uint8Array>, shape: CsvShape): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined
  let head = Buffer.alloc(0)
  let read = 0
  const begin = () => {
    const marked = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf
    decoder = new TextDecoder(marked ? 'utf-8' : shape.encoding, { fatal: true })
    return decoder
  }
  for await (const chunk of source) {
    read += chunk.length
    if (read > shape.maxBytes)
      throw new SourceError('malformed', `${shape.name} is larger than ${shape.maxBytes} bytes: refused`)
    if (decoder !== undefined) {
      yield decoder.decode(chunk, { stream: true })
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length >= 3) yield begin().decode(head, { stream: true })
  }
  yield decoder === undefined ? begin().decode(head) : decoder.decode()
}

/** csv-parse's messages quote the cell that is wrong. */
function understood(error: unknown, { name }: CsvShape): SourceError {
  if (error instanceof SourceError) return error
  if (error instanceof CsvError) {
    const line = typeof error.lines === 'number' ? ` (line ${error.lines})` : ''
    if (error.code.startsWith('CSV_RECORD_INCONSISTENT'))
      return new SourceError('malformed', `${name} has a row with another number of cells than its header${line}`)
    if (error.code === 'CSV_QUOTE_NOT_CLOSED') return new SourceError('incomplete', `${name} stops halfway`)
    return new SourceError('malformed', `${name} is not CSV as we read it${line}`, { cause: new Error(error.code) })
  }
  if (error instanceof TypeError && Reflect.get(error, 'code') === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return new SourceError('malformed', `${name} holds bytes that are not text in its encoding`)
  return new SourceError('malformed', `${name} cannot be read`, { cause: new Error('csv') })
}
