/** `m5 board`, `school`, `origin`, `signin`, `source`: what stands before the first sync. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { adapter, adapters } from '../../adapters/index.ts'
import { createBoard, listBoards } from '../admin/boards.ts'
import { addOrigin, listOrigins } from '../admin/origins.ts'
import { addSchool, listSchools } from '../admin/schools.ts'
import { addSignIn, listSignIns, type NewSignIn } from '../admin/sign-ins.ts'
import { addSource, listSources, testSource } from '../admin/sources.ts'
import type { SchoolFacts } from '../store/schools.ts'
import { exitCodes } from './exit.ts'
import { table } from './output.ts'
import { readOptions, readSecret } from './secrets.ts'
import { findBoard, findSchool, only, type Run, type Session, type Where } from './session.ts'

const whereSchool = (command: Command) =>
  command
    .option('--board <id or name>', 'the board; may be left out when there is one')
    .option('--school <key>', 'publishable key, BRIN, BRIN-location or id; may be left out when there is one')

export function setupCommands(program: Command, run: Run): void {
  boardCommands(program.command('board').description('school boards, the tenants'), run)
  schoolCommands(program.command('school').description('schools of a board'), run)
  originCommands(program.command('origin').description('where a school lets its widgets show'), run)
  signInCommands(program.command('signin').description('the school’s own sign-ins'), run)
  sourceCommands(program.command('source').description('where a school’s roster comes from'), run)
}

function boardCommands(board: Command, run: Run): void {
  board
    .command('add')
    .argument('<name>')
    .action((name: string) =>
      run(async session => {
        const made = await createBoard(session, { name })
        session.out.say(made, [`Board ${made.boardId}`])
      }),
    )
  board.command('list').action(() =>
    run(async session => {
      const boards = await listBoards(session)
      session.out.say(boards, table([['BOARD', 'NAME'], ...boards.map(each => [each.boardId, each.name])]))
    }),
  )
}

const schoolRow = ({ publishableKey, brin, location, name }: SchoolFacts) => [
  publishableKey,
  `${brin}-${location}`,
  name,
]

function schoolCommands(school: Command, run: Run): void {
  school
    .command('add')
    .argument('<name>')
    .requiredOption('--brin <brin>')
    .option('--location <nn>', 'two digits', '00')
    .option('--board <id or name>')
    .action((name: string, options: { brin: string; location: string } & Where) =>
      run(async session => {
        const { brin, location } = options
        const { boardId } = await findBoard(session, options)
        const made = await addSchool(session, { boardId, name, brin, location })
        session.out.say(made, [`School ${made.id}`, `Publishable key ${made.publishableKey}`])
      }),
    )
  school
    .command('list')
    .option('--board <id or name>')
    .action((options: Where) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const schools = await listSchools(session, boardId)
        session.out.say(schools, table([['KEY', 'BRIN', 'NAME'], ...schools.map(schoolRow)]))
      }),
    )
}

function originCommands(origin: Command, run: Run): void {
  whereSchool(origin.command('add').argument('<origin>')).action((text: string, where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const made = await addOrigin(session, { boardId, schoolId, origin: text })
      session.out.say(made, [made.origin])
    }),
  )
  whereSchool(origin.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const origins = await listOrigins(session, { boardId, schoolId })
      session.out.say(
        origins,
        origins.map(each => each.origin),
      )
    }),
  )
}

interface SignInOptions extends Where, Pick<NewSignIn, 'issuer' | 'clientId' | 'claim' | 'keyType' | 'label'> {
  scopes?: string
  secretStdin?: boolean
  secretEnv?: string
}

function signInCommands(signIn: Command, run: Run): void {
  whereSchool(signIn.command('add'))
    .requiredOption('--issuer <url>', 'exactly as the provider writes it')
    .requiredOption('--client-id <id>')
    .requiredOption('--label <text>', 'on the button')
    .requiredOption('--claim <name>', 'the claim that names a person')
    .requiredOption(
      '--key-type <type>',
      'which key of the roster it is: sis-id, username, pupil-number, staff-number, object-id',
    )
    .option('--scopes <list>', 'separated by spaces')
    .option('--secret-stdin', 'read the client secret from standard input')
    .option('--secret-env <name>', 'read the client secret from this variable')
    .action((options: SignInOptions) =>
      run(async (session, secrets) => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const { issuer, clientId, label, claim, keyType, scopes } = options
        const secret = await readSecret(options, secrets)
        const made = await addSignIn(session, {
          ...{ boardId, schoolId, issuer, clientId, label, claim, keyType },
          ...(scopes === undefined ? {} : { scopes }),
          ...(secret === null ? {} : { secret }),
        })
        const { config } = session
        session.out.say(made, [`Sign-in ${made.id}`, `Redirect address ${config.url.origin}/entry/callback`])
      }),
    )
  whereSchool(signIn.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const found = await listSignIns(session, { boardId, schoolId })
      const rows = found.map(each => [each.id, each.label, each.issuer, `${each.claim} = ${each.keyType}`])
      session.out.say(found, table([['SIGN-IN', 'LABEL', 'ISSUER', 'CLAIM'], ...rows]))
    }),
  )
}

interface SourceOptions extends Where {
  kind: string
  label?: string
  option?: string[]
}

function sourceCommands(source: Command, run: Run): void {
  const several = (value: string, before: string[] = []) => [...before, value]
  whereSchool(source.command('add'))
    .requiredOption('--kind <kind>', Object.keys(adapters).join(', '))
    .option('--label <text>')
    .option(
      '--option <key=value>',
      'again for each; key=@- or key=@env:NAME for secrets, key:=json for numbers',
      several,
    )
    .action((options: SourceOptions) =>
      run(async (session, secrets) => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const { title, secrets: secretNames } = adapter(options.kind)
        const given = await readOptions(options.option ?? [], secretNames, secrets)
        const input = { boardId, schoolId, kind: options.kind, label: options.label ?? title, options: placed(given) }
        const made = await addSource(session, input)
        session.out.say(made, [`Source ${made.id}`])
      }),
    )
  whereSchool(source.command('list')).action((where: Where) =>
    run(async session => {
      const sources = await sourcesOf(session, where)
      const rows = sources.map(each => [each.id, each.kind, each.appliedAt?.toISOString() ?? 'never', each.label])
      session.out.say(sources, table([['SOURCE', 'KIND', 'LAST APPLIED', 'LABEL'], ...rows]))
    }),
  )
  whereSchool(source.command('test').description('ask the source, change nothing'))
    .option('--source <id>')
    .action((options: Where & { source?: string }) =>
      run(async session => {
        const { boardId } = await findBoard(session, options)
        const sources = await sourcesOf(session, options)
        const wanted = sources.filter(each => options.source === undefined || each.id === options.source)
        const { id } = only(wanted, 'source', '--source', options.source === undefined)
        const health = await testSource(session, { boardId, sourceId: id })
        session.out.say(health, health.says)
        return health.ok ? exitCodes.done : exitCodes.source
      }),
    )
}

/** A path is that of whoever types it; the connector may run elsewhere. */
const placed = (options: object): object =>
  'path' in options && typeof options.path === 'string' ? { ...options, path: resolve(options.path) } : options

export async function sourcesOf(session: Session, where: Where) {
  if (where.school !== undefined) {
    const { boardId, id: schoolId } = await findSchool(session, where)
    return listSources(session, { boardId, schoolId })
  }
  const { boardId } = await findBoard(session, where)
  return listSources(session, { boardId })
}
