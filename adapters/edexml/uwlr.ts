/** UWLR 2.2 by SOAP (2.3 from documents only): one school and year, whole, in one call or in stages. */
import { z } from 'zod'
import { SchoolYearOption, schoolYearAt } from '../calendar.ts'
import { SoapAddress } from '../soap.ts'
import type { Adapter, RosterSource, SourceContext } from '../source.ts'
import { edexmlFields, edexmlNever } from './fields.ts'
import { customerOptions, Short, schoolOptions } from './options.ts'
import { uwlrReader } from './reader.ts'
import type { UwlrSettings } from './transport.ts'

const Options = z.object({
  url: SoapAddress,
  ...customerOptions,
  ...schoolOptions,
  schoolYear: SchoolYearOption,
  version: z.enum(['2.2', '2.3']).default('2.2'),
  /** gegevenssetid: a profile the supplier offers, such as `Smalle-set-VO`. */
  dataSetId: Short.optional(),
  /** `staged` only where the supplier asks for it, for a big school: the groups first, then people of some groups at a time. */
  calls: z.enum(['one', 'staged']).default('one'),
  /** In stages: of how many groups at a time. Fewer when answers come too slowly. */
  groupsPerCall: z.int().min(1).max(100).default(10),
})
type Options = z.infer<typeof Options>

export const uwlr: Adapter<typeof Options> = {
  kind: 'uwlr',
  title: 'UWLR (web service)',
  can: {
    mode: 'snapshot-with-gate',
    keysUniqueIn: 'school',
    nextYear: true,
    groupTeachers: true,
    window: 'night',
  },
  standing: 'tested',
  options: Options,
  secrets: ['key'],
  fields: edexmlFields,
  never: edexmlNever,
  hosts: ({ url }) => [new URL(url).host],
  open: uwlrSource,
}

/** @param more for tests: a shorter time-out, a lower cap */
export function uwlrSource(options: Options, context: SourceContext, more: Partial<UwlrSettings> = {}): RosterSource {
  const { url, version, calls, groupsPerCall, schoolYear, ...question } = options
  return uwlrReader(
    {
      url,
      question: { ...question, schoolYear: context.schoolYear ?? schoolYear ?? schoolYearAt(context.clock()) },
      versions: version === '2.3' ? ['2.3', '2.2'] : ['2.2', '2.1'],
      ...(calls === 'staged' ? { groupsPerCall } : {}),
    },
    context,
    more,
  )
}
