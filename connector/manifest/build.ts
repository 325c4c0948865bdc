/** Writes every package into one folder. Again and again: the same source leaves the same bytes, and what is no longer made goes. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { packages } from './packages.ts'
import { type Files, json, type Source } from './source.ts'

/** What was written last time: only that is ever taken away. */
const index = 'inhoud.json'
const Index = z.object({
  files: z.record(z.string().regex(/^(?!.*\.\.)[\w-]+(\/[\w. -]+)*$|^[\w-]+\.\w+$/), z.string()),
})

/** Paths lead with the package's folder. Packages without files are left out. */
export async function everything(source: Source): Promise<Files> {
  const files: Files = new Map()
  for (const { name, make } of packages)
    for (const [path, content] of await make(source)) files.set(`${name}/${path}`, content)
  files.set('LEES-MIJ.md', overview(source, files))
  return files
}

function overview({ school, url, version }: Source, files: Files): string {
  const made = packages.filter(({ name }) => [...files.keys()].some(path => path.startsWith(`${name}/`)))
  const rows = made.map(each => `## ${each.name}/\n\nVoor ${each.for}.\n\n${each.todo}\n`)
  return `# M5 voor ${school.name}

Gemaakt voor ${url.origin}, versie ${version}. In deze map staat geen geheim: het adres en de sleutel ${school.key} staan ook in webpagina's.
Pas niets met de hand aan. Is er iets veranderd? Draai dan opnieuw \`m5 manifest build\`.

${rows.join('\n')}`
}

export interface Built {
  /** Sorted, relative to the folder. */
  files: string[]
  changed: number
  removed: number
}

/** @throws AppError `invalid-input` when the folder cannot be written */
export async function build(source: Source, out: string): Promise<Built> {
  const files = await everything(source)
  const before = await indexOf(out)
  const sums = Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, c]) => [path, sum(c)]))
  const stale = Object.keys(before).filter(path => !files.has(path))
  try {
    let changed = 0
    for (const [path, content] of files) if (await put(join(out, path), content)) changed++
    for (const path of stale) await remove(out, path)
    await put(join(out, index), json({ files: sums }))
    return { files: Object.keys(sums), changed, removed: stale.length }
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? 'unknown'
    throw new AppError('invalid-input', `This folder cannot be written (${code}).`, { cause })
  }
}

const sum = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')

async function indexOf(out: string): Promise<Record<string, string>> {
  const text = await readFile(join(out, index), 'utf8').catch(() => '{}')
  try {
    return Index.parse(JSON.parse(text)).files
  } catch {
    return {} // no index of ours: then nothing is ours to take away
  }
}

/** @returns whether it was different */
async function put(path: string, content: string | Uint8Array): Promise<boolean> {
  const wanted = Buffer.from(content)
  const there = await readFile(path).catch(() => undefined)
  if (there?.equals(wanted)) return false
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, wanted)
  return true
}

async function remove(out: string, path: string): Promise<void> {
  await rm(join(out, path), { force: true })
  // A folder that is empty now goes with it; one that holds something else stays.
  await rmdir(dirname(join(out, path))).catch(() => undefined)
}
