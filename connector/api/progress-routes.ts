/** What happens with a report after it came: the school says how far it is, and who sent it may say afterwards who they are. */
import { json, type Request, Router } from 'express'
import { z } from 'zod'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import { AppError } from '../errors.ts'
import { claimReport } from '../reports/claim.ts'
import { addProgress, readProgress } from '../reports/progress.ts'
import type { ApiContext } from './context.ts'
import { Progress, ProgressInput, ReportClaimInput } from './contract.ts'

export function progressRoutes(context: ApiContext): Router {
  const router = Router()
  const caller = (req: Request) => context.access.caller(bearerOf(req, context.config.url))
  const body = json({ limit: '8kb' })

  router.get('/reports/:reportId/progress', async (req, res) => {
    const steps = await readProgress(context, await caller(req), reportOf(req))
    const shown = steps.map(({ state, message, at }) => ({
      ...{ state, at: at.toISOString() },
      ...(message === null ? {} : { message }),
    }))
    res.json(Progress.parse({ steps: shown }))
  })

  router.post('/reports/:reportId/progress', body, async (req, res) => {
    const who = await caller(req)
    const { state, message = null } = parse(ProgressInput, req.body)
    await addProgress(context, who, { reportId: reportOf(req), state, message })
    res.status(204).end()
  })

  router.post('/reports/:reportId/claim', body, async (req, res) => {
    const who = await caller(req)
    const { receivedAt, mac, code } = parse(ReportClaimInput, req.body)
    await claimReport(context, who, { reportId: reportOf(req), receivedAt: new Date(receivedAt), mac, code })
    res.status(204).end()
  })

  return router
}

/** @throws AppError `not-found` also for what is no id */
function reportOf(req: Request): string {
  const id = z.uuid().safeParse(req.params.reportId)
  if (!id.success) throw new AppError('not-found', 'There is no such report for you.', { reason: 'report-unknown' })
  return id.data
}
