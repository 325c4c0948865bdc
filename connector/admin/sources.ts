/** Where a school's roster comes from. Options go in and never come out: they hold keys of the school's systems. */
import { randomUUID } from 'node:crypto'
import { adapter as registered } from '../../adapters/index.ts'
import { type Adapter, type Health, SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { schoolOf } from '../store/schools.ts'
import { openSource, optionsPlace, type SyncContext, sourceOf } from '../sync/source.ts'
import { type AdminContext, type By, doing, reading } from './context.ts'
import { checked, Label } from './input.ts'

type SourceContext = AdminContext & Pick<SyncContext, 'adapter' | 'clock' | 'fetch'>

export interface SourceFacts {
  id: string
  schoolId: string
  kind: string
  label: string
  appliedAt: Date | null
}

/** @param input.options as the adapter's schema wants them. @throws AppError `invalid-input`, `not-found` */
export async function addSource(
  ctx: SourceContext,
  input: By & { boardId: string; schoolId: string; kind: string; label: string; options: unknown },
): Promise<SourceFacts> {
  const { boardId, schoolId, kind } = input
  const label = checked(Label, input.label, 'label')
  checked(adapterOf(ctx, kind).options, input.options, 'option')
  const keys = await ctx.keyring.board(boardId)
  const id = randomUUID()
  // As they were given, not with today's defaults: a default that changes later changes for everyone.
  const optionsSealed = keys.seal(optionsPlace(id), JSON.stringify(input.options))
  return doing(ctx, input, { action: 'source.add', object: () => id, detail: { kind } }, async tx => {
    await schoolOf(tx, boardId, schoolId)
    await tx.source.create({ data: { boardId, id, schoolId, kind, label, optionsSealed } })
    return { id, schoolId, kind, label, appliedAt: null }
  })
}

/** Of one school, or of the whole board. */
export function listSources(
  ctx: Pick<AdminContext, 'db'>,
  where: { boardId: string; schoolId?: string },
): Promise<SourceFacts[]> {
  const select = { id: true, schoolId: true, kind: true, label: true, appliedAt: true }
  return reading(ctx, where.boardId, tx =>
    tx.source.findMany({ where, select, orderBy: [{ createdAt: 'asc' }, { id: 'asc' }] }),
  )
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
