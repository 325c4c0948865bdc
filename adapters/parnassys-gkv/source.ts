/**
 * ParnasSys by its "Generieke KoppelVlak": a supplier with a contract, whom the school has let in, gets the whole school and year in two
 * calls. Built from what known clients send and read; the WSDL is not public.
 */
import { z } from 'zod'
import { localDay, SchoolYearOption, schoolYearAt } from '../calendar.ts'
import { assemble, inBatches, summaryOf } from '../deliver.ts'
import { homeroomRule, NamePattern } from '../homerooms.ts'
import { patiently } from '../retry.ts'
import type { RosterRecord } from '../roster.ts'
import { SoapAddress } from '../soap.ts'
import type { Adapter, Finding, RosterSource, Scope, SourceContext } from '../source.ts'
import { xmlLimits } from '../xml.ts'
import { gkvFields, gkvNever } from './fields.ts'
import { mapGkv } from './map.ts'
import { askPupils, askStaff, type GkvSettings } from './soap.ts'

const Options = z.object({
  /** Of ParnasSys itself; its acceptance environment has another one. */
  url: SoapAddress.default('https://parnassys.net/gkv/GeneriekeService?wsdl'),
  /** leveranciernaam: our name at ParnasSys, exactly as in the contract. */
  supplierName: z.string().min(1).max(200),
  /** leveranciersleutel */
  supplierKey: z.string().min(1).max(200),
  /** The school must have let this supplier in: ParnasSys, for each school. */
  brin: z.string().regex(/^\d{2}[A-Z]{2}$/, 'a BRIN such as 99ZZ'),
  /** Of the school here. ParnasSys answers per BRIN: all locations of it come together. */
  location: z
    .string()
    .regex(/^\d{2}$/, 'two digits, such as 00')
    .default('00'),
  /** Default: the current one. */
  schoolYear: SchoolYearOption,
  /** Names of groups that are no class, `*` for any characters: whoever is only in such a group is not yet a pupil. */
  notClasses: z.array(NamePattern).max(50).default(['aangemeld*']),
})
type Options = z.infer<typeof Options>

export const parnassysGkv: Adapter<typeof Options> = {
  kind: 'parnassys-gkv',
  title: 'ParnasSys (GKV)',
  can: {
    mode: 'snapshot',
    // One person may be known at several schools of a board; each school has its own id for them.
    keysUniqueIn: 'school',
    nextYear: true,
    groupTeachers: false,
    window: 'night',
  },
  standing: 'unverified',
  options: Options,
  secrets: ['supplierKey'],
  fields: gkvFields,
  never: gkvNever,
  hosts: ({ url }) => [new URL(url).host],
  open: gkvSource,
}

/** Ours. One answer holds the whole school. */
const defaults: GkvSettings = { timeoutMs: 300_000, maxBytes: xmlLimits.maxBytes }

/** @param more for tests: a shorter time-out, a lower cap */
export function gkvSource(options: Options, context: SourceContext, more: Partial<GkvSettings> = {}): RosterSource {
  const settings = { ...defaults, ...more }
  const arrive = async (): Promise<{ records: RosterRecord[]; findings: Finding[]; scope: Scope }> => {
    const { url, supplierName, supplierKey, brin, location, notClasses } = options
    const schoolYear = context.schoolYear ?? options.schoolYear ?? schoolYearAt(context.clock())
    const question = { url, supplierName, supplierKey, brin, schoolYear }
    // One after the other: ParnasSys asks its partners to be gentle.
    const pupils = await patiently(context, () => askPupils(context, question, settings))
    const staff = await patiently(context, () => askStaff(context, question, settings))
    const isNone = homeroomRule(notClasses)
    const today = localDay(context.clock())
    const wanted = { brin, location, schoolYear, today, isClass: (name: string) => !isNone(name) }
    const { roster, findings } = mapGkv({ pupils, staff }, wanted)
    return { records: assemble(roster), findings, scope: { brin, location, schoolYear } }
  }
  return {
    async check() {
      const { records, findings, scope } = await arrive()
      return { ok: true, says: says(records, findings, scope) }
    },
    async *read() {
      const { records, findings, scope } = await arrive()
      yield* inBatches(records, findings, { kind: 'snapshot', scope })
    },
  }
}

/** Counts and what to do next, without names. */
function says(records: readonly RosterRecord[], findings: readonly Finding[], { brin, location, schoolYear }: Scope) {
  const pending = records.filter(record => record.type === 'person' && record.status === 'pending').length
  const notClasses = findings.filter(({ code }) => code === 'not-a-class').length
  return [
    `School ${brin}-${location}, school year ${schoolYear}.`,
    summaryOf(records),
    ...(pending === 0 ? [] : [`${pending} pupils have not begun yet; ${notClasses} groups are no class.`]),
    'ParnasSys does not say here which teacher has which group: nobody gets the panel of a class by this source. Grant the groups by hand, or read this school by UWLR or by an EDEXML file, which can say it.',
    `All locations of ${brin} come together: where it has several, compare the groups with the school.`,
    'This source was built from documents: compare the first preview with ParnasSys by hand.',
  ]
}
