/** What happens to a school, and to the reports in it: nothing is lost, and nobody sees more than they did. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import { SourceError } from '../../../adapters/source.ts'
import { sourceTag } from '../../../connector/store/people.ts'
import { cancelRun } from '../../../connector/sync/held.ts'
import { listRuns } from '../../../connector/sync/run.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, type Stand, teacher, without, yearLater } from './made-up.ts'
import { everybodyOf, openMemberships, type Place, peopleOf, rosterOf, type Settled, schoolWith } from './place.ts'
import { eachTeacherTheOwn, nothingIsLost, shownTo, type Told, tell, tellInEachGroup } from './reported.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const base = madeUpSchool()
const changed = (school: MadeUp, sourceId: string, more: Partial<PersonRecord>): MadeUp => ({
  ...school,
  people: school.people.map(each => (each.sourceId === sourceId ? { ...each, ...more } : each)),
})
const inGroup = (school: MadeUp, sourceId: string, groupSourceId: string): MadeUp => ({
  ...school,
  memberships: school.memberships.map(each => (each.personSourceId === sourceId ? { ...each, groupSourceId } : each)),
})
const withMore = (school: MadeUp, ...people: [PersonRecord, number][]): MadeUp => ({
  ...school,
  people: [...school.people, ...people.map(([person]) => person)],
  memberships: [...school.memberships, ...people.map(([person, n]) => member(group(n, school.schoolYear), person))],
})

/** A school in which something was told in every group; the next day. */
async function school(says: MadeUp = base, settled: Settled = {}): Promise<Place & { told: Told[] }> {
  const place = await schoolWith(t, says, settled)
  await place.first()
  const told = await tellInEachGroup(place)
  place.onDay(settled.day === undefined ? '2026-10-06' : nextDay(settled.day))
  expect(await shownTo(place, told)).toEqual(eachTeacherTheOwn)
  return { ...place, told }
}
const nextDay = (day: string) => new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)

/** And that stays so. */
async function allIsAsItWas(place: Place & { told: Told[] }): Promise<void> {
  await nothingIsLost(place, place.told)
  expect(await shownTo(place, place.told)).toEqual(eachTeacherTheOwn)
}

describe('a source that says what cannot be', () => {
  const otherKeys = (school: MadeUp): MadeUp => {
    const other = (id: string) => id.replace(/^(leerling|leerkracht):/, '$1:99ZZ_')
    return {
      ...school,
      people: school.people.map(each => ({ ...each, sourceId: other(each.sourceId) })),
      memberships: school.memberships.map(each => ({ ...each, personSourceId: other(each.personSourceId) })),
    }
  }
  const half: Stand['says'] = async function* () {
    const records = base.groups
    yield { kind: 'batch', records, findings: [], page: { n: 1, count: records.length } }
    throw new SourceError('incomplete', 'the connection was cut')
  }
  test.each<[string, Stand['says'], string, string]>([
    ['an empty answer', { ...base, groups: [], people: [], memberships: [] }, 'refused', 'no-pupils'],
    ['a half answer', half, 'refused', 'source-incomplete'],
    ['another school', { ...base, brin: '98YY', createdAt: '2026-10-06T00:00:00Z' }, 'refused', 'other-school'],
    ['another school, at which nothing changed,', { ...base, brin: '98YY' }, 'refused', 'other-school'],
    [
      'another organisation',
      { ...base, organisation: 'b-2', createdAt: '2026-10-06T00:00:00Z' },
      'refused',
      'other-organisation',
    ],
    [
      'another organisation, at which nothing changed,',
      { ...base, organisation: 'b-2' },
      'refused',
      'other-organisation',
    ],
    ['last year', madeUpSchool('2025-2026'), 'refused', 'past-school-year'],
    ['everybody under a new kind of key', otherKeys(base), 'held', 'new-keys'],
    ['less than it showed before', { ...without(base, 'leerling:301'), grant: ['groepen'] }, 'held', 'narrower-grant'],
    ['no names to call anybody by', withoutField('givenName'), 'held', 'fields-missing'],
  ])('%s changes nothing', async (_name, says, state, guard) => {
    const place = await school({ ...base, organisation: 'b-1', grant: ['groepen', 'leerlingen'] })
    const before = await rosterOf(place)
    const source = await place.source()
    place.stand.says =
      typeof says === 'object' && 'people' in says
        ? { organisation: 'b-1', grant: ['groepen', 'leerlingen'], ...says }
        : says
    const run = await place.sync()
    expect([run.state, run.reasons.map(reason => reason.guard)]).toEqual([state, expect.arrayContaining([guard])])
    expect(await rosterOf(place)).toEqual(before)
    expect(await place.source()).toEqual(source)
    await allIsAsItWas(place)
    if (state === 'held') await cancelRun(place.ctx, { boardId: place.boardId, runId: run.runId, by: 'operator' })
    place.stand.says = {
      ...base,
      organisation: 'b-1',
      grant: ['groepen', 'leerlingen'],
      createdAt: '2026-10-06T01:00:00Z',
    }
    expect((await place.sync()).state).toBe('unchanged')
  })

  function withoutField(field: 'givenName'): MadeUp {
    return { ...base, people: base.people.map(({ [field]: _gone, ...each }) => each) }
  }
})

test('a source that is gone for a week leaves the school as it is, and says since when', async () => {
  const place = await school()
  const good = (await place.source()).goodAt
  expect(good).toEqual(new Date('2026-10-05T10:00:00Z'))
  place.stand.says = new SourceError('unreachable', 'no answer')
  for (const day of ['06', '07', '08', '09', '10', '11', '12']) {
    place.onDay(`2026-10-${day}`)
    expect(await place.sync()).toMatchObject({ state: 'failed', reasons: [{ guard: 'source-unreachable' }] })
  }
  expect((await place.source()).goodAt).toEqual(good)
  await allIsAsItWas(place)
  place.stand.says = base
  expect(await place.sync()).toMatchObject({ state: 'unchanged' })
  expect((await place.source()).goodAt).toEqual(new Date('2026-10-12T10:00:00Z'))
})

describe('what a source shows', () => {
  test('is what the next is compared with, once it was applied: seen once, it is held once', async () => {
    const place = await school({ ...base, grant: ['groepen', 'leerlingen'] })
    expect((await place.source()).profile).toMatchObject({
      ...{ pupils: 30, fields: { givenName: 30, familyName: 30, username: 30, grade: 30 } },
      ...{ named: true, grant: ['groepen', 'leerlingen'] },
    })
    const less = base.people.map(({ username: _gone, ...each }) => each)
    place.stand.says = { ...base, people: less, grant: ['leerlingen'] }
    const held = await place.sync()
    expect(held.reasons.map(reason => reason.guard)).toEqual(['updates', 'fields-missing', 'narrower-grant'])
    expect((await place.source()).profile).toMatchObject({ grant: ['groepen', 'leerlingen'] })
    await place.approve(held.runId)
    expect((await place.source()).profile).not.toHaveProperty('fields.username')
    place.stand.says = { ...without({ ...base, people: less }, 'leerling:301'), grant: ['leerlingen'] }
    expect(await place.sync()).toMatchObject({ state: 'applied' })
    expect(JSON.stringify(await place.source())).not.toMatch(/Zwaluw|kind30/)
    await allIsAsItWas(place)
  })

  test('with characters that were lost on the way is held', async () => {
    const place = await school()
    const findings = base.people.slice(0, 6).map(({ sourceId }) => ({ code: 'damaged-text' as const, sourceId }))
    place.stand.findings = findings
    place.stand.says = changed(base, 'leerling:301', { familyName: 'Zwaluw\uFFFD' })
    expect(await place.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'damaged-text' }] })
    place.stand.findings = findings.slice(1)
    expect(await place.sync()).toMatchObject({ state: 'applied' })
  })
})

describe('leavers', () => {
  test('of 12 % wait for a person; approved, what was told of them stays where it was told', async () => {
    const extra = [3, 4, 5, 6].flatMap(n =>
      [6, 7, 8, 9, 10].map(i => [pupil(n * 100 + i), n] as [PersonRecord, number]),
    )
    const fifty = withMore(base, ...extra)
    const place = await school(fifty)
    place.stand.says = without(fifty, ...[301, 302, 303, 304, 305, 306].map(n => `leerling:${n}`))
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', counts: { 'people.deactivate': 6 } })
    expect(held.reasons).toEqual([{ guard: 'removals', says: 'Removed would be 6 of 50 pupils.' }])
    await allIsAsItWas(place)
    await place.approve(held.runId)
    expect((await peopleOf(place)).get('Kind301')).toMatchObject({ status: 'inactive', active: false })
    await allIsAsItWas(place)
  })

  test('who come back find what was told of them', async () => {
    const place = await school()
    place.stand.says = without(base, 'leerling:301')
    await place.sync()
    await allIsAsItWas(place)
    place.onDay('2026-10-20')
    place.stand.says = base
    await place.sync()
    await allIsAsItWas(place)
  })
})

describe('a teacher', () => {
  test('without e-mail opens the own group, and stays the same person when an address comes', async () => {
    const place = await school()
    const before = (await peopleOf(place)).get('Juf3')
    place.stand.says = changed(base, 'leerkracht:3', { email: 'juf3@proef.example' })
    expect((await place.sync()).state).toBe('applied')
    expect((await peopleOf(place)).get('Juf3')?.id).toBe(before?.id)
    await allIsAsItWas(place)
  })

  test('who gets another group sees what is told there from now on, and not what was told before', async () => {
    const place = await school()
    place.stand.says = inGroup(inGroup(base, 'leerkracht:3', 'groep:G4'), 'leerkracht:4', 'groep:G3')
    expect((await place.sync()).state).toBe('applied')
    await nothingIsLost(place, place.told)
    const { Juf3: _three, Juf4: _four, ...others } = eachTeacherTheOwn
    expect(await shownTo(place, place.told)).toEqual(others)
    const fresh = await tell(place, ['Kind401', 'Kind402'])
    place.onDay('2026-10-07')
    expect(await shownTo(place, [fresh])).toEqual({ Juf3: { reports: [0], children: expect.any(Array) } })
  })

  test('who is gone sees nothing, at once when it is approved', async () => {
    const place = await school()
    place.stand.says = without(base, 'leerkracht:3')
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'staff-removal' }] })
    await allIsAsItWas(place)
    await place.approve(held.runId)
    await nothingIsLost(place, place.told)
    const { Juf3: _gone, ...others } = eachTeacherTheOwn
    expect(await shownTo(place, place.told)).toEqual(others)
  })
})

describe('a pupil', () => {
  test('who moves to another group takes nothing along: what was told stays with the group in which it happened', async () => {
    const place = await school()
    place.stand.says = inGroup(base, 'leerling:301', 'groep:G4')
    expect((await place.sync()).state).toBe('applied')
    await allIsAsItWas(place)
    const fresh = await tell(place, ['Kind301', 'Kind401'])
    place.onDay('2026-10-07')
    expect(Object.keys(await shownTo(place, [fresh]))).toEqual(['Juf4'])
  })

  test('who has a twin of the same name stays who they are, also when one leaves and when both change', async () => {
    const twins = [1, 2].map(n => pupil(310 + n, { givenName: 'Robin', familyName: 'Tweeling', username: `robin${n}` }))
    const [one, two] = twins as [PersonRecord, PersonRecord]
    const both = withMore(base, [one, 3], [two, 4])
    const place = await school(both)
    const ids = await twinIds(place)
    const told: Told[] = []
    for (const id of ids) told.push(await tellAbout(place, id))
    place.onDay('2026-10-07')
    const ofTwins = {
      Juf3: { reports: [0], children: ['Robin Tweeling'] },
      Juf4: { reports: [1], children: ['Robin Tweeling'] },
    }
    expect(await shownTo(place, told)).toEqual(ofTwins)
    place.stand.says = without(both, one.sourceId)
    await place.sync()
    expect(await shownTo(place, told)).toEqual(ofTwins)
    place.stand.says = changed(changed(both, one.sourceId, { familyName: 'Anders' }), two.sourceId, {
      familyName: 'Anders',
    })
    await place.sync()
    expect(await twinIds(place)).toEqual(ids)
    await nothingIsLost(place, [...told, ...place.told])
    const renamed = {
      Juf3: { reports: [0], children: ['Robin Anders'] },
      Juf4: { reports: [1], children: ['Robin Anders'] },
    }
    expect(await shownTo(place, told)).toEqual(renamed)
  })

  /** In group 3 and group 4. */
  const twinIds = async (place: Place) => {
    const keys = await place.ctx.keyring.board(place.boardId)
    return place.read(async tx => {
      const ids: string[] = []
      for (const n of [311, 312]) {
        const where = { boardId: place.boardId, schoolId: place.schoolId, sourceTag: sourceTag(keys, `leerling:${n}`) }
        ids.push((await tx.affiliation.findFirstOrThrow({ where })).personId)
      }
      return ids
    })
  }
  const tellAbout = (place: Place, personId: string) => tell(place, [personId, personId])

  test('whose key is given to another child keeps their reports, and the other child has none', async () => {
    const place = await school()
    const before = (await peopleOf(place)).get('Kind301')
    const other = { givenName: 'Nieuw', familyName: 'Anders', keys: [] }
    place.stand.says = inGroup(changed(base, 'leerling:301', other), 'leerling:301', 'groep:G4')
    expect((await place.sync()).state).toBe('applied')
    await allIsAsItWas(place)
    expect((await peopleOf(place)).get('Kind301')?.id).toBe(before?.id)
    await place.read(tx =>
      tx.matchConflict.updateMany({
        where: { boardId: place.boardId, kind: 'reused-key' },
        data: { state: 'other', decidedBy: 'operator', decidedAt: place.ctx.clock() },
      }),
    )
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.create': 1, 'people.retire': 1 } })
    await allIsAsItWas(place)
    const fresh = await tell(place, ['Nieuw', 'Kind402'])
    place.onDay('2026-10-07')
    expect(await shownTo(place, [fresh])).toEqual({
      Juf4: { reports: [0], children: ['Kind402 Zwaluwstaart402', 'Nieuw Anders'] },
    })
  })
})

describe('a new school year', () => {
  test('opens none of last year’s reports to anybody, loses none, and begins with its own', async () => {
    const place = await school(madeUpSchool('2025-2026'), { day: '2026-05-20' })
    place.onDay('2026-09-07')
    place.stand.says = yearLater('2026-2027')
    expect((await place.sync()).state).toBe('applied')
    await nothingIsLost(place, place.told)
    expect(await shownTo(place, place.told)).toEqual({})
    const fresh = await tell(place, ['Kind301', 'Kind302'])
    place.onDay('2026-09-08')
    // They are in group 4 now.
    expect(Object.keys(await shownTo(place, [fresh]))).toEqual(['Juf4'])
  })

  test('that was prepared in May shows nobody anything sooner', async () => {
    const ahead = yearLater('2026-2027')
    const place = await school(madeUpSchool('2025-2026'), { day: '2026-05-20', stand: { ahead } })
    const held = await place.sync({ schoolYear: '2026-2027' })
    await place.approve(held.runId)
    await allIsAsItWas(place)
  })
})

describe('two schools of one board', () => {
  const sister = async (says: MadeUp, one: Place) =>
    schoolWith(t, { ...says, brin: '98YY' }, { boardId: one.boardId, brin: '98YY', day: '2026-10-06' })
  const key = [{ type: 'object-id' as const, value: 'c0ffee00-0000-4000-8000-000000000001', stable: true }]

  test('a pupil who moves leaves their reports where they were told', async () => {
    const one = await school()
    const two = await sister(without(base, 'leerling:301'), one)
    await two.first()
    one.stand.says = without(base, 'leerling:301')
    await one.sync()
    two.stand.says = { ...base, brin: '98YY' }
    expect(await two.sync()).toMatchObject({ state: 'applied', counts: { 'people.create': 1 } })
    await allIsAsItWas(one)
    expect(await shownTo(two, one.told)).toEqual({})
    // Two rows: nothing but a number of one school says that they are one child.
    expect((await peopleOf(two)).get('Kind301')?.id).not.toBe((await peopleOf(one)).get('Kind301')?.id)
  })

  test('a pupil whose account proves it is one person, and their reports stay in the school that was told', async () => {
    const known = changed(base, 'leerling:301', { keys: key })
    const one = await school(known)
    const two = await sister(without(base, 'leerling:301'), one)
    await two.first()
    two.stand.says = { ...known, brin: '98YY' }
    expect(await two.sync()).toMatchObject({ state: 'applied', counts: { 'people.linked': 1 } })
    const id = (await peopleOf(one)).get('Kind301')?.id
    expect((await peopleOf(two)).get('Kind301')?.id).toBe(id)
    // In both for a while, then in one: only who is in neither is gone.
    one.stand.says = without(base, 'leerling:301')
    await one.sync()
    expect((await peopleOf(two)).get('Kind301')).toMatchObject({ id, status: 'active', active: true })
    await allIsAsItWas(one)
    expect(await shownTo(two, one.told)).toEqual({})
    two.stand.says = { ...without(base, 'leerling:301'), brin: '98YY' }
    await two.sync()
    expect((await peopleOf(two)).get('Kind301')).toMatchObject({ id, status: 'inactive', active: false })
    await allIsAsItWas(one)
  })

  test('a teacher here who is a parent there opens the own group here and nothing there', async () => {
    const one = await school(changed(base, 'leerkracht:3', { keys: key }))
    const parent = teacher(60, { role: 'parent', keys: key })
    const there = withMore(base, [parent, 3])
    // Even when the source calls a parent the teacher of a group.
    const two = await sister(there, one)
    const held = await two.sync()
    await two.approve(held.runId)
    const told = await tell(two, ['Kind301', 'Kind302'])
    two.onDay('2026-10-07')
    // One human with two affiliations, whose own group here is no reason to see that one there.
    const id = (await peopleOf(one)).get('Juf3')?.id
    expect((await everybodyOf(two)).filter(each => each.id === id)).toMatchObject([
      { role: 'parent', status: 'active' },
    ])
    expect(Object.keys(await shownTo(two, [told, ...one.told]))).toEqual(['Juf3'])
    expect(await shownTo(two, one.told)).toEqual({})
    await allIsAsItWas(one)
  })

  test('a group that is in the other already is held, where their keys are one organisation’s', async () => {
    const one = await school(base, { stand: { can: { keysUniqueIn: 'organisation' } } })
    const apart = {
      ...base,
      groups: base.groups.map(each => ({ ...each, sourceId: `${each.sourceId}-2` })),
      memberships: base.memberships.map(each => ({ ...each, groupSourceId: `${each.groupSourceId}-2` })),
      brin: '98YY',
    }
    const two = await schoolWith(t, apart, {
      boardId: one.boardId,
      brin: '98YY',
      stand: { can: { keysUniqueIn: 'organisation' } },
    })
    await two.first()
    const [three] = base.groups
    if (!three) throw new Error('the school has groups')
    two.stand.says = { ...apart, groups: [...apart.groups, three] }
    expect(await two.sync()).toMatchObject({
      ...{
        state: 'held',
        reasons: [{ guard: 'group-moved', says: '1 group is in another school of the board already: 3.' }],
      },
    })
    two.stand.can = { keysUniqueIn: 'school' }
    expect((await two.sync()).state).toBe('applied')
  })
})

test('a held run took as long as the work on it, however long it waited for a person', async () => {
  const place = await schoolWith(t, base)
  const held = await place.sync()
  const shown = async () => (await listRuns(place.ctx, { boardId: place.boardId })).find(run => run.id === held.runId)
  const before = await shown()
  place.onDay('2026-10-09')
  await place.approve(held.runId)
  expect(await shown()).toMatchObject({
    state: 'applied',
    finishedAt: before?.finishedAt,
    durationMs: before?.durationMs,
  })
})

test('a source that failed stands in the audit as well as in the history', async () => {
  const place = await school()
  place.stand.says = new SourceError('unreachable', 'the source does not answer')
  const { runId, state } = await place.sync()
  expect(state).toBe('failed')
  const { boardId } = place
  const entries = await place.read(tx => tx.auditEntry.findMany({ where: { boardId, object: runId } }))
  expect(entries).toMatchObject([{ action: 'sync.failed', outcome: 'failed', actor: 'operator' }])
})

test('the history of a source tells what was asked, proven and changed, and how long it took', async () => {
  const place = await school()
  place.stand.says = without(base, 'leerling:301')
  const outcome = await place.sync({ by: 'schedule' })
  const [last] = (await listRuns(place.ctx, { boardId: place.boardId })).filter(run => run.id === outcome.runId)
  expect(last).toMatchObject({
    ...{ state: 'applied', startedBy: 'schedule', proof: 'snapshot', schoolYear: '2026-2027', diff: outcome.diff },
    durationMs: expect.any(Number),
  })
  expect(outcome.diff).toEqual(expect.arrayContaining(['school year 2026-2027', '- 1 pupil: 1 in 3']))
  expect(await openMemberships(place)).toHaveLength(35)
})
