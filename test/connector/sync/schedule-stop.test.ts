import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Batch, type Proof, SourceError } from '../../../adapters/source.ts'
import { stoppable } from '../../../connector/sync/schedule-stop.ts'
import { madeUpAdapter, madeUpSchool } from './made-up.ts'

const context = { fetch, clock: () => new Date(), signal: new AbortController().signal, wait: async () => {} }
const reason = new Error('enough')

async function readAll(says: Parameters<typeof madeUpAdapter>[0]['says'], signal: AbortSignal) {
  const failures: unknown[] = []
  const adapter = stoppable(madeUpAdapter({ says })('made-up'), signal, error => failures.push(error))
  const kinds: string[] = []
  const reading = (async () => {
    for await (const part of adapter.open({}, context).read(null)) kinds.push(part.kind)
  })()
  return {
    kinds,
    failures,
    ended: reading.then(
      () => 'read',
      (error: unknown) => error,
    ),
  }
}

describe('a source that can be stopped', () => {
  it('is read to the end when nobody stops it', async () => {
    const { kinds, failures, ended } = await readAll(madeUpSchool(), new AbortController().signal)
    expect(await ended).toBe('read')
    expect([kinds, failures]).toEqual([['batch', 'batch', 'snapshot'], []])
  })

  it('ends with the reason, though it hangs and asks no signal', async () => {
    const stop = new AbortController()
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    const hangs = async function* (): AsyncGenerator<Batch | Proof> {
      resolve()
      await new Promise(() => {})
    }
    const { ended, failures } = await readAll(hangs, stop.signal)
    await reached
    stop.abort(reason)
    expect(await ended).toBe(reason)
    expect(failures).toEqual([])
  })

  it('ends with the reason, whatever its adapter makes of it', async () => {
    const stop = new AbortController()
    const grumbles = async function* (): AsyncGenerator<Batch | Proof> {
      yield { kind: 'batch', records: [], findings: [], page: { n: 1, count: 0 } }
      stop.abort(reason)
      throw new SourceError('unreachable', 'the source cannot be reached (stopped)')
    }
    const { ended, failures } = await readAll(grumbles, stop.signal)
    expect(await ended).toBe(reason)
    expect(failures).toEqual([])
  })

  it('gives no part that came after the end', async () => {
    const stop = new AbortController()
    const goesOn = async function* (): AsyncGenerator<Batch | Proof> {
      for (let n = 1; ; n++) {
        yield { kind: 'batch', records: [], findings: [], page: { n, count: 0 } }
        if (n === 2) stop.abort(reason)
        await setImmediate()
      }
    }
    const { kinds, ended } = await readAll(goesOn, stop.signal)
    expect(await ended).toBe(reason)
    expect(kinds).toEqual(['batch', 'batch'])
  })

  it('tells what it threw by itself', async () => {
    const away = new SourceError('rate-limited', 'wait', { retryAfterMs: 7 })
    const { ended, failures } = await readAll(away, new AbortController().signal)
    expect(await ended).toBe(away)
    expect(failures).toEqual([away])
  })
})
