/** `m5 board`, `origin`; and `school`, `signin` and `source` of their own files: what stands before the first sync. */
import type { Command } from 'commander'
import { createBoard, listBoards } from '../admin/boards.ts'
import { addOrigin, listOrigins, removeOrigin } from '../admin/origins.ts'
import { removal, whereSchool } from './options.ts'
import { table } from './output.ts'
import { schoolCommands } from './schools.ts'
import { findBoard, findSchool, type Print, type Run, type Where } from './session.ts'
import { signInCommands } from './sign-ins.ts'
import { sourceCommands } from './sources.ts'

export function setupCommands(program: Command, run: Run, print: Print): void {
  boardCommands(program.command('board').description('school boards, the tenants'), run)
  schoolCommands(program.command('school').description('schools of a board'), run)
  originCommands(program.command('origin').description('where a school lets its widgets show'), run)
  signInCommands(program.command('signin').alias('sign-in').description('the school’s own sign-ins'), run)
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
