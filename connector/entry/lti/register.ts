/**
 * Dynamic registration (LTI-DR 1.0) as a wizard. The LMS opens the invitation in a frame, with the address of its configuration and a token for one
 * registration. We read the configuration, show what will be asked, ask it after a click, and keep what comes back. The page may be framed by
 * the LMS that is being connected, and by nobody else.
 */
import { createHash } from 'node:crypto'
import { type Request, type Response, Router, urlencoded } from 'express'
import { allowFrame, allowPage, requireSameOrigin } from '../../http.ts'
import { withTenant } from '../../store/scope.ts'
import type { EntryContext } from '../context.ts'
import { html } from '../page.ts'
import { addressOf } from './addresses.ts'
import { AskError, type AskProblem, ask } from './ask.ts'
import { type Configuration, framesBefore, readConfiguration } from './register-configuration.ts'
import {
  findInvitation,
  holdInvitation,
  type Invitation,
  isFor,
  newOrigins,
  releaseInvitation,
  storeRegistration,
  tokenMark,
} from './register-invitation.ts'
import {
  closeScript,
  donePage,
  guidePage,
  type RegisterProblem,
  registerProblemPage,
  stoppedPage,
  wizardPage,
} from './register-pages.ts'
import { asksMembers, readRegistered, registrationRequest } from './register-request.ts'

const largest = { configuration: 256_000, answer: 256_000 }
/** Some platforms make the tool, its pages and its menus before they answer. */
const registerTimeoutMs = 20_000

class Failed extends Error {
  readonly problem: RegisterProblem
  /** Words of the protocol: shown. */
  readonly facts: string[]
  constructor(problem: RegisterProblem, facts: string[] = []) {
    super(problem)
    this.problem = problem
    this.facts = facts
  }
}

export function registerRoutes(context: EntryContext): Router {
  const router = Router()
  const own = context.config.url
  const form = urlencoded({ extended: false, limit: '64kb', parameterLimit: 20 })

  router.get('/register/:invitation', async (req, res) => {
    const asked = askedOf(req.query, own)
    await told(res, asked, async () => {
      const key = keyOf(req)
      const invitation = await invited(key)
      const { school } = await placeOf(invitation)
      if (asked.configurationText === undefined) return { page: guidePage(school), frames: [] }
      const read = await configurationOf(asked)
      if (!isFor(invitation, read.configuration)) throw new Failed('invitation-used')
      return wizard(key, invitation, school, { ...read, asked })
    })
  })

  router.post('/register/:invitation', form, async (req, res) => {
    requireSameOrigin(req, own)
    const fields = (req.body ?? {}) as Record<string, unknown>
    const asked = askedOf(fields, own)
    await told(res, asked, async () => {
      const key = keyOf(req)
      const invitation = await invited(key)
      if (fields.do === 'register') return register(key, invitation, asked, String(fields.seen ?? ''))
      const { configuration } = await configurationOf(asked)
      return { page: stoppedPage(), frames: configuration.origins }
    })
  })

  async function register(key: string, invitation: Invitation, asked: Asked, seen: string): Promise<Told> {
    const mark = tokenMark(asked.token ?? asked.configurationText ?? '')
    // Sent again (a second click, a page loaded again, an answer that was lost): it was done, and is not done twice.
    if (invitation.done?.token === mark) return done(invitation)
    if (!(await holdInvitation(context, key))) throw new Failed('busy')
    try {
      const found = await configurationOf(asked)
      if (found.seen !== seen) throw new Failed('changed')
      const { configuration } = found
      const now = await invited(key)
      if (now.done?.token === mark) return await done(now)
      if (!isFor(now, configuration)) throw new Failed('invitation-used')
      const { clientId, deploymentId } = await registerThere(configuration, asked)
      await storeRegistration(context, key, now, { configuration, clientId, deploymentId, token: mark })
      context.log.info('lti platform registered', { boardId: now.boardId, schoolId: now.schoolId, channel: 'lti' })
    } finally {
      await releaseInvitation(context, key)
    }
    return done(await invited(key))
  }

  async function done(invitation: Invitation): Promise<Told> {
    const { school, product, approved } = await placeOf(invitation)
    const { host = '', origins = [] } = invitation.done ?? {}
    return { page: donePage({ school, host, product, approved }), frames: origins }
  }

  function wizard(key: string, invitation: Invitation, school: string, of: Read & { asked: Asked }): Told {
    const { configuration, seen, asked } = of
    const { host, product, messages } = configuration
    const shown = {
      ...{ school, host, product, members: asksMembers(configuration) },
      deepLinking: messages?.has('LtiDeepLinkingRequest') ?? true,
      again: invitation.done !== null,
      origins: newOrigins(configuration),
    }
    const fields = {
      openid_configuration: asked.configurationText ?? '',
      ...(asked.token === undefined ? {} : { registration_token: asked.token }),
      seen,
    }
    return { page: wizardPage(shown, key, fields), frames: configuration.origins }
  }

  /** @throws Failed */
  async function invited(key: string): Promise<Invitation> {
    const found = await findInvitation(context, key)
    if (!found) throw new Failed('invitation')
    return found
  }

  /** @throws Failed */
  async function configurationOf({ configuration: url, token }: Asked): Promise<Read> {
    if (!url) throw new Failed('address', ['openid_configuration'])
    const headers = { Accept: 'application/json', ...bearer(token) }
    const { body } = await ask(context, url, { headers, largest: largest.configuration }).catch(failed(plainProblems))
    const configuration = readConfiguration(body, url, own)
    if (!('problem' in configuration)) return { configuration, seen: print(configuration) }
    if (configuration.problem === 'form') throw new Failed('form')
    throw new Failed('hosts', [configuration.field])
  }

  /** @throws Failed */
  async function registerThere(configuration: Configuration, { token }: Asked) {
    const { body } = await ask(context, new URL(configuration.registrationUrl), {
      method: 'POST',
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', ...bearer(token) },
      body: JSON.stringify(registrationRequest(configuration, own)),
      largest: largest.answer,
      timeoutMs: registerTimeoutMs,
    }).catch(failed(problem => (problem === 'refused' ? 'register-refused' : 'register-unclear')))
    const registered = readRegistered(body)
    if (!registered) throw new Failed('register-unclear', ['client_id'])
    return registered
  }

  async function placeOf({ boardId, schoolId, done }: Invitation) {
    return withTenant(context.db, { boardId, role: 'system' }, async tx => {
      const school = await tx.school.findUnique({ where: { boardId_id: { boardId, id: schoolId } } })
      if (!school) throw new Failed('invitation')
      const id = done?.platformId
      const platform = id ? await tx.ltiPlatform.findUnique({ where: { boardId_id: { boardId, id } } }) : null
      const where = { boardId, platformId: id ?? schoolId, schoolId, state: 'approved' }
      const approved = id !== undefined && (await tx.ltiDeployment.count({ where })) > 0
      return { school: school.name, product: platform?.product ?? null, approved }
    })
  }

  /** A page shows there and nowhere else; what went wrong has no button, and shows where the LMS may be. */
  async function told(res: Response, { configuration: by }: Asked, work: () => Promise<Told>): Promise<void> {
    const show = ({ page, frames }: Told) => {
      if (frames.length > 0) allowFrame(res, frames)
      else allowPage(res)
      res.type('html').send(page)
    }
    try {
      show(await work())
    } catch (cause) {
      if (!(cause instanceof Failed)) throw cause
      const { problem, facts } = cause
      context.log.info('lti registration refused', { requestId: res.locals.requestId, channel: 'lti', reason: problem })
      const again = problem === 'busy' ? html`<p>Laad deze pagina daarna opnieuw.</p>` : undefined
      res.status(statusOf(problem))
      show({ page: registerProblemPage(problem, facts, again), frames: by ? framesBefore(by) : [] })
    }
  }

  const script = (text: string) => (_req: Request, res: Response) =>
    void res.type('text/javascript').setHeader('Cache-Control', 'max-age=3600').send(text)
  router.get('/close.js', script(closeScript))
  return router
}

interface Told {
  page: string
  /** Who may frame it; none: nobody. */
  frames: string[]
}

interface Read {
  configuration: Configuration
  /** Of what was read: what is asked is what was shown. */
  seen: string
}

interface Asked {
  /** As it came; undefined where nobody but a browser opened this. */
  configurationText: string | undefined
  configuration: URL | null
  token: string | undefined
}

/** Fields that came once. */
function askedOf(fields: Record<string, unknown>, own: URL): Asked {
  const text = (name: string, longest: number) => {
    const value = fields[name]
    return typeof value === 'string' && value !== '' && value.length <= longest ? value : undefined
  }
  const configurationText =
    text('openid_configuration', 4000) ?? (fields.openid_configuration === undefined ? undefined : '')
  const token = text('registration_token', 8000)
  const configuration = addressOf(configurationText, own)
  return { configurationText, configuration, token: token && /^[\x21-\x7e]+$/.test(token) ? token : undefined }
}

const keyOf = (req: Request): string => String(req.params.invitation ?? '')
const bearer = (token: string | undefined): Record<string, string> =>
  token ? { Authorization: `Bearer ${token}` } : {}
const print = (configuration: Configuration) =>
  createHash('sha256')
    .update(JSON.stringify({ ...configuration, messages: configuration.messages && [...configuration.messages] }))
    .digest('base64url')

const plainProblems = (problem: AskProblem): RegisterProblem => problem

function failed(problemOf: (problem: AskProblem) => RegisterProblem) {
  return (cause: unknown): never => {
    if (!(cause instanceof AskError)) throw cause
    const { status, code } = cause
    throw new Failed(problemOf(cause.problem), [...(status ? [`status ${status}`] : []), ...(code ? [code] : [])])
  }
}

function statusOf(problem: RegisterProblem): number {
  if (problem === 'invitation') return 410
  if (problem === 'invitation-used' || problem === 'busy') return 409
  return problem === 'away' || problem === 'slow' ? 503 : 400
}
