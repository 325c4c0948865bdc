import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBoard } from '../../../connector/admin/boards.ts'
import { confirmGrant } from '../../../connector/admin/grant-link.ts'
import { listGrants, namesOfHolders } from '../../../connector/admin/grant-list.ts'
import { addGrant, type NewGrant, revokeGrant } from '../../../connector/admin/grants.ts'
import { findPerson } from '../../../connector/admin/people.ts'
import { addSchool } from '../../../connector/admin/schools.ts'
import { addSource } from '../../../connector/admin/sources.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { approveRun } from '../../../connector/sync/held.ts'
import { runSync } from '../../../connector/sync/run.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { madeUpAdapter, madeUpSchool, teacher } from '../sync/made-up.ts'

let t: TestDatabase
let now = new Date('2026-10-05T10:00:00Z')
const ctx = () => ({ ...t, adapter: madeUpAdapter({ says: school() }), clock: () => now })
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

/** Teachers 3–8 have a homeroom; 20–24 have none; 30 is a parent. */
function school() {
  const made = madeUpSchool()
  made.people.push(...[20, 21, 22, 23, 24].map(n => teacher(n)), teacher(30, { role: 'parent' }))
  return made
}

let boardId: string
let schoolId: string
let who: (key: string) => Promise<string>

beforeEach(async () => {
  now = new Date('2026-10-05T10:00:00Z')
  boardId = (await createBoard(t, { name: 'Bestuur' })).boardId
  schoolId = (await addSchool(t, { boardId, name: 'De Klim', brin: '99ZZ' })).id
  const source = { boardId, schoolId, kind: 'made-up', label: 'SIS', options: {} }
  const { id: sourceId } = await addSource(ctx(), source)
  const held = await runSync(ctx(), { boardId, sourceId, by: 'operator' })
  await approveRun(ctx(), { boardId, runId: held.runId, by: 'operator' })
  who = async key => (await findPerson(ctx(), boardId, schoolId, key)).personId
})

const add = (grant: Partial<NewGrant> & Pick<NewGrant, 'personId' | 'role'>) =>
  addGrant(ctx(), { boardId, schoolId, grantedBy: 'operator', ...grant })

/** A leader, as it really goes: by the operator and a second person. */
async function leader(key = 'leerkracht:20', by = 'leerkracht:21') {
  const personId = await who(key)
  const confirmById = await who(by)
  const { token } = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
  await confirmGrant(ctx(), { boardId, token: token ?? '', personId: confirmById })
  return personId
}

describe('finding a person', () => {
  test('goes by the key of the source, in this school alone', async () => {
    expect(await findPerson(ctx(), boardId, schoolId, 'leerkracht:20')).toMatchObject({
      role: 'staff',
      status: 'active',
    })
    await expect(who('leerling:20')).rejects.toMatchObject({ code: 'not-found' })
    await expect(findPerson(ctx(), boardId, randomUUID(), 'leerkracht:20')).rejects.toMatchObject({ code: 'not-found' })
  })
})

describe('the first grant of a role that opens reports', () => {
  test('is nothing until its second person has opened the link', async () => {
    const [personId, confirmById] = [await who('leerkracht:20'), await who('leerkracht:21')]
    const { grant, token } = await add({ personId, role: 'SAFETY_COORDINATOR', confirmById })
    expect(grant.confirmed).toBe(false)
    expect(await confirmGrant(ctx(), { boardId, token: token ?? '', personId: confirmById })).toEqual({
      grantId: grant.id,
      schoolId,
    })
    expect(await listGrants(t, { boardId })).toMatchObject([{ id: grant.id, confirmed: true }])
  })

  test('needs a second person, who is somebody else, of the staff', async () => {
    const personId = await who('leerkracht:20')
    const role = 'SCHOOL_LEADER'
    await expect(add({ personId, role })).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(add({ personId, role, confirmById: personId })).rejects.toMatchObject({ reason: 'self' })
    for (const key of ['leerling:301', 'leerkracht:30'])
      await expect(add({ personId, role, confirmById: await who(key) })).rejects.toMatchObject({ reason: 'not-staff' })
  })

  test('is confirmed by nobody but that person, and not by the one who gets it', async () => {
    const [personId, confirmById] = [await who('leerkracht:20'), await who('leerkracht:21')]
    const { token } = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    for (const other of [personId, await who('leerkracht:22'), randomUUID()])
      await expect(confirmGrant(ctx(), { boardId, token: token ?? '', personId: other })).rejects.toMatchObject({
        code: 'gone',
      })
    const wrong = confirmGrant(ctx(), { boardId, token: 'x'.repeat(43), personId: confirmById })
    await expect(wrong).rejects.toMatchObject({ code: 'gone' })
    expect((await listGrants(t, { boardId }))[0]?.confirmed).toBe(false)
  })

  test('has a link that works once, also when 64 open it at once', async () => {
    const [personId, confirmById] = [await who('leerkracht:20'), await who('leerkracht:21')]
    const { token } = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    const open = () => confirmGrant(ctx(), { boardId, token: token ?? '', personId: confirmById })
    const all = await Promise.allSettled(Array.from({ length: 64 }, open))
    expect(all.filter(each => each.status === 'fulfilled')).toHaveLength(1)
    for (const each of all) if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'gone' })
    await expect(open()).rejects.toMatchObject({ code: 'gone' })
  })

  test('has a link that dies after a week, when the grant is revoked, and when its person leaves', async () => {
    const [personId, confirmById] = [await who('leerkracht:20'), await who('leerkracht:21')]
    const late = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    now = new Date('2026-10-12T10:00:01Z')
    await expect(
      confirmGrant(ctx(), { boardId, token: late.token ?? '', personId: confirmById }),
    ).rejects.toMatchObject({ code: 'gone' })
    const revoked = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    await revokeGrant(ctx(), { boardId, grantId: revoked.grant.id, by: 'operator' })
    await expect(
      confirmGrant(ctx(), { boardId, token: revoked.token ?? '', personId: confirmById }),
    ).rejects.toMatchObject({ code: 'gone' })
    const gone = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.person.updateMany({ where: { boardId, id: confirmById }, data: { active: false } }),
    )
    await expect(
      confirmGrant(ctx(), { boardId, token: gone.token ?? '', personId: confirmById }),
    ).rejects.toMatchObject({ code: 'gone' })
  })
})

describe('who grants', () => {
  test('a leader grants at once; a teacher, and a leader who is not yet confirmed, cannot', async () => {
    const grantedBy = await leader()
    const personId = await who('leerkracht:22')
    const { grant, token } = await add({ grantedBy, personId, role: 'SUPPORT_COORDINATOR' })
    expect([grant.confirmed, token]).toEqual([true, null])
    for (const key of ['leerkracht:3', 'leerkracht:22'])
      await expect(
        add({ grantedBy: await who(key), personId: await who('leerkracht:23'), role: 'STEERING_GROUP' }),
      ).rejects.toMatchObject({ reason: 'not-granting' })
    const waiting = await who('leerkracht:24')
    await add({ personId: waiting, role: 'SCHOOL_LEADER', confirmById: await who('leerkracht:21') })
    await expect(add({ grantedBy: waiting, personId, role: 'STEERING_GROUP' })).rejects.toMatchObject({
      reason: 'not-granting',
    })
  })

  test('a leader whose time is over cannot', async () => {
    const grantedBy = await leader()
    const [mine] = await listGrants(t, { boardId, personId: grantedBy })
    await revokeGrant(ctx(), { boardId, grantId: mine?.id ?? '', by: 'operator' })
    await expect(
      add({ grantedBy, personId: await who('leerkracht:22'), role: 'STEERING_GROUP' }),
    ).rejects.toMatchObject({ reason: 'not-granting' })
  })

  test('nobody grants to themselves', async () => {
    const grantedBy = await leader()
    await expect(add({ grantedBy, personId: grantedBy, role: 'SAFETY_COORDINATOR' })).rejects.toMatchObject({
      reason: 'self',
    })
  })

  test('pupils and parents get no role', async () => {
    for (const key of ['leerling:301', 'leerkracht:30'])
      await expect(add({ personId: await who(key), role: 'IT_ADMINISTRATOR' })).rejects.toMatchObject({
        reason: 'not-staff',
      })
  })

  test('a group goes with GROUP_TEACHER and with nothing else', async () => {
    const grantedBy = await leader()
    const personId = await who('leerkracht:22')
    const groups = await withTenant(t.db, { boardId, role: 'system' }, tx => tx.group.findMany({ where: { boardId } }))
    const groupId = groups[0]?.id ?? ''
    await expect(add({ grantedBy, personId, role: 'GROUP_TEACHER' })).rejects.toMatchObject({ code: 'invalid-input' })
    await expect(add({ grantedBy, personId, role: 'STEERING_GROUP', groupId })).rejects.toMatchObject({
      code: 'invalid-input',
    })
    await expect(add({ grantedBy, personId, role: 'GROUP_TEACHER', groupId: randomUUID() })).rejects.toMatchObject({
      code: 'not-found',
    })
    expect((await add({ grantedBy, personId, role: 'GROUP_TEACHER', groupId })).grant).toMatchObject({
      groupId,
      confirmed: true,
    })
  })
})

describe('who administers the systems', () => {
  test('can hold no role that opens reports, nor confirm one; confirmed or not', async () => {
    const admin = await who('leerkracht:22')
    const grantedBy = await leader()
    expect((await add({ personId: admin, role: 'IT_ADMINISTRATOR' })).grant.confirmed).toBe(true)
    await expect(add({ grantedBy, personId: admin, role: 'SAFETY_COORDINATOR' })).rejects.toMatchObject({
      reason: 'it-administrator',
    })
    const personId = await who('leerkracht:23')
    await expect(add({ personId, role: 'SCHOOL_LEADER', confirmById: admin })).rejects.toMatchObject({
      reason: 'it-administrator',
    })
    await expect(add({ personId: grantedBy, role: 'IT_ADMINISTRATOR' })).rejects.toMatchObject({
      reason: 'opens-reports',
    })
    await add({ grantedBy, personId: admin, role: 'PRIVACY_OFFICER' })
  })

  test('is not the teacher of a homeroom, whose panel the roster opens', async () => {
    await expect(add({ personId: await who('leerkracht:3'), role: 'IT_ADMINISTRATOR' })).rejects.toMatchObject({
      reason: 'opens-reports',
    })
  })

  test('two grants at once that exclude each other: one is made', async () => {
    const personId = await who('leerkracht:22')
    const grantedBy = await leader()
    for (let round = 0; round < 5; round++) {
      const both = await Promise.allSettled([
        add({ personId, role: 'IT_ADMINISTRATOR' }),
        add({ grantedBy, personId, role: 'SAFETY_COORDINATOR' }),
      ])
      const made = both.filter(each => each.status === 'fulfilled')
      expect(made).toHaveLength(1)
      for (const { value } of made) await revokeGrant(ctx(), { boardId, grantId: value.grant.id, by: 'operator' })
    }
  })
})

describe('the list of grants', () => {
  test('says of each whether it waits, holds, is revoked or has ended, and of which group', async () => {
    const confirmById = await who('leerkracht:21')
    const personId = await who('leerkracht:20')
    const groupId = await firstHomeroom()
    // Made in the same moment, so their order is no fact.
    const states = async () =>
      (await listGrants(ctx(), { boardId })).map(({ role, state }) => `${role} ${state}`).toSorted()
    const { grant } = await add({ personId, role: 'SCHOOL_LEADER', confirmById })
    const until = '2026-10-06'
    await add({ personId: await who('leerkracht:22'), role: 'PRIVACY_OFFICER', until })
    await add({ personId, role: 'GROUP_TEACHER', groupId: groupId.id, confirmById, until })
    expect(await states()).toEqual(['GROUP_TEACHER waiting', 'PRIVACY_OFFICER confirmed', 'SCHOOL_LEADER waiting'])
    await revokeGrant(ctx(), { boardId, grantId: grant.id, by: 'operator' })
    now = new Date('2026-10-06T10:00:00Z')
    expect(await states()).toEqual(['GROUP_TEACHER ended', 'PRIVACY_OFFICER ended', 'SCHOOL_LEADER revoked'])
    const groups = (await listGrants(ctx(), { boardId })).map(({ role, group }) => [role, group])
    expect(Object.fromEntries(groups)).toEqual({
      SCHOOL_LEADER: null,
      PRIVACY_OFFICER: null,
      GROUP_TEACHER: groupId.name,
    })
  })

  test('shows names of those who hold one only when asked for them, and that is in the log', async () => {
    const personId = await leader()
    const asked = () =>
      withTenant(t.db, { boardId, role: 'system' }, tx =>
        tx.auditEntry.findMany({ where: { boardId, action: 'grant.list.names' } }),
      )
    expect(JSON.stringify(await listGrants(ctx(), { boardId }))).not.toContain('name"')
    expect(await asked()).toEqual([])
    const names = await namesOfHolders(ctx(), { boardId, schoolId })
    expect([...names.keys()]).toEqual([personId])
    expect(names.get(personId)).toMatch(/\w/)
    expect(await asked()).toMatchObject([{ actor: 'operator', object: schoolId, outcome: 'done' }])
  })

  const firstHomeroom = () =>
    withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.group.findFirstOrThrow({ where: { boardId, kind: 'homeroom' }, select: { id: true, name: true } }),
    )
})

describe('revoking', () => {
  test('ends the sessions of that person at once, and may be done to oneself', async () => {
    const personId = await leader()
    const [grant] = await listGrants(t, { boardId, personId })
    const soon = new Date(Date.now() + 60_000)
    const open = () =>
      withTenant(t.db, { boardId, role: 'system' }, tx =>
        tx.session.count({ where: { boardId, personId, endedAt: null } }),
      )
    await withTenant(t.db, { boardId, role: 'system' }, tx =>
      tx.session.create({
        data: { boardId, id: randomUUID(), personId, schoolId, channel: 'oidc', authTime: soon, endsAt: soon },
      }),
    )
    const stranger = await who('leerkracht:24')
    await expect(revokeGrant(ctx(), { boardId, grantId: grant?.id ?? '', by: stranger })).rejects.toMatchObject({
      code: 'forbidden',
    })
    expect(await open()).toBe(1)
    await revokeGrant(ctx(), { boardId, grantId: grant?.id ?? '', by: personId })
    expect(await open()).toBe(0)
    expect(await listGrants(t, { boardId, personId })).toMatchObject([{ revoked: true }])
  })

  test('another board cannot', async () => {
    const personId = await leader()
    const [grant] = await listGrants(t, { boardId, personId })
    const other = await createBoard(t, { name: 'Ander' })
    await expect(
      revokeGrant(ctx(), { boardId: other.boardId, grantId: grant?.id ?? '', by: 'operator' }),
    ).rejects.toMatchObject({ code: 'not-found' })
  })
})
