#!/usr/bin/env node
/** The command line. Wires like app.ts; says what happened on standard output and ends with a code of exit.ts. */
import { text } from 'node:stream/consumers'
import { Command, CommanderError } from 'commander'
import { conflictCommands } from './conflicts.ts'
import { type ExitCode, exitCodes, exitHelp, exitOfError } from './exit.ts'
import { grantCommands } from './grants.ts'
import { ltiCommands } from './lti.ts'
import { mailCommands } from './mail.ts'
import { manifestCommands } from './manifest.ts'
import { openOut, said } from './output.ts'
import { portalCommands } from './portal.ts'
import { scheduleCommands } from './schedule.ts'
import type { Secrets } from './secrets.ts'
import { inSession, type Print, type Run } from './session.ts'
import { setupCommands } from './setup.ts'
import { syncCommands } from './sync.ts'
import { teamsCommands } from './teams.ts'

async function main(argv: string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  let exit: ExitCode = exitCodes.done
  const program = new Command('m5')
    .description('M5 connector: boards, schools, rosters, grants')
    .option('--json', 'one JSON value on standard output')
    .addHelpText('after', exitHelp)
    .exitOverride()
  const run: Run = async work => {
    const out = openOut(program.opts<{ json?: boolean }>().json ?? false, process)
    const secrets: Secrets = { env, stdin: async () => (await text(process.stdin)).replace(/\r?\n$/, '') }
    exit = await inSession(out, env, async session => (await work(session, secrets)) ?? exitCodes.done)
  }
  const print: Print = async work => work({ out: openOut(program.opts<{ json?: boolean }>().json ?? false, process) })
  setupCommands(program, run, print)
  grantCommands(program, run)
  conflictCommands(program, run)
  ltiCommands(program.command('lti').description('learning platforms (LMS) that open us'), run)
  portalCommands(program, run)
  teamsCommands(program, run)
  syncCommands(program, run)
  scheduleCommands(program, run)
  mailCommands(program, run)
  manifestCommands(program, run, print)
  try {
    await program.parseAsync(argv)
    return exit
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.input
    tell(error, program.opts<{ json?: boolean }>().json ?? false)
    return exitOfError(error)
  }
}

function tell(error: unknown, json: boolean): void {
  const { code, message } = said(error)
  if (json) process.stdout.write(`${JSON.stringify({ error: code, message })}\n`)
  else process.stderr.write(`${message}\n`)
}

// biome-ignore lint/style/noProcessEnv: handed on as it is, to config.ts and to where a person says that a secret is.
process.exitCode = await main(process.argv, process.env)
