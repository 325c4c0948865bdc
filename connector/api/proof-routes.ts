/** Whether who sits there has shown again who they are, by which ways they could, and the passkeys of the school for its leader. */
import { type Request, Router } from 'express'
import { z } from 'zod'
import { bearerOf } from '../entry/frame-routes.ts'
import { freshness } from '../entry/fresh.ts'
import { provesFreshness } from '../entry/fresh-routes.ts'
import { confirmPasskey, ownPasskeys, type PasskeyFacts, revokePasskey, schoolPasskeys } from '../entry/passkey-list.ts'
import { signInsOf } from '../entry/sign-in-rows.ts'
import { AppError } from '../errors.ts'
import type { ApiContext } from './context.ts'
import { MyProof, SchoolPasskeys } from './contract.ts'

export function proofRoutes(context: ApiContext): Router {
  const router = Router()
  const caller = (req: Request) => context.access.caller(bearerOf(req, context.config.url))

  router.get('/me/proof', async (req, res) => {
    const who = await caller(req)
    const fresh = await freshness(context, who)
    const passkeys = await ownPasskeys(context, who)
    const signIns = await signInsOf(context, who.boardId, who.schoolId)
    const confirmed = passkeys.some(({ state }) => state === 'confirmed')
    const some = passkeys.length > 0 ? ('unconfirmed' as const) : ('none' as const)
    res.json(
      MyProof.parse({
        fresh: fresh && { until: fresh.until.toISOString(), by: fresh.by },
        ways: { authTime: signIns.some(provesFreshness), passkey: confirmed ? 'confirmed' : some },
        mayEnrol: who.kinds.includes('staff'),
        passkeys: passkeys.map(dated),
      }),
    )
  })

  router.get('/passkeys', async (req, res) => {
    const passkeys = await schoolPasskeys(context, await caller(req))
    res.json(SchoolPasskeys.parse({ passkeys: passkeys.map(dated) }))
  })

  router.post('/passkeys/:passkeyId/confirm', async (req, res) => {
    const who = await caller(req)
    await confirmPasskey(context, who, id(req.params.passkeyId))
    res.status(204).end()
  })

  router.post('/passkeys/:passkeyId/revoke', async (req, res) => {
    const who = await caller(req)
    await revokePasskey(context, who, id(req.params.passkeyId))
    res.status(204).end()
  })

  return router
}

/** What is no id is an id of nothing. Nobody has the id of nothing, so it is refused to whoever may not ask at all. */
function id(text: unknown): string {
  const verdict = z.uuid().safeParse(text)
  if (!verdict.success) throw new AppError('not-found', 'There is no such passkey here.', { reason: 'passkey-unknown' })
  return verdict.data
}

const dated = <T extends Pick<PasskeyFacts, 'createdAt' | 'lastUsedAt'>>(passkey: T) => ({
  ...passkey,
  createdAt: passkey.createdAt.toISOString(),
  lastUsedAt: passkey.lastUsedAt?.toISOString() ?? null,
})
