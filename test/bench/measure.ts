/** What every bench shares: medians, and the one line it prints. */
export interface Figure {
  bench: string
  ours: number
  /** The peer or the limit, measured in the same run. */
  peer: number
  unit: string
  goal: string
  /** ours / peer */
  ratio?: number
  met: boolean
  note?: string
}

export const median = (values: number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = [sorted[middle - 1 + (sorted.length % 2)], sorted[middle]]
  return (low + high) / 2
}

export const round = (value: number, digits = 2) => Number(value.toFixed(digits))

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now()
  const result = await work()
  return { ms: performance.now() - started, result }
}
