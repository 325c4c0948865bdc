import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendDue } from '../../../connector/mail/outbox.ts'
import { sweepBoard } from '../../../connector/mail/sweep.ts'
import { startConnector } from '../../support/connector-process.ts'
import { testMasterKey } from '../../support/database.ts'
import { type Answer, runM5 } from '../cli/run.ts'
import { minutes, openPlace, type Place } from './place.ts'

let p: Place
beforeEach(async () => {
  p = await openPlace()
})
afterEach(() => p.close())

const csv = 'csv@school.example'
const m5 = (args: string[], on = true): Promise<Answer> => {
  const mail = on ? { M5_SMTP_URL: p.server.url, M5_MAIL_FROM: 'm5@school.example' } : {}
  return runM5(['mail', ...args], { env: { DATABASE_URL: p.t.url, M5_MASTER_KEY: testMasterKey, ...mail } })
}

describe('m5 mail status', () => {
  it('is well when everybody was told, and says when mail is off', async () => {
    expect(await m5(['status'])).toMatchObject({ code: 0, json: { on: true, ok: true } })
    expect(await m5(['status'], false)).toMatchObject({ code: 0, json: { on: false, ok: true } })
  })

  it('fails when nobody at all can be told, with the school and no name', async () => {
    await p.report({ receivedAt: new Date(Date.now() - minutes(20)) })
    await sweepBoard(p.ctx, p.school.boardId)
    const said = await m5(['status'])
    expect(said).toMatchObject({ code: 5, json: { ok: false, boards: [{ untold: 1, schools: [p.school.id] }] } })
    expect(said.err).toContain(p.school.id)
    expect((await m5(['status'], false)).err).toContain('because mail is off')
  })

  it('fails when a mail about reports reached nobody, by its code and without the address; retry sends it', async () => {
    p.at(new Date())
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    await sweepBoard(p.ctx, p.school.boardId)
    p.server.mood('never')
    for (const after of [0, 5, 20]) {
      p.at(new Date(Date.now() + minutes(after)))
      await sendDue(p.ctx, [p.school.boardId])
    }
    const said = await m5(['status'])
    expect(said).toMatchObject({
      code: 5,
      json: { boards: [{ failed: [{ kind: 'urgent-report', code: '550 RCPT', count: 1 }] }] },
    })
    expect(said.out + said.err).not.toContain('@')
    expect(await m5(['retry'])).toMatchObject({ code: 0, json: { count: 1 } })
    expect(await m5(['status'])).toMatchObject({ code: 0, json: { boards: [{ waiting: 1, failed: [] }] } })
    p.server.mood('well')
    expect(await sendDue(p.ctx, [p.school.boardId])).toBe(1)
  })
})

describe('m5 mail test', () => {
  it('sends one mail now', async () => {
    expect(await m5(['test', csv])).toMatchObject({ code: 0, json: { sent: true } })
    expect(p.server.mails).toMatchObject([{ to: [csv], subject: 'Proef van M5' }])
  })

  it('says by a code why it was not taken', async () => {
    p.server.mood('never')
    const said = await m5(['test', csv])
    expect(said).toMatchObject({ code: 5, json: { sent: false, code: '550 RCPT' } })
    expect(said.out + said.err).not.toContain('csv')
  })

  it('takes one address, and a mail server', async () => {
    expect(await m5(['test', 'a@b.example, c@d.example'])).toMatchObject({ code: 1 })
    expect(await m5(['test', csv], false)).toMatchObject({ code: 1 })
    expect(p.server.mails).toEqual([])
  })
})

describe('a connector with a mail server', () => {
  it('tells of what was reported before it was there, and stops in order', async () => {
    p.at(new Date())
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    const env = { DATABASE_URL: p.t.url, M5_MASTER_KEY: testMasterKey }
    const off = await startConnector(env)
    expect(await off.stop()).toBe(0)
    expect(await p.items()).toEqual([])
    const on = await startConnector({ ...env, M5_SMTP_URL: p.server.url, M5_MAIL_FROM: 'm5@school.example' })
    expect(await p.server.until(1)).toMatchObject([{ to: [csv] }])
    expect(await on.stop()).toBe(0)
    expect(await p.items()).toMatchObject([{ state: 'sent' }])
  })

  it('that hangs does not keep the connector from stopping', async () => {
    p.at(new Date())
    await p.staff(csv, [{ role: 'SAFETY_COORDINATOR' }])
    await p.report({ urgent: true })
    p.server.mood('hang')
    const env = { DATABASE_URL: p.t.url, M5_MASTER_KEY: testMasterKey, M5_MAIL_FROM: 'm5@school.example' }
    const connector = await startConnector({ ...env, M5_SMTP_URL: p.server.url })
    await expect.poll(async () => (await p.items())[0]?.lastCode, { timeout: 20_000 }).toBe('sending')
    expect(await connector.stop()).toBe(0)
    expect(await p.items()).toMatchObject([{ state: 'waiting', lastCode: 'stopped', tries: 0 }])
  })
})
