/** A push, asked of the source that it is for: whether it is a reason to read soon. */
import { type Push, SourceError } from '../../adapters/source.ts'
import { AppError } from '../errors.ts'
import { outbound } from './outbound.ts'
import { adapterOf, optionsPlace, type StoredSource, type SyncContext } from './source.ts'

type WakeContext = Pick<SyncContext, 'keyring' | 'adapter' | 'clock' | 'fetch' | 'privateHosts'>
type Pushed = Pick<Push, 'authorization' | 'body' | 'audience' | 'once'>

/**
 * @returns null for a source that waits for no push; else whether this one is the vendor's and tells of a change
 * @throws AppError `unauthenticated` when it is not the vendor's; `unavailable` when that cannot be found out now
 */
export async function isWoken(
  ctx: WakeContext,
  source: Pick<StoredSource, 'id' | 'kind' | 'optionsSealed'> & { boardId: string },
  pushed: Pushed,
): Promise<boolean | null> {
  const adapter = known(ctx, source.kind)
  if (!adapter?.wakeUp) return null
  const keys = await ctx.keyring.board(source.boardId)
  const options = adapter.options.safeParse(JSON.parse(keys.open(optionsPlace(source.id), source.optionsSealed)))
  // That they are not right any more is said by the next sync.
  if (!options.success) return null
  const { clock = () => new Date(), privateHosts = [] } = ctx
  const fetch = ctx.fetch ?? outbound({ hosts: adapter.hosts(options.data), privateHosts })
  return adapter.wakeUp({ ...pushed, fetch, clock }, options.data).catch(refuse)
}

/** What this program does not know (any more) waits for nothing. */
function known(ctx: WakeContext, kind: string) {
  try {
    return adapterOf(ctx, kind)
  } catch {
    return undefined
  }
}

function refuse(cause: unknown): never {
  if (cause instanceof SourceError && cause.code === 'unauthorized')
    throw new AppError('unauthenticated', 'This message is not from the vendor of this source.', {
      cause,
      reason: 'push-foreign',
    })
  if (cause instanceof SourceError)
    throw new AppError('unavailable', 'It cannot be found out now who sent this. Send it again later.', {
      cause,
      reason: 'push-unverified',
    })
  throw cause
}
