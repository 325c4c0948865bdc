/** One command's connection: wired as app.ts does, closed at the end, and what it acts on found by what people call it. */

import { type BoardFacts, listBoards } from '../admin/boards.ts'
import type { AdminContext } from '../admin/context.ts'
import { listSchools, schoolByKey } from '../admin/schools.ts'
import { type Config, readConfig } from '../config.ts'
import { AppError } from '../errors.ts'
import { openLog } from '../log.ts'
import { openDatabase } from '../store/database.ts'
import { openKeyring } from '../store/keyring.ts'
import type { SchoolFacts } from '../store/schools.ts'
import type { ExitCode } from './exit.ts'
import type { Out } from './output.ts'
import type { Secrets } from './secrets.ts'

export interface Session extends AdminContext {
  config: Config
  out: Out
  signal: AbortSignal
  privateHosts: readonly string[]
}

/** Runs one command in a session of its own; without an exit code it is done. */
export type Run = (work: (session: Session, secrets: Secrets) => Promise<ExitCode> | Promise<void>) => Promise<void>

/** For what is said without a database. */
export type Print = (work: (to: { out: Out }) => void) => Promise<void>

/** Ctrl-C stops a sync in order: its run is marked, and a server that was started here is stopped. */
export async function inSession<T>(
  out: Out,
  env: NodeJS.ProcessEnv,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const read = readConfig(env)
  const config = env.M5_LOG === undefined ? { ...read, logLevel: 'warn' as const } : read
  const log = openLog(config, 2)
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const db = await openDatabase(config, log, { leaveAdopted: true })
  try {
    const keyring = await openKeyring(config, db)
    const { privateHosts } = config
    return await work({ db, keyring, log, config, out, signal: stop.signal, privateHosts })
  } finally {
    await db.close()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

export interface Where {
  board?: string
  school?: string
}

/** By id or name; without either, the only one. @throws AppError `not-found`, `invalid-input` */
export async function findBoard(session: Session, { board, school }: Where): Promise<BoardFacts> {
  const boards = await listBoards(session)
  if (board === undefined && school?.startsWith('pk_')) {
    const { boardId } = await schoolByKey(session, school)
    const found = boards.find(each => each.boardId === boardId)
    if (found) return found
  }
  const found = boards.filter(each => board === undefined || each.boardId === board || each.name === board)
  return only(found, 'board', '--board', board === undefined)
}

/** By publishable key, id, BRIN or BRIN-location, or name; without any, the only one of the board. */
export async function findSchool(session: Session, where: Where): Promise<SchoolFacts> {
  const { school } = where
  const { boardId } = await findBoard(session, where)
  const schools = await listSchools(session, boardId)
  const named = (each: SchoolFacts) =>
    [each.publishableKey, each.id, each.name, each.brin, `${each.brin}-${each.location}`].some(name => name === school)
  return only(
    schools.filter(each => school === undefined || named(each)),
    'school',
    '--school',
    school === undefined,
  )
}

/** What a list for people shows of an id: enough to tell those of one school apart. */
export const shortId = (id: string): string => id.slice(0, 8)

/** @param given an id, or its beginning as a list shows it. @throws AppError `not-found`; `invalid-input` when it begins more than one */
export function wholeId(listed: { id: string }[], given: string, what: string): string {
  const found = listed.filter(({ id }) => id === given || (given.length >= 8 && id.startsWith(given)))
  if (found.length > 1) throw new AppError('invalid-input', `More than one ${what} begins so: give the whole id.`)
  return only(found, what, '', false).id
}

export function only<T>(found: T[], what: string, option: string, open: boolean): T {
  const [first] = found
  if (first && found.length === 1) return first
  if (found.length > 1) throw new AppError('invalid-input', `There is more than one ${what}: say which with ${option}.`)
  throw new AppError('not-found', open ? `There is no ${what} yet.` : `There is no such ${what}.`)
}
