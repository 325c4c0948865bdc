/** `m5 schedule`: when each source is read, and which are not. */
import type { Command } from 'commander'
import { listSchedule, pauseSource, resumeSource, type ScheduleFacts } from '../admin/schedule.ts'
import { exitCodes } from './exit.ts'
import { anId, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, type Session, type Where } from './session.ts'

export function scheduleCommands(program: Command, run: Run): void {
  const schedule = whereSchool(program.command('schedule'))
    .description('when each source was last read well, and when it is next; exit code 4 when one was not for too long')
    .action((where: Where) =>
      run(async session => {
        const facts = await listSchedule(session, await placeOf(session, where), session.config.schedule)
        const { staleDays } = session.config.schedule
        session.out.say(facts, table([['SOURCE', 'LAST GOOD', 'NEXT', 'KIND', 'LABEL'], ...facts.map(row)]))
        const stale = facts.filter(each => each.stale).length
        if (stale === 0) return exitCodes.done
        session.out.note(`! ${stale} of ${facts.length} had no good run for ${staleDays} days: look at m5 sync status.`)
        return exitCodes.source
      }),
    )
  for (const [name, says, change] of [
    ['pause', 'its turns pass by until it is resumed', pauseSource],
    ['resume', 'it has its turns again', resumeSource],
  ] as const)
    schedule
      .command(name)
      .description(says)
      .argument('<source>', 'as schedule shows it', anId)
      .action((sourceId: string, _own: unknown, command: Command) =>
        run(async session => {
          const { boardId } = await findBoard(session, command.optsWithGlobals<Where>())
          await change(session, { boardId, sourceId })
          session.out.say({ sourceId, paused: name === 'pause' }, [name === 'pause' ? 'Paused.' : 'Resumed.'])
        }),
      )
}

async function placeOf(session: Session, where: Where): Promise<{ boardId: string; schoolId?: string }> {
  if (where.school === undefined) return { boardId: (await findBoard(session, where)).boardId }
  const { boardId, id: schoolId } = await findSchool(session, where)
  return { boardId, schoolId }
}

const row = ({ sourceId, goodAt, stale, kind, label, ...rest }: ScheduleFacts): string[] => [
  ...[sourceId, `${stale ? '! ' : ''}${goodAt ? minute(goodAt) : 'never'}`],
  ...[nextOf(rest), kind, label],
]

function nextOf({
  pausedAt,
  byHand,
  running,
  nextAt,
}: Pick<ScheduleFacts, 'pausedAt' | 'byHand' | 'running' | 'nextAt'>) {
  if (pausedAt) return `paused ${minute(pausedAt)}`
  if (byHand) return 'by hand'
  if (running || !nextAt) return 'running'
  return minute(nextAt)
}

const local = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Amsterdam', dateStyle: 'short', timeStyle: 'short' })

/** `2026-11-24 03:12`, by the clock of Amsterdam. */
const minute = (at: Date): string => local.format(at)
