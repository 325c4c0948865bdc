import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Receipt } from '../../../connector/api/contract.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type SignedIn, signInAs } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'
import { signedPost, unsignedReport } from './sending.ts'

let w: World
let pupil: SignedIn
let classmate: SignedIn
beforeAll(async () => {
  w = await openWorld()
  pupil = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
  classmate = await signInAs(w.origin, w.schools.own.key, w.people.classmate.subject)
})
beforeEach(() => w.shift(0))
afterAll(() => w.close())

const report = (school = w.schools.own) => unsignedReport(w.origin, school.key)
const claim = (me: SignedIn, { id, receivedAt, mac, code = '' }: Receipt) =>
  signedPost(me, `${w.origin}/api/reports/${id}/claim`, { receivedAt, mac, code })
const answer = async (response: Response) => [
  response.status,
  response.status === 204 ? null : ((await response.json()) as { code: string }).code,
]
const stored = (reportId: string) =>
  w.t.asSuperuser(async client => {
    const claims = await client.query('select * from "ReportClaim" where "reportId" = $1', [reportId])
    const report = await client.query('select r::text as text from "Report" r where id = $1', [reportId])
    const audit = await client.query(
      `select actor, channel, outcome, detail from "AuditEntry" where object = $1 and action = 'report.claim'`,
      [reportId],
    )
    return { claims: claims.rows, report: String(report.rows[0]?.text), audit: audit.rows }
  })

describe('saying afterwards who told it', () => {
  it('adds a sealed row, leaves the report as it was, and logs nobody', async () => {
    const receipt = await report()
    const before = (await stored(receipt.id)).report
    expect(await answer(await claim(pupil, receipt))).toEqual([204, null])
    const { claims, report: after, audit } = await stored(receipt.id)
    expect(after).toBe(before)
    expect(audit).toEqual([{ actor: 'reporter', channel: null, outcome: 'done', detail: {} }])
    const [row] = claims
    const { boardId } = w.schools.own
    const cell = { table: 'ReportClaim', row: row.id, column: 'reporterSealed' }
    expect(await w.t.keyring.reveal(boardId, cell, row.reporterSealed)).toBe(w.people.pupil.id)
    const keys = await w.t.keyring.board(boardId)
    expect(Buffer.from(row.reporterTag)).toEqual(Buffer.from(keys.fingerprint('reporter', w.people.pupil.id)))
    expect(JSON.stringify(claims)).not.toContain(w.people.pupil.id)
  })

  it('is done once: by the same again nothing changes, by another it is refused', async () => {
    const receipt = await report()
    expect(await answer(await claim(pupil, receipt))).toEqual([204, null])
    expect(await answer(await claim(pupil, receipt))).toEqual([204, null])
    expect(await answer(await claim(classmate, receipt))).toEqual([409, 'claimed-already'])
    const { claims, audit } = await stored(receipt.id)
    expect([claims.length, audit.length]).toEqual([1, 1])
  })

  it('is one of 64 that come at once', async () => {
    const receipt = await report()
    const all = await Promise.all(Array.from({ length: 64 }, (_, i) => claim(i % 2 ? pupil : classmate, receipt)))
    const counts = [204, 409].map(status => all.filter(response => response.status === status).length)
    expect(counts).toEqual([32, 32])
    expect((await stored(receipt.id)).claims).toHaveLength(1)
  })

  it('is possible for a day', async () => {
    const [early, late] = [await report(), await report()]
    await w.t.asSuperuser(async client => {
      const age = (id: string, hours: number) =>
        client.query(`update "Report" set "receivedAt" = "receivedAt" - make_interval(hours => $2) where id = $1`, [
          id,
          hours,
        ])
      await age(early.id, 23)
      await age(late.id, 25)
    })
    expect(await answer(await claim(pupil, early))).toEqual([204, null])
    expect(await answer(await claim(pupil, late))).toEqual([410, 'claim-too-late'])
  })

  it('needs the receipt as it was given, and its words: everything else is a report that does not exist', async () => {
    const [mine, other] = [await report(), await report()]
    const wrong: Receipt[] = [
      { ...mine, mac: other.mac },
      { ...mine, mac: '' },
      { ...mine, receivedAt: new Date(Date.parse(mine.receivedAt) + 1000).toISOString() },
      { ...mine, code: String(other.code) },
      { ...mine, code: '' },
      { ...other, code: String(mine.code) },
      { ...mine, id: randomUUID() },
    ]
    for (const receipt of wrong)
      expect([receipt, await answer(await claim(pupil, receipt))]).toEqual([receipt, [404, 'report-unknown']])
    expect((await stored(mine.id)).claims).toEqual([])
  })

  it('is for nobody of another school or board, and for no report that is signed', async () => {
    const mine = await report()
    const sister = await signInAs(w.origin, w.schools.sister.key, w.people.sisterPupil.subject)
    const foreign = await signInAs(w.origin, w.schools.foreign.key, w.people.foreignPupil.subject)
    for (const me of [sister, foreign]) expect((await claim(me, mine)).status).toBe(404)
    for (const school of [w.schools.sister, w.schools.foreign])
      expect((await claim(pupil, await report(school))).status).toBe(404)
    const { receipt } = await pupil.report({ v: 1, behaviours: ['GOSSIP'] })
    expect((await claim(classmate, { ...receipt, code: String(mine.code) })).status).toBe(404)
  })

  it('is for nobody who is not signed in', async () => {
    const { id, receivedAt, mac, code } = await report()
    const body = JSON.stringify({ receivedAt, mac, code })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${w.origin}/api/reports/${id}/claim`, { method: 'POST', headers, body })
    expect(response.status).toBe(401)
  })

  it('goes with the report when that is erased', async () => {
    const receipt = await report()
    await claim(pupil, receipt)
    const { boardId } = w.schools.own
    await withTenant(w.t.db, { boardId, role: 'system' }, tx =>
      tx.report.delete({ where: { boardId_id: { boardId, id: receipt.id } } }),
    )
    expect((await stored(receipt.id)).claims).toEqual([])
  })
})
