/** Where a school's roster comes from. Options go in and never come out: they hold keys of the school's systems. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { adapter as registered } from '../../adapters/index.ts'
import { type Adapter, type Health, SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import type { Tx } from '../store/database.ts'
import { endSignIns, takeKeys } from '../store/identity-keys.ts'
import { schoolOf } from '../store/schools.ts'
import { lockForApply, withRunLock } from '../store/sync-runs.ts'
import { openSource, optionsPlace, type SyncContext, sourceOf } from '../sync/source.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Label } from './input.ts'

type SourceContext = AdminContext &
  Pick<SyncContext, 'adapter' | 'clock' | 'fetch' | 'privateHosts' | 'signal' | 'wait'>

export interface SourceFacts {
  id: string
  schoolId: string
  kind: string
  label: string
  gives: SourceGives
  appliedAt: Date | null
}

/** `roster`: says who is in the school. `identities`: adds keys for sign-in to people whom a roster brought, and nobody else. */
const SourceGives = z.enum(['roster', 'identities'])
export type SourceGives = z.infer<typeof SourceGives>
export const sourceGives = SourceGives.options

/** @param input.options as the adapter's schema wants them. @throws AppError `invalid-input`, `not-found` */
export async function addSource(
  ctx: SourceContext,
  input: By & { boardId: string; schoolId: string; kind: string; label: string; options: unknown; gives?: SourceGives },
): Promise<SourceFacts> {
  const { boardId, schoolId, kind } = input
  const label = checked(Label, input.label, 'label')
  const gives = checked(SourceGives, input.gives ?? 'roster', 'gives')
  checked(adapterOf(ctx, kind).options, input.options, 'option')
  const keys = await ctx.keyring.board(boardId)
  const id = randomUUID()
  // As they were given, not with today's defaults: a default that changes later changes for everyone.
  const optionsSealed = keys.seal(optionsPlace(id), JSON.stringify(input.options))
  return doing(ctx, input, { action: 'source.add', object: () => id, detail: { kind, gives } }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.source.create({ data: { boardId, id, schoolId, kind, label, gives, optionsSealed } })
    return { id, schoolId, kind, label, gives, appliedAt: null }
  })
}

/** Of one school, or of the whole board. */
export function listSources(
  ctx: Pick<AdminContext, 'db'>,
  where: { boardId: string; schoolId?: string },
): Promise<SourceFacts[]> {
  // Rosters first: accounts are of people whom a roster brought.
  const orderBy = [{ gives: 'desc' as const }, { createdAt: 'asc' as const }, { id: 'asc' as const }]
  const select = { id: true, schoolId: true, kind: true, label: true, gives: true, appliedAt: true }
  return reading(ctx, where.boardId, async tx => {
    const rows = await tx.source.findMany({ where, select, orderBy })
    return rows.map(row => ({ ...row, gives: SourceGives.parse(row.gives) }))
  })
}

/**
 * Of one that nobody came from, with its runs; of identities with their keys, and the sign-ins by them. Who did come knows where from: that they
 * are gone here is for a sync to say.
 * @throws AppError `conflict` with reason `source-in-use` or `sync-running`; `not-found`
 */
export function removeSource(ctx: AdminContext, input: By & { boardId: string; sourceId: string }): Promise<void> {
  const { boardId, sourceId } = input
  const deed = { action: 'source.remove', object: () => sourceId }
  return withRunLock(ctx.db, sourceId, () =>
    doing(ctx, input, deed, async tx => {
      await lockForApply(tx, sourceId)
      const { schoolId, gives } = await sourceOf(tx, boardId, sourceId)
      // Accounts are of nobody any more, and let nobody in.
      if (gives === 'identities') {
        const scope = { boardId, schoolId, sourceId }
        await endSignIns(tx, scope, await takeKeys(tx, scope, 'all'), new Date())
      }
      if (await gaveAnything(tx, boardId, sourceId))
        throw new AppError(
          'conflict',
          'People or groups of this school came from this source, so it stays. Sync the others alone, with --source.',
          { reason: 'source-in-use' },
        )
      await tx.syncRun.deleteMany({ where: { boardId, sourceId } })
      await tx.source.delete({ where: { boardId_id: { boardId, id: sourceId } } })
    }),
  )
}

async function gaveAnything(tx: Tx, boardId: string, sourceId: string): Promise<boolean> {
  const where = { boardId, sourceId }
  const first = { where, select: { id: true } }
  const found = [
    await tx.affiliation.findFirst(first),
    await tx.group.findFirst(first),
    await tx.membership.findFirst(first),
    await tx.rosterKey.findFirst(first),
  ]
  return found.some(row => row !== null)
}

/** Asks the source itself; changes nothing. @throws SourceError when it does not answer as it should; AppError `not-found` */
export async function testSource(
  ctx: SourceContext,
  { boardId, sourceId }: { boardId: string; sourceId: string },
): Promise<Health> {
  const keys = await ctx.keyring.board(boardId)
  const source = await reading(ctx, boardId, tx => sourceOf(tx, boardId, sourceId))
  return openSource(ctx, keys, source).check()
}

function adapterOf(ctx: SourceContext, kind: string): Adapter {
  try {
    return (ctx.adapter ?? registered)(kind)
  } catch (cause) {
    if (cause instanceof SourceError)
      throw new AppError('invalid-input', 'There is no such kind of source.', { cause, reason: 'source-kind' })
    throw cause
  }
}
