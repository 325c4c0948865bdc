/**
 * The school's own sign-ins: code flow with PKCE, nonce and state, one redirect address per sign-in against mix-up. What differs between Google,
 * Entra, Entree and the rest stands in the table of connector/sign-in-kinds.ts.
 */
import * as oidc from 'openid-client'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { type Claims, kindOf, type SignInKind, single } from '../sign-in-kinds.ts'
import { putPending, takePending } from '../store/once.ts'
import { whatFailed, whyNotIdToken } from './answer.ts'
import type { Arrival } from './arrival.ts'
import type { EntryContext } from './context.ts'
import { type Issuer, openIssuers } from './issuers.ts'
import type { ProvenIdentity } from './link.ts'
import { tagsOf } from './logout.ts'
import { findSignIn, type SignIn, type SignInAtSchool } from './sign-in-rows.ts'
import { secret } from './ticket.ts'

export { type SignIn, signInsOf } from './sign-in-rows.ts'

const loginMinutes = 10

const Login = z.object({
  boardId: z.uuid(),
  signInId: z.uuid(),
  handoffId: z.uuid(),
  verifier: z.string(),
  nonce: z.string(),
  /** The browser that began: compared with its cookie. */
  browser: z.string(),
})
type Login = z.infer<typeof Login>

/** Tags for the arrival, so that the issuer's own logout finds the session that comes of it. */
export type SignInTags = Pick<Arrival, 'signInId' | 'sidTag' | 'subjectTag' | 'provenAt'>

export type Finished =
  | {
      state: 'proven'
      handoffId: string
      signIn: Pick<SignIn, 'id' | 'kind'>
      identity: ProvenIdentity
      /** Seconds since 1970. Of the sign-in at the issuer; else of the answer. */
      authTime: number
      /** The same, where the issuer proves it: null for Google and Entree, and where it was not said. */
      authProvenAt: number | null
      acr: string | null
      tags: SignInTags
    }
  | ({ state: 'refused' } & Refusal)
  /** Nothing is said by it of who sits there: the hand-off stays open for another try. */
  | ({ state: 'failed'; unreachable: boolean } & Omit<Refusal, 'reason'>)

export interface Refusal {
  handoffId: string
  boardId: string
  reason: 'declined' | 'other-school' | 'private-account' | 'sign-in-failed'
  /** For the administrator: code and words of the platform, nothing of a person. */
  code: string
  facts: Record<string, string>
}

export type Upstreams = ReturnType<typeof openUpstreams>

export function openUpstreams(context: EntryContext) {
  const issuers = openIssuers(context)

  /**
   * @param browser random value that this browser holds in a cookie
   * @param again for the password once more, where the issuer asks for it; what that proves is `authProvenAt` of the answer
   * @returns where to send the browser. @throws AppError `unavailable`, reason `sign-in-unreachable`
   */
  async function begin(signIn: SignIn, handoffId: string, browser: string, again = false): Promise<URL> {
    const kind = kindOf(signIn.kind)
    if (!kind)
      throw new AppError('misconfigured', 'This kind of sign-in is not known here.', { reason: 'sign-in-kind' })
    const { config } = await issuers.issuerOf(signIn)
    const state = secret()
    const verifier = oidc.randomPKCECodeVerifier()
    const nonce = oidc.randomNonce()
    const payload = { boardId: signIn.boardId, signInId: signIn.id, handoffId, verifier, nonce, browser }
    const expiresAt = new Date(context.clock().getTime() + loginMinutes * 60_000)
    await putPending(context.db, { kind: 'login', secret: state, payload, expiresAt })
    const askAgain = again && kind.promptAgain !== null
    return oidc.buildAuthorizationUrl(config, {
      ...kind.hints(signIn),
      redirect_uri: callbackUrl(context, signIn.id),
      scope: signIn.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      prompt: askAgain ? 'login' : kind.prompt,
      ...(askAgain ? { max_age: '0' } : {}),
    })
  }

  /**
   * What the issuer's answer says, and the hand-off that it is for.
   * @throws AppError `unauthenticated` where it cannot be said what it is for: unknown or used state, another browser, another sign-in's address
   */
  async function finish(signInId: string, answer: URL, browser: string | undefined): Promise<Finished> {
    const state = answer.searchParams.get('state') ?? ''
    const parsed = Login.safeParse(await takePending(context.db, 'login', state, context.clock()))
    if (!parsed.success) throw refused('login-gone')
    const login = parsed.data
    if (login.browser !== browser) throw refused('login-other-browser')
    if (login.signInId !== signInId) throw refused('login-mix-up')
    const { boardId, handoffId } = login
    const signIn = await findSignIn(context, boardId, signInId)
    const kind = kindOf(signIn?.kind ?? '')
    if (!signIn || !kind) throw refused('sign-in-unknown')
    const about = { handoffId, boardId, facts: { signIn: signInId, kind: signIn.kind } }
    try {
      const issuer = await issuers.issuerOf(signIn)
      const said = errorIn(answer, issuer)
      if (said) {
        const declined = said === 'access_denied'
        const facts = { ...about.facts, error: said }
        const code = declined ? 'sign-in-declined' : 'sign-in-error'
        return { ...about, facts, state: 'refused', reason: declined ? 'declined' : 'sign-in-failed', code }
      }
      const claims = await claimsOf(issuer, { signIn, kind, login, answer, state })
      return judged(signIn, kind, claims, about)
    } catch (cause) {
      const unreachable = cause instanceof AppError && cause.code === 'unavailable'
      const facts = { ...about.facts, ...whatFailed(cause) }
      return {
        ...about,
        facts,
        state: 'failed',
        code: unreachable ? 'sign-in-unreachable' : 'sign-in-answer',
        unreachable,
      }
    }
  }

  async function claimsOf(
    issuer: Issuer,
    at: { signIn: SignIn; kind: SignInKind; login: Login; answer: URL; state: string },
  ): Promise<{ id: Claims; all: Claims }> {
    const tokens = await oidc.authorizationCodeGrant(issuer.config, at.answer, {
      pkceCodeVerifier: at.login.verifier,
      expectedState: at.state,
      expectedNonce: at.login.nonce,
      idTokenExpected: true,
    })
    const { header, claims: id } = await issuers.verified(issuer, tokens.id_token ?? '', 'issuer')
    const wrong = whyNotIdToken(header, id, {
      issuer: at.signIn.issuer,
      clientId: at.signIn.clientId,
      nonce: at.login.nonce,
      now: context.clock(),
    })
    if (wrong) throw refused(wrong)
    if (at.kind.claimsFrom === 'id-token') return { id, all: id }
    const more = await oidc.fetchUserInfo(issuer.config, tokens.access_token, String(id.sub))
    return { id, all: { ...more, iss: id.iss, sub: id.sub } }
  }

  async function judged(
    signIn: SignInAtSchool,
    kind: SignInKind,
    { id, all }: { id: Claims; all: Claims },
    about: Omit<Refusal, 'reason' | 'code'>,
  ): Promise<Finished> {
    const misfit = kind.check(all, { tenant: signIn.tenant, ...signIn.school })
    if (misfit === 'claims-missing')
      return { ...about, state: 'refused', reason: 'sign-in-failed', code: 'sign-in-claims-missing' }
    if (misfit) return { ...about, state: 'refused', reason: misfit, code: `sign-in-${misfit}` }
    const subject = single(all[kind.subject])
    if (subject === null)
      return { ...about, state: 'refused', reason: 'sign-in-failed', code: 'sign-in-claims-missing' }
    const { boardId, schoolId, issuer, keyType } = signIn
    const value = single(all[signIn.claim])
    const claim = value === null ? null : kind.toKey(value, signIn.tenant)
    const proven = typeof id.auth_time === 'number' ? Math.floor(id.auth_time) : null
    return {
      state: 'proven',
      handoffId: about.handoffId,
      signIn: { id: signIn.id, kind: signIn.kind },
      identity: { boardId, schoolId, issuer, subject, claim, keyType },
      authTime: proven ?? Math.floor(Number(id.iat)),
      authProvenAt: kind.provesAuthTime ? proven : null,
      acr: typeof id.acr === 'string' ? id.acr : null,
      tags: await tagsOf(context, signIn, id),
    }
  }

  return { begin, finish, issuers }
}

/** RFC 9207: also a no is taken from the issuer that was asked only. @returns its word for what went wrong, or null */
function errorIn({ searchParams }: URL, { config }: Issuer): string | null {
  const said = searchParams.get('error')
  if (said === null) return null
  const { issuer, authorization_response_iss_parameter_supported: names } = config.serverMetadata()
  const from = searchParams.getAll('iss')
  if ((names === true && from.length === 0) || from.some(each => each !== issuer)) throw refused('login-issuer')
  return /^[a-z_]{1,60}$/.test(said) ? said : 'another'
}

/** One for each sign-in (RFC 9700 §4.4: an answer of one issuer is never taken for another's). */
export const callbackUrl = (context: { config: Pick<EntryContext['config'], 'url'> }, signInId: string) =>
  new URL(`/entry/callback/${signInId}`, context.config.url).href

const refused = (reason: string) =>
  new AppError('unauthenticated', 'This sign-in cannot be finished. Start again.', { reason })
