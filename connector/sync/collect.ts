/**
 * The door: reads a source to the end. Nothing leaves here without the proof, nothing that is not what the proof counted, and no field that
 * the adapter's allow-list does not name.
 */
import { z } from 'zod'
import {
  type GroupRecord,
  type MembershipRecord,
  type PersonRecord,
  type RecordType,
  RosterRecord,
  type SchoolRecord,
} from '../../adapters/roster.ts'
import {
  type Adapter,
  type Batch,
  type Finding,
  type Proof,
  type Removal,
  type RosterSource,
  SourceError,
} from '../../adapters/source.ts'

/** A whole school: keys unique, references closed. Before a `delta` proof what changed of one: references may be to what is stored. */
export interface Roster {
  /** Absent in a delta that does not touch it. */
  school?: SchoolRecord
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
  /** Of a delta. What is removed goes first, what came stands: a group that is both loses its members and gets those that came. */
  removed: Removal[]
  findings: Finding[]
  proof: Proof
}

export type Collected = { kind: 'unchanged'; proof: Proof } | { kind: 'snapshot' | 'delta'; roster: Roster }

export interface Asked {
  /** Of what was applied last, or null for everything. */
  cursor: string | null
  adapter: { fields: Adapter['fields']; can: Pick<Adapter['can'], 'mode'> }
  /** How many have come so far. */
  onRecords?: (records: number) => void
}

const Counts = z.object({ school: z.int(), group: z.int(), person: z.int(), membership: z.int() })

const key = z.string().min(1).max(300)
const Removed = z.array(
  z.discriminatedUnion('type', [
    z.object({ type: z.enum(['person', 'group']), sourceId: key }),
    z.object({
      type: z.literal('membership'),
      groupSourceId: key,
      personSourceId: key,
      role: z.enum(['pupil', 'teacher', 'other', 'undecided']).optional(),
    }),
  ]),
)

/**
 * @throws SourceError `incomplete` without a proof, or with one that counts other than came; `malformed` when a record is not of our vocabulary,
 * has a field that the adapter does not declare, comes twice, or refers to nothing, and when the proof is none that was asked for
 */
export async function collect(source: RosterSource, asked: Asked): Promise<Collected> {
  const { cursor, adapter, onRecords = () => {} } = asked
  const declared = new Set<string>(adapter.fields.map(field => field.roster))
  const records: RosterRecord[] = []
  const removed: Removal[] = []
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
    checkPage(part, pages)
    for (const record of part.records) records.push(admit(record, pages, declared))
    removed.push(...removals(part, pages))
    findings.push(...part.findings)
    onRecords(records.length)
  }
  if (!proof) throw new SourceError('incomplete', 'the source ended without proof that everything came')
  checkProof(proof, asked, records.length, removed.length)
  if (proof.kind === 'unchanged') return { kind: 'unchanged', proof }
  return { kind: proof.kind, roster: gather(records, { removed, findings, proof }) }
}

/** Whether this kind of proof may come here at all. */
function checkProof({ kind }: Proof, { cursor, adapter }: Asked, records: number, removed: number): void {
  const malformed = (message: string) => new SourceError('malformed', message)
  if (kind !== 'delta' && removed > 0) throw malformed('the source says what is gone, which only changes can say')
  if (kind === 'unchanged') {
    if (records > 0) throw malformed('the source sent records and says that nothing changed')
    // Since when? What is stored may be nothing, or refused, or due for a day that has come.
    if (cursor === null) throw malformed('the source was asked for everything and says that nothing changed')
  }
  if (kind === 'delta') {
    if (adapter.can.mode !== 'delta') throw malformed('the source sent changes only, which it does not claim to do')
    if (cursor === null) throw malformed('the source was asked for everything and sent changes only')
  }
}

function checkPage({ page, records }: Batch, n: number): void {
  if (page.n !== n) throw new SourceError('incomplete', `page ${page.n} came where page ${n} was due`)
  if (page.count !== records.length)
    throw new SourceError('incomplete', `page ${n} counts ${page.count} and has ${records.length} records`)
}

/** A field is looked at by its name alone: what is in it must not be in the message. */
function admit(record: RosterRecord, n: number, declared: Set<string>): RosterRecord {
  const verdict = RosterRecord.safeParse(record)
  if (!verdict.success) {
    const path = verdict.error.issues[0]?.path.join('.') ?? 'record'
    throw new SourceError('malformed', `a record on page ${n} has a ${path} that does not fit`)
  }
  for (const [field, value] of Object.entries(record)) {
    if (field === 'type' || value === undefined || declared.has(`${record.type}.${field}`)) continue
    throw new SourceError(
      'malformed',
      `a ${record.type} on page ${n} has the field ${field}, which is not on the list of what this source may give`,
    )
  }
  return verdict.data
}

function removals({ removed = [] }: Batch, n: number): Removal[] {
  const verdict = Removed.safeParse(removed)
  if (!verdict.success) throw new SourceError('malformed', `a removal on page ${n} does not fit`)
  // SAFETY: the same type, where an absent role is one that is undefined.
  return verdict.data as Removal[]
}

function gather(records: RosterRecord[], { removed, findings, proof }: Pick<Roster, 'removed' | 'findings' | 'proof'>) {
  const counts = Counts.safeParse(proof.counts)
  if (!counts.success) throw new SourceError('malformed', 'the proof has no counts')
  const schools: SchoolRecord[] = []
  const roster: Roster = { groups: [], people: [], memberships: [], removed, findings, proof }
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
  if (schools.length > 1 || (!school && proof.kind === 'snapshot'))
    throw new SourceError('malformed', `the roster has ${schools.length} schools instead of one`)
  const { schoolYear } = proof.scope
  if ((school && school.schoolYear !== schoolYear) || roster.groups.some(group => group.schoolYear !== schoolYear))
    throw new SourceError('malformed', `not everything is of the school year that was proven (${schoolYear})`)
  checkReferences(roster)
  return { ...(school ? { school } : {}), ...roster }
}

/** Of changes only the keys: what they refer to may be stored, and the plan looks there. */
function checkReferences({ groups, people, memberships, proof }: Roster): void {
  const groupIds = once(groups.map(group => group.sourceId))
  const personIds = once(people.map(person => person.sourceId))
  if (proof.kind === 'delta') return
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
