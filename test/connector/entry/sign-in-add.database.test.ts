/** What an administrator may write down as a sign-in, and who hears of it. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addSignIn, listSignIns, type NewSignIn, removeSignIn } from '../../../connector/admin/sign-ins.ts'
import { routesTo } from '../../../connector/store/routes.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type SeededSchool, seedBoard, seedGrant, seedPerson, seedSchool } from '../../support/seed.ts'

let t: TestDatabase
let school: SeededSchool
let leader: string
beforeAll(async () => {
  t = await testDatabase()
  school = await seedSchool(t, await seedBoard(t))
  leader = (await seedPerson(t, school, { role: 'staff' })).id
  await seedGrant(t, school, leader, { role: 'SCHOOL_LEADER' })
})
afterAll(() => t.close())

const tid = randomUUID()
const add = (more: Partial<NewSignIn>) =>
  addSignIn(t, { boardId: school.boardId, schoolId: school.id, label: 'School', clientId: randomUUID(), ...more })
const mails = () =>
  withTenant(t.db, { boardId: school.boardId, role: 'system' }, tx =>
    tx.mailItem.findMany({
      where: { boardId: school.boardId, kind: 'sign-in-changed' },
      orderBy: { createdAt: 'asc' },
    }),
  )

describe('a sign-in', () => {
  it('of a kind needs no more than what that kind leaves open', async () => {
    expect(await add({ kind: 'google', tenant: 'School.NL' })).toMatchObject({
      ...{ issuer: 'https://accounts.google.com', tenant: 'school.nl', scopes: 'openid email' },
      ...{ claim: 'sub', keyType: 'object-id', hasSecret: false },
    })
    expect(await add({ kind: 'entra', tenant: tid })).toMatchObject({
      issuer: `https://login.microsoftonline.com/${tid}/v2.0`,
      claim: 'oid',
    })
    expect(await add({ kind: 'entree', issuer: 'https://oidcng.entree.kennisnet.nl' })).toMatchObject({
      ...{ tenant: null, claim: 'nlEduPersonRealId', keyType: 'username' },
    })
    expect(await add({ issuer: 'https://login.school.nl', claim: 'sis_id', keyType: 'sis-id' })).toMatchObject({
      ...{ kind: 'oidc', scopes: 'openid profile' },
    })
    expect(await listSignIns(t, { boardId: school.boardId, schoolId: school.id })).toHaveLength(4)
  })

  it.for<[string, Partial<NewSignIn>, RegExp]>([
    ['Google without a domain', { kind: 'google' }, /tenant: is the domain/],
    ['Google with an address for a domain', { kind: 'google', tenant: 'a@school.nl' }, /tenant/],
    [
      'Google at another issuer',
      { kind: 'google', tenant: 'school.nl', issuer: 'https://accounts.google.nl' },
      /issuer/,
    ],
    ['Entra for everybody', { kind: 'entra', tenant: 'common' }, /tenant: is the tenant id/],
    ['Entra for every organisation', { kind: 'entra', tenant: 'organizations' }, /tenant/],
    [
      'Entra of another tenant than it says',
      { kind: 'entra', tenant: tid, issuer: `https://login.microsoftonline.com/${randomUUID()}/v2.0` },
      /issuer/,
    ],
    ['Entree anywhere', { kind: 'entree', issuer: 'https://login.school.nl' }, /Kennisnet/],
    ['Entree nowhere', { kind: 'entree' }, /issuer/],
    ['Google without its check', { issuer: 'https://accounts.google.com', claim: 'sub', keyType: 'subject' }, /issuer/],
    ['a provider without a claim', { issuer: 'https://login.school.nl' }, /claim: is needed/],
    ['a provider with a tenant', { issuer: 'https://a.nl', claim: 'x', keyType: 'sis-id', tenant: 'x' }, /tenant/],
    [
      'an e-mail address for a key',
      { issuer: 'https://a.nl', claim: 'email', keyType: 'email' },
      /e-mail address alone/,
    ],
    ['plain http', { issuer: 'http://login.school.nl', claim: 'x', keyType: 'sis-id' }, /issuer/],
    ['scopes without openid', { kind: 'google', tenant: 'school.nl', scopes: 'email' }, /scopes/],
    ['a kind that is not known', { kind: 'saml' as 'oidc' }, /kind/],
  ])('is refused: %s', async ([, more, says], { expect }) => {
    await expect(add(more)).rejects.toMatchObject({ code: 'invalid-input', message: expect.stringMatching(says) })
  })

  it('that comes or goes is told to the leader, in the same transaction, and leads its issuer here', async () => {
    const before = (await mails()).length
    expect(before).toBeGreaterThan(0)
    expect((await mails()).every(each => each.personId === leader)).toBe(true)
    const { id } = await add({ issuer: 'https://login2.school.nl', claim: 'sis_id', keyType: 'sis-id' })
    expect(await routesTo(t.db, 'sign-in', id)).toMatchObject([{ toBoardId: school.boardId }])
    await removeSignIn(t, { boardId: school.boardId, signInId: id })
    expect(await routesTo(t.db, 'sign-in', id)).toEqual([])
    await expect(add({ kind: 'google' })).rejects.toThrow()
    // One that waits says all that there is to say.
    expect((await mails()).length).toBe(before)
  })
})
