/** Who a newcomer may be: each rule fires, each attack does not; and what holds for any two lists of people. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import type { KeyHolder } from '../../../connector/store/roster.ts'
import { type Match, matchRecords } from '../../../connector/sync/match.ts'
import type { SnapshotPerson } from '../../../connector/sync/snapshot.ts'
import { madeUpSchool, pupil, teacher } from './made-up.ts'
import { snapshotOf } from './pure.ts'

type Key = PersonRecord['keys'][number]
const key = (type: Key['type'], value: string, stable = true): Key => ({ type, value, stable })

/** As takeSnapshot makes them. */
function recordsOf(...people: PersonRecord[]): SnapshotPerson[] {
  const order = new Map(people.map(({ sourceId }, i) => [sourceId, i]))
  const { people: all } = snapshotOf({ ...madeUpSchool(), people, memberships: [] })
  return all.sort((a, b) => (order.get(a.record.sourceId) ?? 0) - (order.get(b.record.sourceId) ?? 0))
}

/** Somebody whom the board knows by these keys. */
function known(personId: string, keys: Key[], more: Partial<KeyHolder> = {}): KeyHolder[] {
  const [record] = recordsOf(teacher(1, { keys }))
  const tags = record?.keys.filter(({ type }) => type !== 'sis-id').map(({ tag }) => tag) ?? []
  const facts = { roles: ['staff'], live: true, sameSchool: true, sameKind: true, byRoster: true, opens: false }
  return tags.map(tag => ({ tag, personId, ...facts, ...more }))
}

const said = (match: Match | undefined): string => {
  if (!match) return 'nothing'
  if (match.is === 'link') return `${match.personId} by ${match.by}`
  return `${match.question.kind}: ${match.question.candidates.join(' ')}`
}
const verdicts = (
  records: SnapshotPerson[],
  holders: KeyHolder[],
  more: Partial<Parameters<typeof matchRecords>[0]> = {},
) => {
  const found = matchRecords({ records, holders, known: new Map(), ...more })
  return records.map(({ tag }) => said(found.get(tag)))
}

const pupilKnown = (personId: string, keys: Key[], more: Partial<KeyHolder> = {}) =>
  known(personId, keys, { roles: ['pupil'], ...more })
const oid = key('object-id', 'c0ffee')
const sub = key('subject', 'x/y')
const no12 = key('pupil-number', '12')
const staff12 = key('staff-number', '12')

describe('one newcomer, one person of the board', () => {
  test.each<[string, PersonRecord, KeyHolder[], string]>([
    ['one account in a directory is one person', teacher(1, { keys: [oid] }), known('P', [oid]), 'P by object-id'],
    ['in any school', pupil(1, { keys: [oid] }), pupilKnown('P', [oid], { sameSchool: false }), 'P by object-id'],
    [
      'an account at one vendor',
      pupil(1, { keys: [sub] }),
      pupilKnown('P', [sub], { sameSchool: false }),
      'P by subject',
    ],
    ['and at no other vendor', pupil(1, { keys: [sub] }), pupilKnown('P', [sub], { sameKind: false }), 'nothing'],
    ['a pupil number in one school', pupil(1, { keys: [no12] }), pupilKnown('P', [no12]), 'P by pupil-number'],
    ['and in no other school', pupil(1, { keys: [no12] }), pupilKnown('P', [no12], { sameSchool: false }), 'nothing'],
    [
      'a pupil who left comes back',
      pupil(1, { keys: [no12] }),
      pupilKnown('P', [no12], { live: false }),
      'P by pupil-number',
    ],
    ['a staff number', teacher(1, { keys: [staff12] }), known('P', [staff12]), 'P by staff-number'],
    [
      'that of somebody who left asks',
      teacher(1, { keys: [staff12] }),
      known('P', [staff12], { live: false }),
      'same-key: P',
    ],
    [
      'that of who may open reports asks',
      teacher(1, { keys: [staff12] }),
      known('P', [staff12], { opens: true }),
      'same-key: P',
    ],
    ['which a directory proves', teacher(1, { keys: [oid] }), known('P', [oid], { opens: true }), 'P by object-id'],
    [
      'a key that holds in one run says nothing',
      pupil(1, { keys: [{ ...no12, stable: false }] }),
      pupilKnown('P', [no12]),
      'nothing',
    ],
    ['a pupil’s account with a teacher’s number', pupil(1, { keys: [staff12] }), known('P', [staff12]), 'same-key: P'],
    ['a teacher’s with a pupil’s number', teacher(1, { keys: [no12] }), pupilKnown('P', [no12]), 'same-key: P'],
    [
      'a pupil never becomes a teacher by an account',
      teacher(1, { keys: [oid] }),
      pupilKnown('P', [oid]),
      'same-key: P',
    ],
    ['nor a teacher a pupil', pupil(1, { keys: [oid] }), known('P', [oid]), 'same-key: P'],
    [
      'nor somebody who is both',
      pupil(1, { keys: [oid] }),
      known('P', [oid], { roles: ['pupil', 'staff'] }),
      'same-key: P',
    ],
    [
      'a parent’s account is no staff number’s',
      { ...teacher(1, { keys: [staff12] }), role: 'parent' },
      known('P', [staff12]),
      'same-key: P',
    ],
  ])('%s', (_name, record, holders, expected) => {
    expect(verdicts(recordsOf(record), holders)).toEqual([expected])
  })

  test.each<[string, PersonRecord, KeyHolder[], string]>([
    [
      'asks, and links nobody',
      teacher(1, { email: 'J@school.nl' }),
      known('P', [key('email', 'j@school.nl')]),
      'staff-address: P',
    ],
    [
      'one system’s e-mail is another’s user name',
      teacher(1, { username: 'j@school.nl' }),
      known('P', [key('email', 'j@school.nl')]),
      'staff-address: P',
    ],
    [
      'in any school of the board',
      teacher(1, { email: 'j@b.nl' }),
      known('P', [key('email', 'j@b.nl')], { sameSchool: false }),
      'staff-address: P',
    ],
    [
      'a name without a domain in its own school',
      teacher(1, { username: 'jan' }),
      known('P', [key('username', 'jan')]),
      'staff-address: P',
    ],
    [
      'and in no other',
      teacher(1, { username: 'jan' }),
      known('P', [key('username', 'jan')], { sameSchool: false }),
      'nothing',
    ],
    [
      'of who left is nobody’s: it was given to the next',
      teacher(1, { email: 'j@b.nl' }),
      known('P', [key('email', 'j@b.nl')], { live: false }),
      'nothing',
    ],
    [
      'a pupil with the address of a teacher',
      pupil(1, { email: 'j@b.nl' }),
      known('P', [key('email', 'j@b.nl')]),
      'nothing',
    ],
    [
      'a teacher with the address of a pupil',
      teacher(1, { email: 'j@b.nl' }),
      pupilKnown('P', [key('email', 'j@b.nl')]),
      'nothing',
    ],
    [
      'a pupil with that of a pupil',
      pupil(1, { email: 'j@b.nl' }),
      pupilKnown('P', [key('email', 'j@b.nl')]),
      'nothing',
    ],
    [
      'of two colleagues says nothing',
      teacher(1, { email: 'a@b.nl' }),
      ['P', 'Q'].flatMap(id => known(id, [key('email', 'a@b.nl')])),
      'nothing',
    ],
    [
      'does not count where a number does',
      teacher(1, { email: 'a@b.nl', keys: [staff12] }),
      [...known('Q', [key('email', 'a@b.nl')]), ...known('P', [staff12])],
      'P by staff-number',
    ],
  ])('an address: %s', (_name, record, holders, expected) => {
    expect(verdicts(recordsOf(record), holders)).toEqual([expected])
  })

  test('an address that two records bring says nothing, and so does that of whom a number finds', () => {
    const email = 'j@b.nl'
    const holders = [...known('P', [key('email', email), staff12])]
    expect(verdicts(recordsOf(teacher(1, { email }), teacher(2, { email })), holders)).toEqual(['nothing', 'nothing'])
    const records = recordsOf(teacher(1, { email }), teacher(2, { keys: [staff12] }))
    expect(verdicts(records, holders)).toEqual(['nothing', 'P by staff-number'])
  })

  test('the same name, birth date and group are nothing', () => {
    const [one] = recordsOf(pupil(1, { givenName: 'Sam', familyName: 'Jansen', keys: [] }))
    expect(verdicts(one ? [one] : [], pupilKnown('P', [key('username', 'sam')]))).toEqual(['nothing'])
  })
})

describe('a disputed id', () => {
  test('that two records claim is nobody’s, and a third is linked all the same', () => {
    const records = recordsOf(pupil(1, { keys: [no12] }), pupil(2, { keys: [no12] }), pupil(3, { keys: [oid] }))
    const holders = [...pupilKnown('P', [no12]), ...pupilKnown('Q', [oid])]
    expect(verdicts(records, holders)).toEqual(['same-key: P', 'same-key: P', 'Q by object-id'])
  })

  test('that two people have links nobody', () => {
    const holders = [...pupilKnown('P', [no12]), ...pupilKnown('Q', [no12])]
    expect(verdicts(recordsOf(pupil(1, { keys: [no12] })), holders)).toEqual(['same-key: P Q'])
  })

  test('of a record that claims two people by two ids links neither, whichever id counts more', () => {
    const holders = [...pupilKnown('P', [oid]), ...pupilKnown('Q', [no12])]
    expect(verdicts(recordsOf(pupil(1, { keys: [oid, no12] })), holders)).toEqual(['same-key: P Q'])
  })

  test('of who is somebody here already is a question, also when that person does not bring the id', () => {
    const records = recordsOf(pupil(1, { keys: [no12] }), pupil(2, { keys: [] }))
    const holders = pupilKnown('P', [no12])
    expect(verdicts(records, holders, { known: new Map([[records[1]?.tag ?? '', 'P']]) })).toEqual([
      'same-key: P',
      'nothing',
    ])
    expect(verdicts(records.slice(0, 1), holders, { others: ['P'] })).toEqual(['same-key: P'])
  })

  test('is not asked again of whom a person said that it is not', () => {
    const records = recordsOf(pupil(1, { keys: [no12] }), pupil(2, { keys: [no12] }))
    const different = new Map([[records[0]?.tag ?? '', new Set(['P'])]])
    expect(verdicts(records, pupilKnown('P', [no12]), { different })).toEqual(['nothing', 'P by pupil-number'])
  })

  test('of somebody known is a question about the others alone', () => {
    const records = recordsOf(pupil(1, { keys: [no12, oid] }))
    const holders = [...pupilKnown('P', [no12]), ...pupilKnown('Q', [oid])]
    expect(verdicts(records, holders, { known: new Map([[records[0]?.tag ?? '', 'P']]) })).toEqual(['same-key: Q'])
  })
})

/** Any few people, who share ids and numbers as no school should. */
const anyPeople = fc.uniqueArray(
  fc.record({
    n: fc.integer({ min: 1, max: 9 }),
    role: fc.constantFrom<'pupil' | 'staff'>('pupil', 'staff'),
    keys: fc.uniqueArray(
      fc.record({
        type: fc.constantFrom<Key['type']>('object-id', 'subject', 'pupil-number', 'staff-number'),
        value: fc.constantFrom('1', '2', '3'),
      }),
      { maxLength: 3, selector: ({ type, value }) => `${type} ${value}` },
    ),
  }),
  { maxLength: 7, selector: ({ n }) => n },
)
type Anybody = { n: number; role: 'pupil' | 'staff'; keys: { type: Key['type']; value: string }[] }

const asRecords = (side: string, people: Anybody[]) =>
  recordsOf(
    ...people.map(({ n, role, keys }) =>
      pupil(n, { sourceId: `${side}:${n}`, role, keys: keys.map(each => ({ ...each, stable: true })) }),
    ),
  )
const asHolders = (side: string, people: Anybody[]) =>
  people.flatMap(({ n, role, keys }) =>
    known(
      `${side}:${n}`,
      keys.map(each => ({ ...each, stable: true })),
      { roles: [role] },
    ),
  )
/** `left right` */
const pairs = (left: Anybody[], right: Anybody[], turned = false) => {
  const records = asRecords('L', left)
  const found = matchRecords({ records, holders: asHolders('R', right), known: new Map() })
  return records.flatMap(({ tag, record }) => {
    const match = found.get(tag)
    if (match?.is !== 'link') return []
    const [a, b] = [record.sourceId.slice(2), match.personId.slice(2)]
    return [turned ? `${b} ${a}` : `${a} ${b}`]
  })
}

describe('for any two lists of people, linking', () => {
  test('is the same from either side', () => {
    fc.assert(
      fc.property(anyPeople, anyPeople, (left, right) => {
        expect(pairs(left, right).sort()).toEqual(pairs(right, left, true).sort())
      }),
      { numRuns: 500 },
    )
  })

  test('is one to one, and never of a pupil to a grown-up', () => {
    fc.assert(
      fc.property(anyPeople, anyPeople, (left, right) => {
        const linked = pairs(left, right).map(pair => pair.split(' '))
        expect(new Set(linked.map(([, to]) => to)).size).toBe(linked.length)
        const role = (people: Anybody[], n?: string) => people.find(each => String(each.n) === n)?.role
        for (const [from, to] of linked) expect(role(left, from)).toBe(role(right, to))
      }),
      { numRuns: 500 },
    )
  })

  test('does not depend on the order of either', () => {
    fc.assert(
      fc.property(anyPeople, anyPeople, (left, right) => {
        const whole = (a: Anybody[], b: Anybody[]) => {
          const found = matchRecords({ records: asRecords('L', a), holders: asHolders('R', b), known: new Map() })
          return [...found].map(([tag, match]) => `${tag} ${said(match)}`).sort()
        }
        expect(whole([...left].reverse(), [...right].reverse())).toEqual(whole(left, right))
      }),
      { numRuns: 300 },
    )
  })

  test('happens at all', () => {
    const all = fc.sample(fc.tuple(anyPeople, anyPeople), { numRuns: 300, seed: 5 })
    expect(all.filter(([left, right]) => pairs(left, right).length > 0).length).toBeGreaterThan(20)
  })
})
