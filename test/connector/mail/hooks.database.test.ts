/** What people are told of beside reports: in the transaction of what happened, so that it is told or did not happen. */

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decideOther } from '../../../connector/admin/conflicts.ts'
import { addSignIn, removeSignIn } from '../../../connector/admin/sign-ins.ts'
import { openSchedule } from '../../../connector/sync/schedule.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { date } from '../../support/seed.ts'
import { madeUpSchool } from '../sync/made-up.ts'
import { type Place, peopleOf, schoolWith } from '../sync/place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

/** A school with a roster, an administrator of systems, a leader and a coordinator. */
async function settled() {
  const place = await schoolWith(t, madeUpSchool())
  await place.first()
  const people = [...(await peopleOf(place)).values()].map(each => each.id)
  const [it = '', leader = '', csv = ''] = people
  for (const [personId, role] of [
    [it, 'IT_ADMINISTRATOR'],
    [leader, 'SCHOOL_LEADER'],
    [csv, 'SAFETY_COORDINATOR'],
  ] as const) {
    const { boardId, schoolId } = place
    const facts = { role, startsOn: date('2026-08-01'), grantedBy: 'proef', confirmedAt: new Date() }
    await place.read(tx => tx.grant.create({ data: { boardId, id: randomUUID(), schoolId, personId, ...facts } }))
  }
  return { place, it, leader, csv }
}

const told = async ({ read, boardId }: Place) => {
  const rows = await read(tx => tx.mailItem.findMany({ where: { boardId } }))
  return rows.map(({ kind, personId }) => [kind, personId]).sort()
}
const both = (kind: string, ...people: string[]) => people.map(person => [kind, person]).sort()

describe('a roster that waits for somebody', () => {
  it('is told to the administrator and the leader when nobody sat there', async () => {
    const { place, it, leader } = await settled()
    expect((await place.sync({ by: 'schedule', preview: true })).state).toBe('held')
    expect(await told(place)).toEqual(both('roster-held', it, leader))
  })

  it('is told to everybody but who sent it', async () => {
    const { place, it, leader } = await settled()
    expect((await place.sync({ by: it, preview: true })).state).toBe('held')
    expect(await told(place)).toEqual(both('roster-held', leader))
  })

  it('and was asked for at the command line is told to nobody', async () => {
    const { place } = await settled()
    expect((await place.sync({ preview: true })).state).toBe('held')
    expect(await told(place)).toEqual([])
  })

  it('because it was refused is told too; one that was applied is not', async () => {
    const { place, it, leader } = await settled()
    expect((await place.sync({ by: 'schedule' })).state).toBe('unchanged')
    expect(await told(place)).toEqual([])
    place.stand.says = { ...madeUpSchool(), people: [], memberships: [] }
    expect((await place.sync({ by: 'schedule' })).state).toBe('refused')
    expect(await told(place)).toEqual(both('roster-held', it, leader))
  })
})

describe('a source that is stale', () => {
  it('is told to the administrator', async () => {
    const { place, it } = await settled()
    place.onDay('2026-10-20')
    const settings = { window: { from: '20:00', until: '06:00' }, retries: 1, limitMs: 60_000 }
    const more = { concurrency: 1, heartbeatSeconds: 30, staleDays: 3 }
    const schedule = await openSchedule(place.ctx, { ...settings, ...more })
    await schedule.watch()
    await schedule.stop(1000)
    expect(await told(place)).toEqual(both('source-stale', it))
  })
})

describe('a sign-in that changed', () => {
  it('is told to the leader', async () => {
    const { place, leader } = await settled()
    const { ctx, boardId, schoolId } = place
    const signIn = {
      label: 'School',
      issuer: 'https://login.proef.example',
      clientId: 'm5',
      claim: 'sub',
      keyType: 'username' as const,
    }
    const { id } = await addSignIn(ctx, { boardId, schoolId, ...signIn })
    expect(await told(place)).toEqual(both('sign-in-changed', leader))
    await place.read(tx => tx.mailItem.deleteMany({ where: { boardId } }))
    await removeSignIn(ctx, { boardId, signInId: id })
    expect(await told(place)).toEqual(both('sign-in-changed', leader))
  })

  it('because somebody decided whose account is whose is told to the leader', async () => {
    const { place, leader, csv } = await settled()
    const { ctx, boardId, schoolId, sourceId } = place
    const conflictId = randomUUID()
    const keys = await ctx.keyring.board(boardId)
    const shownSealed = keys.seal(
      { table: 'MatchConflict', row: conflictId, column: 'shownSealed' },
      JSON.stringify({ shown: { role: 'staff', names: {}, keys: [] }, different: [] }),
    )
    const row = { boardId, id: conflictId, schoolId, sourceId, kind: 'same-key', candidates: [csv], shownSealed }
    await place.read(tx =>
      tx.matchConflict.create({ data: { ...row, sourceTag: Buffer.from('x'), lastSeenAt: new Date() } }),
    )
    await decideOther(ctx, { boardId, conflictId })
    expect(await told(place)).toEqual(both('sign-in-changed', leader))
  })
})
