/** What an administrator reads after `check`: what was found, and what to do next. No names of people. */
import { summaryOf } from '../deliver.ts'
import { inSeveral } from '../homerooms.ts'
import type { SourceError } from '../source.ts'
import type { Options } from './options.ts'
import type { Read } from './read.ts'
import type { WireSchool } from './wire.ts'

export function advice(read: Read, options: Options, granted: string[] | undefined): string[] {
  return [
    schoolSays(read.wire.school, read.scope.schoolYear),
    summaryOf(read.records),
    ...classesSay(read),
    ...peopleSay(read, options),
    ...rightsSay(granted),
    ...said(
      options.cloud !== 'global',
      'Microsoft lists this part of Graph for its global cloud only: compare the result by hand.',
    ),
  ]
}

/** @param wrong why none was taken */
export function schoolsToChoose(wrong: SourceError, schools: readonly WireSchool[]): string[] {
  const lines = schools.slice(0, 100).map(({ id, displayName, externalId, schoolNumber }) => {
    const number = schoolNumber || externalId
    return `${displayName ?? 'A school without a name'}: ${number ? `${number}, ` : ''}${id}`
  })
  return [`${wrong.message.charAt(0).toUpperCase()}${wrong.message.slice(1)}.`, ...lines]
}

const said = (is: boolean, sentence: string): string[] => (is ? [sentence] : [])
const counter =
  ({ findings }: Read) =>
  (code: string) =>
    findings.filter(finding => finding.code === code).length

function schoolSays(school: WireSchool | undefined, schoolYear: string): string {
  if (school === undefined)
    return `This tenant has no schools at Microsoft (no School Data Sync): all its accounts are taken as one school, school year ${schoolYear}.`
  const number = school.schoolNumber || school.externalId
  return `School ${school.displayName ?? school.id}${number ? ` (${number})` : ''}, school year ${schoolYear}.`
}

function classesSay(read: Read): string[] {
  const { classes, people } = read.wire
  const { ours, otherYear, expired } = classes
  const any = ours.length > 0
  const [pretended, yearless] = [read.homerooms.pretended.length, read.homerooms.doubtful.size]
  const groups = read.records.filter(record => record.type === 'group')
  const several = inSeveral(
    read.records.filter(record => record.type === 'membership'),
    groups,
  )
  const empty = [...people.values()].every(({ members }) => members.length === 0)
  return [
    ...said(otherYear > 0, `Classes of another school year, left out: ${otherYear}.`),
    ...said(expired > 0, `Classes that School Data Sync marked as over (Exp…), left out: ${expired}.`),
    ...said(
      any && counter(read)('no-homerooms') > 0,
      `None of the ${ours.length} classes is a homeroom, so no teacher gets a panel. Say which are by the option homerooms, for example {"field":"displayName","patterns":["Groep *"]}.`,
    ),
    ...said(
      pretended > 0,
      `Classes that fit the option homerooms and are none, because School Data Sync did not make them, a pupil owns them, or their pupils sit in another homeroom: ${pretended}.`,
    ),
    ...said(
      yearless > 0,
      `Homerooms that do not say of which year they are; their teachers are held for a person to decide: ${yearless}. Give classes a term, or let a pattern hold the year: "Groep * {year}".`,
    ),
    ...said(
      several > 0,
      `Pupils in more than one homeroom, whose every teacher gets their panel: ${several}. Narrow the patterns.`,
    ),
    ...said(!any, 'There are no classes: this source tells who has which account, and nothing about groups.'),
    ...said(
      any && empty,
      'No class has anybody in it. Where membership is hidden, the app also needs the application permission Member.Read.Hidden.',
    ),
  ]
}

function peopleSay(read: Read, { level, permissions }: Options): string[] {
  const count = counter(read)
  const people = read.records.filter(record => record.type === 'person')
  const inactive = people.filter(({ status }) => status === 'inactive').length
  const numbers = people.some(({ keys }) => keys.some(({ type }) => type === 'pupil-number' || type === 'staff-number'))
  const [unknown, held] = [count('unknown-role'), count('role-undecided')]
  return [
    ...said(
      unknown > 0,
      `Accounts without a role at Microsoft, where School Data Sync gives it; they open nothing: ${unknown}.`,
    ),
    ...said(inactive > 0, `Blocked accounts, whose people count as gone: ${inactive}.`),
    ...said(held > 0, `Memberships of teachers that are held for a person to decide: ${held}.`),
    ...said(
      count('unknown-grade') > 0 && level === undefined,
      'Grades are bare numbers: the option level says what they mean.',
    ),
    ...said(
      permissions === 'basic',
      'Numbers of pupils and staff are not read: that takes the option permissions "full" and the permission EduRoster.Read.All.',
    ),
    ...said(
      permissions === 'full' && !numbers,
      'No account has a number of a pupil or a member of staff: School Data Sync did not fill them in.',
    ),
  ]
}

const needed = new Set(['EduRoster.ReadBasic.All', 'EduRoster.Read.All', 'Member.Read.Hidden'])

function rightsSay(granted: string[] | undefined): string[] {
  const rights = granted ?? []
  const tooMuch = rights.filter(right => !needed.has(right))
  return [
    ...said(rights.length > 0, `Permissions of the app: ${rights.join(', ')}.`),
    ...said(tooMuch.length > 0, `It does not need ${tooMuch.join(', ')}: take that away in Entra.`),
  ]
}
