/** Questions to Connect: a token for the organisation, pages of at most 200 until an empty one, and the rights with the first page. */
import { z } from 'zod'
import { counting, type HttpAnswer, json } from '../http.ts'
import { authorized } from '../oauth.ts'
import { byOffset } from '../pages.ts'
import { type SourceContext, SourceError } from '../source.ts'
import { endpointsOf, type Options } from './options.ts'
import { lists, plaatsingRights, Vestiging } from './wire.ts'

export interface SomtodaySettings {
  timeoutMs: number
  /** Of one page. */
  maxBytes: number
  /** Of one list. */
  maxItems: number
}

/** Ours. A page of 200 pupils with all that we do not read is some 2 MB. */
export const settings: SomtodaySettings = { timeoutMs: 120_000, maxBytes: 32 * 1024 ** 2, maxItems: 50_000 }

const pageSize = 200

type Lists = typeof lists
type List = keyof Lists
type Item<Name extends List> = z.infer<Lists[Name]['item']>

export interface Connect {
  vestigingen(): Promise<Vestiging[]>
  /** @param year what `peilschooljaar` says @param onlyFirst for `check`: one page, whose rights are those of all */
  read<Name extends List>(
    name: Name,
    from: { vestiging: string; year: 'HUIDIG' | 'VOLGEND'; onlyFirst?: boolean },
  ): Promise<{ items: Item<Name>[]; grant: string[] }>
}

/** `Error` of Connect. Only its code is looked at: the rest is text about the question. */
const Refusal = z.object({ code: z.union([z.string(), z.number()]).optional() })

export function connect(options: Options, context: SourceContext, limits: SomtodaySettings): Connect {
  const { token, api } = endpointsOf(options)
  const send = authorized(context, {
    tokenUrl: `${token}?organisation=${options.organisation}`,
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    authentication: 'body',
  })
  let read = 0
  const heard = (bytes: number) => {
    read += bytes
    context.progress?.(read)
  }
  const ask = async <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> => {
    const { timeoutMs, maxBytes } = limits
    const headers = { accept: 'application/json' }
    const request = { method: 'GET' as const, url: `${api}/connect/${path}`, headers, timeoutMs, maxBytes }
    const answer = await send({ ...request, readBodyOf: [400, 404] }).catch(error => {
      throw refused(error)
    })
    const body = counting(answer, heard)
    if (answer.status >= 400) throw await told({ body })
    return json({ body }, schema)
  }
  return {
    async vestigingen() {
      const found = await ask('vestiging', Refusal.extend({ vestigingen: z.array(Vestiging).optional() }))
      return found.vestigingen ?? withoutList(found, 'vestigingen')
    },
    async read(name, { vestiging, year, onlyFirst = false }) {
      const { path, list, item } = lists[name]
      const ofYear: Record<string, string> = 'yearless' in lists[name] ? {} : { peilschooljaar: year }
      const schema = Refusal.extend({ items: z.array(item).optional(), veldpermissies: Rights.optional() })
      const items: Item<typeof name>[] = []
      let grant: string[] | undefined
      const page = async (offset: number) => {
        const query = { ...ofYear, offset: String(offset), amount: String(pageSize) }
        const rights: Record<string, string> = offset === 0 ? { veldpermissies: 'true' } : {}
        const search = new URLSearchParams({ ...query, ...rights })
        const renamed = z.preprocess(value => named(value, list), schema)
        const answer = await ask(`vestiging/${vestiging}/${path}?${search}`, renamed)
        grant ??= granted(name, answer.veldpermissies ?? {})
        // SAFETY: parsed with the schema of this very list.
        return (answer.items ?? withoutList(answer, list)) as Item<typeof name>[]
      }
      for await (const found of byOffset(page, ({ uuid }) => uuid)) {
        for (const each of found) items.push(each)
        if (items.length > limits.maxItems)
          throw new SourceError('malformed', `Somtoday has more than ${limits.maxItems} ${list}: refused`)
        if (onlyFirst) break
      }
      once(items, name)
      return { items, grant: grant ?? [] }
    },
  }
}

/** The list is called by what is in it. */
const named = (value: unknown, list: string): unknown =>
  typeof value === 'object' && value !== null ? { ...value, items: Reflect.get(value, list) } : value

/** Names of fields to whether we may see them; one of them holds those of the placements. */
const Rights = z.record(z.string().max(100), z.unknown())

/** @returns `leerling.roepnaam`, only of what we use, sorted */
export function granted(name: List, rights: z.infer<typeof Rights>): string[] {
  const inside = Rights.safeParse(rights.plaatsingVeldpermissies).data ?? {}
  return [
    ...lists[name].rights.filter(field => rights[field] === true).map(field => `${name}.${field}`),
    ...plaatsingRights
      .filter(field => name === 'leerling' && inside[field] === true)
      .map(field => `plaatsing.${field}`),
  ].sort()
}

/** Somebody came or went while we turned the pages: what slipped past us nobody knows. */
function once(items: readonly { uuid: string }[], name: string): void {
  if (new Set(items.map(({ uuid }) => uuid)).size < items.length)
    throw new SourceError('incomplete', `the list of ${name} changed while it was read: try again`)
}

function refused(error: unknown): unknown {
  if (!(error instanceof SourceError) || (error.status !== 401 && error.status !== 403)) return error
  return new SourceError(
    'unauthorized',
    `Somtoday refuses us (HTTP ${error.status}): client id or secret are not accepted, the school has ended or narrowed this connection, or it ends before the school year that was asked for`,
    { status: error.status },
  )
}

async function told(answer: Pick<HttpAnswer, 'body'>): Promise<SourceError> {
  return errorWith(await json(answer, Refusal).catch(() => ({ code: undefined })))
}

function errorWith({ code }: z.infer<typeof Refusal>): SourceError {
  const which = code !== undefined && /^[\w.-]{1,40}$/.test(String(code)) ? ` (${code})` : ''
  return new SourceError('malformed', `Somtoday does not understand the question${which}`)
}

function withoutList(answer: z.infer<typeof Refusal>, list: string): never {
  if (answer.code !== undefined) throw errorWith(answer)
  throw new SourceError('incomplete', `the answer has no list of ${list}: is the right to it still there?`)
}
