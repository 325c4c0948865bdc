/** A school of its own for each test, with a made-up source and a clock that stands where it is put. */
import { randomUUID } from 'node:crypto'
import { createBoard } from '../../../connector/admin/boards.ts'
import { addSchool } from '../../../connector/admin/schools.ts'
import { addSource } from '../../../connector/admin/sources.ts'
import { namesOf } from '../../../connector/store/people.ts'
import { withTenant } from '../../../connector/store/scope.ts'
import { approveRun } from '../../../connector/sync/held.ts'
import { runSync } from '../../../connector/sync/run.ts'
import type { SyncInput } from '../../../connector/sync/weigh.ts'
import type { TestDatabase } from '../../support/database.ts'
import { madeUpAdapter, type Stand } from './made-up.ts'

export interface Settled {
  day?: string
  boardId?: string
  brin?: string
  stand?: Partial<Stand>
}

export type Place = Awaited<ReturnType<typeof schoolWith>>

export async function schoolWith(t: TestDatabase, says: Stand['says'], settled: Settled = {}) {
  const { day = '2026-10-05', brin = '99ZZ' } = settled
  const stand: Stand = { says, ...settled.stand }
  const at = { now: new Date(`${day}T10:00:00Z`) }
  const ctx = { db: t.db, keyring: t.keyring, log: t.log, clock: () => at.now, adapter: madeUpAdapter(stand) }
  const board = settled.boardId ?? (await createBoard(ctx, { name: 'Bestuur' })).boardId
  const school = await addSchool(ctx, { boardId: board, name: 'De Klim', brin })
  const options = { token: 'tok-geheim' }
  const source = await addSource(ctx, { boardId: board, schoolId: school.id, kind: 'made-up', label: 'Bron', options })
  const input = { boardId: board, sourceId: source.id, by: 'operator' }
  const read = <T>(work: Parameters<typeof withTenant<T>>[2]) =>
    withTenant(t.db, { boardId: board, role: 'system' }, work)
  const approve = (runId: string) => approveRun(ctx, { boardId: board, runId, by: 'operator' })
  return {
    ...{ ctx, stand, school, boardId: board, schoolId: school.id, sourceId: source.id, read, approve },
    onDay(to: string) {
      at.now = new Date(`${to}T10:00:00Z`)
    },
    sync: (more: Partial<SyncInput> = {}) => runSync(ctx, { ...input, ...more }),
    async first() {
      const held = await runSync(ctx, input)
      return approve(held.runId)
    },
    source: () => read(tx => tx.source.findUniqueOrThrow({ where: { boardId_id: { boardId: board, id: source.id } } })),
  }
}

/** Each affiliation of the school, with the given name. */
export async function everybodyOf({ ctx, boardId, schoolId, read }: Place) {
  const keys = await ctx.keyring.board(boardId)
  return read(async tx => {
    const rows = await tx.affiliation.findMany({
      ...{ where: { boardId, schoolId }, include: { person: true }, orderBy: { id: 'asc' } },
    })
    const ids = rows.map(row => row.personId)
    const names = await namesOf(tx, keys, boardId, ids)
    return rows.map(({ personId, role, status, grade, person: { active, deactivatedAt } }) => ({
      ...{ name: names.get(personId)?.given ?? '?', id: personId },
      ...{ role, status, grade, active, gone: deactivatedAt },
    }))
  })
}

/** By given name. */
export const peopleOf = async (place: Place) =>
  new Map((await everybodyOf(place)).map(({ name, ...person }) => [name, person]))

export const openMemberships = ({ boardId, schoolId, read }: Place) =>
  read(tx =>
    tx.membership.findMany({
      where: { boardId, schoolId, endsOn: null },
      include: { group: { include: { schoolYear: true } } },
    }),
  )

/** @returns whether the session still is one */
export const signedIn = ({ boardId, schoolId, read }: Place, personId: string): Promise<() => Promise<boolean>> =>
  read(async tx => {
    const id = randomUUID()
    const soon = new Date(Date.now() + 3_600_000)
    await tx.session.create({
      data: { boardId, id, personId, schoolId, channel: 'test', authTime: new Date(), endsAt: soon },
    })
    return async () => {
      const row = await read(again => again.session.findUniqueOrThrow({ where: { boardId_id: { boardId, id } } }))
      return row.endedAt === null
    }
  })

/** The whole stored roster of a school, without ids and times: to compare two. */
export async function rosterOf({ boardId, schoolId, read }: Place) {
  const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? null
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return read(async tx => {
    const where = { boardId, schoolId }
    const people = await tx.affiliation.findMany({
      where,
      include: { person: { include: { rosterKeys: true, memberships: { include: { group: true } } } } },
    })
    const groups = await tx.group.findMany({ where, include: { schoolYear: true } })
    return {
      people: people
        .map(row => ({
          ...{ tag: hex(row.sourceTag), print: hex(row.contentPrint), role: row.role, status: row.status },
          ...{ stable: row.stable, grade: row.grade, hints: row.roleHints, active: row.person.active },
          ...{ startsOn: day(row.startsOn), endsOn: day(row.endsOn) },
          keys: row.person.rosterKeys.map(key => `${key.type} ${hex(key.valueTag)} ${key.stable}`).sort(),
          memberships: row.person.memberships
            .map(each => `${hex(each.group.sourceTag)} ${each.role} ${day(each.startsOn)} ${day(each.endsOn)}`)
            .sort(),
        }))
        .sort((a, b) => (a.tag < b.tag ? -1 : 1)),
      groups: groups
        .map(({ sourceTag, kind, name, grades, active, schoolYear }) => ({
          ...{ tag: hex(sourceTag), kind, name, grades, active, year: schoolYear.name },
        }))
        .sort((a, b) => (a.tag < b.tag ? -1 : 1)),
    }
  })
}
