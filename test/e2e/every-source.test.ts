/** Every kind of source against its system on localhost: asked by the command line, then read, approved and read again by the real engine. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapter, adapters } from '../../adapters/index.ts'
import { createBoard } from '../../connector/admin/boards.ts'
import { addSchool } from '../../connector/admin/schools.ts'
import { addSource } from '../../connector/admin/sources.ts'
import { displayName, namesOf } from '../../connector/store/people.ts'
import { withTenant } from '../../connector/store/scope.ts'
import { approveRun } from '../../connector/sync/held.ts'
import { runSync } from '../../connector/sync/run.ts'
import { runM5 } from '../connector/cli/run.ts'
import { nearby } from '../school/furnish.ts'
import { canariesOf, type GeneratedSchool, generateSchool } from '../school/generate.ts'
import { spokenName } from '../school/names.ts'
import { systems } from '../school/sis/index.ts'
import type { Sis } from '../school/sis/sis.ts'
import { type TestDatabase, testDatabase, testMasterKey } from '../support/database.ts'

let t: TestDatabase
/** The command line reads the clock of the machine. */
const now = new Date()
const school = generateSchool({ today: now, pupils: 80 })
beforeAll(async () => {
  t = await testDatabase()
})
afterAll(() => t.close())

it('has a system on localhost for every kind there is', () => {
  expect(Object.keys(systems).sort()).toEqual(Object.keys(adapters).sort())
})

describe.for(Object.keys(systems))('the source %s', kind => {
  let sis: Sis
  let at: { boardId: string; schoolId: string; sourceId: string }
  const ctx = () => ({ db: t.db, keyring: t.keyring, log: t.log, clock: () => now, privateHosts: nearby })
  beforeAll(async () => {
    sis = (await systems[kind]?.({ school: () => school, clock: () => now })) as Sis
    const { boardId } = await createBoard(t, { name: `Bestuur ${kind}` })
    const { brin, location, name } = school
    const { id: schoolId } = await addSchool(t, { boardId, name, brin, location })
    const { id: sourceId } = await addSource(t, { boardId, schoolId, kind, label: kind, options: sis.options })
    at = { boardId, schoolId, sourceId }
  })
  afterAll(() => sis.close())

  it('answers `m5 source test` with what the school has, and no secret', async () => {
    const { boardId, sourceId } = at
    const env = { DATABASE_URL: t.url, M5_MASTER_KEY: testMasterKey, M5_PRIVATE_HOSTS: nearby.join(',') }
    const answer = await runM5(['source', 'test', '--board', boardId, '--source', sourceId], { env })
    expect([answer.code, answer.err]).toEqual([0, ''])
    const { ok, says } = answer.json as { ok: boolean; says: string[] }
    expect(ok).toBe(true)
    expect(says.join(' ')).toMatch(/\d/)
    for (const secret of secretsOf(kind, sis)) expect(answer.out).not.toContain(secret)
  })

  it('is read, held, approved; then the school is there, every teacher in the right room, and nothing more', async () => {
    const { boardId, schoolId, sourceId } = at
    const held = await runSync(ctx(), { boardId, sourceId, by: 'operator' })
    expect(held.state).toBe('held')
    const applied = await approveRun(ctx(), { boardId, runId: held.runId, by: 'operator' })
    expect(applied.state).toBe('applied')
    const stored = await storedSchool(schoolId)
    const there = pupilsAs(kind)
    expect(stored.pupils).toEqual(there.map(pupil => spokenName(pupil.name)).sort())
    expect(stored.homerooms).toEqual(namesOfRooms(school))
    expect(stored.members).toEqual(membersOf(school, there))
    if (adapter(kind).can.groupTeachers) expect(stored.teachers).toEqual(teachersOf(school))
    else expect(stored.teachers).toEqual([])
  })

  it('changes nothing when it is read again', async () => {
    const { boardId, sourceId } = at
    await sis.publish?.()
    const again = await runSync(ctx(), { boardId, sourceId, by: 'operator' })
    expect([again.state, again.diff.filter(line => /^[+~-]/.test(line))]).toEqual(['unchanged', []])
  })

  it('leaves nothing in the database that had to stay outside, and no credential', async () => {
    const dump = await t.asSuperuser(async client => {
      const { rows: tables } = await client.query<{ schema: string; name: string }>(
        `select schemaname as schema, tablename as name from pg_tables where schemaname in ('public', 'jobs')`,
      )
      const texts: string[] = []
      for (const { schema, name } of tables) {
        const { rows } = await client.query<{ text: string }>(`select r::text as text from "${schema}"."${name}" r`)
        texts.push(...rows.map(row => row.text))
      }
      return texts.join('\n')
    })
    expect(dump.length).toBeGreaterThan(10_000)
    for (const secret of [...canariesOf(school), ...secretsOf(kind, sis)]) expect(dump).not.toContain(secret)
  })

  interface Stored {
    pupils: string[]
    homerooms: string[]
    /** `room: name` */
    members: string[]
    teachers: string[]
  }

  async function storedSchool(schoolId: string): Promise<Stored> {
    const { boardId } = at
    const keys = await t.keyring.board(boardId)
    return withTenant(t.db, { boardId, role: 'system' }, async tx => {
      const people = await tx.affiliation.findMany({ where: { boardId, schoolId, status: 'active' } })
      const names = await namesOf(
        tx,
        keys,
        boardId,
        people.map(person => person.personId),
      )
      const rooms = await tx.group.findMany({
        where: { boardId, schoolId, kind: 'homeroom', active: true },
        include: { memberships: true },
      })
      const called = (personId: string) => displayName(names.get(personId) ?? {})
      const active = new Set(people.map(person => person.personId))
      const inRooms = (role: string) =>
        rooms
          .flatMap(room =>
            room.memberships
              .filter(
                each => each.role === role && active.has(each.personId) && (each.endsOn === null || each.endsOn > now),
              )
              .map(each => `${plain(room.name)}: ${called(each.personId)}`),
          )
          .sort()
      return {
        pupils: people
          .filter(person => person.role === 'pupil')
          .map(person => called(person.personId))
          .sort(),
        homerooms: rooms.map(room => plain(room.name)).sort(),
        members: inRooms('pupil'),
        teachers: inRooms('teacher'),
      }
    })
  }
})

const secretsOf = (kind: string, sis: Sis): string[] =>
  adapter(kind).secrets.flatMap(name => (typeof sis.options[name] === 'string' ? [sis.options[name]] : []))

/** `Groep 7A` in one system is `7A` in another. */
const plain = (name: string) => name.replace(/^Groep /, '')
const rooms = (of: GeneratedSchool) => of.groups.filter(group => group.kind === 'homeroom')
const namesOfRooms = (of: GeneratedSchool) =>
  rooms(of)
    .map(room => room.name)
    .sort()

/** A source that does not say from when somebody comes (Magister's small set leaves it out) has the newcomer of next month here already. */
function pupilsAs(kind: string): GeneratedSchool['pupils'] {
  const says = kind !== 'magister-uwlr' && adapter(kind).fields.some(({ roster }) => roster === 'person.startsOn')
  return school.pupils.filter(pupil => pupil.endsOn === undefined && (!says || pupil.startsOn <= school.today))
}

function membersOf(of: GeneratedSchool, there: GeneratedSchool['pupils']): string[] {
  const named = new Map(rooms(of).map(room => [room.key, room.name]))
  return there
    .filter(pupil => named.has(pupil.groupKey ?? ''))
    .map(pupil => `${named.get(pupil.groupKey ?? '')}: ${spokenName(pupil.name)}`)
    .sort()
}

function teachersOf(of: GeneratedSchool): string[] {
  const named = new Map(rooms(of).map(room => [room.key, room.name]))
  return of.teachers
    .flatMap(teacher =>
      teacher.groups
        .filter(({ groupKey, roles }) => roles.includes('LRK') && named.has(groupKey))
        .map(({ groupKey }) => `${named.get(groupKey)}: ${spokenName(teacher.name)}`),
    )
    .sort()
}
