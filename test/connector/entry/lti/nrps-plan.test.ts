import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ListedMember,
  losesTooMuch,
  type PlanInput,
  planLinks,
  type StoredLink,
} from '../../../../connector/entry/lti/nrps-plan.ts'
import { linksOf } from '../../../../connector/entry/lti/nrps-read.ts'

const list = 'list-1'
const member = (subject: string, key: string | null = `k-${subject}`, status: ListedMember['status'] = 'active') => ({
  ...{ subject, key, status },
})
const link = (subject: string, personId: string, more: Partial<StoredLink> = {}): StoredLink => ({
  ...{ id: `i-${subject}`, personId, subject, linkedBy: 'claim:sis-id', list, inactive: false },
  ...more,
})
const plan = (input: Partial<PlanInput>) =>
  planLinks({ kind: 'full', list, members: [], links: [], holders: new Map(), ...input })
const roster = (...pairs: [string, ...string[]][]) => new Map(pairs.map(([key, ...people]) => [key, people]))

describe('a member list', () => {
  it('links a member whose key is of one person', () => {
    const made = plan({ members: [member('u1')], holders: roster(['k-u1', 'P1']) })
    expect(made).toMatchObject({ create: [{ personId: 'P1', subject: 'u1' }], deactivate: [] })
  })

  it('leaves who is linked already', () => {
    const made = plan({ members: [member('u1')], links: [link('u1', 'P1')], holders: roster(['k-u1', 'P1']) })
    expect(made).toMatchObject({ create: [], move: [], revive: [], deactivate: [], counts: { known: 1 } })
  })

  it('makes nobody: a key that is not in the roster, or none', () => {
    const made = plan({ members: [member('u1'), member('u2', null)] })
    expect(made).toMatchObject({ create: [], counts: { unknownKey: 1, withoutKey: 1 } })
  })

  it('links neither of two accounts with one key, and takes back the one that was', () => {
    const made = plan({
      members: [member('u1', 'k'), member('u2', 'k')],
      links: [link('u1', 'P1')],
      holders: roster(['k', 'P1']),
    })
    expect(made).toMatchObject({ create: [], deactivate: [{ id: 'i-u1', why: 'conflict' }], counts: { conflicts: 1 } })
  })

  it('links nobody to a key of two people', () => {
    const made = plan({ members: [member('u1')], links: [link('u1', 'P1')], holders: roster(['k-u1', 'P1', 'P2']) })
    expect(made).toMatchObject({ create: [], deactivate: [{ why: 'conflict' }] })
  })

  it('never moves an account from one person to another', () => {
    const made = plan({ members: [member('u1')], links: [link('u1', 'P1')], holders: roster(['k-u1', 'P2']) })
    expect(made).toMatchObject({ create: [], move: [], deactivate: [{ id: 'i-u1', personId: 'P1', why: 'conflict' }] })
  })

  it('blocks a second account of one person, and the first', () => {
    const links = [link('u1', 'P1')]
    const made = plan({ members: [member('u1', null), member('u2')], links, holders: roster(['k-u2', 'P1']) })
    expect(made).toMatchObject({ create: [], move: [], deactivate: [{ id: 'i-u1', why: 'conflict' }] })
  })

  it('gives a person the new account when a list had taken the old one back', () => {
    const links = [link('u1', 'P1', { inactive: true })]
    const made = plan({ members: [member('u2')], links, holders: roster(['k-u2', 'P1']) })
    expect(made).toMatchObject({ move: [{ id: 'i-u1', personId: 'P1', subject: 'u2' }], create: [] })
  })

  it('takes back who is absent, and brings back who returns', () => {
    const links = [link('u1', 'P1'), link('u2', 'P2', { inactive: true })]
    const made = plan({ members: [member('u2')], links, holders: roster(['k-u2', 'P2']) })
    expect(made).toMatchObject({ deactivate: [{ id: 'i-u1', why: 'absent' }], revive: [{ id: 'i-u2' }] })
  })

  it.for(['part', 'changes'] as const)('takes nobody for gone who is not named in %s', kind => {
    expect(plan({ kind, links: [link('u1', 'P1')] }).deactivate).toEqual([])
  })

  it.for(['inactive', 'deleted'] as const)('takes back who is %s, in changes too', status => {
    const made = plan({ kind: 'changes', members: [member('u1', null, status)], links: [link('u1', 'P1')] })
    expect(made.deactivate).toEqual([{ id: 'i-u1', personId: 'P1', why: 'inactive' }])
  })

  it('leaves links of another list, and what a person said themself', () => {
    const links = [link('u1', 'P1', { list: 'other' }), link('u2', 'P2', { linkedBy: 'confirmed:lti', list: null })]
    expect(plan({ links }).deactivate).toEqual([])
    const members = [member('u2'), member('u3', 'k-u2')]
    const made = plan({ members, links, holders: roster(['k-u2', 'P2']) })
    expect(made).toMatchObject({ create: [], deactivate: [], counts: { conflicts: 1 } })
  })

  it('keeps its promises whatever comes', () => {
    const id = fc.constantFrom('1', '2', '3', '4', '5')
    const links = fc
      .array(fc.record({ s: id, p: id, confirmed: fc.boolean(), inactive: fc.boolean(), mine: fc.boolean() }))
      .map(rows => rows.filter((r, i) => rows.findIndex(o => o.s === r.s || o.p === r.p) === i))
      .map(rows =>
        rows.map(r =>
          link(`u${r.s}`, `P${r.p}`, {
            linkedBy: r.confirmed ? 'confirmed:lti' : 'claim:sis-id',
            list: r.mine ? list : null,
            inactive: r.inactive,
          }),
        ),
      )
    const members = fc.uniqueArray(
      fc.record({
        subject: id.map(s => `u${s}`),
        key: fc.option(id.map(k => `k${k}`)),
        status: fc.constantFrom<ListedMember['status']>('active', 'active', 'inactive', 'deleted'),
      }),
      { selector: m => m.subject },
    )
    const holders = fc.dictionary(
      id.map(k => `k${k}`),
      fc.uniqueArray(
        id.map(p => `P${p}`),
        { maxLength: 2 },
      ),
    )
    const kind = fc.constantFrom<PlanInput['kind']>('full', 'part', 'changes')
    fc.assert(
      fc.property(kind, members, links, holders, (kind, members, links, held) => {
        const made = planLinks({ kind, list, members, links, holders: new Map(Object.entries(held)) })
        const ids = [...made.move, ...made.revive, ...made.deactivate].map(each => each.id)
        expect(new Set(ids).size).toBe(ids.length)
        // After it, no account and no person is there twice: the table would refuse.
        const after = links.map(each => made.move.find(m => m.id === each.id) ?? each)
        const all = [...after, ...made.create]
        expect(new Set(all.map(each => each.subject)).size).toBe(all.length)
        expect(new Set(all.map(each => each.personId)).size).toBe(all.length)
        // What a person said themself no list takes back.
        const confirmed = links.filter(each => each.linkedBy.startsWith('confirmed:'))
        for (const each of confirmed) expect(made.deactivate.map(d => d.id)).not.toContain(each.id)
        // Whoever is linked now has exactly one key here, and nobody else here has it.
        for (const { personId, subject } of [...made.create, ...made.move]) {
          const named = members.filter(m => m.status === 'active' && m.key && held[m.key]?.includes(personId))
          expect(named.map(m => m.subject)).toEqual([subject])
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a list that takes too much', () => {
  const links = Array.from({ length: 30 }, (_, i) => link(`u${i}`, `P${i}`))
  const without = (n: number) => plan({ members: links.slice(n).map(each => member(each.subject, null)), links })
  it('is more than half, and more than ten', () => {
    expect(losesTooMuch(without(15), links, list)).toBe(false)
    expect(losesTooMuch(without(16), links, list)).toBe(true)
    const few = links.slice(0, 10)
    expect(losesTooMuch(plan({ links: few }), few, list)).toBe(false)
  })
})

describe('the Link header', () => {
  const base = new URL('https://lms.example/members/1?limit=2')
  it.for([
    ['<https://lms.example/p2>; rel="next"', 'https://lms.example/p2', null],
    ['<https://lms.example/p2>; rel=next', 'https://lms.example/p2', null],
    [
      '</p2?x=1,2>;rel="next", <?since=3>; rel="differences"',
      'https://lms.example/p2?x=1,2',
      'https://lms.example/members/1?since=3',
    ],
    ['<https://a/1>; rel="prev", <https://a/2>; title="x; rel=y"; rel="last next"', 'https://a/2', null],
    ['<https://a/2>; REL="Next"', 'https://a/2', null],
    ['<https://a/2>; rel="nextone"', null, null],
    ['nonsense', null, null],
    ['<http://%>; rel="next"', null, null],
    [null, null, null],
  ] as const)('%j', ([header, next, differences]) => {
    expect(linksOf(header, base)).toEqual({ next, differences })
  })
})
