/** The calls: one collection at a time, page after page, as careful as servers differ. Source: 1EdTech OneRoster 1.1 §3.4, 1.2 REST binding §3.3. */
import { z } from 'zod'
import { type HttpRequest, json } from '../http.ts'
import type { authorized } from '../oauth.ts'
import { byOffset, Shifted } from '../pages.ts'
import { SourceError } from '../source.ts'

export interface OneRosterSettings {
  /** Asked for; a server may give less in silence. */
  pageSize: number
  /** What every server takes: for one that answers 400 to `pageSize`. */
  smallPageSize: number
  timeoutMs: number
  /** Of one page. */
  maxBytes: number
  /** How often a list that changes under our hands is read anew. */
  tries: number
}

/** Ours. */
export const oneRosterSettings: OneRosterSettings = {
  pageSize: 1000,
  smallPageSize: 100,
  timeoutMs: 120_000,
  maxBytes: 64 * 1024 ** 2,
  tries: 3,
}

interface Collection<Schema extends z.ZodType> {
  /** Below the base: `/classes`, `/schools/{id}/classes`. */
  path: string
  /** The name of the list in the answer. */
  key: string
  schema: Schema
  filter?: string
}

/** Ways to ask, the best first; the first that is not answered with 400 is kept for the rest of the run. */
interface Manner {
  sorted: boolean
  limit: number
}

export interface OneRosterApi {
  /**
   * Every record of a collection that `keep` wants; the rest is forgotten page by page.
   * @throws SourceError `malformed` when pages come again or have another form, `incomplete` when the list keeps changing while it is read
   */
  all<Schema extends z.ZodType<{ sourcedId: string }>>(
    asked: Collection<Schema>,
    keep: (item: z.infer<Schema>) => boolean,
  ): Promise<z.infer<Schema>[]>
  /** The first record or none: whether this may be asked at all. */
  probe(asked: Omit<Collection<z.ZodType>, 'schema'>): Promise<void>
}

export function oneRosterApi(
  base: string,
  send: ReturnType<typeof authorized>,
  { pageSize, smallPageSize, timeoutMs, maxBytes, tries }: OneRosterSettings,
): OneRosterApi {
  const root = base.replace(/\/+$/, '')
  let manners: Manner[] = [
    { sorted: true, limit: pageSize },
    { sorted: false, limit: pageSize },
    { sorted: false, limit: smallPageSize },
  ]

  const get = async <Schema extends z.ZodType>(asked: Collection<Schema>, offset: number, manner: Manner) => {
    const query = new URLSearchParams({
      limit: String(manner.limit),
      offset: String(offset),
      ...(manner.sorted ? { sort: 'sourcedId', orderBy: 'asc' } : {}),
      ...(asked.filter === undefined ? {} : { filter: asked.filter }),
    })
    const request: HttpRequest = {
      method: 'GET',
      // Spaces as %20: some servers read the query as a path.
      url: `${root}${asked.path}?${query.toString().replaceAll('+', '%20')}`,
      headers: { accept: 'application/json' },
      timeoutMs,
      maxBytes,
    }
    const page = await json(await send(request), z.object({ [asked.key]: z.array(asked.schema) }))
    // SAFETY: the schema has this one key.
    return page[asked.key] as z.infer<Schema>[]
  }

  /** The first page, in the best manner that the server takes. */
  const first = async <Schema extends z.ZodType>(asked: Collection<Schema>) => {
    const [known] = manners
    const filtered = known === undefined ? [] : [known, { ...known, sorted: false }]
    const ways = asked.filter === undefined ? manners : filtered
    for (const [n, manner] of ways.entries()) {
      try {
        const items = await get(asked, 0, manner)
        if (asked.filter === undefined) manners = [manner]
        return { items, manner }
      } catch (error) {
        if (!isRefusal(error) || n + 1 >= ways.length) throw understood(error, asked.path)
      }
    }
    throw new SourceError('malformed', 'there is no way to ask this source')
  }

  const once = async <Schema extends z.ZodType<{ sourcedId: string }>>(
    asked: Collection<Schema>,
    keep: (item: z.infer<Schema>) => boolean,
  ) => {
    const kept: z.infer<Schema>[] = []
    const begun = await first(asked)
    const ours = new Set<string>()
    const ask = (offset: number) => (offset === 0 ? Promise.resolve(begun.items) : get(asked, offset, begun.manner))
    for await (const items of byOffset(ask, item => item.sourcedId)) {
      if (new Set(items.map(item => item.sourcedId)).size < items.length) throw new Shifted()
      for (const item of items.filter(keep)) {
        // One that comes twice took the place of another.
        if (ours.has(item.sourcedId)) throw new Shifted()
        ours.add(item.sourcedId)
        kept.push(item)
      }
    }
    return kept
  }

  return {
    async all(asked, keep) {
      for (let n = 1; ; n += 1)
        try {
          return await once(asked, keep)
        } catch (error) {
          if (!(error instanceof Shifted)) throw error
          if (n >= tries)
            throw new SourceError('incomplete', `${shown(asked.path)} changes while it is read, or has no fixed order`)
        }
    },
    async probe(asked) {
      await get({ ...asked, schema: z.unknown() }, 0, { sorted: false, limit: 1 }).catch(error => {
        throw understood(error, asked.path)
      })
    },
  }
}

/** The server knows the question and not this form of it. */
export const isRefusal = (error: unknown): boolean => error instanceof SourceError && error.status === 400

const shown = (path: string) => path.replace(/\/schools\/[^/]+/, '/schools/{id}')

function understood(error: unknown, path: string): unknown {
  if (!(error instanceof SourceError) || error.status !== 404) return error
  return new SourceError(
    'malformed',
    `there is no OneRoster ${shown(path)} at this address: check url, version and collections`,
    {
      status: 404,
    },
  )
}
