import { describe, expect, it } from 'vitest'
import { patiently, pauseFor } from '../../adapters/retry.ts'
import { SourceError } from '../../adapters/source.ts'

const { signal } = new AbortController()

async function tried(errors: unknown[], wait = async (_: number): Promise<unknown> => undefined) {
  const waits: number[] = []
  let asked = 0
  const context = {
    signal,
    wait(ms: number) {
      waits.push(ms)
      return wait(ms)
    },
  }
  const outcome = await patiently(context, async () => {
    const error = errors[asked]
    asked += 1
    if (error !== undefined) throw error
    return 'fine'
  }).catch(error => error)
  return { outcome, waits, asked }
}

const down = (retryAfterMs?: number) =>
  new SourceError('unreachable', 'down', retryAfterMs === undefined ? {} : { retryAfterMs })

describe('asking again', () => {
  it('waits twice as long every time, five tries in all', async () => {
    expect(await tried([down(), down()])).toEqual({ outcome: 'fine', waits: [1_000, 2_000], asked: 3 })
    const last = down()
    const { outcome, waits, asked } = await tried([down(), down(), down(), down(), last])
    expect([outcome, waits, asked]).toEqual([last, [1_000, 2_000, 4_000, 8_000], 5])
  })

  it('waits as long as it is told, up to two minutes', async () => {
    expect((await tried([down(2_128), down(0), down(120_000)])).waits).toEqual([2_128, 0, 120_000])
    const { outcome, asked } = await tried([down(120_001)])
    expect([outcome, asked]).toEqual([expect.objectContaining({ retryAfterMs: 120_001 }), 1])
  })

  it.each(['unauthorized', 'malformed', 'incomplete'] as const)('does not help against %s', async code => {
    expect((await tried([new SourceError(code, 'no')])).asked).toBe(1)
  })

  it('does not help against what is final, or is no error of a source', async () => {
    expect((await tried([new SourceError('unreachable', 'a redirect', { final: true })])).asked).toBe(1)
    const bug = new TypeError('bug')
    expect(await tried([bug])).toMatchObject({ outcome: bug, asked: 1 })
  })

  it('stops when the run stops', async () => {
    const { outcome, asked } = await tried([down(), down()], () => Promise.reject(new Error('aborted')))
    expect(asked).toBe(1)
    expect(outcome).toMatchObject({ code: 'unreachable', message: 'reading was stopped', passing: false })
    const wait = () => Promise.reject(new Error('aborted'))
    await expect(pauseFor({ signal, wait }, 1)).rejects.toMatchObject({ passing: false })
  })
})
