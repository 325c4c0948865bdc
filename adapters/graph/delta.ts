/**
 * Delta rounds, used as a question: has anything changed since then? What changed is then read whole.
 *
 * Microsoft does not document how a class says who left it, does not report deleted classes and users at all, and has no delta of one school.
 * A whole school is some dozens of requests, so the changes themselves would save little and could lose a removal.
 */
import { z } from 'zod'
import { byCursor } from '../pages.ts'
import { SourceError } from '../source.ts'
import type { Graph } from './client.ts'
import { DeltaPage } from './wire.ts'

/** Two opaque links of Microsoft's. Longer ones than this are not kept. */
const link = z.string().min(1).max(4096)
export const Rounds = z.object({ users: link, classes: link })
export type Rounds = z.infer<typeof Rounds>

/**
 * Begins both rounds now: asked for before anything is read, so that a change meanwhile is in the next round as well.
 * @param fields of a user; classes are asked without `$select`, which would also leave out who is in them
 * @returns undefined where this Graph has no delta: everything is read each time
 */
export async function begin(graph: Graph, fields: readonly string[]): Promise<Rounds | undefined> {
  // `latest`: no state, only the link. A service that does not know it sends everything first, which is counted and dropped.
  const latest = '$deltatoken=latest'
  const users = `/education/users/delta?$select=${fields.join(',')}&${latest}`
  return (await bothRounds(graph, { users, classes: `/education/classes/delta?${latest}` }))?.rounds
}

/**
 * @returns `changed` is false only when neither round has anything in it; undefined when Graph has forgotten the round (after seven days, or by
 * 410 and `syncStateNotFound`) and everything must be read anew
 */
export async function since(graph: Graph, from: Rounds): Promise<{ changed: boolean; rounds: Rounds } | undefined> {
  if (!graph.takes(from.users) || !graph.takes(from.classes)) return undefined
  return await bothRounds(graph, from)
}

async function bothRounds(graph: Graph, from: { users: string; classes: string }) {
  try {
    const users = await round(graph, from.users)
    const classes = await round(graph, from.classes)
    const next = Rounds.safeParse({ users: users.link, classes: classes.link })
    if (!next.success || !graph.takes(next.data.users) || !graph.takes(next.data.classes)) return undefined
    return { changed: users.items + classes.items > 0, rounds: next.data }
  } catch (error) {
    if (isRefused(error)) return undefined
    throw error
  }
}

/** To the end, which is where the link of the next one is. */
async function round(graph: Graph, first: string): Promise<{ items: number; link: string | undefined }> {
  let items = 0
  let last: string | undefined
  const pages = byCursor(first, async address => {
    const page = await graph.get(DeltaPage, address)
    last = page['@odata.deltaLink']
    return { items: [page.value], next: page['@odata.nextLink'] }
  })
  for await (const [count = 0] of pages) items += count
  return { items, link: last }
}

/** Every way of saying "not with this link": reading everything is always right. Missing rights are not among them. */
function isRefused(error: unknown): boolean {
  return error instanceof SourceError && [400, 404, 405, 410, 501].includes(error.status ?? 0)
}
