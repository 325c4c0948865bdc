/** `m5 source`. */
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { adapter, adapters } from '../../adapters/index.ts'
import { addSource, listSources, removeSource, testSource } from '../admin/sources.ts'
import { exitCodes } from './exit.ts'
import { anId, removal, several, whereSchool } from './options.ts'
import { table } from './output.ts'
import { readOptions } from './secrets.ts'
import { findBoard, findSchool, only, type Run, type Session, type Where } from './session.ts'

interface SourceOptions extends Where {
  kind: string
  label?: string
  option?: string[]
}

export function sourceCommands(source: Command, run: Run): void {
  whereSchool(source.command('add'))
    .addOption(new Option('--kind <kind>').choices(Object.keys(adapters)).makeOptionMandatory())
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
  removal(source, 'only one that nobody came from yet', (id: string, where: Where) =>
    run(async session => {
      const { boardId } = await findBoard(session, where)
      await removeSource(session, { boardId, sourceId: id })
      session.out.say({ id, removed: true }, ['Removed, and its runs.'])
    }),
  )
  whereSchool(source.command('test').description('ask the source, change nothing'))
    .option('--source <id>', 'which, where there is more than one', anId)
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
