/** Magister's UWLR-L 2.3, "smalle set": secondary schools; from documents only. */
import { z } from 'zod'
import { SchoolYearOption, schoolYearAt } from '../calendar.ts'
import { SoapAddress } from '../soap.ts'
import type { Adapter, RosterSource, SourceContext } from '../source.ts'
import { edexmlFields, edexmlNever } from './fields.ts'
import { customerOptions, Short, schoolOptions } from './options.ts'
import type { WireGroup, WireRoster } from './parse.ts'
import { uwlrReader } from './reader.ts'
import type { UwlrSettings } from './transport.ts'

const Options = z.object({
  /** Acceptance is at services.zenacc.nl; an older hub has an address of its own. */
  url: SoapAddress.default('https://services.magister.net/uwlr-l/leerlinggegevens-smalle-set.svc'),
  ...customerOptions,
  ...schoolOptions,
  schoolYear: SchoolYearOption,
  /** gegevenssetid */
  dataSetId: Short.default('Smalle-set-VO'),
  /** `IddinkHub-Subscription-Key`, where the older hub is used. */
  subscriptionKey: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, 'a key without spaces')
    .optional(),
})
type Options = z.infer<typeof Options>

export const magisterUwlr: Adapter<typeof Options> = {
  kind: 'magister-uwlr',
  title: 'Magister (UWLR-L, smalle set)',
  can: {
    mode: 'snapshot-with-gate',
    keysUniqueIn: 'school',
    nextYear: true,
    groupTeachers: true,
    window: 'night',
  },
  standing: 'unverified',
  options: Options,
  secrets: ['key', 'subscriptionKey'],
  fields: edexmlFields,
  never: edexmlNever,
  hosts: ({ url }) => [new URL(url).host],
  open: magisterUwlrSource,
}

const advice = [
  'Magister opens this service to suppliers of educational content under the Privacyconvenant. A safety product may not qualify: ask the partner manager of Magister, and your privacy officer, before you rely on it.',
  'This set has no user names and no e-mail addresses of pupils: they are matched to their sign-in by another key, or by hand.',
  'No document says whether Magister gives the role LRK to the mentor of a class alone, or to everybody who teaches it: look in the preview how many teachers a class has before you approve.',
  'Who left is simply absent: a smaller roster waits for your approval.',
  'This source was built from documents: compare the first preview with Magister by hand.',
]

/** @param more for tests: a shorter time-out, a lower cap */
export function magisterUwlrSource(
  options: Options,
  context: SourceContext,
  more: Partial<UwlrSettings> = {},
): RosterSource {
  const { url, subscriptionKey, schoolYear, ...question } = options
  return uwlrReader(
    {
      url,
      ...(subscriptionKey === undefined ? {} : { headers: { 'iddinkhub-subscription-key': subscriptionKey } }),
      question: { ...question, schoolYear: context.schoolYear ?? schoolYear ?? schoolYearAt(context.clock()) },
      versions: ['2.3', '2.2'],
      adapt: yearInGroupKeys,
      advice,
    },
    context,
    more,
  )
}

/** Keys such as `H1A` are the classes' names, and so the next class's as well: here each is of its year. */
export function yearInGroupKeys(roster: WireRoster, schoolYear: string): WireRoster {
  const dated = <Keyed extends Pick<WireGroup, 'key'>>(group: Keyed): Keyed => ({
    ...group,
    // A key that does not last stays one: EDEXML tells by the first character.
    key: group.key.startsWith('#') ? `#${schoolYear}:${group.key.slice(1)}` : `${schoolYear}:${group.key}`,
  })
  const ids = (found: Set<string>) =>
    new Set([...found].map(id => id.replace(/^((?:samengestelde_)?groep:)(#?)/, `$1$2${schoolYear}:`)))
  return {
    ...roster,
    groups: roster.groups.map(dated),
    people: roster.people.map(person => ({ ...person, groups: person.groups.map(dated) })),
    trimmed: ids(roster.trimmed),
    damaged: ids(roster.damaged),
  }
}
