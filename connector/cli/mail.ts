/** `m5 mail`: whether people are told, and what stands in the way. */
import type { Command } from 'commander'
import { listBoards } from '../admin/boards.ts'
import { write } from '../mail/letter.ts'
import { isAddress } from '../mail/recipients.ts'
import { type MailFacts, mailFacts, retryFailed } from '../mail/status.ts'
import { openTransport } from '../mail/transport.ts'
import { exitCodes } from './exit.ts'
import { invalid } from './options.ts'
import { table } from './output.ts'
import { findBoard, type Run, type Session, type Where } from './session.ts'

const clock = () => new Date()

export function mailCommands(program: Command, run: Run): void {
  const mail = program.command('mail').description('the mail that tells people to look')
  mail
    .command('status')
    .description('exit code 5 when somebody should have been told and was not')
    .option('--board <id or name>', 'of one board; else of all')
    .action((where: Where) => run(session => status(session, where)))
  mail
    .command('test')
    .description('sends one mail to this address now, past the queue; exit code 5 when the server does not take it')
    .argument('<address>')
    .action((address: string) => run(session => test(session, address)))
  mail
    .command('retry')
    .description('tries again what was given up')
    .option('--board <id or name>', 'of one board; else of all')
    .action((where: Where) =>
      run(async session => {
        const counts = await Promise.all(
          (await boardsOf(session, where)).map(id => retryFailed({ ...session, clock }, id)),
        )
        const count = counts.reduce((sum, each) => sum + each, 0)
        session.out.say({ count }, [`${count} wait again.`])
      }),
    )
}

async function boardsOf(session: Session, where: Where): Promise<string[]> {
  if (where.board !== undefined) return [(await findBoard(session, where)).boardId]
  return (await listBoards(session)).map(({ boardId }) => boardId)
}

async function status(session: Session, where: Where) {
  const { config, out } = session
  const boards = await Promise.all(
    (await boardsOf(session, where)).map(boardId => mailFacts({ ...session, clock }, boardId)),
  )
  const on = config.mail !== undefined
  const bad = boards.filter(({ untold, schools }) => untold > 0 || schools.length > 0)
  const head = ['BOARD', 'WAITING', 'SINCE', 'SENT', 'UNTOLD', 'GIVEN UP']
  out.say({ on, ok: bad.length === 0, boards }, [
    on ? `Mail goes by ${config.mail?.host}:${config.mail?.port}.` : 'Mail is off: set M5_SMTP_URL and M5_MAIL_FROM.',
    ...table([head, ...boards.map(row)]),
  ])
  if (bad.length === 0) return exitCodes.done
  for (const { boardId, untold, schools } of bad) out.note(`! ${boardId}: ${problem(on, untold)} ${schools.join(', ')}`)
  return exitCodes.connector
}

const row = ({ boardId, waiting, waitingSince, sent, untold, failed }: MailFacts): string[] => [
  ...[boardId, String(waiting), waitingSince?.toISOString() ?? '', String(sent), String(untold)],
  failed.map(({ kind, code, count }) => `${count} ${kind} (${code})`).join(', '),
]

const problem = (on: boolean, untold: number): string => {
  if (!on && untold > 0) return `nobody was told of ${untold} reports, because mail is off. Schools:`
  if (untold > 0) return `nobody was told of ${untold} reports: no coordinator or leader has an address. Schools:`
  return 'a mail about reports reached nobody. Schools:'
}

async function test({ config, out }: Session, address: string) {
  if (!config.mail) throw invalid('Mail is off: set M5_SMTP_URL and M5_MAIL_FROM.')
  if (!isAddress(address)) throw invalid('That is not one mail address.')
  const letter = { subject: 'Proef van M5', lines: ['Deze mail is een proef. De mail van M5 werkt.'] }
  const messageId = `<${crypto.randomUUID()}@${config.url.hostname}>`
  const result = await openTransport(config.mail).send({ ...write(letter, 'nl'), to: address, messageId })
  out.say(result, [result.sent ? 'The mail server took it.' : `Not sent: ${result.code} (${says[result.trouble]}).`])
  return result.sent ? exitCodes.done : exitCodes.connector
}

const says = {
  server: 'the server is away, offers no TLS we trust, or does not let us in',
  passing: 'the server asks to try later',
  refused: 'the server refuses this mail or this address',
  stopped: 'stopped',
}
