/** One more source for a made-up school: another roster, or the accounts of its sign-in. */
import type { PersonRecord } from '../../../adapters/roster.ts'
import { addSource, type SourceGives } from '../../../connector/admin/sources.ts'
import { approveRun } from '../../../connector/sync/held.ts'
import { runSync } from '../../../connector/sync/run.ts'
import type { SyncInput } from '../../../connector/sync/weigh.ts'
import { type MadeUp, madeUpAdapter, type Stand } from './made-up.ts'
import type { Place } from './place.ts'

export type Key = PersonRecord['keys'][number]
export const key = (type: Key['type'], value: string): Key => ({ type, value, stable: true })

export interface Account extends Partial<PersonRecord> {
  id: string
}

/** As a directory knows somebody. */
export const account = ({ id, role = 'pupil', keys = [], ...more }: Account): PersonRecord => ({
  ...{ type: 'person', sourceId: `user:${id}`, stable: true, role, roleHints: [], status: 'active' },
  ...{ givenName: `Account${id}`, keys: [key('object-id', `oid-${id}`), ...keys] },
  ...more,
})

/** A directory of these accounts, with no groups. */
export const directory = (...people: PersonRecord[]): MadeUp => ({
  ...{ schoolYear: '2026-2027', brin: '99ZZ', location: '00', groups: [], memberships: [] },
  people,
})

export async function alongside(
  place: Place,
  says: Stand['says'],
  gives: SourceGives = 'identities',
  kind = 'made-up',
) {
  const stand: Stand = { says }
  const { boardId, schoolId } = place
  const ctx = { ...place.ctx, adapter: madeUpAdapter(stand) }
  const source = await addSource(ctx, { boardId, schoolId, kind, gives, label: 'Ernaast', options: {} })
  const input = { boardId, sourceId: source.id, by: 'operator' }
  const sync = (more: Partial<SyncInput> = {}) => runSync(ctx, { ...input, ...more })
  const approve = (runId: string) => approveRun(ctx, { boardId, runId, by: 'operator' })
  return {
    ...place,
    ...{ ctx, stand, sourceId: source.id, sync, approve },
    async first() {
      return approve((await sync()).runId)
    },
    questions: (state?: string) =>
      place.read(tx =>
        tx.matchConflict.findMany({
          where: { boardId, sourceId: source.id, ...(state === undefined ? {} : { state }) },
          orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
        }),
      ),
  }
}

/** Whom a claim of this school's sign-in finds (connector/entry/link.ts). */
export async function foundBy({ ctx, boardId, schoolId, read }: Place, { type, value }: Key): Promise<string[]> {
  const keys = await ctx.keyring.board(boardId)
  const valueTag = keys.fingerprint('roster-key', `${type}:${value}`)
  const belongs = { active: true, affiliations: { some: { boardId, schoolId, status: 'active' } } }
  const rows = await read(tx =>
    tx.rosterKey.findMany({ where: { boardId, schoolId, type, valueTag, stable: true, person: belongs } }),
  )
  return [...new Set(rows.map(row => row.personId))]
}
