/** A roster for who is in the school, a directory for who may sign in: whose an account is, and whose it never is. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeSource } from '../../../connector/admin/sources.ts'
import { linkIdentity } from '../../../connector/entry/link.ts'
import { previewRun } from '../../../connector/sync/held.ts'
import { listRuns } from '../../../connector/sync/run.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { type Account, account, alongside, directory, foundBy, key } from './alongside.ts'
import { canary, type MadeUp, madeUpSchool, pupil, teacher, without } from './made-up.ts'
import { type Place, peopleOf, rosterOf, schoolWith } from './place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

/** The made-up school, whose people have numbers and the staff an address. */
function numbered(): MadeUp {
  const school = madeUpSchool()
  const people = school.people.map(each => {
    const n = each.sourceId.split(':')[1] ?? ''
    if (each.role === 'pupil') return { ...each, keys: [...each.keys, key('pupil-number', n)] }
    const email = `juf${n}@school.nl`
    return { ...each, email, keys: [...each.keys, key('staff-number', n), key('email', email)] }
  })
  return { ...school, people }
}
const kind = (n: number, more: Partial<Account> = {}) =>
  account({ id: `k${n}`, keys: [key('pupil-number', `${n}`)], ...more })
const juf = (n: number, more: Partial<Account> = {}) =>
  account({ id: `j${n}`, role: 'staff', keys: [key('staff-number', `${n}`)], ...more })
const oid = (id: string) => key('object-id', `oid-${id}`)

async function school(roster = numbered()) {
  const place = await schoolWith(t, roster)
  await place.first()
  const people = await peopleOf(place)
  return { place, id: (name: string) => people.get(name)?.id ?? '' }
}
const grant = ({ boardId, schoolId, read }: Place, personId: string, role: string) =>
  read(tx =>
    tx.grant.create({
      data: {
        ...{ boardId, id: randomUUID(), schoolId, personId, role, grantedBy: 'operator' },
        ...{ startsOn: new Date('2026-09-01'), confirmedAt: new Date() },
      },
    }),
  )

describe('a directory beside a roster', () => {
  test('gives keys to people of the roster, counts the accounts of nobody, and changes nothing else', async () => {
    const { place, id } = await school()
    const strangers = [account({ id: 'x1' }), account({ id: 'x2', role: 'staff' })]
    const entra = await alongside(place, directory(kind(301), kind(302), juf(3), ...strangers))
    const before = await rosterOf(place)
    const held = await entra.sync()
    expect(held).toMatchObject({
      state: 'held',
      reasons: [{ guard: 'first-run' }],
      counts: { accounts: 5, 'accounts.linked': 3, 'accounts.unmatched': 2 },
    })
    expect(held.diff).toEqual([
      '+ 2 accounts linked by pupil-number: user:k301, user:k302',
      '+ 1 accounts linked by staff-number: user:j3',
      '· 2 accounts of nobody in the roster: user:x1, user:x2',
      '+ 9 keys for sign-in',
    ])
    expect(await previewRun(entra.ctx, { boardId: place.boardId, runId: held.runId })).toEqual(held.diff)
    expect(await foundBy(place, oid('k301'))).toEqual([])
    expect(await entra.approve(held.runId)).toMatchObject({ state: 'applied' })

    expect(await foundBy(place, oid('k301'))).toEqual([id('Kind301')])
    expect(await foundBy(place, oid('j3'))).toEqual([id('Juf3')])
    expect(await foundBy(place, oid('x2'))).toEqual([])
    const after = await rosterOf(place)
    const bare = (roster: typeof before) => ({
      ...roster,
      people: roster.people.map(({ keys: _keys, ...rest }) => rest),
    })
    expect(bare(after)).toEqual(bare(before))
    expect((await entra.sync()).state).toBe('unchanged')
    expect((await place.sync()).state).toBe('unchanged')
    expect(JSON.stringify(await listRuns(entra.ctx, { boardId: place.boardId }))).not.toContain(canary)
  })

  test('knows an account by its own key after that, when its number is gone', async () => {
    const { place, id } = await school()
    const entra = await alongside(place, directory(kind(301)))
    await entra.first()
    entra.stand.says = directory(account({ id: 'k301' }))
    expect(await entra.sync()).toMatchObject({ state: 'applied', counts: { 'keys.remove': 1 } })
    expect(await foundBy(place, oid('k301'))).toEqual([id('Kind301')])
  })

  test('gives a newcomer of the roster the account that was there before, though the directory did not change', async () => {
    const { place } = await school(without(numbered(), 'leerling:301'))
    const entra = await alongside(place, directory(kind(301), kind(302)))
    await entra.first()
    expect(await foundBy(place, oid('k301'))).toEqual([])
    place.stand.says = numbered()
    await place.sync()
    expect(await entra.sync()).toMatchObject({ state: 'applied', counts: { 'accounts.linked': 2 } })
    expect(await foundBy(place, oid('k301'))).toEqual([(await peopleOf(place)).get('Kind301')?.id])
  })

  test('lets nobody in by an account that is closed, or gone, at once', async () => {
    const { place, id } = await school()
    const entra = await alongside(place, directory(kind(301), kind(302), kind(303)))
    await entra.first()
    const context = place.ctx
    const signIn = (who: string) =>
      linkIdentity(context, {
        ...{ boardId: place.boardId, schoolId: place.schoolId, issuer: 'https://login', subject: `sub-${who}` },
        ...{ claim: `oid-${who}`, keyType: 'object-id' },
      })
    expect([await signIn('k301'), await signIn('k302')]).toMatchObject([
      { found: 'person', personId: id('Kind301') },
      { found: 'person', personId: id('Kind302') },
    ])
    const [here, there, other] = [
      await session(place, id('Kind301')),
      await session(place, id('Kind302')),
      await session(place, id('Kind303')),
    ]
    entra.stand.says = directory(kind(302, { status: 'inactive' }), kind(303))
    expect(await entra.sync()).toMatchObject({ state: 'applied', counts: { 'accounts.gone': 2 } })
    // Also by the link that an earlier sign-in made.
    expect([await signIn('k301'), await signIn('k302')]).toEqual([{ found: 'nobody' }, { found: 'nobody' }])
    expect([await here(), await there(), await other()]).toEqual([false, false, true])
  })

  test('takes the keys of who left the school by the roster', async () => {
    const { place } = await school()
    const entra = await alongside(place, directory(kind(301), kind(302)))
    await entra.first()
    place.stand.says = without(numbered(), 'leerling:301')
    await place.sync()
    expect(await entra.sync()).toMatchObject({ state: 'applied', counts: { 'accounts.unmatched': 1 } })
    expect(await foundBy(place, oid('k302'))).toHaveLength(1)
    const left = await place.read(tx =>
      tx.rosterKey.count({ where: { boardId: place.boardId, sourceId: entra.sourceId } }),
    )
    expect(left).toBe(3)
  })

  test('is refused before a roster, for another school, and without an account', async () => {
    const place = await schoolWith(t, numbered())
    const early = await alongside(place, directory(kind(301)))
    expect(await early.sync()).toMatchObject({ state: 'refused', reasons: [{ guard: 'no-roster' }] })
    await place.first()
    early.stand.says = { ...directory(kind(301)), brin: '98YY' }
    expect(await early.sync()).toMatchObject({ state: 'refused', reasons: [{ guard: 'other-school' }] })
    early.stand.says = directory(kind(301, { status: 'inactive' }))
    expect(await early.sync()).toMatchObject({ state: 'refused', reasons: [{ guard: 'no-accounts' }] })
  })

  test('is held when it shows less than before: fewer rights, or many accounts gone', async () => {
    const { place } = await school()
    const many = [3, 4, 5].flatMap(g => [1, 2, 3, 4, 5].map(n => kind(g * 100 + n)))
    const entra = await alongside(place, { ...directory(...many), grant: ['User.Read.All', 'Group.Read.All'] })
    await entra.first()
    entra.stand.says = { ...directory(...many), grant: ['User.Read.All'] }
    expect(await entra.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'narrower-grant' }] })
    entra.stand.says = { ...directory(...many.slice(6)), grant: ['User.Read.All', 'Group.Read.All'] }
    expect(await entra.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'keys-vanish' }] })
    entra.stand.says = { ...directory(...many.slice(5)), grant: ['User.Read.All', 'Group.Read.All'] }
    expect(await entra.sync()).toMatchObject({ state: 'applied' })
    const bare = many.slice(5).map(each => ({ ...each, keys: each.keys.filter(({ type }) => type === 'object-id') }))
    entra.stand.says = { ...directory(...bare), grant: ['User.Read.All', 'Group.Read.All'] }
    expect(await entra.sync()).toMatchObject({ state: 'held', reasons: [{ guard: 'keys-missing' }] })
  })
})

describe('an attack by an account', () => {
  const linked = async (says: MadeUp, setUp?: (place: Place, id: (name: string) => string) => Promise<unknown>) => {
    const { place, id } = await school()
    await setUp?.(place, id)
    const entra = await alongside(place, says)
    await entra.first()
    return { place, id, entra }
  }

  test('with the e-mail address of a teacher, that a pupil made: a pupil’s is nothing, a colleague’s a question', async () => {
    const email = 'juf3@school.nl'
    const { place, entra, id } = await linked(
      directory(account({ id: 'k9', email }), account({ id: 'j9', role: 'staff', email }), kind(301)),
    )
    expect([await foundBy(place, oid('k9')), await foundBy(place, oid('j9'))]).toEqual([[], []])
    expect(await entra.questions()).toMatchObject([
      { kind: 'staff-address', personId: null, candidates: [id('Juf3')], state: 'open' },
    ])
    // And an address is no key, whoever has it.
    expect(await place.read(tx => tx.rosterKey.count({ where: { sourceId: entra.sourceId, type: 'email' } }))).toBe(0)
  })

  test('of a pupil with the staff number of a teacher gets the pupil nowhere', async () => {
    const { place, entra, id } = await linked(directory(account({ id: 'k9', keys: [key('staff-number', '3')] })))
    expect(await foundBy(place, oid('k9'))).toEqual([])
    expect(await entra.questions()).toMatchObject([{ kind: 'same-key', personId: null, candidates: [id('Juf3')] }])
  })

  test('with the number of the leader, that an administrator typed, is a question', async () => {
    const { place, entra, id } = await linked(directory(juf(3), juf(4)), (place, id) =>
      grant(place, id('Juf3'), 'SCHOOL_LEADER'),
    )
    expect([await foundBy(place, oid('j3')), await foundBy(place, oid('j4'))]).toEqual([[], [id('Juf4')]])
    expect(await entra.questions()).toMatchObject([{ kind: 'same-key', candidates: [id('Juf3')] }])
  })

  test('beside another with one pupil number: neither gets in, the others do', async () => {
    const { place, entra, id } = await linked(
      directory(kind(301), account({ id: 'twin', keys: [key('pupil-number', '301')] }), kind(302)),
    )
    expect([await foundBy(place, oid('k301')), await foundBy(place, oid('twin'))]).toEqual([[], []])
    expect(await foundBy(place, oid('k302'))).toEqual([id('Kind302')])
    expect((await entra.questions()).map(each => each.candidates)).toEqual([[id('Kind301')], [id('Kind301')]])
    // Gone with its cause, and the one that is left is theirs.
    entra.stand.says = directory(kind(301), kind(302))
    expect(await entra.sync()).toMatchObject({ state: 'applied' })
    expect((await entra.questions()).map(each => each.state)).toEqual(['gone', 'gone'])
    expect(await foundBy(place, oid('k301'))).toEqual([id('Kind301')])
    // And open again when it is back: whoever came second gets nothing.
    entra.stand.says = directory(kind(301), account({ id: 'twin', keys: [key('pupil-number', '301')] }), kind(302))
    await entra.sync()
    expect([await foundBy(place, oid('k301')), await foundBy(place, oid('twin'))]).toEqual([[id('Kind301')], []])
    expect((await entra.questions('open')).map(each => each.candidates)).toEqual([[id('Kind301')]])
  })

  test('that takes the user name of somebody else of the roster is a question, and shuts nobody out', async () => {
    const { place, entra, id } = await linked(
      directory(account({ id: 'k301', keys: [key('pupil-number', '301'), key('username', 'kind302')] })),
    )
    expect(await foundBy(place, key('username', 'kind302'))).toEqual([id('Kind302')])
    expect(await foundBy(place, oid('k301'))).toEqual([])
    expect((await entra.questions()).map(each => each.candidates)).toEqual([[id('Kind301'), id('Kind302')].sort()])
  })

  test.each([
    ['one pupil to another', () => kind(302, { id: 'k301' }), 'Kind301', 'Kind302', ['keys-move']],
    ['a pupil to a teacher', () => juf(3, { id: 'k301' }), 'Kind301', 'Juf3', ['keys-move', 'pupil-key-to-staff']],
  ])('that moves overnight from %s is held, and ends the sessions of both', async (_what, moved, from, to, guards) => {
    const { place, entra, id } = await linked(directory(kind(301), kind(303)))
    const [alive, there] = [await session(place, id(from)), await session(place, id(to))]
    entra.stand.says = directory(moved(), kind(303))
    const held = await entra.sync()
    expect(held.state).toBe('held')
    expect(held.reasons.map(reason => reason.guard)).toEqual(guards)
    expect(await foundBy(place, oid('k301'))).toEqual([id(from)])
    expect(await alive()).toBe(true)
    await entra.approve(held.runId)
    expect(await foundBy(place, oid('k301'))).toEqual([id(to)])
    expect([await alive(), await there()]).toEqual([false, false])
  })

  test('that takes the place of another one of the same person is held', async () => {
    const { place, entra, id } = await linked(directory(juf(3)))
    entra.stand.says = directory(juf(3, { id: 'new' }))
    const held = await entra.sync()
    expect(held).toMatchObject({ state: 'held', reasons: [{ guard: 'account-replaced' }] })
    await entra.approve(held.runId)
    expect([await foundBy(place, oid('new')), await foundBy(place, oid('j3'))]).toEqual([[id('Juf3')], []])
  })

  test('of another board finds nobody of ours', async () => {
    const shared = [key('object-id', 'oid-shared')]
    const both = (school: MadeUp): MadeUp => ({ ...school, people: [...school.people, teacher(50, { keys: shared })] })
    const [one, two] = [await schoolWith(t, both(madeUpSchool())), await schoolWith(t, both(madeUpSchool()))]
    await one.first()
    await two.first()
    const [a, b] = [(await peopleOf(one)).get('Juf50')?.id, (await peopleOf(two)).get('Juf50')?.id]
    expect(a).not.toBe(b)
    const entra = await alongside(two, directory(account({ id: 'shared', role: 'staff' })))
    await entra.first()
    expect(await foundBy(two, oid('shared'))).toEqual([b])
    expect(await foundBy(one, oid('shared'))).toEqual([a])
    expect(await entra.questions()).toEqual([])
  })
})

test('one account at two schools of a board, a person at each: asked once, and not linked', async () => {
  const { place } = await school()
  const unaddressed = numbered().people.map(({ email: _email, ...each }) => ({
    ...each,
    keys: each.keys.filter(({ type }) => type !== 'email'),
  }))
  const roster = { ...numbered(), people: unaddressed, brin: '98YY' }
  const second = await schoolWith(t, roster, { boardId: place.boardId, brin: '98YY' })
  await second.first()
  const here = await alongside(place, directory(juf(3)))
  const there = await alongside(second, { ...directory(juf(3)), brin: '98YY' })
  await here.first()
  await there.first()
  const [a, b] = [(await peopleOf(place)).get('Juf3')?.id, (await peopleOf(second)).get('Juf3')?.id]
  expect(a).not.toBe(b)
  expect([await foundBy(place, oid('j3')), await foundBy(second, oid('j3'))]).toEqual([[a], [b]])
  expect(await there.questions()).toMatchObject([{ kind: 'same-key', personId: b, candidates: [a] }])
  await here.sync()
  expect(await here.questions()).toEqual([])
})

test('a user name that the roster gives to another child takes the sign-in along, and ends the session', async () => {
  const { place, id } = await school()
  const [one, two] = [id('Kind301'), id('Kind302')]
  const proven = { issuer: 'https://login', subject: 'sub-1', claim: 'kind301', keyType: 'username' }
  const signIn = () => linkIdentity(place.ctx, { ...place, ...proven })
  expect(await signIn()).toMatchObject({ personId: one })
  const [alive, other] = [await session(place, one), await session(place, id('Kind303'))]
  const roster = numbered()
  const swapped = (sourceId: string, username: string) => {
    roster.people = roster.people.map(each => {
      const keys = each.keys.map(k => (k.type === 'username' ? { ...k, value: username } : k))
      return each.sourceId === sourceId ? { ...each, username, keys } : each
    })
  }
  swapped('leerling:301', 'kind301b')
  swapped('leerling:302', 'kind301')
  place.stand.says = roster
  const held = await place.sync()
  expect(held).toMatchObject({
    ...{ state: 'held' },
    reasons: [{ guard: 'sign-in-moved', says: '1 sign-in goes from one person to another: leerling:302.' }],
  })
  // Nobody has said yes: it is still theirs, and nobody's session ended.
  expect([await signIn(), await alive()]).toMatchObject([{ personId: one }, true])
  expect((await place.approve(held.runId)).state).toBe('applied')
  expect(await signIn()).toMatchObject({ personId: two })
  expect([await alive(), await other()]).toEqual([false, true])
})

test('a source of identities can go, and its keys and the sign-ins by them with it', async () => {
  const { place, id } = await school()
  const entra = await alongside(place, directory(kind(301)))
  await entra.first()
  const alive = await session(place, id('Kind301'))
  await removeSource(place.ctx, { boardId: place.boardId, sourceId: entra.sourceId })
  expect(await foundBy(place, oid('k301'))).toEqual([])
  expect(await foundBy(place, key('pupil-number', '301'))).toEqual([id('Kind301')])
  expect(await alive()).toBe(false)
  await expect(removeSource(place.ctx, place)).rejects.toMatchObject({ reason: 'source-in-use' })
})

test('nobody’s name is readable in a question', async () => {
  const { place } = await school()
  const entra = await alongside(
    place,
    directory(account({ id: 'k9', givenName: canary, keys: [key('staff-number', '3')] })),
  )
  await entra.first()
  expect(await entra.questions()).toHaveLength(1)
  const text = await t.asSuperuser(async client => {
    const { rows } = await client.query<{ row: string }>(`select row_to_json(c)::text as row from "MatchConflict" c`)
    return rows.map(({ row }) =>
      row.replace(/\\\\x([0-9a-f]+)/g, (_, hex) => Buffer.from(hex, 'hex').toString('latin1')),
    )
  })
  expect(text.length).toBeGreaterThan(0)
  expect(text.join()).not.toContain(canary)
  expect(text.join()).not.toContain('user:k9')
})

/** @returns whether it goes on */
const session = async ({ boardId, schoolId, read }: Place, personId: string) => {
  const id = randomUUID()
  const times = { authTime: new Date(), endsAt: new Date(Date.now() + 3_600_000) }
  await read(tx => tx.session.create({ data: { boardId, id, personId, schoolId, channel: 'test', ...times } }))
  return async () => (await read(tx => tx.session.count({ where: { boardId, id, endedAt: null } }))) === 1
}

/** Two records of one school that a second roster brings as well. */
describe('a second roster of the same school', () => {
  test('links newcomers by their number, asks about the rest, and makes somebody of everybody', async () => {
    const { place, id } = await school()
    const twin = { ...pupil(901, { sourceId: 'other:901', keys: [key('pupil-number', '302')] }) }
    const twins = [twin, { ...twin, sourceId: 'other:902', givenName: 'Kind902' }]
    const again = [
      pupil(900, { sourceId: 'other:900', keys: [key('pupil-number', '301')] }),
      ...twins,
      teacher(90, { sourceId: 'other:90', email: 'juf3@school.nl' }),
    ]
    const second = await alongside(place, { ...madeUpSchool(), people: again, memberships: [] }, 'roster')
    const held = await second.sync()
    expect(held.diff).toContain('= 1 of them known in this board by pupil-number: other:900')
    expect(held.diff).toContain('? 3 questions for a person: other:90, other:901, other:902')
    await second.approve(held.runId)
    const people = await peopleOf(place)
    expect(people.get('Kind301')?.id).toBe(id('Kind301'))
    const [address, ...keys] = (await second.questions()).sort((a, b) => (a.kind > b.kind ? -1 : 1))
    expect(address).toMatchObject({
      kind: 'staff-address',
      personId: people.get('Juf90')?.id,
      candidates: [id('Juf3')],
    })
    expect(keys.map(each => each.personId).sort()).toEqual(
      [people.get('Kind901')?.id, people.get('Kind902')?.id].sort(),
    )
    expect(people.get('Kind901')).toMatchObject({ active: true })

    // Seen again by every run, and asked by neither of the two sources a second time.
    place.onDay('2026-10-06')
    second.stand.says = { ...madeUpSchool(), people: again, memberships: [], createdAt: '2026-10-06T00:00:00Z' }
    place.stand.says = { ...numbered(), createdAt: '2026-10-06T00:00:00Z' }
    expect([(await second.sync()).state, (await place.sync()).state]).toEqual(['unchanged', 'unchanged'])
    const seen = await second.questions('open')
    expect(seen).toHaveLength(3)
    expect(new Set(seen.map(each => each.lastSeenAt.toISOString().slice(0, 10)))).toEqual(new Set(['2026-10-06']))
    expect(await place.read(tx => tx.matchConflict.count({ where: { sourceId: place.sourceId } }))).toBe(0)

    // Both leave: the questions about them lose their cause.
    second.stand.says = { ...madeUpSchool(), people: again.filter(each => !twins.includes(each)), memberships: [] }
    expect((await second.sync()).state).toBe('applied')
    expect((await second.questions('open')).map(each => each.kind)).toEqual(['staff-address'])
  })
})
