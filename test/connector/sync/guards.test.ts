/** Each guard fires, and does not fire just below. */
import { describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import { SyncLimits } from '../../../connector/store/schools.ts'
import { SourceProfile } from '../../../connector/store/source-profile.ts'
import type { GuardInput } from '../../../connector/sync/guard.ts'
import { guards, judge } from '../../../connector/sync/guards.ts'
import { plan } from '../../../connector/sync/plan.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, teacher, without, yearLater } from './made-up.ts'
import { changesBetween, snapshotOf, storedFrom } from './pure.ts'

interface Case {
  before?: MadeUp
  after?: MadeUp
  today?: string
  limits?: Partial<SyncLimits>
  profile?: Partial<SourceProfile>
  /** What changed alone, and not everything. */
  delta?: boolean
  more?: Partial<GuardInput>
}

/** 30 pupils, 6 teachers, all as it was, on an ordinary day. */
function input({
  before = madeUpSchool(),
  after = before,
  today = '2026-10-05',
  limits = {},
  profile = {},
  delta = false,
  more = {},
}: Case): GuardInput {
  const snapshot = delta ? changesBetween(before, after) : snapshotOf(after)
  const stored = storedFrom(before, today)
  return {
    plan: plan(snapshot, stored, today),
    snapshot,
    stored,
    school: { brin: '99ZZ', location: '00' },
    source: { appliedAt: new Date('2026-10-04T02:00:00Z'), appliedCreatedAt: new Date('2026-10-04T01:00:00Z') },
    profile: SourceProfile.parse(profile),
    limits: SyncLimits.parse(limits),
    asked: null,
    today,
    sameNames: 0,
    strangers: { of: 0, count: 0 },
    damaged: 0,
    movedGroups: [],
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
/** Who signs in by whose user name. */
const withKeys = (names: Record<number, number>): MadeUp =>
  Object.entries(names).reduce(
    (school, [who, whose]) => changed(school, `leerling:${who}`, { username: `kind${whose}`, keys: usernameOf(whose) }),
    base,
  )
const newTeacher = (keys: PersonRecord['keys']): MadeUp => ({
  ...base,
  people: [...base.people, teacher(99, { keys })],
})

/** One more membership, of whom and where the changes do not say. */
function toNowhere(groupSourceId: string, personSourceId: string): MadeUp {
  const more = { type: 'membership', groupSourceId, personSourceId, role: 'pupil' } as const
  return { ...base, memberships: [...base.memberships, more] }
}

/** So many people of no known role among 42 or so. */
function unknown(count: number): MadeUp {
  const more = Array.from({ length: count }, (_, n) =>
    pupil(900 + n, { role: 'unknown', username: undefined, keys: [] } as never),
  )
  return { ...base, people: [...base.people, ...more] }
}

/** [guard, it fires, it does not] */
const table: [string, Case, Case][] = [
  ['other-school', { after: { ...base, brin: '98YY' } }, { after: { ...base, brin: '99zz' } }],
  ['other-school', { after: { ...base, location: '01' } }, { after: { ...base, location: '00' } }],
  ['past-school-year', { after: madeUpSchool('2025-2026'), before: madeUpSchool('2025-2026') }, {}],
  ['past-school-year', { limits: { schoolYear: '2027-2028' } }, { limits: { schoolYear: '2026-2027' } }],
  ['past-school-year', { more: { asked: '2027-2028' } }, { more: { asked: '2026-2027' } }],
  [
    'year-behind',
    { before: base, after: madeUpSchool('2025-2026'), limits: { schoolYear: '2025-2026' } },
    { before: madeUpSchool('2027-2028'), after: base },
  ],
  [
    'other-organisation',
    { after: { ...base, organisation: 'b-2' }, profile: { organisation: 'b-1' } },
    { after: { ...base, organisation: 'b-1' }, profile: { organisation: 'b-1' } },
  ],
  [
    'delta-other-year',
    { before: madeUpSchool('2025-2026'), after: base, delta: true },
    { after: renamed(base, 1), delta: true },
  ],
  ['delta-other-year', { after: madeUpSchool('2027-2028'), delta: true }, { after: renamed(base, 1), delta: true }],
  [
    'delta-reference',
    { after: toNowhere('groep:G3', 'leerling:999'), delta: true },
    { after: toNowhere('groep:G3', 'leerling:401'), delta: true },
  ],
  [
    'delta-reference',
    { after: toNowhere('groep:G99', 'leerling:401'), delta: true },
    { after: toNowhere('groep:G5', 'leerling:401'), delta: true },
  ],
  ['reused-keys', { more: { strangers: { of: 10, count: 6 } } }, { more: { strangers: { of: 10, count: 5 } } }],
  [
    'older',
    { after: { ...base, createdAt: '2026-10-04T00:59:59Z' } },
    { after: { ...base, createdAt: '2026-10-04T01:00:00Z' } },
  ],
  ['no-pupils', { after: gone(base, 30) }, { after: gone(base, 29) }],
  ['no-pupils', { after: gone(base, 30) }, { after: gone(base, 30), delta: true }],
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
    'type-missing',
    { after: without(base, ...[3, 4, 5, 6, 7, 8].map(n => `leerkracht:${n}`)) },
    { after: without(base, ...[3, 4, 5, 6, 7, 8].map(n => `leerkracht:${n}`)), delta: true },
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
  [
    'school-unnamed',
    { after: { ...base, brin: undefined } as unknown as MadeUp, profile: { named: true } },
    { after: { ...base, brin: undefined } as unknown as MadeUp, profile: { named: false } },
  ],
  [
    'school-unnamed',
    { profile: { organisation: 'b-1' } },
    { after: { ...base, organisation: 'b-1' }, profile: { organisation: 'b-1' } },
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
  [
    'summer-removals',
    { after: gone(base, 1), today: '2026-09-02', limits: { summerTo: '09-02' } },
    { after: gone(base, 1), today: '2026-09-03', limits: { summerTo: '09-02' } },
  ],
  [
    'summer-removals',
    { ...summer(1), today: '2026-06-01', limits: { summerFrom: '06-01' } },
    { ...summer(1), today: '2026-06-01', limits: { summerFrom: '06-02' } },
  ],
  ['removals', { after: gone(base, 6), delta: true }, { after: gone(base, 5), delta: true }],
  ['updates', { after: renamed(base, 28), delta: true }, { after: renamed(base, 27), delta: true }],
  ['updates', { after: renamed(base, 28) }, { after: renamed(base, 27) }],
  ['new-keys', { ...newKeys(6), more: { sameNames: 6 } }, { ...newKeys(6), more: { sameNames: 5 } }],
  ['new-keys', { ...newKeys(12), more: { sameNames: 7 } }, { ...newKeys(12), more: { sameNames: 6 } }],
  ['sign-in-moved', { after: withKeys({ 301: 302, 302: 999 }) }, { after: withKeys({ 301: 998, 302: 999 }) }],
  [
    'sign-in-moved',
    { after: withKeys({ 301: 302, 302: 301 }), delta: true },
    { after: withKeys({ 301: 301 }), delta: true },
  ],
  ['keys-missing', { after: keyless(base, 30) }, { after: keyless(base, 29) }],
  ['keys-missing', { after: keyless(base, 30) }, { after: keyless(base, 30), delta: true }],
  [
    'fields-missing',
    { profile: { pupils: 30, fields: { email: 6, username: 30 } } },
    { profile: { pupils: 30, fields: { email: 5, username: 30 } } },
  ],
  [
    'fields-missing',
    { profile: { pupils: 30, fields: { email: 30 } } },
    {
      after: changed(base, 'leerling:301', { email: 'kim@proef.example' }),
      profile: { pupils: 30, fields: { email: 30 } },
    },
  ],
  [
    'fields-missing',
    { profile: { pupils: 30, fields: { email: 30 } } },
    { profile: { pupils: 30, fields: { email: 30 } }, limits: { fieldShare: 1 }, after: renamed(base, 1), delta: true },
  ],
  [
    'narrower-grant',
    { after: { ...base, grant: ['pupils'] }, profile: { grant: ['pupils', 'locations'] } },
    { after: { ...base, grant: ['locations', 'pupils', 'staff'] }, profile: { grant: ['pupils', 'locations'] } },
  ],
  ['narrower-grant', { profile: { grant: ['pupils'] } }, { profile: { grant: [] } }],
  ['unknown-roles', { after: unknown(6) }, { after: unknown(5) }],
  ['unknown-roles', { after: unknown(6) }, { after: unknown(6), profile: { unknownRoles: 6 } }],
  ['unknown-roles', { after: unknown(6) }, { after: unknown(6), limits: { unknownRoleShare: 0.2 } }],
  ['damaged-text', { more: { damaged: 6 } }, { more: { damaged: 5 } }],
  ['damaged-text', { more: { damaged: 6 } }, { more: { damaged: 6 }, profile: { damaged: 6 } }],
  ['damaged-text', { more: { damaged: 6 } }, { more: { damaged: 6 }, limits: { damagedAtMost: 6 } }],
  ['group-moved', { more: { movedGroups: ['7A'] } }, { more: { movedGroups: [] } }],
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
