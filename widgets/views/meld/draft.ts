/** What was answered, and the report that becomes of it. Pure: the screens only change `Answers`. */
import type { ReportDraft, Who } from '../../../connector/api/contract.ts'

type Field<K extends keyof ReportDraft> = NonNullable<ReportDraft[K]>
export type Behaviour = Field<'behaviours'>[number]

/** `key` keeps one person apart from the next: an id, or the typed name. */
export type Person = { key: string; label: string; who: Who; joined?: boolean }

export type Answers = {
  kind: Field<'reporterKind'> | 'RATHER_NOT' | undefined
  name: string
  group: string
  behaviours: readonly Behaviour[]
  words: string
  by: readonly Person[]
  byUnknown: boolean
  target: Field<'targetKind'> | undefined
  targets: readonly Person[]
  place: Field<'place'> | undefined
  moment: Field<'moment'> | undefined
  day: Field<'day'> | undefined
  date: string
  frequency: Field<'frequency'> | undefined
  severity: number | undefined
  helpedBy: readonly Field<'helpedBy'>[number][]
  saw: readonly Person[]
  danger: boolean
  wish: Field<'wish'> | undefined
}

export const noAnswers = (): Answers => ({
  kind: undefined,
  name: '',
  group: '',
  behaviours: [],
  words: '',
  by: [],
  byUnknown: false,
  target: undefined,
  targets: [],
  place: undefined,
  moment: undefined,
  day: undefined,
  date: '',
  frequency: undefined,
  severity: undefined,
  helpedBy: [],
  saw: [],
  danger: false,
  wish: undefined,
})

/** Three lists of twelve stay under the contract's forty, and with 60 letters a typed name and 2000 of own words under 16 kB. */
export const mostPeople = 12
export const longestName = 60
export const longestWords = 2000

export const isEmpty = (answers: Answers) => JSON.stringify(answers) === JSON.stringify(noAnswers())

/** Groep 1–5 of primary school: pictures first, fewer tiles, shorter words. Grades 11–16 are secondary school. Source: domain.md §9.1. */
export const isYoung = (grade: string | undefined) => /^(groep )?[0-5]([a-z]|$)/i.test((grade ?? '').trim())

const involvedOf = (answers: Answers): Field<'involved'> => {
  const involved: Field<'involved'> = answers.by.map(({ who, joined }) => ({ who, role: joined ? 'JOINER' : 'ACTOR' }))
  if (answers.byUnknown) involved.push({ who: { unknown: true }, role: 'ACTOR' })
  if (answers.target === 'MYSELF') involved.push({ who: { self: true }, role: 'TARGET' })
  if (answers.target === 'SOMEONE_ELSE' || answers.target === 'GROUP') {
    involved.push(...answers.targets.map(({ who }) => ({ who, role: 'TARGET' as const })))
  }
  return [...involved, ...answers.saw.map(({ who }) => ({ who, role: 'BYSTANDER' as const }))]
}

/** Only what was answered goes along; nothing is filled in for a child. `signedAs` is the reporter's kind when there is a token. */
export const draftOf = (answers: Answers, language: 'nl' | 'en', signedAs?: Field<'reporterKind'>): ReportDraft => {
  const kind = signedAs ?? (answers.kind === 'RATHER_NOT' ? undefined : answers.kind)
  const named = !signedAs && answers.kind !== 'RATHER_NOT'
  const involved = involvedOf(answers)
  const words = answers.words.trim()
  return {
    v: 1,
    ...(kind ? { reporterKind: kind } : {}),
    ...(named && answers.name.trim() ? { reporterName: answers.name.trim() } : {}),
    ...(named && answers.group.trim() ? { reporterGroup: answers.group.trim() } : {}),
    behaviours: [...answers.behaviours],
    ...(words ? { words } : {}),
    ...(involved.length > 0 ? { involved } : {}),
    ...(answers.target ? { targetKind: answers.target } : {}),
    ...(answers.place ? { place: answers.place } : {}),
    ...(answers.moment ? { moment: answers.moment } : {}),
    ...(answers.day ? { day: answers.day } : {}),
    ...(answers.day === 'LONGER_AGO' && /^\d{4}-\d\d-\d\d$/.test(answers.date) ? { date: answers.date } : {}),
    ...(answers.frequency ? { frequency: answers.frequency } : {}),
    ...(answers.severity ? { severity: answers.severity } : {}),
    ...(answers.helpedBy.length > 0 ? { helpedBy: [...answers.helpedBy] } : {}),
    ...(answers.danger ? { dangerNow: true } : {}),
    ...(answers.wish ? { wish: answers.wish } : {}),
    language,
  }
}
