/** Asking again, for sources that say "later": only what may pass by itself, only as often as is polite. */
import { type SourceContext, SourceError } from './source.ts'

/** Ours: five tries, and never two minutes of waiting at a time; a source that asks for more waits for the next run of the schedule. */
export const patience = { tries: 5, firstMs: 1_000, longestMs: 120_000 }

/**
 * @param ask must be safe to repeat
 * @throws SourceError as the last try threw it: `unauthorized`, `malformed` and `incomplete` at once, `unreachable` and `rate-limited`
 * when the tries are over or the source asks for more than `longestMs`
 */
export async function patiently<T>(
  context: Pick<SourceContext, 'wait' | 'signal'>,
  ask: () => Promise<T>,
  { tries, firstMs, longestMs } = patience,
): Promise<T> {
  for (let n = 1; ; n += 1) {
    try {
      return await ask()
    } catch (error) {
      if (!(error instanceof SourceError) || !error.passing || n >= tries) throw error
      const pause = error.retryAfterMs ?? firstMs * 2 ** (n - 1)
      if (pause > longestMs) throw error
      await pauseFor(context, pause)
    }
  }
}

/** @throws SourceError `unreachable` when the run is stopped meanwhile */
export async function pauseFor(context: Pick<SourceContext, 'wait' | 'signal'>, ms: number): Promise<void> {
  await context.wait(ms, context.signal).catch(cause => {
    throw new SourceError('unreachable', 'reading was stopped', { cause, final: true })
  })
}
