import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SourceError } from '../../../adapters/source.ts'
import { createBoard } from '../../../connector/admin/boards.ts'
import { changeSchoolSettings } from '../../../connector/admin/schools.ts'
import { displayName, namesOf } from '../../../connector/store/people.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { approveRun, cancelRun, previewRun } from '../../../connector/sync/held.ts'
import { listRuns } from '../../../connector/sync/run.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import {
  canary,
  group,
  type MadeUp,
  madeUpAdapter,
  madeUpSchool,
  member,
  pupil,
  type Stand,
  teacher,
  without,
  yearLater,
} from './made-up.ts'
import { openMemberships, peopleOf, schoolWith as settle, signedIn } from './place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const schoolWith = (says: Stand['says'], day = '2026-10-05', boardId?: string, brin = '99ZZ') =>
  settle(t, says, { day, brin, ...(boardId === undefined ? {} : { boardId }) })

describe('the first run', () => {
  test('is held, changes nothing, and is applied as it was seen when approved', async () => {
    const place = await schoolWith(madeUpSchool())
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'first-run' }] })
    expect(held.counts).toMatchObject({ 'people.create': 36, 'groups.create': 6, 'memberships.create': 36 })
    expect((await peopleOf(place)).size).toBe(0)

    place.stand.says = without(madeUpSchool(), 'leerling:301')
    expect(await place.approve(held.runId)).toMatchObject({ state: 'applied' })
    const people = await peopleOf(place)
    expect(people.size).toBe(36)
    expect(people.get('Kind301')).toMatchObject({ status: 'active', active: true, grade: '3' })
    const [row] = await listRuns(place.ctx, { boardId: place.boardId })
    expect(row).toMatchObject({
      state: 'applied',
      phase: 'done',
      approvedBy: 'operator',
      reasons: [{ guard: 'first-run' }],
    })
  })

  test('names are as people say them', async () => {
    const school = madeUpSchool()
    school.people = school.people.map(each =>
      each.sourceId === 'leerling:301'
        ? { ...each, givenName: 'Johanna', preferredFirstName: 'Jo', familyNamePrefix: 'van den', familyName: 'Berg' }
        : each,
    )
    const place = await schoolWith(school)
    await place.first()
    const keys = await place.ctx.keyring.board(place.boardId)
    const people = await peopleOf(place)
    const { id = '' } = people.get('Johanna') ?? {}
    const names = await place.read(tx => namesOf(tx, keys, place.boardId, [id]))
    expect(displayName(names.get(id) ?? {})).toBe('Jo van den Berg')
  })

  test('a held run names nobody in what may be copied', async () => {
    const place = await schoolWith(madeUpSchool())
    const held = await place.sync()
    expect(held.diff.join('\n')).toContain('+ 30 pupil: leerling:301')
    const runs = await listRuns(place.ctx, { boardId: place.boardId })
    expect(JSON.stringify([held, runs])).not.toContain(canary)
    const later = await previewRun(place.ctx, { boardId: place.boardId, runId: held.runId })
    expect(later).toEqual(held.diff)
  })

  test('memberships start with the school year', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    const starts = new Set((await openMemberships(place)).map(each => each.startsOn.toISOString().slice(0, 10)))
    expect([...starts]).toEqual(['2026-08-01'])
  })
})

describe('a run after that', () => {
  test('is unchanged when nothing changed, by the cursor and by what it says', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    expect((await place.sync()).state).toBe('unchanged')
    place.stand.says = {
      ...madeUpSchool(),
      groups: [...madeUpSchool().groups].reverse(),
      createdAt: '2026-10-05T01:00:00Z',
    }
    expect(await place.sync()).toMatchObject({ state: 'unchanged', counts: { people: 36 } })
  })

  test('applies a new pupil in an old group from today, and a new group from the start of the year', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    const school = madeUpSchool()
    const [g3] = school.groups
    const extra = group(9, undefined, { name: 'Plus', kind: 'scheduled', grades: [] })
    const [late, plus] = [pupil(306), pupil(307)]
    school.groups.push(extra)
    school.people.push(late, plus)
    school.memberships.push(member(g3 ?? extra, late), member(extra, plus))
    place.stand.says = school
    place.onDay('2026-11-02')
    expect((await place.sync()).state).toBe('applied')
    const people = await peopleOf(place)
    const startOf = async (name: string) => {
      const all = await openMemberships(place)
      return all
        .find(each => each.personId === people.get(name)?.id)
        ?.startsOn.toISOString()
        .slice(0, 10)
    }
    expect(await startOf('Kind306')).toBe('2026-11-02')
    expect(await startOf('Kind307')).toBe('2026-08-01')
  })

  test('deactivates who is gone, ends the sessions at once, and knows the same person again', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    const before = (await peopleOf(place)).get('Kind301')
    const alive = await signedIn(place, before?.id ?? '')
    const other = await signedIn(place, (await peopleOf(place)).get('Kind302')?.id ?? '')
    place.stand.says = without(madeUpSchool(), 'leerling:301')
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.deactivate': 1 } })
    const gone = (await peopleOf(place)).get('Kind301')
    expect(gone).toMatchObject({ id: before?.id, status: 'inactive', active: false })
    expect(gone?.gone).not.toBeNull()
    expect([await alive(), await other()]).toEqual([false, true])
    expect((await openMemberships(place)).some(each => each.personId === before?.id)).toBe(false)

    place.stand.says = madeUpSchool()
    place.onDay('2026-10-06')
    expect(await place.sync()).toMatchObject({ state: 'applied', counts: { 'people.returns': 1 } })
    expect((await peopleOf(place)).get('Kind301')).toMatchObject({
      id: before?.id,
      status: 'active',
      active: true,
      gone: null,
    })
    expect((await openMemberships(place)).filter(each => each.personId === before?.id)).toHaveLength(1)
  })

  test('who goes and comes back on one day has one open membership', async () => {
    const place = await schoolWith(madeUpSchool(), '2026-08-01')
    await place.first()
    await changeSchoolSettings(place.ctx, { ...place, settings: { sync: { summerHold: false } } })
    place.stand.says = without(madeUpSchool(), 'leerling:301')
    await place.sync()
    place.stand.says = madeUpSchool()
    expect((await place.sync()).state).toBe('applied')
    expect(await openMemberships(place)).toHaveLength(36)
  })

  test('a corrected name is resealed, and a key that no longer holds is gone', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    const school = madeUpSchool()
    school.people = school.people.map(each =>
      each.sourceId === 'leerling:301'
        ? { ...pupil(301, { username: 'nieuw301', givenName: 'Anders' }), grade: '3' }
        : each,
    )
    place.stand.says = school
    expect((await place.sync()).counts).toMatchObject({ 'people.update': 1, 'keys.create': 1, 'keys.remove': 1 })
    expect((await peopleOf(place)).get('Anders')).toMatchObject({ status: 'active' })
    expect((await place.sync()).state).toBe('unchanged')
  })

  test('holds when staff would go, whatever the number', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    place.stand.says = without(madeUpSchool(), 'leerkracht:3')
    const held = await place.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'staff-removal' }] })
    expect((await peopleOf(place)).get('Juf3')).toMatchObject({ active: true })
    await place.approve(held.runId)
    expect((await peopleOf(place)).get('Juf3')).toMatchObject({ active: false })
  })

  test('a newcomer is pending until the day, and is there on the day though the source did not change', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    const school = madeUpSchool()
    const late = pupil(306, { status: 'pending', startsOn: '2026-11-02' })
    school.people.push(late)
    school.memberships.push(member(group(3), late))
    place.stand.says = school
    await place.sync()
    expect((await peopleOf(place)).get('Kind306')).toMatchObject({ status: 'pending', active: false, gone: null })
    const onTheDay = {
      ...school,
      people: school.people.map(each => (each === late ? { ...late, status: 'active' as const } : each)),
    }
    place.stand.says = async function* (cursor) {
      expect(cursor).toBeNull()
      yield* madeUpAdapter({ says: onTheDay })('')
        .open({}, {} as never)
        .read(null)
    }
    place.onDay('2026-11-02')
    expect((await place.sync()).state).toBe('applied')
    expect((await peopleOf(place)).get('Kind306')).toMatchObject({ status: 'active', active: true })
    const [row] = (await openMemberships(place)).filter(each => each.startsOn.getTime() === Date.UTC(2026, 10, 2))
    expect(row).toBeDefined()
  })
})

describe('a new school year', () => {
  async function turned() {
    const place = await schoolWith(madeUpSchool('2025-2026'), '2026-06-01')
    await place.first()
    place.onDay('2026-09-07')
    place.stand.says = yearLater('2026-2027')
    return place
  }

  test('is not a mass leave: pupils move up, groups and memberships end with their year, group 8 goes', async () => {
    const place = await turned()
    const before = await peopleOf(place)
    const outcome = await place.sync()
    expect(outcome).toMatchObject({
      state: 'applied',
      counts: { 'people.create': 5, 'people.deactivate': 5, 'groups.retire': 6 },
    })
    const after = await peopleOf(place)
    expect(after.get('Kind401')).toMatchObject({ id: before.get('Kind401')?.id, grade: '5', active: true })
    expect(after.get('Kind801')).toMatchObject({ active: false })
    const open = await openMemberships(place)
    expect(new Set(open.map(each => each.group.schoolYear.name))).toEqual(new Set(['2026-2027']))
    const ended = await place.read(tx =>
      tx.membership.findMany({ where: { boardId: place.boardId, endsOn: { not: null } } }),
    )
    expect(new Set(ended.map(each => each.endsOn?.toISOString().slice(0, 10)))).toEqual(new Set(['2026-08-01']))
    expect((await place.sync()).state).toBe('unchanged')
  })

  test('is held in the summer, when people would go', async () => {
    const place = await turned()
    place.onDay('2026-08-20')
    expect(await place.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'summer-removals' }] })
  })

  test('the roster of a year that has not begun is held, and takes nobody out of the present groups', async () => {
    const place = await turned()
    place.onDay('2026-07-06')
    const held = await place.sync()
    expect(held.reasons.map(reason => reason.guard)).toEqual(['next-school-year'])
    await place.approve(held.runId)
    const all = await place.read(tx => tx.membership.findMany({ where: { boardId: place.boardId } }))
    const now = all.filter(
      each => each.startsOn <= new Date('2026-07-06') && (!each.endsOn || each.endsOn > new Date('2026-07-06')),
    )
    expect(now).toHaveLength(36)
    place.stand.says = { ...madeUpSchool('2025-2026'), createdAt: '2026-07-07T00:00:00Z' }
    expect(await place.sync()).toMatchObject({ state: 'unchanged' })
  })

  test('this year’s is refused once the next has begun', async () => {
    const place = await turned()
    await place.sync()
    place.stand.says = { ...madeUpSchool('2025-2026'), createdAt: '2026-09-08T00:00:00Z' }
    expect(await place.sync({ schoolYear: '2025-2026' })).toMatchObject({
      ...{ state: 'refused', reasons: [{ guard: 'year-behind' }] },
    })
  })
})

describe('keys that the source cannot keep', () => {
  test('hold within their year, and after that only a stable key tells who it is', async () => {
    const loose = (n: number, key: string, username?: string) =>
      pupil(n, {
        sourceId: `leerling:#${key}`,
        stable: false,
        ...(username ? { username, keys: [{ type: 'username', value: username, stable: true }] } : { keys: [] }),
      })
    const build = (year: string, people: ReturnType<typeof pupil>[]): MadeUp => {
      const school = madeUpSchool(year)
      return {
        ...school,
        people: [...school.people, ...people],
        memberships: [...school.memberships, ...people.map(each => member(group(3, year), each))],
      }
    }
    const place = await schoolWith(build('2025-2026', [loose(311, '1', 'kim'), loose(312, '2')]), '2026-05-04')
    await place.first()
    const before = await peopleOf(place)
    place.onDay('2026-09-07')
    // The same numbers, given out anew: #1 is now somebody else, and Kim has #7.
    place.stand.says = build('2026-2027', [loose(999, '1'), loose(311, '7', 'kim')])
    await changeSchoolSettings(place.ctx, { ...place, settings: { sync: { summerHold: false } } })
    expect((await place.sync()).state).toBe('applied')
    const after = await peopleOf(place)
    expect(after.get('Kind311')).toMatchObject({ id: before.get('Kind311')?.id, active: true })
    expect(after.get('Kind312')).toMatchObject({ active: false })
    expect(after.get('Kind999')?.id).not.toBe(before.get('Kind311')?.id)
    expect((await place.sync()).state).toBe('unchanged')
  })
})

describe('when things go wrong', () => {
  test('a source that stops half-way changes nothing', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    place.stand.says = async function* () {
      yield { kind: 'batch', records: [pupil(1)], findings: [], page: { n: 1, count: 1 } }
    }
    expect(await place.sync()).toMatchObject({ state: 'refused', reasons: [{ guard: 'source-incomplete' }] })
    place.stand.says = new SourceError('unauthorized', 'the key is not accepted')
    expect(await place.sync()).toMatchObject({ state: 'failed', reasons: [{ guard: 'source-unauthorized' }] })
    expect([...(await peopleOf(place)).values()].filter(each => each.active)).toHaveLength(36)
  })

  test('an error in the middle of applying leaves nothing behind', async () => {
    const place = await schoolWith(madeUpSchool())
    const held = await place.sync()
    let statements = 0
    const broken = {
      ...place.ctx,
      db: {
        ...t.db,
        prisma: t.db.prisma.$extends({
          query: {
            async $allOperations({ operation, args, query }) {
              if (operation === '$executeRaw' && JSON.stringify(args).includes('Membership')) {
                statements += 1
                throw new Error('pulled the plug')
              }
              return query(args)
            },
          },
        }) as unknown as typeof t.db.prisma,
      },
    }
    await expect(approveRun(broken, { boardId: place.boardId, runId: held.runId, by: 'operator' })).rejects.toThrow(
      'pulled the plug',
    )
    expect(statements).toBe(1)
    expect((await peopleOf(place)).size).toBe(0)
    const rows = await place.read(tx => tx.schoolYear.count({ where: { boardId: place.boardId } }))
    expect(rows).toBe(0)
    const [run] = await listRuns(place.ctx, { boardId: place.boardId })
    expect(run?.state).toBe('held')
    expect((await place.approve(held.runId)).state).toBe('applied')
  })

  test('two at once: one goes, the other is told', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    place.stand.says = without(madeUpSchool(), 'leerling:301')
    let release = () => {}
    place.stand.pause = () => new Promise(resolve => (release = resolve))
    const slow = place.sync()
    await expect.poll(async () => (await listRuns(place.ctx, { boardId: place.boardId }))[0]?.state).toBe('running')
    await expect(place.sync()).rejects.toMatchObject({ code: 'conflict', reason: 'sync-running' })
    release()
    expect((await slow).state).toBe('applied')
  })

  test('a held run approved by eight at once is applied once', async () => {
    const place = await schoolWith(madeUpSchool())
    const held = await place.sync()
    const all = await Promise.allSettled(Array.from({ length: 8 }, () => place.approve(held.runId)))
    expect(all.filter(each => each.status === 'fulfilled')).toHaveLength(1)
    expect((await peopleOf(place)).size).toBe(36)
  })

  test('a run whose process died is marked by the next', async () => {
    const place = await schoolWith(madeUpSchool())
    const { boardId, schoolId, sourceId } = place
    const id = randomUUID()
    await place.read(tx => tx.syncRun.create({ data: { boardId, id, schoolId, sourceId, state: 'running' } }))
    await place.sync()
    const runs = await listRuns(place.ctx, { boardId })
    expect(runs.find(run => run.id === id)).toMatchObject({ state: 'failed', reasons: [{ guard: 'crashed' }] })
  })

  test('an old, a replaced and a cancelled run cannot be approved, and keep no names', async () => {
    const place = await schoolWith(madeUpSchool())
    const [first, second] = [await place.sync(), await place.sync()]
    await expect(place.approve(first.runId)).rejects.toMatchObject({ code: 'conflict', reason: 'run-not-held' })
    place.onDay('2026-12-24')
    await expect(place.approve(second.runId)).rejects.toMatchObject({ code: 'gone', reason: 'stage-old' })
    await cancelRun(place.ctx, { boardId: place.boardId, runId: second.runId, by: 'operator' })
    const kept = await place.read(tx =>
      tx.syncRun.count({ where: { boardId: place.boardId, NOT: { stageSealed: null } } }),
    )
    expect(kept).toBe(0)
    await expect(place.approve(second.runId)).rejects.toMatchObject({ code: 'conflict' })
  })

  test('approving is refused when something new speaks against it', async () => {
    const place = await schoolWith(madeUpSchool(), '2026-06-13')
    place.stand.says = madeUpSchool('2025-2026')
    await place.first()
    place.stand.says = without(madeUpSchool('2025-2026'), 'leerling:301')
    const held = await place.sync({ preview: true })
    expect(held.reasons.map(reason => reason.guard)).toEqual(['preview'])
    place.onDay('2026-06-16')
    await expect(place.approve(held.runId)).rejects.toMatchObject({ code: 'conflict', reason: 'run-outdated' })
  })
})

describe('walls', () => {
  test('another board sees nothing of it, and cannot approve it', async () => {
    const place = await schoolWith(madeUpSchool())
    const held = await place.sync()
    const other = await schoolWith(madeUpSchool())
    await expect(other.approve(held.runId)).rejects.toMatchObject({ code: 'not-found' })
    await expect(other.sync({ sourceId: place.sourceId })).rejects.toMatchObject({ code: 'not-found' })
    await place.approve(held.runId)
    const seen = await other.read(async tx => [
      await tx.person.count(),
      await tx.affiliation.count(),
      await tx.source.count(),
      await tx.syncRun.count(),
    ])
    expect(seen).toEqual([0, 0, 1, 0])
  })

  test('a teacher of two schools, proven by one directory account, is one person who can leave one of them', async () => {
    const both = (n: number) =>
      teacher(n, { keys: [{ type: 'object-id', value: 'c0ffee00-0000-4000-8000-000000000001', stable: true }] })
    const build = (n: number): MadeUp => {
      const school = madeUpSchool()
      const extra = both(n)
      return {
        ...school,
        people: [...school.people, extra],
        memberships: [...school.memberships, member(group(3), extra)],
      }
    }
    const one = await schoolWith(build(50))
    await one.first()
    const two = await schoolWith({ ...build(60), brin: '98YY' }, '2026-10-05', one.boardId, '98YY')
    await two.first()
    const id = (await peopleOf(one)).get('Juf50')?.id ?? ''
    expect((await peopleOf(two)).get('Juf50')?.id).toBe(id)
    const [hereAlive, thereAlive] = [await signedIn(one, id), await signedIn(two, id)]
    one.stand.says = madeUpSchool()
    const held = await one.sync()
    await one.approve(held.runId)
    expect((await peopleOf(two)).get('Juf50')).toMatchObject({ status: 'active', active: true })
    expect([await hereAlive(), await thereAlive()]).toEqual([false, true])
  })

  test('nobody’s name, and no option of a source, is readable in any column of any table', async () => {
    const place = await schoolWith(madeUpSchool())
    await place.first()
    place.stand.says = without(madeUpSchool(), 'leerling:301')
    await place.sync({ preview: true })
    // What is not sealed would be seen: in text and in bytes.
    const { boardId } = await createBoard(t, { name: 'Open en bloot' })
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.person.create({ data: { boardId, id: randomUUID(), namesSealed: Buffer.from('onverzegeld') } }),
    )
    const readable = await t.asSuperuser(async client => {
      const tables = await client.query<{ name: string }>(
        `select tablename as name from pg_tables where schemaname = 'public'`,
      )
      let text = ''
      for (const { name } of tables.rows) {
        const { rows } = await client.query<{ row: string }>(`select row_to_json(t)::text as row from "${name}" t`)
        text += rows.map(each => each.row).join('\n')
      }
      // bytea shows as \\x…: read the bytes as well.
      return text + text.replace(/\\\\x([0-9a-f]+)/g, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'))
    })
    for (const open of ['De Klim', 'Open en bloot', 'onverzegeld']) expect(readable).toContain(open)
    for (const secret of [canary, 'Kind3', 'kind301', 'tok-geheim']) expect(readable).not.toContain(secret)
  })
})
