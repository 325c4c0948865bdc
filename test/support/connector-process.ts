/** The connector as it runs in earnest: a process of its own, that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

export interface ConnectorProcess {
  origin: string
  pid: number
  /** Milliseconds from spawn to ready. */
  readyMs: number
  /** kill -9. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end. @returns the exit code */
  stop(): Promise<number | null>
}

/** What `npm start` says to Node: what is measured is what runs. */
export const startFlags: string[] = (() => {
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    scripts: { start: string }
  }
  return scripts.start.split(' ').filter(word => word.startsWith('--'))
})()

const main = fileURLToPath(new URL('../../connector/main.ts', import.meta.url))

export async function freePort(host = 'localhost'): Promise<number> {
  const probe = createServer()
  probe.listen(0, host)
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** @param env DATABASE_URL and M5_MASTER_KEY, or M5_DATA; the port is chosen when M5_URL does not name one */
export async function startConnector(env: Record<string, string>): Promise<ConnectorProcess> {
  const origin = env.M5_URL ?? `http://localhost:${await freePort()}`
  const started = performance.now()
  const child = spawn(process.execPath, [...startFlags, main], {
    env: { PATH: process.env.PATH, M5_LOG: 'warn', ...env, M5_URL: origin, NODE_ENV: 'production' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', chunk => {
    said += String(chunk)
  })
  await ready(child, () => said)
  const gone = once(child, 'exit')
  return {
    origin,
    pid: child.pid ?? 0,
    readyMs: performance.now() - started,
    async kill() {
      child.kill('SIGKILL')
      await gone
    },
    async stop() {
      child.kill('SIGTERM')
      const [code] = (await gone) as [number | null]
      return code
    },
  }
}

function ready(child: ChildProcess, said: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', code => reject(new Error(`the connector ended with ${code}: ${said()}`)))
  })
}
