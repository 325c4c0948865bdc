/** An account that went from one child to another, as the roster's key did: whoever has it now can come in, and as nobody but themselves. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openConflicts } from '../../../connector/admin/conflict-list.ts'
import { decideOther, decideSame } from '../../../connector/admin/conflicts.ts'
import { linkIdentity, type ProvenIdentity } from '../../../connector/entry/link.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { madeUpSchool } from '../sync/made-up.ts'
import { type Place, peopleOf, schoolWith } from '../sync/place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const issuer = 'https://login.school.example'
const key = { claim: 'kind302', keyType: 'username' }
const none = { claim: null, keyType: 'sis-id' }
const signIn = ({ ctx, boardId, schoolId }: Place, proven: Pick<ProvenIdentity, 'subject' | 'claim' | 'keyType'>) =>
  linkIdentity({ ...ctx, clock: ctx.clock }, { boardId, schoolId, issuer, ...proven })

/** Leerling 302 signs in by the school, and by an LMS whose account they said is theirs; then the roster has another child under that key. */
async function handedOn() {
  const place = await schoolWith(t, madeUpSchool())
  await place.first()
  const old = (await peopleOf(place)).get('Kind302')?.id ?? ''
  const { boardId } = place
  expect(await signIn(place, { subject: 'account', ...key })).toMatchObject({ personId: old })
  const keys = await t.keyring.board(boardId)
  const subjectTag = keys.fingerprint('subject', Buffer.from(`https://lms.example\nlms-302`))
  await place.read(tx =>
    tx.identity.create({
      data: {
        ...{ boardId, id: randomUUID(), personId: old, issuer: 'https://lms.example', subjectTag },
        linkedBy: 'confirmed:lti',
      },
    }),
  )
  const school = madeUpSchool()
  place.stand.says = {
    ...school,
    people: school.people.map(each =>
      each.sourceId === 'leerling:302' ? { ...each, givenName: 'Nieuw', familyName: 'Anders' } : each,
    ),
  }
  await place.sync()
  const [question] = await openConflicts(place.ctx, place)
  const atLms = () => linkIdentity(place.ctx, { ...place, issuer: 'https://lms.example', subject: 'lms-302', ...none })
  return { place, old, conflictId: question?.id ?? '', atLms }
}

describe('an account of a key that came back with another name', () => {
  test('opens nothing by the key while nobody has said who it is', async () => {
    const { place } = await handedOn()
    expect(await signIn(place, { subject: 'account', ...key })).toEqual({ found: 'nobody' })
  })

  test('is the newcomer’s once a person said that it is another child, and the old links of every kind are gone', async () => {
    const { place, old, conflictId, atLms } = await handedOn()
    expect(await atLms()).toMatchObject({ personId: old })
    await decideOther(place.ctx, { boardId: place.boardId, conflictId })
    const left = await place.read(tx => tx.identity.count({ where: { boardId: place.boardId, personId: old } }))
    expect(left).toBe(0)
    await place.sync()
    const fresh = (await peopleOf(place)).get('Nieuw')?.id ?? ''
    expect(fresh).not.toBe(old)
    expect(await signIn(place, { subject: 'account', ...key })).toEqual({ found: 'person', personId: fresh })
    expect(await atLms()).toEqual({ found: 'nobody' })
    const told = await place.read(tx =>
      tx.auditEntry.findMany({ where: { boardId: place.boardId, action: 'identity.unlink' } }),
    )
    expect(told).toMatchObject([{ object: old, outcome: 'done', detail: { links: 1 } }])
  })

  test('stays where it was when it is the same child after all', async () => {
    const { place, old, conflictId, atLms } = await handedOn()
    await decideSame(place.ctx, { boardId: place.boardId, conflictId, personId: old })
    expect(await atLms()).toMatchObject({ personId: old })
  })
})
