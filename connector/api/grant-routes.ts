/** The two calls behind a grant link (`m5 grant add`): what it asks, and yes. The token comes in the body: it stands in no log. */
import { json, Router } from 'express'
import { confirmGrant, lookGrant } from '../admin/grant-link.ts'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import type { ApiContext } from './context.ts'
import { GrantLink, GrantOffer } from './contract.ts'

export function grantRoutes(context: ApiContext): Router {
  const router = Router()
  router.use('/grants', json({ limit: '4kb' }))

  router.post('/grants/look', async (req, res) => {
    const { boardId, schoolId, personId } = await context.access.caller(bearerOf(req, context.config.url))
    const { token } = parse(GrantLink, req.body)
    const offer: GrantOffer = await lookGrant(context, { boardId, schoolId, personId, token })
    res.json(GrantOffer.parse(offer))
  })

  router.post('/grants/confirm', async (req, res) => {
    const { boardId, schoolId, personId } = await context.access.caller(bearerOf(req, context.config.url))
    const { token } = parse(GrantLink, req.body)
    await confirmGrant(context, { boardId, schoolId, personId, token })
    context.log.info('grant confirmed', { requestId: res.locals.requestId, boardId, schoolId })
    res.status(204).end()
  })

  return router
}
