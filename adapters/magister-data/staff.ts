/** personeelsleden → people. Known by their number; their code is what mentors are named by. Pure. */
import { dayAfter } from '../calendar.ts'
import { given, order } from '../deliver.ts'
import { homeroomRule } from '../homerooms.ts'
import type { PersonRecord, RosterKey } from '../roster.ts'
import { type Finding, SourceError } from '../source.ts'
import { type Asked, isDamaged, passes, plain, staffId } from './terms.ts'
import { dayIn, type StaffMember } from './wire.ts'

export interface Staff {
  people: PersonRecord[]
  /** Who works here now, by plain code. A code that two have is nobody's. */
  byCode: Map<string, PersonRecord>
}

/**
 * @param asked.mentorCodes who mentors a pupil of this school belongs to it, whatever the administrative unit
 * @throws SourceError `incomplete` when nobody is left: a right that was withdrawn, never a school without staff
 */
export function mapStaff(
  wire: readonly StaffMember[],
  asked: Asked & { mentorCodes: ReadonlySet<string> },
  findings: Finding[],
): Staff {
  const { options, mentorCodes } = asked
  if (options.staff === 'none') return { people: [], byCode: new Map() }
  const ours = passes(options.units)
  const numbered = wire.filter(each => each.stamnr_str !== undefined)
  const people = [...Map.groupBy(numbered, each => each.stamnr_str ?? '')]
    .map(([number, rows]) => ({ number, row: theOne(rows) }))
    .filter(({ row }) => ours(row['administratieve_eenheid.omschrijving']) || mentorCodes.has(plain(codeOf(row))))
    .map(({ number, row }) => mapMember(number, row, asked, findings))
  if (people.length === 0) throw new SourceError('incomplete', 'Magister gives no staff for these administrative units')
  return { people, byCode: byCode(people) }
}

/** Numbers of those whose lessons are worth asking for. */
export function staffToAsk(wire: readonly StaffMember[], asked: Asked): string[] {
  const ours = passes(asked.options.units)
  const here = wire.filter(each => ours(each['administratieve_eenheid.omschrijving']) && !hasLeft(each, asked.today))
  return [...new Set(here.flatMap(each => each.stamnr_str ?? []))].sort(order)
}

/** Whoever has two accounts comes twice: the row whose account is the code is the one that others know (TeamSync sees this too). */
function theOne(rows: StaffMember[]): StaffMember {
  const sorted = rows.toSorted(
    (a, b) =>
      order(a['loginaccount.naam'] ?? '', b['loginaccount.naam'] ?? '') || order(JSON.stringify(a), JSON.stringify(b)),
  )
  const byAccount = sorted.find(row => plain(row['loginaccount.naam'] ?? '') === plain(codeOf(row)))
  // SAFETY: a group of rows has at least one.
  return (byAccount ?? sorted[0]) as StaffMember
}

/** A star before it marks who leaves or has left. */
const codeOf = ({ code = '' }: StaffMember) => code.replace(/^\*+/, '').trim()

function hasLeft(row: StaffMember, today: string): boolean {
  const left = leftOn(row)
  return isStarred(row.code) || isStarred(row['functie.omschr']) || (left !== undefined && left <= today)
}

const isStarred = (text: string | undefined) => text?.startsWith('*') === true
const leftOn = ({ dvertrek_str }: StaffMember) => {
  const last = dayIn(dvertrek_str, 'dVertrek_str')
  return last === undefined ? undefined : dayAfter(last)
}

function mapMember(number: string, row: StaffMember, { options, today }: Asked, findings: Finding[]): PersonRecord {
  const sourceId = staffId(number)
  const job = row['functie.omschr']?.replace(/^\*+/, '').trim()
  const login = row['loginaccount.naam']
  const code = codeOf(row)
  if ([row.roepnaam, row.tussenv, row.achternaam].some(isDamaged)) findings.push({ code: 'damaged-text', sourceId })
  const keys: RosterKey[] = []
  if (code !== '') keys.push({ type: 'staff-number', value: code, stable: true })
  if (login !== undefined) keys.push({ type: 'username', value: login, stable: true })
  return {
    type: 'person',
    sourceId,
    stable: true,
    role: homeroomRule(options.trainees)(job) ? 'trainee' : 'staff',
    roleHints: job ? [job.slice(0, 100)] : [],
    status: hasLeft(row, today) ? 'inactive' : 'active',
    ...given('givenName', row['off._voornamen']),
    ...given('preferredFirstName', row.roepnaam),
    ...given('initials', row.voorletters?.slice(0, 20)),
    ...given('familyNamePrefix', row.tussenv),
    ...given('familyName', row.achternaam),
    ...given('username', login),
    ...given('endsOn', leftOn(row)),
    keys,
  }
}

function byCode(people: readonly PersonRecord[]): Map<string, PersonRecord> {
  const here = people.filter(({ status }) => status === 'active')
  const code = ({ keys }: PersonRecord) => plain(keys.find(({ type }) => type === 'staff-number')?.value ?? '')
  const holders = [...Map.groupBy(here, code)].filter(([key, all]) => key !== '' && all.length === 1)
  return new Map(holders.flatMap(([key, [only]]) => (only === undefined ? [] : [[key, only] as const])))
}
