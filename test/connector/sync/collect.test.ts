import { describe, expect, test } from 'vitest'
import type { RosterRecord } from '../../../adapters/roster.ts'
import type { Batch, Proof, Removal, RosterSource, SourceField } from '../../../adapters/source.ts'
import { type Asked, collect } from '../../../connector/sync/collect.ts'
import { group, madeUpAdapter, madeUpSchool, member, pupil, type Stand } from './made-up.ts'

const school: RosterRecord = { type: 'school', sourceId: 'school:99ZZ', schoolYear: '2026-2027' }
const all: RosterRecord[] = [school, group(3), pupil(1), member(group(3), pupil(1))]
const page = (records: RosterRecord[], n = 1, count = records.length): Batch => ({
  kind: 'batch',
  records,
  findings: [],
  page: { n, count },
})
const gone = (removal: Removal = { type: 'person', sourceId: 'leerling:9' }): Batch => ({
  ...page([], 2),
  removed: [removal],
})
const noCounts = { school: 0, group: 0, person: 0, membership: 0 }
const changedCounts = { ...noCounts, person: 1, membership: 1 }
const proof = (more: Partial<Proof> = {}): Proof => ({
  kind: 'snapshot',
  scope: { schoolYear: '2026-2027' },
  counts: { school: 1, group: 1, person: 1, membership: 1 },
  ...more,
})
const asked = (cursor: string | null = null, more: Partial<Stand> = {}): Asked => ({
  cursor,
  adapter: madeUpAdapter({ says: madeUpSchool(), ...more })(''),
})
const source = (...parts: (Batch | Proof)[]): RosterSource => ({
  check: async () => ({ ok: true, says: [] }),
  async *read() {
    yield* parts
  },
})

test('a proven school comes through whole', async () => {
  const made = madeUpAdapter({ says: madeUpSchool() })('').open({}, {} as never)
  const seen: number[] = []
  const collected = await collect(made, { ...asked(), onRecords: records => seen.push(records) })
  expect(collected).toMatchObject({ kind: 'snapshot', roster: { people: { length: 36 }, groups: { length: 6 } } })
  expect(seen).toEqual([40, 79])
})

test('nothing changed is a proof without records', async () => {
  expect(await collect(source(proof({ kind: 'unchanged' })), asked('x'))).toMatchObject({ kind: 'unchanged' })
  await expect(collect(source(page(all), proof({ kind: 'unchanged' })), asked('x'))).rejects.toMatchObject({
    code: 'malformed',
  })
})

test('nothing changed is no answer where everything was asked for', async () => {
  await expect(collect(source(proof({ kind: 'unchanged' })), asked(null))).rejects.toMatchObject({
    code: 'malformed',
    message: expect.stringContaining('asked for everything'),
  })
})

const counts = { school: 1, group: 1, person: 1, membership: 1 }
test.each<[string, string, (Batch | Proof)[]]>([
  ['no proof', 'incomplete', [page(all)]],
  ['nothing at all', 'incomplete', []],
  ['a proof that counts more', 'incomplete', [page(all), proof({ counts: { ...counts, person: 2 } })]],
  ['a proof that counts less', 'incomplete', [page(all), proof({ counts: { ...counts, membership: 0 } })]],
  ['a proof without counts', 'malformed', [page(all), proof({ counts: {} as never })]],
  ['a short page', 'incomplete', [page(all, 1, 5), proof()]],
  ['a page left out', 'incomplete', [page([school]), page(all.slice(1), 3), proof()]],
  ['a page repeated', 'incomplete', [page(all), page(all), proof()]],
  ['records after the proof', 'malformed', [page(all), proof(), page([pupil(2)], 2)]],
  ['two proofs', 'malformed', [page(all), proof(), proof()]],
  ['removals before a snapshot', 'malformed', [page(all), gone(), proof()]],
  ['another year than proven', 'malformed', [page(all), proof({ scope: { schoolYear: '2025-2026' } })]],
  ['a person twice', 'malformed', [page([...all, pupil(1)]), proof({ counts: { ...counts, person: 2 } })]],
  [
    'keys that differ in capitals alone',
    'malformed',
    [page([...all, pupil(1, { sourceId: 'LEERLING:1' })]), proof({ counts: { ...counts, person: 2 } })],
  ],
  [
    'a membership of nobody',
    'malformed',
    [page([...all, member(group(3), pupil(2))]), proof({ counts: { ...counts, membership: 2 } })],
  ],
  [
    'a membership of no group',
    'malformed',
    [page([...all, member(group(4), pupil(1))]), proof({ counts: { ...counts, membership: 2 } })],
  ],
  ['two schools', 'malformed', [page([...all, school]), proof({ counts: { ...counts, school: 2 } })]],
  ['a record of another vocabulary', 'malformed', [page([{ ...pupil(1), role: 'boss' } as never]), proof()]],
])('%s: %s', async (_name, code, parts) => {
  await expect(collect(source(...parts), asked())).rejects.toMatchObject({ name: 'SourceError', code })
})

describe('changes only', () => {
  const changed = [
    page([pupil(1), member(group(9), pupil(2))]),
    gone(),
    proof({ kind: 'delta', counts: changedCounts }),
  ]
  const delta = { can: { mode: 'delta' as const } }

  test('come in with what is gone, without a school, and may refer to what is stored', async () => {
    const collected = await collect(source(...changed), asked('x', delta))
    expect(collected).toMatchObject({
      kind: 'delta',
      roster: {
        people: { length: 1 },
        memberships: { length: 1 },
        removed: [{ type: 'person', sourceId: 'leerling:9' }],
      },
    })
    expect(collected).not.toHaveProperty('roster.school')
  })

  test.each<[string, Asked, (Batch | Proof)[]]>([
    ['from a source that does not claim to send them', asked('x'), changed],
    ['where everything was asked for', asked(null, delta), changed],
    [
      'with a removal of no kind we know',
      asked('x', delta),
      [gone({ type: 'school', sourceId: 'x' } as never), proof({ kind: 'delta', counts: noCounts })],
    ],
    [
      'with a removal of nothing',
      asked('x', delta),
      [gone({ type: 'person', sourceId: '' }), proof({ kind: 'delta', counts: noCounts })],
    ],
    [
      'that say what is gone and that nothing changed',
      asked('x', delta),
      [gone(), proof({ kind: 'unchanged', counts: noCounts })],
    ],
    [
      'with a person twice',
      asked('x', delta),
      [page([pupil(1), pupil(1)]), proof({ kind: 'delta', counts: { ...noCounts, person: 2 } })],
    ],
    [
      'of another year',
      asked('x', delta),
      [page([group(3, '2025-2026')]), proof({ kind: 'delta', counts: { ...noCounts, group: 1 } })],
    ],
  ])('are not believed %s', async (_name, how, parts) => {
    const numbered = parts.map((part, i) =>
      part.kind === 'batch' ? { ...part, page: { ...part.page, n: i + 1 } } : part,
    )
    await expect(collect(source(...numbered), how)).rejects.toMatchObject({ name: 'SourceError', code: 'malformed' })
  })
})

describe('a field that is not on the list of the adapter', () => {
  const listed: SourceField[] = [
    ...(['sourceId', 'brin', 'schoolYear'] as const).map(name => ({ wire: name, roster: `school.${name}` as const })),
    ...(['sourceId', 'kind', 'name', 'schoolYear', 'grades'] as const).map(name => ({
      ...{ wire: name, roster: `group.${name}` as const },
    })),
    ...(
      ['sourceId', 'stable', 'role', 'roleHints', 'status', 'givenName', 'familyName', 'username', 'keys'] as const
    ).map(name => ({ wire: name, roster: `person.${name}` as const })),
    ...(['groupSourceId', 'personSourceId', 'role'] as const).map(name => ({
      ...{ wire: name, roster: `membership.${name}` as const },
    })),
  ]
  const reading = (record: object) =>
    collect(
      source(page([school, group(3), { ...pupil(1), ...record } as RosterRecord, member(group(3), pupil(1))]), proof()),
      asked(null, { fields: listed }),
    )

  test('is refused by its name, and what is in it is not told', async () => {
    await expect(reading({ email: 'kim@proef.example' })).rejects.toMatchObject({
      code: 'malformed',
      message: 'a person on page 1 has the field email, which is not on the list of what this source may give',
    })
    await expect(reading({ bsn: '999990019' })).rejects.toMatchObject({
      message: expect.not.stringContaining('999990019'),
    })
    await expect(reading({ bsn: '999990019' })).rejects.toMatchObject({ message: expect.stringContaining('bsn') })
  })

  test('is no matter while it is not filled', async () => {
    expect(await reading({ email: undefined })).toMatchObject({ kind: 'snapshot' })
    expect(await reading({})).toMatchObject({ kind: 'snapshot' })
  })
})
