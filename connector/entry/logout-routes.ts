/** Where the school's issuer says that somebody signed out there. No browser comes here: no cookie, no page, no origin to check. */
import { type Request, Router, urlencoded } from 'express'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { whatFailed } from './answer.ts'
import type { EntryContext } from './context.ts'
import type { Issuers } from './issuers.ts'
import { endBySignIn, readLogout } from './logout.ts'
import { signInAnywhere } from './sign-in-rows.ts'
import { troubleNotes } from './trouble-notes.ts'

const longest = 8000

export function logoutRoutes(context: EntryContext, issuers: Issuers): Router {
  const router = Router()
  const note = troubleNotes(context)

  router.post('/backchannel/:signInId', urlencoded({ extended: false, limit: '16kb' }), async (req, res) => {
    // Said for this address by the standard itself (§2.8), whatever we say for others.
    res.setHeader('Cache-Control', 'no-store')
    const ended = await logOut(req)
    if (ended === 'done') return void res.status(200).end()
    // One answer whatever is wrong; what it was is in the administrator's notes.
    const reason = ended === 'later' ? 'logout-later' : 'logout-refused'
    throw new AppError('invalid-input', 'Nobody was signed out by this.', { reason })
  })

  async function logOut(req: Request): Promise<'done' | 'refused' | 'later'> {
    const id = z.uuid().safeParse(req.params.signInId)
    const token: unknown = (req.body as Record<string, unknown> | undefined)?.logout_token
    if (!id.success || typeof token !== 'string' || token.length > longest) return 'refused'
    const signIn = await signInAnywhere(context, id.data)
    if (!signIn) return 'refused'
    const refuse = async (code: string, more: Record<string, string> = {}) => {
      const facts = { signIn: signIn.id, kind: signIn.kind, ...more }
      await note({ boardId: signIn.boardId, channel: 'oidc', platformId: signIn.id, code, facts })
      return 'refused' as const
    }
    try {
      const issuer = await issuers.issuerOf(signIn)
      const { header, claims } = await issuers.verified(issuer, token, 'anybody')
      const logout = readLogout(header, claims, { ...signIn, now: context.clock() })
      if ('refused' in logout) return await refuse(logout.refused)
      return (await endBySignIn(context, signIn, logout)) === null ? 'refused' : 'done'
    } catch (cause) {
      if (!(cause instanceof AppError)) throw cause
      await refuse(cause.code === 'unavailable' ? 'logout-unreachable' : 'logout-token', whatFailed(cause))
      return cause.code === 'unavailable' ? 'later' : 'refused'
    }
  }

  return router
}

/** To give to the issuer. */
export const backchannelUrl = (context: { config: Pick<EntryContext['config'], 'url'> }, signInId: string) =>
  new URL(`/entry/backchannel/${signInId}`, context.config.url).href
