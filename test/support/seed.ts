/**
 * Boards, schools and people for tests of the service, written straight into the tables through the scope, so that a test of the ways in
 * does not depend on a roster that was read well. Names are invented.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import { addDays, localDay, schoolYearOn, yearSpan } from '../../connector/store/calendar.ts'
import { type PersonNames, sealNames, sourceTag } from '../../connector/store/people.ts'
import { addRoute } from '../../connector/store/routes.ts'
import { withTenant } from '../../connector/store/scope.ts'
import type { SignIn } from '../school/sign-in.ts'
import type { TestDatabase } from './database.ts'

type Seeding = Pick<TestDatabase, 'db' | 'keyring'>

export const today = (): string => localDay(new Date())
export const date = (day: string): Date => new Date(`${day}T00:00:00Z`)

export interface SeededSchool {
  boardId: string
  id: string
  key: string
  yearId: string
  sourceId: string
}

export async function seedBoard(t: Seeding, name = 'Stichting De Proef'): Promise<string> {
  const boardId = randomUUID()
  await withTenant(t.db, { boardId, role: 'system' }, async tx => {
    await tx.board.create({ data: { boardId, name } })
    await t.keyring.create(tx, boardId)
    await addRoute(tx, boardId, { kind: 'board', value: boardId, toBoardId: boardId, toId: boardId })
  })
  return boardId
}

export interface NewSchool {
  name?: string
  /** Default: shown at once, so that a test need not wait for the end of the school day. */
  settings?: object
  origins?: string[]
  /** Default: the school year of today. */
  year?: string
}

export async function seedSchool(t: Seeding, boardId: string, school: NewSchool = {}): Promise<SeededSchool> {
  const {
    name = 'De Proefschool',
    settings = { panel: 'at-once' },
    origins = [],
    year = schoolYearOn(today()),
  } = school
  const [id, yearId, sourceId] = [randomUUID(), randomUUID(), randomUUID()]
  const key = `pk_${randomBytes(12).toString('hex')}`
  const keys = await t.keyring.board(boardId)
  const span = yearSpan(year)
  await withTenant(t.db, { boardId, role: 'system' }, async tx => {
    const brin = randomBytes(2).toString('hex').toUpperCase()
    await tx.school.create({ data: { boardId, id, name, brin, publishableKey: key, settings } })
    await addRoute(tx, boardId, { kind: 'school-key', value: key, toBoardId: boardId, toId: id })
    const days = { startsOn: date(span.startsOn), endsOn: date(span.endsOn) }
    await tx.schoolYear.create({ data: { boardId, id: yearId, schoolId: id, name: span.name, ...days } })
    const optionsSealed = keys.seal({ table: 'Source', row: sourceId, column: 'optionsSealed' }, '{}')
    await tx.source.create({
      data: { boardId, id: sourceId, schoolId: id, kind: 'edexml', label: 'proef', optionsSealed },
    })
    for (const origin of origins) await tx.origin.create({ data: { boardId, id: randomUUID(), schoolId: id, origin } })
  })
  return { boardId, id, key, yearId, sourceId }
}

export async function seedGroup(
  t: Seeding,
  school: SeededSchool,
  name: string,
  kind: 'homeroom' | 'scheduled' = 'homeroom',
): Promise<string> {
  const { boardId, id: schoolId, yearId: schoolYearId, sourceId } = school
  const id = randomUUID()
  const keys = await t.keyring.board(boardId)
  const now = new Date()
  const facts = { kind, name, grades: ['7'], firstSeenAt: now, lastSeenAt: now, sourceTag: sourceTag(keys, name) }
  await withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.group.create({ data: { boardId, id, schoolId, schoolYearId, sourceId, ...facts } }),
  )
  return id
}

export interface NewPerson {
  role?: 'pupil' | 'staff' | 'parent' | 'trainee' | 'unknown'
  names?: PersonNames
  /** What the roster and the sign-in both know this person by. Default: random. */
  sisId?: string
  status?: 'active' | 'pending' | 'inactive'
  groups?: { id: string; role?: 'pupil' | 'teacher' | 'other' | 'undecided'; startsOn?: string; endsOn?: string }[]
}

export interface SeededPerson {
  id: string
  sisId: string
  /** At the school's sign-in. */
  subject: string
}

export async function seedPerson(t: Seeding, school: SeededSchool, person: NewPerson = {}): Promise<SeededPerson> {
  const { boardId } = school
  const { names = { preferred: 'Proef', family: 'Persoon' }, sisId = `p:${randomBytes(6).toString('hex')}` } = person
  const id = randomUUID()
  const keys = await t.keyring.board(boardId)
  await withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.person.create({ data: { boardId, id, namesSealed: sealNames(keys, id, names) } }),
  )
  await seedAffiliation(t, school, id, { ...person, sisId })
  return { id, sisId, subject: `sub-${sisId}` }
}

/** A person of the board in one more school. */
export async function seedAffiliation(
  t: Seeding,
  school: SeededSchool,
  personId: string,
  person: NewPerson & { sisId: string },
): Promise<void> {
  const { boardId, id: schoolId, sourceId, yearId } = school
  const { role = 'pupil', sisId, status = 'active', groups = [] } = person
  const keys = await t.keyring.board(boardId)
  const now = new Date()
  await withTenant(t.db, { boardId, role: 'system' }, async tx => {
    const common = { boardId, schoolId, sourceId, personId }
    const seen = { firstSeenAt: now, lastSeenAt: now }
    const grade = role === 'pupil' ? '7' : null
    const tags = { sourceTag: sourceTag(keys, sisId), contentPrint: keys.fingerprint('content', sisId) }
    await tx.affiliation.create({
      data: { id: randomUUID(), ...common, ...tags, stable: true, role, roleHints: [], grade, status, ...seen },
    })
    const valueTag = keys.fingerprint('roster-key', `sis-id:${sisId}`)
    await tx.rosterKey.create({ data: { id: randomUUID(), ...common, type: 'sis-id', valueTag, stable: true } })
    const year = await tx.schoolYear.findUniqueOrThrow({ where: { boardId_id: { boardId, id: yearId } } })
    for (const { id: groupId, role: inGroup = 'pupil', startsOn, endsOn } of groups) {
      const days = { startsOn: startsOn ? date(startsOn) : year.startsOn, endsOn: endsOn ? date(endsOn) : null }
      await tx.membership.create({ data: { id: randomUUID(), ...common, groupId, role: inGroup, ...days } })
    }
  })
}

export interface NewGrant {
  role: string
  groupId?: string
  confirmed?: boolean
  startsOn?: string
  until?: string
}

export async function seedGrant(t: Seeding, school: SeededSchool, personId: string, grant: NewGrant): Promise<string> {
  const { boardId, id: schoolId } = school
  const { role, groupId = null, confirmed = true, startsOn = addDays(today(), -10), until } = grant
  const id = randomUUID()
  const facts = { role, groupId, grantedBy: 'proef', startsOn: date(startsOn), until: until ? date(until) : null }
  await withTenant(t.db, { boardId, role: 'system' }, tx =>
    tx.grant.create({
      data: { boardId, id, schoolId, personId, ...facts, confirmedAt: confirmed ? new Date() : null },
    }),
  )
  return id
}

/** The school's sign-in, known on both sides. @param origin of the connector */
export async function seedSignIn(
  t: Seeding,
  school: SeededSchool,
  upstream: SignIn,
  origin: string,
  more: { claim?: string; keyType?: string; kind?: string; tenant?: string; logsOut?: boolean } = {},
): Promise<string> {
  const { boardId, id: schoolId } = school
  const id = randomUUID()
  const secret = randomBytes(16).toString('hex')
  const keys = await t.keyring.board(boardId)
  upstream.addClient({
    ...{ client_id: id, client_secret: secret, redirect_uris: [`${origin}/entry/callback/${id}`] },
    ...(more.logsOut ? { backchannel_logout_uri: `${origin}/entry/backchannel/${id}` } : {}),
  })
  const secretSealed = keys.seal({ table: 'SignIn', row: id, column: 'secretSealed' }, secret)
  const { claim = 'sis_id', keyType = 'sis-id', kind = 'oidc', tenant = null } = more
  const facts = {
    label: 'Schoolaccount',
    kind,
    tenant,
    issuer: upstream.issuer,
    clientId: id,
    secretSealed,
    claim,
    keyType,
  }
  await withTenant(t.db, { boardId, role: 'system' }, async tx => {
    await tx.signIn.create({ data: { boardId, id, schoolId, ...facts } })
    await addRoute(tx, boardId, { kind: 'sign-in', value: id, toBoardId: boardId, toId: boardId })
  })
  return id
}

/** As the school's sign-in knows them. */
export const account = ({ subject, sisId }: Omit<SeededPerson, 'id'>) => ({
  sub: subject,
  username: subject,
  name: subject,
  claims: { sis_id: sisId },
})

/** The tables that hold this text in any column, looked for past every wall; bytes are compared too. */
export async function tablesHolding(t: Pick<TestDatabase, 'asSuperuser'>, text: string): Promise<string[]> {
  return t.asSuperuser(async client => {
    const { rows: tables } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public' order by 1`,
    )
    const found: string[] = []
    for (const { name } of tables) {
      const hex = Buffer.from(text).toString('hex')
      const { rows } = await client.query<{ hits: number }>(
        `select count(*)::int as hits from "${name}" r where strpos(r::text, $1) > 0 or strpos(r::text, $2) > 0`,
        [text, hex],
      )
      if ((rows[0]?.hits ?? 0) > 0) found.push(name)
    }
    return found
  })
}
