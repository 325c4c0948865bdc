/** The rosters of the own school, for whoever looks after them: sources, an upload with its preview, runs, yes and no. */
import { type Request, Router } from 'express'
import { z } from 'zod'
import type { RosterContext } from '../admin/roster-runs.ts'
import { uploadsIn } from '../admin/uploads.ts'
import type { Config } from '../config.ts'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import { AppError } from '../errors.ts'
import type { Run } from '../store/sync-runs.ts'
import type { SyncOutcome } from '../sync/weigh.ts'
import type { ApiContext } from './context.ts'
import { RosterRun, RosterRuns, RosterSources } from './contract.ts'

export function rosterRoutes(
  context: ApiContext,
  { dataDir, privateHosts }: Pick<Config, 'dataDir' | 'privateHosts'>,
): Router {
  const router = Router()
  const { db, keyring, log, clock } = context
  const uploads = uploadsIn(dataDir)
  const rosters: RosterContext = { db, keyring, log, clock, privateHosts, uploads, uploading: new Set() }
  // Loaded when somebody asks: every source costs as much memory as the rest, and most days nobody does.
  const runs = () => import('../admin/roster-runs.ts')
  const caller = (req: Request) => context.access.caller(bearerOf(req, context.config.url))

  router.get('/sources', async (req, res) => {
    const sources = await (await runs()).rosterSources(rosters, await caller(req))
    res.json(RosterSources.parse({ sources: sources.map(dated) }))
  })

  // The body is the file itself, of any content type: a form would be parsed into memory.
  router.post('/sources/:sourceId/uploads', async (req, res) => {
    const who = await caller(req)
    const sourceId = id(req.params.sourceId)
    const declared = Number(req.get('content-length') ?? Number.NaN)
    const size = Number.isNaN(declared) ? {} : { declared }
    const outcome = await (await runs()).uploadRoster(rosters, who, { sourceId, body: req, ...size })
    log.info('roster uploaded', { requestId: res.locals.requestId, boardId: who.boardId, runId: outcome.runId })
    res.status(201).json(shown(outcome))
  })

  router.get('/runs', async (req, res) => {
    const found = await (await runs()).rosterRuns(rosters, await caller(req))
    res.json(RosterRuns.parse({ runs: found.map(shown) }))
  })

  router.get('/runs/:runId', async (req, res) => {
    res.json(shown(await (await runs()).rosterRun(rosters, await caller(req), id(req.params.runId))))
  })

  router.post('/runs/:runId/approve', async (req, res) => {
    res.json(shown(await (await runs()).approveRosterRun(rosters, await caller(req), id(req.params.runId))))
  })

  router.post('/runs/:runId/cancel', async (req, res) => {
    await (await runs()).cancelRosterRun(rosters, await caller(req), id(req.params.runId))
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
