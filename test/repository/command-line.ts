/** The real program of connector/cli/m5.ts, caught just before it would parse, and what it says of a command somebody is told to type. */
import { Command, type Option } from 'commander'
import { vi } from 'vitest'

/** Imports the command line once; nothing of it runs. */
export async function commandLine(): Promise<Command> {
  let caught: Command | undefined
  const parse = vi.spyOn(Command.prototype, 'parseAsync').mockImplementation(async function (this: Command) {
    caught = this
    return this
  })
  const exitCode = process.exitCode
  try {
    await import('../../connector/cli/m5.ts')
  } finally {
    parse.mockRestore()
    process.exitCode = exitCode
  }
  if (!caught) throw new Error('connector/cli/m5.ts parses no command line')
  return caught
}

export interface Typed {
  /** `source add` */
  name: string
  /** Values by option, without dashes; an option that is given again adds one. */
  values: Map<string, string[]>
}

/** @param how.mention what is required may be missing. @throws Error when the program would not take these words */
export function typed(program: Command, words: string[], how: { mention?: boolean } = {}): Typed {
  const said = `m5 ${words.join(' ')}`
  const chain = [program]
  const values = new Map<string, string[]>()
  const rest: string[] = []
  const known = (flag: string): Option | undefined =>
    chain.flatMap(command => [...command.options]).find(option => option.long === flag)
  for (let i = 0; i < words.length; i += 1) {
    const word = words[i] ?? ''
    const command = chain.at(-1) ?? program
    const inner = rest.length === 0 ? command.commands.find(each => each.name() === word) : undefined
    if (inner) chain.push(inner)
    else if (word.startsWith('--') && word !== '--help') {
      const option = known(word)
      if (!option) throw new Error(`${said}: there is no ${word}`)
      if (option.required && words[i + 1] === undefined) throw new Error(`${said}: ${word} wants a value`)
      const value = option.required ? (words[++i] ?? '') : ''
      values.set(word.slice(2), [...(values.get(word.slice(2)) ?? []), value])
    } else if (word !== '--help') rest.push(word)
  }
  const command = chain.at(-1) ?? program
  const { registeredArguments: wanted } = command
  const name = chain
    .slice(1)
    .map(each => each.name())
    .join(' ')
  if (how.mention) return rest.length > wanted.length ? refuse(said) : { name, values }
  const missing = command.options.filter(option => option.mandatory && !values.has((option.long ?? '').slice(2)))
  if (missing.length > 0) throw new Error(`${said}: ${missing.map(option => option.long).join(', ')} must be given`)
  if (rest.length > wanted.length || rest.length < wanted.filter(each => each.required).length) return refuse(said)
  return { name, values }
}

function refuse(said: string): never {
  throw new Error(`${said}: there is no such command, or it takes other arguments`)
}
