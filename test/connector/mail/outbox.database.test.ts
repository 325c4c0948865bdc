import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { mailKinds } from '../../../connector/mail/kinds.ts'
import { sendDue } from '../../../connector/mail/outbox.ts'
import { queueParentLink } from '../../../connector/mail/parent-link.ts'
import { startMail } from '../../../connector/mail/post.ts'
import { queueFor, queueMail } from '../../../connector/mail/queue.ts'
import { contactPlace } from '../../../connector/mail/render.ts'
import { sweepBoard } from '../../../connector/mail/sweep.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { startConnector } from '../../support/connector-process.ts'
import { testMasterKey } from '../../support/database.ts'
import { canary } from '../../support/frame.ts'
import { seedGroup, seedPerson } from '../../support/seed.ts'
import { minutes, monday, openPlace, type Place } from './place.ts'

let p: Place
beforeEach(async () => {
  p = await openPlace()
})
afterEach(() => p.close())

const csv = 'csv@school.example'
const later = (ms: number) => new Date(monday.getTime() + ms)
const send = (signal?: AbortSignal) => sendDue(p.ctx, [p.school.boardId], signal)
const told = async (email = csv) => {
  const id = await p.staff(email, [{ role: 'SAFETY_COORDINATOR' }])
  await p.report({ urgent: true })
  await sweepBoard(p.ctx, p.school.boardId)
  return id
}

describe('a mail that is due', () => {
  it('is sent once by however many connectors look at once', async () => {
    const people = Array.from({ length: 20 }, (_, i) => `csv${i}@school.example`)
    for (const email of people) await p.staff(email, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    await p.report()
    await Promise.all(Array.from({ length: 8 }, () => sweepBoard(p.ctx, p.school.boardId)))
    expect((await p.items()).length).toBe(40)
    const counts = await Promise.all([send(), send(), send(), send()])
    expect(counts.reduce((sum, count) => sum + count)).toBe(40)
    expect(p.server.mails.map(mail => `${mail.to} ${mail.subject.slice(0, 8)}`).sort()).toEqual(
      people.flatMap(email => [`${email} Er is ie`, `${email} Kijk nu `]).sort(),
    )
  })

  it('is taken again when its connector died in the middle, and not before', async () => {
    await told()
    p.server.mood('cut')
    // Taken, and then nothing more is heard of whoever took it.
    await withTenant(p.t.db, { boardId: p.school.boardId, role: 'system' }, tx =>
      tx.mailItem.updateMany({
        data: { lastCode: 'sending', tries: 1, dueAt: later(minutes(3)) },
        where: { boardId: p.school.boardId },
      }),
    )
    p.server.mood('well')
    expect(await send()).toBe(0)
    p.at(later(minutes(4)))
    expect(await send()).toBe(1)
  })

  it('that was cut off after the whole of it was there comes twice, as one and the same mail', async () => {
    await told()
    p.server.mood('cut')
    expect(await send()).toBe(0)
    p.server.mood('well')
    p.at(later(minutes(1)))
    expect(await send()).toBe(1)
    const [first, second] = p.server.mails
    expect(p.server.mails).toHaveLength(2)
    expect(second?.messageId).toBe(first?.messageId)
    expect(await p.items()).toMatchObject([{ state: 'sent' }])
  })

  it.for(['hang', 'shut', 'later'] as const)(
    'outlives an hour of a server that is %s, and goes within the minute after',
    async mood => {
      if (mood === 'hang') {
        await p.close()
        p = await openPlace({ step: 1000 })
      }
      await told()
      p.server.mood(mood)
      for (let i = 0; i < 60; i += 5) {
        p.at(later(minutes(i)))
        expect(await send()).toBe(0)
      }
      p.server.mood('well')
      p.at(later(minutes(61)))
      expect(await send()).toBe(1)
    },
  )

  it('is the only one that a server which is away is asked for in a minute', async () => {
    for (let i = 0; i < 10; i++) await p.staff(`csv${i}@school.example`, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    await sweepBoard(p.ctx, p.school.boardId)
    p.server.mood('shut')
    await send()
    const tried = (await p.items()).filter(item => item.tries > 0)
    expect(tried.length).toBeLessThanOrEqual(3)
    p.server.mood('well')
    p.at(later(minutes(1)))
    expect(await send()).toBe(10)
  })

  it('goes back into the queue when the connector stops', async () => {
    await told()
    p.server.mood('hang')
    const stop = new AbortController()
    const sending = send(stop.signal)
    await expect.poll(async () => (await p.items())[0]?.lastCode).toBe('sending')
    stop.abort()
    expect(await sending).toBe(0)
    p.server.mood('well')
    expect(await p.items()).toMatchObject([{ state: 'waiting', tries: 0, lastCode: 'stopped' }])
    expect(await send()).toBe(1)
  })

  it('of a connector that is killed in the middle is sent by the next', async () => {
    p.at(new Date())
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    p.server.mood('slow')
    const env = {
      DATABASE_URL: p.t.url,
      M5_MASTER_KEY: testMasterKey,
      M5_SMTP_URL: p.server.url,
      M5_MAIL_FROM: 'm5@school.example',
    }
    const connector = await startConnector(env)
    await p.server.until(1)
    await connector.kill()
    expect(await p.items()).toMatchObject([{ state: 'waiting', tries: 1, lastCode: 'sending' }])
    p.server.mood('well')
    p.at(new Date(Date.now() + minutes(4)))
    expect(await send()).toBe(1)
    expect(await p.items()).toMatchObject([{ state: 'sent' }])
  })
})

describe('the mail of a connector', () => {
  it('looks and sends by itself, and stops in order', async () => {
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    const mail = startMail(p.ctx, 20)
    await p.report({ urgent: true })
    expect(await p.server.until(1)).toMatchObject([{ to: [csv] }])
    await mail.stop(1000)
    await p.report({ urgent: true })
    expect(await p.items()).toMatchObject([{ state: 'sent' }])
  })

  it('forgets what was sent a month ago, and nothing that waits', async () => {
    await told()
    await send()
    const other = await p.staff('b@school.example', [{ role: 'SCHOOL_LEADER' }])
    const { boardId, id: schoolId } = p.school
    await withTenant(p.t.db, { boardId, role: 'system' }, tx =>
      queueFor(tx, {
        boardId,
        schoolId,
        now: later(minutes(60 * 24 * 3)),
        kind: 'sign-in-changed',
        personIds: [other],
      }),
    )
    p.server.mood('hang')
    p.at(later(minutes(60 * 24 * 31)))
    const mail = startMail(p.ctx, 20)
    await expect.poll(async () => (await p.items()).map(item => item.kind)).toEqual(['sign-in-changed'])
    await mail.stop(0)
  })
})

describe('what is told to roles', () => {
  it('goes to the first of them that somebody holds, without who did it', async () => {
    const it = await p.staff('ict@school.example', [{ role: 'IT_ADMINISTRATOR' }])
    const leaders = [
      await p.staff('a@school.example', [{ role: 'SCHOOL_LEADER' }]),
      await p.staff('b@school.example', [{ role: 'SCHOOL_LEADER' }]),
    ]
    const { boardId, id: schoolId } = p.school
    const tell = (except?: string) =>
      withTenant(p.t.db, { boardId, role: 'system' }, tx =>
        queueMail(tx, {
          ...{ boardId, schoolId, now: monday, kind: 'roster-held' },
          to: [['IT_ADMINISTRATOR', 'SCHOOL_LEADER'], 'PRIVACY_OFFICER'],
          except,
        }),
      )
    expect(await tell(leaders[0])).toBe(2)
    expect((await p.items()).map(item => item.personId).sort()).toEqual([it, leaders[1]].sort())
    // One that waits says it all.
    await tell()
    expect((await p.items()).length).toBe(3)
  })
})

describe('mail', () => {
  it('of every kind carries no name, no word, no group, and no address but the reader’s', async () => {
    const words = {
      pupil: canary(),
      family: canary(),
      group: canary(),
      words: canary(),
      staff: canary(),
      contact: canary(),
    }
    const group = await seedGroup(p.t, p.school, words.group)
    const pupil = await seedPerson(p.t, p.school, {
      groups: [{ id: group }],
      names: { preferred: words.pupil, family: words.family },
    })
    const person = await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }, { role: 'SCHOOL_LEADER' }], {
      names: { preferred: words.staff },
    })
    await p.report({ urgent: true, words: words.words, involved: [{ personId: pupil.id, role: 'ACTOR' }] })
    const { boardId, id: schoolId } = p.school
    const keys = await p.t.keyring.board(boardId)
    await withTenant(p.t.db, { boardId, role: 'system' }, async tx => {
      const [caseId, ...contacts] = Array.from({ length: 3 }, () => crypto.randomUUID())
      if (!caseId) throw new Error('no id')
      await tx.case.create({ data: { boardId, id: caseId, schoolId, personId: pupil.id, openedBy: person } })
      for (const [i, id] of contacts.entries()) {
        const contactSealed = keys.seal(
          contactPlace(id),
          JSON.stringify({ name: words.contact, email: `ouder${i}@thuis.example` }),
        )
        await tx.caseContact.create({
          data: { boardId, id, caseId, contactSealed, addedBy: person, language: i === 0 ? 'nl' : 'en' },
        })
        await queueParentLink(tx, keys, { boardId, schoolId, caseId, contactId: id, now: monday })
      }
      for (const kind of mailKinds)
        if (kind !== 'parent-link')
          await queueFor(tx, { boardId, schoolId, now: monday, kind, personIds: [person], aboutId: pupil.id })
    })
    expect(await send()).toBe(mailKinds.length + 1)
    expect(new Set(p.server.mails.map(mail => mail.subject)).size).toBe(mailKinds.length + 1)
    const ids = [pupil.id, person, group, boardId, schoolId]
    for (const mail of p.server.mails) {
      const all = [mail.raw, mail.subject, mail.text, mail.html].join('\n').toLowerCase()
      for (const word of [...Object.values(words), ...ids]) expect(all).not.toContain(word.toLowerCase())
      expect(
        all
          .match(/[\w.]+@(school|thuis)\.example/g)
          ?.filter(found => found !== 'm5@school.example' && !mail.to.includes(found)),
      ).toEqual([])
      // Nothing that a mail program would fetch by itself.
      expect(mail.html).not.toMatch(/<img|<script|src=|url\(/i)
    }
  })
})
