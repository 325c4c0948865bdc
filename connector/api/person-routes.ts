/** Who am I, whom may I name, what may I open: for a signed-in person, rights read at this very request. */

import { type Request, Router } from 'express'
import { rateLimit } from 'express-rate-limit'
import { z } from 'zod'
import { bearerOf, parse } from '../entry/frame-routes.ts'
import { AppError } from '../errors.ts'
import { groupsFor, readPanel } from '../monitor/panel.ts'
import { ownGroup, search } from '../reports/nameable.ts'
import { localDay } from '../store/calendar.ts'
import { displayName, namesOf } from '../store/people.ts'
import { pupilsOf } from '../store/pupils.ts'
import { schoolOf } from '../store/schools.ts'
import { withTenant } from '../store/scope.ts'
import type { ApiContext } from './context.ts'
import { Groups, Me, Nameables, PanelPage } from './contract.ts'
import { reporterKind } from './report-routes.ts'

const Period = z.object({ from: z.iso.date().optional(), to: z.iso.date().optional() })
/** Two letters; marks and signs are none, and with them alone every name would be found. */
const Query = z.object({
  q: z
    .string()
    .trim()
    .max(60)
    .regex(/\p{L}\P{L}*\p{L}/u),
})

export function personRoutes(context: ApiContext): Router {
  const router = Router()
  const caller = (req: Request) => context.access.caller(bearerOf(req, context.config.url))

  router.get('/me', async (req, res) => {
    const { boardId, schoolId, personId, kinds } = await caller(req)
    const keys = await context.keyring.board(boardId)
    const today = localDay(context.clock())
    const me = await withTenant(context.db, { boardId, personId, role: 'person' }, async tx => {
      const school = await schoolOf(tx, boardId, schoolId)
      const names = (await namesOf(tx, keys, boardId, [personId])).get(personId)
      const own = (await pupilsOf(tx, { boardId, schoolId, today, groupsOf: personId })).find(p => p.id === personId)
      return {
        name: names ? displayName(names) : '',
        kind: reporterKind(kinds),
        school: { key: school.publishableKey, name: school.name },
        ...(own ? { ownGroup: { id: own.groupId, name: own.group, ...(own.grade ? { grade: own.grade } : {}) } } : {}),
      }
    })
    res.json(Me.parse(me))
  })

  router.get('/people/own-group', async (req, res) => {
    res.json(Nameables.parse(await ownGroup(context, await mayName(req))))
  })

  // By person, after the sign-in is known; a school behind one address is never limited as one.
  const searchLimit = rateLimit({
    windowMs: 60_000,
    limit: 60,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (_req, res) => String(res.locals.personId),
    handler: () => {
      throw new AppError('too-many', 'Too many searches in one minute. Wait a moment.')
    },
  })
  router.get(
    '/people',
    async (req, res, next) => {
      res.locals.asker = await mayName(req)
      res.locals.personId = res.locals.asker.personId
      next()
    },
    searchLimit,
    async (req, res) => {
      const { q } = parse(Query, req.query)
      res.json(Nameables.parse(await search(context, res.locals.asker, q)))
    },
  )

  /** Pupils and staff of the school; not parents, trainees or unknown roles. @throws AppError `forbidden` */
  async function mayName(req: Request) {
    const who = await caller(req)
    if (!who.kinds.some(kind => kind === 'pupil' || kind === 'staff'))
      throw new AppError('forbidden', 'Names are shown to pupils and staff of the school only.', {
        reason: 'names-closed',
      })
    return who
  }

  router.get('/groups', async (req, res) => {
    const groups = await groupsFor(context, await caller(req))
    res.json(Groups.parse({ groups: groups.map(({ id, name, schoolYear }) => ({ id, name, schoolYear })) }))
  })

  router.get('/groups/:groupId/reports', async (req, res) => {
    const who = await caller(req)
    const id = z.uuid().safeParse(req.params.groupId)
    if (!id.success) throw new AppError('not-found', 'There is no such group for you.', { reason: 'group-unknown' })
    const panel = await readPanel(context, who, { groupId: id.data, ...parse(Period, req.query) })
    res.json(PanelPage.parse(panel))
  })

  return router
}
