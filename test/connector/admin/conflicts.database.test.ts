/** Who decides that two are one, what becomes of them, and what nobody can decide. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listConflicts, openConflicts, showConflict } from '../../../connector/admin/conflict-list.ts'
import { decideOther, decideSame, whyNotDecide } from '../../../connector/admin/conflicts.ts'
import { linkIdentity } from '../../../connector/entry/link.ts'
import { noteConflicts } from '../../../connector/store/conflicts.ts'
import { type TestDatabase, testDatabase } from '../../support/database.ts'
import { account, alongside, directory, foundBy, key } from '../sync/alongside.ts'
import { group, type MadeUp, madeUpSchool, member, pupil, teacher } from '../sync/made-up.ts'
import { type Place, peopleOf, schoolWith, signedIn } from '../sync/place.ts'

let t: TestDatabase
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

const email = 'juf3@school.nl'
const staff12 = key('staff-number', '12')
const no301 = key('pupil-number', '301')

/** The made-up school, with an address for Juf3 and a number for Kind301. */
function known(): MadeUp {
  const school = madeUpSchool()
  const people = school.people.map(each => {
    if (each.sourceId === 'leerkracht:3') return { ...each, email, keys: [...each.keys, key('email', email), staff12] }
    return each.sourceId === 'leerling:301' ? { ...each, keys: [...each.keys, no301] } : each
  })
  return { ...school, people }
}

/** A second roster, in which Juf3 is Juf90 of group Plus, with the same address. */
async function asked(more: Partial<MadeUp> = {}) {
  const place = await schoolWith(t, known())
  await place.first()
  const plus = group(9, undefined, { name: 'Plus', sourceId: 'other:plus', grades: [] })
  const juf90 = teacher(90, { sourceId: 'other:90', email })
  const child = pupil(900, { sourceId: 'other:900' })
  const says = {
    ...{ ...madeUpSchool(), people: [juf90, child], groups: [plus] },
    memberships: [member(plus, juf90), member(plus, child)],
    ...more,
  }
  const second = await alongside(place, says, 'roster')
  await second.first()
  const people = await peopleOf(place)
  const [question] = await second.questions('open')
  const id = (name: string) => people.get(name)?.id ?? ''
  return { place, second, id, question: question?.id ?? '', boardId: place.boardId }
}

const same = (place: Pick<Place, 'ctx' | 'boardId'>, conflictId: string, personId: string, by?: string) =>
  decideSame(place.ctx, { boardId: place.boardId, conflictId, personId, ...(by === undefined ? {} : { by }) })
const other = (place: Pick<Place, 'ctx' | 'boardId'>, conflictId: string) =>
  decideOther(place.ctx, { boardId: place.boardId, conflictId })

const grant = ({ boardId, schoolId, read }: Place, personId: string, role: string, more: object = {}) =>
  read(tx =>
    tx.grant.create({
      data: {
        ...{ boardId, id: randomUUID(), schoolId, personId, role, grantedBy: 'operator' },
        ...{ startsOn: new Date('2026-09-01'), confirmedAt: new Date(), ...more },
      },
    }),
  )
const identity = ({ boardId, read }: Place, personId: string, issuer: string, subjectTag = randomUUID()) =>
  read(tx =>
    tx.identity.create({
      data: {
        boardId,
        id: randomUUID(),
        personId,
        issuer,
        subjectTag: Buffer.from(subjectTag),
        linkedBy: 'claim:sis-id',
      },
    }),
  )
const personRow = ({ boardId, read }: Place, id: string) =>
  read(tx =>
    tx.person.findUniqueOrThrow({
      where: { boardId_id: { boardId, id } },
      include: { affiliations: true, memberships: true, rosterKeys: true, identities: true, grants: true },
    }),
  )
const audited = ({ boardId, read }: Place, action: string) =>
  read(tx => tx.auditEntry.findMany({ where: { boardId, action } }))

describe('the queue', () => {
  test('says what either side is called, where they are, and why it is a question; and that it was shown', async () => {
    const { place, id, question, boardId } = await asked()
    const [listed, ...rest] = await listConflicts(place.ctx, { boardId, by: 'operator' })
    expect(rest).toEqual([])
    expect(listed).toEqual({
      ...{ id: question, schoolId: place.schoolId, source: 'Ernaast', gives: 'roster', kind: 'staff-address' },
      ...{ why: expect.stringContaining('address of a colleague'), since: '2026-10-05' },
      record: {
        ...{ sourceId: 'other:90', role: 'staff', name: 'Juf90 Zwaluwstaartmeester90' },
        person: {
          ...{ personId: id('Juf90'), name: 'Juf90 Zwaluwstaartmeester90', opens: true },
          at: [{ school: 'De Klim', role: 'staff', status: 'active', groups: ['Plus'] }],
        },
      },
      candidates: [
        {
          ...{ personId: id('Juf3'), name: 'Juf3 Zwaluwstaartmeester3', opens: true },
          at: [{ school: 'De Klim', role: 'staff', status: 'active', groups: ['3'] }],
        },
      ],
    })
    expect(await showConflict(place.ctx, { boardId, conflictId: question })).toEqual(listed)
    expect((await audited(place, 'conflict.list')).concat(await audited(place, 'conflict.show'))).toHaveLength(2)
    expect(await openConflicts(place.ctx, { boardId })).toEqual([{ id: question, candidates: [id('Juf3')] }])
    expect(await openConflicts(place.ctx, { boardId, schoolId: randomUUID() })).toEqual([])
  })

  test('of another board is not there', async () => {
    const { question, id } = await asked()
    const elsewhere = await schoolWith(t, known())
    const { boardId, ctx } = elsewhere
    expect(await listConflicts(ctx, { boardId })).toEqual([])
    const tries = [
      () => showConflict(ctx, { boardId, conflictId: question }),
      () => same(elsewhere, question, id('Juf3')),
      () => other(elsewhere, question),
    ]
    for (const tried of tries)
      await expect(tried()).rejects.toMatchObject({ code: 'not-found', reason: 'conflict-unknown' })
  })
})

describe('a newcomer who is somebody', () => {
  test('becomes them: places, keys, sign-ins and grants go over, and every session of both ends', async () => {
    const { place, second, id, question } = await asked()
    const [from, into] = [id('Juf90'), id('Juf3')]
    await identity(place, from, 'https://b')
    await identity(place, into, 'https://a')
    await grant(place, from, 'SAFETY_COORDINATOR')
    const alive = [await signedIn(place, from), await signedIn(place, into), await signedIn(place, id('Kind301'))]

    expect(await same(place, question, into)).toEqual({ conflictId: question, state: 'same', personId: into })
    const was = await personRow(place, from)
    expect(was).toMatchObject({ active: false, mergedIntoId: into })
    expect([was.affiliations, was.memberships, was.rosterKeys, was.identities, was.grants]).toEqual([
      [],
      [],
      [],
      [],
      [],
    ])
    const now = await personRow(place, into)
    expect(now).toMatchObject({ active: true, mergedIntoId: null })
    expect([now.affiliations, now.memberships, now.identities, now.grants].map(list => list.length)).toEqual([
      2, 2, 2, 1,
    ])
    expect(await Promise.all(alive.map(each => each()))).toEqual([false, false, true])
    expect(await foundBy(place, key('sis-id', 'other:90'))).toEqual([into])
    expect(await audited(place, 'conflict.same')).toMatchObject([
      { actor: 'operator', object: question, detail: { kind: 'staff-address', record: from, person: into } },
    ])

    // Neither source sees a change in it, and neither asks again.
    place.onDay('2026-10-06')
    const later = '2026-10-06T01:00:00Z'
    place.stand.says = { ...known(), createdAt: later }
    second.stand.says = { ...(second.stand.says as MadeUp), createdAt: later }
    expect([await place.sync(), await second.sync()]).toMatchObject([{ state: 'unchanged' }, { state: 'unchanged' }])
    expect((await second.questions()).map(each => each.state)).toEqual(['same'])
    expect(await personRow(place, into)).toMatchObject({ active: true })
  })

  test('who is not, stays two, and is not asked about again until it could be somebody else', async () => {
    const { place, second, id, question } = await asked()
    const alive = await signedIn(place, id('Juf3'))
    expect(await other(place, question)).toMatchObject({ state: 'other', personId: null })
    expect(await alive()).toBe(true)
    const again = async (n: number) => {
      second.stand.says = { ...(second.stand.says as MadeUp), createdAt: `2026-10-05T0${n}:00:00Z` }
      await second.sync()
      return (await second.questions()).map(each => [each.state, each.candidates])
    }
    expect(await again(1)).toEqual([['other', [id('Juf3')]]])
    // Juf3 has another address now, and Juf4 has hers.
    const school = known()
    school.people = school.people.map(each => {
      const keys = each.keys.filter(({ type }) => type !== 'email')
      if (each.sourceId === 'leerkracht:3') return { ...each, email: 'anders@school.nl', keys }
      return each.sourceId === 'leerkracht:4' ? { ...each, email, keys: [...keys, key('email', email)] } : each
    })
    place.stand.says = school
    await place.sync()
    expect(await again(2)).toEqual([['open', [id('Juf4')]]])
    await other(place, question)
    place.stand.says = known()
    await place.sync()
    expect((await again(3)).map(([state]) => state)).toEqual(['other'])
    expect(await personRow(place, id('Juf90'))).toMatchObject({ active: true, mergedIntoId: null })
  })

  test('is who other questions are about from then on', async () => {
    const { place, second, id, question, boardId } = await asked()
    const [from, into] = [id('Juf90'), id('Juf3')]
    const keys = await t.keyring.board(boardId)
    const shown = { sourceId: 'x', role: 'staff', names: {}, print: '', keys: [] }
    const note = (tag: string, personId: string, candidates: string[]) => ({
      ...{ kind: 'same-key' as const, tag, personId, candidates, shown },
    })
    const notes = [note('0a', id('Juf5'), [from, into]), note('0b', from, [id('Juf6')])]
    const scope = { boardId, schoolId: place.schoolId, sourceId: second.sourceId }
    await place.read(tx => noteConflicts(tx, keys, scope, { notes, evaluated: new Set(), at: new Date() }))
    await same(place, question, into)
    const rows = (await second.questions('open')).filter(each => each.kind === 'same-key')
    rows.sort((a, b) => Buffer.compare(a.sourceTag, b.sourceTag))
    expect(rows.map(({ personId, candidates }) => ({ personId, candidates }))).toEqual([
      { personId: id('Juf5'), candidates: [into] },
      { personId: into, candidates: [id('Juf6')] },
    ])
  })

  test('is decided once, however many decide at the same time', async () => {
    const { place, id, question } = await asked()
    const tries = Array.from({ length: 8 }, (_, n) =>
      n % 2 ? other(place, question) : same(place, question, id('Juf3')),
    )
    const settled = await Promise.allSettled(tries)
    expect(settled.filter(each => each.status === 'fulfilled')).toHaveLength(1)
    for (const each of settled)
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'conflict', reason: 'decided-already' })
    const decided = [...(await audited(place, 'conflict.same')), ...(await audited(place, 'conflict.other'))]
    expect(decided).toHaveLength(1)
    const { mergedIntoId } = await personRow(place, id('Juf90'))
    expect(mergedIntoId).toBe(decided[0]?.action === 'conflict.same' ? id('Juf3') : null)
  })

  test('waits for a sync that is writing', async () => {
    const { place, second, id, question } = await asked()
    const [entered, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    second.stand.says = { ...(second.stand.says as MadeUp), createdAt: '2026-10-05T05:00:00Z' }
    const writing = place.read(async tx => {
      await tx.$executeRaw`select pg_advisory_xact_lock(5307::int, hashtext(${second.sourceId}))`
      entered.resolve()
      await go.promise
    })
    await entered.promise
    let isDone = false
    const deciding = same(place, question, id('Juf3')).then(() => (isDone = true))
    const waits = () =>
      t.asSuperuser(async client => {
        const { rows } = await client.query(
          `select from pg_locks where locktype = 'advisory' and classid = 5307 and not granted`,
        )
        return rows.length
      })
    await expect.poll(waits).toBe(1)
    expect(isDone).toBe(false)
    go.resolve()
    await Promise.all([writing, deciding])
    expect(isDone).toBe(true)
  })
})

describe('two who cannot be one', () => {
  const refused = async (
    reason: string,
    setUp: (place: Place, from: string, into: string) => Promise<unknown>,
    more?: Partial<MadeUp>,
  ) => {
    const { place, id, question } = await asked(more)
    await setUp(place, id('Juf90'), id('Juf3'))
    await expect(same(place, question, id('Juf3'))).rejects.toMatchObject({ code: 'conflict', reason })
    expect(await personRow(place, id('Juf90'))).toMatchObject({ active: true, mergedIntoId: null })
    expect(await openConflicts(place.ctx, { boardId: place.boardId })).toHaveLength(1)
  }

  test('each with an account at one sign-in', () =>
    refused('two-accounts', async (place, from, into) => {
      await identity(place, from, 'https://a')
      await identity(place, into, 'https://a')
    }))
  test('an administrator and who may open reports, whichever is which', async () => {
    await refused('it-administrator', (place, from) => grant(place, from, 'IT_ADMINISTRATOR'))
    await refused('it-administrator', (place, _from, into) => grant(place, into, 'IT_ADMINISTRATOR'))
    await refused('it-administrator', async (place, from, into) => {
      await place.read(tx => tx.membership.deleteMany({ where: { personId: { in: [from, into] } } }))
      await grant(place, from, 'IT_ADMINISTRATOR')
      await grant(place, into, 'SCHOOL_LEADER', { confirmedAt: null })
    })
  })
  test('one who confirmed the other’s role, or gave it', async () => {
    await refused('granted-each-other', (place, from, into) =>
      grant(place, into, 'SCHOOL_LEADER', { confirmById: from, confirmedAt: null }),
    )
    await refused('granted-each-other', (place, from, into) =>
      grant(place, from, 'STEERING_GROUP', { grantedBy: into }),
    )
  })
  test('two of one source', () =>
    refused('one-source', async (place, from, into) => {
      const row = await place.read(tx => tx.affiliation.findFirstOrThrow({ where: { personId: into } }))
      const id = randomUUID()
      await place.read(tx =>
        tx.affiliation.create({ data: { ...row, id, personId: from, sourceTag: Buffer.from(id) } }),
      )
    }))

  test('a pupil and a teacher, though one id is of both', async () => {
    const oid = key('object-id', 'oid-1')
    const school = known()
    school.people = school.people.map(each => (each.sourceId === 'leerling:302' ? { ...each, keys: [oid] } : each))
    const place = await schoolWith(t, school)
    await place.first()
    const says = {
      ...madeUpSchool(),
      people: [pupil(900, { sourceId: 'other:900' }), teacher(90, { sourceId: 'other:90', keys: [oid] })],
    }
    const second = await alongside(place, { ...says, memberships: [] }, 'roster')
    const held = await second.sync()
    expect(held.reasons.map(each => each.guard)).toContain('pupil-becomes-staff')
    await second.approve(held.runId)
    const people = await peopleOf(place)
    const [question] = await second.questions('open')
    expect(question).toMatchObject({ personId: people.get('Juf90')?.id, candidates: [people.get('Kind302')?.id] })
    await expect(same(place, question?.id ?? '', people.get('Kind302')?.id ?? '')).rejects.toMatchObject({
      code: 'conflict',
      reason: 'pupil-and-staff',
    })
  })

  test('somebody who is not asked about', async () => {
    const { place, id, question } = await asked()
    await expect(same(place, question, id('Juf4'))).rejects.toMatchObject({
      code: 'invalid-input',
      reason: 'not-a-candidate',
    })
  })
})

describe('who may decide', () => {
  const [me, leader, child] = ['me', 'leader', 'child']
  test.each([
    ['the operator, at the machine', 'operator', [], [{ personId: leader, opens: true }], null],
    ['a leader', me, ['SCHOOL_LEADER'], [{ personId: leader, opens: true }], null],
    ['the safety coordinator', me, ['SAFETY_COORDINATOR'], [{ personId: leader, opens: true }], null],
    ['not a leader about themselves', me, ['SCHOOL_LEADER'], [{ personId: me, opens: true }], 'self'],
    ['an administrator about pupils', me, ['IT_ADMINISTRATOR'], [{ personId: child, opens: false }], null],
    ['not about themselves', me, ['IT_ADMINISTRATOR'], [{ personId: me, opens: false }], 'self'],
    [
      'not about who may open reports',
      me,
      ['IT_ADMINISTRATOR'],
      [
        { personId: child, opens: false },
        { personId: leader, opens: true },
      ],
      'needs-leader',
    ],
    ['not a teacher', me, ['GROUP_TEACHER'], [{ personId: child, opens: false }], 'not-deciding'],
    ['nobody without a role', me, [], [{ personId: child, opens: false }], 'not-deciding'],
  ] as const)('%s', (_name, by, roles, people, expected) => {
    expect(whyNotDecide({ by, roles }, people)).toBe(expected)
  })

  test('an administrator who would give his own account to the leader is refused, and so is the leader herself', async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const people = await peopleOf(place)
    const id = (name: string) => people.get(name)?.id ?? ''
    await grant(place, id('Juf3'), 'SCHOOL_LEADER')
    await grant(place, id('Juf5'), 'SAFETY_COORDINATOR')
    // Not a teacher by the roster: else the grant itself would not have been given.
    await place.read(tx => tx.membership.deleteMany({ where: { boardId: place.boardId, personId: id('Juf4') } }))
    await grant(place, id('Juf4'), 'IT_ADMINISTRATOR')
    const evil = account({ id: 'evil', role: 'staff', keys: [staff12] })
    const entra = await alongside(
      place,
      directory(evil, account({ id: 'k', keys: [no301] }), account({ id: 'k2', keys: [no301] })),
    )
    await entra.first()
    const questions = await entra.questions('open')
    const about = (personId: string) => questions.find(each => each.candidates.includes(personId))?.id ?? ''
    await expect(same(place, about(id('Juf3')), id('Juf3'), id('Juf4'))).rejects.toMatchObject({
      code: 'forbidden',
      reason: 'needs-leader',
    })
    await expect(same(place, about(id('Juf3')), id('Juf3'), id('Juf3'))).rejects.toMatchObject({
      code: 'forbidden',
      reason: 'self',
    })
    await expect(same(place, about(id('Juf3')), id('Juf3'), id('Juf6'))).rejects.toMatchObject({
      code: 'forbidden',
      reason: 'not-deciding',
    })
    expect(await foundBy(place, key('object-id', 'oid-evil'))).toEqual([])
    await same(place, about(id('Kind301')), id('Kind301'), id('Juf4'))
    await same(place, about(id('Juf3')), id('Juf3'), id('Juf5'))
    expect(await foundBy(place, key('object-id', 'oid-evil'))).toEqual([id('Juf3')])
  })
})

describe('an account that is somebody’s', () => {
  const twins = async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const entra = await alongside(
      place,
      directory(account({ id: 'a', keys: [no301] }), account({ id: 'b', keys: [no301] })),
    )
    await entra.first()
    const people = await peopleOf(place)
    const person = people.get('Kind301')?.id ?? ''
    const shown = await listConflicts(place.ctx, { boardId: place.boardId })
    const of = (id: string) => shown.find(each => each.record.sourceId === `user:${id}`)?.id ?? ''
    return { place, entra, person, of }
  }

  test('signs in as them at once, and still does after the next runs; the other one never does', async () => {
    const { place, entra, person, of } = await twins()
    const alive = await signedIn(place, person)
    await same(place, of('a'), person)
    expect(await alive()).toBe(false)
    const found = async () => [
      await foundBy(place, key('object-id', 'oid-a')),
      await foundBy(place, key('object-id', 'oid-b')),
    ]
    expect(await found()).toEqual([[person], []])
    await expect(same(place, of('b'), person)).rejects.toMatchObject({ code: 'conflict', reason: 'has-account' })
    await other(place, of('b'))
    // A number that two accounts have is nobody's key.
    expect((await entra.sync()).reasons).toEqual([])
    expect(await found()).toEqual([[person], []])
    expect(await entra.questions('open')).toEqual([])
    // Closed and opened again: what a person said still holds.
    entra.stand.says = directory(
      account({ id: 'a', keys: [no301], status: 'inactive' }),
      account({ id: 'b', keys: [no301] }),
    )
    await entra.sync()
    expect(await found()).toEqual([[], []])
    entra.stand.says = directory(account({ id: 'a', keys: [no301] }), account({ id: 'b', keys: [no301] }))
    await entra.sync()
    expect(await found()).toEqual([[person], []])
  })

  test('that was somebody else’s takes nothing of them along: their sign-in ends', async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const people = await peopleOf(place)
    const [one, two] = [people.get('Kind301')?.id ?? '', people.get('Kind302')?.id ?? '']
    const entra = await alongside(place, directory(account({ id: 'a', keys: [no301] })))
    await entra.first()
    const proven = { issuer: 'https://login', subject: 'sub-a', claim: 'oid-a', keyType: 'object-id' }
    const signIn = () => linkIdentity(place.ctx, { ...place, ...proven })
    expect(await signIn()).toMatchObject({ personId: one })
    entra.stand.says = directory(account({ id: 'a', keys: [no301, key('username', 'kind302')] }))
    await entra.sync()
    const [question] = await entra.questions('open')
    expect(question?.candidates).toEqual([one, two].sort())
    await same(place, question?.id ?? '', two)
    expect(await signIn()).toMatchObject({ personId: two })
    expect(await foundBy(place, no301)).toEqual([one])
  })

  test('of a pupil is never a teacher’s', async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const entra = await alongside(place, directory(account({ id: 'a', keys: [staff12] })))
    await entra.first()
    const [question] = await entra.questions('open')
    const [candidate = ''] = question?.candidates ?? []
    await expect(same(place, question?.id ?? '', candidate)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'pupil-and-staff',
    })
    expect(await foundBy(place, key('object-id', 'oid-a'))).toEqual([])
  })

  test('at two schools makes one person of the two', async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const bare = {
      ...known(),
      brin: '98YY',
      people: known().people.map(each => ({
        ...each,
        email: undefined,
        keys: each.keys.filter(k => k.type !== 'email'),
      })),
    } as MadeUp
    const second = await schoolWith(t, bare, { boardId: place.boardId, brin: '98YY' })
    await second.first()
    const juf = directory(account({ id: 'j', role: 'staff', keys: [staff12] }))
    const [here, there] = [await alongside(place, juf), await alongside(second, { ...juf, brin: '98YY' })]
    await here.first()
    await there.first()
    const [a, b] = [(await peopleOf(place)).get('Juf3')?.id ?? '', (await peopleOf(second)).get('Juf3')?.id ?? '']
    const proven = { issuer: 'https://login', subject: 'sub-j', claim: 'oid-j', keyType: 'object-id' }
    const signIn = (at: Place) => linkIdentity(place.ctx, { ...at, ...proven })
    expect([await signIn(place), await signIn(second)]).toEqual([{ found: 'person', personId: a }, { found: 'nobody' }])
    const [question] = await there.questions('open')
    await same(place, question?.id ?? '', a)
    expect(await personRow(place, b)).toMatchObject({ mergedIntoId: a, active: false })
    expect([await signIn(place), await signIn(second)]).toMatchObject([{ personId: a }, { personId: a }])
    expect([(await here.sync()).state, (await there.sync()).state]).toEqual(['unchanged', 'unchanged'])
  })
})

describe('a key with another name', () => {
  const renamed = async () => {
    const place = await schoolWith(t, known())
    await place.first()
    const person = (await peopleOf(place)).get('Kind302')?.id ?? ''
    const school = known()
    school.people = school.people.map(each =>
      each.sourceId === 'leerling:302' ? { ...each, givenName: 'Nieuw', familyName: 'Anders' } : each,
    )
    place.stand.says = school
    await place.sync()
    const [question] = await openConflicts(place.ctx, place)
    return { place, person, question: question?.id ?? '' }
  }
  test('is still theirs, or somebody else’s from the next run on', async () => {
    const kept = await renamed()
    await same(kept.place, kept.question, kept.person)
    await kept.place.sync()
    expect((await peopleOf(kept.place)).get('Nieuw')?.id).toBe(kept.person)
    // What was said of one name says nothing of the next.
    const school = known()
    school.people = school.people.map(each =>
      each.sourceId === 'leerling:302' ? { ...each, givenName: 'Derde', familyName: 'Naam' } : each,
    )
    kept.place.stand.says = school
    await kept.place.sync()
    expect(await openConflicts(kept.place.ctx, kept.place)).toMatchObject([{ candidates: [kept.person] }])
    const split = await renamed()
    await other(split.place, split.question)
    await split.place.sync()
    const found = (await peopleOf(split.place)).get('Nieuw')
    expect(found).toMatchObject({ active: true })
    expect(found?.id).not.toBe(split.person)
  })
})
