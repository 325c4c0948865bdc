/** A small made-up school as a source: no adapter of ours, so that the engine is tested by what it is told. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type GroupRecord, type MembershipRecord, type PersonRecord, RosterRecord } from '../../../adapters/roster.ts'
import {
  type Adapter,
  type Batch,
  type Capabilities,
  type Finding,
  type Proof,
  type Removal,
  type RosterField,
  SourceError,
  type SourceField,
} from '../../../adapters/source.ts'
import type { Roster } from '../../../connector/sync/collect.ts'

export interface MadeUp {
  schoolYear: string
  brin?: string
  location?: string
  createdAt?: string
  organisation?: string
  grant?: string[]
  groups: GroupRecord[]
  people: PersonRecord[]
  memberships: MembershipRecord[]
}

export const canary = 'Zwaluwstaart'

export function group(n: number, schoolYear = '2026-2027', more: Partial<GroupRecord> = {}): GroupRecord {
  return {
    type: 'group',
    sourceId: `groep:G${n}`,
    kind: 'homeroom',
    name: `${n}`,
    schoolYear,
    grades: [`${n}`] as GroupRecord['grades'],
    ...more,
  }
}

export function pupil(n: number, more: Partial<PersonRecord> = {}): PersonRecord {
  return person(`leerling:${n}`, 'pupil', {
    givenName: `Kind${n}`,
    familyName: `${canary}${n}`,
    username: `kind${n}`,
    ...more,
  })
}

export function teacher(n: number, more: Partial<PersonRecord> = {}): PersonRecord {
  return person(`leerkracht:${n}`, 'staff', {
    givenName: `Juf${n}`,
    familyName: `${canary}meester${n}`,
    roleHints: ['LRK'],
    ...more,
  })
}

function person(sourceId: string, role: PersonRecord['role'], more: Partial<PersonRecord>): PersonRecord {
  const username = more.username
  return {
    type: 'person',
    sourceId,
    stable: true,
    role,
    roleHints: [],
    status: 'active',
    keys: username === undefined ? [] : [{ type: 'username', value: username, stable: true }],
    ...more,
  }
}

export function member(of: GroupRecord, person: PersonRecord, more: Partial<MembershipRecord> = {}): MembershipRecord {
  const role = person.role === 'pupil' ? ('pupil' as const) : ('teacher' as const)
  return { type: 'membership', groupSourceId: of.sourceId, personSourceId: person.sourceId, role, ...more }
}

/** Groups 3 to 8, five pupils each (301…805), one teacher a group (3…8). */
export function madeUpSchool(schoolYear = '2026-2027'): MadeUp {
  const groups = [3, 4, 5, 6, 7, 8].map(n => group(n, schoolYear))
  const made: MadeUp = { schoolYear, brin: '99ZZ', location: '00', groups, people: [], memberships: [] }
  for (const [i, of] of groups.entries()) {
    const grade = i + 3
    const children = [1, 2, 3, 4, 5].map(n => pupil(grade * 100 + n, { grade: `${grade}` as PersonRecord['grade'] }))
    const staff = teacher(grade)
    made.people.push(...children, staff)
    made.memberships.push(...children.map(child => member(of, child)), member(of, staff))
  }
  return made
}

/** Without these people and their memberships. */
export function without(school: MadeUp, ...sourceIds: string[]): MadeUp {
  return {
    ...school,
    people: school.people.filter(each => !sourceIds.includes(each.sourceId)),
    memberships: school.memberships.filter(each => !sourceIds.includes(each.personSourceId)),
  }
}

/** The same children a year on: group 8 is gone, group 3 is new. */
export function yearLater(schoolYear: string): MadeUp {
  const made = madeUpSchool(schoolYear)
  const shifted = (sourceId: string) => {
    const n = Number(sourceId.split(':')[1])
    return n < 100 ? sourceId : n < 400 ? `leerling:${n + 600}` : `leerling:${n - 100}`
  }
  return {
    ...made,
    people: made.people.map(each => {
      if (each.role !== 'pupil') return each
      const sourceId = shifted(each.sourceId)
      return { ...pupil(Number(sourceId.split(':')[1])), ...(each.grade === undefined ? {} : { grade: each.grade }) }
    }),
    memberships: made.memberships.map(each => ({ ...each, personSourceId: shifted(each.personSourceId) })),
  }
}

export function toRoster(school: MadeUp): Roster {
  return {
    school: schoolRecord(school),
    groups: school.groups,
    people: school.people,
    memberships: school.memberships,
    removed: [],
    findings: [],
    proof: proofOf(school, 'snapshot', recordsOf(school)),
  }
}

const schoolRecord = ({ schoolYear }: MadeUp) => ({ type: 'school' as const, sourceId: 'school:99ZZ', schoolYear })
const recordsOf = (school: MadeUp): RosterRecord[] => [
  schoolRecord(school),
  ...school.groups,
  ...school.people,
  ...school.memberships,
]

function proofOf(school: MadeUp, kind: Proof['kind'], records: RosterRecord[]): Proof {
  const { schoolYear, createdAt, brin, location, organisation, grant } = school
  const counts = { school: 0, group: 0, person: 0, membership: 0 }
  for (const record of records) counts[record.type] += 1
  return {
    kind,
    scope: { schoolYear, ...given({ brin, location, organisation }) },
    counts,
    ...given({ createdAt, grant }),
    cursor: cursorOf(school),
  }
}

const given = <T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } =>
  // SAFETY: the same keys, less those without a value.
  Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as never

export const cursorOf = (school: MadeUp): string =>
  createHash('sha256')
    .update(JSON.stringify([recordsOf(school), school.createdAt]))
    .digest('hex')

const membershipKey = (each: MembershipRecord) => `${each.groupSourceId} ${each.personSourceId} ${each.role}`

/**
 * What a source that sends changes says between the two. Who comes back, and a group that does, comes with every membership: as the contract
 * of a delta wants it, or it would ask for everything again.
 */
export function deltaOf(before: MadeUp, next: MadeUp): Roster {
  const was = new Map(before.people.map(each => [each.sourceId, each]))
  const wasGroup = new Map(before.groups.map(each => [each.sourceId, each]))
  const same = (a: object | undefined, b: object) => JSON.stringify(a) === JSON.stringify(b)
  const isBack = (sourceId: string) => (was.get(sourceId)?.status ?? 'inactive') === 'inactive'
  const people = next.people.filter(each => !same(was.get(each.sourceId), each) || each.status === 'inactive')
  const groups = next.groups.filter(each => !same(wasGroup.get(each.sourceId), each))
  const wasIn = new Map(before.memberships.map(each => [membershipKey(each), each]))
  const memberships = next.memberships.filter(
    each =>
      !same(wasIn.get(membershipKey(each)), each) || isBack(each.personSourceId) || !wasGroup.has(each.groupSourceId),
  )
  const [ids, groupIds, places] = [
    new Set(next.people.map(each => each.sourceId)),
    new Set(next.groups.map(each => each.sourceId)),
    new Set(next.memberships.map(membershipKey)),
  ]
  const removed: Removal[] = [
    ...before.people
      .filter(each => !ids.has(each.sourceId))
      .map(({ sourceId }) => ({ type: 'person' as const, sourceId })),
    ...before.groups
      .filter(each => !groupIds.has(each.sourceId))
      .map(({ sourceId }) => ({ type: 'group' as const, sourceId })),
    ...before.memberships
      .filter(each => !places.has(membershipKey(each)))
      .map(({ groupSourceId, personSourceId, role }) => ({
        ...{ type: 'membership' as const, groupSourceId, personSourceId, role },
      })),
  ]
  const records = [...groups, ...people, ...memberships]
  return { groups, people, memberships, removed, findings: [], proof: { ...proofOf(next, 'delta', records) } }
}

/** What the source says next: a school, a failure, or something by hand. */
export interface Stand {
  says: MadeUp | SourceError | ((cursor: string | null) => AsyncIterable<Batch | Proof>)
  /** Awaited in the middle of reading. */
  pause?: () => Promise<void>
  can?: Partial<Capabilities>
  fields?: SourceField[]
  /** Of a delta source: what it knows that it said before, by cursor. */
  said?: Map<string, MadeUp>
  /** Asked for another school year. */
  ahead?: MadeUp
  findings?: Finding[]
  /** Cursors that it was asked with, newest last. */
  askedWith?: (string | null)[]
}

const everyField: SourceField[] = RosterRecord.options.flatMap(({ shape: { type, ...fields } }) =>
  // SAFETY: the names are the schema's own.
  Object.keys(fields).map(name => ({ wire: 'made up', roster: `${type.value}.${name}` as RosterField })),
)
const plain: Capabilities = {
  ...{ mode: 'snapshot', keysUniqueIn: 'school', nextYear: true, groupTeachers: true, window: 'any' },
}

export function madeUpAdapter(stand: Stand): (kind: string) => Adapter {
  const options = z.object({ token: z.string().optional() })
  const adapter: Adapter = {
    kind: 'made-up',
    title: 'Made up',
    get can() {
      return { ...plain, ...stand.can }
    },
    standing: 'tested',
    options,
    secrets: ['token'],
    get fields() {
      return stand.fields ?? everyField
    },
    never: [],
    hosts: () => [],
    open: (_options, { schoolYear }) => ({
      check: async () => ({ ok: true, says: [] }),
      async *read(cursor) {
        stand.askedWith?.push(cursor)
        const says = schoolYear !== undefined && stand.ahead ? stand.ahead : stand.says
        if (says instanceof SourceError) throw says
        if (typeof says === 'function') {
          yield* says(cursor)
          return
        }
        const records = recordsOf(says)
        await stand.pause?.()
        const proof = proofOf(says, 'snapshot', records)
        if (cursor === proof.cursor) {
          yield { ...proof, kind: 'unchanged' }
          return
        }
        const before = cursor === null ? undefined : stand.said?.get(cursor)
        stand.said?.set(String(proof.cursor), says)
        if (before) {
          yield* changes(deltaOf(before, says))
          return
        }
        const half = Math.ceil(records.length / 2)
        for (const [n, page] of [records.slice(0, half), records.slice(half)].entries())
          yield {
            kind: 'batch',
            records: page,
            findings: n === 0 ? (stand.findings ?? []) : [],
            page: { n: n + 1, count: page.length },
          }
        yield proof
      },
    }),
  }
  return () => adapter
}

function* changes({ groups, people, memberships, removed, proof }: Roster): Generator<Batch | Proof> {
  const records = [...groups, ...people, ...memberships]
  yield { kind: 'batch', records: [], removed, findings: [], page: { n: 1, count: 0 } }
  yield { kind: 'batch', records, findings: [], page: { n: 2, count: records.length } }
  yield proof
}
