import { describe, expect, it } from 'vitest'
import { ReportInput } from '../../connector/api/contract.ts'
import * as vocabulary from '../../connector/api/vocabulary.ts'
import { dayOf, isSchoolDay } from './calendar.ts'
import { generateSchool } from './generate.ts'
import { generateReports, type SchoolReport } from './reports.ts'

const school = generateSchool({ today: '2026-11-23' })
const range = { from: '2025-11-23', to: '2026-11-23' }
const reports = generateReports(school, range)
const of = (story: SchoolReport['story']) => reports.filter(report => report.story === story)
const distinct = (list: SchoolReport[]) => new Set(list.flatMap(({ reporter }) => reporter ?? [])).size
const actorIs = (part: keyof typeof school.cast.pupils) => (report: SchoolReport) =>
  report.draft.involved.some(
    ({ who, role }) => role === 'ACTOR' && 'sourceId' in who && who.sourceId === `leerling:${school.cast.pupils[part]}`,
  )

describe('a year of reports', () => {
  it('is the same for the same seed, 420 of them, in order of receipt and within the range', () => {
    expect(generateReports(school, range)).toEqual(reports)
    expect(reports).toHaveLength(420)
    expect(generateReports(school, { ...range, count: 60 })).toHaveLength(60)
    const times = reports.map(({ receivedAt }) => receivedAt.getTime())
    expect(times).toEqual([...times].sort((a, b) => a - b))
    for (const { receivedAt, on } of reports) {
      expect(on >= range.from && dayOf(receivedAt) < range.to && on <= dayOf(receivedAt)).toBe(true)
    }
  })

  it('holds drafts that the API would take once keys are persons', () => {
    for (const { draft } of reports) {
      const involved = draft.involved.map(({ who, role }) => ({
        who: 'sourceId' in who ? { personId: '0190f5a0-0000-7000-8000-000000000000' } : who,
        role,
      }))
      expect(ReportInput.safeParse({ ...draft, involved }).error).toBeUndefined()
    }
  })

  it('names only people of the roster, and nobody both as reporter and by key', () => {
    const known = new Set([
      ...school.pupils.map(({ key }) => `leerling:${key}`),
      ...school.teachers.map(({ key }) => `leerkracht:${key}`),
    ])
    for (const { reporter, draft } of reports) {
      if (reporter !== null) expect(known).toContain(reporter)
      const keys = draft.involved.flatMap(({ who }) => ('sourceId' in who ? who.sourceId : []))
      for (const key of keys) expect(known).toContain(key)
      if (reporter !== null) expect(keys).not.toContain(reporter)
    }
  })

  it('has a structural pattern that many different children tell, and that stops after the measure', () => {
    const told = of('bike-shed')
    const after = told.filter(({ on }) => on >= '2026-03-15')
    expect(told.length).toBeGreaterThan(50)
    expect(distinct(told)).toBeGreaterThan(12)
    expect(told.filter(({ draft }) => draft.place === 'BIKE_SHED').length / told.length).toBeGreaterThan(0.7)
    expect(after.length).toBeLessThanOrEqual(4)
    expect(after.flatMap(({ draft }) => draft.involved).some(({ role }) => role === 'JOINER')).toBe(false)
    expect(reports.filter(actorIs('lead')).some(({ on }) => on > '2026-04-10')).toBe(false)
  })

  it('has something going on now: three events and two reporters on one person in the last six weeks', () => {
    const now = of('online').filter(({ on }) => on >= '2026-10-12')
    expect(new Set(now.map(({ event }) => event)).size).toBeGreaterThanOrEqual(3)
    expect(distinct(now)).toBeGreaterThanOrEqual(2)
    expect(of('online').every(({ draft }) => ['EVENING_WEEKEND', 'UNKNOWN'].includes(draft.moment ?? ''))).toBe(true)
  })

  it('has a campaign that only one child tells', () => {
    expect(of('campaign').length).toBe(7)
    expect(distinct(of('campaign'))).toBe(1)
  })

  it('knows rest on most days off, rare dangers, unsigned reports and reports about oneself', () => {
    const share = (test: (report: SchoolReport) => boolean) => reports.filter(test).length / reports.length
    expect(share(({ on }) => !isSchoolDay(on))).toBeLessThan(0.08)
    expect(share(({ draft }) => draft.behaviours.includes('BODY_BOUNDARY'))).toBeLessThan(0.02)
    expect(share(({ draft }) => draft.behaviours.includes('WEAPON_DANGER'))).toBeGreaterThan(0)
    expect(share(({ reporter }) => reporter === null)).toBeGreaterThan(0.08)
    expect(share(({ draft }) => draft.targetKind === 'MYSELF')).toBeGreaterThan(0.15)
    expect(share(({ draft }) => draft.severity === 4)).toBeLessThan(0.25)
    expect(new Set(reports.map(({ event }) => event)).size).toBeLessThan(reports.length)
  })

  it('gives every text a word that is in no other, and no value of the vocabulary', () => {
    const texts = reports.flatMap(({ draft, token }) =>
      draft.words === undefined ? [] : [{ words: draft.words, token: token ?? '' }],
    )
    expect(texts.length).toBeGreaterThan(200)
    const values = Object.values(vocabulary)
      .flat()
      .filter(value => value === value.toUpperCase())
    const pattern = new RegExp(`\\b(${values.join('|')})\\b`, 'i')
    for (const { words, token } of texts) {
      expect(token.length).toBeGreaterThan(5)
      expect(texts.filter(text => text.words.includes(token))).toHaveLength(1)
      expect(words).not.toMatch(pattern)
      expect(words).not.toMatch(/[{}]|undefined/)
    }
  })

  it('fits a short range and another day for the measure', () => {
    const short = generateReports(school, { from: '2026-09-01', to: '2026-11-23', count: 100, measureOn: '2026-10-05' })
    expect(short).toHaveLength(100)
    expect(short.filter(({ story }) => story === 'bike-shed').every(({ on }) => on < '2026-10-26')).toBe(true)
    expect(() => generateReports(school, { from: '2026-07-12', to: '2026-07-20' })).toThrow(RangeError)
  })
})
