/** What commands of more than one file take. */
import { type Command, InvalidArgumentError } from 'commander'
import { AppError } from '../errors.ts'
import type { Where } from './session.ts'

export const whereSchool = (command: Command) =>
  command
    .option('--board <id or name>', 'the board; may be left out when there is one')
    .option('--school <key>', 'publishable key, BRIN, BRIN-location or id; may be left out when there is one')

export const several = (value: string, before: string[] = []) => [...before, value]
export const invalid = (message: string) => new AppError('invalid-input', message)

/** By the whole id, as the list of its kind shows it: what goes is not guessed. */
export function removal(group: Command, what: string, action: (id: string, where: Where) => Promise<void>): void {
  group
    .command('remove')
    .description(what)
    .argument('<id>', 'as the list shows it', anId)
    .option('--board <id or name>')
    .action(action)
}

/** An id goes into the database as what it is. @throws InvalidArgumentError, which is wrong usage */
export function anId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text
  throw new InvalidArgumentError('It is not an id as the list shows it.')
}
