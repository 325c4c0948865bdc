import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReportInput } from '../../../connector/api/contract.ts'
import { readReport } from '../../../connector/api/report-routes.ts'
import { type Draft, understand } from '../../../connector/reports/understand.ts'

const at = new Date('2026-11-25T10:00:00Z')
const me = '11111111-1111-4111-8111-111111111111'
const least: Draft = { behaviours: ['GOSSIP'], involved: [], helpedBy: [], dangerNow: false }
const understood = (more: Partial<Draft> = {}, reporter: string | null = null) =>
  understand({ ...least, ...more }, reporter, at, [])
const read = (value: unknown) => readReport(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

describe('when it happened', () => {
  it.for([
    ['TODAY', undefined, '2026-11-25', 'DAY'],
    ['YESTERDAY', undefined, '2026-11-24', 'DAY'],
    ['THIS_WEEK', undefined, '2026-11-23', 'WEEK'],
    ['LONGER_AGO', '2026-10-01', '2026-10-01', 'DAY'],
    ['LONGER_AGO', undefined, null, 'UNKNOWN'],
    ['LONGER_AGO', '2026-11-26', null, 'UNKNOWN'],
    ['LONGER_AGO', '0000-01-01', null, 'UNKNOWN'],
    ['LONGER_AGO', '1899-12-31', null, 'UNKNOWN'],
    [undefined, undefined, null, 'UNKNOWN'],
  ] as const)('%s %s is %s, %s', ([day, date, happenedOn, precision]) => {
    expect(understood({ day, date })).toMatchObject({ happenedOn, precision })
  })

  it('counts days as Amsterdam does', () => {
    const late = new Date('2026-11-24T23:30:00Z')
    expect(understand({ ...least, day: 'TODAY' }, null, late, []).happenedOn).toBe('2026-11-25')
  })
})

describe('who it was', () => {
  it('is a person, a typed name, or nobody known', () => {
    const involved = [
      { who: { personId: me }, role: 'ACTOR' },
      { who: { typedName: 'Jan' }, role: 'TARGET' },
      { who: { unknown: true } as const, role: 'JOINER' },
    ]
    expect(understood({ involved }).involvements).toMatchObject([
      { role: 'ACTOR', personId: me, typedName: null },
      { role: 'TARGET', personId: null, typedName: 'Jan' },
      { role: 'JOINER', personId: null, typedName: null },
    ])
  })

  it('is myself only for somebody who signed in', () => {
    const involved = [{ who: { self: true } as const, role: 'TARGET' }]
    expect(understood({ involved }, me).involvements).toMatchObject([{ personId: me }])
    expect(understood({ involved }, null).involvements).toMatchObject([{ personId: null }])
    expect(understood({ targetKind: 'MYSELF' }, me).involvements).toMatchObject([{ role: 'TARGET', personId: me }])
    expect(understood({ targetKind: 'MYSELF', involved }, me).involvements).toHaveLength(1)
    expect(understood({ targetKind: 'MYSELF' }, null).involvements).toEqual([])
  })
})

describe('what is urgent', () => {
  it.for([
    [{ dangerNow: true }, true],
    [{ wish: 'HELP_NOW' }, true],
    [{ wish: 'TALK' }, false],
    [{ behaviours: ['BODY_BOUNDARY'] }, true],
    [{ behaviours: ['GOSSIP', 'WEAPON_DANGER'] }, true],
    [{ severity: 4 }, false],
    [{}, false],
  ] as const)('%j: %s', ([draft, urgent]) => {
    expect(understood(draft as Partial<Draft>).urgent).toBe(urgent)
  })

  it('is also what nobody could read', () => {
    expect(understand(null, null, at, ['not-json'])).toMatchObject({
      urgent: true,
      problems: ['not-json'],
      behaviours: [],
    })
  })
})

describe('reading a report', () => {
  it('takes a whole one as it is', () => {
    const { draft, problems } = read({ v: 1, behaviours: ['GOSSIP'], place: 'BUS' })
    expect([problems, draft]).toMatchObject([[], { behaviours: ['GOSSIP'], place: 'BUS', language: 'nl' }])
  })

  it.for([
    [{ place: 'MOON' }, ['place-not-understood']],
    [{ severity: 9, moment: 7 }, ['moment-not-understood', 'severity-not-understood']],
    [{ words: 'x'.repeat(2001) }, ['words-not-understood']],
    [{ involved: [{ who: { personId: 'x' }, role: 'ACTOR' }] }, ['involved-not-understood']],
    [{ date: 'gisteren' }, ['date-not-understood']],
    [{ v: 2 }, ['v-not-understood']],
    [{ behaviours: ['FLYING'] }, ['behaviours-not-understood']],
    [{ behaviours: [] }, ['behaviours-not-understood']],
  ] as const)('leaves out what it cannot understand and keeps the rest: %j', ([wrong, said]) => {
    const { draft, problems } = read({ v: 1, behaviours: ['GOSSIP'], wish: 'TALK', ...wrong })
    expect(problems.sort()).toEqual(said)
    expect(draft?.wish).toBe('TALK')
  })

  it.for(['', 'x', '[]', 'null', '7', '"text"', '{"v":1', '\u0000'])('gives up on %j, and says so', text => {
    const { draft, problems } = read(text)
    expect(draft).toBeNull()
    expect(problems).toHaveLength(1)
  })

  it('of anything at all neither throws nor comes without a word', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        const { draft, problems } = readReport(Buffer.from(JSON.stringify(value) ?? ''))
        if (draft === null || !ReportInput.safeParse(value).success) expect(problems.length).toBeGreaterThan(0)
        understand(draft, me, at, problems)
      }),
    )
  })

  it('adds no field that the contract does not have, and touches no prototype', () => {
    const text =
      '{"v":1,"behaviours":["GOSSIP"],"standing":"SIGNED","problems":[],"__proto__":{"admin":true},"place":"MOON"}'
    const { draft } = read(text)
    expect(Object.keys(draft ?? {}).sort()).toEqual([
      'behaviours',
      'dangerNow',
      'helpedBy',
      'involved',
      'language',
      'v',
    ])
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })
})
