/** The budgets, weighed as a proxy sends them: brotli, quality 11. What is weighed is built from the tree as it stands. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildWidgets } from './build.ts'

let dist: string
const weigh = (file: string) => brotliCompressSync(readFileSync(join(dist, file))).length

type Chunk = { file: string; imports?: string[]; dynamicImports?: string[]; css?: string[] }
let manifest: Record<string, Chunk>

/** Everything a frame loads before it can be used. */
const filesOf = (entry: string): string[] => {
  const chunk = manifest[entry]
  if (!chunk) throw new Error(`no ${entry} in the manifest`)
  return [...new Set([chunk.file, ...(chunk.css ?? []), ...(chunk.imports ?? []).flatMap(filesOf)])]
}
const total = (files: string[]) => files.reduce((sum, file) => sum + weigh(file), 0)

beforeAll(async () => {
  dist = await buildWidgets()
  manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8')) as typeof manifest
}, 60_000)

describe('bytes over the line', () => {
  it('m5.js with all elements stays within 8 kB', () => {
    expect(weigh('m5.js')).toBeLessThanOrEqual(8_000)
  })

  it('m5.js is whole in itself: it imports nothing', () => {
    expect(readFileSync(join(dist, 'm5.js'), 'utf8')).not.toMatch(/\bimport\s*[("'{]|from\s*["']/)
  })

  it('the whole form stays within 30 kB', () => {
    expect(total(filesOf('views/meld/main.ts'))).toBeLessThanOrEqual(30_000)
  })

  it('the panel stays within 30 kB', () => {
    expect(total(filesOf('views/groep/main.ts'))).toBeLessThanOrEqual(30_000)
  })

  it('the page behind a grant link stays within 30 kB', () => {
    expect(total(filesOf('views/bevestig/main.ts'))).toBeLessThanOrEqual(30_000)
  })

  it('a child loads no words for staff', () => {
    for (const file of filesOf('views/meld/main.ts'))
      expect(readFileSync(join(dist, file), 'utf8')).not.toMatch(/M5 Monitor|stuurgroep/)
  })

  it('a second language costs less than 5 kB, and only those who read it', () => {
    expect(weigh(manifest['kit/en.ts']?.file ?? '')).toBeLessThanOrEqual(5_000)
    expect(filesOf('views/meld/main.ts')).not.toContain(manifest['kit/en.ts']?.file)
  })

  it('no bundle holds zod, eval, or a style attribute', () => {
    for (const file of [...['meld', 'groep', 'bevestig'].flatMap(name => filesOf(`views/${name}/main.ts`)), 'm5.js']) {
      expect(readFileSync(join(dist, file), 'utf8')).not.toMatch(/ZodError|\beval\(|new Function| style="/)
    }
  })
})
