import { expect, test } from 'vitest'
import type { RosterRecord } from '../../../adapters/roster.ts'
import type { Batch, Proof, RosterSource } from '../../../adapters/source.ts'
import { collect } from '../../../connector/sync/collect.ts'
import { group, madeUpAdapter, madeUpSchool, member, pupil } from './made-up.ts'

const school: RosterRecord = { type: 'school', sourceId: 'school:99ZZ', schoolYear: '2026-2027' }
const all: RosterRecord[] = [school, group(3), pupil(1), member(group(3), pupil(1))]
const page = (records: RosterRecord[], n = 1, count = records.length): Batch => ({
  kind: 'batch',
  records,
  findings: [],
  page: { n, count },
})
const proof = (more: Partial<Proof> = {}): Proof => ({
  kind: 'snapshot',
  scope: { schoolYear: '2026-2027' },
  counts: { school: 1, group: 1, person: 1, membership: 1 },
  ...more,
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
  const collected = await collect(made, null, records => seen.push(records))
  expect(collected).toMatchObject({ kind: 'snapshot', roster: { people: { length: 36 }, groups: { length: 6 } } })
  expect(seen).toEqual([40, 79])
})

test('nothing changed is a proof without records', async () => {
  expect(await collect(source(proof({ kind: 'unchanged' })), 'x')).toMatchObject({ kind: 'unchanged' })
  await expect(collect(source(page(all), proof({ kind: 'unchanged' })), 'x')).rejects.toMatchObject({
    code: 'malformed',
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
  ['a delta', 'malformed', [page(all), proof({ kind: 'delta' })]],
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
  await expect(collect(source(...parts), null)).rejects.toMatchObject({ name: 'SourceError', code })
})

test('a field that is not of our vocabulary does not come in', async () => {
  const extra = { ...pupil(1), bsn: '999990019' } as RosterRecord
  const collected = await collect(source(page([school, group(3), extra, member(group(3), pupil(1))]), proof()), null)
  expect(JSON.stringify(collected)).not.toContain('999990019')
})
