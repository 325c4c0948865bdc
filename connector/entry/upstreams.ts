/**
 * The school's own sign-ins, as rows and not as classes: any OpenID provider by discovery, code flow with PKCE, nonce and state, one
 * redirect address per sign-in against mix-up.
 */
import * as oidc from 'openid-client'
import { z } from 'zod'
import { AppError } from '../errors.ts'
import { isLoopback } from '../loopback.ts'
import { putPending, takePending } from '../store/once.ts'
import { reservedBoard, withTenant } from '../store/scope.ts'
import type { EntryContext } from './context.ts'
import type { ProvenIdentity } from './link.ts'
import { secret } from './ticket.ts'

const loginMinutes = 10

export interface SignIn {
  boardId: string
  id: string
  schoolId: string
  label: string
  issuer: string
  clientId: string
  secretSealed: Uint8Array | null
  scopes: string
  claim: string
  keyType: string
}

const Login = z.object({
  boardId: z.uuid(),
  signInId: z.uuid(),
  handoffId: z.uuid(),
  verifier: z.string(),
  nonce: z.string(),
  /** The browser that began: compared with its cookie. */
  browser: z.string(),
})

export type Upstreams = ReturnType<typeof openUpstreams>

export function openUpstreams(context: EntryContext) {
  const discovered = new Map<string, Promise<oidc.Configuration>>()

  const configuration = (signIn: SignIn) => {
    const key = `${signIn.boardId}:${signIn.id}`
    let found = discovered.get(key)
    if (!found) {
      found = discover(context, signIn)
      discovered.set(key, found)
      found.catch(() => discovered.delete(key))
    }
    return found
  }

  /** @returns where to send the browser. @param browser random value that this browser holds in a cookie */
  async function begin(signIn: SignIn, handoffId: string, browser: string): Promise<URL> {
    const config = await configuration(signIn)
    const state = secret()
    const verifier = oidc.randomPKCECodeVerifier()
    const nonce = oidc.randomNonce()
    const payload = { boardId: signIn.boardId, signInId: signIn.id, handoffId, verifier, nonce, browser }
    const expiresAt = new Date(context.clock().getTime() + loginMinutes * 60_000)
    await withTenant(context.db, { boardId: reservedBoard, role: 'system' }, tx =>
      putPending(tx, { kind: 'login', secret: state, payload, expiresAt }),
    )
    return oidc.buildAuthorizationUrl(config, {
      redirect_uri: callbackUrl(context, signIn.id),
      scope: signIn.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
      // Devices are shared: nobody comes in as the child who sat here before.
      prompt: 'select_account',
    })
  }

  /**
   * @returns the identity as proven, and the hand-off it was for. @throws AppError `unauthenticated`: unknown or used state, another
   * browser, another issuer's answer, a signature or nonce that does not hold
   */
  async function finish(signInId: string, answer: URL, browser: string | undefined): Promise<Finished> {
    const state = answer.searchParams.get('state') ?? ''
    const login = Login.safeParse(await takePending(context.db, 'login', state, context.clock()))
    if (!login.success) throw refused('login-gone')
    if (login.data.browser !== browser) throw refused('login-other-browser')
    if (login.data.signInId !== signInId) throw refused('login-mix-up')
    const { boardId, handoffId, verifier, nonce } = login.data
    const signIn = await findSignIn(context, boardId, signInId)
    if (!signIn) throw refused('sign-in-unknown')
    const denied = answer.searchParams.get('error')
    if (denied) return { handoffId, identity: null, authTime: 0, acr: null }
    const config = await configuration(signIn)
    try {
      const tokens = await oidc.authorizationCodeGrant(config, answer, {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims) throw refused('login-no-id-token')
      const value = claims[signIn.claim]
      const claim = typeof value === 'string' || typeof value === 'number' ? String(value) : null
      const identity = {
        boardId,
        schoolId: signIn.schoolId,
        issuer: claims.iss,
        subject: claims.sub,
        claim,
        keyType: signIn.keyType,
      }
      const authTime = typeof claims.auth_time === 'number' ? claims.auth_time : claims.iat
      return { handoffId, identity, authTime, acr: typeof claims.acr === 'string' ? claims.acr : null }
    } catch (cause) {
      if (cause instanceof AppError) throw cause
      throw new AppError('unauthenticated', "The school's sign-in gave an answer that does not hold.", {
        cause,
        reason: 'login-answer',
      })
    }
  }

  return { begin, finish }
}

export interface Finished {
  handoffId: string
  /** Null when the person, or the issuer, said no. */
  identity: ProvenIdentity | null
  authTime: number
  acr: string | null
}

export async function signInsOf(context: EntryContext, boardId: string, schoolId: string): Promise<SignIn[]> {
  return withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.signIn.findMany({ where: { boardId, schoolId }, orderBy: { label: 'asc' } }),
  )
}

async function findSignIn(context: EntryContext, boardId: string, id: string): Promise<SignIn | null> {
  return withTenant(context.db, { boardId, role: 'system' }, tx =>
    tx.signIn.findUnique({ where: { boardId_id: { boardId, id } } }),
  )
}

/** One for each sign-in (RFC 9700 §4.4: an answer of one issuer is never taken for another's). */
export const callbackUrl = (context: Pick<EntryContext, 'config'>, signInId: string) =>
  new URL(`/entry/callback/${signInId}`, context.config.url).href

async function discover(context: EntryContext, signIn: SignIn): Promise<oidc.Configuration> {
  const keys = await context.keyring.board(signIn.boardId)
  const place = { table: 'SignIn', row: signIn.id, column: 'secretSealed' }
  const clientSecret = signIn.secretSealed ? keys.open(place, signIn.secretSealed) : undefined
  const issuer = new URL(signIn.issuer)
  const plain = issuer.protocol === 'http:' && isLoopback(issuer.hostname)
  try {
    return await oidc.discovery(issuer, signIn.clientId, { [oidc.clockTolerance]: 60 }, authentication(clientSecret), {
      timeout: 5,
      // TLS vouches for the token endpoint's answer; its signature is checked all the same.
      execute: [oidc.enableNonRepudiationChecks, ...(plain ? [oidc.allowInsecureRequests] : [])],
    })
  } catch (cause) {
    throw new AppError('unavailable', "The school's sign-in cannot be reached.", {
      cause,
      reason: 'sign-in-unreachable',
    })
  }
}

const authentication = (clientSecret: string | undefined) =>
  clientSecret ? oidc.ClientSecretPost(clientSecret) : oidc.None()
const refused = (reason: string) =>
  new AppError('unauthenticated', 'This sign-in cannot be finished. Start again.', { reason })
