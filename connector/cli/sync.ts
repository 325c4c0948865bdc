/** `m5 sync`: run, look, approve, cancel. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { adapter } from '../../adapters/index.ts'
import { AppError } from '../errors.ts'
import type { Run as StoredRun } from '../store/sync-runs.ts'
import { approveRun, cancelRun, previewRun } from '../sync/held.ts'
import { listRuns, runSync } from '../sync/run.ts'
import type { SyncOutcome } from '../sync/weigh.ts'
import { type ExitCode, exitCodes, exitOfError, exitOfRun } from './exit.ts'
import { anId } from './options.ts'
import { said, table } from './output.ts'
import { findBoard, type Run, type Session, type Where } from './session.ts'
import { sourcesOf } from './sources.ts'

interface SyncOptions extends Where {
  source?: string
  preview?: boolean
  approve?: string
  cancel?: string
  year?: string
  file?: string
}

export function syncCommands(program: Command, run: Run): void {
  const sync = program
    .command('sync')
    .description('read the rosters; hold what is unusual')
    .option('--board <id or name>')
    .option('--school <key>', 'the sources of this school only')
    .option('--source <id>', 'this source only', anId)
    .option('--preview', 'hold in any case, and show what it would change')
    .option('--year <2026-2027>', 'the school year to read; one that has not begun is added beside the present one')
    .option('--file <path>', 'an EDEX.XML or a OneRoster zip, for a source that takes one; held in any case')
    .option('--approve <run>', 'apply a held run', anId)
    .option('--cancel <run>', 'give a held run up', anId)
    .action((options: SyncOptions) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const by = 'operator'
        if (options.cancel !== undefined) {
          await cancelRun(session, { boardId, runId: options.cancel, by })
          session.out.say({ runId: options.cancel, state: 'cancelled' }, ['Cancelled.'])
          return exitCodes.done
        }
        if (options.approve !== undefined) {
          const outcome = await approveRun(session, { boardId, runId: options.approve, by })
          session.out.say(outcome, lines(outcome))
          return exitOfRun(outcome.state)
        }
        return runAll(session, boardId, options)
      }),
    )
  sync
    .command('status')
    .description('the last runs')
    .option('--limit <n>', 'how many', '20')
    .action((_own: unknown, command: Command) =>
      run(async session => {
        const options = command.optsWithGlobals<Where & { limit: string }>()
        const { boardId } = await findBoard(session, options)
        const limit = Math.max(1, Number.parseInt(options.limit, 10) || 20)
        const runs = await listRuns(session, { boardId, limit })
        session.out.say(runs, table([['RUN', 'STARTED', 'STATE', 'WHY'], ...runs.map(row)]))
      }),
    )
  sync
    .command('show')
    .description('what approving a held run would do now')
    .argument('<run>', 'as sync status shows it', anId)
    .action((runId: string, _own: unknown, command: Command) =>
      run(async session => {
        const { boardId } = await findBoard(session, command.optsWithGlobals<Where>())
        const diff = await previewRun(session, { boardId, runId })
        session.out.say({ runId, diff }, diff)
      }),
    )
}

/** Each source on its own: what goes wrong with one never touches the next. */
async function runAll(session: Session, boardId: string, options: SyncOptions): Promise<ExitCode> {
  const sources = (await sourcesOf(session, options)).filter(
    each => options.source === undefined || each.id === options.source,
  )
  if (sources.length === 0) throw new AppError('not-found', 'There is no such source.')
  const file = options.file === undefined ? {} : { file: fileFor(sources, options.file), preview: true }
  const results: (Partial<SyncOutcome> & { sourceId: string; error?: string })[] = []
  let exit: ExitCode = exitCodes.done
  const told: string[] = []
  for (const { id: sourceId, label } of sources) {
    told.push(...(sources.length > 1 ? [`${label}:`] : []))
    try {
      const outcome = await runSync(session, {
        ...{ boardId, sourceId, by: 'operator', preview: options.preview ?? false },
        ...(options.year === undefined ? {} : { schoolYear: year(options.year) }),
        ...file,
        onProgress: session.out.progress,
      })
      results.push({ sourceId, ...outcome })
      told.push(...lines(outcome))
      exit = worse(exit, exitOfRun(outcome.state))
    } catch (error) {
      if (sources.length === 1 || session.signal.aborted) throw error
      const { code, message } = said(error)
      results.push({ sourceId, error: code })
      told.push(message)
      exit = worse(exit, exitOfError(error))
    } finally {
      session.out.progressDone()
    }
  }
  session.out.say(results, told)
  return exit
}

/** @throws AppError `invalid-input` unless there is one source, and it takes files */
function fileFor(sources: { kind: string }[], path: string): string {
  const [only, ...more] = sources
  if (!only || more.length > 0) throw new AppError('invalid-input', 'A file is of one source: say which with --source.')
  if (!adapter(only.kind).can.upload)
    throw new AppError('invalid-input', 'This source takes no file: it asks its system itself.', {
      reason: 'no-upload',
    })
  return resolve(path)
}

const worse = (a: ExitCode, b: ExitCode): ExitCode => (a > b ? a : b)

function year(text: string): string {
  if (/^\d{4}-\d{4}$/.test(text)) return text
  throw new AppError('invalid-input', 'A school year is written 2026-2027.')
}

function lines({ runId, state, reasons, findings, diff }: SyncOutcome): string[] {
  return [
    ...diff.map(line => `  ${line}`),
    ...findings.map(
      ({ code, count, details }) =>
        `  ! ${count} × ${code}${details.length > 0 ? ` (${details.slice(0, 5).join(', ')})` : ''}`,
    ),
    ...reasons.map(({ guard, says }) => `  ${guard}: ${says}`),
    `${state}: run ${runId}`,
    ...(state === 'held' ? [`Apply it with: m5 sync --approve ${runId}`] : []),
  ]
}

const row = ({ id, startedAt, state, reasons }: StoredRun) => [
  id,
  startedAt.toISOString().slice(0, 19),
  state,
  reasons.map(reason => reason.guard).join(', '),
]
