/** Secrets come from standard input or from the environment: an argument is in the shell's history and in everybody's `ps`. */
import { invalid } from './options.ts'

export interface Secrets {
  env: NodeJS.ProcessEnv
  /** All of standard input, without its last line break. Asked for once. */
  stdin(): Promise<string>
}

/** `key=value`, `key=@-` (standard input), `key=@env:NAME`, `key:=json` for what is no text. */
export async function readOptions(pairs: string[], secretNames: readonly string[], secrets: Secrets): Promise<object> {
  const options: Record<string, unknown> = {}
  for (const pair of pairs) {
    const [, key, sign, text] = /^([A-Za-z][\w.-]*)(:?=)(.*)$/s.exec(pair) ?? []
    if (key === undefined || text === undefined) throw invalid('An option is written key=value.')
    if (secretNames.includes(key) && !text.startsWith('@'))
      throw invalid(`${key} is a secret: give it as ${key}=@- on standard input, or as ${key}=@env:NAME.`)
    options[key] = sign === ':=' ? json(key, text) : await readValue(text, secrets)
  }
  return options
}

async function readValue(text: string, { env, stdin }: Secrets): Promise<string> {
  if (text === '@-') return stdin()
  if (!text.startsWith('@env:')) return text
  const name = text.slice('@env:'.length)
  const value = env[name]
  if (value === undefined) throw invalid(`The environment has no ${name}.`)
  return value
}

function json(key: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid(`${key}: this is not JSON.`)
  }
}

/** @param from `--secret-stdin` or `--secret-env NAME`; neither is a client without a secret */
export function readSecret(
  from: { secretStdin?: boolean; secretEnv?: string },
  secrets: Secrets,
): Promise<string> | null {
  if (from.secretStdin) return secrets.stdin()
  return from.secretEnv === undefined ? null : readValue(`@env:${from.secretEnv}`, secrets)
}
