/** Every source there is, one line each. */
import { edexmlFile } from './edexml/file.ts'
import { uwlr } from './edexml/uwlr.ts'
import { type Adapter, SourceError } from './source.ts'

export const adapters = {
  'edexml-file': edexmlFile,
  uwlr,
} satisfies Record<string, Adapter>

/** @throws SourceError `malformed` for a kind that is not in the registry: never another adapter in its place */
export function adapter(kind: string): Adapter {
  if (!Object.hasOwn(adapters, kind))
    throw new SourceError('malformed', `unknown kind of roster source: ${kind.slice(0, 40)}`)
  return adapters[kind as keyof typeof adapters]
}
