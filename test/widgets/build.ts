/** A build of its own for each test file, in a temporary folder: tests never meet a stale build, nor each other's. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')

/** @returns the folder with `m5.js`, the views and `.vite/manifest.json`; half a second */
export const buildWidgets = async (): Promise<string> => {
  const outDir = await mkdtemp(join(tmpdir(), 'm5-widgets-'))
  process.once('exit', () => rmSync(outDir, { recursive: true, force: true }))
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const args = [vite, 'build', '--config', 'widgets/vite.config.ts', '--outDir', outDir, '--logLevel', 'error']
  await promisify(execFile)(process.execPath, args, { cwd: root })
  return outDir
}
