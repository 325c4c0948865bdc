/** `m5 source`. */
import { resolve } from 'node:path'
import { Argument, type Command, Option } from 'commander'
import { z } from 'zod'
import { adapter, adapters } from '../../adapters/index.ts'
import { addSource, listSources, removeSource, type SourceGives, sourceGives, testSource } from '../admin/sources.ts'
import { exitCodes } from './exit.ts'
import { anId, removal, several, whereSchool } from './options.ts'
import { table } from './output.ts'
import { readOptions } from './secrets.ts'
import { findBoard, findSchool, only, type Print, type Run, type Session, type Where } from './session.ts'

interface SourceOptions extends Where {
  kind: string
  label?: string
  gives: SourceGives
  option?: string[]
}

const kinds = Object.values(adapters).map(({ kind, title, standing, can }) => ({ kind, title, standing, can }))

const kindRow = ({ kind, title, standing, can }: (typeof kinds)[number]): string[] => [
  kind,
  can.mode,
  [can.groupTeachers ? 'teachers of groups' : '', can.nextYear ? 'next year' : '', can.upload ? 'upload' : '']
    .filter(part => part !== '')
    .join(', '),
  standing === 'tested' ? 'schema and servers' : 'documents only: unverified',
  title,
]

function fieldsOf(kind: string) {
  const { title, standing, fields, never, secrets, options } = adapter(kind)
  return {
    kind,
    title,
    standing,
    fields,
    never,
    secrets,
    options: z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' }),
  }
}

function fieldLines(kind: string): string[] {
  const { fields, never } = adapter(kind)
  return [
    ...table([['IN THEIR WORDS', 'IN OURS'], ...fields.map(({ wire, roster }) => [wire, roster])]),
    '',
    'Never taken, also where the source sends it:',
    ...never.map(line => `  ${line}`),
  ]
}

export function sourceCommands(source: Command, run: Run, print: Print): void {
  whereSchool(source.command('add'))
    .addOption(new Option('--kind <kind>').choices(Object.keys(adapters)).makeOptionMandatory())
    .option('--label <text>')
    .addOption(
      new Option('--gives <what>', 'identities: adds keys for sign-in to people of the roster, and nobody else')
        .choices(sourceGives)
        .default('roster'),
    )
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
        const { kind, label = title, gives } = options
        const made = await addSource(session, { boardId, schoolId, kind, label, gives, options: placed(given) })
        session.out.say(made, [`Source ${made.id}`])
      }),
    )
  source
    .command('kinds')
    .description('every kind of source, and what it can do')
    .action(() =>
      print(({ out }) =>
        out.say(kinds, table([['KIND', 'READS', 'GIVES', 'BUILT ON', 'TITLE'], ...kinds.map(kindRow)])),
      ),
    )
  source
    .command('fields')
    .description('what passes the door of a kind of source, and what never does')
    .addArgument(new Argument('<kind>').choices(Object.keys(adapters)))
    .action((kind: string) => print(({ out }) => out.say(fieldsOf(kind), fieldLines(kind))))
  whereSchool(source.command('list')).action((where: Where) =>
    run(async session => {
      const sources = await sourcesOf(session, where)
      const rows = sources.map(each => [
        ...[each.id, each.kind, each.gives, each.appliedAt?.toISOString() ?? 'never', each.label],
      ])
      session.out.say(sources, table([['SOURCE', 'KIND', 'GIVES', 'LAST APPLIED', 'LABEL'], ...rows]))
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
