/** A stored source, opened: its sealed options through its adapter's schema into a RosterSource. */
import { setTimeout as sleep } from 'node:timers/promises'
import { adapter as registered } from '../../adapters/index.ts'
import type { Adapter, SourceContext as AdapterContext, RosterSource } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Database, Tx } from '../store/database.ts'
import type { BoardKeys, Keyring } from '../store/keyring.ts'
import { outbound } from './outbound.ts'

export interface SyncContext {
  db: Database
  keyring: Keyring
  log: Log
  clock?: () => Date
  /** Instead of the door outwards: for tests that answer in the vendor's place. */
  fetch?: typeof fetch
  /** Hosts of sources that may have a private address: M5_PRIVATE_HOSTS. */
  privateHosts?: readonly string[]
  signal?: AbortSignal
  wait?: AdapterContext['wait']
  /** The registry; tests bring their own. @throws for an unknown kind */
  adapter?: (kind: string) => Adapter
}

export interface StoredSource {
  id: string
  schoolId: string
  kind: string
  label: string
  /** roster or identities. */
  gives: string
  optionsSealed: Uint8Array
  cursor: string | null
  appliedAt: Date | null
  appliedCreatedAt: Date | null
  fullAt: Date | null
  goodAt: Date | null
  profile: unknown
}

/** @throws AppError `not-found` */
export async function sourceOf(tx: Tx, boardId: string, sourceId: string): Promise<StoredSource> {
  const row = await tx.source.findUnique({ where: { boardId_id: { boardId, id: sourceId } } })
  if (!row) throw new AppError('not-found', 'There is no such source.', { reason: 'source-unknown' })
  return row
}

/** @throws SourceError for an unknown kind */
export const adapterOf = (ctx: Pick<SyncContext, 'adapter'>, kind: string): Adapter => (ctx.adapter ?? registered)(kind)

export const optionsPlace = (sourceId: string) => ({ table: 'Source', row: sourceId, column: 'optionsSealed' })

/** What this run brings, besides the options. */
export interface ThisRun {
  progress?: (read: number, total?: number) => void
  /** See SourceContext. */
  schoolYear?: string
  file?: string
}

/** @throws AppError `misconfigured` when the options are not (or no longer) what the adapter takes; SourceError for an unknown kind */
export function openSource(
  ctx: SyncContext,
  keys: BoardKeys,
  source: Pick<StoredSource, 'id' | 'kind' | 'optionsSealed'>,
  run: ThisRun = {},
): RosterSource {
  const adapter = adapterOf(ctx, source.kind)
  const options = adapter.options.safeParse(JSON.parse(keys.open(optionsPlace(source.id), source.optionsSealed)))
  if (!options.success) {
    const wrong = options.error.issues.map(issue => issue.path.join('.')).join(', ')
    throw new AppError('misconfigured', `These options of the source are not right: ${wrong}.`, { reason: 'options' })
  }
  const door = { hosts: adapter.hosts(options.data), privateHosts: ctx.privateHosts ?? [] }
  return adapter.open(options.data, {
    fetch: ctx.fetch ?? outbound(door),
    withCertificate: certificate => outbound({ ...door, certificate }),
    clock: ctx.clock ?? (() => new Date()),
    signal: ctx.signal ?? new AbortController().signal,
    wait: ctx.wait ?? ((ms, signal) => sleep(ms, undefined, { signal })),
    ...run,
  })
}
