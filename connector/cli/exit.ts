/**
 * How a command ends, for scripts. 0 done · 1 usage or input · 2 held for approval · 3 refused: what came was wrong · 4 source not reachable, or it
 * does not let us in · 5 database, configuration, or a fault of ours. Of several sources the highest counts.
 */
import { SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import type { RunState } from '../store/sync-runs.ts'

export const exitCodes = { done: 0, input: 1, held: 2, refused: 3, source: 4, connector: 5 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export const exitHelp = `
Exit codes: 0 done; 1 wrong usage or input; 2 held: somebody must approve; 3 refused: what the source sent is wrong;
4 the source cannot be reached or does not let us in; 5 database, configuration, or a fault of ours.`

export function exitOfRun(state: RunState): ExitCode {
  switch (state) {
    case 'applied':
    case 'unchanged':
    case 'cancelled':
      return exitCodes.done
    case 'held':
      return exitCodes.held
    case 'refused':
      return exitCodes.refused
    case 'failed':
      return exitCodes.source
    case 'running':
      return exitCodes.connector
  }
}

export function exitOfError(error: unknown): ExitCode {
  if (error instanceof SourceError)
    return error.code === 'malformed' || error.code === 'incomplete' ? exitCodes.refused : exitCodes.source
  if (!(error instanceof AppError)) return exitCodes.connector
  switch (error.code) {
    case 'unavailable':
    case 'misconfigured':
      return exitCodes.connector
    case 'invalid-input':
    case 'too-large':
    case 'unauthenticated':
    case 'forbidden':
    case 'not-found':
    case 'conflict':
    case 'gone':
    case 'too-many':
      return exitCodes.input
  }
}
