/** start: ready on an existing embedded database, and how much memory that takes. */
import { readFileSync } from 'node:fs'
import { startConnector } from '../support/connector-process.ts'
import { dataDirectory, removeDataDirectory } from '../support/data-directory.ts'
import { type Figure, median, round } from './measure.ts'

const rounds = 5

export async function startBench(): Promise<Figure[]> {
  const data = dataDirectory('start')
  try {
    const env = { M5_DATA: data }
    await (await startConnector(env)).stop()
    const seconds: number[] = []
    const megabytes: number[] = []
    for (let i = 0; i < rounds; i++) {
      const connector = await startConnector(env)
      seconds.push(connector.readyMs / 1000)
      megabytes.push(residentMb(connector.pid))
      await connector.stop()
    }
    const [s, mb] = [round(median(seconds)), round(median(megabytes), 0)]
    return [
      { bench: 'start.time', ours: s, peer: 3, unit: 's', ratio: round(s / 3), goal: '< 3 s', met: s < 3 },
      {
        bench: 'start.memory',
        ours: mb,
        peer: 200,
        unit: 'MB',
        ratio: round(mb / 200),
        goal: '< 200 MB',
        met: mb < 200,
      },
    ]
  } finally {
    await removeDataDirectory(data)
  }
}

/** Resident memory of the connector's process; PostgreSQL's is its own. */
function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kb ?? Number.NaN) / 1024
}
