import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Assembled, assemble, countsOf, given, inBatches, readCursor, summaryOf } from '../../adapters/deliver.ts'
import { mayBeCitizenNumber } from '../../adapters/numbers.ts'
import type { GroupRecord, MembershipRecord, PersonRecord, RosterKey, SchoolRecord } from '../../adapters/roster.ts'
import type { Batch, Proof } from '../../adapters/source.ts'

const school: SchoolRecord = { type: 'school', sourceId: 'school:1', schoolYear: '2026-2027' }
const group = (id: string, more: Partial<GroupRecord> = {}): GroupRecord => ({
  ...{ type: 'group', sourceId: id, kind: 'homeroom', name: id, schoolYear: '2026-2027', grades: [] },
  ...more,
})
const person = (id: string, more: Partial<PersonRecord> = {}): PersonRecord => ({
  ...{ type: 'person', sourceId: id, stable: true, role: 'pupil', roleHints: [], status: 'active', keys: [] },
  ...more,
})
const membership = (groupSourceId: string, personSourceId: string): MembershipRecord => ({
  ...{ type: 'membership', groupSourceId, personSourceId, role: 'pupil' },
})
const sound: Assembled = {
  school,
  groups: [group('g:2'), group('g:1')],
  people: [person('p:2'), person('p:1', { role: 'staff' })],
  memberships: [membership('g:2', 'p:1'), membership('g:1', 'p:2'), membership('g:1', 'p:1')],
}
const thrown = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

describe('a roster that is put together', () => {
  it('comes in one order, whatever the order it came in', () => {
    const wanted = JSON.stringify(assemble(sound))
    const shuffled = <Item>(items: readonly Item[]) => fc.shuffledSubarray([...items], { minLength: items.length })
    fc.assert(
      fc.property(
        shuffled(sound.groups),
        shuffled(sound.people),
        shuffled(sound.memberships),
        (groups, people, memberships) => {
          expect(JSON.stringify(assemble({ school, groups, people, memberships }))).toBe(wanted)
        },
      ),
    )
    expect(
      assemble(sound).map(each =>
        'sourceId' in each ? each.sourceId : `${each.groupSourceId} ${each.personSourceId}`,
      ),
    ).toEqual(['school:1', 'g:1', 'g:2', 'p:1', 'p:2', 'g:1 p:1', 'g:1 p:2', 'g:2 p:1'])
  })

  it('does not touch what it is given', () => {
    const before = JSON.stringify(sound)
    assemble(sound)
    expect(JSON.stringify(sound)).toBe(before)
  })

  it.each<[string, Partial<Assembled>, string, string]>([
    [
      'a group twice',
      { groups: [group('g:1'), group('g:1'), group('g:2')] },
      'g:1',
      'duplicate key: g:1 appears twice',
    ],
    ['a person twice', { people: [...sound.people, person('p:2')] }, 'p:2', 'duplicate key: p:2 appears twice'],
    ['a group that is not there', { groups: [group('g:1')] }, 'p:1', 'p:1 refers to g:2, which is not in the roster'],
    ['a person who is not there', { people: [person('p:1')] }, 'g:1', 'g:1 refers to p:2, which is not in the roster'],
    [
      'a name too long',
      { people: [person('p:1', { givenName: 'CANARY'.repeat(50) }), person('p:2')] },
      'p:1',
      'p:1 has a givenName that does not fit',
    ],
    [
      'a group without a name',
      { groups: [group('g:1', { name: '' }), group('g:2')] },
      'g:1',
      'g:1 has a name that does not fit',
    ],
    [
      'a day that is none',
      { memberships: [{ ...membership('g:1', 'p:1'), endsOn: '2026-13-01' }] },
      'p:1',
      'p:1 has a endsOn that does not fit',
    ],
  ])('with %s is refused, by id and never by value', (_, more, sourceId, message) => {
    expect(thrown(() => assemble({ ...sound, ...more }))).toMatchObject({ code: 'malformed', sourceId, message })
  })

  it('may refer to what came before when it is changes only, but brings nothing twice', () => {
    const changes: Assembled = { groups: [], people: [], memberships: [membership('g:9', 'p:9')] }
    expect(assemble(changes, { open: true })).toEqual(changes.memberships)
    expect(thrown(() => assemble(changes))).toMatchObject({ code: 'malformed' })
    const twice = { ...changes, people: [person('p:1'), person('p:1')] }
    expect(thrown(() => assemble(twice, { open: true }))).toMatchObject({ code: 'malformed' })
  })
})

const proof: Omit<Proof, 'counts'> = { kind: 'snapshot', scope: { schoolYear: '2026-2027' }, cursor: 'c' }
const batches = (items: (Batch | Proof)[]) => items.filter((each): each is Batch => each.kind === 'batch')

/** The next number that passes the test of a BSN. */
const near = (from: string): string => {
  for (let n = Number(from); ; n += 1) if (mayBeCitizenNumber(String(n))) return String(n)
}

describe('a citizen’s number', () => {
  const keysOf = (values: string[], types: RosterKey['type'][], more: Partial<PersonRecord> = {}) => {
    const keys = values.flatMap(value => types.map(type => ({ type, value, stable: true })))
    const records = assemble({ ...sound, people: [{ ...person('p:1'), keys, ...more }], memberships: [] })
    return records.find(record => record.type === 'person')
  }

  it('leaves no source as somebody’s number or user name', () => {
    const types = ['pupil-number', 'staff-number', 'username'] as const
    const found = keysOf(['999990019', '9999.90.019', '50001'], [...types], { username: '999990019' })
    expect(found?.keys.map(({ value }) => value)).toEqual(['50001', '50001', '50001'])
    expect(found).not.toHaveProperty('username')
  })

  it('is nobody’s key: a source that names its pupils by it is refused, without naming one', () => {
    const numbered =
      (...numbers: string[]) =>
      () =>
        assemble({ ...sound, people: numbers.map(number => person(`leerling:${number}`)), memberships: [] })
    const citizens = ['999990019', '999990020', '999990032', '999990044', '999990056'].map(near)
    expect(numbered(...citizens, '50001')).not.toThrow()
    const error = thrown(numbered(...citizens))
    expect(error).toMatchObject({ code: 'malformed', message: expect.stringContaining('a BSN') })
    expect(String(error)).not.toMatch(/\d{9}/)
  })

  it('is not looked for in ids of accounts', () => {
    expect(keysOf(['999990019'], ['object-id', 'subject'])?.keys).toHaveLength(2)
    expect(keysOf([], [], { username: 'noor' })).toHaveProperty('username', 'noor')
  })
})

describe('batches', () => {
  it('hold 500 records at most, are numbered from 1, and end with a proof that counts them', () => {
    const records = assemble({
      school,
      groups: [],
      people: Array.from({ length: 1100 }, (_, n) => person(`p:${n}`)),
      memberships: [],
    })
    const items = [...inBatches(records, [], proof)]
    expect(batches(items).map(({ page }) => [page.n, page.count])).toEqual([
      [1, 500],
      [2, 500],
      [3, 101],
    ])
    expect(batches(items).flatMap(each => each.records)).toEqual(records)
    expect(items.at(-1)).toEqual({ ...proof, counts: { school: 1, group: 0, person: 1100, membership: 0 } })
  })

  it('carry what was found with the record it is about, once and in one order', () => {
    const records = assemble(sound)
    const findings = [
      { code: 'unknown-role' as const, sourceId: 'p:1' },
      { code: 'unknown-grade' as const, sourceId: 'p:1' },
      { code: 'unknown-role' as const, sourceId: 'nobody' },
    ]
    for (const found of [findings, findings.toReversed()])
      expect(batches([...inBatches(records, found, proof)]).flatMap(each => each.findings)).toEqual([
        { code: 'unknown-grade', sourceId: 'p:1' },
        { code: 'unknown-role', sourceId: 'p:1' },
      ])
  })

  it('say first what is gone', () => {
    const removed = Array.from({ length: 600 }, (_, n) => ({ type: 'person' as const, sourceId: `p:${n}` }))
    const items = batches([...inBatches([person('p:x')], [], { ...proof, kind: 'delta' }, removed)])
    expect(items.map(({ page, removed: gone, records }) => [page.n, page.count, gone?.length, records.length])).toEqual(
      [
        [1, 0, 500, 0],
        [2, 0, 100, 0],
        [3, 1, undefined, 1],
      ],
    )
  })

  it('of nothing are a proof alone', () => {
    expect([...inBatches([], [], proof)]).toEqual([
      { ...proof, counts: { school: 0, group: 0, person: 0, membership: 0 } },
    ])
  })
})

describe('a cursor', () => {
  const Cursor = z.object({ n: z.number() })
  it('comes back as it was written', () => {
    expect(readCursor(Cursor, null)).toBeUndefined()
    expect(readCursor(Cursor, '{"n":1}')).toEqual({ n: 1 })
  })

  it.each(['', 'CANARY', '{}', '{"n":"CANARY"}', 'null'])('that is another (%j) is refused', cursor => {
    const error = thrown(() => readCursor(Cursor, cursor))
    expect(error).toMatchObject({ code: 'malformed' })
    expect(`${error} ${(error as Error).cause}`).not.toContain('CANARY')
  })
})

it('leaves out what is not given, and nothing else', () => {
  expect([given('a', undefined), given('a', null), given('a', ''), given('a', 0), given('a', false)]).toEqual([
    {},
    {},
    {},
    { a: 0 },
    { a: false },
  ])
})

it('counts without names', () => {
  const records = assemble(sound)
  expect(countsOf(records)).toEqual({ school: 1, group: 2, person: 2, membership: 3 })
  expect(summaryOf(records)).toBe('2 groups (2 homerooms), 1 pupils, 1 others.')
})
