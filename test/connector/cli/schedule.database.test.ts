/** `m5 schedule` in a process of its own, beside a connector that would run it. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createBoard } from '../../../connector/admin/boards.ts'
import { addSchool } from '../../../connector/admin/schools.ts'
import { addSource } from '../../../connector/admin/sources.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { nextTurn } from '../../../connector/sync/schedule-night.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { runM5 } from './run.ts'

vi.setConfig({ testTimeout: 120_000 })

let t: TestDatabase
let boardId: string
let sourceId: string
let byHand: string
beforeAll(async () => {
  t = await testDatabase()
  boardId = (await createBoard(t, { name: 'Bestuur' })).boardId
  const school = await addSchool(t, { boardId, name: 'De Klim', brin: '99ZZ' })
  const source = { boardId, schoolId: school.id, kind: 'edexml-file' }
  sourceId = (await addSource(t, { ...source, label: 'Export', options: { path: '/nergens.xml' } })).id
  byHand = (await addSource(t, { ...source, label: 'Upload', options: {} })).id
})
afterAll(() => t.close())

const m5 = (args: string[], plain = false) =>
  runM5(args, { plain, env: { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey } })
const change = (data: { goodAt?: Date; createdAt?: Date }) =>
  withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.source.update({ where: { boardId_id: { boardId, id: sourceId } }, data }),
  )
const deeds = () =>
  withTenant(t.db, { boardId, role: 'system' }, async tx => {
    const rows = await tx.auditEntry.findMany({ where: { boardId, action: { startsWith: 'source.' } } })
    return rows.filter(row => row.object === sourceId).map(({ actor, action }) => `${actor} ${action}`)
  })

it('shows when each source is next, which is fed by hand, and fails for one that was not read well for too long', async () => {
  const first = await m5(['schedule'])
  const window = { from: '20:00', until: '06:00' }
  expect(first).toMatchObject({
    code: 0,
    json: [
      {
        ...{ sourceId, label: 'Export', goodAt: null, pausedAt: null, byHand: false, running: false, stale: false },
        nextAt: nextTurn(window, { id: sourceId, gives: 'roster' }, new Date()).at.toISOString(),
      },
      { sourceId: byHand, label: 'Upload', byHand: true, nextAt: null, stale: false },
    ],
  })
  const said = await m5(['schedule'], true)
  expect(said.out).toMatch(/SOURCE +LAST GOOD +NEXT +KIND +LABEL/)
  expect(said.out).toMatch(new RegExp(`${byHand} +never +by hand`))

  await change({ createdAt: new Date(Date.now() - 90 * 86_400_000), goodAt: new Date(Date.now() - 4 * 86_400_000) })
  expect(await m5(['schedule'])).toMatchObject({ code: 4, json: [{ sourceId, stale: true }, { stale: false }] })
  const warned = await m5(['schedule'], true)
  expect([warned.out, warned.err].join()).toMatch(/! \d{4}-\d\d-\d\d \d\d:\d\d.*! 1 of 2 had no good run for 3 days/s)
  await change({ goodAt: new Date() })
  expect((await m5(['schedule'])).code).toBe(0)
})

it('pauses and resumes a source, and both are in the log', async () => {
  expect(await m5(['schedule', 'pause', sourceId])).toMatchObject({ code: 0, json: { sourceId, paused: true } })
  const paused = await m5(['schedule'], true)
  expect(paused.out).toMatch(new RegExp(`${sourceId}.* paused \\d{4}`))
  expect(await m5(['schedule'])).toMatchObject({ json: [{ pausedAt: expect.any(String), nextAt: null }, {}] })
  expect(await m5(['schedule', 'resume', sourceId])).toMatchObject({ code: 0, json: { sourceId, paused: false } })
  expect(await m5(['schedule'])).toMatchObject({ json: [{ pausedAt: null, nextAt: expect.any(String) }, {}] })
  expect(await deeds()).toEqual(expect.arrayContaining(['operator source.pause', 'operator source.resume']))
})

it('knows no source of another board, and takes no other word for one', async () => {
  const nobody = '00000000-0000-4000-8000-000000000009'
  expect(await m5(['schedule', 'pause', nobody])).toMatchObject({ code: 1, json: { error: 'not-found' } })
  expect((await m5(['schedule', 'pause', 'Export'])).code).toBe(1)
})
