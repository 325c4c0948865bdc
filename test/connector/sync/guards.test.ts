/** Each guard fires, and does not fire just below. */
import { describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import { SyncLimits } from '../../../connector/store/schools.ts'
import { type GuardInput, guards, judge } from '../../../connector/sync/guards.ts'
import { plan } from '../../../connector/sync/plan.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, teacher, without, yearLater } from './made-up.ts'
import { snapshotOf, storedFrom } from './pure.ts'

interface Case {
  before?: MadeUp
  after?: MadeUp
  today?: string
  limits?: Partial<SyncLimits>
  more?: Partial<GuardInput>
}

/** 30 pupils, 6 teachers, all as it was, on an ordinary day. */
function input({
  before = madeUpSchool(),
  after = before,
  today = '2026-10-05',
  limits = {},
  more = {},
}: Case): GuardInput {
  const snapshot = snapshotOf(after)
  const stored = storedFrom(before, today)
  return {
    plan: plan(snapshot, stored, today),
    snapshot,
    stored,
    school: { brin: '99ZZ', location: '00' },
    source: { appliedAt: new Date('2026-10-04T02:00:00Z'), appliedCreatedAt: new Date('2026-10-04T01:00:00Z') },
    limits: SyncLimits.parse(limits),
    today,
    sameNames: 0,
    preview: false,
    ...more,
  }
}

const fired = (what: Case) => judge(input(what)).reasons.map(reason => reason.guard)

const base = madeUpSchool()
const twenty = bigSchool(200)
const gone = (school: MadeUp, count: number) =>
  without(
    school,
    ...school.people
      .filter(each => each.role === 'pupil')
      .slice(0, count)
      .map(each => each.sourceId),
  )

/** One group of so many pupils, and a teacher. */
function bigSchool(count: number): MadeUp {
  const one = group(4)
  const people = [...Array.from({ length: count }, (_, n) => pupil(1000 + n, { grade: '4' })), teacher(4)]
  return { ...base, groups: [one], people, memberships: people.map(each => member(one, each)) }
}

const renamed = (school: MadeUp, count: number): MadeUp => ({
  ...school,
  people: school.people.map((each, i) => (i < count ? { ...each, familyName: 'Anders' } : each)),
})
const changed = (school: MadeUp, sourceId: string, change: Partial<PersonRecord>): MadeUp => ({
  ...school,
  people: school.people.map(each => (each.sourceId === sourceId ? { ...each, ...change } : each)),
})
const usernameOf = (n: number) => [{ type: 'username' as const, value: `kind${n}`, stable: true }]
const newTeacher = (keys: PersonRecord['keys']): MadeUp => ({
  ...base,
  people: [...base.people, teacher(99, { keys })],
})

/** [guard, it fires, it does not] */
const table: [string, Case, Case][] = [
  ['other-school', { after: { ...base, brin: '98YY' } }, { after: { ...base, brin: '99zz' } }],
  ['other-school', { after: { ...base, location: '01' } }, { after: { ...base, location: '00' } }],
  ['past-school-year', { after: madeUpSchool('2025-2026'), before: madeUpSchool('2025-2026') }, {}],
  ['past-school-year', { limits: { schoolYear: '2027-2028' } }, { limits: { schoolYear: '2026-2027' } }],
  ['year-behind', { before: madeUpSchool('2027-2028'), after: base }, { before: base }],
  [
    'older',
    { after: { ...base, createdAt: '2026-10-04T00:59:59Z' } },
    { after: { ...base, createdAt: '2026-10-04T01:00:00Z' } },
  ],
  ['no-pupils', { after: gone(base, 30) }, { after: gone(base, 29) }],
  [
    'type-missing',
    { after: without(base, ...[3, 4, 5, 6, 7, 8].map(n => `leerkracht:${n}`)) },
    { after: without(base, ...[3, 4, 5, 6, 7].map(n => `leerkracht:${n}`)) },
  ],
  [
    'type-missing',
    { after: { ...base, groups: [], memberships: [] } },
    { after: { ...base, groups: base.groups.slice(1), memberships: base.memberships.slice(6) } },
  ],
  [
    'type-missing',
    { after: { ...base, memberships: [] } },
    { after: { ...base, memberships: base.memberships.slice(0, 1) } },
  ],
  [
    'next-school-year',
    { after: madeUpSchool('2027-2028') },
    { after: madeUpSchool('2027-2028'), limits: { schoolYear: '2027-2028' } },
  ],
  [
    'next-school-year',
    { after: base, before: madeUpSchool('2025-2026'), today: '2026-07-31' },
    { after: base, today: '2026-08-01' },
  ],
  ['first-run', { more: { source: { appliedAt: null, appliedCreatedAt: null } } }, {}],
  [
    'school-unnamed',
    {
      after: { ...base, brin: undefined } as unknown as MadeUp,
      more: { source: { appliedAt: null, appliedCreatedAt: null } },
    },
    { after: { ...base, brin: undefined } as unknown as MadeUp },
  ],
  ['preview', { more: { preview: true } }, {}],
  ['removals', { before: twenty, after: gone(twenty, 21) }, { before: twenty, after: gone(twenty, 20) }],
  ['removals', { after: gone(base, 6) }, { after: gone(base, 5) }],
  [
    'removals',
    { after: gone(base, 5), limits: { removalsAtLeast: 4 } },
    { after: gone(base, 6), limits: { removalShare: 0.2 } },
  ],
  [
    'removals',
    { after: { ...base, memberships: base.memberships.slice(6) } },
    { after: { ...base, memberships: base.memberships.slice(5) } },
  ],
  ['staff-removal', { after: without(base, 'leerkracht:3') }, { after: gone(base, 1) }],
  [
    'staff-removal',
    { after: changed(base, 'leerkracht:3', { status: 'inactive' }) },
    { after: changed(base, 'leerling:301', { status: 'inactive' }) },
  ],
  ['summer-removals', { ...summer(1), today: '2026-06-15' }, { ...summer(1), today: '2026-06-14' }],
  ['summer-removals', { after: gone(base, 1), today: '2026-09-01' }, { after: gone(base, 1), today: '2026-09-02' }],
  ['summer-removals', { after: gone(base, 1), today: '2026-08-20' }, { after: gone(base, 0), today: '2026-08-20' }],
  [
    'summer-removals',
    { after: gone(base, 1), today: '2026-08-20' },
    { after: gone(base, 1), today: '2026-08-20', limits: { summerHold: false } },
  ],
  ['updates', { after: renamed(base, 28) }, { after: renamed(base, 27) }],
  ['new-keys', { ...newKeys(6), more: { sameNames: 6 } }, { ...newKeys(6), more: { sameNames: 5 } }],
  ['new-keys', { ...newKeys(12), more: { sameNames: 7 } }, { ...newKeys(12), more: { sameNames: 6 } }],
  ['keys-missing', { after: keyless(base, 30) }, { after: keyless(base, 29) }],
  [
    'pupil-becomes-staff',
    { after: changed(base, 'leerling:301', { role: 'staff' }) },
    { after: changed(base, 'leerkracht:3', { role: 'pupil' }) },
  ],
  ['pupil-becomes-staff', { after: newTeacher(usernameOf(301)) }, { after: newTeacher(usernameOf(999)) }],
]

function summer(count: number): Case {
  const before = madeUpSchool('2025-2026')
  return { before, after: gone(before, count) }
}

/** So many pupils under new keys. */
function newKeys(count: number): Case {
  const change = (id: string) => `${id.replace('leerling:', 'leerling:nieuw-')}`
  const ids = new Set(
    base.people
      .filter(each => each.role === 'pupil')
      .slice(0, count)
      .map(each => each.sourceId),
  )
  const after = {
    ...base,
    people: base.people.map(each => (ids.has(each.sourceId) ? { ...each, sourceId: change(each.sourceId) } : each)),
    memberships: base.memberships.map(each =>
      ids.has(each.personSourceId) ? { ...each, personSourceId: change(each.personSourceId) } : each,
    ),
  }
  return { after }
}

function keyless(school: MadeUp, count: number): MadeUp {
  let left = count
  return {
    ...school,
    people: school.people.map(each => (each.role === 'pupil' && left-- > 0 ? { ...each, keys: [] } : each)),
  }
}

describe('each guard', () => {
  test.each(table)('%s fires, and not just below (%#)', (guard, yes, no) => {
    expect(fired(yes)).toContain(guard)
    expect(fired(no)).not.toContain(guard)
  })

  test('is in the table, and says why it is there', () => {
    expect(new Set(table.map(([guard]) => guard))).toEqual(new Set(guards.map(guard => guard.id)))
    for (const { because } of guards) expect(because.length).toBeGreaterThan(20)
  })

  test('lets an ordinary day pass', () => {
    expect(judge(input({}))).toEqual({ verdict: 'apply', reasons: [] })
    expect(judge(input({ after: gone(base, 2) })).verdict).toBe('apply')
  })

  test('what refuses stands alone, without what would only be held', () => {
    const verdict = judge(input({ after: { ...without(base, 'leerkracht:3'), brin: '98YY' } }))
    expect(verdict).toMatchObject({ verdict: 'refuse', reasons: [{ guard: 'other-school' }] })
  })

  test('says nothing about anybody by name', () => {
    const all = table.flatMap(([, yes]) => judge(input(yes)).reasons.map(reason => reason.says))
    expect(all.join('\n')).not.toMatch(/Kind|Juf|Zwaluw/)
  })
})

describe('a year change', () => {
  const before = madeUpSchool('2025-2026')
  const after = yearLater('2026-2027')

  test('in September is neither a mass leave nor a mass update, and leavers of the top grade are expected', () => {
    expect(fired({ before, after, today: '2026-09-07' })).toEqual([])
  })

  test('is a mass leave when the others leave as well', () => {
    const left = without(after, ...[401, 402, 403, 404, 501, 502].map(n => `leerling:${n}`))
    expect(fired({ before, after: left, today: '2026-09-07' })).toEqual(['removals'])
  })

  test('expects no leavers of the top grade in the middle of a year', () => {
    const eight = base.people.filter(each => each.grade === '8').map(each => each.sourceId)
    expect(fired({ after: without(base, ...eight, 'leerling:701') })).toEqual(['removals'])
  })
})
