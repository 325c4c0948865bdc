/** `m5 conflict`: records that may be somebody whom the board knows already, for a person to decide. */
import type { Command } from 'commander'
import {
  type ConflictSide,
  type ListedConflict,
  listConflicts,
  openConflicts,
  showConflict,
} from '../admin/conflict-list.ts'
import { decideOther, decideSame } from '../admin/conflicts.ts'
import { invalid, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, type Session, shortId, type Where, wholeId } from './session.ts'

const shown = 'This shows names of people; that they were shown is in the log.'

export function conflictCommands(program: Command, run: Run): void {
  const conflict = program.command('conflict').description('records that may be one person: who is who')

  whereSchool(conflict.command('list').description('what waits for an answer, with names')).action((where: Where) =>
    run(async session => {
      const found = await listConflicts(session, await placeOf(session, where))
      session.out.note(shown)
      const rows = found.map(({ id, kind, source, record, candidates }) => [
        ...[shortId(id), kind, source, `${record.sourceId} ${record.name}`],
        candidates.map(({ personId, name }) => `${shortId(personId)} ${name}`).join(', '),
      ])
      session.out.say(found, table([['QUESTION', 'KIND', 'SOURCE', 'RECORD', 'MAY BE'], ...rows]))
    }),
  )
  whereSchool(conflict.command('show').description('one question, with all that tells them apart'))
    .argument('<question>', 'as conflict list shows it')
    .action((given: string, where: Where) =>
      run(async session => {
        const { boardId, id } = await questionOf(session, where, given)
        const found = await showConflict(session, { boardId, conflictId: id })
        session.out.note(shown)
        session.out.say(found, lines(found))
      }),
    )
  whereSchool(conflict.command('same').description('the record is this person: puts them together; their sessions end'))
    .argument('<question>', 'as conflict list shows it')
    .option('--person <id>', 'who, as conflict list shows it; may be left out when it may be one person only')
    .action((given: string, options: Where & { person?: string }) =>
      run(async session => {
        const { boardId, id, candidates } = await questionOf(session, options, given)
        const listed = candidates.map(each => ({ id: each }))
        const [only] = listed
        if (options.person === undefined && listed.length !== 1)
          throw invalid('It may be more than one person: say which with --person.')
        const personId = options.person === undefined ? (only?.id ?? '') : wholeId(listed, options.person, 'person')
        const decided = await decideSame(session, { boardId, conflictId: id, personId })
        session.out.say(decided, ['They are one person from now on; their sessions have ended.'])
      }),
    )
  whereSchool(conflict.command('other').description('the record is somebody else: not asked again'))
    .argument('<question>', 'as conflict list shows it')
    .action((given: string, where: Where) =>
      run(async session => {
        const { boardId, id } = await questionOf(session, where, given)
        const decided = await decideOther(session, { boardId, conflictId: id })
        session.out.say(decided, ['They are different people: this is not asked again.'])
      }),
    )
}

/** Of one school, or of the whole board. */
async function placeOf(session: Session, where: Where): Promise<{ boardId: string; schoolId?: string }> {
  if (where.school === undefined) {
    const { boardId } = await findBoard(session, where)
    return { boardId }
  }
  const { boardId, id: schoolId } = await findSchool(session, where)
  return { boardId, schoolId }
}

async function questionOf(session: Session, where: Where, given: string) {
  const place = await placeOf(session, where)
  const open = await openConflicts(session, place)
  const id = wholeId(open, given, 'question')
  return { boardId: place.boardId, id, candidates: open.find(each => each.id === id)?.candidates ?? [] }
}

function lines({ id, kind, why, source, gives, since, record, candidates }: ListedConflict): string[] {
  return [
    `${id}, asked since ${since}`,
    `${kind}: ${why}`,
    '',
    `Record ${record.sourceId} of ${source} (${gives}): ${record.name}, ${record.role}`,
    ...(record.person ? side(record.person) : ['  nobody here yet']),
    ...candidates.flatMap(each => ['', `May be ${each.personId}: ${each.name}`, ...side(each)]),
  ]
}

const side = ({ at, opens }: ConflictSide): string[] => [
  ...at.map(
    ({ school, role, status, groups }) =>
      `  ${role} at ${school}${status === 'active' ? '' : ` (${status})`}${groups.length > 0 ? `: ${groups.join(', ')}` : ''}`,
  ),
  ...(opens ? ['  may open reports'] : []),
]
