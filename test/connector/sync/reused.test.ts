import { expect, test } from 'vitest'
import type { PersonNames } from '../../../connector/store/people.ts'
import { areStrangers } from '../../../connector/sync/reused.ts'

test.each<[string, PersonNames, PersonNames, boolean]>([
  ['nothing in common', { given: 'Emma', family: 'Jong' }, { given: 'Noah', family: 'Bakker' }, true],
  [
    'a prefix alone',
    { given: 'Emma', prefix: 'de', family: 'Jong' },
    { given: 'Noah', prefix: 'de', family: 'Wit' },
    true,
  ],
  [
    'initials alone',
    { given: 'Emma', initials: 'E.', family: 'Jong' },
    { given: 'Els', initials: 'E.', family: 'Wit' },
    true,
  ],
  ['the first name', { given: 'Emma', family: 'Jong' }, { given: 'Emma', family: 'Bakker' }, false],
  [
    'the name they are called by',
    { given: 'Johanna', preferred: 'Jo', family: 'Jong' },
    { given: 'Jo', family: 'Wit' },
    false,
  ],
  ['the family name', { given: 'Emma', family: 'Jong' }, { given: 'Sam', family: 'Jong' }, false],
  ['half of a double name', { given: 'Emma', family: 'Berg-de Jong' }, { given: 'Sam', family: 'Jong' }, false],
  ['all but accents and capitals', { given: 'ZOË', family: 'Müller' }, { given: 'Zoe', family: 'Muller' }, false],
  ['columns that were swapped', { given: 'Emma', family: 'Jong' }, { given: 'Jong', family: 'Emma' }, false],
  ['no name before', {}, { given: 'Noah', family: 'Bakker' }, false],
  ['no name after', { given: 'Emma', family: 'Jong' }, { initials: 'E.' }, false],
])('%s: strangers?', (_name, before, after, verdict) => {
  expect(areStrangers(before, after)).toBe(verdict)
  expect(areStrangers(after, before)).toBe(verdict)
})
