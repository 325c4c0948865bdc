/** Reads a source to the end. Nothing leaves here without the proof, and nothing that is not what the proof counted. */
import { z } from 'zod'
import {
  type GroupRecord,
  type MembershipRecord,
  type PersonRecord,
  type RecordType,
  RosterRecord,
  type SchoolRecord,
} from '../../adapters/roster.ts'
import { type Batch, type Finding, type Proof, type RosterSource, SourceError } from '../../adapters/source.ts'

/** A whole school: keys unique, references closed. */
export interface Roster {
  school: SchoolRecord
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
  findings: Finding[]
  proof: Proof
}

export type Collected = { kind: 'unchanged'; proof: Proof } | { kind: 'snapshot'; roster: Roster }

const Counts = z.object({ school: z.int(), group: z.int(), person: z.int(), membership: z.int() })

/**
 * @param cursor of what was applied last, or null for everything
 * @param onRecords how many have come so far
 * @throws SourceError `incomplete` without a proof, or with one that counts other than came; `malformed` when a record is not of our vocabulary,
 * comes twice, or refers to nothing
 */
export async function collect(
  source: RosterSource,
  cursor: string | null,
  onRecords: (records: number) => void = () => {},
): Promise<Collected> {
  const records: RosterRecord[] = []
  const findings: Finding[] = []
  let proof: Proof | undefined
  let pages = 0
  for await (const part of source.read(cursor)) {
    if (proof) throw new SourceError('malformed', 'the source went on after its proof')
    if (!('records' in part)) {
      proof = part
      continue
    }
    pages += 1
    take(part, pages, records)
    findings.push(...part.findings)
    onRecords(records.length)
  }
  if (!proof) throw new SourceError('incomplete', 'the source ended without proof that everything came')
  if (proof.kind === 'unchanged') {
    if (records.length > 0) throw new SourceError('malformed', 'the source sent records and says that nothing changed')
    return { kind: 'unchanged', proof }
  }
  if (proof.kind === 'delta')
    throw new SourceError('malformed', 'the source sent changes only, which this version cannot apply')
  return { kind: 'snapshot', roster: whole(records, findings, proof) }
}

function take(batch: Batch, n: number, records: RosterRecord[]): void {
  if (batch.page.n !== n) throw new SourceError('incomplete', `page ${batch.page.n} came where page ${n} was due`)
  if (batch.page.count !== batch.records.length)
    throw new SourceError('incomplete', `page ${n} counts ${batch.page.count} and has ${batch.records.length} records`)
  for (const record of batch.records) {
    const verdict = RosterRecord.safeParse(record)
    if (!verdict.success) {
      const path = verdict.error.issues[0]?.path.join('.') ?? 'record'
      throw new SourceError('malformed', `a record on page ${n} has a ${path} that does not fit`)
    }
    records.push(verdict.data)
  }
}

function whole(records: RosterRecord[], findings: Finding[], proof: Proof): Roster {
  const counts = Counts.safeParse(proof.counts)
  if (!counts.success) throw new SourceError('malformed', 'the proof has no counts')
  const schools: SchoolRecord[] = []
  const roster: Omit<Roster, 'school'> = { groups: [], people: [], memberships: [], findings, proof }
  for (const record of records) {
    if (record.type === 'school') schools.push(record)
    else if (record.type === 'group') roster.groups.push(record)
    else if (record.type === 'person') roster.people.push(record)
    else roster.memberships.push(record)
  }
  const came: Record<RecordType, number> = {
    school: schools.length,
    group: roster.groups.length,
    person: roster.people.length,
    membership: roster.memberships.length,
  }
  for (const type of Object.keys(came) as RecordType[])
    if (came[type] !== counts.data[type])
      throw new SourceError('incomplete', `the source counts ${counts.data[type]} of ${type}, and ${came[type]} came`)
  const [school] = schools
  if (!school || schools.length > 1)
    throw new SourceError('malformed', `the roster has ${schools.length} schools instead of one`)
  const { schoolYear } = proof.scope
  if (school.schoolYear !== schoolYear || roster.groups.some(group => group.schoolYear !== schoolYear))
    throw new SourceError('malformed', `not everything is of the school year that was proven (${schoolYear})`)
  checkReferences(roster)
  return { school, ...roster }
}

function checkReferences({ groups, people, memberships }: Pick<Roster, 'groups' | 'people' | 'memberships'>): void {
  const groupIds = once(groups.map(group => group.sourceId))
  const personIds = once(people.map(person => person.sourceId))
  for (const { groupSourceId, personSourceId } of memberships) {
    const missing = !groupIds.has(groupSourceId)
      ? groupSourceId
      : !personIds.has(personSourceId)
        ? personSourceId
        : null
    if (missing !== null)
      throw new SourceError('malformed', `a membership refers to ${missing}, which did not come`, { sourceId: missing })
  }
}

function once(ids: string[]): Set<string> {
  const seen = new Set<string>()
  for (const id of ids) {
    // Fingerprints are of trimmed lower case: two keys that differ in nothing else would be one person.
    const plain = id.normalize('NFC').trim().toLowerCase()
    if (seen.has(plain)) throw new SourceError('malformed', `${id} comes twice`, { sourceId: id })
    seen.add(plain)
  }
  return new Set(ids)
}
