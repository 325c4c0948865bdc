/** What a command says: a table for people on standard output, or one JSON value with --json; progress and faults on standard error. */
import { SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import type { Progress } from '../sync/progress.ts'

export interface Out {
  /** The answer. @param lines how it reads for a person */
  say(value: unknown, lines: string[]): void
  /** Beside the answer, on standard error. */
  note(text: string): void
  progress(progress: Progress): void
  /** Ends the line of the bar. */
  progressDone(): void
}

interface Streams {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown; isTTY?: boolean }
}

export function openOut(json: boolean, { stdout, stderr }: Streams): Out {
  let phase = ''
  let drawn = false
  return {
    say: (value, lines) => {
      stdout.write(json ? `${JSON.stringify(value)}\n` : lines.map(line => `${line}\n`).join(''))
    },
    note: text => {
      stderr.write(`${text}\n`)
    },
    progress(progress) {
      if (json) return
      if (stderr.isTTY) {
        drawn = true
        stderr.write(`\r\x1b[2K${bar(progress)}`)
      } else if (progress.phase !== phase) {
        phase = progress.phase
        stderr.write(`${phase}\n`)
      }
    },
    progressDone() {
      if (drawn) stderr.write('\r\x1b[2K')
      drawn = false
    },
  }
}

/** Our own sentences are safe to show; anything else could carry what it was given. */
export function said(error: unknown): { code: string; message: string } {
  if (error instanceof AppError || error instanceof SourceError) return { code: error.code, message: error.message }
  return { code: 'fault', message: `Something went wrong (${error instanceof Error ? error.name : 'unknown'}).` }
}

const width = 24

/** `collect  [############............] 50 %  1200 records`; without a total only what came. */
export function bar({ phase, read, total, records }: Progress): string {
  const parts = [phase.padEnd(8)]
  if (read !== undefined && total !== undefined && total > 0) {
    const share = Math.min(1, read / total)
    const full = Math.round(share * width)
    parts.push(`[${'#'.repeat(full)}${'.'.repeat(width - full)}]`, `${Math.round(share * 100)} %`)
  } else if (read !== undefined) parts.push(`${Math.round(read / 1024)} kB`)
  if (records !== undefined) parts.push(`${records} records`)
  return parts.join(' ')
}

/** Columns as wide as what is in them; the first row is the head. */
export function table(rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map(row => (row[i] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
}
