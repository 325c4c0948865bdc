/** Every source there is, one line each. */

import { esis } from './edexml/esis.ts'
import { edexmlFile } from './edexml/file.ts'
import { magisterUwlr } from './edexml/magister-uwlr.ts'
import { uwlr } from './edexml/uwlr.ts'
import { google } from './google/source.ts'
import { microsoft } from './graph/source.ts'
import { magisterData } from './magister-data/source.ts'
import { oneRosterCsv } from './oneroster/csv.ts'
import { oneRoster } from './oneroster/rest.ts'
import { parnassysGkv } from './parnassys-gkv/source.ts'
import { somtoday } from './somtoday/source.ts'
import { type Adapter, SourceError } from './source.ts'

export const adapters = {
  'edexml-file': edexmlFile,
  uwlr,
  esis,
  'magister-uwlr': magisterUwlr,
  'parnassys-gkv': parnassysGkv,
  'magister-data': magisterData,
  somtoday,
  oneroster: oneRoster,
  'oneroster-csv': oneRosterCsv,
  google,
  microsoft,
} satisfies Record<string, Adapter>

/** @throws SourceError `malformed` for a kind that is not in the registry: never another adapter in its place */
export function adapter(kind: string): Adapter {
  if (!Object.hasOwn(adapters, kind))
    throw new SourceError('malformed', `unknown kind of roster source: ${kind.slice(0, 40)}`)
  return adapters[kind as keyof typeof adapters]
}
