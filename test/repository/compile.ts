/** Compiles an example as if it stood in the tree, at the path that its first line names. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** @returns what the compiler says; empty when it compiles */
export async function compile(example: string): Promise<string> {
  const path = /^\/\/ ([\w./-]+\.ts)\n/.exec(example)?.[1]
  const [folder] = path?.split('/') ?? []
  if (path === undefined || folder === undefined)
    return 'an example begins with its path: // adapters/example/example.ts'
  const tree = mkdtempSync(join(tmpdir(), 'm5-example-'))
  try {
    cpSync(join(root, folder), join(tree, folder), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'))
    mkdirSync(dirname(join(tree, path)), { recursive: true })
    writeFileSync(join(tree, path), example)
    writeFileSync(join(tree, 'package.json'), '{"type":"module"}')
    writeFileSync(
      join(tree, 'tsconfig.json'),
      JSON.stringify({ extends: join(root, 'tsconfig.json'), include: [path], exclude: [] }),
    )
    return await run(process.execPath, [join(root, 'node_modules/typescript/lib/tsc.js'), '-p', tree])
  } finally {
    rmSync(tree, { recursive: true, force: true })
  }
}

const run = (command: string, args: string[]) =>
  new Promise<string>(done => {
    execFile(command, args, (error, out, err) => done(error ? `${out}${err}` || String(error) : ''))
  })
