import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Handoff, MyProof } from '../../../connector/api/contract.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { makeVisitor, type Visitor } from '../../school/visitor.ts'
import { confirmCode, type SignedIn, signInAs } from '../../support/frame.ts'
import {
  account,
  type SeededPerson,
  seedAffiliation,
  seedGrant,
  seedPerson,
  tablesHolding,
} from '../../support/seed.ts'
import { openWorld, type World } from '../../support/world.ts'
import { type Ceremony, type Device, makeDevice, type Quirks } from './passkey-device.ts'

let w: World
let leader: SeededPerson
let otherLeader: SeededPerson
let administering: SeededPerson
let owner: SeededPerson
let me: SignedIn
let boss: SignedIn
beforeAll(async () => {
  w = await openWorld()
  const staff = (preferred: string) => ({ role: 'staff' as const, names: { preferred, family: 'Directie' } })
  leader = await seedPerson(w.t, w.schools.own, staff('Lea'))
  otherLeader = await seedPerson(w.t, w.schools.sister, staff('Loes'))
  administering = await seedPerson(w.t, w.schools.own, staff('Ad'))
  await seedGrant(w.t, w.schools.own, leader.id, { role: 'SCHOOL_LEADER' })
  await seedGrant(w.t, w.schools.sister, otherLeader.id, { role: 'SCHOOL_LEADER' })
  await seedGrant(w.t, w.schools.own, administering.id, { role: 'SCHOOL_LEADER' })
  await seedGrant(w.t, w.schools.own, administering.id, { role: 'IT_ADMINISTRATOR' })
  boss = await come(leader)
})
beforeEach(async () => {
  w.shift(0)
  owner = await seedPerson(w.t, w.schools.own, { role: 'staff', names: { preferred: 'Els', family: 'Eigenaar' } })
  me = await come(owner)
})
afterAll(() => w.close())

async function come(person: SeededPerson, school = w.schools.own): Promise<SignedIn> {
  const known = [leader, otherLeader, administering, owner, person].filter(each => each !== undefined)
  w.upstream.setPeople([...Object.values(w.people), ...known].map(account))
  return signInAs(w.origin, school.key, person.subject)
}

async function post(who: SignedIn, path: string, body: object = {}): Promise<Response> {
  const url = w.origin + path
  const headers = {
    ...{ 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    Authorization: `DPoP ${who.tokens.access}`,
    DPoP: await who.frame.proof('POST', url, { token: who.tokens.access }),
  }
  return fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
}
const ask = async (who: SignedIn, purpose: 'fresh' | 'enrol') =>
  (await (await post(who, '/entry/fresh', { purpose })).json()) as Handoff
const proofOf = async (who = me) => (await (await who.get('/api/me/proof')).json()) as MyProof

interface Window {
  handoff: Handoff
  browser: Visitor
  page: string
  /** As the page's script would answer. */
  ceremony: Ceremony
}

const optionsIn = (page: string): Record<string, unknown> => {
  const json = /data-options="([^"]+)"/.exec(page)?.[1]?.replaceAll('&quot;', '"')
  if (!json) throw new Error(`no ceremony on this page: ${page.replace(/<[^>]+>/g, ' ').slice(0, 300)}`)
  return JSON.parse(json) as Record<string, unknown>
}
const ceremonyIn = (page: string): Ceremony => ({
  challenge: String(optionsIn(page).challenge),
  origin: w.origin,
  rpId: 'localhost',
})

async function ownWindow(handoff: Handoff): Promise<Visitor> {
  const browser = makeVisitor()
  await send(browser, '/entry/open', { h: handoff.id, key: handoff.windowKey })
  return browser
}
const send = (browser: Visitor, path: string, fields: Record<string, string>) =>
  browser.fetch(w.origin + path, {
    method: 'POST',
    headers: {
      'sec-fetch-site': 'same-origin',
      'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_2 like Mac OS X)',
    },
    body: new URLSearchParams(fields),
  })

async function enrolWindow(who = me, subject = owner.subject): Promise<Window> {
  const handoff = await ask(who, 'enrol')
  const browser = await ownWindow(handoff)
  const gone = await browser.fetch(`${w.origin}/entry/fresh/start?h=${handoff.id}&w=${w.signIns.own}`)
  const { callback } = await browser.signIn(gone.headers.get('location') ?? '', `${w.origin}/entry/callback/`, subject)
  const page = await (await browser.fetch(callback)).text()
  return { handoff, browser, page, ceremony: ceremonyIn(page) }
}
/** A passkey of the owner. @returns its id with us */
async function enrol(device: Device): Promise<string> {
  const { browser, ceremony } = await enrolWindow()
  const made = await send(browser, '/entry/passkey/enrol', { answer: device.create(ceremony) })
  if (made.status !== 200) throw new Error(await made.text())
  return (await proofOf()).passkeys.at(-1)?.id ?? ''
}
const confirm = (id: string, who = boss) => post(who, `/api/passkeys/${id}/confirm`)
async function confirmed(device = makeDevice()): Promise<{ device: Device; id: string }> {
  const id = await enrol(device)
  expect((await confirm(id)).status).toBe(204)
  return { device, id }
}
async function proveWindow(who = me): Promise<Window> {
  const handoff = await ask(who, 'fresh')
  const browser = await ownWindow(handoff)
  const page = await (await browser.fetch(`${w.origin}/entry/fresh?h=${handoff.id}`)).text()
  return { handoff, browser, page, ceremony: ceremonyIn(page) }
}
const prove = ({ browser, ceremony }: Window, device: Device, quirks: Quirks = {}) =>
  send(browser, '/entry/passkey/prove', { answer: device.get(ceremony, quirks) })
const reasons = async (action: string) =>
  (
    await withTenant(w.t.db, { boardId: w.schools.own.boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({
        where: { boardId: w.schools.own.boardId, action, actor: owner.id },
        orderBy: { at: 'asc' },
      }),
    )
  ).map(({ outcome, detail }) => (detail as { reason?: string }).reason ?? outcome)

describe('a passkey', () => {
  it('is made after a sign-in, counts once a leader confirmed it, and then proves that it is you', async () => {
    const device = makeDevice()
    const { handoff, browser, ceremony, page } = await enrolWindow()
    expect(optionsIn(page)).toMatchObject({
      rp: { id: 'localhost' },
      attestation: 'none',
      authenticatorSelection: { userVerification: 'required' },
    })
    const made = await send(browser, '/entry/passkey/enrol', { answer: device.create(ceremony) })
    expect([made.status, await made.text()]).toEqual([200, expect.stringContaining('schoolleider')])
    expect(await me.frame.claim(handoff)).toEqual({ state: 'enrolled' })
    const waiting = await proofOf()
    expect(waiting).toMatchObject({ fresh: null, ways: { passkey: 'unconfirmed' } })
    expect(waiting.passkeys).toMatchObject([{ label: 'iPhone', state: 'unconfirmed', lastUsedAt: null }])
    const id = waiting.passkeys[0]?.id ?? ''
    await expect(proveWindow()).rejects.toThrow(/no ceremony/)
    expect((await confirm(id)).status).toBe(204)
    const window = await proveWindow()
    expect(optionsIn(window.page)).toMatchObject({ rpId: 'localhost', userVerification: 'required' })
    expect((await prove(window, device)).status).toBe(200)
    expect(await me.frame.claim(window.handoff)).toMatchObject({ state: 'proven' })
    expect(await proofOf()).toMatchObject({ fresh: { by: 'passkey' }, passkeys: [{ state: 'confirmed' }] })
    expect(await reasons('passkey.enrol')).toEqual(['done'])
    expect(await reasons('passkey.use')).toEqual(['done'])
  })

  it('names nobody: not in its options, and not in what is stored of it', async () => {
    const { page } = await enrolWindow()
    expect(JSON.stringify(optionsIn(page))).not.toMatch(/Els|Eigenaar/)
    expect(optionsIn(page).user).toMatchObject({ name: 'M5 De Eigen School' })
    const userId = Buffer.from(String((optionsIn(page).user as { id: string }).id), 'base64url')
    expect(userId.length).toBe(32)
    expect(await tablesHolding(w.t, ceremonyIn(page).challenge)).toEqual([])
  })

  it('asks for the digits of the panel in another browser', async () => {
    const { device } = await confirmed()
    const handoff = await ask(me, 'fresh')
    const browser = makeVisitor()
    const page = await (await browser.fetch(`${w.origin}/entry/fresh?h=${handoff.id}`)).text()
    const asked = await send(browser, '/entry/passkey/prove', { answer: device.get(ceremonyIn(page)) })
    expect(await me.frame.claim(handoff)).toEqual({ state: 'open' })
    await confirmCode(w.origin, await asked.text(), handoff.code, browser)
    expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
  })

  it('whose counter stays at 0 goes on, and one that had one does not fall back to it', async () => {
    const { device } = await confirmed()
    for (let i = 0; i < 2; i++) expect((await prove(await proveWindow(), device, { counter: 0 })).status).toBe(200)
    expect((await prove(await proveWindow(), device, { counter: 7 })).status).toBe(200)
    expect((await prove(await proveWindow(), device, { counter: 0 })).status).toBe(403)
  })
})

describe('an answer that does not hold', () => {
  const wrong: [string, Quirks, string][] = [
    ['of another origin', { origin: 'http://localhost:1' }, 'passkey-answer'],
    ['of a look-alike origin', { origin: 'https://localhost.evil.example' }, 'passkey-answer'],
    ['of another RP id', { rpId: 'evil.example' }, 'passkey-answer'],
    ['without user verification', { flags: { uv: false } }, 'passkey-answer'],
    ['without anybody present', { flags: { up: false, uv: false } }, 'passkey-answer'],
    ['signed by another key', { otherKey: true }, 'passkey-answer'],
    ['of a registration', { type: 'webauthn.create' }, 'passkey-answer'],
    ['from within a frame of another site', { crossOrigin: true, topOrigin: 'https://evil.example' }, 'passkey-answer'],
    ['of a passkey that nobody has', { id: Buffer.alloc(32, 7).toString('base64url') }, 'passkey-unknown'],
  ]
  it.for(wrong)('%s is refused, uses its challenge up, and proves nothing', async ([, quirks, reason]) => {
    const { device } = await confirmed()
    const window = await proveWindow()
    expect((await prove(window, device, quirks)).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual([reason])
    expect((await prove(window, device)).status).toBe(403)
    expect(await me.frame.claim(window.handoff)).toEqual({ state: 'open' })
    expect((await proofOf()).fresh).toBeNull()
  })

  it('of a passkey that no leader confirmed yet is refused, also beside one that is', async () => {
    const { device } = await confirmed()
    const second = makeDevice()
    await enrol(second)
    const window = await proveWindow()
    expect((optionsIn(window.page).allowCredentials as { id: string }[]).map(({ id }) => id)).toEqual([device.id])
    expect((await prove(window, second)).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual(['passkey-unconfirmed'])
    expect((await proofOf()).fresh).toBeNull()
  })

  it('of a passkey of the same person at another school is refused', async () => {
    const { device } = await confirmed()
    await seedAffiliation(w.t, w.schools.sister, owner.id, { role: 'staff', sisId: owner.sisId })
    const there = await signInAs(w.origin, w.schools.sister.key, owner.subject)
    await expect(proveWindow(there)).rejects.toThrow(/no ceremony/)
    const { boardId } = w.schools.own
    await w.t.asSuperuser(client =>
      client.query(
        `insert into "Passkey" select $1, gen_random_uuid(), $2, $3, 'x', 'x', "publicKey", 0, '{}', 'x', now(), null, 'x', now(), null
         from "Passkey" where "personId" = $2 limit 1`,
        [boardId, owner.id, w.schools.sister.id],
      ),
    )
    expect((await prove(await proveWindow(there), device)).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual(['passkey-unknown'])
  })

  it('with an old counter is refused: the passkey exists twice', async () => {
    const { device } = await confirmed()
    expect((await prove(await proveWindow(), device, { counter: 9 })).status).toBe(200)
    for (const counter of [9, 8, 1]) expect((await prove(await proveWindow(), device, { counter })).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual(['done', ...Array(3).fill('passkey-counter')])
    expect((await prove(await proveWindow(), device, { counter: 10 })).status).toBe(200)
  })

  it('with one counter, in 8 windows at the same time, counts once', async () => {
    const { device } = await confirmed()
    const windows = await Promise.all(Array.from({ length: 8 }, () => proveWindow()))
    const answers = await Promise.all(windows.map(window => prove(window, device, { counter: 20 })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(403)])
  })

  it('that comes 64 times counts once', async () => {
    const { device } = await confirmed()
    const { browser, ceremony, handoff } = await proveWindow()
    const answer = device.get(ceremony)
    const answers = await Promise.all(
      Array.from({ length: 64 }, () => send(browser, '/entry/passkey/prove', { answer })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(63)
    expect(await me.frame.claim(handoff)).toMatchObject({ state: 'proven' })
  })

  it('to an invented, an old or another one’s challenge is refused', async () => {
    const { device } = await confirmed()
    const window = await proveWindow()
    expect((await prove(window, device, { challenge: 'invented' })).status).toBe(403)
    expect((await prove(window, device, { challenge: '' })).status).toBe(403)
    // The challenge for making one is none for using one.
    const making = await enrolWindow()
    expect((await prove(window, device, { challenge: making.ceremony.challenge })).status).toBe(403)
    w.shift(301_000)
    expect((await prove(window, device)).status).toBe(403)
  })

  it('from another browser is refused', async () => {
    const { device } = await confirmed()
    const { ceremony } = await proveWindow()
    expect((await prove({ ...(await proveWindow()), ceremony }, device)).status).toBe(403)
    const none = makeVisitor()
    const { ceremony: second } = await proveWindow()
    expect((await send(none, '/entry/passkey/prove', { answer: device.get(second) })).status).toBe(403)
  })

  it('of nobody’s form breaks nothing', async () => {
    const { browser, ceremony } = await proveWindow(await come(w.people.csv)).catch(async () => enrolWindow())
    const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
    const half = makeDevice().get(ceremony).slice(0, 200)
    for (const answer of ['', 'x', 'null', '{}', '[]', deep, half, '{"id":"x"}', JSON.stringify({ id: { $ne: '' } })])
      for (const path of ['/entry/passkey/prove', '/entry/passkey/enrol'])
        expect([path, (await send(browser, path, { answer })).status]).toEqual([path, 403])
  })
})

describe('a passkey of somebody else', () => {
  it('proves nothing here', async () => {
    const { device } = await confirmed()
    const mine = me
    owner = await seedPerson(w.t, w.schools.own, { role: 'staff' })
    me = await come(owner)
    const own = await confirmed()
    const window = await proveWindow()
    expect((await prove(window, device)).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual(['passkey-unknown'])
    expect((await prove(await proveWindow(mine), own.device)).status).toBe(403)
  })

  it('is not made for who signs in as another person in that window', async () => {
    await expect(enrolWindow(me, w.people.csv.subject)).rejects.toThrow(/iemand anders/)
    expect((await proofOf()).passkeys).toEqual([])
  })

  it('is not taken over: one that is known already is not made again', async () => {
    const { device } = await confirmed()
    owner = await seedPerson(w.t, w.schools.own, { role: 'staff' })
    me = await come(owner)
    const { browser, ceremony } = await enrolWindow()
    expect((await send(browser, '/entry/passkey/enrol', { answer: device.create(ceremony) })).status).toBe(403)
    expect((await proofOf()).passkeys).toEqual([])
  })

  it.for([
    ['of another origin', { origin: 'https://evil.example' }],
    ['of another RP id', { rpId: 'evil.example' }],
    ['without user verification', { flags: { uv: false } }],
    ['of a use', { type: 'webauthn.get' }],
  ] as [string, Quirks][])('is not made %s', async ([, quirks]) => {
    const { browser, ceremony, handoff } = await enrolWindow()
    const answer = makeDevice().create(ceremony, quirks)
    expect((await send(browser, '/entry/passkey/enrol', { answer })).status).toBe(403)
    expect(await me.frame.claim(handoff)).toEqual({ state: 'open' })
    expect((await proofOf()).passkeys).toEqual([])
  })

  it('is made once of 64 times, and five at most', async () => {
    const { browser, ceremony } = await enrolWindow()
    const answer = makeDevice().create(ceremony)
    const all = await Promise.all(Array.from({ length: 64 }, () => send(browser, '/entry/passkey/enrol', { answer })))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    for (let i = 0; i < 4; i++) await enrol(makeDevice())
    await expect(enrol(makeDevice())).rejects.toThrow(/Je hebt er al vijf/)
  })
})

describe('confirming a passkey', () => {
  it('is for a leader of that school, and for nobody else', async () => {
    const id = await enrol(makeDevice())
    const others: [string, SignedIn, number][] = [
      ['oneself', me, 403],
      ['a teacher', await come(w.people.teacher), 403],
      ['the safety coordinator', await come(w.people.csv), 403],
      ['the IT administrator', await come(w.people.it), 403],
      ['a leader who administers the systems', await come(administering), 403],
      ['a leader of another school of the board', await come(otherLeader, w.schools.sister), 404],
      ['a teacher of another board', await come(w.people.foreignTeacher, w.schools.foreign), 403],
      ['a pupil', await come(w.people.pupil), 403],
    ]
    for (const [who, session, status] of others)
      expect([who, (await confirm(id, session)).status]).toEqual([who, status])
    expect((await proofOf()).ways.passkey).toBe('unconfirmed')
    expect((await confirm(randomUUID())).status).toBe(404)
    expect((await confirm('x')).status).toBe(404)
    expect([(await confirm(id)).status, (await confirm(id)).status]).toEqual([204, 409])
  })

  it('is not for one’s own, also by a leader', async () => {
    owner = leader
    me = boss
    const id = await enrol(makeDevice())
    const refused = await confirm(id)
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([403, 'self'])
    await post(boss, `/api/passkeys/${id}/revoke`)
  })

  it('is done once of 64 times, and is in the log with who did it', async () => {
    const id = await enrol(makeDevice())
    const answers = await Promise.all(Array.from({ length: 64 }, () => confirm(id)))
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1)
    const { boardId } = w.schools.own
    const entries = await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.auditEntry.findMany({ where: { boardId, action: 'passkey.confirm', object: id } }),
    )
    expect(entries).toMatchObject([{ actor: leader.id, outcome: 'done' }])
  })

  it('shows a leader whose it is, and no passkey of another school', async () => {
    const id = await enrol(makeDevice())
    const listOf = async (who: SignedIn) =>
      ((await (await who.get('/api/passkeys')).json()) as { passkeys: { id: string; person: string; own: boolean }[] })
        .passkeys
    expect(await listOf(boss)).toContainEqual(expect.objectContaining({ id, person: 'Els Eigenaar', own: false }))
    expect((await listOf(await come(otherLeader, w.schools.sister))).map(each => each.id)).not.toContain(id)
    expect((await me.get('/api/passkeys')).status).toBe(403)
  })
})

describe('a passkey that is revoked', () => {
  it('proves nothing any more, and what it proved goes with it', async () => {
    const { device, id } = await confirmed()
    const window = await proveWindow()
    await prove(window, device)
    await me.frame.claim(window.handoff)
    const open = await proveWindow()
    expect((await proofOf()).fresh).not.toBeNull()
    expect((await post(me, `/api/passkeys/${id}/revoke`)).status).toBe(204)
    expect(await proofOf()).toMatchObject({ fresh: null, passkeys: [] })
    expect((await prove(open, device)).status).toBe(403)
    expect(await reasons('passkey.use')).toEqual(['done', 'passkey-revoked'])
    expect((await post(me, `/api/passkeys/${id}/revoke`)).status).toBe(403)
    expect((await confirm(id)).status).toBe(404)
  })

  it('is so by its owner or a leader of the school, and by nobody else', async () => {
    const { id } = await confirmed()
    const revoke = async (who: SignedIn) => (await post(who, `/api/passkeys/${id}/revoke`)).status
    expect(await revoke(await come(w.people.csv))).toBe(403)
    expect(await revoke(await come(w.people.it))).toBe(403)
    expect(await revoke(await come(administering))).toBe(403)
    expect(await revoke(await come(otherLeader, w.schools.sister))).toBe(404)
    expect(await revoke(boss)).toBe(204)
  })
})
