/** A data directory for one run, that the database's own user can enter (mkdtemp makes it 0700). */
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedHome, startEmbedded } from '../../connector/store/embedded.ts'

export function dataDirectory(name: string): string {
  const path = mkdtempSync(join(tmpdir(), `m5-${name}-`))
  chmodSync(path, 0o711)
  return path
}

/** Stops what runs in it, and removes it, also where its cluster had to live elsewhere. */
export async function removeDataDirectory(path: string): Promise<void> {
  const home = embeddedHome(path)
  if (existsSync(join(home, 'postgres'))) await (await startEmbedded(path)).stop()
  for (const each of [home, path]) rmSync(each, { recursive: true, force: true })
}
