import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addDays } from '../../../connector/store/calendar.ts'
import { insertReport, type ReportRow } from '../../../connector/store/reports.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { bytes, tagOf } from '../../../connector/store/seal.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type SeededSchool, seedBoard, seedGroup, seedPerson, seedSchool, today } from '../../support/seed.ts'

let t: TestDatabase
let school: SeededSchool
let group: string
beforeAll(async () => {
  t = await testDatabase()
  school = await seedSchool(t, await seedBoard(t))
  group = await seedGroup(t, school, '7A')
})
afterAll(() => t.close())

function report(more: Partial<ReportRow> & { body?: string; facts?: object } = {}): ReportRow {
  const { body = 'body', facts = {}, ...rest } = more
  const plain = {
    today: today(),
    receivedAt: '2026-11-23T10:00:00.000Z',
    visibleFrom: '2026-11-23T14:30:00.000Z',
    standing: 'UNSIGNED',
    reporterKind: 'PUPIL',
    behaviours: ['GOSSIP'],
    targetKind: null,
    place: 'BUS',
    moment: 'UNKNOWN',
    happenedOn: null,
    precision: 'UNKNOWN',
    frequency: 'UNKNOWN',
    severity: null,
    helpedBy: [],
    wish: null,
    dangerNow: false,
    urgent: false,
    problems: [],
    ...facts,
  }
  return {
    boardId: school.boardId,
    schoolId: school.id,
    id: randomUUID(),
    idemKey: randomUUID(),
    bodyPrint: tagOf(body),
    facts: plain,
    reporterTag: null,
    reporterSealed: null,
    bodySealed: bytes(Buffer.from(`sealed ${body}`)),
    wordsSealed: null,
    involvements: [],
    ...rest,
  }
}
const involving = (...persons: (string | null)[]) =>
  persons.map(personId => ({ id: randomUUID(), role: 'ACTOR', personId, typedSealed: null }))

const sealed = { reporterTag: tagOf('tag'), reporterSealed: tagOf('sealed') }

async function session({ boardId, id: schoolId }: SeededSchool, personId: string): Promise<string> {
  const id = randomUUID()
  const facts = { channel: 'oidc', authTime: new Date(), endsAt: new Date(Date.now() + 60_000) }
  await withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.session.create({ data: { boardId, id, personId, schoolId, ...facts } }),
  )
  return id
}

const stored = (boardId: string, idemKey: string) =>
  withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.report.findMany({
      where: { boardId, idemKey },
      include: { involvements: true },
      orderBy: { receivedAt: 'asc' },
    }),
  )

describe('a report', () => {
  it('sent 64 times at once is one row, and all get its receipt', async () => {
    const idemKey = randomUUID()
    const person = await seedPerson(t, school, { groups: [{ id: group }] })
    const receipts = await Promise.all(
      Array.from({ length: 64 }, () => insertReport(t.db, report({ idemKey, involvements: involving(person.id) }))),
    )
    expect(new Set(receipts.map(r => r.id)).size).toBe(1)
    expect(new Set(receipts.map(r => r.receivedAt.getTime())).size).toBe(1)
    expect(receipts.filter(r => r.fresh)).toHaveLength(1)
    const rows = await stored(school.boardId, idemKey)
    expect(rows.map(row => row.involvements.length)).toEqual([1])
    const audits = await withTenant(t.db, { boardId: school.boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { object: rows[0]?.id ?? '' } }),
    )
    expect(audits).toMatchObject([{ actor: 'reporter', action: 'report.submit', outcome: 'done' }])
  })

  it('under one key on two boards is stored on both', async () => {
    const other = await seedSchool(t, await seedBoard(t))
    const idemKey = randomUUID()
    const here = report({ idemKey })
    const there = report({ idemKey, boardId: other.boardId, schoolId: other.id })
    const both = await Promise.all([here, there].map(row => insertReport(t.db, row)))
    expect(both.map(r => r.fresh)).toEqual([true, true])
    expect(await stored(school.boardId, idemKey)).toHaveLength(1)
    expect(await stored(other.boardId, idemKey)).toHaveLength(1)
  })

  it('with another body under the same key is stored too, and flagged', async () => {
    const idemKey = randomUUID()
    const [first, second] = [report({ idemKey, body: 'one' }), report({ idemKey, body: 'two' })]
    await insertReport(t.db, first)
    const receipt = await insertReport(t.db, second)
    expect(receipt).toMatchObject({ id: second.id, fresh: true })
    const rows = await stored(school.boardId, idemKey)
    expect(new Map(rows.map(row => [row.id, row.problems]))).toEqual(
      new Map([
        [first.id, []],
        [second.id, ['same-key-other-body']],
      ]),
    )
  })

  it('under one key in 64 bodies at the same time is 64 rows: none is lost', async () => {
    const idemKey = randomUUID()
    const receipts = await Promise.all(
      Array.from({ length: 64 }, (_, i) => insertReport(t.db, report({ idemKey, body: `body ${i}` }))),
    )
    expect(new Set(receipts.map(r => r.id)).size).toBe(64)
    expect(await stored(school.boardId, idemKey)).toHaveLength(64)
  })

  it('sent again later gives the first receipt, and adds nothing', async () => {
    const row = report({ involvements: involving(null) })
    const first = await insertReport(t.db, row)
    const facts = { receivedAt: '2026-12-24T10:00:00.000Z', standing: 'EXPIRED' }
    const again = await insertReport(t.db, report({ ...row, id: randomUUID(), facts, involvements: involving(null) }))
    expect(again).toEqual({ ...first, fresh: false })
    const rows = await stored(school.boardId, row.idemKey)
    expect(rows.map(r => r.involvements.length)).toEqual([1])
  })

  it('does not link a person of another school, of another board, or of nobody, and says so', async () => {
    const sister = await seedSchool(t, school.boardId)
    const foreign = await seedSchool(t, await seedBoard(t))
    const own = await seedPerson(t, school, { groups: [{ id: group }] })
    const gone = await seedPerson(t, school, { status: 'inactive' })
    const parent = await seedPerson(t, school, { role: 'parent' })
    const strangers = [await seedPerson(t, sister), await seedPerson(t, foreign), gone, parent].map(p => p.id)
    for (const stranger of [...strangers, randomUUID()]) {
      const row = report({ involvements: involving(stranger, own.id) })
      await insertReport(t.db, row)
      const [kept] = await stored(school.boardId, row.idemKey)
      expect(kept?.problems).toEqual(['unknown-person'])
      expect(kept?.involvements.map(i => i.personId).sort()).toEqual([null, own.id].sort())
    }
  })

  it('keeps who is who: each involvement its own person, group and typed name', async () => {
    const people = await Promise.all(
      Array.from({ length: 5 }, () => seedPerson(t, school, { groups: [{ id: group }] })),
    )
    const involvements = [people[0], null, people[1], people[2], null, people[3], people[4]].map((person, i) => ({
      id: randomUUID(),
      role: i % 2 ? 'TARGET' : 'ACTOR',
      personId: person?.id ?? null,
      typedSealed: person ? null : bytes(Buffer.from(`typed ${i}`)),
    }))
    const row = report({ involvements })
    await insertReport(t.db, row)
    const [kept] = await stored(school.boardId, row.idemKey)
    expect(kept?.problems).toEqual([])
    const byId = new Map(kept?.involvements.map(i => [i.id, i]))
    for (const { id, role, personId, typedSealed } of involvements) {
      const found = byId.get(id)
      expect(found).toMatchObject({ role, personId, groupId: personId ? group : null })
      expect(found?.typedSealed && Buffer.from(found.typedSealed)).toEqual(typedSealed && Buffer.from(typedSealed))
    }
  })

  it('takes the homeroom of that day: not the one before, not the next, not a scheduled group', async () => {
    const [before, next] = [await seedGroup(t, school, '6A'), await seedGroup(t, school, '8A')]
    const plus = await seedGroup(t, school, 'Plusklas', 'scheduled')
    const day = today()
    const mover = await seedPerson(t, school, {
      groups: [
        { id: before, startsOn: addDays(day, -100), endsOn: day },
        { id: group, startsOn: day, endsOn: addDays(day, 10) },
        { id: next, startsOn: addDays(day, 10) },
        { id: plus, startsOn: addDays(day, -1) },
      ],
    })
    const homeOn = async (on: string) => {
      const row = report({ facts: { today: on }, involvements: involving(mover.id) })
      await insertReport(t.db, row)
      return (await stored(school.boardId, row.idemKey))[0]?.involvements[0]?.groupId
    }
    expect(await homeOn(addDays(day, -1))).toBe(before)
    expect(await homeOn(day)).toBe(group)
    expect(await homeOn(addDays(day, 9))).toBe(group)
    expect(await homeOn(addDays(day, 10))).toBe(next)
  })

  it('takes the same one of two homerooms every time, and none that is closed', async () => {
    const [one, other, closed] = await Promise.all(['5X', '5Y', '5Z'].map(name => seedGroup(t, school, name)))
    const day = today()
    const groups = [one, other, closed].map(id => ({ id: id ?? '', startsOn: addDays(day, -5) }))
    const child = await seedPerson(t, school, {
      groups: [...groups.slice(0, 2), { id: closed ?? '', startsOn: addDays(day, -1) }],
    })
    await t.asSuperuser(client => client.query('update "Group" set active = false where id = $1', [closed]))
    const homes = new Set<unknown>()
    for (let n = 0; n < 5; n++) {
      const row = report({ facts: { today: day }, involvements: involving(child.id) })
      await insertReport(t.db, row)
      homes.add((await stored(school.boardId, row.idemKey))[0]?.involvements[0]?.groupId)
    }
    expect([...homes]).toEqual([[one, other].sort()[0]])
  })

  it('leaves its sealed parts as they were given', async () => {
    const row = report({ reporterTag: tagOf('x'), reporterSealed: tagOf('y'), wordsSealed: tagOf('z') })
    await insertReport(t.db, row)
    const [kept] = await stored(school.boardId, row.idemKey)
    for (const column of ['reporterTag', 'reporterSealed', 'bodySealed', 'wordsSealed', 'bodyPrint'] as const)
      expect(Buffer.from(kept?.[column] ?? [])).toEqual(Buffer.from(row[column] ?? []))
  })

  it('is of the person of the session: signed while session and token hold, marked when they did once', async () => {
    const pupil = await seedPerson(t, school, { groups: [{ id: group }] })
    const sessionId = await session(school, pupil.id)
    const send = async (tokenHolds: boolean) => {
      const row = report({
        ...sealed,
        sender: { sessionId, personId: pupil.id, tokenHolds },
        facts: { reporterKind: 'STAFF' },
      })
      return [(await insertReport(t.db, row)).standing, (await stored(school.boardId, row.idemKey))[0]?.reporterKind]
    }
    expect([await send(true), await send(false)]).toEqual([
      ['SIGNED', 'PUPIL'],
      ['EXPIRED', 'PUPIL'],
    ])
    await t.asSuperuser(client => client.query('update "Session" set "endedAt" = now() where id = $1', [sessionId]))
    expect(await send(true)).toEqual(['EXPIRED', 'PUPIL'])
  })

  it('with a session of somebody else, of another school, another board or nowhere has no reporter at all', async () => {
    const [pupil, other] = [await seedPerson(t, school), await seedPerson(t, school)]
    const sister = await seedSchool(t, school.boardId)
    const foreign = await seedSchool(t, await seedBoard(t))
    const stranger = await seedPerson(t, foreign)
    const sessions = [
      await session(school, other.id),
      await session(sister, pupil.id),
      await session(foreign, stranger.id),
      randomUUID(),
    ]
    for (const sessionId of sessions) {
      const sender = { sessionId, personId: pupil.id, tokenHolds: true }
      const row = report({ ...sealed, sender, involvements: involving(pupil.id) })
      expect((await insertReport(t.db, row)).standing).toBe('UNSIGNED')
      const [kept] = await stored(school.boardId, row.idemKey)
      expect(kept).toMatchObject({ problems: ['session-unknown'], reporterTag: null, reporterSealed: null })
      expect(kept?.involvements.map(i => i.personId)).toEqual([null])
    }
  })

  it('is not acknowledged where it was not stored', async () => {
    await expect(insertReport(t.db, report({ schoolId: randomUUID() }))).rejects.toMatchObject({ code: '23503' })
    await expect(insertReport(t.db, report({ facts: { receivedAt: 'nonsense' } }))).rejects.toThrow()
  })

  it('is there, whole, for another connection as soon as the receipt is', async () => {
    const row = report({ involvements: involving(null, null) })
    const { id } = await insertReport(t.db, row)
    const seen = await t.asSuperuser(client =>
      client.query(
        `select (select count(*)::int from "Involvement" where "reportId" = $1) as involved from "Report" where id = $1`,
        [id],
      ),
    )
    expect(seen.rows).toEqual([{ involved: 2 }])
  })

  it('leaves the connection without a scope', async () => {
    await insertReport(t.db, report())
    const { rows } = await t.db.pool.query(
      `select current_setting('app.board', true) as board, (select count(*)::int from "Report") as seen`,
    )
    expect(rows).toEqual([{ board: '', seen: 0 }])
  })

  it('is never edited by the application', async () => {
    const row = report()
    await insertReport(t.db, row)
    const where = { boardId_id: { boardId: school.boardId, id: row.id } }
    const edit = withTenant(t.db, { boardId: school.boardId, role: 'system' }, tx =>
      tx.report.update({ where, data: { place: 'TOILET' } }),
    )
    await expect(edit).rejects.toThrow(/permission denied/)
  })
})

describe('reports that come together', () => {
  const storedIds = (ids: string[]) =>
    t.asSuperuser(async client => {
      const { rows } = await client.query(
        `select r.id, r."boardId" as board, r."bodySealed" as body, r."bodyPrint" as print, i."typedSealed" as typed, i.role
         from "Report" r left join "Involvement" i on i."reportId" = r.id where r.id = any ($1)`,
        [ids],
      )
      return rows as { id: string; board: string; body: Buffer; print: Buffer; typed: Buffer | null; role: string }[]
    })
  /** Bytes of every value, and a typed name that is another one in each. */
  const distinct = (i: number, more: Partial<ReportRow> = {}) =>
    report({
      body: `report ${i}`,
      bodySealed: bytes(Buffer.from([0, 255, i, 10, 92, 39])),
      involvements: [{ id: randomUUID(), role: 'JOINER', personId: null, typedSealed: bytes(Buffer.from([i, 0, 1])) }],
      ...more,
    })

  it('share transactions, and each has its own receipt, row and bytes', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => distinct(i))
    const receipts = await Promise.all(rows.map(row => insertReport(t.db, row)))
    expect(receipts.map(({ id, fresh }) => [id, fresh])).toEqual(rows.map(row => [row.id, true]))
    const stored = await storedIds(rows.map(row => row.id))
    expect(stored).toHaveLength(100)
    for (const { id, body, print, typed, role } of stored) {
      const row = rows.find(each => each.id === id)
      expect([body, print, typed, role]).toEqual([
        Buffer.from(row?.bodySealed ?? []),
        Buffer.from(row?.bodyPrint ?? []),
        Buffer.from(row?.involvements[0]?.typedSealed ?? []),
        'JOINER',
      ])
    }
    const transactions = await t.asSuperuser(client =>
      client.query('select count(distinct xmin::text)::int as n from "Report" where id = any ($1)', [
        rows.map(r => r.id),
      ]),
    )
    expect(transactions.rows[0].n).toBeLessThan(60)
  })

  it('do not share the fault of one that cannot be written', async () => {
    const rows = Array.from({ length: 40 }, (_, i) =>
      distinct(i, i === 17 ? report({ facts: { receivedAt: 'nonsense' } }) : {}),
    )
    const settled = await Promise.allSettled(rows.map(row => insertReport(t.db, row)))
    expect(settled.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([17])
    const ids = new Set((await storedIds(rows.map(row => row.id))).map(({ id }) => id))
    expect(rows.flatMap(({ id }, i) => (ids.has(id) ? [] : [i]))).toEqual([17])
  })

  it('of two boards stay with their board', async () => {
    const there = await seedSchool(t, await seedBoard(t))
    const rows = Array.from({ length: 40 }, (_, i) =>
      distinct(i, i % 2 ? { boardId: there.boardId, schoolId: there.id } : {}),
    )
    await Promise.all(rows.map(row => insertReport(t.db, row)))
    for (const { id, board } of await storedIds(rows.map(row => row.id)))
      expect(board).toBe(rows.find(row => row.id === id)?.boardId)
  })

  it('with the same keys in another order all get their receipt', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => distinct(i))
    const twice = await Promise.all([...rows, ...rows.toReversed()].map(row => insertReport(t.db, row)))
    expect(new Set(twice.map(({ id }) => id)).size).toBe(30)
    expect(twice.filter(({ fresh }) => fresh)).toHaveLength(30)
  })
})
