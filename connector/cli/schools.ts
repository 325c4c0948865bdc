/** `m5 school`. */
import { type Command, Option } from 'commander'
import { addSchool, changeSchoolSettings, listSchools } from '../admin/schools.ts'
import { type SchoolFacts, type SchoolSettings, SyncLimits } from '../store/schools.ts'
import { invalid, several, whereSchool } from './options.ts'
import { table } from './output.ts'
import { findBoard, findSchool, type Run, type Where } from './session.ts'

const schoolRow = ({ publishableKey, brin, location, name }: SchoolFacts) => [
  publishableKey,
  `${brin}-${location}`,
  name,
]

export function schoolCommands(school: Command, run: Run): void {
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
  whereSchool(school.command('set').description('what a school decides itself'))
    .addOption(new Option('--panel <when>', 'when teachers see a report').choices(['end-of-day', 'at-once']))
    .option('--school-day-ends <HH:MM>', 'when that is at end-of-day')
    .option(
      '--help-line <label=phone or https address>',
      'under the form, instead of ours; again for each, in their order',
      several,
    )
    .option('--default-help-lines', 'ours again')
    .option(
      '--sync-limit <name=value>',
      `when a sync waits for a person, again for each; "default" is ours: ${Object.keys(SyncLimits.shape).join(', ')}`,
      several,
    )
    .action((options: SettingOptions) =>
      run(async session => {
        const { boardId, id: schoolId } = await findSchool(session, options)
        const { settings } = await changeSchoolSettings(session, { boardId, schoolId, settings: settingsOf(options) })
        const { panel, schoolDayEnds, helpLines, sync } = settings
        session.out.say(settings, [
          `Panel ${panel}`,
          `School day ends ${schoolDayEnds}`,
          ...(helpLines?.map(({ label, phone, url }) => `Help line ${label} ${phone ?? url}`) ?? ['Help lines ours']),
          ...Object.entries(sync).map(([name, value]) => `Sync limit ${name} ${value}`),
        ])
      }),
    )
}

interface SettingOptions extends Where {
  panel?: SchoolSettings['panel']
  schoolDayEnds?: string
  helpLine?: string[]
  defaultHelpLines?: boolean
  syncLimit?: string[]
}

type Settings = Parameters<typeof changeSchoolSettings>[1]['settings']

function settingsOf(options: SettingOptions): Settings {
  const { panel, schoolDayEnds, helpLine, defaultHelpLines, syncLimit } = options
  if (helpLine && defaultHelpLines) throw invalid('Either --help-line or --default-help-lines.')
  const settings = {
    ...(panel === undefined ? {} : { panel }),
    ...(schoolDayEnds === undefined ? {} : { schoolDayEnds }),
    ...(helpLine || defaultHelpLines ? { helpLines: helpLine?.map(readHelpLine) } : {}),
    ...(syncLimit ? { sync: Object.fromEntries(syncLimit.map(readLimit)) } : {}),
  }
  if (Object.keys(settings).length === 0) throw invalid('Say what to set: m5 school set --help.')
  return settings
}

/** A number, yes or no, or text, as its schema wants it; `default` takes it back. */
function readLimit(text: string): [string, unknown] {
  const [, name = '', value = ''] = /^(\w+)=(.+)$/s.exec(text) ?? []
  if (!Object.hasOwn(SyncLimits.shape, name)) throw invalid('A limit is written name=value: m5 school set --help.')
  if (value === 'default') return [name, undefined]
  if (name === 'topGrades') return [name, value.split(',')]
  return [name, /^(true|false|\d+(\.\d+)?)$/.test(value) ? JSON.parse(value) : value]
}

function readHelpLine(text: string) {
  const [, label, to] = /^([^=]+)=(.+)$/s.exec(text) ?? []
  if (label === undefined || to === undefined) throw invalid('A help line is written label=phone or label=https://….')
  return { label: label.trim(), ...(to.includes('://') ? { url: to.trim() } : { phone: to.trim() }) }
}
