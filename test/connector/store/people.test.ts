import { expect, test } from 'vitest'
import { displayName, inOrder, type PersonNames } from '../../../connector/store/people.ts'

test.each<[PersonNames, string]>([
  [{ given: 'Johanna', preferred: 'Jo', prefix: 'van den', family: 'Berg' }, 'Jo van den Berg'],
  [{ given: 'Johanna', prefix: 'van den', family: 'Berg' }, 'Johanna van den Berg'],
  [{ initials: 'J.M.', prefix: 'van den', family: 'Berg' }, 'J.M. van den Berg'],
  [{ given: 'Noor', prefix: 'van den', family: 'Berg-de Jong' }, 'Noor van den Berg-de Jong'],
  [{ given: 'Ali', family: 'El Amrani' }, 'Ali El Amrani'],
  [{ given: 'Jan-Willem', family: 'Groen' }, 'Jan-Willem Groen'],
  [{ prefix: "in 't", family: 'Veld' }, "in 't Veld"],
  [{ prefix: 'van’t', family: 'Hof', given: 'Bo' }, 'Bo van’t Hof'],
  [{ given: 'Kim' }, 'Kim'],
  [{ family: 'Groen' }, 'Groen'],
  [{}, ''],
])('%o is called %s', (names, called) => {
  expect(displayName(names)).toBe(called)
})

test('a list is ordered by family name without its prefix, then by prefix, then by first name', () => {
  const list: PersonNames[] = [
    { given: 'Zoë', family: 'Berg' },
    { preferred: 'Anna', given: 'Johanna', prefix: 'van den', family: 'Berg' },
    { given: 'Bo', prefix: 'van', family: 'Berg' },
    { given: 'Aart', family: 'Zwart' },
    { given: 'Cas', family: 'Berg' },
    { given: 'Eef', prefix: 'de', family: 'Águila' },
    { given: 'Dré', prefix: 'van den', family: 'Berg-de Jong' },
    { given: 'Abel' },
  ]
  const ordered = [
    'Abel',
    'Eef de Águila',
    'Cas Berg',
    'Zoë Berg',
    'Bo van Berg',
    'Anna van den Berg',
    'Dré van den Berg-de Jong',
    'Aart Zwart',
  ]
  expect([...list].sort(inOrder).map(displayName)).toEqual(ordered)
  expect([...list].reverse().sort(inOrder).map(displayName)).toEqual(ordered)
})
