/**
 * `npm run demo`: a whole invented school on localhost, and who can sign in. `npm run demo -- --check`: starts it, lets one pupil report and the
 * teacher read it over the real ways, prints one JSON line, stops everything.
 */
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Groups, Nameables, PanelPage } from '../../connector/api/contract.ts'
import { readConfig } from '../../connector/config.ts'
import { openLog } from '../../connector/log.ts'
import { openDatabase } from '../../connector/store/database.ts'
import { openKeyring } from '../../connector/store/keyring.ts'
import { removeDataDirectory } from '../support/data-directory.ts'
import { signInAs } from '../support/frame.ts'
import { peopleToMeet, type Somebody } from './meet.ts'
import { openSchool, type Ports, type School } from './school.ts'

const wanted: Ports = { connector: 4400, portal: 4401, signIn: 4402, sis: 4403 }
const hosts: Record<keyof Ports, string> = {
  connector: 'localhost',
  portal: '127.0.0.1',
  signIn: '127.0.0.2',
  sis: '127.0.0.3',
}

/** `--source KIND`: which system the school has; `m5 source kinds` lists them. */
const { values } = parseArgs({
  options: {
    check: { type: 'boolean', default: false },
    data: { type: 'string', default: '.m5/demo' },
    reports: { type: 'string', default: '420' },
    source: { type: 'string', default: 'uwlr' },
  },
})

async function main(): Promise<void> {
  const started = performance.now()
  const data = resolve(values.check ? `${values.data}-check-${process.pid}` : values.data)
  await removeDataDirectory(data)
  const config = readConfig({ M5_DATA: data, M5_LOG: 'warn' })
  const log = openLog(config)
  const say = (text: string) => void process.stderr.write(text)
  say('Starting a whole school: the database')
  const db = await openDatabase(config, log)
  const stops: (() => Promise<void>)[] = [() => db.close(), () => removeDataDirectory(data)]
  const stop = async () => {
    for (const each of stops.splice(0)) await each()
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(
      signal,
      () =>
        void stop().then(
          () => process.exit(0),
          () => process.exit(1),
        ),
    )
  try {
    const keyring = await openKeyring(config, db)
    const reports = values.check ? 40 : Number(values.reports)
    const ports = values.check ? { connector: 0, portal: 0, signIn: 0, sis: 0 } : await freePorts()
    const says = (step: string) => say(`, ${step}`)
    const school = await openSchool(
      { db, keyring, log },
      { today: new Date(), reports, ports, says, data, source: values.source },
    )
    stops.unshift(() => school.close())
    say(`. Ready in ${((performance.now() - started) / 1000).toFixed(1)} s.\n`)
    if (!values.check) return void process.stdout.write(invitation(school))
    const result = await check(school)
    await stop()
    process.stdout.write(
      `${JSON.stringify({ ...result, seconds: Math.round((performance.now() - started) / 100) / 10 })}\n`,
    )
    process.exitCode = result.ok ? 0 : 1
  } catch (error) {
    say('\n')
    await stop()
    throw error
  }
}

/** The wanted ports, or any free one where something else listens. */
async function freePorts(): Promise<Ports> {
  const entries = Object.entries(wanted) as [keyof Ports, number][]
  const free = await Promise.all(
    entries.map(async ([name, port]) => [name, (await isFree(hosts[name], port)) ? port : 0]),
  )
  return Object.fromEntries(free) as Ports
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise(done => {
    const probe = createServer()
    probe.once('error', () => done(false))
    probe.listen(port, host, () => probe.close(() => done(true)))
  })
}

/** One pupil reports, the teacher of that group reads it, the teacher of another group does not. */
async function check({ connector, school, generated }: School) {
  const meet = peopleToMeet(generated)
  const key = school.publishableKey
  const pupil = await signInAs(connector, key, meet.pupil.subject)
  const { people } = (await (await pupil.get('/api/people/own-group')).json()) as Nameables
  const [classmate] = people
  if (!classmate) throw new Error('nobody in the own group')
  const involved = [{ who: { personId: classmate.id }, role: 'ACTOR' as const }]
  const sent = await pupil.report({ v: 1, behaviours: ['LEAVING_OUT'], place: 'PLAYGROUND', day: 'TODAY', involved })
  const seenBy = async ({ subject }: Somebody) => {
    const reader = await signInAs(connector, key, subject)
    const { groups } = (await (await reader.get('/api/groups')).json()) as Groups
    const pages = groups.map(
      async group => (await (await reader.get(`/api/groups/${group.id}/reports`)).json()) as PanelPage,
    )
    return (await Promise.all(pages)).some(page => page.reports.some(report => report.id === sent.receipt.id))
  }
  const teacher = await seenBy(meet.teacher)
  const otherTeacher = await seenBy(meet.otherTeacher)
  const reported = sent.status === 201 && sent.receipt.standing === 'SIGNED'
  return { ok: reported && teacher && !otherTeacher, reported, teacher, otherTeacher }
}

function invitation({ connector, portal, signIn, sis, generated }: School): string {
  const meet = peopleToMeet(generated)
  const line = ({ name, group }: Somebody, what: string) => `  ${name.padEnd(24)} ${what.replace('*', group)}`
  return `
${generated.name}: ${generated.pupils.length} pupils, all of them invented.

  portal of the school     ${portal.url}             press the Stopknop here
  page for teachers        ${portal.url}/leerkracht
  sign-in of the school    ${signIn.issuer}
  connector                ${connector}
  its SIS                  ${sis.url}

Sign in as (choose the name; there is no password):

${line(meet.pupil, 'pupil of *: report something about a classmate')}
${line(meet.teacher, 'teacher of *: sees it on the page for teachers')}
${line(meet.otherTeacher, 'teacher of *: does not see it')}
${line(meet.youngPupil, 'pupil of group *: the form for the youngest')}
${line(meet.itAdmin, 'IT administrator: sees no report at all')}

Ctrl-C stops everything and keeps nothing.
`
}

await main()
