import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byCursor, byOffset, Shifted } from '../../adapters/pages.ts'

async function all<Item>(pages: AsyncIterable<Item[]>): Promise<Item[]> {
  const items: Item[] = []
  for await (const page of pages) items.push(...page)
  return items
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('by offset', () => {
  const pages = (list: number[], sizes: number[]) => {
    let asked = 0
    return byOffset(
      async offset => {
        const size = sizes[asked % sizes.length] ?? 1
        asked += 1
        return list.slice(offset, offset + size)
      },
      n => String(n),
    )
  }

  it('gives everything once, whatever sizes the pages have', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 200 }),
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
        async (count, sizes) => {
          expect(await all(pages(numbers(count), sizes))).toEqual(numbers(count))
        },
      ),
    )
  })

  it('goes on after a clamped page, by what came and not by what was asked', async () => {
    const offsets: number[] = []
    const ask = async (offset: number) => {
      offsets.push(offset)
      return numbers(738).slice(offset, offset + 500)
    }
    expect(await all(byOffset(ask, n => String(n)))).toHaveLength(738)
    expect(offsets).toEqual([0, 499, 737, 738])
  })

  it.each([
    ['somebody left', (list: number[]) => list.slice(1)],
    ['somebody came', (list: number[]) => [-1, ...list]],
    ['the last one that we saw left', (list: number[]) => list.filter(n => n !== 49)],
    ['it comes in another order each time', (list: number[]) => list.toReversed()],
  ])('refuses a list from which somebody may have slipped while we turned the pages: %s', async (_, change) => {
    let list = numbers(120)
    const ask = async (offset: number) => {
      const page = list.slice(offset, offset + 50)
      list = change(list)
      return page
    }
    await expect(all(byOffset(ask, n => String(n)))).rejects.toThrow(Shifted)
  })

  it('reads a server that knows whole pages only', async () => {
    const ask = async (offset: number) =>
      numbers(120).slice(Math.floor(offset / 50) * 50, Math.floor(offset / 50) * 50 + 50)
    await expect(
      all(
        byOffset(
          async offset => (offset >= 120 ? [] : ask(offset)),
          n => String(n),
        ),
      ),
    ).resolves.toEqual(numbers(120))
  })

  it('refuses a page that came before, and gives it to nobody', async () => {
    const given: number[] = []
    const going = async () => {
      for await (const page of byOffset(
        async () => [1, 2, 3],
        n => String(n),
      ))
        given.push(...page)
    }
    await expect(going()).rejects.toMatchObject({ code: 'malformed', message: expect.stringContaining('came before') })
    expect(given).toEqual([1, 2, 3])
  })

  it('ends by itself when the pages never do', async () => {
    const endless = byOffset(
      async offset => [offset],
      item => String(item),
    )
    await expect(all(endless)).rejects.toMatchObject({
      code: 'malformed',
      message: expect.stringContaining('20000 pages'),
    })
  })

  it('passes a failure on in the middle', async () => {
    const ask = async (offset: number) => (offset === 0 ? [1] : Promise.reject(new Error('broken')))
    await expect(all(byOffset(ask, n => String(n)))).rejects.toThrow('broken')
  })
})

describe('by cursor', () => {
  const book: Record<string, { items: number[]; next: string | undefined }> = {
    a: { items: [1, 2], next: 'b' },
    b: { items: [], next: 'c' },
    c: { items: [3], next: undefined },
  }
  const ask = async (cursor: string) => book[cursor] ?? { items: [], next: undefined }

  it('goes on over an empty page, to where no next one is named', async () => {
    expect(await all(byCursor('a', ask))).toEqual([1, 2, 3])
  })

  it('refuses a cursor that comes again', async () => {
    const circle = async (cursor: string) => ({ items: [cursor], next: cursor === 'x' ? 'y' : 'x' })
    await expect(all(byCursor('x', circle))).rejects.toMatchObject({ code: 'malformed' })
  })

  it('ends by itself when the pages never do', async () => {
    const endless = async (cursor: string) => ({ items: [1], next: `${Number(cursor) + 1}` })
    await expect(all(byCursor('0', endless))).rejects.toMatchObject({ code: 'malformed' })
  })
})
