/** The rosters of the own school, for whoever looks after them: sources, an upload with its preview, runs, yes and no. */
import { join } from 'node:path'
import { type Request, Router } from 'express'
import { z } from 'zod'
import {
  approveRosterRun,
  cancelRosterRun,
  type RosterContext,
  rosterRun,
  rosterRuns,
  rosterSources,
  uploadRoster,
} from '../admin/roster-runs.ts'
import type { Config } from '../config.ts'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import { AppError } from '../errors.ts'
import type { Run } from '../store/sync-runs.ts'
import type { SyncOutcome } from '../sync/weigh.ts'
import type { ApiContext } from './context.ts'
import { RosterRun, RosterRuns, RosterSources } from './contract.ts'

export const uploadsIn = (dataDir: string): string => join(dataDir, 'uploads')

export function rosterRoutes(
  context: ApiContext,
  { dataDir, privateHosts }: Pick<Config, 'dataDir' | 'privateHosts'>,
): Router {
  const router = Router()
  const { db, keyring, log, clock } = context
  const uploads = uploadsIn(dataDir)
  const rosters: RosterContext = { db, keyring, log, clock, privateHosts, uploads, uploading: new Set() }
  const caller = (req: Request) => context.access.caller(bearerOf(req, context.config.url))

  router.get('/sources', async (req, res) => {
    const sources = await rosterSources(rosters, await caller(req))
    res.json(RosterSources.parse({ sources: sources.map(dated) }))
  })

  // The body is the file itself, of any content type: a form would be parsed into memory.
  router.post('/sources/:sourceId/uploads', async (req, res) => {
    const who = await caller(req)
    const sourceId = id(req.params.sourceId)
    const declared = Number(req.get('content-length') ?? Number.NaN)
    const size = Number.isNaN(declared) ? {} : { declared }
    const outcome = await uploadRoster(rosters, who, { sourceId, body: req, ...size })
    log.info('roster uploaded', { requestId: res.locals.requestId, boardId: who.boardId, runId: outcome.runId })
    res.status(201).json(shown(outcome))
  })

  router.get('/runs', async (req, res) => {
    const runs = await rosterRuns(rosters, await caller(req))
    res.json(RosterRuns.parse({ runs: runs.map(shown) }))
  })

  router.get('/runs/:runId', async (req, res) => {
    res.json(shown(await rosterRun(rosters, await caller(req), id(req.params.runId))))
  })

  router.post('/runs/:runId/approve', async (req, res) => {
    res.json(shown(await approveRosterRun(rosters, await caller(req), id(req.params.runId))))
  })

  router.post('/runs/:runId/cancel', async (req, res) => {
    await cancelRosterRun(rosters, await caller(req), id(req.params.runId))
    res.status(204).end()
  })

  return router
}

/** What is no id is an id of nothing. @throws AppError `not-found` */
function id(text: unknown): string {
  const verdict = z.uuid().safeParse(text)
  if (!verdict.success) throw new AppError('not-found', 'There is no such thing here.')
  return verdict.data
}

const dated = <T extends { appliedAt: Date | null; goodAt: Date | null; pausedAt: Date | null }>(source: T) => ({
  ...source,
  appliedAt: source.appliedAt?.toISOString() ?? null,
  goodAt: source.goodAt?.toISOString() ?? null,
  pausedAt: source.pausedAt?.toISOString() ?? null,
})

/** A stored run and the outcome of one just done, in one shape. */
function shown(run: Run | SyncOutcome): z.infer<typeof RosterRun> {
  const stored = 'runId' in run ? undefined : run
  return parse(RosterRun, {
    id: 'runId' in run ? run.runId : run.id,
    ...(stored && {
      sourceId: stored.sourceId,
      phase: stored.phase,
      progress: stored.progress,
      startedAt: stored.startedAt.toISOString(),
      finishedAt: stored.finishedAt?.toISOString() ?? null,
    }),
    state: run.state,
    reasons: run.reasons,
    counts: run.counts,
    findings: run.findings.map(({ code, count, details }) => ({ code, count, details })),
    ...('diff' in run ? { diff: run.diff } : {}),
  })
}
