import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBoard, listBoards } from '../../../connector/admin/boards.ts'
import { addOrigin, listOrigins, removeOrigin } from '../../../connector/admin/origins.ts'
import { addSchool, changeSchoolSettings, listSchools, schoolByKey } from '../../../connector/admin/schools.ts'
import { addSignIn, listSignIns, removeSignIn, signInSecretPlace } from '../../../connector/admin/sign-ins.ts'
import { addSource, listSources, removeSource, testSource } from '../../../connector/admin/sources.ts'
import { routesTo } from '../../../connector/store/routes.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { withRunLock } from '../../../connector/store/sync-runs.ts'
import { approveRun } from '../../../connector/sync/held.ts'
import { listRuns, runSync } from '../../../connector/sync/run.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { madeUpAdapter, madeUpSchool } from '../sync/made-up.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

async function newSchool(brin = '99ZZ') {
  const { boardId } = await createBoard(t, { name: 'Bestuur' })
  return addSchool(t, { boardId, name: 'De Klim', brin })
}

const actions = (boardId: string) =>
  withTenant(t.db, { boardId, role: 'system' }, async tx =>
    (await tx.auditEntry.findMany({ where: { boardId }, orderBy: { at: 'asc' } })).map(entry => entry.action),
  )

describe('a board', () => {
  test('has keys, a route and an entry in the log, or is not there', async () => {
    const { boardId } = await createBoard(t, { name: 'Stichting Noord' })
    expect(await listBoards(t)).toContainEqual({ boardId, name: 'Stichting Noord' })
    expect(await routesTo(t.db, 'board', boardId)).toEqual([
      { kind: 'board', value: boardId, toBoardId: boardId, toId: boardId },
    ])
    expect(await actions(boardId)).toEqual(['board.create'])
    await t.keyring.board(boardId)

    const before = await listBoards(t)
    const broken = { ...t, keyring: { ...t.keyring, create: () => Promise.reject(new Error('no key')) } }
    await expect(createBoard(broken, { name: 'Half' })).rejects.toThrow('no key')
    expect(await listBoards(t)).toEqual(before)
  })
})

describe('a school', () => {
  test('is found by its key, and has our defaults', async () => {
    const school = await newSchool()
    expect(school.publishableKey).toMatch(/^pk_[\w-]{22}$/)
    expect(school).toMatchObject({ brin: '99ZZ', location: '00' })
    expect(school.settings).toMatchObject({ panel: 'end-of-day', schoolDayEnds: '15:30', sync: { removalShare: 0.1 } })
    expect(await schoolByKey(t, school.publishableKey)).toEqual(school)
    expect(await listSchools(t, school.boardId)).toEqual([school])
    await expect(schoolByKey(t, 'pk_unknown')).rejects.toMatchObject({ code: 'not-found' })
  })

  test('comes once per BRIN and location', async () => {
    const { boardId } = await newSchool()
    await expect(addSchool(t, { boardId, name: 'Nog eens', brin: '99zz' })).rejects.toMatchObject({ code: 'conflict' })
    expect(await addSchool(t, { boardId, name: 'Dependance', brin: '99ZZ', location: '01' })).toBeDefined()
    await expect(addSchool(t, { boardId, name: 'X', brin: '9' })).rejects.toMatchObject({ code: 'invalid-input' })
  })

  test('keeps the settings that are not given', async () => {
    const { boardId, id: schoolId } = await newSchool()
    await changeSchoolSettings(t, {
      boardId,
      schoolId,
      settings: { schoolDayEnds: '14:15', sync: { removalsAtLeast: 2 } },
    })
    const { settings } = await changeSchoolSettings(t, { boardId, schoolId, settings: { panel: 'at-once' } })
    expect(settings).toMatchObject({
      panel: 'at-once',
      schoolDayEnds: '14:15',
      sync: { removalsAtLeast: 2, removalShare: 0.1 },
    })
    const wrong = changeSchoolSettings(t, { boardId, schoolId, settings: { schoolDayEnds: '25:00' } })
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-input' })
  })
})

describe('an origin', () => {
  test.each([
    ['https://portal.school.nl', 'https://portal.school.nl'],
    [' HTTPS://Portal.School.nl:443/ ', 'https://portal.school.nl'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://127.0.0.3:9000', 'http://127.0.0.3:9000'],
  ])('%j is kept as %j', async (typed, origin) => {
    const { boardId, id: schoolId } = await newSchool()
    await addOrigin(t, { boardId, schoolId, origin: typed })
    expect((await listOrigins(t, { boardId, schoolId })).map(each => each.origin)).toEqual([origin])
    await expect(addOrigin(t, { boardId, schoolId, origin })).rejects.toMatchObject({ code: 'conflict' })
  })

  test.each([
    'portal.school.nl',
    'http://portal.school.nl',
    'https://portal.school.nl/page',
    'https://*.school.nl',
    'https://a:b@school.nl',
    'https://school.nl?x=1',
    'javascript:alert(1)',
    'null',
    'http://localhost.school.nl',
    'http://127.0.0.1.school.nl',
  ])('%j is refused', async origin => {
    const { boardId, id: schoolId } = await newSchool()
    await expect(addOrigin(t, { boardId, schoolId, origin })).rejects.toMatchObject({ code: 'invalid-input' })
  })

  test('can be taken away, of the own board only', async () => {
    const { boardId, id: schoolId } = await newSchool()
    const { id: originId } = await addOrigin(t, { boardId, schoolId, origin: 'https://portal.school.nl' })
    const other = await newSchool()
    await expect(removeOrigin(t, { boardId: other.boardId, originId })).rejects.toMatchObject({ code: 'not-found' })
    await removeOrigin(t, { boardId, originId })
    expect(await listOrigins(t, { boardId, schoolId })).toEqual([])
  })
})

describe('a sign-in', () => {
  const signIn = {
    label: 'School',
    issuer: 'https://idp.school.nl/',
    clientId: 'm5',
    claim: 'sub',
    keyType: 'username' as const,
  }

  test('leads to its board, and its secret is write-only', async () => {
    const { boardId, id: schoolId } = await newSchool()
    const made = await addSignIn(t, { boardId, schoolId, ...signIn, secret: 's3cr3t-value' })
    expect(made).toMatchObject({ hasSecret: true, scopes: 'openid profile' })
    const listed = await listSignIns(t, { boardId, schoolId })
    expect(listed).toEqual([made])
    expect(JSON.stringify(listed)).not.toContain('s3cr3t')
    expect((await routesTo(t.db, 'issuer', signIn.issuer)).map(route => route.toBoardId)).toContain(boardId)
    const row = await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.signIn.findFirstOrThrow({ where: { boardId } }),
    )
    const keys = await t.keyring.board(boardId)
    expect(keys.open(signInSecretPlace(made.id), row.secretSealed ?? new Uint8Array())).toBe('s3cr3t-value')
  })

  test.each([
    [{ issuer: 'http://idp.school.nl' }],
    [{ issuer: 'https://idp.school.nl?tenant=1' }],
    [{ scopes: 'profile' }],
    [{ keyType: 'shoe-size' as 'username' }],
    [{ keyType: 'email' as const }],
  ])('is refused with %j', async wrong => {
    const { boardId, id: schoolId } = await newSchool()
    await expect(addSignIn(t, { boardId, schoolId, ...signIn, ...wrong })).rejects.toMatchObject({
      code: 'invalid-input',
    })
  })

  test('ends the sessions of its school when it goes, and its route with the last of its issuer', async () => {
    const { boardId, id: schoolId } = await newSchool()
    const issuer = `https://${randomUUID()}.nl`
    const one = await addSignIn(t, { boardId, schoolId, ...signIn, issuer })
    const two = await addSignIn(t, { boardId, schoolId, ...signIn, issuer, clientId: 'other' })
    const person = randomUUID()
    const at = new Date(Date.now() + 1000)
    await withTenant(t.db, { boardId, role: 'system' }, async tx => {
      await tx.person.create({ data: { boardId, id: person, namesSealed: Buffer.from('x') } })
      await tx.session.create({
        data: { boardId, id: randomUUID(), personId: person, schoolId, channel: 'oidc', authTime: at, endsAt: at },
      })
    })
    await removeSignIn(t, { boardId, signInId: one.id })
    expect(await routesTo(t.db, 'issuer', issuer)).toHaveLength(1)
    await removeSignIn(t, { boardId, signInId: two.id })
    expect(await routesTo(t.db, 'issuer', issuer)).toEqual([])
    const open = withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.session.count({ where: { boardId, endedAt: null } }),
    )
    expect(await open).toBe(0)
  })
})

describe('a source', () => {
  test('takes options by its adapter’s schema, and never shows them again', async () => {
    const { boardId, id: schoolId } = await newSchool()
    const ctx = { ...t, adapter: madeUpAdapter({ says: madeUpSchool() }) }
    const source = { boardId, schoolId, kind: 'made-up', label: 'SIS' }
    const made = await addSource(ctx, { ...source, options: { token: 't0ken' } })
    expect(JSON.stringify(await listSources(ctx, { boardId }))).not.toContain('t0ken')
    expect(await testSource(ctx, { boardId, sourceId: made.id })).toMatchObject({ ok: true })
    await expect(addSource(ctx, { ...source, options: { token: 5 } })).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(addSource(t, { ...source, options: {} })).rejects.toMatchObject({
      code: 'invalid-input',
      reason: 'source-kind',
    })
  })

  test('goes when nothing came from it, with its runs, and of the own board only', async () => {
    const place = await madeUpSource()
    await runSync(place.ctx, { ...place.input, by: 'operator' })
    const other = await newSchool()
    const elsewhere = removeSource(t, { boardId: other.boardId, sourceId: place.input.sourceId })
    await expect(elsewhere).rejects.toMatchObject({ code: 'not-found' })
    await removeSource(t, place.input)
    expect(await listSources(t, { boardId: place.input.boardId })).toEqual([])
    expect(await listRuns(t, place.input)).toEqual([])
    expect(await actions(place.input.boardId)).toContain('source.remove')
  })

  test('stays when people came from it, and says what to do', async () => {
    const place = await madeUpSource()
    const { runId } = await runSync(place.ctx, { ...place.input, by: 'operator' })
    await approveRun(place.ctx, { boardId: place.input.boardId, runId, by: 'operator' })
    await expect(removeSource(t, place.input)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'source-in-use',
      message: expect.stringContaining('--source'),
    })
    expect(await listSources(t, { boardId: place.input.boardId })).toHaveLength(1)
  })

  test('stays while a sync of it goes on', async () => {
    const { input } = await madeUpSource()
    await withRunLock(t.db, input.sourceId, () =>
      expect(removeSource(t, input)).rejects.toMatchObject({ reason: 'sync-running' }),
    )
  })

  async function madeUpSource() {
    const { boardId, id: schoolId } = await newSchool()
    const at = new Date('2026-10-05T10:00:00Z')
    const ctx = { ...t, clock: () => at, adapter: madeUpAdapter({ says: madeUpSchool() }) }
    const source = { boardId, schoolId, kind: 'made-up', label: 'SIS', options: { token: 't0ken' } }
    const { id: sourceId } = await addSource(ctx, source)
    return { ctx, input: { boardId, sourceId } }
  }
})
