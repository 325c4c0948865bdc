/** The command line in a process of its own, as people start it. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const cli = fileURLToPath(new URL('../../../connector/cli/m5.ts', import.meta.url))

export interface Answer {
  code: number | null
  out: string
  err: string
  /** Of --json; null where it is none. */
  json: unknown
}

export interface More {
  stdin?: string
  env?: Record<string, string>
  /** As a person reads it, without --json. */
  plain?: boolean
}

export function runM5(args: string[], { stdin = '', env = {}, plain = false }: More = {}): Promise<Answer> {
  const child = spawn(process.execPath, [cli, ...(plain ? [] : ['--json']), ...args], {
    env: { PATH: '/usr/bin:/bin', M5_URL: 'http://localhost:4400', ...env },
    stdio: 'pipe',
  })
  let [out, err] = ['', '']
  child.stdout.on('data', chunk => (out += chunk))
  child.stderr.on('data', chunk => (err += chunk))
  child.stdin.end(stdin)
  return new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', code => done({ code, out, err, json: !plain && /^[[{]/.test(out) ? JSON.parse(out) : null }))
  })
}
