/** `m5 board`, `origin`, `signin`; and `school` and `source` of their own files: what stands before the first sync. */
import type { Command } from 'commander'
import { createBoard, listBoards } from '../admin/boards.ts'
import { addOrigin, listOrigins, removeOrigin } from '../admin/origins.ts'
import { addSignIn, listSignIns, type NewSignIn, removeSignIn } from '../admin/sign-ins.ts'
import { callbackUrl } from '../entry/upstreams.ts'
import { removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { schoolCommands } from './schools.ts'
import { readSecret } from './secrets.ts'
import { findBoard, findSchool, type Print, type Run, type Where } from './session.ts'
import { sourceCommands } from './sources.ts'

export function setupCommands(program: Command, run: Run, print: Print): void {
  boardCommands(program.command('board').description('school boards, the tenants'), run)
  schoolCommands(program.command('school').description('schools of a board'), run)
  originCommands(program.command('origin').description('where a school lets its widgets show'), run)
  signInCommands(program.command('signin').description('the school’s own sign-ins'), run)
  sourceCommands(program.command('source').description('where a school’s roster comes from'), run, print)
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
      session.out.say(origins, table([['ID', 'ORIGIN'], ...origins.map(each => [each.id, each.origin])]))
    }),
  )
  removal(origin, 'within ten seconds no frame shows there any more', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removeOrigin(session, { boardId, originId: id })
      session.out.say({ id, removed: true }, ['Removed.'])
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
      'which key of the roster that is: sis-id (the key of the source: leerling:50001, leerkracht:12) or username (gebruikersnaam)',
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
        const redirect = callbackUrl(session, made.id)
        session.out.say({ ...made, redirect }, [`Sign-in ${made.id}`, `Redirect address ${redirect}`])
      }),
    )
  whereSchool(signIn.command('list')).action((where: Where) =>
    run(async session => {
      const { boardId, id: schoolId } = await findSchool(session, where)
      const stored = await listSignIns(session, { boardId, schoolId })
      const found = stored.map(each => ({ ...each, redirect: callbackUrl(session, each.id) }))
      const rows = found.map(each => [
        ...[each.id, each.label, each.issuer, `${each.claim} = ${each.keyType}`],
        each.redirect,
      ])
      session.out.say(found, table([['SIGN-IN', 'LABEL', 'ISSUER', 'CLAIM', 'REDIRECT ADDRESS'], ...rows]))
    }),
  )
  removal(signIn, 'ends every session of the school', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removeSignIn(session, { boardId, signInId: id })
      session.out.say({ id, removed: true }, ['Removed; every session of the school has ended.'])
    }),
  )
}
