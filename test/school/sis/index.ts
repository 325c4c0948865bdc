/** A system for every kind of source: what the demo starts with, and what `m5 source test` is tried against. */
import { startEdexmlFile, startOneRosterCsv } from './files.ts'
import { startGoogle } from './google.ts'
import { startGraph } from './graph.ts'
import { startMagister } from './magister.ts'
import { startOneRoster } from './oneroster.ts'
import { startParnassys } from './parnassys.ts'
import type { StartSis } from './sis.ts'
import { startSomtoday } from './somtoday.ts'
import { startEsis, startMagisterUwlr, startUwlr } from './uwlr.ts'

export const systems: Record<string, StartSis> = {
  'edexml-file': startEdexmlFile,
  uwlr: startUwlr,
  esis: startEsis,
  'magister-uwlr': startMagisterUwlr,
  'parnassys-gkv': startParnassys,
  'magister-data': startMagister,
  somtoday: startSomtoday,
  oneroster: startOneRoster,
  'oneroster-csv': startOneRosterCsv,
  google: startGoogle,
  microsoft: startGraph,
}
