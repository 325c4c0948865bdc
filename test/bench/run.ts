/** `npm run bench -- NAME…`, or all. One JSON line a figure; exit 1 when a goal is missed. Never part of the tests. */
import { cpus } from 'node:os'
import type { Figure } from './measure.ts'

const benches: Record<string, () => Promise<() => Promise<Figure[]>>> = {
  report: async () => (await import('./report.ts')).reportBench,
  ticket: async () => (await import('./ticket.ts')).ticketBench,
  launch: async () => (await import('./launch.ts')).launchBench,
  widget: async () => (await import('./widget.ts')).widgetBench,
  start: async () => (await import('./start.ts')).startBench,
  sync: async () => (await import('./sync.ts')).syncBench,
  nation: async () => (await import('./sync.ts')).nationBench,
}
/** Too long for every time. */
const onDemand = new Set(['nation'])

const asked = process.argv.slice(2)
const names = Object.keys(benches).filter(
  name => (asked.length === 0 && !onDemand.has(name)) || asked.some(a => a.split('.')[0] === name),
)
if (names.length === 0) {
  process.stderr.write(`There is no bench ${asked.join(', ')}. Known: ${Object.keys(benches).join(', ')}.\n`)
  process.exit(2)
}
process.stderr.write(`${new Date().toISOString()} node ${process.version} ${cpus().length} × ${cpus()[0]?.model}\n`)
for (const name of names) {
  const bench = await benches[name]?.()
  for (const figure of (await bench?.()) ?? []) {
    process.stdout.write(`${JSON.stringify(figure)}\n`)
    if (!figure.met) process.exitCode = 1
  }
}
