/** A source that can be stopped in the middle, whatever its adapter is waiting for: the schedule's time limit and the end of the connector. */
import type { Adapter, Batch, Proof, RosterSource } from '../../adapters/source.ts'

/**
 * Reading ends as soon as the signal aborts, with the signal's reason; a part that comes later is not taken.
 * @param failed told what the source threw
 */
export function stoppable(adapter: Adapter, signal: AbortSignal, failed: (error: unknown) => void = () => {}): Adapter {
  return {
    ...adapter,
    open(options, context): RosterSource {
      const opened = adapter.open(options, context)
      return { check: () => opened.check(), read: cursor => until(signal, opened.read(cursor), failed) }
    },
  }
}

async function* until(
  signal: AbortSignal,
  parts: AsyncIterable<Batch | Proof>,
  failed: (error: unknown) => void,
): AsyncGenerator<Batch | Proof> {
  const iterator = parts[Symbol.asyncIterator]()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  stopped.catch(() => {})
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    while (true) {
      signal.throwIfAborted()
      const next = await Promise.race([iterator.next(), stopped])
      if (next.done) return
      yield next.value
    }
  } catch (error) {
    // What an adapter makes of the abort says less than why it came.
    signal.throwIfAborted()
    failed(error)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
    // Not awaited: it may hang in the very place that it was taken out of.
    void iterator.return?.()?.catch(() => {})
  }
}
