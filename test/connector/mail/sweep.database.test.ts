import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendDue } from '../../../connector/mail/outbox.ts'
import { mailFacts, retryFailed } from '../../../connector/mail/status.ts'
import { sweepBoard } from '../../../connector/mail/sweep.ts'
import { append } from '../../../connector/store/audit.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { seedBoard, seedGroup, seedPerson, seedSchool } from '../../support/seed.ts'
import { minutes, monday, openPlace, type Place } from './place.ts'

let p: Place
beforeEach(async () => {
  p = await openPlace()
})
afterEach(() => p.close())

const csv = 'csv@school.example'
const leader = 'directie@school.example'
const later = (ms: number) => new Date(monday.getTime() + ms)
const look = () => sweepBoard(p.ctx, p.school.boardId)
/** Looks and sends, as a connector does each minute. @returns subjects by address */
async function minute(when?: Date): Promise<[string, string][]> {
  if (when) p.at(when)
  const before = p.server.mails.length
  await look()
  await sendDue(p.ctx, [p.school.boardId])
  return p.server.mails
    .slice(before)
    .map(({ to, subject }): [string, string] => [to.join(), subject])
    .sort()
}
const news = 'Er is iets nieuws in M5 van De Proefschool'
const urgent = 'Kijk nu in M5 van De Proefschool'
const unread = 'Nog niemand heeft gekeken in M5 van De Proefschool'

describe('a new report', () => {
  it('is told to the coordinator within the minute, and to nobody else', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    await p.staff('juf@school.example', [])
    await p.report()
    expect(await minute()).toEqual([[csv, news]])
    expect(p.server.mails[0]?.text).toContain(`https://m5.proef.example/groep?s=${p.school.key}`)
    expect(await minute(later(minutes(90)))).toEqual([])
  })

  it.for([
    ['there is no coordinator', []],
    ['the coordinator has no address', [{ role: 'SAFETY_COORDINATOR', email: null }]],
    ['the coordinator is not confirmed', [{ role: 'SAFETY_COORDINATOR', email: csv, confirmed: false }]],
    ['the coordinator’s grant is over', [{ role: 'SAFETY_COORDINATOR', email: csv, until: '2026-11-23' }]],
    ['the coordinator’s grant has not begun', [{ role: 'SAFETY_COORDINATOR', email: csv, startsOn: '2026-11-24' }]],
    ['the coordinator’s address is no address', [{ role: 'SAFETY_COORDINATOR', email: 'a@b.example, c@d.example' }]],
  ] as const)('is told to the leader when %s', async ([, people]) => {
    for (const { email, ...grant } of people) await p.staff(email, [grant])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    await p.report()
    expect(await minute()).toEqual([[leader, news]])
  })

  it('is never told to who administers the systems, whatever else they hold', async () => {
    await p.staff('ict@school.example', [{ role: 'SAFETY_COORDINATOR' }, { role: 'IT_ADMINISTRATOR' }])
    await p.report()
    expect(await look()).toMatchObject({ told: 0, nobody: [p.school.id] })
  })

  it('is not told to who is said to have done it', async () => {
    const id = await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    await p.report({ involved: [{ personId: id, role: 'ACTOR' }] })
    expect(await minute()).toEqual([[leader, news]])
  })

  it('that nobody can be told of waits, and is told when somebody can', async () => {
    await p.report({ receivedAt: later(minutes(-11)) })
    expect(await minute()).toEqual([])
    expect(await look()).toEqual({ told: 0, escalated: 0, nobody: [p.school.id] })
    expect(await mailFacts(p.ctx, p.school.boardId)).toMatchObject({ untold: 1, schools: [p.school.id] })
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    expect(await minute()).toEqual([[csv, news]])
    expect(await mailFacts(p.ctx, p.school.boardId)).toMatchObject({ untold: 0, schools: [] })
  })

  it('with many more within the hour is two mails: the first at once, the rest an hour later', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report()
    expect(await minute()).toHaveLength(1)
    for (let i = 1; i < 6; i++) {
      await p.report()
      await p.report()
      expect(await minute(later(minutes(i)))).toEqual([])
    }
    expect(await minute(later(minutes(59)))).toEqual([])
    expect(await minute(later(minutes(61)))).toEqual([[csv, news]])
    expect(await minute(later(minutes(200)))).toEqual([])
  })

  it('in the evening waits for the morning, and for who wants so comes at once', async () => {
    const owl = await p.staff('uil@school.example', [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    const { boardId } = p.school
    await withTenant(p.t.db, { boardId, role: 'system' }, tx =>
      tx.mailPreference.create({ data: { boardId, personId: owl, quietFrom: '00:00', quietUntil: '00:00' } }),
    )
    p.at(new Date('2026-11-23T19:00:00Z'))
    await p.report()
    expect(await minute()).toEqual([['uil@school.example', news]])
    expect(await minute(new Date('2026-11-24T05:59:00Z'))).toEqual([])
    expect(await minute(new Date('2026-11-24T06:00:00Z'))).toEqual([[csv, news]])
  })

  it('that was tried before the evening and not taken is not sent in the night', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    p.at(new Date('2026-11-23T16:58:00Z'))
    await p.report()
    p.server.mood('later')
    expect(await minute()).toEqual([])
    p.server.mood('well')
    expect(await minute(new Date('2026-11-23T17:10:00Z'))).toEqual([])
    expect(await minute(new Date('2026-11-24T06:00:00Z'))).toEqual([[csv, news]])
  })

  it('of another school, or of another board, is not told here', async () => {
    const sister = await seedSchool(p.t, p.school.boardId, { name: 'De Zusterschool' })
    const foreign = await seedSchool(p.t, await seedBoard(p.t), { name: 'De Andere School' })
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff('zus@school.example', [{ role: 'SAFETY_COORDINATOR' }], { school: sister })
    await p.staff('ander@school.example', [{ role: 'SAFETY_COORDINATOR' }], { school: foreign })
    await p.report({ school: sister })
    await p.report({ school: foreign })
    expect(await minute()).toEqual([['zus@school.example', 'Er is iets nieuws in M5 van De Zusterschool']])
  })
})

describe('an urgent report', () => {
  it('is told to the coordinator and the leader at once, in the night and in the weekend too', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    p.at(new Date('2026-11-28T02:00:00Z'))
    await p.report({ urgent: true })
    expect(await minute()).toEqual([
      [csv, urgent],
      [leader, urgent],
    ])
  })

  const setOut = async (more: Parameters<Place['report']>[0] = {}) => {
    // What is in the log has the time of the database.
    p.at(new Date(Date.now() - minutes(1)))
    const id = await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    const report = await p.report({ urgent: true, ...more })
    await minute()
    return { id, report, quarter: new Date(Date.now() + minutes(15)) }
  }
  const done = async (actor: string, action: string, object: string, detail = {}) => {
    const { boardId } = p.school
    await withTenant(p.t.db, { boardId, role: 'system' }, tx =>
      append(tx, { boardId, actor, action, object, outcome: 'done', detail }),
    )
  }

  it('that nobody opened within a quarter of an hour goes to a second person, once', async () => {
    const { quarter } = await setOut()
    await p.staff('ib@school.example', [{ role: 'SUPPORT_COORDINATOR' }])
    expect(await minute(new Date(quarter.getTime() - minutes(2)))).toEqual([])
    expect(await minute(quarter)).toEqual([
      [csv, unread],
      ['ib@school.example', unread],
    ])
    expect(await minute(new Date(quarter.getTime() + minutes(60)))).toEqual([])
  })

  it('that the coordinator opened goes to nobody else', async () => {
    const { id, report, quarter } = await setOut()
    await p.staff('ib@school.example', [{ role: 'SUPPORT_COORDINATOR' }])
    await done(id, 'report.read', report)
    expect(await minute(quarter)).toEqual([])
  })

  it.for([
    ['another report', async (id: string) => done(id, 'report.read', randomUUID())],
    ['by somebody who was not told', async (_: string, report: string) => done(randomUUID(), 'report.read', report)],
    ['of a panel that does not show it', async (id: string) => done(id, 'panel.read', randomUUID(), { reports: 3 })],
  ] as const)('is not opened by a look at %s', async ([, look]) => {
    const { id, report, quarter } = await setOut()
    await look(id, report)
    expect(await minute(quarter)).toEqual([[csv, unread]])
  })

  it.for([
    ['shows it', 'GOSSIP', 'at-once', 3, true],
    ['was empty', 'GOSSIP', 'at-once', 0, false],
    ['may not show it', 'BODY_BOUNDARY', 'at-once', 3, false],
    ['shows it after school only', 'GOSSIP', 'end-of-day', 3, false],
  ] as const)(
    'on the panel of a homeroom that %s is opened accordingly',
    async ([, behaviour, panel, reports, opened]) => {
      const group = await seedGroup(p.t, p.school, '7A')
      const pupil = await seedPerson(p.t, p.school, { groups: [{ id: group }] })
      const settings = { panel, schoolDayEnds: '23:59' }
      await p.t.asSuperuser(client => client.query('update "School" set settings = $1', [settings]))
      const { id, quarter } = await setOut({
        behaviours: [behaviour],
        involved: [{ personId: pupil.id, role: 'ACTOR' }],
      })
      await done(id, 'panel.read', group, { reports })
      expect(await minute(quarter)).toEqual(opened ? [] : [[csv, unread]])
    },
  )
})

describe('an address that cannot be opened', () => {
  it('keeps nobody else from being told', async () => {
    const broken = await p.staff('stuk@school.example', [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report()
    await p.t.asSuperuser(client =>
      client.query(`update "Person" set "contactSealed" = '\\x00010203' where id = $1`, [broken]),
    )
    expect(await minute()).toEqual([[csv, news]])
  })

  it('or any other fault while it is written, leaves the mail for another try', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report()
    await look()
    const [item] = await p.items()
    await p.t.asSuperuser(client => client.query(`update "School" set settings = '{"panel":"never"}'`))
    await sendDue(p.ctx, [p.school.boardId])
    expect(await p.items()).toMatchObject([{ id: item?.id, state: 'waiting', lastCode: 'unwritten', tries: 1 }])
  })
})

describe('a mailbox that is not there', () => {
  it('is given up where people see it, and the leader is told instead', async () => {
    await p.close()
    p = await openPlace({ moods: { [csv]: 'never' } })
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    await p.report()
    expect(await minute()).toEqual([])
    expect(await minute(later(minutes(2)))).toEqual([])
    expect(await minute(later(minutes(10)))).toEqual([[leader, news]])
    const facts = await mailFacts(p.ctx, p.school.boardId)
    expect(facts).toMatchObject({
      failed: [{ kind: 'new-reports', code: '550 RCPT', count: 1 }],
      schools: [p.school.id],
    })
    expect(JSON.stringify(facts)).not.toContain('@')
  })

  it('of everybody stays in the status, and is tried again when somebody says so', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report()
    p.server.mood('never')
    for (const after of [0, 2, 10, 20]) expect(await minute(later(minutes(after)))).toEqual([])
    expect(await mailFacts(p.ctx, p.school.boardId)).toMatchObject({ schools: [p.school.id] })
    p.server.mood('well')
    expect(await minute(later(minutes(90)))).toEqual([])
    expect(await retryFailed(p.ctx, p.school.boardId)).toBe(1)
    expect(await minute(later(minutes(91)))).toEqual([[csv, news]])
    expect(await mailFacts(p.ctx, p.school.boardId)).toMatchObject({ schools: [], failed: [] })
  })

  it('of somebody who lost the role meanwhile gets nothing, and others are told', async () => {
    const id = await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.staff(leader, [{ role: 'SCHOOL_LEADER' }])
    await p.report()
    await look()
    await p.t.asSuperuser(client => client.query('update "Grant" set "revokedAt" = now() where "personId" = $1', [id]))
    await sendDue(p.ctx, [p.school.boardId])
    expect(await minute(later(minutes(1)))).toEqual([])
    expect(p.server.mails.map(mail => mail.to.join())).toEqual([leader])
  })
})
