/**
 * POST /wake/BOARD/SOURCE: where a vendor tells that something changed. It wakes the schedule and is never data. Anybody can send anything here:
 * whoever cannot show that he is the vendor learns nothing, and what cannot be a source costs one look into a table.
 */
import { Router, text } from 'express'
import { z } from 'zod'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import { withTenant } from '../store/scope.ts'
import type { ApiContext } from './context.ts'

/** Ours; no vendor says more than that something changed. */
const limit = '64kb'

/** Lower case, as the address that a school is given has them. */
const id = z.uuid().toLowerCase()
const Place = z.object({ boardId: id, sourceId: id })

export function wakeRoutes(
  { db, keyring, log, clock, config }: ApiContext,
  { privateHosts }: Pick<Config, 'privateHosts'>,
): Router {
  const router = Router()
  const once = keeping()

  router.post('/:boardId/:sourceId', text({ type: () => true, limit }), async (req, res) => {
    const { boardId, sourceId } = placeOf(req.params)
    const scope = { boardId, role: 'system' as const }
    const select = { id: true, kind: true, optionsSealed: true }
    const source = await withTenant(db, scope, tx => tx.source.findFirst({ where: { boardId, id: sourceId }, select }))
    if (!source) throw nothingHere()
    // Loaded when there is something to ask: every source costs as much memory as the rest, and most connectors are never pushed.
    const { isWoken } = await import('../sync/wake.ts')
    const woken = await isWoken(
      { keyring, clock, privateHosts },
      { ...source, boardId },
      {
        authorization: req.get('authorization'),
        body: typeof req.body === 'string' ? req.body : '',
        audience: new URL(`/wake/${boardId}/${sourceId}`, config.url).href,
        once,
      },
    )
    if (woken === null) throw nothingHere()
    if (woken) {
      const data = { wokenAt: clock() }
      await withTenant(db, scope, tx => tx.source.updateMany({ where: { boardId, id: sourceId }, data }))
      log.info('a source was woken', { requestId: res.locals.requestId, boardId, sourceId })
    }
    // Also for a message about nothing: a vendor repeats for days what is not taken.
    res.status(204).end()
  })

  return router
}

/** Of one connector; lives as long as it does. */
function keeping() {
  const kept = new Map<string, unknown>()
  return <T>(name: string, make: () => T): T => {
    if (!kept.has(name)) kept.set(name, make())
    // SAFETY: a name is of one adapter, which makes one kind of thing by it.
    return kept.get(name) as T
  }
}

/** @throws AppError `not-found` */
function placeOf(params: unknown): z.infer<typeof Place> {
  const verdict = Place.safeParse(params)
  if (!verdict.success) throw nothingHere()
  return verdict.data
}

/** As of any address that is not there: no source, one of another board, or one that waits for nothing. */
const nothingHere = () => new AppError('not-found', 'There is nothing at this address.')
