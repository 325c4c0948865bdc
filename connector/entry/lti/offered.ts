/** What an LMS offers beside launches, put together: deep linking and members hang on a launch that holds; registration has routes of its own. */
import { type Request, type Response, type Router, urlencoded } from 'express'
import { allowFrame, allowPage, requireSameOrigin } from '../../http.ts'
import { originsOf } from '../../store/lti.ts'
import { withTenant } from '../../store/scope.ts'
import type { EntryContext } from '../context.ts'
import type { Item } from './addresses.ts'
import {
  type DeepLinkProblem,
  type Kept,
  keepChoice,
  mayChoose,
  readChoice,
  signResponse,
  takeChoice,
} from './deep-link.ts'
import { choosePage, deepLinkProblemPage, sendPage, sendScript } from './deep-link-pages.ts'
import { membersAfterLaunch } from './nrps.ts'
import { registerRoutes } from './register.ts'
import type { Arrived, LtiHooks } from './routes.ts'
import { openServiceTokens } from './services.ts'
import { openToolKeys } from './tool-keys.ts'

const chosen: Record<string, Item[]> = {
  stopknop: ['stopknop'],
  groep: ['groep'],
  beide: ['stopknop', 'groep'],
  niets: [],
}

export interface Offered {
  hooks: Required<LtiHooks>
  /** Under /lti. */
  router: Router
}

export function openOffered(context: EntryContext): Offered {
  const toolKeys = openToolKeys(context)
  const tokens = openServiceTokens(context, toolKeys)
  const router = registerRoutes(context)
  const own = context.config.url

  async function deepLink(_req: Request, res: Response, { launch, platform, schoolId }: Arrived): Promise<void> {
    const choice = readChoice(launch.deepLinking, own)
    if ('problem' in choice) return problem(res, choice.problem, originsOf(platform))
    // The page of the LMS that asked stands where the answer goes.
    const origins = [...new Set([...originsOf(platform), new URL(choice.returnUrl).origin])]
    if (!mayChoose(launch.roles)) return problem(res, 'not-allowed', origins)
    const { boardId, issuer, clientId } = platform
    const asked = { boardId, schoolId, issuer, clientId, deploymentId: launch.deploymentId, origins, choice }
    const key = await keepChoice(context, asked)
    const { name } = await schoolOf(asked)
    allowFrame(res, origins)
    res.type('html').send(choosePage({ school: name, several: choice.several }, key))
  }

  function problem(res: Response, what: DeepLinkProblem | 'gone', origins: string[]): void {
    if (origins.length > 0) allowFrame(res, origins)
    else allowPage(res)
    context.log.info('deep linking refused', { requestId: res.locals.requestId, channel: 'lti', reason: what })
    res
      .status(what === 'gone' ? 410 : what === 'not-allowed' ? 403 : 400)
      .type('html')
      .send(deepLinkProblemPage(what))
  }

  router.post('/choose', urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 }), async (req, res) => {
    requireSameOrigin(req, own)
    const { key, item } = (req.body ?? {}) as Record<string, unknown>
    const items = typeof item === 'string' && Object.hasOwn(chosen, item) ? chosen[item] : undefined
    const asked = items && typeof key === 'string' ? await takeChoice(context, key) : null
    if (!asked || !items || (items.length > 1 && !asked.choice.several))
      return problem(res, 'gone', asked?.origins ?? [])
    const { publishableKey: schoolKey } = await schoolOf(asked)
    const jwt = await signResponse(context, toolKeys, asked, { items, schoolKey })
    allowFrame(res, asked.origins, [new URL(asked.choice.returnUrl).origin])
    res.type('html').send(sendPage(asked.choice.returnUrl, jwt))
  })
  router.get('/send.js', (_req, res) => {
    res.type('text/javascript').setHeader('Cache-Control', 'max-age=3600').send(sendScript)
  })

  const schoolOf = ({ boardId, schoolId: id }: Pick<Kept, 'boardId' | 'schoolId'>) =>
    withTenant(context.db, { boardId, role: 'system' }, tx =>
      tx.school.findUniqueOrThrow({
        where: { boardId_id: { boardId, id } },
        select: { name: true, publishableKey: true },
      }),
    )

  async function launched({ launch, platform, schoolId }: Arrived): Promise<void> {
    await membersAfterLaunch(context, tokens, { platform, schoolId, namesAndRoles: launch.namesAndRoles })
  }

  return { hooks: { deepLink, launched, toolKeys }, router }
}
