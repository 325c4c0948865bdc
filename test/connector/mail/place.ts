/** A school with a coordinator and a leader who have addresses, and a mail server: what tests of mail stand on. */
import { randomUUID } from 'node:crypto'
import { readConfig } from '../../../connector/config.ts'
import type { OutboxContext } from '../../../connector/mail/outbox.ts'
import { openTransport } from '../../../connector/mail/transport.ts'
import { submit } from '../../../connector/reports/submit.ts'
import { type PersonNames, sealContact } from '../../../connector/store/people.ts'
import { schoolOf } from '../../../connector/store/schools.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type MailServer, type MailServerOptions, startMailServer } from '../../school/mail-server.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type NewGrant, type SeededSchool, seedBoard, seedGrant, seedPerson, seedSchool } from '../../support/seed.ts'

/** A Monday morning in Amsterdam. */
export const monday = new Date('2026-11-23T09:00:00Z')
export const minutes = (count: number) => count * 60_000

export interface Place {
  t: TestDatabase
  server: MailServer
  school: SeededSchool
  ctx: OutboxContext
  /** Moves the clock that mail sees. */
  at(when: Date): void
  staff(
    email: string | null,
    grants: NewGrant[],
    more?: { school?: SeededSchool; names?: PersonNames },
  ): Promise<string>
  report(report?: NewReport): Promise<string>
  items(): Promise<Item[]>
  close(): Promise<void>
}

export interface NewReport {
  school?: SeededSchool
  urgent?: boolean
  words?: string
  behaviours?: string[]
  involved?: { personId: string; role: string }[]
  /** Of the report. Default: the clock. */
  receivedAt?: Date
}

export interface Item {
  id: string
  kind: string
  state: string
  personId: string | null
  contactId: string | null
  aboutId: string | null
  tries: number
  lastCode: string | null
  dueAt: Date
  sentAt: Date | null
}

/** @param more.step milliseconds that the connector waits for each step of the mail server */
export async function openPlace({
  step = 15_000,
  ...options
}: MailServerOptions & { step?: number } = {}): Promise<Place> {
  const t = await testDatabase()
  const server = await startMailServer(options)
  const school = await seedSchool(t, await seedBoard(t), { name: 'De Proefschool' })
  let now = monday
  const { mail, url } = readConfig({
    M5_URL: 'https://m5.proef.example',
    M5_SMTP_URL: server.url,
    M5_MAIL_FROM: 'm5@school.example',
  })
  if (!mail) throw new Error('mail is off')
  const transport = openTransport(mail, { patience: { step, whole: 4 * step } })
  const ctx: OutboxContext = { db: t.db, keyring: t.keyring, log: t.log, url, transport, clock: () => now }
  return {
    ...{ t, server, school, ctx },
    at(when) {
      now = when
    },
    async staff(email, grants, { school: at = school, names } = {}) {
      const { id } = await seedPerson(t, at, { role: 'staff', ...(names ? { names } : {}) })
      const keys = await t.keyring.board(at.boardId)
      const contactSealed = email === null ? null : sealContact(keys, id, { email })
      await withTenant(t.db, { boardId: at.boardId, role: 'system' }, tx =>
        tx.person.update({ where: { boardId_id: { boardId: at.boardId, id } }, data: { contactSealed } }),
      )
      for (const grant of grants) await seedGrant(t, at, id, { startsOn: '2026-08-01', ...grant })
      return id
    },
    async report({
      school: at = school,
      urgent = false,
      words,
      behaviours = ['GOSSIP'],
      involved = [],
      receivedAt,
    } = {}) {
      const { boardId, id } = at
      const facts = await withTenant(t.db, { boardId, role: 'system' }, tx => schoolOf(tx, boardId, id))
      const draft = {
        ...{ behaviours, words, dangerNow: urgent, helpedBy: [] },
        involved: involved.map(({ personId, role }) => ({ who: { personId }, role })),
      }
      const context = { db: t.db, keyring: t.keyring, clock: () => receivedAt ?? now }
      const body = Buffer.from(JSON.stringify(draft))
      return (await submit(context, { school: facts, idemKey: randomUUID(), body, draft, problems: [] })).id
    },
    items: () =>
      t.asSuperuser(async client => {
        const { rows } = await client.query<Item>('select * from "MailItem" order by "createdAt", id')
        return rows
      }),
    async close() {
      await server.close()
      await t.close()
    },
  }
}
