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

/** What slipped past us nobody knows. Read anew, it may be over. */
export class Shifted extends SourceError {
  constructor() {
    super('incomplete', 'the list changed while it was read, or has no fixed order: try again')
  }
}

/**
 * By offset: advances by what was received, whatever was asked for (a server may clamp a page in silence), and ends at an empty page. Each page is
 * asked for from the last one that came, which must come again: else somebody came or left meanwhile, and another was passed over.
 * @param keyOf by which a page is recognised that came before: its first and last item
 * @throws SourceError `malformed` when a page comes again: the server does not know `offset`; `incomplete` (Shifted) when the pages do not join
 */
export async function* byOffset<Item>(
  ask: (offset: number) => Promise<Item[]>,
  keyOf: (item: Item) => string,
): AsyncGenerator<Item[]> {
  const seen = new Set<string>()
  const pageOf = (items: Item[]) => [items[0], items.at(-1)].map(item => item && keyOf(item)).join('\n')
  let last: Item | undefined
  // A server that knows whole pages only gives the one before, from its beginning: then there is nothing to join by.
  let joins = true
  for (let offset = 0, n = 1; ; n += 1) {
    if (n > maxPages) throw endless()
    let items: Item[] = []
    if (last !== undefined && joins) {
      const [first, ...rest] = await ask(offset - 1)
      if (first !== undefined && keyOf(first) === keyOf(last)) items = rest
      else if (first !== undefined && seen.has(pageOf([first, ...rest]))) joins = false
      else throw new Shifted()
    }
    if (items.length === 0) items = await ask(offset)
    if (items.length === 0) return
    const page = pageOf(items)
    if (seen.has(page)) throw again()
    seen.add(page)
    offset += items.length
    last = items.at(-1)
    yield items
  }
}

const again = () => new SourceError('malformed', 'the source sends a page that came before: its paging does not work')
const endless = () => new SourceError('malformed', `the source has more than ${maxPages} pages: refused`)
