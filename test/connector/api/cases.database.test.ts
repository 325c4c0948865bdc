import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../connector/config.ts'
import { type OutboxContext, sendDue } from '../../../connector/mail/outbox.ts'
import { openTransport } from '../../../connector/mail/transport.ts'
import { sealContact } from '../../../connector/store/people.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type MailServer, startMailServer } from '../../school/mail-server.ts'
import { canary, type SignedIn, signInAs } from '../../support/frame.ts'
import {
  account,
  type SeededPerson,
  type SeededSchool,
  seedGrant,
  seedPerson,
  tablesHolding,
} from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
let server: MailServer
let outbox: OutboxContext
const staff: Record<string, SignedIn> = {}
const people: Record<string, SeededPerson> = {}
const words: string[] = []
const word = () => {
  words.push(canary())
  return words.at(-1) ?? ''
}
const minutes = (count: number) => count * 60_000

beforeAll(async () => {
  w = await openWorld()
  server = await startMailServer()
  const { mail } = readConfig({ M5_SMTP_URL: server.url, M5_MAIL_FROM: 'm5@school.example' })
  if (!mail) throw new Error('mail is off')
  outbox = { ...w.t, url: new URL(w.origin), transport: openTransport(mail), clock: () => new Date() }
  const own = w.schools.own
  const make = async (name: string, school: SeededSchool, ...roles: string[]) => {
    const person = await seedPerson(w.t, school, { role: 'staff', names: { preferred: name } })
    for (const role of roles) await seedGrant(w.t, school, person.id, { role })
    people[name] = person
  }
  await make('leader', own, 'SCHOOL_LEADER')
  await make('support', own, 'SUPPORT_COORDINATOR')
  await make('otherSupport', own, 'SUPPORT_COORDINATOR')
  await make('both', own, 'SAFETY_COORDINATOR', 'IT_ADMINISTRATOR')
  await make('advisers', own, 'CONFIDENTIAL_ADVISER', 'PRIVACY_OFFICER', 'STEERING_GROUP', 'BOARD_OFFICER')
  await make('sisterCsv', w.schools.sister, 'SAFETY_COORDINATOR')
  await make('foreignCsv', w.schools.foreign, 'SAFETY_COORDINATOR')
  w.upstream.setPeople([...Object.values(w.people), ...Object.values(people)].map(account))
  const schoolOf = (name: string) =>
    name.startsWith('sister') ? w.schools.sister : name.startsWith('foreign') ? w.schools.foreign : own
  for (const [name, person] of Object.entries({ ...people, csv: w.people.csv, teacher: w.people.teacher }))
    staff[name] = await signInAs(w.origin, schoolOf(name).key, person.subject)
  const keys = await w.t.keyring.board(own.boardId)
  const contactSealed = sealContact(keys, w.people.csv.id, { email: 'csv@school.example' })
  await withTenant(w.t.db, { boardId: own.boardId, role: 'system' }, tx =>
    tx.person.update({ where: { boardId_id: { boardId: own.boardId, id: w.people.csv.id } }, data: { contactSealed } }),
  )
})
afterAll(async () => {
  await server.close()
  await w.close()
})
beforeEach(() => w.shift(0))

interface Answer {
  status: number
  body: Record<string, unknown>
}

async function api(name: string, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> {
  const me = staff[name]
  if (!me) throw new Error(name)
  const url = new URL(path, w.origin).href
  const response = await fetch(url, {
    method,
    headers: {
      Authorization: `DPoP ${me.tokens.access}`,
      DPoP: await me.frame.proof(method, url, { token: me.tokens.access }),
      'content-type': 'application/json',
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
}

async function openedBy(name = 'csv', personId = w.people.pupil.id): Promise<string> {
  const { status, body } = await api(name, 'POST', '/api/cases', { personId })
  expect(status).toBe(201)
  return String(body.id)
}

async function withContact(caseId: string, { name = 'csv', email = 'ouder@thuis.example', language = 'nl' } = {}) {
  const { status, body } = await api(name, 'POST', `/api/cases/${caseId}/contacts`, { name: word(), email, language })
  expect(status).toBe(201)
  return `/api/cases/${caseId}/contacts/${String(body.id)}`
}

/** Sends what waits. @returns the links in what came */
async function links(): Promise<string[]> {
  const before = server.mails.length
  await sendDue(outbox, [w.schools.own.boardId])
  return server.mails.slice(before).flatMap(mail => /\S+\/ouder\/l\/\S+/.exec(mail.text)?.[0] ?? [])
}

async function linkTo(contact: string, name = 'csv'): Promise<string> {
  expect((await api(name, 'POST', `${contact}/link`)).status).toBe(202)
  const [link = ''] = await links()
  expect(link).toMatch(/^http/)
  return link
}

const page = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
const press = (link: string, headers: Record<string, string> = page) => {
  const t = /\/l\/([^?]+)/.exec(link)?.[1] ?? ''
  return fetch(`${w.origin}/ouder/open`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ t }),
  })
}
const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
const enter = async (link: string) => {
  const response = await press(link)
  expect(response.status).toBe(303)
  return cookieOf(response)
}
const look = async (cookie: string, path = '/ouder') => {
  const response = await fetch(w.origin + path, { headers: { cookie } })
  return { status: response.status, text: await response.text() }
}
const post = (cookie: string, path: string, fields: Record<string, string> | [string, string][]) =>
  fetch(w.origin + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...page, cookie },
    body: new URLSearchParams(fields),
  })

describe('who handles cases', () => {
  it('is the coordinator, a leader, and a support coordinator', async () => {
    for (const name of ['csv', 'leader', 'support']) await openedBy(name)
    for (const name of ['teacher', 'advisers', 'both']) {
      expect([name, await api(name, 'POST', '/api/cases', { personId: w.people.pupil.id })]).toMatchObject([
        name,
        { status: 403, body: { code: 'no-case-role' } },
      ])
      expect([name, (await api(name, 'GET', '/api/cases')).status]).toEqual([name, 403])
    }
  })

  it('sees every case of the school as coordinator or leader, and only the own as support coordinator', async () => {
    const [byCsv, bySupport] = [await openedBy('csv'), await openedBy('support')]
    const seen = async (name: string) =>
      ((await api(name, 'GET', '/api/cases')).body.cases as { id: string }[]).map(each => each.id)
    for (const name of ['csv', 'leader']) expect(await seen(name)).toEqual(expect.arrayContaining([byCsv, bySupport]))
    expect(await seen('support')).toContain(bySupport)
    for (const name of ['support', 'otherSupport']) expect(await seen(name)).not.toContain(byCsv)
    expect(await seen('otherSupport')).not.toContain(bySupport)
  })

  it('finds nothing of anybody else’s, by any path', async () => {
    const caseId = await openedBy('csv')
    const contact = await withContact(caseId)
    const other = await openedBy('support')
    for (const name of ['sisterCsv', 'foreignCsv', 'otherSupport']) {
      const asked = [
        await api(name, 'GET', `/api/cases/${caseId}`),
        await api(name, 'POST', `/api/cases/${caseId}/close`),
        await api(name, 'POST', `/api/cases/${caseId}/contacts`, { name: 'x', email: 'x@y.example' }),
        await api(name, 'POST', `${contact}/remove`),
        await api(name, 'POST', `${contact}/messages`, { text: 'x' }),
        await api(name, 'POST', `${contact}/link`),
      ]
      expect([name, asked.map(each => each.status)]).toEqual([name, asked.map(() => 404)])
    }
    // A contact of another case is none of this one.
    const moved = contact.replace(caseId, other)
    expect((await api('csv', 'POST', `${moved}/messages`, { text: 'x' })).status).toBe(404)
    expect((await api('csv', 'GET', `/api/cases/${caseId}`)).body).toMatchObject({
      closedAt: null,
      contacts: [{ removedAt: null, messages: [] }],
    })
    expect((await links()).length).toBe(0)
  })

  it('opens one for a pupil of the own school only', async () => {
    for (const person of [
      w.people.teacher,
      w.people.parent,
      w.people.sisterPupil,
      w.people.foreignPupil,
      { id: randomUUID() },
    ])
      expect((await api('csv', 'POST', '/api/cases', { personId: person.id })).body.code).toBe('pupil-unknown')
  })

  it('may not write to what is no address', async () => {
    const caseId = await openedBy()
    for (const email of ['ouder', 'a@b.example, c@d.example', 'a@b.example\r\nBcc: x@y.example', '<a@b.example>'])
      expect([email, (await api('csv', 'POST', `/api/cases/${caseId}/contacts`, { name: 'x', email })).status]).toEqual(
        [email, 400],
      )
  })

  it('leaves an entry in the log of every look and every deed, without a name', async () => {
    const caseId = await openedBy('leader')
    const contact = await withContact(caseId, { name: 'leader' })
    await api('leader', 'GET', `/api/cases/${caseId}`)
    const rows = await w.t.asSuperuser(async client => {
      const sql = 'select action, actor, object from "AuditEntry" where actor = $1 order by at desc limit 3'
      return (await client.query(sql, [people.leader?.id])).rows
    })
    const contactId = contact.split('/').at(-1)
    expect(rows).toMatchObject([
      { action: 'case.read', object: caseId },
      { action: 'case-contact.add', object: contactId },
      { action: 'case.open', object: caseId },
    ])
  })
})

describe('the link of a mail', () => {
  it('shows a button, and is used up by the press alone', async () => {
    const link = await linkTo(await withContact(await openedBy()))
    for (let i = 0; i < 3; i++) {
      const shown = await fetch(link)
      expect(shown.status).toBe(200)
      expect(shown.headers.get('set-cookie')).toBeNull()
      expect(shown.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
      expect(shown.headers.get('x-frame-options')).toBe('DENY')
      expect(shown.headers.get('referrer-policy')).toBe('no-referrer')
      expect(await shown.text()).toContain('<button>Open het bericht</button>')
    }
    expect((await look(await enter(link))).status).toBe(200)
    expect((await press(link)).status).toBe(410)
  })

  it('pressed sixty-four times at once gives one session', async () => {
    const link = await linkTo(await withContact(await openedBy()))
    const answers = await Promise.all(Array.from({ length: 64 }, () => press(link)))
    expect(answers.map(each => each.status).sort()).toEqual([303, ...Array.from({ length: 63 }, () => 410)])
    expect(answers.filter(each => each.headers.get('set-cookie')).length).toBe(1)
  })

  it('gives a cookie that no script and no other site can use', async () => {
    const response = await press(await linkTo(await withContact(await openedBy())))
    expect(response.headers.get('set-cookie')).toMatch(/^m5_ouder=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
  })

  it('works no more when a newer one was asked for', async () => {
    const contact = await withContact(await openedBy())
    const [first, second] = [await linkTo(contact), await linkTo(contact)]
    expect(first).not.toBe(second)
    expect((await press(first)).status).toBe(410)
    expect((await press(second)).status).toBe(303)
  })

  it('works for seven days', async () => {
    const [early, late] = [
      await linkTo(await withContact(await openedBy())),
      await linkTo(await withContact(await openedBy())),
    ]
    w.shift(minutes(60 * 24 * 7 - 5))
    expect((await press(early)).status).toBe(303)
    w.shift(minutes(60 * 24 * 7 + 5))
    expect((await press(late)).status).toBe(410)
  })

  it('is not to be pressed from another site', async () => {
    const link = await linkTo(await withContact(await openedBy()))
    expect((await press(link, { ...page, 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await press(link)).status).toBe(303)
  })

  it('of a contact who was removed, or of a case that was closed, is not sent and opens nothing', async () => {
    const [caseId, other] = [await openedBy(), await openedBy()]
    const [contact, second] = [await withContact(caseId), await withContact(other)]
    const open = [await linkTo(contact), await linkTo(second)]
    for (const each of [contact, second])
      expect((await api('csv', 'POST', `${each}/messages`, { text: 'x' })).status).toBe(201)
    expect((await api('csv', 'POST', `${contact}/remove`)).status).toBe(204)
    expect((await api('csv', 'POST', `/api/cases/${other}/close`)).status).toBe(204)
    expect(await links()).toEqual([])
    for (const link of open) expect((await press(link)).status).toBe(410)
    expect((await api('csv', 'POST', `${contact}/link`)).body.code).toBe('contact-removed')
    expect((await api('csv', 'POST', `${second}/messages`, { text: 'x' })).body.code).toBe('case-closed')
  })

  it('is in English for who reads English', async () => {
    const link = await linkTo(await withContact(await openedBy(), { language: 'en' }))
    expect(server.mails.at(-1)?.subject).toBe('A message from De Eigen School')
    expect(await (await fetch(link)).text()).toContain('<html lang="en">')
    expect((await look(await enter(link))).text).toContain('Write back')
  })
})

describe('a contact', () => {
  it('reads what was written to them, writes back, and the school hears of it', async () => {
    const caseId = await openedBy()
    const contact = await withContact(caseId)
    const [question, answer] = [word(), word()]
    expect((await api('csv', 'POST', `${contact}/messages`, { text: question })).status).toBe(201)
    const [link = ''] = await links()
    const cookie = await enter(link)
    const first = await look(cookie)
    expect(first.text).toContain(question)
    const key = /name="key" value="([^"]+)"/.exec(first.text)?.[1] ?? ''
    for (let i = 0; i < 2; i++) expect((await post(cookie, '/ouder/bericht', { key, text: answer })).status).toBe(303)
    expect((await look(cookie)).text.split(answer).length).toBe(2)
    // Back, other words, send: the form has the key that it had.
    const more = word()
    expect((await post(cookie, '/ouder/bericht', { key, text: more })).status).toBe(303)
    expect((await look(cookie)).text).toContain(more)
    expect((await api('leader', 'GET', '/api/cases')).body.cases).toContainEqual(
      expect.objectContaining({ id: caseId, unread: 2 }),
    )
    expect((await api('csv', 'GET', `/api/cases/${caseId}`)).body).toMatchObject({
      pupil: { name: 'Zofia Kowalczyk' },
      contacts: [
        {
          messages: [
            { from: 'school', author: 'Hulya Personeel', text: question },
            { from: 'contact', text: answer },
            { from: 'contact', text: more },
          ],
        },
      ],
    })
    const waiting = await w.t.asSuperuser(async client => {
      const sql = `select "personId" from "MailItem" where kind = 'case-message' and state = 'waiting'`
      return (await client.query<{ personId: string }>(sql)).rows
    })
    expect(waiting).toEqual([{ personId: w.people.csv.id }])
  })

  it('never sees what was written to another contact of the same case', async () => {
    const caseId = await openedBy()
    const [mother, father] = [
      await withContact(caseId, { email: 'moeder@thuis.example' }),
      await withContact(caseId, { email: 'vader@thuis.example' }),
    ]
    const [toMother, toFather, fromFather] = [word(), word(), word()]
    await api('csv', 'POST', `${mother}/messages`, { text: toMother })
    await api('csv', 'POST', `${father}/messages`, { text: toFather })
    const before = server.mails.length
    await sendDue(outbox, [w.schools.own.boardId])
    const linkFor = (email: string) =>
      /\S+\/ouder\/l\/\S+/.exec(server.mails.slice(before).find(mail => mail.to.includes(email))?.text ?? '')?.[0] ?? ''
    const [asMother, asFather] = [
      await enter(linkFor('moeder@thuis.example')),
      await enter(linkFor('vader@thuis.example')),
    ]
    await post(asFather, '/ouder/bericht', { key: randomUUID(), text: fromFather })
    const [hers, his] = [(await look(asMother)).text, (await look(asFather)).text]
    expect([toMother, toFather, fromFather].map(text => [hers.includes(text), his.includes(text)])).toEqual([
      [true, false],
      [false, true],
      [false, true],
    ])
  })

  it('is out after a quarter of an hour without a word, and after two hours in any case', async () => {
    const cookie = await enter(await linkTo(await withContact(await openedBy())))
    for (let at = 14; at <= 112; at += 14) {
      w.shift(minutes(at))
      expect([at, (await look(cookie)).status]).toEqual([at, 200])
    }
    w.shift(minutes(119))
    expect((await look(cookie)).status).toBe(200)
    w.shift(minutes(121))
    expect((await look(cookie)).status).toBe(401)
    w.shift(0)
    const other = await enter(await linkTo(await withContact(await openedBy())))
    w.shift(minutes(16))
    expect(await look(other)).toMatchObject({ status: 401, text: expect.stringContaining('Deze pagina is dicht') })
  })

  it.for(['stopped', 'removed', 'closed', 'removed by another hand'] as const)(
    'who was %s is out at the next request',
    async how => {
      const caseId = await openedBy()
      const contact = await withContact(caseId)
      const cookie = await enter(await linkTo(contact))
      expect((await look(cookie)).status).toBe(200)
      if (how === 'stopped')
        expect((await post(cookie, '/ouder/stop', {})).headers.get('set-cookie')).toMatch(/^m5_ouder=; .*1970/)
      if (how === 'removed') await api('csv', 'POST', `${contact}/remove`)
      if (how === 'removed by another hand')
        await w.t.asSuperuser(client =>
          client.query('update "CaseContact" set "removedAt" = now() where id = $1', [contact.split('/').at(-1)]),
        )
      if (how === 'closed') await api('csv', 'POST', `/api/cases/${caseId}/close`)
      expect((await look(cookie)).status).toBe(401)
      expect((await post(cookie, '/ouder/bericht', { key: randomUUID(), text: 'x' })).status).toBe(401)
      expect((await post(cookie, '/ouder/melding', { key: randomUUID(), behaviour: 'GOSSIP' })).status).toBe(401)
      expect((await api('csv', 'GET', `/api/cases/${caseId}`)).body).toMatchObject({ contacts: [{ messages: [] }] })
    },
  )

  it('opens nothing else with that cookie', async () => {
    const cookie = await enter(await linkTo(await withContact(await openedBy())))
    for (const path of ['/api/me', '/api/cases', '/api/groups'])
      expect([path, (await fetch(w.origin + path, { headers: { cookie } })).status]).toEqual([path, 401])
  })

  it('writes nothing from another site', async () => {
    const cookie = await enter(await linkTo(await withContact(await openedBy())))
    for (const path of ['/ouder/bericht', '/ouder/melding', '/ouder/stop']) {
      const headers = { ...page, cookie, 'sec-fetch-site': 'cross-site' }
      const response = await fetch(w.origin + path, { method: 'POST', headers, body: 'key=x&text=x&behaviour=GOSSIP' })
      expect([path, response.status]).toEqual([path, 403])
    }
    expect((await look(cookie)).status).toBe(200)
  })

  it('who sends nothing hears so in a sentence', async () => {
    const cookie = await enter(await linkTo(await withContact(await openedBy())))
    for (const [path, fields] of [
      ['/ouder/bericht', { key: randomUUID(), text: '  ' }],
      ['/ouder/melding', { key: randomUUID() }],
    ] as const) {
      const response = await post(cookie, path, fields)
      expect([path, response.status, (await response.text()).includes('Er staat nog niets')]).toEqual([path, 400, true])
    }
  })

  it('makes a report about their own child: stored once, as a parent’s, and linked to them', async () => {
    const caseId = await openedBy('support')
    const contact = await withContact(caseId, { name: 'support' })
    const cookie = await enter(await linkTo(contact, 'support'))
    const said = word()
    const fields: [string, string][] = [
      ['key', randomUUID()],
      ['role', 'ACTOR'],
      ['behaviour', 'GOSSIP'],
      ['behaviour', 'HURTING'],
      ['day', 'TODAY'],
      ['words', said],
      ['talk', 'yes'],
      // Somebody else's child: not theirs to choose.
      ['childId', w.people.classmate.id],
    ]
    expect((await look(cookie, '/ouder/melding')).status).toBe(200)
    for (let i = 0; i < 2; i++) {
      const sent = await post(cookie, '/ouder/melding', fields)
      expect([sent.status, (await sent.text()).includes('school heeft je melding')]).toEqual([201, true])
    }
    const reports = await w.t.asSuperuser(async client => {
      const sql = `select r.id, r."reporterKind", r.standing, r.behaviours, r.problems, i."personId", i.role, i."groupId", r.wish
                   from "Report" r join "Involvement" i on i."reportId" = r.id where r."reporterKind" = 'PARENT'`
      return (await client.query(sql)).rows
    })
    const about = { personId: w.people.pupil.id, role: 'ACTOR', groupId: w.groups.a }
    const facts = {
      reporterKind: 'PARENT',
      standing: 'SIGNED',
      behaviours: ['GOSSIP', 'HURTING'],
      problems: [],
      wish: 'TALK',
    }
    expect(reports).toEqual([{ id: expect.any(String), ...facts, ...about }])
    expect((await look(cookie)).text).toContain('Je hebt een melding gedaan.')
    const shown = async (name: string) => {
      const { contacts } = (await api(name, 'GET', `/api/cases/${caseId}`)).body as {
        contacts: { messages: object[] }[]
      }
      return contacts[0]?.messages
    }
    expect(await shown('support')).toMatchObject([{ from: 'contact', report: {} }])
    expect(JSON.stringify(await shown('support'))).not.toContain(reports[0].id)
    expect(await shown('csv')).toMatchObject([{ from: 'contact', report: { id: reports[0].id } }])
  })
})

describe('what is kept of cases', () => {
  it('is readable nowhere: not in a table, not in a mail', async () => {
    expect(words.length).toBeGreaterThan(10)
    for (const secret of [...words, 'ouder@thuis.example', 'moeder@thuis.example'])
      expect([secret, await tablesHolding(w.t, secret)]).toEqual([secret, []])
    const mails = server.mails.map(mail => [mail.raw, mail.text, mail.html, mail.subject].join('\n')).join('\n')
    for (const secret of [...words, 'Zofia', 'Kowalczyk'])
      expect([secret, mails.includes(secret)]).toEqual([secret, false])
    const tokens = server.mails.flatMap(mail => /\/ouder\/l\/([\w-]+)/.exec(mail.text)?.[1] ?? [])
    expect(tokens.length).toBeGreaterThan(5)
    for (const token of tokens) expect(await tablesHolding(w.t, token)).toEqual([])
  })
})
