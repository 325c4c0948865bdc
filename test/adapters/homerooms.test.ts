import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { datedRule, givingWay, heldBack, inSeveral, widelyOpened } from '../../adapters/homerooms.ts'
import type { GroupRecord, MembershipRecord } from '../../adapters/roster.ts'

const group = (sourceId: string, kind: GroupRecord['kind'] = 'homeroom'): GroupRecord => ({
  ...{ type: 'group', sourceId, kind, name: sourceId, schoolYear: '2026-2027', grades: [] },
})
const seat = (groupSourceId: string, personSourceId: string, role: MembershipRecord['role']): MembershipRecord => ({
  ...{ type: 'membership', groupSourceId, personSourceId, role },
})

describe('patterns with {year}', () => {
  const rule = datedRule(['Groep * {year}', 'Stam?'], '2026-2027')
  it.each([
    ['Groep 8 26/27', { homeroom: true, ofYear: true }],
    ['groep 8 2026-2027', { homeroom: true, ofYear: true }],
    ['Groep 8 25/26', { homeroom: false, ofYear: false }],
    ['Stam1', { homeroom: true, ofYear: false }],
    ['Groep 8', { homeroom: false, ofYear: false }],
  ])('%s is %j', (name, verdict) => expect(rule([name])).toEqual(verdict))

  it('are of the year by any name of the class', () =>
    expect(rule(['Stam1', null, undefined, 'Groep 8 2627'])).toEqual({ homeroom: true, ofYear: true }))
})

describe('a doubtful homeroom', () => {
  const of = (pupils: string[], certain: boolean) => ({ pupils, certain })

  it('gives way when more than half of its pupils sit in a certain one', () => {
    const certain = of(['a', 'b'], true)
    const [half, most] = [of(['a', 'x'], false), of(['a', 'b', 'x'], false)]
    expect([...givingWay([certain, half, most])]).toEqual([most])
  })

  it('never makes a certain one give way, nor another doubtful one', () => {
    const pupils = fc.array(fc.constantFrom(...'abcdef'))
    fc.assert(
      fc.property(fc.array(fc.record({ pupils, certain: fc.boolean() })), all => {
        for (const each of givingWay(all)) expect(each.certain).toBe(false)
      }),
    )
    expect(givingWay([of(['a'], false), of(['a'], false)]).size).toBe(0)
  })
})

describe('whoever sits in many', () => {
  const rooms = ['1', '2', '3', '4', '5'].map(id => group(id))
  const lesson = group('les', 'scheduled')
  const teacher = rooms.map(({ sourceId }) => seat(sourceId, 't', 'teacher'))

  it('is held back in all homerooms, and in nothing else', () => {
    const all = [...teacher, seat('les', 't', 'teacher'), seat('1', 'u', 'teacher')]
    expect(heldBack(all, [...rooms, lesson], 4).map(({ role }) => role)).toEqual([
      ...Array(5).fill('undecided'),
      ...['teacher', 'teacher'],
    ])
    expect(heldBack(all, [...rooms, lesson], 5)).toEqual(all)
  })

  it('is counted as a pupil of several homerooms, lessons apart', () => {
    const places = [
      seat('1', 'p', 'pupil'),
      seat('2', 'p', 'pupil'),
      seat('1', 'q', 'pupil'),
      seat('les', 'q', 'pupil'),
    ]
    expect(inSeveral(places, [...rooms, lesson])).toBe(1)
  })

  it('is told of where the source itself says who has a class', () => {
    expect(widelyOpened([...rooms, ...teacher.slice(1)])).toEqual([])
    expect(widelyOpened([...rooms, ...teacher])).toEqual([expect.stringContaining('One teacher has 5 homerooms')])
    const many = ['a', 'b', 'c', 'd'].map(id => seat('1', id, 'teacher'))
    expect(widelyOpened([...rooms, ...many])).toEqual([expect.stringContaining('One homeroom has 4 teachers')])
    expect(widelyOpened([lesson, ...many.map(each => ({ ...each, groupSourceId: 'les' }))])).toEqual([])
  })
})
