/** What every roster source must do, whatever its vendor. A source's test calls `conforms` with a way to open it and then tests its quirks. */
import { describe, expect, it } from 'vitest'
import { RosterRecord } from '../../adapters/roster.ts'
import {
  type Adapter,
  type Batch,
  type Finding,
  type Proof,
  type RosterSource,
  SourceError,
  type SourceErrorCode,
} from '../../adapters/source.ts'

export interface Everything {
  batches: Batch[]
  records: RosterRecord[]
  findings: Finding[]
  proof: Proof
}

/** @throws what the source throws; an Error when it ends without a proof or says more after it */
export async function readAll(source: RosterSource, cursor: string | null = null): Promise<Everything> {
  const batches: Batch[] = []
  let proof: Proof | undefined
  for await (const item of source.read(cursor)) {
    if (proof !== undefined) throw new Error('the source goes on after its proof')
    if (item.kind === 'batch') batches.push(item)
    else proof = item
  }
  if (proof === undefined) throw new Error('the source ended without a proof')
  return {
    batches,
    records: batches.flatMap(({ records }) => records),
    findings: batches.flatMap(({ findings }) => findings),
    proof,
  }
}

/** What came out before it failed, and the failure. @throws an Error when it did not fail with a SourceError */
export async function readFailing(
  source: RosterSource,
  cursor: string | null = null,
): Promise<{ items: (Batch | Proof)[]; error: SourceError }> {
  const items: (Batch | Proof)[] = []
  try {
    for await (const item of source.read(cursor)) items.push(item)
  } catch (error) {
    if (error instanceof SourceError) return { items, error }
    throw new Error('the source failed with something else than a SourceError', { cause: error })
  }
  throw new Error('the source did not fail')
}

/** What goes wrong with every source sooner or later. */
const standardFaults = [
  'no answer in time',
  'HTTP 401',
  'HTTP 429',
  'HTTP 503',
  'garbage',
  'a web page',
  'an empty answer',
  'a connection cut halfway',
  'a redirect',
  'HTTP 200 with an error in it',
  'a page that comes again',
  'half a run',
] as const
type StandardFault = (typeof standardFaults)[number]

/** One and the same for all of them. */
export const everyFault = <Of>(of: Of) =>
  // SAFETY: every name of the list is a key.
  Object.fromEntries(standardFaults.map(fault => [fault, of])) as Record<StandardFault, Of>

interface Failing {
  open: () => Promise<RosterSource> | RosterSource
  code: SourceErrorCode
}

export interface Conforming {
  adapter: Adapter
  /** A sound roster, opened anew for every test. */
  open: () => Promise<RosterSource> | RosterSource
  /** Values planted in the input that must reach nobody: BSN, birth date, address, photo, ethnicity, ECK iD. */
  canaries: readonly string[]
  /** The credentials that were given: in no error, no finding, no cursor. */
  secrets: readonly string[]
  /** How each ends; `never`: why this cannot happen to this source. */
  faults: Record<StandardFault, Failing | { never: string }>
  /** More inputs that fail, with the code they fail with. */
  failing?: Record<string, Failing>
}

export function conforms(name: string, { adapter, open, canaries, secrets, faults, failing = {} }: Conforming): void {
  describe(`${name} as a roster source`, () => {
    it('gives no field that is not on its allow-list', async () => {
      const listed = new Set<string>(adapter.fields.map(({ roster }) => roster))
      const given = (await readAll(await open())).records.flatMap(record =>
        Object.keys(record).map(field => `${record.type}.${field}`),
      )
      const unlisted = [...new Set(given)].filter(field => !field.endsWith('.type') && !listed.has(field))
      expect(unlisted).toEqual([])
    })

    it('lists each field of the roster that it fills, and what it never takes', () => {
      for (const { wire } of adapter.fields) expect(wire).toMatch(/\w/)
      expect(adapter.never.length).toBeGreaterThan(0)
    })

    it('reports every role that it does not know', async () => {
      const { records, findings } = await readAll(await open())
      const reported = new Set(findings.map(finding => finding.sourceId))
      for (const record of records) {
        if (record.type === 'person' && record.role === 'unknown') expect(reported).toContain(record.sourceId)
        if (record.type === 'membership' && record.role === 'undecided')
          expect(reported).toContain(record.personSourceId)
      }
    })

    it('keeps its secrets out of what it says', async () => {
      const said = JSON.stringify([await readAll(await open()), await (await open()).check()])
      for (const secret of secrets) expect(said).not.toContain(secret)
    })

    it('keeps a cursor only where it can say "nothing since then" or less than everything', async () => {
      const { proof } = await readAll(await open())
      expect(proof.kind).toBe('snapshot')
      if (adapter.can.mode === 'delta') {
        expect(proof.cursor).toBeDefined()
        expect(adapter.can.fullEveryDays).toBeGreaterThan(0)
      }
    })

    it('gives the same output for the same input', async () => {
      expect(await readAll(await open())).toEqual(await readAll(await open()))
    })

    it('ends with a proof whose counts are what it yielded', async () => {
      const { records, proof } = await readAll(await open())
      const counts = { school: 0, group: 0, person: 0, membership: 0 }
      for (const { type } of records) counts[type] += 1
      expect(proof.counts).toEqual(counts)
      expect(counts.school).toBe(1)
      expect(counts.person).toBeGreaterThan(0)
    })

    it('yields only records of the vocabulary, with nothing added to them', async () => {
      for (const record of (await readAll(await open())).records) expect(RosterRecord.parse(record)).toEqual(record)
    })

    it('numbers its batches from 1, none empty, none above 500 records', async () => {
      const { batches } = await readAll(await open())
      expect(batches.map(({ page }) => page.n)).toEqual(batches.map((_, n) => n + 1))
      for (const { records, page } of batches) {
        expect(page.count).toBe(records.length)
        expect(records.length).toBeGreaterThan(0)
        expect(records.length).toBeLessThanOrEqual(500)
      }
    })

    it('yields school, groups and people before what refers to them, and every reference resolves', async () => {
      const seen = new Set<string>()
      for (const record of (await readAll(await open())).records)
        if (record.type === 'membership') {
          expect(seen).toContain(record.groupSourceId)
          expect(seen).toContain(record.personSourceId)
        } else {
          expect(seen).not.toContain(record.sourceId)
          seen.add(record.sourceId)
        }
    })

    it('hangs every finding on a record that it yielded', async () => {
      const { records, findings } = await readAll(await open())
      const ids = new Set(records.flatMap(record => (record.type === 'membership' ? [] : [record.sourceId])))
      for (const { sourceId } of findings) expect(ids).toContain(sourceId)
    })

    it('lets no forbidden value through, in records, findings, proof or check', async () => {
      const text = JSON.stringify([await readAll(await open()), await (await open()).check()])
      expect(canaries.length).toBeGreaterThan(0)
      for (const canary of canaries) expect(text).not.toContain(canary)
    })

    const all = { ...faults, ...failing }
    for (const [input, fault] of Object.entries(all)) {
      if ('never' in fault) continue
      const { open: openFailing, code } = fault
      it(`fails with ${code} and gives no record and no proof for ${input}`, async () => {
        const { items, error } = await readFailing(await openFailing())
        expect(error.code).toBe(code)
        expect(items).toEqual([])
        const told = `${error.message} ${error.cause}`
        expect(told).not.toMatch(/CANARY|https?:\/\/|[?&]\w+=/)
        for (const secret of secrets) expect(told).not.toContain(secret)
      })
    }
  })
}
