/** How far a run is: to whoever watches at once, into its row at most four times a second. */
export interface Progress {
  phase: 'collect' | 'plan' | 'apply'
  read?: number
  total?: number
  records?: number
}

const everyMs = 250

export interface ProgressReport {
  (change: Partial<Progress>): void
  /** Resolves when nothing is being written. */
  settled(): Promise<void>
}

/** @param write never twice at once; a failed one is not repeated, since the next one says more */
export function progressReport(
  write: (progress: Progress) => Promise<void>,
  watch: (progress: Progress) => void = () => {},
  clock: () => number = () => performance.now(),
): ProgressReport {
  let now: Progress = { phase: 'collect' }
  let writing: Promise<void> | null = null
  let last = clock()
  const report = (change: Partial<Progress>) => {
    now = { ...now, ...change }
    watch(now)
    if (writing || clock() - last < everyMs) return
    last = clock()
    writing = write(now)
      .catch(() => {})
      .finally(() => {
        writing = null
      })
  }
  return Object.assign(report, { settled: async () => (await writing) ?? undefined })
}
