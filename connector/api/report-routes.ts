/** POST /api/reports: accepts, always. Sign-in, form and clock may be wrong; then the report is stored and says so. */
import { randomUUID } from 'node:crypto'
import { Router, raw } from 'express'
import { z } from 'zod'
import { bearerOf } from '../entry/frame-routes.ts'
import { networkOf } from '../entry/handoff-network.ts'
import type { FloodWatch } from '../reports/flood.ts'
import { submit } from '../reports/submit.ts'
import type { ApiContext } from './context.ts'
import { Receipt, ReportInput } from './contract.ts'

export const reportLimit = '16kb'

export function reportRoutes(context: ApiContext, flood: FloodWatch): Router {
  const router = Router()
  router.post('/reports', raw({ type: () => true, limit: reportLimit }), async (req, res) => {
    const school = await context.school(req.query.school)
    const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
    const { draft, problems } = readReport(body)
    const key = z.uuid().safeParse(req.get('idempotency-key'))
    if (!key.success) problems.push('no-idempotency-key')
    const { sender, ...unsigned } = context.access.signature(bearerOf(req, context.config.url), {
      boardId: school.boardId,
      schoolId: school.id,
    })
    if ('reason' in unsigned && unsigned.reason) {
      problems.push(unsigned.reason)
      context.log.warn('report without its sign-in', { requestId: res.locals.requestId, reason: unsigned.reason })
    }
    if (!sender && flood.isFlood(school, networkOf(req.ip))) problems.push('flood')
    const idemKey = key.success ? key.data : randomUUID()
    const receipt = await submit(context, { school, idemKey, body, draft, problems, ...(sender ? { sender } : {}) })
    const { id, receivedAt, mac, standing, code } = receipt
    const answer = { id, receivedAt: receivedAt.toISOString(), standing, mac, ...(code === null ? {} : { code }) }
    res.status(receipt.fresh ? 201 : 200).json(Receipt.parse(answer))
  })
  return router
}

/** The roster decides who somebody is, not the form. A pupil who is also something else reports as a pupil. */
export function reporterKind(kinds: readonly string[]): 'PUPIL' | 'PARENT' | 'STAFF' | 'OTHER' {
  if (kinds.includes('pupil')) return 'PUPIL'
  if (kinds.includes('staff')) return 'STAFF'
  return kinds.includes('parent') ? 'PARENT' : 'OTHER'
}

/**
 * What can be understood is; a field that cannot be is left out and named (`place-not-understood`). The whole stays in the sealed body.
 * @returns draft null when not even one behaviour is left
 */
export function readReport(body: Buffer): { draft: ReportInput | null; problems: string[] } {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return { draft: null, problems: ['not-json'] }
  }
  const whole = ReportInput.safeParse(value)
  if (whole.success) return { draft: whole.data, problems: [] }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { draft: null, problems: ['not-a-report'] }

  const bad = new Set(whole.error.issues.map(issue => String(issue.path[0] ?? 'report')))
  const problems = [...bad].filter(name => name in ReportInput.shape).map(name => `${name}-not-understood`)
  const rest = ReportInput.safeParse({ ...without(value, bad), v: 1 })
  if (rest.success) return { draft: rest.data, problems }
  const least = ReportInput.safeParse({ ...without(value, bad), v: 1, behaviours: ['OTHER_UNKNOWN'] })
  return { draft: least.success ? least.data : null, problems: problems.length > 0 ? problems : ['not-a-report'] }
}

const without = (value: object, names: Set<string>) =>
  Object.fromEntries(Object.entries(value).filter(([key]) => !names.has(key)))
