import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInAs } from '../../support/frame.ts'
import { openWorld, type World } from '../../support/world.ts'

let w: World
beforeAll(async () => {
  w = await openWorld()
})
afterAll(() => w.close())

const reports = async (where = 'true') => {
  const { rows } = await w.t.asSuperuser(client =>
    client.query<{ n: number }>(`select count(*)::int as n from "Report" r where ${where}`),
  )
  return rows[0]?.n
}
const send = () =>
  fetch(`${w.origin}/api/reports?school=${w.schools.own.key}`, {
    method: 'POST',
    headers: { 'idempotency-key': randomUUID() },
    body: JSON.stringify({ v: 1, behaviours: ['GOSSIP'] }),
  })

describe('two thousand reports in a minute from one address', () => {
  it('are all stored, each with its words; those above the threshold are marked, and nobody is told to wait', async () => {
    const from = performance.now()
    const statuses: number[] = []
    for (let round = 0; round < 20; round++) {
      const answers = await Promise.all(Array.from({ length: 100 }, send))
      for (const answer of answers) {
        statuses.push(answer.status)
        expect(answer.headers.has('retry-after')).toBe(false)
        expect(await answer.json()).toHaveProperty('code')
      }
    }
    expect(performance.now() - from).toBeLessThan(60_000)
    expect(new Set(statuses)).toEqual(new Set([201]))
    expect(await reports()).toBe(2000)
    expect(await reports(`'flood' = any (problems)`)).toBe(1960)
    expect(await reports(`exists (select from "ReceiptCode" k where k."reportId" = r.id)`)).toBe(2000)
  })

  it('leave a report with a name as it is', async () => {
    const pupil = await signInAs(w.origin, w.schools.own.key, w.people.pupil.subject)
    const { status, receipt } = await pupil.report({ v: 1, behaviours: ['HURTING'] })
    expect([status, receipt.standing]).toEqual([201, 'SIGNED'])
    expect(await reports(`id = '${receipt.id}' and 'flood' = any (problems)`)).toBe(0)
  })

  it('do not keep the page without JavaScript from taking one', async () => {
    const body = new URLSearchParams({ key: randomUUID(), behaviour: 'GOSSIP' })
    const answer = await fetch(`${w.origin}/meld?s=${w.schools.own.key}`, { method: 'POST', body })
    expect(answer.status).toBe(201)
    expect(await reports(`'flood' = any (problems)`)).toBe(1961)
  })
})
