/** The one paging loop: bounded, refuses a page that comes again, never ends quietly. No source's total is trusted. */
import { SourceError } from './source.ts'

/** Ours: more pages than any school has; beyond it the source is going in circles. */
const maxPages = 20_000

/**
 * By a token or an address of the next page: ends when there is none.
 * @throws SourceError `malformed` when a token comes a second time
 */
export async function* byCursor<Item>(
  first: string,
  ask: (cursor: string) => Promise<{ items: Item[]; next: string | undefined }>,
): AsyncGenerator<Item[]> {
  const seen = new Set<string>()
  for (let cursor: string | undefined = first; cursor !== undefined; ) {
    if (seen.has(cursor)) throw again()
    seen.add(cursor)
    if (seen.size > maxPages) throw endless()
    const page: { items: Item[]; next: string | undefined } = await ask(cursor)
    if (page.items.length > 0) yield page.items
    cursor = page.next
  }
}

/**
 * By offset: advances by what was received, whatever was asked for (a server may clamp a page in silence), and ends at an empty page.
 * @param keyOf by which a page is recognised that came before: its first and last item
 * @throws SourceError `malformed` when a page comes again: the server does not know `offset`
 */
export async function* byOffset<Item>(
  ask: (offset: number) => Promise<Item[]>,
  keyOf: (item: Item) => string,
): AsyncGenerator<Item[]> {
  const seen = new Set<string>()
  for (let offset = 0, n = 1; ; n += 1) {
    if (n > maxPages) throw endless()
    const items = await ask(offset)
    const [first, last] = [items[0], items.at(-1)]
    if (first === undefined || last === undefined) return
    const page = `${keyOf(first)}\n${keyOf(last)}`
    if (seen.has(page)) throw again()
    seen.add(page)
    offset += items.length
    yield items
  }
}

const again = () => new SourceError('malformed', 'the source sends a page that came before: its paging does not work')
const endless = () => new SourceError('malformed', `the source has more than ${maxPages} pages: refused`)
