/** Whose an account is, what of it becomes a key, and what is left alone while somebody is asked. */
import { describe, expect, test } from 'vitest'
import type { PersonRecord } from '../../../adapters/roster.ts'
import type { DecidedConflict } from '../../../connector/store/conflicts.ts'
import type { KeyHolder } from '../../../connector/store/roster.ts'
import { guards } from '../../../connector/sync/guards.ts'
import { sharedGuards } from '../../../connector/sync/identity-guards.ts'
import { type IdentityPlan, planIdentities } from '../../../connector/sync/plan-identities.ts'
import { account, directory, type Key, key } from './alongside.ts'
import { snapshotOf } from './pure.ts'

const tagOf = (wanted: Key): string => {
  const [record] = snapshotOf(directory(account({ id: 'any', keys: [wanted] }))).people
  return record?.keys.find(({ type }) => type === wanted.type && type !== 'object-id')?.tag ?? ''
}
const accountTag = (id: string): string =>
  snapshotOf(directory(account({ id }))).people[0]?.keys.find(({ type }) => type === 'sis-id')?.tag ?? ''

const has = (personId: string, wanted: Key, more: Partial<KeyHolder> = {}): KeyHolder => ({
  ...{ tag: tagOf(wanted), personId, roles: ['pupil'], live: true, sameSchool: true, sameKind: true },
  ...{ byRoster: true, opens: false },
  ...more,
})
const said = (accountOf: PersonRecord, same: string): DecidedConflict => ({
  ...{ kind: 'same-key', state: 'same', same, different: new Set(), candidates: [same], print: '' },
  tag: snapshotOf(directory(accountOf)).people[0]?.tag ?? '',
})

interface Case {
  accounts: PersonRecord[]
  /** Pupils unless said otherwise. */
  people?: Record<string, string[]>
  /** Account by person, as an earlier run stored it. */
  before?: Record<string, string>
  holders?: KeyHolder[]
  decided?: DecidedConflict[]
}

function planned({ accounts, people = { P: ['pupil'], Q: ['pupil'] }, before = {}, holders = [], decided = [] }: Case) {
  const keys = Object.entries(before).map(([personId, id]) => ({
    ...{ id: `stored-${id}`, personId, type: 'sis-id', tag: accountTag(id), stable: true },
  }))
  const stored = { people: new Map(Object.entries(people)), keys, holders }
  return planIdentities({ snapshot: snapshotOf(directory(...accounts)), stored, decided, elsewhere: new Set() })
}
const links = ({ links: all }: IdentityPlan) =>
  all.map(({ next, personId, by }) => `${next.record.sourceId} ${personId} ${by}`).sort()
const asked = ({ questions }: IdentityPlan) =>
  questions.map(({ next, kind, candidates }) => `${next.record.sourceId} ${kind} ${candidates.join(' ')}`).sort()
const typesFor = ({ keys }: IdentityPlan, personId: string) =>
  keys.create
    .filter(each => each.personId === personId)
    .map(({ type }) => type)
    .sort()

const no = (n: number) => key('pupil-number', `${n}`)
const a = (more: Key[] = []) => account({ id: 'a', keys: more })
const b = (more: Key[] = []) => account({ id: 'b', keys: more })

describe('an account', () => {
  test('gives every key but its addresses: whoever gets a mailbox would get the person', () => {
    const plan = planned({
      accounts: [a([no(1), key('username', 'x'), key('email', 'x@y.nl')])],
      holders: [has('P', no(1))],
    })
    expect(typesFor(plan, 'P')).toEqual(['object-id', 'pupil-number', 'sis-id', 'username'])
  })

  test('is found by what a roster says of people, not by what another directory does', () => {
    const plan = planned({ accounts: [a([no(1)])], holders: [has('P', no(1), { byRoster: false })] })
    expect([links(plan), asked(plan), plan.unmatched.length]).toEqual([[], [], 1])
  })

  test('of a person who is not of this school is nobody’s', () => {
    const plan = planned({ accounts: [a([no(1)])], holders: [has('X', no(1))] })
    expect([links(plan), asked(plan), plan.unmatched.length]).toEqual([[], [], 1])
  })

  test('keeps what it has, and gets nothing new, while somebody is asked about it', () => {
    const plan = planned({
      accounts: [a([no(2), no(1)])],
      before: { P: 'a' },
      holders: [has('P', no(1)), has('Q', no(2))],
    })
    expect([links(plan), asked(plan)]).toEqual([[], ['user:a same-key P Q']])
    expect(plan.keys).toEqual({ create: [], remove: [] })
  })

  test('with the user name of somebody else waits in the same way', () => {
    const plan = planned({
      accounts: [a([key('username', 'q')])],
      before: { P: 'a' },
      holders: [has('Q', key('username', 'q'))],
    })
    expect([links(plan), asked(plan)]).toEqual([[], ['user:a same-key P Q']])
    expect(plan.keys).toEqual({ create: [], remove: [] })
  })

  test('shares no key with another account: both would be shut out by it', () => {
    const x = key('username', 'x')
    const plan = planned({ accounts: [a([no(1), x]), b([no(2), x])], holders: [has('P', no(1)), has('Q', no(2))] })
    expect([typesFor(plan, 'P'), typesFor(plan, 'Q')]).toEqual(Array(2).fill(['object-id', 'pupil-number', 'sis-id']))
  })

  test('that a person gave to somebody leaves out what another one has', () => {
    const plan = planned({
      ...{ accounts: [a([key('username', 'q')])], holders: [has('Q', key('username', 'q'))] },
      decided: [said(a(), 'P')],
    })
    expect([links(plan), asked(plan)]).toEqual([['user:a P decided'], []])
    expect(typesFor(plan, 'P')).toEqual(['object-id', 'sis-id'])
  })

  test('that a person gave to somebody stays theirs, and a new claim asks again', () => {
    const plan = planned({ accounts: [a([no(2)])], holders: [has('Q', no(2))], decided: [said(a(), 'P')] })
    expect([links(plan), asked(plan)]).toEqual([['user:a P decided'], ['user:a same-key P Q']])
  })

  test('of a colleague is not asked about for an address that another one has', () => {
    const email = 'q@school.nl'
    const plan = planned({
      ...{ accounts: [account({ id: 'a', role: 'staff', email })], before: { P: 'a' } },
      people: { P: ['staff'], Q: ['staff'] },
      holders: [has('Q', key('email', email), { roles: ['staff'] })],
    })
    expect([links(plan), asked(plan)]).toEqual([['user:a P before'], []])
  })

  test('is one for each person: said of two, neither is; said of one beside the one that was, that one stays', () => {
    const both = planned({ accounts: [a(), b()], decided: [said(a(), 'P'), said(b(), 'P')] })
    expect([links(both), asked(both)]).toEqual([[], ['user:a same-key P', 'user:b same-key P']])
    const second = planned({ accounts: [a(), b()], before: { P: 'b' }, decided: [said(a(), 'P')] })
    expect([links(second), asked(second)]).toEqual([['user:b P before'], ['user:a same-key P']])
  })

  test('is never a second one of somebody whose own is here', () => {
    const plan = planned({ accounts: [a([no(1)]), b()], before: { P: 'b' }, holders: [has('P', no(1))] })
    expect([links(plan), asked(plan)]).toEqual([['user:b P before'], ['user:a same-key P']])
  })

  test('that goes to another person takes its keys along, and tells from whom', () => {
    const plan = planned({
      ...{ accounts: [a([key('staff-number', '7')])].map(each => ({ ...each, role: 'staff' as const })) },
      ...{ before: { P: 'a' }, people: { P: ['pupil'], Q: ['staff'] } },
      holders: [has('Q', key('staff-number', '7'), { roles: ['staff'] })],
    })
    expect(links(plan)).toEqual(['user:a Q staff-number'])
    expect(plan.moves).toMatchObject([{ from: 'P', key: { personId: 'Q', type: 'sis-id' } }])
    expect([plan.promotions.length, plan.keys.remove.map(each => each.personId)]).toEqual([1, ['P']])
  })
})

test('the guards that look at a source alone are those of rosters', () => {
  const all = guards.map(guard => guard.id)
  expect(sharedGuards.filter(id => !all.includes(id))).toEqual([])
})
