/** Many small questions in one request (learn.microsoft.com/graph/json-batching). The library's own BatchRequestContent cannot make relative addresses in Node. */
import type { z } from 'zod'
import { retryAfter, statusError } from '../http.ts'
import { patiently } from '../retry.ts'
import { type SourceContext, SourceError } from '../source.ts'
import type { Graph } from './client.ts'
import { WireBatch, WireRefusal } from './wire.ts'

/** Graph takes no more in one request. */
const batchSize = 20

/**
 * @param addresses ours, with query; only reads, which may be repeated
 * @returns the answers in the order of the questions; each was asked again by itself, after its own Retry-After, while Graph said "later"
 * @throws SourceError as that question alone would
 */
export async function askMany<Schema extends z.ZodType>(
  graph: Graph,
  context: SourceContext,
  schema: Schema,
  addresses: readonly string[],
): Promise<z.infer<Schema>[]> {
  const found = new Map<number, z.infer<Schema>>()
  for (let at = 0; at < addresses.length; at += batchSize) {
    const batch = [...addresses.keys()].slice(at, at + batchSize)
    await patiently(context, async () => {
      const open = batch.filter(n => !found.has(n))
      const requests = open.map(n => ({ id: String(n), method: 'GET', url: addresses[n] }))
      const { responses } = await graph.post(WireBatch, '/$batch', { requests })
      const failures = open.flatMap(n => {
        const [answer, ...more] = responses.filter(({ id }) => id === String(n))
        if (answer === undefined || more.length > 0)
          throw new SourceError('incomplete', 'Microsoft did not answer each question of a batch once')
        const failure = failureOf(graph, answer, context.clock())
        if (failure === undefined) found.set(n, parsed(schema, answer.body))
        return failure ?? []
      })
      if (failures.length > 0) throw worst(failures)
    })
  }
  // SAFETY: `patiently` returns when there is an answer to each.
  return addresses.map((_, n) => found.get(n) as z.infer<Schema>)
}

type Answer = z.infer<typeof WireBatch>['responses'][number]

function failureOf(graph: Graph, { status, headers, body }: Answer, now: Date): SourceError | undefined {
  if (status >= 200 && status < 300) return undefined
  if ([400, 403, 404, 410].includes(status))
    return graph.refused(status, WireRefusal.safeParse(body).data?.error.code ?? '')
  // Their names come in any case.
  const [, after] = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'retry-after') ?? []
  const known = after === undefined ? undefined : retryAfter(String(after), now)
  return statusError(
    { status, headers: new Headers(known === undefined ? {} : { 'retry-after': `${known / 1000}` }) },
    now,
  )
}

function parsed<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const verdict = schema.safeParse(body)
  if (verdict.success) return verdict.data
  const path = verdict.error.issues[0]?.path.join('.') || 'the answer itself'
  throw new SourceError('malformed', `the answer has another form than we know, at ${path}`)
}

/** One that no waiting helps ends it; else the longest wait is the one that all of them get. */
function worst(failures: readonly SourceError[]): SourceError {
  const final = failures.find(({ passing }) => !passing)
  if (final !== undefined) return final
  return failures.reduce((a, b) => ((b.retryAfterMs ?? 0) > (a.retryAfterMs ?? 0) ? b : a))
}
