/** `m5 conflict`, and a source of identities, as people type it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, testDatabase, testMasterKey } from '../../support/database.ts'
import { account, alongside, directory, foundBy, key } from '../sync/alongside.ts'
import { madeUpSchool } from '../sync/made-up.ts'
import { peopleOf, schoolWith } from '../sync/place.ts'
import { type More, runM5 } from './run.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())
vi.setConfig({ testTimeout: 120_000 })

const m5 = (args: string[], more: More = {}) =>
  runM5(args, { ...more, env: { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, ...more.env } })

test('from a directory to two questions, answered', async () => {
  const no = key('pupil-number', '301')
  const school = madeUpSchool()
  school.people = school.people.map(each => (each.sourceId === 'leerling:301' ? { ...each, keys: [no] } : each))
  const place = await schoolWith(t, school)
  await place.first()
  const entra = await alongside(place, directory(account({ id: 'a', keys: [no] }), account({ id: 'b', keys: [no] })))
  await entra.first()
  const person = (await peopleOf(place)).get('Kind301')?.id ?? ''
  const at = ['--board', place.boardId]

  const sources = await m5(['source', 'list', ...at])
  expect((sources.json as { gives: string }[]).map(each => each.gives).sort()).toEqual(['identities', 'roster'])
  const listed = await m5(['conflict', 'list', ...at], { plain: true })
  expect(listed.code).toBe(0)
  expect(listed.err).toContain('in the log')
  expect(listed.out).toMatch(/^QUESTION +KIND +SOURCE +RECORD +MAY BE\n/)
  expect(listed.out).toMatch(/same-key +Ernaast +user:a Accounta +\w{8} Kind301 Zwaluwstaart301/)

  const { json } = await m5(['conflict', 'list', ...at])
  const question = (id: string) =>
    (json as { id: string; record: { sourceId: string } }[]).find(each => each.record.sourceId === `user:${id}`)?.id ??
    ''
  const shown = await m5(['conflict', 'show', question('a').slice(0, 8), ...at], { plain: true })
  expect(shown.out).toContain('Record user:a of Ernaast (identities): Accounta, pupil\n  nobody here yet')
  expect(shown.out).toContain(`May be ${person}: Kind301 Zwaluwstaart301\n  pupil at De Klim: 3`)

  const wrong = ['conflict', 'same', question('a'), '--person', '00000000-0000-4000-8000-000000000000', ...at]
  expect(await m5(wrong)).toMatchObject({ code: 1, json: { error: 'not-found' } })
  expect(await m5(['conflict', 'same', question('a'), ...at])).toMatchObject({
    code: 0,
    json: { state: 'same', personId: person },
  })
  expect(await foundBy(place, key('object-id', 'oid-a'))).toEqual([person])
  expect(await m5(['conflict', 'other', question('b'), ...at])).toMatchObject({ code: 0, json: { state: 'other' } })
  expect(await m5(['conflict', 'other', question('b'), ...at])).toMatchObject({ code: 1, json: { error: 'not-found' } })
  expect(await m5(['conflict', 'list', ...at])).toMatchObject({ code: 0, json: [] })
  const deeds = await place.read(tx =>
    tx.auditEntry.findMany({
      where: { boardId: place.boardId, action: { startsWith: 'conflict.' } },
      orderBy: { at: 'asc' },
    }),
  )
  expect(deeds.map(each => each.action)).toEqual([
    ...['conflict.list', 'conflict.list', 'conflict.show', 'conflict.same', 'conflict.other', 'conflict.list'],
  ])
})

test('a source says what it gives, and nothing else than it may', async () => {
  const { boardId, school } = await schoolWith(t, madeUpSchool())
  const at = ['--board', boardId, '--school', school.publishableKey]
  const add = (...more: string[]) =>
    m5(['source', 'add', '--kind', 'edexml-file', '--option', 'path=/tmp/x.xml', ...more, ...at])
  expect(await add('--gives', 'identities')).toMatchObject({ code: 0, json: { gives: 'identities' } })
  expect(await add()).toMatchObject({ code: 0, json: { gives: 'roster' } })
  expect(await add('--gives', 'people')).toMatchObject({ code: 1 })
})
