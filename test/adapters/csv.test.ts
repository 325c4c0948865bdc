import { describe, expect, it } from 'vitest'
import { type CsvLine, type CsvShape, readCsv } from '../../adapters/csv.ts'
import { pieces } from './support.ts'

const shape: CsvShape = {
  name: 'test.csv',
  delimiter: ',',
  encoding: 'utf-8',
  required: ['id', 'name'],
  optional: ['note'],
  maxBytes: 1024 ** 2,
  maxRows: 1000,
}

async function read(content: string | Uint8Array, more: Partial<CsvShape> = {}, size?: number): Promise<CsvLine[]> {
  const lines: CsvLine[] = []
  for await (const line of readCsv(pieces(content, size), { ...shape, ...more })) lines.push(line)
  return lines
}
const rows = async (content: string | Uint8Array, more: Partial<CsvShape> = {}, size?: number) =>
  (await read(content, more, size)).map(({ row }) => row)
const failure = (content: string | Uint8Array, more: Partial<CsvShape> = {}) =>
  read(content, more).then(
    () => Promise.reject(new Error('it did not fail')),
    error => error,
  )

describe('CSV', () => {
  it('gives the columns that were asked for, whatever their order and capitals, and no other', async () => {
    expect(await rows('NAME , birthDate,Id\nNoor,CANARY,1\n')).toEqual([{ id: '1', name: 'Noor' }])
  })

  it('takes an empty cell as absent, and trims', async () => {
    expect(await rows('id,name,note\n1, Noor ,\n2,"",  \n')).toEqual([{ id: '1', name: 'Noor' }, { id: '2' }])
  })

  it('reads quotes, delimiters and line ends inside them', async () => {
    expect(await rows('id,name\r\n1,"a ""b"", c\nd"\r\n')).toEqual([{ id: '1', name: 'a "b", c\nd' }])
    expect(await rows('id;name\n1;a,b\n', { delimiter: ';' })).toEqual([{ id: '1', name: 'a,b' }])
  })

  it('says in which line of the file a row stands', async () => {
    expect((await read('id,name\n1,a\n\n2,b\n')).map(({ line }) => line)).toEqual([2, 4])
  })

  it.each([1, 2, 3, 5, 1000])(
    'reads either charset in pieces of %i bytes, and believes a byte order mark',
    async size => {
      const text = 'id,name\n1,Zoë Yılmaz\n'
      expect(await rows(text, {}, size)).toEqual([{ id: '1', name: 'Zoë Yılmaz' }])
      expect(await rows(`\uFEFF${text}`, { encoding: 'windows-1252' }, size)).toEqual([{ id: '1', name: 'Zoë Yılmaz' }])
      const ansi = Buffer.from('id,name\n1,Zoë\n', 'latin1')
      expect(await rows(ansi, { encoding: 'windows-1252' }, size)).toEqual([{ id: '1', name: 'Zoë' }])
    },
  )

  it('skips a header that comes again, and empty lines', async () => {
    expect(await rows('id,name\n1,a\nid,name\n\n2,b')).toEqual([
      { id: '1', name: 'a' },
      { id: '2', name: 'b' },
    ])
  })

  it('of a header alone has no rows', async () => expect(await rows('id,name')).toEqual([]))

  it('has no row that inherits anything', async () => {
    const [row] = await rows('id,name,__proto__\n1,a,CANARY\n')
    expect(JSON.stringify(row)).toBe('{"id":"1","name":"a"}')
  })

  it.each([
    ['nothing', '', 'incomplete', 'test.csv is empty'],
    ['a byte order mark alone', '\uFEFF', 'incomplete', 'test.csv is empty'],
    ['a column missing', 'id,CANARY\n1,2', 'malformed', 'test.csv has no column name'],
    ['a column twice', 'id,name,Name\n1,2,3', 'malformed', 'test.csv has the column name twice'],
    [
      'too few cells',
      'id,name\n1,a\nCANARY',
      'malformed',
      'test.csv has a row with another number of cells than its header (line 3)',
    ],
    [
      'too many cells',
      'id,name\n1,a,CANARY',
      'malformed',
      'test.csv has a row with another number of cells than its header (line 2)',
    ],
    ['a quote that stays open', 'id,name\n1,"CANARY', 'incomplete', 'test.csv stops halfway'],
    ['a quote in the middle', 'id,name\n1,CAN"ARY\n', 'malformed', 'test.csv is not CSV as we read it (line 2)'],
  ])('with %s is refused, without a word of what is in it', async (_, content, code, message) => {
    const error = await failure(content)
    expect(error).toMatchObject({ name: 'SourceError', code, message })
    expect(`${error.message} ${error.cause}`).not.toContain('CANARY')
  })

  it('in another charset than it says is refused', async () => {
    const error = await failure(Buffer.from('id,name\n1,Zoë CANARY\n', 'latin1'))
    expect(error).toMatchObject({
      code: 'malformed',
      message: 'test.csv holds bytes that are not text in its encoding',
    })
  })

  it('that stops in the middle of a character is refused', async () => {
    const error = await failure(Buffer.from('id,name\n1,Zoë').subarray(0, -1))
    expect(error).toMatchObject({ code: 'malformed' })
  })

  it('above its caps is refused', async () => {
    expect(await failure('id,name\n1,a\n2,b\n', { maxRows: 1 })).toMatchObject({
      message: 'test.csv has more than 1 rows: refused',
    })
    expect(await failure('id,name\n1,a\n', { maxBytes: 5 })).toMatchObject({
      message: 'test.csv is larger than 5 bytes: refused',
    })
  })

  it('with a cell of more than 64 kB is refused, and not cut: half a list of ids is another list', async () => {
    const cell = 'x'.repeat(64 * 1024)
    expect(await rows(`id,name\n1,${cell}\n`)).toEqual([{ id: '1', name: cell }])
    expect(await failure(`id,name\n1,${cell}y\n`)).toMatchObject({
      code: 'malformed',
      message: 'test.csv has a cell of more than 65536 characters (line 2)',
    })
  })

  it('passes on what goes wrong below it', async () => {
    const source = async function* () {
      yield Buffer.from('id,name\n1,a\n')
      throw new TypeError('CANARY')
    }
    const going = async () => {
      for await (const _ of readCsv(source(), shape));
    }
    await expect(going()).rejects.toMatchObject({ code: 'malformed', message: 'test.csv cannot be read' })
  })

  it('stops reading when nobody wants more, and lets go of its source', async () => {
    let given = 0
    let closed = false
    const source = async function* () {
      try {
        yield Buffer.from('id,name\n')
        for (; given < 1_000_000; given += 1) yield Buffer.from(`${given},a\n`)
      } finally {
        closed = true
      }
    }
    for await (const { row } of readCsv(source(), { ...shape, maxRows: 1_000_000 })) if (row.id === '10') break
    await new Promise(setImmediate)
    expect(closed).toBe(true)
    expect(given).toBeLessThan(100_000)
  })

  it('of three hundred thousand rows is read with flat memory', async () => {
    const source = async function* () {
      yield Buffer.from('id,name,birthDate\n')
      for (let n = 0; n < 1000; n += 1)
        yield Buffer.from(Array.from({ length: 300 }, (_, m) => `${n * 300 + m},Noor,${'x'.repeat(100)}\n`).join(''))
    }
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let read = 0
    for await (const _ of readCsv(source(), { ...shape, maxBytes: 1024 ** 3, maxRows: 1_000_000 })) read += 1
    expect(read).toBe(300_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 ** 2)
  })
})
