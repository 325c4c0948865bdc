import { describe, expect, it } from 'vitest'
import { ReportInput, ticketGrantType, tokenExchangeGrantType, viewsClientId } from '../../connector/api/contract.ts'
import { behaviourTypes } from '../../connector/api/vocabulary.ts'
import * as grant from '../../widgets/kit/grant.ts'
import { readReceipt } from '../../widgets/kit/receipt.ts'
import {
  type Answers,
  draftOf,
  isYoung,
  longestName,
  longestWords,
  mostPeople,
  noAnswers,
} from '../../widgets/views/meld/draft.ts'

const answers = (patch: Partial<Answers>): Answers => ({ ...noAnswers(), behaviours: ['HURTING'], ...patch })

describe('draftOf', () => {
  it('sends one tile and nothing that was not answered', () => {
    expect(draftOf(answers({}), 'nl')).toEqual({ v: 1, behaviours: ['HURTING'], language: 'nl' })
  })

  it('sends "myself" as an ordinary involvement', () => {
    expect(draftOf(answers({ target: 'MYSELF' }), 'nl').involved).toEqual([{ who: { self: true }, role: 'TARGET' }])
  })

  it('leaves the typed name out when signed in, and when the reporter would rather not', () => {
    const named = answers({ kind: 'PUPIL', name: 'Noor', group: '8' })
    expect(draftOf(named, 'nl')).toMatchObject({ reporterKind: 'PUPIL', reporterName: 'Noor', reporterGroup: '8' })
    expect(draftOf(named, 'nl', 'PUPIL')).not.toHaveProperty('reporterName')
    expect(draftOf({ ...named, kind: 'RATHER_NOT' }, 'nl')).not.toHaveProperty('reporterKind')
    expect(draftOf({ ...named, kind: 'RATHER_NOT' }, 'nl')).not.toHaveProperty('reporterName')
  })

  it('drops the people of a target that was changed back to nobody', () => {
    const targets = [{ key: 'a', label: 'A', who: { typedName: 'A' } }]
    expect(draftOf(answers({ target: 'NOBODY', targets }), 'nl')).not.toHaveProperty('involved')
  })

  it('sends a date only with "longer ago"', () => {
    expect(draftOf(answers({ day: 'TODAY', date: '2026-01-05' }), 'nl')).not.toHaveProperty('date')
    expect(draftOf(answers({ day: 'LONGER_AGO', date: '2026-01-05' }), 'nl').date).toBe('2026-01-05')
  })

  it('is valid and under 16 kB when everything is full', () => {
    const people = (letter: string) =>
      Array.from({ length: mostPeople }, (_, n) => ({
        key: `${letter}${n}`,
        label: '',
        who: { typedName: 'ë'.repeat(longestName) },
        joined: n % 2 === 0,
      }))
    const full = draftOf(
      answers({
        kind: 'OTHER',
        name: 'ë'.repeat(longestName),
        behaviours: behaviourTypes,
        words: '€'.repeat(longestWords),
        by: people('b'),
        byUnknown: true,
        target: 'GROUP',
        targets: people('t'),
        saw: people('s'),
        helpedBy: ['CHILD', 'GROWN_UP'],
        danger: true,
        severity: 4,
        wish: 'HELP_NOW',
        place: 'ONLINE',
        moment: 'EVENING_WEEKEND',
        day: 'LONGER_AGO',
        date: '2026-01-05',
        frequency: 'ALMOST_DAILY',
      }),
      'nl',
    )
    expect(ReportInput.safeParse(full).success).toBe(true)
    expect(Buffer.byteLength(JSON.stringify(full))).toBeLessThan(16 * 1024)
  })
})

it.each([
  ['1', true],
  ['5', true],
  ['groep 4', true],
  ['4b', true],
  ['0', true],
  ['6', false],
  ['8', false],
  ['11', false],
  ['14', false],
  ['S', false],
  ['', false],
])('isYoung(%j) is %j', (grade, young) => expect(isYoung(grade)).toBe(young))

describe('readReceipt', () => {
  const receipt = {
    id: '7f0c1a52-9d3e-4b7e-8a51-0d2f6e4f1c11',
    receivedAt: '2026-11-23T10:00:00Z',
    standing: 'SIGNED',
    mac: 'x',
  }
  it('takes 200 and 201 with a whole receipt', () => {
    expect(readReceipt(201, receipt)).toEqual(receipt)
    expect(readReceipt(200, receipt)).toEqual(receipt)
  })
  it.each([
    [202, receipt],
    [201, undefined],
    [201, {}],
    [201, { ...receipt, mac: '' }],
    [201, { ...receipt, id: 'ok' }],
    [201, { ...receipt, receivedAt: 'soon' }],
    [201, { ...receipt, standing: 'SENT' }],
  ])('refuses %j %j', (status, body) => expect(readReceipt(status, body)).toBeUndefined())
})

it('knows the same grant and client as the contract', () => {
  expect([grant.ticketGrantType, grant.tokenExchangeGrantType, grant.viewsClientId]).toEqual([
    ticketGrantType,
    tokenExchangeGrantType,
    viewsClientId,
  ])
})
